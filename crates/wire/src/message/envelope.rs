//! What every message has in common: whose it is, what is echoed, how a result says that it failed.

use eligibility::{
    Date, Instant,
    calendar::tokyo_second,
    codes::{CharacterCode, ProcessingStatus, ResultSegment},
    errors::ErrorCode,
    institution::InstitutionCode,
};
use jiff::civil::DateTime;

use super::{
    FieldProblem, FieldProblemKind, InvalidRequest, Layout, MAX_ERROR_MESSAGE_CHARS, MAX_IDENTIFIER_CHARS,
    RequestEcho, WrittenXml,
    record::{Record, leaf_text, record},
    value::{Code, Leaf},
    xml::finish,
};
use crate::{
    charset,
    xml_tree::{self, Element, Limits, Unreadable, XmlText},
};

/// A request file that is a message, whether or not its elements are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAs<T> {
    /// The encoding it is in.
    pub encoding: CharacterCode,
    /// The request, or what is wrong with it.
    pub request: Result<T, InvalidRequest>,
}

/// What the header of a request says, its institution being right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// 医療機関コード as the sender wrote it; whether it is the terminal's own is the terminal's to say.
    pub institution_code: InstitutionCode,
    /// 任意のファイル識別子, to be echoed as it is.
    pub file_identifier: Option<String>,
}

/// Collects problems while reading goes on.
#[derive(Default)]
pub(crate) struct Check {
    pub(crate) problems: Vec<FieldProblem>,
}

impl Check {
    pub(crate) fn keep<T>(&mut self, read: Result<T, FieldProblem>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }
}

/// Reads a request: header with institution and identifier, body by `read`, which names what is wrong. `read` gets
/// an empty element where there is no body.
pub(crate) fn read_request_as<T>(
    bytes: &[u8],
    limits: Limits,
    read: impl FnOnce(&Element, &Element, &mut Check) -> Option<T>,
) -> Result<ReadAs<(Sender, T)>, Unreadable> {
    let (encoding, text) = charset::decode_within(bytes, limits.bytes)?;
    let root = xml_tree::parse_within(&text, limits.elements)?;
    let Some(header) = root.child("MessageHeader") else { return Err(Unreadable::WrongLayout) };
    if root.name != "XmlMsg" {
        return Err(Unreadable::WrongLayout);
    }
    let nothing = Element { name: "MessageBody".to_owned(), text: String::new(), children: Vec::new() };
    let body = root.child("MessageBody").unwrap_or(&nothing);
    let mut check = Check::default();
    let institution_code = check.keep(read_trimmed(header, "MedicalInstitutionCode"));
    let file_identifier =
        check.keep(read_text(header, "ArbitraryFileIdentifier", MAX_IDENTIFIER_CHARS)).flatten();
    let asked = read(header, body, &mut check);
    let request = match (institution_code, asked) {
        (Some(institution_code), Some(asked)) if check.problems.is_empty() => {
            Ok((Sender { institution_code, file_identifier }, asked))
        }
        (institution_code, _) => Err(InvalidRequest {
            problems: check.problems,
            echo: RequestEcho { as_of: None, institution_code, file_identifier },
        }),
    };
    Ok(ReadAs { encoding, request })
}

/// Writes a request: its header, then whatever `body` writes.
pub(crate) fn write_request_as(
    sender: &Sender,
    as_of: Option<Date>,
    encoding: CharacterCode,
    layout: Layout,
    body: impl FnOnce(&mut XmlText),
) -> WrittenXml {
    let mut xml = XmlText::new(charset::declaration_name(encoding), layout);
    xml.open("XmlMsg");
    xml.open("MessageHeader");
    super::record::write_optional(&mut xml, "QualificationConfirmationDate", as_of.as_ref());
    xml.leaf("MedicalInstitutionCode", sender.institution_code.as_str());
    super::record::write_optional(&mut xml, "ArbitraryFileIdentifier", sender.file_identifier.as_ref());
    xml.close("MessageHeader");
    xml.open("MessageBody");
    body(&mut xml);
    xml.close("MessageBody");
    xml.close("XmlMsg");
    finish(xml, encoding)
}

/// A mandatory leaf of a fixed format; blanks around it do not matter.
pub(crate) fn read_trimmed<T: Leaf>(parent: &Element, name: &'static str) -> Result<T, FieldProblem> {
    let problem = |kind| FieldProblem { element: name, kind };
    let text = leaf_text(parent, name)?.map(str::trim).filter(|text| !text.is_empty());
    T::read(text.ok_or(problem(FieldProblemKind::Missing))?).ok_or(problem(FieldProblemKind::Format))
}

/// An optional text kept as it is, blanks included.
pub(crate) fn read_text(
    parent: &Element,
    name: &'static str,
    limit: usize,
) -> Result<Option<String>, FieldProblem> {
    let text = leaf_text(parent, name)?;
    if text.is_some_and(|text| text.chars().count() > limit) {
        return Err(FieldProblem { element: name, kind: FieldProblemKind::TooLong });
    }
    Ok(text.map(str::to_owned))
}

/// Writes a result, 文字コード識別 already set to `encoding`.
pub(crate) fn write_result_as<R: Record>(message: &R, encoding: CharacterCode, layout: Layout) -> WrittenXml {
    let mut xml = XmlText::new(charset::declaration_name(encoding), layout);
    xml.open("XmlMsg");
    message.write_fields(&mut xml);
    xml.close("XmlMsg");
    finish(xml, encoding)
}

/// Reads a result with its encoding.
pub(crate) fn read_result_as<R: Record>(
    bytes: &[u8],
    limits: Limits,
) -> Result<(CharacterCode, R), super::ResultError> {
    let (encoding, text) = charset::decode_within(bytes, limits.bytes)?;
    let root = xml_tree::parse_within(&text, limits.elements)?;
    if root.name != "XmlMsg" || root.child("MessageHeader").is_none() {
        return Err(Unreadable::WrongLayout.into());
    }
    Ok((encoding, R::read_fields(&root)?))
}

record! {
    /// Header of a result that has neither a day nor a 照会区分.
    pub struct AnswerHeader {
        /// 処理実行日時, Asia/Tokyo.
        required process_execution_time: DateTime = "ProcessExecutionTime",
        /// 医療機関コード.
        required medical_institution_code: InstitutionCode = "MedicalInstitutionCode",
        /// 任意のファイル識別子, echoed as it came.
        optional arbitrary_file_identifier: Option<String> = "ArbitraryFileIdentifier",
        /// 処理結果区分.
        required segment_of_result: Code<ResultSegment> = "SegmentOfResult",
        /// Code of the catalogue; only when the segment is not 1.
        optional error_code: Option<String> = "ErrorCode",
        /// Its text.
        optional error_message: Option<String> = "ErrorMessage",
        /// 文字コード識別: set by the writer to what it really wrote.
        required character_code_identifier: Code<CharacterCode> = "CharacterCodeIdentifier",
    }
}

/// Why a request got no answer, as a result says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Code of the catalogue.
    pub code: String,
    /// Its text, cut to what clients keep.
    pub message: String,
}

impl Failure {
    /// A failure with this code; an empty message is replaced by the catalogue's.
    #[must_use]
    pub fn new(code: &str, message: &str) -> Self {
        let known = ErrorCode::from_code(code).map_or("", ErrorCode::message);
        let message = if message.is_empty() { known } else { message };
        Self { code: code.to_owned(), message: message.chars().take(MAX_ERROR_MESSAGE_CHARS).collect() }
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::new(code.code(), code.message())
    }
}

impl AnswerHeader {
    /// The header of a result that was made (`failure` is `None`) or could not be made.
    #[must_use]
    pub fn new(
        institution: &InstitutionCode,
        file_identifier: Option<String>,
        executed_at: Instant,
        failure: Option<Failure>,
    ) -> Self {
        let segment = if failure.is_none() { ResultSegment::Done } else { ResultSegment::Failed };
        let (error_code, error_message) =
            failure.map_or((None, None), |failure| (Some(failure.code), Some(failure.message)));
        Self {
            process_execution_time: tokyo_second(executed_at),
            medical_institution_code: institution.clone(),
            arbitrary_file_identifier: file_identifier,
            segment_of_result: segment.into(),
            error_code,
            error_message,
            character_code_identifier: CharacterCode::Utf8.into(),
        }
    }
}

/// How the processing of one question ended: 処理結果状況 with its code and text.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Outcome {
    /// 処理結果状況.
    pub status: ProcessingStatus,
    /// 処理結果コード.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// 処理結果メッセージ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Outcome {
    /// 正常終了, with nothing to say.
    #[must_use]
    pub const fn ok() -> Self {
        Self { status: ProcessingStatus::Ok, code: None, message: None }
    }

    /// エラー, with a code of the catalogue.
    #[must_use]
    pub fn error(code: ErrorCode) -> Self {
        Self::error_with(code, code.message())
    }

    /// エラー, with words of its own beside the code.
    #[must_use]
    pub fn error_with(code: ErrorCode, message: &str) -> Self {
        let failure = Failure::new(code.code(), message);
        Self { status: ProcessingStatus::Error, code: Some(failure.code), message: Some(failure.message) }
    }
}
