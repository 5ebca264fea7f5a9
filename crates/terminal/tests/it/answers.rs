//! What comes out for what goes in.

use std::time::Duration;

use eligibility::codes::{CharacterCode, ProcessingStatus, ResultSegment, Validity};
use terminal::config::{EncryptionSwitch, ResultEncoding, WriteMode};
use wire::message::Code;

use crate::{
    centre::Centre,
    counter::{Counter, put, request, request_of, wait_until, words},
};

fn in_shift_jis(text: &str) -> Vec<u8> {
    wire::charset::encode(&text.replace("UTF-8", "Shift_JIS"), CharacterCode::ShiftJis).0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_becomes_one_result_and_leaves_the_folder() {
    let counter = Counter::open().await;
    counter.put("OQSsiquc01req_202611220001.xml", request("345"));
    let result = counter.result("OQSsiquc01res_202611220001.xml").await;
    counter.wait_gone("req", "OQSsiquc01req_202611220001.xml").await;
    assert_eq!(result.encoding, CharacterCode::Utf8);
    let header = &result.message.header;
    assert_eq!(header.arbitrary_file_identifier.as_deref(), Some("K-345"), "echoed byte for byte");
    let body = &result.message.body;
    assert_eq!(body.qualification_validity, Some(Code::Known(Validity::Valid)));
    assert_eq!(body.results[0].name, "𠮷田　太郎");
    let info = body.search_info.as_ref().expect("the question is echoed");
    assert_eq!(info.arbitrary_identifier.as_deref(), Some("P-345"));
    assert_eq!(info.insured_card_symbol.as_deref(), Some("２１０１"));
    assert_eq!(counter.names("req"), [""; 0]);
    assert_eq!(counter.names("staging"), [""; 0]);
    assert_eq!(counter.centre.asked.lock().expect("no panics").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_result_has_the_encoding_of_the_request_unless_told_otherwise() {
    let counter = Counter::open().await;
    counter.put("OQSsiquc01req_1.xml", in_shift_jis(&request("1")));
    counter.put("OQSsiquc01req_2.xml", request("2"));
    let shift_jis = counter.result("OQSsiquc01res_1.xml").await;
    assert_eq!(shift_jis.encoding, CharacterCode::ShiftJis);
    assert_eq!(shift_jis.message.header.character_code_identifier, Code::Known(CharacterCode::ShiftJis));
    assert_eq!(counter.result("OQSsiquc01res_2.xml").await.encoding, CharacterCode::Utf8);

    let change =
        |config: &mut terminal::config::Config| config.drop.result_encoding = ResultEncoding::ShiftJis;
    let counter = Counter::open_with(change, Centre::default()).await;
    counter.put("OQSsiquc01req_3.xml", request("3"));
    assert_eq!(counter.result("OQSsiquc01res_3.xml").await.encoding, CharacterCode::ShiftJis);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_events_the_folder_is_polled() {
    let change = |config: &mut terminal::config::Config| {
        config.drop.events = false;
        config.drop.poll_interval_ms = 50;
    };
    let counter = Counter::open_with(change, Centre::default()).await;
    for n in 0..20 {
        counter.put(&format!("OQSsiquc01req_{n}.xml"), request(&n.to_string()));
    }
    for n in 0..20 {
        counter.result(&format!("OQSsiquc01res_{n}.xml")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_lay_there_before_the_start_are_answered() {
    let mut counter = Counter::open().await;
    counter.stop().await;
    counter.put("OQSsiquc01req_1.xml", request("1"));
    counter.start().await;
    counter.result("OQSsiquc01res_1.xml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_place_mode_writes_into_the_named_file() {
    let change = |config: &mut terminal::config::Config| config.drop.write_mode = WriteMode::InPlace;
    let counter = Counter::open_with(change, Centre::default()).await;
    counter.put("OQSsiquc01req_1.xml", request("1"));
    counter.wait_gone("req", "OQSsiquc01req_1.xml").await;
    counter.result("OQSsiquc01res_1.xml").await;
    assert_eq!(counter.names("staging"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_written_slowly_is_waited_for() {
    let counter = Counter::open_with(with_endless_patience, Centre::default()).await;
    let path = counter.folder("req").join("OQSsiquc01req_1.xml");
    let content = request("1").into_bytes();
    for end in (0..content.len()).step_by(content.len() / 8) {
        std::fs::write(&path, &content[..end]).expect("writes");
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
    std::fs::write(&path, &content).expect("writes");
    let result = counter.result("OQSsiquc01res_1.xml").await;
    assert_eq!(result.message.header.segment_of_result, Code::Known(ResultSegment::Done));
    assert_eq!(counter.status().report().refused, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_comes_back_with_words() {
    let counter = Counter::open().await;
    counter.put("OQSsiquc01req_1.xml", "これは XML ではない");
    counter.put("OQSmuhvq01req_1.xml", request("1"));
    let words = words(&counter.wait("res", "OQSsiquc01req_1.err").await);
    assert!(words.starts_with("コード：OQSA9004E\r\n"), "{words}");
    assert_eq!(counter.wait("res", "OQSsiquc01req_1.xml").await, "これは XML ではない".as_bytes());
    counter.wait_gone("req", "OQSsiquc01req_1.xml").await;
    counter.wait("res", "OQSmuhvq01req_1.err").await;
    counter.wait_gone("req", "OQSmuhvq01req_1.xml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_elements_and_a_strange_institution_get_segment_9() {
    let counter = Counter::open().await;
    counter.put("OQSsiquc01req_1.xml", request_of("1319990012", "19821399", "1"));
    counter.put("OQSsiquc01req_2.xml", request_of("2712345678", "19820514", "2"));
    let wrong = counter.result("OQSsiquc01res_1.xml").await.message;
    assert_eq!(wrong.header.segment_of_result, Code::Known(ResultSegment::Failed));
    assert_eq!(wrong.header.error_code.as_deref(), Some("OQSA9001E"));
    assert_eq!(wrong.header.error_message.as_deref(), Some("生年月日（Birthdate）の形式が不正です。"));
    assert_eq!(wrong.header.arbitrary_file_identifier.as_deref(), Some("K-1"));
    assert_eq!(wrong.body.processing_result_status, Code::Known(ProcessingStatus::Error));
    let strange = counter.result("OQSsiquc01res_2.xml").await.message;
    assert_eq!(strange.header.error_code.as_deref(), Some("OQSA9002E"));
    assert!(counter.centre.asked.lock().expect("no panics").is_empty(), "the centre is not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_longer_than_the_interface_allows_is_named() {
    let counter = Counter::open().await;
    counter.put("OQSsiquc01req_1.xml", request("123456789012345678901"));
    let header = counter.result("OQSsiquc01res_1.xml").await.message.header;
    assert_eq!(header.segment_of_result, Code::Known(ResultSegment::Failed));
    assert_eq!(header.error_code.as_deref(), Some("OQSA9001E"));
    assert!(header.error_message.expect("a message").contains("InsuredIdentificationNumber"));
    assert!(counter.centre.asked.lock().expect("no panics").is_empty(), "the centre is not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn substituted_characters_are_counted() {
    let counter = Counter::open().await;
    counter.put("OQSsiquc01req_1.xml", request("1"));
    counter.result("OQSsiquc01res_1.xml").await;
    let report = counter.status().report();
    assert_eq!((report.substituted, report.last_substituted_characters), (0, 0), "UTF-8 holds all");
    counter.put("OQSsiquc01req_2.xml", in_shift_jis(&request("2")));
    let result = counter.result("OQSsiquc01res_2.xml").await.message;
    assert_eq!(result.body.results[0].name, "吉田　太郎");
    let report = counter.status().report();
    assert_eq!((report.substituted, report.last_substituted_characters), (1, 1), "𠮷");
    assert!(report.healthy);
}

/// Half a message stays in doubt for longer than any test runs, however slow the machine is.
fn with_endless_patience(config: &mut terminal::config::Config) {
    config.drop.incomplete_patience_ms = 86_400_000;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_become_a_request_is_not_waited_for() {
    let counter = Counter::open_with(with_endless_patience, Centre::default()).await;
    // Half a message may yet be completed; the others may not.
    let half = &request("1")[..400];
    counter.put("OQSsiquc01req_half.xml", half);
    let broken = request("1").replace("</MessageHeader>", "");
    let broken_in_shift_jis = in_shift_jis(&broken);
    let never: [(&str, &[u8]); 5] = [
        ("OQSsiquc01req_a.xml", broken.as_bytes()),
        ("OQSsiquc01req_b.xml", &broken_in_shift_jis),
        ("OQSsiquc01req_c.xml", "これは XML ではない".as_bytes()),
        ("OQSsiquc01req_d.xml", b"<!DOCTYPE x [<!ENTITY"),
        ("OQSmuhvq01req_e.xml", b"<XmlMsg>"),
    ];
    for (name, content) in never {
        counter.put(name, content);
    }
    for (name, _) in never {
        counter.wait("res", &name.replace(".xml", ".err")).await;
        counter.wait_gone("req", name).await;
    }
    assert!(!counter.names("res").contains(&"OQSsiquc01req_half.err".to_owned()), "still in doubt");
    assert_eq!(counter.names("req"), ["OQSsiquc01req_half.xml"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_message_is_given_back_when_nothing_more_comes() {
    let counter = Counter::open().await;
    counter.put("OQSsiquc01req_half.xml", &request("1")[..400]);
    counter.wait("res", "OQSsiquc01req_half.err").await;
    counter.wait_gone("req", "OQSsiquc01req_half.xml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_a_request_is_put_away_with_words_for_its_client() {
    let counter = Counter::open().await;
    let huge = std::fs::File::create(counter.folder("req").join("OQSsiquc01req_1.xml")).expect("creates");
    huge.set_len(terminal::drop::MAX_REQUEST_BYTES + 1).expect("a sparse file");
    let words = counter.wait("res", "OQSsiquc01req_1.err").await;
    assert!(words.windows(9).any(|part| part == b"OQSA9003E"), "its code");
    counter.wait_gone("req", "OQSsiquc01req_1.xml").await;
    assert_eq!(counter.names("quarantine").iter().filter(|name| name.ends_with(".item")).count(), 1);
}

pub(crate) fn with_password(config: &mut terminal::config::Config) {
    let file = config.state.join("password");
    std::fs::create_dir_all(&config.state).expect("a folder");
    std::fs::write(&file, "ひみつ-123\n").expect("writes");
    config.drop.encryption.password_file = Some(file);
}

pub(crate) fn open_zip(bytes: &[u8]) -> (String, Vec<u8>) {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip");
    let mut entry = zip.by_index_decrypt(0, "ひみつ-123".as_bytes()).expect("our password");
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut entry, &mut content).expect("reads");
    (entry.name().expect("a name").into_owned(), content)
}

fn make_zip(password: &str, entry: &str, content: &[u8]) -> Vec<u8> {
    let options =
        zip::write::SimpleFileOptions::default().with_aes_encryption(zip::AesMode::Aes256, password);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(entry, options).expect("starts");
    std::io::Write::write_all(&mut zip, content).expect("writes");
    zip.finish().expect("finishes").into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_requests_are_read_and_results_encrypted_where_the_table_says_so() {
    let change = |config: &mut terminal::config::Config| {
        with_password(config);
        config.drop.encryption.interfaces.insert("OQSsiquc01".into(), EncryptionSwitch::Encrypt);
    };
    let counter = Counter::open_with(change, Centre::default()).await;
    let sealed = make_zip("ひみつ-123", "OQSsiquc01req_1.xml", request("1").as_bytes());
    counter.put("OQSsiquc01req_1.zip", &sealed);
    let (name, xml) = open_zip(&counter.wait("res", "OQSsiquc01res_1.zip").await);
    assert_eq!(name, "OQSsiquc01res_1.xml");
    assert!(String::from_utf8(xml).expect("UTF-8").contains("<QualificationValidity>1<"));
    // The wrong password is told, not guessed at.
    counter.put("OQSsiquc01req_2.zip", make_zip("falsch", "a.xml", request("2").as_bytes()));
    counter.wait("res", "OQSsiquc01req_2.err").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_result_for_an_encrypted_request_where_the_table_is_silent() {
    let counter = Counter::open_with(with_password, Centre::default()).await;
    counter.put("OQSsiquc01req_1.zip", make_zip("ひみつ-123", "x.xml", request("1").as_bytes()));
    counter.result("OQSsiquc01res_1.xml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_never_used_twice() {
    let counter = Counter::open().await;
    counter.put("OQSsiquc01req_1.xml", request("1"));
    let first = counter.wait("res", "OQSsiquc01res_1.xml").await;
    counter.wait_gone("req", "OQSsiquc01req_1.xml").await;
    // Another question under the same name: not answered, and the client is told.
    counter.put("OQSsiquc01req_1.xml", request("2"));
    counter.wait("res", "OQSsiquc01req_1.err").await;
    counter.wait_gone("req", "OQSsiquc01req_1.xml").await;
    assert_eq!(counter.wait("res", "OQSsiquc01res_1.xml").await, first);
    // The client takes the result: the name stays used, also across a restart.
    std::fs::remove_file(counter.folder("res").join("OQSsiquc01res_1.xml")).expect("removes");
    let mut counter = counter;
    counter.stop().await;
    counter.start().await;
    counter.put("oqs.tmp", "");
    counter.put("OQSsiquc01req_1.xml", request("3"));
    counter.wait_gone("req", "OQSsiquc01req_1.xml").await;
    assert!(!counter.names("res").contains(&"OQSsiquc01res_1.xml".to_owned()));
    let asked = counter.centre.asked.lock().expect("no panics").clone();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(counter.names("quarantine").iter().filter(|name| name.ends_with(".item")).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_somebody_else_put_there_is_never_overwritten() {
    let counter = Counter::open().await;
    let path = counter.folder("res").join("OQSsiquc01res_1.xml");
    std::fs::write(&path, "a stranger's").expect("writes");
    counter.put("OQSsiquc01req_1.xml", request("1"));
    counter.wait("res", "OQSsiquc01req_1.err").await;
    counter.wait_gone("req", "OQSsiquc01req_1.xml").await;
    assert_eq!(std::fs::read(&path).expect("reads"), b"a stranger's");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_may_take_files_away_at_any_moment() {
    let counter = Counter::open().await;
    let root = counter.config.drop.root.clone();
    let wild = std::thread::spawn(move || {
        for n in 0..300 {
            let name = format!("OQSsiquc01req_{n}.xml");
            put(&root, &name, request(&n.to_string()).as_bytes());
            if n % 3 == 0 {
                let _ = std::fs::remove_file(root.join("req").join(&name));
            }
            if n % 5 == 0 {
                let _ = std::fs::remove_file(
                    root.join("res").join(format!("OQSsiquc01res_{}.xml", n.max(5) - 5)),
                );
            }
        }
    });
    wild.join().expect("no panics");
    counter.put("OQSsiquc01req_last.xml", request("999"));
    counter.result("OQSsiquc01res_last.xml").await;
    wait_until("every request to be gone", || counter.names("req").is_empty().then_some(())).await;
    assert!(counter.status().report().healthy);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_and_temporary_files_are_left_alone() {
    let counter = Counter::open().await;
    let foreign =
        [".receptionagent-17.tmp", "EPSsiquc01req_1.xml", "bulk_request_sequence.txt", "~$notes.doc"];
    for name in foreign {
        std::fs::write(counter.folder("req").join(name), request("1")).expect("writes");
    }
    counter.put("OQSsiquc01req_1.xml", request("1"));
    counter.result("OQSsiquc01res_1.xml").await;
    counter.wait_gone("req", "OQSsiquc01req_1.xml").await;
    assert_eq!(counter.names("req").len(), foreign.len());
    assert_eq!(counter.names("quarantine"), [""; 0]);
}
