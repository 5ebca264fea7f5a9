//! Consent (閲覧同意): what a patient lets one institution see, of which kind, until when.

use serde::{Deserialize, Serialize};

use crate::{Date, Instant};

/// What is consented to (OQSCD036, with the ceiling certificate beside).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentKind {
    /// 限度額適用認定証 (not asked at the reader: given by using the card).
    Ceiling,
    /// 特定疾病療養受療証 (TSR).
    SpecificDisease,
    /// 特定健診情報 (TKK).
    Checkup,
    /// 薬剤情報 (YZK).
    Medication,
    /// 診療情報 (SRJ).
    Treatment,
    /// 手術情報 (SHJ).
    Operation,
}

/// 診療形態 (OQSCD028).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CareForm {
    /// 外来 `1`
    Outpatient,
    /// 訪問診療等 `2`
    HomeVisit,
    /// オンライン診療等 `3`
    Online,
    /// 救急時 `4`
    Emergency,
}

/// What the patient chose for one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentChoice {
    /// Which information.
    pub kind: ConsentKind,
    /// `true` agreed, `false` refused.
    pub granted: bool,
}

/// A consent as it stands in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Which information.
    pub kind: ConsentKind,
    /// `true` agreed, `false` refused.
    pub granted: bool,
    /// When it was given.
    pub granted_at: Instant,
    /// First moment it no longer holds; `None` = until ended otherwise (訪問).
    pub valid_until: Option<Instant>,
}

/// How long an outpatient consent lasts: exactly 24 hours from registration.
pub const OUTPATIENT_CONSENT_MS: i64 = 24 * 60 * 60 * 1000;

/// The planned day of online care can lie this many days ahead at most.
pub const PLANNED_DAY_MAX_DAYS: i32 = 180;

/// What decides how long a consent lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentTerm {
    /// 外来: exactly [`OUTPATIENT_CONSENT_MS`].
    Outpatient,
    /// 訪問診療等: until cancelled.
    UntilCancelled,
    /// オンライン診療等 and 通常とは異なる動線: to the end of the planned day in Asia/Tokyo.
    PlannedDay(Date),
}
