//! 各種申請: one file per kind of application with its fields and words, and the way all of them go — form, draft,
//! confirmation, reception number, states, correction, withdrawal.

mod carrying_out;
mod certificate_issue;
mod certificate_renewal;
mod certificate_revocation;
mod code_change;
mod confirm;
mod customer_id_change;
mod detail;
mod form;
mod index;
mod kind_page;
mod sheet;
mod succession;
pub(crate) mod summary;
mod use_change;
mod use_start;

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use eligibility::application::{Actor, ApplicationKind, Side};
use store::{ApplicationId, StoredApplication};

pub use carrying_out::CarryingOut;
pub use index::{MyApplication, my_applications};
pub use sheet::SheetMaker;

use crate::web::{PortalUser, Site, refused, see};

/// The routes, for a portal's router.
pub fn routes(sheets: Option<Arc<SheetMaker>>) -> Router {
    Router::new()
        .route("/applications", get(index::page))
        .route("/applications/{kind}", get(form::new_page).post(form::handed_in))
        .route("/applications/{kind}/{id}", get(detail::page))
        .route("/applications/{kind}/{id}/edit", get(form::edit_page))
        .route("/applications/{kind}/{id}/confirm", get(confirm::page))
        .route("/applications/{kind}/{id}/submit", post(confirm::submit))
        .route("/applications/{kind}/{id}/submitted", get(confirm::submitted))
        .route("/applications/{kind}/{id}/withdraw", post(detail::withdraw))
        .route("/applications/{kind}/{id}/account-sheet", post(sheet::download))
        .layer(axum::Extension(sheets))
}

/// The kind as addresses have it.
pub(crate) fn slug(kind: ApplicationKind) -> String {
    kind.name().replace('_', "-")
}

/// Reads [`slug`].
pub(crate) fn kind_of(slug: &str) -> Option<ApplicationKind> {
    ApplicationKind::ALL.iter().copied().find(|kind| self::slug(*kind) == slug)
}

fn place(kind: ApplicationKind, id: &ApplicationId) -> String {
    format!("/applications/{}/{id}", slug(kind))
}

/// Who applies, as the rules know them.
async fn applicant(site: &Site, user: &PortalUser) -> Result<Actor, Response> {
    let account = site.store.portal_account(&user.institution_code, user.subject()).await;
    let Some(account) = account.map_err(|error| refused::by_store(&error))? else {
        // Without a mail address the applicant could not be told from who decides.
        return Err(refused::not_there());
    };
    let side = Side::Applicant { institution: user.institution_code.clone(), role: user.role };
    Ok(Actor { side, account: user.subject().to_owned(), mail: Some(account.mail) })
}

/// The application of an address, if it is the user's institution's.
async fn mine(
    site: &Site,
    user: &PortalUser,
    Path((kind, id)): Path<(String, String)>,
) -> Result<StoredApplication, Response> {
    let (Some(kind), Some(id)) = (kind_of(&kind), ApplicationId::parse(&id)) else {
        return Err(refused::not_there());
    };
    let found = site.store.application(&user.institution_code, &id).await;
    match found.map_err(|error| refused::by_store(&error))? {
        Some(found) if found.application.kind == kind => Ok(found),
        _ => Err(refused::not_there()),
    }
}

/// A new application's id.
pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
