//! What a receipt computer asks about its own institution: 医療機関環境設定情報 (IF-041 to 044), 医療機関アクセスURL
//! (IF-039/040), 目視確認用パスコード (IF-049/050).
//!
//! Of these only the beginnings of the file names are known, and of the passcode not even that: the elements, and the
//! letters `vpc`, are this project's own.

use std::collections::BTreeMap;

use eligibility::codes::{AccessUrlChange, AccessUrlFormat, AccessUrlUse, CharacterCode, ProcessingStatus};
use eligibility::facility_settings::Setting;
use jiff::civil::DateTime;

use super::{
    FieldProblem, FieldProblemKind, Layout, Outcome, ResultError, Unreadable, WrittenXml,
    envelope::{
        AnswerHeader, Check, ReadAs, Sender, read_request_as, read_result_as, read_trimmed, write_request_as,
        write_result_as,
    },
    record::{leaf_text, record, write_record},
    value::{Code, Leaf},
};
use crate::xml_tree::{self, Element};

const SETTINGS: &str = "FacilitySettings";
const VERSION: &str = "SettingsVersion";

macro_rules! settings {
    ($($field:ident $setting:ident $element:literal;)+) => {
        record! {
            /// Settings, each by its code; those that are not named are not meant.
            pub struct FacilitySettingsInfo {
                $(
                    #[doc = $element]
                    optional $field: Option<String> = $element,
                )+
            }
        }

        impl FacilitySettingsInfo {
            /// The settings that are named, by [`Setting::id`].
            #[must_use]
            pub fn to_map(&self) -> BTreeMap<String, String> {
                let named = [$((Setting::$setting, &self.$field),)+];
                named
                    .into_iter()
                    .filter_map(|(setting, code)| Some((setting.id().to_owned(), code.clone()?)))
                    .collect()
            }

            /// The settings of a map by [`Setting::id`]; others are left out.
            #[must_use]
            pub fn from_map(map: &BTreeMap<String, String>) -> Self {
                Self { $($field: map.get(Setting::$setting.id()).cloned(),)+ }
            }

            fn problems(&self) -> Vec<FieldProblem> {
                let named = [$((Setting::$setting, $element, self.$field.as_deref()),)+];
                let wrong = |(setting, _, code): &(Setting, &str, Option<&str>)| {
                    code.is_some_and(|code| setting.label_of(code).is_none())
                };
                let problem = |(_, element, _)| FieldProblem { element, kind: FieldProblemKind::Format };
                named.into_iter().filter(wrong).map(problem).collect()
            }
        }
    };
}

settings! {
    checkup Checkup "SpecificHealthCheckupsInfoUse";
    medication Medication "PharmacistsInfoUse";
    treatment Treatment "DiagnosisInfoUse";
    operation Operation "OperationInfoUse";
    specific_disease SpecificDisease "SpecificDiseasesCertificateUse";
    public_assistance PublicAssistance "PublicExpenseUse";
    medical_subsidy MedicalSubsidy "MedicalSubsidyUse";
    home_visit HomeVisit "HomeVisitUse";
    online Online "OnlineUse";
    other_route OtherRoute "OtherRouteUse";
    prescription_use PrescriptionUse "ElectronicPrescriptionUse";
    prescription_timing PrescriptionTiming "PrescriptionIssueSelectTiming";
    reader_mode ReaderMode "ReaderMode";
    consent_screen ConsentScreen "ConsentScreen";
    passcode_by_file PasscodeByFile "PasscodeByFileUse";
}

record! {
    /// The result of each of these families: `XmlMsg`.
    pub struct FacilityResult {
        /// `MessageHeader`.
        record header: AnswerHeader = "MessageHeader",
        /// `MessageBody`.
        record body: FacilityBody = "MessageBody",
    }
}

record! {
    /// Body of the result; of what can be answered, what was asked for is there.
    pub struct FacilityBody {
        /// 医療機関等別URL.
        optional access_url: Option<String> = "AccessUrl",
        /// 目視確認用パスコード.
        optional passcode: Option<String> = "VisualCheckPasscode",
        /// Until when it is good, Asia/Tokyo.
        optional passcode_until: Option<DateTime> = "VisualCheckPasscodeAvailableTime",
        /// The version of the settings, to be sent with a change of them.
        optional settings_version: Option<u32> = "SettingsVersion",
        /// 環境設定情報.
        optional_record settings: Option<FacilitySettingsInfo> = "FacilitySettings",
        /// 処理結果状況.
        required processing_result_status: Code<ProcessingStatus> = "ProcessingResultStatus",
        /// 処理結果コード.
        optional processing_result_code: Option<String> = "ProcessingResultCode",
        /// 処理結果メッセージ.
        optional processing_result_message: Option<String> = "ProcessingResultMessage",
    }
}

impl FacilityBody {
    /// A body that says only how it ended.
    #[must_use]
    pub fn ended(outcome: Outcome) -> Self {
        Self {
            access_url: None,
            passcode: None,
            passcode_until: None,
            settings_version: None,
            settings: None,
            processing_result_status: outcome.status.into(),
            processing_result_code: outcome.code,
            processing_result_message: outcome.message,
        }
    }
}

/// A change of settings as a receipt computer writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsUpdate {
    /// The version that was read; `None` = whatever is in force.
    pub version: Option<u32>,
    /// What is to be changed.
    pub settings: FacilitySettingsInfo,
}

/// A wish for an address as a receipt computer writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlWish {
    /// What for.
    pub url_use: AccessUrlUse,
    /// What the code beside the result is to be.
    pub format: AccessUrlFormat,
    /// Whether another address is to take its place.
    pub change: AccessUrlChange,
}

/// Reads a request that asks for nothing but what its file name says (`OQSsiinq01`, `OQSsivpc01`).
///
/// # Errors
/// [`Unreadable`] when it is no message of this kind at all.
pub fn read_plain_request(bytes: &[u8]) -> Result<ReadAs<(Sender, ())>, Unreadable> {
    read_request_as(bytes, xml_tree::MESSAGE, |_, _, _| Some(()))
}

/// Writes such a request, as a receipt computer does.
#[must_use]
pub fn write_plain_request(sender: &Sender, encoding: CharacterCode, layout: Layout) -> WrittenXml {
    write_request_as(sender, None, encoding, layout, |_| {})
}

/// Reads `OQSsiupd01`.
///
/// # Errors
/// [`Unreadable`] when it is no message of this kind at all.
pub fn read_settings_update(bytes: &[u8]) -> Result<ReadAs<(Sender, SettingsUpdate)>, Unreadable> {
    read_request_as(bytes, xml_tree::MESSAGE, |_, body, check| {
        let version = check.keep(read_version(body));
        let settings: Option<FacilitySettingsInfo> = check.keep(super::record::read_record(body, SETTINGS));
        let settings = settings?;
        check.problems.extend(settings.problems());
        Some(SettingsUpdate { version: version?, settings })
    })
}

fn read_version(body: &Element) -> Result<Option<u32>, FieldProblem> {
    let text = leaf_text(body, VERSION)?.map(str::trim).filter(|text| !text.is_empty());
    let problem = FieldProblem { element: VERSION, kind: FieldProblemKind::Format };
    text.map(|text| u32::read(text).ok_or(problem)).transpose()
}

/// Writes `OQSsiupd01`, as a receipt computer does.
#[must_use]
pub fn write_settings_update(
    sender: &Sender,
    update: &SettingsUpdate,
    encoding: CharacterCode,
    layout: Layout,
) -> WrittenXml {
    write_request_as(sender, None, encoding, layout, |xml| {
        super::record::write_optional(xml, VERSION, update.version.as_ref());
        write_record(xml, SETTINGS, &update.settings);
    })
}

/// Reads `OQSsiurl01`.
///
/// # Errors
/// [`Unreadable`] when it is no message of this kind at all.
pub fn read_url_wish(bytes: &[u8]) -> Result<ReadAs<(Sender, UrlWish)>, Unreadable> {
    read_request_as(bytes, xml_tree::MESSAGE, |_, body, check| {
        let url_use = keep_code(body, "UrlClassification", AccessUrlUse::from_code, None, check);
        let format = keep_code(body, "FileFormat", AccessUrlFormat::from_code, None, check);
        let keep = Some(AccessUrlChange::Keep);
        let change = keep_code(body, "UrlChangeFlag", AccessUrlChange::from_code, keep, check);
        Some(UrlWish { url_use: url_use?, format: format?, change: change? })
    })
}

fn keep_code<T, E>(
    body: &Element,
    element: &'static str,
    from_code: impl Fn(&str) -> Result<T, E>,
    absent: Option<T>,
    check: &mut Check,
) -> Option<T> {
    let text: Result<String, FieldProblem> = read_trimmed(body, element);
    let read = match (text, absent) {
        (Err(FieldProblem { kind: FieldProblemKind::Missing, .. }), Some(absent)) => Ok(absent),
        (Err(problem), _) => Err(problem),
        (Ok(text), _) => {
            from_code(&text).map_err(|_| FieldProblem { element, kind: FieldProblemKind::Format })
        }
    };
    check.keep(read)
}

/// Writes `OQSsiurl01`, as a receipt computer does.
#[must_use]
pub fn write_url_wish(
    sender: &Sender,
    wish: &UrlWish,
    encoding: CharacterCode,
    layout: Layout,
) -> WrittenXml {
    write_request_as(sender, None, encoding, layout, |xml| {
        xml.leaf("UrlClassification", wish.url_use.code());
        xml.leaf("FileFormat", wish.format.code());
        xml.leaf("UrlChangeFlag", wish.change.code());
    })
}

/// Writes a result. 文字コード識別 follows `encoding`.
#[must_use]
pub fn write_facility_result(result: &FacilityResult, encoding: CharacterCode, layout: Layout) -> WrittenXml {
    let mut result = result.clone();
    result.header.character_code_identifier = encoding.into();
    write_result_as(&result, encoding, layout)
}

/// Reads a result with its encoding.
///
/// # Errors
/// [`ResultError`] naming why the file is no message, or the element that is wrong.
pub fn read_facility_result(bytes: &[u8]) -> Result<(CharacterCode, FacilityResult), ResultError> {
    read_result_as(bytes, xml_tree::MESSAGE)
}
