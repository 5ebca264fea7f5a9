//! What an institution's administrator does before a test begins.

use eligibility::facility_settings::{ON, Setting};
use eligibility::institution::InstitutionCode;
use store::{FormId, NewSettings};

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
