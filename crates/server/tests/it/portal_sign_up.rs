//! From first sign-up to マイメニュー over real HTTP and SMTP, without a script.

use std::time::Duration;

use testkit::system::Engine;

use crate::portal_support::{PASSWORD, Portal, login, registration};

crate::on_both_engines! {
    a_clinic_signs_up_confirms_signs_in_and_comes_back
    the_answer_tells_nobody_who_has_an_account
    a_link_works_once_and_for_a_day
    a_password_is_reset_by_mail_and_ends_other_sessions
    mail_waits_for_an_ill_mail_server_and_is_sent_once
}

async fn a_clinic_signs_up_confirms_signs_in_and_comes_back(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (browser, secret) = portal.member("1319990012", "uketsuke@mihon.example").await;
    browser
        .get("/my-menu")
        .await
        .says(200, "見本坂内科")
        .says(200, "オンライン資格確認利用開始・変更申請")
        .says(200, "電子証明書発行申請");
    let before = browser.cookies();
    browser.post("/sign-out", &[]).await.leads("/login");
    browser.get("/my-menu").await.leads("/login?next=/my-menu");
    // The cookie of the ended session is nothing any more, also when somebody kept it.
    let thief = portal.browser();
    let session = &before["__Host-shikaku-portal"];
    let kept = format!("__Host-shikaku-portal={session}");
    thief
        .send(hyper::Method::GET, "/my-menu", String::new(), &[("cookie", &kept)])
        .await
        .leads("/login?next=/my-menu");

    portal.system.hands.advance(Duration::from_secs(60));
    let given = login(&browser, "Uketsuke@mihon.example", PASSWORD).await;
    given.leads("/login/second-factor");
    let half = browser.cookies();
    browser.get("/my-menu").await.leads("/login?next=/my-menu");
    browser.get("/second-factor/setup").await.leads("/login/second-factor");
    let code = portal.code(&secret, 0);
    browser.post("/login/totp", &[("code", &code)]).await.leads("/my-menu");
    assert_ne!(browser.cookies()["__Host-shikaku-portal"], half["__Host-shikaku-portal"]);
    browser.get("/my-menu").await.says(200, "申請はまだありません");

    // The same code a second time, in another browser that knows the password.
    let other = portal.browser();
    login(&other, "uketsuke@mihon.example", PASSWORD).await.leads("/login/second-factor");
    other.post("/login/totp", &[("code", &code)]).await.says(422, "すでに使われています");
    other.get("/my-menu").await.leads("/login?next=/my-menu");

    portal.system.hands.advance(Duration::from_secs(31 * 60));
    browser.get("/my-menu").await.leads("/login?next=/my-menu");
}

async fn the_answer_tells_nobody_who_has_an_account(engine: Engine) {
    let portal = Portal::open(engine).await;
    let mail = "first@mihon.example";
    drop(portal.member("1319990012", mail).await);
    let fresh = portal.browser();
    let taken = portal.register(&fresh, "1319990020", mail).await;
    let new = portal.register(&fresh, "1319990020", "second@mihon.example").await;
    let same = |text: &str, mail: &str| text.replace(mail, "*");
    assert_eq!(taken.status, new.status);
    assert_eq!(same(&taken.text, mail), same(&new.text, "second@mihon.example"));
    assert!(portal.mailbox.mail_to(mail, 2).await.text.contains("すでに登録されています"));
    // Another address for the same institution: only the mail says so.
    portal.register(&fresh, "1319990012", "third@mihon.example").await.says(200, "確認メールを送信しました");
    assert!(portal.mailbox.mail_to("third@mihon.example", 1).await.text.contains("ほかのアカウントで登録"));

    let unknown = login(&fresh, "nobody@mihon.example", PASSWORD).await;
    let wrong = login(&fresh, mail, "another long password 1").await;
    assert_eq!(unknown.status, 422);
    assert_eq!(same(&unknown.text, "nobody@mihon.example"), same(&wrong.text, mail));

    let once = fresh.get("/password-reset").await.hidden("form_id");
    let known = fresh.post("/password-reset", &[("form_id", &once), ("mail", mail)]).await;
    let once = fresh.get("/password-reset").await.hidden("form_id");
    let stranger = fresh.post("/password-reset", &[("form_id", &once), ("mail", "x@mihon.example")]).await;
    assert_eq!(same(&known.text, mail), same(&stranger.text, "x@mihon.example"));
}

async fn a_link_works_once_and_for_a_day(engine: Engine) {
    let portal = Portal::open(engine).await;
    let browser = portal.browser();
    // The same form twice is one mail.
    let once = browser.get("/register").await.hidden("form_id");
    let fields = registration(&once, "1319990012", "one@mihon.example");
    browser.post("/register", &fields).await.says(200, "確認メールを送信しました");
    browser.post("/register", &fields).await.says(200, "確認メールを送信しました");
    let token =
        browser.get(portal.mailbox.mail_to("one@mihon.example", 1).await.link()).await.hidden("token");
    // Looking at the link does not spend it; eight presses at once make one account.
    let presses = (0..8).map(|_| {
        let (browser, token) = (browser.copied(), token.clone());
        tokio::spawn(async move { browser.post("/confirm", &[("token", &token)]).await.status })
    });
    let mut statuses = Vec::new();
    for press in presses.collect::<Vec<_>>() {
        statuses.push(press.await.expect("runs"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422, 422, 422, 422, 422, 422, 422]);
    assert_eq!(portal.mailbox.mails().len(), 1);

    portal.register(&browser, "1319990020", "two@mihon.example").await.says(200, "送信しました");
    let token =
        browser.get(portal.mailbox.mail_to("two@mihon.example", 1).await.link()).await.hidden("token");
    portal.system.hands.advance(Duration::from_secs(24 * 60 * 60));
    browser.post("/confirm", &[("token", &token)]).await.says(422, "このリンクは使えません");
    let raw = portal.mailbox.mails()[0].raw.clone();
    assert!(raw.contains("Auto-Submitted: auto-generated"), "{raw}");
}

async fn a_password_is_reset_by_mail_and_ends_other_sessions(engine: Engine) {
    let portal = Portal::open(engine).await;
    let mail = "reset@mihon.example";
    let (browser, secret) = portal.member("1319990012", mail).await;
    let other = portal.browser();
    let once = other.get("/password-reset").await.hidden("form_id");
    other.post("/password-reset", &[("form_id", &once), ("mail", mail)]).await.says(200, "送信しました");
    let letter = portal.mailbox.mail_to(mail, 2).await;
    let token = other.get(letter.link()).await.hidden("token");
    let form = |password: &str, again: &str| {
        [("token", token.clone()), ("password", password.to_owned()), ("password_again", again.to_owned())]
    };
    let post = async |fields: [(&str, String); 3]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        other.post("/password-reset/new", &fields).await
    };
    post(form("short", "short")).await.says(422, "パスワードが短すぎます");
    let new = "grün harbour 椿 ozone";
    post(form(new, new)).await.says(200, "パスワードを再設定しました");
    post(form(new, new)).await.says(422, "このリンクは使えません");
    assert!(portal.mailbox.mail_to(mail, 3).await.text.contains("再設定されました"));
    browser.get("/my-menu").await.leads("/login?next=/my-menu");
    login(&other, mail, PASSWORD).await.says(422, "正しくありません");
    portal.system.hands.advance(Duration::from_secs(60));
    login(&other, mail, new).await.leads("/login/second-factor");
    let code = portal.code(&secret, 0);
    other.post("/login/totp", &[("code", &code)]).await.leads("/my-menu");
}

async fn mail_waits_for_an_ill_mail_server_and_is_sent_once(engine: Engine) {
    let portal = Portal::open(engine).await;
    portal.mailbox.be_ill(true);
    let browser = portal.browser();
    portal.register(&browser, "1319990012", "ill@mihon.example").await.says(200, "送信しました");
    let store = portal.system.store();
    for _ in 0..200 {
        if portal.mailbox.refused() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(portal.mailbox.refused() > 0);
    assert_eq!(store.mails_waiting().await.expect("reads").count, 1);
    portal.mailbox.be_ill(false);
    portal.system.hands.advance(Duration::from_secs(61));
    portal.mailbox.mail_to("ill@mihon.example", 1).await;
    for _ in 0..200 {
        if store.mails_waiting().await.expect("reads").count == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(store.mails_waiting().await.expect("reads").count, 0);
    assert_eq!(portal.mailbox.mails().len(), 1);
}
