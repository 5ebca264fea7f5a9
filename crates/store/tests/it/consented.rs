//! Consents that are kept: listed for their institution, renewed by asking again, ended before their time.

use eligibility::{
    Instant, calendar,
    codes::{ConsentEndReason, InquiryMethod},
    consent::{CareForm, ConsentKind, ConsentSearch},
    facility_settings::{OFF, ON, Setting},
    verification::ProofMethod,
};
use store::{
    CONSENTED_PAGE, ConsentedPage, ConsentedWanted, FormId, NewConsent, NewConsentEnd, NewSettings,
    NewVerification, ReVerification, Recorded, SettingsChanged,
};

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    kept_consents_are_found_by_their_institution_alone,
    a_long_list_comes_in_pages_without_gaps,
    asking_again_renews_and_is_refused_once_ended,
    asking_again_rests_on_each_kind_that_held_and_renews_no_other,
    an_end_is_written_once_and_a_new_consent_clears_it,
);

/// A check by card of a person at which they chose.
fn visit(
    person: u32,
    form: CareForm,
    ms: i64,
    choices: &[(ConsentKind, bool, Option<Instant>)],
) -> NewVerification {
    let mut new = verification(1, &format!("n:{person}-{}-{ms}", form.name()));
    new.verification_id = format!("id-{person:03}-{}-{ms}", form.name());
    new.method = InquiryMethod::Card;
    new.proof_method = Some(ProofMethod::Pin);
    new.person_key = Some(person_key(person));
    new.recorded_at = at(ms);
    let choice = |&(kind, granted, valid_until): &(ConsentKind, bool, Option<Instant>)| NewConsent {
        kind,
        care_form: form,
        granted,
        valid_until,
    };
    new.consents = choices.iter().map(choice).collect();
    new
}

fn again(person: u32, request_id: &str, ms: i64) -> ReVerification {
    let mut new = verification(1, request_id);
    new.method = InquiryMethod::Card;
    new.person_key = Some(person_key(person));
    new.recorded_at = at(ms);
    ReVerification { verification: new, care_form: CareForm::HomeVisit, kinds: vec![ConsentKind::Medication] }
}

async fn switch(db: &Database, number: u32, (setting, code): (Setting, &str), ms: i64) {
    db.store.open_terms(&institution(number), "kanri01", at(0)).await.expect("writes");
    let change = NewSettings {
        institution_code: institution(number),
        expected_version: None,
        values: vec![(setting, code.to_owned())],
        account: Some("kanri01".to_owned()),
        actor: "account:kanri01".to_owned(),
        actor_name: "管理 花子".to_owned(),
        form: FormId { subject: format!("{number}:kanri01"), form_id: format!("{}-{ms}", setting.id()) },
        changed_at: at(ms),
    };
    let changed = db.store.change_facility_settings(change).await.expect("writes");
    assert!(matches!(changed, SettingsChanged::Done { .. }), "{changed:?}");
}

fn end(person: u32, form: &str, ms: i64) -> NewConsentEnd {
    NewConsentEnd {
        institution_code: institution(1),
        person_key: person_key(person),
        reason: ConsentEndReason::CancelledByPatient,
        form: FormId { subject: "1:a".to_owned(), form_id: form.to_owned() },
        audit: event("done"),
        now: at(ms),
    }
}

fn keys(page: &ConsentedPage) -> Vec<(String, CareForm)> {
    page.people.iter().map(|one| (one.person_key.0.clone(), one.care_form)).collect()
}

const EVERY: ConsentSearch = ConsentSearch { given: None, planned: None, care_form: None };
const MEDICATION: [(ConsentKind, bool, Option<Instant>); 1] = [(ConsentKind::Medication, true, None)];

async fn kept_consents_are_found_by_their_institution_alone(db: Database) {
    import(&db.store, 1, rows([coverage(1), coverage(2)]), NOW).await.expect("imports");
    let day = Some(at(1_000));
    for new in [
        visit(
            1,
            CareForm::HomeVisit,
            0,
            &[(ConsentKind::Medication, true, None), (ConsentKind::Checkup, false, None)],
        ),
        visit(1, CareForm::Outpatient, 1, &MEDICATION),
        visit(2, CareForm::Online, 2, &[(ConsentKind::Treatment, true, day)]),
    ] {
        db.store.record_verification(new).await.expect("records");
    }
    let find = async |code, search| {
        db.store.consented_people(&institution(code), ConsentedWanted::Found(search), 0).await.expect("reads")
    };
    let both = find(1, EVERY).await;
    let (one, two) = ((person_key(1).0, CareForm::HomeVisit), (person_key(2).0, CareForm::Online));
    assert_eq!(keys(&both), [two.clone(), one.clone()], "the latest first, outpatients not at all");
    assert_eq!(both.people[1].coverages, [coverage(1)]);
    assert_eq!(both.people[1].consents.len(), 2, "refusals too: {both:?}");
    assert!(!both.more);
    assert_eq!(find(2, EVERY).await.people, [], "another institution's");
    assert_eq!(
        keys(&find(1, ConsentSearch { care_form: Some(CareForm::Online), ..EVERY }).await),
        std::slice::from_ref(&two)
    );
    assert_eq!(
        keys(&find(1, ConsentSearch { given: Some((at(0), at(2))), ..EVERY }).await),
        std::slice::from_ref(&one)
    );
    let planned = |from, until| ConsentSearch { planned: Some((at(from), at(until))), ..EVERY };
    assert_eq!(keys(&find(1, planned(1_000, 1_001)).await), std::slice::from_ref(&two));
    assert_eq!(find(1, planned(1_001, 2_000)).await.people, []);
    assert_eq!(find(1, planned(0, 1_000)).await.people, []);

    let holding = async |ms| {
        let wanted = ConsentedWanted::HoldingAt(at(ms));
        keys(&db.store.consented_people(&institution(1), wanted, 0).await.expect("reads"))
    };
    assert_eq!(holding(999).await, [two.clone(), one.clone()]);
    assert_eq!(holding(1_000).await, std::slice::from_ref(&one), "the planned day is over");
    let year = calendar::add_months_at(at(0), 12).0 - at(0).0;
    assert_eq!(holding(year - 1).await, [one]);
    assert_eq!(holding(year).await, [], "nobody asked under it for a year");

    let id = &both.people[1].check_id;
    let found = db.store.consented_person(&institution(1), id).await.expect("reads");
    assert_eq!(found.map(|(one, _)| one), Some(both.people[1].clone()));
    assert_eq!(db.store.consented_person(&institution(2), id).await, Ok(None));
    assert_eq!(db.store.consented_person(&institution(1), "id-001-outpatient-1").await, Ok(None));
}

async fn a_long_list_comes_in_pages_without_gaps(db: Database) {
    let people = u32::try_from(CONSENTED_PAGE).expect("a number") + 3;
    for person in 1..=people {
        // All at one moment: the order is theirs, not that of the database.
        db.store
            .record_verification(visit(person, CareForm::HomeVisit, 0, &MEDICATION))
            .await
            .expect("records");
    }
    let page = async |number| {
        let wanted = ConsentedWanted::Found(EVERY);
        db.store.consented_people(&institution(1), wanted, number).await.expect("reads")
    };
    let (first, second) = (page(0).await, page(1).await);
    assert_eq!((first.people.len(), first.more), (CONSENTED_PAGE, true));
    assert_eq!((second.people.len(), second.more), (3, false));
    let mut all = [keys(&first), keys(&second)].concat();
    assert!(all.is_sorted_by_key(|(key, _)| key.clone()), "{all:?}");
    all.dedup();
    assert_eq!(all.len(), people as usize);
}

async fn asking_again_renews_and_is_refused_once_ended(db: Database) {
    for number in [1, 2] {
        switch(&db, number, (Setting::HomeVisit, ON), 0).await;
        switch(&db, number, (Setting::Online, ON), 0).await;
    }
    db.store.record_verification(visit(1, CareForm::HomeVisit, 0, &MEDICATION)).await.expect("records");
    assert_eq!(db.store.record_re_verification(again(2, "web-2", 5)).await, Ok(None), "nobody's consent");
    let mut elsewhere = again(1, "web-9", 5);
    elsewhere.verification.institution_code = institution(2);
    assert_eq!(db.store.record_re_verification(elsewhere).await, Ok(None));
    let mut online = again(1, "web-8", 5);
    online.care_form = CareForm::Online;
    assert_eq!(db.store.record_re_verification(online).await, Ok(None), "it is for home visits");

    assert_eq!(db.store.record_re_verification(again(1, "web-1", 5)).await, Ok(Some(Recorded::Fresh)));
    let consents = db.store.consents(&institution(1), &person_key(1)).await.expect("reads");
    assert_eq!(consents[0].consent.renewed_at, Some(at(5)));
    assert_eq!(consents[0].consent.granted_at, at(0), "when it was given stays");
    let result = db.store.check_result(&institution(1), "web-1").await.expect("reads").expect("is there");
    assert_eq!(result.person_key, Some(person_key(1)));
    let year = calendar::add_months_at(at(0), 12).0 - at(0).0;
    assert_eq!(
        db.store.record_re_verification(again(1, "web-3", year)).await,
        Ok(Some(Recorded::Fresh)),
        "asked under it meanwhile"
    );
    let earlier =
        db.store.check_result(&institution(1), "web-3").await.expect("reads").expect("is there").earlier;
    assert_eq!(earlier.map(|earlier| earlier.recorded_at), Some(at(5)), "the question asked again before");

    assert_eq!(db.store.end_home_visit_consents(end(1, "f", year + 1)).await, Ok(true));
    assert_eq!(db.store.record_re_verification(again(1, "web-4", year + 2)).await, Ok(None));
    assert_eq!(db.store.check_result(&institution(1), "web-4").await, Ok(None), "nothing was written");
    let repeated = db.store.record_re_verification(again(1, "web-3", year + 2)).await;
    assert!(matches!(repeated, Ok(Some(Recorded::Repeated { .. }))), "its first answer: {repeated:?}");
    let another_year = calendar::add_months_at(at(year), 12).0 - at(0).0;
    db.store.record_verification(visit(3, CareForm::HomeVisit, 0, &MEDICATION)).await.expect("records");
    assert_eq!(db.store.record_re_verification(again(3, "web-5", another_year)).await, Ok(None), "run out");
}

async fn asking_again_rests_on_each_kind_that_held_and_renews_no_other(db: Database) {
    switch(&db, 1, (Setting::HomeVisit, ON), 0).await;
    switch(&db, 1, (Setting::Treatment, ON), 0).await;
    let both = [(ConsentKind::Medication, true, None), (ConsentKind::Treatment, true, None)];
    let of_both = |person, request_id: &str, ms| ReVerification {
        kinds: vec![ConsentKind::Medication, ConsentKind::Treatment],
        ..again(person, request_id, ms)
    };
    for person in [1, 2, 3] {
        db.store.record_verification(visit(person, CareForm::HomeVisit, 0, &both)).await.expect("records");
    }
    let renewed = async |person, kind| {
        let consents = db.store.consents(&institution(1), &person_key(person)).await.expect("reads");
        consents.iter().find(|one| one.consent.kind == kind).expect("is there").consent.renewed_at
    };
    let ask = async |asked| db.store.record_re_verification(asked).await;
    assert_eq!(ask(of_both(1, "web-1", 5)).await, Ok(Some(Recorded::Fresh)));
    assert_eq!(renewed(1, ConsentKind::Medication).await, Some(at(5)));
    assert_eq!(renewed(1, ConsentKind::Treatment).await, Some(at(5)));

    // The patient refuses one of them at the reader while the answer that tells both is on its way.
    let refusal = [(ConsentKind::Treatment, false, None)];
    db.store.record_verification(visit(2, CareForm::HomeVisit, 6, &refusal)).await.expect("records");
    assert_eq!(ask(of_both(2, "web-2", 7)).await, Ok(None), "the other alone is not enough");
    assert_eq!(db.store.check_result(&institution(1), "web-2").await, Ok(None), "nothing was written");
    assert_eq!(renewed(2, ConsentKind::Medication).await, None, "and nothing renewed");
    assert_eq!(ask(again(2, "web-3", 8)).await, Ok(Some(Recorded::Fresh)), "what is left, asked by itself");

    switch(&db, 1, (Setting::Treatment, OFF), 9).await;
    assert_eq!(ask(of_both(3, "web-4", 10)).await, Ok(None), "switched off meanwhile");
    assert_eq!(ask(again(3, "web-5", 11)).await, Ok(Some(Recorded::Fresh)));
    assert_eq!(renewed(3, ConsentKind::Medication).await, Some(at(11)));
    assert_eq!(renewed(3, ConsentKind::Treatment).await, None, "what is not used does not go on");
    let none = ReVerification { kinds: Vec::new(), ..again(3, "web-6", 12) };
    assert_eq!(ask(none).await, Ok(None), "under nothing nothing is answered");
    switch(&db, 1, (Setting::HomeVisit, OFF), 13).await;
    assert_eq!(ask(again(3, "web-7", 14)).await, Ok(None), "the form of care is not used any more");
}

async fn an_end_is_written_once_and_a_new_consent_clears_it(db: Database) {
    let kinds = [
        (ConsentKind::Medication, true, None),
        (ConsentKind::Operation, true, None),
        (ConsentKind::Treatment, false, None),
    ];
    db.store.record_verification(visit(1, CareForm::HomeVisit, 0, &kinds)).await.expect("records");
    let online = [(ConsentKind::Medication, true, Some(at(1_000)))];
    db.store.record_verification(visit(1, CareForm::Online, 1, &online)).await.expect("records");
    let states = async || {
        let wanted = ConsentedWanted::Found(EVERY);
        let page = db.store.consented_people(&institution(1), wanted, 0).await.expect("reads");
        let of =
            |form| page.people.iter().find(|one| one.care_form == form).expect("is there").consents.clone();
        (of(CareForm::HomeVisit), of(CareForm::Online))
    };
    let mut foreign = end(1, "g", 4);
    foreign.institution_code = institution(2);
    assert_eq!(db.store.end_home_visit_consents(foreign).await, Ok(false), "it is another institution's");
    assert_eq!(db.store.end_home_visit_consents(end(1, "f", 5)).await, Ok(true));
    let (home, online) = states().await;
    for kept in &home {
        let (until, reason) = match kept.consent.granted {
            true => (Some(at(5)), ConsentEndReason::CancelledByPatient),
            false => (None, ConsentEndReason::Normal),
        };
        assert_eq!((kept.consent.valid_until, kept.end_reason), (until, reason), "{kept:?}");
    }
    assert_eq!(online[0].end_reason, ConsentEndReason::Normal, "online care ends by itself");
    assert_eq!(db.store.end_home_visit_consents(end(1, "f", 9)).await, Ok(true), "the same form");
    assert_eq!(db.store.end_home_visit_consents(end(1, "h", 9)).await, Ok(false), "it has ended");
    assert_eq!(states().await.0[0].consent.valid_until, Some(at(5)), "and when it did stays");

    db.store.record_verification(visit(1, CareForm::HomeVisit, 20, &MEDICATION)).await.expect("records");
    let renewed = states().await.0;
    let of = |kind| renewed.iter().find(|kept| kept.consent.kind == kind).expect("is there");
    let medication = of(ConsentKind::Medication);
    assert_eq!((medication.consent.valid_until, medication.end_reason), (None, ConsentEndReason::Normal));
    assert_eq!(of(ConsentKind::Operation).end_reason, ConsentEndReason::CancelledByPatient, "not asked anew");

    db.store.record_verification(visit(2, CareForm::HomeVisit, 0, &MEDICATION)).await.expect("records");
    let over = calendar::add_months_at(at(0), 12).0 - at(0).0;
    let late = db.store.end_home_visit_consents(end(2, "late", over)).await;
    assert_eq!(late, Ok(false), "it ran out by itself");
}
