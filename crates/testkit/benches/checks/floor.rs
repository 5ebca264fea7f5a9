//! The floor: the least a server can do for a check and still be honest. Mutual TLS, one RSA signature
//! verified (of a check by card only: a number brings none), one indexed read, one durable append that many requests
//! share; no rules, no consents, no receipt.
//! It reads among as many people as the server, and its messages are as long as the server's, as the line and
//! the cipher cost the same whatever is in them.
//!
//! It runs as a process of its own, started by the benchmark with the same thread counts as the real server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};

use anyhow::{Context as _, Result};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rusqlite::{Connection, OptionalExtension as _, params};
use rustls::ServerConfig;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

const BODY_MAX_BYTES: usize = 64 * 1024;
const WRITE_GROUP_MAX: usize = 256;
/// Bytes the floor has of a person: about what a row of coverage takes.
const NOTE_BYTES: usize = 300;

/// What the floor reads of a request: a key to look up, and a signature to verify where a card made one.
#[derive(Deserialize)]
struct Ask {
    key: String,
    proof: Option<Proof>,
    answer_bytes: usize,
}

/// A signature over the key.
#[derive(Deserialize)]
struct Proof {
    signature: String,
    public_key: String,
}

struct Floor {
    readers: Mutex<Vec<Connection>>,
    database: PathBuf,
    writer: mpsc::SyncSender<(String, oneshot::Sender<()>)>,
}

/// Serves until killed.
pub(crate) async fn serve(listen: SocketAddr, tls: ServerConfig, database: &Path) -> Result<()> {
    let (writer, queue) = mpsc::sync_channel(4096);
    let path = database.to_owned();
    std::thread::spawn(move || write_groups(&path, &queue).expect("the floor's writer failed"));
    let floor = Arc::new(Floor { readers: Mutex::new(Vec::new()), database: database.to_owned(), writer });
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (tcp, _) = listener.accept().await?;
        tcp.set_nodelay(true)?;
        let (acceptor, floor) = (acceptor.clone(), Arc::clone(&floor));
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(tcp).await else { return };
            let service = service_fn(move |request| answer(Arc::clone(&floor), request));
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(floor: Arc<Floor>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let body = Limited::new(request.into_body(), BODY_MAX_BYTES)
        .collect()
        .await
        .map_err(|error| anyhow::anyhow!("body: {error}"))?;
    let ask: Ask = serde_json::from_slice(&body.to_bytes())?;
    if let Some(proof) = &ask.proof {
        let base64 = base64::engine::general_purpose::STANDARD;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, base64.decode(&proof.public_key)?)
            .verify(ask.key.as_bytes(), &base64.decode(&proof.signature)?)
            .map_err(|_| anyhow::anyhow!("bad signature"))?;
    }
    let mut found = floor.read(&ask.key)?.into_bytes();
    found.resize(ask.answer_bytes.min(BODY_MAX_BYTES), b'x');
    let (done, written) = oneshot::channel();
    floor.writer.send((ask.key, done)).context("the floor's writer is gone")?;
    written.await?;
    Ok(Response::new(Full::new(Bytes::from(found))))
}

impl Floor {
    fn read(&self, key: &str) -> Result<String> {
        let reader = self.readers.lock().ok().and_then(|mut readers| readers.pop());
        let reader = match reader {
            Some(reader) => reader,
            None => open(&self.database)?,
        };
        let found = reader
            .prepare_cached("SELECT note FROM floor_person WHERE person_key = ?1")?
            .query_row([key], |row| row.get::<_, String>(0))
            .optional()?
            .context("the floor has no such person")?;
        if let Ok(mut readers) = self.readers.lock() {
            readers.push(reader);
        }
        Ok(found)
    }
}

fn open(database: &Path) -> Result<Connection> {
    let connection = Connection::open(database)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA mmap_size = 1073741824;",
    )?;
    Ok(connection)
}

fn write_groups(database: &Path, queue: &mpsc::Receiver<(String, oneshot::Sender<()>)>) -> Result<()> {
    let mut connection = open(database)?;
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(WRITE_GROUP_MAX - 1));
        let transaction = connection.transaction()?;
        for (key, _) in &group {
            transaction
                .prepare_cached("INSERT INTO floor_event (person_key) VALUES (?1)")?
                .execute(params![key])?;
        }
        transaction.commit()?;
        for (_, done) in group {
            let _ = done.send(());
        }
    }
    Ok(())
}

/// The key of a person in the floor's database.
pub(crate) fn key(ordinal: usize) -> String {
    format!("person-{ordinal:09}")
}

/// Makes the floor's database with this many people, unless it is there already, and forgets earlier events.
pub(crate) fn prepare(database: &Path, people: usize) -> Result<()> {
    let mut connection = open(database)?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS floor_person (person_key TEXT PRIMARY KEY, note TEXT NOT NULL) STRICT, WITHOUT ROWID;
         DROP TABLE IF EXISTS floor_event;
         CREATE TABLE floor_event (number INTEGER PRIMARY KEY, person_key TEXT NOT NULL) STRICT;",
    )?;
    let there: i64 = connection.query_row("SELECT count(*) FROM floor_person", [], |row| row.get(0))?;
    if usize::try_from(there)? == people {
        return Ok(());
    }
    let note = "x".repeat(NOTE_BYTES);
    let transaction = connection.transaction()?;
    transaction.execute("DELETE FROM floor_person", [])?;
    for ordinal in 0..people {
        transaction
            .prepare_cached("INSERT INTO floor_person (person_key, note) VALUES (?1, ?2)")?
            .execute(params![key(ordinal), note])?;
    }
    transaction.commit()?;
    Ok(())
}
