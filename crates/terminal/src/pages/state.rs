//! 端末の状態: certificate, centre and drop folder at a glance.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    certificate::Band,
    frame::{Frame, HOME, as_here, render},
};
use crate::{
    certificate::{CertificateView, Situation},
    drop::left_alone,
    gateway::Gateway,
    status::StatusReport,
};

#[derive(Template)]
#[template(path = "state.html")]
struct StatePage {
    frame: Frame,
    band: Band,
    view: CertificateView,
    status: StatusReport,
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

pub(super) async fn show(State(gateway): State<Arc<Gateway>>) -> Response {
    let view = view_here(&gateway);
    let root = gateway.care.config().drop.root.clone();
    // A share may take its time.
    let left_alone = tokio::task::spawn_blocking(move || left_alone(&root)).await.unwrap_or_default();
    let page = StatePage {
        frame: Frame::new(&gateway, "端末の状態", HOME),
        band: Band::of(&view),
        status: gateway.status.report(),
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
