//! Dates as they are typed at a counter: all that [`parse_date`] reads, and the shapes of receipt computers, Chinese
//! numerals and blanks between the parts.

use super::{AGE_MAX_YEARS, AS_OF_MONTHS_AHEAD, AS_OF_YEARS_BACK};
use crate::{
    Date,
    calendar::{self, Era, InvalidDate, JapaneseDate, format_japanese, parse_date},
    field::Fault,
    typed,
};

const EXAMPLES: &str = "「昭和55年1月2日」「S55.1.2」「1980-01-02」のように入力してください。";
/// Characters of a date at most; more is another thing in the wrong field.
const DATE_MAX_CHARS: usize = 32;

/// 生年月日: not after today, not longer ago than people live.
pub(super) fn birthdate(text: &str, today: Date) -> Result<Date, Fault> {
    const LABEL: &str = "生年月日";
    let date = read(text, LABEL)?.ok_or_else(|| Fault::new("生年月日が入力されていません。", EXAMPLES))?;
    if date > today {
        return Err(Fault::new(
            "生年月日が今日より後の日になっています。",
            "元号と年を見直してください（例：昭和のSと令和のR）。",
        ));
    }
    if date < calendar::birthday(today, -AGE_MAX_YEARS) {
        let message = format!("生年月日が{AGE_MAX_YEARS}年より前の日になっています。");
        return Err(Fault::new(message, "元号と年を見直してください。"));
    }
    Ok(date)
}

/// 資格確認日: today when blank.
pub(super) fn as_of(text: &str, today: Date) -> Result<Date, Fault> {
    const LABEL: &str = "資格確認日";
    let Some(date) = read(text, LABEL)? else { return Ok(today) };
    let first = calendar::birthday(today, -AS_OF_YEARS_BACK);
    let last = calendar::add_months(today, AS_OF_MONTHS_AHEAD);
    if date < first || date > last {
        let (first, last) = (format_japanese(first), format_japanese(last));
        return Err(Fault::new(
            "資格確認日が確認できる範囲にありません。",
            format!("{first}から{last}までの日を入力するか、空けて今日の資格を確認してください。"),
        ));
    }
    Ok(date)
}

/// A date in any shape; `None` when blank.
fn read(text: &str, label: &str) -> Result<Option<Date>, Fault> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let unreadable = || Fault::new(format!("{label}を日付として読み取れません。"), EXAMPLES);
    if text.len() > typed::TYPED_MAX_BYTES || text.chars().count() > DATE_MAX_CHARS {
        return Err(unreadable());
    }
    let plain = plain(text);
    let read = match by_era_number(&plain) {
        Some(read) => read,
        None => parse_date(&plain),
    };
    match read {
        Ok(date) => Ok(Some(date)),
        Err(InvalidDate::Form) if is_short_year(&plain) => Err(Fault::new(
            format!("{label}の年が2桁で、元号がありません。"),
            "元号を付けるか（例：S55.1.2）、西暦4桁で入力してください。",
        )),
        Err(InvalidDate::Form) => Err(unreadable()),
        Err(InvalidDate::NoSuchDay) => {
            Err(Fault::new(format!("{label}が暦にない日です。"), "月と日を見直してください。"))
        }
        Err(InvalidDate::OutsideEra) => {
            Err(Fault::new(format!("{label}がその元号の期間にありません。"), eras()))
        }
    }
}

/// One writing for many: narrow, Chinese numerals as digits, one slash between the parts.
fn plain(text: &str) -> String {
    let narrow: String = text.trim().chars().map(narrow).collect();
    let digits = numerals(&narrow);
    let mut plain = String::with_capacity(digits.len());
    let mut parts = digits.split_whitespace().peekable();
    while let Some(part) = parts.next() {
        plain.push_str(part);
        let ends = plain.ends_with(|c: char| c.is_ascii_digit() || c == '元');
        // A blank between two numbers parts them; any other is only a blank.
        if ends && parts.peek().is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit())) {
            plain.push('/');
        }
    }
    plain
}

fn narrow(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '、' | '。' | '､' | '｡' | '・' | '･' | ',' | '―' | 'ー' | '–' | '—' | '‐' | '−' => {
            '/'
        }
        _ => c,
    }
}

/// 五十五 → 55, 二〇二六 → 2026. A run with 十 is a number below a hundred, one without is digits.
fn numerals(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run: Vec<char> = Vec::new();
    for c in text.chars().chain(std::iter::once('\0')) {
        if numeral(c).is_some() || c == '十' {
            run.push(c);
            continue;
        }
        match number(&run) {
            Some(number) => out.push_str(&number),
            None => out.extend(&run),
        }
        run.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

fn numeral(c: char) -> Option<u32> {
    "〇一二三四五六七八九".chars().position(|numeral| numeral == c).and_then(|at| u32::try_from(at).ok())
}

fn number(run: &[char]) -> Option<String> {
    let digits = |part: &[char]| part.iter().filter_map(|c| numeral(*c)).fold(0, |n, digit| n * 10 + digit);
    match run.iter().position(|c| *c == '十') {
        None => Some(run.iter().filter_map(|c| numeral(*c)).map(|digit| digit.to_string()).collect()),
        Some(at) if at <= 1 && run.len() <= at + 2 => {
            let tens = if at == 0 { 1 } else { digits(&run[..at]) };
            Some((tens * 10 + digits(&run[at + 1..])).to_string())
        }
        Some(_) => None,
    }
}

/// `3550102` or `3-55.1.2`: how receipt computers write 昭和55年1月2日, the era as a number from 1 (明治).
fn by_era_number(plain: &str) -> Option<Result<Date, InvalidDate>> {
    let (first, rest) = plain.split_at_checked(1)?;
    let era = match first {
        "1" => Era::Meiji,
        "2" => Era::Taisho,
        "3" => Era::Showa,
        "4" => Era::Heisei,
        "5" => Era::Reiwa,
        _ => return None,
    };
    let run_together = rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_digit());
    let parted = || {
        let (year, _) = rest.strip_prefix(['-', '/'])?.split_once(['.', '/', '-'])?;
        let parts = rest[1..].split(['.', '/', '-']).count();
        (parts == 3 && year.len() <= 2).then_some(&rest[1..])
    };
    let rest = if run_together { rest } else { parted()? };
    Some(parse_date(&format!("{}{rest}", era.letter())))
}

/// 55.1.2 or 550102: an era is missing.
fn is_short_year(plain: &str) -> bool {
    let digits = plain.bytes().all(|b| b.is_ascii_digit());
    let year = plain.split(['/', '.', '-', '年']).next().unwrap_or_default();
    (digits && plain.len() == 6)
        || (!digits && (1..=2).contains(&year.len()) && year.bytes().all(|b| b.is_ascii_digit()))
}

/// From when until when each era lasted, in one line.
fn eras() -> String {
    let told = |day: Date| JapaneseDate::of(day).map_or_else(String::new, |day| day.to_string());
    let ends: Vec<String> = Era::ALL
        .iter()
        .filter_map(|era| Some((era, era.last_day()?)))
        .map(|(era, last)| {
            let year = last.year() - era.first_day().year() + 1;
            format!("{}は{year}年{}月{}日まで", era.name(), last.month(), last.day())
        })
        .collect();
    let reiwa = told(Era::Reiwa.first_day());
    format!("{}、令和は{reiwa}からです。元号と年を見直してください。", ends.join("、"))
}
