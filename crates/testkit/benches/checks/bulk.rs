//! A file of ten thousand rows, one in a hundred of them wrong: how long from the receipt computer's 01req to its whole
//! 02res, and what counter checks feel of such a file meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use eligibility::bulk::{BulkKind, BulkState, ROWS_MAX};
use eligibility::calendar::format_n8;
use eligibility::codes::{CharacterCode, ResultSegment};
use wire::bulk::BulkRow;
use wire::message::{
    BulkUpload, Code, Layout, Sender, read_bulk_answer, read_bulk_receipt, write_bulk_download,
    write_bulk_upload,
};
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
/// Of so many rows one is wrong: its birthday is no day.
const WRONG_EACH: usize = 100;
/// How long the receipt computer waits before it asks again, and between two looks at its folder.
const ASKS_EACH: Duration = Duration::from_millis(50);
const LOOKS_EACH: Duration = Duration::from_millis(5);
/// A page of the result far behind its end: it says how the file stands and nothing else.
const BEHIND: u32 = 1_000_000;
/// Longest wait for the file.
const DONE_WITHIN: Duration = Duration::from_secs(60);

/// Measures: rows a second through the drop folder, alone; the latency of counter checks without a file (the floor) and
/// with one, which comes from another machine's terminal, as a terminal here would take the counter's processor.
pub(crate) async fn measure(site: &Site, people: &People) -> Result<Line> {
    let (_server, target) = site.serve()?;
    load::run(&target, number_requests(people, "warm", 3_000)?, CONNECTIONS, None).await?;
    let alone = through_the_folder(site, people).await?;
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
        "10,000 rows: {:.2} s from 01req to the whole 02res; {:.2} s at the centre beside {COUNTER_PER_SECOND} counter \
         checks a second",
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

/// The rows.
fn rows(people: &People) -> BulkUpload {
    let rows = (0..ROWS_MAX).map(|index| row(people, index)).collect();
    BulkUpload::Eligibility { as_of: people.query(0).as_of, rows }
}

/// A receipt computer hands the file in, and asks for the result until it has it.
async fn through_the_folder(site: &Site, people: &People) -> Result<Duration> {
    let _terminal = site.run_terminal()?;
    let run = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
    let folder = Folder { root: site.path("terminal/OQS") };
    let sender = Sender { institution_code: people.institution.clone(), file_identifier: None };
    let (encoding, layout) = (CharacterCode::ShiftJis, Layout::Indented);
    let question = |number: &str| write_bulk_download(&sender, number, encoding, layout).bytes;
    let file = write_bulk_upload(&sender, &rows(people), encoding, layout).bytes;
    // The terminal is still starting: a question that is answered says that it is there.
    folder.ask("02", &format!("{run}warm"), &question("00000000000000000000")).await?;

    let start = Instant::now();
    let receipt = folder.ask("01", &run.to_string(), &file).await?;
    let (_, receipt) = read_bulk_receipt(&receipt)?;
    let number = receipt.body.reception_number.context("the file was refused")?;
    for turn in 0.. {
        let text = folder.ask("02", &format!("{run}t{turn}"), &question(&number)).await?;
        let took = start.elapsed();
        let header = read_bulk_answer(&text)?.answer.header;
        match header.segment_of_result {
            Code::Known(ResultSegment::Done) => {
                let counted = (header.number_of_processing_result, header.number_of_error);
                let expected = (u32::try_from(ROWS_MAX)?, u32::try_from(ROWS_MAX / WRONG_EACH)?);
                ensure!(counted == (Some(expected.0), Some(expected.1)), "{counted:?}, not {expected:?}");
                return Ok(took);
            }
            Code::Known(ResultSegment::Failed) => bail!("the file failed: {:?}", header.error_code),
            _ => ensure!(took < DONE_WITHIN, "the file takes too long"),
        }
        tokio::time::sleep(ASKS_EACH).await;
    }
    bail!("never done")
}

/// The drop folder.
struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Puts a request down and takes its answer.
    async fn ask(&self, step: &str, name: &str, request: &[u8]) -> Result<Vec<u8>> {
        let asked = self.root.join("req").join(format!("OQSmuquc{step}req_{name}.xml"));
        let answered = self.root.join("res").join(format!("OQSmuquc{step}res_{name}.xml"));
        let staged = asked.with_extension("tmp");
        std::fs::write(&staged, request)?;
        std::fs::rename(&staged, &asked)?;
        let start = Instant::now();
        while !Path::exists(&answered) {
            ensure!(start.elapsed() < DONE_WITHIN, "no answer to {}", asked.display());
            tokio::time::sleep(LOOKS_EACH).await;
        }
        let answer = std::fs::read(&answered)?;
        std::fs::remove_file(&answered)?;
        Ok(answer)
    }
}

/// The same file, as a terminal hands it in.
fn upload(people: &People, run: &str) -> Result<Vec<u8>> {
    let request_id = format!("bulk-{run}-{}", std::process::id());
    let file = BulkUploadRequest::new(request_id, rows(people), None);
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
            let wrong = u32::try_from(ROWS_MAX / WRONG_EACH)?;
            ensure!(told.errors == wrong, "{} rows ended in an error, not {wrong}", told.errors);
            return Ok(start.elapsed());
        }
        ensure!(start.elapsed() < DONE_WITHIN, "the file takes too long");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn row(people: &People, index: usize) -> BulkRow {
    let query = people.query(index);
    let birthdate = match index % WRONG_EACH {
        0 => "20260230".to_owned(),
        _ => format_n8(query.birthdate),
    };
    BulkRow {
        insurer_number: Some(query.insurer_number.to_string()),
        insured_symbol: query.insured_symbol,
        insured_number: Some(query.insured_number),
        branch_number: query.branch_number,
        birthdate: Some(birthdate),
        ..BulkRow::default()
    }
}
