//! What each institution certificate says: names, periods, purposes.

use std::net::IpAddr;

use der::Decode as _;
use eligibility::Instant;
use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::{CertificatePeriod, TerminalName};
use jiff::{Span, Timestamp, tz};
use x509_cert::Certificate;

use crate::naming::{COMMON_NAME, COUNTRY, ORGANIZATION, UNIT, attribute_text};
use crate::{Error, Result, moment};

/// Common name of the institution root.
pub const ROOT_COMMON_NAME: &str = "Online Billing NW Common RootCA";
/// Organization of the institution root: says that this is not the real network's root.
pub const ROOT_ORGANIZATION: &str = "Shikaku";
/// Years a root lives.
pub(crate) const ROOT_VALIDITY_YEARS: i64 = 20;
/// Years an issuing authority's certificate lives; its leaves must end before it does.
pub(crate) const ISSUING_VALIDITY_YEARS: i64 = 10;
/// Days the certificate of an OCSP signer lives: it cannot be revoked, so it is replaced often.
pub const RESPONDER_VALIDITY_DAYS: i64 = 90;
/// Longest institution name X.520 allows as an organizational unit, in characters.
pub const INSTITUTION_NAME_MAX_CHARS: usize = 64;
/// Days a server certificate lives.
pub const SERVER_VALIDITY_DAYS: i64 = 397;
/// New certificates begin this much before they are issued, because clocks at clinics are late.
pub(crate) const BACKDATE_S: i64 = 3600;
/// Longest common name X.520 allows, in characters.
pub const COMMON_NAME_MAX_CHARS: usize = 64;
/// Most names one server certificate may carry.
pub const SERVER_NAMES_MAX: usize = 32;

/// The period a certificate is valid in, both ends included, whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First valid second.
    pub not_before: Instant,
    /// Last valid second.
    pub not_after: Instant,
}

impl Validity {
    /// A period from these two ends, cut to whole seconds: certificates know no fractions, and a period must be
    /// the same before it is written and after it is read.
    ///
    /// # Errors
    /// [`Error::Validity`] when it is empty or reversed.
    pub fn new(not_before: Instant, not_after: Instant) -> Result<Self> {
        let (not_before, not_after) = (whole_second(not_before), whole_second(not_after));
        if not_before >= not_after {
            return Err(Error::Validity);
        }
        Ok(Self { not_before, not_after })
    }

    /// From a moment for a calendar span, counted in Japan; the last second is the one before the end.
    pub(crate) fn starting(from: Instant, span: Span) -> Result<Self> {
        let japan = tz::TimeZone::fixed(tz::offset(9));
        let start = Timestamp::from_millisecond(from.0).map_err(|_| Error::Validity)?.to_zoned(japan);
        let end = start.checked_add(span).map_err(|_| Error::Validity)?;
        Self::new(from, Instant(end.timestamp().as_millisecond() - 1000))
    }

    /// The period of a terminal certificate issued now: to the end of the day that [`CertificatePeriod::issued_at`]
    /// says.
    ///
    /// # Errors
    /// [`Error::Validity`] when `now` is outside what certificates can carry.
    pub fn of_terminal(now: Instant) -> Result<Self> {
        Self::new(backdated(now), CertificatePeriod::issued_at(now).not_after)
    }

    /// The period of a server certificate issued now.
    ///
    /// # Errors
    /// [`Error::Validity`] when `now` is outside what certificates can carry.
    pub fn of_server(now: Instant) -> Result<Self> {
        Self::starting(backdated(now), Span::new().days(SERVER_VALIDITY_DAYS))
    }

    /// The period of an issuing authority's certificate made now.
    ///
    /// # Errors
    /// [`Error::Validity`] when `now` is outside what certificates can carry.
    pub fn of_issuing(now: Instant) -> Result<Self> {
        Self::starting(backdated(now), Span::new().years(ISSUING_VALIDITY_YEARS))
    }

    /// The period of an OCSP signer's certificate made now.
    ///
    /// # Errors
    /// [`Error::Validity`] when `now` is outside what certificates can carry.
    pub fn of_responder(now: Instant) -> Result<Self> {
        Self::starting(backdated(now), Span::new().days(RESPONDER_VALIDITY_DAYS))
    }

    pub(crate) fn of_root(now: Instant) -> Result<Self> {
        Self::starting(backdated(now), Span::new().years(ROOT_VALIDITY_YEARS))
    }
}

fn whole_second(instant: Instant) -> Instant {
    Instant(instant.0 - instant.0.rem_euclid(1000))
}

fn backdated(now: Instant) -> Instant {
    Instant(now.0.saturating_sub(BACKDATE_S * 1000))
}

/// The name of an institution as its certificates show it beside the code; the organizational unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstitutionName(String);

impl InstitutionName {
    /// Takes 1 to 64 characters of any script, without control characters and outer blanks. A longer name is
    /// refused, not cut: whoever asks decides on the short form.
    ///
    /// # Errors
    /// [`Error::Name`] otherwise.
    pub fn parse(text: &str) -> Result<Self> {
        let length = text.chars().count();
        let trimmed = text.trim() == text;
        if length == 0
            || length > INSTITUTION_NAME_MAX_CHARS
            || !trimmed
            || text.chars().any(char::is_control)
        {
            return Err(Error::Name("the institution name"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whom a terminal certificate names: institution and terminal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TerminalSubject {
    /// The institution; organization in the certificate.
    pub institution: InstitutionCode,
    /// The terminal; common name in the certificate.
    pub terminal: TerminalName,
}

/// A name a server answers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ServerName {
    /// A DNS name, lower case.
    Dns(String),
    /// An IP address.
    Ip(IpAddr),
}

impl ServerName {
    /// Reads an IP address or a DNS name (letters, digits, hyphens, dots; no wildcard).
    ///
    /// # Errors
    /// [`Error::Name`] otherwise.
    pub fn parse(text: &str) -> Result<Self> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        let label = |part: &str| {
            let inner = part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            (1..=63).contains(&part.len()) && inner && !part.starts_with('-') && !part.ends_with('-')
        };
        // A common name holds 64 characters; longer DNS names would need another subject.
        if text.len() > COMMON_NAME_MAX_CHARS || !text.split('.').all(label) {
            return Err(Error::Name("the server name"));
        }
        Ok(Self::Dns(text.to_ascii_lowercase()))
    }
}

impl std::fmt::Display for ServerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// What a terminal certificate tells the server that has already verified its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalIdentity {
    /// Institution and terminal.
    pub subject: TerminalSubject,
    /// Lower-case hex SHA-256 of the certificate's DER.
    pub fingerprint: String,
    /// Lower-case hex of the serial number.
    pub serial: String,
    /// The period of validity.
    pub validity: Validity,
}

impl TerminalIdentity {
    /// Reads institution and terminal from a certificate. The chain must have been verified before:
    /// this only reads names, it proves nothing.
    ///
    /// # Errors
    /// [`Error::Name`] when the subject is not exactly country JP, one institution code, at most one
    /// institution name, one terminal name; [`Error::Asn1`] when it is no certificate.
    pub fn read(certificate_der: &[u8]) -> Result<Self> {
        let certificate = Certificate::from_der(certificate_der)?;
        let tbs = &certificate.tbs_certificate;
        let subject = read_certified_subject(&tbs.subject)?;
        let not_before = moment::from_x509(tbs.validity.not_before);
        let not_after = moment::from_x509(tbs.validity.not_after);
        Ok(Self {
            subject,
            fingerprint: fingerprint(certificate_der),
            serial: serial_hex(tbs.serial_number.as_bytes()),
            validity: Validity { not_before, not_after },
        })
    }
}

/// Lower-case hex SHA-256 of a certificate's DER: how terminals are named in logs and tables.
#[must_use]
pub fn fingerprint(certificate_der: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate_der))
}

/// Lower-case hex of a serial number without leading zeros.
pub(crate) fn serial_hex(bytes: &[u8]) -> String {
    let text = hex::encode(bytes);
    let short = text.trim_start_matches('0');
    if short.is_empty() { "0".to_owned() } else { short.to_owned() }
}

/// A certificate's subject: as a request's, and the institution's name may stand beside its code. The name is
/// for people; nothing is decided by it.
pub(crate) fn read_certified_subject(name: &x509_cert::name::Name) -> Result<TerminalSubject> {
    let mut bare = name.clone();
    if let Some(text) = attribute_text(name, UNIT) {
        InstitutionName::parse(&text)?;
        bare.0.retain(|rdn| rdn.0.iter().all(|part| part.oid != UNIT));
    }
    read_subject(&bare)
}

pub(crate) fn read_subject(name: &x509_cert::name::Name) -> Result<TerminalSubject> {
    let wrong = || Error::Name("the subject");
    if name.0.len() != 3 || name.0.iter().any(|rdn| rdn.0.len() != 1) {
        return Err(wrong());
    }
    let text = |oid| attribute_text(name, oid).ok_or_else(wrong);
    if text(COUNTRY)? != "JP" {
        return Err(wrong());
    }
    let institution = InstitutionCode::parse(&text(ORGANIZATION)?).map_err(|_| wrong())?;
    let terminal = TerminalName::of_certificate(&text(COMMON_NAME)?).map_err(|_| wrong())?;
    Ok(TerminalSubject { institution, terminal })
}
