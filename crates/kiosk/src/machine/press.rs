//! What a press does. What its page does not have is not listened to.

use std::time::Instant;

use card::{
    pin::{Pin, PinKind},
    session::LastTry,
};
use eligibility::codes::PrescriptionIssue;
use wire::terminal_api::VisualCheck;
use zeroize::Zeroizing;

use super::{Effect, Machine, PROOF_TIME, PadFor, State, input::Act, patient::Staff};
use crate::view::{FaceAsk, Offer, StaffProblem, TroubleKind, Way};

/// Longest name of a staff member, characters.
const NAME_CHARS: usize = 40;

impl Machine {
    pub(super) fn press(&mut self, act: Act, now: Instant, effects: &mut Vec<Effect>) {
        // Whoever presses is there; at the start, language and look stay for as long.
        let at_start = matches!(self.state, State::Start).then_some(PROOF_TIME);
        if let Some(time) = self.state.patience().or(at_start) {
            self.until = Some(now + time);
        }
        match act {
            Act::Language(language) => self.comfort.language = language,
            Act::Contrast(on) => self.comfort.contrast = on,
            Act::Voice(on) => self.comfort.voice = on,
            Act::Seated(on) => self.comfort.seated = on,
            Act::Help(on) => self.help = on,
            // Done above.
            Act::MoreTime => {}
            Act::Stop => self.stop(now, effects),
            Act::Back => self.back(now),
            Act::Staff => self.staff_button(now),
            Act::Keys(letters) => self.keys(&letters),
            Act::Delete => self.delete(),
            Act::Enter { keys, name } => self.typed(&keys, &name, now, effects),
            Act::Compared { same } => self.compared(same, now, effects),
            Act::Way(way) => self.way(way, now, effects),
            Act::NoCamera => self.no_camera(now, effects),
            Act::LastTry => self.spend_last_try(now),
            Act::Seen => self.seen(now, effects),
            // Registering at the reader is not built: no page offers it.
            Act::Register(_) => {}
            Act::Consent(agreed) => self.consent(agreed, now, effects),
            Act::ByItem => self.by_item(now),
            Act::Item(kind) => self.turn(kind),
            Act::Decide => self.decide(now, effects),
            Act::Prescription(choice) => self.prescription(choice, now, effects),
        }
    }

    fn stop(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match self.state {
            State::Start | State::Sending { .. } | State::Result { .. } => {}
            State::Trouble { .. } if self.card => {
                self.give_up(TroubleKind::Stopped, now, effects);
            }
            State::Trouble { .. } => self.start(now, effects),
            _ => self.give_up(TroubleKind::Stopped, now, effects),
        }
    }

    fn back(&mut self, now: Instant) {
        match self.state {
            State::Items => self.enter_consent(now),
            State::Prescription if self.has_lines() => self.enter_consent(now),
            _ => {}
        }
    }

    fn has_lines(&self) -> bool {
        self.patient.as_ref().is_some_and(|patient| !patient.kinds().is_empty())
    }

    fn enter_consent(&mut self, now: Instant) {
        if let Some(patient) = &mut self.patient {
            patient.items = patient.lines(false);
            patient.granted = None;
        }
        self.enter(State::Consent, now);
    }

    fn staff_button(&mut self, now: Instant) {
        if matches!(self.state, State::Start) && self.staff_offer() == Offer::Open {
            self.patient = Some(super::Patient::default());
            self.ask_passcode(None, now);
        }
    }

    pub(super) fn ask_passcode(&mut self, problem: Option<StaffProblem>, now: Instant) {
        let pad = self.pad(PadFor::Passcode);
        self.enter(State::Passcode { pad, problem }, now);
    }

    fn keys(&mut self, letters: &str) {
        if let State::Passcode { pad, .. } | State::Number { pad, .. } | State::Pin { pad, .. } =
            &mut self.state
        {
            pad.take(letters);
        }
    }

    fn delete(&mut self) {
        if let State::Passcode { pad, .. } | State::Number { pad, .. } | State::Pin { pad, .. } =
            &mut self.state
        {
            pad.delete();
        }
    }

    fn typed(&mut self, letters: &str, name: &str, now: Instant, effects: &mut Vec<Effect>) {
        self.keys(letters);
        let digits = match &self.state {
            State::Passcode { pad, .. } | State::Number { pad, .. } | State::Pin { pad, .. } => {
                pad.whole().map(|digits| Zeroizing::new(digits.to_owned()))
            }
            _ => return,
        };
        match (&self.state, digits) {
            (State::Passcode { .. }, digits) => self.passcode_typed(digits, name, now, effects),
            (State::Number { .. }, Some(digits)) => self.number_typed(&digits, now, effects),
            (State::Pin { .. }, Some(digits)) => self.pin_typed(&digits, now, effects),
            _ => {}
        }
    }

    fn passcode_typed(
        &mut self,
        digits: Option<Zeroizing<String>>,
        name: &str,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        let name: String =
            name.trim().chars().filter(|letter| !letter.is_control()).take(NAME_CHARS).collect();
        let (Some(passcode), false) = (digits, name.is_empty()) else {
            let missing =
                if name.is_empty() { StaffProblem::NameMissing } else { StaffProblem::PasscodeMissing };
            return self.ask_passcode(Some(missing), now);
        };
        let patient = self.patient.get_or_insert_default();
        patient.staff = Some(Staff { name, passcode, compared: false });
        if patient.card.is_some() {
            self.after_reading(now, effects);
        } else if self.card {
            self.begin(now, effects);
        } else {
            self.enter(State::Compare, now);
        }
    }

    fn number_typed(&mut self, digits: &str, now: Instant, effects: &mut Vec<Effect>) {
        let Ok(number) = Pin::new(PinKind::NumberB, digits) else { return };
        let by_staff = matches!(self.state, State::Number { by_staff: true, .. });
        self.enter(State::Opening { by_staff }, now);
        effects.push(Effect::OpenFace(self.ticket, number));
    }

    /// One press, one try: the state is another before anything else can be pressed.
    fn pin_typed(&mut self, digits: &str, now: Instant, effects: &mut Vec<Effect>) {
        let Ok(pin) = Pin::new(PinKind::Authentication, digits) else { return };
        let confirmed =
            self.patient.as_mut().is_some_and(|patient| std::mem::take(&mut patient.last_try_confirmed));
        let last_try = if confirmed { LastTry::Confirmed } else { LastTry::Refuse };
        self.enter(State::Proving, now);
        effects.push(Effect::Verify(self.ticket, pin, last_try));
    }

    fn compared(&mut self, same: bool, now: Instant, effects: &mut Vec<Effect>) {
        if !matches!(self.state, State::Compare) {
            return;
        }
        if !same {
            effects.push(Effect::Forget);
            self.patient = None;
            self.ticket += 1;
            let words = "カードの写真と患者が別人とされたため、確認を終わりました。".to_owned();
            let code = eligibility::errors::ErrorCode::ProofFailed.code().to_owned();
            return self.trouble(TroubleKind::NotTheSame, code, words, vec![Way::Stop], now);
        }
        let Some(patient) = &mut self.patient else { return };
        if let Some(staff) = &mut patient.staff {
            staff.compared = true;
        }
        if patient.card.is_some() { self.authorize(now, effects) } else { self.enter(State::PutCard, now) }
    }

    /// The card is told that staff compared it with the person.
    pub(super) fn authorize(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let staff = self.patient.as_ref().and_then(|patient| patient.staff.as_ref());
        let (Some(staff), Some(serial)) = (staff.filter(|staff| staff.compared), &self.equipment.serial)
        else {
            return;
        };
        let visual = VisualCheck {
            passcode: staff.passcode.to_string(),
            reader_serial: serial.clone(),
            staff_name: Some(staff.name.clone()),
        };
        effects.push(Effect::Authorize(self.ticket, Some(visual)));
        self.enter(State::Proving, now);
    }

    fn way(&mut self, way: Way, now: Instant, effects: &mut Vec<Effect>) {
        let offered = match &self.state {
            State::Choose => [Way::Face, Way::Pin, Way::Staff].contains(&way),
            State::Trouble { ways, .. } => ways.contains(&way),
            State::Face { .. } | State::Pin { .. } | State::LastTry | State::Number { .. } => {
                way == Way::Again
            }
            _ => false,
        };
        if !offered {
            return;
        }
        if matches!(self.state, State::Face { .. }) {
            effects.push(Effect::EndCompare);
        }
        match way {
            Way::Stop => self.stop(now, effects),
            Way::Again => self.again(now, effects),
            Way::Face if self.face_offer() == Offer::Open => self.begin_face(now, effects),
            Way::Pin if self.pin_offer() == Offer::Open => self.begin_pin(now),
            Way::Staff if self.staff_offer() == Offer::Open => self.begin_staff(now, effects),
            Way::Face | Way::Pin | Way::Staff => {}
        }
    }

    fn again(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match &self.state {
            // Staff compare with the print instead.
            State::Number { by_staff: true, .. } => self.enter(State::Compare, now),
            State::Trouble { .. } if self.card && self.patient.is_some() => self.enter(State::Choose, now),
            State::Trouble { .. } if self.card => {
                self.start(now, effects);
                self.begin(now, effects);
            }
            State::Trouble { .. } => self.start(now, effects),
            _ => self.enter(State::Choose, now),
        }
    }

    fn begin_face(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if !self.patient.as_ref().is_some_and(super::Patient::has_photo) {
            let pad = self.pad(PadFor::PrintedNumber);
            return self.enter(State::Number { pad, wrong: false, by_staff: false }, now);
        }
        self.enter(State::Face { ask: FaceAsk::Ahead, hint: None }, now);
        effects.push(Effect::Compare(self.ticket));
    }

    pub(super) fn begin_pin(&mut self, now: Instant) {
        let tries = self.patient.as_ref().and_then(super::Patient::tries_left);
        match tries {
            Some(1) => self.enter(State::LastTry, now),
            Some(_) => self.show_pin(false, now),
            None => self.enter(State::Choose, now),
        }
    }

    pub(super) fn show_pin(&mut self, wrong: bool, now: Instant) {
        let pad = self.pad(PadFor::Pin);
        self.enter(State::Pin { pad, wrong }, now);
    }

    /// With the card on the reader; what a refused passcode was entered with is not asked again.
    fn begin_staff(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.patient.is_none() {
            // The session ended with a refusal: a new one, with the same card.
            self.start(now, effects);
            self.patient = Some(super::Patient::default());
        }
        self.ask_passcode(None, now);
    }

    fn no_camera(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if !matches!(self.state, State::Face { .. }) {
            return;
        }
        effects.push(Effect::EndCompare);
        if let Some(patient) = &mut self.patient {
            patient.face_impossible = true;
        }
        let words = "カメラが使えません。接続と、ブラウザーのカメラの許可を確かめてください。".to_owned();
        let code = eligibility::errors::ErrorCode::ProofFailed.code().to_owned();
        let ways = self.ways_without(Way::Face);
        self.trouble(TroubleKind::Camera, code, words, ways, now);
    }

    fn spend_last_try(&mut self, now: Instant) {
        if !matches!(self.state, State::LastTry) {
            return;
        }
        if let Some(patient) = &mut self.patient {
            patient.last_try_confirmed = true;
        }
        self.show_pin(false, now);
    }

    fn seen(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if matches!(self.state, State::Notice(_)) {
            if let Some(patient) = &mut self.patient {
                patient.notice_seen = true;
            }
            self.next_question(now, effects);
        }
    }

    /// What is still to be asked of a person who proved who they are; when nothing is, the card signs.
    pub(super) fn next_question(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let Some(patient) = &mut self.patient else { return };
        if patient.proven.is_none() {
            return;
        }
        if let Some(notice) = patient.notice().filter(|_| !patient.notice_seen) {
            return self.enter(State::Notice(notice), now);
        }
        if patient.granted.is_none() {
            if !patient.kinds().is_empty() {
                return self.enter_consent(now);
            }
            patient.granted = Some(Vec::new());
        }
        if patient.asks_prescription() && patient.prescription.is_none() {
            return self.enter(State::Prescription, now);
        }
        let Some(choices) = patient.choices() else { return };
        self.enter(State::Sending { signed: false, again: false }, now);
        effects.push(Effect::Sign(self.ticket, choices));
    }

    fn consent(&mut self, agreed: bool, now: Instant, effects: &mut Vec<Effect>) {
        if !matches!(self.state, State::Consent) {
            return;
        }
        let Some(patient) = &mut self.patient else { return };
        let items = patient.lines(agreed);
        patient.decide(&items);
        self.next_question(now, effects);
    }

    fn by_item(&mut self, now: Instant) {
        if matches!(self.state, State::Consent) {
            self.enter(State::Items, now);
        }
    }

    fn turn(&mut self, kind: eligibility::consent::ConsentKind) {
        let (State::Items, Some(patient)) = (&self.state, &mut self.patient) else { return };
        for item in patient.items.iter_mut().filter(|item| item.kind == kind) {
            item.granted = !item.granted;
        }
    }

    fn decide(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let (State::Items, Some(patient)) = (&self.state, &mut self.patient) else { return };
        let items = patient.items.clone();
        patient.decide(&items);
        self.next_question(now, effects);
    }

    fn prescription(&mut self, choice: PrescriptionIssue, now: Instant, effects: &mut Vec<Effect>) {
        let (State::Prescription, Some(patient)) = (&self.state, &mut self.patient) else { return };
        patient.prescription = Some(choice);
        self.next_question(now, effects);
    }

    /// Ways on from a way that failed, the best first; never none.
    pub(super) fn ways_without(&self, failed: Way) -> Vec<Way> {
        let open =
            [(Way::Face, self.face_offer()), (Way::Pin, self.pin_offer()), (Way::Staff, self.staff_offer())];
        let mut ways: Vec<Way> = open
            .into_iter()
            .filter(|(way, offer)| *way != failed && *offer == Offer::Open)
            .map(|(way, _)| way)
            .collect();
        ways.push(Way::Stop);
        ways
    }
}
