//! The public log: leaves in order without gaps, and the heads that were signed over them.

use eligibility::Instant;

use crate::{
    Result, Store,
    audit::Chains,
    engine::{Row, Tx, bind},
    job::{Read, Write},
};

/// Entries one reading gives at most.
pub const LOG_ENTRIES_MAX: u32 = 1_000;

/// One leaf of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place, from 0.
    pub leaf_index: i64,
    /// Lower-case hex.
    pub serial: String,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// When it was logged; part of the leaf.
    pub logged_at: Instant,
}

/// A signed head of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHead {
    /// Leaves it covers.
    pub size: i64,
    /// When it was signed.
    pub signed_at: Instant,
    /// Root of the tree.
    pub root_hash: [u8; 32],
    /// The signature as the tools of RFC 6962 read it.
    pub signature: Vec<u8>,
}

/// The row is held from here to the commit, so that leaves have no gaps and no two the same place.
const NEXT: &str = "INSERT INTO certificate_log_size (log, size) VALUES ($1, $2) \
     ON CONFLICT (log) DO UPDATE SET size = certificate_log_size.size + excluded.size RETURNING size";
const PUT: &str =
    "INSERT INTO certificate_log (leaf_index, serial, certificate, logged_at) VALUES ($1, $2, $3, $4)";
const ENTRIES: &str = "SELECT leaf_index, serial, certificate, logged_at FROM certificate_log \
     WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT $2";
const PLACE: &str = "SELECT leaf_index FROM certificate_log WHERE serial = $1";
const PUT_HEAD: &str = "INSERT INTO certificate_log_head (size, signed_at, root_hash, signature) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (size, signed_at) DO NOTHING";
const NEWEST: &str = "SELECT size, signed_at, root_hash, signature FROM certificate_log_head \
     ORDER BY size DESC, signed_at DESC LIMIT $1";
const THE_LOG: &str = "certificates";

/// Takes the log until the commit: whoever else would append, in any process, waits here and sees afterwards what was
/// committed meanwhile.
pub(crate) async fn hold(tx: &Tx<'_>) -> Result<()> {
    tx.query_one(NEXT, bind![THE_LOG, 0_i64], |row| row.int(0, "size")).await.map(drop)
}

/// Appends within a transaction; gives the leaf's place.
pub(super) async fn append(tx: &Tx<'_>, serial: &str, der: &[u8], at: Instant) -> Result<i64> {
    let size = tx.query_one(NEXT, bind![THE_LOG, 1_i64], |row| row.int(0, "size")).await?;
    let leaf = size.ok_or(crate::Error::Malformed { what: "certificate_log_size" })? - 1;
    tx.execute(PUT, bind![leaf, serial, der, at.0]).await?;
    Ok(leaf)
}

fn entry(row: &Row<'_>) -> Result<LogEntry> {
    Ok(LogEntry {
        leaf_index: row.int(0, "leaf_index")?,
        serial: row.text(1, "serial")?.to_owned(),
        certificate: row.blob(2, "certificate")?.to_vec(),
        logged_at: Instant(row.int(3, "logged_at")?),
    })
}

struct Entries {
    from: i64,
    limit: u32,
}

impl Read for Entries {
    type Output = Vec<LogEntry>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<LogEntry>> {
        tx.query(ENTRIES, bind![self.from, i64::from(self.limit)], entry).await
    }
}

struct Place(String);

impl Read for Place {
    type Output = Option<i64>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<i64>> {
        tx.query_one(PLACE, bind![&self.0], |row| row.int(0, "leaf_index")).await
    }
}

struct Heads(u32);

impl Read for Heads {
    type Output = Vec<StoredHead>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<StoredHead>> {
        tx.query(NEWEST, bind![i64::from(self.0)], |row| {
            Ok(StoredHead {
                size: row.int(0, "size")?,
                signed_at: Instant(row.int(1, "signed_at")?),
                root_hash: row.bytes(2, "root_hash")?,
                signature: row.blob(3, "signature")?.to_vec(),
            })
        })
        .await
    }
}

struct PutHead(StoredHead);

impl Write for PutHead {
    type Output = ();

    fn key(&self) -> &str {
        THE_LOG
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        let head = &self.0;
        let row = bind![head.size, head.signed_at.0, &head.root_hash, head.signature.as_slice()];
        tx.execute(PUT_HEAD, row).await.map(drop)
    }
}

/// A certificate of the authority's own: it has no institution, only its place in the log.
struct LogOwn {
    serial: String,
    certificate: Vec<u8>,
    at: Instant,
}

impl Write for LogOwn {
    type Output = i64;

    fn key(&self) -> &str {
        THE_LOG
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<i64> {
        append(tx, &self.serial, &self.certificate, self.at).await
    }
}

impl Store {
    /// Leaves from this place on, in order, at most `limit` and [`LOG_ENTRIES_MAX`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn log_entries(&self, from: i64, limit: u32) -> Result<Vec<LogEntry>> {
        self.read(Entries { from, limit: limit.min(LOG_ENTRIES_MAX) }).await
    }

    /// Where the certificate with this serial number stands in the log.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn log_place(&self, serial: &str) -> Result<Option<i64>> {
        self.read(Place(serial.to_owned())).await
    }

    /// The newest signed heads, newest first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn log_heads(&self, limit: u32) -> Result<Vec<StoredHead>> {
        self.read(Heads(limit)).await
    }

    /// Keeps a signed head.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn put_log_head(&self, head: StoredHead) -> Result<()> {
        self.write(PutHead(head)).await
    }

    /// Logs a certificate that the authority issued to itself, such as an OCSP signer's.
    ///
    /// # Errors
    /// Any write error of the store; among them that this serial number is logged already.
    pub async fn log_own_certificate(&self, serial: &str, certificate: Vec<u8>, at: Instant) -> Result<i64> {
        self.write(LogOwn { serial: serial.to_owned(), certificate, at }).await
    }
}
