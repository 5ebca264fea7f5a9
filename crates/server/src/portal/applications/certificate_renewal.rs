//! 電子証明書更新: made on the renewal site, under the certificate that is renewed. Here only the way there.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use eligibility::application::{ApplicationKind, RenewalApplication};

use super::summary::{Row, contact_rows};
use crate::web::{PortalUser, Shell, Site, render};

pub(super) const LEAD: &str = "有効期限の90日前から、電子証明書更新申請サイトで更新できます。";

#[derive(Template)]
#[template(path = "applications/renewal.html")]
struct Page {
    shell: Shell,
    lead: &'static str,
}

/// Where renewal is done, and what to have ready.
pub(super) fn page(site: &Site, user: &PortalUser) -> Response {
    let title = ApplicationKind::CertificateRenewal.label();
    let shell = Shell::new(site, title, "/applications", Some(&user.signed_in));
    render(StatusCode::OK, &Page { shell, lead: LEAD })
}

pub(super) fn rows(content: &RenewalApplication) -> Vec<Row> {
    let mut rows = vec![("電子証明書のシリアル番号", content.serial.as_str().to_owned())];
    rows.extend(contact_rows(&content.contact));
    rows
}
