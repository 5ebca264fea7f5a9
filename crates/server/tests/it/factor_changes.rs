//! Keys of an account: every change ends its other sessions and is told by mail; a secret that is shown is one
//! browser's.

use std::time::Duration;

use testkit::browser::Browser;
use testkit::system::Engine;

use crate::portal_support::{PASSWORD, Portal, login, secret_on};

crate::on_both_engines! {
    new_recovery_codes_end_other_sessions_and_are_told_by_mail
    two_browsers_that_enrol_at_once_see_their_own_secret
    a_shown_secret_is_good_once
    a_session_alone_changes_no_key
    a_proof_is_good_for_five_minutes_and_lengthens_nothing
    proofs_are_not_guessed
}

/// Another browser of the same account, signed in.
async fn elsewhere(portal: &Portal, mail: &str, secret: &[u8]) -> Browser {
    portal.system.hands.advance(Duration::from_secs(60));
    let browser = portal.browser();
    login(&browser, mail, PASSWORD).await.leads("/login/second-factor");
    let code = portal.code(secret, 0);
    browser.post("/login/totp", &[("code", &code)]).await.leads("/my-menu");
    browser
}

async fn new_recovery_codes_end_other_sessions_and_are_told_by_mail(engine: Engine) {
    let portal = Portal::open(engine).await;
    let mail = "codes@mihon.example";
    let (first, secret) = portal.member("1319990012", mail).await;
    let second = elsewhere(&portal, mail, &secret).await;
    let page = second.post("/security/recovery-codes", &[]).await;
    page.says(200, "この画面を閉じると、もう表示できません");
    let told = portal.mailbox.mail_to(mail, 2).await;
    assert!(told.text.contains("回復コードが作り直されました"), "{}", told.text);
    assert!(told.text.contains("ほかの端末でのログインは終了しました"), "{}", told.text);
    first.get("/my-menu").await.leads("/login?next=/my-menu");
    second.get("/my-menu").await.says(200, "マイメニュー");
    // The one that was ended neither makes codes nor begins anything.
    first.post("/security/recovery-codes", &[]).await.leads("/login");
    portal.system.stop().await;
}

/// A browser that gave the right password of an account without any second factor.
async fn with_password(portal: &Portal, mail: &str) -> Browser {
    let browser = portal.browser();
    login(&browser, mail, PASSWORD).await.leads("/second-factor/setup");
    browser
}

async fn registered(portal: &Portal, mail: &str) {
    let browser = portal.browser();
    portal.register(&browser, "1319990012", mail).await.says(200, "確認メールを送信しました");
    let link = portal.mailbox.mail_to(mail, 1).await;
    let token = browser.get(link.link()).await.hidden("token");
    browser.post("/confirm", &[("token", &token)]).await.says(200, "登録が完了しました");
}

async fn begun(browser: &Browser) -> Vec<u8> {
    browser.post("/second-factor/totp", &[]).await.leads("/second-factor/totp");
    secret_on(browser.get("/second-factor/totp").await.says(200, "認証アプリの設定"))
}

async fn confirm(portal: &Portal, browser: &Browser, secret: &[u8]) -> testkit::browser::BrowserPage {
    let code = portal.code(secret, 0);
    browser.post("/second-factor/totp/confirm", &[("code", &code)]).await
}

async fn two_browsers_that_enrol_at_once_see_their_own_secret(engine: Engine) {
    let portal = Portal::open(engine).await;
    let mail = "two@mihon.example";
    registered(&portal, mail).await;
    let (own, thief) = (with_password(&portal, mail).await, with_password(&portal, mail).await);
    let own_secret = begun(&own).await;
    // A browser that began nothing is shown nothing.
    thief.get("/second-factor/totp").await.leads("/second-factor/setup");
    let thiefs_secret = begun(&thief).await;
    assert_ne!(own_secret, thiefs_secret);
    let shown_again = own.get("/second-factor/totp").await;
    assert_eq!(secret_on(&shown_again), own_secret, "the other's beginning changed nothing here");
    confirm(&portal, &own, &thiefs_secret).await.says(422, "コードが正しくありません");
    confirm(&portal, &own, &own_secret).await.says(200, "この画面を閉じると、もう表示できません");
    own.get("/my-menu").await.says(200, "マイメニュー");
    // The account is set up: who was on the way with the password only is out.
    confirm(&portal, &thief, &thiefs_secret).await.leads("/login");
    let late = portal.browser();
    login(&late, mail, PASSWORD).await.leads("/login/second-factor");
    portal.system.stop().await;
}

async fn a_shown_secret_is_good_once(engine: Engine) {
    let portal = Portal::open(engine).await;
    let mail = "late@mihon.example";
    registered(&portal, mail).await;
    let browser = with_password(&portal, mail).await;
    let first = begun(&browser).await;
    let second = begun(&browser).await;
    confirm(&portal, &browser, &first).await.says(422, "コードが正しくありません");
    confirm(&portal, &browser, &second).await.says(200, "この画面を閉じると、もう表示できません");
    confirm(&portal, &browser, &second).await.leads("/second-factor/setup");
    let told = portal.mailbox.mail_to(mail, 2).await;
    assert!(told.text.contains("認証アプリが設定されました"), "{}", told.text);
    portal.system.stop().await;
}

/// What changes the keys of an account, with the page it leads back to.
const CHANGES: &[(&str, &str)] = &[
    ("/second-factor/totp", "/second-factor/setup"),
    ("/second-factor/totp/confirm", "/second-factor/setup"),
    ("/security/passkeys/remove", "/security"),
    ("/security/totp/remove", "/security"),
    ("/security/recovery-codes", "/security"),
];

/// So long after it a proof is none any more.
const PROOF: Duration = Duration::from_secs(5 * 60);

async fn prove(browser: &Browser, password: &str) -> testkit::browser::BrowserPage {
    browser.post("/security/proof", &[("password", password), ("next", "/security")]).await
}

async fn a_session_alone_changes_no_key(engine: Engine) {
    let portal = Portal::open(engine).await;
    let mail = "stolen@mihon.example";
    let (owner, _) = portal.member("1319990012", mail).await;
    portal.system.hands.advance(PROOF);
    let thief = owner.copied();
    for (change, back) in CHANGES {
        let led = thief.post(change, &[("passkey", "00"), ("code", "000000")]).await;
        led.leads(&format!("/security/proof?next={back}"));
    }
    for dialogue in ["/second-factor/passkey/start", "/second-factor/passkey/finish"] {
        let answer = thief.post(dialogue, &[]).await;
        assert_eq!(answer.status, 403, "{dialogue}: {}", answer.text);
        assert!(answer.text.contains("/security/proof?next=/second-factor/setup"), "{}", answer.text);
        assert!(!answer.text.contains("challenge"), "no dialogue has begun: {}", answer.text);
    }
    prove(&thief, "not the password").await.says(422, "パスワードが正しくありません");
    thief.post("/security/recovery-codes", &[]).await.leads("/security/proof?next=/security");
    // Its owner proves it; the session that was stolen before is over with that.
    prove(&owner, PASSWORD).await.leads("/security");
    thief.get("/security").await.leads("/login?next=/security");
    let begun = owner.post("/second-factor/passkey/start", &[]).await;
    assert!(begun.text.contains("challenge"), "{}", begun.text);
    owner.post("/security/recovery-codes", &[]).await.says(200, "この画面を閉じると、もう表示できません");
    portal.system.stop().await;
}

async fn a_proof_is_good_for_five_minutes_and_lengthens_nothing(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (browser, _) = portal.member("1319990012", "proven@mihon.example").await;
    portal.system.hands.advance(PROOF - Duration::from_secs(1));
    browser.post("/security/recovery-codes", &[]).await.says(200, "この画面を閉じると、もう表示できません");
    // Used without a pause, until shortly before the session's end in any case.
    let step = Duration::from_secs(20 * 60);
    for _ in 0..35 {
        portal.system.hands.advance(step);
        browser.get("/my-menu").await.says(200, "マイメニュー");
    }
    browser.post("/security/recovery-codes", &[]).await.leads("/security/proof?next=/security");
    browser.get("/security/proof?next=/security").await.says(200, "ご本人の確認");
    prove(&browser, PASSWORD).await.leads("/security");
    browser.post("/security/recovery-codes", &[]).await.says(200, "この画面を閉じると、もう表示できません");
    portal.system.hands.advance(PROOF);
    browser.post("/security/recovery-codes", &[]).await.leads("/security/proof?next=/security");
    portal.system.hands.advance(step);
    browser.get("/my-menu").await.leads("/login?next=/my-menu");
    portal.system.stop().await;
}

async fn proofs_are_not_guessed(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (browser, _) = portal.member("1319990012", "guessed@mihon.example").await;
    portal.system.hands.advance(PROOF);
    let mut refused = None;
    for _ in 0..20 {
        let answer = prove(&browser, "not the password").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.says(422, "パスワードが正しくありません");
    }
    assert!(refused.is_some(), "twenty guesses were compared");
    prove(&browser, PASSWORD).await.says(429, "ご本人の確認");
    portal.system.stop().await;
}
