//! The door of the crate: one [`Store`] per process, cheap to clone.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use crate::{
    Error, Options, Result,
    audit::{Chains, Known},
    engine::{PostgresPool, SqliteFile, Tx, bind},
    job::{Read, Write},
    migrations,
    reader::Readers,
    writer::Writers,
};

/// A handle on the database. Clones share the same threads, queues and connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    readers: Readers,
    writers: Writers,
    place: Place,
    tally: Arc<Tally>,
    audit: Known,
}

/// Where the database is.
enum Place {
    Sqlite(SqliteFile),
    Postgres(PostgresPool),
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Place::Postgres(pool) = &self.place {
            pool.close();
        }
    }
}

/// What the store did since it was opened, for the operations page and metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Read jobs answered.
    pub reads: u64,
    /// Read transactions that carried them.
    pub read_batches: u64,
    /// Write jobs committed.
    pub writes: u64,
    /// Write transactions committed.
    pub write_groups: u64,
    /// Groups that failed and were run again job by job.
    pub regrouped: u64,
    /// Retries after lock conflicts.
    pub retries: u64,
    /// Jobs refused because a queue was full.
    pub overloads: u64,
    /// Whether writing has stopped after a failed durable write.
    pub storage_failed: bool,
    /// Whether the last write found no room, or nothing but reading allowed. The next one that succeeds ends it.
    pub write_fails: bool,
}

/// The counters while they count.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) reads: AtomicU64,
    pub(crate) read_batches: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) write_groups: AtomicU64,
    pub(crate) regrouped: AtomicU64,
    pub(crate) retries: AtomicU64,
    overloads: AtomicU64,
    pub(crate) storage_failed: AtomicBool,
    pub(crate) write_fails: AtomicBool,
}

impl Tally {
    /// Counts an overload and names it.
    pub(crate) fn overloaded(&self, limit: usize) -> Error {
        self.overloads.fetch_add(1, Relaxed);
        Error::Overloaded { limit }
    }
}

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…`. Does not change the schema: see [`Store::migrate`]. Another machine's
    /// PostgreSQL is spoken to over TLS only: see [`DatabaseLine`](crate::DatabaseLine).
    ///
    /// Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Open`] when the URL, a file or the server cannot be used, or when one of SQLite's two files is
    /// missing beside the other.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        let tally = Arc::new(Tally::default());
        let audit = Known::default();
        let inner = if let Some(path) = url.strip_prefix("sqlite:") {
            let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
            let file = SqliteFile::new(path, options.clone());
            file.make()?;
            let writers = Writers::start_sqlite(&file, &options, &tally)?;
            let readers = Readers::start_sqlite(&file, &options, &tally)?;
            Inner { readers, writers, place: Place::Sqlite(file), tally, audit }
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let pool = PostgresPool::new(url, &options)?;
            drop(pool.get().await.map_err(|error| Error::Open(error.to_string()))?);
            let writers = Writers::start_postgres(&pool, &options, &tally);
            let readers = Readers::Postgres(pool.clone());
            Inner { readers, writers, place: Place::Postgres(pool), tally, audit }
        } else {
            return Err(Error::Open("the URL must begin with sqlite: or postgres://".to_owned()));
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Brings the schema to this version. Safe to run from several processes at once.
    ///
    /// Returns how many migrations were applied now.
    ///
    /// # Errors
    /// [`Error::Database`] when a migration fails (it is rolled back).
    pub async fn migrate(&self) -> Result<usize> {
        self.migrate_to(migrations::ALL.len()).await
    }

    /// Applies the first `steps` migrations only: what an older version would have done.
    ///
    /// # Errors
    /// As [`Store::migrate`].
    #[doc(hidden)]
    pub async fn migrate_to(&self, steps: usize) -> Result<usize> {
        match &self.inner.place {
            Place::Sqlite(file) => migrations::run_sqlite(file, steps),
            Place::Postgres(pool) => migrations::run_postgres(pool, steps).await,
        }
    }

    /// Whether a read gets through now (readiness).
    ///
    /// # Errors
    /// Whatever reading one row meets.
    pub async fn ping(&self) -> Result<()> {
        self.read(Ping).await
    }

    /// Writes a row and takes it back in one transaction, if the last write failed: so [`Counters::write_fails`]
    /// ends soon after its cause does, also when nobody asks anything. Otherwise it does nothing.
    ///
    /// # Errors
    /// Whatever writing meets; [`Error::Unwritable`] as long as the cause is there.
    pub async fn try_writing_again(&self) -> Result<()> {
        if self.inner.tally.write_fails.load(Relaxed) { self.write(Probe).await } else { Ok(()) }
    }

    /// What the store did since it was opened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let tally = &self.inner.tally;
        Counters {
            reads: tally.reads.load(Relaxed),
            read_batches: tally.read_batches.load(Relaxed),
            writes: tally.writes.load(Relaxed),
            write_groups: tally.write_groups.load(Relaxed),
            regrouped: tally.regrouped.load(Relaxed),
            retries: tally.retries.load(Relaxed),
            overloads: tally.overloads.load(Relaxed),
            storage_failed: tally.storage_failed.load(Relaxed),
            write_fails: tally.write_fails.load(Relaxed),
        }
    }

    /// Whether several reads run beside each other on connections of their own; otherwise they wait for one another.
    pub(crate) fn reads_side_by_side(&self) -> bool {
        matches!(self.inner.place, Place::Postgres(_))
    }

    pub(crate) fn audit_known(&self) -> &Known {
        &self.inner.audit
    }

    pub(crate) async fn read<R: Read>(&self, job: R) -> Result<R::Output> {
        self.inner.readers.run(job, &self.inner.tally).await
    }

    pub(crate) async fn write<W: Write>(&self, job: W) -> Result<W::Output> {
        self.inner.writers.run(job, &self.inner.tally).await
    }
}

struct Ping;

impl Read for Ping {
    type Output = ();

    async fn run(&self, tx: &Tx<'_>) -> Result<()> {
        const SQL: &str = "SELECT COUNT(*) FROM institution WHERE code = $1";
        tx.query_one(SQL, bind!["-"], |row| row.int(0, "count")).await.map(|_| ())
    }
}

/// A row that no commit ever holds; the pages it touched are written all the same.
struct Probe;

impl Write for Probe {
    type Output = ();

    fn key(&self) -> &'static str {
        "-"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        const PUT: &str = "INSERT INTO denial \
             (institution_code, source, outcome, actor, began_at, last_at, attempts) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (institution_code, source, outcome) DO NOTHING";
        const TAKE_BACK: &str =
            "DELETE FROM denial WHERE institution_code = $1 AND source = $2 AND outcome = $3";
        tx.execute(PUT, bind!["-", "probe", "probe", "-", 0_i64, 0_i64, 0_i64]).await?;
        tx.execute(TAKE_BACK, bind!["-", "probe", "probe"]).await.map(drop)
    }
}
