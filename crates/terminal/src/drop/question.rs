//! From a request's bytes to a result's bytes: reading, asking the centre, writing.

use std::{collections::BTreeMap, io, sync::Arc};

use eligibility::{
    Instant,
    codes::{CharacterCode, InquiryMethod},
    errors::ErrorCode,
    institution::InstitutionCode,
};
use tokio::sync::Semaphore;
use uuid::Uuid;
use wire::{
    compose, err_file,
    message::{
        self, EligibilityRequest, InvalidRequest, Layout, RequestEcho, ResultMessage, read_request,
        write_result,
    },
    terminal_api::NumberCheckRequest,
};

use super::{
    archive,
    family::Family,
    immediate::{self, Answer, Context},
    many_rows,
    names::{Form, RequestFile},
};
use crate::{
    central::{Central, CentralError, patiently},
    clock,
    config::{Config, EncryptionSwitch, ResultEncoding},
    status::Status,
};

/// Interfaces whose files are never encrypted, whatever the table says, by the beginnings of their names.
const NEVER_ENCRYPTED: [&str; 9] = [
    "OQSmutic", "OQSmuhvq", "OQSmuonq", "OQSsihvq", "OQSsionq", "OQSsihvd", "OQSsiurl", "OQSsiinq",
    "OQSsiupd",
];

/// The beginning of a document type definition.
const DOCTYPE: &[u8] = b"<!DOCTYPE";

/// Reads, asks and writes.
pub(crate) struct Questions<C> {
    central: Arc<C>,
    institution: InstitutionCode,
    result_encoding: ResultEncoding,
    password: Option<String>,
    encrypted: BTreeMap<String, EncryptionSwitch>,
    status: Arc<Status>,
    /// Results of files with many rows are made one after another: each may be tens of megabytes.
    large: Semaphore,
}

/// What a request's bytes are.
pub(crate) enum Read {
    /// A message of our kind, right or wrong: it gets a result.
    Question(Box<Question>),
    /// No such message: it gets an `.err`.
    Unreadable(Unreadable),
}

/// Why bytes are no message of our kind.
pub(crate) struct Unreadable {
    /// The code for the `.err`.
    pub(crate) code: ErrorCode,
    /// What exactly is wrong.
    pub(crate) detail: String,
    /// More bytes could make it readable: a slow writer may have paused.
    pub(crate) may_be_incomplete: bool,
}

/// A message of our kind.
pub(crate) struct Question {
    encoding: CharacterCode,
    asking: Asking,
}

/// What it asks.
enum Asking {
    Number(Result<EligibilityRequest, InvalidRequest>),
    Immediate(Box<immediate::Asking>),
    ManyRows(many_rows::Asking),
}

/// A written result.
pub(crate) struct Asked {
    pub(crate) content: Vec<u8>,
    /// 処理結果区分, for the log.
    pub(crate) segment: String,
    /// What stands beside it: endings and contents.
    pub(crate) beside: Vec<(&'static str, Vec<u8>)>,
}

impl<C: Central> Questions<C> {
    pub(crate) fn new(config: &Config, central: Arc<C>, status: Arc<Status>) -> io::Result<Self> {
        let encryption = &config.drop.encryption;
        let password = encryption.password_file.as_ref().map(std::fs::read_to_string).transpose()?;
        let password = password.and_then(|text| text.lines().next().map(str::to_owned));
        Ok(Self {
            central,
            institution: config.institution_code.clone(),
            result_encoding: config.drop.result_encoding,
            encrypted: encryption.interfaces.clone(),
            password,
            status,
            large: Semaphore::new(1),
        })
    }

    /// Whether the result of this request leaves as an encrypted archive.
    pub(crate) fn seals(&self, file: &RequestFile) -> bool {
        let interface = file.interface();
        let never = NEVER_ENCRYPTED.iter().any(|start| interface.starts_with(start));
        let switch = self.encrypted.get(&interface);
        !never && self.password.is_some() && switch == Some(&EncryptionSwitch::Encrypt)
    }

    /// Reads a request: opens the archive if it is one, then the XML.
    pub(crate) fn read(&self, file: &RequestFile, content: &[u8]) -> Read {
        let Some(family) = file.family() else {
            return refused(ErrorCode::UnknownOperation, "この種類の要求には対応していません。", false);
        };
        let opened;
        let xml = match (file.form, &self.password) {
            (Form::Xml, _) => content,
            (Form::Zip, None) => {
                let detail = "端末に暗号化ファイルのパスワードが設定されていません。";
                return refused(ErrorCode::Unreadable, detail, false);
            }
            (Form::Zip, Some(password)) => match archive::open(content, password) {
                Ok(xml) => {
                    opened = xml;
                    &opened
                }
                Err(error) => {
                    let may_be_incomplete = error.may_be_incomplete();
                    return refused(ErrorCode::Unreadable, &error.to_string(), may_be_incomplete);
                }
            },
        };
        match read_as(family, xml) {
            Ok((encoding, asking)) => Read::Question(Box::new(Question { encoding, asking })),
            Err(reason) => refused(
                err_file::code_of(reason),
                err_file::detail_of(reason),
                file.form == Form::Xml && may_be_incomplete(xml, reason),
            ),
        }
    }

    /// Asks the centre and writes the result; trouble on the way becomes a result too.
    pub(crate) async fn ask(
        &self,
        question: Question,
        file: &RequestFile,
        request_id: Uuid,
    ) -> io::Result<Asked> {
        let encoding = self.encoding_for(question.encoding);
        let answer = match question.asking {
            Asking::Number(request) => self.number_check(request, encoding, request_id).await,
            Asking::Immediate(asking) => {
                self.noted(immediate::answer(*asking, &self.context(encoding, request_id)).await)
            }
            Asking::ManyRows(asking) => {
                let _alone = self.large.acquire().await.map_err(io::Error::other)?;
                self.noted(many_rows::answer(asking, &self.context(encoding, request_id)).await)
            }
        };
        self.status.note_substitutions(&request_id.to_string(), answer.xml.substitutions.len());
        let xml = answer.xml.bytes;
        let content = match &self.password {
            Some(password) if self.seals(file) => archive::seal(&file.result_xml_name(), &xml, password)?,
            _ => xml,
        };
        Ok(Asked { content, segment: answer.segment, beside: answer.beside })
    }

    fn context(&self, encoding: CharacterCode, request_id: Uuid) -> Context<'_, C> {
        Context { central: &*self.central, institution: &self.institution, request_id, encoding }
    }

    /// Keeps in mind how the centre answered.
    fn noted(&self, answer: Answer) -> Answer {
        let trouble = answer.trouble.as_ref();
        self.status.set_central_trouble(trouble.is_some_and(CentralError::is_trouble));
        if let Some(error) = trouble {
            tracing::warn!(%error, "no answer from the central system");
        }
        answer
    }

    async fn number_check(
        &self,
        request: Result<EligibilityRequest, InvalidRequest>,
        encoding: CharacterCode,
        request_id: Uuid,
    ) -> Answer {
        let message = match request {
            Ok(request) if request.institution_code != self.institution => {
                let code = ErrorCode::InstitutionMismatch;
                self.failed(&echo_of(&request), code.code(), code.message())
            }
            Ok(request) => self.result_of(request, request_id).await,
            Err(invalid) => self.failed(&invalid.echo, ErrorCode::FieldFormat.code(), &invalid.message()),
        };
        let segment = message.header.segment_of_result.as_text().to_owned();
        let xml = write_result(&message, encoding, Layout::Indented);
        Answer { xml, segment, beside: Vec::new(), trouble: None }
    }

    async fn result_of(&self, request: EligibilityRequest, request_id: Uuid) -> ResultMessage {
        let ask = |id: Uuid| NumberCheckRequest::new(id.to_string(), request.query.clone());
        let first = ask(request_id);
        let mut answer = patiently(|| self.central.check_number(first.clone())).await;
        // Asked before this machine stood still for hours: what was true then is no answer for now.
        if matches!(answer, Err(CentralError::Outdated)) {
            tracing::warn!(%request_id, "the first answer is of an earlier time: asking anew");
            let anew = ask(Uuid::now_v7());
            answer = patiently(|| self.central.check_number(anew.clone())).await;
        }
        self.status.set_central_trouble(answer.as_ref().is_err_and(CentralError::is_trouble));
        match answer {
            Ok(answer) => {
                let mut message = answer.answer;
                message.header.arbitrary_file_identifier.clone_from(&request.file_identifier);
                message.body.search_info = Some(request.search_info());
                message
            }
            Err(error) => {
                tracing::warn!(%request_id, %error, "no answer from the central system");
                self.failed(&echo_of(&request), error.code(), &error.message())
            }
        }
    }

    fn encoding_for(&self, request: CharacterCode) -> CharacterCode {
        match self.result_encoding {
            ResultEncoding::SameAsRequest => request,
            ResultEncoding::Utf8 => CharacterCode::Utf8,
            ResultEncoding::ShiftJis => CharacterCode::ShiftJis,
        }
    }

    /// A result with segment 9: no answer, and why.
    fn failed(&self, echo: &RequestEcho, code: &str, message: &str) -> ResultMessage {
        let institution = echo.institution_code.as_ref().unwrap_or(&self.institution);
        let now = Instant(clock::now_ms());
        let known = ErrorCode::from_code(code).unwrap_or(ErrorCode::Internal);
        let mut result =
            compose::refusal(known, Some(message), InquiryMethod::Number, institution, echo.as_of, now);
        // The centre may be newer than this terminal's catalogue.
        result.header.error_code = Some(code.to_owned());
        result.header.arbitrary_file_identifier.clone_from(&echo.file_identifier);
        result
    }

    /// The content of an `.err` file.
    pub(crate) fn error_file(&self, code: ErrorCode, detail: &str) -> Vec<u8> {
        err_file::content(code, Some(detail), self.encoding_for(CharacterCode::ShiftJis))
    }
}

/// Reads a request as one of its family.
fn read_as(family: Family, xml: &[u8]) -> Result<(CharacterCode, Asking), message::Unreadable> {
    match family {
        Family::NumberCheck => read_request(xml).map(|read| (read.encoding, Asking::Number(read.request))),
        Family::Immediate(kind) => immediate::read(kind, xml)
            .map(|(encoding, asking)| (encoding, Asking::Immediate(Box::new(asking)))),
        Family::Upload(kind) => {
            many_rows::read_upload(kind, xml).map(|(encoding, asking)| (encoding, Asking::ManyRows(asking)))
        }
        Family::Download(kind) => {
            many_rows::read_download(kind, xml).map(|(encoding, asking)| (encoding, Asking::ManyRows(asking)))
        }
    }
}

fn refused(code: ErrorCode, detail: &str, may_be_incomplete: bool) -> Read {
    Read::Unreadable(Unreadable { code, detail: detail.to_owned(), may_be_incomplete })
}

/// Whether bytes still to come could make a message of these.
fn may_be_incomplete(xml: &[u8], reason: message::Unreadable) -> bool {
    // Some writers make the file first and fill it then: NUL is what is not yet there.
    if xml.contains(&0) {
        return true;
    }
    let text = xml.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(xml).trim_ascii();
    if text.ends_with(b"</XmlMsg>") || text.first().is_some_and(|first| *first != b'<') {
        return false;
    }
    // No message has one, so nothing that follows makes it a message.
    if text.windows(DOCTYPE.len()).any(|window| window == DOCTYPE) {
        return false;
    }
    use message::Unreadable as Why;
    matches!(reason, Why::Empty | Why::NotText | Why::NotWellFormed | Why::Entity | Why::CharacterReference)
}

fn echo_of(request: &EligibilityRequest) -> RequestEcho {
    RequestEcho {
        as_of: Some(request.query.as_of),
        institution_code: Some(request.institution_code.clone()),
        file_identifier: request.file_identifier.clone(),
    }
}
