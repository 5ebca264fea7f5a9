//! A file of ten thousand rows: how fast its rows are answered, and what counter checks feel of it meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use eligibility::bulk::{BulkKind, BulkState, ROWS_MAX};
use eligibility::calendar::format_n8;
use wire::bulk::BulkRow;
use wire::message::BulkUpload;
use wire::terminal_api::{
    BULK_RESULTS_PATH, BULK_UPLOADS_PATH, BulkResultAnswer, BulkResultRequest, BulkUploadAnswer,
    BulkUploadRequest,
};

use crate::Line;
use crate::checks::{CONNECTIONS, People, number_requests};
use crate::load::{self, Target, ask_once, post};
use crate::site::Site;

/// Counter checks a second, with the file and without: a fifth of what the machine can do.
const COUNTER_PER_SECOND: f64 = 1_000.0;
/// Counter checks of each run: some seconds, so that the file comes and goes within them.
const COUNTER_CHECKS: usize = 6_000;
/// A page of the result far behind its end: it says how the file stands and nothing else.
const BEHIND: u32 = 1_000_000;
/// Longest wait for the file.
const DONE_WITHIN: Duration = Duration::from_secs(60);

/// Measures: rows a second alone; the latency of counter checks without a file (the floor) and with one.
pub(crate) async fn measure(site: &Site, people: &People) -> Result<Line> {
    let (_server, target) = site.serve()?;
    load::run(&target, number_requests(people, "warm", 3_000)?, CONNECTIONS, None).await?;
    let alone = file(&target, upload(people, "alone")?).await?;
    let counter = |run| number_requests(people, run, COUNTER_CHECKS);
    let without = load::run(&target, counter("without")?, CONNECTIONS, Some(COUNTER_PER_SECOND)).await?;
    // Made beforehand: what the generator computes meanwhile is not the server's.
    let (requests, upload) = (counter("with")?, upload(people, "beside")?);
    let (with, beside) = tokio::join!(
        load::run(&target, requests, CONNECTIONS, Some(COUNTER_PER_SECOND)),
        file(&target, upload),
    );
    let (with, beside) = (with?, beside?);
    eprintln!(
        "10,000 rows: {:.2} s alone, {:.2} s beside {COUNTER_PER_SECOND} counter checks a second",
        alone.as_secs_f64(),
        beside.as_secs_f64()
    );
    Ok(Line {
        name: "bulk",
        per_second: Some(ROWS_MAX as f64 / alone.as_secs_f64()),
        ratio: Some(with.percentile(0.99) / without.percentile(0.99)),
        p50_ms: Some(with.percentile(0.50)),
        p99_ms: Some(with.percentile(0.99)),
        floor_p50_ms: Some(without.percentile(0.50)),
        floor_p99_ms: Some(without.percentile(0.99)),
        ..Line::default()
    })
}

/// A file of ten thousand rows, as a terminal hands it in.
fn upload(people: &People, run: &str) -> Result<Vec<u8>> {
    let request_id = format!("bulk-{run}-{}", std::process::id());
    let as_of = people.query(0).as_of;
    let rows = (0..ROWS_MAX).map(|index| row(people, index)).collect();
    let file = BulkUploadRequest::new(request_id, BulkUpload::Eligibility { as_of, rows }, None);
    Ok(post(BULK_UPLOADS_PATH, &serde_json::to_vec(&file)?))
}

/// Hands a file in and waits until every row has its answer.
async fn file(target: &Target, upload: Vec<u8>) -> Result<Duration> {
    let start = Instant::now();
    let received: BulkUploadAnswer = serde_json::from_slice(&ask_once(target, &upload).await?)?;
    let question = BulkResultRequest {
        kind: BulkKind::Eligibility,
        reception_number: received.reception_number,
        from: BEHIND,
    };
    let question = Arc::new(post(BULK_RESULTS_PATH, &serde_json::to_vec(&question)?));
    loop {
        let told: BulkResultAnswer = serde_json::from_slice(&ask_once(target, &question).await?)?;
        ensure!(told.state != BulkState::Failed, "the file failed");
        if told.is_done() {
            ensure!(told.errors == 0, "{} rows ended in an error", told.errors);
            return Ok(start.elapsed());
        }
        ensure!(start.elapsed() < DONE_WITHIN, "the file takes too long");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn row(people: &People, index: usize) -> BulkRow {
    let query = people.query(index);
    BulkRow {
        insurer_number: Some(query.insurer_number.to_string()),
        insured_symbol: query.insured_symbol,
        insured_number: Some(query.insured_number),
        branch_number: query.branch_number,
        birthdate: Some(format_n8(query.birthdate)),
        ..BulkRow::default()
    }
}
