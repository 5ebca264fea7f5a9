//! The result as CSV: a line of headings, then one line for each coverage; an answer that shows nobody has one line.

use eligibility::codes::Validity;
use wire::message::{QualificationResult, ResultMessage};

use crate::institution::coverage_table::{self, day, day_or_empty};
use crate::web::csv::Table;

const HEAD: &[&str] = &["資格確認日", "処理実行日時", "資格有効性コード", "資格有効性"];
const BEHIND: &[&str] = &[
    "限度額適用認定証 適用区分",
    "限度額適用認定証 有効開始年月日",
    "限度額適用認定証 有効終了年月日",
    "照会番号",
];

/// The whole file.
pub(super) fn write(message: &ResultMessage, validity: Validity, reference_number: Option<&str>) -> String {
    let mut table = Table::new(&[HEAD, coverage_table::HEADINGS, BEHIND].concat());
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
        let columns = coverage_table::of_answer(shown).into_iter().chain(ceiling(shown));
        table.line(head.iter().cloned().chain(columns).chain([number.clone()]));
    }
    table.into_text()
}

fn ceiling(shown: &QualificationResult) -> [String; 3] {
    let ceiling = shown.ceiling_certificate.as_ref();
    let class = ceiling.and_then(|certificate| Some(certificate.class.known()?.label()));
    [
        class.unwrap_or_default().to_owned(),
        day_or_empty(ceiling.and_then(|certificate| certificate.valid_from)),
        day_or_empty(ceiling.and_then(|certificate| certificate.valid_until)),
    ]
}
