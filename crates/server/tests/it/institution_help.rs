//! 画面の説明: each screen leads to its own, each code has one, and nobody needs to be signed in to read them.

use std::collections::BTreeSet;
use std::path::Path;

use eligibility::errors::ErrorCode;
use eligibility::institution_account::{InstitutionAction, InstitutionRole};
use server::institution::{help, menu};
use server::web::refused::PAGE_ERRORS;
use testkit::browser::Browser;
use testkit::system::Engine;

use crate::institution_support::Web;

crate::on_both_engines! {
    every_screen_leads_to_its_own_help_and_every_code_has_a_page
}

/// Actions that no line of the menu leads to: another screen does.
const WITHOUT_A_LINE: &[InstitutionAction] = &[InstitutionAction::CancelConsent];

/// Where the page's own help is.
fn help_of(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("class=\"page-help\"><a href=\"")?;
    rest.split('"').next().map(ToOwned::to_owned)
}

/// Every `"/help/…"` that is written in the folder.
fn written(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            written(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let places = text.split("\"/help/").skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(
                places.filter(|place| !place.contains(['{', '/'])).map(|place| format!("/help/{place}")),
            );
        }
    }
}

async fn reads(browser: &Browser, path: &str) {
    let page = browser.get(path).await;
    page.says(200, "<h1>").says(200, "画面の説明の一覧へ").says(200, "保守事業者");
    assert!(!page.text.contains("# ") && !page.text.contains("**"), "{path}: {}", page.text);
}

async fn every_screen_leads_to_its_own_help_and_every_code_has_a_page(engine: Engine) {
    let web = Web::open(engine).await;
    let nobody = web.browser();
    let mut places = BTreeSet::new();
    written(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/institution"), &mut places);
    places.remove("/help/errors");
    assert!(places.len() >= 12, "{places:?}");
    for place in &places {
        reads(&nobody, place).await;
        nobody.get("/help").await.says(200, &format!("href=\"{place}\""));
    }
    for (role, paths) in [
        (None, vec!["/", "/login"]),
        (Some(InstitutionRole::Master), menu_of(InstitutionRole::Master)),
        (Some(InstitutionRole::MasterReset), menu_of(InstitutionRole::MasterReset)),
        (Some(InstitutionRole::Administrator), menu_of(InstitutionRole::Administrator)),
        (Some(InstitutionRole::Viewer), menu_of(InstitutionRole::Viewer)),
    ] {
        let browser = match role {
            Some(role) => web.signed_in(role).await,
            None => nobody.copied(),
        };
        let mut led_to = BTreeSet::new();
        for path in paths {
            let page = browser.get(path).await;
            let help = help_of(&page.text).unwrap_or_else(|| panic!("{path} has no help: {}", page.text));
            assert!(places.contains(&help), "{path} leads to {help}");
            assert!(led_to.insert(help), "{path} has the help of another screen");
        }
    }
    for action in InstitutionAction::ALL.iter().filter(|action| !WITHOUT_A_LINE.contains(action)) {
        let leads = menu::GROUPS.iter().flat_map(|group| group.entries).any(|one| one.needs.contains(action));
        assert!(leads, "no line of the menu leads to {}", action.label());
    }
    for error in PAGE_ERRORS {
        let page = nobody.get(&format!("/help/errors/{}", error.code)).await;
        page.says(200, error.cause).says(200, error.remedy).says(200, error.supplier);
        nobody.get("/help/errors").await.says(200, &format!("/help/errors/{}", error.code));
    }
    // What is not there says its code and what the supplier does, with the site around it or without.
    nobody.get("/nowhere").await.says(404, "OQC-4041").says(404, "保守事業者が行うこと");
    let general = web.signed_in(InstitutionRole::General).await;
    let refused = general.get("/facility-settings").await;
    refused.says(403, "OQC-4032").says(403, "保守事業者が行うこと");
    assert_eq!(help_of(&refused.text).as_deref(), Some("/help/not-allowed"));
    assert_eq!(help_of(&general.get("/passkeys").await.text).as_deref(), Some("/help/passkeys"));
    for code in ErrorCode::ALL {
        let ja = code.entry().ja;
        let page = nobody.get(&format!("/help/errors/{code}")).await;
        page.says(200, ja.what).says(200, ja.desk).says(200, ja.supplier);
        nobody.get("/help/errors").await.says(200, &format!("/help/errors/{code}"));
    }
    nobody.get("/help/errors/OQSX0000E").await.says(404, "ページが見つかりません");
    nobody.get("/help/nothing").await.says(404, "ページが見つかりません");
    let reader = general;
    reader.get("/help/number-check").await.says(200, "OQSB1001W").says(200, "試験 花子");
    web.system.stop().await;
}

/// Every line of the menu that the role sees, but the help itself.
fn menu_of(role: InstitutionRole) -> Vec<&'static str> {
    let sees = |one: &&menu::Entry| one.needs.is_empty() || one.needs.iter().any(|action| role.may(*action));
    let lines = menu::GROUPS.iter().flat_map(|group| group.entries).filter(sees).map(|one| one.href);
    lines.filter(|path| *path != help::PATH).chain([menu::PATH]).collect()
}
