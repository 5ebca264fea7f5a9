//! When no more passwords are tried: a pure state machine over the time it is given.
//!
//! Every attempt is counted as wrong, durably, *before* the password (or code) is compared, and given back
//! when it was right: many attempts at once cannot outrun the count. An unknown user has a bucket like any
//! other, so that the answer is the same.
//!
//! A terminal that has signed in as this user before has its own bucket and stands in no other: a stranger can
//! lock himself out, not the staff.

use serde::{Deserialize, Serialize};

use crate::Instant;

const MINUTE_MS: i64 = 60 * 1000;

/// What an attempt is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// One account, from everywhere that is not a known terminal.
    Account,
    /// One account at one terminal where it has signed in before.
    KnownTerminal,
    /// One unknown terminal (or network address), over all accounts: against trying one password on many.
    Terminal,
    /// The network around an unknown IPv6 address ([`NEIGHBOURHOOD_V6_BITS`]): one customer of a carrier has as many
    /// networks as that holds.
    Neighbourhood,
    /// Everything unknown together: against many addresses trying many accounts.
    Global,
}

/// The buckets an attempt from a known terminal is counted in.
pub const BUCKETS_OF_KNOWN_TERMINAL: &[Bucket] = &[Bucket::KnownTerminal];
/// The buckets any other attempt is counted in, all of which must allow it.
pub const BUCKETS_OF_STRANGER: &[Bucket] =
    &[Bucket::Account, Bucket::Terminal, Bucket::Neighbourhood, Bucket::Global];

/// Leading bits of an IPv6 address that one house or office has: what [`Bucket::Terminal`] counts by.
pub const NETWORK_V6_BITS: u8 = 64;
/// Leading bits of an IPv6 address that a carrier gives a customer at most, 65,536 networks: what
/// [`Bucket::Neighbourhood`] counts by.
pub const NEIGHBOURHOOD_V6_BITS: u8 = 48;
/// Wrong attempts of one network in an hour that lead to a pause.
pub const NETWORK_FAILURES_MAX: u32 = 30;
/// Wrong attempts of all networks of one [`Bucket::Neighbourhood`] together in an hour that lead to a pause: more, as a
/// carrier may spread many customers over it.
pub const NEIGHBOURHOOD_FAILURES_MAX: u32 = 120;

/// What so many wrong attempts in a row lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutStep {
    /// Wrong attempts.
    pub failures: u32,
    /// How long nothing is tried, milliseconds; `None` = until an administrator frees the account.
    pub wait_ms: Option<i64>,
}

/// Steps of one account: 5 → 15 minutes, 10 → 1 hour, 20 → administrator.
const ACCOUNT_STEPS: &[LockoutStep] = &[
    LockoutStep { failures: 5, wait_ms: Some(15 * MINUTE_MS) },
    LockoutStep { failures: 10, wait_ms: Some(60 * MINUTE_MS) },
    LockoutStep { failures: 20, wait_ms: None },
];
/// One address: a clinic has a dozen people behind one; from 30 wrong in an hour on, a quarter of an hour.
const TERMINAL_STEPS: &[LockoutStep] =
    &[LockoutStep { failures: NETWORK_FAILURES_MAX, wait_ms: Some(15 * MINUTE_MS) }];
/// Whoever has a /48 has no more tries by going from one /64 to the next.
const NEIGHBOURHOOD_STEPS: &[LockoutStep] =
    &[LockoutStep { failures: NEIGHBOURHOOD_FAILURES_MAX, wait_ms: Some(15 * MINUTE_MS) }];
/// Everybody unknown: a thousand wrong in ten minutes is an attack; unknown terminals wait a minute.
const GLOBAL_STEPS: &[LockoutStep] = &[LockoutStep { failures: 1000, wait_ms: Some(MINUTE_MS) }];

impl Bucket {
    /// The buckets an attempt is counted in.
    #[must_use]
    pub const fn of_attempt(from_known_terminal: bool) -> &'static [Self] {
        if from_known_terminal { BUCKETS_OF_KNOWN_TERMINAL } else { BUCKETS_OF_STRANGER }
    }

    /// What so many wrong attempts lead to, in rising order.
    #[must_use]
    pub const fn steps(self) -> &'static [LockoutStep] {
        match self {
            Self::Account | Self::KnownTerminal => ACCOUNT_STEPS,
            Self::Terminal => TERMINAL_STEPS,
            Self::Neighbourhood => NEIGHBOURHOOD_STEPS,
            Self::Global => GLOBAL_STEPS,
        }
    }

    /// After how long the count begins anew; `None` = only by a right password or the administrator.
    #[must_use]
    pub(crate) const fn window_ms(self) -> Option<i64> {
        match self {
            Self::Account | Self::KnownTerminal => None,
            Self::Terminal | Self::Neighbourhood => Some(60 * MINUTE_MS),
            Self::Global => Some(10 * MINUTE_MS),
        }
    }
}

/// What is remembered of one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptState {
    /// Attempts counted as wrong.
    pub failures: u32,
    /// The first of them in this window.
    pub window_started_at: Option<Instant>,
    /// Nothing is tried before this.
    pub locked_until: Option<Instant>,
    /// Nothing is tried until an administrator frees the account.
    pub needs_administrator: bool,
}

/// Whether a password may be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockoutDecision {
    /// Count the attempt, then compare.
    Allowed,
    /// Not now.
    Wait {
        /// Milliseconds until the next attempt is let through.
        retry_after_ms: i64,
    },
    /// Not until an administrator frees the account.
    AskAdministrator,
}

impl LockoutDecision {
    /// The stricter of two: all buckets of an attempt must allow it.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::AskAdministrator, _) | (_, Self::AskAdministrator) => Self::AskAdministrator,
            (Self::Wait { retry_after_ms: a }, Self::Wait { retry_after_ms: b }) => {
                Self::Wait { retry_after_ms: a.max(b) }
            }
            (Self::Wait { retry_after_ms }, Self::Allowed)
            | (Self::Allowed, Self::Wait { retry_after_ms }) => Self::Wait { retry_after_ms },
            (Self::Allowed, Self::Allowed) => Self::Allowed,
        }
    }

    /// What is said, the same for known and unknown users; empty when allowed.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::Allowed => String::new(),
            Self::Wait { retry_after_ms } => {
                let minutes = retry_after_ms.saturating_add(MINUTE_MS - 1) / MINUTE_MS;
                format!("ログインの失敗が続いたため、一時的に受け付けていません。約{minutes}分後にもう一度お試しください。")
            }
            Self::AskAdministrator => {
                "ログインの失敗が続いたため、このユーザーはロックされています。管理者または運用窓口に解除を依頼してください。"
                    .to_owned()
            }
        }
    }
}

impl AttemptState {
    /// Whether a password may be tried at `now`.
    #[must_use]
    pub fn decide(&self, bucket: Bucket, now: Instant) -> LockoutDecision {
        if self.needs_administrator {
            return LockoutDecision::AskAdministrator;
        }
        let left = self.locked_until.map_or(0, |until| until.0.saturating_sub(now.0));
        // A clock set back never names a longer wait than the longest step.
        let longest = bucket.steps().iter().filter_map(|step| step.wait_ms).max().unwrap_or(0);
        match left.min(longest) {
            ..=0 => LockoutDecision::Allowed,
            retry_after_ms => LockoutDecision::Wait { retry_after_ms },
        }
    }

    /// The state with one more attempt, counted as wrong. Call only when [`Self::decide`] allows, and make it
    /// durable before the comparison.
    #[must_use]
    pub fn on_attempt(self, bucket: Bucket, now: Instant) -> Self {
        let fresh = !self.window_runs(bucket, now);
        let failures = if fresh { 1 } else { self.failures.saturating_add(1) };
        let window_started_at = if fresh { Some(now) } else { self.window_started_at };
        let steps = bucket.steps();
        let last = steps.last().map_or(u32::MAX, |step| step.failures);
        // Past the last step every further wrong attempt leads to it again.
        let reached = steps
            .iter()
            .rev()
            .find(|step| failures == step.failures || (step.failures == last && failures > last));
        let locked_until = match reached.and_then(|step| step.wait_ms) {
            Some(wait_ms) => Some(Instant(now.0.saturating_add(wait_ms))),
            None => self.locked_until.filter(|until| *until > now),
        };
        let needs_administrator =
            self.needs_administrator || reached.is_some_and(|step| step.wait_ms.is_none());
        Self { failures, window_started_at, locked_until, needs_administrator }
    }

    /// The state after the attempt was right: an account begins anew, a shared bucket gets the one attempt back.
    #[must_use]
    pub fn on_success(self, bucket: Bucket) -> Self {
        match bucket {
            Bucket::Account | Bucket::KnownTerminal => Self::default(),
            Bucket::Terminal | Bucket::Neighbourhood | Bucket::Global => {
                let failures = self.failures.saturating_sub(1);
                let below = bucket.steps().first().is_none_or(|step| failures < step.failures);
                let locked_until = self.locked_until.filter(|_| !below);
                Self { failures, locked_until, ..self }
            }
        }
    }

    fn window_runs(&self, bucket: Bucket, now: Instant) -> bool {
        match (self.window_started_at, bucket.window_ms()) {
            (Some(start), Some(window_ms)) => now.0 < start.0.saturating_add(window_ms),
            (start, _) => start.is_some(),
        }
    }
}
