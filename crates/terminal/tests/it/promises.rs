//! Answers that were promised while there was no room for them.

use std::path::{Path, PathBuf};

use terminal::config::WriteMode;
use testkit::own_world;

use crate::{
    centre::Centre,
    counter::{Counter, names_in, request, wait_until},
};

/// The answer of the tests' centre takes one page of a disk, and so does what is staged of it.
const ROOM_TO_STAGE: u64 = own_world::PAGE;

/// A counter whose folder has room to stage an answer and none to fill it, so that the terminal promises it.
async fn promised(dir: &Path) -> (Counter, PathBuf) {
    let state = dir.to_owned();
    let change = |config: &mut terminal::config::Config| {
        config.drop.write_mode = WriteMode::InPlace;
        // What the terminal remembers lies on another disk.
        config.state = state;
    };
    let mut counter = Counter::open_with(change, Centre::default()).await;
    counter.stop().await;
    counter.put("OQSsiquc01req_1.xml", request("1"));
    let ballast = own_world::fill_disk(&counter.config.drop.root);
    own_world::make_room(&ballast, ROOM_TO_STAGE);
    counter.start().await;
    wait_until("the terminal to tell its trouble", || (!counter.status().report().healthy).then_some(()))
        .await;
    assert_eq!(names_in(&counter.folder("res")), [""; 0]);
    assert_eq!(counter.names("staging").len(), 2, "the answer is promised: its content and its name");
    (counter, ballast)
}

async fn is_answered(counter: &Counter) {
    let result = counter.result("OQSsiquc01res_1.xml").await;
    assert_eq!(result.message.header.arbitrary_file_identifier.as_deref(), Some("K-1"));
    wait_until("staging to be empty", || counter.names("staging").is_empty().then_some(())).await;
    wait_until("the trouble to end", || counter.status().report().healthy.then_some(())).await;
    let asked = counter.centre.asked.lock().expect("no panics");
    assert_eq!(asked.len(), 1, "the promised answer is what is delivered");
}

fn in_own_world(test: &str, body: impl AsyncFnOnce(&Path)) {
    own_world::in_own_world(test, &[], || {
        // A world of its own has its own /run; the small disk is in the place of temporary files.
        let state = tempfile::tempdir_in("/run").expect("a folder");
        own_world::small_disk(96);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(body(state.path()));
    });
}

#[test]
fn a_terminal_starts_while_a_promised_answer_finds_no_room() {
    in_own_world("promises::a_terminal_starts_while_a_promised_answer_finds_no_room", async |state| {
        let (mut counter, ballast) = promised(state).await;
        counter.stop().await;
        counter.start().await;
        assert!(!counter.status().report().healthy, "what keeps the answer is told from the start");
        assert_eq!(counter.names("staging").len(), 2, "it stays promised");
        std::fs::remove_file(ballast).expect("room again");
        is_answered(&counter).await;
        counter.wait_gone("req", "OQSsiquc01req_1.xml").await;
    });
}

#[test]
fn a_promised_answer_comes_though_its_request_was_taken_back() {
    in_own_world("promises::a_promised_answer_comes_though_its_request_was_taken_back", async |state| {
        for restarted in [false, true] {
            let (mut counter, ballast) = promised(&state.join(restarted.to_string())).await;
            std::fs::remove_file(counter.folder("req").join("OQSsiquc01req_1.xml")).expect("the client's");
            if restarted {
                counter.stop().await;
                counter.start().await;
            }
            std::fs::remove_file(ballast).expect("room again");
            is_answered(&counter).await;
            counter.stop().await;
        }
    });
}
