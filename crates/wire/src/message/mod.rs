//! Messages of the single eligibility check: the request a receipt computer drops (IF-001), the result it
//! gets (IF-002), and the face result after a card session; 照会番号 (IF-003/004); files with many rows
//! (IF-005 to 016). XML between terminal and receipt computer, JSON
//! with the same element names between centre and terminal.

mod bulk;
mod edition;
mod envelope;
mod facility;
pub(crate) mod json;
mod record;
mod record_repeated;
mod reference_number;
mod request;
mod result;
pub(crate) mod rows;
pub(crate) mod value;
mod xml;

pub use crate::xml_tree::Unreadable;
pub use bulk::{
    BulkAnswer, BulkAnswerBody, BulkAnswerHeader, BulkConfirmUnit, BulkQualification, BulkReceipt,
    BulkReceiptBody, BulkReceiptHeader, BulkRegistrationUnit, BulkSearchInfo, BulkUpload, ReadBulkAnswer,
    read_bulk_answer, read_bulk_download, read_bulk_receipt, read_bulk_upload, write_bulk_answer,
    write_bulk_download, write_bulk_receipt, write_bulk_upload,
};
pub use edition::ConsentElements;
pub use envelope::{AnswerHeader, Failure, Outcome, ReadAs, Sender};
pub use facility::{
    FacilityBody, FacilityResult, FacilitySettingsInfo, SettingsUpdate, UrlWish, read_facility_result,
    read_plain_request, read_settings_update, read_url_wish, write_facility_result, write_plain_request,
    write_settings_update, write_url_wish,
};
pub use record::{FieldProblem, FieldProblemKind};
pub use reference_number::{
    ReferenceNumberBody, ReferenceNumberResult, RegistrationInfo, read_reference_number_request,
    read_reference_number_result, write_reference_number_request, write_reference_number_result,
};
pub use request::{
    EligibilityRequest, InvalidRequest, ReadRequest, RequestEcho, read_request, write_request,
};
pub use result::{
    CeilingCertificateInfo, ConsentInfo, ElderlyCertificateInfo, MedicalTicketInfo, QualificationResult,
    ResultBody, ResultHeader, ResultMessage, SearchInfo, SpecificDiseaseCertificateInfo,
};
pub use value::{Code, CodeTable, Kana, Month};
pub use xml::{Layout, ReadResult, ResultError, WrittenXml, read_result, write_result};

/// Longest `ErrorMessage`, characters: clients keep no more.
pub const MAX_ERROR_MESSAGE_CHARS: usize = eligibility::errors::MESSAGE_MAX_CHARS;
/// Longest text in one element, characters (an address or a list of remarks is far below).
pub const MAX_FIELD_CHARS: usize = 2_000;
/// Longest identifier echoed back (`ArbitraryFileIdentifier`, `ArbitraryIdentifier`), characters.
pub const MAX_IDENTIFIER_CHARS: usize = 200;
/// Longest 記号, 番号 or 枝番 in a request, characters.
pub const MAX_INSURED_TEXT_CHARS: usize = 20;
