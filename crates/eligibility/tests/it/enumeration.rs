use eligibility::{
    Instant,
    enumeration::{GuardDecision, GuardState, MISSES_PER_WINDOW, SLOW_INTERVAL_MS, WINDOW_MS},
};
use proptest::prelude::*;

const START: i64 = 1_795_305_600_000;

fn allowed(state: &GuardState, now: i64) -> bool {
    state.decide(Instant(now)) == GuardDecision::Allowed
}

fn miss(state: GuardState, now: i64) -> GuardState {
    state.on_asked(Instant(now)).on_miss(Instant(now))
}

#[test]
fn the_hundredth_wrong_question_is_the_last_fast_one() {
    let mut state = GuardState::default();
    for n in 0..i64::from(MISSES_PER_WINDOW) {
        assert!(allowed(&state, START + n), "question {n}");
        state = miss(state, START + n);
    }
    let last = START + i64::from(MISSES_PER_WINDOW) - 1;
    assert!(state.is_limited(Instant(last)));
    assert_eq!(state.decide(Instant(last)), GuardDecision::Limited { retry_after_ms: SLOW_INTERVAL_MS });
    assert!(!allowed(&state, last + SLOW_INTERVAL_MS - 1));
    assert!(allowed(&state, last + SLOW_INTERVAL_MS));
    assert!(allowed(&state, START + WINDOW_MS));
}

#[test]
fn while_limited_right_questions_also_wait_a_minute() {
    let mut state = GuardState::default();
    for n in 0..i64::from(MISSES_PER_WINDOW) {
        state = miss(state, START + n);
    }
    let next = START + 2 * SLOW_INTERVAL_MS;
    state = state.on_asked(Instant(next));
    assert!(!allowed(&state, next + 1));
    assert!(allowed(&state, next + SLOW_INTERVAL_MS));
}

#[test]
fn right_questions_cost_nothing() {
    let mut state = GuardState::default();
    for n in 0..100_000 {
        state = state.on_asked(Instant(START + n));
    }
    assert_eq!(state, GuardState::default());
}

#[test]
fn a_clock_set_back_never_locks_for_longer_than_an_interval() {
    let mut state = GuardState::default();
    for _ in 0..MISSES_PER_WINDOW {
        state = miss(state, START);
    }
    let GuardDecision::Limited { retry_after_ms } = state.decide(Instant(START - 10 * WINDOW_MS)) else {
        panic!("limited")
    };
    assert!(retry_after_ms <= SLOW_INTERVAL_MS);
}

proptest! {
    /// Whatever the pace, a guesser who obeys gets the quota of each window and one question a minute.
    #[test]
    fn no_pace_beats_the_quota(gaps in proptest::collection::vec(0_i64..120_000, 1..400)) {
        let mut state = GuardState::default();
        let mut now = START;
        let mut asked = Vec::new();
        for gap in gaps {
            now += gap;
            if allowed(&state, now) {
                state = miss(state, now);
                asked.push(now);
            }
        }
        let most = usize::try_from(2 * i64::from(MISSES_PER_WINDOW) + WINDOW_MS / SLOW_INTERVAL_MS).expect("small");
        for (first, start) in asked.iter().enumerate() {
            let within = asked[first..].iter().take_while(|at| **at < start + WINDOW_MS).count();
            prop_assert!(within <= most);
        }
    }
}
