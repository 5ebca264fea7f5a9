//! Who may not ask cannot fill the audit log by asking.

use std::time::Duration;

use hyper::Method;
use server::terminal_api::status::STATUS_PATH;
use store::{ACTION_DENIALS_COUNTED, DENIAL_WINDOW_MS, DENIALS_WRITTEN};
use testkit::client::Http;
use testkit::system::{Engine, INSTITUTION, TestSystem, TestTerminal};

use crate::on_both_engines;
use crate::support::audit_dump;

on_both_engines! { a_revoked_terminal_cannot_fill_the_audit_log }

async fn ask_in_vain(terminal: &TestTerminal) {
    let connection = terminal.connect(Http::Two).await.expect("a connection");
    let reply = connection.send(Method::GET, STATUS_PATH, None).await.expect("a refusal");
    assert_eq!(reply.status, 403);
}

async fn a_revoked_terminal_cannot_fill_the_audit_log(engine: Engine) {
    let system = TestSystem::start(engine).await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    let revoked = system.store().revoke_terminal_certificate(
        &terminal.institution,
        &terminal.fingerprint,
        system.clock.now(),
    );
    assert_eq!(revoked.await, Ok(true));
    system.server.refresh_terminals().await.expect("reads");
    let stranger = system.unregistered_terminal(INSTITUTION, "stranger");
    for _ in 0..DENIALS_WRITTEN + 15 {
        ask_in_vain(&terminal).await;
    }
    // The flood hides nobody else.
    ask_in_vain(&stranger).await;
    let own = |dump: &str, word: &str| {
        let of = |line: &&str| line.contains(&terminal.fingerprint) && line.contains(word);
        dump.lines().filter(of).count() as i64
    };
    let dump = audit_dump(&system).await;
    assert_eq!(own(&dump, "denied:"), DENIALS_WRITTEN);
    assert!(dump.contains(&stranger.fingerprint), "{dump}");
    // Ten minutes later the rest is told in one entry, by the next attempt or without it.
    let window = Duration::from_millis(DENIAL_WINDOW_MS.unsigned_abs());
    system.advance(window).await;
    ask_in_vain(&terminal).await;
    let dump = audit_dump(&system).await;
    assert_eq!(own(&dump, "denied:"), DENIALS_WRITTEN + 2);
    assert_eq!(own(&dump, ACTION_DENIALS_COUNTED), 1);
    assert_eq!(own(&dump, "\"detail\":\"more=15 from="), 1, "{dump}");
    system.stop().await;
}
