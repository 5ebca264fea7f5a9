//! What card, terminal and camera say, and where that leads.

use std::time::Instant;

use eligibility::{
    card_certificate::CardCertificateState,
    codes::{ResultSegment, Validity},
    errors::ErrorCode,
    verification::ProofMethod,
};
use wire::reader_link::ReaderOutcome;

use super::{
    Effect, FACE_FAILURES_MAX, Machine, PadFor, State,
    input::{CardSaid, FaceSaid, LinkSaid},
    patient::Prepared,
};
use crate::{
    CardTrouble, Trouble,
    view::{FaceAsk, Outcome, TroubleKind, Way},
};

impl Machine {
    pub(super) fn card_said(&mut self, said: CardSaid, now: Instant, effects: &mut Vec<Effect>) {
        match (&self.state, said) {
            (State::Reading, CardSaid::Recognised(recognised)) => {
                if let Some(refused) = recognised.certificate.and_then(CardCertificateState::refusal) {
                    return self.refused(refused.code(), None, now, effects);
                }
                self.patient.get_or_insert_default().card = Some(recognised);
                self.after_reading(now, effects);
            }
            (State::Opening { .. }, CardSaid::FaceOpen { birthdate, photo }) => {
                if let Some(card) = self.patient.as_mut().and_then(|patient| patient.card.as_mut()) {
                    card.face = Some((birthdate, photo));
                }
                self.face_opened(photo, now, effects);
            }
            (State::Proving, CardSaid::Proven) => self.proven(now, effects),
            (State::Sending { signed: false, .. }, CardSaid::Signed) => {
                self.enter(State::Sending { signed: true, again: false }, now);
                effects.push(Effect::Submit(self.ticket));
            }
            (State::Sending { signed: false, .. }, CardSaid::NotSigned(trouble)) => match trouble {
                Trouble::Card(card) => self.card_trouble(&card, now, effects),
                other => self.link_trouble(other.code().to_owned(), other.for_staff(), now, effects),
            },
            (
                State::Reading
                | State::Opening { .. }
                | State::Proving
                | State::Sending { signed: false, .. },
                CardSaid::Trouble(trouble),
            ) => {
                self.card_trouble(&trouble, now, effects);
            }
            _ => {}
        }
    }

    /// Both the card is recognised and the terminal is ready, or it waits for the other.
    pub(super) fn after_reading(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let Some(patient) = &self.patient else { return };
        let Some(card) = patient.card.as_ref().filter(|_| patient.prepared.is_some()) else { return };
        match &patient.staff {
            None => self.enter(State::Choose, now),
            Some(staff) if staff.compared => self.authorize(now, effects),
            Some(_) if card.face.is_none() => {
                let pad = self.pad(PadFor::PrintedNumber);
                self.enter(State::Number { pad, wrong: false, by_staff: true }, now);
            }
            Some(_) => self.enter(State::Compare, now),
        }
    }

    fn face_opened(&mut self, photo: bool, now: Instant, effects: &mut Vec<Effect>) {
        let by_staff = self.patient.as_ref().is_some_and(|patient| patient.staff.is_some());
        if by_staff {
            return self.enter(State::Compare, now);
        }
        if photo {
            self.enter(State::Face { ask: FaceAsk::Ahead, hint: None }, now);
            return effects.push(Effect::Compare(self.ticket));
        }
        let words = "カードの写真を読み取れません。暗証番号または目視確認に切り替えてください。".to_owned();
        let ways = self.ways_without(Way::Face);
        self.trouble(TroubleKind::Photo, ErrorCode::ProofFailed.code().to_owned(), words, ways, now);
    }

    fn proven(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let Some(patient) = &mut self.patient else { return };
        let by_staff = patient.staff.as_ref().is_some_and(|staff| staff.compared);
        let method = match (by_staff, patient.face_passed) {
            (true, _) => ProofMethod::Visual,
            (false, true) => ProofMethod::Face,
            (false, false) => ProofMethod::Pin,
        };
        patient.proven = Some(method);
        self.next_question(now, effects);
    }

    pub(super) fn card_trouble(&mut self, trouble: &CardTrouble, now: Instant, effects: &mut Vec<Effect>) {
        match trouble {
            CardTrouble::PinWrong { tries_left } => self.pin_wrong(Some(*tries_left), now),
            CardTrouble::LastTry => self.pin_wrong(Some(1), now),
            CardTrouble::PinLocked => self.pin_wrong(None, now),
            CardTrouble::PinlessRefused => self.pinless_refused(now),
            _ => self.card_ended(trouble, now, effects),
        }
    }

    /// The card said no to what was typed: the PIN, or the printed number.
    fn pin_wrong(&mut self, tries_left: Option<u8>, now: Instant) {
        if let State::Opening { by_staff } = self.state {
            return self.number_wrong(by_staff, now);
        }
        let Some(patient) = &mut self.patient else { return };
        if let Some(card) = &mut patient.card {
            card.tries_left = tries_left;
        }
        match tries_left {
            Some(1) => self.enter(State::LastTry, now),
            Some(_) => self.show_pin(true, now),
            None => {
                let trouble = Trouble::from(CardTrouble::PinLocked);
                let ways = self.ways_without(Way::Pin);
                let code = trouble.code().to_owned();
                self.trouble(TroubleKind::PinLocked, code, trouble.for_staff(), ways, now);
            }
        }
    }

    fn number_wrong(&mut self, by_staff: bool, now: Instant) {
        let Some(patient) = &mut self.patient else { return };
        patient.number_failures += 1;
        if patient.number_failures < super::NUMBER_FAILURES_MAX {
            let pad = self.pad(PadFor::PrintedNumber);
            return self.enter(State::Number { pad, wrong: true, by_staff }, now);
        }
        if by_staff {
            return self.enter(State::Compare, now);
        }
        let words =
            "カードの番号が合わないため、写真を読み取れません。暗証番号または目視確認に切り替えてください。";
        let ways = self.ways_without(Way::Face);
        let code = ErrorCode::ProofFailed.code().to_owned();
        self.trouble(TroubleKind::Photo, code, words.to_owned(), ways, now);
    }

    fn pinless_refused(&mut self, now: Instant) {
        if let Some(patient) = &mut self.patient {
            patient.staff = None;
            patient.face_passed = false;
            patient.face_impossible = true;
        }
        let trouble = Trouble::from(CardTrouble::PinlessRefused);
        let mut ways = self.ways_without(Way::Staff);
        ways.retain(|way| *way != Way::Face);
        self.trouble(TroubleKind::PinWanted, trouble.code().to_owned(), trouble.for_staff(), ways, now);
    }

    /// The session is over for the card's sake. Nothing of it stays.
    fn card_ended(&mut self, trouble: &CardTrouble, now: Instant, effects: &mut Vec<Effect>) {
        let kind = match trouble {
            CardTrouble::NotMyNumberCard => TroubleKind::OtherCard,
            CardTrouble::Removed => TroubleKind::Removed,
            CardTrouble::Reader(_) => TroubleKind::Reader,
            _ => TroubleKind::Unrecognised,
        };
        self.end_session(effects);
        let trouble = Trouble::from(trouble.clone());
        let ways = vec![Way::Again, Way::Stop];
        self.trouble(kind, trouble.code().to_owned(), trouble.for_staff(), ways, now);
    }

    fn end_session(&mut self, effects: &mut Vec<Effect>) {
        self.patient = None;
        self.ticket += 1;
        effects.extend([Effect::EndCompare, Effect::Forget]);
    }

    pub(super) fn link_said(&mut self, said: LinkSaid, now: Instant, effects: &mut Vec<Effect>) {
        match (&mut self.state, said) {
            (State::Reading, LinkSaid::Ready { asked, as_of, mode }) => {
                self.online = true;
                let patient = self.patient.get_or_insert_default();
                patient.prepared = Some(Prepared { asked, as_of, mode });
                self.after_reading(now, effects);
            }
            (State::Reading, LinkSaid::NotReady(error)) => {
                self.link_trouble(error.code().to_owned(), error.for_staff(), now, effects);
            }
            // Also when it was said that it is kept, and the person still stands there.
            (
                State::Sending { signed: true, .. } | State::Result { outcome: Outcome::Kept, .. },
                LinkSaid::Outcome(outcome),
            ) => {
                self.online = true;
                self.answered(*outcome, now, effects);
            }
            (State::Sending { again, .. }, LinkSaid::Again) => {
                *again = true;
                self.online = false;
            }
            (State::Sending { signed: true, .. }, LinkSaid::Over(error)) => {
                self.link_trouble(error.code().to_owned(), error.for_staff(), now, effects);
            }
            _ => {}
        }
    }

    pub(super) fn link_trouble(
        &mut self,
        code: String,
        for_staff: String,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        self.online = false;
        self.end_session(effects);
        self.trouble(TroubleKind::Network, code, for_staff, vec![Way::Again, Way::Stop], now);
    }

    fn answered(&mut self, outcome: ReaderOutcome, now: Instant, effects: &mut Vec<Effect>) {
        let ReaderOutcome { segment, validity, code, message, name, .. } = outcome;
        if segment != ResultSegment::Done.code() {
            let code = code.unwrap_or_else(|| ErrorCode::Internal.code().to_owned());
            return self.refused(&code, message, now, effects);
        }
        let valid = validity.as_deref() == Some(Validity::Valid.code());
        let outcome = if valid {
            Outcome::Done
        } else {
            let for_staff = message
                .unwrap_or_else(|| "資格が有効ではありません。資格確認結果を確かめてください。".into());
            Outcome::Desk { code, for_staff }
        };
        effects.push(Effect::Forget);
        self.finish(outcome, name, now);
    }

    /// The centre refused, or would.
    fn refused(&mut self, code: &str, message: Option<String>, now: Instant, effects: &mut Vec<Effect>) {
        let known = ErrorCode::from_code(code);
        let kind = match known {
            Some(ErrorCode::CardExpired) => TroubleKind::Expired,
            Some(ErrorCode::CardRevoked | ErrorCode::CardSuperseded) => TroubleKind::Revoked,
            Some(ErrorCode::CardNotRegistered) => TroubleKind::Unregistered,
            Some(ErrorCode::VisualCheckRefused) => TroubleKind::Passcode,
            Some(ErrorCode::LineNotConnected | ErrorCode::CentralUnreachable) => TroubleKind::Network,
            _ => TroubleKind::Other,
        };
        let desk = known.map(|known| known.entry().ja.desk).unwrap_or_default();
        let what = message.or_else(|| known.map(|known| known.message().to_owned())).unwrap_or_default();
        let for_staff = if what.contains(desk) { what } else { format!("{what}{desk}") };
        let ways = match kind {
            TroubleKind::Passcode => vec![Way::Staff, Way::Again, Way::Stop],
            TroubleKind::Network | TroubleKind::Other => vec![Way::Again, Way::Stop],
            _ => vec![Way::Stop],
        };
        self.end_session(effects);
        self.trouble(kind, code.to_owned(), for_staff, ways, now);
    }

    pub(super) fn face_said(&mut self, said: FaceSaid, now: Instant, effects: &mut Vec<Effect>) {
        let State::Face { ask, hint } = &mut self.state else { return };
        match said {
            FaceSaid::Ask(wanted, why) => (*ask, *hint) = (wanted, why),
            FaceSaid::Same => {
                if let Some(patient) = &mut self.patient {
                    patient.face_passed = true;
                }
                effects.extend([Effect::EndCompare, Effect::Authorize(self.ticket, None)]);
                self.enter(State::Proving, now);
            }
            FaceSaid::Failed => self.face_failed(now, effects),
            FaceSaid::Impossible => {
                if let Some(patient) = &mut self.patient {
                    patient.face_impossible = true;
                }
                self.no_face(now, effects);
            }
        }
    }

    fn face_failed(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let Some(patient) = &mut self.patient else { return };
        patient.face_failures += 1;
        if patient.face_failures >= FACE_FAILURES_MAX {
            return self.no_face(now, effects);
        }
        let until = self.until;
        self.enter(State::Face { ask: FaceAsk::Again, hint: None }, now);
        // Failing is no press: it does not keep the time from running out.
        self.until = until;
        effects.push(Effect::Compare(self.ticket));
    }

    fn no_face(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        effects.push(Effect::EndCompare);
        let words = "顔では確認できませんでした。暗証番号または目視確認に切り替えてください。".to_owned();
        let ways = self.ways_without(Way::Face);
        self.trouble(TroubleKind::Face, ErrorCode::ProofFailed.code().to_owned(), words, ways, now);
    }
}
