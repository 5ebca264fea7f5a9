//! The guard of a site: its own name, its own pages, its headers.

use hyper::Method;
use testkit::system::Engine;

use crate::ops::get;
use crate::portal_support::Portal;
use crate::support::captured_log;

crate::on_both_engines! {
    a_change_from_another_page_or_under_another_name_is_refused
    foreign_requests_cannot_fill_the_log
    every_open_page_works_without_script_and_says_what_browsers_may_do
}

async fn a_change_from_another_page_or_under_another_name_is_refused(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (browser, _) = portal.member("1319990012", "guard@mihon.example").await;
    let own = portal.system.server.portal().expect("a portal").origin.clone();
    for headers in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![],
        vec![("origin", own.as_str()), ("sec-fetch-site", "cross-site")],
        vec![("origin", own.as_str()), ("sec-fetch-site", "same-site")],
        vec![("origin", "http://localhost")],
    ] {
        let refused = browser.post_with("/sign-out", &[], &headers).await;
        refused.says(403, "何も変更していません");
    }
    browser.get("/my-menu").await.says(200, "マイメニュー");
    for host in ["evil.example", "localhost", "127.0.0.1", "localhost.evil.example"] {
        let page = browser.send(Method::GET, "/", String::new(), &[("host", host)]).await;
        page.says(421, "アドレスが違います").says(421, &own);
    }
    // The page that names the right address can be read there: its look is given under any name.
    let look = [("host", "127.0.0.1")];
    let style = browser.send(Method::GET, "/static/site.css", String::new(), &look).await;
    assert_eq!(style.status, 200);
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let headers = [("origin", own.as_str())];
        assert_eq!(browser.send(method, "/my-menu", String::new(), &headers).await.status, 404);
    }
}

async fn foreign_requests_cannot_fill_the_log(engine: Engine) {
    const FLOOD: usize = 50;
    let log = captured_log();
    let portal = Portal::open(engine).await;
    let browser = portal.browser();
    for _ in 0..FLOOD {
        browser
            .post_with("/login", &[], &[("origin", "https://evil.example")])
            .await
            .says(403, "何も変更していません");
        let page = browser.send(Method::GET, "/", String::new(), &[("host", "evil.example")]).await;
        page.says(421, "アドレスが違います");
    }
    let lines = log.text().lines().filter(|line| line.contains("from another page was refused")).count();
    assert!((1..FLOOD / 5).contains(&lines), "{lines} lines for {FLOOD} requests of each kind");
    let metrics = get(portal.system.server.ops(), "/metrics").await.1;
    for why in ["page", "name"] {
        let name = format!("shikaku_foreign_requests_refused_total{{why=\"{why}\"}} ");
        let count = metrics.lines().find_map(|line| line.strip_prefix(&name)?.parse::<usize>().ok());
        assert!(count.is_some_and(|count| count >= FLOOD), "{why}: {metrics}");
    }
}

async fn every_open_page_works_without_script_and_says_what_browsers_may_do(engine: Engine) {
    let portal = Portal::open(engine).await;
    let browser = portal.browser();
    for (path, words) in [
        ("/", "オンライン資格確認導入までの作業の流れ"),
        ("/login", "パスワードをお忘れの方"),
        ("/register", "確認メールを送信する"),
        ("/password-reset", "案内を送信する"),
        ("/notices", "お知らせはまだありません"),
        ("/versions", env!("CARGO_PKG_VERSION")),
        ("/manual", "ネットワークのトラブルのときに確認すること"),
        ("/manual?q=%E5%9B%9E%E7%B7%9A%E8%AA%8D%E8%A8%BC", "件あります"),
        ("/manual?q=%EF%BC%AC%EF%BC%A1%EF%BC%AE", "LANケーブル"),
        // らんけーぶる is not what anybody types; るーたｰ, half width and without its long vowels, is.
        ("/manual?q=%E3%82%8B%E3%83%BC%E3%81%9F%EF%BD%B0", "ルーター"),
        ("/manual?q=%EF%BE%99%EF%BD%B0%EF%BE%80+lan", "件あります"),
        ("/manual?q=%E3%83%BB", "見つかりませんでした"),
        ("/manual/network-trouble", "希望する/希望しない"),
        ("/manual/certificate-renewal", "90日前"),
        ("/manual/certificate-revocation", "元に戻せません"),
        ("/manual/succession", "承継申請"),
        ("/manual/code-change", "医療機関等コード変更申請"),
        ("/manual/customer-id-change", "お客さまID変更申請"),
        ("/manual/certificate-check", "Online Billing NW Common RootCA"),
    ] {
        let page = browser.get(path).await;
        page.says(200, words);
        let header = |name: &str| page.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let policy = header("content-security-policy");
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert!(!page.text.contains("<script>") && !page.text.contains(" style="), "{path}");
        assert!(!page.text.contains(" onclick"), "{path}");
    }
    browser.get("/nothing").await.says(404, "ページが見つかりません");
    browser.get("/manual/nothing").await.says(404, "ページが見つかりません");
    browser.get("/my-menu").await.leads("/login?next=/my-menu");
    let asked = browser.get("/login?next=//evil.example").await;
    assert!(asked.says(200, "ログイン").hidden("next").starts_with("//"), "kept as typed, never followed");
}
