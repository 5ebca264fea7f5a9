//! What became of orders to card readers: an order's entry is never written again, so its end is looked up behind it.

use std::collections::BTreeMap;

use axum::response::Response;
use eligibility::Instant;
use eligibility::history::{ORDER, OrderEnd, RESULT_WITHIN_MS, ReaderEntry};
use store::audit::{HistoryAsked, HistoryEntry};

use crate::institution::user::InstitutionUser;
use crate::web::{Site, refused};

/// Reads for one span at most: each looks through a bounded part of the log.
const READS_MAX: usize = 25;
/// Entries about readers that one read takes at most.
const ENTRIES_MAX: usize = 2_000;

/// How the orders among these entries ended, by their sequence. An order whose span could not be read to its end has
/// none.
pub(super) async fn ends(
    site: &Site,
    user: &InstitutionUser,
    entries: &[HistoryEntry],
) -> Result<BTreeMap<i64, OrderEnd>, Response> {
    let mut ends = BTreeMap::new();
    let now = site.clock.now();
    let mut orders: Vec<_> = entries.iter().filter(|entry| is_order(entry)).collect();
    orders.sort_by_key(|order| order.sequence);
    for near in orders.chunk_by(|one, next| next.recorded_at.0 - one.recorded_at.0 <= RESULT_WITHIN_MS) {
        let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
        let until = Instant(last.recorded_at.0.saturating_add(RESULT_WITHIN_MS));
        let Some(found) = about_readers(site, user, (first.recorded_at, until)).await? else { continue };
        for order in near {
            let end = OrderEnd::of(reader_entry(order), found.iter().map(reader_entry), now);
            ends.insert(order.sequence, end);
        }
    }
    Ok(ends)
}

fn is_order(entry: &HistoryEntry) -> bool {
    entry.action == ORDER && entry.outcome == "queued"
}

fn reader_entry(entry: &HistoryEntry) -> ReaderEntry<'_> {
    ReaderEntry {
        sequence: entry.sequence,
        at: entry.recorded_at,
        action: &entry.action,
        object: &entry.object,
        outcome: &entry.outcome,
    }
}

/// Everything about readers in a span; `None` when it is too much.
async fn about_readers(
    site: &Site,
    user: &InstitutionUser,
    (from, until): (Instant, Instant),
) -> Result<Option<Vec<HistoryEntry>>, Response> {
    let (mut entries, mut before) = (Vec::new(), None);
    for _ in 0..READS_MAX {
        let institution_code = user.institution_code.clone();
        let asked = HistoryAsked { institution_code, from, until, before, limit: ENTRIES_MAX };
        let found = site.store.audit_history(&asked, |entry| entry.action.starts_with("reader.")).await;
        let found = found.map_err(|error| refused::by_store(&error))?;
        entries.extend(found.entries);
        match found.next {
            Some(next) => before = Some(next),
            None => return Ok(Some(entries)),
        }
    }
    Ok(None)
}
