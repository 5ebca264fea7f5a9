//! 環境設定情報, 医療機関アクセスURL and 目視確認用パスコード by file: what is written is read, in both encodings, and what is
//! wrong is named.

use std::collections::BTreeMap;

use eligibility::Instant;
use eligibility::codes::{AccessUrlChange, AccessUrlFormat, AccessUrlUse, CharacterCode};
use eligibility::errors::ErrorCode;
use eligibility::facility_settings::Setting;
use eligibility::institution::InstitutionCode;
use proptest::prelude::*;
use wire::message::{
    AnswerHeader, FacilityBody, FacilityResult, FacilitySettingsInfo, Failure, FieldProblemKind, Layout,
    Outcome, Sender, SettingsUpdate, UrlWish, read_facility_result, read_plain_request, read_settings_update,
    read_url_wish, write_facility_result, write_plain_request, write_settings_update, write_url_wish,
};

const ENCODINGS: [CharacterCode; 2] = [CharacterCode::Utf8, CharacterCode::ShiftJis];

fn sender() -> Sender {
    Sender {
        institution_code: InstitutionCode::parse("1319990012").expect("a code"),
        file_identifier: Some("K-1".to_owned()),
    }
}

fn header(failure: Option<Failure>) -> AnswerHeader {
    let sender = sender();
    AnswerHeader::new(&sender.institution_code, sender.file_identifier, Instant(1_795_305_600_000), failure)
}

fn update() -> SettingsUpdate {
    let named =
        BTreeMap::from([("operation".to_owned(), "1".to_owned()), ("home_visit".to_owned(), "0".to_owned())]);
    SettingsUpdate { version: Some(3), settings: FacilitySettingsInfo::from_map(&named) }
}

fn wish() -> UrlWish {
    UrlWish { url_use: AccessUrlUse::HomeVisit, format: AccessUrlFormat::Png, change: AccessUrlChange::Keep }
}

fn passcode() -> FacilityResult {
    let body = FacilityBody {
        passcode: Some("0042".to_owned()),
        passcode_until: Some(jiff::civil::date(2026, 11, 23).at(23, 59, 59, 0)),
        ..FacilityBody::ended(Outcome::ok())
    };
    FacilityResult { header: header(None), body }
}

/// Names and contents of the fuzz target's seeds.
pub(crate) fn seeds() -> Vec<(String, Vec<u8>)> {
    let (utf8, narrow, layout) = (CharacterCode::Utf8, CharacterCode::ShiftJis, Layout::Indented);
    let settings = FacilityBody {
        settings_version: Some(3),
        settings: Some(update().settings),
        ..FacilityBody::ended(Outcome::ok())
    };
    let settings = FacilityResult { header: header(None), body: settings };
    [
        ("OQSsiinq01req_202611230001.xml", write_plain_request(&sender(), utf8, layout)),
        ("OQSsiinq01res_202611230001.xml", write_facility_result(&settings, utf8, layout)),
        ("OQSsiupd01req_202611230002.xml", write_settings_update(&sender(), &update(), narrow, layout)),
        ("OQSsiurl01req_202611230003.xml", write_url_wish(&sender(), &wish(), utf8, layout)),
        ("OQSsivpc01req_202611230004.xml", write_plain_request(&sender(), narrow, layout)),
        ("OQSsivpc01res_202611230004.xml", write_facility_result(&passcode(), narrow, layout)),
    ]
    .map(|(name, written)| (name.to_owned(), written.bytes))
    .into()
}

#[test]
fn every_setting_has_its_own_element() {
    let all: BTreeMap<String, String> = Setting::ALL
        .iter()
        .map(|setting| (setting.id().to_owned(), setting.options()[0].0.to_owned()))
        .collect();
    let update = SettingsUpdate { version: None, settings: FacilitySettingsInfo::from_map(&all) };
    for encoding in ENCODINGS {
        let written = write_settings_update(&sender(), &update, encoding, Layout::Indented);
        let read = read_settings_update(&written.bytes).expect("ours");
        assert_eq!((read.encoding, read.request), (encoding, Ok((sender(), update.clone()))));
    }
    assert_eq!(update.settings.to_map(), all);
}

#[test]
fn requests_and_results_come_back_as_they_were() {
    for encoding in ENCODINGS {
        let written = write_url_wish(&sender(), &wish(), encoding, Layout::Compact);
        assert_eq!(read_url_wish(&written.bytes).expect("ours").request, Ok((sender(), wish())));
        let written = write_plain_request(&sender(), encoding, Layout::Compact);
        assert_eq!(read_plain_request(&written.bytes).expect("ours").request, Ok((sender(), ())));
        let failed = Some(Failure::from(ErrorCode::FunctionOff));
        let refused = FacilityResult {
            header: header(failed),
            body: FacilityBody::ended(Outcome::error(ErrorCode::FunctionOff)),
        };
        for result in [passcode(), refused] {
            let written = write_facility_result(&result, encoding, Layout::Indented);
            let (read_as, read) = read_facility_result(&written.bytes).expect("ours");
            assert_eq!((read_as, read.body), (encoding, result.body));
            assert_eq!(read.header.error_code, result.header.error_code);
        }
    }
}

/// The request with this in its body.
fn with_body(body: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader>\
         <MedicalInstitutionCode>1319990012</MedicalInstitutionCode></MessageHeader>\
         <MessageBody>{body}</MessageBody></XmlMsg>"
    )
    .into_bytes()
}

#[test]
fn what_is_wrong_is_named() {
    use FieldProblemKind::{Format, Missing, Repeated};
    let settings = |inner: &str| format!("<FacilitySettings>{inner}</FacilitySettings>");
    let one = settings("<OperationInfoUse>1</OperationInfoUse>");
    for (body, element, kind) in [
        (String::new(), "FacilitySettings", Missing),
        (settings("<OperationInfoUse>9</OperationInfoUse>"), "OperationInfoUse", Format),
        (format!("{one}{one}"), "FacilitySettings", Repeated),
        (format!("<SettingsVersion>-1</SettingsVersion>{one}"), "SettingsVersion", Format),
    ] {
        let read = read_settings_update(&with_body(&body)).expect("a message").request.expect_err("wrong");
        assert_eq!((read.problems[0].element, read.problems[0].kind), (element, kind), "{body}");
    }
    for (body, element, kind) in [
        ("", "UrlClassification", Missing),
        ("<UrlClassification>1</UrlClassification><FileFormat>2</FileFormat>", "UrlClassification", Format),
        ("<UrlClassification>2</UrlClassification><FileFormat>3</FileFormat>", "FileFormat", Format),
    ] {
        let read = read_url_wish(&with_body(body)).expect("a message").request.expect_err("wrong");
        assert_eq!((read.problems[0].element, read.problems[0].kind), (element, kind), "{body}");
    }
    let without = "<UrlClassification>2</UrlClassification><FileFormat>2</FileFormat>";
    let read = read_url_wish(&with_body(without)).expect("a message").request.expect("right");
    assert_eq!(read.1, wish(), "what is not said is not changed");
    assert!(read_plain_request(b"<XmlMsg/>").is_err());
}

proptest! {
    #[test]
    fn any_choice_of_settings_comes_back(chosen in prop::collection::vec(any::<Option<prop::sample::Index>>(), Setting::COUNT), version in any::<Option<u32>>()) {
        let named: BTreeMap<String, String> = Setting::ALL
            .iter()
            .zip(&chosen)
            .filter_map(|(setting, index)| {
                let options = setting.options();
                Some((setting.id().to_owned(), options[(*index)?.index(options.len())].0.to_owned()))
            })
            .collect();
        prop_assume!(!named.is_empty());
        let update = SettingsUpdate { version, settings: FacilitySettingsInfo::from_map(&named) };
        let written = write_settings_update(&sender(), &update, CharacterCode::ShiftJis, Layout::Indented);
        let (_, read) = read_settings_update(&written.bytes).expect("ours").request.expect("right");
        prop_assert_eq!(read.settings.to_map(), named);
        prop_assert_eq!(read.version, version);
    }
}
