//! Guesses from many networks of one customer: whoever has a /48 has no more of them by going from one /64 to the next.

use eligibility::account::{LockoutDecision, NEIGHBOURHOOD_FAILURES_MAX, NETWORK_FAILURES_MAX};
use server::web::door::Peer;
use server::web::guess::Guess;
use testkit::system::Engine;

use crate::on_both_engines;
use crate::sites::Sites;

on_both_engines! {
    guesses_from_one_customers_networks_are_counted_together
}

/// Whether one more guess from this address is compared.
async fn let_through(sites: &Sites, address: &str) -> bool {
    let guess = Guess::of_network("portal-mail-link", Peer(address.parse().expect("an address")));
    let taken = sites.store.take_attempt(guess.places().to_vec(), sites.clock.now()).await;
    taken.expect("writes") == LockoutDecision::Allowed
}

async fn guesses_from_one_customers_networks_are_counted_together(engine: Engine) {
    let sites = Sites::open(engine).await;
    // One network has its own count first.
    let mut own = 0;
    while let_through(&sites, "2001:db8:1:0:1::9").await {
        own += 1;
    }
    assert_eq!(own, NETWORK_FAILURES_MAX);
    let mut all = own;
    for network in 1..=NEIGHBOURHOOD_FAILURES_MAX {
        all += u32::from(let_through(&sites, &format!("2001:db8:1:{network:x}::1")).await);
    }
    assert_eq!(all, NEIGHBOURHOOD_FAILURES_MAX, "a new network for each guess");
    assert!(!let_through(&sites, "2001:db8:1:ffff::1").await, "one that was never seen");
    // The next customer, and whoever comes by IPv4, are others.
    assert!(let_through(&sites, "2001:db8:2::1").await);
    for host in 1..=NEIGHBOURHOOD_FAILURES_MAX + 1 {
        assert!(let_through(&sites, &format!("192.0.2.{host}")).await, "{host}");
    }
    // A quarter of an hour later, and an hour later anew.
    sites.hands.advance(std::time::Duration::from_secs(60 * 60));
    assert!(let_through(&sites, "2001:db8:1:ffff::1").await);
}
