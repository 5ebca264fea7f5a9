//! A process that works on files is killed again and again: the next one goes on, and nothing is done twice.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::Arc,
};

use eligibility::{Instant, bulk::BulkKind, bulk::BulkState, reference_number::ReferenceNumber};
use store::{
    BulkRowAct, BulkRowFate, BulkSubmitted, ChunkAnswer, ChunkRecorded, NewBulkJob, NewChunkAnswer, Options,
    Store, audit::AuditEvent,
};

use crate::{databases::Kind, people::*, writer::audit_is_whole};

/// The child is told its part through these.
const URL: &str = "SHIKAKU_BULK_KILL_URL";
const ROUND: &str = "SHIKAKU_BULK_KILL_ROUND";
/// Chunks of the file.
const CHUNKS: u32 = 60;
/// Lives that may pass before it must be done.
const LIVES: u32 = 40;
/// How long a claim holds, milliseconds of the children's clock: a life is a second there.
const CLAIM_MS: i64 = 500;

fn audit(outcome: String) -> AuditEvent {
    AuditEvent {
        actor: "terminal:受付1".to_owned(),
        action: "bulk.chunk".to_owned(),
        object: "bulk:1".to_owned(),
        outcome,
        detail: String::new(),
    }
}

/// The child's part. Run as a test it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(url) = std::env::var(URL) else { return };
    let round: i64 = std::env::var(ROUND).expect("a round").parse().expect("a number");
    let store = Store::open(&url, Options::default()).await.expect("opens");
    let now = at(round * 1_000);
    let until = Instant(now.0 + CLAIM_MS);
    let Some(claimed) = store.claim_bulk_job(now, until).await.expect("claims") else {
        println!("idle end");
        return;
    };
    while let Some(chunk) = store.next_bulk_chunk(&claimed.job, 0).await.expect("reads") {
        let position = chunk.position;
        let number = ReferenceNumber::parse(&format!("K-{position}")).expect("a number");
        let answer = NewChunkAnswer {
            institution_code: claimed.job.institution_code.clone(),
            reception_number: claimed.job.reception_number.clone(),
            position,
            acts: vec![BulkRowAct::Register { person: Some(person_key(position)), number }],
            make: Arc::new(move |fates: &[BulkRowFate]| ChunkAnswer {
                answer: format!("{position}:{fates:?}").into_bytes(),
                normal: 1,
                errors: 0,
                audit: audit(format!("chunk {position}")),
            }),
            claimed_until: until,
            now,
        };
        let recorded = store.answer_bulk_chunk(answer).await.expect("writes");
        assert!(matches!(recorded, ChunkRecorded::Recorded { .. }), "nobody else has it: {recorded:?}");
        println!("ack {position} end");
    }
    store.finish_bulk_job(&claimed.job, BulkState::Done, now).await.expect("writes");
}

/// Starts the child and kills it after a few acknowledgements; what it acknowledged, or `None` when all was done.
fn one_life(url: &str, round: u32) -> Option<Vec<u32>> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["bulk_kill::child", "--exact", "--nocapture"])
        .env(URL, url)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let (mut acknowledged, mut idle) = (Vec::new(), false);
    let mut note = |line: String| {
        idle |= line.contains("idle end");
        if let Some(said) = line.split_once("ack ").and_then(|(_, said)| said.strip_suffix(" end")) {
            acknowledged.push(said.parse().expect("a number"));
        }
    };
    for line in lines.by_ref().take(4 + round as usize % 3) {
        note(line);
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("ends");
    lines.for_each(note);
    (!idle).then_some(acknowledged)
}

async fn goes_on(kind: Kind) {
    let db = kind.open().await;
    let job = NewBulkJob {
        institution_code: institution(1),
        request_id: "r-1".to_owned(),
        question_digest: [7; 32],
        kind: BulkKind::ReferenceNumbers,
        terms: "{}".to_owned(),
        actor: "terminal:受付1".to_owned(),
        rows: CHUNKS,
        chunks: Some((0..CHUNKS).map(|position| position.to_string().into_bytes()).collect()),
        received_at: NOW,
    };
    let submitted = db.store.submit_bulk(job).await.expect("writes");
    let BulkSubmitted::Received { reception_number, .. } = submitted else { panic!("{submitted:?}") };
    let mut acknowledged = Vec::new();
    let mut lives = 0;
    for round in 1..=LIVES {
        let url = db.url.clone();
        let life = tokio::task::spawn_blocking(move || one_life(&url, round)).await.expect("runs");
        let Some(life) = life else { break };
        lives = round;
        acknowledged.extend(life);
    }
    assert!(lives > 5, "it was killed {lives} times only");
    let job = db.store.bulk_job(&institution(1), &reception_number).await.expect("reads").expect("is there");
    assert_eq!((job.state, job.normal, job.errors), (BulkState::Done, CHUNKS, 0), "counted once each");
    let answers = db.store.bulk_answers(&job, 0, CHUNKS + 1).await.expect("reads");
    let expected: Vec<_> =
        (0..CHUNKS).map(|position| format!("{position}:[Registration(Registered)]").into_bytes()).collect();
    assert_eq!(answers, expected);
    let before = acknowledged.len();
    acknowledged.sort_unstable();
    acknowledged.dedup();
    assert_eq!(acknowledged.len(), before, "no chunk was acknowledged twice");
    // One entry for the handing in, one for each chunk, one for the end.
    audit_is_whole(&db.store, u64::from(CHUNKS) + 2).await;
    println!("{lives} lives, {CHUNKS} chunks, 0 twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_done_file_goes_on_on_sqlite() {
    goes_on(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_done_file_goes_on_on_postgres() {
    goes_on(Kind::Postgres).await;
}
