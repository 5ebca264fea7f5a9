use std::collections::BTreeSet;

use eligibility::{
    codes::{ProcessingStatus, ResultSegment},
    errors::{ErrorCode, MESSAGE_MAX_CHARS, Severity},
};

#[test]
fn codes_have_their_shape_and_are_never_used_twice() {
    let mut seen = BTreeSet::new();
    for error in ErrorCode::ALL {
        let code = error.code();
        let (system, rest) = code.split_at(3);
        let (layer, rest) = rest.split_at(1);
        let (digits, letter) = rest.split_at(4);
        assert_eq!(system, "OQS");
        assert!(["A", "B", "R"].contains(&layer), "{code}");
        assert!(digits.bytes().all(|b| b.is_ascii_digit()), "{code}");
        assert_eq!(letter, error.entry().severity.letter().to_string(), "{code}");
        assert!(seen.insert(code), "{code} twice");
        assert_eq!(ErrorCode::from_code(code), Some(*error));
        assert_eq!(serde_json::to_string(error).expect("json"), format!("\"{code}\""));
    }
    assert_eq!(ErrorCode::from_code("OQSB9999E"), None);
}

#[test]
fn the_agreed_codes_say_the_agreed_things() {
    for (error, code, segment, status) in [
        (ErrorCode::FieldFormat, "OQSA9001E", "9", "2"),
        (ErrorCode::InstitutionMismatch, "OQSA9002E", "9", "2"),
        (ErrorCode::CentralUnreachable, "OQSA9101E", "9", "2"),
        (ErrorCode::TerminalNotReady, "OQSA9102E", "9", "2"),
        (ErrorCode::NoMatch, "OQSB1001W", "1", "2"),
        (ErrorCode::SeveralMatch, "OQSB1002W", "1", "2"),
        (ErrorCode::CardExpiresSoon, "OQSB1101I", "1", "1"),
        (ErrorCode::CardInGrace, "OQSB1102W", "1", "1"),
        (ErrorCode::ReferenceNotIdentified, "OQSB1201E", "1", "2"),
        (ErrorCode::ReceptionUnknown, "OQSB1301W", "9", "2"),
    ] {
        let entry = error.entry();
        assert_eq!((entry.code, entry.segment.code(), entry.status.code()), (code, segment, status));
    }
    assert_eq!(ErrorCode::NoConsent.code(), "OQSB1401W");
    assert_eq!(ErrorCode::NoMatch.message(), "該当する資格情報が見つかりません。");
    assert_eq!(ErrorCode::FieldFormat.message(), "項目の形式が不正です。");
    assert_eq!(
        ErrorCode::CardExpiresSoon.message(),
        "マイナンバーカードの電子証明書の有効期限が３か月以内です。"
    );
}

#[test]
fn every_entry_tells_everybody_what_to_do_in_both_languages() {
    for error in ErrorCode::ALL {
        let entry = error.entry();
        for text in [entry.ja.what, entry.ja.desk, entry.ja.supplier] {
            assert!(text.ends_with('。') && !text.is_ascii(), "{error}: {text}");
        }
        for text in [entry.en.what, entry.en.desk, entry.en.supplier] {
            assert!(text.ends_with('.') && text.is_ascii(), "{error}: {text}");
        }
        assert!(entry.ja.what.chars().count() <= MESSAGE_MAX_CHARS, "{error}");
    }
}

#[test]
fn status_and_severity_go_together() {
    for error in ErrorCode::ALL {
        let entry = error.entry();
        let refused = entry.segment == ResultSegment::Failed;
        assert_eq!(refused, entry.http_status >= 400, "{error}");
        let answered = entry.status == ProcessingStatus::Ok;
        assert!(!answered || entry.severity != Severity::Error, "{error}");
    }
}

#[test]
fn a_protected_person_looks_like_an_unregistered_card() {
    assert_eq!(ErrorCode::SelfAccessBlocked.entry(), ErrorCode::CardNotRegistered.entry());
    assert_ne!(ErrorCode::SelfAccessBlocked.internal_name(), ErrorCode::CardNotRegistered.internal_name());
    assert!(!ErrorCode::ALL.contains(&ErrorCode::SelfAccessBlocked));
    assert_eq!(ErrorCode::from_code("OQSB1106E"), Some(ErrorCode::CardNotRegistered));
}
