use eligibility::{
    Instant, calendar,
    codes::ConsentStatus::{self, Agreed, CannotBeAsked, NotAgreed, TermExpired},
    consent::{CareForm, Consent, ConsentFacts, ConsentKind, ConsentTerm, StandingConsent},
};
use jiff::civil::date;
use proptest::prelude::*;

fn at(month: i8, day: i8, hour: i8) -> Instant {
    calendar::from_tokyo(date(2026, month, day).at(hour, 0, 0, 0))
}

fn consent(kind: ConsentKind, granted: bool, granted_at: Instant, valid_until: Option<Instant>) -> Consent {
    Consent { kind, granted, granted_at, valid_until, renewed_at: None }
}

fn standing(
    care_form: CareForm,
    chosen: &[Consent],
    earlier: &[Consent],
    now: Instant,
) -> Vec<StandingConsent> {
    ConsentFacts { care_form, chosen, earlier, checkup_asked: true, now }.standing()
}

fn states(standing: &[StandingConsent]) -> Vec<(ConsentKind, ConsentStatus)> {
    standing.iter().map(|consent| (consent.kind, consent.status)).collect()
}

#[test]
fn what_is_chosen_now_stands_and_the_last_word_counts() {
    let now = at(11, 22, 9);
    let chosen = [
        consent(ConsentKind::Medication, true, now, None),
        consent(ConsentKind::Treatment, true, now, None),
        consent(ConsentKind::Medication, false, now, None),
    ];
    for care_form in CareForm::ALL.iter().copied().filter(|form| *form != CareForm::Emergency) {
        let found = states(&standing(care_form, &chosen, &[], now));
        assert_eq!(found, [(ConsentKind::Medication, NotAgreed), (ConsentKind::Treatment, Agreed)]);
    }
}

#[test]
fn online_consent_lasts_to_the_end_of_its_day_and_is_expired_then() {
    let given_at = at(11, 21, 10);
    let term = ConsentTerm::PlannedDay(date(2026, 11, 21));
    let end = term.valid_until(given_at);
    let earlier = [consent(ConsentKind::Medication, true, given_at, end)];
    let on = |now| standing(CareForm::Online, &[], &earlier, now);
    assert_eq!(states(&on(Instant(at(11, 22, 0).0 - 1))), [(ConsentKind::Medication, Agreed)]);
    let expired = on(at(11, 22, 0));
    assert_eq!(states(&expired), [(ConsentKind::Medication, TermExpired)]);
    assert_eq!((expired[0].granted_at, expired[0].valid_until), (Some(given_at), end));
    assert!(!expired[0].choice().granted, "what has run out shows nothing");
}

#[test]
fn home_visit_consent_lasts_a_year_unless_renewed() {
    let given_at = at(1, 15, 10);
    let earlier = [consent(ConsentKind::Treatment, true, given_at, None)];
    let on = |now| standing(CareForm::HomeVisit, &[], &earlier, now);
    let last = calendar::add_months_at(given_at, 12);
    assert_eq!(states(&on(Instant(last.0 - 1))), [(ConsentKind::Treatment, Agreed)]);
    assert_eq!(on(Instant(last.0 - 1))[0].valid_until, None, "until ended otherwise");
    assert_eq!(states(&on(last)), [(ConsentKind::Treatment, TermExpired)]);
    assert_eq!(on(last)[0].valid_until, Some(last));
    let renewed = [consent(ConsentKind::Treatment, true, last, None)];
    let again = standing(CareForm::HomeVisit, &renewed, &earlier, last);
    assert_eq!(states(&again), [(ConsentKind::Treatment, Agreed)]);
}

#[test]
fn an_earlier_refusal_stands_while_it_lasts_and_is_never_called_expired() {
    let end = Some(at(11, 22, 0));
    let earlier = [consent(ConsentKind::Operation, false, at(11, 21, 10), end)];
    let on = |now| states(&standing(CareForm::Online, &[], &earlier, now));
    assert_eq!(on(at(11, 21, 23)), [(ConsentKind::Operation, NotAgreed)]);
    assert_eq!(on(at(11, 22, 0)), []);
}

#[test]
fn an_emergency_says_that_nobody_could_be_asked() {
    let now = at(11, 22, 9);
    let kinds = [
        ConsentKind::SpecificDisease,
        ConsentKind::Checkup,
        ConsentKind::Medication,
        ConsentKind::Treatment,
        ConsentKind::Operation,
    ];
    let silent = standing(CareForm::Emergency, &[], &[], now);
    assert_eq!(states(&silent), kinds.map(|kind| (kind, CannotBeAsked)));
    assert!(silent.iter().all(|consent| !consent.choice().granted), "it shows nothing by itself");
    let young =
        ConsentFacts { care_form: CareForm::Emergency, chosen: &[], earlier: &[], checkup_asked: false, now };
    assert!(young.standing().iter().all(|consent| consent.kind != ConsentKind::Checkup));
    // Who can speak is heard.
    let spoken = [consent(ConsentKind::Medication, false, now, None)];
    let found = states(&standing(CareForm::Emergency, &spoken, &[], now));
    assert!(found.contains(&(ConsentKind::Medication, NotAgreed)) && found.len() == kinds.len());
}

proptest! {
    #[test]
    fn expired_is_for_kept_consents_only_and_not_to_be_had_for_emergencies_only(
        form in prop::sample::select(CareForm::ALL),
        kind in prop::sample::select(ConsentKind::ALL),
        granted: bool, given in 0_i64..4_000, length in prop::option::of(1_i64..2_000), now in 0_i64..8_000,
    ) {
        const HOUR_MS: i64 = 60 * 60 * 1000;
        let given_at = Instant(given * HOUR_MS);
        let end = length.map(|hours| Instant(given_at.0 + hours * HOUR_MS));
        let now = Instant(now * HOUR_MS);
        let earlier = [consent(kind, granted, given_at, end)];
        for state in standing(form, &[], &earlier, now) {
            prop_assert_eq!(state.status == CannotBeAsked, form == CareForm::Emergency);
            prop_assert!(state.status != TermExpired || form.keeps_consent());
            prop_assert!(state.kind != ConsentKind::Ceiling, "yes or no, anew each time");
            let ended = state.valid_until.is_some_and(|end| end <= now);
            prop_assert_eq!(state.status == TermExpired, ended);
        }
        let kept = standing(form, &[], &earlier, now);
        prop_assert!(form.keeps_consent() || form == CareForm::Emergency || kept.is_empty());
    }
}
