//! 訪問診療等・オンライン診療等: patients whose consent is kept for later visits.
//!
//! * `search`, `detail`: 同意済資格情報取得, and what is known of one patient;
//! * `re_verification`: 再照会; `cancel`: 同意取消 (訪問診療等);
//! * `patients`, `patient`, `records`: 医療情報閲覧, as far as the consents of this very moment open it;
//! * `viewer`, `uncover`: who may see these pages now, and the proof that opens them after five minutes without a touch;
//! * `shown`: a person with their consents, as all of these show them.
//!
//! A person is named by the check at which they agreed: no key of a person stands in an address. Each look is on record
//! before anything is shown, with everybody whom it shows.

mod cancel;
mod detail;
mod patient;
pub(super) mod patients;
mod re_verification;
mod records;
pub(super) mod search;
mod shown;
mod uncover;
mod viewer;

use axum::Router;
use axum::response::Response;
use eligibility::institution_account::InstitutionAction;
use eligibility::person::PersonKey;
use store::ConsentedPerson;
use store::audit::AuditEvent;

use super::user::InstitutionUser;
use crate::web::{Site, refused};

use shown::Consented;

/// The longest id of a check, in characters: a UUID has 36.
const ID_MAX: usize = 64;

pub(super) fn pages() -> Router {
    Router::new()
        .merge(search::pages())
        .merge(detail::pages())
        .merge(re_verification::pages())
        .merge(cancel::pages())
        .merge(patients::pages())
        .merge(patient::pages())
        .merge(records::pages())
        .merge(uncover::pages())
}

/// Whether a text can be the id of a check; anything else is looked for nowhere and stands in no log.
fn is_id(text: &str) -> bool {
    (1..=ID_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Whom an address is about, if there is something of them that may be shown; nothing is on record yet.
async fn find(
    site: &Site,
    user: &InstitutionUser,
    (id, action): (&str, InstitutionAction),
) -> Result<Consented, Response> {
    match of_address(site, user, (id, action)).await? {
        (_, Some(consented)) => Ok(consented),
        (_, None) => Err(user.not_there(site, action, &format!("consent:{id}")).await),
    }
}

/// Whom an address is about, and what may be shown of them, if anything may.
async fn of_address(
    site: &Site,
    user: &InstitutionUser,
    (id, action): (&str, InstitutionAction),
) -> Result<(PersonKey, Option<Consented>), Response> {
    user.must(site, action).await?;
    if !is_id(id) {
        return Err(user.not_there(site, action, "consent:-").await);
    }
    let found = site.store.consented_person(&user.institution_code, id).await;
    let found = found.map_err(|error| refused::by_store(&error))?;
    let Some((person, settings)) = found else {
        return Err(user.not_there(site, action, &format!("consent:{id}")).await);
    };
    let key = person.person_key.clone();
    Ok((key, Consented::of(person, &settings, &user.institution_code, site.clock.now())))
}

/// Writes down who is looked at, before it is shown.
async fn record(site: &Site, user: &InstitutionUser, event: AuditEvent) -> Result<(), Response> {
    let recorded = site.store.record_looked(&user.institution_code, event, site.clock.now()).await;
    recorded.map_err(|error| refused::by_store(&error))
}

/// That one person was looked at.
async fn looked(
    site: &Site,
    user: &InstitutionUser,
    (action, person): (&str, &ConsentedPerson),
    detail: &str,
) -> Result<(), Response> {
    let mut event = user.event(action, format!("person:{}", person.person_key.0), "done");
    event.detail = format!("care_form:{}{detail} {}", person.care_form.name(), event.detail);
    record(site, user, event).await
}

/// That a list was looked at, and whom it showed.
async fn looked_at_list(
    site: &Site,
    user: &InstitutionUser,
    action: &str,
    people: &[Consented],
) -> Result<(), Response> {
    let keys: Vec<&str> = people.iter().map(|one| one.person.person_key.0.as_str()).collect();
    let mut event = user.event(action, format!("people:{}", keys.len()), "done");
    event.detail = format!("people:{} {}", keys.join(","), event.detail);
    record(site, user, event).await
}
