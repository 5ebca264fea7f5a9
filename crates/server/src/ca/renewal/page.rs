//! The pages, for the institution's own web: the connection's certificate says whose they are.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use eligibility::calendar::format_japanese;
use eligibility::institution_certificate::{CertificateStanding, SuccessorState};
use eligibility::retrieval::{FilePassword, FilePasswordForm};
use store::InstitutionCertificate;

use crate::ca::retrieval::download;
use crate::ca::{Desk, NotIssued, Refusal};
use crate::listener::identity::AskingTerminal;
use crate::web::once::Once;
use crate::web::{FormData, FormView, Shell, Site, refused, render};

/// What the site is called.
pub const SITE_NAME: &str = "電子証明書更新申請サイト";
/// Where its page is.
pub const PATH: &str = "/certificate-renewal";

#[derive(Template)]
#[template(path = "ca/renewal.html")]
struct Page {
    shell: Shell,
    form: FormView,
    once: Once,
    shown: Option<Shown>,
    sentence: String,
    remedy: String,
    may_renew: bool,
    /// Why it may be renewed once more.
    again: Option<&'static str>,
    /// First day of renewal, while it is not yet time.
    opens_on: Option<String>,
    refused: Option<(String, String)>,
}

/// What stands on the page about the certificate.
struct Shown {
    institution_code: String,
    institution_name: String,
    terminal_name: String,
    uses: &'static str,
    serial: String,
    last_day: String,
}

/// The pages, to be made part of a site whose door puts the [`AskingTerminal`] into each request.
pub fn pages(desk: Arc<Desk>) -> Router {
    Router::new().route(PATH, get(form).post(renew)).with_state(desk)
}

async fn form(
    State(desk): State<Arc<Desk>>,
    Extension(site): Extension<Arc<Site>>,
    Extension(terminal): Extension<AskingTerminal>,
) -> Response {
    page(&desk, &site, &terminal, FormView::new(FilePasswordForm::FIELDS), (StatusCode::OK, None)).await
}

async fn renew(
    State(desk): State<Arc<Desk>>,
    Extension(site): Extension<Arc<Site>>,
    Extension(terminal): Extension<AskingTerminal>,
    typed: FormData,
) -> Response {
    let form =
        FilePasswordForm { password: typed.text("password"), password_again: typed.text("password_again") };
    let password = match FilePassword::try_from(&form) {
        Ok(password) => password,
        Err(errors) => {
            let form = FormView::faulty(FilePasswordForm::FIELDS, typed, errors);
            return page(&desk, &site, &terminal, form, (StatusCode::UNPROCESSABLE_ENTITY, None)).await;
        }
    };
    let once = Once::of_form(&typed);
    let (institution, print) = (&terminal.institution_code, &terminal.fingerprint);
    match desk.renew_into_file(institution, print, &password, once.as_ref().map(Once::as_str)).await {
        Ok(file) => download(file),
        Err(NotIssued::Refused(refusal)) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
            let form = FormView::new(FilePasswordForm::FIELDS);
            page(&desk, &site, &terminal, form, (status, Some(refusal))).await
        }
        Err(error) => failed(&error),
    }
}

async fn page(
    desk: &Desk,
    site: &Site,
    terminal: &AskingTerminal,
    form: FormView,
    (status, refusal): (StatusCode, Option<Refusal>),
) -> Response {
    let (certificate, standing) = match desk.standing(&terminal.institution_code, &terminal.fingerprint).await
    {
        Ok(found) => found,
        Err(error) => return failed(&error),
    };
    let institution_name = match desk.name_of(&terminal.institution_code).await {
        Ok(name) => name,
        Err(error) => return failed(&error),
    };
    let again = match certificate.as_ref().filter(|_| matches!(standing, CertificateStanding::Overlap { .. }))
    {
        Some(renewed) => match desk.replaceable(renewed).await {
            Ok(state) => state.map(why_again),
            Err(error) => return failed(&error),
        },
        None => None,
    };
    let page = Page {
        once: Once::new(),
        shell: Shell::new(site, "電子証明書の更新", PATH, None),
        form,
        opens_on: match standing {
            CertificateStanding::Valid { .. } => {
                certificate.as_ref().map(|certificate| format_japanese(certificate.period.renewal_opens_on()))
            }
            _ => None,
        },
        shown: certificate.map(|certificate| shown(&certificate, institution_name)),
        sentence: standing.sentence(),
        remedy: standing.remedy().to_owned(),
        may_renew: again.is_some() || matches!(standing, CertificateStanding::RenewalOpen { .. }),
        again,
        refused: refusal.map(|refusal| (refusal.message(), refusal.remedy())),
    };
    render(status, &page)
}

fn shown(certificate: &InstitutionCertificate, institution_name: String) -> Shown {
    Shown {
        institution_code: certificate.institution_code.as_str().to_owned(),
        institution_name,
        terminal_name: certificate.terminal_name.clone(),
        uses: certificate.uses.label(),
        serial: certificate.serial.clone(),
        last_day: format_japanese(certificate.period.last_day()),
    }
}

/// Why a renewed certificate may be renewed once more.
const fn why_again(state: SuccessorState) -> &'static str {
    match state {
        SuccessorState::Revoked(_) => {
            "更新した新しい電子証明書は失効しています。この電子証明書が使えるあいだに、もう一度更新してください。"
        }
        _ => {
            "更新した新しい電子証明書は、まだ使われていません。ファイルが見つからないときは、もう一度更新できます。\
             そのとき、前回のファイルの電子証明書は失効し、使えなくなります。"
        }
    }
}

fn failed(error: &NotIssued) -> Response {
    match error {
        NotIssued::Store(error) => refused::by_store(error),
        error => {
            tracing::error!(%error, "a certificate could not be renewed");
            refused::broken()
        }
    }
}
