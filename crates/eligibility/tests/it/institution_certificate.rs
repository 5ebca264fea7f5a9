use eligibility::{
    Date, Instant,
    calendar::{DAY_MS, add_days, add_months, from_tokyo, start_of_day, tokyo_date, tokyo_datetime},
    errors::ErrorCode,
    institution::InstitutionCode,
    institution_certificate::{
        CertificatePeriod, CertificateStanding, CertificateUses, InvalidTerminalName, KnownCertificate,
        NoticeKind, Revocation, RevocationReason, TERMINAL_NAME_MAX_CHARS, TerminalName, notice_due,
        overlap_until,
    },
};
use jiff::civil::{date, time};
use proptest::prelude::*;

fn code(text: &str) -> InstitutionCode {
    InstitutionCode::parse(text).expect(text)
}

fn at(day: Date, hour: i8) -> Instant {
    from_tokyo(day.to_datetime(time(hour, 0, 0, 0)))
}

fn certificate() -> KnownCertificate {
    KnownCertificate {
        institution_code: code("1319990012"),
        period: CertificatePeriod::issued_at(at(date(2026, 11, 23), 10)),
        uses: CertificateUses::EligibilityAndBilling,
        superseded_at: None,
        revocation: None,
    }
}

fn standing(known: &KnownCertificate, now: Instant) -> CertificateStanding {
    CertificateStanding::of(Some(known), &code("1319990012"), now)
}

#[test]
fn three_years_and_three_months_by_the_tokyo_calendar() {
    for (issued, last) in [
        (date(2026, 11, 23), date(2030, 2, 23)),
        (date(2026, 11, 30), date(2030, 2, 28)),
        (date(2028, 11, 29), date(2032, 2, 29)),
        (date(2024, 2, 29), date(2027, 5, 29)),
    ] {
        // Early and late on the same Tokyo day, which are two days in UTC.
        for hour in [0, 8, 9, 23] {
            let period = CertificatePeriod::issued_at(at(issued, hour));
            assert_eq!(period.last_day(), last);
            assert_eq!(tokyo_datetime(period.not_after), last.to_datetime(time(23, 59, 59, 0)));
            assert_eq!(period.not_before, at(issued, hour));
        }
    }
    let period = CertificatePeriod::issued_at(Instant(1_795_305_600_123));
    assert_eq!((period.not_before.0 % 1000, period.not_after.0 % 1000), (0, 0), "certificates count seconds");
}

#[test]
fn renewal_opens_ninety_days_before_and_closes_with_the_last_second() {
    let period = certificate().period;
    assert_eq!(period.renewal_opens_on(), date(2029, 11, 25));
    let opens = start_of_day(date(2029, 11, 25));
    assert!(!period.may_renew(Instant(opens.0 - 1)));
    assert!(period.may_renew(opens));
    let end = start_of_day(date(2030, 2, 24));
    assert!(period.may_renew(Instant(end.0 - 1)), "the whole last second counts");
    assert!(!period.may_renew(end));
}

#[test]
fn every_standing_has_words_a_way_out_and_the_right_error() {
    let known = certificate();
    let renewed_at = at(date(2029, 12, 1), 12);
    let renewed = KnownCertificate { superseded_at: Some(renewed_at), ..known.clone() };
    let revoked_at = at(date(2027, 1, 5), 12);
    let revocation = Revocation { at: revoked_at, reason: RevocationReason::KeyCompromise };
    let revoked = KnownCertificate { revocation: Some(revocation), ..known.clone() };
    let expired = CertificateStanding::Expired { last_day: date(2030, 2, 23) };
    for (known, now, expected, refusal, words) in [
        (&known, at(date(2027, 1, 1), 0), CertificateStanding::Valid { days_left: 1149 }, None, "あと1149日"),
        (
            &known,
            at(date(2029, 11, 25), 0),
            CertificateStanding::RenewalOpen { days_left: 90 },
            None,
            "あと90日で、更新できます",
        ),
        (
            &renewed,
            renewed_at,
            CertificateStanding::Overlap { until: start_of_day(date(2029, 12, 16)) },
            None,
            "令和11年12月15日まで使えます",
        ),
        (
            &renewed,
            start_of_day(date(2029, 12, 16)),
            CertificateStanding::Superseded,
            Some(ErrorCode::InstitutionCertificateSuperseded),
            "更新前の古い",
        ),
        (
            &known,
            at(date(2026, 11, 22), 0),
            CertificateStanding::NotYetValid,
            Some(ErrorCode::TerminalNotReady),
            "まだ始まっていません",
        ),
        (
            &known,
            start_of_day(date(2030, 2, 24)),
            expired,
            Some(ErrorCode::InstitutionCertificateExpired),
            "（令和12年2月23日）が切れています",
        ),
        (
            &revoked,
            revoked_at,
            CertificateStanding::Revoked(revocation),
            Some(ErrorCode::InstitutionCertificateRevoked),
            "令和9年1月5日に失効しました",
        ),
    ] {
        let standing = standing(known, now);
        assert_eq!(standing, expected);
        assert_eq!(standing.refusal(), refusal, "{standing:?}");
        assert_eq!(standing.may_be_used(), refusal.is_none(), "{standing:?}");
        assert!(standing.sentence().contains(words), "{standing:?}: {}", standing.sentence());
        let nothing_to_do = matches!(standing, CertificateStanding::Valid { .. });
        assert_eq!(standing.remedy().is_empty(), nothing_to_do, "{standing:?}");
    }
    // Revoked then over: still told as revoked. A revocation to come does not count yet.
    assert_eq!(standing(&revoked, at(date(2031, 1, 1), 0)), CertificateStanding::Revoked(revocation));
    assert!(standing(&revoked, Instant(revoked_at.0 - 1)).may_be_used());
    assert!(!expired.sentence().contains("失効"), "expired is not called revoked");
}

#[test]
fn a_certificate_counts_for_its_own_institution_alone() {
    let now = at(date(2027, 1, 1), 0);
    let foreign = CertificateStanding::of(Some(&certificate()), &code("1319990099"), now);
    assert_eq!(foreign, CertificateStanding::OfAnotherInstitution);
    let unknown = CertificateStanding::of(None, &code("1319990012"), now);
    assert_eq!(unknown, CertificateStanding::Unknown);
    for standing in [foreign, unknown] {
        assert_eq!(standing.refusal(), Some(ErrorCode::InstitutionCertificateUnknown));
    }
    assert!(unknown.remedy().contains("Online Billing NW Common RootCA"));
}

#[test]
fn each_notice_goes_out_once_and_the_last_week_daily() {
    let period = certificate().period;
    let mut last_sent = None;
    let mut sent = Vec::new();
    for days in -100..=40 {
        let today = add_days(period.last_day(), days);
        if let Some(notice) = notice_due(&period, today, last_sent) {
            assert_eq!(notice.days_left, -days);
            sent.push((-days, notice.kind));
            last_sent = Some(today);
            assert_eq!(notice_due(&period, today, last_sent), None, "once a day");
        }
    }
    let before = [90, 60, 30, 15].map(|left| (left, NoticeKind::Before));
    let week = [7, 6, 5, 4, 3, 2, 1, 0].map(|left| (left, NoticeKind::LastDays));
    let after = [-1, -3, -7, -30].map(|left| (left, NoticeKind::Expired));
    assert_eq!(sent, [&before[..], &week[..], &after[..]].concat());
}

#[test]
fn days_without_a_run_are_made_up_with_one_notice() {
    let period = certificate().period;
    let day = |left: i32| add_days(period.last_day(), -left);
    let notice = notice_due(&period, day(40), Some(day(90))).expect("that of day 60");
    assert_eq!((notice.due_on, notice.days_left), (day(60), 40));
    assert_eq!(notice_due(&period, day(40), Some(day(60))), None);
    assert_eq!(notice_due(&period, day(91), None), None);
    let notice = notice_due(&period, day(-2), Some(day(15))).expect("the first after expiry");
    assert_eq!((notice.kind, notice.due_on), (NoticeKind::Expired, day(-1)));
    assert!(notice.sentence().contains("発行申請"));
}

#[test]
fn the_urgency_of_a_notice_is_in_its_subject() {
    let period = certificate().period;
    let subject = |left: i32| {
        notice_due(&period, add_days(period.last_day(), -left), None).expect("a notice").subject()
    };
    assert_eq!(subject(90), "電子証明書の有効期限まであと90日です");
    assert_eq!(subject(7), "【至急】電子証明書の有効期限まであと7日です");
    assert_eq!(subject(0), "【至急】電子証明書の有効期限は本日です");
    assert_eq!(subject(-1), "【重要】電子証明書の有効期限が切れました");
}

#[test]
fn one_certificate_may_serve_two_uses_but_not_none() {
    assert_eq!(CertificateUses::of(false, false), None);
    for (eligibility, billing) in [(true, false), (false, true), (true, true)] {
        let uses = CertificateUses::of(eligibility, billing).expect("a use");
        assert_eq!((uses.serves_eligibility(), uses.serves_billing()), (eligibility, billing));
    }
}

#[test]
fn reasons_have_their_codes_in_revocation_lists() {
    for reason in RevocationReason::ALL {
        assert_eq!(RevocationReason::from_crl_code(reason.crl_code()), Some(*reason));
        assert_eq!(RevocationReason::from_name(reason.name()), Some(*reason));
    }
    assert_eq!(RevocationReason::KeyCompromise.crl_code(), 1);
    assert_eq!(RevocationReason::from_crl_code(0), None);
    assert!(!RevocationReason::PrivilegeWithdrawn.is_for_applicants());
}

#[test]
fn terminal_names_keep_every_character() {
    // 辻 with a variation selector.
    let name = TerminalName::parse("　辻\u{E0100}薬局1号機 ").expect("a name");
    assert_eq!(name.as_str(), "辻\u{E0100}薬局1号機");
    // A compatibility ideograph is another character; a mark is joined to its letter, beside one, too.
    let parsed = TerminalName::parse("か\u{3099}\u{FA19}\u{FA1B}は\u{309A}").expect("a name");
    assert_eq!(parsed.as_str(), "が\u{FA19}\u{FA1B}ぱ");
    assert_eq!(TerminalName::parse(" 　"), Err(InvalidTerminalName::Empty));
    assert_eq!(TerminalName::parse("1号機\n2号機"), Err(InvalidTerminalName::Control));
    assert!(TerminalName::parse(&"あ".repeat(TERMINAL_NAME_MAX_CHARS)).is_ok());
    let longer = "あ".repeat(TERMINAL_NAME_MAX_CHARS + 1);
    assert_eq!(TerminalName::parse(&longer), Err(InvalidTerminalName::TooLong));
}

#[test]
fn names_in_certificates_are_read_as_they_are() {
    // 神 of the compatibility ideographs, and a か with its mark apart.
    let decomposed = "\u{FA19}社か\u{3099}";
    for name in ["受付1", decomposed, &"あ".repeat(64)] {
        let read = TerminalName::of_certificate(name);
        assert_eq!(read.as_ref().map(TerminalName::as_str), Ok(name));
    }
    let of = TerminalName::of_certificate;
    assert_eq!(of(""), Err(InvalidTerminalName::Empty));
    assert_eq!(of(&"あ".repeat(65)), Err(InvalidTerminalName::TooLong));
    for line in ["受\n付", " 受付", "受付　"] {
        assert_eq!(of(line), Err(InvalidTerminalName::Control), "{line:?}");
    }
}

proptest! {
    #[test]
    fn a_period_ends_on_the_day_of_the_month_it_began(days in 0_i32..20_000, ms in 0_i64..DAY_MS) {
        let issued = add_days(date(2000, 1, 1), days);
        let period = CertificatePeriod::issued_at(Instant(start_of_day(issued).0 + ms));
        prop_assert_eq!(period.last_day(), add_months(issued, 39));
        prop_assert_eq!(period.days_left(period.renewal_opens_on()), 90);
        prop_assert!(!period.is_over(period.not_after));
        prop_assert!(period.is_over(Instant(period.not_after.0 + 1000)));
    }

    #[test]
    fn an_old_certificate_works_fourteen_to_fifteen_days_longer(days in 0_i32..90, ms in 0_i64..DAY_MS, later in 0_i64..200) {
        let known = certificate();
        let renewed_at = Instant(start_of_day(add_days(known.period.renewal_opens_on(), days)).0 + ms);
        let renewed = KnownCertificate { superseded_at: Some(renewed_at), ..known };
        let now = Instant(renewed_at.0 + later * DAY_MS / 8);
        let usable = standing(&renewed, now).may_be_used();
        let over = renewed.period.is_over(now);
        prop_assert_eq!(usable, !over && now < overlap_until(renewed_at));
        prop_assert!(overlap_until(renewed_at).0 - renewed_at.0 > 14 * DAY_MS);
        prop_assert!(overlap_until(renewed_at).0 - renewed_at.0 <= 15 * DAY_MS);
    }

    #[test]
    fn no_notice_is_due_twice(days in proptest::collection::vec(-150_i32..60, 1..40)) {
        let period = certificate().period;
        let mut days = days;
        days.sort_unstable();
        let mut last: Option<Date> = None;
        for today in days.into_iter().map(|days| add_days(period.last_day(), days)) {
            if let Some(notice) = notice_due(&period, today, last) {
                prop_assert!(last.is_none_or(|last| last < notice.due_on));
                prop_assert!(notice.due_on <= today);
                last = Some(today);
            }
        }
        prop_assert!(tokyo_date(period.not_after) == period.last_day());
    }
}
