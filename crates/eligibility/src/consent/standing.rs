//! How consent stands in an answer (OQSCD016): chosen in this session, still in force from an earlier visit, run out,
//! or not to be had.

use super::{CareForm, Consent, ConsentKind};
use crate::{Instant, calendar, codes::ConsentStatus};

/// A consent for home visits that nobody gave or asked under again (再照会) ends after this many months.
pub const HOME_VISIT_CONSENT_MONTHS: i32 = 12;

impl CareForm {
    /// Whether a consent given at one visit is used at later ones (訪問診療等, オンライン診療等). Elsewhere the patient
    /// chooses at each visit, and an earlier choice says nothing.
    #[must_use]
    pub const fn keeps_consent(self) -> bool {
        match self {
            Self::HomeVisit | Self::Online => true,
            Self::Outpatient | Self::Emergency => false,
        }
    }
}

impl Consent {
    /// The first moment it no longer holds for this form of care, whether or not anybody ended it.
    #[must_use]
    pub fn ends_at(&self, care_form: CareForm) -> Option<Instant> {
        let unrenewed = (care_form == CareForm::HomeVisit).then(|| {
            calendar::add_months_at(self.renewed_at.unwrap_or(self.granted_at), HOME_VISIT_CONSENT_MONTHS)
        });
        match (self.valid_until, unrenewed) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

/// How consent to one kind stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandingConsent {
    /// Which information.
    pub kind: ConsentKind,
    /// 同意区分.
    pub status: ConsentStatus,
    /// When it was given; only of one that was.
    pub granted_at: Option<Instant>,
    /// First moment it no longer holds, or held; `None` = until ended otherwise, or never given.
    pub valid_until: Option<Instant>,
}

/// What a card session knows of consent.
#[derive(Clone, Copy, Debug)]
pub struct ConsentFacts<'a> {
    /// The form of care of this session.
    pub care_form: CareForm,
    /// Chosen in this session; the last choice of a kind counts.
    pub chosen: &'a [Consent],
    /// The latest earlier choices of this person at this institution for this form of care.
    pub earlier: &'a [Consent],
    /// Whether checkups are asked for at all (not under forty).
    pub checkup_asked: bool,
    /// The moment of the check.
    pub now: Instant,
}

impl ConsentFacts<'_> {
    /// How each kind stands; a kind that was not asked has no state and is left out.
    #[must_use]
    pub fn standing(&self) -> Vec<StandingConsent> {
        ConsentKind::ALL.iter().filter_map(|&kind| self.of(kind)).collect()
    }

    fn of(&self, kind: ConsentKind) -> Option<StandingConsent> {
        if kind == ConsentKind::Checkup && !self.checkup_asked {
            return None;
        }
        if let Some(chosen) = self.chosen.iter().rev().find(|consent| consent.kind == kind) {
            return Some(if chosen.granted {
                given(chosen, ConsentStatus::Agreed, chosen.valid_until)
            } else {
                without_times(kind, ConsentStatus::NotAgreed)
            });
        }
        // The ceiling certificate knows yes and no only (OQSCD001), said anew by each use of the card.
        kind.information()?;
        if self.care_form == CareForm::Emergency {
            return Some(without_times(kind, ConsentStatus::CannotBeAsked));
        }
        self.earlier_says(kind)
    }

    fn earlier_says(&self, kind: ConsentKind) -> Option<StandingConsent> {
        if !self.care_form.keeps_consent() {
            return None;
        }
        let earlier = self.earlier.iter().find(|consent| consent.kind == kind)?;
        let ended = earlier.ends_at(self.care_form).filter(|end| *end <= self.now);
        match (earlier.granted, ended) {
            (true, None) => Some(given(earlier, ConsentStatus::Agreed, earlier.valid_until)),
            (true, Some(end)) => Some(given(earlier, ConsentStatus::TermExpired, Some(end))),
            (false, None) => Some(without_times(kind, ConsentStatus::NotAgreed)),
            // A refusal that has run out: the kind is open to be asked again.
            (false, Some(_)) => None,
        }
    }
}

fn given(consent: &Consent, status: ConsentStatus, valid_until: Option<Instant>) -> StandingConsent {
    StandingConsent { kind: consent.kind, status, granted_at: Some(consent.granted_at), valid_until }
}

fn without_times(kind: ConsentKind, status: ConsentStatus) -> StandingConsent {
    StandingConsent { kind, status, granted_at: None, valid_until: None }
}

impl StandingConsent {
    /// What it comes to for what may be shown: nothing but a consent in force agrees.
    #[must_use]
    pub fn choice(&self) -> super::ConsentChoice {
        super::ConsentChoice { kind: self.kind, granted: self.status == ConsentStatus::Agreed }
    }
}
