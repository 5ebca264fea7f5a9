//! Readers: what terminals tell, and wishes that are handed out until it is said how they ended.

use eligibility::reader::{
    COMMAND_LIFE_MS, CommandOutcome, CommandStanding, ReaderCommand, ReaderMode, ReaderState,
};
use store::audit::HistoryAsked;
use store::{FormId, ReaderHears, ReaderTold, ReaderWish};

use crate::databases::{Database, on_every_database};
use crate::people::*;

on_every_database!(
    a_wish_reaches_its_reader_until_it_is_said_how_it_ended,
    what_says_nothing_new_is_stored_every_few_minutes_only,
);

fn told(number: u32, state: ReaderState, ms: i64) -> ReaderTold {
    ReaderTold {
        institution_code: institution(number),
        terminal_name: "受付1".to_owned(),
        state,
        error_code: (state == ReaderState::Error).then(|| "OQSA9101E".to_owned()),
        mode: ReaderMode::Unattended,
        heard_at: Some(at(ms - 1000)),
        done: None,
        told_at: at(ms),
    }
}

fn wish(number: u32, id: &str, ms: i64) -> ReaderWish {
    ReaderWish {
        institution_code: institution(number),
        terminal_name: "受付1".to_owned(),
        command_id: id.to_owned(),
        command: ReaderCommand::Visual,
        actor: "account:kanri01".to_owned(),
        form: FormId { subject: format!("{number}:kanri01"), form_id: id.to_owned() },
        asked_at: at(ms),
    }
}

async fn a_wish_reaches_its_reader_until_it_is_said_how_it_ended(db: Database) {
    let store = &db.store;
    assert_eq!(store.wish_of_reader(wish(1, "w1", 0)).await, Ok(false), "no such reader");
    assert_eq!(store.tell_reader(told(1, ReaderState::Ready, 0)).await, Ok(ReaderHears::default()));
    for _ in 0..2 {
        assert_eq!(store.wish_of_reader(wish(1, "w1", 10)).await, Ok(true));
    }
    let standing = async |ms| {
        let readers = store.readers(&institution(1)).await.expect("reads");
        readers[0].command.as_ref().expect("a wish").standing(at(ms))
    };
    assert_eq!(standing(20).await, CommandStanding::Waiting);
    let open = ReaderHears {
        command: Some(("w1".to_owned(), ReaderCommand::Visual)),
        attended: true,
        settings_version: 0,
    };
    for ms in [30, 40] {
        assert_eq!(
            store.tell_reader(told(1, ReaderState::Ready, ms)).await,
            Ok(open.clone()),
            "the answer may be lost"
        );
    }
    assert_eq!(standing(50).await, CommandStanding::Fetched);
    assert_eq!(
        store.tell_reader(told(2, ReaderState::Ready, 50)).await,
        Ok(ReaderHears::default()),
        "another's"
    );
    let done = ReaderTold {
        mode: ReaderMode::Visual,
        done: Some(("w1".to_owned(), CommandOutcome::Done)),
        ..told(1, ReaderState::Ready, 60)
    };
    for _ in 0..2 {
        let hears = store.tell_reader(done.clone()).await.expect("writes");
        assert_eq!((hears.command, hears.attended), (None, true));
    }
    assert_eq!(standing(70).await, CommandStanding::Ended(CommandOutcome::Done));
    let reader = store.readers(&institution(1)).await.expect("reads").remove(0);
    assert_eq!((reader.mode, reader.state), (ReaderMode::Visual, ReaderState::Ready));

    // One that nobody fetches lapses, and is not handed out late.
    assert_eq!(store.wish_of_reader(wish(1, "w2", 100)).await, Ok(true));
    assert_eq!(standing(100 + COMMAND_LIFE_MS).await, CommandStanding::Lapsed);
    let late = store.tell_reader(told(1, ReaderState::Ready, 100 + COMMAND_LIFE_MS)).await.expect("writes");
    assert_eq!(late, ReaderHears::default());
    let asked = HistoryAsked {
        institution_code: institution(1),
        from: at(0),
        until: at(1000),
        before: None,
        limit: 10,
    };
    let entries = store.audit_history(&asked, |_| true).await.expect("reads").entries;
    let told: Vec<_> = entries.into_iter().map(|one| (one.action, one.outcome)).collect();
    let told: Vec<_> = told.iter().map(|(action, outcome)| (&**action, &**outcome)).collect();
    assert_eq!(
        told,
        [("reader.command", "queued"), ("reader.confirm", "done"), ("reader.command", "queued")]
    );
}

async fn what_says_nothing_new_is_stored_every_few_minutes_only(db: Database) {
    let store = &db.store;
    let stored = async || {
        let reader = store.readers(&institution(3)).await.expect("reads").remove(0);
        (reader.told_at, reader.changed_at, reader.state, reader.error_code)
    };
    for (ms, state) in [(0, ReaderState::Ready), (60_000, ReaderState::Ready)] {
        store.tell_reader(told(3, state, ms)).await.expect("writes");
    }
    assert_eq!(stored().await, (at(0), at(0), ReaderState::Ready, None));
    store.tell_reader(told(3, ReaderState::Error, 70_000)).await.expect("writes");
    let code = Some("OQSA9101E".to_owned());
    assert_eq!(stored().await, (at(70_000), at(70_000), ReaderState::Error, code.clone()));
    store.tell_reader(told(3, ReaderState::Error, 400_000)).await.expect("writes");
    assert_eq!(stored().await, (at(400_000), at(70_000), ReaderState::Error, code));
}
