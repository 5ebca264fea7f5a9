//! 一括照会: questions by the file. Handed in, worked on in the background, fetched later by a 受付番号.
//!
//! A row that is wrong is answered as wrong and stops nothing else.

use serde::{Deserialize, Serialize};

use crate::{Date, Instant, calendar, errors::ErrorCode};

/// Rows of one file at most.
pub const ROWS_MAX: usize = 10_000;
/// Files of all kinds that an institution may hand in on one day (Asia/Tokyo).
pub const FILES_PER_DAY: u32 = 20;
/// How long a result can be fetched, days from the handing in.
pub const RESULTS_KEPT_DAYS: i64 = 7;
/// The same in milliseconds.
pub const RESULTS_KEPT_MS: i64 = RESULTS_KEPT_DAYS * calendar::DAY_MS;
/// Digits of a 受付番号.
const RECEPTION_DIGITS: usize = 20;
/// 診療年月 that may be asked for: so many months back.
pub const MONTHS_BACK_MAX: i32 = 60;

/// What a file asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkKind {
    /// 資格確認一括照会: a question by insurance data a row.
    Eligibility,
    /// 照会番号一括登録: a number for a patient a row.
    ReferenceNumbers,
    /// 委託先資格情報の一括取得: everybody whose 医療券・調剤券 of a month is made out to the institution.
    EntrustedEligibility,
}

impl BulkKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Eligibility, Self::ReferenceNumbers, Self::EntrustedEligibility];

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eligibility => "eligibility",
            Self::ReferenceNumbers => "reference_numbers",
            Self::EntrustedEligibility => "entrusted_eligibility",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The three letters in the names of its files.
    #[must_use]
    pub const fn function(self) -> &'static str {
        match self {
            Self::Eligibility => "quc",
            Self::ReferenceNumbers => "imm",
            Self::EntrustedEligibility => "tic",
        }
    }

    /// Reads [`Self::function`].
    #[must_use]
    pub fn from_function(function: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.function() == function)
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Eligibility => "資格確認一括照会",
            Self::ReferenceNumbers => "照会番号一括登録",
            Self::EntrustedEligibility => "委託先資格情報一括取得",
        }
    }
}

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkState {
    /// 受付: handed in, not begun.
    Received,
    /// 処理中: begun.
    Processing,
    /// 完了: every row has its answer.
    Done,
    /// エラー: given up; no row's answer can be fetched.
    Failed,
}

impl BulkState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Received, Self::Processing, Self::Done, Self::Failed];

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processing => "processing",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Received => "受付",
            Self::Processing => "処理中",
            Self::Done => "完了",
            Self::Failed => "エラー",
        }
    }

    /// Whether nothing more will happen to the file.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// 受付番号: when the file was handed in (YYYYMMDDhhmmss, Asia/Tokyo) and its number of that day at its institution.
/// Good at that institution only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReceptionNumber(String);

/// A text that is no 受付番号.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reception number is {RECEPTION_DIGITS} digits")]
pub struct InvalidReceptionNumber;

impl ReceptionNumber {
    /// The number of a file handed in at this moment as the `of_day`-th of the day.
    #[must_use]
    pub fn new(received_at: Instant, of_day: u32) -> Self {
        Self(format!("{}{of_day:06}", calendar::format_n14(received_at)))
    }

    /// Reads twenty digits; blanks around them do not matter.
    ///
    /// # Errors
    /// [`InvalidReceptionNumber`] otherwise.
    pub fn parse(text: &str) -> Result<Self, InvalidReceptionNumber> {
        let text = text.trim();
        let digits = text.len() == RECEPTION_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
        if digits { Ok(Self(text.to_owned())) } else { Err(InvalidReceptionNumber) }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ReceptionNumber {
    type Error = InvalidReceptionNumber;
    fn try_from(text: String) -> Result<Self, InvalidReceptionNumber> {
        Self::parse(&text)
    }
}
impl From<ReceptionNumber> for String {
    fn from(number: ReceptionNumber) -> Self {
        number.0
    }
}

/// Whether a file with so many rows may be taken, after so many of the same day.
///
/// # Errors
/// The code that refuses it.
pub fn admit(rows: usize, handed_in_today: u32) -> Result<(), ErrorCode> {
    if rows > ROWS_MAX {
        return Err(ErrorCode::BulkTooManyRows);
    }
    if rows == 0 {
        return Err(ErrorCode::FieldFormat);
    }
    if handed_in_today >= FILES_PER_DAY {
        return Err(ErrorCode::BulkTooManyFiles);
    }
    Ok(())
}

/// The moment the day began on which files count together with one handed in now.
#[must_use]
pub fn day_began_at(now: Instant) -> Instant {
    calendar::start_of_day(calendar::tokyo_date(now))
}

/// Whether entrusted eligibility of this month (its first day) may be asked for: neither to come nor long over.
#[must_use]
pub fn is_month_open(month: Date, today: Date) -> bool {
    let this_month = calendar::first_of_month(today);
    let next_month = calendar::first_of_next_month(today);
    (calendar::add_months(this_month, -MONTHS_BACK_MAX)..=next_month).contains(&month)
}

/// Whether the result of a file handed in then is wiped by now.
#[must_use]
pub const fn is_wiped(received_at: Instant, now: Instant) -> bool {
    now.0 >= received_at.0.saturating_add(RESULTS_KEPT_MS)
}
