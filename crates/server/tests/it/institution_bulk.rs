//! 一括照会 through its page: a file of a thousand rows with one wrong in a hundred, in both encodings, and its result
//! as the receipt computer and as a spreadsheet gets it.

use std::time::Duration;

use eligibility::Date;
use eligibility::codes::CharacterCode;
use eligibility::coverage::Coverage;
use eligibility::institution_account::InstitutionRole;
use testkit::browser::{Browser, BrowserPage};
use testkit::people;
use testkit::system::Engine;
use wire::charset;
use wire::message::read_bulk_answer;

use crate::institution_support::Web;
use crate::support::insurer;

crate::on_both_engines! {
    a_thousand_rows_with_ten_wrong_ones_come_back_as_a_message_and_as_a_table
    registrations_and_files_of_other_forms_of_care_say_what_they_are
}

const BORN: Date = Date::constant(1980, 2, 17);
const ROWS: usize = 1_000;
const BOUNDARY: &str = "----shikaku0table";
/// 髙, which Windows-31J has, and 𠮷, which it lacks.
const NAME: &str = "髙橋　𠮷子";

fn person(number: usize) -> Coverage {
    people::coverage(&insurer(), &format!("p-{number}"), &(1000 + number).to_string(), NAME, BORN)
}

async fn hand_in(web: &Web, browser: &Browser, (kind, name): (&str, &str), file: &[u8]) -> BrowserPage {
    let form_id = browser.get("/bulk").await.says(200, "資格確認一括照会").hidden("form_id");
    let day = web.system.today().to_string();
    let mut body = Vec::new();
    for (name, value) in [("form_id", &*form_id), ("kind", kind), ("day", &*day)] {
        let part =
            format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         content-type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let headers = [("origin", &*web.origin), ("sec-fetch-site", "same-origin"), ("content-type", &*kind)];
    browser.send(hyper::Method::POST, "/bulk", body, &headers).await
}

async fn done(browser: &Browser, address: &str) -> BrowserPage {
    loop {
        let page = browser.get(address).await;
        assert_eq!(page.status, 200, "{}", page.text);
        if page.text.contains("完了") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The lines of a table in which every field is quoted.
fn lines(text: &str) -> Vec<Vec<String>> {
    let text = text.strip_suffix("\r\n").expect("a line end at the end");
    let fields = |line: &str| {
        let bare = line.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).expect("quoted fields");
        bare.split("\",\"").map(str::to_owned).collect()
    };
    text.split("\r\n").map(fields).collect()
}

/// Each hundredth row has an impossible birthday.
fn is_wrong(row: usize) -> bool {
    row % 100 == 57
}

fn question(encoding: CharacterCode) -> Vec<u8> {
    let row = |row: usize| {
        let born = if is_wrong(row) { "1980-02-30" } else { "1980-02-17" };
        format!("{},12,{},,{born},予約{row}\r\n", insurer(), 1000 + row)
    };
    let rows: String = (0..ROWS).map(row).collect();
    charset::encode(&format!("保険者番号,記号,番号,枝番,生年月日,任意の識別子\r\n{rows}"), encoding).0
}

async fn a_thousand_rows_with_ten_wrong_ones_come_back_as_a_message_and_as_a_table(engine: Engine) {
    let web = Web::open(engine).await;
    let people = (0..ROWS).map(person).collect();
    web.system.load_insurer(&insurer(), "試験健康保険組合", people).await;
    let browser = web.signed_in(InstitutionRole::General).await;
    for (handed, written) in [(CharacterCode::Utf8, "utf-8"), (CharacterCode::ShiftJis, "shift_jis")] {
        let sent = hand_in(&web, &browser, ("eligibility", "予約.csv"), &question(handed)).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let address = sent.to().to_owned();
        let page = done(&browser, &address).await;
        page.says(200, "正常 990件、エラー 10件").says(200, "CSV（UTF-8）").says(200, "CSV（Shift_JIS）");
        let message = browser.get(&format!("{address}/result?encoding={written}")).await;
        let read = read_bulk_answer(&message.bytes).expect("a message").answer;
        assert_eq!(read.header.number_of_error, Some(10));
        let units = read.body.expect("a body").units;
        let table = browser.get(&format!("{address}/result?format=csv&encoding={written}")).await;
        let kind = table.headers["content-type"].to_str().expect("text").to_owned();
        assert_eq!(kind, format!("text/csv; charset={written}"));
        let disposition = table.headers["content-disposition"].to_str().expect("text").to_owned();
        assert!(disposition.contains("OQSmuquc02res_") && disposition.ends_with(".csv\""), "{disposition}");
        let text = match handed {
            CharacterCode::Utf8 => {
                let text = std::str::from_utf8(&table.bytes).expect("UTF-8");
                text.strip_prefix('\u{FEFF}').expect("a byte order mark").to_owned()
            }
            CharacterCode::ShiftJis => {
                let decoded =
                    encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&table.bytes);
                decoded.expect("Windows-31J").into_owned()
            }
        };
        let lines = lines(&text);
        let place = |heading: &str| lines[0].iter().position(|one| one == heading).expect("a heading");
        assert_eq!((lines.len(), units.len()), (ROWS + 1, ROWS));
        // What Windows-31J lacks is written with a character it has, and never as a question mark.
        let name = match handed {
            CharacterCode::Utf8 => NAME,
            CharacterCode::ShiftJis => "髙橋　吉子",
        };
        for (row, (line, unit)) in lines[1..].iter().zip(&units).enumerate() {
            let cell = |heading: &str| line[place(heading)].as_str();
            assert_eq!(line.len(), lines[0].len(), "{line:?}");
            assert_eq!((cell("行"), cell("任意の識別子")), (&*(row + 1).to_string(), &*format!("予約{row}")));
            let said = unit.processing_result_code.as_deref().unwrap_or_default();
            assert_eq!(cell("処理結果コード"), said, "as the message says");
            if is_wrong(row) {
                assert_eq!((cell("処理結果"), said, cell("氏名")), ("エラー", "OQSA9001E", ""));
                assert!(cell("処理結果メッセージ").len() > 10, "{line:?}");
            } else {
                assert_eq!((cell("処理結果"), cell("資格有効性"), cell("氏名")), ("正常終了", "有効", name));
                assert_eq!((cell("番号"), cell("生年月日")), (&*(1000 + row).to_string(), "1980-02-17"));
            }
        }
    }
    web.system.stop().await;
}

async fn registrations_and_files_of_other_forms_of_care_say_what_they_are(engine: Engine) {
    let web = Web::open(engine).await;
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![person(1)]).await;
    let browser = web.signed_in(InstitutionRole::General).await;
    browser.get("/bulk").await.says(200, "照会の区分").says(200, "OQSA9007E");
    for name in ["OQSmuhvq01req_202611220042.xml", "OQSmuonq01req_1.xml"] {
        let page = hand_in(&web, &browser, ("eligibility", name), b"<XmlMsg/>").await;
        page.says(422, "OQSA9007E").says(422, "照会できるのは外来だけです");
    }
    let csv =
        format!("照会番号,保険者番号,記号,番号,枝番\r\nK-1,{0},12,1001,\r\n,{0},12,1001,\r\n", insurer());
    let sent = hand_in(&web, &browser, ("reference_numbers", "番号.csv"), csv.as_bytes()).await;
    let address = sent.to().to_owned();
    done(&browser, &address).await.says(200, "正常 1件、エラー 1件");
    let table = browser.get(&format!("{address}/result?format=csv&encoding=utf-8")).await;
    let lines = lines(table.text.trim_start_matches('\u{FEFF}'));
    assert_eq!(lines[0][..5], ["行", "処理結果", "処理結果コード", "処理結果メッセージ", "照会番号"]);
    assert_eq!((&*lines[1][1], &*lines[1][4], &*lines[1][7]), ("正常終了", "K-1", "1001"));
    assert_eq!((&*lines[2][1], &*lines[2][2]), ("エラー", "OQSA9001E"));
    web.system.stop().await;
}
