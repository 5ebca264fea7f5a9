//! 操作履歴 and お知らせ: each institution sees its own, in words; a file of it is on the record; what was read is
//! remembered for each account.

use eligibility::institution_account::InstitutionRole;
use eligibility::{Instant, institution::InstitutionCode};
use store::audit::AuditEvent;
use store::{Denial, Notice};
use testkit::system::{Engine, INSTITUTION};

use crate::institution_support::{OTHER, PASSWORD, Web, login};
use crate::support::audit_dump;

crate::on_both_engines! {
    the_own_history_is_searched_in_words_and_handed_out_as_a_file
    notices_are_read_by_each_account_and_counted_on_the_menu
}

async fn denied(web: &Web, code: &str, actor: &str, (action, outcome): (&str, &str)) {
    let denial = Denial {
        institution_code: InstitutionCode::parse(code).expect("a code"),
        source: format!("{actor}/{action}/{outcome}"),
        audit: AuditEvent {
            actor: actor.to_owned(),
            action: action.to_owned(),
            object: "card:0011".to_owned(),
            outcome: outcome.to_owned(),
            detail: String::new(),
        },
        recorded_at: web.system.clock.now(),
    };
    web.system.store().record_denied(denial).await.expect("writes");
}

async fn the_own_history_is_searched_in_words_and_handed_out_as_a_file(engine: Engine) {
    let web = Web::open(engine).await;
    web.account("uketsuke1", InstitutionRole::General).await;
    login(&web.browser(), "uketsuke1", "まちがい wrong horse").await;
    login(&web.browser(), "uketsuke1", PASSWORD).await;
    // A card that an insurer protects reads as one that is not registered.
    denied(&web, INSTITUTION, "terminal:=cmd|受付", ("verify_card", "denied:SelfAccessBlocked")).await;
    denied(&web, OTHER, "account:tanin01", ("verify_number", "denied:limited")).await;
    denied(&web, INSTITUTION, "terminal:受付2", ("visual_check_passcode.verify", "denied:wrong")).await;
    denied(&web, OTHER, "terminal:受付9", ("visual_check_passcode.verify", "denied:wrong")).await;
    let event = AuditEvent {
        actor: "account:uketsuke1".to_owned(),
        action: "@SUM(1)".to_owned(),
        object: "-".to_owned(),
        outcome: "=1+1".to_owned(),
        detail: String::new(),
    };
    let own = InstitutionCode::parse(INSTITUTION).expect("a code");
    web.system.store().record_looked(&own, event, web.system.clock.now()).await.expect("writes");
    let other = InstitutionCode::parse(OTHER).expect("a code");
    for (institution, terminal) in [(&own, "terminal:受付2"), (&other, "terminal:受付9")] {
        let now = web.system.clock.now();
        let counted = web.system.store().count_uncompared_visual_check(institution, terminal, now).await;
        counted.expect("writes");
    }
    let browser = web.signed_in(InstitutionRole::Administrator).await;

    let passcode = browser.get("/visual-check-passcode").await;
    passcode.says(200, "<td class=\"number\">1回</td><td>端末 受付2</td>");
    assert!(!passcode.text.contains("受付9"), "another institution's: {}", passcode.text);

    let page = browser.get("/history").await;
    page.says(200, "拒否（パスワードの誤り）").says(200, "ログイン").says(200, "uketsuke1");
    page.says(200, "OQSB1106E").says(200, "マイナンバーカード").says(200, "端末 =cmd|受付");
    assert!(!page.text.contains("SelfAccessBlocked") && !page.text.contains("tanin01"), "{}", page.text);
    let today = web.system.clock.today();
    let days = format!("from={today}&until={today}");
    let refusals = browser.get(&format!("/history?{days}&who=UKETSUKE1&kind=accounts&outcome=denied")).await;
    refusals.says(200, "拒否（パスワードの誤り）");
    assert!(!refusals.text.contains("OQSB1106E") && !refusals.text.contains("<td data-label=\"結果\">完了"));
    let nobody = browser.get(&format!("/history?{days}&who=dareka")).await;
    nobody.says(200, "当てはまる記録はありません");
    let wrong = browser.get("/history?from=2026-02-30&until=x&who=%3Cb%3E").await;
    wrong.says(422, "開始日を日付として読み取れません").says(422, "&#60;b&#62;");
    browser.get("/history?from=2025-01-01&until=2026-01-01").await.says(422, "93日まで");

    let file = browser.get(&format!("/history/csv?{days}")).await;
    file.says(200, "\"端末 =cmd|受付\"").says(200, "拒否（パスワードの誤り）");
    file.says(200, "\"'@SUM(1)\",\"\",\"'=1+1\"");
    assert!(file.headers["content-type"].to_str().expect("text").starts_with("text/csv"));
    assert!(!file.text.contains("SelfAccessBlocked") && !file.text.contains("tanin01"), "{}", file.text);
    browser.get("/history").await.says(200, "操作履歴の出力（CSV）");
    let dump = audit_dump(&web.system).await;
    let exported = dump.lines().filter(|line| line.contains("history.export")).count();
    assert_eq!(exported, 1, "{dump}");
    let general = web.signed_in(InstitutionRole::General).await;
    general.get("/history/csv").await.says(403, "操作履歴に記録されました");
    web.system.stop().await;
}

async fn notices_are_read_by_each_account_and_counted_on_the_menu(engine: Engine) {
    let web = Web::open(engine).await;
    let now = web.system.clock.now();
    for (id, title) in [("n1", "夜間の停止"), ("n2", "<b>様式の変更</b>")] {
        let notice = Notice {
            id: id.to_owned(),
            title: title.to_owned(),
            body: "一行目\n\n二つ目の段落".to_owned(),
            important: id == "n1",
            published_at: Instant(now.0 - 1000),
            published_by: "unei-1".to_owned(),
            withdrawn_at: None,
        };
        web.system.store().publish_notice(notice).await.expect("writes");
    }
    let administrator = web.signed_in(InstitutionRole::Administrator).await;
    let general = web.signed_in(InstitutionRole::General).await;
    administrator.get("/menu").await.says(200, "未読 2件");
    let list = administrator.get("/notices").await;
    list.says(200, "未読が 2 件").says(200, "&#60;b&#62;様式の変更").says(200, "あと").says(200, "受付1");
    administrator.get("/notices/n1").await.says(200, "<p>二つ目の段落</p>").says(200, "未読 1件");
    administrator.get("/menu").await.says(200, "未読 1件");
    general.get("/menu").await.says(200, "未読 2件");
    administrator.post("/notices/read", &[]).await.leads("/notices");
    let menu = administrator.get("/menu").await;
    assert!(menu.status == 200 && !menu.text.contains("未読"), "{}", menu.text);
    administrator.get("/notices").await.says(200, "すべて読みました");
    general.get("/notices").await.says(200, "未読が 2 件");
    administrator.get("/notices/n3").await.says(404, "ページが見つかりません");
    let reset = web.signed_in(InstitutionRole::MasterReset).await;
    reset.get("/notices").await.says(403, "操作履歴に記録されました");
    web.system.stop().await;
}
