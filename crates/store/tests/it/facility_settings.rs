//! 環境設定情報 on every database: terms before the block, one change at a time, a history of all.

use eligibility::facility_settings::{FacilitySettings, OFF, ON, Setting, SettingsRefusal};
use store::{Error, FormId, NewSettings, SettingsChanged};

use crate::databases::{Database, on_every_database};
use crate::people::*;

on_every_database!(
    the_block_is_switched_only_by_who_opened_the_terms,
    of_two_who_started_from_the_same_one_is_told_of_the_other,
    changes_are_kept_old_and_new_and_a_form_twice_is_one,
);

fn change(number: u32, form: &str, values: &[(Setting, &str)]) -> NewSettings {
    NewSettings {
        institution_code: institution(number),
        expected_version: None,
        values: values.iter().map(|(setting, code)| (*setting, (*code).to_owned())).collect(),
        account: Some("kanri01".to_owned()),
        actor: "account:kanri01".to_owned(),
        actor_name: "管理 花子".to_owned(),
        form: FormId { subject: format!("{number}:kanri01"), form_id: form.to_owned() },
        changed_at: at(100),
    }
}

async fn the_block_is_switched_only_by_who_opened_the_terms(db: Database) {
    let code = institution(1);
    let fresh = db.store.facility_settings(&code).await.expect("reads");
    assert_eq!((fresh.version, fresh.settings, fresh.changed_at), (0, FacilitySettings::default(), None));
    let home_visit = |form| change(1, form, &[(Setting::HomeVisit, ON)]);
    let refused = Ok(SettingsChanged::Refused(SettingsRefusal::TermsNotOpened(vec![Setting::HomeVisit])));
    assert_eq!(db.store.change_facility_settings(home_visit("a")).await, refused);

    // Another account of the institution, and this account's name at another institution, say nothing of this one.
    assert_eq!(db.store.open_terms(&code, "kanri02", at(1)).await, Ok(true));
    assert_eq!(db.store.open_terms(&institution(2), "kanri01", at(1)).await, Ok(true));
    assert_eq!(db.store.change_facility_settings(home_visit("b")).await, refused);
    assert_eq!(db.store.terms_opened_at(&code, Some("kanri01")).await, Ok(None));
    // Files come from no account: somebody of the institution must have opened them.
    let by_file = NewSettings { account: None, ..home_visit("c") };
    assert_eq!(db.store.change_facility_settings(by_file).await, Ok(SettingsChanged::Done { version: 1 }));
    let off = change(1, "d", &[(Setting::HomeVisit, OFF)]);
    assert_eq!(db.store.change_facility_settings(off.clone()).await, refused, "switching off is switching");
    assert_eq!(db.store.open_terms(&code, "kanri01", at(2)).await, Ok(true));
    assert_eq!(db.store.open_terms(&code, "kanri01", at(3)).await, Ok(false), "opened before");
    assert_eq!(db.store.change_facility_settings(off).await, Ok(SettingsChanged::Done { version: 2 }));
    assert_eq!(db.store.terms_opened_at(&code, Some("kanri01")).await, Ok(Some(at(2))));
}

async fn of_two_who_started_from_the_same_one_is_told_of_the_other(db: Database) {
    let from = |version, form: &str, values: &[(Setting, &str)]| NewSettings {
        expected_version: Some(version),
        ..change(3, form, values)
    };
    let both = [from(0, "a", &[(Setting::Operation, ON)]), from(0, "b", &[(Setting::Treatment, ON)])];
    let running = both.map(|one| {
        let store = db.store.clone();
        tokio::spawn(async move { store.change_facility_settings(one).await.expect("writes") })
    });
    let (mut done, mut conflicts) = (0, 0);
    for one in running {
        match one.await.expect("runs") {
            SettingsChanged::Done { version: 1 } => done += 1,
            SettingsChanged::Conflict(now) if now.version == 1 => conflicts += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((done, conflicts), (1, 1));
    assert_eq!(db.store.facility_settings_history(&institution(3)).await.expect("reads").len(), 1);
}

async fn changes_are_kept_old_and_new_and_a_form_twice_is_one(db: Database) {
    let code = institution(4);
    let first = change(4, "a", &[(Setting::Operation, ON), (Setting::Medication, ON)]);
    for _ in 0..2 {
        let changed = db.store.change_facility_settings(first.clone()).await;
        assert_eq!(changed, Ok(SettingsChanged::Done { version: 1 }));
    }
    let same = change(4, "b", &[(Setting::Operation, ON)]);
    assert_eq!(db.store.change_facility_settings(same).await, Ok(SettingsChanged::Same));
    let back = change(4, "c", &[(Setting::Operation, OFF)]);
    assert_eq!(db.store.change_facility_settings(back).await, Ok(SettingsChanged::Done { version: 2 }));
    let history = db.store.facility_settings_history(&code).await.expect("reads");
    let told: Vec<_> = history
        .iter()
        .map(|one| (one.version, one.changes.len(), &*one.changes[0].old, &*one.changes[0].new))
        .collect();
    // 薬剤情報 was on by default: nothing of it changed.
    assert_eq!(told, [(2, 1, "1", "0"), (1, 1, "0", "1")]);
    assert_eq!((&*history[0].changed_by, &*history[0].changed_by_name), ("account:kanri01", "管理 花子"));
    let unknown = change(4, "d", &[(Setting::Operation, "7")]);
    let refused = db.store.change_facility_settings(unknown).await;
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    assert_eq!(db.store.facility_settings(&institution(5)).await.expect("reads").version, 0, "another's");
}
