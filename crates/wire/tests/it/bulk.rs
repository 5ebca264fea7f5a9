//! Reference numbers and files with many rows: the samples as they are, everything else by construction.

use std::{fs, path::PathBuf};

use eligibility::{
    bulk::{BulkKind, ROWS_MAX},
    codes::CharacterCode,
    institution::InstitutionCode,
};
use proptest::prelude::*;
use wire::{
    bulk::BulkRow,
    bulk_csv::{CsvError, read_rows},
    message::{
        BulkAnswer, BulkAnswerBody, BulkUpload, FieldProblemKind, Layout, Sender, Unreadable,
        read_bulk_answer, read_bulk_download, read_bulk_receipt, read_bulk_upload,
        read_reference_number_request, read_reference_number_result, write_bulk_answer, write_bulk_download,
        write_bulk_receipt, write_bulk_upload, write_reference_number_request, write_reference_number_result,
    },
};

pub(crate) fn sample(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/samples_bulk");
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/samples_bulk");
    let names = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        names.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), sample(&name))).collect()
}

/// The sample read and written again.
fn rewritten(name: &str, bytes: &[u8]) -> Vec<u8> {
    let kind = BulkKind::from_function(&name[5..8]);
    let indented = Layout::Indented;
    match (&name[3..5], &name[8..13], kind) {
        ("si", "01req", _) => {
            let read = read_reference_number_request(bytes).expect(name);
            let (sender, row) = read.request.expect(name);
            write_reference_number_request(&sender, &row, read.encoding, indented).bytes
        }
        ("si", "01res", _) => {
            let (encoding, result) = read_reference_number_result(bytes).expect(name);
            write_reference_number_result(&result, encoding, indented).bytes
        }
        ("mu", "01req", Some(kind)) => {
            let read = read_bulk_upload(kind, bytes).expect(name);
            let (sender, upload) = read.request.expect(name);
            write_bulk_upload(&sender, &upload, read.encoding, indented).bytes
        }
        ("mu", "01res", _) => {
            let (encoding, receipt) = read_bulk_receipt(bytes).expect(name);
            write_bulk_receipt(&receipt, encoding, indented).bytes
        }
        ("mu", "02req", _) => {
            let read = read_bulk_download(bytes).expect(name);
            let (sender, number) = read.request.expect(name);
            write_bulk_download(&sender, &number, read.encoding, indented).bytes
        }
        ("mu", "02res", _) => {
            let read = read_bulk_answer(bytes).expect(name);
            write_bulk_answer(read.answer, read.encoding, indented).bytes
        }
        _ => panic!("{name} is of no family"),
    }
}

#[test]
fn every_sample_is_read_and_written_as_the_same_bytes() {
    let samples = samples();
    assert_eq!(samples.len(), 17);
    for (name, bytes) in samples {
        let again = rewritten(&name, &bytes);
        assert!(again == bytes, "{name}: {}", String::from_utf8_lossy(&again));
    }
}

#[test]
fn answers_say_the_same_in_json_and_in_the_other_encoding() {
    for (name, bytes) in samples().iter().filter(|(name, _)| name.contains("02res")) {
        let read = read_bulk_answer(bytes).expect(name);
        let json = serde_json::to_string(&read.answer).expect("JSON");
        assert_eq!(serde_json::from_str::<BulkAnswer>(&json).expect("reads"), read.answer, "{name}");
        if let Some(body) = &read.answer.body {
            let json = serde_json::to_string(body).expect("JSON");
            assert_eq!(serde_json::from_str::<BulkAnswerBody>(&json).expect("reads"), *body, "{name}");
        }
        for encoding in [CharacterCode::Utf8, CharacterCode::ShiftJis] {
            let written = write_bulk_answer(read.answer.clone(), encoding, Layout::Compact);
            assert_eq!(written.substitutions, [], "{name}");
            let again = read_bulk_answer(&written.bytes).expect(name);
            assert_eq!(again.encoding, encoding);
            assert_eq!(again.answer.body, read.answer.body, "{name}");
        }
    }
}

#[test]
fn elements_in_another_order_and_unknown_ones_say_the_same() {
    let xml = "<XmlMsg><MessageBody><Later><X/></Later><QualificationConfirmSearchInfo><Birthdate>19820514\
        </Birthdate><New>1</New><InsuredIdentificationNumber>345</InsuredIdentificationNumber>\
        <InsuredCardSymbol ></InsuredCardSymbol><InsurerNumber >  138990</InsurerNumber>\
        </QualificationConfirmSearchInfo></MessageBody><MessageHeader><ArbitraryFileIdentifier > a \
        </ArbitraryFileIdentifier><MedicalInstitutionCode>1319990012</MedicalInstitutionCode>\
        <QualificationConfirmationDate> 20261124 </QualificationConfirmationDate></MessageHeader></XmlMsg>";
    let read = read_bulk_upload(BulkKind::Eligibility, xml.as_bytes()).expect("a message");
    let (sender, upload) = read.request.expect("right");
    assert_eq!(sender.file_identifier.as_deref(), Some(" a "), "blanks are part of it");
    let BulkUpload::Eligibility { as_of, rows } = &upload else { panic!("{upload:?}") };
    assert_eq!(*as_of, jiff::civil::date(2026, 11, 24));
    let query = rows[0].query(*as_of).expect("right");
    assert_eq!(query.insurer_number.as_str(), "138990");
    assert_eq!((query.insured_symbol, query.ceiling_consent), (None, false));
}

fn upload_with(rows: &str) -> Result<BulkUpload, Vec<FieldProblemKind>> {
    let xml = format!(
        "<XmlMsg><MessageHeader><QualificationConfirmationDate>20261124</QualificationConfirmationDate>\
         <MedicalInstitutionCode>1319990012</MedicalInstitutionCode></MessageHeader><MessageBody>{rows}\
         </MessageBody></XmlMsg>"
    );
    let read = read_bulk_upload(BulkKind::Eligibility, xml.as_bytes()).expect("a message");
    let request = read.request.map(|(_, upload)| upload);
    request.map_err(|invalid| invalid.problems.iter().map(|problem| problem.kind).collect())
}

#[test]
fn a_wrong_row_stops_nothing_and_says_what_is_wrong() {
    let row = |elements: &str| {
        format!("<QualificationConfirmSearchInfo>{elements}</QualificationConfirmSearchInfo>")
    };
    let right = "<InsurerNumber>06139996</InsurerNumber><InsuredIdentificationNumber>345\
                 </InsuredIdentificationNumber><Birthdate>19820514</Birthdate>";
    let wrong = [
        (String::new(), "InsurerNumber", FieldProblemKind::Missing),
        (right.replace("19820514", "19820230"), "Birthdate", FieldProblemKind::Format),
        (right.replace("345", &"3".repeat(21)), "InsuredIdentificationNumber", FieldProblemKind::TooLong),
        (
            right.replace("345", "－　").replace("－", ""),
            "InsuredIdentificationNumber",
            FieldProblemKind::Missing,
        ),
        (format!("{right}<Birthdate>19820514</Birthdate>"), "Birthdate", FieldProblemKind::Repeated),
        (right.replace("06139996", "0613999X"), "InsurerNumber", FieldProblemKind::Format),
    ];
    let all: String = wrong.iter().map(|(elements, ..)| row(elements)).collect();
    let upload = upload_with(&format!("{}{all}{}", row(right), row(right))).expect("the file stands");
    let rows = upload.rows();
    assert_eq!(rows.len(), wrong.len() + 2);
    let day = jiff::civil::date(2026, 11, 24);
    assert!(rows[0].query(day).is_ok() && rows[wrong.len() + 1].query(day).is_ok());
    for (read, (elements, element, kind)) in rows[1..].iter().zip(&wrong) {
        let problems = read.query(day).expect_err(elements);
        assert!(
            problems.iter().any(|p| p.element == *element && p.kind == *kind),
            "{elements}: {problems:?}"
        );
    }
    assert_eq!(upload_with(""), Err(vec![FieldProblemKind::Missing]), "a file needs a row");
}

#[test]
fn rows_beyond_the_limit_are_known_and_not_kept() {
    let row = "<QualificationConfirmSearchInfo/>".repeat(ROWS_MAX + 50);
    assert_eq!(upload_with(&row).expect("a message").rows().len(), ROWS_MAX + 1);
}

#[test]
fn what_is_no_message_is_refused_by_name() {
    let read = |xml: &str| read_bulk_upload(BulkKind::ReferenceNumbers, xml.as_bytes()).map(|_| ());
    assert_eq!(read(""), Err(Unreadable::Empty));
    assert_eq!(read("<XmlMsg><MessageBody/></XmlMsg>"), Err(Unreadable::WrongLayout));
    assert_eq!(read("<!DOCTYPE x []><XmlMsg/>"), Err(Unreadable::Doctype));
    let deep = format!("{}{}", "<a>".repeat(33), "</a>".repeat(33));
    assert_eq!(read(&deep), Err(Unreadable::TooDeep));
    let large = "x".repeat(10 * 1024 * 1024 + 1);
    assert_eq!(read(&large), Err(Unreadable::TooLarge));
}

#[test]
fn a_reference_number_has_one_to_twenty_letters_digits_and_hyphens() {
    let registration = |number: &str| {
        let row = BulkRow {
            reference_number: Some(number.to_owned()),
            insurer_number: Some("06139996".to_owned()),
            insured_number: Some("345".to_owned()),
            ..BulkRow::default()
        };
        row.registration().map(|found| found.reference_number.as_str().to_owned())
    };
    assert_eq!(registration(" Ka-0001 ").as_deref(), Ok("Ka-0001"));
    assert_eq!(registration(&"9".repeat(20)).map(|number| number.len()), Ok(20));
    for (number, kind) in [
        ("", FieldProblemKind::Missing),
        (" ", FieldProblemKind::Missing),
        ("K 1", FieldProblemKind::Format),
        ("Ｋ1", FieldProblemKind::Format),
        ("K_1", FieldProblemKind::Format),
        ("123456789012345678901", FieldProblemKind::TooLong),
    ] {
        let problems = registration(number).expect_err(number);
        assert_eq!((problems[0].element, problems[0].kind), ("ReferenceNumber", kind), "{number:?}");
    }
}

#[test]
fn a_table_says_the_same_as_xml() {
    let text = "任意の識別子,\"番号\",保険者番号,記号,枝番,生年月日,備考\r\n\
                a-1,345,'06139996,\"杉,－１２\",02,1982/05/14,x\r\n\r\n,\"1\"\"2\",138990,,,19440203,\n";
    let utf8 = read_rows(BulkKind::Eligibility, format!("\u{FEFF}{text}").as_bytes()).expect("reads");
    let (narrow, _, lossy) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(!lossy);
    assert_eq!(read_rows(BulkKind::Eligibility, &narrow).expect("reads"), utf8);
    let some = |text: &str| Some(text.to_owned());
    let first = BulkRow {
        insurer_number: some("06139996"),
        insured_symbol: some("杉,－１２"),
        insured_number: some("345"),
        branch_number: some("02"),
        birthdate: some("19820514"),
        identifier: some("a-1"),
        ..BulkRow::default()
    };
    assert_eq!((utf8.len(), &utf8[0]), (2, &first));
    assert_eq!(utf8[1].insured_number.as_deref(), Some("1\"2"));
    let read = |text: &str| read_rows(BulkKind::Eligibility, text.as_bytes());
    assert_eq!(read(""), Err(CsvError::Empty));
    assert_eq!(read("保険者番号,番号\n1,2\n"), Err(CsvError::Heading("生年月日")));
    assert_eq!(read("保険者番号,番号,生年月日\n\n"), Err(CsvError::Empty));
    assert_eq!(read("保険者番号,番号,生年月日\n\"1,2,3\n"), Err(CsvError::Quote));
    assert_eq!(read_rows(BulkKind::Eligibility, b"\xFF\xFF\xFF"), Err(CsvError::NotText));
    let identified = |text: &str| read(&format!("保険者番号,番号,生年月日,任意の識別子\n1,2,3,\"{text}\"\n"));
    let kept = identified(" '=1 ").expect("reads");
    assert_eq!(kept[0].identifier.as_deref(), Some(" '=1 "), "what comes back is what was sent");
    let lost = identified("a\u{7}b").expect("reads")[0]
        .query(jiff::civil::date(2026, 11, 24))
        .expect_err("no message carries it");
    assert!(lost.iter().any(|problem| problem.element == "ArbitraryIdentifier"), "{lost:?}");
}

fn texts() -> impl Strategy<Value = Option<String>> {
    // What XML carries as it is: no blanks that a reader of the file could lose, no control characters.
    prop::option::of("[0-9A-Za-zあ-ん葛𠮷<>&\"'－]{1,24}")
}

prop_compose! {
    fn row(asks: bool)(
        reference_number in texts(), insurer_number in texts(), insured_symbol in texts(),
        insured_number in texts(), branch_number in texts(), birthdate in texts(), identifier in texts(),
    ) -> BulkRow {
        BulkRow {
            reference_number: reference_number.filter(|_| !asks),
            birthdate: birthdate.filter(|_| asks),
            identifier: identifier.filter(|_| asks),
            insurer_number, insured_symbol, insured_number, branch_number,
            repeated: None,
        }
    }
}

fn uploads() -> impl Strategy<Value = BulkUpload> {
    let day = (2000_i16..2099, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| jiff::civil::date(y, m, d));
    prop_oneof![
        (day.clone(), prop::collection::vec(row(true), 1..5))
            .prop_map(|(as_of, rows)| BulkUpload::Eligibility { as_of, rows }),
        prop::collection::vec(row(false), 1..5).prop_map(|rows| BulkUpload::ReferenceNumbers { rows }),
        day.prop_map(|day| BulkUpload::EntrustedEligibility { month: day.first_of_month() }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_file_that_is_written_is_read_as_the_same(
        upload in uploads(),
        identifier in texts(),
        indented in any::<bool>(),
    ) {
        let institution_code = InstitutionCode::parse("1319990012").expect("a code");
        let sender = Sender { institution_code, file_identifier: identifier };
        let layout = if indented { Layout::Indented } else { Layout::Compact };
        let written = write_bulk_upload(&sender, &upload, CharacterCode::Utf8, layout);
        let read = read_bulk_upload(upload.kind(), &written.bytes).expect("a message");
        prop_assert_eq!(read.request, Ok((sender.clone(), upload.clone())));
        let narrow = write_bulk_upload(&sender, &upload, CharacterCode::ShiftJis, layout);
        prop_assert!(read_bulk_upload(upload.kind(), &narrow.bytes).is_ok(), "always Windows-31J");
        for row in upload.rows() {
            let json = serde_json::to_string(row).expect("JSON");
            prop_assert_eq!(&serde_json::from_str::<BulkRow>(&json).expect("reads"), row);
        }
    }
}
