//! 《環境設定情報更新》 and 《医療機関等別URL取得・変更》, step by step as the procedures say.

use std::time::Duration;

use eligibility::facility_settings::Setting;
use eligibility::institution_account::InstitutionRole;
use testkit::authority::with_authority;
use testkit::browser::{Browser, BrowserPage};
use testkit::system::Engine;

use crate::institution_support::{COOKIE, OTHER, Web};
use crate::on_both_engines;
use crate::support::audit_entries;

on_both_engines! {
    the_terms_are_opened_and_the_function_is_switched_on
    looking_makes_no_address
    two_who_change_at_once_do_not_overwrite_each_other
    addresses_are_made_shown_and_changed
    codes_are_downloaded_in_every_format
}

/// The form as a browser would hand it in, with these changed.
fn handed_in(page: &BrowserPage, changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, String)> {
    let mut fields = vec![("form_id", page.hidden("form_id")), ("version", page.hidden("version"))];
    for setting in Setting::ALL {
        let id = setting.id();
        let start = format!("name=\"{id}\" value=\"");
        let chosen = page
            .text
            .split(&start)
            .skip(1)
            .find(|rest| {
                rest.contains('"') && (rest.split('>').next().unwrap_or_default().contains("checked"))
            })
            .and_then(|rest| rest.split('"').next());
        // Locked ones stand in the form as hidden fields.
        let value = chosen.map_or_else(|| page.hidden(id), str::to_owned);
        let changed = changes.iter().find(|(changed, _)| *changed == id).map(|(_, code)| (*code).to_owned());
        fields.push((id, changed.unwrap_or(value)));
    }
    fields
}

async fn update(
    browser: &Browser,
    page: &BrowserPage,
    changes: &[(&'static str, &'static str)],
) -> BrowserPage {
    let fields = handed_in(page, changes);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post("/facility-settings", &fields).await
}

async fn switch_on(browser: &Browser, setting: &'static str) {
    browser.get("/facility-settings/terms").await.says(200, "オンライン資格確認等システム利用規約");
    browser.post("/facility-settings/terms", &[]).await.leads("/facility-settings");
    let page = browser.get("/facility-settings").await;
    update(browser, &page, &[(setting, "1")]).await.leads("/facility-settings/updated");
}

async fn the_terms_are_opened_and_the_function_is_switched_on(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    // [メニュー]にある《環境設定情報管理》から《環境設定情報更新》
    let menu = browser.get("/menu").await;
    menu.says(200, "環境設定情報管理").says(200, ">環境設定情報更新</a>");
    let page = browser.get("/facility-settings").await;
    page.says(200, "<h1>環境設定情報更新</h1>")
        .says(200, "「<a href=\"/facility-settings/terms\">オンライン資格確認等システム利用規約</a>」");
    page.says(200, "《訪問診療等・オンライン診療等・外来診療等(通常とは異なる動線)関連項目》")
        .says(200, "訪問診療等機能");
    page.says(200, "変更する前に、上の利用規約を開いて確認してください");
    assert!(!page.text.contains("type=\"radio\" name=\"home_visit\""), "it cannot be chosen yet");
    assert!(page.text.contains("type=\"radio\" name=\"operation\""));
    // Whoever hands it in all the same is refused, and nothing else is changed either.
    let refused = update(&browser, &page, &[("home_visit", "1"), ("operation", "1")]).await;
    refused.says(422, "更新できませんでした").says(422, "オンライン資格確認等システム利用規約");
    // Another administrator's word is not this one's, and who only looked at the text has not given any.
    let other = web.browser();
    let secret =
        web.session_of(testkit::system::INSTITUTION, "kanri02", InstitutionRole::Administrator).await;
    other.hold(COOKIE, secret.reveal());
    other.get("/facility-settings/terms").await.says(200, "版：");
    other.post("/facility-settings/terms", &[]).await.leads("/facility-settings");
    browser.get("/facility-settings/terms").await.says(200, "<h1>オンライン資格確認等システム利用規約</h1>");
    let page = browser.get("/facility-settings").await;
    assert!(!page.text.contains("type=\"radio\" name=\"home_visit\""));

    browser.post("/facility-settings/terms", &[]).await.leads("/facility-settings");
    let page = browser.get("/facility-settings").await;
    page.says(200, "利用規約を確認しました")
        .says(200, "type=\"radio\" name=\"home_visit\"")
        .says(200, "利用する");
    let updated = update(&browser, &page, &[("home_visit", "1")]).await;
    updated.leads("/facility-settings/updated");
    // The same form again changes nothing more.
    update(&browser, &page, &[("home_visit", "1")]).await.leads("/facility-settings/updated");
    let done = browser.get("/facility-settings/updated").await;
    done.says(200, "ログアウトし、顔認証付きカードリーダーを再起動すると反映されます");
    let page = browser.get("/facility-settings").await;
    page.says(200, "試験 花子（account:administrator）")
        .says(200, "<td>訪問診療等機能</td><td>利用しない</td><td>利用する</td>");
    // A choice that is none is told at its field; what else was chosen stays.
    let wrong = update(&browser, &page, &[("medication", "7"), ("treatment", "1")]).await;
    wrong.says(422, "薬剤情報が選択されていません");

    let entries = audit_entries(&web.system).await;
    let of = |action: &str| entries.iter().filter(|entry| entry.action == action).count();
    assert_eq!((of("terms.open"), of("facility_settings.update")), (2, 1));
    // Another institution's settings are its own.
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    let stranger = web.browser_at(&elsewhere);
    let secret = web.session_of(OTHER, "administrator", InstitutionRole::Administrator).await;
    stranger.hold(COOKIE, secret.reveal());
    stranger.get("/facility-settings").await.says(200, "変更はまだありません");
    web.system.stop().await;
}

async fn two_who_change_at_once_do_not_overwrite_each_other(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    let (first, second) = (browser.get("/facility-settings").await, browser.get("/facility-settings").await);
    update(&browser, &first, &[("operation", "1")]).await.leads("/facility-settings/updated");
    let conflict = update(&browser, &second, &[("treatment", "1")]).await;
    conflict.says(409, "更新していません").says(409, "ほかの方が設定を変更しました");
    // Both are told side by side: what stands now, and what was typed.
    conflict.says(409, "<th scope=\"row\">手術情報</th><td>利用する</td><td>利用しない</td>");
    conflict.says(409, "<th scope=\"row\">診療情報</th><td>利用しない</td><td>利用する</td>");
    let now = browser.get("/facility-settings").await;
    assert!(!now.text.contains("<td>診療情報</td>"), "nothing of the second was written");
    web.system.stop().await;
}

/// The address on the page.
fn address(page: &BrowserPage, name: &str) -> String {
    let start = format!("id=\"address-{name}\">");
    let (_, rest) = page.text.split_once(&start).unwrap_or_else(|| panic!("no {name} in {}", page.text));
    rest.split('<').next().unwrap_or_default().to_owned()
}

async fn addresses_are_made_shown_and_changed(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    // [メニュー]にある《マイナ在宅受付web管理》から《医療機関等別URL取得・変更》
    let menu = browser.get("/menu").await;
    menu.says(200, "マイナ在宅受付web管理").says(200, ">医療機関等別URL取得・変更</a>");
    let page = browser.get("/home-visit-url").await;
    page.says(200, "<h1>医療機関等別URL取得・変更</h1>")
        .says(200, "「訪問診療等機能」が「利用しない」になっているため");
    page.says(200, "「オンライン診療等機能」が「利用しない」になっているため");
    assert_eq!(browser.get("/home-visit-url/visit/code.svg").await.status, 409);
    switch_on(&browser, "home_visit").await;
    let page = browser.get("/home-visit-url").await;
    let first = address(&page, "visit");
    let secret = first.strip_prefix("https://zaitaku.mihon.example/visit/").expect("the address");
    assert_eq!(secret.len(), 26, "{first}");
    page.says(200, "コピー").says(200, "<svg").says(200, "二次元バーコード");
    assert!(!page.text.contains("id=\"address-online\""), "the other function is off");
    assert_eq!(address(&browser.get("/home-visit-url").await, "visit"), first, "it stays");
    switch_on(&browser, "online").await;
    let page = browser.get("/home-visit-url").await;
    assert_ne!(address(&page, "online"), first, "each use has its own");

    let svg = browser.get("/home-visit-url/visit/code.svg").await;
    assert_eq!(svg.headers["content-type"], "image/svg+xml");
    assert!(svg.headers["content-disposition"].to_str().expect("text").contains("attachment"));
    svg.says(200, "マイナ在宅受付Web（訪問診療等）");
    assert_eq!(browser.get("/home-visit-url/visit/code.exe").await.status, 404);
    assert_eq!(browser.get("/home-visit-url/everything/change").await.status, 404);

    let ask = browser.get("/home-visit-url/visit/change").await;
    ask.says(200, "元のURLには戻せません")
        .says(200, "変更から7日間")
        .says(200, "<button type=\"submit\">変更</button>");
    let (form_id, generation) = (ask.hidden("form_id"), ask.hidden("generation"));
    let path = "/home-visit-url/visit/change";
    let wrong = [("form_id", &*form_id), ("generation", &*generation), ("grace", "8")];
    browser.post(path, &wrong).await.says(400, "受け付けられませんでした");
    let right = [("form_id", &*form_id), ("generation", &*generation), ("grace", "2")];
    browser.post(path, &right).await.leads("/home-visit-url");
    let page = browser.get("/home-visit-url").await;
    let changed = address(&page, "visit");
    assert_ne!(changed, first);
    page.says(200, "前のURLも");
    // The same form again, and somebody's who still saw the first address.
    browser.post(path, &right).await.leads("/home-visit-url");
    let stale = [("form_id", "0123456789abcdef0123456789abcdef"), ("generation", "1"), ("grace", "0")];
    browser.post(path, &stale).await.says(409, "ほかの方が、このURLを先に変更しました");
    assert_eq!(address(&browser.get("/home-visit-url").await, "visit"), changed);
    web.system.advance(Duration::from_secs(2 * 24 * 3600)).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    let page = browser.get("/home-visit-url").await;
    assert!(!page.text.contains("前のURLも"), "its grace is over");

    let entries = audit_entries(&web.system).await;
    let of = |action: &str| entries.iter().filter(|entry| entry.action == action).count();
    assert_eq!((of("home_visit_url.make"), of("home_visit_url.change")), (2, 1));
    assert!(!entries.iter().any(|entry| entry.detail.contains(secret) || entry.object.contains(secret)));
    web.system.stop().await;
}

/// A page that is only looked at makes no address, not even where the function was switched on elsewhere.
async fn looking_makes_no_address(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    let code = &web.terminal.institution;
    testkit::facility::switch_on(&web.system, code, Setting::HomeVisit).await;
    let made = || async {
        let urls = web.system.store().home_visit_urls(code, web.system.clock.now()).await;
        urls.expect("read").len()
    };
    for path in ["/home-visit-url", "/home-visit-url/visit/change", "/home-visit-url/visit/code.svg"] {
        let page = browser.get(path).await;
        let status = if path == "/home-visit-url" { 200 } else { 409 };
        page.says(status, "URLはまだ生成されていません");
        assert_eq!(made().await, 0, "{path}");
    }
    let page = browser.get("/home-visit-url").await;
    page.says(200, "訪問診療等のURL・二次元バーコードを生成</button>");
    browser.post("/home-visit-url", &[]).await.leads("/home-visit-url");
    assert_eq!(made().await, 1);
    assert!(address(&browser.get("/home-visit-url").await, "visit").starts_with("https://"));
    web.system.stop().await;
}

async fn codes_are_downloaded_in_every_format(engine: Engine) {
    let web = Web::open_with(engine, with_authority).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    switch_on(&browser, "online").await;
    for (file, kind, start) in [
        ("code.png", "image/png", "PNG"),
        ("code.pdf", "application/pdf", "%PDF-"),
        ("code.svg", "image/svg+xml", "<svg"),
    ] {
        let page = browser.get(&format!("/home-visit-url/online/{file}")).await;
        assert_eq!((page.status, &page.headers["content-type"]), (200, &kind.parse().expect("a header")));
        assert!(page.text.contains(start), "{file}");
        let disposition = page.headers["content-disposition"].to_str().expect("text");
        assert!(disposition.contains("attachment; filename=\"home-visit-online."), "{disposition}");
    }
    web.system.stop().await;
}
