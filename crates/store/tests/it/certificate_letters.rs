//! Letters that are void: each end withdraws what opens the certificate, is on record and told, and another may follow.

use eligibility::{
    account::{MailAddress, OperatorRole},
    application::{Actor, Side},
    institution_certificate::{LetterEnd, RevocationReason},
};
use store::{
    InstitutionAddress, InstitutionWish, Kept, LetterAgain, LetterFiled, LetterVoided, NewLetter,
    NewRevocation, Store, audit::SigningKey,
};

use crate::{
    applications::{known, reviewer},
    certificates::{certificate, issue, letter, number},
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    a_letter_that_nobody_posts_in_time_ends_for_everybody,
    a_lost_letter_is_made_void_by_two_people,
    what_a_wish_holds_its_dropping_gives_back,
    what_was_used_or_is_void_is_not_made_void,
    another_letter_follows_once_for_each_end,
    letters_that_cannot_be_written_keep_no_other_waiting,
    nobody_else_may,
    a_closed_institution_has_no_letters_and_gets_none,
    revocations_are_counted_whatever_revokes,
);

const DIGITS: &str = "111111111111";

/// A letter lies at the operator; the representative of its institution is registered.
async fn filed(store: &Store) -> NewLetter {
    known(store, 1).await;
    // The mails of the registration are not what these are about.
    store.forget_mails(at(0), 10).await.expect("forgets");
    let new = letter("o1", DIGITS);
    assert_eq!(store.file_letter(new.clone()).await, Ok(LetterFiled::Fresh));
    new
}

async fn post(store: &Store, id: &str) -> bool {
    store.post_letter(&institution(1), id, "123-45-67890-1", "yubin", at(1)).await.expect("posts")
}

async fn ask(store: &Store, id: &str, reason: LetterEnd, by: Actor, now: i64) -> LetterVoided {
    store.ask_letter_void((&institution(1), id), reason, by, at(now)).await.expect("writes")
}

async fn decide(store: &Store, id: &str, wish: (i64, bool), by: Actor) -> LetterVoided {
    let wish = (at(wish.0), wish.1);
    store.decide_letter_void((&institution(1), id), wish, by, at(30)).await.expect("writes")
}

async fn again(store: &Store, id: &str) -> LetterAgain {
    store.ask_letter_again((&institution(1), id), reviewer("sato"), at(40)).await.expect("writes")
}

/// Whether a certificate would be recorded for the letter of this number, and what its owner is told of its state.
async fn opens(store: &Store, serial: &str, digits: &str) -> bool {
    let mut new = certificate(serial, "o1");
    new.retrieval_number = Some(digits.to_owned());
    match issue(store, new).await {
        Kept::Fresh { .. } => true,
        Kept::TooLate => false,
        other => panic!("{other:?}"),
    }
}

async fn withdrawn(store: &Store, digits: &str) -> bool {
    let counted = store.count_retrieval_try(&number(digits), at(8)).await.expect("counts");
    store.give_retrieval_try_back(&number(digits)).await.expect("gives back");
    counted.known.expect("known").retrieval.withdrawn_at.is_some()
}

/// What waits to be sent about letters.
async fn told(store: &Store) -> Vec<String> {
    let due = store.due_mails(at(1_000), 50).await.expect("reads").into_iter();
    due.map(|due| due.mail.subject_line).filter(|line| line.contains("発行通知書")).collect()
}

/// Action, actor and detail of every entry about letters.
async fn recorded(db: &Database) -> Vec<[String; 3]> {
    let key = SigningKey::generate().expect("a key");
    db.store.audit_integrate_and_sign(&key, at(10_000)).await.expect("signs");
    let mut dump = Vec::new();
    db.store.audit_export(&mut dump).await.expect("exports");
    let lines = std::str::from_utf8(&dump).expect("UTF-8").lines();
    let entries = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let told = entries.map(|entry| ["action", "actor", "detail"].map(|name| text(&entry[name])));
    told.filter(|[action, ..]| action.starts_with("certificate.letter")).collect()
}

fn entry(action: &str, actor: &str, detail: &str) -> [String; 3] {
    [format!("certificate.letter{action}"), actor.to_owned(), detail.to_owned()]
}

async fn a_letter_that_nobody_posts_in_time_ends_for_everybody(db: Database) {
    let store = &db.store;
    filed(store).await;
    let overdue = async |before: i64| store.letters_overdue(at(before), 10).await.expect("reads").len();
    assert_eq!((overdue(0).await, overdue(1).await), (0, 1), "it was made at 0");
    let end = async |before: i64| {
        store.end_overdue_letter((&institution(1), "letter-o1"), at(before), at(20)).await.expect("writes")
    };
    assert!(!end(0).await, "its time is not over");
    assert!(!withdrawn(store, DIGITS).await);
    assert_eq!((end(1).await, end(1).await), (true, false), "once");
    assert!(withdrawn(store, DIGITS).await);
    assert!(!opens(store, "a1", DIGITS).await);
    assert_eq!(store.sealed_letter(&institution(1), "letter-o1").await, Ok(None), "the secret is gone");
    assert!(!post(store, "letter-o1").await);
    assert_eq!(store.letters_to_post().await, Ok(vec![]));
    let ended = store.letters_ended().await.expect("reads");
    let why = ended[0].ended.as_ref().map(|end| (end.at, end.reason, &*end.by));
    assert_eq!(why, Some((at(20), LetterEnd::NotPosted, "authority")));
    assert_eq!(store.letters_of(&institution(1)).await, Ok(ended), "its institution sees it");
    assert_eq!(told(store).await.len(), 1);
    // One that was posted in the meantime stays.
    let other = NewLetter { letter_id: "p".to_owned(), ..letter("o2", "222222222222") };
    assert_eq!(store.file_letter(other).await, Ok(LetterFiled::Fresh));
    assert!(post(store, "p").await);
    assert_eq!(overdue(99).await, 0);
    let late = store.end_overdue_letter((&institution(1), "p"), at(99), at(100)).await;
    assert_eq!(late, Ok(false));
    assert!(!withdrawn(store, "222222222222").await);
    let expected = [
        entry("", "authority", "order=o1"),
        entry(".void", "authority", "reason=not_posted order=o1"),
        entry("", "authority", "order=o2"),
        entry(".post", "operator:yubin", "tracking=123-45-67890-1"),
    ];
    assert_eq!(recorded(&db).await, expected);
}

async fn a_lost_letter_is_made_void_by_two_people(db: Database) {
    let store = &db.store;
    filed(store).await;
    assert!(post(store, "letter-o1").await);
    let id = "letter-o1";
    for not_for_people in [LetterEnd::NotPosted, LetterEnd::InstitutionEnded] {
        assert_eq!(ask(store, id, not_for_people, reviewer("sato"), 10).await, LetterVoided::Gone);
    }
    assert_eq!(ask(store, id, LetterEnd::LostInPost, reviewer("sato"), 10).await, LetterVoided::Asked);
    assert_eq!(
        ask(store, id, LetterEnd::Opened, reviewer("tanaka"), 11).await,
        LetterVoided::Gone,
        "one wish"
    );
    // Whoever found it gets nothing from the first person's word on.
    assert!(withdrawn(store, DIGITS).await);
    assert!(!opens(store, "a1", DIGITS).await);
    assert_eq!(store.letters_doubted().await.expect("reads").len(), 1);
    assert_eq!(store.letters_posted().await, Ok(vec![]));
    let twin = Actor { account: "sato-2".to_owned(), ..reviewer("sato") };
    for same in [reviewer("sato"), twin] {
        assert_eq!(decide(store, id, (10, true), same).await, LetterVoided::SamePerson);
    }
    assert_eq!(decide(store, id, (9, true), reviewer("tanaka")).await, LetterVoided::Gone, "another wish");
    assert_eq!(told(store).await, Vec::<String>::new(), "nothing is decided");
    assert_eq!(decide(store, id, (10, true), reviewer("tanaka")).await, LetterVoided::Done);
    assert_eq!(decide(store, id, (10, true), reviewer("suzuki")).await, LetterVoided::Gone);
    assert_eq!(decide(store, id, (10, false), reviewer("suzuki")).await, LetterVoided::Gone);
    assert!(withdrawn(store, DIGITS).await);
    let found = store.letter_of(&institution(1), id).await.expect("reads").expect("there");
    let ended = found.ended.expect("an end");
    assert_eq!((ended.reason, &*ended.by), (LetterEnd::LostInPost, "operator:tanaka"));
    assert_eq!((found.void_asked, store.letters_doubted().await), (None, Ok(vec![])));
    assert_eq!(told(store).await.len(), 1);
    let expected = [
        entry(".void-ask", "operator:sato", "reason=lost_in_post"),
        entry(".void", "operator:tanaka", "asked-by=operator:sato reason=lost_in_post"),
    ];
    assert_eq!(recorded(&db).await[2..], expected);
}

async fn what_a_wish_holds_its_dropping_gives_back(db: Database) {
    let store = &db.store;
    filed(store).await;
    let id = "letter-o1";
    assert_eq!(ask(store, id, LetterEnd::Misprinted, reviewer("sato"), 10).await, LetterVoided::Asked);
    assert!(!post(store, id).await, "nobody posts what is doubted");
    let printed = async || store.open_letter(&institution(1), id, "yubin", at(11)).await.expect("opens");
    assert_eq!(printed().await, None, "nor prints it");
    assert_eq!(store.letters_to_post().await, Ok(vec![]));
    assert_eq!(decide(store, id, (10, false), reviewer("sato")).await, LetterVoided::Dropped);
    assert!(!withdrawn(store, DIGITS).await);
    assert!(printed().await.is_some());
    assert!(post(store, id).await);
    assert!(opens(store, "a1", DIGITS).await);
    let dropped = entry(".void-drop", "operator:sato", "asked-by=operator:sato reason=misprinted");
    assert!(recorded(&db).await.contains(&dropped));
    assert_eq!(told(store).await, Vec::<String>::new());
}

async fn what_was_used_or_is_void_is_not_made_void(db: Database) {
    let store = &db.store;
    filed(store).await;
    assert!(post(store, "letter-o1").await);
    assert!(opens(store, "a1", DIGITS).await);
    let by = reviewer("sato");
    assert_eq!(ask(store, "letter-o1", LetterEnd::LostInPost, by.clone(), 10).await, LetterVoided::Fetched);
    assert_eq!(ask(store, "none", LetterEnd::LostInPost, by.clone(), 10).await, LetterVoided::Gone);
    let other = institution(2);
    let foreign = store.ask_letter_void((&other, "letter-o1"), LetterEnd::LostInPost, by, at(10)).await;
    assert_eq!(foreign, Ok(LetterVoided::Gone));
    assert_eq!(again(store, "letter-o1").await, LetterAgain::Gone, "it is good");
}

async fn another_letter_follows_once_for_each_end(db: Database) {
    let store = &db.store;
    filed(store).await;
    let ended = store.end_overdue_letter((&institution(1), "letter-o1"), at(1), at(20)).await;
    assert_eq!(ended, Ok(true));
    let second = NewLetter {
        letter_id: "second".to_owned(),
        in_place_of: Some("letter-o1".to_owned()),
        ..letter("o1", "222222222222")
    };
    assert_eq!(store.file_letter(second.clone()).await, Ok(LetterFiled::Before), "nobody asked for it");
    assert_eq!(again(store, "letter-o1").await, LetterAgain::Asked);
    assert_eq!(again(store, "letter-o1").await, LetterAgain::Before);
    let wanted = store.letters_wanted(at(50), 10).await.expect("reads");
    let what: Vec<_> = wanted.iter().map(|one| (&*one.in_place_of, &*one.order_id, one.uses)).collect();
    assert_eq!(what, [("letter-o1", "o1", second.uses)]);
    // What may not be written is asked for no longer, and may be asked for once more.
    let forget = async || store.forget_letter_wanted((&institution(1), "letter-o1"), at(41)).await;
    assert_eq!((forget().await, forget().await), (Ok(true), Ok(false)));
    assert_eq!(store.letters_wanted(at(50), 10).await, Ok(vec![]));
    assert_eq!(again(store, "letter-o1").await, LetterAgain::Asked);
    assert_eq!(store.file_letter(second.clone()).await, Ok(LetterFiled::Fresh));
    let third = NewLetter { letter_id: "third".to_owned(), ..second };
    assert_eq!(store.file_letter(third).await, Ok(LetterFiled::Before), "once");
    assert_eq!(store.letters_wanted(at(50), 10).await, Ok(vec![]));
    assert_eq!(forget().await, Ok(false), "it was written");
    assert_eq!(again(store, "letter-o1").await, LetterAgain::Before);
    let first = store.letter_of(&institution(1), "letter-o1").await.expect("reads").expect("there");
    assert_eq!(first.replaced_by.as_deref(), Some("second"));
    assert!(post(store, "second").await);
    assert!(!opens(store, "a1", DIGITS).await, "the first one stays void");
    assert!(opens(store, "a2", "222222222222").await);
    let log = recorded(&db).await;
    let expected = [
        entry(".again", "operator:sato", "order=o1"),
        entry(".again-drop", "authority", ""),
        entry(".again", "operator:sato", "order=o1"),
        entry("", "authority", "order=o1 in-place-of=letter-o1"),
    ];
    assert_eq!(log[2..6], expected);
    assert_eq!(log.iter().filter(|one| **one == expected[0]).count(), 2);
}

async fn letters_that_cannot_be_written_keep_no_other_waiting(db: Database) {
    let store = &db.store;
    known(store, 1).await;
    // Three wait for an address, the fourth one was asked for last and could be written at once.
    for number in 1..=4_u8 {
        let order = format!("o{number}");
        let new = letter(&order, &number.to_string().repeat(12));
        assert_eq!(store.file_letter(new).await, Ok(LetterFiled::Fresh));
        let id = format!("letter-{order}");
        assert_eq!(store.end_overdue_letter((&institution(1), &id), at(1), at(20)).await, Ok(true));
        let (code, when) = (institution(1), at(40 + i64::from(number)));
        let asked = store.ask_letter_again((&code, &id), reviewer("sato"), when).await;
        assert_eq!(asked, Ok(LetterAgain::Asked));
    }
    let due = async |now: i64, limit: u32| {
        let found = store.letters_wanted(at(now), limit).await.expect("reads");
        found.into_iter().map(|one| (one.order_id, one.asked_at)).collect::<Vec<_>>()
    };
    let of = |numbers: &[u8]| {
        numbers.iter().map(|one| (format!("o{one}"), at(40 + i64::from(*one)))).collect::<Vec<_>>()
    };
    let stuck = async |number: u8, now: i64| {
        let id = format!("letter-o{number}");
        store.note_letter_stuck((&institution(1), &id), at(now)).await.expect("notes")
    };
    assert_eq!(due(100, 3).await, of(&[1, 2, 3]), "the oldest first, and the window is full");
    for number in 1..=3 {
        assert!(stuck(number, 100).await);
        assert!(!stuck(number, 101).await, "it pauses");
    }
    assert_eq!(due(101, 3).await, of(&[4]), "what is stuck leaves the window");
    assert_eq!(due(100_000, 3).await, of(&[4, 1, 2]), "and comes after the others");
    // The pauses grow, and have an end.
    assert!(stuck(1, 100_000).await);
    assert_eq!(due(130_100, 9).await, of(&[4, 2, 3]));
    assert_eq!(due(160_000, 9).await, of(&[4, 2, 3, 1]));
    for round in 1..70 {
        stuck(1, 200_000 + round * 600_000).await;
    }
    let last = 200_000 + 69 * 600_000;
    assert_eq!(due(last + 599_999, 9).await, of(&[4, 2, 3]));
    assert_eq!(due(last + 600_000, 9).await, of(&[4, 2, 3, 1]));
    // Whoever enters the address does not wait for it; what is asked for no longer pauses no longer either.
    let address = InstitutionAddress {
        postal_code: "1310045".to_owned(),
        first_line: "東京都墨田区架空一丁目2番3号".to_owned(),
        second_line: None,
    };
    store.put_institution_address(&institution(1), address).await.expect("writes");
    assert_eq!(due(last, 9).await, of(&[1, 2, 3, 4]));
    assert!(stuck(2, last).await);
    assert_eq!(store.forget_letter_wanted((&institution(1), "letter-o2"), at(last)).await, Ok(true));
    assert!(!stuck(2, last + 1_000_000).await, "nobody asks");
    assert_eq!(again(store, "letter-o2").await, LetterAgain::Asked);
    assert_eq!(due(last, 1).await, [("o2".to_owned(), at(40))], "asked for anew, it is tried at once");
}

async fn nobody_else_may(db: Database) {
    let store = &db.store;
    filed(store).await;
    for role in OperatorRole::ALL.iter().copied() {
        let mail = MailAddress::parse("x@operator.example").ok();
        let by = Actor { side: Side::Operator(role), account: "x".to_owned(), mail };
        let asked = ask(store, "letter-o1", LetterEnd::LostInPost, by.clone(), 10).await;
        let may = matches!(role, OperatorRole::Reviewer | OperatorRole::PostRoom);
        assert_eq!(asked == LetterVoided::Asked, may, "{role:?}");
        let dropped = decide(store, "letter-o1", (10, false), by.clone()).await;
        assert_eq!(dropped == LetterVoided::Dropped, may, "{role:?}");
    }
    let clinic = crate::applications::clinic(1);
    assert_eq!(ask(store, "letter-o1", LetterEnd::LostInPost, clinic, 10).await, LetterVoided::Gone);
    assert!(!withdrawn(store, DIGITS).await);
}

async fn a_closed_institution_has_no_letters_and_gets_none(db: Database) {
    let store = &db.store;
    filed(store).await;
    let overdue = NewLetter { letter_id: "old".to_owned(), ..letter("o2", "222222222222") };
    assert_eq!(store.file_letter(overdue).await, Ok(LetterFiled::Fresh));
    assert_eq!(store.end_overdue_letter((&institution(1), "old"), at(1), at(2)).await, Ok(true));
    assert_eq!(again(store, "old").await, LetterAgain::Asked);
    assert_eq!(
        ask(store, "letter-o1", LetterEnd::LostInPost, reviewer("sato"), 10).await,
        LetterVoided::Asked
    );
    let wish = InstitutionWish::Close { reason: "廃止".to_owned() };
    store.ask_institution_wish(&institution(1), wish, reviewer("sato"), at(50)).await.expect("asks");
    let (code, by) = (institution(1), reviewer("tanaka"));
    let closed = store.decide_institution_wish((&code, at(50)), true, by, at(51)).await;
    assert_eq!(closed, Ok(store::InstitutionDecided::Done));
    assert_eq!(decide(store, "letter-o1", (10, false), reviewer("sato")).await, LetterVoided::Gone);
    assert!(withdrawn(store, DIGITS).await, "dropping does not bring it back");
    assert_eq!(store.letters_wanted(at(50), 10).await, Ok(vec![]));
    // What ended before did so on its day and for its reason.
    for (id, ended) in
        [("letter-o1", (at(51), LetterEnd::InstitutionEnded)), ("old", (at(2), LetterEnd::NotPosted))]
    {
        let found = store.letter_of(&institution(1), id).await.expect("reads").expect("there");
        assert_eq!(found.ended.map(|end| (end.at, end.reason)), Some(ended), "{id}");
        assert_eq!(again(store, id).await, LetterAgain::NotServed, "{id}");
    }
}

async fn revocations_are_counted_whatever_revokes(db: Database) {
    let store = &db.store;
    for n in 1..=3 {
        issue(store, certificate(&format!("a{n}"), &format!("o{n}"))).await;
    }
    let count = async |known: Option<i64>| {
        let read = store.revoked_certificates(known, NOW).await.expect("reads");
        read.map(|read| (read.count, read.certificates.len()))
    };
    assert_eq!((count(None).await, count(Some(0)).await), (Some((0, 0)), None));
    let revocation = NewRevocation {
        institution_code: institution(1),
        serial: "a1".to_owned(),
        reason: RevocationReason::Superseded,
        at: at(5),
        actor: "operator:sato".to_owned(),
        application: None,
    };
    store.revoke_certificate(revocation.clone()).await.expect("revokes");
    store.revoke_certificate(revocation).await.expect("was revoked before");
    assert_eq!((count(Some(0)).await, count(Some(1)).await), (Some((1, 1)), None));
    // By the terminal's fingerprint, with a clock that is behind: the count moves all the same.
    let barred = store.revoke_terminal_certificate(&institution(1), "f-a2", at(1)).await;
    assert_eq!(barred, Ok(true));
    assert_eq!((count(Some(1)).await, count(Some(2)).await), (Some((2, 2)), None));
}
