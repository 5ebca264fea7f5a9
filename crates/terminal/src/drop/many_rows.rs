//! Files with many rows: handed to the centre (01), fetched from it page by page (02).

use eligibility::{
    Instant,
    bulk::{BulkKind, ReceptionNumber},
    codes::{CharacterCode, ResultSegment},
    errors::ErrorCode,
};
use wire::{
    message::{
        BulkAnswer, BulkAnswerBody, BulkAnswerHeader, BulkReceipt, BulkUpload, Failure, InvalidRequest,
        Layout, Sender, Unreadable, read_bulk_download, read_bulk_upload, write_bulk_answer,
        write_bulk_receipt,
    },
    terminal_api::{
        BULK_RESULTS_PATH, BULK_UPLOADS_PATH, BulkResultAnswer, BulkResultRequest, BulkUploadAnswer,
        BulkUploadRequest,
    },
};

use super::immediate::{Answer, Context};
use crate::{
    central::{Central, CentralError, ask},
    clock,
};

/// A file that is handed in, or the question what became of one.
pub(crate) enum Asking {
    /// 01req.
    Upload(Result<(Sender, BulkUpload), InvalidRequest>),
    /// 02req with the kind its name says, and 受付番号.
    Download(BulkKind, Result<(Sender, String), InvalidRequest>),
}

/// Reads 01req.
pub(crate) fn read_upload(kind: BulkKind, xml: &[u8]) -> Result<(CharacterCode, Asking), Unreadable> {
    let read = read_bulk_upload(kind, xml)?;
    Ok((read.encoding, Asking::Upload(read.request)))
}

/// Reads 02req.
pub(crate) fn read_download(kind: BulkKind, xml: &[u8]) -> Result<(CharacterCode, Asking), Unreadable> {
    let read = read_bulk_download(xml)?;
    Ok((read.encoding, Asking::Download(kind, read.request)))
}

/// Asks the centre and writes the result.
pub(crate) async fn answer<C: Central>(asking: Asking, context: &Context<'_, C>) -> Answer {
    match asking {
        Asking::Upload(request) => upload(request, context).await,
        Asking::Download(kind, request) => download(kind, request, context).await,
    }
}

async fn upload<C: Central>(
    request: Result<(Sender, BulkUpload), InvalidRequest>,
    context: &Context<'_, C>,
) -> Answer {
    let now = || Instant(clock::now_ms());
    let refused = |echo: Option<String>, failure, trouble| {
        let receipt = BulkReceipt::refused(context.institution, echo, now(), failure);
        let xml = write_bulk_receipt(&receipt, context.encoding, Layout::Indented);
        Answer { xml, segment: ResultSegment::Failed.code().to_owned(), beside: Vec::new(), trouble }
    };
    let (sender, upload) = match context.admit(request) {
        Ok(asked) => asked,
        Err((echo, failure)) => return refused(echo, failure, None),
    };
    let rows = upload.rows().len();
    if rows > eligibility::bulk::ROWS_MAX {
        return refused(sender.file_identifier, ErrorCode::BulkTooManyRows.into(), None);
    }
    let question =
        BulkUploadRequest::new(context.request_id.to_string(), upload, sender.file_identifier.clone());
    let answer: Result<BulkUploadAnswer, CentralError> =
        ask(context.central, BULK_UPLOADS_PATH, &question).await;
    match answer {
        Ok(received) => {
            let receipt = BulkReceipt::received(
                context.institution,
                sender.file_identifier,
                &received.reception_number,
                received.received_at,
                now(),
            );
            let xml = write_bulk_receipt(&receipt, context.encoding, Layout::Indented);
            let segment = ResultSegment::Done.code().to_owned();
            Answer { xml, segment, beside: Vec::new(), trouble: None }
        }
        Err(trouble) => {
            let failure = Failure::new(trouble.code(), &trouble.message());
            refused(sender.file_identifier, failure, Some(trouble))
        }
    }
}

async fn download<C: Central>(
    kind: BulkKind,
    request: Result<(Sender, String), InvalidRequest>,
    context: &Context<'_, C>,
) -> Answer {
    let (number, failure) = match context.admit(request) {
        Ok((_, number)) => (number, None),
        Err((_, failure)) => (String::new(), Some(failure)),
    };
    let mut trouble = None;
    let answer = match failure {
        Some(failure) => failed(context, None, failure),
        None => match ReceptionNumber::parse(&number) {
            Err(_) => failed(context, Some(number), ErrorCode::ReceptionUnknown.into()),
            Ok(reception_number) => match collect(context.central, kind, &reception_number).await {
                Ok((first, body)) => found(context, &number, first, body),
                Err(error) => {
                    let failure = Failure::new(error.code(), &error.message());
                    trouble = Some(error);
                    failed(context, Some(number), failure)
                }
            },
        },
    };
    let segment = answer.header.segment_of_result.as_text().to_owned();
    let xml = write_bulk_answer(answer, context.encoding, Layout::Indented);
    Answer { xml, segment, beside: Vec::new(), trouble }
}

/// Every page of a result; the first one says how the file stands.
async fn collect<C: Central>(
    central: &C,
    kind: BulkKind,
    reception_number: &ReceptionNumber,
) -> Result<(BulkResultAnswer, Option<BulkAnswerBody>), CentralError> {
    let page = |from| BulkResultRequest { kind, reception_number: reception_number.clone(), from };
    let mut first: BulkResultAnswer = ask(central, BULK_RESULTS_PATH, &page(0)).await?;
    if !first.is_done() {
        return Ok((first, None));
    }
    let mut body = first.take_body();
    let mut next = first.next;
    while let Some(from) = next {
        let mut answer: BulkResultAnswer = ask(central, BULK_RESULTS_PATH, &page(from)).await?;
        let more = answer.take_body();
        body.units.extend(more.units);
        body.registrations.extend(more.registrations);
        // A centre that names a page twice would be asked for ever.
        next = answer.next.filter(|next| *next > from);
    }
    Ok((first, Some(body)))
}

fn header<C>(
    context: &Context<'_, C>,
    reception_number: Option<String>,
    segment: ResultSegment,
) -> BulkAnswerHeader {
    BulkAnswerHeader {
        process_execution_time: eligibility::calendar::tokyo_second(Instant(clock::now_ms())),
        qualification_confirmation_date: None,
        medical_institution_code: context.institution.clone(),
        arbitrary_file_identifier: None,
        reception_number,
        segment_of_result: segment.into(),
        error_code: None,
        error_message: None,
        number_of_processing_result: None,
        number_of_normal_processing: None,
        number_of_error: None,
        character_code_identifier: context.encoding.into(),
    }
}

fn failed<C>(context: &Context<'_, C>, reception_number: Option<String>, failure: Failure) -> BulkAnswer {
    let header = BulkAnswerHeader {
        error_code: Some(failure.code),
        error_message: Some(failure.message),
        ..header(context, reception_number, ResultSegment::Failed)
    };
    BulkAnswer { header, body: None }
}

fn found<C>(
    context: &Context<'_, C>,
    number: &str,
    first: BulkResultAnswer,
    body: Option<BulkAnswerBody>,
) -> BulkAnswer {
    let segment = first.segment();
    let mut header = BulkAnswerHeader {
        qualification_confirmation_date: first.as_of,
        arbitrary_file_identifier: first.file_identifier,
        ..header(context, Some(number.to_owned()), segment)
    };
    match segment {
        ResultSegment::Done => {
            header.number_of_processing_result = Some(first.rows);
            header.number_of_normal_processing = Some(first.normal);
            header.number_of_error = Some(first.errors);
        }
        ResultSegment::Failed => {
            let failure = Failure::from(ErrorCode::Internal);
            (header.error_code, header.error_message) = (Some(failure.code), Some(failure.message));
        }
        _ => {}
    }
    BulkAnswer { header, body }
}
