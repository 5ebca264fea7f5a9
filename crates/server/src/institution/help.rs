//! Help where one is: a page for every screen, and one for every code that a screen can show. Nothing on them is
//! about anybody, so they are read before signing in as well.

use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use eligibility::errors::{ErrorCode, ErrorEntry};

use super::menu;
use super::user::InstitutionUser;
use crate::web::prose::{Block, Prose};
use crate::web::refused::{PAGE_ERRORS, PageError};
use crate::web::signed_in::OnSite;
use crate::web::{Shell, Site, refused, render};

/// Where it is.
pub const PATH: &str = "/help";
/// What it is called.
pub const TITLE: &str = "画面の説明";
const ERRORS_PATH: &str = "/help/errors";
const ERRORS_TITLE: &str = "エラーコードの一覧";

/// Address and text of every screen's help, in the order of the menu.
const TEXTS: &[(&str, &str)] = &[
    ("entry", include_str!("help/entry.md")),
    ("login", include_str!("help/login.md")),
    ("take-over", include_str!("help/take-over.md")),
    ("passkeys", include_str!("help/passkeys.md")),
    ("menu", include_str!("help/menu.md")),
    ("not-allowed", include_str!("help/not-allowed.md")),
    ("number-check", include_str!("help/number-check.md")),
    ("ceiling", include_str!("help/ceiling.md")),
    ("check-refused", include_str!("help/check-refused.md")),
    ("check-result", include_str!("help/check-result.md")),
    ("print", include_str!("help/print.md")),
    ("result-over", include_str!("help/result-over.md")),
    ("reference-number-find", include_str!("help/reference-number-find.md")),
    ("reference-number", include_str!("help/reference-number.md")),
    ("bulk", include_str!("help/bulk.md")),
    ("entrusted", include_str!("help/entrusted.md")),
    ("consents", include_str!("help/consents.md")),
    ("consent-cancel", include_str!("help/consent-cancel.md")),
    ("viewable-patients", include_str!("help/viewable-patients.md")),
    ("viewable-patient", include_str!("help/viewable-patient.md")),
    ("medical-records", include_str!("help/medical-records.md")),
    ("uncover", include_str!("help/uncover.md")),
    ("account-new", include_str!("help/account-new.md")),
    ("accounts", include_str!("help/accounts.md")),
    ("master-reset", include_str!("help/master-reset.md")),
    ("visual-check-passcode", include_str!("help/visual-check-passcode.md")),
    ("password", include_str!("help/password.md")),
    ("facility-settings", include_str!("help/facility-settings.md")),
    ("home-visit-url", include_str!("help/home-visit-url.md")),
    ("activation", include_str!("help/activation.md")),
    ("readers", include_str!("help/readers.md")),
    ("notices", include_str!("help/notices.md")),
    ("history", include_str!("help/history.md")),
];

struct Help {
    slug: &'static str,
    prose: Prose,
    /// The codes that it speaks of.
    codes: Vec<&'static ErrorEntry>,
}

static SCREENS: LazyLock<Vec<Help>> = LazyLock::new(|| {
    let spoken_of = |text: &str| entries().filter(|entry| text.contains(entry.code)).collect();
    TEXTS.iter().map(|(slug, text)| Help { slug, prose: Prose::read(text), codes: spoken_of(text) }).collect()
});

fn entries() -> impl Iterator<Item = &'static ErrorEntry> {
    ErrorCode::ALL.iter().map(|code| code.entry())
}

/// The layers of the catalogue: the fourth letter of a code, and what such codes are about.
const LAYERS: &[(&str, &str)] =
    &[("OQSA", "システム・端末・ファイル"), ("OQSB", "資格確認と手続"), ("OQSR", "カードとカードリーダー")];

struct Layer {
    label: &'static str,
    entries: Vec<&'static ErrorEntry>,
}

#[derive(Template)]
#[template(path = "institution/help_index.html")]
struct Index {
    shell: Shell,
    screens: &'static [Help],
}

#[derive(Template)]
#[template(path = "institution/help_screen.html")]
struct Screen {
    shell: Shell,
    prose: &'static Prose,
    codes: &'static [&'static ErrorEntry],
}

#[derive(Template)]
#[template(path = "institution/help_errors.html")]
struct Errors {
    shell: Shell,
    layers: Vec<Layer>,
    page_errors: [&'static PageError; PAGE_ERRORS.len()],
}

#[derive(Template)]
#[template(path = "institution/help_page_error.html")]
struct OnePageError {
    shell: Shell,
    error: &'static PageError,
}

#[derive(Template)]
#[template(path = "institution/help_error.html")]
struct OneError {
    shell: Shell,
    entry: &'static ErrorEntry,
    severity: &'static str,
    /// The screens whose help speaks of it.
    screens: Vec<&'static Help>,
}

pub(super) fn pages() -> Router {
    Router::new()
        .route("/help", get(index))
        .route("/help/{screen}", get(screen))
        .route("/help/errors", get(errors))
        .route("/help/errors/{code}", get(error))
}

/// Whoever reads it, signed in or not.
type Reader = Result<InstitutionUser, Response>;

fn shell(site: &Site, title: &str, reader: &Reader) -> Shell {
    match reader {
        Ok(user) => menu::shell(site, title, PATH, user),
        Err(_) => Shell::new(site, title, PATH, None),
    }
}

async fn index(OnSite(site): OnSite, reader: Reader) -> Response {
    render(StatusCode::OK, &Index { shell: shell(&site, TITLE, &reader), screens: &SCREENS })
}

async fn screen(OnSite(site): OnSite, reader: Reader, Path(slug): Path<String>) -> Response {
    let Some(help) = SCREENS.iter().find(|help| help.slug == slug) else { return refused::not_there() };
    let shell = shell(&site, &help.prose.title, &reader);
    render(StatusCode::OK, &Screen { shell, prose: &help.prose, codes: &help.codes })
}

async fn errors(OnSite(site): OnSite, reader: Reader) -> Response {
    let layer = |(letters, label): &(&str, &'static str)| Layer {
        label,
        entries: entries().filter(|entry| entry.code.starts_with(letters)).collect(),
    };
    let layers = LAYERS.iter().map(layer).collect();
    let shell = shell(&site, ERRORS_TITLE, &reader);
    render(StatusCode::OK, &Errors { shell, layers, page_errors: PAGE_ERRORS })
}

async fn error(OnSite(site): OnSite, reader: Reader, Path(code): Path<String>) -> Response {
    if let Some(error) = PAGE_ERRORS.into_iter().find(|error| error.code == code) {
        return render(StatusCode::OK, &OnePageError { shell: shell(&site, error.code, &reader), error });
    }
    let Some(code) = ErrorCode::from_code(&code) else { return refused::not_there() };
    let entry = code.entry();
    let spoken = |help: &&Help| help.codes.iter().any(|one| one.code == entry.code);
    let page = OneError {
        shell: shell(&site, entry.code, &reader),
        entry,
        severity: entry.severity.label(),
        screens: SCREENS.iter().filter(spoken).collect(),
    };
    render(StatusCode::OK, &page)
}
