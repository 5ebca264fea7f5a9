//! Guessing the password of an account of an institution, from many of its terminals at once.

use std::time::Duration;

use eligibility::institution_account::InstitutionRole;
use testkit::system::{Engine, INSTITUTION};

use crate::institution_support::{PASSWORD, Web, login};
use crate::support::audit_dump;

crate::on_both_engines! { sixty_four_passwords_at_once_are_five }

/// Terminals that guess, and guesses of each at once.
const TERMINALS: usize = 8;
const EACH: usize = 8;

async fn sixty_four_passwords_at_once_are_five(engine: Engine) {
    let web = Web::open(engine).await;
    web.account("uketsuke1", InstitutionRole::General).await;
    let mut guesses = Vec::new();
    for number in 0..TERMINALS {
        let terminal = web.system.terminal(INSTITUTION, &format!("受付{}", number + 10)).await;
        for guess in 0..EACH {
            let browser = web.browser_at(&terminal);
            guesses.push(tokio::spawn(async move {
                login(&browser, "uketsuke1", &format!("wrong password {number} {guess}")).await.status
            }));
        }
    }
    let mut statuses = Vec::new();
    for guess in guesses {
        statuses.push(guess.await.expect("runs"));
    }
    let count = |status: u16| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(422), count(429)), (5, TERMINALS * EACH - 5), "{statuses:?}");
    // The right one is not compared either, from wherever it comes.
    let stranger = web.browser();
    login(&stranger, "uketsuke1", PASSWORD).await.says(429, "約15分後");
    let dump = audit_dump(&web.system).await;
    assert_eq!(dump.matches("denied:password").count(), 5, "{dump}");
    web.system.advance(Duration::from_secs(15 * 60)).await;
    login(&stranger, "uketsuke1", PASSWORD).await.leads("/menu");
    web.system.stop().await;
}
