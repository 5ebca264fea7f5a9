//! The loop that takes connections, for every listener: how many at once, and how they end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::ListenerLimits;

/// Pause after an accept error such as too many open files.
const ACCEPT_ERROR_PAUSE: Duration = Duration::from_millis(50);

/// Takes connections until `stop` is cancelled, then lets those that are open finish within the drain time. Each
/// holds one of `limits.connections` places as long as `welcome` keeps the permit.
pub(crate) async fn take_connections<W, F>(
    listener: TcpListener,
    limits: ListenerLimits,
    stop: CancellationToken,
    welcome: W,
) where
    W: Fn(TcpStream, SocketAddr, OwnedSemaphorePermit) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(ACCEPT_ERROR_PAUSE).await;
            continue;
        };
        // Over the limit the connection is closed at once: a queue here would only hide the overload.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            metrics::counter!("shikaku_connections_refused_total").increment(1);
            continue;
        };
        // Answers are small and wait for nothing.
        let _ = stream.set_nodelay(true);
        connections.spawn(welcome(stream, peer, place));
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections cut at the end of the drain time");
    }
}
