//! The load generator: keep-alive TLS connections that send requests made beforehand, as fast as they are
//! answered or at a given rate.
//!
//! It speaks HTTP/1.1 by hand: two cores carry both sides, and what the generator costs is not the server's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Longest answer the generator takes, bytes.
const ANSWER_MAX_BYTES: usize = 512 * 1024;
/// What is kept for an answer of usual length, bytes.
const ANSWER_BYTES: usize = 64 * 1024;

/// Where and as whom to connect.
#[derive(Clone)]
pub(crate) struct Target {
    /// `127.0.0.1:PORT`.
    pub(crate) address: std::net::SocketAddr,
    /// Mutual TLS with the terminal's certificate.
    pub(crate) tls: Arc<ClientConfig>,
}

/// What one run measured.
pub(crate) struct Measured {
    /// Answers with status 200.
    pub(crate) answered: usize,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// One entry per answer, sorted, milliseconds.
    pub(crate) latencies_ms: Vec<f64>,
}

impl Measured {
    /// Answers per second.
    pub(crate) fn per_second(&self) -> f64 {
        self.answered as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency that `share` of the answers stayed within, milliseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let index = ((self.latencies_ms.len() as f64 * share).ceil() as usize).max(1) - 1;
        self.latencies_ms.get(index).copied().unwrap_or(f64::NAN)
    }
}

/// Sends every request once over `connections` connections. With a rate, each request has a planned moment and
/// its latency counts from there, so that a stalled server cannot hide the requests it delayed.
pub(crate) async fn run(
    target: &Target,
    requests: Arc<Vec<Vec<u8>>>,
    connections: usize,
    per_second: Option<f64>,
) -> Result<Measured> {
    run_over(std::slice::from_ref(target), requests, connections, per_second).await
}

/// The same over connections of several peers, in turn.
pub(crate) async fn run_over(
    targets: &[Target],
    requests: Arc<Vec<Vec<u8>>>,
    connections: usize,
    per_second: Option<f64>,
) -> Result<Measured> {
    let mut lines = Vec::new();
    for target in targets.iter().cycle().take(connections) {
        lines.push(Line::open(target).await?);
    }
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut tasks = Vec::new();
    for line in lines {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        tasks.push(tokio::spawn(line.drain(requests, next, start, per_second)));
    }
    let mut latencies_ms = Vec::with_capacity(requests.len());
    for task in tasks {
        latencies_ms.extend(task.await??);
    }
    let elapsed = start.elapsed();
    latencies_ms.sort_by(f64::total_cmp);
    Ok(Measured { answered: latencies_ms.len(), elapsed, latencies_ms })
}

/// One connection.
struct Line {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

impl Line {
    async fn open(target: &Target) -> Result<Self> {
        let tcp = TcpStream::connect(target.address).await.context("connecting")?;
        tcp.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::clone(&target.tls));
        let name = ServerName::try_from("127.0.0.1")?;
        let stream = connector.connect(name, tcp).await.context("TLS handshake")?;
        Ok(Self { stream, buffer: Vec::with_capacity(ANSWER_BYTES) })
    }

    async fn drain(
        mut self,
        requests: Arc<Vec<Vec<u8>>>,
        next: Arc<AtomicUsize>,
        start: Instant,
        per_second: Option<f64>,
    ) -> Result<Vec<f64>> {
        let mut latencies_ms = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = requests.get(index) else { return Ok(latencies_ms) };
            let planned = match per_second {
                Some(rate) => start + Duration::from_secs_f64(index as f64 / rate),
                None => Instant::now(),
            };
            if per_second.is_some() {
                tokio::time::sleep_until(planned.into()).await;
            }
            self.ask(request).await?;
            latencies_ms.push(planned.elapsed().as_secs_f64() * 1000.0);
        }
    }

    async fn ask(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        loop {
            if let Some(end) = whole_answer(&self.buffer)? {
                ensure!(end == self.buffer.len(), "the server sent more than one answer");
                ensure!(self.buffer.starts_with(b"HTTP/1.1 200"), "refused: {}", shown(&self.buffer));
                return Ok(());
            }
            ensure!(self.buffer.len() < ANSWER_MAX_BYTES, "the answer is too long");
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection: {}", shown(&self.buffer));
            }
        }
    }
}

fn shown(answer: &[u8]) -> String {
    String::from_utf8_lossy(&answer[..answer.len().min(400)]).into_owned()
}

/// Where the answer in `buffer` ends, once it is whole.
fn whole_answer(buffer: &[u8]) -> Result<Option<usize>> {
    let Some(head) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&buffer[..head])?;
    let length = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("an answer without content-length")?;
    let end = head + 4 + length.1.trim().parse::<usize>()?;
    Ok((buffer.len() >= end).then_some(end))
}

/// The bytes of a POST with a JSON body.
pub(crate) fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// One request on a connection of its own; gives the body of the answer.
pub(crate) async fn ask_once(target: &Target, request: &[u8]) -> Result<Vec<u8>> {
    let mut line = Line::open(target).await?;
    line.ask(request).await?;
    let head = line.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n").context("no answer")?;
    Ok(line.buffer.split_off(head + 4))
}
