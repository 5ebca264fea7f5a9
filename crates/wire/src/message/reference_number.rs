//! 照会番号登録: one number for one patient (IF-003, IF-004).

use eligibility::codes::{CharacterCode, ProcessingStatus};

use super::{
    Layout, Outcome, ResultError, Unreadable, WrittenXml,
    envelope::{
        AnswerHeader, ReadAs, Sender, read_request_as, read_result_as, write_request_as, write_result_as,
    },
    record::{record, write_record},
    value::Code,
};
use crate::{bulk::BulkRow, xml_tree};

/// The element that holds a number and whose it is.
pub(crate) const INFO: &str = "ReferenceNumberRegistrationInfo";

record! {
    /// A number and whose it is, as it was written in the request.
    pub struct RegistrationInfo {
        /// 照会番号.
        optional reference_number: Option<String> = "ReferenceNumber",
        /// 保険者番号.
        optional insurer_number: Option<String> = "InsurerNumber",
        /// 記号.
        optional insured_card_symbol: Option<String> = "InsuredCardSymbol",
        /// 番号.
        optional insured_identification_number: Option<String> = "InsuredIdentificationNumber",
        /// 枝番.
        optional insured_branch_number: Option<String> = "InsuredBranchNumber",
    }
}

record! {
    /// The result: `XmlMsg`.
    pub struct ReferenceNumberResult {
        /// `MessageHeader`.
        record header: AnswerHeader = "MessageHeader",
        /// `MessageBody`.
        record body: ReferenceNumberBody = "MessageBody",
    }
}

record! {
    /// Body of the result.
    pub struct ReferenceNumberBody {
        /// The request's, echoed.
        optional_record info: Option<RegistrationInfo> = "ReferenceNumberRegistrationInfo",
        /// 処理結果状況.
        required processing_result_status: Code<ProcessingStatus> = "ProcessingResultStatus",
        /// 処理結果コード.
        optional processing_result_code: Option<String> = "ProcessingResultCode",
        /// 処理結果メッセージ.
        optional processing_result_message: Option<String> = "ProcessingResultMessage",
    }
}

impl ReferenceNumberResult {
    /// The result with this header, about this request, ended like this.
    #[must_use]
    pub fn new(header: AnswerHeader, info: Option<RegistrationInfo>, outcome: Outcome) -> Self {
        let body = ReferenceNumberBody {
            info,
            processing_result_status: outcome.status.into(),
            processing_result_code: outcome.code,
            processing_result_message: outcome.message,
        };
        Self { header, body }
    }
}

/// Reads a request file. Whether the row's elements are right is [`BulkRow::registration`]'s to say.
///
/// # Errors
/// [`Unreadable`] when it is no message of this kind at all.
pub fn read_reference_number_request(bytes: &[u8]) -> Result<ReadAs<(Sender, BulkRow)>, Unreadable> {
    read_request_as(bytes, xml_tree::MESSAGE, |_, body, check| {
        let row =
            check.keep(super::record_repeated::one_element(body, INFO)).map(BulkRow::of_registration)?;
        if let Err(problems) = row.registration() {
            check.problems.extend(problems);
        }
        Some(row)
    })
}

/// Writes a request file, as a receipt computer does.
#[must_use]
pub fn write_reference_number_request(
    sender: &Sender,
    row: &BulkRow,
    encoding: CharacterCode,
    layout: Layout,
) -> WrittenXml {
    write_request_as(sender, None, encoding, layout, |xml| {
        write_record(xml, INFO, &row.registration_info());
    })
}

/// Writes a result. 文字コード識別 follows `encoding`.
#[must_use]
pub fn write_reference_number_result(
    result: &ReferenceNumberResult,
    encoding: CharacterCode,
    layout: Layout,
) -> WrittenXml {
    let mut result = result.clone();
    result.header.character_code_identifier = encoding.into();
    write_result_as(&result, encoding, layout)
}

/// Reads a result with its encoding.
///
/// # Errors
/// [`ResultError`] naming why the file is no message, or the element that is wrong.
pub fn read_reference_number_result(
    bytes: &[u8],
) -> Result<(CharacterCode, ReferenceNumberResult), ResultError> {
    read_result_as(bytes, xml_tree::MESSAGE)
}
