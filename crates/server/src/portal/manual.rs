//! 手順書: the procedures, for reading and searching without signing in. The texts are `docs/manual`.

use std::sync::LazyLock;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;

use crate::web::prose::{Block, Prose};
use crate::web::signed_in::{OnSite, Visitor};
use crate::web::{Shell, refused, render};

/// The longest search, in characters.
const SEARCH_MAX: usize = 100;
/// Characters shown around a place that was found.
const AROUND: usize = 40;

/// Address and text of every procedure, in the order of the work.
const TEXTS: &[(&str, &str)] = &[
    ("registration", include_str!("../../../../docs/manual/registration.md")),
    ("use-application", include_str!("../../../../docs/manual/use-application.md")),
    ("certificate-application", include_str!("../../../../docs/manual/certificate-application.md")),
    ("letter", include_str!("../../../../docs/manual/letter.md")),
    ("setup", include_str!("../../../../docs/manual/setup.md")),
    ("certificate-check", include_str!("../../../../docs/manual/certificate-check.md")),
    ("certificate-renewal", include_str!("../../../../docs/manual/certificate-renewal.md")),
    ("certificate-revocation", include_str!("../../../../docs/manual/certificate-revocation.md")),
    ("succession", include_str!("../../../../docs/manual/succession.md")),
    ("code-change", include_str!("../../../../docs/manual/code-change.md")),
    ("customer-id-change", include_str!("../../../../docs/manual/customer-id-change.md")),
    ("network-trouble", include_str!("../../../../docs/manual/network-trouble.md")),
];

struct Procedure {
    slug: &'static str,
    prose: Prose,
    /// Everything, folded for searching.
    folded: String,
    /// Everything, as it is shown.
    plain: String,
}

static PROCEDURES: LazyLock<Vec<Procedure>> =
    LazyLock::new(|| TEXTS.iter().map(|(slug, text)| read(slug, text)).collect());

fn read(slug: &'static str, text: &str) -> Procedure {
    let prose = Prose::read(text);
    let plain = prose.plain();
    Procedure { slug, folded: fold(&plain), plain, prose }
}

/// Small letters, narrow ones, so that a search finds either way of typing. Keeps one character for one.
fn fold(text: &str) -> String {
    let narrow = |letter: char| match letter {
        '！'..='～' => char::from_u32(letter as u32 - 0xFEE0).unwrap_or(letter),
        '\u{3000}' => ' ',
        other => other,
    };
    text.chars().map(narrow).map(|letter| letter.to_ascii_lowercase()).collect()
}

struct Found {
    slug: &'static str,
    title: &'static str,
    excerpt: String,
}

fn search(words: &str) -> Vec<Found> {
    let folded = fold(&words.chars().take(SEARCH_MAX).collect::<String>());
    let wanted: Vec<&str> = folded.split_whitespace().collect();
    let fits = |procedure: &&Procedure| wanted.iter().all(|word| procedure.folded.contains(word));
    let found = |procedure: &'static Procedure| Found {
        slug: procedure.slug,
        title: &procedure.prose.title,
        excerpt: wanted.first().map_or_else(String::new, |word| excerpt(procedure, word)),
    };
    PROCEDURES.iter().filter(fits).map(found).collect()
}

fn excerpt(procedure: &Procedure, word: &str) -> String {
    let Some(at) = procedure.folded.find(word) else { return String::new() };
    let before = procedure.folded[..at].chars().count();
    let start = before.saturating_sub(AROUND);
    let length = before - start + word.chars().count() + AROUND;
    let text: String = procedure.plain.chars().skip(start).take(length).collect();
    format!("…{text}…")
}

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "portal/manual.html")]
struct Index {
    shell: Shell,
    words: String,
    found: Vec<Found>,
}

#[derive(Template)]
#[template(path = "portal/procedure.html")]
struct Page {
    shell: Shell,
    prose: &'static Prose,
}

pub(super) async fn index(
    OnSite(site): OnSite,
    Visitor(visitor): Visitor,
    Query(Search { q }): Query<Search>,
) -> Response {
    let shell = Shell::new(&site, "手順書", "/manual", visitor.as_ref());
    let found = search(&q);
    render(StatusCode::OK, &Index { shell, words: q, found })
}

pub(super) async fn page(
    OnSite(site): OnSite,
    Visitor(visitor): Visitor,
    Path(slug): Path<String>,
) -> Response {
    let Some(procedure) = PROCEDURES.iter().find(|procedure| procedure.slug == slug) else {
        return refused::not_there();
    };
    let shell = Shell::new(&site, procedure.prose.title.clone(), "/manual", visitor.as_ref());
    render(StatusCode::OK, &Page { shell, prose: &procedure.prose })
}
