//! The file drop: from the receipt computer's rename into `req` to the answer in `res`.
//!
//! The floor is the least two processes can do through a folder: write, make durable, rename, notice, answer
//! the same way, notice.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use notify::{RecursiveMode, Watcher as _};

use eligibility::codes::CharacterCode;
use wire::message::{EligibilityRequest, Layout, write_request};

use crate::Line;
use crate::checks::People;
use crate::load::Measured;
use crate::site::Site;

/// Round trips measured.
const TRIPS: usize = 300;
/// Longest wait for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Files of other programs in each folder.
const OTHERS: usize = 100_000;

/// Measures the real terminal against the real server, one file after the other as a reception desk does: in folders of
/// its own, and among a hundred thousand files of other programs.
pub(crate) fn measure(site: &Site, people: &People) -> Result<Vec<Line>> {
    let floor = floor(&site.path("floor-drop"))?;
    let (server, _) = site.serve()?;
    let terminal = site.run_terminal()?;
    let root = site.path("terminal/OQS");
    std::fs::create_dir_all(root.join("res"))?;
    let series = |trips| series(people, &root, trips);
    // The first ones find a terminal that is still starting.
    series(5)?;
    let measured = series(TRIPS)?;
    let folders = ["req", "res"].map(|folder| root.join(folder));
    folders.iter().try_for_each(|folder| others(folder, |path| std::fs::write(path, [])))?;
    let among = series(TRIPS)?;
    folders.iter().try_for_each(|folder| others(folder, |path| std::fs::remove_file(path)))?;
    let after = series(TRIPS)?;
    drop(server);
    // A machine whose speed drifts drifts before and after.
    let mean = |share| (measured.percentile(share) + after.percentile(share)) / 2.0;
    let among = Line {
        name: "file_drop_among_100000",
        per_second: Some(among.per_second()),
        ratio: Some(mean(0.5) / among.percentile(0.5)),
        p50_ms: Some(among.percentile(0.5)),
        p99_ms: Some(among.percentile(0.99)),
        floor_p50_ms: Some(mean(0.5)),
        floor_p99_ms: Some(mean(0.99)),
        ..Line::default()
    };
    let alone = Line {
        name: "file_drop",
        per_second: Some(measured.per_second()),
        floor_per_second: Some(floor.per_second()),
        ratio: Some(floor.percentile(0.5) / measured.percentile(0.5)),
        p50_ms: Some(measured.percentile(0.5)),
        p99_ms: Some(measured.percentile(0.99)),
        floor_p50_ms: Some(floor.percentile(0.5)),
        rss_mib: Some(terminal.rss_anon_mib()?),
        ..Line::default()
    };
    Ok(vec![alone, among])
}

/// So many round trips through these folders.
fn series(people: &People, root: &Path, trips: usize) -> Result<Measured> {
    let desk = Desk::new(&root.join("res"))?;
    let run = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
    let trip = |trip: usize| {
        let name = format!("{run}{trip:04}");
        let asked = root.join("req").join(format!("OQSsiquc01req_{name}.xml"));
        let answered = root.join("res").join(format!("OQSsiquc01res_{name}.xml"));
        desk.round_trip(&question(people, &name, trip), &asked, &answered)
    };
    Ok(summed((0..trips).map(trip).collect::<Result<_>>()?))
}

/// Every name of other programs: of another system, or like ours and nobody's to answer.
fn others(folder: &Path, each: impl Fn(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    (0..OTHERS).try_for_each(|n| {
        let name = match n % 4 {
            0 => format!("EPSsipre01res_left{n:06}.xml"),
            1 => format!("OQSsiquc01res_left{n:06}.xml"),
            2 => format!("OQSsiquc01req_left{n:06}.xml.tmp"),
            _ => format!("OQSsiquc01req_left{n:06}.xml~"),
        };
        each(&folder.join(name))
    })
}

fn summed(mut trips: Vec<Duration>) -> Measured {
    trips.sort();
    let elapsed = trips.iter().sum();
    let latencies_ms = trips.iter().map(|trip| trip.as_secs_f64() * 1000.0).collect();
    Measured { answered: trips.len(), elapsed, latencies_ms }
}

/// The file a receipt computer writes.
fn question(people: &People, name: &str, index: usize) -> Vec<u8> {
    let request = EligibilityRequest {
        institution_code: people.institution.clone(),
        file_identifier: Some(name.to_owned()),
        query: people.query(index),
        person_identifier: None,
    };
    write_request(&request, CharacterCode::ShiftJis, Layout::Indented).bytes
}

/// The receipt computer's side: it watches the folder of answers.
struct Desk {
    created: mpsc::Receiver<PathBuf>,
    _watcher: notify::RecommendedWatcher,
}

impl Desk {
    fn new(answers: &Path) -> Result<Self> {
        let (sender, created) = mpsc::channel();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            for path in event.into_iter().flat_map(|event| event.paths) {
                let _ = sender.send(path);
            }
        })?;
        watcher.watch(answers, RecursiveMode::NonRecursive)?;
        Ok(Self { created, _watcher: watcher })
    }

    fn round_trip(&self, question: &[u8], asked: &Path, answered: &Path) -> Result<Duration> {
        let start = Instant::now();
        put(asked, question)?;
        while !answered.exists() {
            let left = ANSWER_WITHIN.checked_sub(start.elapsed()).context("no answer in time")?;
            let _ = self.created.recv_timeout(left.min(Duration::from_millis(100)));
        }
        let trip = start.elapsed();
        let answer = std::fs::read(answered)?;
        ensure!(answer.trim_ascii_end().ends_with(b"</XmlMsg>"), "an answer that is not whole");
        std::fs::remove_file(answered)?;
        Ok(trip)
    }
}

/// Writes, makes durable, renames.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let staged = path.with_extension("tmp");
    let mut file = std::fs::File::create(&staged)?;
    std::io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    Ok(std::fs::rename(staged, path)?)
}

fn floor(folder: &Path) -> Result<Measured> {
    let _ = std::fs::remove_dir_all(folder);
    let (asked, answered) = (folder.join("req"), folder.join("res"));
    std::fs::create_dir_all(&asked)?;
    std::fs::create_dir_all(&answered)?;
    let partner = Desk::new(&asked)?;
    let answers = answered.clone();
    std::thread::spawn(move || {
        for path in &partner.created {
            let is_question = path.extension().is_some_and(|extension| extension == "xml");
            if let (true, Ok(text), Some(name)) = (is_question, std::fs::read(&path), path.file_name()) {
                let _ = std::fs::remove_file(&path);
                let _ = put(&answers.join(name), &text);
            }
        }
    });
    let desk = Desk::new(&answered)?;
    let mut trips = Vec::with_capacity(TRIPS);
    for trip in 0..TRIPS {
        let name = format!("{trip:04}.xml");
        trips.push(desk.round_trip(b"<XmlMsg></XmlMsg>", &asked.join(&name), &answered.join(&name))?);
    }
    Ok(summed(trips))
}
