//! 目視確認用パスコード: entries counted on disk before anything is compared, on every database.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::task::Poll;
use std::time::{Duration, Instant};

use eligibility::calendar::DAY_MS;
use eligibility::facility_settings::{ON, Setting};
use eligibility::visual_check_passcode::{ALARM_WINDOW_MS, FAILURES_MAX};
use store::{
    FormId, NewPasscode, NewSettings, Options, PasscodeEntered, PasscodeEntry, PasscodeIssued,
    SettingsChanged, Store, audit::SigningKey,
};

use crate::databases::{Database, Kind, on_every_database};
use crate::people::*;

on_every_database!(
    sixty_four_guesses_at_once_are_compared_five_times,
    five_wrong_entries_in_a_life_kill_it_whatever_lies_between,
    a_new_one_kills_the_old_and_the_day_ends_both,
    a_form_twice_is_one_passcode_and_a_function_that_is_off_issues_none,
    institutions_where_it_fails_are_counted_for_an_hour,
    a_right_entry_is_given_back_though_the_asker_went_away,
);

fn new(number: u32, hash: u8, form: &str, ms: i64) -> NewPasscode {
    NewPasscode {
        institution_code: institution(number),
        passcode_id: format!("p-{form}"),
        code_hash: [hash; 32],
        actor: "account:kanri01".to_owned(),
        form: FormId { subject: format!("{number}:kanri01"), form_id: form.to_owned() },
        outcome: format!("outcome of {form}"),
        needs: None,
        issued_at: at(ms),
    }
}

fn entry(number: u32, hash: u8, ms: i64) -> PasscodeEntry {
    PasscodeEntry {
        institution_code: institution(number),
        code_hash: [hash; 32],
        actor: "terminal:front-desk-1".to_owned(),
        reader_serial: "R-0001".to_owned(),
        staff_name: None,
        entered_at: at(ms),
    }
}

async fn issue(store: &Store, number: u32, hash: u8, form: &str, ms: i64) {
    let issued = store.issue_visual_check_passcode(new(number, hash, form, ms)).await;
    assert_eq!(issued, Ok(PasscodeIssued::Fresh));
}

async fn enter(store: &Store, number: u32, hash: u8, ms: i64) -> PasscodeEntered {
    store.enter_visual_check_passcode(entry(number, hash, ms)).await.expect("writes")
}

async fn sixty_four_guesses_at_once_are_compared_five_times(db: Database) {
    issue(&db.store, 1, 7, "a", 0).await;
    // From two processes, as two servers would.
    let other = Store::open(&db.url, Options::default()).await.expect("opens");
    let guesses: Vec<_> = (0..64_u8)
        .map(|guess| {
            let store = if guess % 2 == 0 { db.store.clone() } else { other.clone() };
            tokio::spawn(async move { enter(&store, 1, 100 + guess % 100, 1_000).await })
        })
        .collect();
    let mut compared = 0;
    for guess in guesses {
        match guess.await.expect("runs") {
            PasscodeEntered::Wrong { .. } => compared += 1,
            PasscodeEntered::NotCompared => {}
            PasscodeEntered::Accepted => panic!("a wrong code was accepted"),
        }
    }
    assert_eq!(compared, FAILURES_MAX);
    assert_eq!(enter(&db.store, 1, 7, 2_000).await, PasscodeEntered::NotCompared, "the right one too");
}

async fn five_wrong_entries_in_a_life_kill_it_whatever_lies_between(db: Database) {
    issue(&db.store, 2, 7, "a", 0).await;
    for hour in 1..=4 {
        let wrong = enter(&db.store, 2, 8, hour * ALARM_WINDOW_MS).await;
        assert!(matches!(wrong, PasscodeEntered::Wrong { .. }), "{wrong:?}");
        // A right entry gives back its own count, not the others'.
        assert_eq!(enter(&db.store, 2, 7, hour * ALARM_WINDOW_MS + 1).await, PasscodeEntered::Accepted);
    }
    let fifth = enter(&db.store, 2, 8, 5 * ALARM_WINDOW_MS).await;
    assert!(matches!(fifth, PasscodeEntered::Wrong { .. }));
    assert_eq!(enter(&db.store, 2, 7, 12 * ALARM_WINDOW_MS).await, PasscodeEntered::NotCompared);
    assert_eq!(enter(&db.store, 3, 7, 0).await, PasscodeEntered::NotCompared, "none was ever issued");
}

async fn a_new_one_kills_the_old_and_the_day_ends_both(db: Database) {
    // 09:00 in Tokyo.
    issue(&db.store, 4, 7, "a", 0).await;
    for wrong in 0..5 {
        enter(&db.store, 4, 8, wrong).await;
    }
    issue(&db.store, 4, 9, "b", 10).await;
    assert!(matches!(enter(&db.store, 4, 7, 11).await, PasscodeEntered::Wrong { .. }), "the old one");
    assert_eq!(enter(&db.store, 4, 9, 12).await, PasscodeEntered::Accepted, "the count begins anew");
    let midnight = 15 * ALARM_WINDOW_MS;
    assert_eq!(enter(&db.store, 4, 9, midnight - 1).await, PasscodeEntered::Accepted);
    assert_eq!(enter(&db.store, 4, 9, midnight).await, PasscodeEntered::NotCompared);
    assert_eq!(enter(&db.store, 4, 9, DAY_MS).await, PasscodeEntered::NotCompared);
}

async fn a_form_twice_is_one_passcode_and_a_function_that_is_off_issues_none(db: Database) {
    issue(&db.store, 5, 7, "a", 0).await;
    let again = db.store.issue_visual_check_passcode(new(5, 9, "a", 1)).await;
    assert_eq!(again, Ok(PasscodeIssued::Repeated { outcome: "outcome of a".to_owned() }));
    assert_eq!(enter(&db.store, 5, 7, 2).await, PasscodeEntered::Accepted);

    let by_file = || NewPasscode { needs: Some(Setting::PasscodeByFile), ..new(5, 9, "file", 3) };
    assert_eq!(db.store.issue_visual_check_passcode(by_file()).await, Ok(PasscodeIssued::FunctionOff));
    assert_eq!(enter(&db.store, 5, 7, 4).await, PasscodeEntered::Accepted, "the old one lives on");
    let on = NewSettings {
        institution_code: institution(5),
        expected_version: None,
        values: vec![(Setting::PasscodeByFile, ON.to_owned())],
        account: Some("kanri01".to_owned()),
        actor: "account:kanri01".to_owned(),
        actor_name: "管理 花子".to_owned(),
        form: FormId { subject: "5:kanri01".to_owned(), form_id: "on".to_owned() },
        changed_at: at(5),
    };
    let changed = db.store.change_facility_settings(on).await;
    assert_eq!(changed, Ok(SettingsChanged::Done { version: 1 }));
    assert_eq!(db.store.issue_visual_check_passcode(by_file()).await, Ok(PasscodeIssued::Fresh));
}

async fn institutions_where_it_fails_are_counted_for_an_hour(db: Database) {
    for number in 10..13 {
        issue(&db.store, number, 7, "a", 0).await;
    }
    let failing = async |number, ms| match enter(&db.store, number, 8, ms).await {
        PasscodeEntered::Wrong { institutions_failing } => institutions_failing,
        other => panic!("{other:?}"),
    };
    assert_eq!(failing(10, 1).await, 1);
    assert_eq!(failing(10, 2).await, 1, "one institution twice is one");
    assert_eq!(failing(11, 3).await, 2);
    issue(&db.store, 11, 7, "b", 4).await;
    assert_eq!(failing(12, 5).await, 3, "a new passcode does not hide the failures of the old");
    assert_eq!(failing(10, ALARM_WINDOW_MS + 4).await, 2, "11 was an hour ago");
}

/// How long the outcome of an entry may take to be on record.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many entries the audit log says were accepted.
async fn accepted(db: &Database, key: &SigningKey) -> usize {
    db.store.audit_integrate_and_sign(key, NOW).await.expect("signs");
    let mut dump = Vec::new();
    db.store.audit_export(&mut dump).await.expect("exports");
    let dump = String::from_utf8(dump).expect("UTF-8");
    dump.lines()
        .filter(|line| line.contains("visual_check_passcode.verify") && line.contains("\"accepted\""))
        .count()
}

async fn a_right_entry_is_given_back_though_the_asker_went_away(db: Database) {
    issue(&db.store, 20, 7, "a", 0).await;
    let key = SigningKey::generate().expect("a key");
    for cut in 1..=FAILURES_MAX as usize + 1 {
        let mut asking = Box::pin(db.store.enter_visual_check_passcode(entry(20, 7, 1_000)));
        // It is begun, and then the line is cut.
        std::future::poll_fn(|context| Poll::Ready(asking.as_mut().poll(context).is_ready())).await;
        drop(asking);
        let until = Instant::now() + PATIENCE;
        while accepted(&db, &key).await < cut {
            assert!(Instant::now() < until, "entry {cut} was counted and never given back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert_eq!(enter(&db.store, 20, 7, 2_000).await, PasscodeEntered::Accepted);
}

/// The child is told its part through this.
const URL: &str = "SHIKAKU_STORE_PASSCODE_URL";

/// The child's part: counts entries and never comes to compare. Run as a test it does nothing.
#[tokio::test]
async fn child() {
    let Ok(url) = std::env::var(URL) else { return };
    let store = Store::open(&url, Options::default()).await.expect("opens");
    assert_eq!(store.count_visual_check_entry(entry(1, 7, 1_000)).await, Ok(true));
    println!("counted end");
    std::future::pending::<()>().await;
}

async fn a_count_outlives_the_process(kind: Kind) {
    let db = kind.open().await;
    issue(&db.store, 1, 7, "a", 0).await;
    for _ in 0..FAILURES_MAX {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["passcodes::child", "--exact", "--nocapture"])
            .env(URL, &db.url)
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let counted = lines.map_while(Result::ok).any(|line| line.contains("counted end"));
        // Between the count and the comparison.
        child.kill().expect("SIGKILL");
        child.wait().expect("ends");
        assert!(counted, "the child did not count");
    }
    let left = enter(&db.store, 1, 7, 2_000).await;
    assert_eq!(left, PasscodeEntered::NotCompared, "five processes died before they compared");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_counts_though_its_process_is_killed_on_sqlite() {
    a_count_outlives_the_process(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_counts_though_its_process_is_killed_on_postgres() {
    a_count_outlives_the_process(Kind::Postgres).await;
}
