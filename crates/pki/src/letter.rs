//! Paper that goes to institutions: 電子証明書発行通知書 and 通知書, as PDF.
//!
//! A4, folded in three for a window envelope (長形3号): the addressee stands where the window is. Codes that
//! somebody will type are large and in groups of four. Both hold secrets in plain text: they are made when they
//! are printed or downloaded, and kept nowhere.

mod accounts;
mod canvas;
mod certificate;
mod code_sheet;
mod fonts;
mod picture;

use crate::{Error, Result};

pub use accounts::{Account, AccountSheet, Environment};
pub use certificate::CertificateLetter;
pub use code_sheet::CodeSheet;
pub use fonts::{FontFiles, Fonts, FontsOnDemand, Repertoire};
pub use picture::TextPicture;

/// Whom a letter is for.
#[derive(Clone, Debug)]
pub struct Recipient<'a> {
    /// Seven digits, with or without hyphen.
    pub postal_code: &'a str,
    /// The address, one or two lines.
    pub address: &'a [&'a str],
    /// 医療機関等名称.
    pub institution_name: &'a str,
    /// 医療機関コード, ten digits.
    pub institution_code: &'a str,
}

/// Who sends a letter.
#[derive(Clone, Debug)]
pub struct Sender<'a> {
    /// Name of the office.
    pub name: &'a str,
    /// Where questions go: telephone and hours.
    pub contact: &'a str,
}

/// A date as letters write it: 2026年11月22日.
fn written(date: eligibility::Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// Groups of four, for people who type.
fn grouped(code: &str, between: &str) -> String {
    let plain: Vec<char> = code.chars().filter(char::is_ascii_alphanumeric).collect();
    plain.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(between)
}

fn postal(code: &str) -> Result<String> {
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 7 {
        return Err(Error::Name("the postal code"));
    }
    Ok(format!("〒{}-{}", &digits[..3], &digits[3..]))
}
