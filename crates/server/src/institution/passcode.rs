//! 《目視確認用パスコード発行》: 《発行》, a message to confirm with 《OK》, and the four digits, shown once.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Router, routing::get};
use eligibility::calendar::previous_day;
use eligibility::institution_account::InstitutionAction;
use eligibility::visual_check_passcode::{FAILURES_MAX, PasscodeStanding, ends_at};
use eligibility::{Date, Instant, history};

use super::confirm::Confirm;
use super::days::{self, moment};
use super::menu;
use super::user::InstitutionUser;
use crate::facility::{FacilityDesk, FacilityError, PasscodeShown, PasscodeWish};
use crate::web::once::Once;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render};

/// Where it is.
pub(super) const PATH: &str = "/visual-check-passcode";
/// Its label.
pub(super) const TITLE: &str = "目視確認用パスコード発行";
const HELP: &str = "/help/visual-check-passcode";
const ACTION: InstitutionAction = InstitutionAction::IssueVisualCheckPasscode;

/// How the newest passcode stands, in words; never its digits.
struct Standing {
    word: &'static str,
    tag: &'static str,
    issued: String,
    ends: String,
    tries_left: Option<u32>,
}

#[derive(Template)]
#[template(path = "institution/passcode.html")]
struct Page {
    shell: Shell,
    standing: Option<Standing>,
    failures_max: u32,
    days: Vec<Day>,
}

/// How often a passcode was entered on a day.
struct Day {
    day: String,
    accepted: u32,
    refused: u32,
    /// At which terminals.
    terminals: String,
}

#[derive(Template)]
#[template(path = "institution/passcode_issued.html")]
struct Issued {
    shell: Shell,
    /// The digits; `None` when they were shown before.
    code: Option<String>,
    ends: String,
    failures_max: u32,
}

pub(super) fn pages() -> Router {
    Router::new()
        .route("/visual-check-passcode", get(page).post(issue))
        .route("/visual-check-passcode/confirm", get(confirm))
}

fn shell(site: &Site, user: &InstitutionUser) -> Shell {
    Shell { help: Some(HELP), ..menu::shell(site, TITLE, PATH, user) }
}

/// What is said when nothing was issued for a reason of this server's.
pub(super) fn failed(error: &FacilityError) -> Response {
    tracing::error!(%error, "an institution's code could not be issued or shown");
    match error {
        FacilityError::Store(_) => refused::busy(),
        FacilityError::NoKey | FacilityError::Secret => refused::broken(),
    }
}

async fn standing(site: &Site, user: &InstitutionUser) -> Result<Option<Standing>, Response> {
    let found = site.store.visual_check_passcode(&user.institution_code).await;
    let Some(state) = found.map_err(|error| refused::by_store(&error))? else { return Ok(None) };
    let (word, tag, tries_left) = match state.standing(site.clock.now()) {
        PasscodeStanding::Live { tries_left } => ("利用可能", "go", Some(tries_left)),
        PasscodeStanding::Expired => ("期限切れ", "none", None),
        PasscodeStanding::UsedUp => ("無効（入力の誤りが上限に達しました）", "stop", None),
    };
    Ok(Some(Standing {
        word,
        tag,
        issued: moment(state.issued_at),
        ends: told_end(ends_at(state.issued_at)),
        tries_left,
    }))
}

/// The end of a day as the last minute of it: midnight belongs to two days.
fn told_end(at: Instant) -> String {
    format!("{}まで", moment(Instant(at.0.saturating_sub(1))))
}

async fn page(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    let shown = async {
        let (standing, days) = (standing(&site, &user).await?, days(&site, &user).await?);
        Ok(Page { shell: shell(&site, &user), standing, failures_max: FAILURES_MAX, days })
    };
    match shown.await {
        Ok(page) => render(StatusCode::OK, &page),
        Err(response) => response,
    }
}

/// Today and yesterday, so that administrators see uses that nobody knows of.
async fn days(site: &Site, user: &InstitutionUser) -> Result<Vec<Day>, Response> {
    let today = site.clock.today();
    let yesterday = previous_day(today);
    let uses = site.store.visual_check_uses(&user.institution_code, yesterday).await;
    let uses = uses.map_err(|error| refused::by_store(&error))?;
    let day = |day: Date| {
        let of_day = || uses.iter().filter(|one| one.day == day);
        let terminals: BTreeSet<String> = of_day().map(|one| history::actor(&one.actor)).collect();
        Day {
            day: days::day(day),
            accepted: of_day().map(|one| one.accepted).sum(),
            refused: of_day().map(|one| one.refused).sum(),
            terminals: terminals.into_iter().collect::<Vec<_>>().join("、"),
        }
    };
    Ok(vec![day(today), day(yesterday)])
}

async fn confirm(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    match standing(&site, &user).await {
        Ok(standing) => {
            // The one that dies of it still works.
            let replaces = standing.is_some_and(|standing| standing.tries_left.is_some());
            Confirm {
                shell: shell(&site, &user),
                question: "目視確認用パスコードを発行します。".to_owned(),
                effect: replaces.then_some("現在のパスコードは、発行するとすぐに使えなくなります。"),
                action: PATH.to_owned(),
                once: Some(Once::new()),
                verb: "OK",
                danger: false,
                back: PATH.to_owned(),
            }
            .show()
        }
        Err(response) => response,
    }
}

/// The answer itself shows the digits: there is no page that could be opened again to see them.
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
    let wish = PasscodeWish {
        institution_code: user.institution_code.clone(),
        actor: user.actor(),
        form: once.of_subject(user.subject()),
        needs: None,
        now: site.clock.now(),
    };
    let (code, ends) = match desk.issue_passcode(&site.store, wish).await {
        Ok(PasscodeShown::Code(code, ends_at)) => (Some(code.reveal().to_owned()), told_end(ends_at)),
        Ok(PasscodeShown::AlreadyShown | PasscodeShown::FunctionOff) => (None, String::new()),
        Err(error) => return failed(&error),
    };
    let page = Issued { shell: shell(&site, &user), code, ends, failures_max: FAILURES_MAX };
    render(StatusCode::OK, &page)
}
