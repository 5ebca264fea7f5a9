//! What administrators manage: passcodes, settings, addresses of home visits, activation codes.

use std::collections::HashSet;

use eligibility::{
    Instant,
    activation::{
        Activation, ActivationCode, ActivationState, DeviceMemo, ENDS_AFTER_MS, EntryGuard, PAUSE_MS,
        USABLE_AFTER_MS, WRONG_MAX, WRONG_WINDOW_MS,
    },
    calendar::{DAY_MS, end_of_day, start_of_day, tokyo_date},
    codes::AccessUrlUse,
    consent::ConsentKind,
    facility_settings::{
        ActsAt, Changing, FacilitySettings, OFF, ON, Setting, SettingGroup, SettingsRefusal,
    },
    home_visit_url::{GRACE_DAYS_MAX, GraceDays, SECRET_CHARS, UrlSecret, is_offered},
    reader::ReaderMode,
    visual_check_passcode::{FAILURES_MAX, Passcode, PasscodeStanding, PasscodeState, ends_at, is_alarming},
};
use jiff::civil::date;
use proptest::prelude::*;

#[test]
fn every_setting_says_where_it_acts_and_the_documentation_agrees() {
    let table = include_str!("../../../../docs/SETTINGS.md");
    for setting in Setting::ALL {
        let begins = format!("| {} | `{}` | ", setting.label(), setting.id());
        let line = table.lines().find_map(|line| line.strip_prefix(&begins));
        let line = line.unwrap_or_else(|| panic!("{} is not in the table", setting.id()));
        let acts = match setting.acts() {
            ActsAt::Reader => "the reader, by the terminal |",
            ActsAt::Centre => "the centre |",
            ActsAt::Nowhere => "nowhere yet |",
        };
        assert!(line.starts_with(acts), "{}: {line}", setting.id());
        let hint = Setting::FIELDS.iter().find(|field| field.id == setting.id()).expect("a field").hint;
        let says_so = hint.contains("準備中です") && hint.contains("まだ反映されません");
        assert_eq!(says_so, setting.acts() == ActsAt::Nowhere, "{}: {hint}", setting.id());
    }
}

#[test]
fn each_setting_of_the_reader_changes_what_it_is_for_and_nothing_else() {
    use ConsentKind::{Checkup, Medication, Operation, SpecificDisease, Treatment};
    let all_off = |settings: FacilitySettings| {
        let items = Setting::of(SettingGroup::ConsentItems);
        items.fold(settings, |settings, one| settings.with(one, OFF).expect("a switch"))
    };
    let nothing = all_off(FacilitySettings::default());
    assert_eq!(nothing.asked().consents, [ConsentKind::Ceiling], "limits are for everybody");
    for (setting, kind) in [
        (Setting::Checkup, Checkup),
        (Setting::Medication, Medication),
        (Setting::Treatment, Treatment),
        (Setting::Operation, Operation),
        (Setting::SpecificDisease, SpecificDisease),
    ] {
        let one = nothing.clone().with(setting, ON).expect("a switch");
        assert_eq!(one.asked().consents, [ConsentKind::Ceiling, kind]);
    }
    for (uses, timing, asks) in [("2", "2", true), ("2", "1", false), ("1", "2", false), ("0", "2", false)] {
        let with = FacilitySettings::default().with(Setting::PrescriptionUse, uses).expect("a value");
        let with = with.with(Setting::PrescriptionTiming, timing).expect("a value");
        assert_eq!(with.asked().prescription_issue, asks, "{uses} {timing}");
    }
    assert_eq!(nothing.usual_reader_mode(), ReaderMode::Unattended);
    let visual = nothing.with(Setting::ReaderMode, "2").expect("a value");
    assert_eq!(visual.usual_reader_mode(), ReaderMode::Visual);
    let codes = Setting::ALL.iter().map(|one| (one.id().to_owned(), visual.code(*one).to_owned()));
    assert_eq!(FacilitySettings::from_codes(&codes.collect()), visual, "as it comes over a line");
}

#[test]
fn a_passcode_is_four_digits_and_never_printed() {
    for text in ["0042", " 00 42 ", "００４２", "00-42"] {
        assert_eq!(Passcode::parse(text).expect(text).reveal(), "0042");
    }
    for text in ["", "042", "00042", "00a2", "٠٠٤٢", &"0".repeat(5_000)] {
        assert!(Passcode::parse(text).is_err(), "{text:?}");
    }
    assert_eq!(Passcode::from_random([0; 8]).reveal(), "0000");
    assert!(!format!("{:?}", Passcode::from_random([7; 8])).contains(Passcode::from_random([7; 8]).reveal()));
}

#[test]
fn a_passcode_ends_with_its_day_in_tokyo() {
    let morning = start_of_day(date(2026, 11, 23));
    assert_eq!(ends_at(morning), Instant(morning.0 + DAY_MS));
    let late = Instant(morning.0 + DAY_MS - 1);
    let state = PasscodeState { issued_at: late, failures: 0 };
    assert_eq!(state.standing(late), PasscodeStanding::Live { tries_left: FAILURES_MAX });
    assert_eq!(state.standing(Instant(late.0 + 1)), PasscodeStanding::Expired);
    assert_eq!(state.standing(Instant(late.0 - 1)), PasscodeStanding::Expired, "a clock that was set back");
    assert!(!is_alarming(20) && is_alarming(21));
}

#[test]
fn the_defaults_are_those_of_an_institution_that_never_changed_anything() {
    let settings = FacilitySettings::default();
    let on: Vec<_> =
        Setting::ALL.iter().filter(|one| settings.is_on(**one) && one.options()[0].0 == OFF).collect();
    use Setting::{Checkup, Medication, PublicAssistance, SpecificDisease};
    assert_eq!(on, [&Checkup, &Medication, &SpecificDisease, &PublicAssistance]);
    for (setting, label) in [
        (Setting::HomeVisit, "訪問診療等機能"),
        (Setting::Online, "オンライン診療等機能"),
        (Setting::OtherRoute, "外来診療等(通常とは異なる動線)機能"),
    ] {
        assert_eq!((setting.label(), setting.needs_terms()), (label, true));
        assert_eq!(settings.label(setting), "利用しない");
    }
    assert_eq!(
        SettingGroup::RemoteCare.label(),
        "訪問診療等・オンライン診療等・外来診療等(通常とは異なる動線)関連項目"
    );
    let ids: HashSet<_> = Setting::ALL.iter().map(|setting| setting.id()).collect();
    assert_eq!(ids.len(), Setting::COUNT);
    for setting in Setting::ALL {
        assert!(setting.label_of(setting.default_code()).is_some(), "{setting:?} has its default");
    }
}

#[test]
fn settings_are_read_from_older_and_newer_versions() {
    let older: FacilitySettings = serde_json::from_str(r#"{"operation":"1"}"#).expect("older");
    assert!(older.is_on(Setting::Operation) && older.is_on(Setting::Medication));
    let newer: FacilitySettings =
        serde_json::from_str(r#"{"operation":"1","of_tomorrow":"x"}"#).expect("newer");
    assert_eq!(newer, older);
    assert!(serde_json::from_str::<FacilitySettings>(r#"{"operation":"9"}"#).is_err());
}

#[test]
fn a_form_that_leaves_something_out_names_it() {
    let errors = FacilitySettings::from_form(|id| if id == "operation" { "" } else { "1" });
    let errors = errors.expect_err("one is missing");
    let fields: Vec<_> = errors.as_slice().iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["operation"]);
}

#[test]
fn an_address_needs_the_function_of_its_use() {
    let home = FacilitySettings::default().with(Setting::HomeVisit, ON).expect("a value");
    assert!(is_offered(&home, AccessUrlUse::HomeVisit) && !is_offered(&home, AccessUrlUse::Online));
    assert_eq!(GraceDays::new(GRACE_DAYS_MAX + 1), None);
    for text in ["", "-1", "8", "256", "1.5", "７"] {
        assert_eq!(GraceDays::parse(text), None, "{text:?}");
    }
    let grace = GraceDays::parse("7").expect("seven");
    assert_eq!(grace.ends_at(Instant(10)), Instant(10 + 7 * DAY_MS));
    assert_eq!(GraceDays::default().ends_at(Instant(10)), Instant(10));
}

#[test]
fn an_activation_code_is_taken_in_its_time() {
    let issued = Activation { issued_at: Instant(0), used_at: None, invalidated_at: None };
    let labels: Vec<_> = [0, USABLE_AFTER_MS - 1, USABLE_AFTER_MS, ENDS_AFTER_MS - 1, ENDS_AFTER_MS]
        .map(|now| issued.state(Instant(now)).label())
        .into();
    assert_eq!(labels, ["発行済", "発行済", "利用可能", "利用可能", "期限切れ"]);
    assert_eq!(issued.state(Instant(0)), ActivationState::Issued { usable_in_ms: USABLE_AFTER_MS });
    let used = Activation { used_at: Some(Instant(1)), ..issued };
    assert_eq!(used.state(Instant(10 * ENDS_AFTER_MS)).label(), "利用中", "a device does not expire");
    let ended = Activation { invalidated_at: Some(Instant(2)), ..used };
    assert_eq!(ended.state(Instant(3)).label(), "無効");
    assert!(!ended.state(Instant(3)).takes_a_place() && used.state(Instant(3)).takes_a_place());
}

#[test]
fn ten_wrong_entries_of_an_hour_are_a_pause_of_an_hour() {
    let wrong = |guard: EntryGuard, times: u32, now: i64| {
        (0..times).fold(guard, |guard, _| guard.counted(Instant(now)))
    };
    let nine = wrong(EntryGuard::default(), WRONG_MAX - 1, 0);
    assert_eq!(nine.paused_for_ms(Instant(1)), None);
    let ten = nine.counted(Instant(1));
    assert_eq!(ten.paused_for_ms(Instant(1)), Some(PAUSE_MS));
    assert_eq!(ten.paused_for_ms(Instant(1 + PAUSE_MS)), None);
    assert_eq!(
        ten.paused_for_ms(Instant(-10 * PAUSE_MS)),
        Some(PAUSE_MS),
        "a clock set back waits no longer"
    );
    assert_eq!(ten.right().paused_for_ms(Instant(2)), None, "the tenth was right");
    let later = nine.counted(Instant(WRONG_WINDOW_MS));
    assert_eq!((later.wrong, later.paused_until), (1, None), "another hour");
    let after = ten.counted(Instant(1 + PAUSE_MS));
    assert_eq!((after.wrong, after.paused_until), (1, None), "after the pause it is counted anew");
}

#[test]
fn a_memo_is_kept_as_it_is_or_refused_with_a_reason() {
    for memo in ["往診1", "e\u{301}", " a ", "\u{202E}abc", "葛\u{E0100}", &"𠮷".repeat(40)] {
        assert_eq!(DeviceMemo::parse(memo).expect(memo).as_str(), memo);
    }
    for memo in ["", " 　", "a\nb", "a\u{0}", "\u{7F}x", &"あ".repeat(41)] {
        let errors = DeviceMemo::parse(memo).expect_err(memo);
        let error = errors.of("device_memo").expect("at its field");
        assert!(!error.message.is_empty() && !error.remedy.is_empty());
    }
}

proptest! {
    #[test]
    fn a_passcode_lives_at_most_a_day_and_five_entries(issued_ms in 0..4_000_000_000_000_i64, after in 0..3 * DAY_MS, failures in 0..9_u32) {
        let issued_at = Instant(issued_ms);
        let state = PasscodeState { issued_at, failures };
        let end = ends_at(issued_at);
        prop_assert!(end > issued_at && end.0 - issued_at.0 <= DAY_MS);
        prop_assert_eq!(end, end_of_day(tokyo_date(issued_at)));
        let live = state.may_be_compared(Instant(issued_ms + after));
        prop_assert_eq!(live, issued_ms + after < end.0 && failures < FAILURES_MAX);
    }

    #[test]
    fn different_bytes_are_different_addresses(one in any::<[u8; 16]>(), other in any::<[u8; 16]>()) {
        let (a, b) = (UrlSecret::from_random(one), UrlSecret::from_random(other));
        prop_assert_eq!(one == other, a == b);
        prop_assert_eq!(a.reveal().len(), SECRET_CHARS);
        prop_assert_eq!(UrlSecret::parse(a.reveal()), Some(a.clone()));
        prop_assert_eq!(UrlSecret::parse(&a.reveal().to_ascii_uppercase()), Some(a));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}") {
        let _ = (Passcode::parse(&text), ActivationCode::parse(&text), UrlSecret::parse(&text), GraceDays::parse(&text));
        if let Ok(memo) = DeviceMemo::parse(&text) {
            prop_assert_eq!(memo.as_str(), text);
        }
    }

    #[test]
    fn a_code_is_read_as_it_is_shown(random in any::<[u8; 8]>()) {
        let code = ActivationCode::from_random(random);
        prop_assert_eq!(ActivationCode::parse(&code.grouped()), Ok(code.clone()));
        let printed = format!("{code:?}");
        prop_assert!(!printed.contains(code.reveal()));
    }

    /// Whatever is chosen: what changed is told, old and new, and the block needs the terms exactly when it is touched.
    #[test]
    fn changes_are_told_and_the_block_is_guarded(chosen in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6)) {
        let old = FacilitySettings::default();
        let mut new = old.clone();
        for (setting, option) in &chosen {
            let setting = Setting::ALL[setting.index(Setting::COUNT)];
            new = new.with(setting, setting.options()[option.index(setting.options().len())].0).expect("a value");
        }
        let changes = old.changes_to(&new);
        for change in &changes {
            prop_assert!(change.old != change.new);
            let (label, before, after) = change.words();
            prop_assert!(!label.is_empty() && before != after);
        }
        let touched: Vec<Setting> = changes.iter().filter_map(|change| Setting::from_id(&change.setting)).filter(|one| one.needs_terms()).collect();
        let of_people: Vec<Setting> = changes.iter().filter_map(|change| Setting::from_id(&change.setting)).filter(|one| one.group() == SettingGroup::Files).collect();
        let by = |by_file, terms_opened| old.may_become(&new, Changing { terms_opened, by_file });
        prop_assert_eq!(by(false, true), Ok(()));
        let expected = if touched.is_empty() { Ok(()) } else { Err(SettingsRefusal::TermsNotOpened(touched)) };
        prop_assert_eq!(by(false, false), expected.clone());
        // A receipt computer allows nothing to itself.
        let kept_from_files = Err(SettingsRefusal::ForPeopleOnly(of_people.clone()));
        prop_assert_eq!(by(true, true), if of_people.is_empty() { Ok(()) } else { kept_from_files.clone() });
        prop_assert_eq!(by(true, false), if of_people.is_empty() { expected } else { kept_from_files });
        let kept: FacilitySettings = serde_json::from_str(&serde_json::to_string(&new).expect("JSON")).expect("reads");
        prop_assert_eq!(kept, new);
    }
}
