//! 再照会: eligibility asked again under a consent that a patient gave at an earlier visit (訪問診療等, オンライン診療等),
//! without the card. 照会区分 is 1: the card was read when the consent was given.
//!
//! What the consents of that form of care open is told, and nothing else; 限度額適用認定証 too needs its own.

use eligibility::Instant;
use eligibility::calendar::tokyo_date;
use eligibility::codes::InquiryMethod;
use eligibility::consent::{KeptFacts, KeptState, disclosure_of, standing_of};
use eligibility::errors::ErrorCode;
use eligibility::facility_settings::FacilitySettings;
use eligibility::verification::decide_by_card;
use store::{ConsentedPerson, ReVerification, Recorded};
use wire::message::ResultMessage;

use super::Api;
use super::answer::{self, Asker, Found};
use super::body::Digests;
use super::refusal::Refusal;
use crate::listener::identity::AskingTerminal;

/// What was done, as the audit log names it.
pub(crate) const ACTION: &str = "re_verify";

/// A question asked again.
pub(crate) struct ReVerificationCheck {
    /// Whom it is about, with what they agreed to.
    pub(crate) person: ConsentedPerson,
    /// What the institution uses.
    pub(crate) settings: FacilitySettings,
    /// Names the question within the institution.
    pub(crate) request_id: String,
    /// Of the question as it came.
    pub(crate) digests: Digests,
}

/// How each kind stands now.
pub(crate) fn states(person: &ConsentedPerson, settings: &FacilitySettings, now: Instant) -> Vec<KeptState> {
    let ConsentedPerson { care_form, consents, coverages, .. } = person;
    KeptFacts { care_form: *care_form, consents, coverages, settings, now }.states()
}

/// What is found of the person in these states; `None` when no consent holds.
fn find(
    terminal: &AskingTerminal,
    person: &ConsentedPerson,
    states: &[KeptState],
    now: Instant,
) -> Option<Found> {
    if !states.iter().any(KeptState::holds) {
        return None;
    }
    let as_of = tokyo_date(now);
    Some(Found {
        method: InquiryMethod::Card,
        as_of,
        decision: decide_by_card(&person.coverages, as_of, &terminal.institution_code),
        disclosure: disclosure_of(states),
        consents: standing_of(states),
        notice: None,
        reference_number: person.reference_number.clone(),
        person_key: Some(person.person_key.clone()),
        prescription_issue_select: None,
        search_info: None,
    })
}

/// What is known today of who agreed, for a page that shows it: nothing is asked, and the caller records who looks.
/// `None` when no consent holds.
pub(crate) async fn known(
    api: &Api,
    terminal: &AskingTerminal,
    person: &ConsentedPerson,
    settings: &FacilitySettings,
    now: Instant,
) -> Result<Option<ResultMessage>, Refusal> {
    let states = states(person, settings, now);
    let Some(found) = find(terminal, person, &states, now) else { return Ok(None) };
    answer::message(api, terminal, &found, now).await.map(Some)
}

/// Asks again, and records it in the commit that still finds each consent it rests on: the answer is kept under the
/// request id.
pub(crate) async fn check(api: &Api, asker: &Asker<'_>, asked: ReVerificationCheck) -> Result<(), Refusal> {
    let now = api.clock.now();
    let ReVerificationCheck { person, settings, request_id, digests } = asked;
    let states = states(&person, &settings, now);
    let found = find(asker.terminal, &person, &states, now).ok_or(ErrorCode::NoConsent)?;
    let (mut verification, _) = answer::verification(api, asker, &found, request_id, &digests, now).await?;
    ACTION.clone_into(&mut verification.audit.action);
    let care_form = person.care_form;
    verification.audit.detail = format!("{} care_form:{}", verification.audit.detail, care_form.name());
    let kinds = states.iter().filter(|state| state.holds()).map(|state| state.kind).collect();
    let recorded = api.store.record_re_verification(ReVerification { verification, care_form, kinds }).await;
    match recorded.map_err(|error| Refusal::write_failed(&error))? {
        Some(Recorded::Fresh | Recorded::FreshThenSlow(_) | Recorded::Repeated { .. }) => Ok(()),
        Some(Recorded::Conflict | Recorded::ConflictThenSlow(_) | Recorded::Limited { .. }) => {
            Err(ErrorCode::IdempotencyConflict.into())
        }
        None => Err(ErrorCode::NoConsent.into()),
    }
}
