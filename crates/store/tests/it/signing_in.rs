//! Sessions, guesses, mailed links, second factors and the outbox, on every database.

use eligibility::account::{AttemptState, Bucket, LockoutDecision, MailAddress};
use eligibility::institution::InstitutionCode;
use store::{
    Act, AttemptPlace, Audience, Confirmed, FactorChange, FormId, MailOutcome, MailText, NewMail,
    NewMailLink, Options, PendingRegistration, REGISTRATION_LINK, Stage, Store, StoredPasskey, WebSession,
    audit::AuditEvent,
};

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    a_guess_is_counted_before_it_is_compared_and_survives_the_process,
    sixty_four_guesses_at_once_take_five_places,
    a_registration_makes_one_account_an_institution_and_an_address,
    a_session_is_replaced_in_one_commit_and_good_at_one_site_only,
    a_session_that_was_left_alone_stays_covered_until_another_takes_its_place,
    second_factors_are_spent_once_and_the_last_one_stays,
    a_shown_secret_is_its_sessions_alone,
    every_change_of_factors_ends_the_other_sessions_and_tells_the_holder,
    a_mail_is_claimed_by_one_sender_and_emptied_when_sent,
);

fn place(key: &str, bucket: Bucket) -> AttemptPlace {
    AttemptPlace { key: key.to_owned(), bucket }
}

async fn a_guess_is_counted_before_it_is_compared_and_survives_the_process(db: Database) {
    let account = place("portal-password:a", Bucket::Account);
    let places = vec![account.clone(), place("portal-password:net", Bucket::Terminal)];
    let taken = db.store.take_attempt(places.clone(), at(1_000)).await;
    assert_eq!(taken, Ok(LockoutDecision::Allowed));
    // Whoever compares dies here: another process finds the guess counted.
    let next = Store::open(&db.url, Options::default()).await.expect("opens");
    assert_eq!(next.attempts(&account).await.expect("reads").failures, 1);
    next.give_attempt_back(places, at(1_001)).await.expect("writes");
    assert_eq!(next.attempts(&account).await, Ok(AttemptState::default()));
}

async fn sixty_four_guesses_at_once_take_five_places(db: Database) {
    let account = place("portal-password:many", Bucket::Account);
    let guesses: Vec<_> = (0..64)
        .map(|_| {
            let (store, places) = (db.store.clone(), vec![account.clone()]);
            tokio::spawn(async move { store.take_attempt(places, at(5_000)).await.expect("writes") })
        })
        .collect();
    let mut allowed = 0;
    for guess in guesses {
        allowed += usize::from(guess.await.expect("runs") == LockoutDecision::Allowed);
    }
    assert_eq!(allowed, 5);
    assert_eq!(db.store.attempts(&account).await.expect("reads").failures, 5);
    assert_eq!(db.store.free_attempts(&account).await, Ok(true));
    assert_eq!(db.store.attempts(&account).await, Ok(AttemptState::default()));
}

fn mail(id: &str) -> NewMail {
    NewMail {
        mail_id: id.to_owned(),
        recipient: "a@mihon.example".to_owned(),
        subject_line: "確認".to_owned(),
        text: MailText::Sealed(vec![0, 7, 255]),
    }
}

async fn link(db: &Database, number: u8, code: &str, address: &str) -> [u8; 32] {
    let payload = PendingRegistration {
        institution_code: InstitutionCode::parse(code).expect("a code"),
        institution_name: "見本坂内科".to_owned(),
        name: "髙橋 花子".to_owned(),
        phone: "03-0000-0000".to_owned(),
        mail: MailAddress::parse(address).expect("an address"),
        password_hash: "-".to_owned(),
    };
    let link = NewMailLink {
        token: [number; 32],
        purpose: REGISTRATION_LINK.to_owned(),
        payload: serde_json::to_string(&payload).expect("JSON"),
        ends_at: at(10_000),
    };
    let form = FormId { subject: "registration".to_owned(), form_id: number.to_string() };
    for again in 0..2 {
        let mail = mail(&format!("mail-{number}-{again}"));
        db.store.mail_link(form.clone(), Some(link.clone()), mail, at(1)).await.expect("writes");
    }
    [number; 32]
}

async fn a_registration_makes_one_account_an_institution_and_an_address(db: Database) {
    let first = link(&db, 1, "1319990012", "a@mihon.example").await;
    let same_institution = link(&db, 2, "1319990012", "b@mihon.example").await;
    let same_address = link(&db, 3, "1319990020", "A@mihon.example").await;
    let late = link(&db, 4, "1319990038", "c@mihon.example").await;
    // The same form twice is one mail.
    assert_eq!(db.store.mails_waiting().await.expect("reads").count, 4);
    let confirm = async |token, subject: &str, ms| {
        db.store.confirm_registration(token, subject.to_owned(), at(ms)).await.expect("writes")
    };
    assert!(matches!(confirm(first, "s1", 100).await, Confirmed::Done(_)));
    assert_eq!(confirm(first, "s1b", 101).await, Confirmed::LinkOver);
    assert_eq!(confirm(same_institution, "s2", 102).await, Confirmed::InstitutionTaken);
    assert_eq!(confirm(same_address, "s3", 103).await, Confirmed::MailTaken);
    assert_eq!(confirm(late, "s4", 10_000).await, Confirmed::LinkOver);
    let code = InstitutionCode::parse("1319990020").expect("a code");
    assert_eq!(db.store.registered_institution(&code).await, Ok(None), "nothing is left of it");
    let record = db.store.sign_in_record(Audience::Portal, "a@mihon.example").await.expect("reads");
    assert_eq!(record.expect("there").subject, "s1");
    assert_eq!(db.store.sign_in_record(Audience::Operator, "a@mihon.example").await, Ok(None));
    let other = db.store.portal_account(&code, "s1").await;
    assert_eq!(other, Ok(None), "another institution's account is not there");
}

fn session(subject: &str) -> WebSession {
    WebSession {
        audience: Audience::Portal,
        subject: subject.to_owned(),
        institution_code: Some(InstitutionCode::parse("1319990012").expect("a code")),
        role: "representative".to_owned(),
        name: "髙橋 花子".to_owned(),
        stage: Stage::Password,
        began_at: at(1),
        seen_at: at(1),
        ends_at: at(1_000),
    }
}

fn audit() -> AuditEvent {
    AuditEvent {
        actor: "portal:s1".to_owned(),
        action: "account.sign-in".to_owned(),
        object: "account:s1".to_owned(),
        outcome: "done".to_owned(),
        detail: String::new(),
    }
}

async fn a_session_that_was_left_alone_stays_covered_until_another_takes_its_place(db: Database) {
    const REST: i64 = 100;
    let store = &db.store;
    let full = WebSession { stage: Stage::Full, ..session("s1") };
    store.begin_web_session([1; 32], full.clone(), None, audit()).await.expect("writes");
    let touch = async |ms| store.web_session_seen([1; 32], at(ms), REST).await.expect("writes");
    let covered = async || store.web_session_covered([1; 32]).await.expect("reads");
    touch(100).await;
    touch(199).await;
    assert_eq!(covered().await, None, "never for so long");
    touch(299).await;
    assert_eq!(covered().await, Some(at(299)));
    touch(300).await;
    assert_eq!(covered().await, Some(at(299)), "a touch more is no proof");
    store.begin_web_session([2; 32], full, Some([1; 32]), audit()).await.expect("writes");
    assert_eq!(covered().await, None);
    assert_eq!(store.web_session_covered([2; 32]).await, Ok(None), "it begins anew");
}

async fn a_session_is_replaced_in_one_commit_and_good_at_one_site_only(db: Database) {
    let store = &db.store;
    store.begin_web_session([1; 32], session("s1"), None, audit()).await.expect("writes");
    let full = WebSession { stage: Stage::Full, ..session("s1") };
    store.begin_web_session([2; 32], full.clone(), Some([1; 32]), audit()).await.expect("writes");
    assert_eq!(store.web_session(Audience::Portal, [1; 32]).await, Ok(None));
    assert_eq!(store.web_session(Audience::Portal, [2; 32]).await, Ok(Some(full.clone())));
    assert_eq!(store.web_session(Audience::Operator, [2; 32]).await, Ok(None));
    assert_eq!(store.remove_ended_web_sessions(at(999), 10).await, Ok(0));
    // What has ended meanwhile is no step to the last one.
    let late = store.begin_web_session([3; 32], full.clone(), Some([1; 32]), audit()).await.expect("writes");
    assert!(!late, "the session with the password only is gone");
    assert_eq!(store.web_session(Audience::Portal, [3; 32]).await.expect("reads"), None);
    store.end_web_session([2; 32], full, audit(), at(5)).await.expect("writes");
    assert_eq!(store.web_session(Audience::Portal, [2; 32]).await, Ok(None));
}

async fn second_factors_are_spent_once_and_the_last_one_stays(db: Database) {
    let store = &db.store;
    let act = || Act { chain: "1319990012".to_owned(), actor: "portal:s1".to_owned(), now: at(10) };
    let how = || FactorChange { by: [1; 32], mail: None, act: act() };
    store.begin_web_session([1; 32], session("s1"), None, audit()).await.expect("writes");
    assert_eq!(store.begin_totp("s1", ([1; 32], vec![7; 40]), at(50), act()).await, Ok(true));
    assert!(!store.second_factors("s1").await.expect("reads").any(), "not before a first code");
    assert_eq!(store.add_totp("s1", (vec![7; 40], 90), vec![], how()).await, Ok(true));
    let spend = async |step| store.spend_totp_step("s1", vec![7; 40], step).await;
    assert_eq!(
        (spend(90).await, spend(100).await, spend(100).await, spend(99).await, spend(101).await),
        (Ok(false), Ok(true), Ok(false), Ok(false), Ok(true))
    );
    assert_eq!(store.spend_totp_step("s1", vec![8; 40], 200).await, Ok(false), "another secret");
    let again = store.begin_totp("s1", ([1; 32], vec![9; 40]), at(50), act()).await;
    assert_eq!(again, Ok(false), "one in use stays");
    assert_eq!(store.remove_totp("s1", how()).await, Ok(false), "the last one stays");
    let key = StoredPasskey {
        credential_id: vec![1, 2, 3],
        name: "受付".to_owned(),
        transports: 1,
        fixed_state: vec![4],
        moving_state: vec![5],
        created_at: at(20),
        last_used_at: None,
    };
    assert_eq!(store.add_passkey("s1", key.clone(), how()).await, Ok(true));
    assert_eq!(store.add_passkey("s1", key.clone(), how()).await, Ok(false));
    assert_eq!(store.passkey_used("s1", &key, vec![6], at(21)).await, Ok(true));
    assert_eq!(store.passkey_used("s1", &key, vec![7], at(21)).await, Ok(false), "its counter moved");
    assert_eq!(store.passkey_used("s2", &key, vec![7], at(21)).await, Ok(false), "another's");
    assert_eq!(store.remove_totp("s1", how()).await, Ok(true));
    assert_eq!(store.remove_passkey("s1", vec![1, 2, 3], how()).await, Ok(false));
    store.set_recovery_codes("s1", vec![[1; 32], [2; 32]], how()).await.expect("writes");
    assert_eq!(store.spend_recovery_code("s2", [1; 32]).await, Ok(false));
    assert_eq!(store.spend_recovery_code("s1", [1; 32]).await, Ok(true));
    assert_eq!(store.spend_recovery_code("s1", [1; 32]).await, Ok(false));
    assert_eq!(store.second_factors("s1").await.expect("reads").recovery_codes, 1);
    store.put_passkey_dialogue([3; 32], "get", vec![1], at(50)).await.expect("writes");
    assert_eq!(store.take_passkey_dialogue([3; 32], "create", at(40)).await, Ok(None));
    assert_eq!(store.take_passkey_dialogue([3; 32], "get", at(40)).await, Ok(Some(vec![1])));
    assert_eq!(store.take_passkey_dialogue([3; 32], "get", at(40)).await, Ok(None));
}

fn factor_change(by: u8, tells: &str) -> FactorChange {
    let act = Act { chain: "1319990012".to_owned(), actor: "portal:s1".to_owned(), now: at(10) };
    FactorChange { by: [by; 32], mail: Some(mail(tells)), act }
}

async fn signed_in(store: &Store, token: u8, subject: &str) {
    let full = WebSession { stage: Stage::Full, ..session(subject) };
    assert_eq!(store.begin_web_session([token; 32], full, None, audit()).await, Ok(true));
}

async fn is_there(store: &Store, token: u8) -> bool {
    store.web_session(Audience::Portal, [token; 32]).await.expect("reads").is_some()
}

async fn a_shown_secret_is_its_sessions_alone(db: Database) {
    let store = &db.store;
    let act = || factor_change(0, "-").act;
    for token in [1, 2, 3] {
        signed_in(store, token, "s1").await;
    }
    for (token, secret) in [(1, 7), (2, 8)] {
        assert_eq!(store.begin_totp("s1", ([token; 32], vec![secret; 40]), at(50), act()).await, Ok(true));
    }
    assert_eq!(store.pending_totp([1; 32], at(49)).await, Ok(Some(vec![7; 40])));
    assert_eq!(store.pending_totp([2; 32], at(49)).await, Ok(Some(vec![8; 40])));
    assert_eq!(store.pending_totp([3; 32], at(49)).await, Ok(None), "a session that began nothing");
    assert_eq!(store.pending_totp([1; 32], at(50)).await, Ok(None), "its time is over");
    // Another session's secret is none, and the own one is used up by the try.
    let foreign = store.add_totp("s1", (vec![8; 40], 1), vec![], factor_change(1, "m1")).await;
    assert_eq!(foreign, Ok(false));
    assert_eq!(store.mails_waiting().await.expect("reads").count, 0, "nothing happened");
    assert!(!store.second_factors("s1").await.expect("reads").any());
    // A session that has ended meanwhile changes nothing.
    let gone = store.add_totp("s1", (vec![8; 40], 1), vec![], factor_change(9, "m1")).await;
    assert_eq!(gone, Ok(false));
    let own = store.add_totp("s1", (vec![8; 40], 1), vec![[5; 32]], factor_change(2, "m2")).await;
    assert_eq!(own, Ok(true));
    let factors = store.second_factors("s1").await.expect("reads");
    assert_eq!((factors.has_totp(), factors.recovery_codes), (true, 1));
    let twice = store.add_totp("s1", (vec![8; 40], 2), vec![], factor_change(2, "m3")).await;
    assert_eq!(twice, Ok(false), "one use");
}

async fn every_change_of_factors_ends_the_other_sessions_and_tells_the_holder(db: Database) {
    let store = &db.store;
    let key = |id: u8| StoredPasskey {
        credential_id: vec![id],
        name: "受付".to_owned(),
        transports: 1,
        fixed_state: vec![4],
        moving_state: vec![5],
        created_at: at(20),
        last_used_at: None,
    };
    signed_in(store, 1, "s1").await;
    signed_in(store, 200, "s2").await;
    for change in 0..6_u8 {
        let other = 100 + change;
        signed_in(store, other, "s1").await;
        let (how, before) = (factor_change(1, &format!("m{change}")), store.mails_waiting().await);
        let begin = ([1; 32], vec![7; 40]);
        let done = match change {
            0 => store.add_passkey("s1", key(1), how).await,
            1 => {
                store.begin_totp("s1", begin, at(50), how.act.clone()).await.expect("writes");
                assert!(is_there(store, other).await, "nothing is changed yet");
                store.add_totp("s1", (vec![7; 40], 1), vec![[5; 32]], how).await
            }
            2 => store.set_recovery_codes("s1", vec![[6; 32]], how).await,
            3 => store.remove_totp("s1", how).await,
            4 => store.add_passkey("s1", key(2), how).await,
            _ => store.remove_passkey("s1", vec![1], how).await,
        };
        assert_eq!(done, Ok(true), "{change}");
        assert!(is_there(store, 1).await, "{change}: the one that does it stays");
        assert!(!is_there(store, other).await, "{change}: the other one ends");
        assert!(is_there(store, 200).await, "{change}: another account's stays");
        let after = store.mails_waiting().await.expect("reads").count;
        assert_eq!(after, before.expect("reads").count + 1, "{change}");
    }
}

async fn a_mail_is_claimed_by_one_sender_and_emptied_when_sent(db: Database) {
    let store = &db.store;
    store.send_mail(mail("m1"), at(1)).await.expect("writes");
    let due = store.due_mails(at(1), 10).await.expect("reads");
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].mail, mail("m1"), "as it was sealed");
    assert_eq!(store.claim_mail(&due[0], at(1), at(100)).await, Ok(true));
    assert_eq!(store.claim_mail(&due[0], at(1), at(100)).await, Ok(false), "another sender");
    assert_eq!(store.due_mails(at(99), 10).await, Ok(vec![]));
    // The sender died: it is due again.
    let again = store.due_mails(at(100), 10).await.expect("reads");
    assert_eq!((again.len(), again[0].tries), (1, 1));
    store.settle_mail("m1", MailOutcome::Sent, at(101)).await.expect("writes");
    assert_eq!(store.mails_waiting().await.expect("reads").count, 0);
    let told =
        NewMail { text: MailText::Open("sealed:00 とは書かれていません".to_owned()), ..mail("m2") };
    store.send_mail(told.clone(), at(200)).await.expect("writes");
    assert_eq!(store.due_mails(at(200), 10).await.expect("reads")[0].mail, told);
    assert_eq!(store.forget_mails(at(1), 10).await, Ok(1));
}
