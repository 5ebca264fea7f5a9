//! The carrier: it notifies the address of the line as soon as an institution registered its お客さまID.

use std::time::Duration;

use anyhow::Result;
use eligibility::line::AddressPrefix;
use server::clock::Clock;
use store::Store;
use tokio_util::sync::CancellationToken;

use super::{ACTOR, NEW_LINE, new_institution};

/// Between two looks.
const ROUND: Duration = Duration::from_millis(500);

/// Works until the end.
pub(super) async fn run(store: Store, clock: Clock, stop: CancellationToken) {
    loop {
        if let Err(error) = look(&store, &clock).await {
            tracing::warn!(%error, "the carrier could not notify a line's address");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ROUND) => {}
        }
    }
}

async fn look(store: &Store, clock: &Clock) -> Result<()> {
    let Some(line) = store.line_of(&new_institution()?).await? else { return Ok(()) };
    let Some(customer_id) = line.customer_id.filter(|_| line.prefixes.is_empty()) else { return Ok(()) };
    let prefix = AddressPrefix::containing(NEW_LINE, 32)?;
    let notice = store.notify_line_prefixes(&customer_id, vec![prefix], ACTOR, clock.now()).await?;
    tracing::debug!(?notice, "the carrier notified the new line's address");
    Ok(())
}
