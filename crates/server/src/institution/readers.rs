//! 顔認証付きカードリーダー操作: how each terminal's reader stands, and 無人運転 or 目視確認.

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use eligibility::Instant;
use eligibility::history;
use eligibility::institution_account::InstitutionAction;
use eligibility::reader::{ReaderCommand, ReaderLook, ReaderMode, UNHEARD_AFTER_MS};
use store::{ReaderWish, StoredReader};

use super::days::moment;
use super::menu;
use super::user::InstitutionUser;
use crate::web::once::Once;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render, see};

/// Where it is.
pub(super) const PATH: &str = "/readers";
/// What it is called.
pub(super) const TITLE: &str = "顔認証付きカードリーダー操作";
const HELP: &str = "/help/readers";
const ACTION: InstitutionAction = InstitutionAction::OperateReaders;

pub(super) fn pages() -> Router {
    Router::new()
        .route("/readers", get(list))
        .route("/readers/confirm", post(confirm))
        .route("/readers/order", post(order))
        .route("/readers/ordered", get(ordered))
}

fn shell(site: &Site, user: &InstitutionUser) -> Shell {
    menu::shell(site, TITLE, PATH, user).with_help(HELP)
}

struct Row {
    terminal: String,
    look: ReaderLook,
    code: Option<String>,
    since: String,
    told: String,
    heard: Option<String>,
    mode: &'static str,
    /// What the reader can be told to do: its name, its label.
    commands: Vec<(&'static str, &'static str)>,
    /// The last wish: what, by whom, when, how it stands.
    wish: Option<(&'static str, String, String, &'static str)>,
}

impl Row {
    fn of(reader: &StoredReader, now: Instant) -> Self {
        let other = match reader.mode {
            ReaderMode::Unattended => ReaderCommand::Visual,
            ReaderMode::Visual => ReaderCommand::Unattended,
        };
        let wish = reader.command.as_ref().map(|wish| {
            let by = history::actor(&wish.asked_by);
            (wish.command.label(), by, moment(wish.asked_at), wish.standing(now).label())
        });
        Self {
            terminal: reader.terminal_name.clone(),
            look: ReaderLook::of(reader.state, reader.error_code.as_deref(), reader.told_at, now),
            code: reader.error_code.clone(),
            since: moment(reader.changed_at),
            told: moment(reader.told_at),
            heard: reader.heard_at.map(moment),
            mode: reader.mode.label(),
            commands: [other, ReaderCommand::Test].map(|one| (one.name(), one.label())).to_vec(),
            wish,
        }
    }
}

#[derive(Template)]
#[template(path = "institution/readers.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
    unheard_minutes: i64,
}

async fn list(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    let readers = match site.store.readers(&user.institution_code).await {
        Ok(readers) => readers,
        Err(error) => return refused::by_store(&error),
    };
    let now = site.clock.now();
    let rows = readers.iter().map(|reader| Row::of(reader, now)).collect();
    let unheard_minutes = UNHEARD_AFTER_MS / 60_000;
    render(StatusCode::OK, &List { shell: shell(&site, &user), rows, unheard_minutes })
}

#[derive(Template)]
#[template(path = "institution/reader_confirm.html")]
struct Confirm {
    shell: Shell,
    terminal: String,
    command: ReaderCommand,
    once: Once,
}

/// What is asked for, if the institution has such a reader.
async fn asked(
    site: &Site,
    user: &InstitutionUser,
    form: &FormData,
) -> Result<(String, ReaderCommand), Response> {
    user.must(site, ACTION).await?;
    let command = ReaderCommand::from_name(form.get("command")).ok_or_else(refused::incomplete)?;
    let readers = site.store.readers(&user.institution_code).await;
    let readers = readers.map_err(|error| refused::by_store(&error))?;
    let found = readers.into_iter().find(|reader| reader.terminal_name == form.get("terminal"));
    match found {
        Some(reader) => Ok((reader.terminal_name, command)),
        None => Err(user.not_there(site, ACTION, "reader").await),
    }
}

async fn confirm(OnSite(site): OnSite, user: InstitutionUser, form: FormData) -> Response {
    match asked(&site, &user, &form).await {
        Ok((terminal, command)) => {
            let page = Confirm { shell: shell(&site, &user), terminal, command, once: Once::new() };
            render(StatusCode::OK, &page)
        }
        Err(response) => response,
    }
}

async fn order(OnSite(site): OnSite, user: InstitutionUser, form: FormData) -> Response {
    match wish(&site, &user, &form).await {
        Ok(response) | Err(response) => response,
    }
}

async fn wish(site: &Site, user: &InstitutionUser, form: &FormData) -> Result<Response, Response> {
    let (terminal_name, command) = asked(site, user, form).await?;
    let once = Once::of_form(form).ok_or_else(refused::incomplete)?;
    let wish = ReaderWish {
        institution_code: user.institution_code.clone(),
        terminal_name,
        command_id: uuid::Uuid::now_v7().to_string(),
        command,
        actor: user.actor(),
        form: once.of_subject(user.subject()),
        asked_at: site.clock.now(),
    };
    match site.store.wish_of_reader(wish).await {
        Ok(true) => Ok(see("/readers/ordered")),
        Ok(false) => Err(user.not_there(site, ACTION, "reader").await),
        Err(error) => Err(refused::by_store(&error)),
    }
}

#[derive(Template)]
#[template(path = "institution/reader_ordered.html")]
struct Ordered {
    shell: Shell,
}

async fn ordered(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    match user.must(&site, ACTION).await {
        Ok(()) => render(StatusCode::OK, &Ordered { shell: shell(&site, &user) }),
        Err(response) => response,
    }
}
