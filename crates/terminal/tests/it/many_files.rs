//! A folder nobody ever cleans up.

use std::time::{Duration, Instant};

use crate::{
    centre::Centre,
    counter::{Counter, request, wait_until},
};

const FOREIGN: u64 = 100_000;
const ROUNDS: u64 = 30;
/// Looks at files that one request costs at most, from its first sight to its removal.
const LOOKS_EACH: u64 = 12;
/// Longer than the test takes: nothing is found by reading the folder.
const NEVER_MS: u64 = 600_000;
const POLL_MS: u64 = 300;

/// What the terminal asked of its folders, counted by itself: unlike time it is the same on a busy machine.
#[derive(Debug)]
struct Work {
    names: u64,
    looks: u64,
    took: Duration,
}

/// What so many requests cost, one after the other.
async fn work_of(counter: &Counter, series: &str) -> Work {
    let (before, began) = (counter.status().report(), Instant::now());
    for round in 0..ROUNDS {
        let name = format!("{series}-{round}.xml");
        counter.put(&format!("OQSsiquc01req_{name}"), request("1"));
        counter.wait("res", &format!("OQSsiquc01res_{name}")).await;
        counter.wait_gone("req", &format!("OQSsiquc01req_{name}")).await;
    }
    let after = counter.status().report();
    let work = Work {
        names: after.names_read - before.names_read,
        looks: after.files_looked_at - before.files_looked_at,
        took: began.elapsed(),
    };
    println!("{series}: {ROUNDS} requests, {work:?}");
    assert_eq!(after.answered - before.answered, ROUNDS);
    assert!((ROUNDS..=ROUNDS * LOOKS_EACH).contains(&work.looks), "{series}: {work:?}");
    work
}

async fn restart(counter: &mut Counter, events: bool, poll_ms: u64) {
    counter.stop().await;
    (counter.config.drop.events, counter.config.drop.poll_interval_ms) = (events, poll_ms);
    counter.start().await;
}

/// The first reading, when the terminal starts.
async fn wait_for_the_first_reading(counter: &Counter) {
    wait_until("the first reading", || (counter.status().report().names_read >= FOREIGN).then_some(())).await;
}

/// Names of other systems, and such as look like ours and are nobody's to answer: results in the wrong folder, files
/// that somebody never finished.
fn foreign(n: u64) -> String {
    match n % 4 {
        0 => format!("EPSsipre01res_left{n:06}.xml"),
        1 => format!("OQSsiquc01res_left{n:06}.xml"),
        2 => format!("OQSsiquc01req_left{n:06}.xml.tmp"),
        _ => format!("OQSsiquc01req_left{n:06}.xml~"),
    }
}

fn fill(counter: &Counter) {
    for folder in ["req", "res"] {
        let path = counter.folder(folder);
        for n in 0..FOREIGN {
            // One inode for all would do, but a real folder has as many files as names.
            std::fs::File::create(path.join(foreign(n))).expect("creates");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_foreign_files_are_nobodys_business() {
    let mut counter = Counter::open().await;
    work_of(&counter, "empty").await;
    counter.stop().await;
    fill(&counter);

    // Told by events, a request costs the same looks as in an empty folder, and no name of another file is read.
    counter.config.drop.poll_interval_ms = NEVER_MS;
    counter.start().await;
    wait_for_the_first_reading(&counter).await;
    let told = work_of(&counter, "told-by-events").await;
    assert_eq!(told.names, 0, "{told:?}");

    // Polled, the names are read once an interval, whatever the number of requests; `res` is never gone through.
    restart(&mut counter, false, POLL_MS).await;
    wait_for_the_first_reading(&counter).await;
    let polled = work_of(&counter, "polled").await;
    let intervals = u64::try_from(polled.took.as_millis()).expect("small") / POLL_MS + 2;
    assert!(polled.names <= intervals * (FOREIGN + ROUNDS), "{intervals} intervals, {polled:?}");
    assert!(polled.names >= FOREIGN, "nothing else finds a request there: {polled:?}");

    assert_eq!(counter.names("req").iter().filter(|name| name.contains("_left")).count() as u64, FOREIGN);
    assert_eq!(counter.names("quarantine"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_of_thousands_is_answered_whole() {
    /// More than one scan brings.
    const BACKLOG: usize = 4_500;
    let mut counter = Counter::open_with(|_| {}, Centre::default()).await;
    counter.stop().await;
    for n in 0..BACKLOG {
        std::fs::write(counter.folder("req").join(format!("OQSsiquc01req_{n}.xml")), request(&n.to_string()))
            .expect("writes");
    }
    counter.start().await;
    let res = counter.folder("res");
    for n in 0..BACKLOG {
        let path = res.join(format!("OQSsiquc01res_{n}.xml"));
        wait_until("the backlog", || path.exists().then_some(())).await;
    }
    assert_eq!(counter.centre.asked.lock().expect("no panics").len(), BACKLOG);
}
