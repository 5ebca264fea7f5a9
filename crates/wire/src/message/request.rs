//! The request a receipt computer drops (IF-001).

use eligibility::{
    Date,
    codes::{CeilingConsentFlag, CharacterCode},
    institution::InstitutionCode,
    insurer::InsurerNumber,
    verification::NumberQuery,
};

use super::{
    FieldProblem, FieldProblemKind, Layout, MAX_IDENTIFIER_CHARS, MAX_INSURED_TEXT_CHARS, SearchInfo,
    WrittenXml,
    envelope::{Check, read_text, read_trimmed},
    record::{Record as _, read_required, write_optional},
    value::Leaf,
    xml::finish,
};
use crate::{
    charset,
    xml_tree::{self, Element, Unreadable, XmlText},
};

/// Longest 枝番, characters as typed (the interface says two digits).
const BRANCH_CHARS: usize = 2;

/// A request that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EligibilityRequest {
    /// 医療機関コード as the sender wrote it; whether it is the terminal's own is the terminal's to say.
    pub institution_code: InstitutionCode,
    /// 任意のファイル識別子, to be echoed as it is: byte for byte, where request and result have the same encoding.
    ///
    /// One exception in Windows-31J: a few hundred characters have several codes there (NEC's rows 13 and 89–92,
    /// IBM's extensions). They are the same characters, and come back under the code Windows writes (`EEE0` as
    /// `FBFC`). Identifiers are digits and letters in practice; whoever uses others should compare characters.
    pub file_identifier: Option<String>,
    /// The question.
    pub query: NumberQuery,
    /// 任意の識別子, to be echoed as it is.
    pub person_identifier: Option<String>,
}

impl EligibilityRequest {
    /// The question as a result echoes it.
    #[must_use]
    pub fn search_info(&self) -> SearchInfo {
        let query = &self.query;
        SearchInfo {
            insurer_number: query.insurer_number.clone(),
            insured_card_symbol: query.insured_symbol.clone(),
            insured_identification_number: query.insured_number.clone(),
            insured_branch_number: query.branch_number.clone(),
            birthdate: query.birthdate,
            ceiling_consent: ceiling_flag(query.ceiling_consent).into(),
            arbitrary_identifier: self.person_identifier.clone(),
        }
    }
}

/// A request file that is a message of this kind, whether or not its elements are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRequest {
    /// The encoding it is in.
    pub encoding: CharacterCode,
    /// The request, or what is wrong with it.
    pub request: Result<EligibilityRequest, InvalidRequest>,
}

/// A request whose elements are wrong: to be answered with segment 9.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRequest {
    /// Every problem, in the order of the interface; at least one.
    pub problems: Vec<FieldProblem>,
    /// What could be read of the header, to be echoed.
    pub echo: RequestEcho,
}

impl InvalidRequest {
    /// The wrong elements in one line for `ErrorMessage`, cut to the length clients keep.
    #[must_use]
    pub fn message(&self) -> String {
        problems_message(&self.problems)
    }
}

/// Names wrong elements in one line, cut to the length clients keep.
pub(crate) fn problems_message(problems: &[FieldProblem]) -> String {
    let mut text = String::new();
    for problem in problems {
        let what = match problem.kind {
            FieldProblemKind::Missing => "がありません",
            FieldProblemKind::Format => "の形式が不正です",
            FieldProblemKind::TooLong => "が長すぎます",
            FieldProblemKind::Repeated => "が重複しています",
        };
        let room = super::MAX_ERROR_MESSAGE_CHARS - text.chars().count();
        let fits = |next: &String| next.chars().count() <= room;
        // The supplier looks for the element; where there is no room for both names, his stays.
        let named = label(problem.element).map(|label| format!("{label}（{}）{what}。", problem.element));
        let next = named.filter(fits).or_else(|| Some(format!("{}{what}。", problem.element)).filter(fits));
        let Some(next) = next else {
            break;
        };
        text.push_str(&next);
    }
    text
}

/// What people at the counter call an element.
fn label(element: &str) -> Option<&'static str> {
    Some(match element {
        "QualificationConfirmationDate" => "資格確認日",
        "MedicalInstitutionCode" => "医療機関コード",
        "ArbitraryFileIdentifier" => "任意のファイル識別子",
        "ArbitraryIdentifier" => "任意の識別子",
        "QualificationConfirmSearchInfo" => "照会の内容",
        "InsurerNumber" => "保険者番号",
        "InsuredCardSymbol" => "記号",
        "InsuredIdentificationNumber" => "番号",
        "InsuredBranchNumber" => "枝番",
        "Birthdate" => "生年月日",
        "LimitApplicationCertificateRelatedConsFlg" => "限度額適用認定証の同意",
        _ => return None,
    })
}

/// The readable part of a request's header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestEcho {
    /// 資格確認日.
    pub as_of: Option<Date>,
    /// 医療機関コード.
    pub institution_code: Option<InstitutionCode>,
    /// 任意のファイル識別子.
    pub file_identifier: Option<String>,
}

/// Reads a request file.
///
/// # Errors
/// [`Unreadable`] when it is no message of this kind at all. Wrong elements are no error here but the content of
/// [`ReadRequest::request`], because they get an answer.
pub fn read_request(bytes: &[u8]) -> Result<ReadRequest, Unreadable> {
    let (encoding, text) = charset::decode(bytes)?;
    let root = xml_tree::parse(&text)?;
    let (Some(header), Some(body)) = (root.child("MessageHeader"), root.child("MessageBody")) else {
        return Err(Unreadable::WrongLayout);
    };
    if root.name != "XmlMsg" {
        return Err(Unreadable::WrongLayout);
    }
    Ok(ReadRequest { encoding, request: read_elements(header, body) })
}

fn read_elements(header: &Element, body: &Element) -> Result<EligibilityRequest, InvalidRequest> {
    let mut check = Check::default();
    let as_of = check.keep(read_trimmed::<Date>(header, "QualificationConfirmationDate"));
    let institution_code = check.keep(read_trimmed(header, "MedicalInstitutionCode"));
    let file_identifier = check.keep(read_text(header, "ArbitraryFileIdentifier", MAX_IDENTIFIER_CHARS));
    let question = read_question(body, &mut check);
    let echo = RequestEcho { as_of, institution_code, file_identifier: file_identifier.flatten() };
    match (as_of, &echo.institution_code, question) {
        (Some(as_of), Some(institution_code), Some(question)) if check.problems.is_empty() => {
            let (query, person_identifier) = question.at(as_of);
            let institution_code = institution_code.clone();
            let file_identifier = echo.file_identifier;
            Ok(EligibilityRequest { institution_code, file_identifier, query, person_identifier })
        }
        _ => Err(InvalidRequest { problems: check.problems, echo }),
    }
}

/// The body's part of a request.
struct Question {
    insurer_number: InsurerNumber,
    insured_symbol: Option<String>,
    insured_number: String,
    branch_number: Option<String>,
    birthdate: Date,
    ceiling_consent: CeilingConsentFlag,
    person_identifier: Option<String>,
}

impl Question {
    fn at(self, as_of: Date) -> (NumberQuery, Option<String>) {
        let query = NumberQuery {
            as_of,
            insurer_number: self.insurer_number,
            insured_symbol: self.insured_symbol,
            insured_number: self.insured_number,
            branch_number: self.branch_number,
            birthdate: self.birthdate,
            ceiling_consent: self.ceiling_consent == CeilingConsentFlag::Agreed,
        };
        (query, self.person_identifier)
    }
}

fn read_question(body: &Element, check: &mut Check) -> Option<Question> {
    const ELEMENT: &str = "QualificationConfirmSearchInfo";
    let mut found = body.children.iter().filter(|child| child.name == ELEMENT);
    let Some(info) = found.next() else {
        check.problems.push(FieldProblem { element: ELEMENT, kind: FieldProblemKind::Missing });
        return None;
    };
    if found.next().is_some() {
        check.problems.push(FieldProblem { element: ELEMENT, kind: FieldProblemKind::Repeated });
    }
    let insurer_number = check.keep(read_required(info, "InsurerNumber"));
    let insured_symbol = check.keep(read_text(info, "InsuredCardSymbol", MAX_INSURED_TEXT_CHARS));
    let insured_number = check.keep(read_insured_number(info));
    let branch_number = check.keep(read_branch(info));
    let birthdate = check.keep(read_trimmed(info, "Birthdate"));
    let ceiling_consent = check.keep(read_ceiling_flag(info));
    let person_identifier = check.keep(read_text(info, "ArbitraryIdentifier", MAX_IDENTIFIER_CHARS));
    Some(Question {
        insurer_number: insurer_number?,
        insured_symbol: insured_symbol?,
        insured_number: insured_number?,
        branch_number: branch_number?,
        birthdate: birthdate?,
        ceiling_consent: ceiling_consent?,
        person_identifier: person_identifier?,
    })
}

pub(super) fn read_insured_number(info: &Element) -> Result<String, FieldProblem> {
    const ELEMENT: &str = "InsuredIdentificationNumber";
    let text = read_text(info, ELEMENT, MAX_INSURED_TEXT_CHARS)?;
    text.filter(|text| !text.trim().is_empty())
        .ok_or(FieldProblem { element: ELEMENT, kind: FieldProblemKind::Missing })
}

pub(super) fn read_branch(info: &Element) -> Result<Option<String>, FieldProblem> {
    const ELEMENT: &str = "InsuredBranchNumber";
    let Some(text) = read_text(info, ELEMENT, MAX_INSURED_TEXT_CHARS)? else { return Ok(None) };
    let digits = text.trim();
    let is_digit = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
    if digits.chars().count() > BRANCH_CHARS || !digits.chars().all(is_digit) {
        return Err(FieldProblem { element: ELEMENT, kind: FieldProblemKind::Format });
    }
    Ok((!digits.is_empty()).then_some(text))
}

fn read_ceiling_flag(info: &Element) -> Result<CeilingConsentFlag, FieldProblem> {
    const ELEMENT: &str = "LimitApplicationCertificateRelatedConsFlg";
    let text: String = read_trimmed(info, ELEMENT)?;
    CeilingConsentFlag::from_code(&text)
        .map_err(|_| FieldProblem { element: ELEMENT, kind: FieldProblemKind::Format })
}

const fn ceiling_flag(agreed: bool) -> CeilingConsentFlag {
    if agreed { CeilingConsentFlag::Agreed } else { CeilingConsentFlag::NotAgreed }
}

/// Writes a request file, as a receipt computer does.
#[must_use]
pub fn write_request(request: &EligibilityRequest, encoding: CharacterCode, layout: Layout) -> WrittenXml {
    let mut xml = XmlText::new(charset::declaration_name(encoding), layout);
    xml.open("XmlMsg");
    xml.open("MessageHeader");
    xml.leaf("QualificationConfirmationDate", &Leaf::text(&request.query.as_of));
    xml.leaf("MedicalInstitutionCode", request.institution_code.as_str());
    write_optional(&mut xml, "ArbitraryFileIdentifier", request.file_identifier.as_ref());
    xml.close("MessageHeader");
    xml.open("MessageBody");
    xml.open("QualificationConfirmSearchInfo");
    request.search_info().write_fields(&mut xml);
    xml.close("QualificationConfirmSearchInfo");
    xml.close("MessageBody");
    xml.close("XmlMsg");
    finish(xml, encoding)
}
