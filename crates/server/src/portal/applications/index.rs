//! 各種申請: what can be applied for, and the institution's own applications as マイメニュー lists them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{
    application::{ApplicationKind, ApplicationState, my_menu},
    institution::InstitutionCode,
};
use store::Store;

use super::detail::look_of;
use super::{kind_page, place, slug, summary};
use crate::web::signed_in::OnSite;
use crate::web::{PortalUser, Shell, refused, render};

/// One application as マイメニュー shows it.
#[derive(Clone, Debug)]
pub struct MyApplication {
    /// The title of the application.
    pub title: &'static str,
    /// The terminal or certificate it is about, as it was handed in.
    pub about: Option<String>,
    /// 受付番号; `None` for a draft.
    pub number: Option<String>,
    /// The state in one word.
    pub state: &'static str,
    /// The class of the state's colour: `none`, `care`, `go` or `stop`.
    pub look: &'static str,
    /// The sign beside the word.
    pub mark: &'static str,
    /// What that means and what comes next.
    pub sentence: &'static str,
    /// The operator's reason for a return or rejection.
    pub reason: Option<String>,
    /// When it last changed, for people.
    pub changed: String,
    /// Its page.
    pub place: String,
    /// What there is to do: label and address.
    pub action: Option<(&'static str, String)>,
}

/// Where the main button of an application leads.
pub(super) fn action_place(kind: ApplicationKind, state: ApplicationState, place: &str) -> Option<String> {
    match state {
        ApplicationState::Draft | ApplicationState::Returned => Some(format!("{place}/edit")),
        ApplicationState::Completed => Some(format!("{place}#account-sheet")),
        ApplicationState::Rejected => Some(format!("/applications/{}", slug(kind))),
        _ => None,
    }
}

/// The applications of an institution, last changed first.
///
/// # Errors
/// Any read error of the store.
pub async fn my_applications(
    store: &Store,
    institution: &InstitutionCode,
) -> Result<Vec<MyApplication>, store::Error> {
    let all = store.applications_of(institution).await?;
    let shown = all.into_iter().map(|stored| {
        let application = &stored.application;
        let entry = my_menu(application);
        let place = place(application.kind, &stored.id);
        let (look, mark) = look_of(application.state);
        MyApplication {
            title: entry.title,
            about: stored.content.as_ref().and_then(summary::about),
            number: stored.reception_number.clone(),
            state: entry.state,
            look,
            mark,
            sentence: entry.sentence,
            reason: entry.reason,
            changed: summary::moment(stored.changed_at),
            action: entry.action.zip(action_place(application.kind, application.state, &place)),
            place,
        }
    });
    Ok(shown.collect())
}

#[derive(Template)]
#[template(path = "applications/index.html")]
struct Page {
    shell: Shell,
    kinds: Vec<(&'static str, &'static str, String)>,
    mine: Vec<MyApplication>,
}

/// The page.
pub(super) async fn page(OnSite(site): OnSite, user: PortalUser) -> Response {
    let mine = match my_applications(&site.store, &user.institution_code).await {
        Ok(mine) => mine,
        Err(error) => return refused::by_store(&error),
    };
    let kinds = ApplicationKind::ALL
        .iter()
        .map(|kind| (kind.label(), kind_page::about(*kind), format!("/applications/{}", slug(*kind))))
        .collect();
    let shell = Shell::new(&site, "各種申請", "/applications", Some(&user.signed_in));
    render(StatusCode::OK, &Page { shell, kinds, mine })
}
