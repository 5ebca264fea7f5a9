//! ログイン.

use askama::Template;
use axum::Extension;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use eligibility::Instant;
use eligibility::account::LockoutDecision;
use eligibility::institution_account::{AccountState, UserId};
use eligibility::institution_certificate::{Notice, NoticeKind};
use store::audit::AuditEvent;
use store::{Act, StaffAccount, Stage};

use super::passkey::party;
use super::session::{Entered, brought, enter, guess, onward, session_of};
use super::{Asked, by_password, destination, with_next};
use crate::institution::{entry, user::InstitutionUser};
use crate::listener::identity::AskingTerminal;
use crate::web::password::Passwords;
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render};

/// What the page is called.
const TITLE: &str = "ログイン";
/// The same for a wrong ユーザーID and a wrong パスワード.
const WRONG: &str =
    "ユーザーIDまたはパスワードが正しくありません。入力内容を確認し、もう一度お試しください。";
const INITIAL_OVER: &str = "初期パスワードの有効期限（7日間）が過ぎています。管理者に初期パスワードの再発行を依頼してください。マスタアカウントは、ポータルサイトから通知書をもう一度ダウンロードしてください。";
const INITIAL_SPENT: &str = "初期パスワードは1度だけ使えます。すでに使われているため、管理者に初期パスワードの再発行を依頼してください。マスタアカウントは、ポータルサイトから通知書をもう一度ダウンロードしてください。";
const CLOSED: &str = "ログインの途中でアカウントが変更されました。もう一度お試しください。";

#[derive(Template)]
#[template(path = "institution/login.html")]
struct Login<'a> {
    shell: Shell,
    institution_code: &'a str,
    typed: &'a str,
    next: &'a str,
    /// What is wrong.
    fault: Option<&'a str>,
    /// Why somebody is here again.
    why: Option<&'a str>,
    passkeys: bool,
    /// What is said of the terminal's certificate.
    certificate: Option<Notice>,
}

async fn show(
    site: &Site,
    terminal: &AskingTerminal,
    (status, passkeys): (StatusCode, bool),
    (typed, next): (&str, &str),
    (fault, why): (Option<&str>, Option<&str>),
) -> Response {
    let page = Login {
        shell: Shell {
            passkey_script: passkeys,
            ..Shell::new(site, TITLE, "/login", None).with_help("/help/login")
        },
        institution_code: terminal.institution_code.as_str(),
        typed,
        next,
        fault,
        why,
        passkeys,
        certificate: entry::notice(site, terminal).await,
    };
    render(status, &page)
}

fn reason(why: &str) -> Option<&'static str> {
    match why {
        "idle" => Some("30分間操作がなかったため、ログアウトしました。もう一度ログインしてください。"),
        "ended" => Some(
            "ログインは終了しました。同じユーザーIDで別の端末からログインされたか、管理者がアカウントを変更した可能性があります。心当たりがないときは、管理者に連絡してください。",
        ),
        "out" => Some("ログアウトしました。"),
        _ => None,
    }
}

/// The page.
pub(super) async fn page(
    OnSite(site): OnSite,
    Extension(terminal): Extension<AskingTerminal>,
    Query(Asked { next, why }): Query<Asked>,
    headers: HeaderMap,
    user: Result<InstitutionUser, Response>,
) -> Response {
    if user.is_ok() {
        return see(destination(&next));
    }
    let passkeys = party(&site, &headers).is_some();
    show(&site, &terminal, (StatusCode::OK, passkeys), ("", &next), (None, reason(&why))).await
}

/// ユーザーID and パスワード.
pub(super) async fn typed(
    OnSite(site): OnSite,
    Extension(terminal): Extension<AskingTerminal>,
    Extension(passwords): Extension<Passwords>,
    headers: HeaderMap,
    form: FormData,
) -> Response {
    let outcome = match attempt(&site, &terminal, &passwords, &headers, &form).await {
        Ok(outcome) => outcome,
        Err(response) => return response,
    };
    let (status, said) = match outcome {
        Outcome::Go(response) => return response,
        Outcome::Locked(said) => (StatusCode::TOO_MANY_REQUESTS, said),
        Outcome::Not(said) => (StatusCode::UNPROCESSABLE_ENTITY, said.to_owned()),
    };
    let passkeys = party(&site, &headers).is_some();
    let typed = (form.get("user_id"), form.get("next"));
    show(&site, &terminal, (status, passkeys), typed, (Some(&said), None)).await
}

enum Outcome {
    Go(Response),
    Locked(String),
    Not(&'static str),
}

async fn attempt(
    site: &Site,
    terminal: &AskingTerminal,
    passwords: &Passwords,
    headers: &HeaderMap,
    form: &FormData,
) -> Result<Outcome, Response> {
    let by_store = |error: store::Error| refused::by_store(&error);
    let code = &terminal.institution_code;
    let user_id = UserId::parse(form.get("user_id")).ok();
    // What can be no ユーザーID takes the same way as one that nobody has.
    let looked_for = user_id.clone().or_else(|| UserId::parse("nobody").ok()).ok_or_else(refused::broken)?;
    let account = site.store.staff_account(code, &looked_for).await.map_err(by_store)?;
    let account = account.filter(|_| user_id.is_some());
    let subject = user_id.as_ref().map_or_else(|| format!("{code}:?"), |id| format!("{code}:{id}"));
    let guess = guess(site, terminal, &subject).await?;
    let decision = guess.count(site).await?;
    if decision != LockoutDecision::Allowed {
        note(site, terminal, account.as_ref(), "denied:locked").await?;
        return Ok(Outcome::Locked(decision.message()));
    }
    let stored = account.as_ref().and_then(|account| account.password_hash.clone());
    let right = passwords.matches(stored, form.get("password")).await.map_err(by_password)?;
    let Some(account) = account.clone().filter(|_| right) else {
        note(site, terminal, account.as_ref(), "denied:password").await?;
        return Ok(Outcome::Not(WRONG));
    };
    guess.was_right(site).await?;
    if let Some((said, outcome)) = obstacle(site, &account) {
        note(site, terminal, Some(&account), outcome).await?;
        return Ok(Outcome::Not(said));
    }
    let replaced = brought(site, headers, code).await?;
    let next = form.get("next");
    if account.must_change {
        return first_step(site, terminal, account, replaced, next).await;
    }
    match enter(site, terminal, account.clone(), ("password", false), replaced).await? {
        Entered::In(cookie) => Ok(Outcome::Go(onward(destination(next), cookie))),
        Entered::Closed => Ok(Outcome::Not(CLOSED)),
        Entered::Occupied => {
            let cookie = step(site, terminal, &account, replaced).await?;
            Ok(Outcome::Go(onward(&with_next("/login/take-over", next), cookie)))
        }
    }
}

/// Why somebody with the right password may not come in all the same; the outcome in the record.
pub(super) fn obstacle(site: &Site, account: &StaffAccount) -> Option<(&'static str, &'static str)> {
    if let Some(why) = account.role.why_not_signed_in() {
        return Some((why, "denied:role"));
    }
    let state = account.state(site.clock.today());
    match state {
        AccountState::Open => {}
        AccountState::NotYet => return Some((state.sentence(), "denied:not-yet")),
        AccountState::Over => return Some((state.sentence(), "denied:over")),
        AccountState::Stopped => return Some((state.sentence(), "denied:stopped")),
    }
    if !account.must_change {
        return None;
    }
    if account.password_until.is_none_or(|until| until <= site.clock.now()) {
        return Some((INITIAL_OVER, "denied:initial-over"));
    }
    account.initial_spent_at.is_some().then_some((INITIAL_SPENT, "denied:initial-spent"))
}

/// The initial password is used up; a password of one's own comes next.
async fn first_step(
    site: &Site,
    terminal: &AskingTerminal,
    account: StaffAccount,
    replaced: Option<store::TokenHash>,
    next: &str,
) -> Result<Outcome, Response> {
    let (Ok(user_id), Some(hash)) = (UserId::parse(&account.user_id), account.password_hash.as_deref())
    else {
        return Err(refused::broken());
    };
    let spent =
        site.store.spend_initial_password(&account.institution_code, &user_id, hash, site.clock.now()).await;
    if !spent.map_err(|error| refused::by_store(&error))? {
        note(site, terminal, Some(&account), "denied:initial-spent").await?;
        return Ok(Outcome::Not(INITIAL_SPENT));
    }
    let cookie = step(site, terminal, &account, replaced).await?;
    Ok(Outcome::Go(onward(&with_next("/login/new-password", next), cookie)))
}

/// The session of a step between password and menu.
pub(super) async fn step(
    site: &Site,
    terminal: &AskingTerminal,
    account: &StaffAccount,
    replaced: Option<store::TokenHash>,
) -> Result<axum::http::HeaderValue, Response> {
    let session = session_of(site, account, Stage::Password);
    let audit = AuditEvent {
        actor: session.actor(),
        action: "account.password-given".to_owned(),
        object: session.actor(),
        outcome: "done".to_owned(),
        detail: format!("terminal={}", terminal.terminal_name),
    };
    site.begin_session(session, replaced, audit).await.map_err(|error| {
        tracing::error!(%error, "a session could not be begun");
        refused::busy()
    })
}

/// A refused sign-in stands in the institution's chain.
pub(super) async fn note(
    site: &Site,
    terminal: &AskingTerminal,
    account: Option<&StaffAccount>,
    outcome: &str,
) -> Result<(), Response> {
    let act = Act {
        chain: terminal.institution_code.to_string(),
        actor: account.map_or_else(|| "account:unknown".to_owned(), |one| format!("account:{}", one.user_id)),
        now: Instant(site.clock.now().0),
    };
    let event = AuditEvent {
        actor: act.actor.clone(),
        action: "account.sign-in".to_owned(),
        object: act.actor.clone(),
        outcome: outcome.to_owned(),
        detail: format!("terminal={}", terminal.terminal_name),
    };
    let noted = site.store.record_sign_in_refused(&act.chain, &act.actor, event, act.now).await;
    noted.map_err(|error| refused::by_store(&error))
}
