//! The institution web: what people of an institution open in a browser, over the terminal's gateway or with the
//! certificate imported. Who they are is the connection's client certificate; no form and no header can change it.
//!
//! * [`door`]: looks at the certificate's standing for every request, as the terminal API does;
//! * [`entry`]: 初期画面 and, where the certificate may not be used, what is wrong with it and what to do;
//! * [`user`]: who is signed in, what the account may do, and the record of what it may not;
//! * [`menu`]: [メニュー] and the frame of every page behind it;
//! * `sign_in`, `password`, `passkeys`: ログイン, one session at a time, a password of one's own;
//! * `accounts`, `master_reset`: アカウント管理, マスタアカウントリセット;
//! * `bulk`: 一括照会, 委託先資格情報: files with many rows ([`crate::bulk`] works on them);
//! * `confirm`: 確認メッセージ; `days`: days as all of these pages say them; `coverage_table`: coverages in tables;
//! * `passcode`, `settings`, `home_visit_url`, `activation`: what administrators manage ([`crate::facility`]);
//! * `consents`: 訪問診療等・オンライン診療等, 医療情報閲覧: under consents that are kept;
//! * `readers`: 顔認証付きカードリーダー操作;
//! * `notices`, `history`: お知らせ, 操作履歴;
//! * [`help`]: what each screen is for, and what each code means;
//! * [`number_check`], `check_result`, `reference_number`: 資格確認 by number, its result, 照会番号登録.
//!
//! 電子証明書更新申請サイト is mounted here ([`crate::ca::renewal`]).

pub mod accounts;
mod activation;
mod bulk;
mod check_result;
mod confirm;
mod consents;
mod coverage_table;
mod days;
mod door;
mod entry;
pub mod help;
mod history;
mod home_visit_url;
mod master_reset;
pub mod menu;
mod notices;
pub mod number_check;
mod passcode;
mod passkeys;
mod password;
mod readers;
mod reference_number;
mod settings;
mod sign_in;
pub mod user;

use std::sync::Arc;

use axum::routing::get;
use axum::{Extension, Router};
use store::Audience;

pub use door::InstitutionDoor;
pub(crate) use sign_in::password_places;
pub use user::InstitutionUser;

use crate::ca::renewal;
use crate::config::Environment;
use crate::terminal_api::Api;
use crate::web::password::Passwords;
use crate::web::{MenuEntry, Site};

/// What the site is called.
pub const SITE_NAME: &str = "オンライン資格確認等システム";

const MENU: &[MenuEntry] = &[MenuEntry::open("/", entry::TITLE)];
const MENU_WITH_RENEWAL: &[MenuEntry] =
    &[MenuEntry::open("/", entry::TITLE), MenuEntry::open(renewal::PATH, renewal::SITE_NAME)];

/// The site under `origin`, to be served by an [`InstitutionDoor`]. What is checked on it is checked by `api`; with
/// its desk, certificates are renewed here.
pub fn site(
    origin: String,
    environment: Environment,
    api: Arc<Api>,
    passwords: Passwords,
) -> (Arc<Site>, Router) {
    let desk = api.authority.clone();
    let site = Arc::new(Site {
        name: SITE_NAME,
        audience: Some(Audience::Institution),
        origin,
        other_origins: Vec::new(),
        sign_in: "/login",
        home: menu::PATH,
        menu: if desk.is_some() { MENU_WITH_RENEWAL } else { MENU },
        store: api.store.clone(),
        clock: api.clock.clone(),
    });
    let mut routes = entry::pages(desk.is_some()).layer(Extension(environment)).merge(pages());
    if let Some(desk) = desk {
        routes = routes.merge(renewal::pages(desk));
    }
    let facility = Extension(Arc::clone(&api.facility));
    let furnished = site.furnish(routes.layer(facility).layer(Extension(passwords)).layer(Extension(api)));
    (site, furnished)
}

/// The pages of who is signed in.
fn pages() -> Router {
    Router::new()
        .route(menu::PATH, get(menu::page))
        .merge(sign_in::pages())
        .merge(password::pages())
        .merge(passkeys::pages())
        .merge(accounts::pages())
        .merge(master_reset::pages())
        .merge(number_check::pages())
        .merge(check_result::pages())
        .merge(reference_number::pages())
        .merge(consents::pages())
        .merge(passcode::pages())
        .merge(settings::pages())
        .merge(home_visit_url::pages())
        .merge(activation::pages())
        .merge(bulk::pages())
        .merge(help::pages())
        .merge(readers::pages())
        .merge(notices::pages())
        .merge(history::pages())
}
