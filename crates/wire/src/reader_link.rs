//! The reader link: what the card reader's program asks of the terminal on the same machine (loopback only).

use eligibility::{
    Date,
    codes::PrescriptionIssue,
    consent::{CareForm, ConsentChoice},
    facility_settings::Asked,
    institution::InstitutionCode,
    verification::ProofMethod,
};
use serde::{Deserialize, Serialize};

use crate::{strict, terminal_api::VisualCheck};

/// Path that hands out one nonce (POST, empty body).
pub const NONCE_PATH: &str = "/reader/v1/nonce";
/// Path that says how the reader is to prove who somebody is (GET).
pub const MODE_PATH: &str = "/reader/v1/mode";
/// Path that takes one card session (POST).
pub const CARD_CHECKS_PATH: &str = "/reader/v1/card-checks";
/// Header by which the reader's program may tell its 製造番号, with any request.
pub const READER_SERIAL_HEADER: &str = "shikaku-reader-serial";

/// What the terminal adds to what the card signs ([`CardStatement`](crate::card_statement::CardStatement)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderNonce {
    /// The centre's nonce.
    pub nonce: String,
    /// The institution this terminal belongs to.
    pub institution_code: InstitutionCode,
    /// Lower-case hex SHA-256 of the terminal certificate.
    pub terminal_fingerprint: String,
    /// 資格確認日 of a check with this nonce: today at the terminal. It stays the check's when midnight passes.
    pub as_of: Date,
    /// Life from now, seconds.
    pub expires_in_s: u32,
    /// What the institution wants patients to be asked; nothing when the terminal does not know its settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// How the reader is to prove who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderModeAnswer {
    /// `unattended` by face or PIN, `visual` staff compare the photograph with the face.
    pub mode: String,
}

/// One finished card session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ReaderCardCheck {
    /// The nonce the card signed.
    pub nonce: String,
    /// 利用者証明用電子証明書, DER in base64.
    pub certificate: String,
    /// The card's signature, base64.
    pub signature: String,
    /// How the person proved who they are.
    pub proof_method: ProofMethod,
    /// 資格確認日, as it came with the nonce and was signed.
    #[serde(deserialize_with = "strict::day")]
    pub as_of: Date,
    /// What the patient chose on the consent screens, each kind at most once.
    #[serde(default, deserialize_with = "strict::objects")]
    pub consents: Vec<ConsentChoice>,
    /// 診療形態.
    pub care_form: CareForm,
    /// 処方箋発行形態 (OQSCD017), where asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescription_issue_select: Option<PrescriptionIssue>,
    /// What staff entered before a visual check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visual_check: Option<VisualCheck>,
}

strict::objects_only!(ReaderCardCheck);

impl std::fmt::Debug for ReaderCardCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReaderCardCheck").field("care_form", &self.care_form).finish_non_exhaustive()
    }
}

/// What the reader shows at the end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderOutcome {
    /// 処理結果区分 (OQSCD003).
    pub segment: String,
    /// 資格有効性 (OQSCD006), when there is an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<String>,
    /// Code of the catalogue, when there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The text to show with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// 氏名, to greet the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Characters of the face result that the encoding of `face` lacks and that were written otherwise there
    /// (代替文字あり), each once. `name` here is as it should be.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub substitutions: u32,
    /// Name of the file written into `face`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// A nonce for the next patient, so that the steady state needs one request a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_nonce: Option<ReaderNonce>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl std::fmt::Debug for ReaderOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReaderOutcome")
            .field("segment", &self.segment)
            .field("validity", &self.validity)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}
