use std::net::IpAddr;

use eligibility::{
    Instant,
    calendar::DAY_MS,
    errors::ErrorCode,
    line::{
        AddressPrefix, CircuitKind, CustomerId, InvalidCustomerId, InvalidPrefix, LINE_SESSION_DAYS, Line,
        LineDecision, LineSession, OfferReason, SessionEndReason, line_decision,
    },
};
use proptest::prelude::*;

const NOW: Instant = Instant(1_795_305_600_000);

fn later(days: i64) -> Instant {
    Instant(NOW.0 + days * DAY_MS)
}

fn id(text: &str) -> CustomerId {
    CustomerId::parse(text).expect(text)
}

fn prefix(text: &str) -> AddressPrefix {
    AddressPrefix::parse(text).expect(text)
}

fn address(text: &str) -> IpAddr {
    text.parse().expect(text)
}

#[test]
fn every_writing_of_a_customer_id_is_one() {
    for text in [
        "CAF0123456789",
        "caf0123456789",
        " CAF 0123-456-789 ",
        "ＣＡＦ０１２３４５６７８９",
        "ＣＡＦ－０１２３４５６７８９",
    ] {
        assert_eq!(id(text).as_str(), "CAF0123456789", "{text:?}");
    }
    assert_eq!(id("cop9876543210").as_str(), "COP9876543210");
    for (text, refusal) in [
        ("CAB0123456789", InvalidCustomerId::Letters),
        ("0123456789", InvalidCustomerId::Letters),
        ("", InvalidCustomerId::Letters),
        ("CAF012345678", InvalidCustomerId::Digits),
        ("CAF01234567890", InvalidCustomerId::Digits),
        ("CAF012345678X", InvalidCustomerId::Digits),
        ("CAF٠١٢٣٤٥٦٧٨٩", InvalidCustomerId::Digits),
    ] {
        assert_eq!(CustomerId::parse(text), Err(refusal), "{text:?}");
    }
    assert_eq!(CustomerId::parse(&"C".repeat(100_000)), Err(InvalidCustomerId::Digits));
}

#[test]
fn a_prefix_holds_its_addresses_and_no_others() {
    let line = prefix("2001:db8:1::/48");
    assert!(line.contains(address("2001:db8:1::")));
    assert!(line.contains(address("2001:db8:1:ffff:ffff:ffff:ffff:ffff")));
    assert!(!line.contains(address("2001:db8:2::")));
    assert!(!line.contains(address("192.0.2.1")));
    let line = prefix("192.0.2.128/25");
    assert!(line.contains(address("192.0.2.255")));
    assert!(!line.contains(address("192.0.2.127")));
    // What a listener for both families calls an IPv4 peer.
    assert!(line.contains(address("::ffff:192.0.2.200")));
    assert!(!line.contains(address("::192.0.2.200")));
    assert_eq!(prefix("::ffff:192.0.2.128/121"), line);
    assert_eq!(prefix("198.51.100.7/32").to_string(), "198.51.100.7/32");
}

#[test]
fn a_prefix_is_never_rounded_silently() {
    for (text, refusal) in [
        ("192.0.2.1/24", InvalidPrefix::HostBits),
        ("2001:db8:1::1/48", InvalidPrefix::HostBits),
        ("0.0.0.0/0", InvalidPrefix::TooWide),
        ("::/0", InvalidPrefix::TooWide),
        ("2001:db8::/32", InvalidPrefix::TooWide),
        ("::ffff:0:0/96", InvalidPrefix::TooWide),
        ("::ffff:0:0/95", InvalidPrefix::TooWide),
        ("192.0.2.0/33", InvalidPrefix::Length),
        ("2001:db8::/129", InvalidPrefix::Length),
        ("192.0.2.0", InvalidPrefix::Form),
        ("192.0.2.0/", InvalidPrefix::Form),
        ("192.0.2.0/+24", InvalidPrefix::Form),
        ("192.0.2.0/24/24", InvalidPrefix::Form),
        ("192.0.2/24", InvalidPrefix::Form),
        ("", InvalidPrefix::Form),
    ] {
        assert_eq!(AddressPrefix::parse(text), Err(refusal), "{text:?}");
    }
}

struct World {
    id: CustomerId,
    prefixes: Vec<AddressPrefix>,
}

impl World {
    fn new() -> Self {
        Self { id: id("CAF0123456789"), prefixes: vec![prefix("2001:db8:1::/48"), prefix("192.0.2.0/28")] }
    }

    fn decide(&self, peer: &str, session: Option<&LineSession>, now: Instant) -> LineDecision {
        let line =
            Line { circuit: CircuitKind::IpVpnNtt, customer_id: Some(&self.id), prefixes: &self.prefixes };
        line_decision(&line, address(peer), session, now)
    }

    fn session(&self) -> LineSession {
        LineSession::start(self.id.clone(), self.prefixes[0], NOW)
    }
}

#[test]
fn a_live_session_in_its_prefix_is_connected() {
    let world = World::new();
    let session = world.session();
    let decision = world.decide("2001:db8:1::9", Some(&session), NOW);
    assert_eq!(decision, LineDecision::Connected { until: later(LINE_SESSION_DAYS) });
    assert!(decision.lets_through());
    assert_eq!(decision.page().heading, "回線認証接続済み");
    assert!(decision.page().choices.is_empty());
}

#[test]
fn everything_else_of_a_known_line_offers_the_choice() {
    let world = World::new();
    let live = world.session();
    let other_line = LineSession { customer_id: id("COP0000000001"), ..live.clone() };
    let moved = LineSession { prefix: prefix("2001:db8:2::/48"), ..live.clone() };
    let declined = live.clone().ended(SessionEndReason::Declined, NOW);
    let ended = live.clone().ended(SessionEndReason::Operator, NOW);
    for (peer, session, now, reason) in [
        ("2001:db8:1::9", None, NOW, OfferReason::Never),
        ("2001:db8:1::9", Some(&other_line), NOW, OfferReason::Never),
        // Over the other address family, which has not been connected.
        ("192.0.2.5", Some(&live), NOW, OfferReason::Never),
        ("2001:db8:1::9", Some(&moved), NOW, OfferReason::PrefixChanged),
        ("2001:db8:1::9", Some(&live), later(LINE_SESSION_DAYS), OfferReason::Expired),
        ("2001:db8:1::9", Some(&declined), NOW, OfferReason::Declined),
        ("2001:db8:1::9", Some(&ended), later(1), OfferReason::Ended),
    ] {
        let decision = world.decide(peer, session, now);
        assert_eq!(decision, LineDecision::OfferChoice(reason), "{peer} {session:?}");
        assert_eq!(decision.page().choices, ["希望する", "希望しない"]);
        assert!(!decision.lets_through());
    }
    assert!(matches!(
        world.decide("2001:db8:1::9", Some(&live), Instant(later(LINE_SESSION_DAYS).0 - 1)),
        LineDecision::Connected { .. }
    ));
}

#[test]
fn a_foreign_address_is_no_line_whatever_the_session_says() {
    let world = World::new();
    let session = world.session();
    for peer in ["2001:db8:2::1", "192.0.2.16", "::1", "127.0.0.1"] {
        assert_eq!(world.decide(peer, Some(&session), NOW), LineDecision::NotALine, "{peer}");
    }
}

#[test]
fn other_circuits_go_by_their_prefix_alone() {
    let prefixes = [prefix("203.0.113.0/29")];
    for circuit in [CircuitKind::IpVpnOther, CircuitKind::IpsecIke] {
        let line = Line { circuit, customer_id: None, prefixes: &prefixes };
        let decision = line_decision(&line, address("203.0.113.2"), None, NOW);
        assert_eq!(decision, LineDecision::NotNeeded);
        assert!(decision.lets_through());
        assert_eq!(line_decision(&line, address("203.0.113.8"), None, NOW), LineDecision::NotALine);
    }
    let line = Line { circuit: CircuitKind::IpVpnNtt, customer_id: None, prefixes: &prefixes };
    assert_eq!(line_decision(&line, address("203.0.113.2"), None, NOW), LineDecision::NoCustomerId);
}

#[test]
fn using_a_line_renews_it_now_and_then() {
    let session = World::new().session();
    assert_eq!(session.clone().used(later(LINE_SESSION_DAYS / 2)), session);
    let half = Instant(later(LINE_SESSION_DAYS / 2).0 + 1);
    assert_eq!(session.clone().used(half).valid_until.0, half.0 + LINE_SESSION_DAYS * DAY_MS);
    // What is over stays over.
    assert_eq!(session.clone().used(later(LINE_SESSION_DAYS)), session);
    let ended = session.ended(SessionEndReason::PrefixChanged, NOW);
    assert_eq!(ended.clone().used(half), ended);
    assert_eq!(ended.clone().ended(SessionEndReason::Operator, half), ended, "the first end stays");
}

#[test]
fn the_network_error_says_the_way_out() {
    let entry = ErrorCode::LineNotConnected.entry();
    assert!(entry.ja.what.starts_with("ネットワークエラー"));
    assert!(entry.ja.desk.contains("https://www.lineauth.mnw"));
    let order = ["LANケーブル", "パソコン", "ルーター", "lineauth"].map(|word| entry.ja.desk.find(word));
    assert!(order.is_sorted() && order[0].is_some(), "the order of first aid");
}

#[test]
fn circuit_names_come_back() {
    for kind in CircuitKind::ALL {
        assert_eq!(CircuitKind::from_name(kind.name()), Some(*kind));
        assert_eq!(serde_json::to_string(kind).expect("json"), format!("\"{}\"", kind.name()));
    }
    assert_eq!(CircuitKind::from_name("isdn"), None);
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
        any::<u128>().prop_map(|bits| IpAddr::V6(bits.into()))
    ]
}

proptest! {
    #[test]
    fn a_prefix_contains_an_address_exactly_when_the_leading_bits_agree(
        network in any_address(), length in 0_u8..=128, flip in 0_u32..128,
    ) {
        let Ok(prefix) = AddressPrefix::containing(network, length) else { return Ok(()) };
        let canonical = network.to_canonical();
        prop_assert!(prefix.contains(network));
        prop_assert_eq!(AddressPrefix::parse(&prefix.to_string()), Ok(prefix));
        let bits: u32 = if canonical.is_ipv4() { 32 } else { 128 };
        let flip = flip % bits;
        let flipped = match canonical {
            IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() ^ (1 << (31 - flip))).into()),
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() ^ (1 << (127 - flip))).into()),
        };
        // A flipped bit may make an IPv6 address one that stands for IPv4.
        prop_assume!(flipped.to_canonical().is_ipv4() == canonical.is_ipv4());
        prop_assert_eq!(prefix.contains(flipped), flip >= u32::from(length));
    }

    #[test]
    fn prefixes_overlap_exactly_when_one_holds_the_other(
        a in any::<u16>(), b in any::<u16>(), long in 16_u8..=32, short in 16_u8..=32,
    ) {
        let make = |low: u16, length| {
            AddressPrefix::containing(IpAddr::V4((0xC000_0000 | u32::from(low)).into()), length).expect("in range")
        };
        let (a, b) = (make(a, long), make(b, short));
        let common = a.length().min(b.length());
        let cut = |p: AddressPrefix| AddressPrefix::containing(p.network(), common).expect("in range");
        prop_assert_eq!(a.overlaps(&b), cut(a) == cut(b));
        prop_assert_eq!(a.overlaps(&b), b.overlaps(&a));
    }

    #[test]
    fn nothing_is_let_through_without_a_registered_prefix(
        peer in any_address(), days in -5_i64..60, circuit in 0_usize..3,
    ) {
        let world = World::new();
        let line = Line {
            circuit: CircuitKind::ALL[circuit], customer_id: Some(&world.id), prefixes: &world.prefixes,
        };
        let session = world.session();
        let decision = line_decision(&line, peer, Some(&session), later(days));
        let inside = world.prefixes.iter().any(|prefix| prefix.contains(peer));
        prop_assert!(inside || decision == LineDecision::NotALine);
    }

    #[test]
    fn any_text_is_read_or_refused_without_panic(text in ".{0,60}") {
        let _ = CustomerId::parse(&text);
        let _ = AddressPrefix::parse(&text);
    }
}
