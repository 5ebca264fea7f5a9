//! Forms: what a field is called, and what is wrong with what was typed into it.
//!
//! A form is read as a whole: every faulty field is named at once, each in Japanese with what to do.

use serde::{Deserialize, Serialize};

use crate::{
    Date,
    account::MailAddress,
    calendar::{format_japanese, parse_date},
    institution::InstitutionCode,
    typed,
};

/// A field of a form, as pages show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldText {
    /// The name in the form, the raw struct and [`FieldError::field`].
    pub id: &'static str,
    /// The Japanese label.
    pub label: &'static str,
    /// Whether it must be filled in. A field needed only sometimes says so in its hint.
    pub required: bool,
    /// An example or a condition; empty when the label says enough.
    pub hint: &'static str,
}

/// What is wrong with one field. Never repeats what was typed, so that it may be logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's [`FieldText::id`].
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// Everything that is wrong with a form, in the order of its fields; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} fields of the form are wrong", .0.len())]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// The errors, in the order of the fields.
    #[must_use]
    pub fn as_slice(&self) -> &[FieldError] {
        &self.0
    }

    /// The first error of a field.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&FieldError> {
        self.0.iter().find(|error| error.field == field)
    }
}

/// What is wrong, before it is known with which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) remedy: String,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: remedy.into() }
    }
}

/// Collects the faults of a form while it is read.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<FieldError>);

impl Faults {
    /// The value, or its fault noted down.
    pub(crate) fn keep<T>(&mut self, field: &str, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.add(field, fault)).ok()
    }

    pub(crate) fn add(&mut self, field: &str, fault: Fault) {
        self.0.push(FieldError { field: field.to_owned(), message: fault.message, remedy: fault.remedy });
    }

    /// What is wrong, when there is nothing to read: for rules that are known only afterwards.
    pub(crate) fn into_errors(self) -> FieldErrors {
        FieldErrors(self.0)
    }

    /// What was read, if all of it was; a form whose parts are all there but contradict each other fails too.
    pub(crate) fn finish<T>(self, whole: Option<T>) -> Result<T, FieldErrors> {
        match whole {
            Some(whole) if self.0.is_empty() => Ok(whole),
            _ => Err(FieldErrors(self.0)),
        }
    }
}

/// A ticked box: browsers send `on`, programs `true`.
pub(crate) fn ticked(text: &str) -> bool {
    matches!(text, "on" | "true" | "1")
}

/// One line of at most `max` characters that is not blank. `label` stands in the words.
pub(crate) fn required_line(text: &str, label: &str, max: usize) -> Result<String, Fault> {
    let line = optional_line(text, label, max)?;
    line.ok_or_else(|| {
        Fault::new(format!("{label}が入力されていません。"), format!("{label}を入力してください。"))
    })
}

/// One line of at most `max` characters; `None` when blank.
pub(crate) fn optional_line(text: &str, label: &str, max: usize) -> Result<Option<String>, Fault> {
    let too_long =
        || Fault::new(format!("{label}が長すぎます。"), format!("{max}文字以内で入力してください。"));
    if text.len() > typed::TYPED_MAX_BYTES {
        return Err(too_long());
    }
    let line = typed::one_line(text).ok_or_else(|| {
        Fault::new(format!("{label}に使えない文字（改行など）があります。"), "1行で入力し直してください。")
    })?;
    if line.chars().count() > max {
        return Err(too_long());
    }
    Ok(Some(line).filter(|line| !line.is_empty()))
}

/// Digits of a Japanese telephone number, the leading 0 included.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 10..=11;

/// A telephone number: 10 or 11 digits beginning with 0. Kept with the hyphens as typed.
pub(crate) fn phone(text: &str) -> Result<String, Fault> {
    let typed = required_line(text, "電話番号", 20)?;
    let remedy = "市外局番から、例のように入力してください（例：03-0000-0000）。";
    let number: String = typed::hyphenated(&typed).unwrap_or_default().replace(['(', ')'], "-");
    let number = number.trim_matches('-').to_owned();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let only = number.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if !only || !PHONE_DIGITS.contains(&digits) || !number.starts_with('0') {
        return Err(Fault::new("電話番号の形式が正しくありません。", remedy));
    }
    Ok(number)
}

/// A mail address.
pub(crate) fn mail(text: &str) -> Result<MailAddress, Fault> {
    required_line(text, "メールアドレス", 254)?;
    MailAddress::parse(text).map_err(|refusal| Fault::new(refusal.message(), refusal.remedy()))
}

/// A 医療機関コード, in any width.
pub(crate) fn institution_code(text: &str, label: &str) -> Result<InstitutionCode, Fault> {
    required_line(text, label, 20)?;
    InstitutionCode::parse(&typed::bare(text).unwrap_or_default()).map_err(|_| {
        Fault::new(
            format!("{label}の形式が正しくありません。"),
            "都道府県番号（01～47）で始まる10桁の数字を入力してください。",
        )
    })
}

/// A civil date, 和暦 or 西暦, between two days (both included).
pub(crate) fn date_between(text: &str, label: &str, first: Date, last: Date) -> Result<Date, Fault> {
    required_line(text, label, 20)?;
    let date = parse_date(text).map_err(|_| {
        Fault::new(
            format!("{label}を日付として読み取れません。"),
            "「令和8年11月22日」「2026-11-22」のように入力してください。",
        )
    })?;
    if date < first || date > last {
        let (first, last) = (format_japanese(first), format_japanese(last));
        return Err(Fault::new(
            format!("{label}が受け付けられる範囲にありません。"),
            format!("{first}から{last}までの日付を入力してください。"),
        ));
    }
    Ok(date)
}
