//! A question by number that gets no answer of its own is not looked up: how long a look-up takes would answer it.
//!
//! Nothing here measures time. The table of numbers is taken away, and whoever looks into it fails.

use std::time::Duration;

use eligibility::Date;
use eligibility::enumeration::RECENT_QUESTIONS;
use testkit::system::Engine;
use testkit::{people, tampering};

use crate::on_both_engines;
use crate::support::{Desk, audit_entries, insurer, number_question, validity};

on_both_engines! {
    a_reused_request_id_is_refused_without_a_look_and_counts
    who_is_held_back_is_refused_without_a_look
}

const BORN: Date = Date::constant(1980, 2, 17);

async fn desk_with_person(engine: Engine) -> Desk {
    let desk = Desk::open(engine).await;
    let person = people::coverage(&insurer(), "p", "601", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    desk
}

async fn take_the_numbers_away(desk: &Desk) {
    tampering::change(desk.system.database_url(), "ALTER TABLE coverage_by_number RENAME TO taken_away")
        .await;
}

async fn bring_the_numbers_back(desk: &Desk) {
    tampering::change(desk.system.database_url(), "ALTER TABLE taken_away RENAME TO coverage_by_number")
        .await;
}

async fn ask(desk: &Desk, id: &str, birthdate: Date) -> (u16, String) {
    let question = number_question(id, &insurer(), "601", None, birthdate, desk.system.today());
    let reply = desk.check_number(&question).await;
    (reply.status, if reply.status == 200 { validity(&reply) } else { reply.code() })
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

async fn a_reused_request_id_is_refused_without_a_look_and_counts(engine: Engine) {
    let desk = desk_with_person(engine).await;
    let a_day_off = BORN.tomorrow().expect("a day");
    assert_eq!(ask(&desk, "known", a_day_off).await, (200, "4".to_owned()));
    take_the_numbers_away(&desk).await;
    // The bare attempt fails, so the others below did not look.
    assert_eq!(ask(&desk, "new", BORN).await.0, 503);
    // Right or wrong, under the id of another question it is a conflict; with the first one, fifty questions.
    for guess in 1..RECENT_QUESTIONS {
        let birthdate = if guess % 2 == 0 { BORN } else { BORN.yesterday().expect("a day") };
        assert_eq!(ask(&desk, "known", birthdate).await, refused(409, "OQSA9006E"), "conflict {guess}");
        // The honest question again gets its answer and costs nothing.
        assert_eq!(ask(&desk, "known", a_day_off).await, (200, "4".to_owned()));
    }
    assert_eq!(ask(&desk, "known", BORN).await, refused(429, "OQSB1003W"));
    let entries = audit_entries(&desk.system).await;
    assert!(entries.iter().any(|entry| entry.outcome == "denied:request-id-reused"));
    bring_the_numbers_back(&desk).await;
    desk.system.advance(Duration::from_secs(3600)).await;
    assert_eq!(ask(&desk, "later", BORN).await, (200, "1".to_owned()));
    desk.system.stop().await;
}

async fn who_is_held_back_is_refused_without_a_look(engine: Engine) {
    let desk = desk_with_person(engine).await;
    let a_day_off = BORN.tomorrow().expect("a day");
    for guess in 0..RECENT_QUESTIONS {
        assert_eq!(ask(&desk, &format!("g-{guess}"), a_day_off).await, (200, "4".to_owned()));
    }
    take_the_numbers_away(&desk).await;
    for birthdate in [BORN, a_day_off] {
        assert_eq!(ask(&desk, "right-or-wrong", birthdate).await, refused(429, "OQSB1003W"));
    }
    // A minute later one may ask, and only then somebody looks.
    desk.system.advance(Duration::from_secs(61)).await;
    assert_eq!(ask(&desk, "slow", BORN).await.0, 503);
    bring_the_numbers_back(&desk).await;
    assert_eq!(ask(&desk, "slow", BORN).await, (200, "1".to_owned()));
    assert_eq!(ask(&desk, "too-soon", BORN).await, refused(429, "OQSB1003W"));
    let entries = audit_entries(&desk.system).await;
    assert!(entries.iter().any(|entry| entry.outcome == "denied:limited"));
    desk.system.stop().await;
}
