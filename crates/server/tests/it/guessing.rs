//! Guessing insured numbers: held back for the institution that does it, in parallel too, and learning nothing.

use std::sync::Arc;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use eligibility::Date;
use eligibility::enumeration::{MISSES_PER_WINDOW, RECENT_QUESTIONS};
use hyper::Method;
use serde_json::{Value, json};
use testkit::client::{Http, Reply};
use testkit::people;
use testkit::system::{Engine, INSTITUTION, TestSystem};
use wire::terminal_api::NUMBER_VERIFICATIONS_PATH;

use crate::on_both_engines;
use crate::ops::get;
use crate::support::{Desk, audit_entries, captured_log, insurer, number_question, other_insurer, validity};

on_both_engines! {
    a_campaign_yields_no_more_than_its_quota
    whatever_is_wrong_the_answer_is_the_same
    whatever_is_wrong_it_counts_the_same
    guessing_rings_a_bell_once_an_hour
}

const BORN: Date = Date::constant(1980, 2, 17);

async fn a_campaign_yields_no_more_than_its_quota(engine: Engine) {
    const GUESSES: u32 = 2_000;
    const PARALLEL: usize = 64;
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let person = people::coverage(&insurer(), "p", "601", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    // From several terminals: the institution is what counts.
    let mut connections = vec![Arc::new(desk.terminal.connect(Http::Two).await.expect("a connection"))];
    for name in ["back-1", "back-2"] {
        let terminal = desk.system.terminal(INSTITUTION, name).await;
        connections.push(Arc::new(terminal.connect(Http::Two).await.expect("a connection")));
    }
    let places = Arc::new(tokio::sync::Semaphore::new(PARALLEL));
    let guess = |number: u32| {
        let connection = Arc::clone(&connections[number as usize % connections.len()]);
        let places = Arc::clone(&places);
        let question =
            number_question(&format!("g-{number}"), &insurer(), &format!("9{number}"), None, BORN, today);
        tokio::spawn(async move {
            let _place = places.acquire_owned().await.expect("a place");
            connection
                .send(Method::POST, NUMBER_VERIFICATIONS_PATH, Some(&question))
                .await
                .expect("an answer")
        })
    };
    let sent: Vec<_> = (0..GUESSES).map(guess).collect();
    let (mut answered, mut limited) = (0, 0);
    for reply in sent {
        let reply = reply.await.expect("no panic");
        match reply.status {
            200 => answered += 1,
            429 => {
                assert!(["OQSB1003W", "OQSA9106E"].contains(&reply.code().as_str()), "{}", reply.json());
                assert!(reply.headers.contains_key("retry-after"));
                limited += 1;
            }
            other => panic!("{other} {}", reply.json()),
        }
    }
    // Nothing but guesses: the share of wrong ones stops them before the quota would.
    assert_eq!(answered, RECENT_QUESTIONS, "answers given");
    assert_eq!(limited, GUESSES - RECENT_QUESTIONS);

    // Now a right question is held back as well: otherwise the silence would tell.
    let right = number_question("right", &insurer(), "601", None, BORN, today);
    let reply = desk.check_number(&right).await;
    assert_eq!((reply.status, reply.code().as_str()), (429, "OQSB1003W"));
    // One a minute passes; a card always does; another institution never noticed.
    let card = desk.system.card_of("p").await;
    assert_eq!(validity(&desk.check_card(&card, today).await), "1");
    let neighbour = desk.system.terminal("1311111111", "front-1").await;
    let theirs = neighbour.connect(Http::Two).await.expect("a connection");
    let reply = theirs.send(Method::POST, NUMBER_VERIFICATIONS_PATH, Some(&right)).await.expect("an answer");
    assert_eq!(validity(&reply), "1");
    desk.system.advance(Duration::from_secs(61)).await;
    let right = number_question("right-again", &insurer(), "601", None, BORN, today);
    assert_eq!(validity(&desk.check_number(&right).await), "1");
    let right = number_question("right-too-soon", &insurer(), "601", None, BORN, today);
    assert_eq!(desk.check_number(&right).await.status, 429);
    desk.system.advance(Duration::from_secs(3600)).await;
    let right = number_question("right-later", &insurer(), "601", None, BORN, today);
    assert_eq!(validity(&desk.check_number(&right).await), "1");
    assert!(audit_entries(&desk.system).await.iter().any(|entry| entry.outcome.contains("limited")));
    desk.system.stop().await;
}

/// Questions that are wrong in one thing each.
fn wrong_questions(id: &str, today: Date) -> Vec<(&'static str, Value)> {
    let ask = |number, branch, birthdate| number_question(id, &insurer(), number, branch, birthdate, today);
    let mut symbol = ask("601", None, BORN);
    symbol["insured_symbol"] = json!("13");
    let mut no_symbol = ask("601", None, BORN);
    no_symbol.as_object_mut().expect("an object").remove("insured_symbol");
    vec![
        ("number", ask("999", None, BORN)),
        ("birthday", ask("601", None, Date::constant(1980, 2, 18))),
        ("branch", ask("601", Some("07"), BORN)),
        ("symbol", symbol),
        ("no symbol", no_symbol),
        ("insurer", number_question(id, &other_insurer(), "601", None, BORN, today)),
    ]
}

/// The answer's bytes without its receipt, and what the receipt says without its own number.
fn comparable(reply: &Reply) -> (String, Value) {
    let receipt = reply.json()["receipt"].as_str().expect("a receipt").to_owned();
    let payload = receipt.split('.').nth(1).expect("a payload");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    let mut claims: Value = serde_json::from_slice(&payload).expect("claims");
    // What is the question's own: the receipt's number, and the digest of what was asked.
    for own in ["jti", "question"] {
        claims.as_object_mut().expect("an object").remove(own).expect(own);
    }
    (String::from_utf8_lossy(&reply.bytes).replace(&receipt, ""), claims)
}

async fn whatever_is_wrong_the_answer_is_the_same(engine: Engine) {
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let person = people::coverage(&insurer(), "p", "601", "試験　花子", BORN);
    let another = people::coverage(&other_insurer(), "q", "777", "試験　次郎", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    desk.system.load_insurer(&other_insurer(), "別の健康保険組合", vec![another]).await;
    let mut first: Option<Reply> = None;
    for (round, (wrong, question)) in wrong_questions("w", today).into_iter().enumerate() {
        let mut question = question;
        question["request_id"] = json!(format!("w-{round}"));
        // Time stands still here, so it needs no taking out.
        let reply = desk.check_number(&question).await;
        assert_eq!(validity(&reply), "4", "wrong {wrong}");
        let Some(expected) = &first else {
            first = Some(reply);
            continue;
        };
        assert_eq!(comparable(&reply), comparable(expected), "wrong {wrong}");
        assert_eq!(reply.bytes.len(), expected.bytes.len(), "wrong {wrong}");
        let headers = |reply: &Reply| {
            let mut headers = reply.headers.clone();
            headers.remove("date");
            headers
        };
        assert_eq!(headers(&reply), headers(expected), "wrong {wrong}");
    }
    // The right one is another answer: the comparison above can fail.
    let right = desk.check_number(&number_question("r", &insurer(), "601", None, BORN, today)).await;
    assert_ne!(comparable(&right), comparable(&first.expect("an answer")));
    desk.system.stop().await;
}

async fn whatever_is_wrong_it_counts_the_same(engine: Engine) {
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let person = people::coverage(&insurer(), "p", "601", "試験　花子", BORN);
    // Twins: asked for without a branch number there are two of them, which tells that they exist.
    let mut twins = ["01", "02"].map(|branch| {
        let mut twin = people::coverage(&insurer(), &format!("t{branch}"), "602", "試験　双葉", BORN);
        twin.branch_number = Some(branch.to_owned());
        twin
    });
    twins[1].person.name = "試験　若葉".to_owned();
    let members = [vec![person], twins.to_vec()].concat();
    desk.system.load_insurer(&insurer(), "試験健康保険組合", members).await;
    let several = number_question("w", &insurer(), "602", None, BORN, today);
    assert_eq!(validity(&desk.check_number(&several).await), "5");
    let kinds = wrong_questions("w", today).into_iter().chain([("one of several", several)]);
    for (round, (wrong, mut question)) in kinds.enumerate() {
        let terminal = desk.system.terminal(&format!("13111112{round:02}"), "front-1").await;
        let connection = terminal.connect(Http::Two).await.expect("a connection");
        for number in 0..=RECENT_QUESTIONS {
            question["request_id"] = json!(format!("w-{number}"));
            let reply = connection.send(Method::POST, NUMBER_VERIFICATIONS_PATH, Some(&question)).await;
            let status = reply.expect("an answer").status;
            let expected = if number < RECENT_QUESTIONS { 200 } else { 429 };
            assert_eq!(status, expected, "wrong {wrong}, question {number}");
        }
    }
    desk.system.stop().await;
}

/// A counter as operators see it.
async fn counted(desk: &Desk, name: &str) -> u64 {
    let metrics = get(desk.system.server.ops(), "/metrics").await.1;
    let lines = metrics.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

async fn guessing_rings_a_bell_once_an_hour(engine: Engine) {
    let log = captured_log();
    let system = TestSystem::start(engine).await;
    // Named for the engine, because tests may share a process and with it its log.
    let institution = if engine == Engine::Sqlite { "1311111301" } else { "1311111302" };
    let terminal = system.terminal(institution, "front-1").await;
    let desk = Desk::of(system).await;
    let today = desk.system.today();
    let person = people::coverage(&insurer(), "p", "601", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let connection = terminal.connect(Http::Two).await.expect("a connection");
    let bells = || {
        let warned = |line: &&str| line.contains("\"WARN\"") && line.contains(institution);
        log.text().lines().filter(warned).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut asked = 0;
    let mut ask = async |number: &str, times: u32, expected: u16| {
        for _ in 0..times {
            asked += 1;
            let question = number_question(&format!("b-{asked}"), &insurer(), number, None, BORN, today);
            let reply = connection.send(Method::POST, NUMBER_VERIFICATIONS_PATH, Some(&question)).await;
            assert_eq!(reply.expect("an answer").status, expected);
        }
    };
    let before = counted(&desk, "shikaku_number_checks_not_found_total").await;
    let limited_before = counted(&desk, "shikaku_number_checks_limited_total").await;
    let alarms_before = counted(&desk, "shikaku_number_checks_alarms_total").await;
    ask("601", 40, 200).await;
    ask("999", 10, 200).await;
    assert_eq!(bells().len(), 0, "a fifth is mistyping");
    ask("999", 1, 200).await;
    assert_eq!(bells().len(), 1, "more than a fifth may be guessing");
    ask("601", 20, 429).await;
    assert_eq!(bells().len(), 1, "once an hour");
    desk.system.advance(Duration::from_secs(3600)).await;
    ask("999", RECENT_QUESTIONS, 200).await;
    assert_eq!(bells().len(), 2, "an hour later it begins from nothing");
    ask("999", 3, 429).await;
    assert_eq!(bells().len(), 2, "held back within the hour of the last bell");
    // Who keeps below the share meets the quota, and rings the same bell.
    desk.system.advance(Duration::from_secs(3600)).await;
    for _ in 0..MISSES_PER_WINDOW {
        assert_eq!(bells().len(), 2);
        ask("601", 4, 200).await;
        ask("999", 1, 200).await;
    }
    assert_eq!(bells().len(), 3);
    ask("601", 1, 429).await;
    assert!(counted(&desk, "shikaku_number_checks_not_found_total").await >= before + 161);
    assert!(counted(&desk, "shikaku_number_checks_limited_total").await >= limited_before + 24);
    assert!(counted(&desk, "shikaku_number_checks_alarms_total").await >= alarms_before + 3);
    for line in bells() {
        let line: Value = serde_json::from_str(&line).expect("JSON");
        let fields: Vec<&String> = line["fields"].as_object().expect("fields").keys().collect();
        assert_eq!(fields, ["institution_code", "message", "not_found", "number_checks"], "{line}");
    }
    desk.system.stop().await;
}
