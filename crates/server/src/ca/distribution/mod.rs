//! Gives out what was signed ahead: lists, answers, authorities, the public log. It has no key and decides nothing.

mod answers;
mod lists;
mod log;

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use eligibility::Instant;
use pki::ocsp::Counter;
use store::Store;

use super::{PublicLog, Signing};
use crate::clock::Clock;

/// What the handlers read from.
pub struct Distribution {
    store: Store,
    clock: Clock,
    counter: Counter,
    label: String,
    shards: u16,
    issuing_der: Bytes,
    root_der: Bytes,
    log: Arc<PublicLog>,
}

impl Distribution {
    /// What this authority gives out.
    ///
    /// # Errors
    /// [`pki::Error::Asn1`] when the authority's certificate is none.
    pub fn new(store: Store, clock: Clock, signing: &Signing, log: Arc<PublicLog>) -> pki::Result<Self> {
        let authority = signing.authority();
        Ok(Self {
            store,
            clock,
            counter: Counter::for_authority(authority.certificate_der())?,
            label: authority.label(),
            shards: authority.distribution().map_or(0, pki::distribution::Distribution::shards),
            issuing_der: Bytes::copy_from_slice(authority.certificate_der()),
            root_der: Bytes::copy_from_slice(authority.root_der()),
            log,
        })
    }

    /// Its routes. Everything here is signed or checked by whoever fetches it, so plain HTTP does.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/crl/{issuer}/{file}", get(lists::list))
            .route("/issuer/{file}", get(lists::issuer))
            .route("/root.cer", get(lists::root))
            .route("/ocsp", post(answers::asked_by_post))
            .route("/ocsp/{*question}", get(answers::asked_by_get))
            .route("/log/key", get(log::key))
            .route("/log/heads", get(log::heads))
            .route("/log/entries", get(log::entries))
            .route("/log/inclusion", get(log::inclusion))
            .route("/log/consistency", get(log::consistency))
            .with_state(Arc::new(self))
    }
}

/// Longest time that a cache between may give away what it has, seconds, though a list or an answer itself is good for
/// longer, for whoever cannot reach this place. A revocation is known everywhere within 60 seconds: the rest of them is
/// for the next look at what is due and for signing.
pub const CACHED_MAX_S: i64 = 45;

/// From when to when a file is good, and the present moment.
struct Period {
    from: Instant,
    until: Instant,
    now: Instant,
}

/// A file that is good for a period. Whoever names the one they have (`If-None-Match`) and has this very one gets its
/// headers alone. `If-Modified-Since` is not asked: two answers about one certificate, "good" and "revoked", may be of the
/// same second.
fn file(media_type: &'static str, bytes: Vec<u8>, period: &Period, asked: Option<&HeaderMap>) -> Response {
    let tag = tag_of(&bytes);
    let has_it = asked.is_some_and(|headers| names(headers, &tag));
    let mut response = if has_it { StatusCode::NOT_MODIFIED.into_response() } else { bytes.into_response() };
    let headers = response.headers_mut();
    if !has_it {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    let seconds = (period.until.0.saturating_sub(period.now.0).max(0) / 1000).min(CACHED_MAX_S);
    let over = Instant(period.now.0.saturating_add(seconds * 1000));
    let caching = format!("max-age={seconds}, public, no-transform, must-revalidate");
    for (name, value) in [
        (header::CACHE_CONTROL, caching),
        (header::ETAG, tag),
        (header::LAST_MODIFIED, http_date(period.from)),
        (header::EXPIRES, http_date(over)),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}

/// A strong entity tag: of these bytes and of no others.
fn tag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", hex::encode(digest(&SHA256, bytes)))
}

fn names(headers: &HeaderMap, tag: &str) -> bool {
    let said = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    let mut tags = said.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|said| said == "*" || said.strip_prefix("W/").unwrap_or(said) == tag)
}

/// RFC 9110's date.
fn http_date(at: Instant) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // The Tokyo clock, nine hours back.
    let local = eligibility::calendar::tokyo_datetime(Instant(at.0 - 9 * 60 * 60 * 1000));
    let date = local.date();
    let weekday = DAYS[usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default()];
    let month = MONTHS[usize::try_from(date.month() - 1).unwrap_or_default()];
    format!(
        "{weekday}, {:02} {month} {} {:02}:{:02}:{:02} GMT",
        date.day(),
        date.year(),
        local.hour(),
        local.minute(),
        local.second()
    )
}

fn failed(error: &store::Error) -> Response {
    tracing::error!(%error, "revocation data could not be read");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

#[cfg(test)]
mod tests {
    use super::{Instant, http_date};

    #[test]
    fn dates_are_written_as_http_wants_them() {
        assert_eq!(http_date(Instant(784_111_777_000)), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
