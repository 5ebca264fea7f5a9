//! A lost master password: another account of its own, and what a new 通知書 takes from the holder of the one before.

use eligibility::{
    Instant,
    account::{AttemptState, Bucket, LockoutDecision},
    institution::InstitutionCode,
    institution_account::{InstitutionRole, UserId},
};
use store::{
    AccountSheetIssue, AttemptPlace, Audience, CarriedOut, FactorChange, NewSheet, NewStaffPassword,
    StaffAccount, Stage, Store, StoredPasskey, WebSession, audit::AuditEvent,
};

use crate::{
    applications::{APPROVE, clinic, decide, done, id, known, sheet_accounts, submitted, use_start},
    databases::{Database, on_every_database},
    people::*,
    staff_accounts,
};

on_every_database!(
    a_lost_master_password_is_got_back_by_an_account_of_its_own,
    a_new_sheet_frees_whom_wrong_guesses_locked,
);

fn sheet(code: &InstitutionCode, letters: &[&str], seen_sheets: i64, hash: &str) -> NewSheet {
    NewSheet {
        accounts: sheet_accounts(code, letters, hash),
        seen_sheets,
        password_until: at(1000),
        by: clinic(1),
        now: at(70),
    }
}

async fn a_lost_master_password_is_got_back_by_an_account_of_its_own(db: Database) {
    let store = &db.store;
    let code = known(store, 1).await;
    submitted(store, 1, 1, use_start()).await;
    done(decide(store, 1, 1, APPROVE, "sato").await);
    assert_eq!(store.carry_out_application(&code, &id(1), at(60)).await, Ok(CarriedOut::Done));
    let sheet = |letters: &[&str], seen_sheets: i64, hash: &str| sheet(&code, letters, seen_sheets, hash);
    let issue = async |sheet| store.issue_account_sheet(sheet).await.expect("writes");
    let early = issue(sheet(&["R"], 0, "0")).await;
    assert!(matches!(early, AccountSheetIssue::Already(_)), "the master has its own sheet: {early:?}");
    assert!(matches!(issue(sheet(&["M", "a"], 0, "1")).await, AccountSheetIssue::Issued(_)));
    let master = UserId::parse(&format!("m{code}")).expect("an id");
    let own = NewStaffPassword {
        before: "M-1".to_owned(),
        password_hash: "own".to_owned(),
        kept: [9; 32],
        act: staff_accounts::act(75),
    };
    assert_eq!(store.set_staff_password(&code, &master, own).await, Ok(true));
    let offered = store.sheet_accounts(&code).await.expect("reads");
    assert_eq!(offered.iter().map(|one| (&*one.role, one.sheets)).collect::<Vec<_>>(), [("master_reset", 0)]);
    assert!(matches!(issue(sheet(&["M"], 1, "2")).await, AccountSheetIssue::Already(_)));
    let AccountSheetIssue::Issued(made) = issue(sheet(&["R"], 0, "1")).await else { panic!("no sheet") };
    assert_eq!((&*made.role, made.sheets), ("master_reset", 1));
    assert!(matches!(issue(sheet(&["R"], 0, "2")).await, AccountSheetIssue::Already(_)), "once a click");
    let reset = UserId::parse(&format!("r{code}")).expect("an id");
    let account = store.staff_account(&code, &reset).await.expect("reads").expect("there");
    assert_eq!((account.role, account.password_hash.as_deref()), (InstitutionRole::MasterReset, Some("R-1")));
    assert_eq!(store.spend_initial_password(&code, &reset, "R-1", at(80)).await, Ok(true));
    let own = NewStaffPassword {
        before: "R-1".to_owned(),
        password_hash: "reset-own".to_owned(),
        kept: [9; 32],
        act: staff_accounts::act(80),
    };
    assert_eq!(store.set_staff_password(&code, &reset, own).await, Ok(true));
    another_sheet_ends_what_the_first_let_its_holder_set_up(store, &code, &account).await;
}

/// Whoever held the first sheet is out, with all that it let him set up.
async fn another_sheet_ends_what_the_first_let_its_holder_set_up(
    store: &Store,
    code: &InstitutionCode,
    account: &StaffAccount,
) {
    let session = WebSession {
        audience: Audience::Institution,
        subject: account.subject(),
        institution_code: Some(code.clone()),
        role: "master_reset".to_owned(),
        name: String::new(),
        stage: Stage::Full,
        began_at: at(80),
        seen_at: at(80),
        ends_at: at(100_000),
    };
    let event = || AuditEvent {
        actor: "account:r".to_owned(),
        action: "sign-in".to_owned(),
        object: "session".to_owned(),
        outcome: "done".to_owned(),
        detail: String::new(),
    };
    let other = WebSession { subject: format!("{code}:M{code}"), ..session.clone() };
    for (token, session) in [([1; 32], session), ([2; 32], other)] {
        assert_eq!(store.begin_web_session(token, session, None, event()).await, Ok(true));
    }
    let passkey = StoredPasskey {
        credential_id: vec![1],
        name: "1".to_owned(),
        transports: 1,
        fixed_state: vec![4],
        moving_state: vec![5],
        created_at: at(80),
        last_used_at: None,
    };
    let how = FactorChange { by: [1; 32], mail: None, act: staff_accounts::act(80) };
    assert_eq!(store.add_passkey(&account.subject(), passkey, how).await, Ok(true));
    let again = store.issue_account_sheet(sheet(code, &["R"], 1, "2")).await.expect("writes");
    assert!(matches!(again, AccountSheetIssue::Issued(_)));
    let there = async |token| store.web_session(Audience::Institution, token).await.expect("reads");
    assert_eq!(there([1; 32]).await, None);
    assert!(there([2; 32]).await.is_some(), "another account's stays");
    let factors = store.second_factors(&account.subject()).await.expect("reads");
    assert!(factors.passkeys.is_empty(), "{factors:?}");
    // The password that the account had until then stays one that it may not take again; a sheet's is nobody's own.
    let reset = UserId::parse(&format!("r{code}")).expect("an id");
    assert_eq!(store.barred_passwords(code, &reset).await, Ok(vec!["reset-own".to_owned()]));
}

/// Guesses wrong, patiently, until only somebody else can free the account.
async fn lock(store: &Store, place: &AttemptPlace) {
    let mut now = at(100);
    for _ in 0..100 {
        match store.take_attempt(vec![place.clone()], now).await.expect("writes") {
            LockoutDecision::Allowed => {}
            LockoutDecision::Wait { retry_after_ms } => now = Instant(now.0 + retry_after_ms),
            LockoutDecision::AskAdministrator => return,
        }
    }
    panic!("a hundred guesses lock nothing");
}

async fn a_new_sheet_frees_whom_wrong_guesses_locked(db: Database) {
    let store = &db.store;
    let code = known(store, 1).await;
    submitted(store, 1, 1, use_start()).await;
    done(decide(store, 1, 1, APPROVE, "sato").await);
    assert_eq!(store.carry_out_application(&code, &id(1), at(60)).await, Ok(CarriedOut::Done));
    let first = store.issue_account_sheet(sheet(&code, &["M", "a"], 0, "1")).await;
    assert!(matches!(first, Ok(AccountSheetIssue::Issued(_))), "{first:?}");
    let offered = store.sheet_accounts(&code).await.expect("reads");
    let place = |subject: &str| AttemptPlace { key: format!("password:{subject}"), bucket: Bucket::Account };
    let places: Vec<_> = offered.iter().map(|one| place(&one.subject(&code))).collect();
    let [master, administrator] = &places[..] else { panic!("{offered:?}") };
    let somebody = place("somebody else");
    for one in [master, administrator, &somebody] {
        lock(store, one).await;
    }
    let again = |seen_sheets| {
        let mut again = sheet(&code, &["M", "a"], seen_sheets, "2");
        for (account, place) in again.accounts.iter_mut().zip(&places) {
            account.freed = vec![place.clone()];
        }
        again
    };
    let locked = async |place| store.attempts(place).await.expect("reads").needs_administrator;
    let stale = store.issue_account_sheet(again(0)).await;
    assert!(matches!(stale, Ok(AccountSheetIssue::Already(_))), "{stale:?}");
    assert!(locked(master).await, "a sheet that was not made frees nobody");
    let second = store.issue_account_sheet(again(1)).await;
    assert!(matches!(second, Ok(AccountSheetIssue::Issued(_))), "{second:?}");
    for one in [master, administrator] {
        assert_eq!(store.attempts(one).await, Ok(AttemptState::default()));
    }
    assert!(locked(&somebody).await, "whoever is not on the sheet stays locked");
}
