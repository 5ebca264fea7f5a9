//! What each fuzz target does with its bytes. Shared with the ordinary tests, which run it over a seed corpus.

use std::io::Cursor;

use wire::{
    charset,
    file_name::{RequestName, is_face_result_name},
    insurer_file::{
        CardFileReader, CoverageFileReader, CoverageFileWriter, InsurerFileReader, MAX_ROW_ERRORS,
    },
    message::{
        FieldProblemKind, Layout, ResultError, read_request, read_result, write_request, write_result,
    },
};

use wire::{
    reader_link::{ReaderCardCheck, ReaderNonce, ReaderOutcome},
    receipt::ReceiptClaims,
    terminal_api::{CardCheckRequest, JwkSet, NonceAnswer, NonceRequest, NumberCheckRequest, Problem},
};

use eligibility::codes::CharacterCode;

/// A request that reads is written and read back as the same request.
pub fn request_xml(data: &[u8]) {
    let Ok(read) = read_request(data) else { return };
    match read.request {
        Err(invalid) => {
            assert!(!invalid.problems.is_empty(), "refused without a reason");
            assert!(!invalid.message().is_empty());
        }
        Ok(request) => {
            let written = write_request(&request, CharacterCode::Utf8, Layout::Compact);
            assert!(written.substitutions.is_empty());
            let again = read_request(&written.bytes).expect("our own request reads");
            assert_eq!(again.request.as_ref(), Ok(&request));
            let narrow = write_request(&request, CharacterCode::ShiftJis, Layout::Indented);
            assert!(charset::decode(&narrow.bytes).is_ok(), "never anything but Windows-31J");
        }
    }
}

/// A result that reads is written, read back and written again as the same bytes.
pub fn result_xml(data: &[u8]) {
    let Ok(read) = read_result(data) else { return };
    for encoding in [CharacterCode::Utf8, CharacterCode::ShiftJis] {
        let written = write_result(&read.message, encoding, Layout::Indented);
        match read_result(&written.bytes) {
            Ok(again) => {
                let second = write_result(&again.message, encoding, Layout::Indented);
                assert!(second.substitutions.is_empty(), "a substitute needs no substitute");
                assert!(second.bytes == written.bytes, "writing is stable");
            }
            // Half-width kana take more characters than full-width, a substitute may take none or several.
            Err(ResultError::Field(problem)) => {
                let expected = matches!(problem.kind, FieldProblemKind::TooLong | FieldProblemKind::Missing);
                assert!(expected, "{problem}");
            }
            Err(error) => panic!("our own result does not read: {error}"),
        }
    }
    let json = serde_json::to_string(&read.message).expect("a message is JSON");
    let again: wire::message::ResultMessage = match serde_json::from_str(&json) {
        Ok(again) => again,
        Err(error) => return assert!(error.to_string().contains("too long"), "{error}"),
    };
    assert_eq!(serde_json::to_string(&again).expect("JSON"), json);
}

/// Every reader of insurers' data ends, reports at most so many errors, and takes only whole files.
pub fn insurer_csv(data: &[u8]) {
    coverage_csv(data);
    if let Ok(reader) = CardFileReader::new(Cursor::new(data)) {
        assert!(reader.filter(Result::is_err).count() <= MAX_ROW_ERRORS);
    }
    if let Ok(reader) = InsurerFileReader::new(Cursor::new(data)) {
        assert!(reader.filter(Result::is_err).count() <= MAX_ROW_ERRORS);
    }
}

fn coverage_csv(data: &[u8]) {
    let Ok(mut reader) = CoverageFileReader::new(Cursor::new(data)) else { return };
    let number = reader.insurer_number().clone();
    let mut writer = CoverageFileWriter::new(Vec::new(), number).expect("a Vec takes everything");
    let (mut coverages, mut errors) = (0_u64, 0);
    for row in reader.by_ref() {
        match row {
            Ok(coverage) => {
                coverages += 1;
                writer.write(&coverage).expect("what was read can be written");
            }
            Err(_) => errors += 1,
        }
    }
    assert!(errors <= MAX_ROW_ERRORS);
    if errors == 0 {
        let summary = reader.summary().expect("no error means whole");
        assert_eq!(summary.records, coverages);
        let (bytes, _) = writer.finish().expect("a Vec takes everything");
        let again = CoverageFileReader::new(Cursor::new(bytes)).expect("our own file reads");
        assert_eq!(again.filter_map(Result::ok).count() as u64, coverages);
    }
}

/// A name that passes holds nothing a file system could misread, and gives the same name back.
pub fn file_name(data: &[u8]) {
    let Ok(name) = std::str::from_utf8(data) else { return };
    if is_face_result_name(name) {
        assert!(!name.contains(['/', '\\', ':', '\0']));
    }
    let Ok(request) = RequestName::parse(name) else { return };
    assert!(!name.contains(['/', '\\', ':', '\0', ' ']));
    assert!(request.request_name().eq_ignore_ascii_case(name));
    assert_ne!(request.result_name(), request.request_name());
    assert_eq!(RequestName::parse(&request.request_name()), Ok(request));
}

/// What the reader, the terminal and the centre tell each other is written and read back as the same.
pub fn terminal_json(data: &[u8]) {
    there_and_back::<ReaderCardCheck>(data);
    there_and_back::<ReaderNonce>(data);
    there_and_back::<ReaderOutcome>(data);
    there_and_back::<ReceiptClaims>(data);
    there_and_back::<CardCheckRequest>(data);
    there_and_back::<NumberCheckRequest>(data);
    there_and_back::<NonceRequest>(data);
    there_and_back::<NonceAnswer>(data);
    there_and_back::<JwkSet>(data);
    there_and_back::<Problem>(data);
}

fn there_and_back<T: serde::Serialize + serde::de::DeserializeOwned>(data: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(data) else { return };
    let written = serde_json::to_string(&read).expect("what was read is JSON");
    let again: T = serde_json::from_str(&written).expect("our own JSON reads");
    assert_eq!(serde_json::to_string(&again).expect("JSON"), written);
}
