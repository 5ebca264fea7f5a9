//! Files with many rows: taken once, answered once, guarded, wiped.

use std::sync::Arc;

use eligibility::{
    Instant,
    bulk::{BulkKind, BulkState, FILES_PER_DAY, ROWS_MAX, ReceptionNumber},
    calendar::DAY_MS,
    errors::ErrorCode,
    matching::NumberKey,
    reference_number::{ReferenceNumber, RegistrationOutcome},
};
use store::{
    BulkJob, BulkRowAct, BulkRowFate, BulkSubmitted, ChunkAnswer, ChunkRecorded, ClaimedBulkJob, NewBulkJob,
    NewChunkAnswer, NewRegistration, NumberRefusal, Registered, RegistrationLookup, RegistrationQuestion,
    RowLookup, Store, audit::AuditEvent,
};

use crate::{
    databases::{Database, on_every_database},
    people::*,
    writer::audit_is_whole,
};

on_every_database!(
    a_file_is_taken_once_and_its_number_is_the_institutions_own,
    so_many_rows_and_files_and_no_more,
    a_chunk_is_answered_once_whoever_comes_second,
    two_workers_have_two_files_and_a_lost_one_is_taken_up_again,
    the_guard_goes_row_by_row,
    registrations_are_made_in_the_commit_of_their_answer,
    single_registrations_are_answered_once_and_guarded,
    rows_lead_where_single_questions_lead,
    results_are_wiped_after_seven_days,
    institutions_take_turns_however_many_files_one_hands_in,
);

fn job(number: u32, request_id: &str, chunks: &[&[u8]]) -> NewBulkJob {
    NewBulkJob {
        institution_code: institution(number),
        request_id: request_id.to_owned(),
        question_digest: [7; 32],
        kind: BulkKind::Eligibility,
        terms: "{}".to_owned(),
        actor: "terminal:受付1".to_owned(),
        rows: u32::try_from(chunks.len()).expect("few"),
        chunks: Some(chunks.iter().map(|chunk| chunk.to_vec()).collect()),
        received_at: NOW,
    }
}

async fn submit(store: &Store, job: NewBulkJob) -> ReceptionNumber {
    match store.submit_bulk(job).await.expect("writes") {
        BulkSubmitted::Received { reception_number, .. } => reception_number,
        other => panic!("{other:?}"),
    }
}

async fn kept(store: &Store, number: u32, reception: &ReceptionNumber) -> BulkJob {
    store.bulk_job(&institution(number), reception).await.expect("reads").expect("is there")
}

async fn institutions_take_turns_however_many_files_one_hands_in(db: Database) {
    for id in ["a", "b", "c"] {
        submit(&db.store, job(1, id, &[b"rows", b"rows"])).await;
    }
    submit(&db.store, NewBulkJob { received_at: Instant(NOW.0 + 1), ..job(2, "d", &[b"rows"]) }).await;
    let mut turns = Vec::new();
    for turn in 1..=6 {
        let now = Instant(NOW.0 + turn * 100);
        let job = claimed(&db.store, now).await.expect("a file");
        release(&db.store, &job, Instant(now.0 + 1_000), now).await;
        turns.push(job.institution_code);
    }
    let (many, one) = (institution(1), institution(2));
    assert_eq!(turns, [&many, &one, &many, &one, &many, &one].map(Clone::clone));
    // A file that is in somebody's hands is nobody else's turn.
    let now = Instant(NOW.0 + 1_000);
    let held = claimed(&db.store, now).await.expect("a file");
    let next = claimed(&db.store, now).await.expect("another");
    let name = |job: &BulkJob| (job.institution_code.clone(), job.reception_number.clone());
    assert_ne!(name(&held), name(&next));
}

/// An answer that says what became of each row.
fn answer(job: &BulkJob, position: u32, acts: Vec<BulkRowAct>, now: Instant) -> NewChunkAnswer {
    let make = |fates: &[BulkRowFate]| {
        let ends_well = |fate: &&BulkRowFate| {
            matches!(fate, BulkRowFate::Answered | BulkRowFate::Registration(RegistrationOutcome::Registered))
        };
        let normal = fates.iter().filter(ends_well).count();
        ChunkAnswer {
            answer: format!("{fates:?}").into_bytes(),
            normal: u32::try_from(normal).expect("few"),
            errors: u32::try_from(fates.len() - normal).expect("few"),
            audit: AuditEvent {
                actor: "terminal:受付1".to_owned(),
                action: "bulk.chunk".to_owned(),
                object: "bulk:1".to_owned(),
                outcome: "answered".to_owned(),
                detail: String::new(),
            },
        }
    };
    NewChunkAnswer {
        institution_code: job.institution_code.clone(),
        reception_number: job.reception_number.clone(),
        position,
        acts,
        make: Arc::new(make),
        claimed_until: Instant(now.0 + 1_000),
        now,
    }
}

async fn claimed(store: &Store, now: Instant) -> Option<BulkJob> {
    let until = Instant(now.0 + 1_000);
    store.claim_bulk_job(now, until).await.expect("works").map(|claimed| claimed.job)
}

async fn release(store: &Store, job: &BulkJob, until: Instant, now: Instant) {
    let claimed = ClaimedBulkJob { job: job.clone(), until };
    store.release_bulk_job(&claimed, now).await.expect("writes");
}

async fn a_file_is_taken_once_and_its_number_is_the_institutions_own(db: Database) {
    let first = submit(&db.store, job(1, "r-1", &[b"a", b"b"])).await;
    assert_eq!(submit(&db.store, job(1, "r-1", &[b"a", b"b"])).await, first, "the same file again");
    let other = NewBulkJob { question_digest: [8; 32], ..job(1, "r-1", &[b"c"]) };
    assert_eq!(db.store.submit_bulk(other).await, Ok(BulkSubmitted::Conflict));
    let second = submit(&db.store, job(1, "r-2", &[b"a"])).await;
    assert_ne!(first, second, "in the same second");
    assert_eq!(first.as_str(), "20261122090000000001");
    let elsewhere = submit(&db.store, job(2, "r-1", &[b"a"])).await;
    assert_eq!(elsewhere, first, "numbers are an institution's own");
    assert_eq!(kept(&db.store, 1, &first).await.rows, 2);
    assert_eq!(kept(&db.store, 2, &first).await.rows, 1, "and lead to its own file");
    let nobody = db.store.bulk_job(&institution(3), &first).await.expect("reads");
    assert_eq!(nobody, None, "another institution finds nothing");
    let listed = db.store.bulk_jobs(&institution(1), at(-1)).await.expect("reads");
    assert_eq!(listed.len(), 2);
    audit_is_whole(&db.store, 3).await;
}

async fn so_many_rows_and_files_and_no_more(db: Database) {
    let too_many = u32::try_from(ROWS_MAX).expect("small") + 1;
    let large = NewBulkJob { rows: too_many, ..job(1, "large", &[b"a"]) };
    let refused = BulkSubmitted::Refused(ErrorCode::BulkTooManyRows);
    assert_eq!(db.store.submit_bulk(large).await, Ok(refused));
    for number in 0..FILES_PER_DAY {
        submit(&db.store, job(1, &format!("r-{number}"), &[b"a"])).await;
    }
    let refused = BulkSubmitted::Refused(ErrorCode::BulkTooManyFiles);
    assert_eq!(db.store.submit_bulk(job(1, "one-more", &[b"a"])).await, Ok(refused.clone()));
    let month =
        NewBulkJob { kind: BulkKind::EntrustedEligibility, rows: 0, chunks: None, ..job(1, "m", &[]) };
    assert_eq!(db.store.submit_bulk(month).await, Ok(refused), "a month is a file too");
    submit(&db.store, job(1, "r-0", &[b"a"])).await;
    submit(&db.store, job(2, "another", &[b"a"])).await;
    let tomorrow = NewBulkJob { received_at: at(DAY_MS), ..job(1, "tomorrow", &[b"a"]) };
    submit(&db.store, tomorrow).await;
}

async fn a_chunk_is_answered_once_whoever_comes_second(db: Database) {
    submit(&db.store, job(1, "r-1", &[b"a", b"b"])).await;
    let job = claimed(&db.store, NOW).await.expect("a file");
    let free = || vec![BulkRowAct::Free; 3];
    let (one, two) = tokio::join!(
        db.store.answer_bulk_chunk(answer(&job, 0, free(), NOW)),
        db.store.answer_bulk_chunk(answer(&job, 0, free(), NOW)),
    );
    let known = [one, two].into_iter().filter(|r| *r == Ok(ChunkRecorded::Known)).count();
    assert_eq!(known, 1);
    let next = db.store.next_bulk_chunk(&job, 0).await.expect("reads").expect("one is left");
    assert_eq!((next.position, next.question.as_slice()), (1, b"b".as_slice()));
    db.store.answer_bulk_chunk(answer(&job, 1, free(), NOW)).await.expect("writes");
    assert_eq!(db.store.next_bulk_chunk(&job, 0).await, Ok(None));
    for _ in 0..2 {
        db.store.finish_bulk_job(&job, BulkState::Done, NOW).await.expect("writes");
    }
    let job = kept(&db.store, 1, &job.reception_number).await;
    assert_eq!((job.state, job.normal, job.errors), (BulkState::Done, 6, 0));
    let answers = db.store.bulk_answers(&job, 1, 5).await.expect("reads");
    assert_eq!(answers, [b"[Answered, Answered, Answered]".to_vec()]);
    audit_is_whole(&db.store, 4).await;
}

async fn two_workers_have_two_files_and_a_lost_one_is_taken_up_again(db: Database) {
    let first = submit(&db.store, job(1, "r-1", &[b"a"])).await;
    let second = NewBulkJob { received_at: at(1), ..job(2, "r-1", &[b"a"]) };
    submit(&db.store, second).await;
    let one = claimed(&db.store, at(2)).await.expect("the older");
    assert_eq!((&one.institution_code, &one.reception_number), (&institution(1), &first));
    let two = claimed(&db.store, at(3)).await.expect("the other");
    assert_eq!(two.institution_code, institution(2));
    assert_eq!(claimed(&db.store, at(4)).await, None, "both are in hand");
    // The first worker says nothing for a second.
    let again = claimed(&db.store, at(1_002)).await.expect("is taken up again");
    assert_eq!(again.reception_number, first);
    // And now lays down what is in another's hand.
    release(&db.store, &one, at(1_002), at(1_002)).await;
    assert_eq!(claimed(&db.store, at(1_002)).await, None, "it stays there");
    db.store.finish_bulk_job(&again, BulkState::Failed, at(1_003)).await.expect("writes");
    assert_eq!(kept(&db.store, 1, &first).await.state, BulkState::Failed);
}

async fn the_guard_goes_row_by_row(db: Database) {
    submit(&db.store, job(1, "r-1", &[b"a", b"b"])).await;
    let job = claimed(&db.store, NOW).await.expect("a file");
    // Fifty right ones, then wrong ones: the eleventh of the last fifty begins the slow pace.
    let asked = |wrong| BulkRowAct::Asked { wrong };
    let mut acts = vec![asked(false); 50];
    acts.extend(vec![asked(true); 20]);
    acts.push(BulkRowAct::Free);
    let recorded = db.store.answer_bulk_chunk(answer(&job, 0, acts, NOW)).await.expect("writes");
    let ChunkRecorded::Recorded { slowed: Some(slowed), held_back } = recorded else {
        panic!("{recorded:?}")
    };
    assert_eq!((slowed.not_found, held_back), (11, 9));
    let later = answer(&job, 1, vec![asked(false); 3], at(1));
    let recorded = db.store.answer_bulk_chunk(later).await.expect("writes");
    assert_eq!(recorded, ChunkRecorded::Recorded { slowed: None, held_back: 3 }, "right ones wait too");
    let question = store::NumberQuestion {
        institution_code: institution(1),
        request_id: "counter".to_owned(),
        question_digest: [1; 32],
        insurer: insurer(),
        number: NumberKey::of("1"),
        birthdate: "1980-02-29".parse().expect("a date"),
        asked_at: at(2),
    };
    let counter = db.store.number_check(question).await.expect("reads");
    assert!(matches!(counter, store::NumberLookup::Refused(NumberRefusal::Limited { .. })), "{counter:?}");
}

fn register(number: u32, reference: &str) -> BulkRowAct {
    let number = (number > 0).then(|| person_key(number));
    BulkRowAct::Register { person: number, number: ReferenceNumber::parse(reference).expect("a number") }
}

async fn registrations_are_made_in_the_commit_of_their_answer(db: Database) {
    submit(&db.store, job(1, "r-1", &[b"a", b"b"])).await;
    let job = claimed(&db.store, NOW).await.expect("a file");
    let acts = vec![register(1, "K-1"), register(2, "K-1"), register(0, "K-2"), register(1, "K-3")];
    db.store.answer_bulk_chunk(answer(&job, 0, acts, NOW)).await.expect("writes");
    let answers = db.store.bulk_answers(&job, 0, 1).await.expect("reads");
    let told = String::from_utf8(answers[0].clone()).expect("text");
    let ended = ["Registered", "Taken", "NotIdentified", "Registered"];
    let expected: Vec<_> = ended.iter().map(|ended| format!("Registration({ended})")).collect();
    assert_eq!(told, format!("[{}]", expected.join(", ")));
    let number = async |institution_number: u32, person: u32| {
        let found = db.store.reference_number(&institution(institution_number), &person_key(person)).await;
        found.expect("reads")
    };
    assert_eq!(number(1, 1).await.as_deref(), Some("K-3"), "registering again overwrites");
    assert_eq!(number(1, 2).await, None);
    assert_eq!(number(2, 1).await, None, "each institution has its own");
}

async fn single_registrations_are_answered_once_and_guarded(db: Database) {
    import(&db.store, 1, rows([coverage(1), coverage(2)]), NOW).await.expect("imports");
    let question = |id: &str, digest: u8, now: Instant| RegistrationQuestion {
        institution_code: institution(1),
        request_id: id.to_owned(),
        question_digest: [digest; 32],
        insurer: insurer(),
        number: NumberKey::of("1"),
        asked_at: now,
    };
    let new = |id: &str, digest: u8, person: Option<u32>, now: Instant| NewRegistration {
        institution_code: institution(1),
        request_id: id.to_owned(),
        question_digest: [digest; 32],
        person: person.map(person_key),
        number: ReferenceNumber::parse("K-1").expect("a number"),
        actor: "terminal:受付1".to_owned(),
        now,
    };
    let found = db.store.look_up_registration(question("a", 1, NOW)).await.expect("reads");
    let RegistrationLookup::Found(coverages) = found else { panic!("{found:?}") };
    assert_eq!(coverages.len(), 1);
    let ended = |outcome| Ok(Registered::Ended(outcome));
    let registered = ended(RegistrationOutcome::Registered);
    assert_eq!(db.store.record_registration(new("a", 1, Some(1), NOW)).await, registered);
    assert_eq!(db.store.record_registration(new("a", 1, Some(1), NOW)).await, registered);
    let taken = ended(RegistrationOutcome::Taken);
    assert_eq!(db.store.record_registration(new("b", 1, Some(2), NOW)).await, taken);
    let repeated = db.store.look_up_registration(question("b", 1, NOW)).await;
    assert_eq!(repeated, Ok(RegistrationLookup::Repeated(RegistrationOutcome::Taken)));
    let conflict = db.store.record_registration(new("a", 2, Some(1), NOW)).await;
    assert_eq!(conflict, Ok(Registered::Conflict));
    for wrong in 0..99 {
        let id = format!("w-{wrong}");
        db.store.record_registration(new(&id, 1, None, at(wrong * 61_000 / 100))).await.expect("writes");
    }
    let held = db.store.look_up_registration(question("c", 1, at(61_000))).await.expect("reads");
    let RegistrationLookup::Refused(refusal) = held else { panic!("{held:?}") };
    let refused = db.store.refuse_registration(new("c", 1, None, at(61_000)), refusal).await;
    assert!(matches!(refused, Ok(Registered::Limited { .. })), "{refused:?}");
}

async fn rows_lead_where_single_questions_lead(db: Database) {
    import(&db.store, 1, rows((1..=40).map(coverage)), NOW).await.expect("imports");
    let birthdate = "1980-02-29".parse().expect("a date");
    let by_number = |number: u32| RowLookup::ByNumber {
        insurer: insurer(),
        number: NumberKey::of(&number.to_string()),
        birthdate,
    };
    let asked: Vec<_> = (1..=45).map(by_number).collect();
    let found = db.store.look_up_rows(&institution(1), asked).await.expect("reads");
    for (number, context) in (1..=45).zip(&found) {
        let people: Vec<_> = context.coverages.iter().map(|found| found.person_key.clone()).collect();
        let expected = if number <= 40 { vec![person_key(number)] } else { vec![] };
        assert_eq!(people, expected, "{number}");
    }
    let alone = RowLookup::ByNumberAlone { insurer: insurer(), number: NumberKey::of("7") };
    let by_key = RowLookup::Person(person_key(7));
    let found = db.store.look_up_rows(&institution(1), vec![alone, by_key]).await.expect("reads");
    assert!(found.iter().all(|context| context.coverages.len() == 1));
}

async fn results_are_wiped_after_seven_days(db: Database) {
    let old = submit(&db.store, job(1, "old", &[b"a", b"b"])).await;
    let new = submit(&db.store, NewBulkJob { received_at: at(DAY_MS), ..job(1, "new", &[b"a"]) }).await;
    let job = claimed(&db.store, NOW).await.expect("a file");
    db.store.answer_bulk_chunk(answer(&job, 0, vec![BulkRowAct::Free], NOW)).await.expect("writes");
    assert_eq!(db.store.wipe_bulk_jobs(NOW, 5).await, Ok(1));
    assert_eq!(db.store.bulk_job(&institution(1), &old).await, Ok(None));
    assert_eq!(db.store.bulk_answers(&job, 0, 5).await, Ok(vec![]), "nothing is left of it");
    assert!(kept(&db.store, 1, &new).await.chunks.is_some());
    // A worker that still had it changes nothing any more.
    let late = db.store.answer_bulk_chunk(answer(&job, 1, vec![BulkRowAct::Free], at(5))).await;
    assert_eq!(late, Ok(ChunkRecorded::Known));
}
