//! Lines: whose addresses they are, what connects them, and what ends a session.

use std::net::IpAddr;

use eligibility::line::{
    AddressPrefix, CircuitKind, CustomerId, LINE_SESSION_DAYS, LineDecision, OfferReason, SessionEndReason,
};
use store::{
    LINE_PREFIXES_MAX, LineRegistration, NewLine, PrefixChange, PrefixNotice, Store, audit::SigningKey,
};

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    a_wish_connects_the_line_of_the_address_it_came_from,
    declining_leaves_it_unconnected_and_cuts_nothing,
    both_address_families_are_connected_apart,
    an_unused_session_runs_out_and_a_used_one_does_not,
    another_prefix_ends_the_session_of_the_old_one,
    lines_never_share_an_address,
    lines_registered_at_once_do_not_overlap,
    another_customer_id_takes_over_the_addresses,
    a_stopped_line_is_nobodys,
    institutions_of_one_house_share_a_line_only_when_told_so,
    the_operator_ends_sessions,
    every_change_can_be_followed,
    every_act_is_in_the_audit_log_of_each_institution,
    what_a_line_may_have_is_limited,
    prefixes_are_entered_and_withdrawn_one_by_one,
    lines_are_found_by_code_and_customer_id,
);

const OPERATOR: &str = "operator:o1";
const DAY: i64 = 86_400_000;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn prefixes(texts: &[&str]) -> Vec<AddressPrefix> {
    texts.iter().map(|text| AddressPrefix::parse(text).expect("a prefix")).collect()
}

fn customer(number: u32) -> CustomerId {
    CustomerId::parse(&format!("CAF{number:010}")).expect("a customer id")
}

fn line(number: u32, addresses: &[&str]) -> NewLine {
    NewLine {
        institution_code: institution(number),
        circuit: CircuitKind::IpVpnNtt,
        customer_id: Some(customer(number)),
        prefixes: Some(prefixes(addresses)),
        shared: false,
    }
}

async fn register(store: &Store, new: NewLine, ms: i64) -> LineRegistration {
    store.register_line(new, OPERATOR, at(ms)).await.expect("registers")
}

async fn registered(store: &Store, number: u32, addresses: &[&str]) {
    assert_eq!(register(store, line(number, addresses), 0).await, LineRegistration::Done);
}

async fn connect(store: &Store, peer: &str, ms: i64) -> Option<LineDecision> {
    store.connect_line(ip(peer), at(ms)).await.expect("answers").decision
}

/// How a request of institution `number` from `peer` stands.
async fn stands(store: &Store, number: u32, peer: &str, ms: i64) -> LineDecision {
    let line = store.line_of(&institution(number)).await.expect("reads").expect("a line");
    line.decision(ip(peer), at(ms))
}

fn until(ms: i64) -> LineDecision {
    LineDecision::Connected { until: at(ms + LINE_SESSION_DAYS * DAY) }
}

async fn a_wish_connects_the_line_of_the_address_it_came_from(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.0/29", "2001:db8:1::/48"]).await;
    registered(store, 2, &["203.0.113.8/29"]).await;
    assert_eq!(stands(store, 1, "203.0.113.2", 5).await, LineDecision::OfferChoice(OfferReason::Never));
    let answer = store.connect_line(ip("203.0.113.2"), at(5)).await.expect("answers");
    assert_eq!((answer.decision, answer.changed), (Some(until(5)), true));
    assert_eq!(answer.institution_code, Some(institution(1)));
    assert_eq!(stands(store, 1, "203.0.113.7", 6).await, until(5), "any address of the prefix");
    // A listener for both families names an IPv4 peer so.
    assert_eq!(stands(store, 1, "::ffff:203.0.113.7", 6).await, until(5));
    // The other institution's line is not this one's, and this one's is not the other's.
    assert_eq!(stands(store, 2, "203.0.113.9", 6).await, LineDecision::OfferChoice(OfferReason::Never));
    assert_eq!(stands(store, 2, "203.0.113.2", 6).await, LineDecision::NotALine);
    assert_eq!(stands(store, 1, "203.0.113.9", 6).await, LineDecision::NotALine);
    // Nobody's address, below, between and above those that are somebody's.
    for stranger in ["203.0.112.255", "203.0.113.16", "198.51.100.1", "2001:db8:2::1", "::1"] {
        let answer = store.connect_line(ip(stranger), at(7)).await.expect("answers");
        assert_eq!((answer.decision, answer.changed), (None, false), "{stranger}");
    }
    // Pressed twice: the second finds it connected.
    let again = store.connect_line(ip("203.0.113.3"), at(9)).await.expect("answers");
    assert_eq!((again.decision, again.changed), (Some(until(5)), false));
}

async fn declining_leaves_it_unconnected_and_cuts_nothing(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.0/29"]).await;
    let declined = store.decline_line(ip("203.0.113.1"), at(1)).await.expect("answers");
    let offered = LineDecision::OfferChoice(OfferReason::Declined);
    assert_eq!((declined.decision, declined.changed), (Some(offered), true));
    let again = store.decline_line(ip("203.0.113.1"), at(2)).await.expect("answers");
    assert_eq!((again.decision, again.changed), (Some(offered), false));
    assert_eq!(connect(store, "203.0.113.1", 3).await, Some(until(3)), "the way back");
    // From a page that was open since before.
    let late = store.decline_line(ip("203.0.113.1"), at(4)).await.expect("answers");
    assert_eq!((late.decision, late.changed), (Some(until(3)), false));
}

async fn both_address_families_are_connected_apart(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.0/29", "2001:db8:1::/48", "2001:db8:9::/56"]).await;
    assert_eq!(connect(store, "2001:db8:1::5", 1).await, Some(until(1)));
    assert_eq!(stands(store, 1, "203.0.113.1", 2).await, LineDecision::OfferChoice(OfferReason::Never));
    assert_eq!(connect(store, "203.0.113.1", 3).await, Some(until(3)));
    assert_eq!(connect(store, "2001:db8:9::1", 4).await, Some(until(4)));
    // Each prefix keeps its own session.
    assert_eq!(stands(store, 1, "2001:db8:1:ffff::1", 5).await, until(1));
}

async fn an_unused_session_runs_out_and_a_used_one_does_not(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.0/29"]).await;
    let (peer, own) = (ip("203.0.113.1"), institution(1));
    connect(store, "203.0.113.1", 0).await;
    let half = LINE_SESSION_DAYS * DAY / 2;
    assert_eq!(store.use_line(&own, peer, at(half)).await, Ok(false), "half is left");
    assert_eq!(store.use_line(&own, peer, at(half + 1)).await, Ok(true));
    assert_eq!(stands(store, 1, "203.0.113.1", 2 * half).await, until(half + 1));
    let over = half + 1 + LINE_SESSION_DAYS * DAY;
    assert_eq!(stands(store, 1, "203.0.113.1", over).await, LineDecision::OfferChoice(OfferReason::Expired));
    assert_eq!(store.use_line(&own, peer, at(over)).await, Ok(false), "over stays over");
    assert_eq!(connect(store, "203.0.113.1", over).await, Some(until(over)));
    let elsewhere = store.use_line(&own, ip("198.51.100.1"), at(over + half + 1)).await;
    assert_eq!(elsewhere, Ok(false), "only the line itself uses it");
}

async fn another_prefix_ends_the_session_of_the_old_one(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.0/29", "2001:db8:1::/48"]).await;
    connect(store, "203.0.113.1", 1).await;
    connect(store, "2001:db8:1::1", 1).await;
    let moved = prefixes(&["203.0.113.0/29", "2001:db8:7::/48"]);
    let notice = store.notify_line_prefixes(&customer(1), moved, "carrier:ntt", at(2)).await;
    assert_eq!(notice, Ok(PrefixNotice::Done { ended: 1 }));
    assert_eq!(stands(store, 1, "203.0.113.1", 3).await, until(1), "this prefix stayed");
    assert_eq!(stands(store, 1, "2001:db8:1::1", 3).await, LineDecision::NotALine);
    let offered = LineDecision::OfferChoice(OfferReason::PrefixChanged);
    assert_eq!(stands(store, 1, "2001:db8:7::1", 3).await, offered);
    assert_eq!(connect(store, "2001:db8:7::1", 4).await, Some(until(4)));
    let line = store.line_of(&institution(1)).await.expect("reads").expect("a line");
    assert_eq!(line.sessions.len(), 2, "what is over is forgotten: {:?}", line.sessions);
    // The old prefix back again: the session that ended stays ended.
    let back = prefixes(&["2001:db8:1::/48"]);
    store.notify_line_prefixes(&customer(1), back, "carrier:ntt", at(5)).await.expect("takes");
    assert!(matches!(stands(store, 1, "2001:db8:1::1", 6).await, LineDecision::OfferChoice(_)));
    let unknown = store.notify_line_prefixes(&customer(9), Vec::new(), "carrier:ntt", at(7)).await;
    assert_eq!(unknown, Ok(PrefixNotice::UnknownCustomerId));
}

async fn lines_never_share_an_address(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.16/28", "2001:db8:1::/48"]).await;
    registered(store, 2, &["198.51.100.0/24"]).await;
    for taken in [
        "203.0.113.16/28",
        "203.0.113.0/24",
        "203.0.0.0/16",
        "203.0.113.17/32",
        "203.0.113.31/32",
        "2001:db8::/40",
        "2001:db8:1:ff00::/56",
        "2001:db8:1:ffff:ffff:ffff:ffff:ffff/128",
    ] {
        let prefix = AddressPrefix::parse(taken).expect("a prefix");
        let refused = register(store, line(3, &["192.0.2.0/24", taken]), 1).await;
        let other = customer(1).to_string();
        assert_eq!(refused, LineRegistration::Overlap { prefix, other: other.clone() }, "{taken}");
        let notice = store.notify_line_prefixes(&customer(2), vec![prefix], "carrier:ntt", at(1)).await;
        assert_eq!(notice, Ok(PrefixNotice::Overlap { prefix, other }), "{taken}");
    }
    assert_eq!(store.line_of(&institution(3)).await, Ok(None), "what is refused leaves nothing");
    assert_eq!(store.line_at(ip("192.0.2.1")).await, Ok(None));
    let other = store.line_at(ip("198.51.100.9")).await.expect("reads").expect("a line");
    assert_eq!(other.institution_code, institution(2), "a refused notice takes nothing away");
    // Neighbours do not overlap; a line's own prefixes may be written twice or in one another.
    for (number, free) in [(4, "203.0.113.0/28"), (5, "203.0.113.32/27"), (6, "2001:db8:2::/48")] {
        registered(store, number, &[free, free]).await;
    }
    registered(store, 1, &["203.0.113.16/28", "203.0.113.20/30", "2001:db8:1::/48"]).await;
    let own = store.line_of(&institution(1)).await.expect("reads").expect("a line");
    assert_eq!(own.prefixes, prefixes(&["203.0.113.16/28", "2001:db8:1::/48"]));
}

async fn lines_registered_at_once_do_not_overlap(db: Database) {
    let other = Store::open(&db.url, store::Options::default()).await.expect("opens");
    let mut tries = Vec::new();
    for number in 1..=24 {
        let store = if number % 2 == 0 { db.store.clone() } else { other.clone() };
        let length = 24 + number % 4;
        let new = line(number, &[&format!("203.0.113.0/{length}")]);
        tries.push(tokio::spawn(async move { register(&store, new, 0).await }));
    }
    let mut done = 0;
    for one in tries {
        done += u32::from(one.await.expect("runs") == LineRegistration::Done);
    }
    assert_eq!(done, 1);
}

async fn another_customer_id_takes_over_the_addresses(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.0/29"]).await;
    connect(store, "203.0.113.1", 1).await;
    let mut moved = line(1, &["203.0.113.0/29"]);
    moved.customer_id = Some(customer(77));
    assert_eq!(register(store, moved.clone(), 2).await, LineRegistration::Done);
    assert_eq!(stands(store, 1, "203.0.113.1", 3).await, LineDecision::OfferChoice(OfferReason::Never));
    assert_eq!(connect(store, "203.0.113.1", 4).await, Some(until(4)));
    // The same once more, without prefixes: nothing is lost.
    moved.prefixes = None;
    assert_eq!(register(store, moved, 5).await, LineRegistration::Done);
    assert_eq!(stands(store, 1, "203.0.113.1", 6).await, until(4));
    // The id that was given up is free, and so is another circuit's lack of one.
    let mut taken_over = line(2, &["198.51.100.0/24"]);
    taken_over.customer_id = Some(customer(1));
    assert_eq!(register(store, taken_over, 7).await, LineRegistration::Done);
    let mut tunnel = line(1, &["203.0.113.0/29"]);
    (tunnel.circuit, tunnel.customer_id) = (CircuitKind::IpsecIke, None);
    assert_eq!(register(store, tunnel, 8).await, LineRegistration::Done);
    assert_eq!(stands(store, 1, "203.0.113.1", 9).await, LineDecision::NotNeeded);
    assert_eq!(connect(store, "203.0.113.1", 9).await, Some(LineDecision::NotNeeded));
    let mut nameless = line(1, &["203.0.113.0/29"]);
    nameless.customer_id = None;
    assert_eq!(register(store, nameless, 10).await, LineRegistration::Done);
    assert_eq!(connect(store, "203.0.113.1", 11).await, Some(LineDecision::NoCustomerId));
}

async fn a_stopped_line_is_nobodys(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.0/29"]).await;
    connect(store, "203.0.113.1", 1).await;
    assert_eq!(store.stop_line(&institution(1), OPERATOR, at(2)).await, Ok(true));
    assert_eq!(store.stop_line(&institution(1), OPERATOR, at(3)).await, Ok(false));
    assert_eq!(stands(store, 1, "203.0.113.1", 4).await, LineDecision::NotALine);
    assert_eq!(connect(store, "203.0.113.1", 4).await, None);
    let line = store.line_of(&institution(1)).await.expect("reads").expect("a record");
    assert_eq!((line.stopped_at, line.customer_id, line.sessions), (Some(at(2)), None, Vec::new()));
    // Succession: the same line under the successor's code.
    let mut successor = self::line(2, &["203.0.113.0/29"]);
    successor.customer_id = Some(customer(1));
    assert_eq!(register(store, successor, 5).await, LineRegistration::Done);
    assert_eq!(stands(store, 2, "203.0.113.1", 6).await, LineDecision::OfferChoice(OfferReason::Never));
}

async fn institutions_of_one_house_share_a_line_only_when_told_so(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.0/29"]).await;
    let mut dentist = line(2, &["203.0.113.0/29"]);
    dentist.customer_id = Some(customer(1));
    assert_eq!(register(store, dentist.clone(), 1).await, LineRegistration::CustomerIdTaken);
    dentist.shared = true;
    let mut elsewhere = dentist.clone();
    elsewhere.prefixes = Some(prefixes(&["198.51.100.0/24"]));
    assert_eq!(register(store, elsewhere, 2).await, LineRegistration::SharedOtherwise);
    assert_eq!(register(store, dentist, 3).await, LineRegistration::Done);
    connect(store, "203.0.113.1", 4).await;
    assert_eq!(stands(store, 1, "203.0.113.1", 5).await, until(4));
    assert_eq!(stands(store, 2, "203.0.113.1", 5).await, until(4), "one wish connects the house");
    // One moves out: the other's line stays as it is.
    assert_eq!(store.stop_line(&institution(1), OPERATOR, at(6)).await, Ok(true));
    assert_eq!(stands(store, 1, "203.0.113.1", 7).await, LineDecision::NotALine);
    assert_eq!(stands(store, 2, "203.0.113.1", 7).await, until(4));
    let at_peer = store.line_at(ip("203.0.113.1")).await.expect("reads").expect("a line");
    assert_eq!(at_peer.institution_code, institution(2));
}

async fn the_operator_ends_sessions(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.0/29", "2001:db8:1::/48"]).await;
    connect(store, "203.0.113.1", 1).await;
    connect(store, "2001:db8:1::1", 1).await;
    assert_eq!(store.end_line_sessions(&institution(1), OPERATOR, at(2)).await, Ok(2));
    assert_eq!(store.end_line_sessions(&institution(1), OPERATOR, at(3)).await, Ok(0));
    assert_eq!(store.end_line_sessions(&institution(9), OPERATOR, at(3)).await, Ok(0));
    let line = store.line_of(&institution(1)).await.expect("reads").expect("a line");
    assert!(
        line.sessions.iter().all(|one| one.end.map(|end| end.reason) == Some(SessionEndReason::Operator))
    );
    assert_eq!(stands(store, 1, "203.0.113.1", 4).await, LineDecision::OfferChoice(OfferReason::Ended));
    assert_eq!(connect(store, "203.0.113.1", 5).await, Some(until(5)));
}

async fn every_change_can_be_followed(db: Database) {
    let store = &db.store;
    let beginning = store.newest_line_change().await.expect("reads");
    for number in 1..=5 {
        registered(store, number, &[&format!("203.0.113.{}/29", number * 8)]).await;
    }
    let mut seen = beginning.clone();
    let mut told = Vec::new();
    loop {
        let part = store.lines_changed_after(seen.clone(), 2).await.expect("reads");
        let Some(last) = part.last() else { break };
        assert!(part.len() <= 2 && part.is_sorted(), "{part:?}");
        seen = last.clone();
        told.extend(part.into_iter().map(|change| change.institution_code));
    }
    assert_eq!(told.len(), 5);
    let other = Store::open(&db.url, store::Options::default()).await.expect("opens");
    let now = other.newest_line_change().await.expect("reads");
    assert_eq!(other.lines_changed_after(now.clone(), 9).await, Ok(Vec::new()));
    connect(store, "203.0.113.25", 1).await;
    let changed = other.lines_changed_after(now.clone(), 9).await.expect("reads");
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].institution_code, institution(3).as_str());
    assert!(changed[0].number > now.number);
    assert!(other.lines_changed_after(now, 0).await.is_err());
}

#[derive(Debug, serde::Deserialize)]
struct Entry {
    institution_code: String,
    actor: String,
    action: String,
    object: String,
    outcome: String,
    detail: String,
}

async fn every_act_is_in_the_audit_log_of_each_institution(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.0/29"]).await;
    let mut dentist = line(2, &["203.0.113.0/29"]);
    (dentist.customer_id, dentist.shared) = (Some(customer(1)), true);
    register(store, dentist, 1).await;
    store.decline_line(ip("203.0.113.1"), at(2)).await.expect("answers");
    connect(store, "203.0.113.1", 3).await;
    connect(store, "203.0.113.1", 4).await;
    let moved = prefixes(&["203.0.113.64/29"]);
    store.notify_line_prefixes(&customer(1), moved, "carrier:ntt", at(5)).await.expect("takes");
    store.stop_line(&institution(1), OPERATOR, at(6)).await.expect("stops");
    let key = SigningKey::generate().expect("a key");
    store.audit_integrate_and_sign(&key, at(7)).await.expect("signs");
    let mut dump = Vec::new();
    store.audit_export(&mut dump).await.expect("exports");
    let report = store::audit::verify(dump.as_slice(), &key.public_key().expect("a key"), None);
    assert_eq!(report.expect("reads").faults, []);
    let text = String::from_utf8(dump).expect("text");
    let entries: Vec<Entry> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |number: u32| -> Vec<(&str, &str, &str)> {
        let own = entries.iter().filter(|entry| entry.institution_code == institution(number).as_str());
        own.map(|entry| (entry.actor.as_str(), entry.action.as_str(), entry.outcome.as_str())).collect()
    };
    let shared = [
        (OPERATOR, "line.register", "done"),
        ("line:203.0.113.0/29", "line-session.decline", "done"),
        ("line:203.0.113.0/29", "line-session.start", "done"),
        ("carrier:ntt", "line-session.end", "prefix_changed"),
        ("carrier:ntt", "line.prefixes", "done"),
    ];
    assert_eq!(of(2), shared);
    assert_eq!(of(1)[0], (OPERATOR, "line.register", "done"));
    assert_eq!(of(1)[1..=5], shared, "and what concerns both is in both");
    assert_eq!(of(1)[6..], [(OPERATOR, "line.stop", "done")]);
    assert!(entries.iter().all(|entry| entry.object == format!("line:{}", customer(1))), "{entries:?}");
    assert_eq!(entries[0].detail, "circuit=ip_vpn_ntt prefixes=203.0.113.0/29");
}

async fn what_a_line_may_have_is_limited(db: Database) {
    let store = &db.store;
    let many: Vec<String> = (0..=LINE_PREFIXES_MAX).map(|n| format!("203.0.113.{}/32", 2 * n)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = store.register_line(line(1, &many), OPERATOR, at(0)).await;
    assert!(matches!(refused, Err(store::Error::Refused { .. })), "{refused:?}");
    registered(store, 1, &many[1..]).await;
    let refused = store.notify_line_prefixes(&customer(1), prefixes(&many), OPERATOR, at(1)).await;
    assert!(matches!(refused, Err(store::Error::Refused { .. })), "{refused:?}");
}

async fn prefixes_are_entered_and_withdrawn_one_by_one(db: Database) {
    let store = &db.store;
    registered(store, 1, &["203.0.113.0/29"]).await;
    registered(store, 2, &["198.51.100.0/24"]).await;
    let own = institution(1);
    let change = async |change: PrefixChange, ms: i64| {
        store.change_line_prefixes(&own, change, OPERATOR, at(ms)).await.expect("writes")
    };
    let add = |texts: &[&str]| PrefixChange::Add(prefixes(texts));
    let withdraw = |texts: &[&str]| PrefixChange::Withdraw(prefixes(texts));
    assert_eq!(change(add(&["2001:db8:1::/48"]), 1).await, PrefixNotice::Done { ended: 0 });
    assert_eq!(change(add(&["2001:db8:1::/48"]), 2).await, PrefixNotice::Done { ended: 0 }, "twice is once");
    assert_eq!(connect(store, "203.0.113.1", 3).await, Some(until(3)));
    assert_eq!(connect(store, "2001:db8:1::5", 3).await, Some(until(3)));
    let taken = change(add(&["198.51.100.128/25"]), 4).await;
    let other = customer(2).to_string();
    assert_eq!(taken, PrefixNotice::Overlap { prefix: prefixes(&["198.51.100.128/25"])[0], other });
    let unknown = change(withdraw(&["203.0.113.0/28"]), 5).await;
    assert_eq!(unknown, PrefixNotice::UnknownPrefix { prefix: prefixes(&["203.0.113.0/28"])[0] });
    let line = store.line_of(&own).await.expect("reads").expect("a line");
    assert_eq!(line.prefixes, prefixes(&["203.0.113.0/29", "2001:db8:1::/48"]), "refused: nothing changed");
    // The session of the one that goes ends, the other's does not.
    assert_eq!(change(withdraw(&["203.0.113.0/29"]), 6).await, PrefixNotice::Done { ended: 1 });
    assert_eq!(stands(store, 1, "203.0.113.1", 7).await, LineDecision::NotALine);
    assert_eq!(stands(store, 1, "2001:db8:1::5", 7).await, until(3));
    let nobody = store.change_line_prefixes(&institution(3), add(&["192.0.2.0/24"]), OPERATOR, at(8)).await;
    assert_eq!(nobody, Ok(PrefixNotice::UnknownLine));
}

async fn lines_are_found_by_code_and_customer_id(db: Database) {
    let store = &db.store;
    for number in 1..=3 {
        registered(store, number, &[]).await;
    }
    store.stop_line(&institution(3), OPERATOR, at(1)).await.expect("stops");
    let found = async |find: &str, after: Option<u32>, limit: u32| -> Vec<String> {
        let after = after.map(institution);
        let lines = store.lines(find, after.as_ref(), limit).await.expect("reads");
        lines.into_iter().map(|line| line.institution_code.to_string()).collect()
    };
    let codes =
        |numbers: &[u32]| -> Vec<String> { numbers.iter().map(|n| institution(*n).to_string()).collect() };
    assert_eq!(found("", None, 10).await, codes(&[1, 2, 3]), "a stopped one too");
    assert_eq!(found("", None, 2).await, codes(&[1, 2]));
    assert_eq!(found("", Some(2), 2).await, codes(&[3]));
    assert_eq!(found("CAF0000000002", None, 10).await, codes(&[2]));
    assert_eq!(found(institution(1).as_str(), None, 10).await, codes(&[1]));
    assert_eq!(found("%", None, 10).await, codes(&[1, 2, 3]), "no letter that a pattern would know");
    let line = store.line_of_customer(&customer(2)).await.expect("reads").expect("a line");
    assert_eq!(line.institution_code, institution(2));
    assert_eq!(store.line_of_customer(&customer(3)).await, Ok(None), "stopped");
}
