//! The door of a site: TCP or TLS, with a limit on everything a browser can take. Who sends a request is put into its
//! extensions as [`Peer`].

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::listener::accepting::take_connections;
use crate::listener::{HEADER_BYTES_MAX, HTTP2_RESETS_MAX, HTTP2_STREAMS_MAX, ListenerLimits};

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

impl Peer {
    /// The network that attempts are counted for: an IPv4 address, or the 64 bits of an IPv6 address that one customer
    /// has for all his machines.
    #[must_use]
    pub fn network(self) -> String {
        match self.0.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

/// Serves a site until `stop` is cancelled, then lets open requests finish within the drain time. Without `tls` the
/// address must be a loopback one (the configuration is checked for that).
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    routes: Router,
    limits: ListenerLimits,
    stop: CancellationToken,
) {
    let door = Arc::new(Door { tls: tls.map(TlsAcceptor::from), routes, limits, stop: stop.clone() });
    take_connections(listener, limits, stop, |stream, peer, place| {
        let door = Arc::clone(&door);
        async move {
            door.welcome(stream, peer).await;
            drop(place);
        }
    })
    .await;
}

struct Door {
    tls: Option<TlsAcceptor>,
    routes: Router,
    limits: ListenerLimits,
    stop: CancellationToken,
}

impl Door {
    async fn welcome(&self, stream: TcpStream, peer: SocketAddr) {
        let peer = Peer(peer.ip());
        match &self.tls {
            None => self.converse(stream, peer).await,
            Some(tls) => match tokio::time::timeout(self.limits.handshake, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.converse(stream, peer).await,
                _ => metrics::counter!("shikaku_handshakes_failed_total").increment(1),
            },
        }
    }

    async fn converse(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: Peer) {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        // Between requests HTTP/1.1 waits for the next header, so this is the resting time as well.
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header.max(self.limits.idle))
            .max_buf_size(HEADER_BYTES_MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(self.limits.idle)
            .max_concurrent_streams(HTTP2_STREAMS_MAX)
            .max_pending_accept_reset_streams(HTTP2_RESETS_MAX)
            .max_header_list_size(u32::try_from(HEADER_BYTES_MAX).unwrap_or(u32::MAX));
        let routes = self.routes.clone().layer(axum::Extension(peer));
        let service = TowerToHyperService::new(routes);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.stop.cancelled() => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
