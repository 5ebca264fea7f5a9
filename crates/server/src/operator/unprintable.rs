//! 印字できない文字: what stands on paper after an approval, held against the letters' fonts before it.

use std::sync::Arc;

use axum::Extension;
use eligibility::application::ApplicationContent;
use pki::letter::Repertoire;
use store::StoredApplication;

use crate::web::Site;

/// What the fonts can print; none where no letters are written.
pub(super) type Printing = Option<Extension<Arc<Repertoire>>>;

/// What of an application cannot be printed, in a sentence with its remedy; `None` when everything can.
pub(super) async fn unprintable(
    site: &Site,
    printing: &Printing,
    stored: &StoredApplication,
) -> Result<Option<String>, store::Error> {
    let Some(Extension(repertoire)) = printing else { return Ok(None) };
    let terminal = match &stored.content {
        Some(ApplicationContent::CertificateIssue(wanted)) => wanted.terminal_name.to_string(),
        Some(ApplicationContent::UseStart(_)) => String::new(),
        _ => return Ok(None),
    };
    let code = &stored.application.institution;
    let name = site.store.institution(code).await?.map(|one| one.name).unwrap_or_default();
    let address = site.store.institution_address(code).await?;
    let address = address.map(|one| one.first_line + one.second_line.as_deref().unwrap_or_default());
    let told = [
        ("端末名称", terminal, "差し戻し、別の端末名称での申請を依頼してください。"),
        ("医療機関等名称", name, "医療機関マスタの名称を、印字できる文字に変更してください。"),
        ("住所", address.unwrap_or_default(), "医療機関マスタの住所を、印字できる文字に変更してください。"),
    ];
    let told = told.into_iter().filter_map(|(what, text, remedy)| {
        let lacking = repertoire.lacking(&text);
        let named = lacking.iter().map(|letter| format!("「{letter}」（U+{:04X}）", u32::from(*letter)));
        (!lacking.is_empty()).then(|| format!("{what}の{}：{remedy}", named.collect::<String>()))
    });
    let told = told.collect::<Vec<_>>().join(" ");
    Ok((!told.is_empty()).then_some(told))
}
