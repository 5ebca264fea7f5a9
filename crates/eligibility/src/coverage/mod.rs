//! Coverage (資格情報): a person's membership of one insurer over a civil-date range, with the certificates
//! that hang on it.

mod validation;

pub use validation::{
    ADDRESS_MAX_CHARS, CERTIFICATES_MAX, InvalidField, KEY_MAX_CHARS, NAME_MAX_CHARS, NUMBER_MAX_CHARS,
    Problem,
};

use serde::{Deserialize, Serialize};

use crate::{
    Date, calendar,
    codes::{
        CardClassification, CeilingCertificateKind, CeilingClass, ReasonOfLoss, Relation, SpecificDisease,
        UnknownCode,
    },
    insurer::InsurerNumber,
    person::{Person, PersonKey},
    public_assistance::MedicalTicket,
};

/// One membership of one insurer, as that insurer stated it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Stable id of the membership within its insurer (not shown outside).
    pub coverage_id: String,
    /// Whose coverage it is.
    pub person_key: PersonKey,
    /// The person as this insurer notified them.
    pub person: Person,
    /// 保険者番号, or 公費負担者番号 for 医療扶助.
    pub insurer_number: InsurerNumber,
    /// 記号, exactly as the insurer wrote it.
    pub insured_symbol: Option<String>,
    /// 番号 (受給者番号 for 医療扶助), exactly as the insurer wrote it.
    pub insured_number: String,
    /// 枝番, two digits.
    pub branch_number: Option<String>,
    /// 本人・家族の別.
    pub relation: Option<Relation>,
    /// 被保険者氏名（世帯主氏名）.
    pub insured_name: Option<String>,
    /// 被保険者証区分.
    pub classification: CardClassification,
    /// 資格取得年月日: the first day covered.
    pub qualified_on: Date,
    /// 資格喪失年月日: the first day no longer covered; `None` while it lasts.
    pub disqualified_on: Option<Date>,
    /// 資格喪失事由; only with `disqualified_on`.
    pub reason_of_loss: Option<ReasonOfLoss>,
    /// 証交付年月日.
    pub card_issued_on: Option<Date>,
    /// 証有効開始年月日.
    pub card_valid_from: Option<Date>,
    /// 証有効終了年月日: the last valid day.
    pub card_valid_until: Option<Date>,
    /// 一部負担金割合; sent for 後期高齢 only.
    pub copay_ratio: Option<CopayRatio>,
    /// 限度額適用認定証, newest first.
    pub ceiling_certificates: Vec<CeilingCertificate>,
    /// 高齢受給者証, newest first.
    pub elderly_certificates: Vec<ElderlyCertificate>,
    /// 特定疾病療養受療証.
    pub specific_disease_certificates: Vec<SpecificDiseaseCertificate>,
    /// 医療券・調剤券 (only for 医療扶助).
    pub medical_tickets: Vec<MedicalTicket>,
}

/// 一部負担金割合, in percent of the cost: 10, 20 or 30.
///
/// Written as the code, `010`, `020`, `030`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CopayRatio {
    /// `010`
    #[serde(rename = "010")]
    Ten,
    /// `020`
    #[serde(rename = "020")]
    Twenty,
    /// `030`
    #[serde(rename = "030")]
    Thirty,
}

impl CopayRatio {
    /// The code as written in messages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ten => "010",
            Self::Twenty => "020",
            Self::Thirty => "030",
        }
    }

    /// The share as people say it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ten => "1割",
            Self::Twenty => "2割",
            Self::Thirty => "3割",
        }
    }

    /// Reads a code.
    ///
    /// # Errors
    /// [`UnknownCode`] for anything but `010`, `020`, `030`.
    pub fn from_code(code: &str) -> Result<Self, UnknownCode> {
        match code {
            "010" => Ok(Self::Ten),
            "020" => Ok(Self::Twenty),
            "030" => Ok(Self::Thirty),
            _ => Err(UnknownCode { table: "一部負担金割合", code: code.to_owned() }),
        }
    }
}

impl Coverage {
    /// Whether the membership lasts on the date. The certificate's own dates (証有効期間) do not decide it.
    #[must_use]
    pub fn covers(&self, date: Date) -> bool {
        self.qualified_on <= date && self.disqualified_on.is_none_or(|lost| date < lost)
    }

    /// Whether the membership had ended by the date.
    #[must_use]
    pub fn lost_by(&self, date: Date) -> bool {
        self.disqualified_on.is_some_and(|lost| lost <= date)
    }

    /// Whether this is 医療扶助 and not insurance.
    #[must_use]
    pub fn is_public_assistance(&self) -> bool {
        self.classification == CardClassification::PublicAssistance
    }

    /// Whether the person is 未就学 on the date.
    #[must_use]
    pub fn is_preschool(&self, date: Date) -> bool {
        calendar::is_preschool(self.person.birthdate, date)
    }

    /// The ceiling certificate valid on the date, the newest when several are.
    #[must_use]
    pub fn ceiling_certificate(&self, date: Date) -> Option<&CeilingCertificate> {
        let valid = self.ceiling_certificates.iter().filter(|c| c.is_valid_on(date));
        valid.max_by_key(|c| (c.valid_from, c.issued_on))
    }

    /// The elderly certificate valid on the date, the newest when several are.
    #[must_use]
    pub fn elderly_certificate(&self, date: Date) -> Option<&ElderlyCertificate> {
        let valid = self.elderly_certificates.iter().filter(|c| c.is_valid_on(date));
        valid.max_by_key(|c| (c.valid_from, c.issued_on))
    }

    /// The specific-disease certificates valid on the date.
    pub fn specific_disease_certificates(
        &self,
        date: Date,
    ) -> impl Iterator<Item = &SpecificDiseaseCertificate> {
        self.specific_disease_certificates.iter().filter(move |c| c.is_valid_on(date))
    }
}

macro_rules! valid_on {
    ($($certificate:ident),+) => { $(impl $certificate {
        /// Whether the certificate is valid on the date.
        #[must_use]
        pub fn is_valid_on(&self, date: Date) -> bool {
            within(self.valid_from, self.valid_until, date)
        }
    })+ };
}
valid_on!(CeilingCertificate, ElderlyCertificate, SpecificDiseaseCertificate);

/// Whether a range, both ends included, holds the date.
fn within(from: Date, until: Option<Date>, date: Date) -> bool {
    from <= date && until.is_none_or(|last| date <= last)
}

/// 限度額適用認定証 (and its meal-cost relatives).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CeilingCertificate {
    /// OQSCD011.
    pub kind: CeilingCertificateKind,
    /// OQSCD012.
    pub class: CeilingClass,
    /// 交付年月日.
    pub issued_on: Date,
    /// First valid day.
    pub valid_from: Date,
    /// Last valid day.
    pub valid_until: Option<Date>,
    /// 長期入院該当年月日.
    pub long_term_on: Option<Date>,
}

/// 高齢受給者証 (ages 70–74).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElderlyCertificate {
    /// 交付年月日.
    pub issued_on: Date,
    /// First valid day.
    pub valid_from: Date,
    /// Last valid day.
    pub valid_until: Option<Date>,
    /// The person's share.
    pub ratio: CopayRatio,
}

/// 特定疾病療養受療証.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecificDiseaseCertificate {
    /// OQSCD013.
    pub disease: SpecificDisease,
    /// 交付年月日.
    pub issued_on: Date,
    /// First valid day.
    pub valid_from: Date,
    /// Last valid day.
    pub valid_until: Option<Date>,
    /// 自己負担限度額, yen per month.
    pub self_pay_yen: u32,
}
