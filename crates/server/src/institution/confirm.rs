//! 確認メッセージ: the question before something is issued, stopped or taken back.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::web::once::Once;
use crate::web::{Shell, render};

/// One question, with what answers it.
#[derive(Template)]
#[template(path = "institution/confirm.html")]
pub(super) struct Confirm {
    /// The frame; its title is the page's.
    pub(super) shell: Shell,
    /// What is asked.
    pub(super) question: String,
    /// What comes of it.
    pub(super) effect: Option<&'static str>,
    /// Where the answer goes.
    pub(super) action: String,
    /// The form's id, where a second click must not act again.
    pub(super) once: Option<Once>,
    /// The button's word.
    pub(super) verb: &'static str,
    /// Whether it takes something away.
    pub(super) danger: bool,
    /// Where 《キャンセル》 leads.
    pub(super) back: String,
}

impl Confirm {
    /// The page.
    pub(super) fn show(&self) -> Response {
        render(StatusCode::OK, self)
    }
}
