//! アプリケーションバージョン情報: the programs of the house and their newest versions.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::web::signed_in::{OnSite, Visitor};
use crate::web::{Shell, render};

/// All programs are one workspace and have one version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

struct Program {
    name: &'static str,
    place: &'static str,
    version: &'static str,
}

const PROGRAMS: &[Program] = &[
    Program { name: "資格確認端末ソフトウェア", place: "資格確認端末", version: VERSION },
    Program {
        name: "顔認証付きカードリーダー受付ソフトウェア", place: "資格確認端末", version: VERSION
    },
    Program { name: "オンライン資格確認等システム", place: "センター", version: VERSION },
];

#[derive(Template)]
#[template(path = "portal/versions.html")]
struct Versions {
    shell: Shell,
    programs: &'static [Program],
}

pub(super) async fn page(OnSite(site): OnSite, Visitor(visitor): Visitor) -> Response {
    let shell = Shell::new(&site, "アプリケーションバージョン情報", "/versions", visitor.as_ref());
    render(StatusCode::OK, &Versions { shell, programs: PROGRAMS })
}
