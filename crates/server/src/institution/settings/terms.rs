//! 「オンライン資格確認等システム利用規約」: that it was read is written down, for the account and this version.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::facility_settings::{TERMS_TITLE, TERMS_VERSION};

use super::{ACTION, HELP, PATH, TITLE};
use crate::institution::menu;
use crate::institution::user::InstitutionUser;
use crate::web::signed_in::OnSite;
use crate::web::{Shell, refused, render, see};

#[derive(Template)]
#[template(path = "institution/terms.html")]
struct Terms {
    shell: Shell,
    version: &'static str,
    back: &'static str,
    back_title: &'static str,
}

/// The text.
pub(super) async fn page(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    let shell = Shell { help: Some(HELP), ..menu::shell(&site, TERMS_TITLE, PATH, &user) };
    render(StatusCode::OK, &Terms { shell, version: TERMS_VERSION, back: PATH, back_title: TITLE })
}

/// 《利用規約を確認しました》. Somebody who only looked at the text has confirmed nothing.
pub(super) async fn confirm(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    match site.store.open_terms(&user.institution_code, user.user_id(), site.clock.now()).await {
        Ok(_) => see(PATH),
        Err(error) => refused::by_store(&error),
    }
}
