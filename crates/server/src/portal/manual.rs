//! 手順書: the procedures, for reading and searching without signing in. Texts and pictures are `docs/manual`; both are
//! compiled in, so that the program has them wherever it is installed.

use std::sync::LazyLock;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use eligibility::search::{self, Folded};

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

/// Name and bytes of every picture. They are screens of the story of the first day; `e2e/README.md` says how they are
/// made anew.
const PICTURES: &[(&str, &[u8])] = &[
    ("second-factor.png", include_bytes!("../../../../docs/manual/pictures/second-factor.png")),
    ("use-confirm.png", include_bytes!("../../../../docs/manual/pictures/use-confirm.png")),
    ("install.png", include_bytes!("../../../../docs/manual/pictures/install.png")),
    ("line-choice.png", include_bytes!("../../../../docs/manual/pictures/line-choice.png")),
    ("line-connected.png", include_bytes!("../../../../docs/manual/pictures/line-connected.png")),
    ("registration-confirm.png", include_bytes!("../../../../docs/manual/pictures/registration-confirm.png")),
];
/// Of which version the screens are: written beside the pictures when they are made.
const PICTURED_VERSION: &str = include_str!("../../../../docs/manual/pictures/version.txt");
/// Browsers may keep a picture for an hour.
const KEEP: &str = "public, max-age=3600";

struct Procedure {
    slug: &'static str,
    prose: Prose,
    /// The title, folded for searching.
    title: Folded,
    /// Everything, folded for searching.
    folded: Folded,
    /// Everything, as it is shown.
    plain: String,
}

static PROCEDURES: LazyLock<Vec<Procedure>> =
    LazyLock::new(|| TEXTS.iter().map(|(slug, text)| read(slug, text)).collect());

fn read(slug: &'static str, text: &str) -> Procedure {
    let prose = Prose::read(text);
    let plain = prose.plain();
    Procedure { slug, title: Folded::of(&prose.title), folded: Folded::of(&plain), plain, prose }
}

struct Found {
    slug: &'static str,
    title: &'static str,
    excerpt: String,
}

/// The procedures that have every word, those whose title has them first; without a word all, in the order of the work.
fn search(typed: &str) -> Vec<Found> {
    let typed: String = typed.chars().take(SEARCH_MAX).collect();
    let wanted = search::words(&typed);
    if wanted.is_empty() && !typed.trim().is_empty() {
        return Vec::new();
    }
    let has = |text: &Folded| wanted.iter().all(|word| text.find(word).is_some());
    let mut found: Vec<_> = PROCEDURES.iter().filter(|procedure| has(&procedure.folded)).collect();
    found.sort_by_key(|procedure| !has(&procedure.title));
    let shown = found.into_iter().map(|procedure| Found {
        slug: procedure.slug,
        title: &procedure.prose.title,
        excerpt: wanted.first().map_or_else(String::new, |word| excerpt(procedure, word)),
    });
    shown.collect()
}

fn excerpt(procedure: &Procedure, word: &Folded) -> String {
    let Some((first, last)) = procedure.folded.find(word) else { return String::new() };
    let start = first.saturating_sub(AROUND);
    let text: String = procedure.plain.chars().skip(start).take(last + 1 + AROUND - start).collect();
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
    /// Of which version the screens shown are; `None` where there is none.
    pictured: Option<&'static str>,
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
    let has_pictures = procedure.prose.blocks.iter().any(|block| matches!(block, Block::Picture { .. }));
    let pictured = has_pictures.then(|| PICTURED_VERSION.trim());
    render(StatusCode::OK, &Page { shell, prose: &procedure.prose, pictured })
}

/// A picture of the procedures.
pub(super) async fn picture(Path(file): Path<String>) -> Response {
    let Some((_, bytes)) = PICTURES.iter().find(|(name, _)| *name == file) else {
        return refused::not_there();
    };
    ([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, KEEP)], *bytes).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Bytes of one picture at most: the program carries them.
    const PICTURE_BYTES_MAX: usize = 150_000;
    const PICTURES_MAX: usize = 12;

    #[test]
    fn every_picture_is_shown_small_and_a_png() {
        let shown: BTreeSet<_> = PROCEDURES
            .iter()
            .flat_map(|procedure| &procedure.prose.blocks)
            .filter_map(|block| match block {
                Block::Picture { file, .. } => Some(file.as_str()),
                _ => None,
            })
            .collect();
        let kept: BTreeSet<_> = PICTURES.iter().map(|(name, _)| *name).collect();
        assert_eq!(shown, kept, "shown in the texts, and compiled in");
        assert!((1..=PICTURES_MAX).contains(&kept.len()), "{}", kept.len());
        for (name, bytes) in PICTURES {
            assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{name}");
            assert!(bytes.len() < PICTURE_BYTES_MAX, "{name} has {} bytes", bytes.len());
        }
        assert!(PICTURED_VERSION.trim().starts_with(char::is_numeric), "{PICTURED_VERSION}");
    }
}
