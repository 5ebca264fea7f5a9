//! One line per request, of fixed fields: nothing a person could be known by, and nothing a peer can write.

use std::time::Duration;

use eligibility::institution::InstitutionCode;

/// Writes the line. `route` is our own name of the route, never the path as sent.
pub(crate) fn request(
    request_id: &str,
    institution: &InstitutionCode,
    route: &'static str,
    status: u16,
    code: &'static str,
    took: Duration,
) {
    let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(
        target: "shikaku::request",
        request_id,
        institution_code = institution.as_str(),
        route,
        status,
        code,
        microseconds
    );
}
