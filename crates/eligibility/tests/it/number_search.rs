use eligibility::{
    Date,
    calendar::{self, Era, JapaneseDate},
    codes::Validity,
    coverage::CopayRatio,
    insurer::InsurerNumber,
    meaning::{Meaning, Tone, share_by_law},
    number_search::{InsurerNumberHint, NumberSearchForm},
    verification::NumberQuery,
};
use jiff::civil::date;
use proptest::prelude::*;

const TODAY: Date = date(2026, 11, 23);

/// What a receptionist types for a person of 協会けんぽ.
fn form() -> NumberSearchForm {
    NumberSearchForm {
        insurer_number: "01130012".to_owned(),
        insured_symbol: "１２-３".to_owned(),
        insured_number: "４５６".to_owned(),
        branch_number: "01".to_owned(),
        birthdate: "昭和55年1月2日".to_owned(),
        ..NumberSearchForm::default()
    }
}

fn read(form: &NumberSearchForm) -> NumberQuery {
    form.read(TODAY).expect("a question")
}

/// The words about one field.
fn fault(form: &NumberSearchForm, field: &str) -> String {
    let errors = form.read(TODAY).expect_err("a fault");
    let error = errors.of(field).unwrap_or_else(|| panic!("{errors:?}"));
    assert!(!error.message.is_empty() && !error.remedy.is_empty());
    format!("{}{}", error.message, error.remedy)
}

#[test]
fn a_question_is_read_and_what_was_typed_stays() {
    let query = read(&form());
    assert_eq!(query.insurer_number.as_str(), "01130012");
    assert_eq!(query.insured_symbol.as_deref(), Some("１２-３"), "as typed");
    assert_eq!(query.insured_number, "４５６", "as typed");
    assert_eq!(query.branch_number.as_deref(), Some("01"));
    assert_eq!(query.birthdate, date(1980, 1, 2));
    assert_eq!(query.as_of, TODAY, "today when blank");
    assert!(!query.ceiling_consent);
    let again = NumberSearchForm::of(&query);
    assert_eq!(read(&again), query, "the form filled in again asks the same");
}

#[test]
fn insurer_numbers_are_taken_in_many_writings() {
    for (typed, number) in [
        ("01130012", "01130012"),
        ("０１１３００１２", "01130012"),
        (" 0113 0012 ", "01130012"),
        ("01-13-001-2", "01130012"),
        ("138057", "138057"),
        ("  138057", "138057"),
        ("00138057", "138057"),
    ] {
        let typed = NumberSearchForm { insurer_number: typed.to_owned(), ..form() };
        assert_eq!(read(&typed).insurer_number.as_str(), number);
    }
    for (typed, words) in [
        ("", "入力されていません"),
        ("0113001", "7桁"),
        ("0113O012", "5文字目が数字ではありません"),
        ("011300123", "9桁"),
        (&"1".repeat(2000), "長すぎます"),
    ] {
        let typed = NumberSearchForm { insurer_number: typed.to_owned(), ..form() };
        assert!(fault(&typed, "insurer_number").contains(words), "{words}");
    }
}

#[test]
fn a_check_digit_that_does_not_fit_can_be_insisted_on() {
    // 3 and 1 exchanged.
    let typed = NumberSearchForm { insurer_number: "01310012".to_owned(), ..form() };
    let words = fault(&typed, "insurer_number");
    assert!(words.contains("左から3桁目と4桁目が入れ替わっていませんか"), "{words}");
    assert!(typed.may_insist() && !form().may_insist());
    let insisted = NumberSearchForm { insurer_number_as_is: "on".to_owned(), ..typed };
    assert_eq!(read(&insisted).insurer_number.as_str(), "01310012");
    let hint = InsurerNumberHint::of(&InsurerNumber::parse("99130012").expect("digits"));
    assert!(hint.unknown_law_code && hint.sentence().contains("法別番号"));
    let hint = InsurerNumberHint::of(&InsurerNumber::parse("01990012").expect("digits"));
    assert!(hint.unknown_prefecture && hint.sentence().contains("都道府県"));
}

#[test]
fn dates_are_read_in_every_shape() {
    for typed in [
        "昭和55年1月2日",
        "昭和５５年１月２日",
        "昭和 55 年 1 月 2 日",
        "昭和五十五年一月二日",
        "昭和五五年一月二日",
        "S55.1.2",
        "s55.01.02",
        "Ｓ５５．１．２",
        "S55/1/2",
        "S55-1-2",
        "S 55 1 2",
        "S550102",
        "昭55.1.2",
        "㍼55.1.2",
        "3550102",
        "3-55.1.2",
        "３５５０１０２",
        "1980-01-02",
        "1980/1/2",
        "1980.1.2",
        "19800102",
        "１９８００１０２",
        "1980年1月2日",
        "西暦1980年1月2日",
        "1980 1 2",
        "1980ー01ー02",
        "一九八〇年一月二日",
    ] {
        let typed = NumberSearchForm { birthdate: typed.to_owned(), ..form() };
        assert_eq!(read(&typed).birthdate, date(1980, 1, 2), "{:?}", typed.birthdate);
    }
    for (typed, day) in [
        ("明治45年7月29日", date(1912, 7, 29)),
        ("大正元年7月30日", date(1912, 7, 30)),
        ("令和元年五月十一日", date(2019, 5, 11)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("R8.11.23", TODAY),
        ("昭和二十年十二月三十一日", date(1945, 12, 31)),
    ] {
        let typed = NumberSearchForm { birthdate: typed.to_owned(), ..form() };
        assert_eq!(read(&typed).birthdate, day, "{:?}", typed.birthdate);
    }
}

#[test]
fn a_date_that_cannot_be_is_told_why() {
    for (typed, words) in [
        ("", "入力されていません"),
        ("55.1.2", "元号がありません"),
        ("550102", "元号がありません"),
        ("昭和55年2月30日", "暦にない日"),
        ("昭和64年1月8日", "昭和は64年1月7日まで"),
        ("平成31年5月1日", "その元号の期間にありません"),
        ("令和9年1月1日", "今日より後"),
        ("1850-01-01", "130年より前"),
        ("きのう", "読み取れません"),
        ("昭和55年", "読み取れません"),
    ] {
        let typed = NumberSearchForm { birthdate: typed.to_owned(), ..form() };
        let told = fault(&typed, "birthdate");
        assert!(told.contains(words), "{:?}: {told}", typed.birthdate);
    }
}

#[test]
fn the_day_asked_about_may_be_past_or_future_within_bounds() {
    for (typed, day) in [
        ("", TODAY),
        ("令和8年4月1日", date(2026, 4, 1)),
        ("2027-11-23", date(2027, 11, 23)),
        ("2016-11-23", date(2016, 11, 23)),
    ] {
        let typed = NumberSearchForm { as_of: typed.to_owned(), ..form() };
        assert_eq!(read(&typed).as_of, day);
    }
    for typed in ["2027-11-24", "2016-11-22", "2206-11-23"] {
        let typed = NumberSearchForm { as_of: typed.to_owned(), ..form() };
        assert!(fault(&typed, "as_of").contains("範囲"));
    }
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let wrong = NumberSearchForm {
        insurer_number: "x".to_owned(),
        insured_symbol: "あ".repeat(21),
        insured_number: "　".to_owned(),
        branch_number: "1a".to_owned(),
        birthdate: "x".to_owned(),
        as_of: "x".to_owned(),
        ..NumberSearchForm::default()
    };
    let errors = wrong.read_for_ceiling(TODAY).expect_err("faults");
    let fields: Vec<&str> = errors.as_slice().iter().map(|error| error.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "insurer_number",
            "insured_symbol",
            "insured_number",
            "branch_number",
            "birthdate",
            "as_of",
            "ceiling_consent"
        ]
    );
    let consented = NumberSearchForm { ceiling_consent: "on".to_owned(), ..form() };
    assert!(consented.read_for_ceiling(TODAY).expect("a question").ceiling_consent);
    let control = NumberSearchForm { insured_number: "1\n2".to_owned(), ..form() };
    assert!(fault(&control, "insured_number").contains("使えない文字"));
}

#[test]
fn every_answer_has_its_word_and_what_to_do() {
    for validity in Validity::ALL {
        let meaning = Meaning::of(*validity);
        assert_eq!(meaning.word, validity.label());
        assert!(meaning.now.ends_with('。') && !meaning.sign.is_empty());
        assert_eq!(meaning.tone == Tone::Go, *validity == Validity::Valid);
        assert_eq!(meaning.steps.is_empty(), *validity == Validity::Valid);
    }
    for nobody in [Validity::Invalid, Validity::NoMatch] {
        let meaning = Meaning::of(nobody);
        assert!(meaning.steps.iter().any(|step| step.contains("被保険者資格申立書")));
        assert!(meaning.charge.iter().any(|line| line.contains("10割をいただくことはありません")));
    }
}

#[test]
fn the_share_by_law_follows_the_age() {
    assert_eq!(share_by_law(date(2024, 1, 1), TODAY), Some(CopayRatio::Twenty));
    assert_eq!(share_by_law(date(1980, 1, 2), TODAY), Some(CopayRatio::Thirty));
    assert_eq!(
        share_by_law(date(1956, 11, 24), TODAY),
        Some(CopayRatio::Thirty),
        "until the end of the month"
    );
    assert_eq!(share_by_law(date(1956, 10, 1), TODAY), None);
    assert_eq!(share_by_law(date(2026, 11, 24), TODAY), None, "not born yet");
}

fn wide(text: &str) -> String {
    let widen = |c: char| match c {
        '!'..='~' => char::from_u32(c as u32 + 0xFEE0).unwrap_or(c),
        other => other,
    };
    text.chars().map(widen).collect()
}

fn days() -> impl Strategy<Value = Date> {
    (0_i32..130 * 365).prop_map(|ago| calendar::add_days(TODAY, -ago))
}

proptest! {
    #[test]
    fn a_day_reads_back_from_every_shape(day in days(), shape in 0_usize..9, full_width in any::<bool>()) {
        let japanese = JapaneseDate::of(day).expect("an era");
        let (y, m, d) = (day.year(), day.month(), day.day());
        let era = Era::ALL.iter().position(|era| *era == japanese.era).expect("an era") + 1;
        let text = match shape {
            0 => japanese.to_string(),
            1 => japanese.short(),
            2 => format!("{}{:02}{m:02}{d:02}", japanese.era.letter(), japanese.year),
            3 => format!("{era}{:02}{m:02}{d:02}", japanese.year),
            4 => format!("{y}-{m:02}-{d:02}"),
            5 => format!("{y:04}{m:02}{d:02}"),
            6 => format!("{y}年{m}月{d}日"),
            7 => format!("{} {}年 {m}月 {d}日", japanese.era.name(), japanese.year),
            _ => format!("{}{} {m} {d}", japanese.era.letter(), japanese.year),
        };
        let text = if full_width { wide(&text) } else { text };
        let typed = NumberSearchForm { birthdate: text.clone(), ..form() };
        prop_assert_eq!(typed.read(TODAY).map(|query| query.birthdate), Ok(day), "{}", text);
    }

    #[test]
    fn no_text_breaks_the_form(texts in prop::collection::vec(".{0,60}", 8)) {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        let typed = NumberSearchForm {
            insurer_number: next(), insurer_number_as_is: next(), insured_symbol: next(), insured_number: next(),
            branch_number: next(), birthdate: next(), as_of: next(), ceiling_consent: next(),
        };
        match typed.read(TODAY) {
            Ok(query) => prop_assert_eq!(query.insured_number, typed.insured_number.trim()),
            Err(errors) => prop_assert!(!errors.as_slice().is_empty()),
        }
    }

    #[test]
    fn symbols_and_numbers_stay_as_typed(symbol in "[0-9０-９a-zぁ-ん・-]{1,20}", number in "[0-9０-９A-Z]{1,20}") {
        let typed = NumberSearchForm { insured_symbol: symbol.clone(), insured_number: number.clone(), ..form() };
        let query = typed.read(TODAY).expect("a question");
        prop_assert_eq!(query.insured_symbol, Some(symbol));
        prop_assert_eq!(query.insured_number, number);
    }

    #[test]
    fn a_mistyped_digit_is_found_out_and_the_last_one_named(middle in 0_u32..100_000, place in 0_usize..8, by in 1_u32..10) {
        let right = InsurerNumber::with_check_digit(&format!("06{middle:05}")).expect("seven digits");
        let mut digits: Vec<u32> = right.as_str().chars().filter_map(|c| c.to_digit(10)).collect();
        digits[place] = (digits[place] + by) % 10;
        let typed: String = digits.iter().map(ToString::to_string).collect();
        // Two leading zeros are padding: another number.
        prop_assume!(!typed.starts_with("00"));
        let form = NumberSearchForm { insurer_number: typed.clone(), ..form() };
        prop_assert!(form.read(TODAY).is_err(), "{}", typed);
        let number = InsurerNumber::parse(&typed).expect("digits");
        let hint = InsurerNumberHint::of(&number);
        let mended = format!("{}{}", &typed[..7], hint.check_digit);
        prop_assert!(InsurerNumber::parse(&mended).expect("digits").check_digit_ok());
        for (place, digit) in hint.misread {
            let mut mended: Vec<char> = typed.chars().collect();
            mended[place - 1] = digit;
            let mended: String = mended.into_iter().collect();
            prop_assert!(InsurerNumber::parse(&mended).expect("digits").check_digit_ok());
        }
    }
}
