//! The SIMULATED J-LIS: issues card certificates and says which of them are revoked.
//!
//! J-LIS (地方公共団体情報システム機構) issues the certificates on real cards and gives its revocation data
//! to verifiers recognised by law only. This one makes certificates with the same profile under
//! `O=JPKI-TEST`, whose keys anybody can make: they prove nothing about anybody.
//!
//! Several generations of an authority share one name, as in the real hierarchy: they are told apart by
//! key, never by name, and no serial number is used twice among them.

mod authority;
mod certificate;
mod key_pool;
mod ocsp;
mod register;

use std::path::Path;
use std::sync::Arc;

use der::asn1::ObjectIdentifier;
use eligibility::Instant;
use eligibility::card_certificate::CardCertificateId;

pub use authority::{CardAuthority, JlisOptions};
pub use certificate::{CardSubject, SignatureAttributes, SignatureSubject, certificate_id};
pub use key_pool::{KEY_POOL_MAX, KeyPool};
pub use ocsp::{MAX_OCSP_REQUEST_BYTES, MAX_OCSP_REQUEST_ENTRIES, OCSP_VALIDITY_H, OcspResponder};
pub use register::{CARD_SERIAL_MAX, CertificateStatus};

use crate::{Error, Result, Validity, keys};
use register::Register;

/// Policy of test authentication certificates.
pub(crate) const AUTHENTICATION_POLICY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.0.30");
/// Policy of test signature certificates.
pub(crate) const SIGNATURE_POLICY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.0.20");
/// Policy of test authentication certificates, dotted.
pub const AUTHENTICATION_POLICY_OID: &str = "1.2.392.200149.8.5.1.0.30";
/// Policy of test signature certificates, dotted.
pub const SIGNATURE_POLICY_OID: &str = "1.2.392.200149.8.5.1.0.20";
/// Most generations of one authority.
pub const GENERATIONS_MAX: u8 = 100;

/// The two authorities of the card world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardAuthorityKind {
    /// 利用者証明用: the certificate that proves who is at the reader.
    Authentication,
    /// 署名用: the certificate that signs documents.
    Signature,
}

impl CardAuthorityKind {
    fn folder(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Signature => "signature",
        }
    }
}

/// The simulated J-LIS with its folder: both authorities with all their generations.
pub struct SimulatedJlis {
    authentication: Vec<CardAuthority>,
    signature: Vec<CardAuthority>,
}

impl SimulatedJlis {
    /// Makes both authorities in this folder, with `options.generations` generations each.
    /// Takes a few RSA key generations: up to seconds without optimisation.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when the folder holds one already; [`Error::File`].
    pub fn create(folder: &Path, options: &JlisOptions, now: Instant) -> Result<Self> {
        for kind in [CardAuthorityKind::Authentication, CardAuthorityKind::Signature] {
            let place = folder.join(kind.folder());
            keys::create_private_folder(&place)?;
            Register::create(&place)?;
            for generation in 1..=options.generations {
                CardAuthority::create(kind, generation, &place, options, now)?;
            }
        }
        Self::open(folder)
    }

    /// Opens both authorities in this folder.
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Malformed`] when a file is not what it should be.
    pub fn open(folder: &Path) -> Result<Self> {
        Self::open_with(folder, Register::open)
    }

    /// Opens both authorities while another program has them open: the cards they know can be made again, nothing
    /// new can be issued or revoked.
    ///
    /// # Errors
    /// As [`SimulatedJlis::open`]; later [`Error::InUse`] from whatever would have to be written down.
    pub fn open_beside(folder: &Path) -> Result<Self> {
        Self::open_with(folder, Register::open_beside)
    }

    fn open_with(folder: &Path, register: fn(&Path) -> Result<Register>) -> Result<Self> {
        let authentication = open_generations(folder, CardAuthorityKind::Authentication, register)?;
        let signature = open_generations(folder, CardAuthorityKind::Signature, register)?;
        Ok(Self { authentication, signature })
    }

    /// Opens both authorities, or makes them when the folder does not exist.
    ///
    /// # Errors
    /// As [`SimulatedJlis::open`] and [`SimulatedJlis::create`].
    pub fn open_or_create(folder: &Path, options: &JlisOptions, now: Instant) -> Result<Self> {
        if folder.exists() { Self::open(folder) } else { Self::create(folder, options, now) }
    }

    /// All generations of an authority, oldest first.
    #[must_use]
    pub fn generations(&self, kind: CardAuthorityKind) -> &[CardAuthority] {
        match kind {
            CardAuthorityKind::Authentication => &self.authentication,
            CardAuthorityKind::Signature => &self.signature,
        }
    }

    /// The newest generation, which issues new cards.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the folder held no generation.
    pub fn newest(&self, kind: CardAuthorityKind) -> Result<&CardAuthority> {
        self.generations(kind).last().ok_or(Error::Malformed("the folder of the simulated J-LIS"))
    }

    /// All generations' root certificates in one PEM text: what a verifier trusts.
    ///
    /// # Errors
    /// [`Error::Malformed`] when encoding fails.
    pub fn roots_pem(&self, kind: CardAuthorityKind) -> Result<String> {
        self.generations(kind).iter().map(CardAuthority::certificate_pem).collect()
    }

    /// An OCSP responder for all generations of an authority, with fresh delegated keys.
    ///
    /// # Errors
    /// [`Error::File`] when its serial numbers cannot be recorded.
    pub fn responder(&self, kind: CardAuthorityKind, now: Instant) -> Result<OcspResponder> {
        OcspResponder::new(self.generations(kind), now)
    }

    /// Revokes a certificate, whichever generation issued it.
    ///
    /// # Errors
    /// [`Error::NotIssued`] for a serial number that no generation issued or reserved.
    pub fn revoke(
        &self,
        kind: CardAuthorityKind,
        serial: u32,
        reason: crate::crl::RevocationReason,
        at: Instant,
    ) -> Result<()> {
        self.newest(kind)?.revoke_any(serial, reason, at)
    }

    /// How the eligibility system names an authentication certificate with this serial number.
    ///
    /// # Errors
    /// [`Error::Asn1`] when the authority's name cannot be encoded.
    pub fn card_id(&self, serial: u32) -> Result<CardCertificateId> {
        self.newest(CardAuthorityKind::Authentication)?.certificate_id(serial)
    }
}

fn open_generations(
    folder: &Path,
    kind: CardAuthorityKind,
    register: fn(&Path) -> Result<Register>,
) -> Result<Vec<CardAuthority>> {
    let place = folder.join(kind.folder());
    let register = Arc::new(register(&place)?);
    let mut found = Vec::new();
    for generation in 1..=GENERATIONS_MAX {
        if !CardAuthority::exists(&place, generation) {
            break;
        }
        found.push(CardAuthority::open(kind, generation, &place, Arc::clone(&register))?);
    }
    if found.is_empty() {
        return Err(Error::Malformed("the folder of the simulated J-LIS"));
    }
    Ok(found)
}

/// Years before its making that an authority is valid from, so that cards which expired long ago can be
/// issued for tests and demonstrations.
pub(crate) const AUTHORITY_PAST_YEARS: i64 = 8;
/// Years an authority is valid in all.
pub(crate) const AUTHORITY_VALIDITY_YEARS: i64 = 20;

fn authority_validity(now: Instant) -> Result<Validity> {
    const AVERAGE_YEAR_MS: i64 = 31_556_952_000;
    let from = Instant(now.0.saturating_sub(AUTHORITY_PAST_YEARS * AVERAGE_YEAR_MS));
    Validity::starting(from, jiff::Span::new().years(AUTHORITY_VALIDITY_YEARS))
}
