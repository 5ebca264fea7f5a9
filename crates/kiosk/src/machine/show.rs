//! The page of a state.

use std::time::Instant;

use super::{FACE_FAILURES_MAX, Machine, REMINDER, State, WARNING};
use crate::{
    view::{Hurry, Offer, Page, Progress, StaffPhoto, View},
    words::Language,
};

/// Whether two views are one page to a person: the seconds left are counted by the page itself.
pub(super) fn same(one: &View, other: &View) -> bool {
    let plain = |view: &View| {
        let hurry = view.hurry.map(|_| Hurry { seconds_left: 0 });
        View { revision: 0, hurry, ..view.clone() }
    };
    plain(one) == plain(other)
}

impl Machine {
    pub(super) fn make_view(&self, now: Instant) -> View {
        let left = self.until.map(|until| until.saturating_duration_since(now));
        let hurry = left.filter(|left| *left <= WARNING && !matches!(self.state, State::Start));
        let mut comfort = self.comfort;
        if matches!(self.state, State::Passcode { .. } | State::Compare | State::PutCard) {
            // Pages of staff.
            comfort.language = Language::Japanese;
        }
        View {
            revision: self.revision,
            comfort,
            progress: progress(self),
            online: self.online,
            waiting: self.waiting,
            simulated: self.equipment.simulated,
            help: self.help,
            hurry: hurry.map(|left| Hurry { seconds_left: u32::try_from(left.as_secs()).unwrap_or(0) }),
            page: self.page(now),
        }
    }

    pub(super) fn staff_offer(&self) -> Offer {
        if self.equipment.pinless && self.equipment.serial.is_some() { Offer::Open } else { Offer::Absent }
    }

    pub(super) fn face_offer(&self) -> Offer {
        let built_in = self.equipment.face && self.equipment.pinless;
        self.patient.as_ref().map_or(Offer::Absent, |patient| patient.face_offer(built_in))
    }

    pub(super) fn pin_offer(&self) -> Offer {
        self.patient.as_ref().map_or(Offer::Absent, super::patient::Patient::pin_offer)
    }
}

/// Of four: proof, consent, sending, end.
fn progress(machine: &Machine) -> Option<Progress> {
    let step = match machine.state {
        State::Choose
        | State::Face { .. }
        | State::Pin { .. }
        | State::LastTry
        | State::Opening { .. }
        | State::Proving => 1,
        State::Notice(_) | State::Consent | State::Items | State::Prescription => 2,
        State::Sending { .. } => 3,
        State::Result { .. } => 4,
        _ => return None,
    };
    Some(Progress { step, of: 4 })
}

pub(super) fn page(machine: &Machine, now: Instant) -> Page {
    let patient = machine.patient.as_ref();
    let staff = patient.and_then(|patient| patient.staff.as_ref());
    let name = || staff.map(|staff| staff.name.clone()).unwrap_or_default();
    let tries_left = patient.and_then(super::patient::Patient::tries_left).unwrap_or(0);
    let items = || patient.map(|patient| patient.items.clone()).unwrap_or_default();
    match &machine.state {
        State::Start => start(machine),
        State::Passcode { pad, problem } => {
            Page::StaffPasscode { pad: pad.view(), names: machine.equipment.staff.clone(), problem: *problem }
        }
        State::Compare => {
            let read = patient.is_some_and(|patient| patient.card.is_some());
            let photo = match (read, patient.is_some_and(super::patient::Patient::has_photo)) {
                (true, true) => StaffPhoto::FromChip,
                (true, false) => StaffPhoto::Unreadable,
                (false, _) => StaffPhoto::Printed,
            };
            Page::StaffCompare { photo, card: read, name: name() }
        }
        State::PutCard => Page::StaffPutCard { name: name() },
        State::Reading | State::Opening { .. } | State::Proving => Page::Reading,
        State::Number { pad, wrong, by_staff } => {
            Page::PrintedNumber { pad: pad.view(), wrong: *wrong, by_staff: *by_staff }
        }
        State::Choose => Page::Choose {
            face: machine.face_offer(),
            pin: machine.pin_offer(),
            staff: machine.staff_offer(),
        },
        State::Face { ask, hint } => {
            let failed = patient.map_or(0, |patient| patient.face_failures);
            Page::Face { ask: *ask, hint: *hint, failures_left: FACE_FAILURES_MAX.saturating_sub(failed) }
        }
        State::Pin { pad, wrong } => Page::Pin { pad: pad.view(), tries_left, wrong: *wrong },
        State::LastTry => Page::LastTry,
        State::Notice(notice) => Page::Notice { notice: *notice },
        State::Consent => Page::Consent { items: items() },
        State::Items => Page::ConsentItems { items: items() },
        State::Prescription => Page::Prescription,
        State::Sending { signed, again } => Page::Sending { again: *again, card_free: *signed },
        State::Result { outcome, name } => Page::Result {
            outcome: outcome.clone(),
            name: name.clone(),
            card: machine.card,
            left_behind: left_behind(machine, now),
        },
        State::Trouble { kind, code, for_staff, ways } => Page::Trouble {
            kind: *kind,
            code: code.clone(),
            for_staff: for_staff.clone(),
            ways: ways.clone(),
            card: machine.card,
            left_behind: left_behind(machine, now),
        },
    }
}

fn start(machine: &Machine) -> Page {
    match &machine.broken {
        None => Page::Start,
        Some(trouble) => {
            let trouble = crate::Trouble::from(trouble.clone());
            Page::Rest { for_staff: trouble.for_staff(), code: trouble.code().to_owned() }
        }
    }
}

fn left_behind(machine: &Machine, now: Instant) -> bool {
    machine.card && now.duration_since(machine.since) >= REMINDER
}
