//! アカウント管理: who makes whom, the initial password shown once, the last administrator.

use std::time::Duration;

use eligibility::institution_account::InstitutionRole;
use testkit::browser::{Browser, BrowserPage};
use testkit::system::{Engine, INSTITUTION};

use crate::institution_support::{PASSWORD, Web, login};
use crate::support::audit_dump;

crate::on_both_engines! {
    an_administrator_registers_somebody_who_then_signs_in
    the_master_makes_administrators_and_the_last_one_stays
    the_account_for_it_resets_the_master_and_nothing_else
    the_last_five_passwords_are_not_taken_again
    a_locked_account_is_shown_with_its_end_and_what_to_do
    what_is_not_kept_as_it_was_typed_is_said
}

async fn register(browser: &Browser, role: &str, user_id: &str) -> (String, BrowserPage) {
    let form = browser.get("/accounts/new").await;
    let once = form.hidden("form_id");
    (once.clone(), hand_in(browser, &once, role, user_id).await)
}

async fn hand_in(browser: &Browser, once: &str, role: &str, user_id: &str) -> BrowserPage {
    let fields = [
        ("form_id", once),
        ("role", role),
        ("user_id", user_id),
        ("name", "髙橋 花子"),
        ("name_kana", "たかはし ﾊﾅｺ"),
        ("starts_on", "令和8年1月5日"),
        ("ends_on", ""),
    ];
    browser.post("/accounts/new", &fields).await
}

/// The initial password as the page shows it.
fn shown(page: &BrowserPage) -> String {
    let rest = page.text.split_once("password-once\">").expect("a password").1;
    rest.split('<').next().expect("its end").to_owned()
}

async fn an_administrator_registers_somebody_who_then_signs_in(engine: Engine) {
    let web = Web::open(engine).await;
    web.account("kanri01", InstitutionRole::Administrator).await;
    let administrator = web.browser();
    login(&administrator, "kanri01", PASSWORD).await.leads("/menu");
    let form = administrator.get("/accounts/new").await;
    for label in ["権限区分", "ユーザーID", "ユーザ名", "ユーザ名(カナ)", "利用開始年月日", ">登録</button>"]
    {
        form.says(200, label);
    }
    let role = |role: InstitutionRole| format!("value=\"{}\"", role.name());
    assert!(form.text.contains(&role(InstitutionRole::General)));
    assert!(!form.text.contains(&role(InstitutionRole::Administrator)), "only the master makes those");
    register(&administrator, "administrator", "kanri02").await.1.says(422, "権限区分が選択されていません");
    register(&administrator, "kiosk", "uketsuke1").await.1.says(422, "F0 で始まる");
    register(&administrator, "general", "あいう").await.1.says(422, "ユーザーIDの形式");
    register(&administrator, "general", "m1319990012").await.1.says(422, "通知書のアカウント");
    let (once, page) = register(&administrator, "general", "UKETSUKE1").await;
    page.says(200, "アカウントを登録しました").says(200, "uketsuke1").says(200, "1度だけ使えます");
    let password = shown(&page);
    // The second click shows no password, and the same id is taken.
    hand_in(&administrator, &once, "general", "uketsuke1").await.leads("/accounts/uketsuke1");
    register(&administrator, "general", "uketsuke1").await.1.says(422, "すでに登録されています");
    administrator.get("/accounts").await.says(200, "未ログイン").says(200, "タカハシ　ハナコ");
    let somebody = web.browser();
    login(&somebody, "uketsuke1", &password).await.leads("/login/new-password");
    let own = [("password", PASSWORD), ("password_again", PASSWORD)];
    somebody.post("/login/new-password", &own).await.leads("/menu");
    somebody.get("/accounts").await.says(403, "一般");
    administrator.get("/accounts/uketsuke1").await.says(200, "利用中");
    let once = administrator.get("/accounts/uketsuke1").await.hidden("form_id");
    let reset = administrator.post("/accounts/uketsuke1/reset", &[("form_id", &once)]).await;
    let second = shown(reset.says(200, "初期パスワードを再発行しました"));
    somebody.get("/menu").await.leads("/login?why=ended");
    login(&somebody, "uketsuke1", PASSWORD).await.says(422, "正しくありません");
    login(&somebody, "uketsuke1", &second).await.leads("/login/new-password");
    administrator
        .get("/accounts/uketsuke1")
        .await
        .says(200, "href=\"/accounts/uketsuke1/stop\">利用停止</a>");
    let asked = administrator.get("/accounts/uketsuke1/stop").await;
    asked.says(200, "（ユーザーID uketsuke1、一般）の利用を停止します。よろしいですか。");
    // The question alone stops nobody.
    administrator.get("/accounts/uketsuke1").await.says(200, ">利用停止</a>");
    administrator.post("/accounts/uketsuke1/stop", &[]).await.leads("/accounts/uketsuke1?done=stop");
    administrator.get("/accounts").await.says(200, "停止");
    let dump = audit_dump(&web.system).await;
    for action in ["create", "reset", "stop"] {
        assert!(dump.contains(&format!("institution-account.{action}")), "{action}: {dump}");
    }
    assert!(!dump.contains(&password) && !dump.contains(&second), "a password is in the log");
    web.system.stop().await;
}

async fn the_master_makes_administrators_and_the_last_one_stays(engine: Engine) {
    let web = Web::open(engine).await;
    let master_id = format!("M{INSTITUTION}");
    web.account(&master_id, InstitutionRole::Master).await;
    web.account("kanri01", InstitutionRole::Administrator).await;
    let master = web.browser();
    login(&master, &master_id, PASSWORD).await.leads("/menu");
    master.post("/accounts/kanri01/stop", &[]).await.says(409, "停止できません");
    register(&master, "general", "uketsuke1").await.1.says(422, "権限区分が選択されていません");
    register(&master, "administrator", "kanri02").await.1.says(200, "アカウントを登録しました");
    let administrator = web.browser();
    login(&administrator, "kanri01", PASSWORD).await.leads("/menu");
    // Nobody manages accounts of the own role: neither another's nor the own one, nor the master's.
    for path in ["/accounts/kanri01/stop", "/accounts/kanri02/stop", "/accounts/kanri01"] {
        assert_eq!(administrator.post(path, &[]).await.status, 403, "{path}");
    }
    let reset = format!("/accounts/{master_id}/reset");
    assert_eq!(administrator.post(&reset, &[]).await.status, 404);
    assert_eq!(master.post(&reset, &[]).await.status, 404);
    master.post("/accounts/kanri01/stop", &[]).await.leads("/accounts/kanri01?done=stop");
    administrator.get("/menu").await.leads("/login?why=ended");
    login(&administrator, "kanri01", PASSWORD).await.says(422, "停止されています");
    master.post("/accounts/kanri02/stop", &[]).await.says(409, "停止できません");
    master.post("/accounts/kanri01/resume", &[]).await.leads("/accounts/kanri01?done=resume");
    master.post("/accounts/kanri02/stop", &[]).await.leads("/accounts/kanri02?done=stop");
    web.system.stop().await;
}

async fn the_account_for_it_resets_the_master_and_nothing_else(engine: Engine) {
    let web = Web::open(engine).await;
    let keeper = web.signed_in(InstitutionRole::MasterReset).await;
    keeper.get("/master-reset").await.says(200, "マスタアカウントはまだありません");
    let master_id = format!("M{INSTITUTION}");
    web.account(&master_id, InstitutionRole::Master).await;
    web.account("kanri01", InstitutionRole::Administrator).await;
    let master = web.browser();
    login(&master, &master_id, PASSWORD).await.leads("/menu");
    let page = keeper.get("/master-reset").await;
    page.says(200, &master_id).says(200, ">リセット</button>");
    let form = [("form_id", &*page.hidden("form_id"))];
    let done = keeper.post("/master-reset", &form).await;
    let password = shown(done.says(200, "マスタアカウントをリセットしました"));
    keeper.post("/master-reset", &form).await.leads("/master-reset");
    master.get("/menu").await.leads("/login?why=ended");
    login(&master, &master_id, PASSWORD).await.says(422, "正しくありません");
    login(&master, &master_id, &password).await.leads("/login/new-password");
    for role in [InstitutionRole::Master, InstitutionRole::Administrator] {
        let browser = web.signed_in(role).await;
        browser.post("/master-reset", &form).await.says(403, "マスタアカウントリセット用");
    }
    let dump = audit_dump(&web.system).await;
    let resets: Vec<_> = dump.lines().filter(|line| line.contains("institution-account.reset")).collect();
    assert!(resets.len() == 1 && resets[0].contains("account:master_reset"), "{dump}");
    assert!(!dump.contains(&password), "a password is in the log");
    web.system.stop().await;
}

async fn a_locked_account_is_shown_with_its_end_and_what_to_do(engine: Engine) {
    const TAKEN: &str = "<span class=\"tag go\">利用中</span>";
    let web = Web::open(engine).await;
    web.account("uketsuke1", InstitutionRole::General).await;
    web.account("uketsuke2", InstitutionRole::General).await;
    let administrator = web.signed_in(InstitutionRole::Administrator).await;
    let row = async |id: &str| {
        let page = administrator.get("/accounts").await;
        let from = page.text.find(&format!("/accounts/{id}\"")).expect("it is in the list");
        page.text[from..].split("</tr>").next().unwrap_or_default().to_owned()
    };
    let somebody = web.browser();
    login(&somebody, "uketsuke1", PASSWORD).await.leads("/menu");
    let wrong = async |browser: &Browser, id: &str, times: usize| {
        for _ in 0..times {
            login(browser, id, "まちがい wrong horse").await.says(422, "正しくありません");
        }
    };
    wrong(&somebody, "uketsuke1", 4).await;
    assert!(row("uketsuke1").await.contains(TAKEN), "four times lock nothing");
    wrong(&somebody, "uketsuke1", 1).await;
    let locked = row("uketsuke1").await;
    assert!(locked.contains("ロック中（使ったことのある端末）") && !locked.contains(TAKEN), "{locked}");
    let other = web.system.terminal(INSTITUTION, "受付2").await;
    wrong(&web.browser_at(&other), "uketsuke1", 5).await;
    wrong(&web.browser_at(&other), "uketsuke2", 5).await;
    for id in ["uketsuke1", "uketsuke2"] {
        let locked = row(id).await;
        assert!(locked.contains(">ロック中<") && locked.contains("まで</td>"), "{locked}");
        let page = administrator.get(&format!("/accounts/{id}")).await;
        page.says(200, ">ロック中<").says(200, "初期パスワードを再発行");
    }
    // Its end is where the wait ends; and a new initial password ends it at once.
    web.system.advance(Duration::from_secs(15 * 60)).await;
    let administrator = web.signed_in(InstitutionRole::Administrator).await;
    let list = administrator.get("/accounts").await;
    assert!(!list.text.contains("\"tag stop\""), "{}", list.text);
    wrong(&web.browser_at(&other), "uketsuke2", 5).await;
    let page = administrator.get("/accounts/uketsuke2").await;
    page.says(200, ">ロック中<");
    let once = page.hidden("form_id");
    administrator.post("/accounts/uketsuke2/reset", &[("form_id", &once)]).await.says(200, "初期パスワード");
    let page = administrator.get("/accounts/uketsuke2").await;
    assert!(!page.text.contains(">ロック中<"), "{}", page.text);
    web.system.stop().await;
}

async fn what_is_not_kept_as_it_was_typed_is_said(engine: Engine) {
    const SAID: &str = "入力されたままではなく";
    let web = Web::open(engine).await;
    web.account("uketsuke1", InstitutionRole::General).await;
    let administrator = web.signed_in(InstitutionRole::Administrator).await;
    let change = async |name: &str, kana: &str| {
        let fields = [("name", name), ("name_kana", kana), ("starts_on", "2026-01-01"), ("ends_on", "")];
        let page = administrator.post("/accounts/uketsuke1", &fields).await;
        assert_eq!(page.status, 303, "{}", page.text);
        administrator.get(page.to()).await
    };
    let same = change("髙橋　花子", "タカハシ　ハナコ").await;
    assert!(!same.says(200, "変更しました。").text.contains(SAID), "{}", same.text);
    for (name, kana, kept) in [
        ("髙橋　花子 ", "タカハシ　ハナコ", "value=\"髙橋　花子\""),
        ("か\u{3099}", "タカハシ　ハナコ", "value=\"が\""),
        ("髙橋　花子", "たかはし　はなこ", "value=\"タカハシ　ハナコ\""),
    ] {
        change(name, kana).await.says(200, SAID).says(200, kept);
    }
    for (user_id, name, told) in [("uketsuke2", "　髙橋", true), ("uketsuke3", "髙橋", false)] {
        let once = administrator.get("/accounts/new").await.hidden("form_id");
        let fields = [
            ("form_id", &*once),
            ("role", "general"),
            ("user_id", user_id),
            ("name", name),
            ("name_kana", "タカハシ"),
            ("starts_on", "2026-01-05"),
            ("ends_on", ""),
        ];
        let page = administrator.post("/accounts/new", &fields).await;
        assert_eq!(page.says(200, "初期パスワード").text.contains(SAID), told, "{}", page.text);
    }
    web.system.stop().await;
}

/// One of several passwords that are good ones.
fn own(number: u32) -> String {
    format!("kiri-no-hana-{number}-asagi")
}

async fn the_last_five_passwords_are_not_taken_again(engine: Engine) {
    let web = Web::open(engine).await;
    web.account("kanri01", InstitutionRole::Administrator).await;
    web.account("uketsuke1", InstitutionRole::General).await;
    let somebody = web.browser();
    login(&somebody, "uketsuke1", PASSWORD).await.leads("/menu");
    let change = async |from: &str, to: &str| {
        let fields = [("current", from), ("password", to), ("password_again", to)];
        // Which came before which is told by the clock.
        web.system.hands.advance(Duration::from_secs(1));
        somebody.post("/password", &fields).await
    };
    change(PASSWORD, &own(1)).await.says(200, "パスワードを変更しました");
    for number in 1..5 {
        let (from, to) = (own(number), own(number + 1));
        change(&from, PASSWORD).await.says(422, "直近5回のパスワードは、もう一度使えません");
        change(&from, &to).await.says(200, "パスワードを変更しました");
    }
    // Five lie between.
    change(&own(5), &own(1)).await.says(422, "直近5回");
    change(&own(5), PASSWORD).await.says(200, "パスワードを変更しました");
    // A new initial password does not make them new.
    let administrator = web.browser();
    login(&administrator, "kanri01", PASSWORD).await.leads("/menu");
    let once = administrator.get("/accounts/uketsuke1").await.hidden("form_id");
    let reset = administrator.post("/accounts/uketsuke1/reset", &[("form_id", &once)]).await;
    let initial = shown(&reset);
    login(&somebody, "uketsuke1", &initial).await.leads("/login/new-password");
    let set = async |password: &str| {
        somebody.post("/login/new-password", &[("password", password), ("password_again", password)]).await
    };
    set(PASSWORD).await.says(422, "直近5回");
    set(&own(2)).await.says(422, "直近5回");
    // Whoever was given it, an administrator too, tries what the passwords before were as seldom as others guess.
    for number in 3..6 {
        set(&own(number)).await.says(422, "直近5回");
    }
    set(&own(3)).await.says(429, "約15分後");
    set(&own(1)).await.says(429, "約15分後");
    // Another initial password, which is on the record, begins the count anew.
    let once = administrator.get("/accounts/uketsuke1").await.hidden("form_id");
    let reset = administrator.post("/accounts/uketsuke1/reset", &[("form_id", &once)]).await;
    login(&somebody, "uketsuke1", &shown(&reset)).await.leads("/login/new-password");
    set(&own(3)).await.says(422, "直近5回");
    set(&own(1)).await.leads("/menu");
    web.system.stop().await;
}
