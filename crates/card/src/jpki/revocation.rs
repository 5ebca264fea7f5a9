//! Certificate revocation lists of the card authority.

use std::collections::HashMap;

use eligibility::Instant;
use x509_parser::extensions::{AuthorityKeyIdentifier, ParsedExtension};
use x509_parser::oid_registry::OID_PKCS1_SHA256WITHRSA;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};

use crate::jpki::certificate::{CheckedCard, serial_hex};
use crate::jpki::envelope;
use crate::jpki::trust::{AuthorityId, CardTrust, instant};

/// Why a list is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum RevocationListRefused {
    /// Not exactly one DER list, or an entry cannot be read.
    #[error("the revocation list is malformed")]
    Malformed,
    /// Issued by nobody we trust.
    #[error("the revocation list was issued by somebody else")]
    UnknownIssuer,
    /// Not signed by any generation of the authority, or with another algorithm.
    #[error("the revocation list's signature does not verify")]
    Signature,
    /// A list of a part only, of changes only, or about certificates of other authorities: absence would prove nothing.
    #[error("the revocation list has a critical extension that is not understood")]
    UnknownCriticalExtension,
    /// Without a next update nobody could tell when it is stale.
    #[error("the revocation list does not say when the next one comes")]
    NoNextUpdate,
}

/// Whether a list may be relied on at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Dated in the future.
    NotYet,
    /// Between this update and the next.
    Fresh,
    /// The next one should be there: fail closed.
    Stale,
}

/// Why a certificate was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevocationReason {
    /// No reason given.
    Unspecified,
    /// The key may be known to others.
    KeyCompromise,
    /// The person's particulars changed, for example by moving.
    AffiliationChanged,
    /// Replaced by a new certificate.
    Superseded,
    /// No longer used.
    CessationOfOperation,
    /// On hold.
    CertificateHold,
    /// A reason cards are not revoked for.
    Other(u8),
}

/// What a list says about one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// Since when.
        at: Instant,
        /// Why.
        reason: RevocationReason,
    },
    /// Issued by another authority, or by another generation of it: the list says nothing about it.
    /// To be treated as an error, never as good.
    NotCovered,
}

/// A verified revocation list.
#[derive(Debug)]
pub struct RevocationList {
    authority: AuthorityId,
    number: Option<String>,
    this_update: Instant,
    next_update: Instant,
    revoked: HashMap<String, (Instant, RevocationReason)>,
}

impl RevocationList {
    /// Reads a list (DER) and verifies that one of the anchors signed it.
    ///
    /// # Errors
    /// [`RevocationListRefused`]; never panics, whatever the bytes are.
    pub fn from_der(der: &[u8], trust: &CardTrust) -> Result<Self, RevocationListRefused> {
        let (rest, list) =
            CertificateRevocationList::from_der(der).map_err(|_| RevocationListRefused::Malformed)?;
        if !rest.is_empty() {
            return Err(RevocationListRefused::Malformed);
        }
        if !envelope::is_exact(der, list.tbs_cert_list.as_ref(), &list.signature_value.data) {
            return Err(RevocationListRefused::Malformed);
        }
        let authority = verify(&list, trust)?;
        check_extensions(&list)?;
        let next_update = list.next_update().ok_or(RevocationListRefused::NoNextUpdate)?;
        let revoked = list.iter_revoked_certificates().map(entry).collect::<Result<_, _>>()?;
        Ok(Self {
            authority,
            number: list.crl_number().map(|number| format!("{number:x}")),
            this_update: instant(list.last_update()),
            next_update: instant(next_update),
            revoked,
        })
    }

    /// What the list says about a card.
    #[must_use]
    pub fn status(&self, card: &CheckedCard) -> Status {
        if card.authority != self.authority {
            return Status::NotCovered;
        }
        match self.revoked.get(&card.id.serial) {
            Some(&(at, reason)) => Status::Revoked { at, reason },
            None => Status::Good,
        }
    }

    /// Whether the list may be relied on.
    #[must_use]
    pub fn freshness(&self, now: Instant) -> Freshness {
        if now < self.this_update {
            Freshness::NotYet
        } else if now >= self.next_update {
            Freshness::Stale
        } else {
            Freshness::Fresh
        }
    }

    /// Which generation of the authority signed it: it covers this generation's certificates only.
    #[must_use]
    pub fn authority(&self) -> &AuthorityId {
        &self.authority
    }

    /// The list's number in lower-case hex, when it has one; a later list has a greater one.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// When it was made.
    #[must_use]
    pub fn this_update(&self) -> Instant {
        self.this_update
    }

    /// When the next one comes at the latest.
    #[must_use]
    pub fn next_update(&self) -> Instant {
        self.next_update
    }

    /// How many certificates it revokes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Whether it revokes none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revoked.is_empty()
    }
}

fn verify(
    list: &CertificateRevocationList<'_>,
    trust: &CardTrust,
) -> Result<AuthorityId, RevocationListRefused> {
    let issuer = list.issuer().as_raw();
    let mut named = trust.anchors.iter().filter(|anchor| anchor.subject_der == issuer).peekable();
    if named.peek().is_none() {
        return Err(RevocationListRefused::UnknownIssuer);
    }
    if list.signature_algorithm.algorithm != OID_PKCS1_SHA256WITHRSA
        || list.tbs_cert_list.signature != list.signature_algorithm
    {
        return Err(RevocationListRefused::Signature);
    }
    let authority = authority_key(list);
    named
        .filter(|anchor| anchor.matches(authority))
        .find(|anchor| anchor.key.verify_sig(list.tbs_cert_list.as_ref(), &list.signature_value.data).is_ok())
        .map(|anchor| anchor.id.clone())
        .ok_or(RevocationListRefused::Signature)
}

fn authority_key<'a>(list: &'a CertificateRevocationList<'a>) -> Option<&'a AuthorityKeyIdentifier<'a>> {
    list.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(authority) => Some(authority),
        _ => None,
    })
}

fn check_extensions(list: &CertificateRevocationList<'_>) -> Result<(), RevocationListRefused> {
    for extension in list.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::ParseError { .. } => return Err(RevocationListRefused::Malformed),
            ParsedExtension::AuthorityKeyIdentifier(_) | ParsedExtension::CRLNumber(_) => {}
            _ if extension.critical => return Err(RevocationListRefused::UnknownCriticalExtension),
            _ => {}
        }
    }
    Ok(())
}

type Entry = (String, (Instant, RevocationReason));

fn entry(revoked: &RevokedCertificate<'_>) -> Result<Entry, RevocationListRefused> {
    for extension in revoked.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::ParseError { .. } => return Err(RevocationListRefused::Malformed),
            ParsedExtension::ReasonCode(_) | ParsedExtension::InvalidityDate(_) => {}
            _ if extension.critical => return Err(RevocationListRefused::UnknownCriticalExtension),
            _ => {}
        }
    }
    let serial = serial_hex(revoked.raw_serial()).ok_or(RevocationListRefused::Malformed)?;
    let reason = revoked.reason_code().map_or(0, |(_, code)| code.0);
    Ok((serial, (instant(revoked.revocation_date), reason_of(reason))))
}

fn reason_of(code: u8) -> RevocationReason {
    match code {
        0 => RevocationReason::Unspecified,
        1 => RevocationReason::KeyCompromise,
        3 => RevocationReason::AffiliationChanged,
        4 => RevocationReason::Superseded,
        5 => RevocationReason::CessationOfOperation,
        6 => RevocationReason::CertificateHold,
        other => RevocationReason::Other(other),
    }
}
