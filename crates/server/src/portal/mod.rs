//! 医療機関等向け総合ポータルサイト: where institutions sign up, apply, and see what became of it.
//!
//! One file per page or procedure. Signing in is [`crate::web::sign_in`]'s; applications are [`applications`]'.

pub mod applications;
mod confirm;
mod entry;
pub mod manual;
mod my_menu;
mod news;
mod password_reset;
mod register;
mod registration;
mod versions;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::web::sign_in::{self, SignInDesk};
use crate::web::{MenuEntry, Site};
use applications::SheetMaker;

/// What the site is called.
pub const NAME: &str = "医療機関等向け総合ポータルサイト";

/// The menu.
pub const MENU: &[MenuEntry] = &[
    MenuEntry::signed_in("/my-menu", "マイメニュー"),
    MenuEntry::signed_in("/applications", "各種申請"),
    MenuEntry::open("/notices", "お知らせ"),
    MenuEntry::open("/manual", "手順書"),
    MenuEntry::open("/versions", "アプリケーションバージョン情報"),
    MenuEntry::signed_in("/security", "アカウントの安全設定"),
];

/// Links under the form for signing in.
pub const SIGN_IN_LINKS: &[(&str, &str)] =
    &[("/password-reset", "パスワードをお忘れの方"), ("/register", "新規ユーザー登録")];

/// The whole site, ready to be let in by [`crate::web::door`].
pub fn site(desk: &Arc<SignInDesk>, sheets: Option<Arc<SheetMaker>>) -> Router {
    let site: &Arc<Site> = &desk.site;
    let own = Router::new()
        .route("/register", get(register::page).post(register::typed))
        .route("/confirm", get(confirm::page).post(confirm::confirm))
        .route("/password-reset", get(password_reset::page).post(password_reset::asked))
        .route("/password-reset/new", get(password_reset::new_page).post(password_reset::set))
        .route("/registration", get(registration::page))
        .route("/registration/contact", post(registration::contact))
        .route("/registration/mail", post(registration::mail::asked))
        .route("/registration/mail/cancel", post(registration::mail::dropped))
        .route(
            "/registration/mail/confirm",
            get(registration::mail::confirm_page).post(registration::mail::confirm),
        )
        .with_state(Arc::clone(desk))
        .route("/", get(entry::page))
        .route("/my-menu", get(my_menu::page))
        .route("/notices", get(news::page))
        .route("/notices/{id}", get(news::one))
        .route("/manual", get(manual::index))
        .route("/manual/{slug}", get(manual::page))
        .route("/manual/pictures/{file}", get(manual::picture))
        .route("/versions", get(versions::page));
    site.furnish(own.merge(sign_in::routes(Arc::clone(desk))).merge(applications::routes(sheets)))
}
