//! Who registered an institution: proven or not, and stopped by two people.

use eligibility::{
    account::MailAddress,
    application::{
        ApplicationForm, ApplicationKind as Kind, ApplicationState, CustomerIdChangeForm, FindingCode,
        Refused,
    },
    institution::InstitutionCode,
};
use store::{
    AccountSheetIssue, Audience, CarriedOut, Confirmed, Decision, FormId, Institution, MailText, NewMail,
    NewMailLink, NewSheet, Obstacle, PendingRegistration, ProofWay, REGISTRATION_LINK, Stage, Stopped, Store,
    WebSession, audit::AuditEvent,
};

use crate::{
    applications::{
        APPROVE, certificate, clinic, decide, done, id, refused, reviewer, sheet_accounts, submitted,
        use_start,
    },
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    what_an_unproven_registrant_gets,
    two_people_stop_a_registrant_and_the_code_is_free,
    what_was_approved_for_a_stopped_registrant_is_held_until_it_is_ended,
);

/// Registers the account `account-…` under a name.
pub(crate) async fn register(store: &Store, number: u32, name: &str, account: u32) -> Confirmed {
    let payload = PendingRegistration {
        institution_code: institution(number),
        institution_name: name.to_owned(),
        name: "髙橋 花子".to_owned(),
        phone: "03-0000-0000".to_owned(),
        mail: MailAddress::parse(&format!("office{account}@minato.example")).expect("an address"),
        password_hash: "-".to_owned(),
    };
    let mut token = [0; 32];
    token[..4].copy_from_slice(&account.to_be_bytes());
    let link = NewMailLink {
        token,
        purpose: REGISTRATION_LINK.to_owned(),
        payload: serde_json::to_string(&payload).expect("JSON"),
        ends_at: at(10_000),
    };
    let form = FormId { subject: "registration".to_owned(), form_id: account.to_string() };
    let mail = NewMail {
        mail_id: format!("registration-{account}"),
        recipient: "office@minato.example".to_owned(),
        subject_line: "確認".to_owned(),
        text: MailText::Sealed(vec![1]),
    };
    store.mail_link(form, Some(link), mail, NOW).await.expect("writes");
    store.confirm_registration(token, format!("account-{account}"), NOW).await.expect("writes")
}

pub(crate) async fn prove(store: &Store, number: u32, account: &str) -> bool {
    let (code, proof) = (institution(number), (ProofWay::Phone, "院長"));
    store.prove_registrant((&code, account), proof, reviewer("sato"), at(2)).await.expect("writes")
}

async fn institution_named(store: &Store, name: &str) -> InstitutionCode {
    let named = Institution { code: institution(1), name: name.to_owned() };
    store.put_institution(named).await.expect("writes");
    institution(1)
}

fn codes(application: &store::StoredApplication) -> Vec<FindingCode> {
    application.application.findings.iter().map(|finding| finding.code).collect()
}

async fn what_an_unproven_registrant_gets(db: Database) {
    let store = &db.store;
    let code = institution_named(store, "架空病院").await;
    assert!(matches!(register(store, 1, "みなと薬局", 1).await, Confirmed::Done(_)));
    let waiting = store.registrants_waiting().await.expect("reads");
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (&*waiting[0].typed_name, waiting[0].register_name.as_deref()),
        ("みなと薬局", Some("架空病院"))
    );
    let begun = submitted(store, 1, 1, use_start()).await;
    assert_eq!(codes(&begun), [FindingCode::RegistrantUnproven, FindingCode::NameDiffers]);
    done(decide(store, 1, 1, APPROVE, "sato").await);
    assert_eq!(store.carry_out_application(&code, &id(1), at(60)).await, Ok(CarriedOut::Done));
    let sheet = || NewSheet {
        accounts: sheet_accounts(&code, &["M", "a"], "hash"),
        seen_sheets: 0,
        password_until: at(1000),
        by: clinic(1),
        now: at(70),
    };
    let held = store.issue_account_sheet(sheet()).await.expect("writes");
    assert!(matches!(held, AccountSheetIssue::NotProven(_)), "{held:?}");
    let other_line = ApplicationForm::CustomerIdChange(CustomerIdChangeForm {
        customer_id: "COP9876543210".to_owned(),
        date: eligibility::calendar::tokyo_date(NOW).to_string(),
        contact_name: "髙橋 花子".to_owned(),
        phone: "03-0000-0000".to_owned(),
    });
    submitted(store, 2, 1, other_line).await;
    assert_eq!(refused(decide(store, 1, 2, APPROVE, "sato").await), Refused::BlockingFinding);
    // Nobody of the portal proves anybody, nor anybody but the one the page showed.
    let proof = (ProofWay::Post, "書留で照会");
    let prove_by =
        async |account: &str, by| store.prove_registrant((&code, account), proof, by, at(80)).await;
    assert_eq!(prove_by("account-1", clinic(1)).await, Ok(false));
    assert_eq!(prove_by("account-2", reviewer("sato")).await, Ok(false));
    assert_eq!(prove_by("account-1", reviewer("sato")).await, Ok(true));
    assert_eq!(prove_by("account-1", reviewer("tanaka")).await, Ok(false), "who was first stays");
    let known = store.registrant(&code).await.expect("reads").expect("there").proof.expect("proven");
    assert_eq!((known.way, &*known.note, &*known.by), (ProofWay::Post, "書留で照会", "sato"));
    assert_eq!(store.registrants_waiting().await, Ok(vec![]));
    done(decide(store, 1, 2, APPROVE, "sato").await);
    assert!(matches!(store.issue_account_sheet(sheet()).await, Ok(AccountSheetIssue::Issued(_))));
}

async fn two_people_stop_a_registrant_and_the_code_is_free(db: Database) {
    let store = &db.store;
    let code = institution_named(store, "みなと薬局").await;
    register(store, 1, "みなと薬局", 1).await;
    assert!(prove(store, 1, "account-1").await, "one who was proven can be stopped too");
    let session = WebSession {
        audience: Audience::Portal,
        subject: "account-1".to_owned(),
        institution_code: Some(code.clone()),
        role: "representative".to_owned(),
        name: "髙橋 花子".to_owned(),
        stage: Stage::Full,
        began_at: NOW,
        seen_at: NOW,
        ends_at: at(100_000),
    };
    let event = AuditEvent {
        actor: "portal:account-1".to_owned(),
        action: "sign-in".to_owned(),
        object: "session".to_owned(),
        outcome: "done".to_owned(),
        detail: String::new(),
    };
    assert_eq!(store.begin_web_session([9; 32], session, None, event).await, Ok(true));
    submitted(store, 1, 1, use_start()).await;
    let stop =
        async |account: &str, by| store.stop_registrant((&code, account), "本人ではない", by, at(90)).await;
    assert_eq!(stop("account-1", clinic(2)).await, Ok(Stopped::Unknown));
    assert_eq!(stop("account-7", reviewer("sato")).await, Ok(Stopped::Unknown));
    assert_eq!(stop("account-1", reviewer("sato")).await, Ok(Stopped::Asked));
    assert_eq!(stop("account-1", reviewer("sato")).await, Ok(Stopped::SamePerson));
    let mut twin = reviewer("sato");
    twin.account = "sato-2".to_owned();
    assert_eq!(stop("account-1", twin).await, Ok(Stopped::SamePerson), "another account of one person");
    assert!(store.web_session(Audience::Portal, [9; 32]).await.expect("reads").is_some());
    assert_eq!(store.registrants_waiting().await.expect("reads").len(), 1);
    assert_eq!(stop("account-1", reviewer("tanaka")).await, Ok(Stopped::Done));
    assert_eq!(store.web_session(Audience::Portal, [9; 32]).await, Ok(None));
    let name = "office1@minato.example";
    assert!(store.sign_in_record(Audience::Portal, name).await.expect("reads").is_some_and(|one| one.closed));
    assert_eq!(store.registered_institution(&code).await, Ok(None));
    // The right one registers, and is proven; what the stopped one handed in is not the new one's.
    assert!(matches!(register(store, 1, "みなと薬局", 3).await, Confirmed::Done(_)));
    assert!(prove(store, 1, "account-3").await);
    let left = done(decide(store, 1, 1, Decision::Return("再申請してください".to_owned()), "sato").await);
    assert_eq!(codes(&left), [FindingCode::RegistrantStopped]);
    let entries = crate::denials::entries(store).await;
    for (action, actor) in [
        ("account.prove", "operator:sato"),
        ("account.stop-ask", "operator:sato"),
        ("account.stop", "operator:tanaka"),
    ] {
        assert!(entries.iter().any(|one| one.action == action && one.actor == actor), "{action} by {actor}");
    }
}

async fn stop(store: &Store, code: &InstitutionCode, account: &str) {
    for (name, outcome) in [("sato", Stopped::Asked), ("tanaka", Stopped::Done)] {
        let stopped = store.stop_registrant((code, account), "本人ではない", reviewer(name), at(50)).await;
        assert_eq!(stopped, Ok(outcome));
    }
}

async fn what_was_approved_for_a_stopped_registrant_is_held_until_it_is_ended(db: Database) {
    let store = &db.store;
    let code = institution_named(store, "みなと薬局").await;
    register(store, 1, "みなと薬局", 1).await;
    assert!(prove(store, 1, "account-1").await);
    submitted(store, 1, 1, use_start()).await;
    submitted(store, 2, 1, certificate("受付1号機")).await;
    done(decide(store, 1, 1, APPROVE, "sato").await);
    for name in ["sato", "tanaka"] {
        done(decide(store, 1, 2, APPROVE, name).await);
    }
    let waiting = async |kind| store.approved_applications(kind, 10).await.expect("reads").len();
    assert_eq!((waiting(Kind::UseStart).await, waiting(Kind::CertificateIssue).await), (1, 1));
    let early = decide(store, 1, 1, Decision::Reject("誤り".to_owned()), "sato").await;
    assert!(matches!(refused(early), Refused::NotInThisState(_)), "nothing is in its way");
    stop(store, &code, "account-1").await;
    let held = Obstacle::RegistrantStopped;
    assert_eq!(store.carry_out_application(&code, &id(1), at(60)).await, Ok(CarriedOut::Held(held)));
    assert_eq!(store.line_of(&code).await, Ok(None), "no line was registered");
    // What the authority carries out is held by the note that it is done.
    let letter = store.complete_application(&code, &id(2), at(60)).await.expect("writes");
    assert_eq!(refused(letter), Refused::BlockingFinding);
    assert_eq!(store.obstacle(&code, &id(2)).await, Ok(Some((held, at(60)))));
    assert_eq!(
        (waiting(Kind::UseStart).await, waiting(Kind::CertificateIssue).await),
        (0, 0),
        "not tried again"
    );
    assert_eq!(store.obstructed_applications().await.expect("reads").len(), 2, "both are shown");
    // A new registrant, proven, does not take it over; it is ended, with a reason.
    register(store, 1, "みなと薬局", 3).await;
    assert!(prove(store, 1, "account-3").await);
    assert_eq!(store.carry_out_application(&code, &id(1), at(70)).await, Ok(CarriedOut::Held(held)));
    assert_eq!(refused(decide(store, 1, 1, Decision::Reject(String::new()), "sato").await), Refused::Reason);
    let ended = done(decide(store, 1, 1, Decision::Reject("停止のため".to_owned()), "sato").await);
    assert_eq!(ended.application.state, ApplicationState::Rejected);
    let again = decide(store, 1, 1, Decision::Reject("停止のため".to_owned()), "sato").await;
    assert_eq!(refused(again), Refused::AlreadyDone);
    assert_eq!(store.obstructed_applications().await.expect("reads").len(), 1);
    assert_eq!(store.carry_out_application(&code, &id(1), at(80)).await, Ok(CarriedOut::NotWaiting));
}
