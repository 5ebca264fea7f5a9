//! 電子証明書の発行申請, 更新申請 and 失効申請.

use serde::{Deserialize, Serialize};

use super::{Contact, contact::ContactTexts};
use crate::{
    field::{self, Fault, Faults, FieldErrors, FieldText},
    institution_certificate::{CertificateUses, InvalidTerminalName, RevocationReason, TerminalName},
    typed,
};

/// A serial number of a certificate: lower-case hex without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SerialNumber(String);

/// Hex digits of the longest serial number (20 bytes, RFC 5280).
const SERIAL_MAX_DIGITS: usize = 40;

impl SerialNumber {
    /// Reads a serial number as certificate managers show it: either case, blanks, colons or hyphens between.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bare = typed::bare(text)?.replace(':', "").to_ascii_lowercase();
        let digits = bare.trim_start_matches('0');
        let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        (hex && (1..=SERIAL_MAX_DIGITS).contains(&digits.len())).then(|| Self(digits.to_owned()))
    }

    /// The hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const DEPARTMENT: FieldText =
    FieldText { id: "department", label: "担当部署", required: true, hint: "例：医事課" };
const CONTACT_NAME: FieldText = FieldText {
    id: "contact_name",
    label: "担当者",
    required: true,
    hint: "医療機関等の職員の方（委託事業者は不可）",
};
const PHONE: FieldText =
    FieldText { id: "phone", label: "電話番号", required: true, hint: "例：03-0000-0000" };
const SERIAL: FieldText = FieldText {
    id: "serial",
    label: "電子証明書のシリアル番号",
    required: true,
    hint: "端末の「電子証明書」の画面、または証明書の管理画面で確認できます",
};

/// 電子証明書発行申請 as typed. Anything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CertificateForm {
    /// 担当部署.
    pub department: String,
    /// 担当者.
    pub contact_name: String,
    /// 電話番号.
    pub phone: String,
    /// メールアドレス.
    pub mail: String,
    /// 端末名称.
    pub terminal_name: String,
    /// オンライン資格確認に使う: a ticked box.
    pub for_eligibility: String,
    /// オンライン請求に使う: a ticked box.
    pub for_billing: String,
}

/// A certificate for one terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateApplication {
    /// Who answers questions.
    pub contact: Contact,
    /// 端末名称.
    pub terminal_name: TerminalName,
    /// What it is used for.
    pub uses: CertificateUses,
}

impl CertificateForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        DEPARTMENT,
        CONTACT_NAME,
        PHONE,
        FieldText {
            id: "mail",
            label: "メールアドレス",
            required: false,
            hint: "申請のお知らせを、アカウントのメールアドレスのほかにも送るときに入力します",
        },
        FieldText {
            id: "terminal_name",
            label: "端末名称",
            required: true,
            hint: "どの端末か分かる名前（例：みなと薬局1号機）",
        },
        FieldText {
            id: "for_eligibility",
            label: "オンライン資格確認端末として使う",
            required: false,
            hint: "",
        },
        FieldText {
            id: "for_billing", label: "オンライン請求用端末として使う", required: false, hint: ""
        },
    ];

    /// What was typed, in the order of [`Self::FIELDS`].
    #[must_use]
    pub fn texts(&self) -> [&str; 7] {
        [
            &self.department,
            &self.contact_name,
            &self.phone,
            &self.mail,
            &self.terminal_name,
            &self.for_eligibility,
            &self.for_billing,
        ]
    }
}

impl TryFrom<&CertificateForm> for CertificateApplication {
    type Error = FieldErrors;

    fn try_from(form: &CertificateForm) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let texts = ContactTexts {
            department: &form.department,
            name: &form.contact_name,
            phone: &form.phone,
            mail: &form.mail,
        };
        let contact = texts.read(true, &mut faults);
        let terminal_name = faults.keep("terminal_name", terminal_name(&form.terminal_name));
        let uses =
            CertificateUses::of(field::ticked(&form.for_eligibility), field::ticked(&form.for_billing));
        let uses = faults.keep(
            "for_eligibility",
            uses.ok_or_else(|| Fault::new("端末の用途が選ばれていません。", "少なくとも1つ選んでください。")),
        );
        let whole = (|| Some(Self { contact: contact?, terminal_name: terminal_name?, uses: uses? }))();
        faults.finish(whole)
    }
}

fn terminal_name(text: &str) -> Result<TerminalName, Fault> {
    TerminalName::parse(text).map_err(|refusal| match refusal {
        InvalidTerminalName::Empty => {
            Fault::new("端末名称が入力されていません。", "どの端末か分かる名前を入力してください。")
        }
        InvalidTerminalName::TooLong => {
            Fault::new("端末名称が長すぎます。", "40文字以内で入力してください。")
        }
        InvalidTerminalName::Control => {
            Fault::new("端末名称に使えない文字（改行など）があります。", "1行で入力し直してください。")
        }
    })
}

fn serial(text: &str) -> Result<SerialNumber, Fault> {
    field::required_line(text, "シリアル番号", 80)?;
    SerialNumber::parse(text).ok_or_else(|| {
        Fault::new(
            "シリアル番号の形式が正しくありません。",
            "0～9とa～fからなる番号を、証明書の管理画面のとおりに入力してください。",
        )
    })
}

/// 電子証明書更新申請 as typed. Anything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RenewalForm {
    /// The certificate that is renewed.
    pub serial: String,
    /// 担当者.
    pub contact_name: String,
    /// 電話番号.
    pub phone: String,
}

/// A successor for a certificate. Terminal, institution and uses stay those of the old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewalApplication {
    /// The certificate that is renewed.
    pub serial: SerialNumber,
    /// Who answers questions.
    pub contact: Contact,
}

impl RenewalForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[SERIAL, CONTACT_NAME, PHONE];

    /// What was typed, in the order of [`Self::FIELDS`].
    #[must_use]
    pub fn texts(&self) -> [&str; 3] {
        [&self.serial, &self.contact_name, &self.phone]
    }
}

impl TryFrom<&RenewalForm> for RenewalApplication {
    type Error = FieldErrors;

    fn try_from(form: &RenewalForm) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let serial = faults.keep("serial", serial(&form.serial));
        let texts = ContactTexts { department: "", name: &form.contact_name, phone: &form.phone, mail: "" };
        let contact = texts.read(false, &mut faults);
        let whole = (|| Some(Self { serial: serial?, contact: contact? }))();
        faults.finish(whole)
    }
}

/// 電子証明書失効申請 as typed. Anything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RevocationForm {
    /// The certificate.
    pub serial: String,
    /// 失効理由: a [`RevocationReason::name`].
    pub reason: String,
    /// 担当者.
    pub contact_name: String,
    /// 電話番号.
    pub phone: String,
    /// 元に戻せないことを確認した: a ticked box.
    pub understood: String,
}

/// That a certificate shall end now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationApplication {
    /// The certificate.
    pub serial: SerialNumber,
    /// Why.
    pub reason: RevocationReason,
    /// Who answers questions.
    pub contact: Contact,
}

impl RevocationForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        SERIAL,
        FieldText { id: "reason", label: "失効理由", required: true, hint: "" },
        CONTACT_NAME,
        PHONE,
        FieldText {
            id: "understood",
            label: "失効は取り消せないことを確認しました",
            required: true,
            hint: "",
        },
    ];

    /// What was typed, in the order of [`Self::FIELDS`].
    #[must_use]
    pub fn texts(&self) -> [&str; 5] {
        [&self.serial, &self.reason, &self.contact_name, &self.phone, &self.understood]
    }
}

impl TryFrom<&RevocationForm> for RevocationApplication {
    type Error = FieldErrors;

    fn try_from(form: &RevocationForm) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let serial = faults.keep("serial", serial(&form.serial));
        let reason = RevocationReason::from_name(&form.reason).filter(|reason| reason.is_for_applicants());
        let reason = faults.keep(
            "reason",
            reason.ok_or_else(|| Fault::new("失効理由が選ばれていません。", "失効理由を1つ選んでください。")),
        );
        let texts = ContactTexts { department: "", name: &form.contact_name, phone: &form.phone, mail: "" };
        let contact = texts.read(false, &mut faults);
        if !field::ticked(&form.understood) {
            let fault = Fault::new(
                "確認欄が選ばれていません。",
                "失効するとその端末では資格確認も請求もできなくなります。確認のうえ選んでください。",
            );
            faults.add("understood", fault);
        }
        let whole = (|| Some(Self { serial: serial?, reason: reason?, contact: contact? }))();
        faults.finish(whole)
    }
}
