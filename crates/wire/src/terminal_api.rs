//! The terminal API (terminal → centre): request and answer shapes, and limits. What a card signs over a request
//! stands in [`card_statement`](crate::card_statement).
//!
//! The institution is never in a body: it is the organisation of the client certificate.

mod bulk;
mod readers;

use eligibility::{
    Date,
    codes::PrescriptionIssue,
    consent::{CareForm, ConsentChoice},
    institution::InstitutionCode,
    insurer::InsurerNumber,
    verification::{NumberQuery, ProofMethod},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    card_statement::CardStatement,
    message::{
        ResultMessage,
        json::{XmlMsg, under_root},
    },
    strict,
};

pub use bulk::{
    BULK_RESULTS_PATH, BULK_UPLOADS_PATH, BulkResultAnswer, BulkResultRequest, BulkUploadAnswer,
    BulkUploadRequest, MAX_BULK_BODY_BYTES, MAX_FILE_IDENTIFIER_CHARS, REFERENCE_NUMBERS_PATH,
    ReferenceNumberRequest, RegistrationAnswer, outcome_of,
};

pub use readers::{
    MAX_CODE_CHARS, MAX_COMMAND_ID_CHARS, READER_STATE_PATH, ReaderCommandDone, ReaderCommandOrder,
    ReaderStateAnswer, ReaderStateRequest,
};

/// Path of the nonce issue (POST).
pub const NONCES_PATH: &str = "/v1/nonces";
/// Path of a check by card (POST).
pub const CARD_VERIFICATIONS_PATH: &str = "/v1/verifications/card";
/// Path of a check by number (POST).
pub const NUMBER_VERIFICATIONS_PATH: &str = "/v1/verifications/number";
/// Path of the public keys that verify receipts (GET).
pub const RECEIPT_KEYS_PATH: &str = "/v1/receipt-keys";
/// Header that carries a fresh nonce with every answer to a card check.
pub const NONCE_HEADER: &str = "shikaku-nonce";
/// Media type of a refusal.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// Most nonces one request may ask for.
pub const MAX_NONCES_PER_REQUEST: u32 = 64;
/// Longest request body, bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// Longest nonce, characters of base64url.
pub const MAX_NONCE_CHARS: usize = 128;
/// Longest card certificate, characters of base64 (a card certificate is about 1.7 KB of DER).
pub const MAX_CERTIFICATE_CHARS: usize = 8 * 1024;
/// Longest card signature, characters of base64 (RSA 4096 is 684).
pub const MAX_SIGNATURE_CHARS: usize = 1024;
/// Most consents in one card check.
pub const MAX_CONSENTS: usize = 16;
/// Longest request id, characters.
pub const MAX_REQUEST_ID_CHARS: usize = 64;
/// Longest name of who did a visual check, characters.
pub const MAX_STAFF_NAME_CHARS: usize = 40;
/// Longest 記号, 番号, characters as typed.
pub const MAX_INSURED_TEXT_CHARS: usize = 20;

/// Asks for nonces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NonceRequest {
    /// How many, 1 to 64.
    pub count: u32,
}

/// Nonces for the card to sign, each good for one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NonceAnswer {
    /// base64url, to be used as they are.
    pub nonces: Vec<String>,
    /// Life from now, seconds.
    pub expires_in_s: u32,
}

/// One check by card (照会区分 1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct CardCheckRequest {
    /// A nonce this terminal was given, not used before.
    pub nonce: String,
    /// 利用者証明用電子証明書, DER in base64.
    pub certificate: String,
    /// The card's signature (RSASSA-PKCS1-v1_5, SHA-256), base64, over the statement of everything that was decided
    /// before it signed. Lines of ASCII, the form's name and then each `name:value`, joined by one line feed
    /// (U+000A), none after the last:
    ///
    /// ```text
    /// shikaku-card-proof-v2
    /// nonce:<nonce, as issued>
    /// institution:<institution code of the client certificate>
    /// terminal:<SHA-256 of the client certificate's DER, lower-case hex>
    /// proof_method:<proof_method>
    /// reader:<visual_check.reader_serial>
    /// as_of:<as_of>
    /// care_form:<care_form>
    /// prescription_issue_select:<prescription_issue_select, or none>
    /// consent:<kind>:<granted or refused>
    /// ```
    ///
    /// with the `reader` line only where there is a `visual_check`, and one `consent` line for each entry of `consents`, in the order `ceiling`, `specific_disease`, `checkup`,
    /// `medication`, `treatment`, `operation`, whatever the order in the request; no entry, no line. A request that
    /// says anything else than what was signed is refused with `OQSA9204E`.
    pub signature: String,
    /// How the person proved that the card is theirs.
    #[schema(value_type = String, examples("face", "pin", "visual"))]
    pub proof_method: ProofMethod,
    /// 資格確認日, `YYYY-MM-DD`.
    #[serde(deserialize_with = "strict::day")]
    #[schema(value_type = String, format = Date)]
    pub as_of: Date,
    /// What the patient chose, each kind at most once; a kind not named was not asked.
    #[serde(default, deserialize_with = "strict::objects")]
    #[schema(value_type = Vec<ConsentChoiceSchema>)]
    pub consents: Vec<ConsentChoice>,
    /// 診療形態.
    #[schema(value_type = String, examples("outpatient", "home_visit", "online", "emergency"))]
    pub care_form: CareForm,
    /// 処方箋発行形態 (OQSCD017 `1` electronic, `2` paper), where the institution asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, examples("1", "2"))]
    pub prescription_issue_select: Option<PrescriptionIssue>,
    /// With `proof_method` `visual`, and only then: what staff entered at the reader before they compared the
    /// photograph. Without a passcode that is good, `OQSR0010W`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visual_check: Option<VisualCheck>,
}

/// 目視確認: the passcode that staff entered, and at which reader. Each check needs an entry of its own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct VisualCheck {
    /// 目視確認用パスコード, four digits as they were entered.
    pub passcode: String,
    /// 製造番号 of the reader: 1 to 32 ASCII letters, digits and hyphens. The card signs it.
    pub reader_serial: String,
    /// Who compared the photograph with the face, as typed at the reader: 1 to 40 characters. It is recorded with the
    /// entry; a reader that does not ask leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff_name: Option<String>,
}

impl std::fmt::Debug for VisualCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VisualCheck").field("reader_serial", &self.reader_serial).finish_non_exhaustive()
    }
}

strict::objects_only!(NonceRequest, CardCheckRequest, NumberCheckRequest, VisualCheck);

impl CardCheckRequest {
    /// What the card must have signed for this request to hold, when it comes from this institution's terminal.
    #[must_use]
    pub fn statement<'a>(
        &'a self,
        institution: &'a InstitutionCode,
        terminal_fingerprint: &'a str,
    ) -> CardStatement<'a> {
        CardStatement {
            nonce: &self.nonce,
            institution,
            terminal_fingerprint,
            proof_method: self.proof_method,
            reader_serial: self.visual_check.as_ref().map(|check| check.reader_serial.as_str()),
            as_of: self.as_of,
            care_form: self.care_form,
            prescription_issue_select: self.prescription_issue_select,
            consents: &self.consents,
        }
    }
}

impl std::fmt::Debug for CardCheckRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CardCheckRequest").field("as_of", &self.as_of).finish_non_exhaustive()
    }
}

/// What the patient chose for one kind of use.
#[derive(ToSchema, Deserialize)]
#[schema(as = ConsentChoice)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is used")]
pub struct ConsentChoiceSchema {
    /// `ceiling`, `specific_disease`, `checkup`, `medication`, `treatment` or `operation`.
    pub kind: String,
    /// `true` agreed, `false` refused.
    pub granted: bool,
}

/// One check by number (照会区分 2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NumberCheckRequest {
    /// Chosen by the terminal; the same id gets the same answer, another body or another terminal of the institution
    /// under it is a conflict.
    pub request_id: String,
    /// 資格確認日, `YYYY-MM-DD`.
    #[serde(deserialize_with = "strict::day")]
    #[schema(value_type = String, format = Date)]
    pub as_of: Date,
    /// 保険者番号, 6 or 8 digits.
    #[schema(value_type = String)]
    pub insurer_number: InsurerNumber,
    /// 記号 as typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured_symbol: Option<String>,
    /// 番号 as typed.
    pub insured_number: String,
    /// 枝番 as typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch_number: Option<String>,
    /// 生年月日, `YYYY-MM-DD`.
    #[serde(deserialize_with = "strict::day")]
    #[schema(value_type = String, format = Date)]
    pub birthdate: Date,
    /// 限度額提供同意.
    pub ceiling_consent: bool,
}

impl std::fmt::Debug for NumberCheckRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NumberCheckRequest").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl NumberCheckRequest {
    /// Puts a question under a request id.
    #[must_use]
    pub fn new(request_id: String, query: NumberQuery) -> Self {
        Self {
            request_id,
            as_of: query.as_of,
            insurer_number: query.insurer_number,
            insured_symbol: query.insured_symbol,
            insured_number: query.insured_number,
            branch_number: query.branch_number,
            birthdate: query.birthdate,
            ceiling_consent: query.ceiling_consent,
        }
    }

    /// The request id and the question.
    #[must_use]
    pub fn into_parts(self) -> (String, NumberQuery) {
        let query = NumberQuery {
            as_of: self.as_of,
            insurer_number: self.insurer_number,
            insured_symbol: self.insured_symbol,
            insured_number: self.insured_number,
            branch_number: self.branch_number,
            birthdate: self.birthdate,
            ceiling_consent: self.ceiling_consent,
        };
        (self.request_id, query)
    }
}

/// The value of `answer` in an answer's JSON exactly as it was sent: what a receipt holds the SHA-256 of.
///
/// It is the first member and the receipt the next, without blanks between them. Quotation marks within a text are
/// escaped, so what is looked for is found between members only; text that an answer of another make gives is not the
/// text that was signed.
#[must_use]
pub fn answer_text(body: &str) -> Option<&str> {
    let (answer, _) = body.strip_prefix(r#"{"answer":"#)?.rsplit_once(r#","receipt":""#)?;
    Some(answer)
}

/// The answer to a check, by card or by number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckAnswer {
    /// The result under `XmlMsg`. The terminal adds what only it knows: the file identifier and the echoed question.
    #[serde(with = "under_root")]
    #[schema(value_type = XmlMsg<ResultMessage>)]
    pub answer: ResultMessage,
    /// The signed eligibility receipt, JWS compact form (ES256). Its claims hold the SHA-256 (base64url) of the question's
    /// body (`question`) and of the value of `answer` (`answer`), both byte for byte as they were sent.
    pub receipt: String,
    /// A fresh nonce, the same as in the header `Shikaku-Nonce`; card checks only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

impl std::fmt::Debug for CheckAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckAnswer").finish_non_exhaustive()
    }
}

/// A refusal (RFC 9457) with its code from the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// URI reference naming the kind of problem.
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// What happened, short.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Code of the catalogue, e.g. `OQSA9101E`.
    pub code: String,
    /// What to do, for the person at the desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Seconds after which a retry makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

fn about_blank() -> String {
    "about:blank".to_owned()
}

/// The public keys that verify receipts (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JwkSet {
    /// Current key first, then those still verifying older receipts.
    pub keys: Vec<Jwk>,
}

/// One P-256 public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwk {
    /// `EC`.
    pub kty: String,
    /// `P-256`.
    pub crv: String,
    /// x coordinate, base64url.
    pub x: String,
    /// y coordinate, base64url.
    pub y: String,
    /// Names the key in a receipt's header.
    pub kid: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub key_use: String,
    /// `ES256`.
    pub alg: String,
}
