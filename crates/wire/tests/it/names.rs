//! File names and `.err` files.

use eligibility::{codes::CharacterCode, errors::ErrorCode};
use jiff::civil::date;
use wire::{
    err_file,
    file_name::{Family, Multiplicity, NameError, RequestName, Step, face_result_name, is_face_result_name},
};

use crate::{facts, samples};

#[test]
fn requests_and_what_follows_from_them() {
    let name = RequestName::parse("OQSsiquc01req_202611220001.xml").expect("a request");
    assert!(name.is_eligibility_check());
    assert_eq!(name.request_name(), "OQSsiquc01req_202611220001.xml");
    assert_eq!(name.result_name(), "OQSsiquc01res_202611220001.xml");
    assert_eq!(name.encrypted_result_name(), "OQSsiquc01res_202611220001.zip");
    assert_eq!(name.err_name(), "OQSsiquc01req_202611220001.err");
    let bulk = RequestName::parse("OQSmuquc02req_1.XML").expect("a request");
    assert_eq!(
        (bulk.family, bulk.multiplicity, bulk.step),
        (Family::Oqs, Multiplicity::Bulk, Step::Download)
    );
    assert_eq!(bulk.result_name(), "OQSmuquc02res_1.xml");
    let viewing = RequestName::parse("YZKsiquc01req_042611220930req.xml").expect("a request");
    assert!(!viewing.is_eligibility_check());
    assert_eq!(viewing.result_name(), "YZKsiquc01res_042611220930req.xml", "the sender's own part stays");
    assert!(RequestName::parse(&format!("OQSsiquc01req_{}.xml", "a".repeat(64))).is_ok());
}

#[test]
fn other_names_are_refused_with_the_reason() {
    let long = format!("OQSsiquc01req_{}.xml", "a".repeat(65));
    for (name, reason) in [
        ("", NameError::Start),
        ("OQS", NameError::Start),
        ("CON", NameError::Start),
        ("NUL.xml", NameError::Start),
        ("oqssiquc01req_1.xml", NameError::Start),
        ("OQSsiquc01res_1.xml", NameError::Start),
        ("OQSsiquc03req_1.xml", NameError::Start),
        ("OQSxxquc01req_1.xml", NameError::Start),
        ("OQSsi../01req_1.xml", NameError::Start),
        (".receptionagent-1.tmp", NameError::Start),
        ("bulk_request_sequence.txt", NameError::Start),
        ("OQS資格確認01req_1.xml", NameError::Start),
        ("OQSsiquc01req_1", NameError::Extension),
        ("OQSsiquc01req_1.xml.tmp", NameError::Extension),
        ("OQSsiquc01req_1.xml ", NameError::Extension),
        ("OQSsiquc01req_.xml", NameError::FreePart),
        ("OQSsiquc01req_a b.xml", NameError::FreePart),
        ("OQSsiquc01req_../../etc/passwd.xml", NameError::FreePart),
        ("OQSsiquc01req_..\\1.xml", NameError::FreePart),
        ("OQSsiquc01req_1:stream.xml", NameError::FreePart),
        ("OQSsiquc01req_1.2.xml", NameError::FreePart),
        ("OQSsiquc01req_１.xml", NameError::FreePart),
        ("OQSsiquc01req_a\0.xml", NameError::FreePart),
        (long.as_str(), NameError::FreePart),
    ] {
        assert_eq!(RequestName::parse(name), Err(reason), "{name:?}");
    }
}

#[test]
fn face_results() {
    let random = [0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18, 0x29, 0x3a];
    let name = face_result_name(&facts::institution(), random, date(2026, 11, 22).at(9, 15, 2, 0));
    assert_eq!(name, samples::RESULTS[4]);
    assert!(is_face_result_name(&name));
    assert!(is_face_result_name("OQSsiquc01res_face_1319990012001-12345678901234567_20261122091502.xml"));
    for wrong in [
        "OQSsiquc01res_face_1319990012_20261122091502.xml",
        "OQSsiquc01res_face_1319990012a_20261322091502.xml",
        "OQSsiquc01res_face_9919990012a_20261122091502.xml",
        "OQSsiquc01res_face_1319990012a/b_20261122091502.xml",
        "OQSsiquc01res_1.xml",
    ] {
        assert!(!is_face_result_name(wrong), "{wrong}");
    }
}

#[test]
fn err_files_say_what_to_do() {
    let entry = ErrorCode::Unreadable.entry();
    let utf8 = err_file::content(ErrorCode::Unreadable, Some("行1\r\n偽の項目"), CharacterCode::Utf8);
    let text = String::from_utf8(utf8).expect("UTF-8");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(
        lines,
        [
            format!("コード：{}", entry.code).as_str(),
            &format!("内容：{}", entry.ja.what),
            &format!("窓口での対応：{}", entry.ja.desk),
            &format!("保守事業者の対応：{}", entry.ja.supplier),
            "詳細：行1  偽の項目",
            "",
        ]
    );
    let narrow = err_file::content(ErrorCode::Unreadable, None, CharacterCode::ShiftJis);
    assert!(narrow.starts_with(b"\x83\x52\x81\x5B\x83\x68\x81\x46OQSA"), "Windows-31J");
    assert!(!narrow.windows(2).any(|pair| pair == b"\x81\xAC"), "the catalogue needs no substitute");
}
