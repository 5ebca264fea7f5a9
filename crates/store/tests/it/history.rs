//! An institution reads its own chain: within a span, backwards, page by page; and which notices were read.

use eligibility::Instant;
use store::audit::{AuditEvent, HistoryAsked};
use store::{Notice, NoticeReader};

use crate::databases::{Database, on_every_database};
use crate::people::*;

on_every_database!(
    a_span_of_the_own_chain_is_read_backwards_page_by_page,
    what_is_read_is_kept_for_each_account,
);

const MINUTE: i64 = 60_000;

fn asked(number: u32, from: i64, until: i64) -> HistoryAsked {
    HistoryAsked {
        institution_code: institution(number),
        from: at(from * MINUTE),
        until: at(until * MINUTE),
        before: None,
        limit: 4,
    }
}

async fn a_span_of_the_own_chain_is_read_backwards_page_by_page(db: Database) {
    for minute in 0..40_i64 {
        let event = AuditEvent { actor: format!("account:a{}", minute % 2), ..event(&format!("m{minute}")) };
        db.store.record_looked(&institution(1), event, at(minute * MINUTE)).await.expect("writes");
    }
    db.store.record_looked(&institution(2), event("other"), at(20 * MINUTE)).await.expect("writes");
    let told = async |asked: &HistoryAsked| {
        let page = db.store.audit_history(asked, |entry| entry.actor == "account:a0").await.expect("reads");
        (page.entries.iter().map(|one| one.outcome.clone()).collect::<Vec<_>>(), page.next)
    };
    let mut ask = asked(1, 15, 26);
    let (first, next) = told(&ask).await;
    assert_eq!(first, ["m26", "m24", "m22", "m20"]);
    ask.before = next;
    assert!(ask.before.is_some());
    assert_eq!(told(&ask).await, (vec!["m18".to_owned(), "m16".to_owned()], None));
    assert_eq!(told(&asked(1, 100, 200)).await, (vec![], None), "after everything");
    let all = HistoryAsked { limit: 1000, from: Instant(0), until: Instant(i64::MAX), ..asked(1, 0, 0) };
    let page = db.store.audit_history(&all, |_| true).await.expect("reads");
    assert_eq!((page.entries.len(), page.next), (40, None));
    let sequences: Vec<_> = page.entries.iter().map(|one| one.sequence).collect();
    assert!(sequences.is_sorted_by(|a, b| a > b), "{sequences:?}");
    let others = HistoryAsked { institution_code: institution(2), ..all };
    assert_eq!(db.store.audit_history(&others, |_| true).await.expect("reads").entries.len(), 1);
}

async fn what_is_read_is_kept_for_each_account(db: Database) {
    for (id, day) in [("n1", 1), ("n2", 2), ("n3", 900)] {
        let notice = Notice {
            id: id.to_owned(),
            title: "停止のお知らせ".to_owned(),
            body: "深夜に停止します。".to_owned(),
            important: false,
            published_at: at(day * MINUTE),
            published_by: "unei-1".to_owned(),
            withdrawn_at: None,
        };
        assert!(db.store.publish_notice(notice).await.expect("writes"));
    }
    let reader =
        |number, user: &str| NoticeReader { institution_code: institution(number), user_id: user.to_owned() };
    let now = at(10 * MINUTE);
    let unread = async |number, user: &str| {
        let ids = db.store.unread_notices(reader(number, user), now).await.expect("reads");
        ids.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(unread(1, "kanri01").await, ["n1", "n2"], "n3 is not published yet");
    for _ in 0..2 {
        let ids = vec!["n1".to_owned()];
        db.store.mark_notices_read(reader(1, "kanri01"), ids, now).await.expect("writes");
    }
    assert_eq!(unread(1, "kanri01").await, ["n2"]);
    assert_eq!(unread(1, "uketsuke1").await, ["n1", "n2"]);
    assert_eq!(unread(2, "kanri01").await, ["n1", "n2"]);
    assert!(db.store.withdraw_notice("n2", "unei-1", now).await.expect("writes"));
    assert!(unread(1, "kanri01").await.is_empty(), "what is taken back needs no reading");
}
