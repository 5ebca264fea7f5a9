//! Tells the centre how the reader stands, and does what people at the desk want of it.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use wire::terminal_api::{READER_STATE_PATH, ReaderStateAnswer};

use super::reader::Reader;
use crate::{
    central::{Central, CentralError},
    status::Status,
};

/// The longest time between two reports, whatever the centre says.
const LONGEST: Duration = Duration::from_secs(120);
/// The shortest time between two reports, so that a busy counter does not report every card twice.
const SHORTEST: Duration = Duration::from_secs(2);
/// After a report that did not get through.
const AFTER_TROUBLE: Duration = Duration::from_secs(30);
/// When the centre knows no such report.
const UNKNOWN_THERE: Duration = Duration::from_secs(600);

/// Who tells, of what, to whom.
pub(crate) struct Telling<C> {
    pub(crate) central: Arc<C>,
    pub(crate) reader: Arc<Reader>,
    pub(crate) status: Arc<Status>,
}

impl<C: Central> Telling<C> {
    /// Reports until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        loop {
            let rest = match self.tell().await {
                Ok(rest) => rest,
                Err(error) => {
                    tracing::debug!(%error, "the reader's state could not be told");
                    if error.is_passing() { AFTER_TROUBLE } else { UNKNOWN_THERE }
                }
            };
            let floor = tokio::time::sleep(SHORTEST);
            let due = async {
                floor.await;
                let _ = tokio::time::timeout(rest.saturating_sub(SHORTEST), self.reader.changed()).await;
            };
            tokio::select! {
                () = due => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// One report; what comes back is done, and how it ended told at once. So are settings that changed.
    async fn tell(&self) -> Result<Duration, CentralError> {
        let mut answer = self.once().await?;
        let usual = self.status.settings().usual_reader_mode();
        self.status.settings().follow(&*self.central, answer.settings_version).await;
        let done = answer.command.as_ref().is_some_and(|order| self.reader.obey(order));
        if done || self.status.settings().usual_reader_mode() != usual {
            answer = self.once().await?;
        }
        Ok(Duration::from_secs(answer.next_in_s.into()).min(LONGEST))
    }

    async fn once(&self) -> Result<ReaderStateAnswer, CentralError> {
        let report = self.reader.report(self.status.settings().usual_reader_mode());
        let question = serde_json::to_vec(&report)
            .map_err(|_| CentralError::NotUnderstood("the report cannot be written".into()))?;
        let answer = self.central.post(READER_STATE_PATH, question).await?;
        let answer = serde_json::from_slice(&answer)
            .map_err(|_| CentralError::NotUnderstood("unexpected body".into()))?;
        self.reader.told(report.done.as_ref());
        Ok(answer)
    }
}
