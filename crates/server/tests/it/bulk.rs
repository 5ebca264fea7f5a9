//! Reference numbers and files with many rows, from terminals and on the institution web.

use std::time::Duration;

use eligibility::institution_account::InstitutionRole;
use eligibility::{Date, coverage::Coverage};
use serde_json::{Value, json};
use testkit::browser::Browser;
use testkit::client::Reply;
use testkit::people;
use testkit::system::{Engine, INSTITUTION};
use wire::message::read_bulk_answer;
use wire::terminal_api::{BULK_RESULTS_PATH, BULK_UPLOADS_PATH, REFERENCE_NUMBERS_PATH};

use crate::institution_support::{COOKIE, OTHER, Web};
use crate::on_both_engines;
use crate::support::{Desk, Entry, audit_entries, insurer, number_question, welfare_office};

on_both_engines! {
    a_reference_number_is_registered_once_and_comes_back
    a_file_is_answered_row_by_row_and_wrong_rows_stop_nothing
    the_ceiling_is_called_unchanged_where_the_institution_knows_it_and_nowhere_else
    registrations_by_the_file_are_overwritten_and_own
    tickets_of_a_month_are_found_for_their_institution_alone
    guessing_by_the_file_is_held_back_as_at_the_counter
    results_end_after_seven_days
    a_table_is_uploaded_and_its_result_downloaded_in_both_encodings
    what_is_wrong_with_a_file_is_said_on_its_page
    entrusted_eligibility_is_asked_for_on_its_page
}

const BORN: Date = Date::constant(1980, 2, 17);

fn person(key: &str, number: &str) -> Coverage {
    people::coverage(&insurer(), key, number, "試験　花子", BORN)
}

fn row(number: &str) -> Value {
    json!({
        "insurer_number": insurer().as_str(), "insured_symbol": "12", "insured_number": number,
        "birthdate": "19800217", "identifier": format!("id-{number}"),
    })
}

async fn upload(desk: &Desk, id: &str, rows: Vec<Value>) -> Reply {
    let day = desk.system.today().to_string();
    let file = json!({
        "request_id": id, "kind": "eligibility", "day": day, "file_identifier": "BULK-1", "rows": rows,
    });
    desk.post(BULK_UPLOADS_PATH, &file).await
}

fn reception(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.json());
    reply.json()["reception_number"].as_str().expect("a number").to_owned()
}

async fn ask(desk: &Desk, kind: &str, number: &str, from: u64) -> Reply {
    desk.post(BULK_RESULTS_PATH, &json!({ "kind": kind, "reception_number": number, "from": from })).await
}

/// Asks until the file is done; the first page.
async fn done(desk: &Desk, kind: &str, number: &str) -> Value {
    loop {
        let reply = ask(desk, kind, number, 0).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let told = reply.json();
        match told["state"].as_str() {
            Some("done") => return told,
            Some("failed") => panic!("{told}"),
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn a_reference_number_is_registered_once_and_comes_back(engine: Engine) {
    let desk = Desk::open(engine).await;
    let people = vec![person("p-1", "101"), person("p-2", "102")];
    desk.system.load_insurer(&insurer(), "試験健康保険組合", people).await;
    let register = async |id: &str, number: &str, reference: &str| {
        let mut row = row(number);
        row["reference_number"] = json!(reference);
        desk.post(REFERENCE_NUMBERS_PATH, &json!({ "request_id": id, "row": row })).await
    };
    let first = register("r-1", "101", "K-1").await;
    assert_eq!(first.json(), json!({ "outcome": "registered" }), "{}", first.json());
    assert_eq!(register("r-1", "101", "K-1").await.json(), first.json());
    assert_eq!(register("r-1", "101", "K-2").await.code(), "OQSA9006E", "another row under the same id");
    assert_eq!(register("r-2", "102", "K-1").await.json(), json!({ "outcome": "taken" }));
    assert_eq!(register("r-3", "999", "K-9").await.json(), json!({ "outcome": "not_identified" }));
    assert_eq!(register("r-4", "101", "K 1").await.status, 422);
    let question = number_question("q-1", &insurer(), "101", None, BORN, desk.system.today());
    let answer = desk.check_number(&question).await.json().to_string();
    assert!(answer.contains(r#""ReferenceNumber":"K-1""#), "{answer}");
    let entries = audit_entries(&desk.system).await;
    let of = |outcome: &str| {
        let mine = |e: &&Entry| e.action == "reference_number.register" && e.outcome == outcome;
        entries.iter().filter(mine).count()
    };
    assert_eq!((of("registered"), of("taken"), of("not-identified")), (1, 1, 1));
    desk.system.stop().await;
}

async fn a_file_is_answered_row_by_row_and_wrong_rows_stop_nothing(engine: Engine) {
    let desk = Desk::open(engine).await;
    let people = (1..=230).map(|n| person(&format!("p-{n}"), &format!("{}", 1000 + n))).collect();
    desk.system.load_insurer(&insurer(), "試験健康保険組合", people).await;
    let mut rows: Vec<Value> = (1..=230).map(|n| row(&format!("{}", 1000 + n))).collect();
    rows[3]["birthdate"] = json!("19801399");
    rows[120] = row("9999");
    let first = upload(&desk, "f-1", rows.clone()).await;
    let number = reception(&first);
    assert_eq!(upload(&desk, "f-1", rows.clone()).await.json(), first.json(), "the same file again");
    assert_eq!(upload(&desk, "f-1", rows[1..].to_vec()).await.code(), "OQSA9006E");

    let told = done(&desk, "eligibility", &number).await;
    assert_eq!((&told["rows"], &told["normal"], &told["errors"]), (&json!(230), &json!(228), &json!(2)));
    assert_eq!(told["file_identifier"], "BULK-1");
    assert_eq!(told["next"], Value::Null);
    let units = told["body"]["BulkConfirmUnit"].as_array().expect("units").clone();
    assert_eq!(units.len(), 230);
    for (place, unit) in units.iter().enumerate() {
        let echo = &unit["QualificationConfirmSearchInfo"];
        assert_eq!(echo["ArbitraryIdentifier"], rows[place]["identifier"], "in the order of the rows");
        let code = unit["ProcessingResultCode"].as_str();
        match place {
            3 => assert_eq!(code, Some("OQSA9001E")),
            120 => assert_eq!((code, unit["QualificationValidity"].as_str()), (Some("OQSB1001W"), Some("4"))),
            _ => {
                assert_eq!(unit["QualificationValidity"], "1");
                let result = &unit["ResultOfQualificationConfirmation"];
                assert_eq!(result["InsurerName"], "試験健康保険組合");
                assert_eq!(result["LimitApplicationCertificateChanged"], "1");
                assert_eq!(
                    result["LimitApplicationCertificateRelatedInfo"],
                    Value::Null,
                    "no ceiling in bulk"
                );
            }
        }
    }
    assert_eq!(ask(&desk, "reference_numbers", &number, 0).await.code(), "OQSB1301W", "of another kind");
    let elsewhere = desk.system.terminal(OTHER, "受付9").await;
    let connection = elsewhere.connect(testkit::client::Http::Two).await.expect("connects");
    let stranger = Desk { system: desk.system, terminal: elsewhere, connection };
    assert_eq!(ask(&stranger, "eligibility", &number, 0).await.code(), "OQSB1301W");
    let entries = audit_entries(&stranger.system).await;
    let chunks: Vec<_> = entries.iter().filter(|entry| entry.action == "bulk.eligibility").collect();
    assert_eq!(chunks.len(), 3, "one entry for a hundred rows");
    assert!(chunks.iter().all(|entry| entry.institution_code == INSTITUTION));
    for known in ["bulk.submit", "bulk.finish"] {
        assert_eq!(entries.iter().filter(|entry| entry.action == known).count(), 1, "{known}");
    }
    assert!(entries.iter().any(|entry| entry.action == "bulk.fetch"));
    stranger.system.stop().await;
}

async fn the_ceiling_is_called_unchanged_where_the_institution_knows_it_and_nowhere_else(engine: Engine) {
    let desk = Desk::open(engine).await;
    let numbers = ["101", "102", "103", "104", "105", "106"];
    let people = || numbers.map(|number| person(&format!("p-{number}"), number)).to_vec();
    desk.system.load_insurer(&insurer(), "試験健康保険組合", people()).await;
    let today = desk.system.today();
    let asked = async |desk: &Desk, number: &str, ceiling: bool| {
        let id = format!("q-{number}-{ceiling}");
        let mut question = number_question(&id, &insurer(), number, None, BORN, today);
        question["ceiling_consent"] = json!(ceiling);
        assert_eq!(desk.check_number(&question).await.status, 200);
        desk.system.hands.advance(Duration::from_secs(1));
    };
    // Known; known to have changed since; asked without 限度額 last; by card; another institution's; nobody's.
    for (number, ceiling) in [("101", true), ("102", true), ("103", true), ("103", false)] {
        asked(&desk, number, ceiling).await;
    }
    let card = desk.system.card_of("p-104").await;
    assert_eq!(desk.check_card(&card, today).await.status, 200);
    let elsewhere = desk.system.terminal(OTHER, "受付9").await;
    let connection = elsewhere.connect(testkit::client::Http::Two).await.expect("connects");
    let Desk { system, terminal, connection: own } = desk;
    let stranger = Desk { system, terminal: elsewhere, connection };
    asked(&stranger, "105", true).await;
    let desk = Desk { system: stranger.system, terminal, connection: own };
    let mut later = people();
    later[1].ceiling_certificates.clear();
    desk.system.load_insurer(&insurer(), "試験健康保険組合", later).await;

    let file = upload(&desk, "f-1", numbers.map(row).to_vec()).await;
    let told = done(&desk, "eligibility", &reception(&file)).await;
    let units = told["body"]["BulkConfirmUnit"].as_array().expect("units").clone();
    let change = |unit: &Value| {
        unit["ResultOfQualificationConfirmation"]["LimitApplicationCertificateChanged"].clone()
    };
    let changes: Vec<Value> = units.iter().map(change).collect();
    assert_eq!(changes, ["0", "1", "1", "0", "1", "1"]);
    assert!(!told.to_string().contains("LimitApplicationCertificateRelatedInfo"), "no ceiling in bulk");
    desk.system.stop().await;
}

async fn registrations_by_the_file_are_overwritten_and_own(engine: Engine) {
    let desk = Desk::open(engine).await;
    desk.system
        .load_insurer(&insurer(), "試験健康保険組合", vec![person("p-1", "101"), person("p-2", "102")])
        .await;
    let registration = |number: &str, reference: &str| {
        let mut row = row(number);
        row["reference_number"] = json!(reference);
        row
    };
    let rows =
        vec![registration("101", "K-1"), registration("101", "K-2"), registration("102", "K-2"), json!({})];
    let file = json!({ "request_id": "f-1", "kind": "reference_numbers", "rows": rows });
    let number = reception(&desk.post(BULK_UPLOADS_PATH, &file).await);
    let told = done(&desk, "reference_numbers", &number).await;
    let units = told["body"]["BulkRegistrationUnit"].as_array().expect("units").clone();
    let codes: Vec<_> = units.iter().map(|unit| unit["ProcessingResultCode"].as_str()).collect();
    assert_eq!(codes, [None, None, Some("OQSB1202E"), Some("OQSA9001E")]);
    let question = number_question("q-1", &insurer(), "101", None, BORN, desk.system.today());
    let answer = desk.check_number(&question).await.json().to_string();
    assert!(answer.contains(r#""ReferenceNumber":"K-2""#), "{answer}");
    desk.system.stop().await;
}

async fn load_tickets(system: &testkit::system::TestSystem, institution: &str) -> Date {
    let today = system.today();
    let code = eligibility::institution::InstitutionCode::parse(institution).expect("a code");
    let office = welfare_office();
    let with = |key: &str, number: &str, ticket| {
        people::public_assistance(&office, key, number, "扶助　三郎", BORN, ticket)
    };
    let other = eligibility::institution::InstitutionCode::parse(OTHER).expect("a code");
    let people = vec![
        with("p-1", "7000001", Some((&code, today))),
        with("p-2", "7000002", Some((&other, today))),
        with("p-3", "7000003", None),
    ];
    system.load_insurer(&office, "試験福祉事務所", people).await;
    today.first_of_month()
}

async fn tickets_of_a_month_are_found_for_their_institution_alone(engine: Engine) {
    let desk = Desk::open(engine).await;
    let month = load_tickets(&desk.system, INSTITUTION).await;
    let file = |id: &str, month: Date| json!({ "request_id": id, "kind": "entrusted_eligibility", "day": month.to_string() });
    let number = reception(&desk.post(BULK_UPLOADS_PATH, &file("f-1", month)).await);
    let told = done(&desk, "entrusted_eligibility", &number).await;
    let units = told["body"]["BulkConfirmUnit"].as_array().expect("units").clone();
    assert_eq!(units.len(), 1, "{units:?}");
    let result = &units[0]["ResultList"][0]["ResultOfQualificationConfirmation"];
    assert_eq!(
        (&result["InsuredCardClassification"], &result["InsuredIdentificationNumber"]),
        (&json!("A1"), &json!("7000001"))
    );
    assert_eq!(result["PublicExpenseResultList"].as_array().map(Vec::len), Some(1));
    let before = eligibility::calendar::add_months(month, -1);
    let number = reception(&desk.post(BULK_UPLOADS_PATH, &file("f-2", before)).await);
    assert_eq!(done(&desk, "entrusted_eligibility", &number).await["rows"], json!(0));
    let long_ago = eligibility::calendar::add_months(month, -61);
    assert_eq!(desk.post(BULK_UPLOADS_PATH, &file("f-3", long_ago)).await.status, 422);
    desk.system.stop().await;
}

async fn guessing_by_the_file_is_held_back_as_at_the_counter(engine: Engine) {
    let desk = Desk::open(engine).await;
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person("p-1", "101")]).await;
    let mut rows: Vec<Value> = (0..250).map(|n| row(&format!("{}", 5000 + n))).collect();
    rows.push(row("101"));
    let number = reception(&upload(&desk, "f-1", rows).await);
    let told = done(&desk, "eligibility", &number).await;
    let units = told["body"]["BulkConfirmUnit"].as_array().expect("units").clone();
    let of = |code: &str| units.iter().filter(|unit| unit["ProcessingResultCode"] == code).count();
    assert_eq!((of("OQSB1001W"), of("OQSB1003W")), (50, 201), "the slow pace begins with the fiftieth");
    assert_eq!(units[250]["ResultOfQualificationConfirmation"], Value::Null, "nor is a right guess told");
    let question = number_question("q-1", &insurer(), "101", None, BORN, desk.system.today());
    assert_eq!(desk.check_number(&question).await.code(), "OQSB1003W");
    desk.system.stop().await;
}

async fn results_end_after_seven_days(engine: Engine) {
    let desk = Desk::open(engine).await;
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person("p-1", "101")]).await;
    let number = reception(&upload(&desk, "f-1", vec![row("101")]).await);
    done(&desk, "eligibility", &number).await;
    desk.system.advance(Duration::from_secs(7 * 24 * 3600 - 60)).await;
    done(&desk, "eligibility", &number).await;
    desk.system.advance(Duration::from_secs(60)).await;
    assert_eq!(ask(&desk, "eligibility", &number, 0).await.code(), "OQSB1301W");
    desk.system.stop().await;
}

/// A form with a file, as browsers send it.
async fn hand_in(
    browser: &Browser,
    origin: &str,
    (form_id, kind, day): (&str, &str, &str),
    file: &str,
) -> testkit::browser::BrowserPage {
    const BOUNDARY: &str = "----shikaku0test";
    let field = |name: &str, value: &str| {
        format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = [
        field("form_id", form_id),
        field("kind", kind),
        field("day", day),
        format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
             content-type: text/csv\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n"
        ),
    ];
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let headers = [("origin", origin), ("sec-fetch-site", "same-origin"), ("content-type", &*kind)];
    browser.send(hyper::Method::POST, "/bulk", body.concat(), &headers).await
}

async fn form_id(browser: &Browser) -> String {
    browser.get("/bulk").await.says(200, "資格確認一括照会").hidden("form_id")
}

async fn page_of_done(browser: &Browser, address: &str) -> testkit::browser::BrowserPage {
    loop {
        let page = browser.get(address).await;
        assert_eq!(page.status, 200, "{}", page.text);
        if page.text.contains("完了") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn a_table_is_uploaded_and_its_result_downloaded_in_both_encodings(engine: Engine) {
    let web = Web::open(engine).await;
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![person("p-1", "101")]).await;
    let browser = web.signed_in(InstitutionRole::General).await;
    let csv = format!(
        "保険者番号,記号,番号,枝番,生年月日,任意の識別子\n{0},12,101,,1980-02-17,K1\n{0},12,999,,1980-02-17,K2\n",
        insurer()
    );
    let id = form_id(&browser).await;
    let day = web.system.today().to_string();
    let form = (&*id, "eligibility", &*day);
    let first = hand_in(&browser, &web.origin, form, &csv).await;
    assert_eq!(first.status, 303, "{}", first.text);
    assert_eq!(hand_in(&browser, &web.origin, form, &csv).await.to(), first.to(), "handed in twice is once");
    let address = first.to().to_owned();
    page_of_done(&browser, &address).await.says(200, "正常 1件、エラー 1件").says(200, "general");
    browser.get("/bulk").await.says(200, "完了").says(200, "エラー 1件");
    for (encoding, name) in [("utf-8", "UTF-8"), ("shift_jis", "Shift_JIS")] {
        let file = browser.get(&format!("{address}/result?encoding={encoding}")).await;
        assert_eq!(file.status, 200);
        assert!(
            file.text.starts_with(&format!("<?xml version=\"1.0\" encoding=\"{name}\"")),
            "{}",
            file.text
        );
        let disposition = file.headers["content-disposition"].to_str().expect("text");
        assert!(disposition.contains("OQSmuquc02res_"), "{disposition}");
        if encoding == "utf-8" {
            let read = read_bulk_answer(file.text.as_bytes()).expect("a message").answer;
            assert_eq!(read.header.number_of_error, Some(1));
            assert_eq!(read.body.expect("a body").units.len(), 2);
        }
    }
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    let stranger = web.browser_at(&elsewhere);
    stranger.hold(COOKIE, web.session_of(OTHER, "kanri9", InstitutionRole::Administrator).await.reveal());
    for under in ["", "/result"] {
        assert_eq!(stranger.get(&format!("{address}{under}")).await.status, 404);
    }
    let entries = audit_entries(&web.system).await;
    let actor = "account:general";
    for action in ["bulk.submit", "bulk.eligibility", "bulk.fetch"] {
        assert!(entries.iter().any(|entry| entry.action == action && entry.actor == actor), "{action}");
    }
    web.system.stop().await;
}

async fn what_is_wrong_with_a_file_is_said_on_its_page(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::General).await;
    let id = form_id(&browser).await;
    let sample = "<XmlMsg><MessageHeader><QualificationConfirmationDate>20261124</QualificationConfirmationDate>\
                  <MedicalInstitutionCode>9999999999</MedicalInstitutionCode></MessageHeader><MessageBody>\
                  <QualificationConfirmSearchInfo/></MessageBody></XmlMsg>";
    let foreign = sample.replace("9999999999", OTHER);
    for (file, words) in [
        ("", "ファイルを選んでください"),
        ("名前\n太郎\n", "見出しに「保険者番号」がありません"),
        ("<XmlMsg", "OQSA9004E"),
        (sample, "MedicalInstitutionCode"),
        (&foreign, "OQSA9002E"),
    ] {
        hand_in(&browser, &web.origin, (&id, "eligibility", ""), file).await.says(422, words);
    }
    let page = hand_in(&browser, &web.origin, ("x", "eligibility", ""), "a").await;
    assert_eq!(page.status, 400, "a form that is none of ours");
    let master = web.signed_in(InstitutionRole::Master).await;
    assert_eq!(master.get("/bulk").await.status, 403);
    web.system.stop().await;
}

async fn entrusted_eligibility_is_asked_for_on_its_page(engine: Engine) {
    let web = Web::open(engine).await;
    let month = load_tickets(&web.system, INSTITUTION).await.to_string();
    let browser = web.signed_in(InstitutionRole::Administrator).await;
    let page = browser.get("/entrusted").await;
    let id = page.says(200, "診療年月").hidden("form_id");
    let asked = browser.post("/entrusted", &[("form_id", &id), ("month", &month)]).await;
    assert_eq!(asked.status, 303, "{}", asked.text);
    let address = asked.to().to_owned();
    page_of_done(&browser, &address).await.says(200, "正常 1件");
    let file = browser.get(&format!("{address}/result")).await;
    let read = read_bulk_answer(file.text.as_bytes()).expect("a message").answer;
    assert_eq!(read.body.expect("a body").units[0].results.len(), 1);
    assert_eq!(
        browser.get(&address.replace("entrusted", "bulk")).await.status,
        404,
        "not of the other screen"
    );
    web.system.stop().await;
}
