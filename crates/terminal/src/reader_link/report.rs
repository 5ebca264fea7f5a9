//! Tells the centre how the reader stands, and does what people at the desk want of it.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use wire::terminal_api::{READER_STATE_PATH, ReaderStateAnswer};

use super::reader::Reader;
use crate::central::{Central, CentralError};

/// The longest time between two reports, whatever the centre says.
const LONGEST: Duration = Duration::from_secs(120);
/// The shortest time between two reports, so that a busy counter does not report every card twice.
const SHORTEST: Duration = Duration::from_secs(2);
/// After a report that did not get through.
const AFTER_TROUBLE: Duration = Duration::from_secs(30);
/// When the centre knows no such report.
const UNKNOWN_THERE: Duration = Duration::from_secs(600);

/// Reports until `shutdown`.
pub(crate) async fn run<C: Central>(central: Arc<C>, reader: Arc<Reader>, shutdown: CancellationToken) {
    loop {
        let rest = match tell(&*central, &reader).await {
            Ok(rest) => rest,
            Err(error) => {
                tracing::debug!(%error, "the reader's state could not be told");
                if error.is_passing() { AFTER_TROUBLE } else { UNKNOWN_THERE }
            }
        };
        let floor = tokio::time::sleep(SHORTEST);
        let due = async {
            floor.await;
            let _ = tokio::time::timeout(rest.saturating_sub(SHORTEST), reader.changed()).await;
        };
        tokio::select! {
            () = due => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// One report; what comes back is done, and how it ended told at once.
async fn tell<C: Central>(central: &C, reader: &Reader) -> Result<Duration, CentralError> {
    let answer = once(central, reader).await?;
    let done = answer.command.as_ref().is_some_and(|order| reader.obey(order));
    let answer = if done { once(central, reader).await? } else { answer };
    Ok(Duration::from_secs(answer.next_in_s.into()).min(LONGEST))
}

async fn once<C: Central>(central: &C, reader: &Reader) -> Result<ReaderStateAnswer, CentralError> {
    let report = reader.report();
    let question = serde_json::to_vec(&report)
        .map_err(|_| CentralError::NotUnderstood("the report cannot be written".into()))?;
    let answer = central.post(READER_STATE_PATH, question).await?;
    let answer =
        serde_json::from_slice(&answer).map_err(|_| CentralError::NotUnderstood("unexpected body".into()))?;
    reader.told(report.done.as_ref());
    Ok(answer)
}
