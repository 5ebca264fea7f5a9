//! A folder nobody ever cleans up.

use std::time::Duration;

use crate::{
    centre::Centre,
    counter::{Counter, request},
};

const FOREIGN: usize = 100_000;
const ROUNDS: u32 = 30;
/// The unit of the kernel's figures.
const TICK: Duration = Duration::from_millis(10);

/// Processor time of this whole process: unlike the clock on the wall it does not run faster on a busy machine.
fn work_done() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // After the name in parentheses the fields are numbered from the third: 14 and 15 are user and system time.
    let (_, fields) = stat.rsplit_once(") ").expect("a name");
    let ticks = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u32>().expect("a number"));
    TICK * ticks.sum::<u32>()
}

/// What the terminal works for so many requests, one after the other.
async fn work_of(counter: &Counter, series: &str) -> Duration {
    let before = work_done();
    for round in 0..ROUNDS {
        counter.put(&format!("OQSsiquc01req_{series}-{round}.xml"), request("1"));
        counter.wait("res", &format!("OQSsiquc01res_{series}-{round}.xml")).await;
    }
    work_done() - before
}

/// Reading a hundred thousand names once, generously.
const READING: Duration = Duration::from_millis(200);

/// Names of other systems, and such as look like ours and are nobody's to answer: results in the wrong folder, files
/// that somebody never finished.
fn foreign(n: usize) -> String {
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

/// What a full folder may cost at most, against the empty one measured in the same run: room for a few readings of the
/// names, not for a look at every file for each request.
fn bearable(empty: Duration) -> Duration {
    empty * 3 + Duration::from_secs(2)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_foreign_files_are_nobodys_business() {
    let counter = Counter::open().await;
    let empty = work_of(&counter, "empty").await;
    fill(&counter);
    let full = work_of(&counter, "full").await;
    println!("work of {ROUNDS} requests: empty folders {empty:?}, {FOREIGN} files in each {full:?}");
    assert!(full <= bearable(empty), "empty {empty:?}, full {full:?}");
    assert_eq!(counter.names("req").iter().filter(|name| name.contains("_left")).count(), FOREIGN);
    assert_eq!(counter.names("quarantine"), [""; 0]);
    // The same where the folder is only polled: each request waits for a reading of all names.
    let mut counter = counter;
    counter.stop().await;
    counter.config.drop.events = false;
    counter.config.drop.poll_interval_ms = 300;
    counter.start().await;
    let polled = work_of(&counter, "polled").await;
    println!("work of {ROUNDS} requests without events, polled: {polled:?}");
    assert!(polled <= bearable(empty) + READING * ROUNDS, "empty {empty:?}, polled {polled:?}");
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
