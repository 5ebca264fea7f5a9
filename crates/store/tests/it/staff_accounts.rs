//! Accounts of an institution: one session at a time, initial passwords that work once, the last administrator.

use eligibility::institution::InstitutionCode;
use eligibility::institution_account::{AccountChange, InstitutionRole, NewAccount, UsePeriod, UserId};
use eligibility::{Date, Instant};
use store::{
    Act, Audience, FormId, NewStaff, NewStaffPassword, NewStaffSession, Staff, StaffAdded, StaffChanged,
    StaffReset, StaffSession, Stage, WebSession,
};

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    two_clicks_make_one_account_and_an_id_is_taken_once,
    the_last_administrator_is_not_stopped_even_by_two_at_once,
    a_second_session_waits_until_it_is_to_take_over,
    an_initial_password_works_once_and_is_gone_with_the_next,
    accounts_from_before_have_no_name_and_sign_in_all_the_same,
);

fn code() -> InstitutionCode {
    InstitutionCode::parse("1319990012").expect("a code")
}

fn day(text: &str) -> Date {
    eligibility::calendar::parse_n8(text).expect("a day")
}

fn id(text: &str) -> UserId {
    UserId::parse(text).expect("an id")
}

pub(crate) fn act(seconds: i64) -> Act {
    Act { chain: code().to_string(), actor: "account:kanri01".to_owned(), now: at(seconds) }
}

fn change(ends_on: Option<Date>) -> AccountChange {
    AccountChange {
        name: "髙橋 花子".to_owned(),
        name_kana: "タカハシ　ハナコ".to_owned(),
        period: UsePeriod { starts_on: Some(day("19690101")), ends_on },
        emergency_view: false,
    }
}

fn new(user_id: &str, role: InstitutionRole, form: &str) -> NewStaff {
    NewStaff {
        form: FormId { subject: "a".to_owned(), form_id: form.to_owned() },
        institution_code: code(),
        account: NewAccount { role, user_id: id(user_id), change: change(None) },
        password_hash: format!("hash of {form}"),
        password_until: at(900_000),
        act: act(1),
    }
}

async fn two_clicks_make_one_account_and_an_id_is_taken_once(db: Database) {
    let store = &db.store;
    let first = new("uketsuke1", InstitutionRole::General, "f1");
    assert_eq!(store.add_staff(first.clone()).await, Ok(StaffAdded::Added));
    assert_eq!(store.add_staff(first).await, Ok(StaffAdded::Repeated));
    let taken = new("UKETSUKE1", InstitutionRole::General, "f2");
    assert_eq!(store.add_staff(taken).await, Ok(StaffAdded::IdTaken));
    // Corrected, the same form is taken.
    assert_eq!(store.add_staff(new("uketsuke2", InstitutionRole::Viewer, "f2")).await, Ok(StaffAdded::Added));
    let all = store.staff_accounts(&code()).await.expect("reads");
    assert_eq!(all.iter().map(|one| one.user_id.as_str()).collect::<Vec<_>>(), ["uketsuke1", "uketsuke2"]);
    let one = store.staff_account(&code(), &id("uketsuke1")).await.expect("reads").expect("there");
    assert_eq!((one.name.as_str(), one.must_change, one.last_sign_in_at), ("髙橋 花子", true, None));
    assert_eq!(one.password_hash.as_deref(), Some("hash of f1"));
    let elsewhere = InstitutionCode::parse("2712345678").expect("a code");
    assert_eq!(store.staff_account(&elsewhere, &id("uketsuke1")).await, Ok(None));
    let there = store.change_staff(&elsewhere, &id("uketsuke1"), Staff::Stop, act(5)).await;
    assert_eq!(there, Ok(StaffChanged::NotThere));
}

async fn the_last_administrator_is_not_stopped_even_by_two_at_once(db: Database) {
    let store = &db.store;
    for (user_id, form) in [("kanri01", "a"), ("kanri02", "b")] {
        store.add_staff(new(user_id, InstitutionRole::Administrator, form)).await.expect("added");
    }
    let stop = |user_id: &'static str| {
        let store = store.clone();
        tokio::spawn(async move { store.change_staff(&code(), &id(user_id), Staff::Stop, act(9)).await })
    };
    let (one, two) = (stop("kanri01"), stop("kanri02"));
    let mut outcomes = [one.await.expect("runs").expect("writes"), two.await.expect("runs").expect("writes")];
    outcomes.sort_by_key(|outcome| *outcome != StaffChanged::Done);
    assert_eq!(outcomes, [StaffChanged::Done, StaffChanged::LastAdministrator]);
    let all = store.staff_accounts(&code()).await.expect("reads");
    let open = all.iter().find(|one| one.stopped_at.is_none()).expect("one is left");
    // Nor is it ended by a date.
    let over = Staff::Change(change(Some(day("19691231"))));
    let outcome = store.change_staff(&code(), &id(&open.user_id), over, act(10)).await;
    assert_eq!(outcome, Ok(StaffChanged::LastAdministrator));
}

fn session(user_id: &str, seconds: i64) -> WebSession {
    WebSession {
        audience: Audience::Institution,
        subject: format!("1319990012:{user_id}"),
        institution_code: Some(code()),
        role: "general".to_owned(),
        name: "髙橋 花子".to_owned(),
        stage: Stage::Full,
        began_at: at(seconds),
        seen_at: at(seconds),
        ends_at: at(seconds + 10_000),
    }
}

async fn begin(db: &Database, number: u8, seconds: i64, take_over: bool) -> StaffSession {
    let account = db.store.staff_account(&code(), &id("uketsuke1")).await.expect("reads").expect("there");
    let new = NewStaffSession {
        account,
        token: [number; 32],
        session: session("uketsuke1", seconds),
        replaced: None,
        live_since: at(seconds - 1800),
        take_over,
        detail: "by=password".to_owned(),
    };
    db.store.begin_staff_session(new).await.expect("writes")
}

async fn a_second_session_waits_until_it_is_to_take_over(db: Database) {
    db.store.add_staff(new("uketsuke1", InstitutionRole::General, "f1")).await.expect("added");
    assert_eq!(begin(&db, 1, 2_000, false).await, StaffSession::Begun);
    assert_eq!(begin(&db, 2, 2_010, false).await, StaffSession::Occupied);
    assert!(db.store.web_session(Audience::Institution, [1; 32]).await.expect("reads").is_some());
    assert_eq!(begin(&db, 2, 2_020, true).await, StaffSession::Begun);
    assert_eq!(db.store.web_session(Audience::Institution, [1; 32]).await, Ok(None));
    assert!(db.store.web_session(Audience::Institution, [2; 32]).await.expect("reads").is_some());
    // One that nobody has used for half an hour stands in nobody's way.
    assert_eq!(begin(&db, 3, 2_020 + 1_801, false).await, StaffSession::Begun);
    let account = db.store.staff_account(&code(), &id("uketsuke1")).await.expect("reads").expect("there");
    assert_eq!(account.last_sign_in_at, Some(at(3_821)));
    let stopped = db.store.change_staff(&code(), &id("uketsuke1"), Staff::Stop, act(4_000)).await;
    assert_eq!(stopped, Ok(StaffChanged::Done));
    assert_eq!(db.store.web_session(Audience::Institution, [3; 32]).await, Ok(None));
    assert_eq!(begin(&db, 4, 4_010, true).await, StaffSession::Closed);
}

async fn an_initial_password_works_once_and_is_gone_with_the_next(db: Database) {
    let store = &db.store;
    store.add_staff(new("uketsuke1", InstitutionRole::General, "f1")).await.expect("added");
    let spend = async |hash: &str| store.spend_initial_password(&code(), &id("uketsuke1"), hash, at(5)).await;
    assert_eq!(spend("another hash").await, Ok(false));
    assert_eq!(spend("hash of f1").await, Ok(true));
    assert_eq!(spend("hash of f1").await, Ok(false));
    let reset = |form: &str| StaffReset {
        form: FormId { subject: "a".to_owned(), form_id: form.to_owned() },
        password_hash: format!("hash of {form}"),
        password_until: at(900_000),
        freed: Vec::new(),
        act: act(6),
    };
    assert_eq!(store.reset_staff(&code(), &id("uketsuke1"), reset("r1")).await, Ok(true));
    assert_eq!(store.reset_staff(&code(), &id("uketsuke1"), reset("r1")).await, Ok(false), "one click");
    assert_eq!(store.reset_staff(&code(), &id("nobody1"), reset("r2")).await, Ok(false));
    assert_eq!(spend("hash of f1").await, Ok(false));
    assert_eq!(spend("hash of r1").await, Ok(true));
    let own = |before: &str, hash: &str| NewStaffPassword {
        before: before.to_owned(),
        password_hash: hash.to_owned(),
        kept: [9; 32],
        act: act(7),
    };
    let set = async |new| store.set_staff_password(&code(), &id("uketsuke1"), new).await;
    assert_eq!(set(own("hash of f1", "x")).await, Ok(false));
    assert_eq!(set(own("hash of r1", "own")).await, Ok(true));
    let account = store.staff_account(&code(), &id("uketsuke1")).await.expect("reads").expect("there");
    assert!(!account.must_change && account.password_until.is_none());
    assert_eq!(spend("own").await, Ok(false), "a password of one's own is not used up");
}

async fn accounts_from_before_have_no_name_and_sign_in_all_the_same(db: Database) {
    let master = NewStaff {
        account: NewAccount {
            role: InstitutionRole::Master,
            user_id: id("m1319990012"),
            change: AccountChange { name: "マスタ".to_owned(), ..change(None) },
        },
        ..new("uketsuke1", InstitutionRole::Master, "m")
    };
    db.store.set_up_staff(master.clone(), Some(Instant(5))).await.expect("written");
    // Again, with another password.
    let again = NewStaff { password_hash: "other".to_owned(), ..master };
    db.store.set_up_staff(again, None).await.expect("written");
    let found = db.store.staff_account(&code(), &id("M1319990012")).await.expect("reads").expect("there");
    assert_eq!((found.user_id.as_str(), found.password_hash.as_deref()), ("M1319990012", Some("other")));
    assert!(!found.must_change);
}
