//! The worker: one file after another, one chunk after another, never two at once.
//!
//! While the counter asks, it rests between chunks for as long as the chunk took, a few milliseconds at most, so that what
//! is asked finds store and processor free: half of the time is the counter's, and the busier it is, the longer the rests
//! are. When nobody asked during a chunk, the next one follows at once. A file that was in hand when the process ended is
//! taken up again where its last answered chunk was, as soon as its claim is over.

use std::sync::Arc;
use std::time::Duration;

use eligibility::Instant;
use eligibility::bulk::{BulkKind, BulkState, RESULTS_KEPT_MS};
use eligibility::calendar::last_of_month;
use eligibility::person::PersonKey;
use store::{BulkChunk, BulkJob, ChunkRecorded, ClaimedBulkJob, NewChunkAnswer};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::CHUNK_ROWS;
use super::desk::Terms;
use super::packed::{pack, unpack};
use super::rows::{self, Worked};
use crate::ops::background::ANSWERS_KEPT_MS;
use crate::terminal_api::Api;

/// Chunks of one file that are answered before another institution's has its turn.
const CHUNKS_OF_A_TURN: u32 = 10;
/// How often it looks for files that nobody told it of: those of another process, or of an earlier life.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How long a file stays in the hand of a worker that says nothing, milliseconds.
const CLAIM_MS: i64 = 10_000;
/// Longest rest after one chunk during which somebody at a counter asked.
const REST_MAX: Duration = Duration::from_millis(8);
/// How often results that were kept long enough are wiped.
const WIPE_INTERVAL: Duration = Duration::from_secs(60);
/// Files wiped at once.
const WIPE_STEP: u32 = 20;
/// Registrations forgotten at once.
const FORGET_STEP: u32 = 2_000;

/// Why work on a file stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// The store: later, perhaps.
    Store(store::Error),
    /// The file itself: never.
    Broken(&'static str),
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Starts the worker and the wiping; both end when `stop` is cancelled.
pub(crate) fn start(api: &Arc<Api>, tasks: &TaskTracker, stop: &CancellationToken) {
    let (worker, token) = (Arc::clone(api), stop.clone());
    tasks.spawn(async move {
        while !token.is_cancelled() {
            let more = tokio::select! {
                () = token.cancelled() => return,
                worked = work_on_one(&worker, &token) => worked,
            };
            if !more {
                tokio::select! {
                    () = token.cancelled() => return,
                    () = worker.bulk.came.notified() => {}
                    () = tokio::time::sleep(LOOK_INTERVAL) => {}
                }
            }
        }
    });
    let (api, token) = (Arc::clone(api), stop.clone());
    tasks.spawn(async move {
        loop {
            if let Err(error) = wipe(&api).await {
                tracing::warn!(%error, "results of files could not be wiped");
            }
            tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(WIPE_INTERVAL) => {}
            }
        }
    });
}

async fn wipe(api: &Api) -> store::Result<()> {
    let now = api.clock.now();
    let before = Instant(now.0.saturating_sub(RESULTS_KEPT_MS));
    while api.store.wipe_bulk_jobs(before, WIPE_STEP).await? == WIPE_STEP as usize {}
    let before = Instant(now.0.saturating_sub(ANSWERS_KEPT_MS));
    api.store.forget_registration_requests(before, FORGET_STEP).await
}

fn claimed_until(now: Instant) -> Instant {
    Instant(now.0.saturating_add(CLAIM_MS))
}

/// Works on the next file; whether there may be another.
async fn work_on_one(api: &Api, stop: &CancellationToken) -> bool {
    let now = api.clock.now();
    let claimed = match api.store.claim_bulk_job(now, claimed_until(now)).await {
        Ok(Some(claimed)) => claimed,
        Ok(None) => return false,
        Err(error) => {
            tracing::warn!(%error, "files with many rows could not be looked for");
            return false;
        }
    };
    match work(api, claimed.clone(), stop).await {
        Ok(()) => true,
        Err(Stop::Store(error)) => {
            tracing::warn!(%error, "work on a file stopped; it goes on when its claim is over");
            false
        }
        Err(Stop::Broken(what)) => {
            tracing::error!(what, "a file cannot be worked on and is given up");
            let given_up = api.store.finish_bulk_job(&claimed.job, BulkState::Failed, api.clock.now()).await;
            given_up.is_ok()
        }
    }
}

async fn work(api: &Api, mut claimed: ClaimedBulkJob, stop: &CancellationToken) -> Result<(), Stop> {
    let job = claimed.job.clone();
    if job.chunks.is_none() {
        find_people(api, &job).await?;
    }
    let mut from = 0;
    let mut answered = 0;
    while let Some(chunk) = api.store.next_bulk_chunk(&job, from).await? {
        if stop.is_cancelled() {
            return Ok(());
        }
        if answered == CHUNKS_OF_A_TURN {
            // Another institution's file may wait: whoever was worked for the longest ago comes first.
            return Ok(api.store.release_bulk_job(&claimed, api.clock.now()).await?);
        }
        answered += 1;
        let (began, asked) = (tokio::time::Instant::now(), api.bulk.asked_at_counter());
        from = chunk.position + 1;
        claimed.until = answer(api, &job, chunk).await?;
        if api.bulk.asked_at_counter() == asked {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(began.elapsed().min(REST_MAX)).await;
        }
    }
    api.store.finish_bulk_job(&job, BulkState::Done, api.clock.now()).await?;
    tracing::info!(kind = job.kind.name(), rows = job.rows, "a file with many rows is done");
    Ok(())
}

/// Who is asked for, where the file itself names nobody.
async fn find_people(api: &Api, job: &BulkJob) -> Result<(), Stop> {
    let month = Terms::of(job).day.ok_or(Stop::Broken("no month"))?;
    let people = api.store.persons_with_tickets(&job.institution_code, month, last_of_month(month)).await?;
    let keys: Vec<String> = people.into_iter().map(|PersonKey(key)| key).collect();
    let rows = u32::try_from(keys.len()).unwrap_or(u32::MAX);
    let chunks = keys.chunks(CHUNK_ROWS).map(|keys| pack(&keys).ok_or(Stop::Broken("packing")));
    api.store.set_bulk_chunks(job, rows, chunks.collect::<Result<_, _>>()?).await?;
    Ok(())
}

/// Gives until when the file stays in this hand.
async fn answer(api: &Api, job: &BulkJob, chunk: BulkChunk) -> Result<Instant, Stop> {
    let now = api.clock.now();
    let until = claimed_until(now);
    let unreadable = Stop::Broken("a chunk that cannot be read");
    let day = Terms::of(job).day;
    let Worked { acts, make } = match (job.kind, day) {
        (BulkKind::Eligibility, Some(as_of)) => {
            let rows = unpack(&chunk.question).ok_or(unreadable)?;
            rows::eligibility(api, job, rows, (chunk.position, as_of, now)).await?
        }
        (BulkKind::ReferenceNumbers, _) => {
            let rows = unpack(&chunk.question).ok_or(unreadable)?;
            rows::registrations(api, job, rows, chunk.position).await?
        }
        (BulkKind::EntrustedEligibility, Some(month)) => {
            let people = unpack(&chunk.question).ok_or(unreadable)?;
            rows::entrusted(api, job, people, (chunk.position, month, now)).await?
        }
        _ => return Err(Stop::Broken("no day")),
    };
    let new = NewChunkAnswer {
        institution_code: job.institution_code.clone(),
        reception_number: job.reception_number.clone(),
        position: chunk.position,
        acts,
        make,
        claimed_until: until,
        now,
    };
    if let ChunkRecorded::Recorded { slowed, held_back } = api.store.answer_bulk_chunk(new).await? {
        if let Some(slowed) = slowed {
            api.guessing.slowed(&job.institution_code, slowed, now);
        }
        if held_back > 0 {
            api.guessing.held_back(&job.institution_code, now);
        }
    }
    Ok(until)
}
