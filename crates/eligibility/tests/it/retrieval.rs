use std::collections::HashSet;

use eligibility::{
    Instant,
    calendar::{DAY_MS, start_of_day},
    retrieval::{
        MistypedRetrieval, RETRIEVAL_TRIES, Retrieval, RetrievalNumber, RetrievalOutcome, RetrievalSecret,
        SECRET_ALPHABET, Tries,
    },
};
use jiff::civil::date;
use proptest::prelude::*;

fn letter() -> Retrieval {
    Retrieval {
        issued_at: Instant(start_of_day(date(2026, 11, 23)).0 + 1),
        retrieved_at: None,
        withdrawn_at: None,
    }
}

#[test]
fn the_alphabet_has_no_two_letters_that_look_alike() {
    assert_eq!(SECRET_ALPHABET.iter().collect::<HashSet<_>>().len(), 32);
    assert!(!SECRET_ALPHABET.iter().any(|letter| b"ILOU".contains(letter)));
}

#[test]
fn every_writing_of_number_and_secret_is_read() {
    for text in [
        "123456789012",
        "1234-5678-9012",
        " 1234 5678 9012 ",
        "１２３４－５６７８－９０１２",
        "1234ー5678ー9012",
    ] {
        let number = RetrievalNumber::parse(text).expect(text);
        assert_eq!(number.as_str(), "123456789012", "{text:?}");
        assert_eq!(number.grouped(), "1234-5678-9012");
    }
    for text in [
        "0AB1CDEFGHJKMNPQ",
        "0ab1-cdef-ghjk-mnpq",
        "ＯＡＢＩＣＤＥＦＧＨＪＫＭＮＰＱ",
        "oABlCDEF GHJKMNPQ",
        "OAB1CDEFGHJKMNPQ",
    ] {
        let secret = RetrievalSecret::parse(text).expect(text);
        assert_eq!(secret.reveal(), "0AB1CDEFGHJKMNPQ", "{text:?}");
        assert_eq!(secret.grouped(), "0AB1-CDEF-GHJK-MNPQ");
    }
}

#[test]
fn what_no_letter_says_is_refused_before_a_try_is_counted() {
    for text in ["", "12345678901", "1234567890123", "12345678901a", "١٢٣٤٥٦٧٨٩٠١٢"] {
        assert_eq!(RetrievalNumber::parse(text), Err(MistypedRetrieval::Number), "{text:?}");
    }
    for (text, refusal) in [
        ("", MistypedRetrieval::SecretLength),
        ("0AB1CDEFGHJKMNP", MistypedRetrieval::SecretLength),
        ("0AB1CDEFGHJKMNPQR", MistypedRetrieval::SecretLength),
        ("0AB1CDEFGHJKMNPU", MistypedRetrieval::SecretCharacter),
        ("0AB1CDEFGHJKMNPあ", MistypedRetrieval::SecretCharacter),
    ] {
        assert_eq!(RetrievalSecret::parse(text), Err(refusal), "{text:?}");
        assert!(refusal.message().ends_with('。') && refusal.remedy().ends_with('。'));
    }
    assert!(RetrievalSecret::parse(&"A".repeat(1_000_000)).is_err());
}

#[test]
fn a_secret_does_not_show_itself() {
    let secret = RetrievalSecret::from_random([0xA5; 10]);
    assert!(!format!("{secret:?}").contains(secret.reveal()));
}

#[test]
fn five_comparisons_and_no_sixth() {
    let now = letter().issued_at;
    let mut tries = Tries::default();
    for left in (0..RETRIEVAL_TRIES).rev() {
        assert!(tries.may_try());
        let outcome = RetrievalOutcome::of(tries, Some(&letter()), false, now);
        assert_eq!(outcome, RetrievalOutcome::Wrong { tries_left: left });
        assert!(left == 0 || outcome.message().contains(&format!("あと{left}回")));
        tries = tries.counted();
    }
    assert!(!tries.may_try());
    // Even the right secret.
    assert_eq!(RetrievalOutcome::of(tries, Some(&letter()), true, now), RetrievalOutcome::UsedUp);
    // The fifth comparison counts as any other.
    let outcome = RetrievalOutcome::of(Tries(RETRIEVAL_TRIES - 1), Some(&letter()), true, now);
    assert_eq!(outcome, RetrievalOutcome::Granted);
}

#[test]
fn without_the_secret_a_letter_looks_like_no_letter() {
    let states = [
        letter(),
        Retrieval { retrieved_at: Some(Instant(0)), ..letter() },
        Retrieval { withdrawn_at: Some(Instant(0)), ..letter() },
    ];
    for before in 0..=RETRIEVAL_TRIES {
        let unknown = RetrievalOutcome::of(Tries(before), None, false, letter().issued_at);
        for state in &states {
            for now in [letter().issued_at, Instant(letter().issued_at.0 + 1000 * DAY_MS)] {
                assert_eq!(RetrievalOutcome::of(Tries(before), Some(state), false, now), unknown);
            }
        }
    }
}

#[test]
fn a_letter_is_good_to_the_end_of_its_180th_day() {
    let granted = |now| RetrievalOutcome::of(Tries(0), Some(&letter()), true, now);
    assert_eq!(letter().last_day(), date(2027, 5, 22));
    let end = start_of_day(date(2027, 5, 23));
    assert_eq!(granted(Instant(end.0 - 1)), RetrievalOutcome::Granted);
    assert_eq!(granted(end), RetrievalOutcome::Expired);
}

#[test]
fn who_has_the_secret_is_told_how_the_letter_stands() {
    let now = Instant(letter().issued_at.0 + DAY_MS);
    let retrieved = Retrieval { retrieved_at: Some(letter().issued_at), ..letter() };
    let withdrawn = Retrieval { withdrawn_at: Some(now), ..retrieved };
    for (known, outcome) in
        [(retrieved, RetrievalOutcome::AlreadyRetrieved), (withdrawn, RetrievalOutcome::Withdrawn)]
    {
        assert_eq!(RetrievalOutcome::of(Tries(0), Some(&known), true, now), outcome);
        assert!(outcome.message().ends_with('。') && outcome.remedy().ends_with('。'));
    }
    assert!(RetrievalOutcome::AlreadyRetrieved.remedy().contains("失効申請"));
    assert!(RetrievalOutcome::Wrong { tries_left: 0 }.remedy().contains("発行申請"));
}

proptest! {
    #[test]
    fn secrets_are_the_bits_they_are_made_of(bits in any::<[u8; 10]>(), other in any::<[u8; 10]>()) {
        let secret = RetrievalSecret::from_random(bits);
        let read = secret.reveal().bytes().fold(0_u128, |read, letter| {
            let place = SECRET_ALPHABET.iter().position(|known| *known == letter).expect("of the alphabet");
            read << 5 | place as u128
        });
        let mut wide = [0; 16];
        wide[6..].copy_from_slice(&bits);
        prop_assert_eq!(read, u128::from_be_bytes(wide));
        prop_assert_eq!(bits == other, secret == RetrievalSecret::from_random(other));
        prop_assert_eq!(RetrievalSecret::parse(&secret.grouped()), Ok(secret.clone()));
        prop_assert_eq!(RetrievalSecret::parse(&secret.grouped().to_lowercase()), Ok(secret));
    }

    #[test]
    fn every_number_has_twelve_digits(random in any::<[u8; 8]>()) {
        let number = RetrievalNumber::from_random(random);
        prop_assert_eq!(RetrievalNumber::parse(&number.grouped()), Ok(number));
    }

    #[test]
    fn any_text_is_read_or_refused_without_panic(text in ".{0,60}") {
        let _ = RetrievalNumber::parse(&text);
        let _ = RetrievalSecret::parse(&text);
    }
}
