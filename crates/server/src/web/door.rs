//! The door of a site: TCP or TLS, with a limit on everything a browser can take. Who sends a request is put into its
//! extensions as [`Peer`].

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use eligibility::account::{Bucket, NEIGHBOURHOOD_V6_BITS, NETWORK_V6_BITS};
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use store::AttemptPlace;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::secret_token::sha256;
use crate::listener::ListenerLimits;
use crate::listener::accepting::take_connections;
use crate::listener::conversation::{BodyInTime, Speech, converse};

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
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/{NETWORK_V6_BITS}")
            }
        }
    }

    /// The wider network that attempts are counted for besides: what a carrier gives one customer of IPv6 at most. `None`
    /// for IPv4, where a customer has single addresses.
    #[must_use]
    pub fn neighbourhood(self) -> Option<String> {
        match self.0.to_canonical() {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                Some(format!("{a:x}:{b:x}:{c:x}::/{NEIGHBOURHOOD_V6_BITS}"))
            }
        }
    }

    /// Every place that an attempt at `what` of this peer is counted in on account of where it comes from. Only hashes
    /// of the networks are kept.
    #[must_use]
    pub fn places(self, what: &str) -> Vec<AttemptPlace> {
        let place = |network: String, bucket| {
            let key = format!("{what}:{}", hex::encode(&sha256(network.as_bytes())[..16]));
            AttemptPlace { key, bucket }
        };
        let wider = self.neighbourhood().map(|network| place(network, Bucket::Neighbourhood));
        std::iter::once(place(self.network(), Bucket::Terminal)).chain(wider).collect()
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
    take_connections(listener, limits, stop, |stream, peer| {
        let door = Arc::clone(&door);
        async move { door.welcome(stream, peer).await }
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
        let routes = TowerToHyperService::new(self.routes.clone().layer(axum::Extension(peer)));
        let body_time = self.limits.body;
        let answer = move |request: Request<Incoming>| {
            let answered = routes.call(request.map(|body| BodyInTime::within(body_time, body)));
            async move {
                match answered.await {
                    Ok(response) => response,
                    Err(never) => match never {},
                }
            }
        };
        converse(stream, Speech::Either, &self.limits, &self.stop, answer).await;
    }
}
