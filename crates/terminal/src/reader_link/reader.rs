//! What this terminal knows of its card reader: what the reader's program asked of it and how that went. Nothing else is
//! claimed.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use eligibility::{
    Date,
    reader::{CommandOutcome, ReaderCommand, ReaderLook, ReaderMode, ReaderSerial, ReaderState},
};
use jiff::civil::DateTime;
use tokio::sync::Notify;
use wire::terminal_api::{ReaderCommandDone, ReaderCommandOrder, ReaderStateRequest};

use crate::clock;

/// A reader's program that was heard within this time counts as there when it is tested.
const HEARD_LATELY: Duration = Duration::from_secs(15 * 60);

/// The reader beside this terminal.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    known: Mutex<Known>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Known {
    heard: Option<Instant>,
    /// The same by the wall clock, for people.
    heard_at: Option<DateTime>,
    /// 製造番号, as the reader's program told it.
    serial: Option<ReaderSerial>,
    /// A session is under way until it ends, or its nonce does.
    session_until: Option<Instant>,
    /// What went wrong last; gone with the next that goes well.
    trouble: Option<String>,
    /// What it was switched to, and the day of that: it ends with that day, and with this process.
    switched: Option<(ReaderMode, Date)>,
    done: Option<ReaderCommandDone>,
    /// What was told last, so that a change is noticed.
    last: Option<(ReaderState, Option<String>)>,
}

/// What the terminal's page tells of its reader.
#[derive(Clone, Debug)]
pub(crate) struct ReaderSight {
    /// Word, tone and what to do, as the institution web has them.
    pub(crate) look: ReaderLook,
    /// Code of the last trouble.
    pub(crate) code: Option<String>,
    /// When the reader's program asked something last, in Tokyo; `None` since the terminal started.
    pub(crate) heard_at: Option<DateTime>,
    /// Whether that is longer ago than a program that is there would need.
    pub(crate) quiet: bool,
    /// 製造番号; `None` while no program told one.
    pub(crate) serial: Option<String>,
    /// How it proves who somebody is.
    pub(crate) mode: &'static str,
}

impl Known {
    fn state(&self, now: Instant) -> ReaderState {
        match (self.heard, &self.trouble, self.session_until) {
            (None, ..) => ReaderState::Absent,
            (Some(_), _, Some(until)) if now < until => ReaderState::InUse,
            (Some(_), Some(_), _) => ReaderState::Error,
            (Some(_), None, _) => ReaderState::Ready,
        }
    }

    fn mode(&self, usual: ReaderMode, today: Date) -> ReaderMode {
        self.switched.filter(|(_, day)| *day == today).map_or(usual, |(mode, _)| mode)
    }
}

fn today() -> Date {
    clock::now_in_tokyo().date()
}

impl Reader {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to what is known, and wakes the reporter when the state became another.
    fn note(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.known();
        change(&mut known);
        let now = (known.state(Instant::now()), known.trouble.clone());
        if known.last.as_ref() != Some(&now) {
            known.last = Some(now);
            self.changed.notify_one();
        }
    }

    /// The reader's program asked something, and told this 製造番号 with it.
    pub(crate) fn heard(&self, serial: Option<ReaderSerial>) {
        self.note(|known| {
            known.heard = Some(Instant::now());
            known.heard_at = Some(clock::now_in_tokyo());
            known.serial = serial.or_else(|| known.serial.take());
        });
    }

    /// How the reader stands, for people; `usual` as for [`Self::mode`].
    pub(crate) fn sight(&self, usual: ReaderMode) -> ReaderSight {
        let known = self.known();
        let (state, now) = (known.state(Instant::now()), eligibility::Instant(clock::now_ms()));
        let code = known.trouble.clone().filter(|_| state == ReaderState::Error);
        ReaderSight {
            look: ReaderLook::of(state, code.as_deref(), now, now),
            code,
            heard_at: known.heard_at,
            quiet: known.heard.is_some_and(|at| at.elapsed() >= HEARD_LATELY),
            serial: known.serial.as_ref().map(|serial| serial.as_str().to_owned()),
            mode: known.mode(usual, today()).label(),
        }
    }

    /// A patient's session begins, at most so long.
    pub(crate) fn session_began(&self, at_most: Duration) {
        self.note(|known| {
            known.session_until = Some(Instant::now() + at_most);
            known.trouble = None;
        });
    }

    /// A session ended, or could not begin; with the code of what kept it from an answer. A card that was refused is an
    /// answer.
    pub(crate) fn session_ended(&self, trouble: Option<String>) {
        self.note(|known| {
            known.session_until = None;
            known.trouble = trouble;
        });
    }

    /// How the reader is to prove who somebody is; `usual` while nobody switched it.
    pub(crate) fn mode(&self, usual: ReaderMode) -> ReaderMode {
        self.known().mode(usual, today())
    }

    /// What the centre is told.
    pub(crate) fn report(&self, usual: ReaderMode) -> ReaderStateRequest {
        let known = self.known();
        let state = known.state(Instant::now());
        let quiet = known.heard.map(|at| u32::try_from(at.elapsed().as_secs()).unwrap_or(u32::MAX));
        ReaderStateRequest {
            state: state.name().to_owned(),
            code: known.trouble.clone().filter(|_| state == ReaderState::Error),
            mode: known.mode(usual, today()).name().to_owned(),
            quiet_s: quiet,
            done: known.done.clone(),
        }
    }

    /// The centre has heard how a wish ended.
    pub(crate) fn told(&self, done: Option<&ReaderCommandDone>) {
        let mut known = self.known();
        if known.done.as_ref() == done {
            known.done = None;
        }
    }

    /// Does what somebody at the desk wants. `false` for a wish that this version does not know.
    pub(crate) fn obey(&self, order: &ReaderCommandOrder) -> bool {
        let Some(command) = ReaderCommand::from_name(&order.command) else { return false };
        let mut known = self.known();
        let outcome = match command {
            ReaderCommand::Visual => {
                known.switched = Some((ReaderMode::Visual, today()));
                CommandOutcome::Done
            }
            ReaderCommand::Unattended => {
                known.switched = Some((ReaderMode::Unattended, today()));
                CommandOutcome::Done
            }
            ReaderCommand::Test if known.heard.is_some_and(|at| at.elapsed() < HEARD_LATELY) => {
                CommandOutcome::Heard
            }
            ReaderCommand::Test => CommandOutcome::Unheard,
        };
        let (command_id, outcome) = (order.command_id.clone(), outcome.name().to_owned());
        known.done = Some(ReaderCommandDone { command_id, outcome });
        true
    }

    /// Waits for a change of the state.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}
