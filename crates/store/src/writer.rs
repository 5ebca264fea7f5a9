//! The group-commit writer: jobs queue up, one transaction carries what is there, each is answered after
//! its commit. One slow commit therefore never makes the next ones wait longer than itself.

use std::{
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Error, Options, Result,
    audit::Chains,
    checkpoint::Checkpointer,
    engine::{Link, Mode, PostgresPool, SqliteFile, Tx, one_file},
    job::Write,
    options::WRITE_GROUP_LIMIT,
    store::Tally,
};

/// Tries of one transaction when locks conflict.
const TRIES: u32 = 8;
/// The first pause before another try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(2);

/// A job with its answer's address, its type erased.
trait Queued: Send {
    fn run<'a>(&'a mut self, tx: &'a Tx<'a>, chains: &'a mut Chains) -> BoxFuture<'a, Result<()>>;
    fn answer(self: Box<Self>, outcome: Result<()>);
}

struct Pending<W: Write> {
    job: W,
    output: Option<W::Output>,
    reply: oneshot::Sender<Result<W::Output>>,
}

impl<W: Write> Queued for Pending<W> {
    fn run<'a>(&'a mut self, tx: &'a Tx<'a>, chains: &'a mut Chains) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.output = Some(self.job.run(tx, chains).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let Self { output, reply, .. } = *self;
        let answer = outcome.and_then(|()| output.ok_or(Error::Closed));
        // The asker may have gone away: what was committed stays.
        let _ = reply.send(answer);
    }
}

/// Where write jobs go: SQLite has one writer, PostgreSQL several.
pub(crate) struct Writers {
    queues: Vec<mpsc::Sender<Box<dyn Queued>>>,
    limit: usize,
}

impl Writers {
    /// Starts the writer thread of a SQLite file.
    pub(crate) fn start_sqlite(file: &SqliteFile, options: &Options, tally: &Arc<Tally>) -> Result<Self> {
        let limit = options.write_queue_limit.max(1);
        let (queue, jobs) = mpsc::channel(limit);
        let link = Link::Sqlite(Mutex::new(file.open_writer()?));
        let source = Source::Sqlite(Box::new(link), Checkpointer::start(file, tally)?);
        let writer = Writer::new(source, jobs, tally);
        std::thread::Builder::new()
            .name("store-write".to_owned())
            .spawn(move || writer.serve_thread())
            .map_err(|error| Error::Open(error.to_string()))?;
        Ok(Self { queues: vec![queue], limit })
    }

    /// Starts the writer tasks of a PostgreSQL database.
    pub(crate) fn start_postgres(pool: &PostgresPool, options: &Options, tally: &Arc<Tally>) -> Self {
        let limit = options.write_queue_limit.max(1);
        let start = |_| {
            let (queue, jobs) = mpsc::channel(limit);
            tokio::spawn(Writer::new(Source::Postgres(pool.clone()), jobs, tally).serve_task());
            queue
        };
        Self { queues: (0..options.writers.max(1)).map(start).collect(), limit }
    }

    /// Runs a job; returns when it is durable.
    pub(crate) async fn run<W: Write>(&self, job: W, tally: &Tally) -> Result<W::Output> {
        if tally.storage_failed.load(Relaxed) {
            return Err(Error::StorageFailed("an earlier write failed".to_owned()));
        }
        let queue = &self.queues[partition(job.key(), self.queues.len())];
        let (reply, answer) = oneshot::channel();
        queue.try_send(Box::new(Pending { job, output: None, reply })).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => tally.overloaded(self.limit),
            mpsc::error::TrySendError::Closed(_) => Error::Closed,
        })?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

/// The writer that serves a key (FNV-1a: stable and short).
fn partition(key: &str, writers: usize) -> usize {
    let hash =
        key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from(hash % writers as u64).unwrap_or(0)
}

/// Where a writer's connection comes from.
enum Source {
    Sqlite(Box<Link>, Checkpointer),
    Postgres(PostgresPool),
}

/// One writer: its connection, its queue, and the chain heads it knows.
struct Writer {
    source: Source,
    jobs: mpsc::Receiver<Box<dyn Queued>>,
    chains: Chains,
    tally: Arc<Tally>,
}

impl Writer {
    fn new(source: Source, jobs: mpsc::Receiver<Box<dyn Queued>>, tally: &Arc<Tally>) -> Self {
        Self { source, jobs, chains: Chains::default(), tally: tally.clone() }
    }

    fn serve_thread(mut self) {
        let mut group = Vec::with_capacity(WRITE_GROUP_LIMIT);
        while self.jobs.blocking_recv_many(&mut group, WRITE_GROUP_LIMIT) > 0 {
            // A panic loses this group's answers, not the thread; its transaction is rolled back at the next.
            let run = std::panic::AssertUnwindSafe(|| self.write(&mut group).now_or_never());
            if std::panic::catch_unwind(run).is_err() {
                tracing::error!("a write job panicked");
                self.chains.forget();
                group.clear();
            }
            if let Source::Sqlite(link, checkpointer) = &self.source {
                checkpointer.committed(link);
            }
        }
    }

    async fn serve_task(mut self) {
        let mut group = Vec::with_capacity(WRITE_GROUP_LIMIT);
        while self.jobs.recv_many(&mut group, WRITE_GROUP_LIMIT).await > 0 {
            let run = std::panic::AssertUnwindSafe(self.write(&mut group)).catch_unwind();
            if run.await.is_err() {
                tracing::error!("a write job panicked");
                self.chains.forget();
                group.clear();
            }
        }
    }

    /// Commits a group and answers it. When it fails as a whole, its jobs are run one by one, so that one
    /// bad job takes down nobody else.
    async fn write(&mut self, group: &mut Vec<Box<dyn Queued>>) {
        let outcome = self.commit_group(group).await;
        let alone = group.len() == 1 || matches!(outcome, Err(Error::StorageFailed(_)));
        if outcome.is_ok() || alone {
            return self.answer(group.drain(..), &outcome);
        }
        self.tally.regrouped.fetch_add(1, Relaxed);
        for mut job in group.drain(..) {
            let outcome = self.commit_group(std::slice::from_mut(&mut job)).await;
            self.answer(std::iter::once(job), &outcome);
        }
    }

    fn answer(&self, jobs: impl Iterator<Item = Box<dyn Queued>>, outcome: &Result<()>) {
        for job in jobs {
            if outcome.is_ok() {
                self.tally.writes.fetch_add(1, Relaxed);
            }
            job.answer(outcome.clone());
        }
    }

    /// The one place that retries lock conflicts, a bounded number of times.
    async fn commit_group(&mut self, group: &mut [Box<dyn Queued>]) -> Result<()> {
        let mut pause = FIRST_PAUSE;
        for _ in 0..TRIES {
            if self.tally.storage_failed.load(Relaxed) {
                return Err(Error::StorageFailed("an earlier write failed".to_owned()));
            }
            let outcome = self.try_group(group, pause).await;
            match outcome {
                Ok(()) => {
                    self.tally.write_fails.store(false, Relaxed);
                    self.chains.committed();
                    self.tally.write_groups.fetch_add(1, Relaxed);
                    return Ok(());
                }
                Err(Error::LockConflict | Error::ChainMoved) => {
                    self.chains.forget();
                    self.tally.retries.fetch_add(1, Relaxed);
                    pause *= 2;
                }
                Err(error) => {
                    self.chains.forget();
                    self.remember_failure(&error);
                    return Err(error);
                }
            }
        }
        Err(Error::Busy { tries: TRIES })
    }

    /// One transaction with all jobs of the group; rolled back on any error.
    async fn try_group(&mut self, group: &mut [Box<dyn Queued>], pause: Duration) -> Result<()> {
        let mut pooled;
        let link = match &mut self.source {
            Source::Sqlite(link, _) => link.as_mut(),
            Source::Postgres(pool) => {
                pooled = Link::Postgres(pool.get().await?);
                &mut pooled
            }
        };
        let outcome = transact(link, group, &mut self.chains).await;
        if matches!(outcome, Err(Error::LockConflict | Error::ChainMoved)) {
            link.pause(pause).await;
        }
        outcome
    }

    /// After a failed fsync nobody knows what is on the disk: acknowledging anything later would be a guess. A full
    /// disk loses nothing and may have room again.
    fn remember_failure(&self, error: &Error) {
        match error {
            Error::StorageFailed(reason) => {
                tracing::error!(
                    reason,
                    "a durable write failed: writing stops until the process is restarted"
                );
                self.tally.storage_failed.store(true, Relaxed);
            }
            // Told once, until a write gets through again.
            Error::Unwritable(reason) if !self.tally.write_fails.swap(true, Relaxed) => {
                tracing::error!(
                    reason,
                    "nothing can be written: every check is refused until this is mended"
                );
            }
            // A job's own failure says nothing about the others.
            _ => {}
        }
    }
}

async fn transact(link: &mut Link, group: &mut [Box<dyn Queued>], chains: &mut Chains) -> Result<()> {
    let tx = link.begin(Mode::Write).await?;
    for job in group {
        one_file::begin();
        if let Err(error) = job.run(&tx, chains).await {
            tx.rollback().await?;
            return Err(error);
        }
    }
    // On SQLite a failed commit can leave the transaction open: the next `begin` ends it.
    tx.commit().await
}
