//! Answers shown again, the answer before, and 照会番号 registered on the web.

use eligibility::{
    codes::InquiryMethod,
    consent::{CareForm, ConsentKind},
    reference_number::ReferenceNumber,
    verification::ProofMethod,
};
use store::{FormId, NewConsent, NewReferenceNumber, NewVerification};

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    an_answer_comes_back_to_its_own_institution,
    the_answer_before_is_the_last_one_by_card_or_number,
    a_reference_number_is_registered_once_for_each_form,
);

/// An answer about person 1 at institution 1, `ms` after [`NOW`].
fn answered(method: InquiryMethod, request_id: &str, ms: i64) -> NewVerification {
    let mut new = verification(1, request_id);
    new.method = method;
    new.person_key = Some(person_key(1));
    new.verification_id = format!("id-{request_id}");
    new.answer = request_id.as_bytes().to_vec();
    new.recorded_at = at(ms);
    if method == InquiryMethod::Card {
        new.proof_method = Some(ProofMethod::Face);
        new.consents = vec![NewConsent {
            kind: ConsentKind::Medication,
            care_form: CareForm::Outpatient,
            granted: false,
            valid_until: None,
        }];
    } else {
        new.consents.clear();
    }
    new
}

async fn an_answer_comes_back_to_its_own_institution(db: Database) {
    db.store.record_verification(answered(InquiryMethod::Number, "web-1", 0)).await.expect("records");
    db.store.record_verification(answered(InquiryMethod::Card, "n:1", 1)).await.expect("records");
    let number = Some("K-1".to_owned());
    db.store.set_reference_number(&institution(1), &person_key(1), number.clone()).await.expect("sets");
    let found = db.store.check_result(&institution(1), "web-1").await.expect("reads").expect("is there");
    assert_eq!((found.verification_id.as_str(), found.answer.as_slice()), ("id-web-1", b"web-1".as_slice()));
    assert_eq!((found.person_key, found.recorded_at), (Some(person_key(1)), at(0)));
    assert_eq!((found.reference_number, found.earlier), (number, None));
    assert_eq!(db.store.check_result(&institution(2), "web-1").await, Ok(None));
    assert_eq!(db.store.check_result(&institution(1), "web-2").await, Ok(None));
    assert_eq!(
        db.store.check_result(&institution(1), "n:1").await,
        Ok(None),
        "a check by card is no result of the web"
    );
    let looked = db.store.record_looked(&institution(1), event("done"), at(2)).await;
    assert_eq!(looked, Ok(()));
}

async fn the_answer_before_is_the_last_one_by_card_or_number(db: Database) {
    let record = async |new: NewVerification| db.store.record_verification(new).await.expect("records");
    let before = async |request_id: &str| {
        let found = db.store.check_result(&institution(1), request_id).await.expect("reads");
        let earlier = found.expect("is there").earlier;
        earlier.map(|earlier| {
            (earlier.method, String::from_utf8(earlier.answer).expect("UTF-8"), earlier.recorded_at)
        })
    };
    let text = str::to_owned;
    record(answered(InquiryMethod::Number, "web-1", 0)).await;
    record(answered(InquiryMethod::Card, "n:2", 10)).await;
    record(answered(InquiryMethod::Number, "web-3", 20)).await;
    record(answered(InquiryMethod::Number, "web-4", 30)).await;
    // Other people, and the same person elsewhere.
    let mut other = answered(InquiryMethod::Number, "web-5", 35);
    other.person_key = Some(person_key(2));
    record(other).await;
    let mut elsewhere = answered(InquiryMethod::Card, "n:6", 36);
    elsewhere.institution_code = institution(2);
    record(elsewhere).await;
    let mut nobody = answered(InquiryMethod::Number, "web-7", 37);
    nobody.person_key = None;
    record(nobody).await;

    assert_eq!(before("web-1").await, None);
    assert_eq!(before("web-3").await, Some((InquiryMethod::Card, text("n:2"), at(10))));
    assert_eq!(before("web-4").await, Some((InquiryMethod::Number, text("web-3"), at(20))));
    assert_eq!(before("web-5").await, None);
    assert_eq!(before("web-7").await, None);
    db.store.prune_verifications(at(25), 100).await.expect("prunes");
    assert_eq!(before("web-4").await, None, "what is no longer kept is not known");
}

async fn a_reference_number_is_registered_once_for_each_form(db: Database) {
    let register = async |person, number: &str, form: &str| {
        let new = NewReferenceNumber {
            institution_code: institution(1),
            person_key: person_key(person),
            number: ReferenceNumber::parse(number).expect("a number"),
            form: FormId { subject: "account".to_owned(), form_id: form.to_owned() },
            audit: event("done"),
            now: NOW,
        };
        db.store.register_reference_number(new).await.expect("registers")
    };
    assert!(register(1, "A-1", "f1").await);
    assert!(!register(2, "A-1", "f2").await, "another patient has it");
    assert!(register(1, "A-2", "f3").await);
    assert!(register(1, "A-1", "f1").await, "the form comes again");
    let number = |person| {
        let institution = institution(1);
        let store = db.store.clone();
        async move { store.reference_number(&institution, &person_key(person)).await.expect("reads") }
    };
    assert_eq!(number(1).await.as_deref(), Some("A-2"), "and changes nothing");
    assert!(!register(2, "A-1", "f2").await, "nor does one that was refused");
    assert!(register(2, "A-1", "f4").await);
    assert_eq!(number(2).await.as_deref(), Some("A-1"));
}
