//! The page: number, secret and a password of one's own, and the file is there.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use eligibility::retrieval::{RetrievalForm, RetrievalWish};

use super::{Front, How};
use crate::ca::{NotIssued, Refusal};
use crate::web::door::Peer;
use crate::web::once::Once;
use crate::web::{FormData, FormView, Shell, refused, render};

/// What the site is called.
pub const SITE_NAME: &str = "電子証明書取得サイト";
/// Where the form is.
pub const PATH: &str = "/certificate";
const FILE: HeaderValue = HeaderValue::from_static("application/x-pkcs12");

#[derive(Template)]
#[template(path = "ca/retrieval.html")]
struct Page {
    shell: Shell,
    form: FormView,
    once: Once,
    /// What was refused and what to do.
    refused: Option<(String, String)>,
}

fn page(front: &Front, status: StatusCode, form: FormView, refused: Option<(String, String)>) -> Response {
    let shell = Shell::new(&front.site, "電子証明書の取得", PATH, None);
    render(status, &Page { shell, form, once: Once::new(), refused })
}

pub(super) async fn home() -> Redirect {
    Redirect::to(PATH)
}

pub(super) async fn form(State(front): State<Arc<Front>>) -> Response {
    page(&front, StatusCode::OK, FormView::new(RetrievalForm::FIELDS), None)
}

pub(super) async fn fetch(
    State(front): State<Arc<Front>>,
    peer: Option<Extension<Peer>>,
    typed: FormData,
) -> Response {
    let form = RetrievalForm {
        retrieval_number: typed.text("retrieval_number"),
        secret: typed.text("secret"),
        password: typed.text("password"),
        password_again: typed.text("password_again"),
    };
    let wish = match RetrievalWish::try_from(&form) {
        Ok(wish) => wish,
        Err(errors) => {
            let form = FormView::faulty(RetrievalForm::FIELDS, typed, errors);
            return page(&front, StatusCode::UNPROCESSABLE_ENTITY, form, None);
        }
    };
    let peer = peer.map(|Extension(peer)| peer);
    let form = Once::of_form(&typed).map(|once| once.as_str().to_owned());
    let how = How::File { password: wish.password, form };
    match super::fetch(&front.desk, peer, (wish.number, wish.secret), how).await {
        Ok(fetched) => match fetched.file {
            Some(file) => download(file),
            None => refused::broken(),
        },
        Err(NotIssued::Refused(refusal)) => refuse(&front, &refusal, typed),
        Err(NotIssued::Store(error)) => refused::by_store(&error),
        Err(error) => {
            tracing::error!(%error, "a certificate could not be made");
            refused::broken()
        }
    }
}

fn refuse(front: &Front, refusal: &Refusal, typed: FormData) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let told = Some((refusal.message(), refusal.remedy()));
    page(front, status, FormView::filled(RetrievalForm::FIELDS, typed), told)
}

/// A PKCS#12 file to keep.
pub(crate) fn download(file: Vec<u8>) -> Response {
    let name = HeaderValue::from_static("attachment; filename=\"certificate.p12\"");
    ([(header::CONTENT_TYPE, FILE), (header::CONTENT_DISPOSITION, name)], file).into_response()
}
