//! Instants between this workspace and the ASN.1 and certificate crates: whole seconds, UTC.

use std::time::Duration;

use der::DateTime;
use der::asn1::{GeneralizedTime, UtcTime};
use eligibility::Instant;
use x509_cert::time::Time;

use crate::{Error, Result};

/// Last year RFC 5280 writes as UTCTime.
const LAST_UTC_TIME_YEAR: u16 = 2049;

fn date_time(instant: Instant) -> Result<DateTime> {
    let seconds = u64::try_from(instant.0.div_euclid(1000)).map_err(|_| Error::Validity)?;
    DateTime::from_unix_duration(Duration::from_secs(seconds)).map_err(|_| Error::Validity)
}

/// As certificates and revocation lists write it: UTCTime through 2049, GeneralizedTime after.
pub(crate) fn to_x509(instant: Instant) -> Result<Time> {
    let moment = date_time(instant)?;
    if moment.year() > LAST_UTC_TIME_YEAR {
        return Ok(Time::GeneralTime(GeneralizedTime::from_date_time(moment)));
    }
    Ok(Time::UtcTime(UtcTime::from_date_time(moment)?))
}

/// As OCSP writes it.
pub(crate) fn to_generalized(instant: Instant) -> Result<GeneralizedTime> {
    Ok(GeneralizedTime::from_date_time(date_time(instant)?))
}

/// Back from a certificate.
pub(crate) fn from_x509(time: Time) -> Instant {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX / 1000);
    Instant(seconds.saturating_mul(1000))
}
