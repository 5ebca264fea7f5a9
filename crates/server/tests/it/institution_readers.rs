//! 顔認証付きカードリーダー操作: what a terminal tells of its reader is on the page, and what is wanted there reaches it.

use std::time::Duration;

use eligibility::institution_account::InstitutionRole;
use hyper::Method;
use serde_json::{Value, json};
use testkit::client::Http;
use testkit::system::{Engine, INSTITUTION, TestTerminal};
use wire::terminal_api::READER_STATE_PATH;

use crate::institution_support::{OTHER, Web};
use crate::support::audit_dump;

crate::on_both_engines! {
    a_reader_is_switched_to_visual_checks_and_says_that_it_was
    the_history_says_what_became_of_each_order
}

pub(crate) async fn tell(terminal: &TestTerminal, report: Value) -> (u16, Value) {
    let connection = terminal.connect(Http::Two).await.expect("a registered terminal connects");
    let reply = connection.send(Method::POST, READER_STATE_PATH, Some(&report)).await.expect("an answer");
    (reply.status, reply.json())
}

/// 操作履歴 says of each order what became of it, though the entry of an order is written once.
async fn the_history_says_what_became_of_each_order(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    let ready = json!({ "state": "ready", "mode": "unattended", "quiet_s": 3 });
    tell(&web.terminal, ready.clone()).await;
    let second = web.system.terminal(INSTITUTION, "受付2").await;
    tell(&second, ready.clone()).await;
    let order = async |terminal: &str, command: &str| {
        let asked = [("terminal", terminal), ("command", command)];
        let id = browser.post("/readers/confirm", &asked).await.hidden("form_id");
        let form = [("terminal", terminal), ("command", command), ("form_id", &*id)];
        browser.post("/readers/order", &form).await.leads("/readers/ordered");
    };
    let results = async || {
        let today = web.system.clock.today();
        let page = browser.get(&format!("/history?kind=readers&from={today}&until={today}")).await;
        let cells = page.text.split("<td data-label=\"結果\">").skip(1);
        cells.map(|cell| cell.split("</td>").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    order("受付1", "visual").await;
    order("受付1", "test").await;
    order("受付2", "test").await;
    let replaced = "取消し（次の操作に替わりました）";
    assert_eq!(results().await, ["送信待ち", "送信待ち", replaced]);
    let (_, answer) = tell(&second, ready.clone()).await;
    let command_id = answer["command"]["command_id"].as_str().expect("an id").to_owned();
    let mut heard = ready.clone();
    heard["done"] = json!({ "command_id": command_id, "outcome": "heard" });
    tell(&second, heard).await;
    let (told, reached) = ("端末とカードリーダーに届きました", "完了（カードリーダーに届きました）");
    assert_eq!(results().await, [told, reached, "送信待ち", replaced]);
    web.system.advance(Duration::from_secs(10 * 60)).await;
    let late = "期限切れ（届きませんでした）";
    assert_eq!(results().await, [told, reached, late, replaced]);
    let today = web.system.clock.today();
    let file = browser.get(&format!("/history/csv?kind=readers&from={today}&until={today}")).await;
    file.says(200, late).says(200, reached).says(200, replaced);
    assert!(!file.text.contains("送信待ち"), "{}", file.text);
    web.system.stop().await;
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
    let history = browser.get("/history").await;
    history.says(200, "カードリーダーの操作").says(200, "カードリーダー 受付1");
    history.says(200, "完了（切り替えました）");
    assert!(!history.text.contains("送信待ち"), "{}", history.text);

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
