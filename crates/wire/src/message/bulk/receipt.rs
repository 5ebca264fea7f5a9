//! That a file was received, or why not (01res).

use eligibility::{
    Instant,
    bulk::ReceptionNumber,
    calendar::tokyo_second,
    codes::{CharacterCode, ProcessingStatus, ResultSegment},
    institution::InstitutionCode,
};
use jiff::civil::DateTime;

use crate::{
    message::{
        Failure, Layout, ResultError, WrittenXml,
        envelope::{read_result_as, write_result_as},
        record::record,
        value::Code,
    },
    xml_tree,
};

record! {
    /// That a file was received, or why not: `XmlMsg` of 01res.
    pub struct BulkReceipt {
        /// `MessageHeader`.
        record header: BulkReceiptHeader = "MessageHeader",
        /// `MessageBody`.
        record body: BulkReceiptBody = "MessageBody",
    }
}

record! {
    /// Header of 01res.
    pub struct BulkReceiptHeader {
        /// 処理実行日時, Asia/Tokyo.
        required process_execution_time: DateTime = "ProcessExecutionTime",
        /// 医療機関コード.
        required medical_institution_code: InstitutionCode = "MedicalInstitutionCode",
        /// 任意のファイル識別子, echoed as it came.
        optional arbitrary_file_identifier: Option<String> = "ArbitraryFileIdentifier",
        /// 処理結果区分; only when the file was refused.
        optional segment_of_result: Option<Code<ResultSegment>> = "SegmentOfResult",
        /// Code of the catalogue; only when the file was refused.
        optional error_code: Option<String> = "ErrorCode",
        /// Its text.
        optional error_message: Option<String> = "ErrorMessage",
        /// 文字コード識別: set by the writer to what it really wrote.
        required character_code_identifier: Code<CharacterCode> = "CharacterCodeIdentifier",
    }
}

record! {
    /// Body of 01res.
    pub struct BulkReceiptBody {
        /// 受付番号; absent when the file was refused.
        optional reception_number: Option<String> = "ReceptionNumber",
        /// 受付日時.
        optional reception_date_time: Option<DateTime> = "ReceptionDateTime",
        /// 処理結果状況; only when the file was refused: some clients fail over a body without elements.
        optional processing_result_status: Option<Code<ProcessingStatus>> = "ProcessingResultStatus",
    }
}

impl BulkReceipt {
    /// The file was received.
    #[must_use]
    pub fn received(
        institution: &InstitutionCode,
        file_identifier: Option<String>,
        reception_number: &ReceptionNumber,
        received_at: Instant,
        executed_at: Instant,
    ) -> Self {
        let body = BulkReceiptBody {
            reception_number: Some(reception_number.as_str().to_owned()),
            reception_date_time: Some(tokyo_second(received_at)),
            processing_result_status: None,
        };
        Self { header: receipt_header(institution, file_identifier, executed_at, None), body }
    }

    /// The file was refused.
    #[must_use]
    pub fn refused(
        institution: &InstitutionCode,
        file_identifier: Option<String>,
        executed_at: Instant,
        failure: Failure,
    ) -> Self {
        let body = BulkReceiptBody {
            reception_number: None,
            reception_date_time: None,
            processing_result_status: Some(ProcessingStatus::Error.into()),
        };
        Self { header: receipt_header(institution, file_identifier, executed_at, Some(failure)), body }
    }
}

fn receipt_header(
    institution: &InstitutionCode,
    arbitrary_file_identifier: Option<String>,
    executed_at: Instant,
    failure: Option<Failure>,
) -> BulkReceiptHeader {
    let segment_of_result = failure.as_ref().map(|_| ResultSegment::Failed.into());
    let (error_code, error_message) =
        failure.map_or((None, None), |failure| (Some(failure.code), Some(failure.message)));
    BulkReceiptHeader {
        process_execution_time: tokyo_second(executed_at),
        medical_institution_code: institution.clone(),
        arbitrary_file_identifier,
        segment_of_result,
        error_code,
        error_message,
        character_code_identifier: CharacterCode::Utf8.into(),
    }
}

/// Writes 01res. 文字コード識別 follows `encoding`.
#[must_use]
pub fn write_bulk_receipt(receipt: &BulkReceipt, encoding: CharacterCode, layout: Layout) -> WrittenXml {
    let mut receipt = receipt.clone();
    receipt.header.character_code_identifier = encoding.into();
    write_result_as(&receipt, encoding, layout)
}

/// Reads 01res with its encoding.
///
/// # Errors
/// [`ResultError`] naming why the file is no message, or the element that is wrong.
pub fn read_bulk_receipt(bytes: &[u8]) -> Result<(CharacterCode, BulkReceipt), ResultError> {
    read_result_as(bytes, xml_tree::MESSAGE)
}
