//! What an institution's administrator does before a test begins.

use std::sync::atomic::{AtomicU64, Ordering};

use eligibility::facility_settings::{OFF, ON, Setting};
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
    switch(system, institution, setting, ON).await;
}

/// Switches a setting off again, in the same way.
///
/// # Panics
/// When the database does not take it.
pub async fn switch_off(system: &TestSystem, institution: &InstitutionCode, setting: Setting) {
    switch(system, institution, setting, OFF).await;
}

async fn switch(system: &TestSystem, institution: &InstitutionCode, setting: Setting, code: &str) {
    /// Every form is handed in once.
    static FORMS: AtomicU64 = AtomicU64::new(0);
    let form = FORMS.fetch_add(1, Ordering::Relaxed);
    let (store, now) = (system.store(), system.clock.now());
    store.open_terms(institution, "kanri01", now).await.expect("writes");
    let new = NewSettings {
        institution_code: institution.clone(),
        expected_version: None,
        values: vec![(setting, code.to_owned())],
        account: Some("kanri01".to_owned()),
        actor: "account:kanri01".to_owned(),
        actor_name: "試験 花子".to_owned(),
        form: FormId {
            subject: format!("{}:kanri01", institution.as_str()),
            form_id: format!("{}-{form}", setting.id()),
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
