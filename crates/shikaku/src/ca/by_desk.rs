//! Certificates for terminals of a server that has an authority of its own: by that authority's desk, so that they are
//! recorded, publicly logged, admitted, noticed before their end and revocable like every other.

use anyhow::{Context, Result, bail};
use eligibility::institution_certificate::{CertificateStanding, CertificateUses, RevocationReason};
use pki::csr::{self, KeyStanding};
use pki::keys::{KeyAlgorithm, PrivateKey, write_private};
use pki::profile::TerminalIdentity;
use pki::serial::Serial;
use server::Clock;
use server::ca::{CertificateOrder, Desk, Issued};
use server::config::Config;
use store::{Revoked, Store};

use super::terminal::{Order, PKCS12, TERMINAL, Written, read, write_certificate, write_key};

/// Who the records say acted: whoever sits at the server's keyboard.
const ACTOR: &str = "command-line";

/// The desk of this server's authority; `None` where it has none.
pub(super) fn desk(settings: &Config, store: &Store) -> Result<Option<Desk>> {
    Ok(server::desk_by_hand(settings, store, &Clock::system())?)
}

/// Issues a certificate and writes it, with the key where it is made here.
pub(super) async fn issue(desk: &Desk, order: &Order<'_>) -> Result<Written> {
    let password = order.pkcs12_password()?;
    let (public, own) = match order.request {
        Some(request) => {
            let checked = csr::check_pem(&read(request)?, &order.subject)
                .and_then(|request| request.accept(KeyStanding::New));
            (checked.map_err(|why| anyhow::anyhow!("the request is refused: {why:?}"))?, None)
        }
        None => {
            let key = PrivateKey::generate(KeyAlgorithm::P256)?;
            (key.public_key().clone(), Some(key))
        }
    };
    let wanted = CertificateOrder {
        institution: order.subject.institution.clone(),
        order_id: format!("{ACTOR}:{}", Serial::random()?.hex()),
        terminal_name: order.subject.terminal.as_str().to_owned(),
        uses: order.uses,
        key: public,
        predecessor: None,
        retrieval_number: None,
        actor: ACTOR.to_owned(),
    };
    let mut files = Vec::new();
    // The key first: a certificate without its key would be admitted and of no use.
    if let Some(key) = &own {
        files.push(write_key(order.out, TERMINAL, key)?);
    }
    let issued = desk.issue(wanted).await?;
    files.push(write_certificate(order.out, TERMINAL, &issued.chain_pem)?);
    if let (Some(password), Some(key)) = (password, &own) {
        let file = order.out.join(PKCS12);
        write_private(&file, &pkcs12(desk, order, &issued, key, &password)?)?;
        files.push(file);
    }
    let certificate = issued.certificate;
    let logged = Some(certificate.leaf_index);
    Ok(Written { serial: certificate.serial, fingerprint: certificate.fingerprint, files, logged })
}

fn pkcs12(
    desk: &Desk,
    order: &Order<'_>,
    issued: &Issued,
    key: &PrivateKey,
    password: &str,
) -> Result<Vec<u8>> {
    let authority = desk.signing().authority();
    let chain = [authority.certificate_der().to_vec(), authority.root_der().to_vec()];
    Ok(pki::pkcs12::export(order.subject.terminal.as_str(), key, &issued.der, &chain, password)?)
}

/// Whose certificate may be followed by another, being the server's authority's and in force; and what it may be used
/// for, which the next one may be, too.
pub(super) async fn renewable(desk: &Desk, der: &[u8]) -> Result<(TerminalIdentity, CertificateUses)> {
    let identity = TerminalIdentity::read(der)?;
    let institution = &identity.subject.institution;
    let (known, standing) = desk.standing(institution, &identity.fingerprint).await?;
    let Some(known) = known else {
        bail!("the certificate was not issued here: the server's authority has no record of it")
    };
    match standing {
        standing if standing.may_be_used() => Ok((identity, known.uses)),
        CertificateStanding::Revoked(_) | CertificateStanding::Superseded => {
            bail!("the certificate is revoked or was followed by another; it is not renewed")
        }
        CertificateStanding::Expired { .. } => {
            bail!("the certificate has expired: it is not renewed, another is issued with `ca issue`")
        }
        _ => bail!("the certificate is not in force: it is not renewed"),
    }
}

/// Revokes a certificate that the desk's authority has a record of; false when it has none.
pub(super) async fn revoke(
    desk: &Desk,
    identity: &TerminalIdentity,
    reason: RevocationReason,
) -> Result<bool> {
    let institution = &identity.subject.institution;
    let (known, _) = desk.standing(institution, &identity.fingerprint).await?;
    let Some(known) = known else { return Ok(false) };
    let revoked = desk.revoke(institution, &known.serial, reason, ACTOR, None).await;
    Ok(matches!(revoked.context("the certificate could not be revoked")?, Revoked::Now | Revoked::Before(_)))
}
