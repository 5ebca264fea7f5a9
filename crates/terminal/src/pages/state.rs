//! 端末の状態: certificate, centre and drop folder at a glance.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use eligibility::{calendar::format_both, errors::ErrorCode};
use jiff::civil::DateTime;

use super::{
    certificate::Band,
    frame::{Frame, HOME, as_here, render},
};
use crate::{
    certificate::{CertificateView, Situation},
    drop::left_alone,
    gateway::Gateway,
    reader_link::ReaderSight,
    status::StatusReport,
};

/// The card reader, with what to do on this machine.
struct ReaderHere {
    sight: ReaderSight,
    remedy: String,
    /// What the code of its trouble means.
    what: Option<&'static str>,
    /// When its program was heard last.
    heard: Option<String>,
}

#[derive(Template)]
#[template(path = "state.html")]
struct StatePage {
    frame: Frame,
    band: Band,
    view: CertificateView,
    status: StatusReport,
    reader: ReaderHere,
    drop_root: String,
    /// Files in `req` whose names are no requests.
    left_alone: usize,
    /// 環境設定情報 that act here, and their version.
    settings: Vec<(&'static str, &'static str)>,
    /// Whether the steps of a network trouble stand on the page.
    network: bool,
    /// Of this program.
    version: &'static str,
}

/// The certificate's state, in words that fit this machine.
pub(super) fn view_here(gateway: &Gateway) -> CertificateView {
    let view = gateway.care.view();
    CertificateView { remedy: as_here(gateway, &view.remedy), ..view }
}

/// The card reader as it stands, in words that fit this machine.
fn reader_here(gateway: &Gateway) -> ReaderHere {
    let sight = gateway.reader.sight(gateway.status.settings().usual_reader_mode());
    ReaderHere {
        remedy: as_here(gateway, sight.look.remedy),
        what: sight.code.as_deref().and_then(ErrorCode::from_code).map(ErrorCode::message),
        heard: sight.heard_at.map(told),
        sight,
    }
}

/// A moment as people read it: the day in both calendars, and the time to the second.
fn told(at: DateTime) -> String {
    let time = at.time();
    format!("{} {:02}:{:02}:{:02}", format_both(at.date()), time.hour(), time.minute(), time.second())
}

pub(super) async fn show(State(gateway): State<Arc<Gateway>>) -> Response {
    let view = view_here(&gateway);
    let root = gateway.care.config().drop.root.clone();
    // A share may take its time.
    let left_alone = tokio::task::spawn_blocking(move || left_alone(&root)).await.unwrap_or_default();
    let page = StatePage {
        frame: Frame::new(&gateway, "端末の状態", HOME),
        band: Band::of(&view),
        status: gateway.status.report(),
        reader: reader_here(&gateway),
        left_alone,
        settings: gateway.status.settings().shown(),
        drop_root: gateway.care.config().drop.root.display().to_string(),
        network: matches!(view.situation, Situation::CentreUnreachable | Situation::LineNotConnected),
        view,
        version: env!("CARGO_PKG_VERSION"),
    };
    render(StatusCode::OK, &page)
}

/// 「もう一度確認する」: asks the centre now.
pub(super) async fn ask_again(State(gateway): State<Arc<Gateway>>) -> Response {
    gateway.care.ask().await;
    Redirect::to(HOME).into_response()
}
