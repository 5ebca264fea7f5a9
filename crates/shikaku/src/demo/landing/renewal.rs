//! The page that gives certificates near their end away, so that a renewal can be tried without waiting three years.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{Pages, broken, render};
use crate::demo::joining::fonts;

/// Where the page is.
pub(super) const PATH: &str = "/renewal";
/// Opens the file. It stands on the page, so it keeps nothing.
const PASSWORD: &str = "koushin-2026";
/// Name of the terminal in the certificates.
const TERMINAL_NAME: &str = "更新を試す端末";

#[derive(Template)]
#[template(path = "renewal_trial.html")]
struct Page {
    password: &'static str,
    terminal_name: &'static str,
    gateway: String,
    institution_web: String,
    renewal_path: &'static str,
    /// What to install, where the demo has no authority.
    missing: Option<&'static str>,
}

/// Days that are left.
#[derive(Clone, Copy, Deserialize)]
pub(super) enum Left {
    /// Renewal is not open yet.
    #[serde(rename = "120")]
    NotYet,
    /// The first day it is open.
    #[serde(rename = "90")]
    Open,
    /// So few that a terminal does not wait for its turn.
    #[serde(rename = "30")]
    Few,
}

impl Left {
    const fn days(self) -> i32 {
        match self {
            Self::NotYet => 120,
            Self::Open => 90,
            Self::Few => 30,
        }
    }
}

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    days: Left,
}

pub(super) async fn page(State(pages): State<Arc<Pages>>) -> Response {
    let page = Page {
        password: PASSWORD,
        terminal_name: TERMINAL_NAME,
        gateway: pages.system.gateway_site(),
        institution_web: pages.system.institution_web(),
        renewal_path: server::ca::renewal::PATH,
        missing: fonts::find().is_none().then_some(fonts::REMEDY),
    };
    render(StatusCode::OK, &page)
}

pub(super) async fn give(State(pages): State<Arc<Pages>>, Form(wish): Form<Wish>) -> Response {
    let days = wish.days.days();
    match pages.system.ending_certificate(TERMINAL_NAME, days, PASSWORD).await {
        Ok(file) => {
            let name = format!("attachment; filename=\"certificate-{days}.p12\"");
            let headers = [
                (header::CONTENT_TYPE, "application/x-pkcs12".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            (headers, file).into_response()
        }
        Err(error) => broken(&error),
    }
}
