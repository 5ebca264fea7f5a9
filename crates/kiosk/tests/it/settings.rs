//! 環境設定情報, changed on the page: terminal and reader follow without a restart.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use card::{
    pin::{Pin, PinKind},
    session::LastTry,
    transport::InProcessTransport,
};
use eligibility::{
    codes::PrescriptionIssue,
    consent::{CareForm, ConsentChoice, ConsentKind},
    facility_settings::{Asked, OFF, ON, Setting},
    institution::InstitutionCode,
    reader::ReaderMode,
};
use kiosk::session::{Choices, Proof, check};
use store::{FormId, NewSettings, SettingsChanged};
use testkit::system::{Engine, INSTITUTION};

use crate::desk::{Desk, PERSON, on_both_engines};

async fn set(desk: &Desk, values: &[(Setting, &str)]) {
    let new = NewSettings {
        institution_code: InstitutionCode::parse(INSTITUTION).expect("a code"),
        expected_version: None,
        values: values.iter().map(|(setting, code)| (*setting, (*code).to_owned())).collect(),
        account: Some("kanri01".into()),
        actor: "account:kanri01".into(),
        actor_name: "試験 花子".into(),
        form: FormId { subject: format!("{INSTITUTION}:kanri01"), form_id: "f1".into() },
        changed_at: desk.system.clock.now(),
    };
    let changed = desk.system.store().change_facility_settings(new).await.expect("writes");
    assert!(matches!(changed, SettingsChanged::Done { .. }), "{changed:?}");
}

async fn asked(desk: &Desk) -> Asked {
    desk.link.nonce().await.expect("a nonce").asked.expect("the terminal knows the settings")
}

/// A session in which the patient would agree to everything; the file that the receipt computer gets.
async fn visit(desk: &Desk) -> wire::message::ResultMessage {
    let card = Arc::new(Mutex::new(desk.system.card_of(PERSON).await.simulated("髙橋　花子")));
    let agreed = |kind: &ConsentKind| ConsentChoice { kind: *kind, granted: true };
    let choices = Choices {
        consents: ConsentKind::ALL.iter().map(agreed).collect(),
        care_form: CareForm::Outpatient,
        prescription_issue_select: Some(PrescriptionIssue::Paper),
    };
    let pin = Pin::new(PinKind::Authentication, "1234").expect("four digits");
    let proof = Proof::Pin { pin, last_try: LastTry::Refuse };
    let outcome = check(InProcessTransport::shared(card), proof, choices, &desk.link).await;
    let name = outcome.expect("an outcome").file_name.expect("a file");
    let bytes = std::fs::read(desk.face.join(name)).expect("the face file");
    wire::message::read_result(&bytes).expect("a whole result").message
}

on_both_engines! { what_is_set_reaches_the_next_patient_without_a_restart }

async fn what_is_set_reaches_the_next_patient_without_a_restart(engine: Engine) {
    use ConsentKind::{Ceiling, Checkup, Medication, Operation, SpecificDisease, Treatment};
    let mut desk = Desk::open_on(engine).await;
    let first_day = vec![Ceiling, SpecificDisease, Checkup, Medication];
    assert_eq!(asked(&desk).await, Asked { consents: first_day, prescription_issue: false });
    assert_eq!(desk.link.mode().await, Ok(ReaderMode::Unattended));
    let message = visit(&desk).await;
    let result = &message.body.results[0];
    assert!(result.checkup.is_some() && result.medication.is_some(), "asked and agreed to");
    assert!(result.treatment.is_none() && result.operation.is_none(), "not asked");
    assert_eq!(message.body.prescription_issue_select, None);

    let turned = [Setting::Checkup, Setting::Medication, Setting::SpecificDisease].map(|one| (one, OFF));
    let chosen = [
        (Setting::Treatment, ON),
        (Setting::Operation, ON),
        (Setting::PrescriptionUse, "2"),
        (Setting::PrescriptionTiming, "2"),
        (Setting::ReaderMode, "2"),
    ];
    set(&desk, &[&turned[..], &chosen[..]].concat()).await;
    let new = Asked { consents: vec![Ceiling, Treatment, Operation], prescription_issue: true };
    // A session that begins is told to the centre, and the answer names the new version.
    while asked(&desk).await != new {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(desk.link.mode().await, Ok(ReaderMode::Visual));
    // The nonce that came with the last answer may still be as it was; the one after it is not.
    let message = visit(&desk).await;
    let result = &message.body.results[0];
    assert!(result.checkup.is_none() && result.medication.is_none(), "not asked any more");
    assert!(result.treatment.is_some() && result.operation.is_some(), "asked now");
    assert!(message.body.prescription_issue_select.is_some());
    desk.close_terminal().await;
}
