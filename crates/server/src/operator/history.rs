//! 承認履歴: who approved what, also by 医療機関コード.

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{Instant, account::OperatorAction, institution::InstitutionCode};
use serde::Deserialize;
use store::{ApplicationId, DECISIONS_PAGE_LIMIT, DecidedFrom, DecisionEntry, QUEUE_PAGE_LIMIT};

use super::queue::EntryView;
use crate::portal::applications::summary;
use crate::web::signed_in::OnSite;
use crate::web::{OperatorUser, Shell, refused, render};

struct DecisionView {
    at: String,
    institution: String,
    href: String,
    revision: u32,
    line: String,
    reason: Option<String>,
}

impl DecisionView {
    fn of(decision: &DecisionEntry) -> Self {
        Self {
            at: summary::moment(decision.entry.at),
            institution: decision.institution.to_string(),
            href: format!("/applications/{}/{}", decision.institution, decision.id),
            revision: decision.entry.revision,
            line: decision.entry.for_operator(),
            reason: decision.entry.reason.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "operator/history.html")]
struct Page {
    shell: Shell,
    code: String,
    wrong: Option<&'static str>,
    searched: bool,
    applications: Vec<EntryView>,
    decisions: Vec<DecisionView>,
    /// Whether this person may open the applications themselves.
    may_open: bool,
    next: Option<String>,
}

/// What is looked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    institution: String,
    #[serde(default)]
    before: Option<String>,
}

fn mark(decision: &DecisionEntry) -> String {
    format!("{}.{}.{}.{}", decision.entry.at.0, decision.institution, decision.id, decision.sequence)
}

fn read_mark(text: &str) -> Option<DecidedFrom> {
    let mut parts = text.splitn(4, '.');
    Some(DecidedFrom {
        happened_at: Instant(parts.next()?.parse().ok()?),
        institution: InstitutionCode::parse(parts.next()?).ok()?,
        id: ApplicationId::parse(parts.next()?)?,
        sequence: parts.next()?.parse().ok()?,
    })
}

/// The page.
pub(super) async fn page(OnSite(site): OnSite, user: OperatorUser, Query(asked): Query<Asked>) -> Response {
    if let Err(refused) = super::allowed(&site, &user, OperatorAction::ReadHistory).await {
        return refused;
    }
    let before = match asked.before.as_deref().map(read_mark) {
        Some(None) => return refused::not_there(),
        before => before.flatten(),
    };
    let typed = asked.institution.trim().to_owned();
    let mut page = Page {
        shell: super::shell(&site, "承認履歴", "/history", &user),
        code: typed.clone(),
        wrong: None,
        searched: false,
        applications: Vec::new(),
        decisions: Vec::new(),
        may_open: user.role.may(OperatorAction::ReadApplications),
        next: None,
    };
    let institution = match InstitutionCode::parse(&typed) {
        Ok(code) => Some(code),
        Err(_) if typed.is_empty() => None,
        Err(_) => {
            page.wrong =
                Some("医療機関コードは、都道府県番号（01～47）で始まる10桁の数字で入力してください。");
            return render(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    if let Some(code) = &institution
        && page.may_open
    {
        page.searched = true;
        match site.store.applications_handed_in(code, QUEUE_PAGE_LIMIT).await {
            Ok(found) => page.applications = found.iter().map(EntryView::of).collect(),
            Err(error) => return refused::by_store(&error),
        }
    }
    let decisions = match site.store.decisions(institution, before).await {
        Ok(decisions) => decisions,
        Err(error) => return refused::by_store(&error),
    };
    let full = u32::try_from(decisions.len()).is_ok_and(|count| count == DECISIONS_PAGE_LIMIT);
    let last = decisions.last().filter(|_| full);
    page.next = last.map(|last| format!("/history?institution={}&before={}", page.code, mark(last)));
    page.decisions = decisions.iter().map(DecisionView::of).collect();
    render(StatusCode::OK, &page)
}
