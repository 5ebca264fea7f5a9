//! `shikaku ca renew`: the next certificate of a terminal.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use eligibility::institution_certificate::CertificateUses;
use pki::{TerminalSubject, authority::InstitutionAuthority, pem};
use server::clock::Clock;

use super::{
    by_desk,
    terminal::{Order, read},
};
use crate::{
    folder::{authority_folder, open_store, server_config},
    report::Report,
    runtime::block_on,
};

/// Issue the next certificate of a terminal, for the institution and terminal the present one names.
///
/// The present one stays good until it ends, so that the terminal can change over without a pause; `ca revoke`
/// ends it earlier. A revoked one is not renewed.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku ca renew --certificate terminal.cert.pem --request terminal.csr.pem --out renewed
  shikaku ca renew --dir ca --certificate terminal.cert.pem --out renewed --config server.toml")]
pub(crate) struct Renew {
    /// The authority's folder; without it ./ca, else the demo's.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The present certificate (PEM), of this authority.
    #[arg(long, value_name = "PEM")]
    certificate: PathBuf,
    /// Folder for the certificate and, where it is made here, its key.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The terminal's own request (PKCS#10, PEM): its key then stays where it is. Without it a key is made.
    #[arg(long, value_name = "PEM")]
    request: Option<PathBuf>,
    /// Also write a PKCS#12 file; the file named here holds its password in the first line.
    #[arg(long, value_name = "FILE", conflicts_with = "request")]
    pkcs12_password_file: Option<PathBuf>,
    /// Register the new certificate with this server, so that the terminal may ask with it. A server with an [authority]
    /// issues by that; --dir then does not matter.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Issues the next one.
pub(crate) fn run(arguments: &Renew) -> Result<Report> {
    let present =
        || -> Result<Vec<u8>> { Ok(pem::decode(pem::CERTIFICATE, &read(&arguments.certificate)?)?) };
    let which = || format!("{}", arguments.certificate.display());
    let settings = arguments.config.as_deref().map(server_config).transpose()?;
    if let Some(settings) = settings.as_ref().filter(|settings| settings.authority.is_some()) {
        let present = present()?;
        let renewable = block_on(async {
            let store = open_store(settings).await?;
            let desk = by_desk::desk(settings, &store)?.context("the server has no [authority]")?;
            by_desk::renewable(&desk, &present).await
        });
        let (present, uses) = renewable.with_context(which)?;
        return Ok(arguments.order(present.subject, uses).by_desk(settings)?.report());
    }
    let authority = InstitutionAuthority::open(&authority_folder(arguments.dir.as_deref())?)?;
    let subject = authority.renewable(&present()?).with_context(which)?.subject;
    let order = arguments.order(subject, CertificateUses::EligibilityAndBilling);
    Ok(order.carry_out(&authority, settings.as_ref(), Clock::system().now())?.report())
}

impl Renew {
    fn order(&self, subject: TerminalSubject, uses: CertificateUses) -> Order<'_> {
        Order {
            subject,
            uses,
            out: &self.out,
            request: self.request.as_deref(),
            pkcs12_password_file: self.pkcs12_password_file.as_deref(),
            institution_name: None,
        }
    }
}
