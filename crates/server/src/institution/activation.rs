//! 《アクティベーション管理》: a code for one device, shown once; the list of codes and devices; 無効化.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Router, routing::get};
use eligibility::Instant;
use eligibility::activation::{ActivationState, DEVICES_MAX, DeviceMemo};
use eligibility::field::FieldErrors;
use eligibility::institution_account::InstitutionAction;
use store::StoredActivation;

use super::confirm::Confirm;
use super::days::moment;
use super::menu;
use super::passcode::failed;
use super::user::InstitutionUser;
use crate::facility::{ActivationShown, ActivationWish, FacilityDesk};
use crate::web::once::Once;
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, Shell, Site, refused, render};

/// Where it is.
pub(super) const PATH: &str = "/activation";
/// Its label.
pub(super) const TITLE: &str = "アクティベーション管理";
const HELP: &str = "/help/activation";
const ACTION: InstitutionAction = InstitutionAction::ManageActivation;

/// Time that is left, as the page says it and as the countdown takes it.
struct Left {
    words: String,
    ms: i64,
    /// What stands there once it is over.
    then: &'static str,
}

/// One line of the list.
struct Line {
    id: String,
    memo: String,
    state: &'static str,
    tag: &'static str,
    issued: String,
    span: String,
    left: Option<Left>,
    can_end: bool,
}

#[derive(Template)]
#[template(path = "institution/activation.html")]
struct Page {
    shell: Shell,
    summary: String,
    field: String,
    once: Once,
    lines: Vec<Line>,
    places_left: u32,
    devices_max: u32,
    full: bool,
    paused: Option<String>,
}

#[derive(Template)]
#[template(path = "institution/activation_issued.html")]
struct Issued {
    shell: Shell,
    code: Option<IssuedCode>,
    memo: String,
}

struct IssuedCode {
    digits: String,
    usable_from: String,
    ends: String,
    left: Left,
}

/// What 《無効化》 does to a device, and to a code that no device was set up with.
const ENDS_DEVICE: &str = "この端末のマイナ資格確認アプリは使えなくなります。もう一度使うには、新しいアクティベーションコードの発行が必要です。";
const ENDS_CODE: &str = "発行したアクティベーションコードは使えなくなります。";

pub(super) fn pages() -> Router {
    Router::new()
        .route("/activation", get(page).post(issue))
        .route("/activation/{id}/invalidate", get(ask_invalidate).post(invalidate))
}

fn shell(site: &Site, user: &InstitutionUser) -> Shell {
    Shell { help: Some(HELP), ..menu::shell(site, TITLE, PATH, user) }
}

/// 「9分32秒」, 「23時間5分」.
fn told_span(ms: i64) -> String {
    let seconds = (ms.max(0) + 999) / 1000;
    match (seconds / 3600, seconds % 3600 / 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}秒"),
        (0, minutes, seconds) => format!("{minutes}分{seconds}秒"),
        (hours, minutes, _) => format!("{hours}時間{minutes}分"),
    }
}

fn left(ms: i64, then: &'static str) -> Left {
    Left { words: format!("あと{}", told_span(ms)), ms, then }
}

fn line(found: StoredActivation, now: Instant) -> Line {
    let state = found.activation.state(now);
    let span =
        format!("{}から{}まで", moment(found.activation.usable_from()), moment(found.activation.ends_at()));
    let (tag, left) = match state {
        ActivationState::Issued { usable_in_ms } => ("care", Some(left(usable_in_ms, "利用できます"))),
        ActivationState::Usable { ends_in_ms } => ("go", Some(left(ends_in_ms, "期限が切れました"))),
        ActivationState::InUse => ("go", None),
        ActivationState::Expired => ("none", None),
        ActivationState::Invalidated => ("stop", None),
    };
    Line {
        id: found.activation_id,
        memo: found.device_memo,
        state: state.label(),
        tag,
        issued: moment(found.activation.issued_at),
        span,
        left,
        can_end: state.can_be_invalidated(),
    }
}

async fn show(
    site: &Site,
    user: &InstitutionUser,
    form: FormView,
    (status, full): (StatusCode, bool),
) -> Result<Response, store::Error> {
    let now = site.clock.now();
    let found = site.store.activations(&user.institution_code).await?;
    let guard = site.store.activation_guard(&user.institution_code).await?;
    let taken = found.iter().filter(|one| one.activation.state(now).takes_a_place()).count();
    let page = Page {
        shell: shell(site, user),
        summary: form.summary(),
        field: form.line("device_memo"),
        once: Once::new(),
        lines: found.into_iter().map(|one| line(one, now)).collect(),
        places_left: DEVICES_MAX.saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX)),
        devices_max: DEVICES_MAX,
        full,
        paused: guard.paused_for_ms(now).map(told_span),
    };
    Ok(render(status, &page))
}

async fn page(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    let shown = show(&site, &user, FormView::new(DeviceMemo::FIELDS), (StatusCode::OK, false)).await;
    shown.unwrap_or_else(|error| refused::by_store(&error))
}

async fn faulty(site: &Site, user: &InstitutionUser, typed: FormData, errors: FieldErrors) -> Response {
    let form = FormView::faulty(DeviceMemo::FIELDS, typed, errors);
    let shown = show(site, user, form, (StatusCode::UNPROCESSABLE_ENTITY, false)).await;
    shown.unwrap_or_else(|error| refused::by_store(&error))
}

/// The answer itself shows the code: there is no page that could be opened again to see it.
async fn issue(
    OnSite(site): OnSite,
    Extension(desk): Extension<Arc<FacilityDesk>>,
    user: InstitutionUser,
    typed: FormData,
) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    let Some(once) = Once::of_form(&typed) else { return refused::incomplete() };
    let device_memo = match DeviceMemo::parse(typed.get("device_memo")) {
        Ok(memo) => memo,
        Err(errors) => return faulty(&site, &user, typed, errors).await,
    };
    let memo = device_memo.as_str().to_owned();
    let now = site.clock.now();
    let wish = ActivationWish {
        institution_code: user.institution_code.clone(),
        device_memo,
        actor: user.actor(),
        form: once.of_subject(user.subject()),
        now,
    };
    let code = match desk.issue_activation(&site.store, wish).await {
        Ok(ActivationShown::Code(code, activation)) => {
            let until = activation.usable_from().0.saturating_sub(now.0);
            Some(IssuedCode {
                digits: code.grouped(),
                usable_from: moment(activation.usable_from()),
                ends: moment(activation.ends_at()),
                left: left(until, "利用できます"),
            })
        }
        Ok(ActivationShown::AlreadyShown) => None,
        Ok(ActivationShown::Full) => {
            let form = FormView::filled(DeviceMemo::FIELDS, typed);
            let shown = show(&site, &user, form, (StatusCode::CONFLICT, true)).await;
            return shown.unwrap_or_else(|error| refused::by_store(&error));
        }
        Err(error) => return failed(&error),
    };
    render(StatusCode::OK, &Issued { shell: shell(&site, &user), code, memo })
}

/// The code or device that a path names, if this user may end it.
async fn own(site: &Site, user: &InstitutionUser, id: &str) -> Result<StoredActivation, Response> {
    user.must(site, ACTION).await?;
    match site.store.activation(&user.institution_code, id).await {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(user.not_there(site, ACTION, "activation").await),
        Err(error) => Err(refused::by_store(&error)),
    }
}

async fn ask_invalidate(OnSite(site): OnSite, user: InstitutionUser, Path(id): Path<String>) -> Response {
    let found = match own(&site, &user, &id).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let in_use = found.activation.state(site.clock.now()) == ActivationState::InUse;
    Confirm {
        shell: shell(&site, &user),
        question: format!("「{}」を無効化します。", found.device_memo),
        effect: Some(if in_use { ENDS_DEVICE } else { ENDS_CODE }),
        action: format!("{PATH}/{id}/invalidate"),
        once: None,
        verb: "無効化",
        danger: true,
        back: PATH.to_owned(),
    }
    .show()
}

async fn invalidate(OnSite(site): OnSite, user: InstitutionUser, Path(id): Path<String>) -> Response {
    if let Err(response) = own(&site, &user, &id).await {
        return response;
    }
    let (institution, now) = (&user.institution_code, site.clock.now());
    // Twice is as once: it is invalid afterwards.
    match site.store.invalidate_activation(institution, &id, &user.actor(), now).await {
        Ok(_) => see(PATH),
        Err(error) => refused::by_store(&error),
    }
}
