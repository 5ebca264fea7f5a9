use eligibility::{
    Instant,
    calendar::{end_of_day, parse_n14, start_of_day},
    card_certificate::CardCertificateState,
    consent::{
        Consent, ConsentKind, ConsentTerm, InvalidPlannedDay, OUTPATIENT_CONSENT_MS, PLANNED_DAY_MAX_DAYS,
    },
    errors::ErrorCode,
};
use jiff::civil::date;

fn at(n14: &str) -> Instant {
    parse_n14(n14).expect("a time")
}

#[test]
fn a_certificate_passes_through_its_states() {
    let (from, to) = (at("20211122000000"), at("20261122235959"));
    for (now, state) in [
        ("20211121235959", CardCertificateState::NotYetValid),
        ("20211122000000", CardCertificateState::Valid),
        ("20260822235958", CardCertificateState::Valid),
        ("20260822235959", CardCertificateState::ExpiresSoon),
        ("20261122235959", CardCertificateState::ExpiresSoon),
        ("20261123000000", CardCertificateState::Grace),
        ("20270222235959", CardCertificateState::Grace),
        ("20270223000000", CardCertificateState::Expired),
    ] {
        assert_eq!(CardCertificateState::on(from, to, at(now)), state, "{now}");
    }
}

#[test]
fn each_state_has_its_consequences() {
    use CardCertificateState::{Expired, ExpiresSoon, Grace, NotYetValid, Valid};
    for (state, refusal, notice, takes_consent) in [
        (NotYetValid, Some(ErrorCode::CardCertificateNotYetValid), None, false),
        (Valid, None, None, true),
        (ExpiresSoon, None, Some(ErrorCode::CardExpiresSoon), true),
        (Grace, None, Some(ErrorCode::CardInGrace), false),
        (Expired, Some(ErrorCode::CardExpired), None, false),
    ] {
        assert_eq!(state.refusal(), refusal, "{state:?}");
        assert_eq!(state.notice(), notice, "{state:?}");
        assert_eq!(state.takes_consent(), takes_consent, "{state:?}");
    }
}

#[test]
fn three_months_before_a_long_months_end_is_a_short_months_end() {
    let (from, to) = (at("20220531000000"), at("20270531235959"));
    assert_eq!(CardCertificateState::on(from, to, at("20270228235959")), CardCertificateState::ExpiresSoon);
    assert_eq!(CardCertificateState::on(from, to, at("20270228235958")), CardCertificateState::Valid);
    assert_eq!(CardCertificateState::on(from, to, at("20270831235959")), CardCertificateState::Grace);
}

#[test]
fn an_outpatient_consent_lasts_exactly_a_day() {
    let given = at("20261122091502");
    let until = ConsentTerm::Outpatient.valid_until(given).expect("an end");
    assert_eq!(until, at("20261123091502"));
    assert_eq!(until.0 - given.0, OUTPATIENT_CONSENT_MS);
    let mut consent = Consent {
        kind: ConsentKind::Medication,
        granted: true,
        granted_at: given,
        valid_until: Some(until),
        renewed_at: None,
    };
    assert!(consent.holds_at(given) && consent.holds_at(Instant(until.0 - 1)));
    assert!(!consent.holds_at(until) && !consent.holds_at(Instant(given.0 - 1)));
    consent.granted = false;
    assert!(!consent.holds_at(given));
}

#[test]
fn other_consents_last_to_the_planned_day_or_until_cancelled() {
    let (given, today) = (at("20261122091502"), date(2026, 11, 22));
    assert_eq!(ConsentTerm::UntilCancelled.valid_until(given), None);
    let term = ConsentTerm::planned_day(Some(date(2026, 12, 24)), today).expect("a day ahead");
    assert_eq!(term.valid_until(given), Some(end_of_day(date(2026, 12, 24))));
    let unbooked = ConsentTerm::planned_day(None, today).expect("today");
    assert_eq!(unbooked.valid_until(given), Some(start_of_day(date(2026, 11, 23))));
    let last = eligibility::calendar::add_days(today, PLANNED_DAY_MAX_DAYS);
    assert!(ConsentTerm::planned_day(Some(last), today).is_ok());
    let beyond = last.tomorrow().expect("a day");
    assert_eq!(ConsentTerm::planned_day(Some(beyond), today), Err(InvalidPlannedDay::TooFar));
    assert_eq!(ConsentTerm::planned_day(Some(date(2026, 11, 21)), today), Err(InvalidPlannedDay::Past));
}
