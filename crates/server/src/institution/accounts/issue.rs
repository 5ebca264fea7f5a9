//! Initial passwords: made here, shown once, kept as a hash.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::Instant;
use eligibility::account::INITIAL_PASSWORD_DAYS;
use eligibility::calendar::DAY_MS;
use eligibility::institution_account::UserId;
use store::{StaffAccount, StaffReset};
use zeroize::Zeroizing;

use super::{PATH, managed};
use crate::institution::days::moment;
use crate::institution::menu;
use crate::institution::sign_in::{by_password, password_places};
use crate::institution::user::InstitutionUser;
use crate::web::once::Once;
use crate::web::password::{Passwords, initial_password};
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render};

#[derive(Template)]
#[template(path = "institution/account_password.html")]
struct Page<'a> {
    shell: Shell,
    account: &'a str,
    user_id: &'a str,
    password: &'a str,
    until: String,
    /// What was typed is not kept as it was.
    neatened: bool,
}

/// Whose initial password is shown.
pub(super) struct Issued<'a> {
    pub(super) title: &'static str,
    pub(super) account: &'a str,
    pub(super) user_id: &'a str,
    pub(super) neatened: bool,
}

impl Issued<'_> {
    /// The one page that shows it.
    pub(super) fn show(
        self,
        site: &Site,
        user: &InstitutionUser,
        password: &str,
        until: Instant,
    ) -> Response {
        let shell = menu::shell(site, self.title, PATH, user).with_help("/help/accounts");
        let Self { account, user_id, neatened, .. } = self;
        let page = Page { shell, account, user_id, password, until: moment(until), neatened };
        render(StatusCode::OK, &page)
    }
}

/// A new initial password, its hash and its end.
pub(super) async fn fresh(
    site: &Site,
    passwords: &Passwords,
) -> Result<(Zeroizing<String>, String, Instant), Response> {
    let password = initial_password().ok_or_else(refused::busy)?;
    let hash = passwords.hash_text(&password).await.map_err(by_password)?;
    let until = site.clock.now().0.saturating_add(i64::from(INITIAL_PASSWORD_DAYS) * DAY_MS);
    Ok((password, hash, Instant(until)))
}

/// 《初期パスワードの再発行》: sessions end, a lock is lifted.
pub(super) async fn reset(
    OnSite(site): OnSite,
    Extension(passwords): Extension<Passwords>,
    user: InstitutionUser,
    Path(user_id): Path<String>,
    form: FormData,
) -> Response {
    match again(&site, &passwords, &user, &user_id, &form).await {
        Ok(response) | Err(response) => response,
    }
}

async fn again(
    site: &Site,
    passwords: &Passwords,
    user: &InstitutionUser,
    user_id: &str,
    form: &FormData,
) -> Result<Response, Response> {
    let (id, account) = managed(site, user, user_id).await?;
    let Some((password, until)) = reissue(site, passwords, user, &account, form).await? else {
        return Ok(see(&format!("{PATH}/{id}")));
    };
    let title = "初期パスワードを再発行しました";
    let issued = Issued { title, account: &account.name, user_id: id.as_str(), neatened: false };
    Ok(issued.show(site, user, &password, until))
}

/// A new initial password for an account that is there: sessions end, a lock is lifted. `None`: the form was handed in
/// before, and its password was shown then.
pub(in crate::institution) async fn reissue(
    site: &Site,
    passwords: &Passwords,
    user: &InstitutionUser,
    account: &StaffAccount,
    form: &FormData,
) -> Result<Option<(Zeroizing<String>, Instant)>, Response> {
    let by_store = |error: store::Error| refused::by_store(&error);
    let once = Once::of_form(form).ok_or_else(refused::incomplete)?;
    let id = UserId::parse(&account.user_id).map_err(|_| refused::broken())?;
    let (password, password_hash, password_until) = fresh(site, passwords).await?;
    let reset = StaffReset {
        form: once.of_subject(user.subject()),
        password_hash,
        password_until,
        freed: password_places(site, &account.subject()).await.map_err(by_store)?,
        act: user.act(site),
    };
    let done = site.store.reset_staff(&user.institution_code, &id, reset).await.map_err(by_store)?;
    Ok(done.then_some((password, password_until)))
}
