//! 通知書を探す: every letter, by 医療機関コード, name or 引受番号, a page at a time.

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{Instant, account::OperatorAction};
use serde::Deserialize;
use store::{LETTERS_PAGE_LIMIT, Letter, LettersFrom};

use crate::portal::applications::summary;
use crate::web::signed_in::OnSite;
use crate::web::{OperatorUser, Shell, Site, refused, render};

/// Characters of a search at most.
const FIND_CHARS_MAX: usize = 80;

/// How far a letter is: class, mark, word and when.
struct State {
    look: &'static str,
    mark: &'static str,
    word: &'static str,
    at: String,
}

impl State {
    fn of(letter: &Letter) -> Self {
        match (&letter.ended, letter.posted_at) {
            (Some(end), _) => Self { look: "stop", mark: "×", word: "無効", at: summary::moment(end.at) },
            (None, Some(at)) => {
                Self { look: "go", mark: "✓", word: "発送済み", at: summary::moment(at) }
            }
            (None, None) => Self { look: "care", mark: "!", word: "発送待ち", at: String::new() },
        }
    }
}

struct Line {
    place: String,
    document_number: String,
    institution: String,
    name: String,
    terminal_name: String,
    made: String,
    state: State,
    tracking_number: String,
}

#[derive(Template)]
#[template(path = "operator/letter_find.html")]
struct Page {
    shell: Shell,
    find: String,
    lines: Vec<Line>,
    next: Option<String>,
}

/// What an address says.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    find: String,
    #[serde(default)]
    after: Option<String>,
}

fn mark(letter: &Letter) -> String {
    format!("{}.{}", letter.made_at.0, letter.letter_id)
}

fn read_mark(text: &str) -> Option<LettersFrom> {
    let (made_at, letter_id) = text.split_once('.')?;
    Some(LettersFrom { made_at: Instant(made_at.parse().ok()?), letter_id: letter_id.to_owned() })
}

/// Wide digits and hyphens are what they look like; a name stays as it is.
fn narrow(text: &str) -> String {
    let narrow = |letter: char| match letter {
        '０'..='９' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        other => other,
    };
    let narrowed: String = text.chars().map(narrow).collect();
    let number = |letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '－' | '−' | '‐' | ' ');
    if narrowed.chars().all(number) {
        narrowed.chars().map(|letter| if letter.is_ascii_digit() { letter } else { '-' }).collect()
    } else {
        text.to_owned()
    }
}

/// The page.
pub(super) async fn page(OnSite(site): OnSite, user: OperatorUser, Query(asked): Query<Asked>) -> Response {
    if let Err(refused) = super::allowed(&site, &user, OperatorAction::CareForLetters).await {
        return refused;
    }
    let find: String = narrow(asked.find.trim()).chars().take(FIND_CHARS_MAX).collect();
    let from = match asked.after.as_deref().map(read_mark) {
        Some(None) => return refused::not_there(),
        from => from.flatten(),
    };
    write(&site, &user, find, from).await.unwrap_or_else(|error| refused::by_store(&error))
}

async fn write(
    site: &Site,
    user: &OperatorUser,
    find: String,
    from: Option<LettersFrom>,
) -> Result<Response, store::Error> {
    let found = site.store.letters_found(&find, from, LETTERS_PAGE_LIMIT).await?;
    let full = u32::try_from(found.len()).is_ok_and(|count| count == LETTERS_PAGE_LIMIT);
    let next = found.last().filter(|_| full).map(mark);
    let mut lines = Vec::with_capacity(found.len());
    for letter in found {
        let institution = site.store.institution(&letter.institution_code).await?;
        lines.push(Line {
            place: format!("/letters/{}/{}", letter.institution_code, letter.letter_id),
            state: State::of(&letter),
            institution: letter.institution_code.to_string(),
            name: institution.map(|one| one.name).unwrap_or_default(),
            document_number: letter.document_number,
            terminal_name: letter.terminal_name,
            made: summary::moment(letter.made_at),
            tracking_number: letter.tracking_number.unwrap_or_default(),
        });
    }
    let shell = super::shell(site, "通知書を探す", "/letters", user);
    Ok(render(StatusCode::OK, &Page { shell, find, lines, next }))
}
