//! Families of one question with one result: read, asked at the centre, written.
//!
//! To add one: a variant of [`Immediate`] with the letters of its function, one of [`Asking`], an arm in [`read`] and
//! one in [`answer`].

use eligibility::{Instant, codes::CharacterCode, errors::ErrorCode, institution::InstitutionCode};
use uuid::Uuid;
use wire::{
    bulk::BulkRow,
    message::{
        AnswerHeader, Failure, InvalidRequest, Layout, Outcome, ReadAs, ReferenceNumberResult, RequestEcho,
        Sender, Unreadable, WrittenXml, read_reference_number_request, write_reference_number_result,
    },
    terminal_api::{REFERENCE_NUMBERS_PATH, ReferenceNumberRequest, RegistrationAnswer},
};

use super::{facility, family::Immediate};
use crate::{
    central::{Central, CentralError, ask},
    clock,
};

/// A question of one of these families, its elements right or wrong.
pub(crate) enum Asking {
    /// 照会番号登録.
    ReferenceNumber(Result<(Sender, BulkRow), InvalidRequest>),
    /// What an institution manages.
    Facility(facility::Asking),
}

/// What answering needs.
pub(crate) struct Context<'a, C> {
    pub(crate) central: &'a C,
    /// The terminal's own institution.
    pub(crate) institution: &'a InstitutionCode,
    /// The same for the same file, also after a crash: the centre answers it once.
    pub(crate) request_id: Uuid,
    /// What the result is written in.
    pub(crate) encoding: CharacterCode,
}

/// A result, and what stands beside it.
pub(crate) struct Answer {
    pub(crate) xml: WrittenXml,
    /// 処理結果区分, for the log.
    pub(crate) segment: String,
    /// Files with the result's name and another ending (`pdf`, `png`).
    pub(crate) beside: Vec<(&'static str, Vec<u8>)>,
    /// What kept the centre from answering.
    pub(crate) trouble: Option<CentralError>,
}

/// Reads a request of this family.
pub(crate) fn read(family: Immediate, xml: &[u8]) -> Result<(CharacterCode, Asking), Unreadable> {
    match family {
        Immediate::ReferenceNumber => {
            let ReadAs { encoding, request } = read_reference_number_request(xml)?;
            Ok((encoding, Asking::ReferenceNumber(request)))
        }
        Immediate::Facility(family) => {
            facility::read(family, xml).map(|(encoding, asking)| (encoding, Asking::Facility(asking)))
        }
    }
}

/// Asks the centre and writes the result; what goes wrong becomes a result too.
pub(crate) async fn answer<C: Central>(asking: Asking, context: &Context<'_, C>) -> Answer {
    match asking {
        Asking::ReferenceNumber(request) => reference_number(request, context).await,
        Asking::Facility(asking) => facility::answer(asking, context).await,
    }
}

async fn reference_number<C: Central>(
    request: Result<(Sender, BulkRow), InvalidRequest>,
    context: &Context<'_, C>,
) -> Answer {
    let (sender, row) = match context.admit(request) {
        Ok(asked) => asked,
        Err((echo, failure)) => {
            let header = context.header(echo, Some(failure));
            let result = ReferenceNumberResult::new(header, None, failed());
            return written(&result, context.encoding, None);
        }
    };
    let question = ReferenceNumberRequest { request_id: context.request_id.to_string(), row: row.clone() };
    let answer: Result<RegistrationAnswer, CentralError> =
        ask(context.central, REFERENCE_NUMBERS_PATH, &question).await;
    let info = Some(row.registration_info());
    match answer {
        Ok(answer) => {
            let header = context.header(sender.file_identifier, None);
            written(&ReferenceNumberResult::new(header, info, answer.outcome()), context.encoding, None)
        }
        Err(trouble) => {
            let failure = Failure::new(trouble.code(), &trouble.message());
            let header = context.header(sender.file_identifier, Some(failure));
            written(&ReferenceNumberResult::new(header, info, failed()), context.encoding, Some(trouble))
        }
    }
}

fn written(result: &ReferenceNumberResult, encoding: CharacterCode, trouble: Option<CentralError>) -> Answer {
    let segment = result.header.segment_of_result.as_text().to_owned();
    let xml = write_reference_number_result(result, encoding, Layout::Indented);
    Answer { xml, segment, beside: Vec::new(), trouble }
}

/// The body of a result whose header says why there is none: clients fail without a status.
pub(crate) fn failed() -> Outcome {
    Outcome { status: eligibility::codes::ProcessingStatus::Error, code: None, message: None }
}

impl<C> Context<'_, C> {
    /// The request, unless its elements are wrong or it is another institution's: then what is echoed, and why.
    pub(crate) fn admit<T>(
        &self,
        request: Result<(Sender, T), InvalidRequest>,
    ) -> Result<(Sender, T), (Option<String>, Failure)> {
        match request {
            Ok((sender, asked)) if sender.institution_code == *self.institution => Ok((sender, asked)),
            Ok((sender, _)) => Err((sender.file_identifier, ErrorCode::InstitutionMismatch.into())),
            Err(invalid) => {
                let failure = Failure::new(ErrorCode::FieldFormat.code(), &invalid.message());
                let RequestEcho { file_identifier, .. } = invalid.echo;
                Err((file_identifier, failure))
            }
        }
    }

    /// The header of a result made now.
    pub(crate) fn header(&self, file_identifier: Option<String>, failure: Option<Failure>) -> AnswerHeader {
        AnswerHeader::new(self.institution, file_identifier, Instant(clock::now_ms()), failure)
    }
}
