//! The terminal's own pages: how it is, its certificate, what to do when the network fails. Without sign-in, for whoever
//! sits at this machine; so they show nothing of a patient and hand out no key. They work without a script.

mod certificate;
mod frame;
mod state;
mod upload;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use wire::terminal_api::Problem;

use crate::{
    central::CentralError,
    certificate::{MAX_FILE_BYTES, Situation},
    gateway::Gateway,
};
pub(crate) use frame::{CERTIFICATE, HOME, NETWORK};
use frame::{Frame, as_here, render};

/// Room for the other parts of a form with a file, bytes.
const FORM_BYTES_MAX: usize = 64 * 1024;

/// Every page of the terminal's own.
pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route(HOME, get(state::show).post(state::ask_again))
        .route("/terminal", get(|| async { Redirect::permanent(HOME) }))
        .route(CERTIFICATE, get(certificate::show))
        .route("/terminal/certificate/letter", get(certificate::letter).post(certificate::install_letter))
        .route(
            "/terminal/certificate/file",
            get(certificate::file)
                .post(certificate::install_file)
                .layer(DefaultBodyLimit::max(MAX_FILE_BYTES + FORM_BYTES_MAX)),
        )
        .route("/terminal/certificate/renewal", post(certificate::renew))
        .route("/terminal/certificate/rollback", post(certificate::roll_back))
        .route("/terminal/certificate/export", get(certificate::export).post(certificate::write_export))
        .route("/terminal/certificate/check", get(certificate::check))
        .route(NETWORK, get(network))
        .merge(frame::style_routes())
}

/// S11, in its order and words.
#[derive(Template)]
#[template(path = "network.html")]
struct NetworkPage {
    frame: Frame,
    /// Whether it is shown because something did not answer.
    failed: bool,
}

async fn network(State(gateway): State<Arc<Gateway>>) -> Response {
    let frame = Frame::new(&gateway, "ネットワークのトラブル", NETWORK);
    render(StatusCode::OK, &NetworkPage { frame, failed: false })
}

/// The steps of a network trouble, because there is one.
pub(crate) fn network_trouble(gateway: &Gateway, status: StatusCode) -> Response {
    render(status, &NetworkPage { frame: Frame::new(gateway, "ネットワークエラー", ""), failed: true })
}

/// One thing that is so, and what to do.
#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    frame: Frame,
    what: String,
    remedy: String,
    /// Code of the catalogue; empty when there is none.
    code: String,
}

fn notice(
    gateway: &Gateway,
    status: StatusCode,
    (title, what, remedy): (&str, &str, &str),
    code: &str,
) -> Response {
    let (what, remedy, code) = (what.to_owned(), as_here(gateway, remedy), code.to_owned());
    render(status, &NoticePage { frame: Frame::new(gateway, title, ""), what, remedy, code })
}

/// The request came from another site's page.
pub(crate) fn foreign(gateway: &Gateway) -> Response {
    let words = (
        "受け付けられません",
        "ほかのサイトのページから送られたため、受け付けませんでした。",
        "この端末の画面を開き直し、もう一度操作してください。",
    );
    notice(gateway, StatusCode::FORBIDDEN, words, "")
}

/// There is no such page.
pub(crate) fn not_here(gateway: &Gateway) -> Response {
    let words = (
        "ページが見つかりません",
        "アドレスが正しくないか、ページがなくなりました。",
        "左のメニューから選んでください。",
    );
    notice(gateway, StatusCode::NOT_FOUND, words, "")
}

/// The institution web was not reached: the certificate's state when that is why, else the network's steps.
pub(crate) fn not_reached(gateway: &Gateway, error: &CentralError, by_person: bool) -> Response {
    if !by_person {
        return (StatusCode::SERVICE_UNAVAILABLE, "ネットワークエラー").into_response();
    }
    if matches!(error, CentralError::NotAdmitted(_) | CentralError::Untimely(_))
        && let Some(page) = certificate_trouble(gateway, StatusCode::SERVICE_UNAVAILABLE)
    {
        return page;
    }
    network_trouble(gateway, StatusCode::SERVICE_UNAVAILABLE)
}

/// The certificate's state, when it cannot be worked with.
pub(crate) fn certificate_trouble(gateway: &Gateway, status: StatusCode) -> Option<Response> {
    let view = gateway.care.view();
    let by_certificate = !view.may_work()
        && !matches!(view.situation, Situation::CentreUnreachable | Situation::LineNotConnected);
    by_certificate.then(|| certificate::state_page(gateway, status, None, None))
}

/// The institution web refused: the certificate's state when that is why, else its words.
pub(crate) fn refused(gateway: &Gateway, status: StatusCode, problem: &Problem) -> Response {
    if let Some(page) = certificate_trouble(gateway, status) {
        return page;
    }
    let remedy = problem.detail.as_deref().unwrap_or_default();
    notice(gateway, status, ("利用できません", &problem.title, remedy), &problem.code)
}
