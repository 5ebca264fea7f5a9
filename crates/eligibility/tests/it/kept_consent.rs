//! Consents that are kept for later visits: how each kind stands, and what that opens.

use eligibility::{
    Instant, calendar,
    codes::{
        ConsentEndReason,
        ConsentStatus::{self, Agreed, NotAgreed, TermExpired},
        ReasonOfLoss,
    },
    consent::{
        CareForm, Consent, ConsentEndForm, ConsentKind, ConsentSearchForm, KeptConsent, KeptFacts, KeptState,
        disclosure_of, standing_of,
    },
    coverage::Coverage,
    facility_settings::{FacilitySettings, OFF, ON, Setting},
};
use jiff::civil::{Date, date};

use crate::people::{SOCIETY, coverage};

fn at(month: i8, day: i8, hour: i8) -> Instant {
    calendar::from_tokyo(date(2026, month, day).at(hour, 0, 0, 0))
}

fn kept(kind: ConsentKind, granted: bool, valid_until: Option<Instant>) -> KeptConsent {
    let consent = Consent { kind, granted, granted_at: at(1, 15, 10), valid_until, renewed_at: None };
    KeptConsent { consent, end_reason: ConsentEndReason::Normal }
}

/// Everything that an institution can use.
fn settings() -> FacilitySettings {
    let used = [Setting::HomeVisit, Setting::Online, Setting::Treatment, Setting::Operation];
    used.into_iter().fold(FacilitySettings::default(), |all, one| all.with(one, ON).expect("a switch"))
}

fn person(born: Date) -> Coverage {
    let mut coverage = coverage("p", SOCIETY, date(2020, 4, 1), None);
    coverage.person.birthdate = born;
    coverage
}

fn adult() -> Vec<Coverage> {
    vec![person(date(1980, 2, 17))]
}

fn states(
    care_form: CareForm,
    consents: &[KeptConsent],
    coverages: &[Coverage],
    (settings, now): (&FacilitySettings, Instant),
) -> Vec<KeptState> {
    KeptFacts { care_form, consents, coverages, settings, now }.states()
}

fn told(states: &[KeptState]) -> Vec<(ConsentKind, ConsentStatus)> {
    states.iter().map(|state| (state.kind, state.status)).collect()
}

#[test]
fn what_was_agreed_to_holds_until_it_is_ended_or_a_year_passed_unasked() {
    let now = at(6, 1, 9);
    let mut consents = [kept(ConsentKind::Medication, true, None), kept(ConsentKind::Treatment, false, None)];
    let on =
        |consents: &[KeptConsent], now| states(CareForm::HomeVisit, consents, &adult(), (&settings(), now));
    let standing = on(&consents, now);
    assert_eq!(told(&standing), [(ConsentKind::Medication, Agreed), (ConsentKind::Treatment, NotAgreed)]);
    let year = calendar::add_months_at(at(1, 15, 10), 12);
    assert_eq!((standing[0].ends_at, standing[0].valid_until), (Some(year), None));
    assert_eq!(told(&on(&consents, Instant(year.0 - 1)))[0].1, Agreed);
    let over = on(&consents, year);
    assert_eq!(told(&over), [(ConsentKind::Medication, TermExpired)], "a refusal is asked anew");
    assert_eq!((over[0].end_reason, over[0].valid_until), (Some(ConsentEndReason::Normal), Some(year)));

    consents[0].consent.renewed_at = Some(now);
    assert_eq!(told(&on(&consents[..1], year)), [(ConsentKind::Medication, Agreed)]);
    assert_eq!(told(&on(&consents[..1], calendar::add_months_at(now, 12)))[0].1, TermExpired);

    consents[0].consent.valid_until = Some(at(5, 1, 9));
    consents[0].end_reason = ConsentEndReason::PurposeChanged;
    let ended = on(&consents[..1], now);
    assert_eq!(ended[0].end_reason, Some(ConsentEndReason::PurposeChanged));
    assert_eq!((ended[0].status, ended[0].ends_at), (TermExpired, Some(at(5, 1, 9))));
    assert!(!disclosure_of(&ended).allows(ConsentKind::Medication));
}

#[test]
fn a_consent_for_online_care_ends_with_its_day_whatever_was_asked_under_it() {
    let end = Some(at(2, 2, 0));
    let mut consents = [kept(ConsentKind::Medication, true, end)];
    consents[0].consent.renewed_at = Some(at(2, 1, 12));
    let on = |now| told(&states(CareForm::Online, &consents, &adult(), (&settings(), now)));
    assert_eq!(on(at(2, 1, 23)), [(ConsentKind::Medication, Agreed)]);
    assert_eq!(on(at(2, 2, 0)), [(ConsentKind::Medication, TermExpired)]);
}

#[test]
fn nothing_is_opened_that_is_not_used_not_asked_or_not_to_be_seen() {
    let now = at(6, 1, 9);
    let all = ConsentKind::ALL.iter().map(|&kind| kept(kind, true, None)).collect::<Vec<_>>();
    let on = |coverages: &[Coverage], settings: &FacilitySettings| {
        states(CareForm::HomeVisit, &all, coverages, (settings, now))
    };
    assert_eq!(on(&adult(), &settings()).len(), ConsentKind::ALL.len());
    let off = |setting| settings().with(setting, OFF).expect("a switch");
    assert_eq!(on(&adult(), &off(Setting::HomeVisit)), []);
    assert_eq!(
        on(&adult(), &off(Setting::Online)).len(),
        ConsentKind::ALL.len(),
        "that is another form of care"
    );
    let without = on(&adult(), &off(Setting::Treatment));
    assert!(!without.iter().any(|state| state.kind == ConsentKind::Treatment), "{without:?}");
    assert!(!disclosure_of(&without).allows(ConsentKind::Treatment));
    assert!(disclosure_of(&without).allows(ConsentKind::Medication));

    let young = on(&[person(date(1999, 5, 5))], &settings());
    assert!(!young.iter().any(|state| state.kind == ConsentKind::Checkup), "{young:?}");
    let of_two = on(&[person(date(1980, 2, 17)), person(date(1999, 5, 5))], &settings());
    assert!(!of_two.iter().any(|state| state.kind == ConsentKind::Checkup), "insurers differ: {of_two:?}");

    let mut hidden = adult();
    hidden[0].person.protection.self_access_blocked = true;
    assert_eq!(on(&hidden, &settings()), [], "as if there never was a consent");
    let mut dead = adult();
    dead[0].disqualified_on = Some(date(2026, 6, 1));
    dead[0].reason_of_loss = Some(ReasonOfLoss::Death);
    let ended = on(&dead, &settings());
    assert!(ended.iter().all(|state| state.status == TermExpired), "{ended:?}");
    dead[0].reason_of_loss = Some(ReasonOfLoss::OtherInsurance);
    assert!(on(&dead, &settings()).iter().all(KeptState::holds), "who changed insurers lives");
    for form in [CareForm::Outpatient, CareForm::Emergency] {
        assert_eq!(states(form, &all, &adult(), (&settings(), now)), [], "nothing of these is kept");
    }
}

#[test]
fn the_ceiling_needs_its_own_word_when_no_card_is_there() {
    let now = at(6, 1, 9);
    let on =
        |consents: &[KeptConsent], now| states(CareForm::HomeVisit, consents, &adult(), (&settings(), now));
    let silent = on(&[kept(ConsentKind::Medication, true, None)], now);
    assert!(!disclosure_of(&silent).ceiling, "a card says yes by being used; there is none");
    let agreed = on(&[kept(ConsentKind::Ceiling, true, None)], now);
    assert!(disclosure_of(&agreed).ceiling);
    assert_eq!(standing_of(&agreed)[0].granted_at, Some(at(1, 15, 10)));
    let refused = on(&[kept(ConsentKind::Ceiling, false, None)], now);
    assert_eq!((standing_of(&refused)[0].status, standing_of(&refused)[0].granted_at), (NotAgreed, None));
    let over = on(&[kept(ConsentKind::Ceiling, true, None)], calendar::add_months_at(now, 12));
    assert_eq!(over[0].status, TermExpired);
    assert_eq!(standing_of(&over), [], "its table has no word for that");
}

#[test]
fn a_search_is_read_as_a_whole() {
    let today = date(2026, 6, 15);
    let form = |care_form: &str, days: [&str; 4]| ConsentSearchForm {
        care_form: care_form.to_owned(),
        consented_from: days[0].to_owned(),
        consented_until: days[1].to_owned(),
        planned_from: days[2].to_owned(),
        planned_until: days[3].to_owned(),
    };
    let read = form("", ["令和8年6月1日", "2026-06-15", "", ""]).read(today).expect("a search");
    assert_eq!(read.given, Some((at(6, 1, 0), at(6, 16, 0))), "both days whole");
    assert_eq!((read.planned, read.care_form), (None, None));
    let read = form("3", ["", "", "2026-06-20", "2026-06-20"]).read(today).expect("a search");
    assert_eq!(read.care_form, Some(CareForm::Online));
    // A consent of that day ends at the midnight behind it.
    let (from, until) = read.planned.expect("days");
    assert!(from <= at(6, 21, 0) && at(6, 21, 0) < until);
    assert!(at(6, 20, 0) < from && at(6, 22, 0) >= until, "and no other day's");
    let read = ConsentSearchForm::at_first(today).read(today).expect("a search");
    assert_eq!(read.given.expect("days").1, at(6, 16, 0));

    for (care_form, days, field) in [
        ("", ["", "", "", ""], "consented_from"),
        ("", ["2026-06-02", "2026-06-01", "", ""], "consented_until"),
        ("", ["2026-06-16", "2026-06-16", "", ""], "consented_from"),
        ("", ["2026-06-01", "", "", ""], "consented_until"),
        ("", ["2025-01-01", "2026-06-15", "", ""], "consented_from"),
        ("2", ["", "", "2026-06-20", "2026-06-20"], "care_form"),
        ("", ["", "", "2026-06-20", "2027-06-20"], "planned_until"),
        ("", ["", "", "x", "2026-06-20"], "planned_from"),
    ] {
        let errors = form(care_form, days).read(today).expect_err("it is wrong");
        assert!(errors.of(field).is_some(), "{days:?}: {errors:?}");
    }
}

#[test]
fn nobody_ends_a_consent_for_the_reason_that_it_ends_by_itself() {
    let read = |reason: &str| ConsentEndForm { reason: reason.to_owned() }.read();
    assert_eq!(read("1"), Ok(ConsentEndReason::CancelledByInstitution));
    for (code, label) in ConsentEndForm::reasons() {
        assert_eq!(read(code).expect("a reason").label(), label);
    }
    assert_eq!(ConsentEndForm::reasons().len(), 3);
    for wrong in ["", "0", "4", "１"] {
        assert!(read(wrong).expect_err("none").of(ConsentEndForm::REASON).is_some(), "{wrong}");
    }
}
