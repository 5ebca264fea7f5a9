//! What happened before the demo began: consents given at earlier visits, in each state that such a consent can be in.
//! The audit log says that they are part of the demo.

use anyhow::Result;
use eligibility::{
    Date, Instant, calendar,
    codes::{ConsentEndReason, InquiryMethod},
    consent::{CareForm, ConsentKind, ConsentTerm},
    verification::ProofMethod,
};
use population::Persona;
use server::{Server, clock::Clock};
use store::{FormId, NewConsent, NewConsentEnd, NewVerification, audit::AuditEvent};

use super::premises::institution;

/// Whose consent for online care has run out.
pub(crate) const ONLINE_PERSONA: &str = "taro";
/// Whose consent for home visits is in force.
pub(crate) const HOME_VISIT_PERSONA: &str = "dialysis";
/// Who took a consent for home visits back.
const CANCELLED_PERSONA: &str = "low-income";
/// Days ago that this was.
const CANCELLED_DAYS_AGO: i32 = 5;

/// A visit before the demo began.
struct Visit {
    /// What its records are called by; the same at every start, because it is the same visit.
    id: &'static str,
    persona: &'static str,
    care_form: CareForm,
    days_ago: i32,
    /// Days from then to the planned day of online care.
    planned_days: i32,
    agreed: &'static [ConsentKind],
    refused: &'static [ConsentKind],
}

use ConsentKind::{Ceiling, Checkup, Medication, Operation, Treatment};

/// All of them, the oldest first.
const VISITS: [Visit; 8] = [
    // Nobody asked under it for more than a year.
    home_visit("demo-earlier-forgotten", "job-change", 400, &[Medication, Treatment], &[]),
    home_visit("demo-earlier-died", "died", 100, &[Ceiling, Medication], &[]),
    home_visit("demo-earlier-cancelled", CANCELLED_PERSONA, 60, &[Ceiling, Medication, Treatment], &[]),
    home_visit("demo-earlier-home_visit", HOME_VISIT_PERSONA, 30, &[Ceiling, Medication, Treatment], &[]),
    home_visit("demo-earlier-withheld", "address-withheld", 20, &[Medication], &[]),
    home_visit(
        "demo-earlier-elderly",
        "elderly",
        10,
        &[Ceiling, Checkup, Medication, Treatment],
        &[Operation],
    ),
    online("demo-earlier-online", ONLINE_PERSONA, (1, 0), &[Medication, Treatment]),
    online("demo-earlier-booked", "national", (1, 14), &[Medication]),
];

const fn home_visit(
    id: &'static str,
    persona: &'static str,
    days_ago: i32,
    agreed: &'static [ConsentKind],
    refused: &'static [ConsentKind],
) -> Visit {
    Visit { id, persona, care_form: CareForm::HomeVisit, days_ago, planned_days: 0, agreed, refused }
}

const fn online(
    id: &'static str,
    persona: &'static str,
    (days_ago, planned_days): (i32, i32),
    agreed: &'static [ConsentKind],
) -> Visit {
    Visit { id, persona, care_form: CareForm::Online, days_ago, planned_days, agreed, refused: &[] }
}

/// Records them, once for each data folder.
pub(crate) async fn give(server: &Server, people: &[Persona], clock: &Clock) -> Result<()> {
    for visit in &VISITS {
        let Some(person) = people.iter().find(|person| person.id == visit.persona) else { continue };
        server.store().record_verification(visit.recorded(person, clock.today())?).await?;
    }
    let Some(person) = people.iter().find(|person| person.id == CANCELLED_PERSONA) else { return Ok(()) };
    server.store().end_home_visit_consents(cancelled(person, clock.today())?).await?;
    Ok(())
}

/// Ten in the morning, so many days ago.
fn moment(today: Date, days_ago: i32) -> Instant {
    Instant(calendar::start_of_day(calendar::add_days(today, -days_ago)).0 + 10 * 60 * 60 * 1000)
}

fn event(action: &str, person: &Persona, detail: &str) -> AuditEvent {
    AuditEvent {
        actor: "demo".to_owned(),
        action: action.to_owned(),
        object: format!("person:{}", person.person_key.0),
        outcome: "recorded".to_owned(),
        detail: format!("{detail} simulated: before the demo began"),
    }
}

fn cancelled(person: &Persona, today: Date) -> Result<NewConsentEnd> {
    let reason = ConsentEndReason::CancelledByPatient;
    Ok(NewConsentEnd {
        institution_code: institution()?,
        person_key: person.person_key.clone(),
        reason,
        form: FormId { subject: "demo".to_owned(), form_id: "demo-earlier-cancelled".to_owned() },
        audit: event("consent.cancel", person, &format!("care_form:home_visit reason:{}", reason.code())),
        now: moment(today, CANCELLED_DAYS_AGO),
    })
}

impl Visit {
    fn term(&self, today: Date) -> ConsentTerm {
        match self.care_form {
            CareForm::HomeVisit => ConsentTerm::UntilCancelled,
            _ => ConsentTerm::PlannedDay(calendar::add_days(today, self.planned_days - self.days_ago)),
        }
    }

    fn recorded(&self, person: &Persona, today: Date) -> Result<NewVerification> {
        let at = moment(today, self.days_ago);
        let (care_form, valid_until) = (self.care_form, self.term(today).valid_until(at));
        let choice = |granted: bool| {
            move |kind: &ConsentKind| NewConsent { kind: *kind, care_form, granted, valid_until }
        };
        let agreed = self.agreed.iter().map(choice(true));
        Ok(NewVerification {
            institution_code: institution()?,
            request_id: self.id.to_owned(),
            verification_id: self.id.to_owned(),
            question_digest: [0; 32],
            method: InquiryMethod::Card,
            proof_method: Some(ProofMethod::Pin),
            proof_digest: None,
            validity: None,
            person_key: Some(person.person_key.clone()),
            answer: Vec::new(),
            consents: agreed.chain(self.refused.iter().map(choice(false))).collect(),
            wrong_guess: None,
            audit: event("earlier_consent", person, &format!("care_form:{}", care_form.name())),
            recorded_at: at,
        })
    }
}
