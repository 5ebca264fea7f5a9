//! 初期画面, ログイン, one session at a time, the end of a session.

use std::time::Duration;

use eligibility::Instant;
use eligibility::institution::InstitutionCode;
use eligibility::institution_account::{AccountChange, InstitutionRole, NewAccount, UsePeriod, UserId};
use hyper::Method;
use server::web::password::Passwords;
use store::{Act, FormId, NewStaff};
use testkit::system::{Engine, INSTITUTION};

use crate::institution_support::{COOKIE, OTHER, PASSWORD, Web, login};
use crate::support::{audit_dump, audit_entries};

crate::on_both_engines! {
    an_initial_password_works_once_and_leads_to_one_of_ones_own
    a_second_sign_in_takes_over_when_its_holder_says_so
    a_stranger_locks_nobody_out_who_signed_in_at_his_terminal_before
    half_an_hour_without_a_click_ends_a_session_and_the_page_says_why
    a_tab_left_behind_takes_no_session_from_the_one_that_signed_in
    a_page_that_keeps_itself_fresh_is_no_click
    accounts_of_readers_and_programs_sign_in_nowhere_and_are_told_why
}

/// An account as administrators make them.
async fn with_initial_password(web: &Web, user_id: &str, role: InstitutionRole, initial: &str) {
    let now = web.system.clock.now();
    let new = NewStaff {
        form: FormId { subject: "test".to_owned(), form_id: user_id.to_owned() },
        institution_code: InstitutionCode::parse(INSTITUTION).expect("a code"),
        account: NewAccount {
            role,
            user_id: UserId::parse(user_id).expect("an id"),
            change: AccountChange {
                name: "試験 花子".to_owned(),
                name_kana: "シケン　ハナコ".to_owned(),
                period: UsePeriod { starts_on: None, ends_on: None },
                emergency_view: false,
            },
        },
        password_hash: Passwords::new().expect("hashes").hash_text(initial).await.expect("a hash"),
        password_until: Instant(now.0 + 7 * 86_400_000),
        act: Act { chain: INSTITUTION.to_owned(), actor: "system".to_owned(), now },
    };
    web.system.store().add_staff(new).await.expect("added");
}

async fn an_initial_password_works_once_and_leads_to_one_of_ones_own(engine: Engine) {
    let web = Web::open(engine).await;
    let master = format!("M{INSTITUTION}");
    with_initial_password(&web, &master, InstitutionRole::Master, "initial-0001").await;
    with_initial_password(&web, "uketsuke1", InstitutionRole::General, "initial-0002").await;
    with_initial_password(&web, "uketsuke2", InstitutionRole::General, "initial-0003").await;
    let browser = web.browser();
    let first = browser.get("/").await;
    first.says(200, "システムの利用を始める").says(200, "href=\"/login\"").says(200, "本番環境");
    // Width and case of what is typed do not matter.
    login(&browser, "ｍ１３１９９９００１２", "initial-0001").await.leads("/login/new-password");
    browser.get("/menu").await.leads("/login");
    browser.get("/login/take-over").await.leads("/login/new-password");
    let set = async |password: &str| {
        browser.post("/login/new-password", &[("password", password), ("password_again", password)]).await
    };
    set("initial-0001").await.says(422, "初期パスワードと同じです");
    set("short").await.says(422, "新しいパスワード");
    set(PASSWORD).await.leads("/menu");
    browser.get("/menu").await.says(200, "マスタ");
    let again = web.browser();
    login(&again, &master, "initial-0001").await.says(422, "正しくありません");
    // Abandoned after the right entry: used up all the same, whoever finds the sheet.
    login(&again, "uketsuke1", "initial-0002").await.leads("/login/new-password");
    let finder = web.browser();
    login(&finder, "uketsuke1", "initial-0002").await.says(422, "1度だけ使えます");
    web.system.advance(Duration::from_secs(7 * 86_400)).await;
    login(&finder, "uketsuke2", "initial-0003").await.says(422, "有効期限（7日間）");
    web.system.stop().await;
}

async fn a_second_sign_in_takes_over_when_its_holder_says_so(engine: Engine) {
    let web = Web::open(engine).await;
    web.account("uketsuke1", InstitutionRole::General).await;
    let (first, second) = (web.browser(), web.browser());
    login(&first, "uketsuke1", PASSWORD).await.leads("/menu");
    // The same browser again is no second session.
    login(&first, "uketsuke1", PASSWORD).await.leads("/menu");
    login(&second, "uketsuke1", PASSWORD).await.leads("/login/take-over");
    second.get("/menu").await.leads("/login");
    let wording = "前回正常にログアウトされていなかった可能性があります。または、該当のユーザは既に使用されています。強制的にログインしますか?";
    let page = second.get("/login/take-over").await;
    page.says(200, wording).says(200, ">OK</button>").says(200, ">キャンセル</button>");
    second.post("/sign-out", &[]).await.leads("/login?why=out");
    first.get("/menu").await.says(200, "メニュー");
    login(&second, "uketsuke1", PASSWORD).await.leads("/login/take-over");
    second.post("/login/take-over", &[]).await.leads("/menu");
    second.get("/menu").await.says(200, "メニュー");
    first.get("/menu").await.leads("/login?why=ended");
    first.get("/login?why=ended").await.says(200, "別の端末からログインされた");
    first.get("/menu").await.leads("/login");
    second.post("/sign-out", &[]).await.leads("/login?why=out");
    login(&first, "uketsuke1", PASSWORD).await.leads("/menu");
    let dump = audit_dump(&web.system).await;
    assert_eq!(dump.matches("account.take-over").count(), 1, "{dump}");
    // Nobody of another institution has this account.
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    login(&web.browser_at(&elsewhere), "uketsuke1", PASSWORD).await.says(422, "正しくありません");
    web.system.stop().await;
}

async fn a_stranger_locks_nobody_out_who_signed_in_at_his_terminal_before(engine: Engine) {
    let web = Web::open(engine).await;
    web.account("uketsuke1", InstitutionRole::General).await;
    let known = web.browser();
    login(&known, "uketsuke1", PASSWORD).await.leads("/menu");
    known.post("/sign-out", &[]).await.leads("/login?why=out");
    let other = web.system.terminal(INSTITUTION, "受付2").await;
    let stranger = web.browser_at(&other);
    let mut said = Vec::new();
    for name in ["uketsuke1", "nobody01"] {
        for _ in 0..5 {
            said.push(
                login(&stranger, name, "wrong password").await.says(422, "正しくありません").text.clone(),
            );
        }
        // Also with the right password, and the same for who does not exist.
        let locked = login(&stranger, name, PASSWORD).await;
        locked.says(429, "約15分後");
    }
    let plain = |text: &String| text.replace("uketsuke1", "-").replace("nobody01", "-");
    assert!(said.iter().all(|text| plain(text) == plain(&said[0])), "an account is told apart");
    login(&known, "uketsuke1", PASSWORD).await.leads("/menu");
    known.post("/sign-out", &[]).await.leads("/login?why=out");
    web.system.advance(Duration::from_secs(15 * 60)).await;
    login(&stranger, "uketsuke1", PASSWORD).await.leads("/menu");
    let dump = audit_dump(&web.system).await;
    assert!(dump.contains("denied:password") && dump.contains("denied:locked"), "{dump}");
    assert!(!dump.contains("wrong password"), "{dump}");
    web.system.stop().await;
}

async fn half_an_hour_without_a_click_ends_a_session_and_the_page_says_why(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    let page = browser.get("/menu").await;
    page.says(200, "data-idle-warn=\"1680\"").says(200, "/static/idle.js");
    web.system.hands.advance(Duration::from_secs(29 * 60));
    assert_eq!(browser.post("/session/keep", &[]).await.status, 204);
    web.system.hands.advance(Duration::from_secs(29 * 60));
    browser.get("/menu").await.says(200, "メニュー");
    web.system.hands.advance(Duration::from_secs(30 * 60));
    browser.get("/accounts").await.leads("/login?why=idle&next=/accounts");
    let page = browser.get("/login?why=idle&next=/accounts").await;
    page.says(200, "30分間操作がなかったため").says(200, "value=\"/accounts\"");
    web.system.stop().await;
}

async fn a_tab_left_behind_takes_no_session_from_the_one_that_signed_in(engine: Engine) {
    let web = Web::open(engine).await;
    web.account("uketsuke1", InstitutionRole::General).await;
    let browser = web.browser();
    login(&browser, "uketsuke1", PASSWORD).await.leads("/menu");
    web.system.hands.advance(Duration::from_secs(30 * 60));
    // One tab's request is on its way with the old cookie while another signs in: its answer comes last.
    let left_behind = browser.copied();
    login(&browser, "uketsuke1", PASSWORD).await.leads("/menu");
    let late = left_behind.get("/menu").await;
    late.leads("/login?why=ended");
    for line in late.headers.get_all("set-cookie") {
        let pair = line.to_str().expect("text").split(';').next().unwrap_or_default();
        let (name, value) = pair.split_once('=').expect("a cookie");
        assert_ne!(name, COOKIE, "the session of the other tab");
        browser.hold(name, value);
    }
    browser.get("/menu").await.says(200, "メニュー");
    left_behind.get("/menu").await.leads("/login");
    browser.post("/sign-out", &[]).await.leads("/login?why=out");
    login(&browser, "uketsuke1", PASSWORD).await.leads("/menu");
    web.system.hands.advance(Duration::from_secs(30 * 60));
    browser.get("/menu").await.leads("/login?why=idle");
    web.system.stop().await;
}

async fn a_page_that_keeps_itself_fresh_is_no_click(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    let quiet = || browser.send(Method::GET, "/readers", String::new(), &[("shikaku-quiet", "1")]);
    for _ in 0..29 {
        web.system.hands.advance(Duration::from_secs(60));
        let page = quiet().await;
        page.says(200, "最新の状態を表示する").says(200, "/static/live.js");
    }
    web.system.hands.advance(Duration::from_secs(60));
    quiet().await.leads("/login?why=idle&next=/readers");
    web.system.stop().await;
}

async fn accounts_of_readers_and_programs_sign_in_nowhere_and_are_told_why(engine: Engine) {
    let web = Web::open(engine).await;
    web.account("f0reader", InstitutionRole::FaceReader).await;
    web.account("renkei01", InstitutionRole::Integration).await;
    for (user_id, words) in [
        ("f0reader", "顔認証用のアカウントではログインできません"),
        ("renkei01", "連携用のアカウントではログインできません"),
    ] {
        let browser = web.browser();
        let said = login(&browser, user_id, PASSWORD).await;
        said.says(422, words).says(422, "端末の電子証明書で確認するため、ログインは不要です");
        browser.get("/menu").await.leads("/login");
        // Who does not know the password learns nothing of the account.
        login(&browser, user_id, "another password").await.says(422, "正しくありません");
    }
    let entries = audit_entries(&web.system).await;
    for user_id in ["f0reader", "renkei01"] {
        let mine = |outcome: &str| {
            let of = entries.iter().filter(|entry| entry.outcome == outcome);
            of.filter(|entry| format!("{} {}", entry.actor, entry.object).contains(user_id)).count()
        };
        assert_eq!((mine("denied:role"), mine("denied:password")), (1, 1), "{user_id}");
    }
    web.system.stop().await;
}
