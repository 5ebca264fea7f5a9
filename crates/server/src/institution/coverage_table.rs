//! The columns of a coverage in the tables that leave these pages: those of one result and those of a file with many.

use eligibility::Date;
use wire::message::{BulkQualification, QualificationResult};

/// What the columns are called.
pub(super) const HEADINGS: &[&str] = &[
    "被保険者証区分",
    "保険者番号",
    "保険者名称",
    "記号",
    "番号",
    "枝番",
    "本人・家族の別",
    "氏名",
    "氏名カナ",
    "氏名（その他）",
    "生年月日",
    "性別",
    "郵便番号",
    "住所",
    "資格取得年月日",
    "資格喪失年月日",
    "資格喪失事由",
    "有効開始年月日",
    "有効終了年月日",
    "一部負担金割合",
    "高齢受給者証 一部負担金割合",
];

/// A day for programs.
pub(super) fn day(date: Date) -> String {
    date.to_string()
}

/// A day for programs, or nothing.
pub(super) fn day_or_empty(date: Option<Date>) -> String {
    date.map(day).unwrap_or_default()
}

fn text(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

fn label(known: Option<&'static str>) -> String {
    known.unwrap_or_default().to_owned()
}

/// Both kinds of answers name what they have in common alike.
macro_rules! columns {
    ($shown:expr) => {{
        let shown = $shown;
        let sex = shown.sex2.as_ref().unwrap_or(&shown.sex1);
        let elderly = shown.elderly_certificate.as_ref();
        vec![
            label(shown.card_classification.known().map(|code| code.label())),
            shown.insurer_number.as_ref().map(ToString::to_string).unwrap_or_default(),
            shown.insurer_name.clone(),
            text(&shown.insured_card_symbol),
            text(&shown.insured_identification_number),
            text(&shown.insured_branch_number),
            label(shown.relation.as_ref().and_then(|code| Some(code.known()?.label()))),
            shown.name.clone(),
            shown.name_kana.as_ref().map(|kana| kana.0.clone()).unwrap_or_default(),
            text(&shown.name_of_other),
            day(shown.birthdate),
            label(sex.known().map(|code| code.label())),
            text(&shown.post_number),
            text(&shown.address),
            day_or_empty(shown.qualification_date),
            day_or_empty(shown.disqualification_date),
            label(shown.reason_of_loss.as_ref().and_then(|code| Some(code.known()?.label()))),
            day_or_empty(shown.card_valid_date),
            day_or_empty(shown.card_expiration_date),
            label(shown.contribution_ratio.as_ref().and_then(|ratio| Some(ratio.known()?.label()))),
            label(elderly.and_then(|certificate| Some(certificate.ratio.known()?.label()))),
        ]
    }};
}

/// The columns of an answer.
pub(super) fn of_answer(shown: &QualificationResult) -> Vec<String> {
    columns!(shown)
}

/// The columns of a row's answer.
pub(super) fn of_row(shown: &BulkQualification) -> Vec<String> {
    columns!(shown)
}
