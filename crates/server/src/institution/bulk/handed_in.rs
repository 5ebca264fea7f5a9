//! From a file to what is handed in, and what is wrong with it in words.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use eligibility::Date;
use eligibility::bulk::{BulkKind, ReceptionNumber};
use eligibility::errors::ErrorCode;
use eligibility::institution::InstitutionCode;
use wire::bulk_csv::{self, CsvError};
use wire::err_file;
use wire::message::{BulkUpload, read_bulk_upload};
use wire::terminal_api::BulkUploadRequest;

use super::upload::Handed;
use crate::bulk::desk;
use crate::institution::user::InstitutionUser;
use crate::terminal_api::Api;
use crate::terminal_api::answer::Asker;
use crate::web::places::Place;

/// What request ids of files from the web begin with.
const REQUEST_ID_PREFIX: &str = "web-bulk-";

/// What the files for 訪問診療等 and オンライン診療等 begin with: they ask for everybody under a consent that is kept.
const OTHER_FORM_FILES: [&str; 2] = ["OQSmuhvq", "OQSmuonq"];
/// What such a file is answered here, as it is in the folder of the receipt computer.
pub(super) const OTHER_FORMS: ErrorCode = ErrorCode::UnknownOperation;

/// Why a file was not taken.
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) what: String,
    pub(super) desk: &'static str,
    pub(super) supplier: &'static str,
}

impl Problem {
    fn new(code: ErrorCode, what: &str) -> Self {
        let entry = code.entry();
        let what = if what.is_empty() { entry.ja.what.to_owned() } else { what.to_owned() };
        Self { code: entry.code, what, desk: entry.ja.desk, supplier: entry.ja.supplier }
    }
}

impl From<ErrorCode> for Problem {
    fn from(code: ErrorCode) -> Self {
        Self::new(code, "")
    }
}

/// Reads the file: XML as receipt computers hand it in, or a table. `day`: the typed 資格確認日, where it is one; a table
/// has none of its own.
pub(super) async fn read(
    kind: BulkKind,
    institution: &InstitutionCode,
    day: Option<Date>,
    (form, place): (&Arc<Handed>, &Place),
) -> Result<BulkUploadRequest, Problem> {
    let (institution, form) = (institution.clone(), Arc::clone(form));
    desk::aside(Some(place.clone()), move || understood(kind, &institution, day, &form)).await
}

fn understood(
    kind: BulkKind,
    institution: &InstitutionCode,
    day: Option<Date>,
    form: &Handed,
) -> Result<BulkUploadRequest, Problem> {
    if OTHER_FORM_FILES.iter().any(|start| form.name.starts_with(start)) {
        let what =
            "訪問診療等・オンライン診療等の一括照会のファイルです。この画面で照会できるのは外来だけです。";
        return Err(Problem::new(OTHER_FORMS, what));
    }
    let Some(bytes) = form.file.as_deref() else { return Err(ErrorCode::TooLarge.into()) };
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    if start.is_empty() {
        return Err(Problem::new(ErrorCode::FieldFormat, "ファイルを選んでください。"));
    }
    let (upload, file_identifier) = if start.first() == Some(&b'<') {
        read_xml(kind, institution, bytes)?
    } else {
        let rows = bulk_csv::read_rows(kind, bytes).map_err(csv_problem)?;
        let upload = match kind {
            BulkKind::ReferenceNumbers => BulkUpload::ReferenceNumbers { rows },
            _ => BulkUpload::Eligibility { as_of: day.ok_or_else(no_day)?, rows },
        };
        (upload, None)
    };
    if upload.rows().len() > eligibility::bulk::ROWS_MAX {
        return Err(ErrorCode::BulkTooManyRows.into());
    }
    Ok(BulkUploadRequest::new(format!("{REQUEST_ID_PREFIX}{}", form.form_id), upload, file_identifier))
}

fn no_day() -> Problem {
    Problem::new(ErrorCode::FieldFormat, "資格確認日を、2026-11-23 のように入力してください。")
}

fn read_xml(
    kind: BulkKind,
    institution: &InstitutionCode,
    bytes: &[u8],
) -> Result<(BulkUpload, Option<String>), Problem> {
    let read = read_bulk_upload(kind, bytes)
        .map_err(|reason| Problem::new(err_file::code_of(reason), err_file::detail_of(reason)))?;
    let (sender, upload) =
        read.request.map_err(|invalid| Problem::new(ErrorCode::FieldFormat, &invalid.message()))?;
    if sender.institution_code != *institution {
        return Err(ErrorCode::InstitutionMismatch.into());
    }
    Ok((upload, sender.file_identifier))
}

fn csv_problem(error: CsvError) -> Problem {
    match error {
        CsvError::TooLarge => ErrorCode::TooLarge.into(),
        CsvError::NotText => {
            Problem::new(ErrorCode::Unreadable, "CSVの文字コードがUTF-8でもShift_JISでもありません。")
        }
        CsvError::Heading(missing) => {
            Problem::new(ErrorCode::FieldFormat, &format!("1行目の見出しに「{missing}」がありません。"))
        }
        CsvError::Quote => Problem::new(ErrorCode::Unreadable, "CSVの引用符（\"）が閉じられていません。"),
        CsvError::Empty => Problem::new(ErrorCode::FieldFormat, "照会する行がありません。"),
    }
}

/// Hands it in, for the account that is signed in.
pub(super) async fn submit(
    api: &Api,
    user: &InstitutionUser,
    file: BulkUploadRequest,
    (form, place): (&Handed, Option<Place>),
) -> Result<ReceptionNumber, Problem> {
    let mut context = Context::new(&SHA256);
    for part in [file.kind.name().as_bytes(), form.day.as_bytes(), form.file.as_deref().unwrap_or_default()] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    let asker = Asker { terminal: &user.terminal, actor: user.actor() };
    let received = desk::submit(api, &asker, (digest, place), file).await;
    received.map(|received| received.reception_number).map_err(|refusal| refusal.code.into())
}

/// Hands in the question for everybody with a ticket of a month.
pub(super) async fn submit_month(
    api: &Api,
    user: &InstitutionUser,
    form_id: &str,
    month: Date,
) -> Result<ReceptionNumber, Problem> {
    let upload = BulkUpload::EntrustedEligibility { month };
    let file = BulkUploadRequest::new(format!("{REQUEST_ID_PREFIX}{form_id}"), upload, None);
    let (form_id, day) = (form_id.to_owned(), month.to_string());
    let form = Handed { form_id, registers: false, day, name: String::new(), file: None };
    submit(api, user, file, (&form, None)).await
}
