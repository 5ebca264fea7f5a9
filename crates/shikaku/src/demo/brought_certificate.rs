//! The working institution's first certificate was issued with the folder, before there was a centre. The centre's
//! records get it as issued, so that it can be renewed and revoked there like any other.

use anyhow::{Result, ensure};
use eligibility::{Instant, institution_certificate::CertificateUses};
use pki::{keys::PrivateKey, pem, profile::TerminalIdentity};
use server::Server;
use store::{NewCertificate, Reservation, Reserved};

use super::premises::{TERMINAL_CERTIFICATE, TERMINAL_KEY};
use crate::folder::DataFolder;

/// Who the records say issued it.
const ACTOR: &str = "demo";

/// Records the certificate if it is not recorded.
pub(super) async fn record(server: &Server, folder: &DataFolder, now: Instant) -> Result<()> {
    let text = std::fs::read_to_string(folder.key(TERMINAL_CERTIFICATE))?;
    let der = pem::decode(pem::CERTIFICATE, &text)?;
    let identity = TerminalIdentity::read(&der)?;
    let (store, institution) = (server.store(), identity.subject.institution);
    if store.certificate_by_fingerprint(&institution, &identity.fingerprint).await?.is_some() {
        return Ok(());
    }
    let key_fingerprint = PrivateKey::load(&folder.key(TERMINAL_KEY))?.public_key().fingerprint();
    let order_id = format!("folder:{}", identity.serial);
    let reservation = Reservation {
        serial: identity.serial.clone(),
        institution_code: institution.as_str().to_owned(),
        order_id: order_id.clone(),
        purpose: "terminal",
        key_fingerprint: key_fingerprint.clone(),
        at: now,
    };
    let reserved = store.reserve_serial(reservation).await?;
    // A start that was cut off in between left the number stored.
    ensure!(matches!(reserved, Reserved::Stored | Reserved::Taken), "the first certificate: {reserved:?}");
    let new = NewCertificate {
        institution_code: institution,
        serial: identity.serial,
        order_id,
        fingerprint: identity.fingerprint,
        key_fingerprint,
        terminal_name: identity.subject.terminal.as_str().to_owned(),
        uses: CertificateUses::EligibilityAndBilling,
        certificate: der,
        not_before: identity.validity.not_before,
        not_after: identity.validity.not_after,
        issued_at: now,
        predecessor: None,
        retrieval_number: None,
        actor: ACTOR.to_owned(),
    };
    store.keep_certificate(new).await?;
    Ok(())
}
