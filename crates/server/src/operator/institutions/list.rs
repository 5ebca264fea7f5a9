//! The list with its search, and what waits for a second person.

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{account::OperatorAction, institution::InstitutionCode};
use serde::Deserialize;
use store::{INSTITUTIONS_PAGE_LIMIT, InstitutionWaiting, InstitutionWish, RegisteredInstitution};

use super::{PATH, TITLE};
use crate::operator::{acting, shell};
use crate::portal::applications::summary;
use crate::web::signed_in::OnSite;
use crate::web::{OperatorUser, Shell, refused, render};

/// Characters of a search at most.
const FIND_CHARS_MAX: usize = 80;

/// One line of the list.
struct Line {
    code: String,
    name: String,
    prefecture: &'static str,
    kind: &'static str,
    phone: String,
    closed: Option<String>,
}

impl Line {
    fn of(one: RegisteredInstitution) -> Self {
        Self {
            prefecture: one.code.prefecture(),
            kind: one.fee_table().map_or("—", eligibility::institution_entry::FeeTable::label),
            code: one.code.to_string(),
            name: one.name,
            phone: one.phone.unwrap_or_else(|| "（未登録）".to_owned()),
            closed: one.closed_at.map(summary::moment),
        }
    }
}

/// What waits for a second person.
struct Waiting {
    code: String,
    what: &'static str,
    by: String,
    at: String,
    own: bool,
}

/// The name of a wish.
pub(super) const fn name_of(wish: &InstitutionWish) -> &'static str {
    match wish {
        InstitutionWish::Change(_) => "変更",
        InstitutionWish::Close { .. } => "廃止",
    }
}

impl Waiting {
    fn of(one: InstitutionWaiting, user: &OperatorUser) -> Self {
        Self {
            code: one.code.to_string(),
            what: name_of(&one.wanted),
            own: one.by == user.subject(),
            by: one.by,
            at: summary::moment(one.at),
        }
    }
}

#[derive(Template)]
#[template(path = "operator/institutions.html")]
struct Page {
    shell: Shell,
    find: String,
    lines: Vec<Line>,
    next: Option<String>,
    waiting: Vec<Waiting>,
    may_act: bool,
}

/// What an address says.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    find: String,
    #[serde(default)]
    after: Option<String>,
}

/// The list.
pub(super) async fn page(OnSite(site): OnSite, user: OperatorUser, Query(asked): Query<Asked>) -> Response {
    if let Err(refused) = acting(&site, &user, OperatorAction::ReadRegister).await {
        return refused;
    }
    let find: String = asked.find.trim().chars().take(FIND_CHARS_MAX).collect();
    let after = asked.after.as_deref().and_then(|text| InstitutionCode::parse(text).ok());
    let found = site.store.institution_entries(&find, after.as_ref(), INSTITUTIONS_PAGE_LIMIT).await;
    let (found, waiting) = match (found, site.store.institution_wishes().await) {
        (Ok(found), Ok(waiting)) => (found, waiting),
        (Err(error), _) | (_, Err(error)) => return refused::by_store(&error),
    };
    let full = u32::try_from(found.len()).is_ok_and(|count| count == INSTITUTIONS_PAGE_LIMIT);
    let next = found.last().filter(|_| full).map(|last| last.code.to_string());
    let page = Page {
        shell: shell(&site, TITLE, PATH, &user),
        find,
        lines: found.into_iter().map(Line::of).collect(),
        next,
        waiting: waiting.into_iter().map(|one| Waiting::of(one, &user)).collect(),
        may_act: user.role.may(OperatorAction::ManageInstitutions),
    };
    render(StatusCode::OK, &page)
}
