//! Imports: invisible until whole, swapped at once, repeatable, resumable.

use eligibility::coverage::Coverage;
use store::{
    Error,
    import::{CHUNK_ROWS, FAULTS_REPORTED, RowFault},
};

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    a_new_file_replaces_the_old_one_and_the_past_stays_known,
    the_same_content_is_imported_once,
    a_faulty_file_is_refused_whole,
    every_kind_of_fault_is_found,
    an_import_given_up_anywhere_resumes_to_the_same_state,
    other_content_takes_the_place_of_an_unfinished_import,
    cards_are_loaded_again_and_again,
);

fn moved(number: u32) -> Coverage {
    let mut moved = coverage(number);
    moved.person.address = Some("大阪府大阪市北区中之島１丁目".to_owned());
    moved.insured_number = format!("A{number}");
    moved
}

async fn a_new_file_replaces_the_old_one_and_the_past_stays_known(db: Database) {
    let first =
        import(&db.store, 1, rows([coverage(1), coverage(2), coverage(3)]), at(100)).await.expect("imports");
    assert_eq!((first.import_number, first.already_applied, first.rows), (1, false, 3));
    let second =
        import(&db.store, 2, rows([coverage(1), moved(2), coverage(4)]), at(200)).await.expect("imports");
    assert_eq!(second.import_number, 2);
    let now = async |number| db.store.coverages_of(&person_key(number)).await.expect("reads");
    assert_eq!(now(1).await, [coverage(1)]);
    assert_eq!(now(2).await, [moved(2)]);
    assert_eq!(now(3).await, []);
    assert_eq!(now(4).await, [coverage(4)]);
    // Back to the first content: it is not in force, so it is imported again.
    let third =
        import(&db.store, 1, rows([coverage(1), coverage(2), coverage(3)]), at(300)).await.expect("imports");
    assert_eq!((third.import_number, third.already_applied), (3, false));
    assert_eq!(now(2).await, [coverage(2)]);

    let then =
        async |number, ms| db.store.coverages_as_known_at(&person_key(number), at(ms)).await.expect("reads");
    for (number, at_99, at_100, at_200, at_300) in [
        (1, vec![], vec![coverage(1)], vec![coverage(1)], vec![coverage(1)]),
        (2, vec![], vec![coverage(2)], vec![moved(2)], vec![coverage(2)]),
        (3, vec![], vec![coverage(3)], vec![], vec![coverage(3)]),
        (4, vec![], vec![], vec![coverage(4)], vec![]),
    ] {
        assert_eq!(then(number, 99).await, at_99, "person {number}");
        assert_eq!(then(number, 100).await, at_100, "person {number}");
        assert_eq!(then(number, 299).await, at_200, "person {number}");
        assert_eq!(then(number, 300).await, at_300, "person {number}");
    }
    let birthdate = coverage(2).person.birthdate;
    let by = async |number: &str| {
        let key = eligibility::matching::NumberKey::of(number);
        db.store.candidates_by_number(&insurer(), &key, birthdate).await.expect("reads")
    };
    assert_eq!((by("2").await, by("A2").await), (vec![coverage(2)], vec![]));
}

async fn the_same_content_is_imported_once(db: Database) {
    let first = import(&db.store, 1, rows([coverage(1)]), at(1)).await.expect("imports");
    let mut read = 0;
    let again = rows([coverage(1)]).into_iter().inspect(|_| read += 1);
    let receipt =
        db.store.import_insurer_file(meta(1, 1), again, || at(2), |_| (), |_| ()).await.expect("answers");
    assert_eq!((receipt.import_number, receipt.already_applied, receipt.applied_at), (1, true, at(1)));
    assert_eq!((receipt.rows, read), (first.rows, 0));
}

async fn a_faulty_file_is_refused_whole(db: Database) {
    import(&db.store, 1, rows([coverage(1), coverage(2)]), at(1)).await.expect("imports");
    // More than one chunk is staged before the fault shows.
    let mut file = rows((1..=CHUNK_ROWS as u32 + 10).map(|n| if n == 2 { moved(2) } else { coverage(n) }));
    file.push(Err(RowFault { row: 7, reason: "birthdate has the wrong form".to_owned() }));
    let mut faults = vec![];
    let meta = meta(2, file.len());
    let outcome = db
        .store
        .import_insurer_file(meta, file.into_iter(), || at(2), |_| (), |fault| faults.push(fault))
        .await;
    assert!(matches!(outcome, Err(Error::ImportRefused { faults: 1, .. })), "{outcome:?}");
    assert_eq!(faults, [RowFault { row: 7, reason: "birthdate has the wrong form".to_owned() }]);
    assert_eq!(db.store.coverages_of(&person_key(2)).await, Ok(vec![coverage(2)]));
    assert_eq!(db.store.coverages_of(&person_key(3)).await, Ok(vec![]));
    // The next good file is not troubled by what was taken back.
    let next = import(&db.store, 3, rows([coverage(1), coverage(3)]), at(3)).await.expect("imports");
    assert_eq!(next.import_number, 3);
    assert_eq!(db.store.coverages_of(&person_key(2)).await, Ok(vec![]));
    assert_eq!(db.store.coverages_of(&person_key(3)).await, Ok(vec![coverage(3)]));
    assert_eq!(db.store.coverages_of(&person_key(4)).await, Ok(vec![]));
}

async fn every_kind_of_fault_is_found(db: Database) {
    let date = |text: &str| text.parse().expect("a date");
    let with = |number, change: fn(&mut Coverage)| {
        let mut changed = coverage(number);
        change(&mut changed);
        changed
    };
    let mut overlapping = coverage(1);
    overlapping.coverage_id = "other".to_owned();
    overlapping.qualified_on = date("2024-01-01");
    overlapping.insured_number = "77".to_owned();
    let mut following = with(1, |c| c.disqualified_on = Some("2024-01-01".parse().expect("a date")));
    following.card_issued_on = None;
    let cases: Vec<(Vec<Coverage>, Option<&str>)> = vec![
        (vec![following, overlapping.clone()], None),
        (vec![coverage(1), overlapping], Some("overlaps")),
        (vec![coverage(1), coverage(1)], Some("coverage_id")),
        (vec![coverage(1), with(2, |c| c.insured_number = "1".to_owned())], Some("another person's")),
        (
            vec![
                coverage(1),
                with(2, |c| (c.insured_number, c.branch_number) = ("1".to_owned(), Some("02".to_owned()))),
            ],
            None,
        ),
        (vec![with(1, |c| c.person.name = String::new())], Some("name")),
        (
            vec![with(1, |c| c.disqualified_on = Some("2019-01-01".parse().expect("a date")))],
            Some("ends before"),
        ),
        (
            vec![with(1, |c| {
                c.insurer_number = eligibility::insurer::InsurerNumber::parse("138057").expect("six")
            })],
            Some("insurer_number"),
        ),
    ];
    for (content, (file, expected)) in cases.into_iter().enumerate() {
        let mut faults = vec![];
        let meta = meta(content as u8, file.len());
        let outcome = db
            .store
            .import_insurer_file(
                meta,
                rows(file).into_iter(),
                || NOW,
                |_| (),
                |fault| faults.push(fault.reason),
            )
            .await;
        match expected {
            None => assert!(outcome.is_ok(), "case {content}: {faults:?}"),
            Some(word) => assert!(faults.iter().any(|f| f.contains(word)), "case {content}: {faults:?}"),
        }
        assert!(faults.len() <= FAULTS_REPORTED);
    }
    let mut short = meta(99, 2);
    short.rows = 3;
    let file = rows([coverage(1), coverage(2)]);
    let outcome = db.store.import_insurer_file(short, file.into_iter(), || NOW, |_| (), |_| ()).await;
    assert!(matches!(outcome, Err(Error::ImportRefused { .. })), "a truncated file");
}

/// Everything visible of some persons.
async fn state(db: &Database, persons: u32) -> Vec<Vec<Coverage>> {
    let mut state = vec![];
    for number in 1..=persons {
        state.push(db.store.coverages_of(&person_key(number)).await.expect("reads"));
    }
    state
}

async fn an_import_given_up_anywhere_resumes_to_the_same_state(db: Database) {
    let persons = 2 * CHUNK_ROWS as u32 + 5;
    import(&db.store, 1, rows((1..=60).map(coverage)), at(1)).await.expect("imports");
    let before = state(&db, 60).await;
    let file = move || {
        rows((1..=persons).filter(|n| n % 3 != 0).map(|n| if n % 2 == 0 { moved(n) } else { coverage(n) }))
    };
    let length = file().len();
    for given_up_at in [1, CHUNK_ROWS / 2, CHUNK_ROWS + 1, length - 1] {
        // Dropped in the middle, as when the process ends: what was staged stays unseen.
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let mut stop = Some(stop);
        let store = db.store.clone();
        let import = tokio::spawn(async move {
            let mut read = 0;
            let rows = file().into_iter().inspect(move |_| {
                read += 1;
                if read == given_up_at
                    && let Some(stop) = stop.take()
                {
                    let _ = stop.send(());
                    panic!("the process ends here");
                }
            });
            store.import_insurer_file(meta(2, length), rows, || at(2), |_| (), |_| ()).await
        });
        stopped.await.expect("reaches the place");
        assert!(import.await.is_err());
        assert_eq!(state(&db, 60).await, before);
    }
    let mut staged = vec![];
    let receipt = db
        .store
        .import_insurer_file(meta(2, length), file().into_iter(), || at(2), |rows| staged.push(rows), |_| ())
        .await
        .expect("imports");
    assert_eq!(receipt.import_number, 2, "it is the same import that went on");
    assert_eq!(staged.last(), Some(&(length as u64)));
    let expected: Vec<Vec<Coverage>> = (1..=60)
        .map(|n| match (n % 3, n % 2) {
            (0, _) => vec![],
            (_, 0) => vec![moved(n)],
            _ => vec![coverage(n)],
        })
        .collect();
    assert_eq!(state(&db, 60).await, expected);
    assert_eq!(
        db.store.coverages_of(&person_key(persons)).await.expect("reads").len(),
        usize::from(!persons.is_multiple_of(3))
    );
}

async fn other_content_takes_the_place_of_an_unfinished_import(db: Database) {
    import(&db.store, 1, rows([coverage(1), coverage(2)]), at(1)).await.expect("imports");
    let store = db.store.clone();
    let unfinished = tokio::spawn(async move {
        let endless = (1..=CHUNK_ROWS as u32 + 1).map(|n| {
            assert!(n <= CHUNK_ROWS as u32, "the process ends here");
            Ok(moved(n))
        });
        store.import_insurer_file(meta(2, CHUNK_ROWS + 1), endless, || at(2), |_| (), |_| ()).await
    });
    assert!(unfinished.await.is_err());
    let receipt = import(&db.store, 3, rows([coverage(1), coverage(3)]), at(3)).await.expect("imports");
    assert_eq!(receipt.import_number, 3);
    assert_eq!(db.store.coverages_of(&person_key(1)).await, Ok(vec![coverage(1)]));
    assert_eq!(db.store.coverages_of(&person_key(2)).await, Ok(vec![]));
    assert_eq!(db.store.coverages_of(&person_key(9)).await, Ok(vec![]));
}

async fn cards_are_loaded_again_and_again(db: Database) {
    let first = import_cards(&db.store, 1, vec![card(1), card(2)]).await.expect("imports");
    assert_eq!((first.rows, first.already_applied), (2, false));
    let again = import_cards(&db.store, 1, vec![card(1), card(2)]).await.expect("imports");
    assert_eq!((again.rows, again.already_applied), (2, true));
    let mut changed = card(1);
    changed.registered = false;
    import_cards(&db.store, 2, vec![changed]).await.expect("imports");
    assert_eq!(db.store.coverage_of_card(&card_of(1)).await, Ok(store::CardLookup::Unregistered));
    let faulty = [Ok(card(3)), Err(RowFault { row: 2, reason: "serial is empty".to_owned() })];
    let refused = db.store.import_cards([9; 32], faulty.into_iter(), || NOW, |_| ()).await;
    assert!(matches!(refused, Err(Error::ImportRefused { .. })));
}
