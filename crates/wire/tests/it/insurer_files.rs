//! The insurers' data files.

use std::io::Cursor;

use eligibility::{
    card_certificate::CardCertificateId,
    codes::{ReasonOfLoss, Sex},
    coverage::{CopayRatio, Coverage, ElderlyCertificate},
    insurer::Insurer,
    person::PersonKey,
    public_assistance::Prescriber,
};
use jiff::civil::date;
use proptest::prelude::*;
use wire::insurer_file::*;

use crate::facts::{hanako, insurer, saburo, taro, ticket};

fn file(coverages: &[Coverage]) -> Vec<u8> {
    let mut writer =
        CoverageFileWriter::new(Vec::new(), coverages[0].insurer_number.clone()).expect("starts");
    for coverage in coverages {
        writer.write(coverage).expect("writes");
    }
    writer.finish().expect("finishes").0
}

fn read(bytes: &[u8]) -> Result<Vec<Result<Coverage, RowError>>, RowError> {
    Ok(CoverageFileReader::new(Cursor::new(bytes))?.collect())
}

fn errors(bytes: &[u8]) -> Vec<RowError> {
    match read(bytes) {
        Ok(rows) => rows.into_iter().filter_map(Result::err).collect(),
        Err(error) => vec![error],
    }
}

/// Every optional thing filled in.
fn full() -> Vec<Coverage> {
    let mut first = hanako();
    first.person.name = "葛\u{E0100}城　𠮷子, \"髙\"".into();
    first.person.other_name = Some("通称".into());
    first.person.other_kana = Some("ツウショウ".into());
    first.person.sex_on_back = Some(Sex::Female);
    first.person.protection.address_withheld = true;
    first.disqualified_on = Some(date(2026, 4, 1));
    first.reason_of_loss = Some(ReasonOfLoss::OtherInsurance);
    first.card_valid_until = Some(date(2026, 3, 31));
    first.copay_ratio = Some(CopayRatio::Thirty);
    first.ceiling_certificates.push(eligibility::coverage::CeilingCertificate {
        valid_until: None,
        long_term_on: Some(date(2026, 5, 1)),
        ..first.ceiling_certificates[0].clone()
    });
    first.elderly_certificates = vec![ElderlyCertificate {
        issued_on: date(2026, 1, 1),
        valid_from: date(2026, 1, 1),
        valid_until: None,
        ratio: CopayRatio::Twenty,
    }];
    first.specific_disease_certificates = taro().specific_disease_certificates;
    let mut second = hanako();
    second.person.kana = None;
    second.person.address = None;
    second.coverage_id = "2".into();
    vec![first, second]
}

#[test]
fn coverages_survive() {
    let coverages = full();
    let bytes = file(&coverages);
    let mut reader = CoverageFileReader::new(Cursor::new(&bytes)).expect("reads");
    assert_eq!(reader.insurer_number(), &insurer("06139996"));
    let read: Vec<Coverage> = reader.by_ref().map(|row| row.expect("right")).collect();
    assert_eq!(read, coverages);
    let summary = reader.summary().expect("whole");
    assert_eq!(summary.records, 2);
    assert!(bytes.ends_with(format!("END,2,{}\n", summary.content_hash).as_bytes()));
}

#[test]
fn tickets_survive() {
    let mut coverage = saburo();
    coverage.medical_tickets.push(eligibility::public_assistance::MedicalTicket {
        prescriber: Some(Prescriber { code: "1319990012".into(), name: "架空内科医院".into() }),
        remarks: vec!["備考, 一".into(), "二".into()],
        inconsistent: true,
        self_pay_yen: 1_200,
        ..ticket()
    });
    let other = Coverage { coverage_id: "2".into(), medical_tickets: vec![], ..saburo() };
    let coverages = [coverage, other];
    let rows = read(&file(&coverages)).expect("reads");
    assert_eq!(rows.into_iter().collect::<Result<Vec<_>, _>>(), Ok(coverages.to_vec()));
}

#[test]
fn the_same_content_has_the_same_hash() {
    assert_eq!(file(&full()), file(&full()));
    let hash = |bytes: &[u8]| String::from_utf8_lossy(&bytes[bytes.len() - 65..]).into_owned();
    assert_ne!(hash(&file(&full())), hash(&file(&full()[..1])));
}

#[test]
fn windows_line_ends_are_read() {
    let text = String::from_utf8(file(&full())).expect("UTF-8");
    let body: String =
        text.lines().filter(|line| !line.starts_with("END,")).map(|line| format!("{line}\r\n")).collect();
    let hash = {
        use sha2::Digest as _;
        hex::encode(sha2::Sha256::digest(body.as_bytes()))
    };
    let rows = read(format!("{body}END,2,{hash}\r\n").as_bytes()).expect("reads");
    assert!(rows.iter().all(Result::is_ok), "{rows:?}");
}

/// The file with one piece of text replaced, its trailer made right again.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(file(&full())).expect("UTF-8");
    assert!(text.contains(from), "{from} not in the file");
    let text = text.replacen(from, to, 1);
    let body = &text[..text.rfind("END,").expect("a trailer")];
    use sha2::Digest as _;
    format!("{body}END,2,{}\n", hex::encode(sha2::Sha256::digest(body.as_bytes()))).into_bytes()
}

#[test]
fn row_errors_name_line_field_and_remedy() {
    for (from, to, field) in [
        ("1982-05-14", "1982-13-14", "birthdate"),
        ("1982-05-14", "", "birthdate"),
        ("1982-05-14", "1982/05/14", "birthdate"),
        (",2018-04-01,2026-04-01,", ",2026-04-02,2026-04-01,", "disqualified_on"),
        (",2026-04-01,03,", ",,03,", "reason_of_loss"),
        (",345,", ",,", "number"),
        (",00,1,", ",0,1,", "branch"),
        ("C,1,p1,", "C,,p1,", "coverage_id"),
        ("C,1,p1,", "C,1,p1,extra,", "row"),
        ("C,1,p1,", "X,1,p1,", "record"),
        ("01:A03:2026-04-01", "01:A99:2026-04-01", "ceiling_certificates"),
        (":10000\n", ":-1\n", "specific_disease_certificates"),
        (",1,0,2101,", ",yes,0,2101,", "address_withheld"),
        (",030,", ",30,", "copay_ratio"),
        ("通称", "\"通称", "row"),
        ("通称", "通\"称", "row"),
    ] {
        let errors = errors(&changed(from, to));
        // An unknown kind of record is not counted as one, so the trailer's number then differs too.
        let error = errors.first().unwrap_or_else(|| panic!("{from} → {to} was taken"));
        assert_eq!((error.line, error.field), (3, field), "{from} → {to}");
        assert!(!error.remedy.is_empty() && !error.fatal);
        assert!(!format!("{error:?}{error}").contains("1982"), "no value in errors");
    }
}

#[test]
fn all_row_errors_are_found_in_one_pass() {
    let text = String::from_utf8(file(&full())).expect("UTF-8").replace("1982-05-14", "?");
    let errors = errors(text.as_bytes());
    let found: Vec<_> = errors.iter().map(|error| (error.line, error.field, error.fatal)).collect();
    assert_eq!(found, [(3, "birthdate", false), (4, "birthdate", false), (5, "END", true)]);
}

#[test]
fn reading_stops_after_too_many_errors() {
    let mut text = String::from_utf8(file(&full()[..1])).expect("UTF-8");
    text.truncate(text.rfind("END,").expect("a trailer"));
    text.push_str(&"C,wrong\n".repeat(MAX_ROW_ERRORS * 2));
    let errors = errors(text.as_bytes());
    assert_eq!(errors.len(), MAX_ROW_ERRORS);
    assert!(errors.last().is_some_and(|error| error.fatal));
}

#[test]
fn files_that_are_not_whole_are_refused() {
    let bytes = file(&full());
    let text = String::from_utf8(bytes.clone()).expect("UTF-8");
    let trailer = text.rfind("END,").expect("a trailer");
    let cut = &text[..trailer];
    let line = text.lines().nth(3).expect("a record");
    let cases = [
        ("no trailer", cut.to_owned(), "END"),
        ("half a trailer", text[..trailer + 10].to_owned(), "END"),
        ("one character changed", text.replacen("見本町", "見木町", 1), "END"),
        ("a record missing", text.replacen(&format!("{line}\n"), "", 1), "END"),
        ("something after the trailer", format!("{text}{line}\n"), "END"),
        ("trailer twice", format!("{text}{}", &text[trailer..]), "END"),
        ("empty", String::new(), "header"),
        ("another kind", text.replacen("shikaku-coverage", "shikaku-cards", 1), "header"),
        ("another version", text.replacen("shikaku-coverage,1", "shikaku-coverage,2", 1), "header"),
        ("no insurer", text.replacen(",06139996\n", ",0613999\n", 1), "insurer_number"),
        ("other columns", text.replacen("person_key", "person", 1), "columns"),
    ];
    for (name, text, field) in cases {
        let errors = errors(text.as_bytes());
        let last = errors.last().unwrap_or_else(|| panic!("{name} was taken"));
        assert_eq!((last.field, last.fatal), (field, true), "{name}");
    }
    let mut bytes = bytes;
    let position = bytes.windows(2).position(|pair| pair == "架".as_bytes()[..2].as_ref()).expect("there");
    bytes[position] = 0xFF;
    assert_eq!(errors(&bytes)[0].problem, "the line is not UTF-8");
}

#[test]
fn endless_lines_do_not_fill_the_memory() {
    let mut bytes = file(&full()[..1]);
    bytes.truncate(bytes.len() - 10);
    bytes.extend(std::iter::repeat_n(b'x', MAX_LINE_BYTES * 4));
    let errors = errors(&bytes);
    assert_eq!(
        errors.last().map(|error| (error.problem, error.fatal)),
        Some(("the line is longer than 64 KiB", true))
    );
}

#[test]
fn a_ticket_without_its_coverage_is_refused() {
    let text = String::from_utf8(file(&[saburo()])).expect("UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    let swapped = [lines[0], lines[1], lines[3], lines[2], lines[4], ""].join("\n");
    assert_eq!(errors(swapped.as_bytes())[0].problem, "no coverage stands before this ticket");
    let insured = text.replacen(",A1,", ",01,", 1);
    assert_eq!(errors(insured.as_bytes())[0].problem, "the coverage before this ticket cannot have it");
    let wrong = text.replacen("1970-12-31", "1970-12-32", 1);
    let errors = errors(wrong.as_bytes());
    assert_eq!(
        errors.iter().map(|e| e.field).collect::<Vec<_>>(),
        ["birthdate", "END"],
        "its ticket adds no error"
    );
}

#[test]
fn writers_refuse_what_the_format_cannot_hold() {
    let mut writer = CoverageFileWriter::new(Vec::new(), insurer("06139996")).expect("starts");
    assert!(writer.write(&taro()).is_err(), "another insurer's");
    let mut coverage = hanako();
    coverage.person.address = Some("一行目\n二行目".into());
    assert!(writer.write(&coverage).is_err(), "a line break");
    coverage.person.address = Some("あ".repeat(MAX_FIELD_BYTES));
    assert!(writer.write(&coverage).is_err(), "too long");
    writer.write(&hanako()).expect("still usable");
    let (bytes, summary) = writer.finish().expect("finishes");
    assert_eq!(summary.records, 1);
    assert_eq!(read(&bytes).expect("reads"), [Ok(hanako())]);
}

#[test]
fn cards_and_insurers_survive() {
    let card = |serial: &str| CardCertificateId { issuer: "ab".repeat(32), serial: serial.into() };
    let cards = [
        CardRecord {
            card: card("1a"),
            person_key: PersonKey("p1".into()),
            registered: true,
            superseded_by: Some(card("2b")),
        },
        CardRecord {
            card: card("2b"),
            person_key: PersonKey("p1".into()),
            registered: false,
            superseded_by: None,
        },
    ];
    let mut writer = CardFileWriter::new(Vec::new()).expect("starts");
    cards.iter().for_each(|card| writer.write(card).expect("writes"));
    let (bytes, written) = writer.finish().expect("finishes");
    let mut reader = CardFileReader::new(Cursor::new(&bytes)).expect("reads");
    assert_eq!(reader.by_ref().collect::<Result<Vec<_>, _>>(), Ok(cards.to_vec()));
    assert_eq!(reader.summary(), Some(&written));
    for (from, to, field) in [
        (",1a,", ",1A,", "serial"),
        (",1a,", ",01a,", "serial"),
        ("p1,1,", "p1,x,", "registered"),
        (",2b\n", ",\n", "superseded_by_serial"),
    ] {
        let text = String::from_utf8(bytes.clone()).expect("UTF-8").replacen(from, to, 1);
        let first = CardFileReader::new(Cursor::new(text)).expect("reads").next().expect("a row");
        assert_eq!(first.expect_err("wrong").field, field);
    }

    let insurers = [Insurer { number: insurer("138990"), name: "架空区".into() }];
    let mut writer = InsurerFileWriter::new(Vec::new()).expect("starts");
    insurers.iter().for_each(|insurer| writer.write(insurer).expect("writes"));
    let (bytes, written) = writer.finish().expect("finishes");
    let mut reader = InsurerFileReader::new(Cursor::new(&bytes)).expect("reads");
    assert_eq!(reader.by_ref().collect::<Result<Vec<_>, _>>(), Ok(insurers.to_vec()));
    assert_eq!(reader.summary(), Some(&written));
}

proptest! {
    #[test]
    fn any_text_without_line_breaks_survives(
        name in "[^\\r\\n]{1,40}", address in "[^\\r\\n]{0,40}", symbol in "[\",a]{0,8}",
    ) {
        let mut coverage = hanako();
        let optional = |text: String| (!text.is_empty()).then_some(text);
        coverage.person.name = name;
        coverage.person.address = optional(address);
        coverage.insured_symbol = optional(symbol);
        let bytes = file(std::slice::from_ref(&coverage));
        prop_assert_eq!(read(&bytes).expect("reads"), [Ok(coverage)]);
    }
}
