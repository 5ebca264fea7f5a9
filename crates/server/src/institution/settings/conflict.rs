//! What is said to who changed settings that somebody else had changed meanwhile: both, side by side; nothing is lost
//! and nothing overwritten.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::facility_settings::{FacilitySettings, Setting};
use store::StoredSettings;

use super::PATH;
use crate::institution::days::moment;
use crate::web::{Shell, render};

/// A setting that differs.
struct Row {
    label: &'static str,
    now: &'static str,
    wanted: &'static str,
}

#[derive(Template)]
#[template(path = "institution/settings_conflict.html")]
struct Conflict {
    shell: Shell,
    changed: String,
    rows: Vec<Row>,
    path: &'static str,
}

pub(super) fn page(shell: Shell, now: &StoredSettings, wanted: &FacilitySettings) -> Response {
    let differing = Setting::ALL.iter().filter(|one| now.settings.code(**one) != wanted.code(**one));
    let rows = differing
        .map(|one| Row { label: one.label(), now: now.settings.label(*one), wanted: wanted.label(*one) })
        .collect();
    let changed = now.changed_at.map(moment).unwrap_or_default();
    render(StatusCode::CONFLICT, &Conflict { shell, changed, rows, path: PATH })
}
