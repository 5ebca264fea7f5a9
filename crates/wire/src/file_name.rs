//! Names of the files in `req`, `res` and `face`.
//!
//! A name that passes here has a fixed start, a free part of `[0-9A-Za-z_-]` and a fixed end, so it can hold no
//! path separator, stream or device name.

use eligibility::institution::InstitutionCode;
use jiff::civil::DateTime;

use crate::message::value::Leaf as _;

/// Longest free part of a request's name, characters.
pub const MAX_FREE_CHARS: usize = 64;
/// Random bytes in the name of a face result (written as 20 hex digits).
pub const FACE_RANDOM_BYTES: usize = 10;
/// Start of the name of a face result.
const FACE_START: &str = "OQSsiquc01res_face_";

/// Whose interface a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// オンライン資格確認.
    Oqs,
    /// 薬剤情報等 viewing.
    Yzk,
    /// 特定健診情報 viewing.
    Tkk,
    /// 電子カルテ情報共有 viewing.
    Cip,
}

/// How many persons a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Multiplicity {
    /// One (`si`).
    Single,
    /// Many (`mu`).
    Bulk,
}

/// The number after the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// `01`: the request (bulk: the upload).
    Request,
    /// `02`: the download of a bulk result.
    Download,
}

/// The name of a request file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestName {
    /// The first three letters.
    pub family: Family,
    /// The next two.
    pub multiplicity: Multiplicity,
    /// Three letters: `quc` 資格確認, `imm` 照会番号, and so on.
    pub function: String,
    /// What is asked for.
    pub step: Step,
    /// The sender's own part.
    pub free: String,
}

/// Why a name is not that of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It does not begin as the names of requests do.
    #[error("the name does not begin like that of a request")]
    Start,
    /// Its free part is empty, too long, or holds other characters.
    #[error("the free part must be 1 to 64 of 0-9 A-Z a-z _ -")]
    FreePart,
    /// It does not end in `.xml`.
    #[error("the name does not end in .xml")]
    Extension,
}

impl RequestName {
    /// Reads a file name (without folders).
    ///
    /// # Errors
    /// [`NameError`] saying which part is wrong.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let (family, rest) =
            [("OQS", Family::Oqs), ("YZK", Family::Yzk), ("TKK", Family::Tkk), ("CIP", Family::Cip)]
                .into_iter()
                .find_map(|(start, family)| Some((family, name.strip_prefix(start)?)))
                .ok_or(NameError::Start)?;
        let (multiplicity, rest) = match rest.split_at_checked(2) {
            Some(("si", rest)) => (Multiplicity::Single, rest),
            Some(("mu", rest)) => (Multiplicity::Bulk, rest),
            _ => return Err(NameError::Start),
        };
        let (function, rest) = rest.split_at_checked(3).ok_or(NameError::Start)?;
        if !function.bytes().all(|b| b.is_ascii_lowercase()) {
            return Err(NameError::Start);
        }
        let (step, rest) = match (rest.strip_prefix("01req_"), rest.strip_prefix("02req_")) {
            (Some(rest), _) => (Step::Request, rest),
            (_, Some(rest)) => (Step::Download, rest),
            _ => return Err(NameError::Start),
        };
        let (free, extension) = rest.rsplit_once('.').ok_or(NameError::Extension)?;
        if !extension.eq_ignore_ascii_case("xml") {
            return Err(NameError::Extension);
        }
        if !is_free_part(free, MAX_FREE_CHARS) {
            return Err(NameError::FreePart);
        }
        Ok(Self { family, multiplicity, function: function.to_owned(), step, free: free.to_owned() })
    }

    /// Whether this is a single eligibility check (IF-001).
    #[must_use]
    pub fn is_eligibility_check(&self) -> bool {
        (self.family, self.multiplicity, self.step) == (Family::Oqs, Multiplicity::Single, Step::Request)
            && self.function == "quc"
    }

    /// The interface: what stands before `req` or `res`, e.g. `OQSsiquc01`.
    #[must_use]
    pub fn interface(&self) -> String {
        self.start()
    }

    /// Name of a file beside the result: the result's with another ending (`pdf`, `png`).
    #[must_use]
    pub fn beside_name(&self, ending: &str) -> String {
        self.with("res", ending)
    }

    /// Name of the request itself.
    #[must_use]
    pub fn request_name(&self) -> String {
        self.with("req", "xml")
    }

    /// Name of the result: the request's with `res` for `req`.
    #[must_use]
    pub fn result_name(&self) -> String {
        self.with("res", "xml")
    }

    /// Name of an encrypted result.
    #[must_use]
    pub fn encrypted_result_name(&self) -> String {
        self.with("res", "zip")
    }

    /// Name of the file that says why a request cannot be answered: the request's own with `.err`.
    #[must_use]
    pub fn err_name(&self) -> String {
        self.with("req", "err")
    }

    fn with(&self, direction: &str, extension: &str) -> String {
        format!("{}{direction}_{}.{extension}", self.start(), self.free)
    }

    fn start(&self) -> String {
        let family = match self.family {
            Family::Oqs => "OQS",
            Family::Yzk => "YZK",
            Family::Tkk => "TKK",
            Family::Cip => "CIP",
        };
        let multiplicity = match self.multiplicity {
            Multiplicity::Single => "si",
            Multiplicity::Bulk => "mu",
        };
        let step = match self.step {
            Step::Request => "01",
            Step::Download => "02",
        };
        format!("{family}{multiplicity}{}{step}", self.function)
    }
}

/// Name of a face result: institution, 20 random hex digits, when it was written (Asia/Tokyo).
#[must_use]
pub fn face_result_name(
    institution: &InstitutionCode,
    random: [u8; FACE_RANDOM_BYTES],
    written_at: DateTime,
) -> String {
    format!("{FACE_START}{institution}{}_{}.xml", hex::encode(random), &*written_at.text())
}

/// Whether this is the name of a face result; the middle part may be any of the free characters.
#[must_use]
pub fn is_face_result_name(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(FACE_START).and_then(|rest| rest.strip_suffix(".xml")) else {
        return false;
    };
    let Some((middle, time)) = rest.rsplit_once('_') else { return false };
    let Some((institution, free)) = middle.split_at_checked(10) else { return false };
    InstitutionCode::parse(institution).is_ok()
        && is_free_part(free, MAX_FREE_CHARS)
        && DateTime::read(time).is_some()
}

fn is_free_part(text: &str, limit: usize) -> bool {
    (1..=limit).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}
