//! Signed heads go to the outside, and a changed log turns readiness red.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eligibility::Date;
use server::ops::audit_log::AuditLogError;
use store::audit::{PublicKey, SigningKey, TreeHead};
use testkit::system::{Engine, TestSystem};
use testkit::{people, tampering};

use crate::on_both_engines;
use crate::ops::get;
use crate::support::{Desk, audit_dump, captured_log, insurer, number_question, validity};

on_both_engines! {
    every_signed_head_is_shown_and_verifies_as_a_witness
    a_restart_goes_on_where_the_file_ends
    heads_taken_back_are_noticed
    a_mark_moved_on_turns_readiness_red_until_it_is_put_back
    an_unreadable_log_is_a_changed_log
    a_log_that_is_not_signed_for_long_turns_readiness_red
}

/// Longer than a test takes.
const NEVER: Duration = Duration::from_secs(3600);
/// How long readiness may take to turn.
const PATIENCE: Duration = Duration::from_secs(60);
const BORN: Date = Date::constant(1980, 2, 17);

async fn desk(engine: Engine, folder: &tempfile::TempDir) -> (Desk, PathBuf) {
    let file = folder.path().join("heads.jsonl");
    let witness = file.clone();
    let system = TestSystem::start_with(engine, move |config| {
        config.audit.witness_file = Some(witness);
        // Not by itself: the test says when.
        config.audit.tree_head_interval_s = NEVER.as_secs() as u32;
    });
    let desk = Desk::of(system.await).await;
    let person = people::coverage(&insurer(), "p", "901", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    (desk, file)
}

/// One more entry in the log.
async fn ask(desk: &Desk, request_id: &str) {
    let question = number_question(request_id, &insurer(), "901", None, BORN, desk.system.today());
    assert_eq!(validity(&desk.check_number(&question).await), "1");
}

async fn ask_and_sign(desk: &Desk, request_id: &str) {
    ask(desk, request_id).await;
    desk.system.server.sign_audit_log().await.expect("signs");
}

fn key(desk: &Desk) -> SigningKey {
    let pem = std::fs::read_to_string(desk.system.folder().join("audit.key")).expect("the audit key");
    SigningKey::from_pem(&pem).expect("the audit key")
}

fn public_key(desk: &Desk) -> PublicKey {
    key(desk).public_key().expect("a key")
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).expect("the witness file")
}

fn faults(dump: &str, key: &PublicKey, witness: &str) -> Vec<String> {
    let report = store::audit::verify(dump.as_bytes(), key, Some(witness)).expect("reads");
    report.faults.into_iter().map(|fault| fault.what).collect()
}

async fn every_signed_head_is_shown_and_verifies_as_a_witness(engine: Engine) {
    let log = captured_log();
    let folder = tempfile::tempdir().expect("a folder");
    let (desk, file) = desk(engine, &folder).await;
    for number in 0..3 {
        ask_and_sign(&desk, &format!("n-{number}")).await;
    }
    let older = audit_dump(&desk.system).await;
    // Signed by somebody else who has the key, such as an export: shown all the same.
    ask(&desk, "n-3").await;
    desk.system.store().audit_integrate_and_sign(&key(&desk), desk.system.clock.now()).await.expect("signs");
    desk.system.server.sign_audit_log().await.expect("signs");

    let (shown, dump) = (read(&file), audit_dump(&desk.system).await);
    let heads: Vec<&str> = dump.lines().filter(|line| line.starts_with("{\"head_number\"")).collect();
    assert!(heads.len() >= 4, "{dump}");
    // The first round may come before or after the first question: the file begins with the newest of then.
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines.len() >= 4 && heads.ends_with(&lines), "{shown}\nis not the end of\n{heads:?}");
    assert_eq!(faults(&dump, &public_key(&desk), &shown), [""; 0]);
    assert_eq!(faults(&older, &public_key(&desk), ""), ["the witness holds no head"], "whole by itself");
    assert!(
        faults(&older, &public_key(&desk), &shown)
            .iter()
            .any(|what| what.contains("witnessed heads are not"))
    );
    // The same lines are events of the log, which says nothing else of the entries.
    for line in lines {
        let quoted = serde_json::to_string(line).expect("JSON");
        assert!(log.text().contains(&format!("\"head\":{quoted}")), "{line} was not logged");
    }
    desk.system.stop().await;
}

async fn a_restart_goes_on_where_the_file_ends(engine: Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let (desk, file) = desk(engine, &folder).await;
    for number in 0..3 {
        ask_and_sign(&desk, &format!("n-{number}")).await;
    }
    let whole = read(&file);
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    // As a crash could leave it: some lines, the last of them whole or cut anywhere.
    let before_last = lines[..lines.len() - 1].concat();
    for cut in [before_last.len(), before_last.len() + 1, whole.len() - 40, whole.len() - 1, whole.len()] {
        std::fs::write(&file, &whole[..cut]).expect("written");
        restarted(&desk, &file).await.expect("goes on");
        assert_eq!(read(&file), whole, "cut at {cut}");
    }
    // A file that is none of ours is left alone.
    std::fs::write(&file, "something else\n").expect("written");
    let outcome = restarted(&desk, &file).await;
    assert!(matches!(&outcome, Err(error) if !error.is_tampering()), "{outcome:?}");
    assert_eq!(read(&file), "something else\n");
    desk.system.stop().await;
}

/// What the next process does with the same database and the same file.
async fn restarted(desk: &Desk, file: &Path) -> Result<(), AuditLogError> {
    let url = desk.system.database_url();
    let store = store::Store::open(url, store::Options::default()).await.expect("opens");
    let witness = server::ops::witness::Witness::new(Some(file.to_path_buf()));
    let clock = desk.system.clock.clone();
    server::ops::audit_log::AuditLog::new(store, clock, key(desk), witness, NEVER).advance().await
}

async fn heads_taken_back_are_noticed(engine: Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let (desk, file) = desk(engine, &folder).await;
    ask_and_sign(&desk, "n-0").await;
    ask_and_sign(&desk, "n-1").await;
    let last: TreeHead =
        serde_json::from_str(read(&file).lines().next_back().expect("a line")).expect("a head");
    // Somebody with every right, the key included, takes the last head and its entries back and goes on.
    let (url, institution) = (desk.system.database_url(), &desk.terminal.institution);
    tampering::take_audit_head_back(url, institution, last.head_number, last.tree_size).await;
    for outcome in [desk.system.server.sign_audit_log().await, restarted(&desk, &file).await] {
        assert!(matches!(&outcome, Err(error) if error.is_tampering()), "{outcome:?}");
    }
    let (status, body) = get(desk.system.server.ops(), "/readyz").await;
    assert!(status == 503 && body.contains(r#""audit_log":false"#), "{body}");
    desk.system.stop().await;
}

async fn a_mark_moved_on_turns_readiness_red_until_it_is_put_back(engine: Engine) {
    let log = captured_log();
    let folder = tempfile::tempdir().expect("a folder");
    let (desk, file) = desk(engine, &folder).await;
    ask_and_sign(&desk, "n-0").await;
    let ready = async || get(desk.system.server.ops(), "/readyz").await;
    assert_eq!(ready().await.0, 200);
    let move_mark =
        |by| tampering::move_audit_mark(desk.system.database_url(), &desk.terminal.institution, by);
    ask(&desk, "n-1").await;
    let before = read(&file);
    move_mark(1).await;
    let outcome = desk.system.server.sign_audit_log().await;
    assert!(matches!(&outcome, Err(error) if error.is_tampering()), "{outcome:?}");
    let (status, body) = ready().await;
    assert!(
        status == 503 && body.contains(r#""audit_log":false"#) && body.contains(r#""database":true"#),
        "{body}"
    );
    assert_eq!(read(&file), before, "nothing was signed");
    assert!(log.text().contains("ALARM: the audit log was changed"));
    let metrics = get(desk.system.server.ops(), "/metrics").await.1;
    assert!(
        metrics.contains("shikaku_audit_alarms_total 1") && metrics.contains("shikaku_audit_log_sound 0"),
        "{metrics}"
    );

    move_mark(-1).await;
    desk.system.server.sign_audit_log().await.expect("put back as it was");
    assert_eq!(ready().await.0, 200);
    assert_eq!(faults(&audit_dump(&desk.system).await, &public_key(&desk), &read(&file)), [""; 0]);
    desk.system.stop().await;
}

/// Whoever stops the signing could take back what was not signed and mend the rest: it must not go unnoticed.
async fn an_unreadable_log_is_a_changed_log(engine: Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let (desk, file) = desk(engine, &folder).await;
    ask_and_sign(&desk, "n-0").await;
    let url = desk.system.database_url();
    tampering::change(url, tampering::KEEP_AUDIT_LOG).await;
    for change in tampering::MAKE_AUDIT_LOG_UNREADABLE {
        tampering::change(url, change).await;
        for outcome in [desk.system.server.sign_audit_log().await, restarted(&desk, &file).await] {
            assert!(matches!(&outcome, Err(error) if error.is_tampering()), "{change}: {outcome:?}");
        }
        let (status, body) = get(desk.system.server.ops(), "/readyz").await;
        assert!(status == 503 && body.contains(r#""audit_log":false"#), "{change}: {body}");
        tampering::change(url, tampering::PUT_AUDIT_LOG_BACK).await;
        desk.system.server.sign_audit_log().await.expect("put back as it was");
        assert_eq!(get(desk.system.server.ops(), "/readyz").await.0, 200, "{change}");
    }
    desk.system.stop().await;
}

async fn a_log_that_is_not_signed_for_long_turns_readiness_red(engine: Engine) {
    let system = TestSystem::start_with(engine, |config| config.audit.tree_head_interval_s = 1).await;
    let url = system.database_url();
    let becomes = async |wanted: u16| {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (status, body) = get(system.server.ops(), "/readyz").await;
            if status == wanted {
                return body;
            }
            assert!(Instant::now() < deadline, "{body}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    becomes(200).await;
    // No sign of tampering by itself: the database answers with an error.
    tampering::change(url, tampering::STOP_SIGNING).await;
    let body = becomes(503).await;
    assert!(body.contains(r#""audit_log":false"#) && body.contains(r#""database":true"#), "{body}");
    tampering::change(url, tampering::LET_SIGN_AGAIN).await;
    becomes(200).await;
    system.stop().await;
}
