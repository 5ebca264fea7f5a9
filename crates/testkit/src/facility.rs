//! What an institution's administrator does before a test begins.

use eligibility::facility_settings::{ON, Setting};
use eligibility::institution::InstitutionCode;
use hyper::Method;
use serde_json::json;
use store::{FormId, NewSettings};
use wire::facility::PASSCODES_PATH;

use crate::client::Http;
use crate::system::TestSystem;

/// Switches a setting on, as `kanri01` of the institution does, who has opened the terms.
///
/// # Panics
/// When the database does not take it.
pub async fn switch_on(system: &TestSystem, institution: &InstitutionCode, setting: Setting) {
    let (store, now) = (system.store(), system.clock.now());
    store.open_terms(institution, "kanri01", now).await.expect("writes");
    let new = NewSettings {
        institution_code: institution.clone(),
        expected_version: None,
        values: vec![(setting, ON.to_owned())],
        account: Some("kanri01".to_owned()),
        actor: "account:kanri01".to_owned(),
        actor_name: "試験 花子".to_owned(),
        form: FormId {
            subject: format!("{}:kanri01", institution.as_str()),
            form_id: setting.id().to_owned(),
        },
        changed_at: now,
    };
    store.change_facility_settings(new).await.expect("writes");
}

/// A 目視確認用パスコード of the institution, as a receipt computer gets it, after an administrator let it.
///
/// # Panics
/// When there is none to be had.
pub async fn issued_passcode(system: &TestSystem, institution: &str) -> String {
    let terminal = system.terminal(institution, "receipt-computer").await;
    switch_on(system, &terminal.institution, Setting::PasscodeByFile).await;
    let connection = terminal.connect(Http::Two).await.expect("connects");
    let wish = json!({ "request_id": "issued-passcode" });
    let issued = connection.send(Method::POST, PASSCODES_PATH, Some(&wish)).await.expect("an answer");
    issued.json()["passcode"].as_str().expect("digits").to_owned()
}
