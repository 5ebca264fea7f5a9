//! What of a coverage, and which records, one answer may show: by method, consent, certificate state, age.

use crate::{
    Date, calendar,
    card_certificate::CardCertificateState,
    consent::{ConsentChoice, ConsentKind},
    coverage::Coverage,
};

/// 特定健診 begin in the year of this birthday; younger people have no checkup records to consent to.
pub const CHECKUP_AGE: i16 = 40;

/// The consent-gated parts one answer may show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disclosure {
    /// 限度額適用認定証.
    pub ceiling: bool,
    /// 特定疾病療養受療証.
    pub specific_disease: bool,
    /// 特定健診情報.
    pub checkup: bool,
    /// 薬剤情報.
    pub medication: bool,
    /// 診療情報.
    pub treatment: bool,
    /// 手術情報.
    pub operation: bool,
}

impl Disclosure {
    /// What a check by number may show: the ceiling certificate, when staff state that the patient agreed.
    #[must_use]
    pub fn by_number(ceiling_consent: bool) -> Self {
        Self { ceiling: ceiling_consent, ..Self::default() }
    }

    /// What a check by card may show. Using the card agrees to the ceiling certificate unless it was refused;
    /// everything else needs its own "yes". An expired certificate (grace) shows eligibility and no more.
    #[must_use]
    pub fn by_card(
        state: CardCertificateState,
        choices: &[ConsentChoice],
        birthdate: Date,
        as_of: Date,
    ) -> Self {
        if !state.takes_consent() {
            return Self::default();
        }
        // The last choice of a kind is the one that stands.
        let chosen =
            |kind| choices.iter().rev().find(|choice| choice.kind == kind).map(|choice| choice.granted);
        let agreed = |kind| chosen(kind) == Some(true);
        Self {
            ceiling: chosen(ConsentKind::Ceiling) != Some(false),
            specific_disease: agreed(ConsentKind::SpecificDisease),
            checkup: agreed(ConsentKind::Checkup) && Self::checkup_asked(birthdate, as_of),
            medication: agreed(ConsentKind::Medication),
            treatment: agreed(ConsentKind::Treatment),
            operation: agreed(ConsentKind::Operation),
        }
    }

    /// Whether the checkup is asked for at all: not under [`CHECKUP_AGE`].
    #[must_use]
    pub fn checkup_asked(birthdate: Date, as_of: Date) -> bool {
        calendar::age_on(birthdate, as_of) >= CHECKUP_AGE
    }

    /// Whether one kind may be shown.
    #[must_use]
    pub const fn allows(&self, kind: ConsentKind) -> bool {
        match kind {
            ConsentKind::Ceiling => self.ceiling,
            ConsentKind::SpecificDisease => self.specific_disease,
            ConsentKind::Checkup => self.checkup,
            ConsentKind::Medication => self.medication,
            ConsentKind::Treatment => self.treatment,
            ConsentKind::Operation => self.operation,
        }
    }

    /// Takes out of a coverage what may not be shown, and the certificates not valid on the day.
    pub fn trim(&self, coverage: &mut Coverage, as_of: Date) {
        let ceiling = coverage.ceiling_certificate(as_of).filter(|_| self.ceiling).cloned();
        coverage.ceiling_certificates = ceiling.into_iter().collect();
        let elderly = coverage.elderly_certificate(as_of).cloned();
        coverage.elderly_certificates = elderly.into_iter().collect();
        let specific_disease = self.specific_disease;
        coverage
            .specific_disease_certificates
            .retain(|certificate| specific_disease && certificate.is_valid_on(as_of));
    }
}
