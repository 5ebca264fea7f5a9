//! The certificate authority's records: numbers, keys, orders, letters, revocations, the log, lists, notices.

use eligibility::{
    institution_certificate::{CertificateUses, Revocation, RevocationReason, SUCCESSORS_MAX},
    retrieval::{RETRIEVAL_TRIES, RetrievalNumber},
};
use store::{
    AUTHORITY, InstitutionAddress, Kept, LetterFiled, NewAnswer, NewCertificate, NewCertificateFile,
    NewCertificateNotice, NewLetter, NewRevocation, Reservation, Reserved, Revoked, RevokedCertificate,
    Store, StoredList,
};

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    a_number_a_key_and_an_order_are_taken_once,
    a_certificate_is_recorded_logged_and_admitted_together_or_not_at_all,
    leaves_have_no_gaps_however_many_are_logged_at_once,
    a_successor_ends_the_first_and_there_is_one_only,
    a_successor_that_nobody_used_or_that_ended_gives_its_place_to_another,
    successors_that_nobody_used_follow_a_few_times_only,
    a_file_is_there_if_its_certificate_is_and_is_wiped,
    a_revocation_bars_the_terminal_voids_the_answer_and_is_listed,
    a_compromised_key_takes_everything_renewed_from_it_along,
    tries_are_counted_for_every_number_and_no_further_than_they_go,
    a_letter_is_made_once_posted_once_and_wiped_then,
    an_older_list_never_takes_a_newer_ones_place,
    a_notice_is_given_once,
);

const YEAR: i64 = 365 * 86_400_000;

fn reservation(serial: &str, order: &str, key: &str) -> Reservation {
    Reservation {
        serial: serial.to_owned(),
        institution_code: institution(1).as_str().to_owned(),
        order_id: order.to_owned(),
        purpose: "terminal",
        key_fingerprint: key.to_owned(),
        at: NOW,
    }
}

pub(crate) fn certificate(serial: &str, order: &str) -> NewCertificate {
    NewCertificate {
        institution_code: institution(1),
        serial: serial.to_owned(),
        order_id: order.to_owned(),
        fingerprint: format!("f-{serial}"),
        key_fingerprint: format!("k-{serial}"),
        terminal_name: "受付1号機".to_owned(),
        uses: CertificateUses::EligibilityAndBilling,
        certificate: serial.as_bytes().to_vec(),
        not_before: NOW,
        not_after: at(YEAR),
        issued_at: NOW,
        predecessor: None,
        retrieval_number: None,
        actor: "letter".to_owned(),
    }
}

pub(crate) async fn issue(store: &Store, new: NewCertificate) -> Kept {
    let reserved = store.reserve_serial(reservation(&new.serial, &new.order_id, &new.key_fingerprint)).await;
    assert!(matches!(reserved, Ok(Reserved::Stored | Reserved::OrderDone(_))), "{reserved:?}");
    store.keep_certificate(new).await.expect("keeps")
}

async fn a_number_a_key_and_an_order_are_taken_once(db: Database) {
    let store = &db.store;
    let reserve = async |serial: &str, order: &str, key: &str| {
        store.reserve_serial(reservation(serial, order, key)).await.expect("reserves")
    };
    assert_eq!(reserve("a1", "o1", "k1").await, Reserved::Stored);
    assert_eq!(reserve("a1", "o1", "k1").await, Reserved::Taken, "one number, one reservation");
    assert_eq!(reserve("a2", "o1", "k1").await, Reserved::Stored, "tried again after a crash");
    assert_eq!(reserve("a3", "o2", "k1").await, Reserved::KeyUsed);
    store.mark_key_compromised("k9").await.expect("marks");
    assert_eq!(reserve("a4", "o3", "k9").await, Reserved::KeyCompromised);
    let mut own = reservation("a5", "o1", "k1");
    own.institution_code = AUTHORITY.to_owned();
    assert_eq!(store.reserve_serial(own).await, Ok(Reserved::KeyUsed), "another's order of the same name");
    issue(store, certificate("b1", "o4")).await;
    assert_eq!(reserve("b2", "o4", "k5").await, Reserved::OrderDone("b1".to_owned()));
    // Many at once with one key: it goes to one order.
    let mut many = Vec::new();
    for n in 0..16 {
        let store = store.clone();
        let new = reservation(&format!("c{n}"), &format!("many-{n}"), "shared");
        many.push(tokio::spawn(async move { store.reserve_serial(new).await.expect("reserves") }));
    }
    let mut stored = 0;
    for one in many {
        stored += usize::from(one.await.expect("runs") == Reserved::Stored);
    }
    assert_eq!(stored, 1);
}

async fn a_certificate_is_recorded_logged_and_admitted_together_or_not_at_all(db: Database) {
    let store = &db.store;
    assert_eq!(issue(store, certificate("a1", "o1")).await, Kept::Fresh { leaf_index: 0 });
    let found = store.certificate_of(&institution(1), "a1").await.expect("reads").expect("there");
    assert_eq!((found.leaf_index, found.uses), (0, CertificateUses::EligibilityAndBilling));
    assert_eq!(
        store.certificate_of(&institution(2), "a1").await,
        Ok(None),
        "another institution's is not there"
    );
    let entry = store.log_entries(0, 10).await.expect("reads").remove(0);
    assert_eq!((entry.serial.as_str(), entry.certificate.as_slice()), ("a1", b"a1".as_slice()));
    let admitted = store.terminal_standings_changed_since(NOW).await.expect("reads");
    assert_eq!(admitted[0].certificate.fingerprint, "f-a1");
    assert_eq!((admitted[0].certificate.revoked_at, admitted[0].superseded_at), (None, None));
    // The order again, and an order whose letter is gone: nothing of it stays.
    assert_eq!(issue(store, certificate("a2", "o1")).await, Kept::OrderDone("a1".to_owned()));
    let mut late = certificate("a3", "o3");
    late.retrieval_number = Some("123456789012".to_owned());
    assert_eq!(issue(store, late).await, Kept::TooLate);
    assert_eq!(store.log_entries(1, 10).await.expect("reads"), []);
    assert_eq!(store.certificates_of(&institution(1)).await.expect("reads").len(), 1);
    assert_eq!(store.terminal_standings_changed_since(NOW).await.expect("reads").len(), 1);
}

async fn leaves_have_no_gaps_however_many_are_logged_at_once(db: Database) {
    let other = Store::open(&db.url, store::Options::default()).await.expect("opens");
    let mut many = Vec::new();
    for n in 0..40 {
        let store = if n % 2 == 0 { db.store.clone() } else { other.clone() };
        many.push(tokio::spawn(async move {
            // Every fourth is for an order that is done: no leaf is taken for it.
            let order = if n % 4 == 3 { "o0".to_owned() } else { format!("o{n}") };
            issue(&store, certificate(&format!("a{n}"), &order)).await
        }));
    }
    let mut fresh = 0;
    for one in many {
        fresh += usize::from(matches!(one.await.expect("runs"), Kept::Fresh { .. }));
    }
    let places: Vec<i64> =
        db.store.log_entries(0, 100).await.expect("reads").iter().map(|entry| entry.leaf_index).collect();
    assert_eq!(places, (0..fresh as i64).collect::<Vec<_>>());
    assert_eq!(fresh, 30, "one of those for the same order");
}

async fn a_successor_ends_the_first_and_there_is_one_only(db: Database) {
    let store = &db.store;
    issue(store, certificate("a1", "o1")).await;
    let follow = |serial: &str, order: &str| {
        let mut new = certificate(serial, order);
        (new.predecessor, new.issued_at) = (Some("a1".to_owned()), at(1000));
        new
    };
    assert_eq!(issue(store, follow("a2", "renewal:a1")).await, Kept::Fresh { leaf_index: 1 });
    assert_eq!(issue(store, follow("a3", "renewal:a1")).await, Kept::OrderDone("a2".to_owned()));
    assert_eq!(store.note_first_use(&institution(1), "f-a2", at(1000)).await, Ok(true));
    assert_eq!(issue(store, follow("a4", "other")).await, Kept::TooLate, "by whatever way");
    let old = store.certificate_of(&institution(1), "a1").await.expect("reads").expect("there");
    assert_eq!((old.successor.as_deref(), old.superseded_at), (Some("a2"), Some(at(1000))));
    let changed = store.terminal_standings_changed_since(at(1000)).await.expect("reads");
    let told: Vec<_> = changed
        .iter()
        .map(|one| (one.certificate.fingerprint.as_str(), one.superseded_at.is_some()))
        .collect();
    assert_eq!(told, [("f-a1", true), ("f-a2", false)]);
}

fn revocation(serial: &str, reason: RevocationReason) -> NewRevocation {
    let actor = "operator:1".to_owned();
    let (institution_code, serial) = (institution(1), serial.to_owned());
    NewRevocation { institution_code, serial, reason, at: at(5000), actor, application: None }
}

fn follower(serial: &str, order: &str) -> NewCertificate {
    NewCertificate { predecessor: Some("a1".to_owned()), ..certificate(serial, order) }
}

async fn a_successor_that_nobody_used_or_that_ended_gives_its_place_to_another(db: Database) {
    let store = &db.store;
    let of = async |serial: &str| {
        store.certificate_of(&institution(1), serial).await.expect("reads").expect("there")
    };
    let fresh = |kept: Kept| matches!(kept, Kept::Fresh { .. });
    issue(store, certificate("a1", "o1")).await;
    assert!(fresh(issue(store, follower("b1", "renewal:a1")).await));
    // Nobody was let in with it: another takes its place, and it ends.
    assert!(fresh(issue(store, follower("b2", "renewal:a1:b1")).await));
    assert_eq!(of("b1").await.revocation.expect("ended").reason, RevocationReason::Superseded);
    let renewed = of("a1").await;
    assert_eq!((renewed.successor.as_deref(), renewed.superseded_at), (Some("b2"), Some(NOW)));
    assert!(renewed.revocation.is_none());
    // Once a terminal was let in, it stays.
    assert_eq!(store.note_first_use(&institution(2), "f-b2", at(5)).await, Ok(false), "another's");
    assert_eq!(store.note_first_use(&institution(1), "f-b2", at(5)).await, Ok(true));
    assert_eq!(store.note_first_use(&institution(1), "f-b2", at(6)).await, Ok(false));
    assert_eq!(store.note_first_use(&institution(1), "f-b1", at(6)).await, Ok(false), "revoked");
    assert_eq!(of("b2").await.first_used_at, Some(at(5)));
    assert_eq!(issue(store, follower("b3", "renewal:a1:b2")).await, Kept::TooLate);
    assert!(of("b2").await.revocation.is_none(), "nothing of it stays");
    assert_eq!(store.certificates_left_alone(NOW, None, 10).await.expect("reads"), []);
    // Revoked, it leaves the older one alone, until another follows.
    let revoke = async |serial: &str, reason| {
        let revocation = NewRevocation {
            institution_code: institution(1),
            serial: serial.to_owned(),
            reason,
            at: at(7),
            actor: "operator:o1".to_owned(),
            application: None,
        };
        store.revoke_certificate(revocation).await.expect("revokes")
    };
    assert_eq!(revoke("b2", RevocationReason::Superseded).await, Revoked::Now);
    let alone = store.certificates_left_alone(NOW, None, 10).await.expect("reads");
    assert_eq!(alone.iter().map(|one| one.serial.as_str()).collect::<Vec<_>>(), ["a1"]);
    assert_eq!(store.certificates_left_alone(at(1), None, 10).await.expect("reads"), [], "too long ago");
    // Page by page, each of them once.
    let after = |at, serial: &str| store.certificates_left_alone(NOW, Some((at, serial.to_owned())), 10);
    assert_eq!(after(NOW, "a0").await.expect("reads"), alone);
    assert_eq!(after(NOW, "a1").await.expect("reads"), [], "it was the last");
    assert_eq!(after(at(1), "").await.expect("reads"), []);
    assert!(fresh(issue(store, follower("b4", "renewal:a1:b2")).await));
    assert_eq!(of("b2").await.revocation.expect("ended").at, at(7), "as it ended");
    // Not where somebody meant the terminal.
    assert_eq!(revoke("b4", RevocationReason::CessationOfOperation).await, Revoked::Now);
    assert_eq!(issue(store, follower("b5", "renewal:a1:b4")).await, Kept::TooLate);
}

async fn successors_that_nobody_used_follow_a_few_times_only(db: Database) {
    let store = &db.store;
    issue(store, certificate("a1", "o1")).await;
    for n in 0..SUCCESSORS_MAX {
        let kept = issue(store, follower(&format!("b{n}"), &format!("renewal-{n}"))).await;
        assert!(matches!(kept, Kept::Fresh { .. }), "{n}: {kept:?}");
    }
    assert_eq!(store.certificates_following(&institution(1), "a1").await, Ok(SUCCESSORS_MAX));
    assert_eq!(store.certificates_following(&institution(2), "a1").await, Ok(0), "another institution's");
    assert_eq!(issue(store, follower("c1", "renewal-more")).await, Kept::TooLate);
    let last = format!("b{}", SUCCESSORS_MAX - 1);
    let last = store.certificate_of(&institution(1), &last).await.expect("reads").expect("there");
    assert!(last.revocation.is_none(), "nothing of it stays");
}

async fn a_file_is_there_if_its_certificate_is_and_is_wiped(db: Database) {
    let store = &db.store;
    let file = |id: &str| NewCertificateFile {
        file_id: id.to_owned(),
        sealed: id.as_bytes().to_vec(),
        kept_until: at(10),
    };
    let found = async |whose: u32, id: &str, now: i64| {
        store.certificate_file(&institution(whose), id, at(now)).await.expect("reads")
    };
    let kept = store.keep_certificate_and_file(certificate("a1", "o1"), file("x1")).await;
    assert_eq!(kept, Ok(Kept::Fresh { leaf_index: 0 }));
    let kept = store.keep_certificate_and_file(certificate("a2", "o1"), file("x2")).await;
    assert_eq!(kept, Ok(Kept::OrderDone("a1".to_owned())));
    assert_eq!(found(1, "x1", 9).await.as_deref(), Some(b"x1".as_slice()));
    assert_eq!(found(1, "x2", 9).await, None);
    assert_eq!(found(2, "x1", 9).await, None, "another institution's");
    assert_eq!(found(1, "x1", 10).await, None, "its minutes are over");
    assert_eq!(store.wipe_certificate_files(at(9), 10).await, Ok(0));
    assert_eq!(store.wipe_certificate_files(at(10), 10).await, Ok(1));
    assert_eq!(found(1, "x1", 9).await, None);
}

async fn a_revocation_bars_the_terminal_voids_the_answer_and_is_listed(db: Database) {
    let store = &db.store;
    issue(store, certificate("a1", "o1")).await;
    let due = store.answers_due(at(1), NOW, 10).await.expect("reads");
    assert_eq!((due.len(), due[0].revocation), (1, None));
    let answer = |due: &store::AnswerDue, text: &str| NewAnswer {
        due: due.clone(),
        answer: text.as_bytes().to_vec(),
        this_update: at(1),
        next_update: at(100_000),
    };
    assert_eq!(store.put_answers(vec![answer(&due[0], "good")]).await, Ok(1));
    assert_eq!(store.answers_due(at(1000), NOW, 10).await, Ok(vec![]));
    assert_eq!(store.answer_about("a1").await.expect("reads").expect("there").answer, b"good");
    assert_eq!(store.answer_about("zz").await, Ok(None));

    let how = revocation("a1", RevocationReason::KeyCompromise);
    assert_eq!(store.revoke_certificate(how.clone()).await, Ok(Revoked::Now));
    assert_eq!(store.revoke_certificate(how).await, Ok(Revoked::Before(at(5000))));
    let mut others = revocation("a1", RevocationReason::Superseded);
    others.institution_code = institution(2);
    assert_eq!(store.revoke_certificate(others).await, Ok(Revoked::Unknown));
    // An answer signed before and stored after the revocation does not stay.
    assert_eq!(store.put_answers(vec![answer(&due[0], "good")]).await, Ok(0));
    let again = store.answers_due(at(1), NOW, 10).await.expect("reads");
    let listed = Revocation { at: at(5000), reason: RevocationReason::KeyCompromise };
    assert_eq!(again[0].revocation, Some(listed));
    assert_eq!(store.put_answers(vec![answer(&again[0], "revoked")]).await, Ok(1));
    let read = store.revoked_certificates(None, NOW).await.expect("reads").expect("there");
    let one = RevokedCertificate { serial: "a1".to_owned(), revocation: listed, not_after: at(YEAR) };
    assert_eq!((read.count, read.certificates), (1, vec![one]));
    assert_eq!(store.revoked_certificates(Some(1), NOW).await, Ok(None), "nothing was revoked since");
    let over = store.revoked_certificates(Some(0), at(YEAR + 1)).await.expect("reads").expect("there");
    assert_eq!(over.certificates, [], "what is over is listed no more");
    let standing = store.terminal_standings_changed_since(at(5000)).await.expect("reads");
    assert_eq!(standing[0].certificate.revoked_at, Some(at(5000)));
    let reserved = store.reserve_serial(reservation("b1", "o2", "k-a1")).await;
    assert_eq!(reserved, Ok(Reserved::KeyCompromised), "the lost key gets no other certificate");
    // Barred by its fingerprint, the authority's record ends too.
    issue(store, certificate("c1", "o3")).await;
    assert_eq!(store.revoke_terminal_certificate(&institution(1), "f-c1", at(6000)).await, Ok(true));
    let found = store.certificate_of(&institution(1), "c1").await.expect("reads").expect("there");
    assert_eq!(found.revocation.map(|how| how.at), Some(at(6000)));
    assert_eq!(store.drop_answers_over(at(YEAR + 1), 10).await, Ok(2));
}

async fn a_compromised_key_takes_everything_renewed_from_it_along(db: Database) {
    let store = &db.store;
    issue(store, certificate("a1", "o1")).await;
    issue(store, certificate("other", "o2")).await;
    for (old, new) in [("a1", "a2"), ("a2", "a3")] {
        let mut renewed = certificate(new, &format!("renewal:{old}"));
        renewed.predecessor = Some(old.to_owned());
        issue(store, renewed).await;
    }
    let ended = async || -> Vec<String> {
        let revoked = store.revoked_certificates(None, NOW).await.expect("reads").expect("there");
        revoked.certificates.into_iter().map(|one| one.serial).collect()
    };
    // For another reason each certificate ends by itself.
    let how = revocation("a2", RevocationReason::CessationOfOperation);
    assert_eq!(store.revoke_certificate(how).await, Ok(Revoked::Now));
    assert_eq!(ended().await, ["a2"]);
    // The chain is followed through the one that ended before.
    let how = revocation("a1", RevocationReason::KeyCompromise);
    assert_eq!(store.revoke_certificate(how.clone()).await, Ok(Revoked::Now));
    assert_eq!(ended().await, ["a1", "a2", "a3"]);
    let last = store.certificate_of(&institution(1), "a3").await.expect("reads").expect("there");
    assert_eq!(last.revocation, Some(Revocation { at: at(5000), reason: RevocationReason::KeyCompromise }));
    let standings = store.terminal_standings_changed_since(NOW).await.expect("reads");
    let barred = |print: &str| {
        standings
            .iter()
            .any(|one| one.certificate.fingerprint == print && one.certificate.revoked_at == Some(at(5000)))
    };
    assert!(barred("f-a1") && barred("f-a2") && barred("f-a3") && !barred("f-other"));
    for key in ["k-a1", "k-a3"] {
        let reserved = store.reserve_serial(reservation("b1", "o9", key)).await;
        assert_eq!(reserved, Ok(Reserved::KeyCompromised), "{key}");
    }
    assert_eq!(store.revoke_certificate(how).await, Ok(Revoked::Before(at(5000))));
}

pub(crate) fn number(digits: &str) -> RetrievalNumber {
    RetrievalNumber::parse(digits).expect("twelve digits")
}

pub(crate) fn letter(order: &str, digits: &str) -> NewLetter {
    NewLetter {
        institution_code: institution(1),
        letter_id: format!("letter-{order}"),
        order_id: order.to_owned(),
        application: None,
        in_place_of: None,
        document_number: "認発第2026-000001号".to_owned(),
        number: number(digits),
        secret_hash: [7; 32],
        terminal_name: "受付1号機".to_owned(),
        uses: CertificateUses::Eligibility,
        sealed_pdf: b"sealed".to_vec(),
        made_at: NOW,
        retrievable_until: at(YEAR / 2),
    }
}

async fn tries_are_counted_for_every_number_and_no_further_than_they_go(db: Database) {
    let store = &db.store;
    // Whoever typed the number before it was given out has used up nothing.
    store.count_retrieval_try(&number("123456789012"), NOW).await.expect("counts");
    assert_eq!(store.file_letter(letter("o1", "123456789012")).await, Ok(LetterFiled::Fresh));
    for digits in ["123456789012", "999999999999"] {
        let mut many = Vec::new();
        for _ in 0..64 {
            let (store, number) = (store.clone(), number(digits));
            many.push(tokio::spawn(
                async move { store.count_retrieval_try(&number, NOW).await.expect("counts") },
            ));
        }
        let (mut allowed, mut known) = (0, 0);
        for one in many {
            let counted = one.await.expect("runs");
            allowed += u32::from(counted.before.may_try());
            known += u32::from(counted.known.is_some());
        }
        assert_eq!(allowed, RETRIEVAL_TRIES, "{digits}");
        assert_eq!(known, if digits.starts_with('9') { 0 } else { RETRIEVAL_TRIES });
    }
    // All of those had the right secret: each gets his try back, and the number lives.
    for _ in 0..RETRIEVAL_TRIES {
        store.give_retrieval_try_back(&number("123456789012")).await.expect("gives back");
    }
    let counted = store.count_retrieval_try(&number("123456789012"), NOW).await.expect("counts");
    assert!(counted.before.may_try());
    assert_eq!(store.forget_retrieval_tries(at(1), 10).await, Ok(1), "a letter's count is kept");
}

async fn a_letter_is_made_once_posted_once_and_wiped_then(db: Database) {
    let store = &db.store;
    let code = institution(1);
    let address = InstitutionAddress {
        postal_code: "1310045".to_owned(),
        first_line: "東京都墨田区架空一丁目2番3号".to_owned(),
        second_line: None,
    };
    store.put_institution_address(&code, address.clone()).await.expect("puts");
    assert_eq!(store.institution_address(&code).await, Ok(Some(address)));
    assert_eq!(store.file_letter(letter("o1", "111111111111")).await, Ok(LetterFiled::Fresh));
    assert_eq!(store.file_letter(letter("o1", "222222222222")).await, Ok(LetterFiled::Before));
    assert_eq!(store.file_letter(letter("o2", "111111111111")).await, Ok(LetterFiled::NumberTaken));
    assert_eq!(store.file_letter(letter("o2", "222222222222")).await, Ok(LetterFiled::Fresh));
    assert_eq!(store.letters_to_post().await.expect("reads").len(), 2);
    assert_eq!(store.sealed_letter(&code, "letter-o1").await, Ok(Some(b"sealed".to_vec())));
    assert_eq!(store.sealed_letter(&institution(2), "letter-o1").await, Ok(None));
    let posted = async || {
        let counted = store.count_retrieval_try(&number("111111111111"), at(8)).await.expect("counts");
        counted.known.expect("known").posted
    };
    assert!(!posted().await, "it lies at the operator");
    let post = async |id: &str| store.post_letter(&code, id, "123-45-67890-1", "op", at(9)).await;
    assert_eq!(store.post_letter(&institution(2), "letter-o1", "1", "op", at(9)).await, Ok(false));
    assert_eq!((post("letter-o1").await, post("letter-o1").await), (Ok(true), Ok(false)));
    assert_eq!(store.sealed_letter(&code, "letter-o1").await, Ok(None), "the secret is gone");
    assert!(posted().await);
    let posted = store.letters_posted().await.expect("reads");
    assert_eq!(posted[0].tracking_number.as_deref(), Some("123-45-67890-1"));
}

async fn an_older_list_never_takes_a_newer_ones_place(db: Database) {
    let list = |number: i64| StoredList {
        issuer: "ab".to_owned(),
        shard: 3,
        number,
        list: number.to_string().into_bytes(),
        this_update: at(number),
        next_update: at(number + 10),
    };
    assert_eq!(db.store.revocation_list_of("ab", 3).await, Ok(None));
    assert_eq!(db.store.put_revocation_list(list(2)).await, Ok(true));
    assert_eq!(db.store.put_revocation_list(list(2)).await, Ok(false));
    assert_eq!(db.store.put_revocation_list(list(1)).await, Ok(false));
    assert_eq!(db.store.put_revocation_list(list(3)).await, Ok(true));
    assert_eq!(db.store.revocation_list_of("ab", 3).await, Ok(Some(list(3))));
    assert_eq!(db.store.revocation_list_of("ab", 4).await, Ok(None));
}

async fn a_notice_is_given_once(db: Database) {
    let store = &db.store;
    issue(store, certificate("a1", "o1")).await;
    let notice = |day: &str| NewCertificateNotice {
        institution_code: institution(1),
        serial: "a1".to_owned(),
        due_on: day.parse().expect("a date"),
        at: NOW,
        mail_id: format!("mail-{day}"),
        subject_line: "subject".to_owned(),
        text: "text".to_owned(),
    };
    let last = async || store.last_certificate_notice(&institution(1), "a1").await.expect("reads");
    assert_eq!(last().await, None);
    assert_eq!(store.give_certificate_notice(notice("2026-08-24")).await, Ok(true));
    assert_eq!(store.give_certificate_notice(notice("2026-08-24")).await, Ok(false));
    assert_eq!(store.give_certificate_notice(notice("2026-09-23")).await, Ok(true));
    assert_eq!(last().await.map(|day| day.to_string()).as_deref(), Some("2026-09-23"));
    let ending = store.certificates_ending(NOW, at(YEAR), None, 10).await.expect("reads");
    assert_eq!(ending.len(), 1);
    let after = Some((ending[0].period.not_after, ending[0].serial.clone()));
    assert_eq!(store.certificates_ending(NOW, at(YEAR), after, 10).await, Ok(vec![]));
}
