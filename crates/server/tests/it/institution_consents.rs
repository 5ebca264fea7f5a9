//! 訪問診療等・オンライン診療等 and 医療情報閲覧 on the institution web: who agreed is found by the own institution, asked
//! about again, ended; and what a consent opens is opened while it holds, to who may, and on record.

use std::time::Duration;

use eligibility::codes::{InquiryMethod, ReasonOfLoss};
use eligibility::coverage::Coverage;
use eligibility::facility_settings::Setting;
use eligibility::institution::InstitutionCode;
use eligibility::institution_account::InstitutionRole;
use eligibility::{Date, calendar};
use hyper::Method;
use serde_json::{Value, json};
use testkit::browser::{Browser, BrowserPage};
use testkit::client::Http;
use testkit::facility::{switch_off, switch_on};
use testkit::people;
use testkit::system::{Engine, INSTITUTION, TestSystem, TestTerminal};
use wire::terminal_api::{CARD_VERIFICATIONS_PATH, NONCES_PATH};

use crate::institution_support::{COOKIE, OTHER, Web};
use crate::on_both_engines;
use crate::support::{audit_entries, card_question, first_result, insurer, signed};

on_both_engines! {
    who_agreed_is_found_shown_and_asked_about_again
    who_only_ever_refused_is_not_looked_up
    what_is_switched_off_or_may_not_be_seen_is_not_there
    a_consent_is_ended_with_a_reason_and_opens_nothing_any_more
    medical_information_opens_to_who_may_while_the_consent_holds
    a_consent_for_online_care_ends_with_its_day
    a_patient_is_found_by_number_to_get_a_reference_number
}

const BORN: Date = Date::constant(1980, 2, 17);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const NAME: &str = "=葛\u{E0100}城<b>花子";
const SHOWN: &str = "=葛\u{E0100}城&#60;b&#62;花子";
pub(crate) const PATIENTS: &str = "/medical-information/patients";

fn person(key: &str, number: &str, name: &str) -> Coverage {
    people::coverage(&insurer(), key, number, name, BORN)
}

async fn open(engine: Engine, people: Vec<Coverage>) -> Web {
    let web = Web::open(engine).await;
    web.system.load_insurer(&insurer(), "試験健康保険組合", people).await;
    use_home_visits(&web).await;
    web
}

/// Switches on what these pages are about.
pub(crate) async fn use_home_visits(web: &Web) {
    for setting in [Setting::HomeVisit, Setting::Online, Setting::Treatment] {
        switch_on(&web.system, &code(), setting).await;
    }
}

fn code() -> InstitutionCode {
    InstitutionCode::parse(INSTITUTION).expect("a code")
}

/// A card session at a terminal in this form of care; what the first eligibility says.
async fn at_the_reader(
    (system, terminal): (&TestSystem, &TestTerminal),
    key: &str,
    care_form: &str,
    consents: Value,
) -> Value {
    let card = system.card_of(key).await;
    let connection = terminal.connect(Http::Two).await.expect("connects");
    let asked =
        connection.send(Method::POST, NONCES_PATH, Some(&json!({ "count": 1 }))).await.expect("an answer");
    let nonce = asked.json()["nonces"][0].as_str().expect("a nonce").to_owned();
    let mut question = card_question(terminal, &card, &nonce, system.today());
    question["care_form"] = json!(care_form);
    question["consents"] = consents;
    let question = signed(terminal, &card, question);
    let reply =
        connection.send(Method::POST, CARD_VERIFICATIONS_PATH, Some(&question)).await.expect("an answer");
    assert_eq!(reply.status, 200, "{}", reply.json());
    first_result(&reply)
}

pub(crate) async fn agrees(web: &Web, key: &str, care_form: &str, kinds: &[(&str, bool)]) {
    let consents = kinds.iter().map(|(kind, granted)| json!({ "kind": kind, "granted": granted })).collect();
    at_the_reader((&web.system, &web.terminal), key, care_form, consents).await;
}

/// The list of everybody who agreed in the last month.
pub(crate) async fn searched(browser: &Browser, web: &Web) -> BrowserPage {
    let today = web.system.today();
    let from = calendar::add_days(today, -31);
    let query =
        format!("care_form=&consented_from={from}&consented_until={today}&planned_from=&planned_until=");
    browser.get(&format!("/consents?{query}")).await
}

/// Where a list leads for this name.
pub(crate) fn address(page: &BrowserPage, under: &str, name: &str) -> String {
    let (before, _) =
        page.text.split_once(&format!("\">{name}</a>")).unwrap_or_else(|| panic!("{}", page.text));
    let (_, href) = before.rsplit_once("href=\"").expect("a link");
    assert!(href.starts_with(under), "{href}");
    href.to_owned()
}

async fn who_agreed_is_found_shown_and_asked_about_again(engine: Engine) {
    let web = open(engine, vec![person("p-1", "101", NAME), person("p-2", "102", "試験　外来")]).await;
    agrees(&web, "p-1", "home_visit", &[("ceiling", true), ("medication", true), ("treatment", false)]).await;
    agrees(&web, "p-2", "outpatient", &[("medication", true)]).await;
    let browser = web.signed_in(InstitutionRole::General).await;
    let empty = browser.get("/consents").await;
    empty.says(200, "同意済資格情報取得(訪問診療等・オンライン診療等)");
    assert!(!empty.text.contains(SHOWN), "nobody is shown before anybody was searched");
    let wrong =
        browser.get("/consents?care_form=2&consented_from=&consented_until=x&planned_from=2026-1-1").await;
    wrong.says(422, "同意年月日（自）が入力されていません").says(422, "value=\"x\"");
    browser.get("/consents?care_form=").await.says(422, "どちらも入力されていません");

    let list = searched(&browser, &web).await;
    list.says(200, SHOWN).says(200, "同意あり").says(200, "同意なし").says(200, "訪問診療等");
    assert!(!list.text.contains("外来"), "a consent of an outpatient is not kept: {}", list.text);
    let at = address(&list, "/consents/", SHOWN);
    assert!(!at.contains("p-1"), "no key of a person stands in an address: {at}");
    let page = browser.get(&at).await;
    for words in ["有効", "試験健康保険組合", "限度額適用認定証", "ウ", "あと36"] {
        page.says(200, words);
    }
    assert!(!page.text.contains("人工透析"), "nobody agreed to 特定疾病療養受療証: {}", page.text);

    // The answer before is from before: the card's.
    web.system.advance(Duration::from_secs(60)).await;
    let again = format!("{at}/re-verification");
    let fields = [("form_id", page.hidden("form_id"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (one, two) = tokio::join!(browser.post(&again, &fields), browser.post(&again, &fields));
    assert_eq!(
        (one.status, two.status, one.to()),
        (303, 303, two.to()),
        "one check for two clicks: {}",
        one.text
    );
    browser
        .get(one.to())
        .await
        .says(200, "有効")
        .says(200, "資格確認の控え")
        .says(200, "マイナンバーカードで確認");
    let kept = web.system.store().consents(&code(), &eligibility::person::PersonKey("p-1".to_owned())).await;
    let renewed = kept.expect("reads").iter().filter(|one| one.consent.renewed_at.is_some()).count();
    assert_eq!(renewed, 2, "what was agreed to goes on, a refusal does not");
    web.system.advance(Duration::from_secs(60)).await;
    let page = browser.get(&at).await;
    let next = browser.post(&again, &[("form_id", &page.hidden("form_id"))]).await;
    let id = next.to().rsplit('/').next().expect("an id").to_owned();
    let found = web.system.store().check_result(&code(), &id).await.expect("reads").expect("is there");
    let earlier = found.earlier.expect("the question asked again before");
    assert_eq!(earlier.method, InquiryMethod::Card, "照会区分 1");
    browser.post(&again, &[]).await.says(400, "受け付けられませんでした");

    let entries = audit_entries(&web.system).await;
    let of = |action: &str| entries.iter().filter(|entry| entry.action == action).collect::<Vec<_>>();
    assert_eq!(of("re_verify").len(), 2);
    assert!(
        of("re_verify").iter().all(|entry| entry.actor == "account:general" && entry.object == "person:p-1")
    );
    assert_eq!(of("view_consented").len(), 2, "each look is on record");
    assert!(of("search_consented").iter().any(|entry| entry.object == "people:1"), "{entries:?}");

    strangers_find_nobody(&web, &at, &fields).await;
    web.system.stop().await;
}

/// Another institution finds nobody, and what it was not shown is not there for it.
async fn strangers_find_nobody(web: &Web, at: &str, fields: &[(&str, &str)]) {
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    switch_on(&web.system, &InstitutionCode::parse(OTHER).expect("a code"), Setting::HomeVisit).await;
    let stranger = web.browser_at(&elsewhere);
    stranger.hold(COOKIE, web.session_of(OTHER, "kanri9", InstitutionRole::Administrator).await.reveal());
    let nobody = searched(&stranger, web).await;
    nobody.says(200, "当てはまる患者さんはいません");
    for under in ["", "/cancel"] {
        let page = stranger.get(&format!("{at}{under}")).await;
        assert_eq!(page.status, 404, "{under}");
        assert!(!page.text.contains(SHOWN));
    }
    assert_eq!(stranger.post(&format!("{at}/re-verification"), fields).await.status, 404);
}

async fn who_only_ever_refused_is_not_looked_up(engine: Engine) {
    let web = open(engine, vec![person("p-1", "101", "試験　花子"), person("p-2", "102", "試験　断")]).await;
    agrees(&web, "p-1", "home_visit", &[("medication", true), ("treatment", false)]).await;
    agrees(&web, "p-2", "home_visit", &[("medication", true), ("treatment", false)]).await;
    let browser = web.signed_in(InstitutionRole::General).await;
    let before = searched(&browser, &web).await;
    let at = address(&before, "/consents/", "試験　断");
    browser.get(&at).await.says(200, "試験　断");
    web.system.advance(Duration::from_secs(60)).await;
    agrees(&web, "p-2", "home_visit", &[("medication", false)]).await;
    let list = searched(&browser, &web).await;
    list.says(200, "試験　花子");
    assert!(!list.text.contains("試験　断"), "nothing is left that was agreed to: {}", list.text);
    assert_eq!(browser.get(&at).await.status, 404, "nor by the address of before");
    web.system.stop().await;
}

async fn what_is_switched_off_or_may_not_be_seen_is_not_there(engine: Engine) {
    let young = people::coverage(&insurer(), "p-2", "102", "試験　若子", Date::constant(1999, 5, 5));
    let (mut died, mut hidden) = (person("p-3", "103", "試験　故人"), person("p-4", "104", "試験　秘匿"));
    let everybody = vec![person("p-1", "101", "試験　花子"), young.clone(), died.clone(), hidden.clone()];
    let web = open(engine, everybody).await;
    let kinds = [("medication", true), ("treatment", true), ("checkup", true)];
    for key in ["p-1", "p-2", "p-3", "p-4"] {
        agrees(&web, key, "home_visit", &kinds).await;
    }
    died.disqualified_on = Some(web.system.today());
    died.reason_of_loss = Some(ReasonOfLoss::Death);
    hidden.person.protection.self_access_blocked = true;
    let now = vec![person("p-1", "101", "試験　花子"), young, died, hidden];
    let browser = web.signed_in(InstitutionRole::Viewer).await;
    let before = searched(&browser, &web).await;
    let of_hidden = address(&before, "/consents/", "試験　秘匿");
    web.system.load_insurer(&insurer(), "試験健康保険組合", now).await;

    let list = searched(&browser, &web).await;
    list.says(200, "試験　故人").says(200, "同意有効期限切れ");
    assert!(!list.text.contains("試験　秘匿"), "who must not be looked at is not listed");
    assert_eq!(browser.get(&of_hidden).await.status, 404);
    let patients = browser.get(PATIENTS).await;
    patients.says(200, "試験　花子").says(200, "試験　若子");
    assert!(
        !patients.text.contains("試験　故人") && !patients.text.contains("試験　秘匿"),
        "{}",
        patients.text
    );
    let of_dead = address(&list, "/consents/", "試験　故人").replace("/consents", PATIENTS);
    browser.get(&of_dead).await.leads("/medical-information/patients?refused=true");
    let of_young = address(&patients, PATIENTS, "試験　若子");
    let page = browser.get(&of_young).await;
    page.says(200, "薬剤閲覧").says(200, "診療閲覧");
    assert!(!page.text.contains("特定健診"), "under forty there is no checkup: {}", page.text);
    browser.get(&format!("{of_young}/checkups")).await.leads("/medical-information/patients?refused=true");

    switch_off(&web.system, &code(), Setting::Treatment).await;
    let page = browser.get(&address(&patients, PATIENTS, "試験　花子")).await;
    page.says(200, "薬剤閲覧").says(200, "特定健診閲覧");
    assert!(!page.text.contains("診療閲覧") && !page.text.contains("診療情報"), "{}", page.text);
    switch_off(&web.system, &code(), Setting::HomeVisit).await;
    let patients = browser.get(PATIENTS).await;
    patients.says(200, "「訪問診療等機能」が「利用しない」");
    assert!(!patients.text.contains("試験　花子"), "{}", patients.text);
    let list = searched(&browser, &web).await;
    list.says(200, "「訪問診療等機能」が「利用しない」");
    assert!(!list.text.contains("試験　花子"), "{}", list.text);
    switch_on(&web.system, &code(), Setting::HomeVisit).await;
    browser.get(PATIENTS).await.says(200, "試験　花子");
    web.system.stop().await;
}

async fn a_consent_is_ended_with_a_reason_and_opens_nothing_any_more(engine: Engine) {
    let web = open(engine, vec![person("p-1", "101", "試験　花子")]).await;
    agrees(&web, "p-1", "home_visit", &[("medication", true), ("treatment", false)]).await;
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    let at = address(&searched(&browser, &web).await, "/consents/", "試験　花子");
    let form_id = browser.get(&at).await.says(200, "同意取消").hidden("form_id");
    let cancel = format!("{at}/cancel");
    let page = browser.get(&cancel).await;
    for reason in ["医療機関等による取消", "患者による取消", "用途変更"] {
        page.says(200, reason);
    }
    assert!(!page.text.contains("通常"), "that is no reason to end one: {}", page.text);
    for wrong in ["", "0", "9"] {
        browser.post(&cancel, &[("reason", wrong)]).await.says(422, "取消の理由が選択されていません");
    }
    let confirm = browser.post(&cancel, &[("reason", "2")]).await;
    confirm.says(200, "よろしいですか").says(200, "患者による取消");
    browser.get(&at).await.says(200, "同意あり");
    let done = [("form_id", confirm.hidden("form_id")), ("reason", "2".to_owned())];
    let done: Vec<(&str, &str)> = done.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(&format!("{cancel}/done"), &[("reason", "2")]).await.says(400, "受け付けられませんでした");
    let ended = browser.post(&format!("{cancel}/done"), &done).await;
    ended.leads(&format!("{at}?ended=true"));
    browser.post(&format!("{cancel}/done"), &done).await.leads(&format!("{at}?ended=true"));
    let page = browser.get(ended.to()).await;
    page.says(200, "同意を取り消しました").says(200, "同意有効期限切れ（患者による取消）");
    assert!(!page.text.contains("試験健康保険組合"), "the eligibility is not shown any more: {}", page.text);

    let again = browser.post(&format!("{at}/re-verification"), &[("form_id", &form_id)]).await;
    again.says(403, "OQSB1401W").says(403, "有効な閲覧同意がありません");
    assert_eq!(browser.get(&cancel).await.status, 404, "there is nothing to end");
    let viewer = web.signed_in(InstitutionRole::Viewer).await;
    viewer.get(PATIENTS).await.says(200, "有効な同意のある患者さんはいません");
    let told = at_the_reader((&web.system, &web.terminal), "p-1", "home_visit", json!([])).await;
    assert_eq!(told["PharmacistsInfoConsFlg"], "2", "a check by card says so, too: {told}");
    let entries = audit_entries(&web.system).await;
    let cancelled: Vec<_> = entries.iter().filter(|entry| entry.action == "consent.cancel").collect();
    assert_eq!(cancelled.len(), 1, "once: {cancelled:?}");
    assert!(cancelled[0].detail.contains("reason:2") && cancelled[0].object == "person:p-1", "{cancelled:?}");
    let refused = entries.iter().filter(|entry| entry.outcome == "denied:NoConsent").count();
    assert_eq!(refused, 1, "{entries:?}");
    assert!(!entries.iter().any(|entry| entry.action == "re_verify"), "nothing was asked again");

    agrees(&web, "p-1", "home_visit", &[("medication", true)]).await;
    viewer.get(PATIENTS).await.says(200, "試験　花子");
    web.system.stop().await;
}

async fn medical_information_opens_to_who_may_while_the_consent_holds(engine: Engine) {
    let web = open(engine, vec![person("p-1", "101", NAME), person("p-2", "102", "試験　断")]).await;
    agrees(&web, "p-1", "home_visit", &[("medication", true), ("treatment", false), ("checkup", true)]).await;
    agrees(
        &web,
        "p-2",
        "home_visit",
        &[("ceiling", true), ("specific_disease", true), ("medication", false)],
    )
    .await;
    let viewer = web.signed_in(InstitutionRole::Viewer).await;
    let patients = viewer.get(PATIENTS).await;
    patients.says(200, SHOWN).says(200, "薬剤情報").says(200, "あと36");
    assert!(!patients.text.contains("試験　断"), "nothing medical was agreed to: {}", patients.text);
    let at = address(&patients, PATIENTS, SHOWN);
    let page = viewer.get(&at).await;
    for words in [
        "手術・診療・薬剤情報閲覧(処方・調剤情報含む)",
        "診療年月(自)",
        "診療年月(至)",
        "薬剤閲覧",
        "特定健診閲覧",
    ] {
        page.says(200, words);
    }
    assert!(!page.text.contains("診療閲覧") && !page.text.contains("手術閲覧"), "{}", page.text);
    let month = calendar::first_of_month(web.system.today());
    let (from, until) = (calendar::add_months(month, -5), month);
    let records = format!("{at}/records?kind=medication&from={from}&until={until}");
    let page = viewer.get(&records).await;
    page.says(200, "診療・薬剤情報(処方・調剤情報)").says(200, "0件").says(200, "まだ保有していません");
    page.says(200, &format!("{}年{}月", from.year(), from.month())).says(200, "あと36");
    let print = records.replace("/records?", "/records/print?");
    viewer.get(&print).await.says(200, "試験診療所").says(200, "0件");
    viewer.get(&format!("{at}/checkups")).await.says(200, "特定健診情報").says(200, "0件");
    viewer.get(&format!("{at}/checkups/print")).await.says(200, "0件");
    for kind in ["treatment", "operation"] {
        let refused = viewer.get(&records.replace("medication", kind)).await;
        refused.leads("/medical-information/patients?refused=true");
        viewer.get(refused.to()).await.says(200, "OQSB1401W");
    }
    let far = calendar::add_months(month, -60);
    for wrong in [
        "kind=ceiling",
        &format!("kind=medication&from={far}&until={until}"),
        "kind=medication&from=x&until=y",
    ] {
        viewer.get(&format!("{at}/records?{wrong}")).await.leads(&at);
    }
    for role in [InstitutionRole::General, InstitutionRole::Administrator, InstitutionRole::Master] {
        let browser = web.signed_in(role).await;
        for path in [PATIENTS, &*at, &*records, &*print, &*format!("{at}/checkups")] {
            let page = browser.get(path).await;
            page.says(403, "この操作はできません");
            assert!(!page.text.contains(SHOWN), "{path} as {role:?}");
        }
    }
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    let stranger = web.browser_at(&elsewhere);
    stranger.hold(COOKIE, web.session_of(OTHER, "ishi9", InstitutionRole::Viewer).await.reveal());
    for path in [&*at, &*records, &*print] {
        assert_eq!(stranger.get(path).await.status, 404, "{path}");
    }
    every_look_is_on_record(&web).await;
    web.system.stop().await;
}

/// Four pages of records were opened: so says the audit log, with whose they were and who looked.
async fn every_look_is_on_record(web: &Web) {
    let entries = audit_entries(&web.system).await;
    let looks: Vec<_> = entries.iter().filter(|entry| entry.action == "view_medical_records").collect();
    assert_eq!(looks.len(), 4, "{looks:?}");
    assert!(
        looks.iter().all(|entry| entry.object == "person:p-1" && entry.actor == "account:medical_viewer")
    );
    assert!(
        looks
            .iter()
            .any(|entry| entry.detail.contains("kind:medication") && entry.detail.contains("records:0"))
    );
}

async fn a_consent_for_online_care_ends_with_its_day(engine: Engine) {
    let web = open(engine, vec![person("p-1", "101", "試験　遠隔")]).await;
    agrees(&web, "p-1", "online", &[("medication", true)]).await;
    let viewer = web.signed_in(InstitutionRole::Viewer).await;
    let list = searched(&viewer, &web).await;
    list.says(200, "オンライン診療等").says(200, "受診予定日");
    let at = address(&list, "/consents/", "試験　遠隔");
    let page = viewer.get(&at).await;
    page.says(200, "有効").says(200, "再照会");
    assert!(!page.text.contains("同意取消"), "it ends by itself: {}", page.text);
    assert_eq!(viewer.get(&format!("{at}/cancel")).await.status, 404);
    assert_eq!(viewer.post(&format!("{at}/cancel/done"), &[("reason", "1")]).await.status, 404);
    let today = web.system.today();
    for (from, found) in [(today, true), (calendar::next_day(today), false)] {
        let until = calendar::add_days(from, 30);
        let query = format!("care_form=3&planned_from={from}&planned_until={until}");
        let page = viewer.get(&format!("/consents?{query}")).await;
        assert_eq!(page.text.contains("試験　遠隔"), found, "{query}: {}", page.text);
    }
    let home_visits = format!("care_form=2&planned_from={today}&planned_until={today}");
    viewer.get(&format!("/consents?{home_visits}")).await.says(422, "訪問診療等に受診予定日はありません");

    let of_patient = at.replace("/consents", PATIENTS);
    viewer.get(&of_patient).await.says(200, "薬剤閲覧");
    web.system.advance(DAY).await;
    let viewer = web.browser();
    viewer.hold(COOKIE, web.session_of(INSTITUTION, "ishi2", InstitutionRole::Viewer).await.reveal());
    let month = calendar::first_of_month(web.system.today());
    let records = format!("{of_patient}/records?kind=medication&from={month}&until={month}");
    for path in [&of_patient, &records] {
        viewer.get(path).await.leads("/medical-information/patients?refused=true");
    }
    viewer.get(PATIENTS).await.says(200, "有効な同意のある患者さんはいません");
    viewer.get(&at).await.says(200, "同意有効期限切れ（通常）").says(200, "有効な同意がないため");
    web.system.stop().await;
}

async fn a_patient_is_found_by_number_to_get_a_reference_number(engine: Engine) {
    let web = open(engine, vec![person("p-1", "101", "試験　花子")]).await;
    let browser = web.signed_in(InstitutionRole::General).await;
    let find = async |number: &str| {
        let page = browser.get("/reference-number").await;
        let form_id = page.says(200, "照会番号を登録する患者さんを").hidden("form_id");
        assert!(!page.text.contains("資格確認日"), "a number is given whatever the day: {}", page.text);
        let insurer = insurer();
        let fields = [
            ("form_id", form_id.as_str()),
            ("insurer_number", insurer.as_str()),
            ("insured_symbol", "１２"),
            ("insured_number", number),
            ("birthdate", "S55.2.17"),
        ];
        browser.post("/reference-number", &fields).await
    };
    let found = find("101").await;
    assert!(found.to().ends_with("/reference-number"), "{} {}", found.to(), found.text);
    let form_id = browser.get(found.to()).await.says(200, "試験　花子").hidden("form_id");
    let fields = [("form_id", form_id.as_str()), ("reference_number", "K-7")];
    let registered = browser.post(found.to(), &fields).await;
    browser.get(registered.to()).await.says(200, "照会番号を登録しました").says(200, "K-7");
    let nobody = find("999").await;
    browser.get(nobody.to()).await.says(200, "該当資格なし");
    let wrong = browser.post("/reference-number", &[("form_id", &form_id)]).await;
    wrong.says(422, "番号が入力されていません");
    web.signed_in(InstitutionRole::Master).await.get("/reference-number").await.says(403, "照会番号登録");
    web.system.stop().await;
}
