//! Consent that is kept for later visits (訪問診療等, オンライン診療等), as the institution it was given to finds it: what of
//! it holds, until when, why the rest does not, and what it opens.

use super::{CareForm, Consent, ConsentKind, StandingConsent};
use crate::{
    Instant,
    calendar::{start_of_day, tokyo_date},
    codes::{ConsentEndReason, ConsentStatus, ReasonOfLoss},
    coverage::Coverage,
    disclosure::Disclosure,
    facility_settings::{FacilitySettings, Setting},
    verification::self_access_blocked,
};

/// A consent as it was kept, and why it was ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptConsent {
    /// The choice.
    pub consent: Consent,
    /// [`ConsentEndReason::Normal`] unless somebody ended it; `valid_until` says when.
    pub end_reason: ConsentEndReason,
}

/// What is known of one person's consents for one form of care at one institution.
#[derive(Clone, Copy, Debug)]
pub struct KeptFacts<'a> {
    /// For which form of care.
    pub care_form: CareForm,
    /// The latest choice of each kind.
    pub consents: &'a [KeptConsent],
    /// Every coverage of the person.
    pub coverages: &'a [Coverage],
    /// What the institution uses.
    pub settings: &'a FacilitySettings,
    /// Now.
    pub now: Instant,
}

/// How one kind stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptState {
    /// Which information.
    pub kind: ConsentKind,
    /// 同意区分.
    pub status: ConsentStatus,
    /// When it was given, or refused.
    pub granted_at: Instant,
    /// First moment it no longer holds, as messages say it; `None` = until ended otherwise.
    pub valid_until: Option<Instant>,
    /// First moment it no longer holds if nothing else happens; of one that has ended, when it did.
    pub ends_at: Option<Instant>,
    /// Why it has ended; of one that has.
    pub end_reason: Option<ConsentEndReason>,
}

impl KeptState {
    /// Whether it opens what it is about.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.status == ConsentStatus::Agreed
    }
}

impl CareForm {
    /// The setting that an institution uses the form of care by; `None` where it needs none.
    #[must_use]
    pub const fn setting(self) -> Option<Setting> {
        match self {
            Self::HomeVisit => Some(Setting::HomeVisit),
            Self::Online => Some(Setting::Online),
            Self::Outpatient | Self::Emergency => None,
        }
    }
}

impl KeptFacts<'_> {
    /// How each kind stands that the institution uses. Nothing while it does not use the form of care, and nothing of a
    /// person who must not be looked at (自己情報提供不可): that looks as if there never was a consent.
    #[must_use]
    pub fn states(&self) -> Vec<KeptState> {
        let used = self.care_form.setting().is_some_and(|setting| self.settings.is_on(setting));
        if !used || self_access_blocked(self.coverages) {
            return Vec::new();
        }
        let today = tokyo_date(self.now);
        // Who is under forty for one insurer is asked by none.
        let old_enough = !self.coverages.is_empty()
            && self.coverages.iter().all(|one| Disclosure::checkup_asked(one.person.birthdate, today));
        let of = |kind: ConsentKind| self.consents.iter().find(|kept| kept.consent.kind == kind);
        let asked = |kind: &&ConsentKind| {
            self.settings.uses(**kind) && (**kind != ConsentKind::Checkup || old_enough)
        };
        ConsentKind::ALL.iter().filter(asked).filter_map(|&kind| self.state(of(kind)?)).collect()
    }

    fn state(&self, kept: &KeptConsent) -> Option<KeptState> {
        let KeptConsent { consent, end_reason } = kept;
        let term = consent.ends_at(self.care_form);
        let ends_at = match (term, self.died_at()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let ended = ends_at.filter(|end| *end <= self.now);
        let (status, valid_until) = match (consent.granted, ended) {
            (true, None) => (ConsentStatus::Agreed, consent.valid_until),
            (true, Some(end)) => (ConsentStatus::TermExpired, Some(end)),
            (false, None) => (ConsentStatus::NotAgreed, None),
            // A refusal that has run out: the kind is open to be asked again.
            (false, Some(_)) => return None,
        };
        Some(KeptState {
            kind: consent.kind,
            status,
            granted_at: consent.granted_at,
            valid_until,
            ends_at,
            end_reason: (status == ConsentStatus::TermExpired).then_some(*end_reason),
        })
    }

    /// When the person's last coverage ended because they died.
    fn died_at(&self) -> Option<Instant> {
        let dead = |coverage: &&Coverage| coverage.reason_of_loss == Some(ReasonOfLoss::Death);
        self.coverages
            .iter()
            .filter(dead)
            .filter_map(|coverage| coverage.disqualified_on)
            .min()
            .map(start_of_day)
    }
}

/// What may be shown under these states without a card: what each agreement opens, 限度額適用認定証 included, and nothing
/// that nobody agreed to.
#[must_use]
pub fn disclosure_of(states: &[KeptState]) -> Disclosure {
    let holds = |kind| states.iter().any(|state| state.kind == kind && state.holds());
    Disclosure {
        ceiling: holds(ConsentKind::Ceiling),
        specific_disease: holds(ConsentKind::SpecificDisease),
        checkup: holds(ConsentKind::Checkup),
        medication: holds(ConsentKind::Medication),
        treatment: holds(ConsentKind::Treatment),
        operation: holds(ConsentKind::Operation),
    }
}

/// The same states as an answer tells them.
#[must_use]
pub fn standing_of(states: &[KeptState]) -> Vec<StandingConsent> {
    let given = |state: &KeptState| (state.status != ConsentStatus::NotAgreed).then_some(state.granted_at);
    let told = |state: &KeptState| StandingConsent {
        kind: state.kind,
        status: state.status,
        granted_at: given(state),
        valid_until: state.valid_until,
    };
    // 限度額適用認定証 knows yes and no only (OQSCD001).
    let ceiling_over =
        |state: &&KeptState| state.kind != ConsentKind::Ceiling || state.status != ConsentStatus::TermExpired;
    states.iter().filter(ceiling_over).map(told).collect()
}
