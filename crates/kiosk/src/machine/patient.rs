//! What is known of the one session there is; it ends as a whole.

use eligibility::{
    Date, calendar,
    card_certificate::CardCertificateState,
    codes::PrescriptionIssue,
    consent::{CareForm, ConsentChoice, ConsentKind},
    facility_settings::Asked,
    reader::ReaderMode,
    verification::ProofMethod,
};
use zeroize::Zeroizing;

use super::input::Recognised;
use crate::{
    session::Choices,
    view::{ConsentItem, Notice, Offer},
};

/// Comparisons of the face that may fail with one card.
pub const FACE_FAILURES_MAX: u8 = 10;
/// Printed numbers that may be typed wrongly with one card: its own tries are not for guessing.
pub const NUMBER_FAILURES_MAX: u8 = 3;
/// Years of age from which 特定健診 is asked about.
const CHECKUP_AGE: i16 = 40;
/// What is asked while the terminal does not know what the institution wants.
const USUALLY_ASKED: [ConsentKind; 4] =
    [ConsentKind::Operation, ConsentKind::Treatment, ConsentKind::Medication, ConsentKind::Checkup];
/// The order of the lines. 診療 and 薬剤 are one line.
const LINES: [ConsentKind; 5] = [
    ConsentKind::Operation,
    ConsentKind::Treatment,
    ConsentKind::Medication,
    ConsentKind::Checkup,
    ConsentKind::SpecificDisease,
];

/// Who does a visual check.
pub(super) struct Staff {
    pub(super) name: String,
    pub(super) passcode: Zeroizing<String>,
    /// The photo was found to be the person's.
    pub(super) compared: bool,
}

/// What the terminal said before the session.
pub(super) struct Prepared {
    pub(super) asked: Option<Asked>,
    pub(super) as_of: Date,
    pub(super) mode: ReaderMode,
}

/// One patient.
#[derive(Default)]
pub(super) struct Patient {
    pub(super) card: Option<Recognised>,
    pub(super) prepared: Option<Prepared>,
    pub(super) staff: Option<Staff>,
    /// How the card was convinced. Without it nothing is signed.
    pub(super) proven: Option<ProofMethod>,
    pub(super) last_try_confirmed: bool,
    pub(super) face_failures: u8,
    pub(super) number_failures: u8,
    pub(super) face_impossible: bool,
    /// The face was found to be the photo's.
    pub(super) face_passed: bool,
    /// What is decided; each once.
    pub(super) granted: Option<Vec<ConsentKind>>,
    pub(super) prescription: Option<PrescriptionIssue>,
    pub(super) notice_seen: bool,
    /// The lines while they are being chosen.
    pub(super) items: Vec<ConsentItem>,
}

impl Patient {
    /// Birth date, where the card's surface was opened.
    fn birthdate(&self) -> Option<Date> {
        self.card.as_ref()?.face.map(|(birthdate, _)| birthdate)
    }

    /// Whether the card's photo is at hand.
    pub(super) fn has_photo(&self) -> bool {
        self.card.as_ref().and_then(|card| card.face).is_some_and(|(_, photo)| photo)
    }

    pub(super) fn tries_left(&self) -> Option<u8> {
        self.card.as_ref().and_then(|card| card.tries_left)
    }

    /// What must be told before anything is asked.
    pub(super) fn notice(&self) -> Option<Notice> {
        match self.card.as_ref()?.certificate? {
            CardCertificateState::ExpiresSoon => Some(Notice::ExpiresSoon),
            CardCertificateState::Grace => Some(Notice::Grace),
            _ => None,
        }
    }

    /// Kinds that are asked: what the institution wants, what the card's dates allow, what the age makes sense of.
    /// 限度額 is given by using the card.
    pub(super) fn kinds(&self) -> Vec<ConsentKind> {
        let certificate = self.card.as_ref().and_then(|card| card.certificate);
        if certificate.is_some_and(|state| !state.takes_consent()) {
            return Vec::new();
        }
        let asked = self.prepared.as_ref().and_then(|prepared| prepared.asked.as_ref());
        let wanted = asked.map_or(&USUALLY_ASKED[..], |asked| &asked.consents);
        let young = self
            .birthdate()
            .zip(self.prepared.as_ref())
            .is_some_and(|(born, prepared)| calendar::age_on(born, prepared.as_of) < CHECKUP_AGE);
        LINES
            .into_iter()
            .filter(|kind| wanted.contains(kind) && !(young && *kind == ConsentKind::Checkup))
            .collect()
    }

    /// The same as lines of the page.
    pub(super) fn lines(&self, granted: bool) -> Vec<ConsentItem> {
        let kinds = self.kinds();
        let both = kinds.contains(&ConsentKind::Treatment);
        let lines = kinds.into_iter().filter(|kind| !(both && *kind == ConsentKind::Medication));
        lines.map(|kind| ConsentItem { kind, granted }).collect()
    }

    /// Takes the lines as they are for the decision.
    pub(super) fn decide(&mut self, items: &[ConsentItem]) {
        let granted = |kind: ConsentKind| items.iter().any(|item| item.kind == kind && item.granted);
        let both = items.iter().any(|item| item.kind == ConsentKind::Treatment);
        let agreed = self.kinds().into_iter().filter(|kind| match kind {
            ConsentKind::Medication if both => granted(ConsentKind::Treatment),
            kind => granted(*kind),
        });
        self.granted = Some(agreed.collect());
    }

    pub(super) fn asks_prescription(&self) -> bool {
        let asked = self.prepared.as_ref().and_then(|prepared| prepared.asked.as_ref());
        asked.is_some_and(|asked| asked.prescription_issue)
    }

    /// What was decided, once everything is.
    pub(super) fn choices(&self) -> Option<Choices> {
        let granted = self.granted.as_ref()?;
        let kinds = self.kinds();
        let consents = ConsentKind::ALL.iter().filter(|kind| kinds.contains(kind));
        let consents = consents.map(|kind| ConsentChoice { kind: *kind, granted: granted.contains(kind) });
        Some(Choices {
            consents: consents.collect(),
            care_form: CareForm::Outpatient,
            prescription_issue_select: self.prescription.filter(|_| self.asks_prescription()),
        })
    }

    /// Whether staff alone prove who somebody is, as the desk switched the reader.
    pub(super) fn staff_only(&self) -> bool {
        self.prepared.as_ref().is_some_and(|prepared| prepared.mode == ReaderMode::Visual)
    }

    pub(super) fn pin_offer(&self) -> Offer {
        match self.tries_left() {
            _ if self.staff_only() => Offer::Absent,
            Some(_) => Offer::Open,
            None => Offer::PinLocked,
        }
    }

    pub(super) fn face_offer(&self, built_in: bool) -> Offer {
        let unreadable = self.card.as_ref().and_then(|card| card.face).is_some_and(|(_, photo)| !photo);
        if !built_in || self.staff_only() {
            Offer::Absent
        } else if self.face_failures >= FACE_FAILURES_MAX
            || self.number_failures >= NUMBER_FAILURES_MAX
            || self.face_impossible
            || unreadable
        {
            Offer::FaceUsedUp
        } else {
            Offer::Open
        }
    }
}
