//! What an application says, as labels and values: the same to who confirms it and to who decides about it.

use eligibility::{
    Instant,
    application::{ApplicationContent, Contact},
    calendar::{format_japanese, format_n14, tokyo_date},
};

use super::{
    certificate_issue, certificate_renewal, certificate_revocation, code_change, customer_id_change,
    succession, use_start,
};

/// A label and its value.
pub(crate) type Row = (&'static str, String);

/// The rows of a content.
pub(crate) fn rows(content: &ApplicationContent) -> Vec<Row> {
    match content {
        ApplicationContent::UseStart(wanted) | ApplicationContent::UseChange(wanted) => {
            use_start::rows(wanted)
        }
        ApplicationContent::CertificateIssue(wanted) => certificate_issue::rows(wanted),
        ApplicationContent::CertificateRenewal(wanted) => certificate_renewal::rows(wanted),
        ApplicationContent::CertificateRevocation(wanted) => certificate_revocation::rows(wanted),
        ApplicationContent::Succession(wanted) => succession::rows(wanted),
        ApplicationContent::CodeChange(wanted) => code_change::rows(wanted),
        ApplicationContent::CustomerIdChange(wanted) => customer_id_change::rows(wanted),
    }
}

/// The terminal or certificate a content is about.
pub(super) fn about(content: &ApplicationContent) -> Option<String> {
    match content {
        ApplicationContent::CertificateIssue(wanted) => Some(wanted.terminal_name.to_string()),
        ApplicationContent::CertificateRevocation(wanted) => Some(wanted.serial.as_str().to_owned()),
        _ => None,
    }
}

/// 担当者.
pub(super) fn contact_rows(contact: &Contact) -> Vec<Row> {
    let mut rows = Vec::with_capacity(4);
    rows.extend(contact.department.clone().map(|department| ("担当部署", department)));
    rows.push(("担当者", contact.name.clone()));
    rows.push(("電話番号", contact.phone.clone()));
    rows.extend(contact.mail.as_ref().map(|mail| ("メールアドレス", mail.to_string())));
    rows
}

/// A moment for people: 「令和8年11月22日 10:05」, in Tokyo.
pub(crate) fn moment(at: Instant) -> String {
    let digits = format_n14(at);
    let (hour, minute) = (digits.get(8..10).unwrap_or("--"), digits.get(10..12).unwrap_or("--"));
    format!("{} {hour}:{minute}", format_japanese(tokyo_date(at)))
}
