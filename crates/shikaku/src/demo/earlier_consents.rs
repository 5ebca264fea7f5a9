//! What happened before the demo began: consents given at earlier visits, one of which has run out. The audit log says
//! that they are part of the demo.

use anyhow::Result;
use eligibility::{
    Date, Instant, calendar,
    codes::InquiryMethod,
    consent::{CareForm, ConsentKind, ConsentTerm},
};
use population::Persona;
use server::{Server, clock::Clock};
use store::{NewConsent, NewVerification, audit::AuditEvent};

use super::premises::institution;

/// Whose consent for online care has run out.
pub(crate) const ONLINE_PERSONA: &str = "taro";
/// Whose consent for home visits is in force.
pub(crate) const HOME_VISIT_PERSONA: &str = "dialysis";
/// What both agreed to.
const KINDS: [ConsentKind; 2] = [ConsentKind::Medication, ConsentKind::Treatment];
/// Days ago that the consent for online care was given; it lasted that day.
const ONLINE_DAYS_AGO: i32 = 1;
/// Days ago that the one for home visits was given; it lasts for a year.
const HOME_VISIT_DAYS_AGO: i32 = 30;

/// Records them, once for each data folder.
pub(crate) async fn give(server: &Server, people: &[Persona], clock: &Clock) -> Result<()> {
    let visits = [
        (ONLINE_PERSONA, CareForm::Online, ONLINE_DAYS_AGO),
        (HOME_VISIT_PERSONA, CareForm::HomeVisit, HOME_VISIT_DAYS_AGO),
    ];
    for (id, care_form, days_ago) in visits {
        let Some(person) = people.iter().find(|person| person.id == id) else { continue };
        let day = calendar::add_days(clock.today(), -days_ago);
        server.store().record_verification(visit(person, care_form, day)?).await?;
    }
    Ok(())
}

fn visit(person: &Persona, care_form: CareForm, day: Date) -> Result<NewVerification> {
    let at = Instant(calendar::start_of_day(day).0 + 10 * 60 * 60 * 1000);
    let term = match care_form {
        CareForm::HomeVisit => ConsentTerm::UntilCancelled,
        _ => ConsentTerm::PlannedDay(day),
    };
    let consent = |kind| NewConsent { kind, care_form, granted: true, valid_until: term.valid_until(at) };
    Ok(NewVerification {
        institution_code: institution()?,
        request_id: format!("demo-earlier-{}", care_form.name()),
        // The same at every start: it is the same visit.
        verification_id: format!("demo-earlier-{}", care_form.name()),
        question_digest: [0; 32],
        method: InquiryMethod::Card,
        proof_method: None,
        proof_digest: None,
        validity: None,
        person_key: Some(person.person_key.clone()),
        answer: Vec::new(),
        consents: KINDS.map(consent).to_vec(),
        wrong_guess: None,
        audit: AuditEvent {
            actor: "demo".to_owned(),
            action: "earlier_consent".to_owned(),
            object: format!("person:{}", person.person_key.0),
            outcome: "recorded".to_owned(),
            detail: format!("care_form:{} simulated: given before the demo began", care_form.name()),
        },
        recorded_at: at,
    })
}
