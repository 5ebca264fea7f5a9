//! 医療機関等別URL on every database: one in use, old ones for their grace, none while the function is off.

use eligibility::calendar::DAY_MS;
use eligibility::codes::AccessUrlUse;
use eligibility::facility_settings::{OFF, ON, Setting};
use eligibility::home_visit_url::GraceDays;
use store::{FormId, HomeVisitUrl, NewHomeVisitUrl, NewSettings, SettingsChanged, UrlChange, UrlOutcome};

use crate::databases::{Database, on_every_database};
use crate::people::*;

on_every_database!(
    no_address_while_the_function_is_off,
    many_first_looks_make_one_address,
    an_old_address_works_for_its_grace_and_no_longer,
);

const HOME: AccessUrlUse = AccessUrlUse::HomeVisit;

async fn switch(db: &Database, number: u32, form: &str, code: &str) {
    db.store.open_terms(&institution(number), "kanri01", at(0)).await.expect("writes");
    let change = NewSettings {
        institution_code: institution(number),
        expected_version: None,
        values: vec![(Setting::HomeVisit, code.to_owned())],
        account: Some("kanri01".to_owned()),
        actor: "account:kanri01".to_owned(),
        actor_name: "管理 花子".to_owned(),
        form: FormId { subject: format!("{number}:kanri01"), form_id: form.to_owned() },
        changed_at: at(0),
    };
    let changed = db.store.change_facility_settings(change).await.expect("writes");
    assert!(matches!(changed, SettingsChanged::Done { .. }), "{changed:?}");
}

fn new(number: u32, hash: u8, ms: i64) -> NewHomeVisitUrl {
    NewHomeVisitUrl {
        institution_code: institution(number),
        url_use: HOME,
        sealed_secret: vec![hash; 40],
        url_hash: [hash; 32],
        actor: "account:kanri01".to_owned(),
        made_at: at(ms),
    }
}

fn change(number: u32, hash: u8, generation: i64, grace: u8, ms: i64) -> UrlChange {
    UrlChange {
        new: new(number, hash, ms),
        expected_generation: Some(generation),
        grace: GraceDays::new(grace).expect("at most seven"),
        form: FormId { subject: format!("{number}:kanri01"), form_id: format!("url-{hash}") },
    }
}

fn in_use(outcome: store::Result<UrlOutcome>) -> HomeVisitUrl {
    match outcome.expect("writes") {
        UrlOutcome::InUse(url) => url,
        other => panic!("{other:?}"),
    }
}

async fn no_address_while_the_function_is_off(db: Database) {
    assert_eq!(db.store.ensure_home_visit_url(new(1, 1, 0)).await, Ok(UrlOutcome::FunctionOff));
    assert_eq!(db.store.change_home_visit_url(change(1, 1, 0, 0, 0)).await, Ok(UrlOutcome::FunctionOff));
    switch(&db, 1, "on", ON).await;
    assert_eq!(in_use(db.store.ensure_home_visit_url(new(1, 1, 0)).await).generation, 1);
    let owner = Ok(Some((institution(1), HOME)));
    assert_eq!(db.store.home_visit_url_owner([1; 32], at(1)).await, owner);
    switch(&db, 1, "off", OFF).await;
    assert_eq!(db.store.home_visit_url_owner([1; 32], at(2)).await, Ok(None), "the function is off");
    switch(&db, 1, "on again", ON).await;
    assert_eq!(db.store.home_visit_url_owner([1; 32], at(3)).await, owner, "printed codes work again");
}

async fn many_first_looks_make_one_address(db: Database) {
    switch(&db, 2, "on", ON).await;
    let looks: Vec<_> = (1..=16)
        .map(|hash| {
            let store = db.store.clone();
            tokio::spawn(async move { store.ensure_home_visit_url(new(2, hash, 0)).await })
        })
        .collect();
    let mut sealed = Vec::new();
    for look in looks {
        sealed.push(in_use(look.await.expect("runs")).sealed_secret);
    }
    sealed.dedup();
    assert_eq!(sealed.len(), 1, "everybody sees the same address");
    let urls = db.store.home_visit_urls(&institution(2), at(1)).await.expect("reads");
    assert_eq!(urls.len(), 1);
    assert_eq!(db.store.home_visit_urls(&institution(3), at(1)).await, Ok(vec![]), "another's");
}

async fn an_old_address_works_for_its_grace_and_no_longer(db: Database) {
    switch(&db, 4, "on", ON).await;
    in_use(db.store.ensure_home_visit_url(new(4, 1, 0)).await);
    assert_eq!(in_use(db.store.change_home_visit_url(change(4, 2, 1, 7, 10)).await).generation, 2);
    // The same form again, and the form of somebody who still sees the first address.
    assert_eq!(in_use(db.store.change_home_visit_url(change(4, 2, 1, 7, 11)).await).generation, 2);
    assert_eq!(db.store.change_home_visit_url(change(4, 3, 1, 7, 12)).await, Ok(UrlOutcome::Conflict));
    let works =
        async |hash, ms| db.store.home_visit_url_owner([hash; 32], at(ms)).await.expect("reads").is_some();
    assert!(works(1, 7 * DAY_MS + 9).await && works(2, 7 * DAY_MS + 9).await);
    assert!(!works(1, 7 * DAY_MS + 10).await, "its grace is over");
    let told = db.store.home_visit_urls(&institution(4), at(20)).await.expect("reads");
    let told: Vec<_> = told.iter().map(|url| (url.generation, url.ends_at)).collect();
    assert_eq!(told, [(2, None), (1, Some(at(10 + 7 * DAY_MS)))]);
    // Without grace the old one is dead at once.
    in_use(db.store.change_home_visit_url(change(4, 4, 2, 0, 30)).await);
    assert!(!works(2, 30).await && works(4, 30).await);
}
