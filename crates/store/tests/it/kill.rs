//! A writing process is killed again and again: nothing that it acknowledged is lost, nothing has two effects,
//! and the chains stay whole.

use std::{
    collections::HashSet,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use store::{Error, Options, Recorded, Store};

use crate::{databases::Kind, people::*, writer::audit_is_whole};

/// How often the process is killed on each database.
const KILLS: u32 = 20;
/// Requests under way at once in the child.
const WORKERS: u32 = 16;
/// The child is told its part through these.
const URL: &str = "SHIKAKU_STORE_KILL_URL";
const ROUND: &str = "SHIKAKU_STORE_KILL_ROUND";

/// The child's part: writes without end and prints the id of what was acknowledged. Run as a test it does
/// nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(url) = std::env::var(URL) else { return };
    let round = std::env::var(ROUND).expect("a round");
    let store = Store::open(&url, Options::default()).await.expect("opens");
    let mut workers = Vec::new();
    for worker in 0..WORKERS {
        let (store, round) = (store.clone(), round.clone());
        workers.push(tokio::spawn(async move {
            for number in 0_u32.. {
                let id = format!("{round}-{worker}-{number}");
                match store.record_verification(verification(worker % 3, &id)).await {
                    Ok(Recorded::Fresh) => println!("ack {worker} {id} end"),
                    other => panic!("{other:?}"),
                }
            }
        }));
    }
    for worker in workers {
        worker.await.expect("writes until it is killed");
    }
}

/// Starts the child, kills it after a while, returns what it acknowledged.
fn one_life(url: &str, round: u32) -> Vec<(u32, String)> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["kill::child", "--exact", "--nocapture"])
        .env(URL, url)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut acknowledged = Vec::new();
    let mut note = |line: String| {
        // A line that the kill cut has no end.
        if let Some(said) = line.split_once("ack ").and_then(|(_, said)| said.strip_suffix(" end"))
            && let Some((worker, id)) = said.split_once(' ')
        {
            acknowledged.push((worker.parse().expect("a number"), id.to_owned()));
        }
    };
    // The first acknowledgement: it is writing now. Then it lives a little, each time longer.
    for line in lines.by_ref().map_while(Result::ok).take(20) {
        note(line);
    }
    std::thread::sleep(Duration::from_millis(u64::from(round) * 3));
    child.kill().expect("SIGKILL");
    child.wait().expect("ends");
    lines.map_while(Result::ok).for_each(note);
    acknowledged
}

async fn survives(kind: Kind) {
    let db = kind.open().await;
    let mut acknowledged = HashSet::new();
    for round in 1..=KILLS {
        let url = db.url.clone();
        let life = tokio::task::spawn_blocking(move || one_life(&url, round)).await.expect("runs");
        assert!(!life.is_empty(), "life {round} acknowledged nothing");
        acknowledged.extend(life);
    }
    for (worker, id) in &acknowledged {
        let again = db.store.record_verification(verification(worker % 3, id)).await.expect("answers");
        assert_eq!(
            again,
            Recorded::Repeated { answer: format!("answer to {id}").into_bytes() },
            "{id} was lost"
        );
    }
    // As many entries as verifications: what was written without its acknowledgement arriving counts too.
    let verifications = db.store.prune_verifications(at(1), u32::MAX).await.expect("counts");
    assert!(verifications >= acknowledged.len() as u64);
    audit_is_whole(&db.store, verifications).await;
    println!("{KILLS} kills, {} acknowledged, {verifications} written, 0 lost", acknowledged.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    survives(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_postgres() {
    survives(Kind::Postgres).await;
}

/// The child's part when writing fails at some point: then it must stop writing for good.
#[tokio::test]
async fn child_whose_disk_fails() {
    let Ok(url) = std::env::var(LIMITED_URL) else { return };
    let store = Store::open(&url, Options::default()).await.expect("opens");
    for number in 0_u32.. {
        let id = format!("{number}");
        match store.record_verification(verification(number % 3, &id)).await {
            Ok(recorded) => {
                assert_eq!(recorded, Recorded::Fresh);
                println!("ack {} {id} end", number % 3);
            }
            Err(error) => {
                assert!(matches!(error, Error::StorageFailed(_)), "{error:?}");
                break;
            }
        }
    }
    let after = store.record_verification(verification(1, "after")).await;
    assert!(matches!(after, Err(Error::StorageFailed(_))), "{after:?}");
    assert!(store.counters().storage_failed);
    println!("stopped end");
}

const LIMITED_URL: &str = "SHIKAKU_STORE_LIMITED_URL";

#[tokio::test]
async fn a_failed_durable_write_stops_writing_and_loses_nothing() {
    let db = Kind::Sqlite.open().await;
    // Files of the child cannot grow by more than 1 MiB: writes fail in the middle of a commit.
    let file = std::path::Path::new(db.url.strip_prefix("sqlite:").expect("a file"));
    let beside = std::fs::read_dir(file.parent().expect("a folder")).expect("its files");
    let longest = beside.map(|one| one.expect("a file").metadata().expect("its length").len()).max();
    let blocks = longest.expect("the database") / 512 + 2048;
    let output = Command::new("sh")
        .args([
            "-c",
            &format!(
                "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" kill::child_whose_disk_fails --exact --nocapture"
            ),
        ])
        .arg(std::env::current_exe().expect("this program"))
        .env(LIMITED_URL, &db.url)
        .output()
        .expect("sh");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("stopped end"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let ids: Vec<u32> = said
        .lines()
        .filter_map(|line| line.split_once("ack ")?.1.strip_suffix(" end")?.split_once(' ')?.1.parse().ok())
        .collect();
    assert!(ids.len() > 10, "{said}");
    for id in &ids {
        let again =
            db.store.record_verification(verification(id % 3, &format!("{id}"))).await.expect("answers");
        assert!(matches!(again, Recorded::Repeated { .. }), "{id} was lost");
    }
    let verifications = db.store.prune_verifications(at(1), u32::MAX).await.expect("counts");
    audit_is_whole(&db.store, verifications).await;
}
