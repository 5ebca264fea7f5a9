//! Every route of the institution web that names an object × every 権限区分 of another institution, with the ids that
//! the object really has: it is not there, that is on record, and the object is as it was.

use eligibility::Date;
use eligibility::institution_account::{InstitutionAction, InstitutionRole};
use hyper::Method;
use serde_json::json;
use testkit::client::Http;
use testkit::people;
use testkit::system::{Engine, INSTITUTION};
use wire::terminal_api::BULK_UPLOADS_PATH;

use crate::institution_support::{COOKIE, OTHER, Web};
use crate::support::{Entry, audit_entries, insurer};

crate::on_both_engines! { what_another_institution_has_is_not_there_for_any_role_of_ours }

const NAME: &str = "試験　花子";
const MEMO: &str = "一号車の端末";
const FORM: &[(&str, &str)] = &[("form_id", "00112233445566778899aabbccddeeff")];

/// Objects of [`INSTITUTION`]: where they are, and who may have such an object at home.
struct Objects(Vec<(&'static str, String, InstitutionAction)>);

async fn objects(web: &Web) -> Objects {
    use InstitutionAction as Action;
    let born = Date::constant(1980, 2, 17);
    let person = people::coverage(&insurer(), "p-1", "101", NAME, born);
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    web.account("uketsuke9", InstitutionRole::General).await;
    let administrator = web.signed_in(InstitutionRole::Administrator).await;
    let insurer_number = insurer();
    let form_id = administrator.get("/eligibility/number").await.hidden("form_id");
    let typed = [
        ("form_id", form_id.as_str()),
        ("insurer_number", insurer_number.as_str()),
        ("insured_symbol", "12"),
        ("insured_number", "101"),
        ("birthdate", "S55.2.17"),
    ];
    let result = administrator.post("/eligibility/number", &typed).await.to().to_owned();
    assert!(result.starts_with("/eligibility/results/"), "{result}");
    let form_id = administrator.get("/activation").await.hidden("form_id");
    let issue = [("form_id", form_id.as_str()), ("device_memo", MEMO)];
    assert_eq!(administrator.post("/activation", &issue).await.status, 200);
    let list = administrator.get("/activation").await;
    let (_, rest) = list.text.split_once("href=\"/activation/").expect("a link");
    let activation = format!("/activation/{}", rest.split('"').next().unwrap_or_default());
    let terminal =
        web.system.terminal(INSTITUTION, "会計1").await.connect(Http::Two).await.expect("connects");
    let row = json!({
        "insurer_number": insurer_number.as_str(), "insured_symbol": "12", "insured_number": "101",
        "birthdate": "19800217",
    });
    let day = web.system.today().to_string();
    let file = json!({ "request_id": "b-1", "kind": "eligibility", "day": day, "rows": [row] });
    let sent = terminal.send(Method::POST, BULK_UPLOADS_PATH, Some(&file)).await.expect("an answer");
    let number = sent.json()["reception_number"].as_str().expect("a number").to_owned();
    let of_result = |part: &str| format!("{result}{part}");
    Objects(vec![
        ("get", of_result(""), Action::CheckByNumber),
        ("get", of_result("/print"), Action::CheckByNumber),
        ("get", of_result("/csv"), Action::CheckByNumber),
        ("get", of_result("/reference-number"), Action::RegisterReferenceNumber),
        ("post", of_result("/reference-number"), Action::RegisterReferenceNumber),
        ("get", activation.clone(), Action::ManageActivation),
        ("post", activation, Action::ManageActivation),
        ("get", format!("/bulk/{number}"), Action::BulkCheck),
        ("get", format!("/bulk/{number}/result"), Action::BulkCheck),
        ("get", "/accounts/uketsuke9".to_owned(), Action::ManageAccounts),
        ("post", "/accounts/uketsuke9".to_owned(), Action::ManageAccounts),
        ("post", "/accounts/uketsuke9/stop".to_owned(), Action::ManageAccounts),
        ("post", "/accounts/uketsuke9/reset".to_owned(), Action::ManageAccounts),
    ])
}

/// A path as the router has it.
fn route_of(path: &str) -> String {
    let parts = [
        ("/eligibility/results/", "{id}"),
        ("/activation/", "{id}"),
        ("/bulk/", "{reception}"),
        ("/accounts/", "{user_id}"),
    ];
    let found = parts.iter().find_map(|(under, name)| Some((under, name, path.strip_prefix(under)?)));
    let (under, name, rest) = found.expect("a path of an object");
    let behind = rest.find('/').map_or("", |at| &rest[at..]);
    format!("{under}{name}{behind}")
}

async fn what_another_institution_has_is_not_there_for_any_role_of_ours(engine: Engine) {
    let web = Web::open(engine).await;
    let Objects(objects) = objects(&web).await;
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    let mut looked = 0;
    for role in InstitutionRole::ALL.iter().copied().filter(|role| role.signs_in()) {
        let other = web.browser_at(&elsewhere);
        let secret = web.session_of(OTHER, role.name(), role).await;
        other.hold(COOKIE, secret.reveal());
        for (method, path, action) in &objects {
            let page = if *method == "get" { other.get(path).await } else { other.post(path, FORM).await };
            let (role_name, text) = (role.name(), &page.text);
            assert!(page.status >= 400, "{method} {path} as {role_name}: {} {text}", page.status);
            assert!(!text.contains(NAME) && !text.contains(MEMO), "{method} {path} as {role_name}: {text}");
            if *method == "get" && role.may(*action) {
                assert_eq!(page.status, 404, "{method} {path} as {role_name}");
                looked += 1;
            }
        }
    }
    assert!(looked >= 10, "{looked}");
    // Each refusal stands in the chain of the institution that tried, with who it was, the role and the route.
    let entries = audit_entries(&web.system).await;
    for role in InstitutionRole::ALL.iter().copied().filter(|role| role.signs_in()) {
        for (method, path, action) in &objects {
            // Who manages administrators gets as far as the account, which is not there either.
            let manages = *action == InstitutionAction::ManageAccounts
                && role.may(InstitutionAction::ManageAdministrators);
            let outcome = if role.may(*action) || manages { "denied:not-there" } else { "denied:role" };
            let tail = format!(" role={} route={} {}", role.name(), method.to_uppercase(), route_of(path));
            let told = |entry: &Entry| {
                entry.institution_code == OTHER
                    && entry.actor == format!("account:{}", role.name())
                    && entry.outcome == outcome
                    && entry.detail.ends_with(&tail)
            };
            assert!(entries.iter().any(told), "{method} {path} as {} left no record", role.name());
        }
    }
    // The owner has them as they were.
    let administrator = web.signed_in(InstitutionRole::Administrator).await;
    administrator.get(&objects[0].1).await.says(200, NAME);
    administrator.get("/activation").await.says(200, MEMO);
    let account = administrator.get("/accounts/uketsuke9").await;
    account.says(200, "利用停止");
    assert!(!account.text.contains("利用再開"), "it was not stopped: {}", account.text);
    web.system.stop().await;
}
