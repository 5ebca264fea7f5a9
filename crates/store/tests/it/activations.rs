//! アクティベーションコード on every database: used once, by one device, in its time; guesses end in a pause.

use eligibility::activation::{
    ActivationState, DEVICES_MAX, DeviceMemo, ENDS_AFTER_MS, PAUSE_MS, USABLE_AFTER_MS, WRONG_MAX,
};
use store::{ActivationEntered, ActivationEntry, ActivationIssued, FormId, NewActivation, Options, Store};

use crate::databases::{Database, on_every_database};
use crate::people::*;

on_every_database!(
    of_many_devices_at_once_one_is_set_up,
    a_code_is_taken_from_ten_minutes_to_a_day_after_its_issue,
    ten_wrong_entries_stop_all_and_a_right_one_costs_nothing,
    twenty_devices_and_no_more_also_at_once,
    an_invalidated_one_is_out_of_use_and_frees_its_place,
);

fn new(number: u32, name: &str, hash: u8, ms: i64) -> NewActivation {
    NewActivation {
        institution_code: institution(number),
        activation_id: format!("a-{name}"),
        code_hash: [hash; 32],
        device_memo: DeviceMemo::parse(&format!("往診用タブレット{name}")).expect("a memo"),
        actor: "account:kanri01".to_owned(),
        form: FormId { subject: format!("{number}:kanri01"), form_id: name.to_owned() },
        outcome: format!("outcome of {name}"),
        issued_at: at(ms),
    }
}

fn entry(number: u32, hash: u8, device: &str, ms: i64) -> ActivationEntry {
    ActivationEntry {
        institution_code: institution(number),
        code_hash: [hash; 32],
        device_key: device.to_owned(),
        actor: "app:unknown".to_owned(),
        entered_at: at(ms),
    }
}

async fn issue(store: &Store, number: u32, name: &str, hash: u8, ms: i64) {
    assert_eq!(store.issue_activation(new(number, name, hash, ms)).await, Ok(ActivationIssued::Fresh));
}

async fn enter(store: &Store, number: u32, hash: u8, ms: i64) -> ActivationEntered {
    store.enter_activation_code(entry(number, hash, "key", ms)).await.expect("writes")
}

const WRONG: ActivationEntered = ActivationEntered::Wrong { pause_began: false };

async fn of_many_devices_at_once_one_is_set_up(db: Database) {
    issue(&db.store, 1, "1", 7, 0).await;
    let other = Store::open(&db.url, Options::default()).await.expect("opens");
    // Fewer than lead to a pause: each is looked up.
    let devices: Vec<_> = (0..8)
        .map(|device| {
            let store = if device % 2 == 0 { db.store.clone() } else { other.clone() };
            let entry = entry(1, 7, &format!("key-{device}"), USABLE_AFTER_MS);
            tokio::spawn(async move { store.enter_activation_code(entry).await.expect("writes") })
        })
        .collect();
    let (mut done, mut wrong) = (0, 0);
    for device in devices {
        match device.await.expect("runs") {
            ActivationEntered::Done { activation_id, device_memo } => {
                assert_eq!((&*activation_id, &*device_memo), ("a-1", "往診用タブレット1"));
                done += 1;
            }
            ActivationEntered::Wrong { .. } => wrong += 1,
            ActivationEntered::Paused { .. } => panic!("eight are no ten"),
        }
    }
    assert_eq!((done, wrong), (1, 7));
    assert_eq!(db.store.device_is_in_use(&institution(1), "a-1", at(USABLE_AFTER_MS)).await, Ok(true));
}

async fn a_code_is_taken_from_ten_minutes_to_a_day_after_its_issue(db: Database) {
    for (name, hash) in [("1", 7), ("2", 8)] {
        issue(&db.store, 2, name, hash, 0).await;
    }
    assert_eq!(enter(&db.store, 2, 7, USABLE_AFTER_MS - 1).await, WRONG, "too early");
    assert_eq!(enter(&db.store, 3, 7, USABLE_AFTER_MS).await, WRONG, "another institution's");
    let done = enter(&db.store, 2, 7, USABLE_AFTER_MS).await;
    assert!(matches!(done, ActivationEntered::Done { .. }), "{done:?}");
    assert_eq!(enter(&db.store, 2, 8, ENDS_AFTER_MS).await, WRONG, "too late");
    let states: Vec<_> = db.store.activations(&institution(2)).await.expect("reads");
    let states: Vec<_> = states.iter().map(|one| one.activation.state(at(ENDS_AFTER_MS))).collect();
    assert_eq!(states, [ActivationState::Expired, ActivationState::InUse]);
}

async fn ten_wrong_entries_stop_all_and_a_right_one_costs_nothing(db: Database) {
    for (name, hash) in [("1", 7), ("2", 8)] {
        issue(&db.store, 4, name, hash, 0).await;
    }
    let now = USABLE_AFTER_MS;
    for _ in 1..WRONG_MAX {
        assert_eq!(enter(&db.store, 4, 99, now).await, WRONG);
    }
    // The tenth is right: it is given back, and nothing stops.
    assert!(matches!(enter(&db.store, 4, 7, now + 1).await, ActivationEntered::Done { .. }));
    let pause = enter(&db.store, 4, 99, now + 2).await;
    assert_eq!(pause, ActivationEntered::Wrong { pause_began: true });
    let paused = enter(&db.store, 4, 8, now + 3).await;
    assert_eq!(paused, ActivationEntered::Paused { retry_after_ms: PAUSE_MS - 1 }, "the right one too");
    let guard = db.store.activation_guard(&institution(4)).await.expect("reads");
    assert_eq!(guard.paused_for_ms(at(now + 3)), Some(PAUSE_MS - 1));
    assert_eq!(enter(&db.store, 5, 8, now + 3).await, WRONG, "other institutions go on");
    let after = enter(&db.store, 4, 8, now + 2 + PAUSE_MS).await;
    assert!(matches!(after, ActivationEntered::Done { .. }), "{after:?}");
}

async fn twenty_devices_and_no_more_also_at_once(db: Database) {
    let wishes: Vec<_> = (0..DEVICES_MAX + 5)
        .map(|device| {
            let store = db.store.clone();
            let new = new(6, &device.to_string(), u8::try_from(device).expect("small"), 0);
            tokio::spawn(async move { store.issue_activation(new).await.expect("writes") })
        })
        .collect();
    let mut fresh = 0;
    for wish in wishes {
        match wish.await.expect("runs") {
            ActivationIssued::Fresh => fresh += 1,
            ActivationIssued::Full => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(fresh, DEVICES_MAX);
    let again = db.store.issue_activation(new(7, "x", 1, 0)).await;
    assert_eq!(again, Ok(ActivationIssued::Fresh), "another institution has its own places");
    let repeated = db.store.issue_activation(new(7, "x", 2, 1)).await;
    assert_eq!(repeated, Ok(ActivationIssued::Repeated { outcome: "outcome of x".to_owned() }));
    assert_eq!(db.store.issue_activation(new(7, "y", 1, 1)).await, Ok(ActivationIssued::Collided));
    // Codes that nobody used give their places back.
    assert_eq!(
        db.store.issue_activation(new(6, "late", 99, ENDS_AFTER_MS)).await,
        Ok(ActivationIssued::Fresh)
    );
}

async fn an_invalidated_one_is_out_of_use_and_frees_its_place(db: Database) {
    issue(&db.store, 8, "1", 7, 0).await;
    assert!(matches!(enter(&db.store, 8, 7, USABLE_AFTER_MS).await, ActivationEntered::Done { .. }));
    let (own, other) = (institution(8), institution(9));
    let now = at(USABLE_AFTER_MS + 1);
    assert_eq!(db.store.invalidate_activation(&other, "a-1", "account:x", now).await, Ok(false));
    assert_eq!(db.store.device_is_in_use(&own, "a-1", now).await, Ok(true));
    assert_eq!(db.store.invalidate_activation(&own, "a-1", "account:x", now).await, Ok(true));
    assert_eq!(db.store.invalidate_activation(&own, "a-1", "account:x", now).await, Ok(false));
    assert_eq!(db.store.device_is_in_use(&own, "a-1", now).await, Ok(false));
    issue(&db.store, 8, "2", 8, 0).await;
    assert_eq!(db.store.invalidate_activation(&own, "a-2", "account:x", now).await, Ok(true));
    assert_eq!(enter(&db.store, 8, 8, USABLE_AFTER_MS + 2).await, WRONG, "a code that was taken back");
}
