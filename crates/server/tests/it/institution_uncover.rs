//! Medical information is covered when nobody touched a session for five minutes, whatever its browser does, until the
//! account's holder has proven anew who sits there.

use std::time::Duration;

use eligibility::institution_account::InstitutionRole;
use hyper::Method;
use testkit::browser::{Browser, BrowserPage};
use testkit::people;
use testkit::system::Engine;

use crate::institution_consents::{PATIENTS, address, agrees};
use crate::institution_support::{PASSWORD, Web, login};
use crate::on_both_engines;
use crate::support::{audit_entries, insurer};

on_both_engines! {
    what_nobody_touched_for_five_minutes_is_covered_until_the_password
    guesses_at_a_covered_page_are_counted_and_on_record
    a_pause_is_a_pause_however_it_ends
}

const NAME: &str = "試験　花子";
const PROOF: &str = "/medical-information/proof";
/// After so long without a touch it is covered.
const REST: Duration = Duration::from_secs(5 * 60);
const ALMOST: Duration = Duration::from_secs(5 * 60 - 1);

/// A doctor who signed in with a password, and where a patient of theirs is.
async fn open(engine: Engine) -> (Web, Browser, String) {
    let web = Web::open(engine).await;
    let patient = people::coverage(&insurer(), "p-1", "101", NAME, eligibility::Date::constant(1980, 2, 17));
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![patient]).await;
    crate::institution_consents::use_home_visits(&web).await;
    agrees(&web, "p-1", "home_visit", &[("medication", true), ("checkup", true)]).await;
    web.account("ishi1", InstitutionRole::Viewer).await;
    let doctor = web.browser();
    login(&doctor, "ishi1", PASSWORD).await.leads("/menu");
    let at = address(&doctor.get(PATIENTS).await, PATIENTS, NAME);
    (web, doctor, at)
}

/// Every page that shows something of the patient.
fn pages_of(at: &str) -> [String; 6] {
    let months = "kind=medication&from=2026-01-01&until=2026-02-01";
    [
        PATIENTS.to_owned(),
        at.to_owned(),
        format!("{at}/records?{months}"),
        format!("{at}/records/print?{months}"),
        format!("{at}/checkups"),
        format!("{at}/checkups/print"),
    ]
}

fn is_covered(page: &BrowserPage) -> bool {
    let covered = page.status == 303 && page.to().starts_with("/medical-information/proof?next=");
    assert!(!covered || !page.text.contains(NAME), "{}", page.text);
    covered
}

/// As a page asks that keeps itself fresh.
async fn quiet(browser: &Browser, path: &str) -> BrowserPage {
    browser.send(Method::GET, path, String::new(), &[("shikaku-quiet", "1")]).await
}

async fn prove(browser: &Browser, next: &str, password: &str) -> BrowserPage {
    browser.post(PROOF, &[("next", next), ("password", password)]).await
}

async fn what_nobody_touched_for_five_minutes_is_covered_until_the_password(engine: Engine) {
    let (web, doctor, at) = open(engine).await;
    web.system.hands.advance(ALMOST);
    doctor.get(&at).await.says(200, NAME);
    web.system.hands.advance(REST);
    let looks = looks(&web).await;
    for path in pages_of(&at) {
        assert!(is_covered(&doctor.get(&path).await), "{path}");
    }
    assert_eq!(self::looks(&web).await, looks, "what was not shown was not looked at");
    // The rest of the system goes on, and opens nothing.
    doctor.get("/menu").await.says(200, "メニュー");
    let records = &pages_of(&at)[2];
    let covered = doctor.get(records).await;
    assert!(is_covered(&covered), "{}", covered.text);
    let page = doctor.get(covered.to()).await;
    page.says(200, "5分間操作がなかったため").says(200, "試験 花子");
    prove(&doctor, records, "not the password 1").await.says(422, "パスワードが正しくありません");
    assert!(is_covered(&doctor.get(&at).await));
    // Back to where the person was, months and all; elsewhere than to medical pages no address leads.
    prove(&doctor, records, PASSWORD).await.leads(records);
    for path in pages_of(&at) {
        assert!(!is_covered(&doctor.get(&path).await), "{path}");
    }
    web.system.hands.advance(REST);
    prove(&doctor, "https://evil.example/", PASSWORD).await.leads(PATIENTS);
    let entries = audit_entries(&web.system).await;
    let proofs: Vec<_> = entries.iter().filter(|entry| entry.action == "account.proof").collect();
    let outcomes: Vec<_> = proofs.iter().map(|entry| entry.outcome.as_str()).collect();
    assert_eq!(outcomes, ["denied:password", "done", "done"], "{proofs:?}");
    assert!(proofs.iter().all(|entry| entry.actor == "account:ishi1"), "{proofs:?}");
    web.system.stop().await;
}

async fn looks(web: &Web) -> usize {
    let looks = ["view_patient", "view_medical_records", "list_viewable"];
    audit_entries(&web.system).await.iter().filter(|entry| looks.contains(&entry.action.as_str())).count()
}

async fn guesses_at_a_covered_page_are_counted_and_on_record(engine: Engine) {
    let (web, doctor, at) = open(engine).await;
    web.system.hands.advance(REST);
    for _ in 0..5 {
        prove(&doctor, &at, "not the password 1").await.says(422, "パスワードが正しくありません");
    }
    // From here on the right one is not compared either.
    prove(&doctor, &at, PASSWORD).await.says(429, "分");
    assert!(is_covered(&doctor.get(&at).await));
    // An account without a passkey is asked for none, and an answer to no question opens nothing.
    assert_ne!(doctor.post("/medical-information/proof/start", &[]).await.status, 200);
    assert_ne!(doctor.post("/medical-information/proof/finish", &[]).await.status, 200);
    assert!(is_covered(&doctor.get(&at).await));
    let entries = audit_entries(&web.system).await;
    let outcome = |outcome| entries.iter().any(|one| one.action == "account.proof" && one.outcome == outcome);
    assert!(outcome("denied:password") && outcome("denied:locked"));
    // Signing in at another place is as free as before.
    let elsewhere = web.browser();
    login(&elsewhere, "ishi1", PASSWORD).await.leads("/login/take-over");
    web.system.stop().await;
}

async fn a_pause_is_a_pause_however_it_ends(engine: Engine) {
    let (web, doctor, at) = open(engine).await;
    // Reading is use: the script says so once a minute.
    for _ in 0..6 {
        web.system.hands.advance(Duration::from_secs(60));
        doctor.post("/session/keep", &[]).await;
    }
    doctor.get(&at).await.says(200, NAME);
    // A page that keeps itself fresh is no touch, neither before the pause's end nor after it.
    web.system.hands.advance(Duration::from_secs(4 * 60));
    quiet(&doctor, "/menu").await.says(200, "メニュー");
    web.system.hands.advance(Duration::from_secs(60));
    assert!(is_covered(&quiet(&doctor, &at).await));
    // Somebody comes back at another page first.
    doctor.get("/menu").await.says(200, "メニュー");
    assert!(is_covered(&doctor.get(&at).await));
    // A second tab of the same browser is the same session; a new sign-in is a proof.
    login(&doctor, "ishi1", PASSWORD).await;
    doctor.get(&at).await.says(200, NAME);
    web.system.stop().await;
}
