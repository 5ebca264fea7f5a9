//! What is known of revoked card certificates: the newest verified list of the card authority. When it is too
//! old nobody can be said not to be revoked, and card checks are refused.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use axum::body::Bytes;
use card::jpki::{CardTrust, CheckedCard, Freshness, RevocationList, RevocationListRefused, Status};
use eligibility::Instant;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Uri;
use hyper_util::rt::TokioIo;
use store::{RevocationListMark, Store};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::ops::health::StoreHandle;

/// Largest list read, bytes.
pub const LIST_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Time for one fetch.
const FETCH_TIME: Duration = Duration::from_secs(60);

/// Where the list comes from.
#[derive(Clone, Debug)]
enum Source {
    File(PathBuf),
    Http(Uri),
}

/// The newest verified lists, and where the next come from.
///
/// With a [store](CardRevocation::remembering) the newest list ever believed is remembered there, so that after a
/// restart, too, an older one is refused: until a newer one comes there is none, and card checks are refused.
///
/// Each generation of the authority lists its own certificates only: a card is good when the list of the very
/// generation that issued it is at hand, fresh, and does not have it.
#[derive(Debug)]
pub struct CardRevocation {
    trust: Arc<CardTrust>,
    lists: Vec<Listed>,
    memory: Option<StoreHandle>,
}

#[derive(Debug)]
struct Listed {
    source: Source,
    newest: RwLock<Option<RevocationList>>,
}

/// Why a list was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The address is not a plain http address.
    #[error("{0:?} is not a file path or an http:// address")]
    Address(String),
    /// It could not be fetched.
    #[error("fetching the list failed: {0}")]
    Fetch(String),
    /// It is not one of the card authority.
    #[error(transparent)]
    Refused(#[from] RevocationListRefused),
    /// It is older than the newest one ever believed: somebody may be hiding a revocation.
    #[error("the list is older than the newest one that was believed")]
    Older,
    /// Whether it is older cannot be told.
    #[error("which list was the newest cannot be told: {0}")]
    Memory(#[from] store::Error),
}

/// What can be said of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked,
    /// Nothing: there is no list of its issuer that can be relied on now.
    CannotTell,
}

impl CardRevocation {
    /// Prepares; the first lists come with [`CardRevocation::refresh`].
    ///
    /// # Errors
    /// [`RefreshError::Address`] when a source cannot be understood, or there is none.
    pub fn new(sources: &[String], trust: Arc<CardTrust>) -> Result<Self, RefreshError> {
        if sources.is_empty() {
            return Err(RefreshError::Address(String::new()));
        }
        let lists = sources.iter().map(|source| Listed::at(source)).collect::<Result<_, _>>()?;
        Ok(Self { trust, lists, memory: None })
    }

    /// Remembers in this store which list was the newest.
    #[must_use]
    pub fn remembering(self, store: Store) -> Self {
        Self { memory: Some(StoreHandle(store)), ..self }
    }

    /// Fetches, verifies and takes over every list.
    ///
    /// # Errors
    /// The first [`RefreshError`], after all were tried; a list at hand stays in use until it is stale.
    pub async fn refresh(&self, now: Instant) -> Result<(), RefreshError> {
        let mut outcome = Ok(());
        for listed in &self.lists {
            outcome = outcome.and(listed.refresh(&self.trust, self.memory.as_ref(), now).await);
        }
        let left = self.lists.iter().filter_map(Listed::next_update).min().unwrap_or(now);
        metrics::gauge!("shikaku_card_crl_seconds_left").set((left.0 - now.0) as f64 / 1000.0);
        outcome
    }

    /// Whether every list can be relied on now.
    #[must_use]
    pub fn is_fresh(&self, now: Instant) -> bool {
        self.lists.iter().all(|listed| listed.is_fresh(now))
    }

    /// What can be said of this certificate now.
    #[must_use]
    pub fn verdict(&self, card: &CheckedCard, now: Instant) -> Verdict {
        let said = self.lists.iter().map(|listed| listed.verdict(card, now));
        said.reduce(Verdict::stricter).unwrap_or(Verdict::CannotTell)
    }
}

impl Verdict {
    /// Of two lists' words the one that counts: "revoked" before "good", and "good" before silence.
    fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Revoked, _) | (_, Self::Revoked) => Self::Revoked,
            (Self::Good, _) | (_, Self::Good) => Self::Good,
            _ => Self::CannotTell,
        }
    }
}

impl Listed {
    fn at(source: &str) -> Result<Self, RefreshError> {
        let address = || RefreshError::Address(source.to_owned());
        let source = match source.split_once("://") {
            None => Source::File(PathBuf::from(source)),
            Some(("http", _)) => Source::Http(source.parse().map_err(|_| address())?),
            Some(_) => return Err(address()),
        };
        Ok(Self { source, newest: RwLock::default() })
    }

    async fn refresh(
        &self,
        trust: &Arc<CardTrust>,
        memory: Option<&StoreHandle>,
        now: Instant,
    ) -> Result<(), RefreshError> {
        let der = match &self.source {
            Source::File(path) => read_file(path).await?,
            Source::Http(address) => {
                let fetched = tokio::time::timeout(FETCH_TIME, fetch(address)).await;
                fetched.map_err(|_| RefreshError::Fetch("it took too long".to_owned()))??
            }
        };
        let trust = Arc::clone(trust);
        // A million entries take a while: not on a thread that answers checks.
        let parsed = tokio::task::spawn_blocking(move || RevocationList::from_der(&der, &trust));
        let list = parsed.await.map_err(|error| fetch_failed(&error))??;
        if list.freshness(now) == Freshness::Stale {
            tracing::warn!("the fetched card revocation list is past its next update");
        }
        if self.held().as_ref().is_some_and(|held| is_older(&list, held)) {
            return Err(RefreshError::Older);
        }
        // Durable before it is used, so that no crash lets an older one in.
        if let Some(StoreHandle(store)) = memory
            && !store.believe_revocation_list(mark(&list)).await?
        {
            return Err(RefreshError::Older);
        }
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        if newest.as_ref().is_some_and(|held| is_older(&list, held)) {
            return Err(RefreshError::Older);
        }
        *newest = Some(list);
        Ok(())
    }

    fn next_update(&self) -> Option<Instant> {
        self.held().as_ref().map(RevocationList::next_update)
    }

    fn is_fresh(&self, now: Instant) -> bool {
        self.held().as_ref().is_some_and(|list| list.freshness(now) == Freshness::Fresh)
    }

    fn verdict(&self, card: &CheckedCard, now: Instant) -> Verdict {
        let held = self.held();
        let Some(list) = held.as_ref() else { return Verdict::CannotTell };
        match (list.status(card), list.freshness(now)) {
            // Revoked stays revoked, however old the list is.
            (Status::Revoked { .. }, _) => Verdict::Revoked,
            (Status::Good, Freshness::Fresh) => Verdict::Good,
            _ => Verdict::CannotTell,
        }
    }

    fn held(&self) -> RwLockReadGuard<'_, Option<RevocationList>> {
        self.newest.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether somebody may be hiding a revocation by giving a list that was made before the one at hand.
fn is_older(list: &RevocationList, held: &RevocationList) -> bool {
    if list.authority() == held.authority() {
        return mark(list).is_older_than(&mark(held));
    }
    list.this_update() < held.this_update()
}

fn mark(list: &RevocationList) -> RevocationListMark {
    RevocationListMark {
        authority: list.authority().0.to_string(),
        number: list.number().map(str::to_owned),
        this_update: list.this_update(),
    }
}

async fn read_file(path: &Path) -> Result<Vec<u8>, RefreshError> {
    let failed = |error: std::io::Error| fetch_failed(&error);
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut der = Vec::new();
    file.take(LIST_BYTES_MAX as u64 + 1).read_to_end(&mut der).await.map_err(failed)?;
    if der.len() > LIST_BYTES_MAX {
        return Err(RefreshError::Fetch(format!("the file is larger than {LIST_BYTES_MAX} bytes")));
    }
    Ok(der)
}

fn fetch_failed(error: &impl ToString) -> RefreshError {
    RefreshError::Fetch(error.to_string())
}

/// A plain GET: the list carries its own signature, so the way it comes needs none.
async fn fetch(address: &Uri) -> Result<Vec<u8>, RefreshError> {
    let failed = |error: hyper::Error| fetch_failed(&error);
    let host = address.host().unwrap_or_default();
    let stream = TcpStream::connect((host, address.port_u16().unwrap_or(80)));
    let stream = stream.await.map_err(|error| fetch_failed(&error))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let connection = tokio::spawn(connection);
    let path = address.path_and_query().map_or("/", |path| path.as_str());
    let request = hyper::Request::get(path)
        .header(hyper::header::HOST, address.authority().map_or(host, |authority| authority.as_str()))
        .body(Empty::<Bytes>::new())
        .map_err(|error| fetch_failed(&error))?;
    let response = sender.send_request(request).await.map_err(failed)?;
    if !response.status().is_success() {
        return Err(RefreshError::Fetch(format!("the server answered {}", response.status())));
    }
    let body = Limited::new(response.into_body(), LIST_BYTES_MAX).collect().await;
    connection.abort();
    Ok(body.map_err(|error| fetch_failed(&error))?.to_bytes().to_vec())
}
