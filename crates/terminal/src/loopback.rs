//! Serving this machine's own programs: how many connections at once, and a time for everything a peer can hold back,
//! so that no program, and no page in a browser, shuts a door by saying nothing or little.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    BoxError, Router,
    body::{Body, Bytes},
    extract::Request,
};
use hyper::{
    body::{Body as _, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::Service as _,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{Instant, Sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections of one door at once.
pub(crate) const CONNECTIONS_MAX: usize = 256;
/// Bytes of headers a request may have.
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Pause after an accept error such as too many open files.
const ACCEPT_ERROR_PAUSE: Duration = Duration::from_millis(50);

/// Listens where a setting says, or tells what stands in the way.
pub(crate) async fn listen(setting: &str, address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = match error.kind() {
            io::ErrorKind::AddrInUse => "another program has it: end that one",
            _ => "this machine does not give it out",
        };
        let text =
            format!("cannot listen on {address} ({error}); {remedy}, or write another address as {setting}");
        io::Error::new(error.kind(), text)
    })
}

/// How long a peer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For a header, from the end of the request before it: so this is also how long a connection may rest.
    pub(crate) header: Duration,
    /// For a whole body.
    pub(crate) body: Duration,
    /// Without taking anything of an answer that waits to be taken.
    pub(crate) taking: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let time = Duration::from_secs(30);
        Self { header: time, body: time, taking: time }
    }
}

/// Serves until `stop`, then lets requests in flight come to their end. HTTP/1.1 only: browsers and the reader's
/// software speak nothing else without TLS.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    patience: Patience,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(ACCEPT_ERROR_PAUSE).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let talk = converse(stream, router.clone(), patience, stop.clone());
        connections.spawn(async move {
            talk.await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn converse(stream: TcpStream, router: Router, patience: Patience, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let routes = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        routes.call(request.map(|body| BodyInTime::within(patience.body, body)))
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience.header).max_buf_size(HEADER_BYTES_MAX);
    let stream = TokioIo::new(Taken { stream, patience: patience.taking, waits: None });
    let mut connection = std::pin::pin!(builder.serve_connection(stream, service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// A request's body that breaks off when it is not whole in time: a trickle of bytes gains none.
struct BodyInTime {
    body: Incoming,
    time: Pin<Box<Sleep>>,
}

impl BodyInTime {
    fn within(time: Duration, body: Incoming) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        Body::new(Self { body, time: Box::pin(tokio::time::sleep(time)) })
    }
}

impl hyper::body::Body for BodyInTime {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.time.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err("the body did not arrive in time".into())));
        }
        Pin::new(&mut self.body).poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream whose peer must go on taking what is written to it.
struct Taken {
    stream: TcpStream,
    patience: Duration,
    /// Runs while a write waits for the peer.
    waits: Option<Pin<Box<Sleep>>>,
}

impl Taken {
    /// Passes a write's outcome on; a wait that lasts too long is its failure.
    fn judge<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waits = None;
            return written;
        }
        let patience = self.patience;
        let waits =
            self.waits.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + patience)));
        match waits.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Taken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Taken {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, data);
        self.judge(cx, written)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if flushed.is_ready() { flushed } else { self.judge(cx, flushed) }
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, data);
        self.judge(cx, written)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::{body::to_bytes, http::StatusCode, routing::any};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Long enough for a busy machine to bring what is not held back on purpose.
    const SHORT: Duration = Duration::from_secs(2);
    /// More than the buffers between two sockets of one machine hold.
    const LARGE: usize = 64 * 1024 * 1024;

    async fn door(stop: CancellationToken) -> (SocketAddr, tokio::task::JoinHandle<()>) {
        let read = |request: Request| async {
            match to_bytes(request.into_body(), 1024).await {
                Ok(_) => StatusCode::OK,
                Err(_) => StatusCode::BAD_REQUEST,
            }
        };
        let router = Router::new().route("/", any(read)).route("/large", any(|| async { vec![b' '; LARGE] }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let patience = Patience { header: SHORT, body: SHORT, taking: SHORT };
        (address, tokio::spawn(serve(listener, router, patience, stop)))
    }

    /// Says something, then nothing more, and reads until the door closes: otherwise the test runner's limit tells.
    async fn then_silent(address: SocketAddr, said: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(said.as_bytes()).await.expect("written");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_holds_something_back_is_sent_away_and_the_end_waits_for_nobody() {
        let stop = CancellationToken::new();
        let (address, serving) = door(stop.clone()).await;
        let post = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf";
        let (nothing, header, body, rest) = tokio::join!(
            then_silent(address, ""),
            then_silent(address, "GET / HTTP/1.1\r\nhost: loc"),
            then_silent(address, post),
            then_silent(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
        );
        assert_eq!(nothing, "");
        assert!(!header.starts_with("HTTP/1.1 200"), "{header}");
        assert!(body.starts_with("HTTP/1.1 400"), "{body}");
        assert!(rest.starts_with("HTTP/1.1 200"), "{rest}");
        // Who takes nothing of an answer, and who has said nothing yet, hold nobody up.
        let mut greedy = TcpStream::connect(address).await.expect("a connection");
        greedy.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("written");
        let silent = TcpStream::connect(address).await.expect("a connection");
        assert!(then_silent(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.starts_with("HTTP/1.1 200"));
        stop.cancel();
        serving.await.expect("it ends");
        drop((greedy, silent));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_connection_too_many_is_closed_at_once_and_the_places_come_back() {
        let stop = CancellationToken::new();
        let (address, serving) = door(stop.clone()).await;
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            held.push(TcpStream::connect(address).await.expect("a connection"));
        }
        let mut ended = Vec::new();
        for mut stream in held {
            let mut byte = [0];
            ended.push(tokio::spawn(async move { stream.read(&mut byte).await }));
        }
        // Refused without a word: whatever it is asked gets no answer.
        assert_eq!(then_silent(address, "").await, "");
        for end in ended {
            let _ = end.await;
        }
        assert!(then_silent(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.starts_with("HTTP/1.1 200"));
        stop.cancel();
        serving.await.expect("it ends");
    }
}
