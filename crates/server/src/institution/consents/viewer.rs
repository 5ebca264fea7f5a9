//! Who may see medical information at this very moment: somebody whose role may, at a session that was not left alone.
//!
//! After five minutes without a touch its pages are covered, until [`super::uncover`] has heard from the account's holder.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;

use super::patients::ACTION;
use super::uncover;
use crate::institution::user::InstitutionUser;
use crate::web::signed_in::site_of;
use crate::web::{Site, refused, see};

/// Somebody to whom a page of 医療情報閲覧 may be shown. Every such page asks for one.
pub(super) struct MedicalViewer(pub(super) InstitutionUser);

impl<S: Sync> FromRequestParts<S> for MedicalViewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let user = InstitutionUser::from_request_parts(parts, state).await?;
        let site: Arc<Site> = site_of(parts)?;
        // Who may not at all hears that, and is asked for nothing.
        user.must(&site, ACTION).await?;
        let covered = site.is_covered(&user.signed_in).await.map_err(|error| refused::by_store(&error))?;
        if !covered {
            return Ok(Self(user));
        }
        let asked = parts.uri.path_and_query().map_or("", |asked| asked.as_str());
        Err(see(&uncover::place(asked)))
    }
}
