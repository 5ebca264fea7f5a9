//! Reference numbers and files with many rows, from `req` to `res`, against the real centre.

use std::path::Path;

use eligibility::codes::{CharacterCode, ResultSegment};
use testkit::{
    people,
    system::{Engine, TestSystem},
};
use wire::message::{BulkAnswer, read_bulk_answer, read_bulk_receipt, read_reference_number_result};

use crate::{
    counter::{put, wait_until},
    system::{enrol, on_both_engines, start},
};

on_both_engines! {
    a_reference_number_is_registered_by_file
    a_file_is_handed_in_and_its_result_fetched
    a_file_of_reference_numbers_is_handed_in_and_its_result_fetched
    the_tickets_of_a_month_are_asked_for_and_fetched
    an_unknown_reception_number_and_another_institution_are_told
}

const INSURER: &str = "06139996";

async fn centre(engine: Engine) -> TestSystem {
    let system = TestSystem::start(engine).await;
    let insurer = eligibility::insurer::InsurerNumber::parse(INSURER).expect("a number");
    let born = jiff::civil::date(1982, 5, 14);
    let people = (1..=3).map(|n| {
        let mut person = people::coverage(&insurer, &format!("p-{n}"), &format!("34{n}"), "架空　花子", born);
        person.insured_symbol = Some("2101".into());
        person
    });
    system.load_insurer(&insurer, "試験健康保険組合", people.collect()).await;
    system
}

fn message(encoding: &str, institution: &str, header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\" standalone=\"no\"?><XmlMsg><MessageHeader>{header}\
         <MedicalInstitutionCode>{institution}</MedicalInstitutionCode><ArbitraryFileIdentifier>F-1\
         </ArbitraryFileIdentifier></MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"
    )
}

fn registration(reference: &str, number: &str) -> String {
    format!(
        "<ReferenceNumberRegistrationInfo><ReferenceNumber>{reference}</ReferenceNumber><InsurerNumber>\
         {INSURER}</InsurerNumber><InsuredCardSymbol>2101</InsuredCardSymbol><InsuredIdentificationNumber>\
         {number}</InsuredIdentificationNumber></ReferenceNumberRegistrationInfo>"
    )
}

async fn answer(root: &Path, name: &str) -> Vec<u8> {
    let path = root.join("res").join(name);
    wait_until(name, || std::fs::read(&path).ok().filter(|bytes| !bytes.is_empty())).await
}

async fn a_reference_number_is_registered_by_file(engine: Engine) {
    let system = centre(engine).await;
    let dir = tempfile::tempdir().expect("a folder");
    let config = enrol(&system, &system.authority, dir.path(), true).await;
    let running = start(&config).await;
    let root = &config.drop.root;
    let code = config.institution_code.as_str();
    for (name, reference, number, status, error) in [
        ("1", "K0000123", "341", "1", None),
        ("2", "K0000123", "342", "2", Some("OQSB1202E")),
        ("3", "K0000999", "999", "2", Some("OQSB1201E")),
    ] {
        let request = message("Shift_JIS", code, "", &registration(reference, number));
        put(root, &format!("OQSsiimm01req_{name}.xml"), request.as_bytes());
        let bytes = answer(root, &format!("OQSsiimm01res_{name}.xml")).await;
        let (encoding, result) = read_reference_number_result(&bytes).expect("a result");
        assert_eq!(encoding, CharacterCode::ShiftJis, "as the request");
        assert!(result.header.segment_of_result.is(ResultSegment::Done));
        assert_eq!(result.header.arbitrary_file_identifier.as_deref(), Some("F-1"));
        assert_eq!(result.body.processing_result_status.as_text(), status, "{name}");
        assert_eq!(result.body.processing_result_code.as_deref(), error);
        assert_eq!(result.body.info.expect("echoed").reference_number.as_deref(), Some(reference));
    }
    let wrong = message("UTF-8", code, "", &registration("K 1", "341"));
    put(root, "OQSsiimm01req_4.xml", wrong.as_bytes());
    let (_, result) =
        read_reference_number_result(&answer(root, "OQSsiimm01res_4.xml").await).expect("a result");
    assert!(result.header.segment_of_result.is(ResultSegment::Failed));
    assert_eq!(result.header.error_code.as_deref(), Some("OQSA9001E"));
    assert!(result.header.error_message.is_some_and(|message| message.contains("ReferenceNumber")));
    running.shutdown.cancel();
    running.task.await.expect("stops");
    system.stop().await;
}

fn question(number: &str) -> String {
    format!(
        "<QualificationConfirmSearchInfo><InsurerNumber>{INSURER}</InsurerNumber><InsuredCardSymbol>2101\
         </InsuredCardSymbol><InsuredIdentificationNumber>{number}</InsuredIdentificationNumber><Birthdate>\
         19820514</Birthdate><ArbitraryIdentifier>id-{number}</ArbitraryIdentifier>\
         </QualificationConfirmSearchInfo>"
    )
}

/// The reception number of the 01req of a family that was dropped.
async fn received(root: &Path, family: &str) -> String {
    let bytes = answer(root, &format!("{family}01res_1.xml")).await;
    let (_, receipt) = read_bulk_receipt(&bytes).expect("a result");
    assert_eq!(receipt.header.segment_of_result, None, "{:?}", receipt.header.error_message);
    let number = receipt.body.reception_number.expect("a number");
    assert_eq!(number.len(), 20);
    number
}

/// Drops 02req of a family under new names until the file is done.
async fn fetched(root: &Path, code: &str, (family, number): (&str, &str), encoding: &str) -> BulkAnswer {
    for round in 0.. {
        let body = format!("<ReceptionNumber>{number}</ReceptionNumber>");
        let name = format!("{encoding}{round}").replace('_', "-");
        put(root, &format!("{family}02req_{name}.xml"), message(encoding, code, "", &body).as_bytes());
        let read =
            read_bulk_answer(&answer(root, &format!("{family}02res_{name}.xml")).await).expect("a result");
        let segment = read.answer.header.segment_of_result.known();
        assert_eq!(read.answer.header.reception_number.as_deref(), Some(number));
        if segment != Some(ResultSegment::Processing) {
            return read.answer;
        }
        assert_eq!(read.answer.body, None, "nothing while it is worked on");
    }
    unreachable!("it comes to an end")
}

async fn a_file_is_handed_in_and_its_result_fetched(engine: Engine) {
    let system = centre(engine).await;
    let dir = tempfile::tempdir().expect("a folder");
    let config = enrol(&system, &system.authority, dir.path(), true).await;
    let running = start(&config).await;
    let (root, code) = (&config.drop.root, config.institution_code.as_str());
    let day = eligibility::calendar::format_n8(system.today());
    let header = format!("<QualificationConfirmationDate>{day}</QualificationConfirmationDate>");
    let rows =
        format!("{}{}<QualificationConfirmSearchInfo/>{}", question("341"), question("999"), question("343"));
    put(root, "OQSmuquc01req_1.xml", message("UTF-8", code, &header, &rows).as_bytes());
    let number = received(root, "OQSmuquc").await;
    for encoding in ["UTF-8", "Shift_JIS"] {
        let found = fetched(root, code, ("OQSmuquc", &number), encoding).await;
        assert!(found.header.segment_of_result.is(ResultSegment::Done));
        assert_eq!(found.header.arbitrary_file_identifier.as_deref(), Some("F-1"), "that of the 01req");
        let counts = (
            found.header.number_of_processing_result,
            found.header.number_of_normal_processing,
            found.header.number_of_error,
        );
        assert_eq!(counts, (Some(4), Some(2), Some(2)));
        let units = found.body.expect("a body").units;
        let codes: Vec<_> = units.iter().map(|unit| unit.processing_result_code.as_deref()).collect();
        assert_eq!(codes, [None, Some("OQSB1001W"), Some("OQSA9001E"), None]);
        let echo = units[3].search_info.as_ref().expect("echoed");
        assert_eq!(echo.arbitrary_identifier.as_deref(), Some("id-343"));
    }
    running.shutdown.cancel();
    running.task.await.expect("stops");
    system.stop().await;
}

async fn a_file_of_reference_numbers_is_handed_in_and_its_result_fetched(engine: Engine) {
    let system = centre(engine).await;
    let dir = tempfile::tempdir().expect("a folder");
    let config = enrol(&system, &system.authority, dir.path(), true).await;
    let running = start(&config).await;
    let (root, code) = (&config.drop.root, config.institution_code.as_str());
    let rows = format!(
        "{}{}{}",
        registration("K-341", "341"),
        registration("K-999", "999"),
        registration("K-343", "343")
    );
    put(root, "OQSmuimm01req_1.xml", message("Shift_JIS", code, "", &rows).as_bytes());
    let number = received(root, "OQSmuimm").await;
    for encoding in ["UTF-8", "Shift_JIS"] {
        let found = fetched(root, code, ("OQSmuimm", &number), encoding).await;
        assert!(found.header.segment_of_result.is(ResultSegment::Done));
        let counts = (found.header.number_of_normal_processing, found.header.number_of_error);
        assert_eq!(counts, (Some(2), Some(1)));
        let told = found.body.expect("a body").registrations;
        let codes: Vec<_> = told.iter().map(|unit| unit.processing_result_code.as_deref()).collect();
        assert_eq!(codes, [None, Some("OQSB1201E"), None]);
        let echo = told[2].info.as_ref().expect("echoed");
        assert_eq!(echo.reference_number.as_deref(), Some("K-343"));
    }
    // What was registered by the file stands: the same number for somebody else is refused.
    put(root, "OQSsiimm01req_2.xml", message("UTF-8", code, "", &registration("K-341", "342")).as_bytes());
    let bytes = answer(root, "OQSsiimm01res_2.xml").await;
    let (_, result) = read_reference_number_result(&bytes).expect("a result");
    assert_eq!(result.body.processing_result_code.as_deref(), Some("OQSB1202E"));
    running.shutdown.cancel();
    running.task.await.expect("stops");
    system.stop().await;
}

async fn the_tickets_of_a_month_are_asked_for_and_fetched(engine: Engine) {
    let system = centre(engine).await;
    let dir = tempfile::tempdir().expect("a folder");
    let config = enrol(&system, &system.authority, dir.path(), true).await;
    let office = eligibility::insurer::InsurerNumber::with_check_digit("1213101").expect("a number");
    let (today, born) = (system.today(), jiff::civil::date(1951, 3, 3));
    let other = eligibility::institution::InstitutionCode::parse("2712345678").expect("a code");
    let with = |key: &str, number: &str, ticket| {
        people::public_assistance(&office, key, number, "扶助　三郎", born, ticket)
    };
    let people = vec![
        with("p-11", "7000001", Some((&config.institution_code, today))),
        with("p-12", "7000002", Some((&other, today))),
    ];
    system.load_insurer(&office, "試験福祉事務所", people).await;
    let running = start(&config).await;
    let (root, code) = (&config.drop.root, config.institution_code.as_str());
    let month = &eligibility::calendar::format_n8(today)[..6];
    let asked = format!(
        "<QualificationConfirmSearchInfo><MedicalTreatmentMonth>{month}</MedicalTreatmentMonth>\
         </QualificationConfirmSearchInfo>"
    );
    put(root, "OQSmutic01req_1.xml", message("UTF-8", code, "", &asked).as_bytes());
    let number = received(root, "OQSmutic").await;
    for encoding in ["UTF-8", "Shift_JIS"] {
        let found = fetched(root, code, ("OQSmutic", &number), encoding).await;
        assert!(found.header.segment_of_result.is(ResultSegment::Done));
        let units = found.body.expect("a body").units;
        assert_eq!(units.len(), 1, "those of this institution alone: {units:?}");
        let numbers: Vec<_> =
            units[0].results.iter().map(|one| one.insured_identification_number.as_deref()).collect();
        assert_eq!(numbers, [Some("7000001")]);
    }
    running.shutdown.cancel();
    running.task.await.expect("stops");
    system.stop().await;
}

async fn an_unknown_reception_number_and_another_institution_are_told(engine: Engine) {
    let system = centre(engine).await;
    let dir = tempfile::tempdir().expect("a folder");
    let config = enrol(&system, &system.authority, dir.path(), true).await;
    let running = start(&config).await;
    let (root, code) = (&config.drop.root, config.institution_code.as_str());
    for (name, institution, number, error) in [
        ("1", code, "20261122200001000042", "OQSB1301W"),
        ("2", code, "42", "OQSB1301W"),
        ("3", "2712345678", "20261122200001000042", "OQSA9002E"),
    ] {
        let body = format!("<ReceptionNumber>{number}</ReceptionNumber>");
        put(root, &format!("OQSmutic02req_{name}.xml"), message("UTF-8", institution, "", &body).as_bytes());
        let read =
            read_bulk_answer(&answer(root, &format!("OQSmutic02res_{name}.xml")).await).expect("a result");
        assert!(read.answer.header.segment_of_result.is(ResultSegment::Failed));
        assert_eq!(read.answer.header.error_code.as_deref(), Some(error), "{name}");
    }
    put(root, "OQSmutic01req_4.xml", message("UTF-8", code, "", "").as_bytes());
    let (_, receipt) = read_bulk_receipt(&answer(root, "OQSmutic01res_4.xml").await).expect("a result");
    assert_eq!(receipt.header.error_code.as_deref(), Some("OQSA9001E"));
    put(root, "OQSmuimm01req_5.xml", b"<XmlMsg><MessageBody/></XmlMsg>");
    let words = answer(root, "OQSmuimm01req_5.err").await;
    assert!(words.windows(9).any(|nine| nine == b"OQSA9004E"));
    running.shutdown.cancel();
    running.task.await.expect("stops");
    system.stop().await;
}
