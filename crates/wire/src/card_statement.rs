//! What a card signs at a check: everything that was decided before it signed, as one text.
//!
//! Whoever stands between the reader and the centre can then change nothing of it unseen: neither what the
//! patient agreed to, nor the day, the form of care, the way of proof, nor the place.
//!
//! The text is lines of ASCII, the form's name and then each `name:value`, joined by one line feed, none after the
//! last:
//!
//! ```text
//! shikaku-card-proof-v2
//! nonce:<nonce>
//! institution:<institution code>
//! terminal:<SHA-256 of the terminal certificate's DER, lower-case hex>
//! proof_method:face | pin | visual
//! reader:<製造番号 of the reader where staff entered the passcode of a visual check>
//! as_of:<YYYY-MM-DD>
//! care_form:outpatient | home_visit | online | emergency
//! prescription_issue_select:1 | 2 | none
//! consent:<kind>:granted | refused
//! ```
//!
//! The `reader` line stands there only for a visual check. One `consent` line for each kind that was asked, in the order of [`ConsentKind::ALL`]. No value can hold a line
//! feed, every other line is always there, and each name stands in its place: two statements have one
//! text only when they say the same.

use std::fmt::Write;

use eligibility::{
    Date,
    codes::PrescriptionIssue,
    consent::{CareForm, ConsentChoice, ConsentKind},
    institution::InstitutionCode,
    verification::ProofMethod,
};

/// First line of every statement: what it is for, and the version of its form.
pub const CARD_PROOF_CONTEXT: &str = "shikaku-card-proof-v2";
/// Stands for a choice that was not asked for.
const NOT_ASKED: &str = "none";
/// Room for a statement of usual length, bytes.
const USUAL_BYTES: usize = 512;

/// Everything decided by patient and reader, before the card signs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CardStatement<'a> {
    /// The centre's nonce, as issued (base64url).
    pub nonce: &'a str,
    /// The institution the terminal belongs to.
    pub institution: &'a InstitutionCode,
    /// SHA-256 of the terminal certificate's DER, lower-case hex.
    pub terminal_fingerprint: &'a str,
    /// How the person proved that the card is theirs.
    pub proof_method: ProofMethod,
    /// 製造番号 of the reader where staff entered the passcode of a visual check; nothing for other ways of proof.
    pub reader_serial: Option<&'a str>,
    /// 資格確認日.
    pub as_of: Date,
    /// 診療形態.
    pub care_form: CareForm,
    /// 処方箋発行形態, where asked.
    pub prescription_issue_select: Option<PrescriptionIssue>,
    /// What the patient chose, in any order, each kind at most once.
    pub consents: &'a [ConsentChoice],
}

/// Why something cannot be stated, and so cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The nonce, the fingerprint or the reader's serial number is empty or has a character outside base64url, a line feed for instance.
    #[error("{0} is not base64url")]
    Characters(&'static str),
    /// A kind of consent stands there more than once: which one counts?
    #[error("a kind of consent is stated more than once")]
    RepeatedConsent,
}

impl CardStatement<'_> {
    /// The bytes the card signs (hashed with SHA-256, RSASSA-PKCS1-v1_5).
    ///
    /// # Errors
    /// [`StatementError`] when the statement could be read in two ways.
    pub fn to_be_signed(&self) -> Result<Vec<u8>, StatementError> {
        let nonce = base64url("nonce", self.nonce)?;
        let terminal = base64url("terminal fingerprint", self.terminal_fingerprint)?;
        let issue = self.prescription_issue_select.map_or(NOT_ASKED, PrescriptionIssue::code);
        let (method, care_form) = (self.proof_method.name(), self.care_form.name());
        let (institution, as_of) = (self.institution, self.as_of);
        let reader = match self.reader_serial {
            Some(serial) => format!("\nreader:{}", base64url("reader serial number", serial)?),
            None => String::new(),
        };
        let mut text = String::with_capacity(USUAL_BYTES);
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "{CARD_PROOF_CONTEXT}\nnonce:{nonce}\ninstitution:{institution}\nterminal:{terminal}\n\
             proof_method:{method}{reader}\nas_of:{as_of}\ncare_form:{care_form}\nprescription_issue_select:{issue}"
        );
        for kind in ConsentKind::ALL {
            let mut choices = self.consents.iter().filter(|choice| choice.kind == *kind);
            let Some(choice) = choices.next() else { continue };
            if choices.next().is_some() {
                return Err(StatementError::RepeatedConsent);
            }
            let word = if choice.granted { "granted" } else { "refused" };
            let _ = write!(text, "\nconsent:{}:{word}", kind.name());
        }
        Ok(text.into_bytes())
    }
}

fn base64url<'t>(what: &'static str, text: &'t str) -> Result<&'t str, StatementError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if text.is_empty() || !text.bytes().all(fits) {
        return Err(StatementError::Characters(what));
    }
    Ok(text)
}
