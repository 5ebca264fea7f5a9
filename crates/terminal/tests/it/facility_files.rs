//! What a receipt computer asks about its own institution by file, against the real centre.

use std::{collections::BTreeMap, path::Path};

use eligibility::codes::{AccessUrlChange, AccessUrlFormat, AccessUrlUse, CharacterCode, ProcessingStatus};
use eligibility::facility_settings::Setting;
use terminal::config::Config;
use testkit::facility::switch_on;
use testkit::system::{Engine, TestSystem};
use wire::message::{
    Code, FacilityResult, FacilitySettingsInfo, Layout, Sender, SettingsUpdate, UrlWish, WrittenXml,
    read_facility_result, write_plain_request, write_settings_update, write_url_wish,
};

use crate::{
    counter::{names_in, put, wait_until},
    system::{enrol, on_both_engines, start},
};

on_both_engines! {
    settings_and_passcodes_go_all_the_way
}

const UTF8: CharacterCode = CharacterCode::Utf8;

fn sender(config: &Config, name: &str) -> Sender {
    Sender { institution_code: config.institution_code.clone(), file_identifier: Some(format!("K-{name}")) }
}

async fn ask(root: &Path, start: &str, name: &str, written: WrittenXml) -> FacilityResult {
    put(root, &format!("{start}01req_{name}.xml"), &written.bytes);
    let path = root.join(format!("res/{start}01res_{name}.xml"));
    let result =
        wait_until(name, || Some(read_facility_result(&std::fs::read(&path).ok()?).expect("whole").1)).await;
    assert_eq!(result.header.arbitrary_file_identifier.as_deref(), Some(&*format!("K-{name}")));
    result
}

fn update(config: &Config, name: &str, setting: &str, code: &str) -> WrittenXml {
    let named = BTreeMap::from([(setting.to_owned(), code.to_owned())]);
    let update = SettingsUpdate { version: None, settings: FacilitySettingsInfo::from_map(&named) };
    write_settings_update(&sender(config, name), &update, CharacterCode::ShiftJis, Layout::Indented)
}

async fn settings_and_passcodes_go_all_the_way(engine: Engine) {
    let system = TestSystem::start(engine).await;
    let dir = tempfile::tempdir().expect("a folder");
    let config = enrol(&system, &system.authority, dir.path(), true).await;
    let running = start(&config).await;
    let root = &config.drop.root;
    let plain = |name: &str| write_plain_request(&sender(&config, name), UTF8, Layout::Indented);

    let fresh = ask(root, "OQSsiinq", "1", plain("1")).await;
    let settings = fresh.body.settings.expect("settings").to_map();
    assert_eq!((fresh.body.settings_version, &*settings["medication"]), (Some(0), "1"));
    // Passcodes by file are off until an administrator wants them; the reason comes with the result.
    let off = ask(root, "OQSsivpc", "2", plain("2")).await;
    assert_eq!(off.header.error_code.as_deref(), Some("OQSB1501E"));
    let said = off.header.error_message.unwrap_or_default();
    assert!(said.contains("「目視確認用パスコードのファイル連携での発行」が「利用しない」"), "{said}");
    assert_eq!(off.body.passcode, None);
    assert_eq!(off.body.processing_result_status, Code::Known(ProcessingStatus::Error));
    // Whoever can write into the folder allows nothing to himself; an administrator does, on the page.
    let own = ask(root, "OQSsiupd", "3", update(&config, "3", "passcode_by_file", "1")).await;
    assert_eq!(own.header.error_code.as_deref(), Some("OQSB1501E"), "{:?}", own.header);
    let blocked = ask(root, "OQSsiupd", "4", update(&config, "4", "home_visit", "1")).await;
    assert_eq!(blocked.header.error_code.as_deref(), Some("OQSB1502E"), "nobody opened the terms");
    switch_on(&system, &config.institution_code, Setting::PasscodeByFile).await;
    let on = ask(root, "OQSsiinq", "6", plain("6")).await;
    assert_eq!(on.body.settings.expect("settings").to_map()["passcode_by_file"], "1");

    let issued = ask(root, "OQSsivpc", "5", plain("5")).await;
    let passcode = issued.body.passcode.expect("a passcode");
    assert_eq!(passcode.len(), 4);
    assert!(issued.body.passcode_until.is_some());

    let wish = UrlWish {
        url_use: AccessUrlUse::Online,
        format: AccessUrlFormat::Png,
        change: AccessUrlChange::Keep,
    };
    let wish = write_url_wish(&sender(&config, "6"), &wish, UTF8, Layout::Indented);
    let url = ask(root, "OQSsiurl", "6", wish).await;
    assert_eq!(url.header.error_code.as_deref(), Some("OQSB1501E"), "the function is off");
    assert!(!names_in(&root.join("res")).iter().any(|name| name.ends_with(".png")));
    running.shutdown.cancel();
    running.task.await.expect("stops cleanly");
    system.stop().await;
}
