//! 資格確認 by number on the institution web: the same check as a terminal's, its result, print, CSV and 照会番号登録.

use eligibility::coverage::Coverage;
use eligibility::institution_account::InstitutionRole;
use eligibility::{Date, Instant, calendar};
use testkit::browser::{Browser, BrowserPage};
use testkit::client::Http;
use testkit::people;
use testkit::system::{Engine, INSTITUTION};

use crate::institution_support::{COOKIE, OTHER, Web};
use crate::on_both_engines;
use crate::support::{Desk, audit_entries, insurer, validity, welfare_office};

on_both_engines! {
    a_number_becomes_a_page_once
    what_changed_since_the_card_was_read_is_marked
    a_receipt_is_shown_until_it_ends
    a_result_is_the_own_institutions_and_for_a_day
    who_may_not_check_is_told_and_recorded
    an_answer_that_shows_nobody_says_what_to_do
    a_reference_number_is_registered_from_the_result
    whoever_asks_for_many_that_lead_nowhere_is_held_back_with_words
}

const BORN: Date = Date::constant(1980, 2, 17);
const PATH: &str = "/eligibility/number";
/// A name with a variation selector and what HTML and spreadsheets could take for their own.
const NAME: &str = "=葛\u{E0100}城<b>　&\"花子\"";

fn person(key: &str, number: &str, name: &str) -> Coverage {
    people::coverage(&insurer(), key, number, name, BORN)
}

/// What is typed for a person of [`person`].
fn typed<'a>(insurer: &'a str, number: &'a str, form_id: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("form_id", form_id),
        ("insurer_number", insurer),
        ("insured_symbol", "１２"),
        ("insured_number", number),
        ("branch_number", ""),
        ("birthdate", "S55.2.17"),
        ("as_of", ""),
        ("ceiling_consent", "on"),
    ]
}

async fn form_id(browser: &Browser) -> String {
    browser.get(PATH).await.says(200, "資格確認").hidden("form_id")
}

/// Checks a number; the address of its result.
async fn check(browser: &Browser, number: &str) -> String {
    let form_id = form_id(browser).await;
    let insurer = insurer();
    let page = browser.post(PATH, &typed(insurer.as_str(), number, &form_id)).await;
    assert_eq!(page.status, 303, "{}", page.text);
    page.to().to_owned()
}

async fn result(browser: &Browser, number: &str) -> BrowserPage {
    let address = check(browser, number).await;
    browser.get(&address).await
}

async fn a_number_becomes_a_page_once(engine: Engine) {
    let web = Web::open(engine).await;
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![person("p-1", "101", NAME)]).await;
    let browser = web.signed_in(InstitutionRole::General).await;

    let wrong = browser.post(PATH, &typed("0613001", "", &form_id(&browser).await)).await;
    wrong.says(422, "7桁になっています").says(422, "番号が入力されていません").says(422, "value=\"１２\"");
    wrong.says(422, "value=\"S55.2.17\"");
    let form_id = form_id(&browser).await;
    let insurer = insurer();
    let fields = typed(insurer.as_str(), "１０１", &form_id);
    let (one, two) = tokio::join!(browser.post(PATH, &fields), browser.post(PATH, &fields));
    assert_eq!((one.status, two.status, one.to()), (303, 303, two.to()), "one check for two clicks");
    let corrected = browser.post(PATH, &typed(insurer.as_str(), "999", &form_id)).await;
    assert_eq!(corrected.status, 303, "going back and asking another is no conflict: {}", corrected.text);
    assert_ne!(corrected.to(), one.to());

    let page = browser.get(one.to()).await;
    for shown in [
        "有効",
        "試験健康保険組合",
        "<span class=\"day\">昭和55年2月17日</span><span class=\"day\">（1980年2月17日）</span>",
        "3割",
        "ウ",
        "前回の確認は見つかりません",
    ] {
        page.says(200, shown);
    }
    page.says(200, "=葛\u{E0100}城&#60;b&#62;　&#38;&#34;花子&#34;").says(200, "<svg");
    browser.get(&format!("{}/print", one.to())).await.says(200, "試験診療所").says(200, "<svg");
    let csv = browser.get(&format!("{}/csv", one.to())).await;
    assert!(
        csv.text.starts_with('\u{FEFF}') && csv.text.contains("\"'=葛\u{E0100}城<b>　&\"\"花子\"\"\""),
        "{}",
        csv.text
    );
    assert_eq!(csv.text.matches("\r\n").count(), 2, "headings and one coverage");

    let entries = audit_entries(&web.system).await;
    let of = |action: &str| entries.iter().filter(|entry| entry.action == action).collect::<Vec<_>>();
    let checks = of("verify_number");
    assert_eq!(checks.len(), 2, "{entries:?}");
    assert!(
        checks.iter().all(|entry| entry.actor == "account:general" && entry.institution_code == INSTITUTION)
    );
    let looks: Vec<_> =
        of("view_check_result").iter().map(|entry| (entry.actor.clone(), entry.object.clone())).collect();
    assert_eq!(looks, vec![("account:general".to_owned(), "person:p-1".to_owned()); 3]);
    web.system.stop().await;
}

async fn what_changed_since_the_card_was_read_is_marked(engine: Engine) {
    let web = Web::open(engine).await;
    let first = person("p-1", "101", "試験　花子");
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![first.clone()]).await;
    let terminal = web.terminal.clone();
    let connection = terminal.connect(Http::Two).await.expect("connects");
    let desk = Desk { system: web.system, terminal, connection };
    let card = desk.system.card_of("p-1").await;
    assert_eq!(validity(&desk.check_card(&card, desk.system.today()).await), "1");
    let web = Web { system: desk.system, address: web.address, origin: web.origin, terminal: web.terminal };

    web.system.advance(std::time::Duration::from_secs(3_600)).await;
    let mut second = first;
    second.branch_number = Some("01".to_owned());
    second.person.protection.address_withheld = true;
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![second]).await;
    let browser = web.signed_in(InstitutionRole::Viewer).await;
    let page = result(&browser, "101").await;
    page.says(200, "前回から変わったところ（1か所）")
        .says(200, "マイナンバーカードで確認")
        .says(200, "前回：00");
    assert!(
        !page.text.contains("試験一丁目"),
        "a withheld address is shown nowhere, not as the old one either"
    );
    web.system.advance(std::time::Duration::from_secs(60)).await;
    let page = result(&browser, "101").await;
    page.says(200, "前回から変わりありません").says(200, "番号で確認");
    web.system.stop().await;
}

/// An hour, unless it is set otherwise.
async fn a_receipt_is_shown_until_it_ends(engine: Engine) {
    const CODE: &str = "aria-label=\"資格確認の控えの二次元バーコード\"";
    let web = Web::open(engine).await;
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![person("p-1", "101", NAME)]).await;
    let browser = web.signed_in(InstitutionRole::General).await;
    let address = check(&browser, "101").await;
    let print = format!("{address}/print");
    let end = calendar::format_n14(Instant(web.system.clock.now().0 + 3_600_000));
    let end = format!("{}:{}", &end[8..10], &end[10..12]);
    browser.get(&address).await.says(200, CODE).says(200, &format!("{end}です。"));
    browser
        .get(&print)
        .await
        .says(200, CODE)
        .says(200, "<br>期限 ")
        .says(200, &format!("{end}</figcaption>"));

    web.system.advance(std::time::Duration::from_secs(3_600)).await;
    let later = web.browser();
    later.hold(COOKIE, web.session_of(INSTITUTION, "ippan2", InstitutionRole::General).await.reveal());
    let page = later.get(&address).await;
    page.says(200, &format!("{end}）を過ぎました")).says(200, "試験健康保険組合");
    assert!(!page.text.contains(CODE), "an old receipt is not handed on");
    assert!(!later.get(&print).await.says(200, "試験健康保険組合").text.contains(CODE));
    web.system.stop().await;
}

async fn a_result_is_the_own_institutions_and_for_a_day(engine: Engine) {
    let web = Web::open(engine).await;
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![person("p-1", "101", "試験　花子")]).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    let address = check(&browser, "101").await;
    browser.get(&address).await.says(200, "試験　花子");

    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    let stranger = web.browser_at(&elsewhere);
    stranger.hold(COOKIE, web.session_of(OTHER, "kanri9", InstitutionRole::Administrator).await.reveal());
    for under in ["", "/print", "/csv", "/reference-number"] {
        let page = stranger.get(&format!("{address}{under}")).await;
        assert_eq!(page.status, 404, "{under}");
        assert!(!page.text.contains("試験　花子"));
    }
    assert_eq!(
        stranger.get(&format!("{PATH}?from={}", address.rsplit('/').next().expect("an id"))).await.status,
        404
    );
    for id in ["web-0", "../../menu", "web-00000000000000000000000000000000"] {
        assert_eq!(browser.get(&format!("/eligibility/results/{id}")).await.status, 404, "{id}");
    }
    let entries = audit_entries(&web.system).await;
    assert!(
        entries.iter().any(|entry| entry.institution_code == OTHER
            && entry.actor == "account:kanri9"
            && entry.outcome.starts_with("denied")),
        "{entries:?}"
    );
    web.system.advance(std::time::Duration::from_secs(24 * 3_600)).await;
    let later = web.browser();
    later.hold(COOKIE, web.session_of(INSTITUTION, "kanri01", InstitutionRole::Administrator).await.reveal());
    later.get(&address).await.says(410, "表示できる時間を過ぎました");
    web.system.stop().await;
}

async fn who_may_not_check_is_told_and_recorded(engine: Engine) {
    let web = Web::open(engine).await;
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![person("p-1", "101", "試験　花子")]).await;
    let address = check(&web.signed_in(InstitutionRole::General).await, "101").await;
    let insurer = insurer();
    for role in [InstitutionRole::Master, InstitutionRole::MasterReset] {
        let browser = web.signed_in(role).await;
        browser.get(PATH).await.says(403, "この操作はできません");
        let form = typed(insurer.as_str(), "101", "00000000000000000000000000000000");
        assert_eq!(browser.post(PATH, &form).await.status, 403);
        for under in ["", "/print", "/csv", "/reference-number"] {
            let page = browser.get(&format!("{address}{under}")).await;
            assert_eq!(page.status, 403, "{role:?} {under}");
            assert!(!page.text.contains("試験　花子"));
        }
        let actor = format!("account:{}", role.name());
        let entries = audit_entries(&web.system).await;
        assert!(entries.iter().any(|entry| entry.actor == actor && entry.outcome == "denied:role"));
        assert!(!entries.iter().any(|entry| entry.actor == actor && entry.action == "verify_number"));
    }
    web.browser().get(PATH).await.leads("/login?next=/eligibility/number");
    web.system.stop().await;
}

async fn an_answer_that_shows_nobody_says_what_to_do(engine: Engine) {
    let web = Web::open(engine).await;
    let today = web.system.today();
    let mut twin = person("p-2", "201", "試験　一郎");
    twin.branch_number = Some("01".to_owned());
    let mut other = person("p-3", "201", "試験　二郎");
    other.branch_number = Some("02".to_owned());
    let mut lost = person("p-4", "401", "試験　喪失");
    lost.disqualified_on = Some(calendar::add_days(today, -10));
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![twin, other, lost]).await;
    let assisted = people::public_assistance(&welfare_office(), "p-5", "7000001", "試験　扶助", BORN, None);
    web.system.load_insurer(&welfare_office(), "試験福祉事務所", vec![assisted]).await;
    let browser = web.signed_in(InstitutionRole::General).await;

    let address = check(&browser, "888").await;
    let page = browser.get(&address).await;
    page.says(200, "該当資格なし").says(200, "次に行うこと").says(200, "入力した内容").says(200, "888");
    let id = address.rsplit('/').next().expect("an id");
    browser.get(&format!("{PATH}?from={id}")).await.says(200, "value=\"888\"").says(200, "value=\"１２\"");
    assert_eq!(browser.get(&format!("{address}/reference-number")).await.status, 404, "there is no person");
    let page = result(&browser, "201").await;
    page.says(200, "複数該当").says(200, "枝番");
    assert!(!page.text.contains("一郎") && !page.text.contains("二郎"));
    result(&browser, "401")
        .await
        .says(200, "無効")
        .says(200, "資格喪失年月日")
        .says(200, "10割をいただくことはありません");
    let form_id = form_id(&browser).await;
    let office = welfare_office();
    let mut fields = typed(office.as_str(), "7000001", &form_id);
    fields.retain(|(name, _)| *name != "insured_symbol");
    let page = browser.post(PATH, &fields).await;
    browser
        .get(page.to())
        .await
        .says(200, "有効（未登録）")
        .says(200, "受給者番号")
        .says(200, "試験福祉事務所");
    web.system.stop().await;
}

async fn a_reference_number_is_registered_from_the_result(engine: Engine) {
    let web = Web::open(engine).await;
    let people = vec![person("p-1", "101", "試験　花子"), person("p-2", "102", "試験　太郎")];
    web.system.load_insurer(&insurer(), "試験健康保険組合", people).await;
    let browser = web.signed_in(InstitutionRole::General).await;
    let (first, second) = (check(&browser, "101").await, check(&browser, "102").await);
    let register = async |address: &str, number: &str| {
        let path = format!("{address}/reference-number");
        let form_id = browser.get(&path).await.says(200, "照会番号登録").hidden("form_id");
        let fields = [("form_id", form_id.as_str()), ("reference_number", number)];
        let once = browser.post(&path, &fields).await;
        let twice = browser.post(&path, &fields).await;
        assert_eq!(once.status, twice.status, "{} {}", once.text, twice.text);
        once
    };
    let page = register(&first, "Ｋ－１２").await;
    browser.get(page.to()).await.says(200, "照会番号を登録しました").says(200, "K-12");
    register(&second, "K-12").await.says(422, "ほかの患者さんに登録されています").says(422, "value=\"K-12\"");
    for wrong in ["", "あ", "123456789012345678901", "a b"] {
        register(&second, wrong).await.says(422, "半角の英数字とハイフン");
    }
    register(&first, "K-13").await.leads(&format!("{first}?registered=true"));
    register(&second, "K-12").await.leads(&format!("{second}?registered=true"));
    result(&browser, "101").await.says(200, "K-13");
    let entries = audit_entries(&web.system).await;
    let registered: Vec<_> =
        entries.iter().filter(|entry| entry.action == "register_reference_number").collect();
    assert_eq!(registered.iter().filter(|entry| entry.outcome == "done").count(), 3, "{registered:?}");
    assert!(registered.iter().any(|entry| entry.outcome == "taken" && entry.object == "person:p-2"));
    web.system.stop().await;
}

async fn whoever_asks_for_many_that_lead_nowhere_is_held_back_with_words(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::General).await;
    let insurer = insurer();
    let mut held_back = None;
    for number in 0..60 {
        let form_id = form_id(&browser).await;
        let page = browser.post(PATH, &typed(insurer.as_str(), &format!("9{number}"), &form_id)).await;
        if page.status != 303 {
            held_back = Some(page);
            break;
        }
    }
    let page = held_back.expect("held back");
    page.says(429, "OQSB1003W").says(429, "窓口で行うこと").says(429, "保守事業者が行うこと");
    web.system.stop().await;
}
