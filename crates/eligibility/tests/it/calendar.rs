use eligibility::{
    Date, Instant,
    calendar::{
        self, DAY_MS, Era, InvalidDate, JapaneseDate, add_months, age_on, birthday, elderly_from,
        format_japanese, is_preschool, late_elderly_from, legal_age_on, parse_date, preschool_until,
        reaches_age_on,
    },
};
use jiff::civil::date;
use proptest::prelude::*;

fn days(from: Date, to: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(from), move |day| (*day < to).then(|| calendar::next_day(*day)))
}

#[test]
fn every_day_from_1868_to_2100_survives_the_japanese_calendar_and_back() {
    let mut counted = 0;
    for day in days(date(1868, 1, 25), date(2100, 12, 31)) {
        let japanese = JapaneseDate::of(day).expect("an era");
        assert_eq!(japanese.to_date(), Ok(day));
        assert_eq!(parse_date(&japanese.to_string()), Ok(day), "{japanese}");
        assert_eq!(parse_date(&japanese.short()), Ok(day), "{}", japanese.short());
        assert_eq!(calendar::parse_n8(&calendar::format_n8(day)), Ok(day));
        assert_eq!(calendar::tokyo_date(calendar::start_of_day(day)), day);
        counted += 1;
    }
    assert_eq!(counted, calendar::days_between(date(1868, 1, 25), date(2100, 12, 31)) + 1);
}

#[test]
fn eras_change_on_their_days() {
    for (day, text) in [
        (date(1868, 1, 25), "明治元年1月25日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1927, 1, 1), "昭和2年1月1日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2026, 11, 22), "令和8年11月22日"),
    ] {
        assert_eq!(format_japanese(day), text);
    }
    assert_eq!(format_japanese(date(1868, 1, 24)), "1868年1月24日");
    assert_eq!(JapaneseDate::of(date(1868, 1, 24)), None);
}

#[test]
fn dates_are_read_as_people_write_them() {
    let day = date(2026, 11, 22);
    for text in [
        "令和8年11月22日",
        "令和８年１１月２２日",
        "R8.11.22",
        "r8.11.22",
        "Ｒ８．１１．２２",
        "R08/11/22",
        "R081122",
        "令8-11-22",
        "㋿8年11月22日",
        "2026年11月22日",
        "西暦2026年11月22日",
        "2026/11/22",
        "2026-11-22",
        "20261122",
        "２０２６／１１／２２",
        " 令和 8 年 11 月 22 日 ",
    ] {
        assert_eq!(parse_date(text), Ok(day), "{text}");
    }
    assert_eq!(parse_date("S57/5/14"), Ok(date(1982, 5, 14)));
    assert_eq!(parse_date("S570514"), Ok(date(1982, 5, 14)));
    assert_eq!(parse_date("平成元年1月8日"), Ok(date(1989, 1, 8)));
    // The days of change in 1912 and 1926 belong to both eras.
    assert_eq!(parse_date("明治45年7月30日"), Ok(date(1912, 7, 30)));
    assert_eq!(parse_date("大正15年12月25日"), Ok(date(1926, 12, 25)));
}

#[test]
fn what_is_no_date_is_refused_with_the_reason() {
    for (text, reason) in [
        ("", InvalidDate::Form),
        ("あした", InvalidDate::Form),
        ("26/11/22", InvalidDate::Form),
        ("R8.11", InvalidDate::Form),
        ("R8.11.22.1", InvalidDate::Form),
        ("R+8.11.22", InvalidDate::Form),
        ("2026-13-01", InvalidDate::NoSuchDay),
        ("2026年2月29日", InvalidDate::NoSuchDay),
        ("R0.1.1", InvalidDate::NoSuchDay),
        ("昭和64年1月8日", InvalidDate::OutsideEra),
        ("平成元年1月7日", InvalidDate::OutsideEra),
        ("平成31年5月1日", InvalidDate::OutsideEra),
        ("令和元年4月30日", InvalidDate::OutsideEra),
    ] {
        assert_eq!(parse_date(text), Err(reason), "{text:?}");
    }
    assert_eq!(parse_date(&"1".repeat(10_000)), Err(InvalidDate::Form));
}

#[test]
fn eras_follow_each_other() {
    for pair in Era::ALL.windows(2) {
        assert!(pair[0].first_day() < pair[1].first_day());
        assert!(pair[0].last_day().is_some_and(|last| last >= calendar::previous_day(pair[1].first_day())));
    }
}

#[test]
fn law_adds_a_year_on_the_day_before_the_birthday() {
    let born = date(1982, 5, 14);
    assert_eq!((age_on(born, date(2026, 5, 13)), legal_age_on(born, date(2026, 5, 13))), (43, 44));
    assert_eq!((age_on(born, date(2026, 5, 14)), legal_age_on(born, date(2026, 5, 14))), (44, 44));
    assert_eq!((age_on(born, date(2026, 5, 12)), legal_age_on(born, date(2026, 5, 12))), (43, 43));
    assert_eq!(age_on(born, date(1980, 1, 1)), 0);
    assert_eq!(legal_age_on(date(2000, 1, 1), date(2019, 12, 31)), 20);
}

#[test]
fn those_born_on_a_leap_day_grow_older_every_year() {
    let born = date(1952, 2, 29);
    assert_eq!(birthday(born, 75), date(2027, 3, 1));
    assert_eq!(birthday(born, 76), date(2028, 2, 29));
    assert_eq!(reaches_age_on(born, 75), date(2027, 2, 28));
    assert_eq!(reaches_age_on(born, 76), date(2028, 2, 28));
    assert_eq!((age_on(born, date(2027, 2, 28)), age_on(born, date(2027, 3, 1))), (74, 75));
    assert_eq!(late_elderly_from(born), date(2027, 3, 1));
}

#[test]
fn the_elderly_certificate_begins_with_the_month_after_seventy_is_reached() {
    for (born, first) in [
        (date(1956, 11, 2), date(2026, 12, 1)),
        (date(1956, 11, 1), date(2026, 11, 1)),
        (date(1956, 11, 30), date(2026, 12, 1)),
        (date(1956, 12, 1), date(2026, 12, 1)),
        (date(1956, 1, 1), date(2026, 1, 1)),
        (date(1956, 2, 29), date(2026, 3, 1)),
    ] {
        assert_eq!(elderly_from(born), first, "born {born}");
    }
}

#[test]
fn preschool_ends_on_the_march_31_on_or_after_six_is_reached() {
    for (born, last) in [
        (date(2020, 4, 1), date(2026, 3, 31)),
        (date(2020, 4, 2), date(2027, 3, 31)),
        (date(2020, 3, 31), date(2026, 3, 31)),
        (date(2020, 12, 31), date(2027, 3, 31)),
        (date(2020, 2, 29), date(2026, 3, 31)),
    ] {
        assert_eq!(preschool_until(born), last, "born {born}");
        assert!(is_preschool(born, last) && !is_preschool(born, calendar::next_day(last)));
    }
    assert!(!is_preschool(date(2020, 4, 1), date(2020, 3, 31)));
}

#[test]
fn months_end_where_the_month_ends() {
    assert_eq!(add_months(date(2026, 1, 31), 1), date(2026, 2, 28));
    assert_eq!(add_months(date(2028, 1, 31), 1), date(2028, 2, 29));
    assert_eq!(add_months(date(2026, 3, 31), -1), date(2026, 2, 28));
    assert_eq!(add_months(date(2026, 11, 30), 3), date(2027, 2, 28));
    assert_eq!(calendar::first_of_next_month(date(2026, 12, 5)), date(2027, 1, 1));
}

#[test]
fn a_day_in_tokyo_begins_nine_hours_before_utc() {
    let start = calendar::start_of_day(date(2026, 11, 22));
    assert_eq!(start, Instant(1_795_273_200_000));
    assert_eq!(calendar::end_of_day(date(2026, 11, 22)).0 - start.0, DAY_MS);
    assert_eq!(calendar::format_n14(Instant(start.0 - 1)), "20261121235959");
    assert_eq!(calendar::format_n14(start), "20261122000000");
    assert_eq!(calendar::parse_n14("20261122090512"), Ok(Instant(start.0 + ((9 * 60 + 5) * 60 + 12) * 1000)));
}

#[test]
fn message_forms_refuse_what_they_cannot_mean() {
    for text in ["", "2026112", "202611222", "20261301", "20260229", "00000101", "2026112２", "+0261122"] {
        assert!(calendar::parse_n8(text).is_err(), "{text}");
    }
    for text in ["20261122", "20261122240000", "20261122096000", "2026112209051", "2026112209051x"] {
        assert!(calendar::parse_n14(text).is_err(), "{text}");
    }
    assert_eq!(calendar::parse_n6("202611"), Ok(date(2026, 11, 1)));
    assert!(calendar::parse_n6("202613").is_err());
    assert_eq!(calendar::format_n6(date(2026, 2, 3)), "202602");
    assert_eq!(calendar::tokyo_second(Instant(-1)), date(1970, 1, 1).at(8, 59, 59, 0));
}

proptest! {
    #[test]
    fn instants_survive_tokyo_and_back(ms in -5_000_000_000_000_i64..10_000_000_000_000) {
        prop_assert_eq!(calendar::from_tokyo(calendar::tokyo_datetime(Instant(ms))), Instant(ms));
    }

    #[test]
    fn any_instant_and_any_text_is_harmless(ms in any::<i64>(), text in ".{0,40}") {
        let _ = calendar::format_n14(Instant(ms));
        let _ = (parse_date(&text), calendar::parse_n8(&text), calendar::parse_n14(&text));
    }

    #[test]
    fn ages_never_fall_and_rise_by_one_a_year(born in 0_i32..50_000, after in 0_i32..40_000) {
        let born = calendar::add_days(date(1900, 1, 1), born);
        let day = calendar::add_days(born, after);
        let age = age_on(born, day);
        prop_assert!(birthday(born, age) <= day && day < birthday(born, age + 1));
        let legal = legal_age_on(born, day);
        prop_assert!(legal == age || legal == age + 1);
        prop_assert_eq!(age_on(born, calendar::next_day(day)) , legal);
    }
}
