//! The part with the key: it signs what was linted and decides nothing.

use eligibility::Instant;
use eligibility::institution_certificate::{CertificatePeriod, Revocation, RevocationReason};
use pki::crl;
use pki::issuing::{IssuingAuthority, ListMoment, Profile};
use pki::keys::{KeyAlgorithm, PrivateKey, PublicKey};
use pki::ocsp::{PRESIGNED_VALIDITY_H, Signer, Status};
use pki::profile::InstitutionName;
use pki::serial::StoredSerial;
use pki::{IssuedCertificate, TerminalSubject, Validity};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A signer of answers is replaced so many days before its certificate ends.
const SIGNER_RENEWAL_DAYS: i64 = 30;

/// The issuing authority.
pub struct Signing {
    authority: IssuingAuthority,
}

impl Signing {
    /// Signs with this authority.
    #[must_use]
    pub fn new(authority: IssuingAuthority) -> Self {
        Self { authority }
    }

    /// The authority, for its certificates and addresses.
    #[must_use]
    pub fn authority(&self) -> &IssuingAuthority {
        &self.authority
    }

    /// Prepares, lints with a throw-away key, signs, verifies. The serial number is used up, whatever comes of it.
    ///
    /// # Errors
    /// [`pki::Error`]; nothing was signed then, or nothing that may be given out.
    pub fn certify(
        &self,
        subject: &TerminalSubject,
        institution_name: Option<&InstitutionName>,
        serial: StoredSerial,
        key: &PublicKey,
        period: CertificatePeriod,
    ) -> pki::Result<IssuedCertificate> {
        let validity = Validity::new(period.not_before, period.not_after)?;
        let profile = Profile::Terminal { subject, institution_name };
        let prepared = self.authority.prepare(profile, serial, key, validity)?;
        let linted = self.authority.lint(prepared)?;
        self.authority.sign(linted)
    }

    /// The period of a certificate issued now. It begins an hour ago, because clocks at clinics are late.
    ///
    /// # Errors
    /// [`pki::Error::Validity`] when `now` is outside what certificates can carry.
    pub fn period(now: Instant) -> pki::Result<CertificatePeriod> {
        let Validity { not_before, not_after } = Validity::of_terminal(now)?;
        Ok(CertificatePeriod { not_before, not_after })
    }

    /// Signs one shard of the list of everything revoked.
    ///
    /// # Errors
    /// As [`IssuingAuthority::crl_shard`].
    pub fn list(
        &self,
        shard: u16,
        revoked: &[(String, Revocation)],
        number: u64,
        now: Instant,
    ) -> pki::Result<(Vec<u8>, Instant)> {
        let revoked: Vec<_> = revoked.iter().map(|(serial, how)| (serial.clone(), listed(*how))).collect();
        let next_update = Instant(now.0 + crl::NEXT_UPDATE_DAYS * DAY_MS);
        let moment = ListMoment { number, this_update: now, next_update };
        Ok((self.authority.crl_shard(shard, &revoked, moment)?, next_update))
    }

    /// A new signer of answers; its certificate is issued under this serial number.
    ///
    /// # Errors
    /// [`pki::Error`].
    pub fn answer_signer(
        &self,
        key: PrivateKey,
        serial: StoredSerial,
        now: Instant,
    ) -> pki::Result<AnswerSigner> {
        let validity = Validity::of_responder(now)?;
        let issued = self.authority.issue(Profile::OcspSigner, serial, key.public_key(), validity)?;
        let signer = Signer::new(&self.authority, Box::new(key), &issued)?;
        Ok(AnswerSigner { signer, issued })
    }
}

/// Signs answers about certificates under a certificate of its own. Its key lives in memory only and is new with
/// each start.
pub struct AnswerSigner {
    signer: Signer,
    issued: IssuedCertificate,
}

impl AnswerSigner {
    /// A key for a signer.
    ///
    /// # Errors
    /// [`pki::Error::Crypto`].
    pub fn new_key() -> pki::Result<PrivateKey> {
        PrivateKey::generate(KeyAlgorithm::P256)
    }

    /// Its certificate.
    #[must_use]
    pub fn certificate(&self) -> &IssuedCertificate {
        &self.issued
    }

    /// Whether it is time for another.
    #[must_use]
    pub fn is_old(&self, now: Instant) -> bool {
        now.0 + SIGNER_RENEWAL_DAYS * DAY_MS >= self.issued.validity.not_after.0
    }

    /// Signs an answer that is good from now on; gives it with its end.
    ///
    /// # Errors
    /// As [`Signer::presign`].
    pub fn answer(
        &self,
        serial: &str,
        revocation: Option<Revocation>,
        now: Instant,
    ) -> pki::Result<(Vec<u8>, Instant)> {
        let status = revocation.map_or(Status::Good, |how| Status::Revoked(listed(how)));
        let until = Instant(now.0 + PRESIGNED_VALIDITY_H * HOUR_MS);
        Ok((self.signer.presign(serial, status, now, until)?, until))
    }
}

/// A revocation as lists and answers name it.
fn listed(how: Revocation) -> crl::Revocation {
    let reason = match how.reason {
        RevocationReason::KeyCompromise => crl::RevocationReason::KeyCompromise,
        RevocationReason::CessationOfOperation => crl::RevocationReason::CessationOfOperation,
        RevocationReason::Superseded => crl::RevocationReason::Superseded,
        RevocationReason::AffiliationChanged => crl::RevocationReason::AffiliationChanged,
        RevocationReason::PrivilegeWithdrawn => crl::RevocationReason::PrivilegeWithdrawn,
    };
    crl::Revocation { at: how.at, reason }
}
