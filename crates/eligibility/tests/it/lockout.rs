use eligibility::{
    Instant,
    account::{AttemptState, Bucket, LockoutDecision},
};
use proptest::prelude::*;

const START: i64 = 1_795_305_600_000;
const MINUTE_MS: i64 = 60_000;

fn wrong(state: AttemptState, bucket: Bucket, now: i64) -> AttemptState {
    assert_eq!(state.decide(bucket, Instant(now)), LockoutDecision::Allowed, "at {now}");
    state.on_attempt(bucket, Instant(now))
}

/// A guesser who tries as soon as he may; gives the state, the attempts and when he stopped.
fn guess(bucket: Bucket, most: u32, until: i64) -> (AttemptState, Vec<i64>) {
    let (mut state, mut now, mut at) = (AttemptState::default(), START, Vec::new());
    while at.len() < most as usize && now < until {
        match state.decide(bucket, Instant(now)) {
            LockoutDecision::Allowed => {
                state = state.on_attempt(bucket, Instant(now));
                at.push(now);
            }
            LockoutDecision::Wait { retry_after_ms } => now += retry_after_ms,
            LockoutDecision::AskAdministrator => break,
        }
    }
    (state, at)
}

#[test]
fn five_ten_and_twenty_wrong_attempts() {
    for bucket in [Bucket::Account, Bucket::KnownTerminal] {
        let mut state = AttemptState::default();
        for _ in 0..5 {
            state = wrong(state, bucket, START);
        }
        let wait = |minutes: i64| LockoutDecision::Wait { retry_after_ms: minutes * MINUTE_MS };
        assert_eq!(state.decide(bucket, Instant(START)), wait(15));
        let mut now = START + 15 * MINUTE_MS;
        assert_ne!(state.decide(bucket, Instant(now - 1)), LockoutDecision::Allowed);
        for _ in 5..10 {
            state = wrong(state, bucket, now);
        }
        assert_eq!(state.decide(bucket, Instant(now)), wait(60));
        now += 60 * MINUTE_MS;
        for _ in 10..20 {
            state = wrong(state, bucket, now);
        }
        assert_eq!(state.decide(bucket, Instant(now)), LockoutDecision::AskAdministrator);
        assert_eq!(
            state.decide(bucket, Instant(now + 100_000 * MINUTE_MS)),
            LockoutDecision::AskAdministrator
        );
    }
}

#[test]
fn the_right_password_begins_anew() {
    let mut state = AttemptState::default();
    for _ in 0..4 {
        state = wrong(state, Bucket::Account, START);
    }
    // The fifth is counted before it is compared, and found right.
    state = wrong(state, Bucket::Account, START).on_success(Bucket::Account);
    assert_eq!(state, AttemptState::default());
}

#[test]
fn a_patient_guesser_gets_twenty_guesses_in_all() {
    let year = START + 365 * 24 * 60 * MINUTE_MS;
    let (state, at) = guess(Bucket::Account, 1000, year);
    assert_eq!(at.len(), 20);
    assert!(state.needs_administrator);
}

#[test]
fn a_stranger_cannot_lock_out_a_known_terminal() {
    assert_eq!(Bucket::of_attempt(true), [Bucket::KnownTerminal]);
    let stranger = Bucket::of_attempt(false);
    assert!(!stranger.contains(&Bucket::KnownTerminal));
    assert_eq!(stranger, [Bucket::Account, Bucket::Terminal, Bucket::Neighbourhood, Bucket::Global]);
}

#[test]
fn one_terminal_over_many_accounts_is_slowed() {
    let hour = START + 60 * MINUTE_MS;
    let (_, at) = guess(Bucket::Terminal, 10_000, hour);
    // 30 at once, then one a quarter of an hour.
    assert_eq!(at.len(), 30 + 3);
    let (state, _) = guess(Bucket::Terminal, 29, hour);
    let right = wrong(state, Bucket::Terminal, START).on_success(Bucket::Terminal);
    assert_eq!(right.failures, 29, "a right password costs a shared bucket nothing");
    assert_eq!(right.decide(Bucket::Terminal, Instant(START)), LockoutDecision::Allowed);
    let again = wrong(right, Bucket::Terminal, hour);
    assert_eq!(again.failures, 1, "a new hour");
}

#[test]
fn a_flood_slows_strangers_and_no_longer_than_a_minute_each() {
    let (state, at) = guess(Bucket::Global, 1000, START + 1);
    assert_eq!(at.len(), 1000);
    let decision = state.decide(Bucket::Global, Instant(START));
    assert_eq!(decision, LockoutDecision::Wait { retry_after_ms: MINUTE_MS });
}

#[test]
fn the_strictest_bucket_rules() {
    let wait = |ms| LockoutDecision::Wait { retry_after_ms: ms };
    for (a, b, both) in [
        (LockoutDecision::Allowed, LockoutDecision::Allowed, LockoutDecision::Allowed),
        (LockoutDecision::Allowed, wait(5), wait(5)),
        (wait(7), wait(5), wait(7)),
        (wait(7), LockoutDecision::AskAdministrator, LockoutDecision::AskAdministrator),
        (LockoutDecision::Allowed, LockoutDecision::AskAdministrator, LockoutDecision::AskAdministrator),
    ] {
        assert_eq!(a.and(b), both);
        assert_eq!(b.and(a), both);
    }
    assert!(wait(14 * MINUTE_MS + 1).message().contains("約15分後"));
    assert!(LockoutDecision::AskAdministrator.message().contains("解除"));
    assert!(LockoutDecision::Allowed.message().is_empty());
}

proptest! {
    /// Whatever the pace and the place of right passwords, no more than the steps allow lies between two of them.
    #[test]
    fn no_pace_beats_the_steps(gaps in proptest::collection::vec(0_i64..90, 1..200)) {
        let mut state = AttemptState::default();
        let mut now = START;
        let mut at = Vec::new();
        for gap in gaps {
            now += gap * MINUTE_MS;
            if state.decide(Bucket::Account, Instant(now)) == LockoutDecision::Allowed {
                state = state.on_attempt(Bucket::Account, Instant(now));
                at.push(now);
            }
        }
        prop_assert!(at.len() <= 20);
        prop_assert!(at.len() < 6 || at[5] - at[4] >= 15 * MINUTE_MS);
        prop_assert!(at.len() < 11 || at[10] - at[9] >= 60 * MINUTE_MS);
        prop_assert_eq!(state.needs_administrator, at.len() == 20);
    }

    #[test]
    fn a_clock_set_back_names_no_longer_wait_than_the_longest(failures in 1_u32..19, back in 0_i64..10_000_000) {
        let (state, _) = guess(Bucket::Account, failures, START + 1000 * MINUTE_MS);
        if let LockoutDecision::Wait { retry_after_ms } = state.decide(Bucket::Account, Instant(START - back)) {
            prop_assert!(retry_after_ms <= 60 * MINUTE_MS);
        }
    }
}
