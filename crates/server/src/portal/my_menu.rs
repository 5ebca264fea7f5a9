//! マイメニュー: every application with its state, and where to apply.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::calendar::{format_japanese, tokyo_date};
use store::{Letter, PortalAccount};

use super::applications::{MyApplication, my_applications};
use crate::ca::notices::{CertificateWarning, warnings};
use crate::web::signed_in::OnSite;
use crate::web::{PortalUser, Shell, refused, render};

/// Letters shown at most, the newest.
const LETTERS_SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "portal/my_menu.html")]
struct MyMenu {
    shell: Shell,
    institution_code: String,
    institution_name: String,
    role: &'static str,
    account: PortalAccount,
    /// With the one key lost, nobody gets in any more.
    one_key_only: bool,
    /// Certificates whose end is near or past.
    ending: Vec<CertificateWarning>,
    mine: Vec<MyApplication>,
    letters: Vec<MyLetter>,
    /// Nobody made sure yet that the account is of the institution.
    unproven: bool,
}

/// What an institution does whose void letter has another in its place.
const ANOTHER_FOLLOWS: &str =
    "新しい通知書を簡易書留でお送りします。この通知書が届いても、使わずに破棄してください。";

/// A letter on its way, arrived, or void.
struct MyLetter {
    document_number: String,
    terminal_name: String,
    posted: Option<(String, String)>,
    /// That it is void: what happened, and what to do.
    ended: Option<(&'static str, &'static str)>,
    /// Whether it is held: somebody of the operator thinks it is lost.
    held: bool,
}

impl MyLetter {
    fn of(letter: Letter) -> Self {
        let posted = letter.posted_at.zip(letter.tracking_number);
        let another = letter.replaced_by.is_some() || letter.again_since.is_some();
        let ended = letter.ended.map(|end| {
            let remedy = if another { ANOTHER_FOLLOWS } else { end.reason.remedy() };
            (end.reason.sentence(), remedy)
        });
        Self {
            document_number: letter.document_number,
            terminal_name: letter.terminal_name,
            held: letter.void_asked.is_some(),
            ended,
            posted: posted.map(|(at, number)| (format_japanese(tokyo_date(at)), number)),
        }
    }
}

pub(super) async fn page(OnSite(site): OnSite, user: PortalUser) -> Response {
    let code = &user.institution_code;
    let read = async {
        let mine = my_applications(&site.store, code).await?;
        let name = site.store.registered_institution(code).await?;
        let factors = site.store.second_factors(user.subject()).await?;
        let keys = factors.passkeys.len() + usize::from(factors.has_totp());
        let one_key_only = keys < 2 && factors.recovery_codes == 0;
        let ending = warnings(&site.store, code, site.clock.today()).await?;
        let letters = site.store.letters_of(code).await?;
        let unproven = site.store.registrant(code).await?.is_none_or(|one| one.proof.is_none());
        let account = site.store.portal_account(code, user.subject()).await?;
        let account = account.ok_or(store::Error::NotFound { what: "portal account" })?;
        Ok::<_, store::Error>((
            mine,
            name.unwrap_or_default(),
            one_key_only,
            ending,
            letters,
            unproven,
            account,
        ))
    };
    let (mine, institution_name, one_key_only, ending, letters, unproven, account) = match read.await {
        Ok(read) => read,
        Err(error) => return refused::by_store(&error),
    };
    let page = MyMenu {
        shell: Shell::new(&site, "マイメニュー", "/my-menu", Some(&user.signed_in)),
        institution_code: code.to_string(),
        institution_name,
        role: user.role.label(),
        account,
        one_key_only,
        ending,
        mine,
        letters: letters.into_iter().take(LETTERS_SHOWN).map(MyLetter::of).collect(),
        unproven,
    };
    render(StatusCode::OK, &page)
}
