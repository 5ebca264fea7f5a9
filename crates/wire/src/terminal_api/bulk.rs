//! Reference numbers, and files with many rows.

use eligibility::{
    Date, Instant,
    bulk::{BulkKind, BulkState, ReceptionNumber},
    codes::ResultSegment,
    errors::ErrorCode,
    reference_number::RegistrationOutcome,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    bulk::BulkRow,
    message::{BulkAnswerBody, BulkUpload, Outcome},
    strict,
};

/// Path of the registration of a reference number (POST).
pub const REFERENCE_NUMBERS_PATH: &str = "/v1/reference-numbers";
/// Path where files with many rows are handed in (POST).
pub const BULK_UPLOADS_PATH: &str = "/v1/bulk-uploads";
/// Path where their results are fetched (POST).
pub const BULK_RESULTS_PATH: &str = "/v1/bulk-results";
/// Longest body of a file that is handed in, bytes: ten thousand rows with every text as long as it may be usual.
pub const MAX_BULK_BODY_BYTES: usize = 8 * 1024 * 1024;
/// Longest file identifier, characters.
pub const MAX_FILE_IDENTIFIER_CHARS: usize = crate::message::MAX_IDENTIFIER_CHARS;

/// Registers the institution's own number for a patient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ReferenceNumberRequest {
    /// Chosen by the terminal; the same id with the same row gets the same answer.
    pub request_id: String,
    /// The number and whose it is.
    pub row: BulkRow,
}

/// How a registration ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegistrationAnswer {
    /// `registered`, `not_identified` or `taken`.
    #[schema(value_type = String, examples("registered", "not_identified", "taken"))]
    pub outcome: RegistrationOutcome,
}

impl RegistrationAnswer {
    /// The same as a result says it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        outcome_of(self.outcome)
    }
}

/// A registration's outcome as results say it.
#[must_use]
pub fn outcome_of(outcome: RegistrationOutcome) -> Outcome {
    match outcome {
        RegistrationOutcome::Registered => Outcome::ok(),
        RegistrationOutcome::NotIdentified => Outcome::error(ErrorCode::ReferenceNotIdentified),
        RegistrationOutcome::Taken => Outcome::error(ErrorCode::ReferenceNumberTaken),
        RegistrationOutcome::HeldBack => Outcome::error(ErrorCode::NumberChecksLimited),
    }
}

/// Hands in a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct BulkUploadRequest {
    /// Chosen by the terminal; the same id with the same file gets the same reception number.
    pub request_id: String,
    /// What the file asks for: `eligibility`, `reference_numbers` or `entrusted_eligibility`.
    #[schema(value_type = String, examples("eligibility", "reference_numbers", "entrusted_eligibility"))]
    pub kind: BulkKind,
    /// 資格確認日 (`eligibility`), or the first day of the 診療年月 (`entrusted_eligibility`), `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "strict::optional_day")]
    #[schema(value_type = Option<String>, format = Date)]
    pub day: Option<Date>,
    /// 任意のファイル識別子, echoed with the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_identifier: Option<String>,
    /// The rows, at most 10,000; none for `entrusted_eligibility`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<BulkRow>,
}

strict::objects_only!(ReferenceNumberRequest, BulkUploadRequest, BulkResultRequest);

impl std::fmt::Debug for ReferenceNumberRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReferenceNumberRequest").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for BulkUploadRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BulkUploadRequest").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl BulkUploadRequest {
    /// Puts a file under a request id.
    #[must_use]
    pub fn new(request_id: String, upload: BulkUpload, file_identifier: Option<String>) -> Self {
        let kind = upload.kind();
        let (day, rows) = match upload {
            BulkUpload::Eligibility { as_of, rows } => (Some(as_of), rows),
            BulkUpload::ReferenceNumbers { rows } => (None, rows),
            BulkUpload::EntrustedEligibility { month } => (Some(month), Vec::new()),
        };
        Self { request_id, kind, day, file_identifier, rows }
    }
}

/// A file was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkUploadAnswer {
    /// 受付番号, 20 digits: good at this institution.
    #[schema(value_type = String)]
    pub reception_number: ReceptionNumber,
    /// 受付日時, milliseconds since 1970.
    #[schema(value_type = i64)]
    pub received_at: Instant,
}

/// Asks what became of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct BulkResultRequest {
    /// The kind the file was handed in as; another kind's number is unknown.
    #[schema(value_type = String, examples("eligibility", "reference_numbers", "entrusted_eligibility"))]
    pub kind: BulkKind,
    /// 受付番号.
    #[schema(value_type = String)]
    pub reception_number: ReceptionNumber,
    /// The page: 0, then what the page before named as `next`.
    #[serde(default)]
    pub from: u32,
}

/// What became of a file, and a page of its answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkResultAnswer {
    /// `received`, `processing`, `done` or `failed`.
    #[schema(value_type = String, examples("received", "processing", "done", "failed"))]
    pub state: BulkState,
    /// 資格確認日, where the file named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub as_of: Option<Date>,
    /// 任意のファイル識別子 of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_identifier: Option<String>,
    /// Rows answered so far.
    pub rows: u32,
    /// Those of them that ended well.
    pub normal: u32,
    /// Those that ended in an error of their own.
    pub errors: u32,
    /// Answers of this page, in the order of the rows; only when `done`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BulkAnswerBody>,
    /// The next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

impl std::fmt::Debug for BulkResultAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BulkResultAnswer").field("state", &self.state).finish_non_exhaustive()
    }
}

impl BulkResultAnswer {
    /// Whether every row has its answer.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == BulkState::Done
    }

    /// 処理結果区分 that says the same.
    #[must_use]
    pub const fn segment(&self) -> ResultSegment {
        match self.state {
            BulkState::Received | BulkState::Processing => ResultSegment::Processing,
            BulkState::Done => ResultSegment::Done,
            BulkState::Failed => ResultSegment::Failed,
        }
    }

    /// Takes the page's answers out.
    pub fn take_body(&mut self) -> BulkAnswerBody {
        self.body.take().unwrap_or_else(|| BulkAnswerBody { units: Vec::new(), registrations: Vec::new() })
    }
}
