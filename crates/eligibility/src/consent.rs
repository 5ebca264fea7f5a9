//! Consent (閲覧同意): what a patient lets one institution see, of which kind, until when.

mod end;
mod kept;
mod search;
mod standing;

use serde::{Deserialize, Serialize};

pub use end::ConsentEndForm;
pub use kept::{KeptConsent, KeptFacts, KeptState, disclosure_of, standing_of};
pub use search::{ConsentSearch, ConsentSearchForm, SEARCH_DAYS_AT_FIRST, SEARCH_DAYS_MAX};
pub use standing::{ConsentFacts, HOME_VISIT_CONSENT_MONTHS, StandingConsent};

use crate::{
    Date, Instant, calendar,
    codes::{ConsentInformation, TreatmentCategory, UnknownCode},
};

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

impl ConsentKind {
    /// Every kind, in the order of messages.
    pub const ALL: &'static [Self] = &[
        Self::Ceiling,
        Self::SpecificDisease,
        Self::Checkup,
        Self::Medication,
        Self::Treatment,
        Self::Operation,
    ];

    /// The name in our own messages, records and signed statements.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ceiling => "ceiling",
            Self::SpecificDisease => "specific_disease",
            Self::Checkup => "checkup",
            Self::Medication => "medication",
            Self::Treatment => "treatment",
            Self::Operation => "operation",
        }
    }

    /// The kind in OQSCD036; `None` for the ceiling certificate, which is not in that table.
    #[must_use]
    pub const fn information(self) -> Option<ConsentInformation> {
        match self {
            Self::Ceiling => None,
            Self::SpecificDisease => Some(ConsentInformation::SpecificDisease),
            Self::Checkup => Some(ConsentInformation::Checkup),
            Self::Medication => Some(ConsentInformation::Medication),
            Self::Treatment => Some(ConsentInformation::Treatment),
            Self::Operation => Some(ConsentInformation::Operation),
        }
    }

    /// The Japanese name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self.information() {
            Some(information) => information.label(),
            None => "限度額適用認定証情報",
        }
    }
}

impl From<ConsentInformation> for ConsentKind {
    fn from(information: ConsentInformation) -> Self {
        match information {
            ConsentInformation::SpecificDisease => Self::SpecificDisease,
            ConsentInformation::Checkup => Self::Checkup,
            ConsentInformation::Medication => Self::Medication,
            ConsentInformation::Treatment => Self::Treatment,
            ConsentInformation::Operation => Self::Operation,
        }
    }
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

impl CareForm {
    /// Every form, in the order of OQSCD028.
    pub const ALL: &'static [Self] = &[Self::Outpatient, Self::HomeVisit, Self::Online, Self::Emergency];

    /// The name in our own messages, records and signed statements.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outpatient => "outpatient",
            Self::HomeVisit => "home_visit",
            Self::Online => "online",
            Self::Emergency => "emergency",
        }
    }

    /// The value of OQSCD028.
    #[must_use]
    pub const fn category(self) -> TreatmentCategory {
        match self {
            Self::Outpatient => TreatmentCategory::Outpatient,
            Self::HomeVisit => TreatmentCategory::HomeVisit,
            Self::Online => TreatmentCategory::Online,
            Self::Emergency => TreatmentCategory::Emergency,
        }
    }

    /// The code as written in messages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.category().code()
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.category().label()
    }

    /// Reads a code of OQSCD028.
    ///
    /// # Errors
    /// [`UnknownCode`] when the table has no such code.
    pub fn from_code(code: &str) -> Result<Self, UnknownCode> {
        Ok(match TreatmentCategory::from_code(code)? {
            TreatmentCategory::Outpatient => Self::Outpatient,
            TreatmentCategory::HomeVisit => Self::HomeVisit,
            TreatmentCategory::Online => Self::Online,
            TreatmentCategory::Emergency => Self::Emergency,
        })
    }
}

/// What the patient chose for one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// When the institution last asked again under it (再照会), which lets a consent for home visits go on.
    #[serde(default)]
    pub renewed_at: Option<Instant>,
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

/// Why a planned day cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlannedDay {
    /// The day is over.
    #[error("the planned day is in the past")]
    Past,
    /// The day lies more than [`PLANNED_DAY_MAX_DAYS`] ahead.
    #[error("the planned day is more than {PLANNED_DAY_MAX_DAYS} days ahead")]
    TooFar,
}

impl ConsentTerm {
    /// A term to the end of a planned day; no booking means today.
    ///
    /// # Errors
    /// [`InvalidPlannedDay`] when the day is past or too far ahead.
    pub fn planned_day(planned: Option<Date>, today: Date) -> Result<Self, InvalidPlannedDay> {
        let day = planned.unwrap_or(today);
        if day < today {
            return Err(InvalidPlannedDay::Past);
        }
        if calendar::days_between(today, day) > PLANNED_DAY_MAX_DAYS {
            return Err(InvalidPlannedDay::TooFar);
        }
        Ok(Self::PlannedDay(day))
    }

    /// The first moment a consent given at `granted_at` no longer holds; `None` = until ended otherwise.
    #[must_use]
    pub fn valid_until(self, granted_at: Instant) -> Option<Instant> {
        match self {
            Self::Outpatient => Some(Instant(granted_at.0.saturating_add(OUTPATIENT_CONSENT_MS))),
            Self::UntilCancelled => None,
            Self::PlannedDay(day) => Some(calendar::end_of_day(day)),
        }
    }
}

impl Consent {
    /// Whether the consent was given and still holds at `now`.
    #[must_use]
    pub fn holds_at(&self, now: Instant) -> bool {
        self.granted && self.granted_at <= now && self.valid_until.is_none_or(|end| now < end)
    }
}
