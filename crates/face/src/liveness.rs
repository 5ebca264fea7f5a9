//! Is somebody there, or a picture of somebody? A turn of the head on request, without I/O and without a clock.
//!
//! The caller shows what [`Challenge::ask`] says, gives it each frame that was looked at, and tells it the time. It
//! stops a printed photo and a feed that stands still. It does not stop a film that is chosen after the request, a
//! mask, or a picture that a computer turns: see `docs/FACE.md`.

use std::time::Duration;

use crate::{Bands, Landmarks, Looked, NoFace, Thumbnail, Verdict};

/// What the person is asked for. Left and right are the person's own; the camera's picture must not be mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Look into the camera.
    LookAhead,
    /// Turn the head to the left.
    TurnLeft,
    /// Turn the head to the right.
    TurnRight,
    /// Nothing more: take [`Challenge::into_subject`].
    Done,
    /// It did not work.
    Failed(Failure),
}

/// Why a challenge failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Not done within the time.
    #[error("not done within the time")]
    TooSlow,
    /// The camera's picture does not change.
    #[error("the camera's picture stands still")]
    Frozen,
    /// Turned to the side that was not asked for.
    #[error("turned to the other side")]
    OtherSide,
    /// Somebody else came before the camera meanwhile.
    #[error("another person came before the camera")]
    OtherPerson,
    /// The one face was not to be seen for too long, or not alone.
    #[error("the face was lost")]
    Lost,
}

/// Limits of a challenge. [`Settings::default`] is what `docs/FACE.md` speaks of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// [`Landmarks::yaw`] of somebody who looks ahead, at most, to either side.
    pub ahead: f32,
    /// [`Landmarks::yaw`] of somebody who turned, at least.
    pub turned: f32,
    /// When one frame is the same person as another.
    pub bands: Bands,
    /// Until the person looks ahead for the first time, and again until everything is done after that.
    pub to_look: Duration,
    /// From the request to the turned head.
    pub to_turn: Duration,
    /// How long the face may be away after it was seen.
    pub away: Duration,
    /// Frames that a challenge has at least.
    pub frames: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ahead: 0.12,
            turned: 0.2,
            bands: Bands::default(),
            to_look: Duration::from_secs(20),
            to_turn: Duration::from_secs(6),
            away: Duration::from_secs(1),
            frames: 8,
        }
    }
}

/// Frames in a row that must show somebody who looks ahead.
const AHEAD_FRAMES: usize = 3;
/// Frames that must show the turned head.
const TURNED_FRAMES: usize = 2;
/// Frames without any change after which a feed stands still.
const STILL_FRAMES: usize = 8;
/// Less change than this, in mean steps of grey, is none: the noise of a real camera is ten times as much.
const STILL_CHANGE: f32 = 0.02;
/// Less movement of every landmark than this, in pixels, is none.
const STILL_MOVEMENT: f32 = 0.02;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Ahead { frames: usize },
    Turn { frames: usize },
    AheadAgain,
    Done,
    Failed(Failure),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Side {
    /// The yaw as seen from this side: positive when turned to it.
    fn of(self, yaw: f32) -> f32 {
        match self {
            Self::Left => yaw,
            Self::Right => -yaw,
        }
    }
}

/// One challenge of one person.
pub struct Challenge {
    settings: Settings,
    side: Side,
    step: Step,
    /// When the step began.
    since: Duration,
    /// When the one face was last seen.
    seen: Duration,
    frames: usize,
    still: usize,
    before: Option<(Landmarks, Thumbnail)>,
    subject: Option<Looked>,
}

impl Challenge {
    /// Begins. The lowest bit of `random` draws the side: it must be one that nobody can foretell. `now` counts from
    /// whenever the caller likes and must never go back.
    #[must_use]
    pub fn new(settings: Settings, random: u8, now: Duration) -> Self {
        Self {
            settings,
            side: if random & 1 == 0 { Side::Left } else { Side::Right },
            step: Step::Ahead { frames: 0 },
            since: now,
            seen: now,
            frames: 0,
            still: 0,
            before: None,
            subject: None,
        }
    }

    /// What the person is asked for now.
    #[must_use]
    pub fn ask(&self) -> Ask {
        match (self.step, self.side) {
            (Step::Ahead { .. } | Step::AheadAgain, _) => Ask::LookAhead,
            (Step::Turn { .. }, Side::Left) => Ask::TurnLeft,
            (Step::Turn { .. }, Side::Right) => Ask::TurnRight,
            (Step::Done, _) => Ask::Done,
            (Step::Failed(failure), _) => Ask::Failed(failure),
        }
    }

    /// Takes what was seen on the next frame.
    pub fn frame(&mut self, looked: Result<Looked, NoFace>, now: Duration) -> Ask {
        self.tick(now);
        if self.is_over() {
            return self.ask();
        }
        let Ok(looked) = looked else {
            // Three frames in a row means in a row.
            if let Step::Ahead { frames } = &mut self.step {
                *frames = 0;
            }
            return self.ask();
        };
        self.seen = now;
        self.frames += 1;
        self.note_movement(&looked);
        if self.still >= STILL_FRAMES {
            return self.fail(Failure::Frozen);
        }
        match self.step {
            Step::Ahead { frames } => self.first_look(looked, frames, now),
            Step::Turn { frames } => self.turning(&looked, frames, now),
            Step::AheadAgain => self.last_look(looked),
            Step::Done | Step::Failed(_) => self.ask(),
        }
    }

    /// Tells the time while no frame comes.
    pub fn tick(&mut self, now: Duration) -> Ask {
        if self.is_over() {
            return self.ask();
        }
        let limit = match self.step {
            Step::Turn { .. } => self.settings.to_turn,
            _ => self.settings.to_look,
        };
        if now.saturating_sub(self.since) > limit {
            return self.fail(Failure::TooSlow);
        }
        // Before the person was looked at there is nobody to lose.
        if self.subject.is_some() && now.saturating_sub(self.seen) > self.settings.away {
            return self.fail(Failure::Lost);
        }
        self.ask()
    }

    /// Who it was, looking ahead: to be compared with the photo. `None` unless [`Ask::Done`].
    #[must_use]
    pub fn into_subject(self) -> Option<Looked> {
        if self.step == Step::Done { self.subject } else { None }
    }

    fn is_over(&self) -> bool {
        matches!(self.step, Step::Done | Step::Failed(_))
    }

    fn fail(&mut self, failure: Failure) -> Ask {
        self.step = Step::Failed(failure);
        // Nobody needs the template any more.
        self.subject = None;
        self.before = None;
        self.ask()
    }

    fn next(&mut self, step: Step, now: Duration) -> Ask {
        self.step = step;
        self.since = now;
        self.ask()
    }

    fn note_movement(&mut self, looked: &Looked) {
        let thumbnail = looked.thumbnail.duplicate();
        if let Some((landmarks, before)) = self.before.replace((looked.landmarks, thumbnail)) {
            let moved = landmarks
                .points()
                .iter()
                .zip(looked.landmarks.points())
                .any(|(before, after)| before.distance(after) >= STILL_MOVEMENT);
            let changed = before.change(&looked.thumbnail) >= STILL_CHANGE;
            self.still = if moved || changed { 0 } else { self.still + 1 };
        } else {
            self.still = 1;
        }
    }

    fn first_look(&mut self, looked: Looked, frames: usize, now: Duration) -> Ask {
        if looked.yaw().abs() > self.settings.ahead {
            self.step = Step::Ahead { frames: 0 };
            return self.ask();
        }
        if frames + 1 < AHEAD_FRAMES {
            self.step = Step::Ahead { frames: frames + 1 };
            return self.ask();
        }
        self.subject = Some(looked);
        self.next(Step::Turn { frames: 0 }, now)
    }

    fn turning(&mut self, looked: &Looked, frames: usize, now: Duration) -> Ask {
        let turned = self.side.of(looked.yaw());
        let verdict = self.verdict(looked);
        // On the way a blink or a shadow lowers the score; a stranger's lies far below.
        if verdict == Verdict::Different {
            return self.fail(Failure::OtherPerson);
        }
        if turned <= -self.settings.turned {
            return self.fail(Failure::OtherSide);
        }
        if turned < self.settings.turned || verdict != Verdict::Same {
            return self.ask();
        }
        if frames + 1 < TURNED_FRAMES {
            self.step = Step::Turn { frames: frames + 1 };
            return self.ask();
        }
        self.next(Step::AheadAgain, now)
    }

    fn last_look(&mut self, looked: Looked) -> Ask {
        let verdict = self.verdict(&looked);
        if verdict == Verdict::Different {
            return self.fail(Failure::OtherPerson);
        }
        let ahead = looked.yaw().abs() <= self.settings.ahead;
        if ahead && verdict == Verdict::Same && self.frames >= self.settings.frames {
            // The sharper of the two looks is the better one to compare.
            if self.subject.as_ref().is_none_or(|first| looked.sharpness > first.sharpness) {
                self.subject = Some(looked);
            }
            self.before = None;
            self.step = Step::Done;
        }
        self.ask()
    }

    fn verdict(&self, looked: &Looked) -> Verdict {
        self.subject
            .as_ref()
            .map_or(Verdict::Different, |first| self.settings.bands.verdict(first.compare(looked)))
    }
}
