//! The door for terminals: mutual TLS, one identity per connection, and a limit on everything a peer can
//! take: connections, time, bytes, concurrent requests.
//!
//! The identity comes from the client certificate alone. No header can add to it or change it, because no
//! code here or behind it reads one for that purpose.

pub(crate) mod accepting;
mod activity;
pub(crate) mod conversation;
mod expired;
pub mod identity;
pub(crate) mod open_files;
pub mod terminals;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use conversation::Speech;
use identity::{AskingTerminal, IdentityError};
use terminals::TerminalSlot;

use crate::web::door::Peer;

/// HTTP/2 streams one connection may have open.
pub const HTTP2_STREAMS_MAX: u32 = 100;
/// Streams a peer may reset before we have answered them (rapid reset).
pub const HTTP2_RESETS_MAX: usize = 20;
/// Bytes of headers a request may have.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// Time for telling a terminal that it has too many connections open.
const TURNING_AWAY_TIME: Duration = Duration::from_secs(1);

/// What a peer may take.
#[derive(Clone, Copy, Debug)]
pub struct ListenerLimits {
    /// Connections open at once.
    pub connections: usize,
    /// Connections open at once of one network: an IPv4 address, the /64 of an IPv6 address. `None`: as many as of all.
    pub network_connections: Option<u32>,
    /// Connections open at once of one terminal certificate.
    pub terminal_connections: u32,
    /// Time for the TLS handshake.
    pub handshake: Duration,
    /// Time for a request's header.
    pub header: Duration,
    /// Time for a request's body, where the door itself looks at it: at the sites.
    pub body: Duration,
    /// Time a connection may rest between requests.
    pub idle: Duration,
    /// Time open requests get to finish at shutdown.
    pub drain: Duration,
}

/// Answers for the door: who may come in, and what they get.
pub trait Gatekeeper: Send + Sync + 'static {
    /// The slot of a terminal that just connected, with its standing read.
    fn connected(&self, identity: AskingTerminal) -> impl Future<Output = Arc<TerminalSlot>> + Send;

    /// Answers one request of that terminal, or refuses it. `peer` is where it comes from; no header can change it.
    fn answer(
        &self,
        terminal: &Arc<TerminalSlot>,
        peer: Peer,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Body>> + Send;

    /// Answers a request on a connection that is one too many for its terminal.
    fn crowded(&self) -> Response<Body>;

    /// A verified client certificate names no terminal.
    fn nameless(&self, peer: SocketAddr, error: &IdentityError);
}

/// Serves until `stop` is cancelled, then lets open requests finish within the drain time.
pub async fn serve<G: Gatekeeper>(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    gatekeeper: Arc<G>,
    limits: ListenerLimits,
    stop: CancellationToken,
) {
    let door = Arc::new(Door { tls: TlsAcceptor::from(tls), gatekeeper, limits, stop: stop.clone() });
    accepting::take_connections(listener, limits, stop, |stream, peer| {
        Arc::clone(&door).welcome(stream, peer)
    })
    .await;
}

struct Door<G> {
    tls: TlsAcceptor,
    gatekeeper: Arc<G>,
    limits: ListenerLimits,
    stop: CancellationToken,
}

impl<G: Gatekeeper> Door<G> {
    async fn welcome(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        let handshake = tokio::time::timeout(self.limits.handshake, self.tls.accept(stream));
        let Ok(Ok(stream)) = handshake.await else {
            metrics::counter!("shikaku_handshakes_failed_total").increment(1);
            return;
        };
        let identity = match peer_identity(&stream) {
            Ok(identity) => identity,
            Err(error) => return self.gatekeeper.nameless(peer, &error),
        };
        let terminal = self.gatekeeper.connected(identity).await;
        let Some(_connection) = terminal.connect(self.limits.terminal_connections) else {
            metrics::counter!("shikaku_terminal_connections_refused_total").increment(1);
            return self.turn_away(stream).await;
        };
        self.converse(stream, terminal, Peer(peer.ip())).await;
    }

    /// Tells the peer why it cannot stay, if it asks anything soon, and closes.
    async fn turn_away(self: Arc<Self>, stream: TlsStream<TcpStream>) {
        let told = CancellationToken::new();
        let (door, answered) = (Arc::clone(&self), told.clone());
        let service = hyper::service::service_fn(move |_: Request<Incoming>| {
            let response = door.gatekeeper.crowded();
            answered.cancel();
            std::future::ready(Ok::<_, std::convert::Infallible>(response))
        });
        let builder = speech(&stream).builder();
        let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
        let farewell = async {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = told.cancelled() => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        };
        let _ = tokio::time::timeout(TURNING_AWAY_TIME, farewell).await;
    }

    async fn converse(
        self: Arc<Self>,
        stream: TlsStream<TcpStream>,
        terminal: Arc<TerminalSlot>,
        peer: Peer,
    ) {
        let (door, speech) = (Arc::clone(&self), speech(&stream));
        let answer = move |request| {
            let (door, terminal) = (Arc::clone(&door), Arc::clone(&terminal));
            async move { door.gatekeeper.answer(&terminal, peer, request).await }
        };
        conversation::converse(stream, speech, &self.limits, &self.stop, answer).await;
    }
}

fn speech(stream: &TlsStream<TcpStream>) -> Speech {
    Speech::Agreed { http2: stream.get_ref().1.alpn_protocol() == Some(b"h2") }
}

fn peer_identity(stream: &TlsStream<TcpStream>) -> Result<AskingTerminal, IdentityError> {
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    AskingTerminal::from_certificate(certificates.first().map_or(&[], |leaf| leaf))
}
