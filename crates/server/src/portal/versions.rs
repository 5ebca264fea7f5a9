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
    /// `None` while there is none to be had.
    version: Option<&'static str>,
    /// Where the version in use is found.
    look: &'static str,
}

/// Under the names that 配信実績の確認 has for the parts of a terminal, and what runs in the centre.
const PROGRAMS: &[Program] = &[
    Program {
        name: "連携アプリケーション（資格確認端末ソフトウェア）",
        place: "資格確認端末",
        version: Some(VERSION),
        look: "端末の画面の「端末の状態」",
    },
    Program {
        name: "顔認証付きカードリーダーアプリケーション",
        place: "顔認証付きカードリーダー",
        version: Some(VERSION),
        look: "資格確認端末で shikaku --version",
    },
    Program {
        name: "顔認証ライブラリ",
        place: "顔認証付きカードリーダー",
        version: None,
        look: "カードリーダーの製造元の案内",
    },
    Program {
        name: "配信アプリケーション", place: "資格確認端末", version: None, look: "まだありません"
    },
    Program {
        name: "オンライン資格確認等システム",
        place: "センター",
        version: Some(VERSION),
        look: "このページ（医療機関等での操作はありません）",
    },
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
