//! The end of a certificate is told on its days, each time once.

use eligibility::calendar::{add_days, start_of_day};
use server::ca::notices;
use testkit::system::Engine;

use crate::ca_support::{Site, code};
use crate::on_both_engines;
use crate::support::audit_entries;

on_both_engines! {
    notices_are_given_on_their_days_and_once
}

async fn notices_are_given_on_their_days_and_once(engine: Engine) {
    let site = Site::open(engine).await;
    site.terminal("o1").await;
    let store = site.system.store();
    let certificate = store.certificates_of(&code()).await.expect("reads").remove(0);
    let last_day = certificate.period.last_day();
    let work = &site.parts().notices;
    let mut given = Vec::new();
    for left in (-31..=95).rev() {
        site.system.hands.set(start_of_day(add_days(last_day, -left)));
        // Twice a day, by whichever process.
        let first = work.run().await.expect("runs");
        let second =
            notices::Notices::new(store.clone(), site.system.clock.clone()).run().await.expect("runs");
        // The server's own background work may have been faster: the log tells how often.
        assert!(first + second <= 1);
        let shown = notices::warnings(store, &code(), site.system.today()).await.expect("reads");
        assert_eq!(shown.len(), usize::from(left <= 90), "{left} days left");
        given.push(left);
    }
    let told: Vec<String> = audit_entries(&site.system)
        .await
        .into_iter()
        .filter(|entry| entry.action == "certificate.notice")
        .map(|entry| entry.detail)
        .collect();
    let days = [90, 60, 30, 15, 7, 6, 5, 4, 3, 2, 1, 0, -1, -3, -7, -30];
    let expected: Vec<String> = days.iter().map(|left| add_days(last_day, -left).to_string()).collect();
    assert_eq!(told, expected);
    site.system.stop().await;
}
