//! 初期画面, and what is said to who may not come in.

use std::sync::Arc;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use eligibility::Instant;
use eligibility::calendar::tokyo_date;
use eligibility::errors::ErrorCode;
use eligibility::institution_certificate::{
    CertificatePeriod, CertificateStanding, CertificateUses, KnownCertificate, Notice, NoticeKind, notice_due,
};

use super::days;
use crate::ca::notices::{CertificateWarning, warnings};
use crate::ca::renewal;
use crate::config::Environment;
use crate::listener::identity::AskingTerminal;
use crate::terminal_api::refusal::Refusal;
use crate::web::{Shell, Site, refused as plainly, render};

/// The first page's title.
pub(super) const TITLE: &str = "初期画面";

#[derive(Template)]
#[template(path = "institution/entry.html")]
struct Entry {
    shell: Shell,
    institution_name: String,
    institution_code: String,
    terminal_name: String,
    last_day: String,
    days_left: i32,
    sentence: String,
    remedy: &'static str,
    uses: &'static str,
    notice: Option<Notice>,
    urgent: bool,
    /// Of the institution's other terminals.
    others: Vec<CertificateWarning>,
    /// Where the certificate is renewed; `None` where this server does not.
    renewal: Option<(&'static str, &'static str)>,
    /// 本番環境 or 接続検証環境.
    environment: &'static str,
    /// The newest お知らせ: day, title, whether important.
    news: Vec<(String, String, bool)>,
}

#[derive(Template)]
#[template(path = "institution/refused.html")]
struct Refused {
    shell: Shell,
    sentence: String,
    remedy: String,
    code: &'static str,
    network: bool,
}

/// How many お知らせ the first page shows.
const NEWS_SHOWN: usize = 3;

/// Whether the site has a page to renew on.
#[derive(Clone, Copy)]
struct Renews(bool);

pub(super) fn pages(renews: bool) -> Router {
    Router::new().route("/", get(show)).layer(Extension(Renews(renews)))
}

/// What is said of the terminal's certificate while it should be renewed; nothing where that cannot be read.
pub(super) async fn notice(site: &Site, terminal: &AskingTerminal) -> Option<Notice> {
    let known = known(site, terminal).await.ok()?;
    let now = site.clock.now();
    let standing = CertificateStanding::of(Some(&known), &terminal.institution_code, now);
    due(&known, standing, now)
}

fn due(known: &KnownCertificate, standing: CertificateStanding, now: Instant) -> Option<Notice> {
    notice_due(&known.period, tokyo_date(now), None)
        .filter(|_| matches!(standing, CertificateStanding::RenewalOpen { .. }))
}

async fn show(
    Extension(site): Extension<Arc<Site>>,
    Extension(terminal): Extension<AskingTerminal>,
    Extension(Renews(renews)): Extension<Renews>,
    Extension(environment): Extension<Environment>,
) -> Response {
    let institution = match site.store.institution(&terminal.institution_code).await {
        Ok(institution) => institution,
        Err(error) => return plainly::by_store(&error),
    };
    let known = match known(&site, &terminal).await {
        Ok(known) => known,
        Err(error) => return plainly::by_store(&error),
    };
    let now = site.clock.now();
    let standing = CertificateStanding::of(Some(&known), &terminal.institution_code, now);
    let today = tokyo_date(now);
    let mut others = match warnings(&site.store, &terminal.institution_code, today).await {
        Ok(warnings) => warnings,
        Err(error) => return plainly::by_store(&error),
    };
    others.retain(|warning| warning.terminal_name != terminal.terminal_name);
    let news = match site.store.notices(now).await {
        Ok(notices) => notices.into_iter().take(NEWS_SHOWN),
        Err(error) => return plainly::by_store(&error),
    };
    let news = news.map(|one| (days::day(tokyo_date(one.published_at)), one.title, one.important)).collect();
    let notice = due(&known, standing, now);
    let page = Entry {
        shell: Shell::new(&site, TITLE, "/", None).with_help("/help/entry"),
        institution_name: institution.map(|institution| institution.name).unwrap_or_default(),
        institution_code: terminal.institution_code.to_string(),
        terminal_name: terminal.terminal_name.clone(),
        last_day: days::day(tokyo_date(known.period.not_after)),
        days_left: known.period.days_left(today),
        sentence: standing.sentence(),
        remedy: standing.remedy(),
        uses: known.uses.label(),
        urgent: notice.is_some_and(|notice| notice.kind != NoticeKind::Before),
        notice,
        others,
        renewal: renews.then_some((renewal::PATH, renewal::SITE_NAME)),
        environment: environment.label(),
        news,
    };
    render(StatusCode::OK, &page)
}

/// The page of who may not come in: the certificate's standing in words where that is why.
pub(super) async fn refused(site: &Site, terminal: &AskingTerminal, refusal: &Refusal) -> Response {
    let entry = refusal.code.entry();
    let (mut sentence, mut remedy) = (entry.ja.what.to_owned(), entry.ja.desk.to_owned());
    if refusal.is_denial()
        && let Ok(known) = known(site, terminal).await
    {
        let standing = CertificateStanding::of(Some(&known), &terminal.institution_code, site.clock.now());
        if standing.refusal() == Some(refusal.code) {
            (sentence, remedy) = (standing.sentence(), standing.remedy().to_owned());
        }
    }
    if refusal.code == ErrorCode::InstitutionCertificateForBilling {
        remedy.push_str(&format!(
            "この電子証明書の更新は、{}（このサイトの{}）で行えます。",
            renewal::SITE_NAME,
            renewal::PATH
        ));
    }
    let network = refusal.code == ErrorCode::LineNotConnected;
    let title = if network { "ネットワークエラー" } else { "利用できません" };
    let page =
        Refused { shell: Shell::new(site, title, "", None), sentence, remedy, code: entry.code, network };
    let mut response = render(refusal.status, &page);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// What is known of the connection's certificate; its own dates where the authority did not issue it here.
pub(super) async fn known(site: &Site, terminal: &AskingTerminal) -> store::Result<KnownCertificate> {
    let found =
        site.store.certificate_by_fingerprint(&terminal.institution_code, &terminal.fingerprint).await?;
    let brought = || KnownCertificate {
        institution_code: terminal.institution_code.clone(),
        // TLS has looked at its beginning.
        period: CertificatePeriod { not_before: Instant(0), not_after: terminal.not_after },
        uses: CertificateUses::EligibilityAndBilling,
        superseded_at: None,
        revocation: None,
    };
    Ok(found.map_or_else(brought, |certificate| certificate.known()))
}
