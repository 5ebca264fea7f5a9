//! While people storm the sign-in of an institution from many terminals and with many names, the counter's checks are
//! answered. Nothing is timed: the storm goes on until the last check has its answer, and what is looked at is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use eligibility::Date;
use server::web::password::{WAITING_MAX, at_once, most_under_way};
use testkit::browser::Browser;
use testkit::client::Http;
use testkit::people;
use testkit::system::{Engine, INSTITUTION};
use wire::terminal_api::NUMBER_VERIFICATIONS_PATH;

use crate::institution_support::{Web, login};
use crate::support::{Desk, insurer, number_question, validity};

crate::on_both_engines! { checks_go_on_during_a_storm_of_sign_ins }

/// Terminals that storm, and sign-ins under way at each: many more than hash and wait together.
const TERMINALS: usize = 40;
const AT_EACH: usize = 4;
/// Checks of either kind.
const CHECKS: usize = 20;
const BORN: Date = Date::constant(1980, 2, 17);

/// What became of the sign-ins.
#[derive(Default)]
struct Storm {
    over: AtomicBool,
    /// Each tries a name of its own.
    names: AtomicUsize,
    compared: AtomicUsize,
    /// Told to come again: places and line are full, or the terminal has guessed too often.
    turned_away: AtomicUsize,
    paused: AtomicUsize,
}

impl Storm {
    /// Signs in again and again with a wrong password, until the storm is over.
    async fn rage(self: Arc<Self>, browser: Browser) {
        while !self.over.load(SeqCst) {
            let name = format!("nobody{}", self.names.fetch_add(1, SeqCst));
            let page = login(&browser, &name, "wrong-password-1").await;
            let counter = match page.status {
                422 => &self.compared,
                503 => &self.turned_away,
                429 => &self.paused,
                other => panic!("{other}: {}", page.text),
            };
            counter.fetch_add(1, SeqCst);
        }
    }

    fn compared(&self) -> usize {
        self.compared.load(SeqCst)
    }
}

async fn checks_go_on_during_a_storm_of_sign_ins(engine: Engine) {
    let web = Web::open_with(engine, |config| {
        config.limits.site_connections = 1024;
        config.limits.site_network_connections = 1024;
    })
    .await;
    let person = people::coverage(&insurer(), "p-1", "101", "試験　花子", BORN);
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let card = web.system.card_of("p-1").await;
    let storm = Arc::new(Storm::default());
    let mut raging = Vec::new();
    for number in 0..TERMINALS {
        let terminal = web.system.terminal(INSTITUTION, &format!("端末{number}")).await;
        for _ in 0..AT_EACH {
            raging.push(tokio::spawn(Arc::clone(&storm).rage(web.browser_at(&terminal))));
        }
    }
    let terminal = web.system.terminal(INSTITUTION, "会計1").await;
    let connection = terminal.connect(Http::Two).await.expect("connects");
    let desk = Desk { system: web.system, terminal, connection };
    // The line is full before the first check is asked.
    while storm.turned_away.load(SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let today = desk.system.today();
    for number in 0..CHECKS {
        let before = storm.compared();
        let question = number_question(&format!("storm-{number}"), &insurer(), "101", None, BORN, today);
        let by_number = desk.connection.send(hyper::Method::POST, NUMBER_VERIFICATIONS_PATH, Some(&question));
        assert_eq!(validity(&by_number.await.expect("an answer")), "1", "by number");
        assert_eq!(validity(&desk.check_card(&card, today).await), "1", "by card");
        // Whoever stood in the line of passwords would see all of it go by first.
        let went_by = storm.compared() - before;
        assert!(went_by < WAITING_MAX, "check {number} waited while {went_by} passwords were compared");
    }
    assert!(raging.iter().all(|one| !one.is_finished()), "the storm outlasts the checks");
    storm.over.store(true, SeqCst);
    for one in raging {
        one.await.expect("runs");
    }
    // However many stormed: so many places are taken by passwords and no more.
    assert_eq!(most_under_way(), at_once());
    assert!(storm.compared() > 0, "nobody was compared at all");
    desk.system.stop().await;
}
