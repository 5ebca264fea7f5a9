//! The loop that takes connections, for every listener: how many at once, of one network, and how they end.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::ListenerLimits;
use crate::web::door::Peer;

/// Pause after an accept error such as too many open files.
const ACCEPT_ERROR_PAUSE: Duration = Duration::from_millis(50);

/// Takes connections until `stop` is cancelled, then lets those that are open finish within the drain time. Each
/// holds one of `limits.connections` places, and one of its network's, until `welcome` is done with it.
pub(crate) async fn take_connections<W, F>(
    listener: TcpListener,
    limits: ListenerLimits,
    stop: CancellationToken,
    welcome: W,
) where
    W: Fn(TcpStream, SocketAddr) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(limits.connections));
    let networks = limits.network_connections.map(|limit| Arc::new(Networks::new(limit)));
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(ACCEPT_ERROR_PAUSE).await;
            continue;
        };
        // Over a limit the connection is closed at once: a queue here would only hide the overload.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            metrics::counter!("shikaku_connections_refused_total", "why" => "all").increment(1);
            continue;
        };
        let of_network = match &networks {
            None => None,
            Some(networks) => match networks.enter(Peer(peer.ip())) {
                Some(place) => Some(place),
                None => {
                    metrics::counter!("shikaku_connections_refused_total", "why" => "network").increment(1);
                    continue;
                }
            },
        };
        // Answers are small and wait for nothing.
        let _ = stream.set_nodelay(true);
        let (served, cut) = (welcome(stream, peer), cut.clone());
        connections.spawn(async move {
            cut.run_until_cancelled_owned(served).await;
            drop((place, of_network));
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections cut at the end of the drain time");
        cut.cancel();
    }
}

/// How many connections each network has open; a network that has none is forgotten.
struct Networks {
    limit: u32,
    open: Mutex<HashMap<String, u32>>,
}

/// A place among a network's connections; given back when dropped.
struct NetworkPlace {
    networks: Arc<Networks>,
    network: String,
}

impl Networks {
    fn new(limit: u32) -> Self {
        Self { limit, open: Mutex::default() }
    }

    fn enter(self: &Arc<Self>, peer: Peer) -> Option<NetworkPlace> {
        let network = peer.network();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(network.clone()).or_insert(0);
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(NetworkPlace { networks: Arc::clone(self), network })
    }
}

impl Drop for NetworkPlace {
    fn drop(&mut self) {
        let mut open = self.networks.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = open.entry(std::mem::take(&mut self.network)) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn peer(address: &str) -> Peer {
        Peer(address.parse::<IpAddr>().expect("an address"))
    }

    #[test]
    fn a_network_has_its_places_whatever_address_of_it_asks_and_is_forgotten_without_any() {
        let networks = Arc::new(Networks::new(2));
        let first = networks.enter(peer("2001:db8:1:2::1"));
        let second = networks.enter(peer("2001:db8:1:2:ffff::9"));
        assert!(first.is_some() && second.is_some());
        assert!(networks.enter(peer("2001:db8:1:2::3")).is_none());
        assert!(networks.enter(peer("2001:db8:1:3::1")).is_some());
        let v4 = [networks.enter(peer("192.0.2.1")), networks.enter(peer("::ffff:192.0.2.1"))];
        assert!(v4.iter().all(Option::is_some) && networks.enter(peer("192.0.2.1")).is_none());
        drop(first);
        assert!(networks.enter(peer("2001:db8:1:2::3")).is_some());
        drop((second, v4));
        assert!(networks.open.lock().expect("not poisoned").is_empty());
    }
}
