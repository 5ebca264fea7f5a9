//! 《目視確認用パスコード発行》 and 《アクティベーション管理》, step by step as the procedures say.

use std::time::Duration;

use eligibility::activation::DEVICES_MAX;
use eligibility::institution_account::InstitutionRole;
use testkit::browser::{Browser, BrowserPage};
use testkit::system::Engine;

use crate::institution_support::{COOKIE, OTHER, Web};
use crate::on_both_engines;
use crate::support::{audit_dump, audit_entries};

on_both_engines! {
    a_passcode_is_issued_as_the_procedure_says_and_shown_once
    who_may_not_manage_is_told_and_recorded
    an_activation_code_is_issued_listed_and_taken_back
    memos_are_kept_as_typed_or_refused_with_a_reason
}

/// The digits that a page shows large.
fn code(page: &BrowserPage, id: &str) -> String {
    let start = format!("id=\"{id}\">");
    let (_, rest) = page.text.split_once(&start).unwrap_or_else(|| panic!("no {id} in {}", page.text));
    rest.split('<').next().unwrap_or_default().to_owned()
}

async fn a_passcode_is_issued_as_the_procedure_says_and_shown_once(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    // ① [メニュー]の《アカウント情報管理》から《目視確認用パスコード発行》
    let menu = browser.get("/menu").await;
    menu.says(200, "アカウント情報管理").says(200, "href=\"/visual-check-passcode\"");
    menu.says(200, ">目視確認用パスコード発行</a>");
    // ② 《発行》
    let page = browser.get("/visual-check-passcode").await;
    page.says(200, "<h1>目視確認用パスコード発行</h1>").says(200, "<button type=\"submit\">発行</button>");
    page.says(200, "まだ発行していません").says(200, "/help/visual-check-passcode");
    // ③ the message to confirm, 《OK》
    let confirm = browser.get("/visual-check-passcode/confirm").await;
    confirm.says(200, "確認メッセージ").says(200, "<button type=\"submit\">OK</button>");
    let form_id = confirm.hidden("form_id");
    // ④ ⑤ the message that it is done, four digits, 《OK》
    let done = browser.post("/visual-check-passcode", &[("form_id", &form_id)]).await;
    done.says(200, "完了メッセージ").says(200, "<button type=\"submit\">OK</button>");
    let digits = code(&done, "passcode");
    assert!(digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
    assert_eq!(done.headers["cache-control"], "no-store");

    // A double click is the same passcode, for a moment; afterwards the form shows it no more.
    let again = browser.post("/visual-check-passcode", &[("form_id", &form_id)]).await;
    assert_eq!(code(&again, "passcode"), digits);
    web.system.advance(Duration::from_secs(121)).await;
    let late = browser.post("/visual-check-passcode", &[("form_id", &form_id)]).await;
    late.says(200, "このパスコードは表示済みです");
    assert!(!late.text.contains("id=\"passcode\""));
    let status = browser.get("/visual-check-passcode").await;
    status.says(200, "利用可能").says(200, "あと5回");
    assert!(!status.text.contains(&digits), "the page that can be opened again shows no digits");
    browser.get("/visual-check-passcode/confirm").await.says(200, "現在のパスコードは、発行するとすぐに");
    browser.post("/visual-check-passcode", &[]).await.says(400, "受け付けられませんでした");

    let issued = audit_entries(&web.system).await;
    let issued = issued.iter().filter(|entry| entry.action == "visual_check_passcode.issue").count();
    assert_eq!(issued, 1, "one form is one passcode");
    let dump = audit_dump(&web.system).await;
    assert!(!dump.contains(&format!("\"{digits}\"")));
    web.system.stop().await;
}

async fn who_may_not_manage_is_told_and_recorded(engine: Engine) {
    let web = Web::open(engine).await;
    let pages = [
        ("/visual-check-passcode", "issue-visual-check-passcode"),
        ("/visual-check-passcode/confirm", "issue-visual-check-passcode"),
        ("/facility-settings", "update-facility-settings"),
        ("/facility-settings/terms", "update-facility-settings"),
        ("/facility-settings/updated", "update-facility-settings"),
        ("/home-visit-url", "manage-home-visit-url"),
        ("/home-visit-url/visit/change", "manage-home-visit-url"),
        ("/home-visit-url/visit/code.svg", "manage-home-visit-url"),
        ("/activation", "manage-activation"),
        ("/activation/0/invalidate", "manage-activation"),
    ];
    let posts = [
        "/visual-check-passcode",
        "/facility-settings",
        "/facility-settings/terms",
        "/home-visit-url",
        "/home-visit-url/visit/change",
        "/activation",
    ];
    for role in [InstitutionRole::Master, InstitutionRole::General, InstitutionRole::Viewer] {
        let browser = web.signed_in(role).await;
        let menu = browser.get("/menu").await;
        for (path, _) in pages {
            assert!(!menu.text.contains(&format!("href=\"{path}\"")), "{role:?} sees {path}");
            browser.get(path).await.says(403, "この操作はできません").says(403, "医療機関等管理者");
        }
        for path in posts.into_iter().chain(["/activation/0/invalidate"]) {
            browser
                .post(path, &[("form_id", "0123456789abcdef0123456789abcdef")])
                .await
                .says(403, "できません");
        }
        // Nobody's opening of the terms was written down by a refused look.
    }
    let entries = audit_entries(&web.system).await;
    for (_, action) in pages {
        let denied = entries.iter().filter(|entry| entry.action == action && entry.outcome == "denied:role");
        let actors: std::collections::BTreeSet<_> = denied.map(|entry| entry.actor.as_str()).collect();
        assert_eq!(actors.len(), 3, "{action}: {actors:?}");
    }
    assert!(!entries.iter().any(|entry| entry.action == "terms.open"
        || entry.outcome == "done" && entry.action.starts_with("activation")));
    // Nobody who is signed in at another institution gets in with this one's session.
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    let stranger = web.browser_at(&elsewhere);
    let own = web.signed_in(InstitutionRole::Administrator).await;
    stranger.hold(COOKIE, &own.cookies()[COOKIE]);
    for (path, _) in pages {
        assert_eq!(stranger.get(path).await.status, 303, "{path}");
    }
    web.system.stop().await;
}

async fn issue(browser: &Browser, memo: &str) -> BrowserPage {
    let form_id = browser.get("/activation").await.hidden("form_id");
    browser.post("/activation", &[("form_id", &form_id), ("device_memo", memo)]).await
}

/// The address of the only link to 無効化.
fn end_link(page: &BrowserPage) -> String {
    let (_, rest) = page.text.split_once("href=\"/activation/").expect("a link");
    format!("/activation/{}", rest.split('"').next().unwrap_or_default())
}

async fn an_activation_code_is_issued_listed_and_taken_back(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    let menu = browser.get("/menu").await;
    menu.says(200, "マイナ資格確認アプリ管理").says(200, ">アクティベーション管理</a>");
    let page = browser.get("/activation").await;
    page.says(200, "<h1>アクティベーション管理</h1>").says(200, "端末識別メモ情報");
    page.says(200, "<button type=\"submit\">発行</button>").says(200, "発行したコードはまだありません");
    let done = issue(&browser, "二号車の端末").await;
    done.says(200, "発行されたアクティベーションコードは10分程度経過してから利用してください。");
    done.says(200, "あと10分0秒").says(200, "二号車の端末");
    let digits = code(&done, "activation-code");
    assert_eq!(digits.len(), 14, "twelve in groups of four: {digits}");

    let list = browser.get("/activation").await;
    list.says(200, "発行済").says(200, "あと10分0秒").says(200, "あと19台");
    assert!(!list.text.contains(&digits));
    web.system.advance(Duration::from_secs(10 * 60)).await;
    browser.get("/activation").await.says(200, "利用可能").says(200, "あと23時間50分");
    let end = end_link(&browser.get("/activation").await);

    // Another institution's administrator finds nothing there.
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    let stranger = web.browser_at(&elsewhere);
    let secret = web.session_of(OTHER, "kanri09", InstitutionRole::Administrator).await;
    stranger.hold(COOKIE, secret.reveal());
    stranger.get(&end).await.says(404, "ページが見つかりません");
    assert_eq!(stranger.post(&end, &[]).await.status, 404);
    assert!(!stranger.get("/activation").await.text.contains("二号車の端末"));

    browser.get(&end).await.says(200, "「二号車の端末」を無効化します");
    browser.post(&end, &[]).await.leads("/activation");
    browser.post(&end, &[]).await.leads("/activation");
    browser.get("/activation").await.says(200, ">無効<").says(200, "あと20台");
    for number in 0..DEVICES_MAX {
        issue(&browser, &format!("端末{number}")).await.says(200, "発行しました");
    }
    issue(&browser, "多すぎる端末").await.says(409, "端末は20台までです").says(409, "多すぎる端末");
    let entries = audit_entries(&web.system).await;
    let count = |action: &str| entries.iter().filter(|entry| entry.action == action).count();
    assert_eq!((count("activation.issue"), count("activation.invalidate")), (21, 1));
    web.system.stop().await;
}

async fn memos_are_kept_as_typed_or_refused_with_a_reason(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    let long = "あ".repeat(41);
    for (memo, reason) in [
        ("", "端末識別メモ情報が入力されていません"),
        ("　 \t", "端末識別メモ情報が入力されていません"),
        (&*long, "端末識別メモ情報が長すぎます"),
        ("a\u{0}b", "使えない文字"),
        ("a\r\nb", "使えない文字"),
    ] {
        issue(&browser, memo).await.says(422, reason);
    }
    let kept = [
        "𠮷野家\u{E0100}のiPad",
        "e\u{301}\u{200D}\u{202E}x",
        "Ω≈ç√∫˜µ≤",
        "'; DROP TABLE activation;--",
        "1/0",
    ];
    for memo in kept {
        issue(&browser, memo).await.says(200, "発行しました");
    }
    issue(&browser, "<script>alert('1')</script>").await.says(200, "&#60;script&#62;");
    let list = browser.get("/activation").await;
    assert!(!list.text.contains("<script>alert"));
    let code =
        eligibility::institution::InstitutionCode::parse(testkit::system::INSTITUTION).expect("a code");
    let stored = web.system.store().activations(&code).await.expect("reads");
    let stored: Vec<_> = stored.iter().rev().map(|one| one.device_memo.as_str()).collect();
    assert_eq!(stored[..5], kept, "byte for byte");
    web.system.stop().await;
}
