//! A folder nobody ever cleans up.

use std::time::{Duration, Instant};

use crate::{
    centre::Centre,
    counter::{Counter, request},
};

const FOREIGN: usize = 100_000;
const ROUNDS: usize = 30;

async fn median_round_trip(counter: &Counter, series: &str) -> Duration {
    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let since = Instant::now();
        counter.put(&format!("OQSsiquc01req_{series}-{round}.xml"), request("1"));
        counter.wait("res", &format!("OQSsiquc01res_{series}-{round}.xml")).await;
        times.push(since.elapsed());
    }
    times.sort();
    times[ROUNDS / 2]
}

fn fill(counter: &Counter) {
    for folder in ["req", "res"] {
        let path = counter.folder(folder);
        for n in 0..FOREIGN {
            // One inode for all would do, but a real folder has as many files as names.
            std::fs::File::create(path.join(format!("EPSsipre01res_{n:06}.xml"))).expect("creates");
        }
    }
}

/// What a full folder may cost at most, against the empty one measured in the same run.
fn bearable(empty: Duration) -> Duration {
    empty * 5 + Duration::from_millis(200)
}

/// Only a relation is asserted, with room for a busy machine: a terminal that looked at every file would need seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_foreign_files_are_nobodys_business() {
    let counter = Counter::open().await;
    let empty = median_round_trip(&counter, "empty").await;
    fill(&counter);
    let full = median_round_trip(&counter, "full").await;
    println!("round trip p50: empty folders {empty:?}, {FOREIGN} files in each {full:?}");
    assert!(full <= bearable(empty), "empty {empty:?}, full {full:?}");
    assert_eq!(counter.names("req").iter().filter(|name| name.starts_with("EPS")).count(), FOREIGN);
    assert_eq!(counter.names("quarantine"), [""; 0]);
    // The same where the folder is only polled.
    let mut counter = counter;
    counter.stop().await;
    counter.config.drop.events = false;
    counter.config.drop.poll_interval_ms = 100;
    counter.start().await;
    let polled = median_round_trip(&counter, "polled").await;
    let wait_for_poll = Duration::from_millis(counter.config.drop.poll_interval_ms);
    assert!(polled <= bearable(empty) + wait_for_poll, "empty {empty:?}, polled {polled:?}");
    println!("round trip p50 without events, polled every 100 ms, {FOREIGN} files: {polled:?}");
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
        crate::counter::wait_until("the backlog", || path.exists().then_some(())).await;
    }
    assert_eq!(counter.centre.asked.lock().expect("no panics").len(), BACKLOG);
}
