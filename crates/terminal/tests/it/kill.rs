//! kill -9 under load, again and again: one answer per request, whole, and no name twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, atomic::AtomicBool, atomic::Ordering},
    time::Duration,
};

use terminal::{Terminal, config::WriteMode};
use tokio_util::sync::CancellationToken;
use wire::message::read_result;

use crate::{
    centre::{Centre, Shared},
    counter::{config_in, put, request, wait_until},
};

/// Where the child finds its folders; also what tells it that it is the child.
const CHILD_DIR: &str = "TERMINAL_TEST_CHILD_DIR";
/// How the child writes results.
const CHILD_IN_PLACE: &str = "TERMINAL_TEST_CHILD_IN_PLACE";
/// How often it is killed.
const KILLS: usize = 50;
/// How many of the kills must fall while questions are unanswered, in percent.
const UNDER_LOAD_PERCENT: usize = 80;

/// The terminal that is killed: this test binary again, started by the tests below.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child process of the kill tests, started by them"]
async fn child() {
    let dir = PathBuf::from(std::env::var_os(CHILD_DIR).expect("started by a kill test only"));
    let mut config = config_in(&dir);
    if std::env::var_os(CHILD_IN_PLACE).is_some() {
        config.drop.write_mode = WriteMode::InPlace;
    }
    config.drop.settle_ms = 2;
    let log = Some(dir.join("asked.log"));
    let centre = Centre { log, delay: Duration::from_millis(3), ..Centre::default() };
    let terminal = Terminal::start(&config, Shared(Arc::new(centre))).await.expect("starts");
    terminal.serve(CancellationToken::new()).await.expect("serves");
}

fn start_child(dir: &Path, in_place: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command.args(["--exact", "kill::child", "--ignored", "--nocapture"]).env(CHILD_DIR, dir);
    if in_place {
        command.env(CHILD_IN_PLACE, "1");
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts")
}

/// What the client saw of each result name.
type Seen = Arc<Mutex<BTreeMap<String, usize>>>;

/// A client as fast as it can be: takes every result the moment it sees it. In the rename mode a result it sees must
/// be whole at once; in the in-place mode it waits, as such clients do, until the file is.
fn take_results(
    res: PathBuf,
    stop: Arc<AtomicBool>,
    seen: Seen,
    whole_at_once: bool,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        while !stop.load(Ordering::SeqCst) {
            for entry in std::fs::read_dir(&res).expect("a folder").flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let bytes = std::fs::read(entry.path()).expect("only this client takes files");
                let result = read_result(&bytes);
                if !whole_at_once && result.is_err() {
                    continue;
                }
                let message = result.unwrap_or_else(|error| panic!("{name} is torn: {error}")).message;
                let number = name.trim_start_matches("OQSsiquc01res_").trim_end_matches(".xml");
                assert_eq!(message.header.arbitrary_file_identifier, Some(format!("K-{number}")));
                std::fs::remove_file(entry.path()).expect("only this client takes files");
                *seen.lock().expect("no panics").entry(name).or_default() += 1;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    })
}

async fn survive(in_place: bool) {
    let dir = tempfile::tempdir().expect("a folder");
    let root = config_in(dir.path()).drop.root;
    for folder in terminal::drop::FOLDERS {
        std::fs::create_dir_all(root.join(folder)).expect("creates");
    }
    let (stop, seen) = (Arc::new(AtomicBool::new(false)), Seen::default());
    let client = take_results(root.join("res"), Arc::clone(&stop), Arc::clone(&seen), !in_place);
    let (mut sent, mut under_load) = (0, 0);
    let mut dice = 0x9e37_79b9_u64;
    for round in 0..KILLS {
        let mut child = start_child(dir.path(), in_place);
        let before = seen.lock().expect("no panics").len();
        for _ in 0..40 {
            put(&root, &format!("OQSsiquc01req_{sent}.xml"), request(&sent.to_string()).as_bytes());
            sent += 1;
        }
        // Kill only once it works, at a different moment of its work each time.
        wait_until("the child to answer", || (seen.lock().expect("no panics").len() > before).then_some(()))
            .await;
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round as u64);
        tokio::time::sleep(Duration::from_micros(dice >> 32 & 0x7fff)).await;
        let unanswered = sent - seen.lock().expect("no panics").len();
        under_load += usize::from(unanswered > 0);
        child.kill().expect("kills");
        child.wait().expect("waits");
    }
    assert!(under_load * 100 >= KILLS * UNDER_LOAD_PERCENT, "{under_load} of {KILLS} kills under load");
    let mut child = start_child(dir.path(), in_place);
    wait_until("every answer", || (seen.lock().expect("no panics").len() == sent).then_some(())).await;
    wait_until("every request to be gone", || {
        crate::counter::names_in(&root.join("req")).is_empty().then_some(())
    })
    .await;
    // Whatever would come twice comes at a restart.
    child.kill().expect("kills");
    child.wait().expect("waits");
    let mut child = start_child(dir.path(), in_place);
    put(&root, "OQSsiquc01req_last.xml", request("last").as_bytes());
    wait_until("the last answer", || (seen.lock().expect("no panics").len() == sent + 1).then_some(())).await;
    // The answer is there a moment before its copy in staging goes.
    wait_until("staging to be empty", || {
        crate::counter::names_in(&root.join("staging")).is_empty().then_some(())
    })
    .await;
    child.kill().expect("kills");
    child.wait().expect("waits");
    stop.store(true, Ordering::SeqCst);
    client.join().expect("every result was whole");

    let seen = seen.lock().expect("no panics");
    let twice: Vec<_> = seen.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "answered twice: {twice:?}");
    let log = std::fs::read_to_string(dir.path().join("asked.log")).expect("a log");
    let asked: BTreeSet<_> = log.lines().collect();
    assert_eq!(
        asked.len(),
        sent + 1,
        "a question asked again after a kill is the same question, under the same id"
    );
    assert_eq!(crate::counter::names_in(&root.join("quarantine")), [""; 0]);
    assert_eq!(crate::counter::names_in(&root.join("staging")), [""; 0]);
    println!(
        "{KILLS} kills, {under_load} of them with questions unanswered; {sent} requests, {} questions heard by the centre",
        log.lines().count()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_per_request_across_kill_9() {
    survive(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_per_request_across_kill_9_in_place() {
    survive(true).await;
}
