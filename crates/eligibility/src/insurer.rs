//! Insurers (保険者), their numbers, and what kind of insurer a number tells.

use serde::{Deserialize, Serialize};

/// Digits of a 国民健康保険 number (prefecture 2, insurer 3, check digit 1).
const NATIONAL_DIGITS: usize = 6;
/// Digits of every other number (法別番号 2, prefecture 2, insurer 3, check digit 1).
const FULL_DIGITS: usize = 8;

/// 保険者番号: 8 digits, or 6 for 国民健康保険. Kept as those digits, without padding.
///
/// The check digit is only a hint ([`InsurerNumber::check_digit_ok`]): a look-up never refuses a number
/// because of it, since what insurers notified is what counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InsurerNumber(String);

/// A text that cannot be a 保険者番号.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("insurer number must be 6 or 8 digits: {0:?}")]
pub struct InvalidInsurerNumber(pub String);

/// 保険者.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insurer {
    /// 保険者番号.
    pub number: InsurerNumber,
    /// 保険者名称 (福祉事務所名 for 医療扶助).
    pub name: String,
}

impl InsurerNumber {
    /// Reads 8 digits, or 6 digits bare or padded to 8 with blanks or zeros on the left; full-width digits
    /// are taken as digits.
    ///
    /// # Errors
    /// [`InvalidInsurerNumber`] for anything else, also when blanks stand inside or the padding is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidInsurerNumber> {
        let refuse = || InvalidInsurerNumber(text.chars().take(2 * FULL_DIGITS).collect());
        let digits: String = text
            .trim_matches([' ', '\u{3000}'])
            .chars()
            .map(narrow_digit)
            .collect::<Option<String>>()
            .ok_or_else(refuse)?;
        // No 法別番号 is 00, so two leading zeros of an 8-digit number are padding.
        let digits = match digits.strip_prefix("00") {
            Some(rest) if digits.len() == FULL_DIGITS => rest,
            _ => digits.as_str(),
        };
        if digits.len() != NATIONAL_DIGITS && digits.len() != FULL_DIGITS {
            return Err(refuse());
        }
        Ok(Self(digits.to_owned()))
    }

    /// Makes a number from its digits without the last (5 or 7 of them), adding the check digit.
    ///
    /// # Errors
    /// [`InvalidInsurerNumber`] when `first` is not 5 or 7 ASCII digits.
    pub fn with_check_digit(first: &str) -> Result<Self, InvalidInsurerNumber> {
        let length = first.len() == NATIONAL_DIGITS - 1 || first.len() == FULL_DIGITS - 1;
        if !length || !first.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidInsurerNumber(first.chars().take(2 * FULL_DIGITS).collect()));
        }
        Ok(Self(format!("{first}{}", check_digit(first))))
    }

    /// The 6 or 8 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits 8 wide, with blanks on the left: the form of messages.
    #[must_use]
    pub fn padded(&self) -> String {
        format!("{:>width$}", self.0, width = FULL_DIGITS)
    }

    /// Whether the last digit is the check digit of the others.
    #[must_use]
    pub fn check_digit_ok(&self) -> bool {
        let (first, last) = self.0.split_at(self.0.len() - 1);
        last.parse() == Ok(check_digit(first))
    }

    /// 法別番号, the first two of 8 digits; `None` for the 6 digits of 国民健康保険.
    #[must_use]
    pub(crate) fn law_code(&self) -> Option<&str> {
        (self.0.len() == FULL_DIGITS).then(|| &self.0[..2])
    }

    /// The two digits of the prefecture.
    #[must_use]
    pub fn prefecture(&self) -> &str {
        let start = self.0.len() - NATIONAL_DIGITS;
        &self.0[start..start + 2]
    }

    /// What kind of insurer the number tells.
    #[must_use]
    pub fn kind(&self) -> InsurerKind {
        let Some(law) = self.law_code() else {
            // Third digit 3: 国民健康保険組合 (a guild), otherwise a municipality.
            let guild = self.0.as_bytes()[2] == b'3';
            return if guild { InsurerKind::NationalGuild } else { InsurerKind::National };
        };
        match law {
            "01" => InsurerKind::JapanHealth,
            "02" => InsurerKind::Seamen,
            "03" | "04" => InsurerKind::DayLabourer,
            "06" => InsurerKind::HealthSociety,
            "07" => InsurerKind::SelfDefenseForces,
            "12" => InsurerKind::PublicAssistance,
            "31" | "32" | "33" | "34" => InsurerKind::MutualAid,
            "39" => InsurerKind::LateElderly,
            "63" | "72" | "73" | "74" | "75" => InsurerKind::SpecialRetired,
            "67" => InsurerKind::RetiredNational,
            _ => InsurerKind::Other,
        }
    }
}

/// Kinds of insurers, told by the 法別番号.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InsurerKind {
    /// 国民健康保険 of a municipality (6 digits).
    National,
    /// 国民健康保険組合 (6 digits, third digit 3).
    NationalGuild,
    /// 全国健康保険協会 (協会けんぽ), 01.
    JapanHealth,
    /// 船員保険, 02.
    Seamen,
    /// 日雇特例被保険者, 03 and 04.
    DayLabourer,
    /// 健康保険組合, 06.
    HealthSociety,
    /// 自衛官等, 07.
    SelfDefenseForces,
    /// 医療扶助 (生活保護), 12: a 公費負担者番号, not insurance.
    PublicAssistance,
    /// 共済組合, 31–34.
    MutualAid,
    /// 後期高齢者医療, 39.
    LateElderly,
    /// 特例退職被保険者, 63 and 72–75.
    SpecialRetired,
    /// 退職国民健康保険, 67.
    RetiredNational,
    /// A 法別番号 this table does not know.
    Other,
}

impl InsurerKind {
    /// The Japanese name of the kind.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::National => "国民健康保険",
            Self::NationalGuild => "国民健康保険組合",
            Self::JapanHealth => "全国健康保険協会",
            Self::Seamen => "船員保険",
            Self::DayLabourer => "日雇特例被保険者",
            Self::HealthSociety => "健康保険組合",
            Self::SelfDefenseForces => "自衛官等",
            Self::PublicAssistance => "医療扶助",
            Self::MutualAid => "共済組合",
            Self::LateElderly => "後期高齢者医療",
            Self::SpecialRetired => "特例退職被保険者",
            Self::RetiredNational => "退職国民健康保険",
            Self::Other => "その他",
        }
    }
}

impl TryFrom<String> for InsurerNumber {
    type Error = InvalidInsurerNumber;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}
impl std::str::FromStr for InsurerNumber {
    type Err = InvalidInsurerNumber;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
impl From<InsurerNumber> for String {
    fn from(number: InsurerNumber) -> Self {
        number.0
    }
}
impl std::fmt::Display for InsurerNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn narrow_digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10),
        _ => None,
    }
}

/// Weights 2, 1, 2, … from the right, digit sums of the products, what is missing to the next ten.
pub(crate) fn check_digit(first: &str) -> u32 {
    let sum: u32 = first
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let product = u32::from(byte - b'0') * if place % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    (10 - sum % 10) % 10
}
