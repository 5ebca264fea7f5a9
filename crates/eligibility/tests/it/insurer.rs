use eligibility::insurer::{InsurerKind, InsurerNumber};
use proptest::prelude::*;

#[test]
fn every_writing_of_a_number_is_read_as_its_digits() {
    for (text, digits) in [
        ("06139996", "06139996"),
        ("138990", "138990"),
        ("  138990", "138990"),
        ("00138990", "138990"),
        ("１３８９９０", "138990"),
        ("　　138990", "138990"),
        ("０６１３９９９６", "06139996"),
        ("06139996 ", "06139996"),
    ] {
        assert_eq!(InsurerNumber::parse(text).expect(text).as_str(), digits, "{text:?}");
    }
}

#[test]
fn what_is_not_a_number_is_refused() {
    for text in
        ["", " ", "1234567", "12345", "061399967", "0613999a", "138 990", "1389-90", "٠١٣٨٩٩", "一三八九九〇"]
    {
        assert!(InsurerNumber::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn check_digits_follow_the_published_rule() {
    // Tokyo branch of the national association, a Tokyo ward: published numbers.
    for real in ["01130012", "138016"] {
        assert!(InsurerNumber::parse(real).expect(real).check_digit_ok(), "{real}");
    }
    // Made-up numbers of messages carry wrong ones: a hint, never a refusal.
    assert!(!InsurerNumber::parse("06139996").expect("digits").check_digit_ok());
    assert!(InsurerNumber::with_check_digit("0613999").expect("digits").check_digit_ok());
    assert!(InsurerNumber::with_check_digit("061399").is_err());
    assert!(InsurerNumber::with_check_digit("06139９9").is_err());
}

#[test]
fn the_law_code_tells_the_kind() {
    for (number, kind, label) in [
        ("138990", InsurerKind::National, "国民健康保険"),
        ("133990", InsurerKind::NationalGuild, "国民健康保険組合"),
        ("01130012", InsurerKind::JapanHealth, "全国健康保険協会"),
        ("02130011", InsurerKind::Seamen, "船員保険"),
        ("03130010", InsurerKind::DayLabourer, "日雇特例被保険者"),
        ("04130019", InsurerKind::DayLabourer, "日雇特例被保険者"),
        ("06139996", InsurerKind::HealthSociety, "健康保険組合"),
        ("07139995", InsurerKind::SelfDefenseForces, "自衛官等"),
        ("12139999", InsurerKind::PublicAssistance, "医療扶助"),
        ("31130000", InsurerKind::MutualAid, "共済組合"),
        ("34130007", InsurerKind::MutualAid, "共済組合"),
        ("39139991", InsurerKind::LateElderly, "後期高齢者医療"),
        ("63139990", InsurerKind::SpecialRetired, "特例退職被保険者"),
        ("75139990", InsurerKind::SpecialRetired, "特例退職被保険者"),
        ("67139990", InsurerKind::RetiredNational, "退職国民健康保険"),
        ("99139990", InsurerKind::Other, "その他"),
    ] {
        let number = InsurerNumber::parse(number).expect(number);
        assert_eq!((number.kind(), number.kind().label()), (kind, label), "{number}");
    }
}

#[test]
fn messages_carry_the_number_eight_wide() {
    assert_eq!(InsurerNumber::parse("138990").expect("digits").padded(), "  138990");
    assert_eq!(InsurerNumber::parse("06139996").expect("digits").padded(), "06139996");
    assert_eq!(InsurerNumber::parse("138990").expect("digits").prefecture(), "13");
    assert_eq!(InsurerNumber::parse("06279996").expect("digits").prefecture(), "27");
}

#[test]
fn json_reads_only_numbers() {
    let number: InsurerNumber = serde_json::from_str("\"  138990\"").expect("a number");
    assert_eq!(serde_json::to_string(&number).expect("json"), "\"138990\"");
    assert!(serde_json::from_str::<InsurerNumber>("\"12345\"").is_err());
}

proptest! {
    #[test]
    fn one_changed_digit_is_always_noticed(first in "[0-9]{7}|[0-9]{5}", place in 0_usize..8, by in 1_u8..10) {
        let whole = InsurerNumber::with_check_digit(&first).expect("digits");
        // Eight digits with leading zeros are read as six: not a case of a changed digit.
        prop_assume!(!whole.as_str().starts_with("00"));
        let mut bytes = whole.as_str().as_bytes().to_vec();
        let place = place % bytes.len();
        bytes[place] = b'0' + (bytes[place] - b'0' + by) % 10;
        let text = String::from_utf8(bytes).expect("digits");
        prop_assume!(!text.starts_with("00"));
        prop_assert!(!InsurerNumber::parse(&text).expect("digits").check_digit_ok());
    }

    #[test]
    fn padding_is_undone_by_reading(first in "[1-9][0-9]{6}|[1-9][0-9]{4}") {
        let number = InsurerNumber::with_check_digit(&first).expect("digits");
        prop_assert_eq!(&InsurerNumber::parse(&number.padded()).expect("padded"), &number);
        prop_assert_eq!(number.padded().len(), 8);
    }

    #[test]
    fn any_text_is_read_or_refused_without_panic(text in ".{0,40}") {
        let _ = InsurerNumber::parse(&text);
    }
}
