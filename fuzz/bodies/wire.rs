//! What each fuzz target does with its bytes. Shared with the ordinary tests, which run it over a seed corpus.

use std::io::Cursor;

use wire::{
    bulk::BulkRow,
    charset,
    file_name::{RequestName, is_face_result_name},
    insurer_file::{
        CardFileReader, CoverageFileReader, CoverageFileWriter, InsurerFileReader, MAX_ROW_ERRORS,
    },
    message::{
        FieldProblemKind, Layout, ReadAs, ResultError, read_bulk_answer, read_bulk_download,
        read_bulk_receipt, read_bulk_upload, read_facility_result, read_plain_request,
        read_reference_number_request, read_request, read_result, read_settings_update, read_url_wish,
        write_bulk_answer, write_bulk_receipt, write_bulk_upload, write_facility_result, write_plain_request,
        write_request, write_result, write_settings_update, write_url_wish,
    },
};

use wire::{
    facility::{
        HomeVisitUrlAnswer, HomeVisitUrlRequest, PasscodeAnswer, PasscodeRequest, SettingsAnswer,
        SettingsChangeRequest,
    },
    institution_certificate::{
        RenewalAnswer, RenewalRequest, RetrievalAnswer, RetrievalRequest, StandingAnswer,
    },
    reader_link::{ReaderCardCheck, ReaderModeAnswer, ReaderNonce, ReaderOutcome},
    receipt::ReceiptClaims,
    terminal_api::{
        BulkResultAnswer, BulkResultRequest, BulkUploadRequest, CardCheckRequest, JwkSet, NonceAnswer,
        NonceRequest, NumberCheckRequest, Problem, ReaderStateAnswer, ReaderStateRequest,
        ReferenceNumberRequest,
    },
};

use eligibility::{bulk::BulkKind, codes::CharacterCode};

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

/// What a receipt computer asks about its own institution, and what it gets: read, written, and read back as the same.
pub fn facility_xml(data: &[u8]) {
    let (utf8, narrow) = (CharacterCode::Utf8, CharacterCode::ShiftJis);
    if let Ok(ReadAs { request: Ok((sender, ())), .. }) = read_plain_request(data) {
        let written = write_plain_request(&sender, utf8, Layout::Compact);
        let again = read_plain_request(&written.bytes).expect("our own request reads");
        assert_eq!(again.request, Ok((sender, ())));
    }
    if let Ok(ReadAs { request: Ok((sender, update)), .. }) = read_settings_update(data) {
        let written = write_settings_update(&sender, &update, utf8, Layout::Indented);
        let again = read_settings_update(&written.bytes).expect("our own request reads");
        // Nothing named is nothing written, and then there is nothing to read.
        assert!(again.request == Ok((sender, update.clone())) || update.settings.to_map().is_empty());
    }
    if let Ok(ReadAs { request: Ok((sender, wish)), .. }) = read_url_wish(data) {
        let written = write_url_wish(&sender, &wish, utf8, Layout::Compact);
        let again = read_url_wish(&written.bytes).expect("our own request reads");
        assert_eq!(again.request, Ok((sender, wish)));
    }
    let Ok((_, result)) = read_facility_result(data) else { return };
    let written = write_facility_result(&result, narrow, Layout::Indented);
    if let Ok((encoding, again)) = read_facility_result(&written.bytes) {
        assert_eq!(encoding, narrow);
        let second = write_facility_result(&again, narrow, Layout::Indented);
        assert!(second.bytes == written.bytes, "writing is stable");
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

/// Files with many rows and reference numbers: what reads is written and read back as the same.
pub fn bulk_xml(data: &[u8]) {
    for kind in BulkKind::ALL {
        let Ok(read) = read_bulk_upload(kind, data) else { continue };
        match read.request {
            Err(invalid) => assert!(!invalid.problems.is_empty(), "refused without a reason"),
            Ok((sender, upload)) => {
                upload.rows().iter().for_each(row);
                let written = write_bulk_upload(&sender, &upload, CharacterCode::Utf8, Layout::Compact);
                let again = read_bulk_upload(kind, &written.bytes).expect("our own file reads");
                let clean = upload.rows().iter().all(|row| row.repeated.is_none());
                if clean && written.substitutions.is_empty() {
                    assert_eq!(again.request.map(|(_, upload)| upload), Ok(upload));
                }
            }
        }
    }
    if let Ok(read) = read_reference_number_request(data)
        && let Ok((_, asked)) = read.request
    {
        assert!(asked.registration().is_ok(), "taken though its row is wrong");
    }
    if let Ok((encoding, receipt)) = read_bulk_receipt(data) {
        let written = write_bulk_receipt(&receipt, encoding, Layout::Indented);
        assert!(read_bulk_receipt(&written.bytes).is_ok());
    }
    if let Ok(read) = read_bulk_download(data) {
        assert!(read.request.is_ok_and(|(_, number)| !number.is_empty()) || read_bulk_download(data).is_ok());
    }
    bulk_answer(data);
    let _ = wire::bulk_csv::read_rows(BulkKind::Eligibility, data).map(|rows| rows.iter().for_each(row));
    let _ = wire::bulk_csv::read_rows(BulkKind::ReferenceNumbers, data).map(|rows| rows.iter().for_each(row));
}

/// A row is right, or says what is wrong with it.
fn row(row: &BulkRow) {
    assert!(row.is_within_limits());
    let day = eligibility::Date::constant(2026, 11, 24);
    for problems in [row.query(day).err(), row.registration().err()].into_iter().flatten() {
        assert!(!wire::bulk::problems_message(&problems).is_empty());
    }
}

fn bulk_answer(data: &[u8]) {
    let Ok(read) = read_bulk_answer(data) else { return };
    let written = write_bulk_answer(read.answer, read.encoding, Layout::Indented);
    let again = match read_bulk_answer(&written.bytes) {
        Ok(again) => again,
        Err(ResultError::Field(problem)) => {
            let expected = matches!(problem.kind, FieldProblemKind::TooLong | FieldProblemKind::Missing);
            return assert!(expected, "{problem}");
        }
        Err(error) => panic!("our own answer does not read: {error}"),
    };
    let second = write_bulk_answer(again.answer, read.encoding, Layout::Indented);
    assert!(second.bytes == written.bytes, "writing is stable");
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
    there_and_back::<ReferenceNumberRequest>(data);
    there_and_back::<BulkUploadRequest>(data);
    there_and_back::<BulkResultRequest>(data);
    there_and_back::<BulkResultAnswer>(data);
    there_and_back::<Problem>(data);
    there_and_back::<PasscodeRequest>(data);
    there_and_back::<SettingsChangeRequest>(data);
    there_and_back::<HomeVisitUrlRequest>(data);
    there_and_back::<PasscodeAnswer>(data);
    there_and_back::<SettingsAnswer>(data);
    there_and_back::<HomeVisitUrlAnswer>(data);
    there_and_back::<ReaderModeAnswer>(data);
    there_and_back::<ReaderStateRequest>(data);
    there_and_back::<ReaderStateAnswer>(data);
    there_and_back::<RetrievalRequest>(data);
    there_and_back::<RetrievalAnswer>(data);
    there_and_back::<RenewalRequest>(data);
    there_and_back::<RenewalAnswer>(data);
    there_and_back::<StandingAnswer>(data);
}

fn there_and_back<T: serde::Serialize + serde::de::DeserializeOwned>(data: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(data) else { return };
    let written = serde_json::to_string(&read).expect("what was read is JSON");
    let again: T = serde_json::from_str(&written).expect("our own JSON reads");
    assert_eq!(serde_json::to_string(&again).expect("JSON"), written);
}
