//! HTTP with one peer, for every door: watched from the first byte to the last, so that nobody holds a connection by
//! saying nothing, or little.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::{BoxError, body::Bytes};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use super::activity::{Activity, Patience, WatchedStream};
use super::{HEADER_BYTES_MAX, HTTP2_RESETS_MAX, HTTP2_STREAMS_MAX, ListenerLimits};

/// Which HTTP a peer speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Speech {
    /// The one that was agreed on with TLS.
    Agreed {
        /// HTTP/2, otherwise HTTP/1.1.
        http2: bool,
    },
    /// The first bytes tell.
    Either,
}

impl Speech {
    pub(super) fn builder(self) -> auto::Builder<TokioExecutor> {
        let builder = auto::Builder::new(TokioExecutor::new());
        let mut builder = match self {
            Self::Agreed { http2: true } => builder.http2_only(),
            Self::Agreed { http2: false } => builder.http1_only(),
            Self::Either => builder,
        };
        // No time of hyper's own: it begins only when the version is known, and runs while a connection rests.
        builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(HEADER_BYTES_MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(HTTP2_STREAMS_MAX)
            .max_pending_accept_reset_streams(HTTP2_RESETS_MAX)
            .max_header_list_size(u32::try_from(HEADER_BYTES_MAX).unwrap_or(u32::MAX));
        builder
    }
}

/// Answers the peer's requests until it goes, outstays its welcome, or `stop` is cancelled and the open ones are done.
pub(crate) async fn converse<S, A, F>(
    stream: S,
    speech: Speech,
    limits: &ListenerLimits,
    stop: &CancellationToken,
    answer: A,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let activity = Activity::new();
    let patience = Patience { header: limits.header, idle: limits.idle };
    let working = Arc::clone(&activity);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        // Owned by the request: HTTP/2 answers each stream in a task of its own.
        let in_flight = working.request(request.version() == Version::HTTP_2);
        let answered = answer(request);
        async move {
            let response = answered.await;
            drop(in_flight);
            Ok::<_, Infallible>(response)
        }
    });
    let builder = speech.builder();
    let stream = WatchedStream { stream, activity: Arc::clone(&activity) };
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
        () = activity.outstayed(patience) => return,
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection => {}
        () = activity.outstayed(patience) => {}
    }
}

/// A request's body that breaks off when it is not whole in time: a trickle of bytes gains none.
pub(crate) struct BodyInTime {
    body: Incoming,
    time: Pin<Box<Sleep>>,
}

impl BodyInTime {
    /// The body, to be read within `time` from now.
    pub(crate) fn within(time: Duration, body: Incoming) -> Body {
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
