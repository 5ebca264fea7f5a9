//! One field of a record: text in the file, a value in the domain.

use eligibility::{Date, coverage::CopayRatio, institution::InstitutionCode, insurer::InsurerNumber};

use super::lines::{Fault, Fields, fault};
use crate::message::CodeTable;

/// The fields of one record with their names.
pub(super) struct Row<'f> {
    fields: &'f Fields,
    columns: &'static [&'static str],
}

impl<'f> Row<'f> {
    /// Takes a line as a record with these columns.
    pub(super) fn new(fields: &'f Fields, columns: &'static [&'static str]) -> Result<Self, Fault> {
        if fields.len() != columns.len() {
            return Err(fault("row", "wrong number of fields", "write every column, empty ones too"));
        }
        Ok(Self { fields, columns })
    }

    pub(super) fn raw(&self, index: usize) -> &'f str {
        self.fields.get(index)
    }

    pub(super) fn name(&self, index: usize) -> &'static str {
        self.columns.get(index).copied().unwrap_or("row")
    }

    pub(super) fn text(&self, index: usize) -> Option<String> {
        let text = self.raw(index);
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub(super) fn required_text(&self, index: usize) -> Result<String, Fault> {
        self.text(index).ok_or_else(|| self.missing(index))
    }

    /// Reads an optional field by `read`, whose `None` means a wrong format.
    pub(super) fn optional<T>(
        &self,
        index: usize,
        remedy: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let text = self.raw(index);
        if text.is_empty() {
            return Ok(None);
        }
        read(text).map(Some).ok_or(fault(self.name(index), "wrong format", remedy))
    }

    pub(super) fn required<T>(
        &self,
        index: usize,
        remedy: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Fault> {
        self.optional(index, remedy, read)?.ok_or_else(|| self.missing(index))
    }

    pub(super) fn date(&self, index: usize) -> Result<Option<Date>, Fault> {
        self.optional(index, "write YYYY-MM-DD", date)
    }

    pub(super) fn required_date(&self, index: usize) -> Result<Date, Fault> {
        self.required(index, "write YYYY-MM-DD", date)
    }

    pub(super) fn code<T: CodeTable>(&self, index: usize) -> Result<Option<T>, Fault> {
        self.optional(index, "write a code of the table", T::from_code)
    }

    pub(super) fn required_code<T: CodeTable>(&self, index: usize) -> Result<T, Fault> {
        self.required(index, "write a code of the table", T::from_code)
    }

    pub(super) fn flag(&self, index: usize) -> Result<bool, Fault> {
        self.required(index, "write 0 or 1", |text| match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        })
    }

    pub(super) fn number(&self, index: usize) -> Result<u32, Fault> {
        self.required(index, "write digits", yen)
    }

    fn missing(&self, index: usize) -> Fault {
        fault(self.name(index), "missing", "fill the column")
    }
}

/// `YYYY-MM-DD`, exactly.
pub(super) fn date(text: &str) -> Option<Date> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let digit = |index: usize| bytes[index].is_ascii_digit().then(|| i16::from(bytes[index] - b'0'));
    let pair = |index: usize| Some(digit(index)? * 10 + digit(index + 1)?);
    let year = pair(0)? * 100 + pair(2)?;
    Date::new(year, i8::try_from(pair(5)?).ok()?, i8::try_from(pair(8)?).ok()?).ok()
}

/// `YYYY-MM`, exactly, as the first day of the month.
pub(super) fn month(text: &str) -> Option<Date> {
    if text.len() != 7 {
        return None;
    }
    date(&format!("{text}-01"))
}

pub(super) fn date_text(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

pub(super) fn month_text(date: Date) -> String {
    format!("{:04}-{:02}", date.year(), date.month())
}

/// Digits without a sign.
pub(super) fn yen(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

pub(super) fn ratio(text: &str) -> Option<CopayRatio> {
    CodeTable::from_code(text)
}

pub(super) fn insurer(text: &str) -> Option<InsurerNumber> {
    InsurerNumber::parse(text).ok()
}

pub(super) fn institution(text: &str) -> Option<InstitutionCode> {
    InstitutionCode::parse(text).ok()
}

/// Lower-case hex of at most 64 digits, as serial numbers and issuer hashes are written.
pub(super) fn is_hex(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
