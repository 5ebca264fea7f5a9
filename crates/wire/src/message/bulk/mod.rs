//! Files with many rows (`OQSmuquc`, `OQSmuimm`, `OQSmutic`): handed in (01req), received (01res), asked for (02req),
//! answered (02res).

mod answer;
mod receipt;
mod upload;

pub use answer::{
    BulkAnswer, BulkAnswerBody, BulkAnswerHeader, BulkConfirmUnit, BulkQualification, BulkRegistrationUnit,
    BulkSearchInfo, ReadBulkAnswer, read_bulk_answer, write_bulk_answer,
};
pub use receipt::{BulkReceipt, BulkReceiptBody, BulkReceiptHeader, read_bulk_receipt, write_bulk_receipt};
pub use upload::{BulkUpload, read_bulk_download, read_bulk_upload, write_bulk_download, write_bulk_upload};
