//! The institution web: what people of an institution open in a browser, over the terminal's gateway or with the
//! certificate imported. Who they are is the connection's client certificate; no form and no header can change it.
//!
//! * [`door`]: looks at the certificate's standing for every request, as the terminal API does;
//! * [`entry`]: 初期画面 and, where the certificate may not be used, what is wrong with it and what to do.
//!
//! 電子証明書更新申請サイト is mounted here ([`crate::ca::renewal`]).

mod door;
mod entry;

use std::sync::Arc;

use axum::Router;
use store::Store;

pub use door::InstitutionDoor;

use crate::ca::{Desk, renewal};
use crate::clock::Clock;
use crate::web::{MenuEntry, Site};

/// What the site is called.
pub const SITE_NAME: &str = "オンライン資格確認等システム";

const MENU: &[MenuEntry] = &[MenuEntry { href: "/", label: entry::TITLE, signed_in_only: false }];
const MENU_WITH_RENEWAL: &[MenuEntry] = &[
    MenuEntry { href: "/", label: entry::TITLE, signed_in_only: false },
    MenuEntry { href: renewal::PATH, label: renewal::SITE_NAME, signed_in_only: false },
];

/// The site under `origin`, to be served by an [`InstitutionDoor`]. With a desk, certificates are renewed on it.
pub fn site(origin: String, store: Store, clock: Clock, desk: Option<Arc<Desk>>) -> (Arc<Site>, Router) {
    let site = Arc::new(Site {
        name: SITE_NAME,
        audience: None,
        origin,
        other_origins: Vec::new(),
        sign_in: "/",
        home: "/",
        menu: if desk.is_some() { MENU_WITH_RENEWAL } else { MENU },
        store,
        clock,
    });
    let mut routes = entry::pages(desk.is_some());
    if let Some(desk) = desk {
        routes = routes.merge(renewal::pages(desk));
    }
    let furnished = site.furnish(routes);
    (site, furnished)
}
