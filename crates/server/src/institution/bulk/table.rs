//! The result of a file as a table: a line of headings, then the rows in their order. A row with several coverages, or a
//! coverage with several tickets, has a line for each.

use eligibility::bulk::BulkKind;
use eligibility::codes::{CharacterCode, ProcessingStatus};
use wire::charset;
use wire::message::{
    BulkAnswerBody, BulkConfirmUnit, BulkRegistrationUnit, BulkSearchInfo, Code, MedicalTicketInfo,
    RegistrationInfo,
};

use crate::institution::coverage_table::{self, day_or_empty};
use crate::web::csv::Table;

const HEAD: &[&str] = &["行", "処理結果", "処理結果コード", "処理結果メッセージ"];
const ASKED: &[&str] = &[
    "任意の識別子",
    "照会した保険者番号",
    "照会した記号",
    "照会した番号",
    "照会した枝番",
    "照会した生年月日",
];
const VALIDITY: &[&str] = &["資格有効性コード", "資格有効性"];
const CHANGE: &[&str] = &["限度額情報変更有無"];
const TICKET: &[&str] =
    &["医療券・調剤券別", "交付番号", "診療年月", "券の有効開始年月日", "券の有効終了年月日", "本人支払額"];
const NUMBER: &[&str] = &["照会番号"];
const REGISTERED: &[&str] = &["照会番号", "保険者番号", "記号", "番号", "枝番"];

/// The whole file in this encoding. UTF-8 begins with a byte order mark; what Shift_JIS lacks is written with the
/// nearest character it has.
pub(super) fn write(kind: BulkKind, body: &BulkAnswerBody, encoding: CharacterCode) -> Vec<u8> {
    let text = match kind {
        BulkKind::Eligibility => eligibilities(body),
        BulkKind::EntrustedEligibility => entrusted(body),
        BulkKind::ReferenceNumbers => registrations(body),
    };
    let text = match encoding {
        CharacterCode::ShiftJis => text.trim_start_matches('\u{FEFF}'),
        CharacterCode::Utf8 => &text,
    };
    charset::encode(text, encoding).0
}

fn eligibilities(body: &BulkAnswerBody) -> String {
    let columns = [HEAD, ASKED, VALIDITY, coverage_table::HEADINGS, CHANGE, NUMBER];
    let mut table = Table::new(&columns.concat());
    for (place, unit) in body.units.iter().enumerate() {
        let coverage = unit.result.as_ref().map(coverage_table::of_row);
        let coverage = coverage.unwrap_or_else(|| vec![String::new(); coverage_table::HEADINGS.len()]);
        let change =
            unit.result.as_ref().and_then(|shown| Some(shown.ceiling_change.as_ref()?.known()?.label()));
        let line = head(place, &unit.processing_result_status, outcome_of(unit)).into_iter();
        let line = line.chain(asked(unit.search_info.as_ref())).chain(validity(unit)).chain(coverage);
        let line = line.chain([change.unwrap_or_default().to_owned()]);
        table.line(line.chain([unit.reference_numbers.first().cloned().unwrap_or_default()]));
    }
    table.into_text()
}

fn entrusted(body: &BulkAnswerBody) -> String {
    let mut table = Table::new(&[HEAD, VALIDITY, coverage_table::HEADINGS, TICKET, NUMBER].concat());
    for (place, unit) in body.units.iter().enumerate() {
        let start: Vec<_> = head(place, &unit.processing_result_status, outcome_of(unit))
            .into_iter()
            .chain(validity(unit))
            .collect();
        if unit.results.is_empty() {
            table.line(&start);
        }
        for (at, shown) in unit.results.iter().enumerate() {
            let number = unit.reference_numbers.get(at).cloned().unwrap_or_default();
            let tickets: Vec<_> = shown.medical_tickets.iter().map(Some).collect();
            for ticket in if tickets.is_empty() { vec![None] } else { tickets } {
                let line = start.iter().cloned().chain(coverage_table::of_answer(shown));
                table.line(line.chain(ticket_columns(ticket)).chain([number.clone()]));
            }
        }
    }
    table.into_text()
}

fn registrations(body: &BulkAnswerBody) -> String {
    let mut table = Table::new(&[HEAD, REGISTERED].concat());
    for (place, unit) in body.registrations.iter().enumerate() {
        let said = (unit.processing_result_code.as_ref(), unit.processing_result_message.as_ref());
        let line = head(place, &unit.processing_result_status, said).into_iter();
        table.line(line.chain(registered(unit)));
    }
    table.into_text()
}

type Said<'a> = (Option<&'a String>, Option<&'a String>);

fn outcome_of(unit: &BulkConfirmUnit) -> Said<'_> {
    (unit.processing_result_code.as_ref(), unit.processing_result_message.as_ref())
}

fn head(place: usize, status: &Code<ProcessingStatus>, (code, message): Said<'_>) -> [String; 4] {
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let status = status.known().map_or("", |status| status.label());
    [(place + 1).to_string(), status.to_owned(), text(code), text(message)]
}

fn asked(asked: Option<&BulkSearchInfo>) -> [String; 6] {
    let Some(asked) = asked else { return Default::default() };
    let BulkSearchInfo {
        insurer_number,
        insured_card_symbol,
        insured_identification_number,
        insured_branch_number,
        birthdate,
        arbitrary_identifier,
    } = asked;
    [
        arbitrary_identifier,
        insurer_number,
        insured_card_symbol,
        insured_identification_number,
        insured_branch_number,
        birthdate,
    ]
    .map(|value| value.clone().unwrap_or_default())
}

fn validity(unit: &BulkConfirmUnit) -> [String; 2] {
    let known = unit.qualification_validity.as_ref().and_then(|code| code.known());
    known.map_or_else(Default::default, |one| [one.code().to_owned(), one.label().to_owned()])
}

fn ticket_columns(ticket: Option<&MedicalTicketInfo>) -> [String; 6] {
    let Some(ticket) = ticket else { return Default::default() };
    let month = ticket.treatment_month.map(|month| format!("{}-{:02}", month.0.year(), month.0.month()));
    [
        ticket.ticket_type.known().map_or("", |one| one.label()).to_owned(),
        ticket.issue_number.clone().unwrap_or_default(),
        month.unwrap_or_default(),
        day_or_empty(ticket.valid_from),
        day_or_empty(ticket.valid_until),
        ticket.self_pay_yen.map(|yen| yen.to_string()).unwrap_or_default(),
    ]
}

fn registered(unit: &BulkRegistrationUnit) -> [String; 5] {
    let Some(info) = unit.info.as_ref() else { return Default::default() };
    let RegistrationInfo {
        reference_number,
        insurer_number,
        insured_card_symbol,
        insured_identification_number,
        insured_branch_number,
    } = info;
    [
        reference_number,
        insurer_number,
        insured_card_symbol,
        insured_identification_number,
        insured_branch_number,
    ]
    .map(|value| value.clone().unwrap_or_default())
}
