use eligibility::matching::{NumberKey, matches};
use proptest::prelude::*;

use crate::people::{BORN, NATIONAL, SOCIETY, TODAY, coverage, query};

fn key(text: &str) -> String {
    NumberKey::of(text).as_str().to_owned()
}

#[test]
fn width_blanks_hyphens_and_case_make_no_difference() {
    for writings in [
        &[
            "杉-12",
            "杉－１２",
            "杉ー12",
            "杉‐１２",
            "杉 − 12",
            "杉―１２",
            "杉ｰ12",
            "　杉–12 ",
            "杉\u{200B}—12",
        ][..],
        &["ab12", "ＡＢ１２", "aＢ 1 2", "AB12"],
        &["カ12", "ｶ12", "カ１２"],
        &["ガ1", "ｶﾞ1", "カ\u{3099}1"],
        &["345", "３４５", " 345 ", "3 4 5"],
    ] {
        for writing in writings {
            assert_eq!(key(writing), key(writings[0]), "{writing:?}");
        }
    }
}

#[test]
fn what_differs_stays_different() {
    for (one, other) in
        [("0123", "123"), ("12-3", "123"), ("杉12", "松12"), ("12", "21"), ("1", "I"), ("一", "-")]
    {
        assert_ne!(key(one), key(other), "{one} and {other}");
    }
}

#[test]
fn blank_and_absent_are_the_same() {
    assert_eq!(NumberKey::of_optional(Some(" 　")), None);
    assert_eq!(NumberKey::of_optional(None), None);
    assert_eq!(NumberKey::of_branch(Some("")), None);
}

#[test]
fn a_branch_of_one_digit_is_read_as_two() {
    assert_eq!(NumberKey::of_branch(Some("１")), NumberKey::of_branch(Some("01")));
    assert_ne!(NumberKey::of_branch(Some("1")), NumberKey::of_branch(Some("10")));
}

#[test]
fn every_part_of_a_question_must_agree() {
    let mine = coverage("p", NATIONAL, BORN, None);
    assert!(matches(&query(&mine, TODAY), &mine));
    type Change = fn(&mut eligibility::verification::NumberQuery);
    let wrong: [(&str, Change); 6] = [
        ("insurer", |q| q.insurer_number = crate::people::insurer(SOCIETY)),
        ("symbol", |q| q.insured_symbol = Some("2102".to_owned())),
        ("symbol left out", |q| q.insured_symbol = None),
        ("number", |q| q.insured_number = "0345".to_owned()),
        ("branch", |q| q.branch_number = Some("01".to_owned())),
        ("birthday", |q| q.birthdate = q.birthdate.tomorrow().expect("a day")),
    ];
    for (part, change) in wrong {
        let mut asked = query(&mine, TODAY);
        change(&mut asked);
        assert!(!matches(&asked, &mine), "{part}");
    }
    let mut without_branch = query(&mine, TODAY);
    without_branch.branch_number = None;
    assert!(matches(&without_branch, &mine));
}

#[test]
fn an_empty_number_matches_nobody() {
    let mut nobody = coverage("p", SOCIETY, BORN, None);
    nobody.insured_number = " ".to_owned();
    assert!(!matches(&query(&nobody, TODAY), &nobody));
}

proptest! {
    #[test]
    fn a_key_is_its_own_key(text in "\\PC{0,30}") {
        let once = NumberKey::of(&text);
        prop_assert_eq!(&NumberKey::of(once.as_str()), &once);
    }

    #[test]
    fn a_key_of_any_bytes_is_its_own_key(text in any::<String>()) {
        let once = NumberKey::of(&text);
        prop_assert_eq!(&NumberKey::of(once.as_str()), &once);
    }

    #[test]
    fn different_digits_never_meet(one in "[0-9]{1,20}", other in "[0-9]{1,20}") {
        prop_assert_eq!(NumberKey::of(&one) == NumberKey::of(&other), one == other);
    }

    #[test]
    fn widening_and_spacing_change_nothing(text in "[0-9A-Z-]{1,20}") {
        let wide: String = text.chars().flat_map(|c| {
            let wide = char::from_u32(c as u32 + 0xFEE0).expect("a full-width form");
            [wide, '\u{3000}']
        }).collect();
        prop_assert_eq!(NumberKey::of(&wide), NumberKey::of(&text));
        prop_assert_eq!(NumberKey::of(&text.to_lowercase()), NumberKey::of(&text));
    }
}
