use eligibility::{
    Instant,
    enumeration::{
        GuardDecision, GuardState, MISSES_PER_WINDOW, RECENT_QUESTIONS, RECENT_WRONG_PERCENT_MAX,
        SLOW_INTERVAL_MS, SlowReason, WINDOW_MS,
    },
};
use proptest::{collection::vec, prelude::*};

const START: i64 = 1_795_305_600_000;
/// Wrong questions among the last fifty that are still honest.
const HONEST: u32 = RECENT_QUESTIONS * RECENT_WRONG_PERCENT_MAX / 100;

fn allowed(state: &GuardState, now: i64) -> bool {
    state.decide(Instant(now)) == GuardDecision::Allowed
}

fn slow(state: &GuardState, now: i64) -> Option<SlowReason> {
    state.slow(Instant(now))
}

/// Asks `wrong` and then `right` questions at `now`, whatever the guard says.
fn asked(mut state: GuardState, wrong: u32, right: u32, now: i64) -> GuardState {
    for number in 0..wrong + right {
        state = state.after(Instant(now), number < wrong);
    }
    state
}

/// Misses of a fifth, four right ones between: only the quota ever minds.
fn at_the_quota() -> GuardState {
    let state = (0..MISSES_PER_WINDOW - 1).fold(GuardState::default(), |state, _| asked(state, 1, 4, START));
    assert!(allowed(&state, START));
    asked(state, 1, 0, START)
}

#[test]
fn the_hundredth_wrong_question_is_the_last_fast_one() {
    let state = at_the_quota();
    assert_eq!(slow(&state, START), Some(SlowReason::Quota));
    let limited = GuardDecision::Limited { retry_after_ms: SLOW_INTERVAL_MS };
    assert_eq!(state.decide(Instant(START)), limited);
    assert!(!allowed(&state, START + SLOW_INTERVAL_MS - 1));
    assert!(allowed(&state, START + SLOW_INTERVAL_MS));
    assert!(allowed(&state, START + WINDOW_MS));
}

#[test]
fn eleven_wrong_of_fifty_slow_down_and_ten_do_not() {
    let honest = asked(GuardState::default(), HONEST, RECENT_QUESTIONS - HONEST, START);
    assert_eq!(slow(&honest, START), None);
    let state = asked(GuardState::default(), HONEST + 1, RECENT_QUESTIONS - HONEST - 2, START);
    assert_eq!(slow(&state, START), None, "forty-nine questions are too few to judge by");
    for last_is_wrong in [false, true] {
        let state = state.after(Instant(START), last_is_wrong);
        assert_eq!(slow(&state, START), Some(SlowReason::Share));
        assert!(!allowed(&state, START + SLOW_INTERVAL_MS - 1));
        assert!(allowed(&state, START + SLOW_INTERVAL_MS));
    }
}

#[test]
fn the_step_up_ends_when_the_share_has_fallen() {
    // The wrong ones are the oldest: the next right question pushes one of them out.
    let state = asked(GuardState::default(), HONEST + 1, RECENT_QUESTIONS - HONEST - 1, START);
    let next = START + SLOW_INTERVAL_MS;
    assert_eq!(slow(&state.after(Instant(next), true), next), Some(SlowReason::Share));
    let state = state.after(Instant(next), false);
    assert_eq!(slow(&state, next), None);
    assert!(allowed(&state, next));
    // Where the wrong ones are the newest, a right one does not help yet.
    let state = asked(GuardState::default(), 0, RECENT_QUESTIONS, START);
    let state = asked(state, HONEST + 1, 0, START).after(Instant(next), false);
    assert_eq!(slow(&state, next), Some(SlowReason::Share));
}

#[test]
fn the_step_up_ends_after_its_hour_and_begins_from_nothing() {
    let state = asked(GuardState::default(), RECENT_QUESTIONS, 0, START);
    assert_eq!(slow(&state, START + WINDOW_MS - 1), Some(SlowReason::Share));
    let end = START + WINDOW_MS;
    assert!(allowed(&state, end));
    let state = asked(state, RECENT_QUESTIONS - 1, 0, end);
    assert!(allowed(&state, end), "fifty new questions are needed");
    assert_eq!(slow(&asked(state, 1, 0, end), end), Some(SlowReason::Share));
}

#[test]
fn while_limited_right_questions_also_wait_a_minute() {
    for state in [at_the_quota(), asked(GuardState::default(), RECENT_QUESTIONS, 0, START)] {
        let next = START + 2 * SLOW_INTERVAL_MS;
        let state = state.after(Instant(next), false);
        assert!(!allowed(&state, next + 1));
        assert!(allowed(&state, next + SLOW_INTERVAL_MS));
    }
}

#[test]
fn right_questions_change_nothing_once_fifty_are_known() {
    let known = asked(GuardState::default(), 0, RECENT_QUESTIONS, START);
    assert_eq!(known.after(Instant(START + 1), false), known);
    assert_eq!(asked(known, 0, 100_000, START + 2), known);
}

#[test]
fn a_clock_set_back_never_tells_to_wait_longer_than_an_interval() {
    for state in [at_the_quota(), asked(GuardState::default(), RECENT_QUESTIONS, 0, START)] {
        let GuardDecision::Limited { retry_after_ms } = state.decide(Instant(START - 10 * WINDOW_MS)) else {
            panic!("limited")
        };
        assert!(retry_after_ms <= SLOW_INTERVAL_MS);
    }
}

/// Ten thousand guesses that obey: what an institution learns in each hour.
#[test]
fn a_campaign_of_ten_thousand_guesses_gets_fewer_answers_than_the_quota() {
    const GUESSES: i64 = 10_000;
    let mut state = GuardState::default();
    let mut answered = 0_u32;
    for guess in 0..GUESSES {
        let now = START + guess * WINDOW_MS / GUESSES;
        if allowed(&state, now) {
            state = state.after(Instant(now), true);
            answered += 1;
        }
    }
    assert!((RECENT_QUESTIONS..=MISSES_PER_WINDOW + 60).contains(&answered), "{answered} answers");
}

proptest! {
    /// Whatever the pace and whatever is mixed in, a guesser who obeys gets the quota of each window and one
    /// question a minute.
    #[test]
    fn no_pace_and_no_mixture_beats_the_quota(
        gaps in vec((0_i64..120_000, proptest::bool::weighted(0.8)), 1..600),
        faster in 1_i64..2_000,
    ) {
        let mut state = GuardState::default();
        let mut now = START;
        let mut missed = Vec::new();
        for (gap, wrong) in gaps {
            now += gap / faster;
            if allowed(&state, now) {
                state = state.after(Instant(now), wrong);
                if wrong {
                    missed.push(now);
                }
            }
        }
        let most = usize::try_from(2 * i64::from(MISSES_PER_WINDOW) + WINDOW_MS / SLOW_INTERVAL_MS).expect("small");
        for (first, start) in missed.iter().enumerate() {
            let within = missed[first..].iter().take_while(|at| **at < start + WINDOW_MS).count();
            prop_assert!(within <= most);
        }
    }

    /// Who only guesses: fifty, and one a minute, in any hour.
    #[test]
    fn who_only_guesses_gets_fifty_an_hour_and_one_a_minute(gaps in vec(0_i64..30_000, 1..800)) {
        let mut state = GuardState::default();
        let mut now = START;
        let mut answered: Vec<i64> = Vec::new();
        for gap in gaps {
            now += gap;
            if allowed(&state, now) {
                state = state.after(Instant(now), true);
                answered.push(now);
            }
        }
        let most = usize::try_from(i64::from(RECENT_QUESTIONS) + WINDOW_MS / SLOW_INTERVAL_MS).expect("small");
        for (first, start) in answered.iter().enumerate() {
            let within = answered[first..].iter().take_while(|at| **at < start + WINDOW_MS).count();
            prop_assert!(within <= most + 1, "{within} in an hour");
        }
    }

    /// An honest reception, with at most a fifth of any fifty mistyped and no hundred in an hour, never waits.
    #[test]
    fn an_honest_reception_never_waits(questions in vec((proptest::bool::weighted(0.15), 0_i64..60_000), 1..400)) {
        let mut state = GuardState::default();
        let mut now = START;
        let mut ended: Vec<bool> = Vec::new();
        let mut wrong_in_all = 0;
        for (mistyped, gap) in questions {
            now += gap;
            let last = ended.iter().rev().take(RECENT_QUESTIONS as usize - 1).filter(|wrong| **wrong).count();
            let wrong = mistyped && last < HONEST as usize && wrong_in_all < MISSES_PER_WINDOW - 1;
            prop_assert!(allowed(&state, now), "question {} waits", ended.len());
            state = state.after(Instant(now), wrong);
            wrong_in_all += u32::from(wrong);
            ended.push(wrong);
        }
    }

    /// The step-up holds exactly while the last fifty questions tell of it, and no longer than an hour.
    #[test]
    fn the_step_up_follows_the_last_fifty(questions in vec((any::<bool>(), 0_i64..400_000), 1..300)) {
        let mut state = GuardState::default();
        let mut now = START;
        let mut since_the_hour: Vec<bool> = Vec::new();
        let mut began = None;
        for (wrong, gap) in questions {
            now += gap;
            if began.is_some_and(|at| now >= at + WINDOW_MS) {
                (began, since_the_hour) = (None, Vec::new());
            }
            state = state.after(Instant(now), wrong);
            since_the_hour.push(wrong);
            let last = since_the_hour.iter().rev().take(RECENT_QUESTIONS as usize);
            let told = since_the_hour.len() >= RECENT_QUESTIONS as usize
                && last.filter(|wrong| **wrong).count() > HONEST as usize;
            began = told.then(|| began.unwrap_or(now));
            prop_assert_eq!(state.stepped_up_at, began.map(Instant));
        }
    }
}
