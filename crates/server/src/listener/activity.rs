//! What one connection is doing, so that a slow or silent peer can be told from a working one.
//!
//! hyper's own header timeout also runs while a kept-alive connection rests, which would close every
//! resting terminal after ten seconds and make it pay for a new handshake; hence our own watch.

use std::io;
use std::pin::Pin;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// No header has begun.
const RESTING: u64 = u64::MAX;

/// Shared between a connection's stream, its service and its watchdog. Times are milliseconds since opening.
#[derive(Debug)]
pub(crate) struct Activity {
    /// Known from the first request on. HTTP/2 peers send control frames between requests; only their resting time is
    /// limited.
    http2: AtomicBool,
    opened: Instant,
    requests_in_flight: AtomicU32,
    last_request_ended: AtomicU64,
    header_began: AtomicU64,
}

/// How long a connection may rest, and how long a header may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) header: Duration,
    pub(crate) idle: Duration,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        // A connection that says nothing from its beginning is a slow header, not a resting peer.
        Arc::new(Self {
            http2: AtomicBool::new(false),
            opened: Instant::now(),
            requests_in_flight: AtomicU32::new(0),
            last_request_ended: AtomicU64::new(0),
            header_began: AtomicU64::new(0),
        })
    }

    /// A request's header is complete; the guard's end is the request's end.
    pub(crate) fn request(self: &Arc<Self>, http2: bool) -> RequestInFlight {
        self.http2.store(http2, Ordering::SeqCst);
        self.requests_in_flight.fetch_add(1, Ordering::SeqCst);
        self.header_began.store(RESTING, Ordering::SeqCst);
        RequestInFlight(Arc::clone(self))
    }

    /// Ends when the connection has outstayed its welcome.
    pub(crate) async fn outstayed(&self, patience: Patience) {
        loop {
            let deadline = self.deadline(patience);
            if Instant::now() >= deadline {
                return;
            }
            tokio::time::sleep_until(deadline).await;
        }
    }

    fn deadline(&self, patience: Patience) -> Instant {
        if self.requests_in_flight.load(Ordering::SeqCst) > 0 {
            return Instant::now() + patience.header.min(patience.idle);
        }
        let rested = self.opened
            + Duration::from_millis(self.last_request_ended.load(Ordering::SeqCst))
            + patience.idle;
        match self.header_began.load(Ordering::SeqCst) {
            RESTING => rested.min(Instant::now() + patience.header),
            began => rested.min(self.opened + Duration::from_millis(began) + patience.header),
        }
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(RESTING - 1)
    }

    fn bytes_arrived(&self) {
        if !self.http2.load(Ordering::Relaxed)
            && self.requests_in_flight.load(Ordering::Relaxed) == 0
            && self.header_began.load(Ordering::Relaxed) == RESTING
        {
            self.header_began.store(self.elapsed(), Ordering::SeqCst);
        }
    }
}

/// While it lives, a request is being answered.
#[derive(Debug)]
pub(crate) struct RequestInFlight(Arc<Activity>);

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        self.0.last_request_ended.store(self.0.elapsed(), Ordering::SeqCst);
        self.0.requests_in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A stream that reports arriving bytes to its connection's [`Activity`].
#[derive(Debug)]
pub(crate) struct WatchedStream<S> {
    pub(crate) stream: S,
    pub(crate) activity: Arc<Activity>,
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.activity.bytes_arrived();
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, data)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, data)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
