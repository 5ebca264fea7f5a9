//! The first page: what waits for this person.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::account::OperatorAction;

use crate::web::signed_in::OnSite;
use crate::web::{OperatorUser, Shell, refused, render};

/// Letters that somebody must do something about.
struct LettersWaiting {
    to_post: usize,
    /// Doubted by one person, or void without another in their place.
    to_look_at: usize,
}

#[derive(Template)]
#[template(path = "operator/home.html")]
struct Page {
    shell: Shell,
    role: &'static str,
    waiting: Option<u64>,
    letters: Option<LettersWaiting>,
    /// Changes of the register that wait for a second person, for who may be that person.
    wishes: Option<usize>,
    keeps_lines: bool,
    publishes: bool,
    reads_history: bool,
    manages_accounts: bool,
    /// With the one key lost, this person does not get in any more.
    one_key_only: bool,
}

pub(super) async fn page(OnSite(site): OnSite, user: OperatorUser) -> Response {
    let factors = match site.store.second_factors(user.subject()).await {
        Ok(factors) => factors,
        Err(error) => return refused::by_store(&error),
    };
    let keys = factors.passkeys.len() + usize::from(factors.has_totp());
    let mut page = Page {
        shell: super::shell(&site, "運営者トップ", "/", &user),
        role: user.role.label(),
        waiting: None,
        letters: None,
        wishes: None,
        keeps_lines: user.role.may(OperatorAction::ManageLines),
        publishes: user.role.may(OperatorAction::PublishNotices),
        reads_history: user.role.may(OperatorAction::ReadHistory),
        manages_accounts: user.role.may(OperatorAction::ManageAccounts),
        one_key_only: keys < 2 && factors.recovery_codes == 0,
    };
    if user.role.may(OperatorAction::ReadApplications) {
        match super::queue::waiting(&site.store).await {
            Ok(waiting) => page.waiting = Some(waiting),
            Err(error) => return refused::by_store(&error),
        }
    }
    if user.role.may(OperatorAction::ManageInstitutions) {
        match site.store.institution_wishes().await {
            Ok(wishes) => page.wishes = Some(wishes.len()),
            Err(error) => return refused::by_store(&error),
        }
    }
    if user.role.may(OperatorAction::CareForLetters) {
        let read = async {
            let (waiting, doubted) =
                (site.store.letters_to_post().await?, site.store.letters_doubted().await?);
            let ended = site.store.letters_ended().await?;
            let open = ended.iter().filter(|letter| super::letter::is_open(letter, site.clock.now())).count();
            Ok::<_, store::Error>(LettersWaiting { to_post: waiting.len(), to_look_at: doubted.len() + open })
        };
        match read.await {
            Ok(letters) => page.letters = Some(letters),
            Err(error) => return refused::by_store(&error),
        }
    }
    render(StatusCode::OK, &page)
}
