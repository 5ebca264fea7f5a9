//! What the administrator of the demo's institution set on its first day, so that everything can be tried: who changes
//! it afterwards has it as he left it, also after a restart.

use anyhow::Result;
use eligibility::facility_settings::{ON, Setting};
use server::{Server, clock::Clock};
use store::{FormId, NewSettings};

use super::{
    institution_accounts::ACCOUNTS,
    premises::{INSTITUTION_CODE, institution},
};

/// One form, handed in once in the life of a data folder.
const FORM: &str = "demo-first-settings";
/// 電子処方箋利用区分: 電子と紙.
const BOTH_PRESCRIPTIONS: &str = "2";
/// 処方箋発行形態選択タイミング: 資格確認時.
const AT_CHECK: &str = "2";

/// Sets them, unless they were set before.
pub(crate) async fn settle(server: &Server, clock: &Clock) -> Result<()> {
    let administrator = &ACCOUNTS[0];
    let values = [
        (Setting::Treatment, ON),
        (Setting::Operation, ON),
        (Setting::PrescriptionUse, BOTH_PRESCRIPTIONS),
        (Setting::PrescriptionTiming, AT_CHECK),
        (Setting::PasscodeByFile, ON),
    ];
    let new = NewSettings {
        institution_code: institution()?,
        expected_version: None,
        values: values.map(|(setting, code)| (setting, code.to_owned())).to_vec(),
        account: Some(administrator.id.to_owned()),
        actor: format!("account:{}", administrator.id),
        actor_name: administrator.name.to_owned(),
        form: FormId {
            subject: format!("{INSTITUTION_CODE}:{}", administrator.id),
            form_id: FORM.to_owned(),
        },
        changed_at: clock.now(),
    };
    server.store().change_facility_settings(new).await?;
    Ok(())
}
