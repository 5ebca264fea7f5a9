//! Reading. SQLite: a few threads, each taking all queued jobs (up to a limit) into one read transaction.
//! PostgreSQL: a pooled connection per job.

use std::sync::{Arc, Mutex, atomic::Ordering::Relaxed};

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use crate::{
    Error, Options, Result,
    engine::{Link, Mode, PostgresPool, SqliteFile, Tx},
    job::Read,
    options::READ_BATCH_LIMIT,
    store::Tally,
};

/// A job with its answer's address, its type erased.
pub(crate) trait Queued: Send {
    fn run(&mut self, tx: &Tx<'_>);
    fn fail(&mut self, error: Error);
}

struct Pending<R: Read> {
    job: R,
    reply: Option<oneshot::Sender<Result<R::Output>>>,
}

impl<R: Read> Queued for Pending<R> {
    fn run(&mut self, tx: &Tx<'_>) {
        // On SQLite nothing suspends, so the future is ready at the first poll.
        let outcome = self.job.run(tx).now_or_never().unwrap_or(Err(Error::Closed));
        if let Some(reply) = self.reply.take() {
            // The asker may have gone away: nothing to do then.
            let _ = reply.send(outcome);
        }
    }

    fn fail(&mut self, error: Error) {
        if let Some(reply) = self.reply.take() {
            let _ = reply.send(Err(error));
        }
    }
}

/// Where read jobs go.
pub(crate) enum Readers {
    Sqlite { queue: mpsc::Sender<Box<dyn Queued>>, limit: usize },
    Postgres(PostgresPool),
}

impl Readers {
    /// Starts the reader threads of a SQLite file.
    pub(crate) fn start_sqlite(file: &SqliteFile, options: &Options, tally: &Arc<Tally>) -> Result<Self> {
        let limit = options.read_queue_limit.max(1);
        let (queue, jobs) = mpsc::channel(limit);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..options.readers.max(1) {
            let link = Link::Sqlite(Mutex::new(file.open_reader()?));
            let (jobs, tally) = (jobs.clone(), tally.clone());
            std::thread::Builder::new()
                .name(format!("store-read-{number}"))
                .spawn(move || serve(link, &jobs, &tally))
                .map_err(|error| Error::Open(error.to_string()))?;
        }
        Ok(Self::Sqlite { queue, limit })
    }

    /// Runs a job.
    pub(crate) async fn run<R: Read>(&self, job: R, tally: &Tally) -> Result<R::Output> {
        match self {
            Self::Sqlite { queue, limit } => {
                let (reply, answer) = oneshot::channel();
                queue.try_send(Box::new(Pending { job, reply: Some(reply) })).map_err(
                    |error| match error {
                        mpsc::error::TrySendError::Full(_) => tally.overloaded(*limit),
                        mpsc::error::TrySendError::Closed(_) => Error::Closed,
                    },
                )?;
                answer.await.map_err(|_| Error::Closed)?
            }
            Self::Postgres(pool) => {
                let mut link = Link::Postgres(pool.get().await?);
                let tx = link.begin(Mode::Read).await?;
                let outcome = job.run(&tx).await;
                tx.rollback().await?;
                tally.reads.fetch_add(1, Relaxed);
                tally.read_batches.fetch_add(1, Relaxed);
                outcome
            }
        }
    }
}

/// A reader thread. One thread at a time waits at the queue; it takes what is there and leaves.
fn serve(mut link: Link, jobs: &Mutex<mpsc::Receiver<Box<dyn Queued>>>, tally: &Tally) {
    let mut batch = Vec::with_capacity(READ_BATCH_LIMIT);
    loop {
        let taken = {
            let mut jobs = jobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            jobs.blocking_recv_many(&mut batch, READ_BATCH_LIMIT)
        };
        if taken == 0 {
            return;
        }
        tally.reads.fetch_add(taken as u64, Relaxed);
        tally.read_batches.fetch_add(1, Relaxed);
        // The snapshot is taken after the jobs were queued, so each sees what was committed before it asked.
        match link.begin(Mode::Read).now_or_never().unwrap_or(Err(Error::Closed)) {
            Ok(tx) => {
                for mut job in batch.drain(..) {
                    // A panic in one job must not take the thread away from the others; its asker gets
                    // `Closed` as the reply is dropped.
                    let run = std::panic::AssertUnwindSafe(|| job.run(&tx));
                    if std::panic::catch_unwind(run).is_err() {
                        tracing::error!("a read job panicked");
                    }
                }
                let _ = tx.commit().now_or_never();
            }
            Err(error) => batch.drain(..).for_each(|mut job| job.fail(error.clone())),
        }
    }
}
