//! Days and moments as every page of the institution web says them: 和暦 with 西暦 beside, Asia/Tokyo, and never broken
//! in the middle of a date.

use askama::filters::{Html, escape};
use eligibility::calendar::{JapaneseDate, format_japanese, tokyo_date, tokyo_datetime};
use eligibility::{Date, Instant};

pub(super) use eligibility::calendar::format_both as day;

/// 「令和8年11月22日（2026年11月22日） 10:05」.
pub(super) fn moment(at: Instant) -> String {
    let local = tokyo_datetime(at);
    format!("{} {:02}:{:02}", day(tokyo_date(at)), local.hour(), local.minute())
}

/// The same to the second.
pub(super) fn second(at: Instant) -> String {
    format!("{}:{:02}", moment(at), tokyo_datetime(at).second())
}

/// 「令和8年11月（2026年11月）」.
pub(super) fn month(date: Date) -> String {
    let western = format!("{}年{}月", date.year(), date.month());
    let told = format_japanese(date);
    match (JapaneseDate::of(date), told.split_once('月')) {
        (Some(_), Some((until, _))) => format!("{until}月（{western}）"),
        _ => western,
    }
}

/// A text as HTML in which a line may break before, behind and between dates, but in none.
pub(super) fn kept(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
    let mut html = String::with_capacity(text.len() + 64);
    let (mut from, mut at) = (0, 0);
    while let Some(step) = text[at..].chars().next() {
        let long = date_at(&text[at..]);
        if long == 0 {
            at += step.len_utf8();
            continue;
        }
        push(&mut html, &text[from..at]);
        html.push_str("<span class=\"day\">");
        push(&mut html, &text[at..at + long]);
        html.push_str("</span>");
        at += long;
        from = at;
    }
    push(&mut html, &text[from..]);
    html
}

fn push(html: &mut String, text: &str) {
    let Ok(escaped) = escape(text, Html);
    html.push_str(&escaped.0.to_string());
}

/// Bytes of the date with which a text begins, the brackets around it included; 0 when it begins with none.
fn date_at(text: &str) -> usize {
    let opened = text.strip_prefix('（').unwrap_or(text);
    let era = ["明治", "大正", "昭和", "平成", "令和"].into_iter().find_map(|era| opened.strip_prefix(era));
    let year = match era.and_then(|rest| rest.strip_prefix('元')) {
        Some(rest) => Some(rest),
        None => number(era.unwrap_or(opened), if era.is_some() { 1..=2 } else { 4..=4 }),
    };
    let rest = year.and_then(|rest| number(rest.strip_prefix('年')?, 1..=2)?.strip_prefix('月'));
    let Some(rest) = rest else { return 0 };
    let rest = number(rest, 1..=2).and_then(|day| day.strip_prefix('日')).unwrap_or(rest);
    let rest = if opened.len() < text.len() { rest.strip_prefix('）').unwrap_or(rest) } else { rest };
    text.len() - rest.len()
}

/// What stands behind so many digits.
fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<&str> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    digits.contains(&count).then(|| &text[count..])
}

#[cfg(test)]
mod tests {
    use eligibility::{Date, Instant};

    use super::{day, kept, moment, month, second};

    /// 2026-11-22 10:05:09 in Tokyo.
    const AT: Instant = Instant(1_795_309_509_000);

    #[test]
    fn days_are_told_in_both_calendars() {
        assert_eq!(day(Date::constant(2026, 11, 22)), "令和8年11月22日（2026年11月22日）");
        assert_eq!(day(Date::constant(2019, 5, 1)), "令和元年5月1日（2019年5月1日）");
        assert_eq!(day(Date::constant(1860, 1, 2)), "1860年1月2日");
        assert_eq!(moment(AT), "令和8年11月22日（2026年11月22日） 10:05");
        assert_eq!(second(AT), "令和8年11月22日（2026年11月22日） 10:05:09");
        assert_eq!(month(Date::constant(2026, 11, 1)), "令和8年11月（2026年11月）");
        assert_eq!(month(Date::constant(1860, 1, 1)), "1860年1月");
    }

    #[test]
    fn no_line_breaks_within_a_date() {
        for (text, html) in [
            ("令和8年11月22日", "<span class=\"day\">令和8年11月22日</span>"),
            ("令和元年5月から", "<span class=\"day\">令和元年5月</span>から"),
            (
                "令和8年11月22日（2026年11月22日） 10:05",
                "<span class=\"day\">令和8年11月22日</span><span class=\"day\">（2026年11月22日）</span> 10:05",
            ),
            ("前回（2026年1月2日、番号）", "前回<span class=\"day\">（2026年1月2日</span>、番号）"),
            ("<b>3年 令和x年", "&#60;b&#62;3年 令和x年"),
            ("12345年1月2日", "1<span class=\"day\">2345年1月2日</span>"),
            ("", ""),
        ] {
            assert_eq!(kept(text), html, "{text}");
        }
    }
}
