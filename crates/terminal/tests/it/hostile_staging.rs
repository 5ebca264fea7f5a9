//! Somebody who may write to the share replaces what the terminal has staged there.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use terminal::config::{Config, WriteMode};
use wire::message::read_result;

use crate::{
    centre::Centre,
    counter::{Counter, names_in, request, wait_until},
};

/// Stands for the terminal's private key: what must never reach the share.
const SECRET: &str = "-----BEGIN PRIVATE KEY-----";
/// Time to break the way out while the centre thinks, milliseconds.
const THINKS_MS: u64 = 1_000;
/// Requests in the storm.
const REQUESTS: usize = 12;

fn with(mode: WriteMode) -> impl FnOnce(&mut Config) {
    move |config| config.drop.write_mode = mode
}

fn secret_of(counter: &Counter) -> PathBuf {
    let file = counter.dir.path().join("terminal.key.pem");
    std::fs::write(&file, SECRET).expect("writes");
    file
}

/// Puts a thing in a name's place at once, as a rename does.
fn swap(path: &Path, make: impl FnOnce(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    let fresh = path.with_extension("swap");
    make(&fresh)?;
    std::fs::rename(&fresh, path)
}

/// Stops the answer between staging and `res`, lets `attack` at the staged part, and opens the way again.
async fn staged_then(mode: WriteMode, attack: impl FnOnce(&Path, &Path)) -> Counter {
    let centre = Centre { delay: Duration::from_millis(THINKS_MS), ..Centre::default() };
    let counter = Counter::open_with(with(mode), centre).await;
    let secret = secret_of(&counter);
    counter.put("OQSsiquc01req_1.xml", request("1"));
    wait_until("the question", || (counter.centre.heard.load(Ordering::SeqCst) == 1).then_some(())).await;
    let (res, away) = (counter.folder("res"), counter.dir.path().join("away"));
    std::fs::rename(&res, &away).expect("renames");
    let part = wait_until("the answer to be staged and stuck", || {
        let part = names_in(&counter.folder("staging")).into_iter().find(|name| name.ends_with(".part"))?;
        counter.status().report().drop_trouble.map(|_| part)
    })
    .await;
    attack(&counter.folder("staging").join(part), &secret);
    std::fs::rename(&away, &res).expect("renames");
    counter
}

/// The right answer came, once, made of the same question; the thing that was put there is in quarantine.
async fn is_answered_all_the_same(counter: &Counter, put_away: usize) {
    let result = counter.result("OQSsiquc01res_1.xml").await.message;
    assert_eq!(result.header.arbitrary_file_identifier.as_deref(), Some("K-1"));
    counter.wait_gone("req", "OQSsiquc01req_1.xml").await;
    assert_eq!(counter.names("res"), ["OQSsiquc01res_1.xml"]);
    wait_until("staging to be empty", || counter.names("staging").is_empty().then_some(())).await;
    let asked = counter.centre.asked.lock().expect("no panics").clone();
    assert_eq!(asked.len(), 2, "the answer was made anew");
    assert_eq!(asked[0], asked[1], "under the same id");
    let items = counter.names("quarantine").iter().filter(|name| name.ends_with(".item")).count();
    assert_eq!(items, put_away);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_a_staged_answers_place_leads_nowhere() {
    for mode in [WriteMode::Rename, WriteMode::InPlace] {
        let counter = staged_then(mode, |part, secret| {
            swap(part, |fresh| symlink(secret, fresh)).expect("swaps");
        })
        .await;
        is_answered_all_the_same(&counter, 1).await;
    }
}

async fn is_not_published(mode: WriteMode, change: impl FnOnce(&Path)) {
    let counter = staged_then(mode, |part, _| change(part)).await;
    is_answered_all_the_same(&counter, 1).await;
}

fn forge(part: &Path) {
    let forged = std::fs::read_to_string(part).expect("reads").replace("K-1", "K-2");
    swap(part, |fresh| std::fs::write(fresh, forged)).expect("swaps");
}

fn cut(part: &Path) {
    std::fs::OpenOptions::new().write(true).open(part).expect("opens").set_len(20).expect("cuts");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_content_in_a_staged_answers_place_is_not_published() {
    tokio::join!(
        is_not_published(WriteMode::Rename, forge),
        is_not_published(WriteMode::InPlace, forge),
        is_not_published(WriteMode::Rename, cut),
        is_not_published(WriteMode::InPlace, cut),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_an_empty_results_place_leads_nowhere() {
    let mut outside = None;
    let counter = staged_then(WriteMode::InPlace, |part, secret| {
        swap(&part.with_extension("mark"), |fresh| symlink(secret, fresh)).expect("swaps");
        outside = Some(secret.to_owned());
    })
    .await;
    // The link and the part that was to be written through it.
    is_answered_all_the_same(&counter, 2).await;
    assert_eq!(std::fs::read_to_string(outside.expect("a file")).expect("reads"), SECRET);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_a_staged_answers_place_holds_nothing_up() {
    let mut counter = staged_then(WriteMode::Rename, |part, _| {
        std::fs::remove_file(part).expect("removes");
        std::fs::create_dir(part).expect("creates");
    })
    .await;
    is_answered_all_the_same(&counter, 1).await;
    counter.stop().await;
    std::fs::create_dir(counter.folder("staging").join("stranger.part")).expect("creates");
    counter.start().await;
    assert_eq!(counter.names("staging"), [""; 0]);
}

/// Replaces whatever it sees in staging, as fast as it can.
fn storm(staging: PathBuf, secret: PathBuf, stop: Arc<AtomicBool>, swapped: Arc<AtomicUsize>) {
    while !stop.load(Ordering::SeqCst) {
        for name in names_in(&staging).iter().filter(|name| name.ends_with(".part")) {
            let path = staging.join(name);
            if path.is_symlink() || !path.exists() {
                continue;
            }
            if swap(&path, |fresh| symlink(&secret, fresh)).is_ok() {
                swapped.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_keeps_replacing_what_is_staged_gains_and_costs_nothing() {
    for mode in [WriteMode::Rename, WriteMode::InPlace] {
        let counter = Counter::open_with(with(mode), Centre::default()).await;
        let secret = secret_of(&counter);
        let (stop, swapped) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let attacker = std::thread::spawn({
            let (staging, stop, swapped) =
                (counter.folder("staging"), Arc::clone(&stop), Arc::clone(&swapped));
            move || storm(staging, secret, stop, swapped)
        });
        let mut sent = 0;
        while sent < REQUESTS || swapped.load(Ordering::SeqCst) == 0 {
            counter.put(&format!("OQSsiquc01req_{sent}.xml"), request(&sent.to_string()));
            sent += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.store(true, Ordering::SeqCst);
        attacker.join().expect("the attacker ends");
        for n in 0..sent {
            counter.wait_gone("req", &format!("OQSsiquc01req_{n}.xml")).await;
        }
        for n in 0..sent {
            let path = counter.folder("res").join(format!("OQSsiquc01res_{n}.xml"));
            let kind = path.symlink_metadata().expect("an answer").file_type();
            assert!(kind.is_file(), "{mode:?}: result {n} is {kind:?}");
            let bytes = std::fs::read(&path).expect("reads");
            let message =
                read_result(&bytes).unwrap_or_else(|error| panic!("{mode:?}: {n}: {error}")).message;
            assert_eq!(message.header.arbitrary_file_identifier, Some(format!("K-{n}")));
        }
        println!("{mode:?}: {} staged files replaced", swapped.load(Ordering::SeqCst));
    }
}
