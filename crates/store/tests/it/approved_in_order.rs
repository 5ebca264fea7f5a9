//! What is approved is carried out in an order in which what is stuck keeps nobody waiting.

use eligibility::application::ApplicationKind;
use store::{InstitutionAddress, Obstacle, Store};

use crate::{
    applications::{APPROVE, certificate, decide, done, id, known, submitted},
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(what_is_stuck_comes_last_and_pauses);

const KIND: ApplicationKind = ApplicationKind::CertificateIssue;
/// The longest pause.
const TEN_MINUTES: i64 = 600_000;

async fn approved(store: &Store, number: u32) {
    submitted(store, number, 1, certificate(&format!("{number}号機"))).await;
    for by in ["sato", "tanaka"] {
        done(decide(store, 1, number, APPROVE, by).await);
    }
}

/// The numbers of those that are due, in their order.
async fn due(store: &Store, now: i64, limit: u32) -> Vec<String> {
    let found = store.approved_applications_due(KIND, at(now), limit).await.expect("reads");
    found.into_iter().map(|one| one.id.to_string()).collect()
}

async fn what_is_stuck_comes_last_and_pauses(db: Database) {
    let store = &db.store;
    let code = known(store, 1).await;
    for number in 1..=4 {
        approved(store, number).await;
    }
    let ids = |numbers: &[u32]| numbers.iter().map(|n| id(*n).to_string()).collect::<Vec<_>>();
    let stuck = async |number: u32, now: i64| {
        store.note_obstacle(&code, &id(number), Obstacle::NoAddress, at(now)).await.expect("notes")
    };
    assert_eq!(due(store, 100, 10).await, ids(&[1, 2, 3, 4]), "oldest first");
    assert!(stuck(1, 100).await);
    assert!(stuck(2, 101).await);
    assert_eq!(due(store, 101, 10).await, ids(&[3, 4]), "the stuck ones pause");
    assert_eq!(due(store, 100_000, 1).await, ids(&[3]), "and come after the others");
    assert_eq!(due(store, 100_000, 10).await, ids(&[3, 4, 1, 2]));
    // Tried again in vain, one comes after the other.
    assert!(!stuck(1, 100_000).await, "known");
    assert_eq!(due(store, 100_000, 10).await, ids(&[3, 4, 2]));
    assert_eq!(due(store, 200_000, 10).await, ids(&[3, 4, 2, 1]));
    // However often: the pause has an end.
    for round in 1..70 {
        stuck(1, 200_000 + round * TEN_MINUTES).await;
    }
    let last = 200_000 + 69 * TEN_MINUTES;
    // Whoever looks within the pause makes it no longer.
    stuck(1, last + 1).await;
    assert_eq!(due(store, last + TEN_MINUTES - 1, 10).await, ids(&[3, 4, 2]));
    assert_eq!(due(store, last + TEN_MINUTES, 10).await, ids(&[3, 4, 2, 1]));
    // Whoever enters the address does not wait for it.
    let address = InstitutionAddress {
        postal_code: "1310045".to_owned(),
        first_line: "東京都墨田区架空一丁目2番3号".to_owned(),
        second_line: None,
    };
    store.put_institution_address(&code, address).await.expect("writes");
    assert_eq!(due(store, last + 1, 10).await.len(), 4);
}
