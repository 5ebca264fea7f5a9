//! When the centre, the certificate or the disk is not there.

use std::sync::atomic::Ordering;

use eligibility::codes::ResultSegment;
use terminal::{Terminal, central::HttpsCentral};
use testkit::own_world;
use wire::message::Code;

use crate::{
    centre::{Centre, Shared},
    counter::{Counter, config_in, put, request, wait_until},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_centre_is_tried_again_and_then_said() {
    let counter = Counter::open().await;
    counter.centre.down.store(true, Ordering::SeqCst);
    counter.put("OQSsiquc01req_1.xml", request("1"));
    let result = counter.result("OQSsiquc01res_1.xml").await.message;
    assert_eq!(result.header.segment_of_result, Code::Known(ResultSegment::Failed));
    assert_eq!(result.header.error_code.as_deref(), Some("OQSA9101E"));
    assert!(counter.centre.heard.load(Ordering::SeqCst) > 1, "asked again");
    assert!(!counter.status().report().healthy);
    // The same question under a new name, once the centre is back.
    counter.centre.down.store(false, Ordering::SeqCst);
    counter.put("OQSsiquc01req_2.xml", request("1"));
    let result = counter.result("OQSsiquc01res_2.xml").await.message;
    assert_eq!(result.header.segment_of_result, Code::Known(ResultSegment::Done));
    assert!(counter.status().report().healthy);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_trouble_costs_the_client_nothing() {
    let counter = Counter::open().await;
    counter.centre.down.store(true, Ordering::SeqCst);
    counter.put("OQSsiquc01req_1.xml", request("1"));
    wait_until("the first try", || (counter.centre.heard.load(Ordering::SeqCst) > 0).then_some(())).await;
    counter.centre.down.store(false, Ordering::SeqCst);
    let result = counter.result("OQSsiquc01res_1.xml").await.message;
    assert_eq!(result.header.segment_of_result, Code::Known(ResultSegment::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_trouble_has_its_own_code_and_is_not_repeated() {
    let counter = Counter::open().await;
    counter.centre.not_admitted.store(true, Ordering::SeqCst);
    counter.put("OQSsiquc01req_1.xml", request("1"));
    let result = counter.result("OQSsiquc01res_1.xml").await.message;
    assert_eq!(result.header.error_code.as_deref(), Some("OQSA9102E"));
    assert_eq!(counter.centre.heard.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_first_answer_is_hours_old_is_asked_anew_once() {
    let counter = Counter::open().await;
    counter.centre.knows_the_first.store(true, Ordering::SeqCst);
    counter.put("OQSsiquc01req_1.xml", request("1"));
    let result = counter.result("OQSsiquc01res_1.xml").await.message;
    assert_eq!(result.header.segment_of_result, Code::Known(ResultSegment::Done));
    let asked = counter.centre.asked.lock().expect("no panics").clone();
    let [(first, one), (second, other)] = asked.as_slice() else { panic!("two questions: {asked:?}") };
    assert_eq!(first, second);
    assert_ne!(one, other);
    assert!(counter.status().report().healthy);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_without_its_certificate_says_which_file_is_missing() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = config_in(dir.path());
    let error = HttpsCentral::new(&config).expect_err("no certificate");
    assert!(error.to_string().contains("unused.pem"), "{error}");
}

#[test]
fn a_full_disk_loses_nothing() {
    own_world::in_own_world("trouble::a_full_disk_loses_nothing", &[], || {
        own_world::small_disk(512);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(a_disk_fills_up_and_is_emptied());
    });
}

async fn a_disk_fills_up_and_is_emptied() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = config_in(dir.path());
    let centre = std::sync::Arc::new(Centre::default());
    let terminal = Terminal::start(&config, Shared(std::sync::Arc::clone(&centre))).await.expect("starts");
    let (status, shutdown) = (terminal.status(), tokio_util::sync::CancellationToken::new());
    let task = tokio::spawn({
        let stop = shutdown.clone();
        async move { terminal.serve(stop).await.expect("serves") }
    });
    let names: Vec<_> = (0..10).map(|n| format!("{n}")).collect();
    for name in &names {
        put(&config.drop.root, &format!("OQSsiquc01req_{name}.tmp"), request(name).as_bytes());
    }
    let ballast = own_world::fill_disk(dir.path());
    let req = config.drop.root.join("req");
    for name in &names {
        let from = req.join(format!("OQSsiquc01req_{name}.tmp"));
        std::fs::rename(from, req.join(format!("OQSsiquc01req_{name}.xml"))).expect("renaming needs no room");
    }
    wait_until("the trouble to be noticed", || status.report().drop_trouble).await;
    assert_eq!(crate::counter::names_in(&config.drop.root.join("res")), [""; 0]);
    std::fs::remove_file(&ballast).expect("room again");
    for name in &names {
        let path = config.drop.root.join(format!("res/OQSsiquc01res_{name}.xml"));
        wait_until("an answer", || wire::message::read_result(&std::fs::read(&path).ok()?).ok()).await;
    }
    wait_until("the trouble to be over", || status.report().drop_trouble.is_none().then_some(())).await;
    shutdown.cancel();
    task.await.expect("stops cleanly");
    let asked = centre.asked.lock().expect("no panics").clone();
    let mut ids: Vec<_> = asked.into_iter().collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), names.len(), "each question kept its id through every retry");
}
