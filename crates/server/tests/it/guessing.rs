//! Guessing insured numbers: held back for the institution that does it, in parallel too, and learning nothing.

use std::sync::Arc;
use std::time::Duration;

use eligibility::Date;
use eligibility::enumeration::MISSES_PER_WINDOW;
use hyper::Method;
use testkit::client::Http;
use testkit::people;
use testkit::system::Engine;
use wire::terminal_api::NUMBER_VERIFICATIONS_PATH;

use crate::on_both_engines;
use crate::support::{Desk, audit_entries, insurer, message, number_question, validity};

on_both_engines! { a_campaign_yields_no_more_than_its_quota }

const BORN: Date = Date::constant(1980, 2, 17);

async fn a_campaign_yields_no_more_than_its_quota(engine: Engine) {
    const GUESSES: u32 = 600;
    const PARALLEL: usize = 64;
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let person = people::coverage(&insurer(), "p", "601", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let connection = Arc::new(desk.terminal.connect(Http::Two).await.expect("a connection"));
    let places = Arc::new(tokio::sync::Semaphore::new(PARALLEL));
    let guess = |number: u32| {
        let (connection, places) = (Arc::clone(&connection), Arc::clone(&places));
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
    assert_eq!(answered, MISSES_PER_WINDOW, "answers given");
    assert_eq!(limited, GUESSES - MISSES_PER_WINDOW);

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_number_and_a_wrong_birthday_answer_alike() {
    let desk = Desk::open(Engine::Sqlite).await;
    let today = desk.system.today();
    let person = people::coverage(&insurer(), "p", "601", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let wrong_number = number_question("n", &insurer(), "999", None, BORN, today);
    let wrong_birthday = number_question("b", &insurer(), "601", None, Date::constant(1980, 2, 18), today);
    let wrong_branch = number_question("w", &insurer(), "601", Some("07"), BORN, today);
    let expected = desk.check_number(&wrong_number).await;
    assert_eq!(validity(&expected), "4");
    for question in [wrong_birthday, wrong_branch] {
        let reply = desk.check_number(&question).await;
        assert_eq!(message(&reply), message(&expected));
        assert_eq!(reply.headers.get("content-length"), expected.headers.get("content-length"));
    }
    desk.system.stop().await;
}
