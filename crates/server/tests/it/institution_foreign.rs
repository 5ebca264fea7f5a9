//! Every route of the institution web that names an object, in its path, its query or its form × every 権限区分 of another
//! institution, with the ids that the object really has: it is not there, that is on record, and the object is as it was.

use eligibility::facility_settings::Setting;
use eligibility::institution::InstitutionCode;
use eligibility::institution_account::{InstitutionAction, InstitutionRole};
use eligibility::{Date, calendar};
use hyper::Method;
use serde_json::json;
use testkit::browser::{Browser, BrowserPage};
use testkit::client::Http;
use testkit::facility::switch_on;
use testkit::people;
use testkit::system::{Engine, INSTITUTION};
use wire::terminal_api::BULK_UPLOADS_PATH;

use crate::institution_consents::{PATIENTS, address, agrees, searched};
use crate::institution_passkeys::{KEY, with_passkey};
use crate::institution_policy::{routes_with_fields, routes_with_ids};
use crate::institution_readers::tell;
use crate::institution_support::{COOKIE, OTHER, Web};
use crate::support::{Entry, audit_entries, insurer};

crate::on_both_engines! { what_another_institution_has_is_not_there_for_any_role_of_ours }

const NAME: &str = "試験　花子";
const MEMO: &str = "一号車の端末";
const ACCOUNT: &str = "uketsuke9";
const FORM: &[(&str, &str)] = &[("form_id", "00112233445566778899aabbccddeeff")];

/// What stands in a path where it names no object of an institution: a page of help, a code of the catalogue, a notice of
/// the operator to everybody, a use of one's own address.
const NOBODYS: [&str; 3] = ["/help/", "/notices/", "/home-visit-url/"];

/// Objects of [`INSTITUTION`], by the ids that they really have.
struct Objects {
    result: String,
    activation: String,
    file: String,
    entrusted: String,
    consent: String,
    patient: String,
    months: String,
    /// Whose passkey [`KEY`] names.
    keeper: String,
}

/// A route with the object of ours in it that is asked for.
struct Question {
    method: &'static str,
    /// As the router has it.
    route: &'static str,
    path: String,
    form: Vec<(&'static str, String)>,
    /// Of which a role needs one; none: every role.
    actions: Vec<InstitutionAction>,
}

impl Question {
    fn may(&self, role: InstitutionRole) -> bool {
        self.actions.is_empty() || self.actions.iter().any(|action| role.may(*action))
    }

    async fn ask(&self, browser: &Browser) -> BrowserPage {
        let form: Vec<_> = self.form.iter().map(|(name, value)| (*name, &**value)).collect();
        if self.method == "get" {
            browser.get(&self.path).await
        } else {
            browser.post(&self.path, &form).await
        }
    }
}

impl Objects {
    async fn make(web: &Web) -> Self {
        let born = Date::constant(1980, 2, 17);
        let person = people::coverage(&insurer(), "p-1", "101", NAME, born);
        web.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
        for institution in [INSTITUTION, OTHER] {
            let code = InstitutionCode::parse(institution).expect("a code");
            for setting in [Setting::HomeVisit, Setting::Online, Setting::Treatment] {
                switch_on(&web.system, &code, setting).await;
            }
        }
        web.account(ACCOUNT, InstitutionRole::General).await;
        let administrator = web.signed_in(InstitutionRole::Administrator).await;
        let (consent, patient) = consents(web).await;
        let month = calendar::first_of_month(web.system.today());
        tell(&web.terminal, json!({ "state": "ready", "mode": "unattended", "quiet_s": 3 })).await;
        Self {
            result: result(&administrator).await,
            activation: activation(&administrator).await,
            file: file(web).await,
            entrusted: entrusted(&administrator, month).await,
            consent,
            patient,
            months: format!("?kind=medication&from={month}&until={month}"),
            keeper: with_passkey(web, &administrator).await,
        }
    }

    /// Every route that names one of these, by its path or in a field.
    fn questions(&self) -> Vec<Question> {
        let once = || FORM.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>();
        let by_path = routes_with_ids().filter_map(|(method, route, actions)| {
            Some(Question { method, route, path: self.path(route)?, form: once(), actions })
        });
        let by_field = routes_with_fields().map(|(method, route, field, actions)| {
            let (mut path, mut form) = (route.to_owned(), once());
            match field {
                "from" => path = format!("{route}?from={}", self.result),
                "terminal" => form.extend([(field, "受付1".to_owned()), ("command", "test".to_owned())]),
                "passkey" => form.extend(KEY.iter().map(|(name, value)| (*name, (*value).to_owned()))),
                other => panic!("{route}: no object is made for {other}"),
            }
            Question { method, route, path, form, actions }
        });
        by_path.chain(by_field).collect()
    }

    /// The path with the id of an object in it; `None` where the path names none.
    fn path(&self, route: &str) -> Option<String> {
        if NOBODYS.iter().any(|under| route.starts_with(under)) {
            return None;
        }
        let (under, name, id) = [
            ("/eligibility/results/", "{id}", &*self.result),
            ("/activation/", "{id}", &*self.activation),
            ("/bulk/", "{reception}", &*self.file),
            ("/entrusted/", "{reception}", &*self.entrusted),
            ("/accounts/", "{user_id}", ACCOUNT),
            ("/consents/", "{id}", &*self.consent),
            ("/medical-information/patients/", "{id}", &*self.patient),
        ]
        .into_iter()
        .find(|(under, ..)| route.starts_with(under))
        .unwrap_or_else(|| panic!("{route}: no object is made for it"));
        let path = route.replace(name, id);
        assert!(path.starts_with(under) && !path.contains('{'), "{route}");
        Some(if route.contains("/records") { path + &self.months } else { path })
    }
}

/// What stands behind the last stroke.
fn id_of(address: &str) -> String {
    address.rsplit('/').next().unwrap_or_default().to_owned()
}

async fn result(browser: &Browser) -> String {
    let insurer_number = insurer();
    let form_id = browser.get("/eligibility/number").await.hidden("form_id");
    let typed = [
        ("form_id", form_id.as_str()),
        ("insurer_number", insurer_number.as_str()),
        ("insured_symbol", "12"),
        ("insured_number", "101"),
        ("birthdate", "S55.2.17"),
    ];
    let result = browser.post("/eligibility/number", &typed).await.to().to_owned();
    assert!(result.starts_with("/eligibility/results/"), "{result}");
    id_of(&result)
}

async fn activation(browser: &Browser) -> String {
    let form_id = browser.get("/activation").await.hidden("form_id");
    let issue = [("form_id", form_id.as_str()), ("device_memo", MEMO)];
    assert_eq!(browser.post("/activation", &issue).await.status, 200);
    let list = browser.get("/activation").await;
    let (_, rest) = list.text.split_once("href=\"/activation/").expect("a link");
    rest.split(['/', '"']).next().unwrap_or_default().to_owned()
}

async fn file(web: &Web) -> String {
    let terminal =
        web.system.terminal(INSTITUTION, "会計1").await.connect(Http::Two).await.expect("connects");
    let row = json!({
        "insurer_number": insurer().as_str(), "insured_symbol": "12", "insured_number": "101",
        "birthdate": "19800217",
    });
    let day = web.system.today().to_string();
    let file = json!({ "request_id": "b-1", "kind": "eligibility", "day": day, "rows": [row] });
    let sent = terminal.send(Method::POST, BULK_UPLOADS_PATH, Some(&file)).await.expect("an answer");
    sent.json()["reception_number"].as_str().expect("a number").to_owned()
}

async fn entrusted(browser: &Browser, month: Date) -> String {
    let form_id = browser.get("/entrusted").await.hidden("form_id");
    let asked = browser.post("/entrusted", &[("form_id", &form_id), ("month", &month.to_string())]).await;
    assert!(asked.to().starts_with("/entrusted/"), "{}", asked.text);
    id_of(asked.to())
}

/// Somebody agrees at the reader: the id on the list of consents, and that on the list of patients.
async fn consents(web: &Web) -> (String, String) {
    agrees(web, "p-1", "home_visit", &[("medication", true), ("checkup", true)]).await;
    let desk = web.signed_in(InstitutionRole::General).await;
    let consent = address(&searched(&desk, web).await, "/consents/", NAME);
    let viewer = web.signed_in(InstitutionRole::Viewer).await;
    let patient = address(&viewer.get(PATIENTS).await, PATIENTS, NAME);
    (id_of(&consent), id_of(&patient))
}

async fn what_another_institution_has_is_not_there_for_any_role_of_ours(engine: Engine) {
    let web = Web::open(engine).await;
    let objects = Objects::make(&web).await;
    let asked = objects.questions();
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    let mut looked = 0;
    for role in InstitutionRole::ALL.iter().copied().filter(|role| role.signs_in()) {
        let other = web.browser_at(&elsewhere);
        let secret = web.session_of(OTHER, role.name(), role).await;
        other.hold(COOKIE, secret.reveal());
        for question in &asked {
            let page = question.ask(&other).await;
            let Question { method, path, .. } = question;
            let (role_name, text) = (role.name(), &page.text);
            assert!(page.status >= 400, "{method} {path} as {role_name}: {} {text}", page.status);
            assert!(!text.contains(NAME) && !text.contains(MEMO), "{method} {path} as {role_name}: {text}");
            if question.may(role) && *method == "get" {
                assert_eq!(page.status, 404, "{method} {path} as {role_name}");
                looked += 1;
            }
        }
    }
    assert!(looked >= 20, "{looked}");
    // Each refusal stands in the chain of the institution that tried, with who it was, the role and the route.
    let entries = audit_entries(&web.system).await;
    for role in InstitutionRole::ALL.iter().copied().filter(|role| role.signs_in()) {
        for question in &asked {
            let Question { method, route, path, .. } = question;
            let outcome = if question.may(role) { "denied:not-there" } else { "denied:role" };
            let tail = format!(" role={} route={} {route}", role.name(), method.to_uppercase());
            let told = |entry: &Entry| {
                entry.institution_code == OTHER
                    && entry.actor == format!("account:{}", role.name())
                    && entry.outcome == outcome
                    && entry.detail.ends_with(&tail)
            };
            assert!(entries.iter().any(told), "{method} {path} as {} left no record", role.name());
        }
    }
    the_owner_has_them_as_they_were(&web, &objects).await;
    web.system.stop().await;
}

async fn the_owner_has_them_as_they_were(web: &Web, objects: &Objects) {
    let administrator = web.signed_in(InstitutionRole::Administrator).await;
    administrator.get(&format!("/eligibility/results/{}", objects.result)).await.says(200, NAME);
    administrator.get("/activation").await.says(200, MEMO);
    let account = administrator.get(&format!("/accounts/{ACCOUNT}")).await;
    account.says(200, "利用停止");
    assert!(!account.text.contains("利用再開"), "it was not stopped: {}", account.text);
    let viewer = web.signed_in(InstitutionRole::Viewer).await;
    viewer.get(PATIENTS).await.says(200, NAME);
    let readers = administrator.get("/readers").await;
    readers.says(200, "受付1");
    assert!(!readers.text.contains("端末に届くのを待っています"), "it was ordered: {}", readers.text);
    let factors = web.system.store().second_factors(&objects.keeper).await.expect("reads");
    assert_eq!(factors.passkeys.len(), 1);
}
