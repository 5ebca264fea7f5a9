//! `shikaku ca`: the institutions' certificate authority by hand.

mod by_desk;
mod issue;
mod issuing;
mod renew;
mod terminal;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use eligibility::{calendar::tokyo_second, institution_certificate::RevocationReason as Recorded};
use pki::{authority::InstitutionAuthority, crl::RevocationReason, pem};
use serde_json::json;
use server::clock::Clock;

use crate::{
    folder::{AUTHORITY, authority_folder, server_config},
    report::Report,
    runtime::this_second,
};

/// The certificate authority of the institution network (root: Online Billing NW Common RootCA).
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  shikaku ca init --dir ca
  shikaku ca issue --institution 1319990012 --terminal 受付1 --out certs
  shikaku ca renew --certificate certs/terminal.cert.pem --out renewed
  shikaku ca crl > revoked.crl.pem")]
pub(crate) enum Command {
    Init(Init),
    Issue(issue::Issue),
    Renew(renew::Renew),
    Revoke(Revoke),
    Crl(Crl),
    IssuingKey(issuing::IssuingKey),
    CertifyIssuing(issuing::CertifyIssuing),
}

/// Make a new root and an issuing authority below it. Existing ones are never replaced.
///
/// The root's key file can be taken away afterwards and kept in a safe; everything else works without it.
#[derive(Args)]
#[command(after_help = "Example:\n  shikaku ca init --dir ca")]
pub(crate) struct Init {
    /// The authority's folder; made, readable by its owner only.
    #[arg(long, value_name = "DIR", default_value = AUTHORITY)]
    dir: PathBuf,
}

/// Revoke a certificate; with --config its terminal is shut out of that server within seconds too.
#[derive(Args)]
#[command(after_help = "Example:\n  shikaku ca revoke --dir ca --serial 5f0a… --reason keyCompromise")]
pub(crate) struct Revoke {
    /// The authority's folder; without it ./ca, else the demo's.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Serial number in hex, as `ca issue` printed it; capitals, colons and blanks do not matter.
    #[arg(long, value_name = "HEX")]
    serial: String,
    /// Why.
    #[arg(long, default_value = "unspecified", value_parser = reason(), value_name = "REASON")]
    reason: RevocationReason,
    /// The certificate itself (PEM), to revoke it in the database of --config.
    #[arg(long, value_name = "PEM", requires = "config")]
    certificate: Option<PathBuf>,
    /// The server's settings.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    config: Option<PathBuf>,
}

/// Sign the list of revoked certificates.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  shikaku ca crl > revoked.crl.pem\n  shikaku ca crl --dir ca --out revoked.crl.pem"
)]
pub(crate) struct Crl {
    /// The authority's folder; without it ./ca, else the demo's.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where to write it, PEM; without it stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs one of them.
pub(crate) fn run(command: &Command) -> Result<Report> {
    match command {
        Command::Init(arguments) => init(arguments),
        Command::Issue(arguments) => issue::run(arguments),
        Command::Renew(arguments) => renew::run(arguments),
        Command::Revoke(arguments) => revoke(arguments),
        Command::Crl(arguments) => crl(arguments),
        Command::IssuingKey(arguments) => issuing::make_key(arguments),
        Command::CertifyIssuing(arguments) => issuing::certify(arguments),
    }
}

fn init(arguments: &Init) -> Result<Report> {
    let authority = InstitutionAuthority::create(&arguments.dir, Clock::system().now())?;
    let file = arguments.dir.join(pki::authority::ROOT_CERTIFICATE_FILE);
    let root_key = arguments.dir.join(pki::authority::ROOT_KEY_FILE);
    let fingerprint = pki::profile::fingerprint(authority.certificate_der());
    let text = format!(
        "root `{}` made, with an issuing authority below it\ncertificate {}\nSHA-256 {fingerprint}\n\
         the root's key {} can be taken offline now: only a new issuing authority needs it",
        pki::profile::ROOT_COMMON_NAME,
        file.display(),
        root_key.display()
    );
    let document = json!({
        "name": pki::profile::ROOT_COMMON_NAME,
        "certificate": file,
        "fingerprint": fingerprint,
        "root_key": root_key,
    });
    Ok(Report::new(text, document))
}

fn revoke(arguments: &Revoke) -> Result<Report> {
    let now = this_second();
    let serial = bare(&arguments.serial);
    let named = arguments.certificate.as_deref().map(|file| terminal::named(file, &serial)).transpose()?;
    let place = named.as_ref().zip(arguments.config.as_deref());
    if let Some((identity, config)) = place
        && terminal::revoked_by_desk(&server_config(config)?, identity, by_name(arguments.reason))?
    {
        let text = format!("{serial} is revoked by the server's authority");
        let reason = arguments.reason.as_str();
        return Ok(Report::new(text, json!({"serial": serial, "reason": reason, "by": "server"})));
    }
    let authority = InstitutionAuthority::open(&authority_folder(arguments.dir.as_deref())?)?;
    let holds = authority.revoke(&serial, arguments.reason, now)?;
    if let Some((identity, config)) = place {
        terminal::shut_out(identity, config, now)?;
    }
    let (reason, at) = (holds.reason.as_str(), format!("{}+09:00", tokyo_second(holds.at)));
    let earlier = holds.at != now || holds.reason != arguments.reason;
    let text = match earlier {
        true => format!(
            "{serial} was revoked before, at {at} ({reason}); a revocation is never changed, so this still stands"
        ),
        false => format!("{serial} is revoked ({reason})"),
    };
    Ok(Report::new(text, json!({"serial": serial, "reason": reason, "at": at, "earlier": earlier})))
}

/// The reason by its name in a server's records, which know no suspension and no silence.
fn by_name(reason: RevocationReason) -> Recorded {
    match reason {
        RevocationReason::KeyCompromise => Recorded::KeyCompromise,
        RevocationReason::AffiliationChanged => Recorded::AffiliationChanged,
        RevocationReason::Superseded => Recorded::Superseded,
        RevocationReason::CessationOfOperation => Recorded::CessationOfOperation,
        RevocationReason::Unspecified
        | RevocationReason::CertificateHold
        | RevocationReason::PrivilegeWithdrawn => Recorded::PrivilegeWithdrawn,
    }
}

/// A serial number as the authority keeps it, from how OpenSSL, a browser or a person writes it.
fn bare(serial: &str) -> String {
    let digits = serial.chars().filter(|c| !c.is_whitespace() && *c != ':');
    let digits: String = digits.map(|c| c.to_ascii_lowercase()).collect();
    digits.trim_start_matches("0x").trim_start_matches('0').to_owned()
}

fn crl(arguments: &Crl) -> Result<Report> {
    let authority = InstitutionAuthority::open(&authority_folder(arguments.dir.as_deref())?)?;
    let list = authority.crl(Clock::system().now())?;
    let text = pem::encode(pem::CRL, &list)?;
    let days = pki::crl::NEXT_UPDATE_DAYS;
    let Some(out) = &arguments.out else {
        let document = json!({"crl": text, "days": days});
        return Ok(Report::new(text, document));
    };
    std::fs::write(out, text).with_context(|| format!("cannot write {}", out.display()))?;
    let said = format!("good for {days} days\nwritten to {}", out.display());
    Ok(Report::new(said, json!({"file": out, "days": days})))
}

/// Takes the reasons by their names in RFC 5280, and lists them in the help.
fn reason() -> impl TypedValueParser<Value = RevocationReason> {
    let names = PossibleValuesParser::new(RevocationReason::ALL.map(RevocationReason::as_str));
    names.try_map(|name| RevocationReason::from_name(&name).ok_or("unknown reason"))
}
