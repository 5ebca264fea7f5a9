//! Renewal: the certificate of the connection signs the application, so nobody else need agree.

use eligibility::Instant;
use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::{
    CertificateStanding, SUCCESSORS_MAX, SuccessorState, overlap_until,
};
use eligibility::retrieval::FilePassword;
use pki::csr::{self, KeyStanding};
use pki::keys::PublicKey;
use store::InstitutionCertificate;

use super::kept_file::may_be_kept;
use super::{CertificateOrder, Desk, Issued, new_key, subject};
use crate::ca::{NotIssued, Refusal};

/// A successor.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The new certificate.
    pub issued: Issued,
    /// First moment the old one is no longer taken.
    pub old_valid_until: Instant,
}

impl Desk {
    /// What is recorded of the certificate with this fingerprint, and how it stands now.
    ///
    /// # Errors
    /// Whatever reading the store meets.
    pub async fn standing(
        &self,
        institution: &InstitutionCode,
        fingerprint: &str,
    ) -> Result<(Option<InstitutionCertificate>, CertificateStanding), NotIssued> {
        let certificate = self.store.certificate_by_fingerprint(institution, fingerprint).await?;
        let known = certificate.as_ref().map(InstitutionCertificate::known);
        let standing = CertificateStanding::of(known.as_ref(), institution, self.clock.now());
        Ok((certificate, standing))
    }

    /// The certificate that follows this one, if there is one.
    ///
    /// # Errors
    /// Whatever reading the store meets.
    pub async fn successor(
        &self,
        certificate: &InstitutionCertificate,
    ) -> Result<Option<InstitutionCertificate>, NotIssued> {
        let Some(serial) = &certificate.successor else { return Ok(None) };
        Ok(self.store.certificate_of(&certificate.institution_code, serial).await?)
    }

    /// First moment a certificate with a successor is no longer taken.
    #[must_use]
    pub fn taken_until(certificate: &InstitutionCertificate) -> Instant {
        let own_end = certificate.period.not_after;
        certificate.superseded_at.map_or(own_end, |at| overlap_until(at).min(own_end))
    }

    /// Renews with a key made on the terminal. The same key again gets the same certificate.
    ///
    /// # Errors
    /// [`Refusal::NotRenewable`], [`Refusal::RenewedBefore`], [`Refusal::Request`] or a fault.
    pub async fn renew(
        &self,
        institution: &InstitutionCode,
        fingerprint: &str,
        request_pem: &str,
    ) -> Result<Renewed, NotIssued> {
        let (old, standing) = self.standing(institution, fingerprint).await?;
        let old = old.ok_or(Refusal::NotRenewable(CertificateStanding::Unknown))?;
        let expected = subject(institution, &old.terminal_name)?;
        let key = csr::check_pem(request_pem, &expected)?.accept(KeyStanding::New)?;
        match standing {
            CertificateStanding::RenewalOpen { .. } => self.follow(&old, key).await,
            CertificateStanding::Overlap { .. } => {
                // Of two keys that come at once, one gets a certificate; only what ended is followed again.
                match self.replaceable(&old).await? {
                    Some(state) if state.is_revoked() => self.follow(&old, key).await,
                    _ => self.followed(&old, key).await,
                }
            }
            other => Err(Refusal::NotRenewable(other).into()),
        }
    }

    /// Renews with a key that the authority makes and never stores; gives the PKCS#12 file. `form`: the one-time id of
    /// the form, which gets the same file for some minutes. Another form renews again, while nobody was let in with the
    /// successor or after it was revoked.
    ///
    /// # Errors
    /// As [`Desk::renew`].
    pub async fn renew_into_file(
        &self,
        institution: &InstitutionCode,
        fingerprint: &str,
        password: &FilePassword,
        form: Option<&str>,
    ) -> Result<Vec<u8>, NotIssued> {
        let _turn = self.turns.of(fingerprint).await;
        let (old, standing) = self.standing(institution, fingerprint).await?;
        let old = old.ok_or(Refusal::NotRenewable(CertificateStanding::Unknown))?;
        let is_open =
            matches!(standing, CertificateStanding::RenewalOpen { .. } | CertificateStanding::Overlap { .. });
        if !is_open {
            return Err(Refusal::NotRenewable(standing).into());
        }
        let next = self.successor(&old).await?;
        let is_final = next.is_some() && self.replaceable(&old).await?.is_none();
        // Told before the costly mark: whoever has a terminal may ask as often as the line carries.
        if is_final && next.is_some_and(|next| !may_be_kept(next.issued_at, self.clock.now())) {
            return Err(Refusal::RenewedBefore.into());
        }
        let mark = match form {
            Some(form) => Some(self.file_mark(&first_order_id(&old), form, password).await?),
            None => None,
        };
        if let Some(file) = self.kept_file(institution, mark.as_ref()).await? {
            return Ok(file);
        }
        if is_final {
            return Err(Refusal::RenewedBefore.into());
        }
        let key = new_key()?;
        let order = order(&old, key.public_key().clone());
        match self.issue_into_file(order, (key, password), mark.as_ref()).await {
            Ok((_, file)) => Ok(file),
            // Another process was faster with the same form, perhaps.
            Err(NotIssued::Refused(Refusal::OrderDone)) => {
                let kept = self.kept_file(institution, mark.as_ref()).await?;
                kept.ok_or_else(|| Refusal::RenewedBefore.into())
            }
            Err(other) => Err(other),
        }
    }

    /// What became of its successor, if it has one whose place another may take.
    ///
    /// # Errors
    /// Whatever reading the store meets.
    pub async fn replaceable(
        &self,
        certificate: &InstitutionCertificate,
    ) -> Result<Option<SuccessorState>, NotIssued> {
        let state = self.successor(certificate).await?.map(|next| next.as_successor());
        let Some(state) = state.filter(|state| state.may_be_replaced()) else { return Ok(None) };
        let (institution, serial) = (&certificate.institution_code, &certificate.serial);
        let followed = self.store.certificates_following(institution, serial).await?;
        Ok((followed < SUCCESSORS_MAX).then_some(state))
    }

    async fn follow(&self, old: &InstitutionCertificate, key: PublicKey) -> Result<Renewed, NotIssued> {
        let issued = self.issue(order(old, key)).await.map_err(renewed_before)?;
        let since = old.superseded_at.unwrap_or(issued.certificate.issued_at);
        let old_valid_until = overlap_until(since).min(old.period.not_after);
        Ok(Renewed { issued, old_valid_until })
    }

    async fn followed(&self, old: &InstitutionCertificate, key: PublicKey) -> Result<Renewed, NotIssued> {
        let order = order(old, key);
        let serial = old.successor.clone().unwrap_or_default();
        let issued = self.given_again(&order, &serial).await.map_err(renewed_before)?;
        Ok(Renewed { issued, old_valid_until: Self::taken_until(old) })
    }
}

fn renewed_before(error: NotIssued) -> NotIssued {
    match error {
        NotIssued::Refused(Refusal::OrderDone) => Refusal::RenewedBefore.into(),
        other => other,
    }
}

/// One order for each successor that is to be replaced: of several who would, one does.
fn order_id(old: &InstitutionCertificate) -> String {
    match &old.successor {
        None => first_order_id(old),
        Some(successor) => format!("{}:{successor}", first_order_id(old)),
    }
}

fn first_order_id(old: &InstitutionCertificate) -> String {
    format!("renewal:{}", old.serial)
}

fn order(old: &InstitutionCertificate, key: PublicKey) -> CertificateOrder {
    CertificateOrder {
        institution: old.institution_code.clone(),
        order_id: order_id(old),
        terminal_name: old.terminal_name.clone(),
        uses: old.uses,
        key,
        predecessor: Some(old.serial.clone()),
        retrieval_number: None,
        actor: format!("certificate:{}", old.serial),
    }
}
