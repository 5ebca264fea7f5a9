//! One 電子証明書発行通知書: how it stands, making it void by two people, another one in its place.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use eligibility::{
    Instant, account::OperatorAction, application::Actor, calendar::DAY_MS, institution::InstitutionCode,
    institution_certificate::LetterEnd,
};
use serde::Deserialize;
use store::{Letter, LetterAgain, LetterVoided};

use super::acting;
use crate::portal::applications::summary;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, OperatorUser, Shell, Site, refused, render, see};

/// Days for which a void letter without another in its place is shown as something to look at.
const OPEN_DAYS: i64 = 60;

const SAME_PERSON: &str = "1人目として記録済みです。無効にするのは、別の担当者が行います。";
const NO_REASON: &str = "無効にする理由を選んでください。";
const FETCHED: &str = "この通知書の電子証明書は、すでに取得されています。通知書は無効にできません。電子証明書の失効を\
                       行ってください（医療機関等からの電子証明書失効申請）。";
const GONE: &str = "画面を開いた後に状態が変わりました。もう一度確認してください。";
const AGAIN_BEFORE: &str = "新しい通知書は、すでに作成済みか、作成中です。";
const NOT_SERVED: &str = "新しい通知書は作れません。登録者が停止されているか、医療機関等が廃止されています。新しい申請が必要です。";

/// Whether a person still has to see to a void letter: another is written, or the institution applies anew.
pub(super) fn is_open(letter: &Letter, now: Instant) -> bool {
    let Some(ended) = &letter.ended else { return false };
    ended.reason.another_may_follow()
        && letter.replaced_by.is_none()
        && letter.again_since.is_none()
        && now.0 - ended.at.0 <= OPEN_DAYS * DAY_MS
}

struct View {
    place: String,
    institution: String,
    name: String,
    document_number: String,
    terminal_name: String,
    made: String,
    /// When it was posted, and under which 引受番号.
    posted: Option<(String, String)>,
    /// Since when, why, what to do.
    ended: Option<(String, &'static str, &'static str)>,
    /// Who wants it void since when, and why.
    asked: Option<(String, &'static str)>,
    /// The wish's moment, for the form.
    asked_at: i64,
    /// Whether the person before the page asked for it.
    own_wish: bool,
    again: bool,
    replaced: bool,
    may_follow: bool,
}

impl View {
    fn of(letter: Letter, name: String, user: &OperatorUser) -> Self {
        let wish = letter.void_asked.as_ref();
        let ended = letter.ended.as_ref();
        Self {
            place: format!("/letters/{}/{}", letter.institution_code, letter.letter_id),
            institution: letter.institution_code.to_string(),
            name,
            made: summary::moment(letter.made_at),
            ended: ended.map(|end| (summary::moment(end.at), end.reason.label(), end.reason.to_do())),
            asked: wish
                .map(|wish| (format!("{}（{}）", wish.by, summary::moment(wish.at)), wish.reason.label())),
            asked_at: wish.map_or(0, |wish| wish.at.0),
            own_wish: wish.is_some_and(|wish| wish.by == user.subject()),
            again: letter.again_since.is_some(),
            replaced: letter.replaced_by.is_some(),
            may_follow: ended.is_some_and(|end| end.reason.another_may_follow()),
            posted: letter.posted_at.map(summary::moment).zip(letter.tracking_number),
            document_number: letter.document_number,
            terminal_name: letter.terminal_name,
        }
    }
}

#[derive(Template)]
#[template(path = "operator/letter.html")]
struct Page {
    shell: Shell,
    one: View,
    reasons: Vec<(&'static str, &'static str)>,
    done: Option<&'static str>,
    told: Option<&'static str>,
}

/// What an address may say besides.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    done: Option<String>,
}

async fn write(
    site: &Site,
    user: &OperatorUser,
    (institution, letter): (&str, &str),
    (done, told): (Option<&'static str>, Option<&'static str>),
) -> Response {
    let Ok(code) = InstitutionCode::parse(institution) else { return refused::not_there() };
    let read = async {
        let found = site.store.letter_of(&code, letter).await?;
        let name = site.store.institution(&code).await?.map(|one| one.name).unwrap_or_default();
        Ok::<_, store::Error>(found.map(|letter| View::of(letter, name, user)))
    };
    match read.await {
        Ok(Some(one)) => {
            let shell = super::shell(site, "通知書の状態", "/letters", user);
            let people = LetterEnd::ALL.iter().filter(|reason| reason.is_for_people());
            let reasons = people.map(|reason| (reason.name(), reason.label())).collect();
            let status = if told.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            render(status, &Page { shell, one, reasons, done, told })
        }
        Ok(None) => refused::not_there(),
        Err(error) => refused::by_store(&error),
    }
}

/// The page.
pub(super) async fn page(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path((institution, letter)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Err(refused) = acting(&site, &user, OperatorAction::CareForLetters).await {
        return refused;
    }
    let done = asked.done.as_deref().and_then(|done| match done {
        "void-ask" => Some("無効化の1人目として記録しました。この通知書では、もう取得できません。2人目の担当者が確定します。"),
        "void" => Some("通知書を無効にしました。医療機関等にメールで知らせます。"),
        "drop" => Some("無効化を取りやめました。通知書は、また使えます。"),
        "again" => Some("新しい通知書を作成します。まもなく「発送待ち」に表示されます。"),
        _ => None,
    });
    write(&site, &user, (&institution, &letter), (done, None)).await
}

/// Who cares for letters, and the letter that a path names: how whatever is done to one opens.
pub(super) struct Caring {
    site: Arc<Site>,
    user: OperatorUser,
    by: Actor,
    institution: InstitutionCode,
    letter: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Caring {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let OnSite(site) = OnSite::from_request_parts(parts, state).await?;
        let user = OperatorUser::from_request_parts(parts, state).await?;
        let by = acting(&site, &user, OperatorAction::CareForLetters).await?;
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((institution, letter)) = path.map_err(|_| refused::not_there())?;
        let institution = InstitutionCode::parse(&institution).map_err(|_| refused::not_there())?;
        Ok(Self { site, user, by, institution, letter })
    }
}

impl Caring {
    fn which(&self) -> (&InstitutionCode, &str) {
        (&self.institution, &self.letter)
    }

    /// The page, with what was wrong.
    async fn tell(&self, told: &'static str) -> Response {
        write(&self.site, &self.user, (self.institution.as_str(), &self.letter), (None, Some(told))).await
    }

    /// The page after something was done.
    fn done(&self, what: &str) -> Response {
        see(&format!("/letters/{}/{}?done={what}", self.institution, self.letter))
    }

    async fn answer(&self, voided: store::Result<LetterVoided>) -> Response {
        let told = match voided {
            Ok(LetterVoided::Asked) => return self.done("void-ask"),
            Ok(LetterVoided::Done) => return self.done("void"),
            Ok(LetterVoided::Dropped) => return self.done("drop"),
            Ok(LetterVoided::SamePerson) => SAME_PERSON,
            Ok(LetterVoided::Fetched) => FETCHED,
            Ok(LetterVoided::Gone) => GONE,
            Err(error) => return refused::by_store(&error),
        };
        self.tell(told).await
    }
}

/// 《通知書を無効にする》: the first person.
pub(super) async fn void(caring: Caring, typed: FormData) -> Response {
    let reason = LetterEnd::from_name(typed.get("reason")).filter(|reason| reason.is_for_people());
    let Some(reason) = reason else { return caring.tell(NO_REASON).await };
    let store = &caring.site.store;
    let now = caring.site.clock.now();
    let asked = store.ask_letter_void(caring.which(), reason, caring.by.clone(), now).await;
    caring.answer(asked).await
}

/// The second person agrees, or somebody drops it.
pub(super) async fn decide(caring: Caring, typed: FormData) -> Response {
    let wish = typed.get("asked_at").parse().ok().map(Instant);
    let agrees = match typed.get("decision") {
        "agree" => Some(true),
        "drop" => Some(false),
        _ => None,
    };
    let Some(wish) = wish.zip(agrees) else { return caring.tell(GONE).await };
    let store = &caring.site.store;
    let now = caring.site.clock.now();
    let decided = store.decide_letter_void(caring.which(), wish, caring.by.clone(), now).await;
    caring.answer(decided).await
}

/// 《新しい通知書を作る》.
pub(super) async fn again(caring: Caring) -> Response {
    let now = caring.site.clock.now();
    let told = match caring.site.store.ask_letter_again(caring.which(), caring.by.clone(), now).await {
        Ok(LetterAgain::Asked) => return caring.done("again"),
        Ok(LetterAgain::Before) => AGAIN_BEFORE,
        Ok(LetterAgain::NotServed) => NOT_SERVED,
        Ok(LetterAgain::Gone) => GONE,
        Err(error) => return refused::by_store(&error),
    };
    caring.tell(told).await
}
