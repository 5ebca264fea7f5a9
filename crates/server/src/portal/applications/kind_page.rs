//! What the page of one kind has of its own: words above the fields, and the fields themselves.

use eligibility::application::{ApplicationForm, ApplicationKind};

use super::{
    certificate_issue, certificate_renewal, certificate_revocation, code_change, customer_id_change,
    succession, use_change, use_start,
};
use crate::web::{FormData, FormView};

/// The page of one kind.
pub(super) struct KindPage {
    /// What it is for, in one sentence.
    pub(super) lead: &'static str,
    /// What to know before filling it in.
    pub(super) notes: &'static [&'static str],
    /// The fields as HTML, in their order.
    pub(super) fields: fn(&FormView, &Offered) -> Vec<String>,
}

/// What an institution has that a field may offer to choose from.
#[derive(Clone, Debug, Default)]
pub(super) struct Offered {
    /// Serial number and words of each certificate that is not revoked.
    pub(super) certificates: Vec<(String, String)>,
}

/// The page of a kind; `None` for the one that is applied for elsewhere.
pub(super) const fn of(kind: ApplicationKind) -> Option<&'static KindPage> {
    match kind {
        ApplicationKind::UseStart => Some(&use_start::PAGE),
        ApplicationKind::UseChange => Some(&use_change::PAGE),
        ApplicationKind::CertificateIssue => Some(&certificate_issue::PAGE),
        ApplicationKind::CertificateRenewal => None,
        ApplicationKind::CertificateRevocation => Some(&certificate_revocation::PAGE),
        ApplicationKind::Succession => Some(&succession::PAGE),
        ApplicationKind::CodeChange => Some(&code_change::PAGE),
        ApplicationKind::CustomerIdChange => Some(&customer_id_change::PAGE),
    }
}

/// What the list of procedures says of a kind.
pub(super) const fn about(kind: ApplicationKind) -> &'static str {
    match of(kind) {
        Some(page) => page.lead,
        None => certificate_renewal::LEAD,
    }
}

/// What was typed, as the kind's form.
pub(super) fn form_of(kind: ApplicationKind, typed: &FormData) -> Option<ApplicationForm> {
    let mut fields = serde_json::Map::new();
    for field in ApplicationForm::fields(kind) {
        fields.insert(field.id.to_owned(), typed.text(field.id).into());
    }
    fields.insert("kind".to_owned(), kind.name().into());
    serde_json::from_value(fields.into()).ok()
}

/// A kept form, as it was typed.
pub(super) fn typed_of(form: &ApplicationForm) -> FormData {
    let fields = serde_json::to_value(form).ok();
    let texts = fields.as_ref().and_then(serde_json::Value::as_object).into_iter().flatten();
    let pairs = texts.filter_map(|(id, text)| Some((id.clone(), text.as_str()?.to_owned())));
    FormData::from(pairs.collect::<Vec<_>>())
}
