//! `shikaku demo --once`: one card check and one number check, from the card and the file to the XML.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow};
use serde_json::json;

use super::{
    consent::Visit,
    outcome::{Outcome, Refusal},
    people,
    system::{Proven, System},
};
use crate::report::Report;

/// Makes both checks for the first person who can be asked about both ways.
pub(crate) async fn run(system: &Arc<System>, ready_after: Duration) -> Result<Report> {
    let person = system
        .people()
        .iter()
        .find(|person| people::has_both_ways(person))
        .context("nobody has both a card and a number")?;
    let card = told(system.check_card(person.id, &Visit::agreeing(Proven::Pin)).await)?;
    let number = told(system.check_number(person.id, None).await)?;
    let text = format!("{}\n{}", card.text(), number.text());
    let document = json!({
        "card": card.document(),
        "number": number.document(),
        "ready_ms": super::ready_ms(ready_after),
    });
    Ok(Report::new(text, document))
}

fn told(done: Result<Outcome, Refusal>) -> Result<Outcome> {
    done.map_err(|refusal| anyhow!("{} {} {}", refusal.cause, refusal.remedy, refusal.detail))
}
