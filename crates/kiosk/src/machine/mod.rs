//! What happens at the reader, without any input or output: told what happened and what time it is, the machine says what
//! is to be done and what is shown.
//!
//! What must hold here: nothing is signed before the card was convinced; one press is at most one try of a PIN; from every
//! page there is a way on, and without anybody the start comes by itself; at the start nothing of a patient is left.
//! `tests/it/machine.rs` tries it with any sequence of inputs.

mod input;
mod pad;
mod patient;
mod press;
mod show;
mod told;

use std::time::{Duration, Instant};

use eligibility::errors::ErrorCode;
use rand::{SeedableRng, rngs::StdRng};

pub use input::{Act, CardSaid, Effect, FaceSaid, Input, LinkSaid, Recognised, Ticket};
pub use patient::{FACE_FAILURES_MAX, NUMBER_FAILURES_MAX};

use crate::{
    CardTrouble, LinkError,
    view::{Comfort, FaceAsk, FaceHint, Notice, Outcome, Page, StaffProblem, TroubleKind, View, Way},
};
use pad::{Digits, PadFor};
use patient::Patient;

/// Time for choosing and proving, and for putting the card down.
const PROOF_TIME: Duration = Duration::from_secs(60);
/// Time for reading and deciding about consents.
const CONSENT_TIME: Duration = Duration::from_secs(120);
/// So long before the end it is asked whether more time is needed.
const WARNING: Duration = Duration::from_secs(20);
/// Longest work of card or terminal before the person is told that it failed; the two have limits of their own below it.
const WORK_TIME: Duration = Duration::from_secs(45);
/// From then on a signed check is handed in without the person waiting for it.
const WAITING_TIME: Duration = Duration::from_secs(30);
/// A card that lies there for longer is reminded of.
const REMINDER: Duration = Duration::from_secs(10);
/// How long the end is shown once the card is taken. Within three seconds of that the start is there.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long an answer is shown whose card was taken before it came.
const ANSWER_TIME: Duration = Duration::from_secs(8);
/// The name greets as long as this, whether the card is taken or not.
const NAME_TIME: Duration = Duration::from_secs(15);

/// What this reader is.
#[derive(Clone, Debug, Default)]
pub struct Equipment {
    /// Whether faces can be compared: a camera is there, and the library with its models.
    pub face: bool,
    /// Whether the card can be used without its PIN, after a face or a visual check.
    pub pinless: bool,
    /// 製造番号; without it there is no visual check.
    pub serial: Option<String>,
    /// Names of staff to choose from.
    pub staff: Vec<String>,
    /// 模擬カード stands on every page.
    pub simulated: bool,
}

/// What goes on.
enum State {
    Start,
    Passcode {
        pad: Digits,
        problem: Option<StaffProblem>,
    },
    Compare,
    PutCard,
    Reading,
    Number {
        pad: Digits,
        wrong: bool,
        by_staff: bool,
    },
    Choose,
    Face {
        ask: FaceAsk,
        hint: Option<FaceHint>,
    },
    Pin {
        pad: Digits,
        wrong: bool,
    },
    LastTry,
    /// The card opens its photo with the printed number: no proof of anything.
    Opening {
        by_staff: bool,
    },
    /// The card works on a proof.
    Proving,
    Notice(Notice),
    Consent,
    Items,
    Prescription,
    Sending {
        signed: bool,
        again: bool,
    },
    Result {
        outcome: Outcome,
        name: Option<String>,
    },
    Trouble {
        kind: TroubleKind,
        code: String,
        for_staff: String,
        ways: Vec<Way>,
    },
}

impl State {
    /// How long a person may take; `None` where nobody is waited for.
    fn patience(&self) -> Option<Duration> {
        match self {
            Self::Passcode { .. }
            | Self::Compare
            | Self::PutCard
            | Self::Number { .. }
            | Self::Choose
            | Self::Face { .. }
            | Self::Pin { .. }
            | Self::LastTry
            | Self::Notice(_) => Some(PROOF_TIME),
            Self::Consent | Self::Items | Self::Prescription => Some(CONSENT_TIME),
            Self::Start
            | Self::Reading
            | Self::Opening { .. }
            | Self::Proving
            | Self::Sending { .. }
            | Self::Result { .. }
            | Self::Trouble { .. } => None,
        }
    }
}

/// The reader's behaviour.
pub struct Machine {
    equipment: Equipment,
    random: StdRng,
    state: State,
    /// When the state began.
    since: Instant,
    /// When a person's time is over.
    until: Option<Instant>,
    patient: Option<Patient>,
    ticket: Ticket,
    comfort: Comfort,
    help: bool,
    /// Whether a card lies there.
    card: bool,
    /// When it was taken, once it was.
    taken: Option<Instant>,
    broken: Option<CardTrouble>,
    online: bool,
    waiting: usize,
    revision: u64,
    shown: Option<View>,
}

impl Machine {
    /// A reader at rest. The seed decides which letters stand for digits, and has to be random.
    #[must_use]
    pub fn new(equipment: Equipment, seed: [u8; 32], now: Instant) -> Self {
        let mut machine = Self {
            equipment,
            random: StdRng::from_seed(seed),
            state: State::Start,
            since: now,
            until: None,
            patient: None,
            ticket: 0,
            comfort: Comfort::default(),
            help: false,
            card: false,
            taken: None,
            broken: None,
            online: true,
            waiting: 0,
            revision: 0,
            shown: None,
        };
        machine.note_change(now);
        machine
    }

    /// Takes what happened and says what is to be done.
    pub fn on(&mut self, input: Input, now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Tick => {}
            Input::Presence(seen) => self.presence(seen, now, &mut effects),
            Input::Press(revision, act) if revision == self.revision => self.press(act, now, &mut effects),
            Input::Card(ticket, said) if ticket == self.ticket => self.card_said(said, now, &mut effects),
            Input::Link(ticket, said) if ticket == self.ticket => self.link_said(said, now, &mut effects),
            Input::Face(ticket, said) if ticket == self.ticket => self.face_said(said, now, &mut effects),
            // Of a page or a session that is over.
            Input::Press(..) | Input::Card(..) | Input::Link(..) | Input::Face(..) => {}
            Input::Line(online) => self.online = online,
            Input::Waiting(waiting) => self.waiting = waiting,
        }
        self.pass_time(now, &mut effects);
        self.note_change(now);
        effects
    }

    /// The session that is going on, or the next.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// When the machine wants to be told the time again at the latest.
    #[must_use]
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let mut due: Vec<Instant> = self.until.into_iter().collect();
        due.extend(self.until.and_then(|until| until.checked_sub(WARNING)));
        let times: &[Duration] = match &self.state {
            State::Reading | State::Opening { .. } | State::Proving => &[WORK_TIME],
            State::Sending { .. } => &[WAITING_TIME, WORK_TIME],
            State::Result { .. } | State::Trouble { .. } => &[REMINDER, ANSWER_TIME, NAME_TIME],
            _ => &[],
        };
        due.extend(times.iter().map(|time| self.since + *time));
        due.extend(self.taken.map(|taken| taken + FAREWELL));
        due.into_iter().filter(|due| *due > now).min()
    }

    fn enter(&mut self, state: State, now: Instant) {
        self.until = state.patience().map(|time| now + time);
        self.state = state;
        self.since = now;
    }

    /// Ends what is there, whoever it was, and begins anew when a card was put down meanwhile.
    fn start(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        self.patient = None;
        self.ticket += 1;
        self.comfort = Comfort::default();
        self.help = false;
        self.taken = None;
        self.enter(State::Start, now);
        effects.push(Effect::Forget);
    }

    fn begin(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        self.patient.get_or_insert_default();
        self.enter(State::Reading, now);
        effects.extend([Effect::Prepare(self.ticket), Effect::Read(self.ticket)]);
    }

    fn presence(&mut self, seen: Result<bool, CardTrouble>, now: Instant, effects: &mut Vec<Effect>) {
        let present = *seen.as_ref().unwrap_or(&false);
        self.broken = seen.err();
        if present == self.card {
            return;
        }
        self.card = present;
        if present { self.card_put(now, effects) } else { self.card_gone(now, effects) }
    }

    fn card_put(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match self.state {
            State::Start | State::Compare | State::PutCard => self.begin(now, effects),
            State::Result { .. } | State::Trouble { .. } => {
                self.start(now, effects);
                self.begin(now, effects);
            }
            // Staff are typing: it is read when they are ready.
            _ => {}
        }
    }

    fn card_gone(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        self.taken = Some(now);
        let free = match self.state {
            State::Start | State::Passcode { .. } | State::PutCard => true,
            State::Compare => self.patient.as_ref().is_none_or(|patient| patient.card.is_none()),
            State::Sending { signed, .. } => signed,
            State::Result { .. } | State::Trouble { .. } => true,
            _ => false,
        };
        if !free {
            let trouble = self.broken.clone().unwrap_or(CardTrouble::Removed);
            self.card_trouble(&trouble, now, effects);
        } else if !matches!(self.state, State::Result { .. } | State::Trouble { .. }) {
            self.taken = None;
        }
    }

    /// What comes by itself.
    fn pass_time(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.until.is_some_and(|until| now >= until) {
            if matches!(self.state, State::Start) {
                // Whoever changed the page went away.
                (self.comfort, self.help, self.until) = (Comfort::default(), false, None);
                return;
            }
            return self.give_up(TroubleKind::GaveUp, now, effects);
        }
        let gone = |time: Duration| now.duration_since(self.since) >= time;
        match &self.state {
            State::Reading if gone(WORK_TIME) => self.reading_took_long(now, effects),
            State::Opening { .. } | State::Proving if gone(WORK_TIME) => {
                self.card_trouble(&CardTrouble::Unreadable, now, effects);
            }
            State::Sending { signed: false, .. } if gone(WORK_TIME) => {
                self.card_trouble(&CardTrouble::Unreadable, now, effects);
            }
            State::Sending { signed: true, .. } if gone(WAITING_TIME) => {
                self.finish(Outcome::Kept, None, now);
            }
            State::Result { .. } | State::Trouble { .. } => self.pass_end(now, effects),
            _ => {}
        }
    }

    /// Card or terminal: whichever said nothing.
    fn reading_took_long(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.patient.as_ref().is_none_or(|patient| patient.card.is_none()) {
            return self.card_trouble(&CardTrouble::Unreadable, now, effects);
        }
        let error = LinkError::Unreachable;
        self.link_trouble(error.code().to_owned(), error.for_staff(), now, effects);
    }

    fn pass_end(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let shown = now.duration_since(self.since);
        if let State::Result { name, .. } = &mut self.state
            && shown >= NAME_TIME
        {
            *name = None;
        }
        // An answer is read before it goes, also by who took the card early; a trouble of a card that is gone is not.
        let by_early_leaver = match self.state {
            State::Result { .. } => ANSWER_TIME,
            _ => FAREWELL,
        };
        let over = match self.taken {
            Some(taken) if taken <= self.since => shown >= by_early_leaver,
            Some(taken) => now.duration_since(taken) >= FAREWELL,
            None => !self.card && shown >= ANSWER_TIME,
        };
        if over {
            self.start(now, effects);
        }
    }

    /// Ends without an answer, for no fault of card or line.
    fn give_up(&mut self, kind: TroubleKind, now: Instant, effects: &mut Vec<Effect>) {
        effects.extend([Effect::EndCompare, Effect::Forget]);
        self.patient = None;
        self.ticket += 1;
        if !self.card && kind == TroubleKind::Stopped {
            return self.start(now, effects);
        }
        let code = ErrorCode::TimedOut;
        self.trouble(kind, code.code().to_owned(), code.message().to_owned(), vec![Way::Stop], now);
    }

    fn trouble(&mut self, kind: TroubleKind, code: String, for_staff: String, ways: Vec<Way>, now: Instant) {
        if self.card {
            self.taken = None;
        }
        self.enter(State::Trouble { kind, code, for_staff, ways }, now);
    }

    /// The answer, or that there is none yet. What was chosen and proven is not needed any more.
    fn finish(&mut self, outcome: Outcome, name: Option<String>, now: Instant) {
        self.patient = None;
        self.enter(State::Result { outcome, name }, now);
    }

    fn pad(&mut self, what: PadFor) -> Digits {
        Digits::new(what, &mut self.random)
    }

    fn note_change(&mut self, now: Instant) {
        let view = self.make_view(now);
        let same = self.shown.as_ref().is_some_and(|shown| show::same(shown, &view));
        if !same {
            self.revision += 1;
        }
        self.shown = Some(view);
    }

    /// What is shown now.
    #[must_use]
    pub fn view(&self, now: Instant) -> View {
        self.make_view(now)
    }

    /// Whether the machine is at the start, with nothing of anybody.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Start) && self.patient.is_none()
    }

    fn page(&self, now: Instant) -> Page {
        show::page(self, now)
    }
}
