//! Asking again, within what a patient at the counter can wait.

use std::{future::Future, time::Duration};

use super::CentralError;

/// All tries together, first question to last answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Pause after the first failure; doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Repeats a question that may be repeated while the trouble may pass, at most for [`PATIENCE`].
pub(crate) async fn patiently<T, F>(mut ask: impl FnMut() -> F) -> Result<T, CentralError>
where
    F: Future<Output = Result<T, CentralError>>,
{
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    loop {
        let outcome = tokio::time::timeout_at(deadline, ask())
            .await
            .unwrap_or_else(|_| Err(CentralError::Unreachable("no answer in time".into())));
        match outcome {
            Err(error) if error.is_passing() && tokio::time::Instant::now() + pause < deadline => {
                tracing::info!(%error, "asking the central system again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            outcome => return outcome,
        }
    }
}
