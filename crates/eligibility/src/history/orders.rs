//! Orders to card readers in the log. The entry of an order is written when it is given and never again; how it ended
//! stands in a later entry, or follows from there being none.

use crate::{
    Instant,
    reader::{COMMAND_LIFE_MS, CommandOutcome},
};

/// The action of an order.
pub const ORDER: &str = "reader.command";
/// The action of its result, as the terminal tells it.
const RESULT: &str = "reader.confirm";
/// How long after an order its result is looked for, milliseconds: an order lives half as long.
pub const RESULT_WITHIN_MS: i64 = 2 * COMMAND_LIFE_MS;

/// An entry of the log about a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderEntry<'a> {
    /// Its number in the chain.
    pub sequence: i64,
    /// When.
    pub at: Instant,
    /// What was done.
    pub action: &'a str,
    /// To which reader.
    pub object: &'a str,
    /// How it ended.
    pub outcome: &'a str,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEnd {
    /// The terminal may still fetch it or tell.
    Waiting,
    /// The terminal told.
    Told(CommandOutcome),
    /// Another order took its place first.
    Replaced,
    /// Its life is over, and the terminal told nothing.
    Lapsed,
}

impl OrderEnd {
    /// How `order` ended by `now`. `entries`: those about readers from the order to [`RESULT_WITHIN_MS`] after it, in any
    /// order. A reader has one order at a time, so the next entry about it says what became of this one.
    #[must_use]
    pub fn of<'a>(
        order: ReaderEntry<'_>,
        entries: impl IntoIterator<Item = ReaderEntry<'a>>,
        now: Instant,
    ) -> Self {
        let later = |entry: &ReaderEntry<'_>| {
            entry.sequence > order.sequence
                && entry.object == order.object
                && matches!(entry.action, ORDER | RESULT)
        };
        let next = entries.into_iter().filter(later).min_by_key(|entry| entry.sequence);
        match next {
            Some(next) if next.action == ORDER => Self::Replaced,
            Some(next) => CommandOutcome::from_name(next.outcome).map_or(Self::Lapsed, Self::Told),
            None if now.0.saturating_sub(order.at.0) < COMMAND_LIFE_MS => Self::Waiting,
            None => Self::Lapsed,
        }
    }

    /// The words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "送信待ち",
            Self::Told(CommandOutcome::Done) => "完了（切り替えました）",
            Self::Told(CommandOutcome::Heard) => "完了（カードリーダーに届きました）",
            Self::Told(CommandOutcome::Unheard) => {
                "完了（端末には届きましたが、カードリーダーからの連絡がありません）"
            }
            Self::Replaced => "取消し（次の操作に替わりました）",
            Self::Lapsed => "期限切れ（届きませんでした）",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Instant = Instant(1_000_000);

    fn entry<'a>(sequence: i64, action: &'a str, object: &'a str, outcome: &'a str) -> ReaderEntry<'a> {
        ReaderEntry { sequence, at: AT, action, object, outcome }
    }

    #[test]
    fn the_next_entry_about_the_reader_says_how_an_order_ended() {
        let order = entry(5, ORDER, "reader:受付1", "queued");
        let end = |entries: &[ReaderEntry<'_>], after_ms: i64| {
            OrderEnd::of(order, entries.iter().copied(), Instant(AT.0 + after_ms))
        };
        let other = entry(6, RESULT, "reader:受付2", "done");
        let before = entry(4, RESULT, "reader:受付1", "heard");
        assert_eq!(end(&[before, order, other], COMMAND_LIFE_MS - 1), OrderEnd::Waiting);
        assert_eq!(end(&[before, order, other], COMMAND_LIFE_MS), OrderEnd::Lapsed);
        let again = entry(9, ORDER, "reader:受付1", "queued");
        let denied = entry(7, "operate_readers", "reader:受付1", "denied:role");
        let told = entry(8, RESULT, "reader:受付1", "unheard");
        assert_eq!(end(&[again, told, denied, order], 0), OrderEnd::Told(CommandOutcome::Unheard));
        assert_eq!(end(&[again, denied, order], COMMAND_LIFE_MS), OrderEnd::Replaced);
    }
}
