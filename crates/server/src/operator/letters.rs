//! 簡易書留発送: letters to print, to post, and their 引受番号.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use eligibility::{account::OperatorAction, institution::InstitutionCode};
use store::Letter;

use super::acting;
use crate::ca::opened_letter;
use crate::portal::applications::summary;
use crate::web::seal::Seal;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, OperatorUser, Shell, Site, refused, render, see};

/// Digits of a 引受番号.
const TRACKING_DIGITS: std::ops::RangeInclusive<usize> = 11..=13;
/// Letters that were posted, as shown at most.
const POSTED_SHOWN: usize = 50;
/// Void letters, as shown at most.
const ENDED_SHOWN: usize = 100;

struct LetterView {
    id: String,
    place: String,
    institution: String,
    name: String,
    document_number: String,
    terminal_name: String,
    made: String,
    posted: String,
    tracking_number: String,
    /// Since when it is void and why.
    ended: Option<(String, &'static str)>,
    /// What a person of the operator does about it.
    to_do: &'static str,
    /// Why the first of two people wants it void.
    doubted: Option<&'static str>,
    wrong: Option<&'static str>,
    typed: String,
}

#[derive(Template)]
#[template(path = "operator/letters.html")]
struct Page {
    shell: Shell,
    /// Whether this person prints and posts.
    sends: bool,
    waiting: Vec<LetterView>,
    doubted: Vec<LetterView>,
    ended: Vec<LetterView>,
    posted: Vec<LetterView>,
    wrong: Option<&'static str>,
}

/// Said when a 引受番号 comes for a letter that cannot be posted: it is written down nowhere then.
const NOT_POSTED: &str =
    "この通知書は、すでに発送済みか、無効化の確認待ちか、無効です。入力した引受番号は記録していません。";

/// What was typed wrongly for which letter.
struct Mistyped {
    letter: String,
    typed: String,
}

async fn write(
    site: &Site,
    user: &OperatorUser,
    mistyped: Option<Mistyped>,
    refusal: Option<&'static str>,
) -> Result<Response, store::Error> {
    let waiting = site.store.letters_to_post().await?;
    let (doubted, ended) = (site.store.letters_doubted().await?, site.store.letters_ended().await?);
    let posted = site.store.letters_posted().await?;
    let mut page = Page {
        shell: super::shell(site, "簡易書留発送", "/letters", user),
        sends: user.role.may(OperatorAction::SendLetters),
        waiting: Vec::with_capacity(waiting.len()),
        doubted: Vec::with_capacity(doubted.len()),
        ended: Vec::new(),
        posted: Vec::new(),
        wrong: refusal.or(mistyped.as_ref().map(|_| "引受番号を確認してください。")),
    };
    for letter in &waiting {
        page.waiting.push(view(site, letter, mistyped.as_ref()).await?);
    }
    for letter in &doubted {
        page.doubted.push(view(site, letter, None).await?);
    }
    for letter in ended.iter().take(ENDED_SHOWN) {
        page.ended.push(view(site, letter, None).await?);
    }
    for letter in posted.iter().take(POSTED_SHOWN) {
        page.posted.push(view(site, letter, None).await?);
    }
    let status = if page.wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(render(status, &page))
}

async fn view(site: &Site, letter: &Letter, mistyped: Option<&Mistyped>) -> Result<LetterView, store::Error> {
    let institution = site.store.institution(&letter.institution_code).await?;
    let mistyped = mistyped.filter(|mistyped| mistyped.letter == letter.letter_id);
    Ok(LetterView {
        id: letter.letter_id.clone(),
        place: format!("/letters/{}/{}", letter.institution_code, letter.letter_id),
        institution: letter.institution_code.to_string(),
        name: institution.map(|one| one.name).unwrap_or_default(),
        document_number: letter.document_number.clone(),
        terminal_name: letter.terminal_name.clone(),
        made: summary::moment(letter.made_at),
        posted: letter.posted_at.map(summary::moment).unwrap_or_default(),
        tracking_number: letter.tracking_number.clone().unwrap_or_default(),
        ended: letter.ended.as_ref().map(|end| (summary::moment(end.at), end.reason.label())),
        to_do: match &letter.ended {
            Some(_) if letter.replaced_by.is_some() => "代わりの通知書を作成済みです。",
            Some(_) if letter.again_since.is_some() => "代わりの通知書を作成しています。",
            Some(end) => end.reason.to_do(),
            None => "",
        },
        doubted: letter.void_asked.as_ref().map(|wish| wish.reason.label()),
        wrong: mistyped
            .map(|_| "引受番号は、書留の受領証にある11桁の数字で入力してください（例：123-45-67890-1）。"),
        typed: mistyped.map(|mistyped| mistyped.typed.clone()).unwrap_or_default(),
    })
}

/// The page.
pub(super) async fn page(OnSite(site): OnSite, user: OperatorUser) -> Response {
    if let Err(refused) = super::allowed(&site, &user, OperatorAction::CareForLetters).await {
        return refused;
    }
    write(&site, &user, None, None).await.unwrap_or_else(|error| refused::by_store(&error))
}

/// The letter to print.
pub(super) async fn pdf(
    OnSite(site): OnSite,
    Extension(seal): Extension<Arc<Seal>>,
    user: OperatorUser,
    Path((institution, letter)): Path<(String, String)>,
) -> Response {
    let by = match acting(&site, &user, OperatorAction::SendLetters).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let Ok(institution) = InstitutionCode::parse(&institution) else { return refused::not_there() };
    match site.store.open_letter(&institution, &letter, &by.account, site.clock.now()).await {
        Ok(Some(sealed)) => {
            let Ok(pdf) = opened_letter(&seal, (&institution, &letter), &sealed) else {
                tracing::error!(letter, "a letter is sealed with another secrets_key");
                return refused::broken();
            };
            let kind = HeaderValue::from_static("application/pdf");
            let shown = HeaderValue::from_static("inline; filename=\"letter.pdf\"");
            let pdf = pdf.to_vec();
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, shown)], pdf).into_response()
        }
        Ok(None) => refused::not_there(),
        Err(error) => refused::by_store(&error),
    }
}

/// A 引受番号 as the receipt shows it.
fn tracking_number(typed: &str) -> Option<String> {
    let narrow = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        'ー' | '－' | '−' | '‐' => '-',
        other => other,
    };
    let text: String = typed.trim().chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    let only = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if !only || !TRACKING_DIGITS.contains(&digits.len()) {
        return None;
    }
    // One number, one writing: however it was typed, it is found again.
    Some(match (digits.get(..3), digits.get(3..5), digits.get(5..10), digits.get(10..11)) {
        (Some(a), Some(b), Some(c), Some(d)) if digits.len() == 11 => format!("{a}-{b}-{c}-{d}"),
        _ => digits,
    })
}

/// 発送済みにする.
pub(super) async fn sent(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path((institution, letter)): Path<(String, String)>,
    typed: FormData,
) -> Response {
    let by = match acting(&site, &user, OperatorAction::SendLetters).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let Ok(institution) = InstitutionCode::parse(&institution) else { return refused::not_there() };
    let Some(number) = tracking_number(typed.get("tracking_number")) else {
        let mistyped = Mistyped { letter, typed: typed.text("tracking_number") };
        let page = write(&site, &user, Some(mistyped), None).await;
        return page.unwrap_or_else(|error| refused::by_store(&error));
    };
    let now = site.clock.now();
    match site.store.post_letter(&institution, &letter, &number, &by.account, now).await {
        Ok(true) => see("/letters"),
        Ok(false) => not_posted(&site, &user, (&institution, &letter), &number)
            .await
            .unwrap_or_else(|error| refused::by_store(&error)),
        Err(error) => refused::by_store(&error),
    }
}

/// A second click, whose number the list shows, or a number that is kept nowhere.
async fn not_posted(
    site: &Site,
    user: &OperatorUser,
    (institution, letter): (&InstitutionCode, &str),
    number: &str,
) -> Result<Response, store::Error> {
    let known = site.store.letter_of(institution, letter).await?;
    if known.is_some_and(|known| known.tracking_number.as_deref() == Some(number)) {
        return Ok(see("/letters"));
    }
    write(site, user, None, Some(NOT_POSTED)).await
}
