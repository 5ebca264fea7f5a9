//! 医療機関マスタ: the register of institutions. One person adds an entry; changing one or taking it out of use takes
//! two people, because letters go to the address in it and the operator calls the number in it.

mod change;
mod list;
mod view;

use axum::Router;
use axum::routing::{get, post};

pub(super) use view::address_line;

/// Where the register begins.
pub(super) const PATH: &str = "/institutions";
/// What it is called.
pub(super) const TITLE: &str = "医療機関マスタ";

/// The routes.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/institutions", get(list::page).post(change::add))
        .route("/institutions/new", get(change::new))
        .route("/institutions/{institution}", get(view::page))
        .route("/institutions/{institution}/change", get(change::form).post(change::ask))
        .route("/institutions/{institution}/close", post(change::close))
        .route("/institutions/{institution}/decide", post(change::decide))
}
