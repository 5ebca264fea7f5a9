//! What a check reads and writes.

use eligibility::{
    Instant,
    consent::{CareForm, ConsentKind},
    enumeration::{MISSES_PER_WINDOW, RECENT_QUESTIONS, SLOW_INTERVAL_MS, SlowReason, WINDOW_MS},
    insurer::Insurer,
    matching::NumberKey,
};
use store::{
    CardLookup, Denial, Error, Institution, NewConsent, NewVerification, NumberLookup, NumberQuestion,
    NumberRefusal, Recorded, RefusedNumberCheck, Slowed, TerminalCertificate,
};

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    a_card_leads_to_its_holder,
    a_number_leads_to_all_coverages_of_its_people,
    one_request_has_one_effect,
    one_nonce_survives_a_thousand_replays_once,
    guessing_is_held_back,
    a_reused_request_id_is_a_wrong_guess,
    the_quota_holds_for_who_mixes_in_right_questions,
    a_few_mistyped_numbers_hold_nobody_back,
    ten_thousand_guesses_yield_no_more_than_the_quota,
    parallel_guesses_do_not_get_more,
    consents_are_kept_per_kind_and_form_of_care,
    reference_numbers_belong_to_one_person,
    institutions_insurers_and_terminals,
    pruning_is_bounded_and_by_age,
    a_denial_is_written,
);

async fn a_card_leads_to_its_holder(db: Database) {
    import(&db.store, 1, rows([coverage(1)]), NOW).await.expect("imports");
    let mut unregistered = card(2);
    unregistered.registered = false;
    let mut superseded = card(3);
    superseded.superseded_by = Some(card_of(1));
    import_cards(&db.store, 1, vec![card(1), unregistered, superseded]).await.expect("imports");

    let found = db.store.coverage_of_card(&card_of(1)).await.expect("reads");
    assert_eq!(found, CardLookup::Person { person_key: person_key(1), coverages: vec![coverage(1)] });
    assert_eq!(db.store.coverage_of_card(&card_of(2)).await, Ok(CardLookup::Unregistered));
    assert_eq!(db.store.coverage_of_card(&card_of(3)).await, Ok(CardLookup::Superseded));
    assert_eq!(db.store.coverage_of_card(&card_of(4)).await, Ok(CardLookup::Unknown));
    let mut other_issuer = card_of(1);
    other_issuer.issuer = "cd".repeat(32);
    assert_eq!(db.store.coverage_of_card(&other_issuer).await, Ok(CardLookup::Unknown));
}

async fn a_number_leads_to_all_coverages_of_its_people(db: Database) {
    let mut ended = coverage(1);
    ended.coverage_id = "old".to_owned();
    ended.insured_number = "９９９".to_owned();
    ended.disqualified_on = Some("2020-04-01".parse().expect("a date"));
    ended.qualified_on = "2019-04-01".parse().expect("a date");
    ended.card_issued_on = None;
    import(&db.store, 1, rows([coverage(1), coverage(2), ended.clone()]), NOW).await.expect("imports");
    db.store
        .set_reference_number(&institution(1), &person_key(1), Some("K-1".to_owned()))
        .await
        .expect("sets");

    let birthdate = coverage(1).person.birthdate;
    let by = async |number: &str, birthdate| {
        let question = NumberQuestion { number: NumberKey::of(number), birthdate, ..question("new") };
        match db.store.number_check(question).await.expect("reads") {
            NumberLookup::Found(found) => found,
            other => panic!("{other:?}"),
        }
    };
    let found = by("1", birthdate).await;
    assert_eq!(found.coverages, [coverage(1), ended]);
    assert_eq!(found.reference_numbers, [(person_key(1), "K-1".to_owned())]);
    // The number of the past leads to the same person; width does not matter.
    assert_eq!(by("999", birthdate).await, found);
    assert_eq!(by("1", "1980-03-01".parse().expect("a date")).await.coverages, []);
    assert_eq!(by("4", birthdate).await.coverages, []);
    let key = NumberKey::of("2");
    assert_eq!(db.store.candidates_by_number(&insurer(), &key, birthdate).await, Ok(vec![coverage(2)]));
}

/// A question by number under a request id, the one that [`verification`] records.
fn question(request_id: &str) -> NumberQuestion {
    NumberQuestion {
        institution_code: institution(1),
        request_id: request_id.to_owned(),
        question_digest: [1; 32],
        insurer: insurer(),
        number: NumberKey::of("1"),
        birthdate: coverage(1).person.birthdate,
        asked_at: NOW,
    }
}

async fn one_request_has_one_effect(db: Database) {
    let first = verification(1, "a");
    assert_eq!(db.store.record_verification(first.clone()).await, Ok(Recorded::Fresh));
    let mut again = first.clone();
    again.answer = b"another answer".to_vec();
    again.recorded_at = at(1000);
    let repeated = Recorded::Repeated { answer: b"answer to a".to_vec() };
    assert_eq!(db.store.record_verification(again.clone()).await, Ok(repeated));
    again.question_digest = [2; 32];
    assert_eq!(db.store.record_verification(again).await, Ok(Recorded::Conflict));
    // Another institution's ids are its own.
    assert_eq!(db.store.record_verification(verification(2, "a")).await, Ok(Recorded::Fresh));
}

async fn one_nonce_survives_a_thousand_replays_once(db: Database) {
    let replays = (0..1000).map(|number| {
        let store = db.store.clone();
        let mut replay = verification(1, "n:nonce");
        replay.answer = format!("answer {number}").into_bytes();
        tokio::spawn(async move { store.record_verification(replay).await })
    });
    let mut answers = Vec::new();
    let mut fresh = 0;
    for replay in replays.collect::<Vec<_>>() {
        match replay.await.expect("runs").expect("records") {
            Recorded::Fresh => fresh += 1,
            Recorded::Repeated { answer } => answers.push(answer),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(fresh, 1);
    answers.dedup();
    assert_eq!(answers.len(), 1, "every repetition got the one answer");
}

fn guess(number: u32, now: Instant) -> NewVerification {
    let id = format!("guess-{number}-{}", now.0);
    let mut guess = verification(1, &id);
    guess.person_key = None;
    guess.wrong_guess = Some(true);
    guess.recorded_at = now;
    guess
}

fn is_fresh(recorded: &Recorded) -> bool {
    matches!(recorded, Recorded::Fresh | Recorded::FreshThenSlow(_))
}

async fn guessing_is_held_back(db: Database) {
    for number in 1..RECENT_QUESTIONS {
        assert_eq!(db.store.record_verification(guess(number, NOW)).await, Ok(Recorded::Fresh));
    }
    // The fiftieth question slows down, and says so once.
    let slowed = Slowed { reason: SlowReason::Share, not_found: RECENT_QUESTIONS };
    let last = db.store.record_verification(guess(RECENT_QUESTIONS, NOW)).await;
    assert_eq!(last, Ok(Recorded::FreshThenSlow(slowed)));
    let retry_at = at(SLOW_INTERVAL_MS);
    assert_eq!(db.store.record_verification(guess(1000, at(0))).await, Ok(Recorded::Limited { retry_at }));
    let limited = Ok(NumberLookup::Refused(NumberRefusal::Limited { retry_at }));
    assert_eq!(db.store.number_check(question("new")).await, limited);
    // It is in the database, not in a process.
    let restarted = store::Store::open(&db.url, store::Options::default()).await.expect("opens");
    assert_eq!(restarted.number_check(question("new")).await, limited);
    // A right answer is held back too: the difference would be the answer.
    let mut right = guess(1001, NOW);
    right.wrong_guess = Some(false);
    assert_eq!(db.store.record_verification(right.clone()).await, Ok(Recorded::Limited { retry_at }));
    // A repeated request gets its answer: it was counted before.
    let repeated = db.store.record_verification(guess(3, NOW)).await.expect("answers");
    assert!(matches!(repeated, Recorded::Repeated { .. }));
    // Other institutions are not held back, and neither are cards.
    let mut elsewhere = guess(1, NOW);
    elsewhere.institution_code = institution(2);
    assert_eq!(db.store.record_verification(elsewhere).await, Ok(Recorded::Fresh));
    assert_eq!(db.store.record_verification(verification(1, "card")).await, Ok(Recorded::Fresh));
    // After a minute one passes, right or wrong, and only one.
    right.recorded_at = retry_at;
    assert_eq!(db.store.record_verification(right).await, Ok(Recorded::Fresh));
    let held = db.store.record_verification(guess(1002, at(SLOW_INTERVAL_MS + 1))).await;
    assert_eq!(held, Ok(Recorded::Limited { retry_at: at(2 * SLOW_INTERVAL_MS) }));
    assert_eq!(db.store.record_verification(guess(1003, at(WINDOW_MS))).await, Ok(Recorded::Fresh));
}

fn ask(number: u32, wrong: bool, now: Instant) -> NewVerification {
    NewVerification { wrong_guess: Some(wrong), ..guess(number, now) }
}

async fn a_reused_request_id_is_a_wrong_guess(db: Database) {
    import(&db.store, 1, rows([coverage(1)]), NOW).await.expect("imports");
    let mut recorded = verification(1, "known");
    recorded.wrong_guess = Some(false);
    assert_eq!(db.store.record_verification(recorded.clone()).await, Ok(Recorded::Fresh));
    let repeated = NumberLookup::Repeated { answer: recorded.answer.clone() };
    let other = NumberQuestion { question_digest: [2; 32], ..question("known") };
    let conflict = NumberLookup::Refused(NumberRefusal::Conflict);
    let refused = RefusedNumberCheck {
        institution_code: institution(1),
        request_id: "known".to_owned(),
        refusal: NumberRefusal::Conflict,
        actor: "terminal:front-1".to_owned(),
        action: "verify_number".to_owned(),
        recorded_at: NOW,
    };
    // The recorded question was the first of the last fifty.
    for number in 2..RECENT_QUESTIONS {
        assert_eq!(db.store.number_check(other.clone()).await, Ok(conflict.clone()));
        let counted = db.store.refuse_number_check(refused.clone()).await;
        assert_eq!(counted, Ok(Recorded::Conflict), "conflict {number}");
        // The honest question again costs nothing, however often it comes.
        assert_eq!(db.store.number_check(question("known")).await, Ok(repeated.clone()));
    }
    // One that another question overtook between read and commit counts as well.
    recorded.question_digest = [3; 32];
    let slowed = Slowed { reason: SlowReason::Share, not_found: RECENT_QUESTIONS - 1 };
    let overtaken = db.store.record_verification(recorded).await;
    assert_eq!(overtaken, Ok(Recorded::ConflictThenSlow(slowed)));
    // From here on nothing is looked up but what was answered before.
    let retry_at = at(SLOW_INTERVAL_MS);
    let limited = NumberLookup::Refused(NumberRefusal::Limited { retry_at });
    assert_eq!(db.store.number_check(question("right")).await, Ok(limited));
    assert_eq!(db.store.number_check(question("known")).await, Ok(repeated));
    assert_eq!(db.store.refuse_number_check(refused).await, Ok(Recorded::Limited { retry_at }));
}

async fn the_quota_holds_for_who_mixes_in_right_questions(db: Database) {
    // Every fifth is wrong: the share is an honest one, the hundredth wrong one is not.
    let last = MISSES_PER_WINDOW * 5 - 1;
    for number in 0..last {
        let recorded = db.store.record_verification(ask(number, number % 5 == 4, NOW)).await;
        assert_eq!(recorded, Ok(Recorded::Fresh), "question {number}");
    }
    let slowed = Slowed { reason: SlowReason::Quota, not_found: RECENT_QUESTIONS / 5 };
    let recorded = db.store.record_verification(ask(last, true, NOW)).await;
    assert_eq!(recorded, Ok(Recorded::FreshThenSlow(slowed)));
    let retry_at = at(SLOW_INTERVAL_MS);
    assert_eq!(db.store.record_verification(ask(1000, true, NOW)).await, Ok(Recorded::Limited { retry_at }));
}

async fn a_few_mistyped_numbers_hold_nobody_back(db: Database) {
    // A morning of 200 patients, one every minute; ten mistypings in a row, and one patient in ten later on.
    for number in 0..200 {
        let now = at(i64::from(number) * 60_000);
        let wrong = number < 10 || (number > 60 && number % 10 == 0);
        let recorded = db.store.record_verification(ask(number, wrong, now)).await;
        assert_eq!(recorded, Ok(Recorded::Fresh), "patient {number}");
    }
}

async fn ten_thousand_guesses_yield_no_more_than_the_quota(db: Database) {
    const GUESSES: u32 = 10_000;
    const AT_ONCE: u32 = 100;
    // Several terminals of one institution, at two processes on the same database, for an hour.
    let other = store::Store::open(&db.url, store::Options::default()).await.expect("opens");
    let (mut answered, mut slowed) = (0, 0);
    for round in 0..GUESSES / AT_ONCE {
        let now = at(WINDOW_MS * i64::from(round * AT_ONCE) / i64::from(GUESSES));
        let guesses = (0..AT_ONCE).map(|number| {
            let store = if number % 2 == 0 { db.store.clone() } else { other.clone() };
            let mut guess = guess(number, now);
            guess.audit.actor = format!("terminal:front-{}", number % 4);
            tokio::spawn(async move { store.record_verification(guess).await })
        });
        for guess in guesses.collect::<Vec<_>>() {
            let recorded = guess.await.expect("runs").expect("records");
            answered += u32::from(is_fresh(&recorded));
            slowed += u32::from(matches!(recorded, Recorded::FreshThenSlow(_)));
        }
    }
    let one_a_minute = u32::try_from(WINDOW_MS / SLOW_INTERVAL_MS).expect("small");
    assert!(answered >= RECENT_QUESTIONS, "{answered}: nothing was held back");
    assert!(answered <= MISSES_PER_WINDOW + one_a_minute, "{answered} answers in an hour");
    assert!(answered <= RECENT_QUESTIONS + one_a_minute, "{answered} answers in an hour");
    assert_eq!(slowed, 1, "one alarm for all processes");
}

async fn parallel_guesses_do_not_get_more(db: Database) {
    // A second process on the same database.
    let other = store::Store::open(&db.url, store::Options::default()).await.expect("opens");
    let guesses: Vec<_> = (0..MISSES_PER_WINDOW * 2)
        .map(|number| {
            let store = if number % 2 == 0 { db.store.clone() } else { other.clone() };
            tokio::spawn(async move { store.record_verification(guess(number, NOW)).await })
        })
        .collect();
    let mut passed = 0;
    for guess in guesses {
        passed += u32::from(is_fresh(&guess.await.expect("runs").expect("records")));
    }
    assert_eq!(passed, RECENT_QUESTIONS);
}

async fn consents_are_kept_per_kind_and_form_of_care(db: Database) {
    let choice = |kind, care_form, granted, valid_until| NewConsent { kind, care_form, granted, valid_until };
    let mut first = verification(1, "a");
    first.consents = vec![
        choice(ConsentKind::Medication, CareForm::Outpatient, true, Some(at(86_400_000))),
        choice(ConsentKind::Checkup, CareForm::HomeVisit, true, None),
    ];
    db.store.record_verification(first).await.expect("records");
    let mut second = verification(1, "b");
    second.recorded_at = at(5);
    second.consents = vec![choice(ConsentKind::Medication, CareForm::Outpatient, false, None)];
    db.store.record_verification(second).await.expect("records");

    let found = db.store.consents(&institution(1), &person_key(1)).await.expect("reads");
    assert_eq!(found.len(), 2);
    let medication = found.iter().find(|c| c.consent.kind == ConsentKind::Medication).expect("is there");
    assert_eq!((medication.consent.granted, medication.consent.granted_at), (false, at(5)));
    let checkup = found.iter().find(|c| c.consent.kind == ConsentKind::Checkup).expect("is there");
    assert_eq!((checkup.care_form, checkup.consent.valid_until), (CareForm::HomeVisit, None));
    assert_eq!(db.store.consents(&institution(2), &person_key(1)).await, Ok(vec![]));
    assert_eq!(db.store.consents(&institution(1), &person_key(2)).await, Ok(vec![]));
}

async fn reference_numbers_belong_to_one_person(db: Database) {
    let set = async |institution_number, person, number: &str| {
        let (institution, person) = (institution(institution_number), person_key(person));
        db.store.set_reference_number(&institution, &person, Some(number.to_owned())).await
    };
    assert_eq!(set(1, 1, "A-1").await, Ok(()));
    assert_eq!(set(1, 1, "A-1").await, Ok(()));
    assert!(matches!(set(1, 2, "A-1").await, Err(Error::Refused { .. })));
    assert_eq!(set(2, 2, "A-1").await, Ok(()));
    assert_eq!(set(1, 1, "A-2").await, Ok(()));
    assert_eq!(set(1, 2, "A-1").await, Ok(()), "the number was given back");
    for bad in ["", "123456789012345678901", "あ", "a b"] {
        assert!(matches!(set(1, 3, bad).await, Err(Error::Refused { .. })), "{bad:?}");
    }
    let number = |person| {
        db.store
            .reference_number(Box::leak(Box::new(institution(1))), Box::leak(Box::new(person_key(person))))
    };
    assert_eq!(number(1).await, Ok(Some("A-2".to_owned())));
    db.store.set_reference_number(&institution(1), &person_key(1), None).await.expect("removes");
    assert_eq!(number(1).await, Ok(None));
}

async fn institutions_insurers_and_terminals(db: Database) {
    let clinic = Institution { code: institution(1), name: "辻\u{E0100}医院".to_owned() };
    db.store.put_institution(clinic.clone()).await.expect("puts");
    assert_eq!(db.store.institution(&institution(1)).await, Ok(Some(clinic)));
    assert_eq!(db.store.institution(&institution(2)).await, Ok(None));

    import(&db.store, 1, rows([coverage(1)]), NOW).await.expect("imports");
    let named = Insurer { number: insurer(), name: "全国健康保険協会東京支部".to_owned() };
    assert_eq!(db.store.put_insurers(vec![named.clone()]).await, Ok(1), "named anew");
    assert_eq!(db.store.put_insurers(vec![named.clone()]).await, Ok(0), "known already");
    assert_eq!(db.store.insurer(&insurer()).await, Ok(Some(named)));
    assert_eq!(db.store.coverages_of(&person_key(1)).await.expect("reads").len(), 1, "coverage stays");

    let terminal = TerminalCertificate {
        institution_code: institution(1),
        fingerprint: "00".repeat(32),
        terminal_name: "受付1".to_owned(),
        not_after: at(1_000_000),
        revoked_at: None,
        changed_at: NOW,
    };
    db.store.register_terminal_certificate(terminal.clone()).await.expect("registers");
    assert_eq!(db.store.terminal_certificates_changed_since(NOW).await, Ok(vec![terminal.clone()]));
    assert_eq!(db.store.terminal_certificates_changed_since(at(1)).await, Ok(vec![]));
    let revoke = async |fingerprint: &str, now| {
        db.store.revoke_terminal_certificate(&institution(1), fingerprint, now).await
    };
    assert_eq!(revoke(&terminal.fingerprint, at(10)).await, Ok(true));
    assert_eq!(revoke(&terminal.fingerprint, at(20)).await, Ok(true));
    assert_eq!(revoke("none", at(20)).await, Ok(false));
    let changed = db.store.terminal_certificates_changed_since(at(1)).await.expect("reads");
    assert_eq!(changed[0].revoked_at, Some(at(10)), "the first revocation counts");
    db.store.register_terminal_certificate(terminal).await.expect("registers");
    let still = db.store.terminal_certificates_changed_since(NOW).await.expect("reads");
    assert_eq!(still[0].revoked_at, Some(at(10)), "registering again does not unrevoke");
}

async fn pruning_is_bounded_and_by_age(db: Database) {
    for number in 0..10 {
        let mut old = verification(1, &format!("{number}"));
        old.recorded_at = at(number);
        db.store.record_verification(old).await.expect("records");
    }
    assert_eq!(db.store.prune_verifications(at(8), 5).await, Ok(5));
    assert_eq!(db.store.prune_verifications(at(8), 5).await, Ok(3));
    assert_eq!(db.store.prune_verifications(at(8), 5).await, Ok(0));
    let kept = db.store.record_verification(verification(1, "9")).await.expect("records");
    assert!(matches!(kept, Recorded::Repeated { .. }));
}

async fn a_denial_is_written(db: Database) {
    let denial = Denial {
        institution_code: institution(1),
        source: "certificate:00".to_owned(),
        audit: event("denied:signature"),
        recorded_at: NOW,
    };
    db.store.record_denied(denial).await.expect("records");
    let key = store::audit::SigningKey::generate().expect("a key");
    db.store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
    let mut dump = Vec::new();
    db.store.audit_export(&mut dump).await.expect("exports");
    assert!(String::from_utf8(dump).expect("text").contains("\"outcome\":\"denied:signature\""));
}
