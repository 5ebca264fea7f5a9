//! The new institution's line, for its browser. Terminals choose the address they connect from; browsers do not, so:
//!
//! * on the line's own address a router passes TLS connections on as they are, for a browser that is told to look for
//!   `www.lineauth.mnw` there, as at an institution: on the port of `https://` where this system lets it, so that the
//!   address is the one the procedures tell, and on the demo's own port everywhere;
//! * on this machine's usual address a door shows the same page without that, for whoever just tries the demo.
//!
//! Both reach the centre from the line's address.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use reqwest::{Certificate, Client};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

use super::{NEW_LINE, Town, settings::LINE_NAME};
use crate::{
    demo::{landing::guard::Own, ports::Ports},
    folder::DataFolder,
};

/// The port of `https://`, which nobody types.
const HTTPS_PORT: u16 = 443;
/// Largest form, bytes.
const FORM_BYTES_MAX: usize = 4 * 1024;
/// What of an answer a browser gets.
const HEADERS: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::LOCATION,
    header::CACHE_CONTROL,
    header::CONTENT_SECURITY_POLICY,
    header::X_CONTENT_TYPE_OPTIONS,
    header::REFERRER_POLICY,
];

struct Door {
    client: Client,
    centre: SocketAddr,
}

/// Opens both; says whether the router has the port of `https://`.
pub(crate) async fn open(town: &Town, folder: &DataFolder, ports: Ports) -> Result<bool> {
    let centre = ports.line_authentication();
    match TcpListener::bind(ports.new_line()).await {
        Ok(listener) => town.spawn(route(listener, centre, town.stop())),
        // Not every system gives this machine the whole of 127.0.0.0/8.
        Err(error) => tracing::warn!(%error, "the new institution's line has no address of its own here"),
    }
    let without_port = TcpListener::bind((NEW_LINE, HTTPS_PORT)).await;
    let has_https_port = without_port.is_ok();
    match without_port {
        Ok(listener) => town.spawn(route(listener, centre, town.stop())),
        // Few may take it, and another demo may have it: the pages then tell the demo's own port.
        Err(error) => tracing::debug!(%error, "the new institution's line has no port of https here"),
    }
    let root = std::fs::read(folder.authority().join(pki::authority::ROOT_CERTIFICATE_FILE))?;
    let client = Client::builder()
        .no_proxy()
        .http1_only()
        .local_address(NEW_LINE)
        .tls_certs_only([Certificate::from_pem(&root)?])
        .redirect(reqwest::redirect::Policy::none())
        .resolve(LINE_NAME, centre)
        .build()?;
    let listener = TcpListener::bind(ports.line_door()).await.context("the door to the new line")?;
    let own = Own::of(listener.local_addr()?);
    let routes = Router::new()
        .fallback(pass)
        .with_state(Arc::new(Door { client, centre }))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(axum::middleware::from_fn_with_state(own, crate::demo::landing::guard::only_ourselves));
    let stop = town.stop();
    town.spawn(async move {
        let served = axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "the door to the new line ended");
        }
    });
    Ok(has_https_port)
}

async fn route(listener: TcpListener, centre: SocketAddr, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((mut browser, _)) = accepted else { continue };
        let stop = stop.clone();
        tokio::spawn(async move {
            let passed = async {
                let mut onward = connect(centre).await?;
                tokio::io::copy_bidirectional(&mut browser, &mut onward).await
            };
            tokio::select! {
                () = stop.cancelled() => {}
                passed = passed => if let Err(error) = passed {
                    tracing::debug!(%error, "a connection over the new line broke off");
                }
            }
        });
    }
}

/// From the line's address.
async fn connect(centre: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(NEW_LINE, 0))?;
    socket.connect(centre).await
}

async fn pass(State(door): State<Arc<Door>>, request: Request) -> Response {
    match door.ask(request).await {
        Ok(response) => response,
        Err(error) => {
            tracing::warn!(%error, "the page of line authentication was not reached");
            (StatusCode::BAD_GATEWAY, "ネットワークエラー\n").into_response()
        }
    }
}

impl Door {
    async fn ask(&self, request: Request) -> Result<Response> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("https://{LINE_NAME}:{}{path}", self.centre.port());
        let mut ask = self.client.request(parts.method.clone(), url).header(header::HOST, LINE_NAME);
        if parts.method == Method::POST {
            let body: Bytes = axum::body::to_bytes(body, FORM_BYTES_MAX).await?;
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            ask = ask.header(header::CONTENT_TYPE, form).body(body);
            // The guard let in this page's own form only; the site is told that it is its own, which it is.
            ask = ask.header(header::ORIGIN, format!("https://{LINE_NAME}"));
        }
        let answer = ask.send().await?;
        let mut response = StatusCode::from_u16(answer.status().as_u16())?.into_response();
        for name in HEADERS {
            if let Some(value) = answer.headers().get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        *response.body_mut() = axum::body::Body::from(answer.bytes().await?);
        Ok(response)
    }
}
