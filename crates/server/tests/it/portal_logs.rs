//! Nothing that lets somebody in, and nobody's address, stands in the log or in the database in clear.

use std::fmt::Write as _;

use testkit::system::{Engine, TestSystem};

use crate::on_both_engines;
use crate::portal_support::{PASSWORD, Portal, login};
use crate::support;

on_both_engines! { no_secret_and_no_address_is_logged_or_stored_in_clear }

async fn no_secret_and_no_address_is_logged_or_stored_in_clear(engine: Engine) {
    let log = support::captured_log();
    let portal = Portal::open(engine).await;
    let mail = "canary-address@mihon.example";
    let (browser, secret) = portal.member("1319990012", mail).await;
    login(&portal.browser(), mail, "canary wrong password").await.says(422, "正しくありません");
    portal.mailbox.be_ill(true);
    portal.register(&portal.browser(), "1319990020", "canary-two@mihon.example").await;
    for _ in 0..200 {
        if portal.mailbox.refused() > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let session = browser.cookies()["__Host-shikaku-portal"].clone();
    let letter = portal.mailbox.mail_to(mail, 1).await;
    let token = letter.link().rsplit('=').next().expect("a token").to_owned();
    let text = log.text();
    assert!(text.contains("a mail could not be sent"), "the log is captured");
    for canary in [PASSWORD, "canary wrong password", mail, "canary-two", &session, &token, "花子"] {
        assert!(!text.contains(canary), "{canary} is in the log");
    }
    let stored = match engine {
        Engine::Sqlite => files(&portal.system),
        Engine::Postgres => testkit::postgres::rows(portal.system.database_url()).await.into_bytes(),
    };
    let found = |bytes: &[u8]| stored.windows(bytes.len()).any(|window| window == bytes);
    let there = |bytes: &[u8]| found(bytes) || found(hex(bytes).as_bytes());
    assert!(there(mail.as_bytes()), "the database is looked into");
    for canary in [PASSWORD.as_bytes(), session.as_bytes(), &secret] {
        assert!(!there(canary), "a secret is in the database");
    }
}

/// What lies on the disk, free pages and log included.
fn files(system: &TestSystem) -> Vec<u8> {
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(system.folder()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("shikaku.db")) {
            stored.extend(std::fs::read(path).expect("reads"));
        }
    }
    stored
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writes into a text");
        text
    })
}
