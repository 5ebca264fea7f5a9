//! 顔認証付きカードリーダー操作: what a terminal tells of its reader is on the page, and what is wanted there reaches it.

use std::time::Duration;

use eligibility::institution_account::InstitutionRole;
use hyper::Method;
use serde_json::{Value, json};
use testkit::client::Http;
use testkit::system::{Engine, TestTerminal};
use wire::terminal_api::READER_STATE_PATH;

use crate::institution_support::{OTHER, Web};
use crate::support::audit_dump;

crate::on_both_engines! {
    a_reader_is_switched_to_visual_checks_and_says_that_it_was
}

async fn tell(terminal: &TestTerminal, report: Value) -> (u16, Value) {
    let connection = terminal.connect(Http::Two).await.expect("a registered terminal connects");
    let reply = connection.send(Method::POST, READER_STATE_PATH, Some(&report)).await.expect("an answer");
    (reply.status, reply.json())
}

async fn a_reader_is_switched_to_visual_checks_and_says_that_it_was(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    browser.get("/readers").await.says(200, "カードリーダーはまだありません");
    let ready = json!({ "state": "ready", "mode": "unattended", "quiet_s": 3 });
    let (status, answer) = tell(&web.terminal, ready.clone()).await;
    assert_eq!((status, &answer), (200, &json!({ "next_in_s": 30, "settings_version": 0 })));
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    tell(&elsewhere, ready.clone()).await;
    let page = browser.get("/readers").await;
    page.says(200, "受付1").says(200, "接続中").says(200, "無人運転").says(200, "目視確認");
    assert!(!page.text.contains("受付9"), "another institution's: {}", page.text);

    let asked = [("terminal", "受付1"), ("command", "visual")];
    let confirm = browser.post("/readers/confirm", &asked).await;
    confirm.says(200, "目視確認に切り替えますか").says(200, ">OK<");
    let id = confirm.hidden("form_id");
    let form = [("terminal", "受付1"), ("command", "visual"), ("form_id", &*id)];
    for _ in 0..2 {
        browser.post("/readers/order", &form).await.leads("/readers/ordered");
    }
    browser.get("/readers/ordered").await.says(200, "操作を受け付けました").says(200, ">OK<");
    browser.get("/readers").await.says(200, "端末に届くのを待っています");
    let foreign = [("terminal", "受付9"), ("command", "visual"), ("form_id", &*id)];
    assert_eq!(browser.post("/readers/order", &foreign).await.status, 404);

    let (_, answer) = tell(&web.terminal, ready.clone()).await;
    assert_eq!((&answer["command"]["command"], &answer["next_in_s"]), (&json!("visual"), &json!(5)));
    let command = answer["command"]["command_id"].as_str().expect("an id").to_owned();
    let done = json!({
        "state": "error", "code": "OQSA9101E", "mode": "visual",
        "done": { "command_id": command, "outcome": "done" },
    });
    let (_, answer) = tell(&web.terminal, done).await;
    assert_eq!(answer, json!({ "next_in_s": 5, "settings_version": 0 }));
    let page = browser.get("/readers").await;
    page.says(200, "切り替えました").says(200, "エラー").says(200, "/help/errors/OQSA9101E");
    page.says(200, "しばらく待って再度照会してください").says(200, "無人運転");
    let dump = audit_dump(&web.system).await;
    for action in ["reader.command", "reader.confirm"] {
        assert_eq!(dump.matches(&format!("\"{action}\"")).count(), 1, "{action}: {dump}");
    }
    browser.get("/history").await.says(200, "カードリーダーの操作").says(200, "カードリーダー 受付1");

    for wrong in [
        json!({ "state": "happy", "mode": "visual" }),
        json!({ "state": "ready", "mode": "sideways" }),
        json!({ "state": "ready", "mode": "visual", "code": "OQSA9101E" }),
        json!({ "state": "error", "mode": "visual", "code": "<b>" }),
        json!({ "state": "ready", "mode": "visual", "institution_code": OTHER }),
    ] {
        let (status, _) = tell(&web.terminal, wrong.clone()).await;
        assert!(matches!(status, 400 | 422), "{wrong}: {status}");
    }
    web.system.advance(Duration::from_secs(11 * 60)).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    browser.get("/readers").await.says(200, "連絡なし").says(200, "10分以上");
    web.system.stop().await;
}
