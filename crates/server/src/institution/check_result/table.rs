//! The result as CSV: a line of headings, then one line for each coverage; an answer that shows nobody has one line.

use eligibility::Date;
use eligibility::codes::Validity;
use wire::message::{QualificationResult, ResultMessage};

use crate::web::csv::Table;

const HEADINGS: &[&str] = &[
    "資格確認日",
    "処理実行日時",
    "資格有効性コード",
    "資格有効性",
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
    "限度額適用認定証 適用区分",
    "限度額適用認定証 有効開始年月日",
    "限度額適用認定証 有効終了年月日",
    "照会番号",
];

/// The whole file.
pub(super) fn write(message: &ResultMessage, validity: Validity, reference_number: Option<&str>) -> String {
    let mut table = Table::new(HEADINGS);
    let head = [
        message.header.qualification_confirmation_date.map(day).unwrap_or_default(),
        message.header.process_execution_time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        validity.code().to_owned(),
        validity.label().to_owned(),
    ];
    let number = reference_number.unwrap_or_default().to_owned();
    if message.body.results.is_empty() {
        table.line(head.iter().cloned());
    }
    for shown in &message.body.results {
        table.line(head.iter().cloned().chain(coverage(shown)).chain([number.clone()]));
    }
    table.into_text()
}

fn coverage(shown: &QualificationResult) -> Vec<String> {
    let plain = |text: &Option<String>| text.clone().unwrap_or_default();
    let date = |date: Option<Date>| date.map(day).unwrap_or_default();
    let label = |known: Option<&'static str>| known.unwrap_or_default().to_owned();
    let (elderly, ceiling) = (shown.elderly_certificate.as_ref(), shown.ceiling_certificate.as_ref());
    let sex = shown.sex2.as_ref().unwrap_or(&shown.sex1);
    vec![
        label(shown.card_classification.known().map(|code| code.label())),
        shown.insurer_number.as_ref().map(ToString::to_string).unwrap_or_default(),
        shown.insurer_name.clone(),
        plain(&shown.insured_card_symbol),
        plain(&shown.insured_identification_number),
        plain(&shown.insured_branch_number),
        label(shown.relation.as_ref().and_then(|code| Some(code.known()?.label()))),
        shown.name.clone(),
        shown.name_kana.as_ref().map(|kana| kana.0.clone()).unwrap_or_default(),
        plain(&shown.name_of_other),
        day(shown.birthdate),
        label(sex.known().map(|code| code.label())),
        plain(&shown.post_number),
        plain(&shown.address),
        date(shown.qualification_date),
        date(shown.disqualification_date),
        label(shown.reason_of_loss.as_ref().and_then(|code| Some(code.known()?.label()))),
        date(shown.card_valid_date),
        date(shown.card_expiration_date),
        label(shown.contribution_ratio.as_ref().and_then(|ratio| Some(ratio.known()?.label()))),
        label(elderly.and_then(|certificate| Some(certificate.ratio.known()?.label()))),
        label(ceiling.and_then(|certificate| Some(certificate.class.known()?.label()))),
        date(ceiling.and_then(|certificate| certificate.valid_from)),
        date(ceiling.and_then(|certificate| certificate.valid_until)),
    ]
}

fn day(date: Date) -> String {
    date.to_string()
}
