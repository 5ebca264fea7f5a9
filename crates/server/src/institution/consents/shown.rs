//! A person with what they agreed to, as pages show it.

use eligibility::calendar::{DAY_MS, age_on, previous_day, tokyo_date};
use eligibility::codes::ConsentStatus;
use eligibility::consent::{CareForm, ConsentKind, KeptState};
use eligibility::facility_settings::FacilitySettings;
use eligibility::institution::InstitutionCode;
use eligibility::person::Person;
use eligibility::verification::decide_by_card;
use eligibility::{Date, Instant};
use store::ConsentedPerson;

use crate::institution::days::{day, moment};
use crate::terminal_api::re_verification;

const HOUR_MS: i64 = 60 * 60 * 1000;
const MINUTE_MS: i64 = 60 * 1000;
/// Stands where there is nothing to say.
const NOTHING: &str = "―";

/// Somebody of whom something may be shown.
pub(super) struct Consented {
    pub(super) person: ConsentedPerson,
    pub(super) settings: FacilitySettings,
    /// As the newest coverage has them, without the address of who is protected.
    pub(super) who: Person,
    /// How each kind stands that the institution uses; never without one that was agreed to.
    pub(super) states: Vec<KeptState>,
    now: Instant,
}

/// One kind of consent.
pub(super) struct KindRow {
    pub(super) label: &'static str,
    /// 同意区分, and why one has ended.
    pub(super) status: String,
    pub(super) tone: &'static str,
    pub(super) given: String,
    pub(super) until: String,
    /// What is left of it, in words; empty where it has ended or nobody agreed.
    pub(super) left: String,
}

impl Consented {
    /// `None` when nothing may be shown: the function or every kind is switched off, the person is not there, or never
    /// agreed to anything. Who only refused is nobody whom the institution may look up.
    pub(super) fn of(
        person: ConsentedPerson,
        settings: &FacilitySettings,
        institution: &InstitutionCode,
        now: Instant,
    ) -> Option<Self> {
        let states = re_verification::states(&person, settings, now);
        if !states.iter().any(|state| state.status != ConsentStatus::NotAgreed) {
            return None;
        }
        let decided = decide_by_card(&person.coverages, tokyo_date(now), institution);
        let who = decided.coverages.into_iter().next()?.person;
        Some(Self { person, settings: settings.clone(), who, states, now })
    }

    /// Whether any consent holds.
    pub(super) fn holds(&self) -> bool {
        self.states.iter().any(KeptState::holds)
    }

    /// The state of a kind, where it holds.
    pub(super) fn holding(&self, kind: ConsentKind) -> Option<&KeptState> {
        self.states.iter().find(|state| state.kind == kind && state.holds())
    }

    pub(super) fn id(&self) -> &str {
        &self.person.check_id
    }

    pub(super) fn name(&self) -> &str {
        &self.who.name
    }

    pub(super) fn kana(&self) -> &str {
        self.who.kana.as_deref().unwrap_or(NOTHING)
    }

    pub(super) fn born(&self) -> String {
        day(self.who.birthdate)
    }

    pub(super) fn age(&self) -> i16 {
        age_on(self.who.birthdate, tokyo_date(self.now))
    }

    pub(super) fn sex(&self) -> &'static str {
        self.who.sex_on_back.unwrap_or(self.who.sex).label()
    }

    /// 診療区分.
    pub(super) fn care_form(&self) -> &'static str {
        self.person.care_form.label()
    }

    /// 同意日時 of the latest choice.
    pub(super) fn given(&self) -> String {
        self.states.iter().map(|state| state.granted_at).max().map(moment).unwrap_or_default()
    }

    /// 受診予定日: the day with which consents for online care end.
    pub(super) fn planned(&self) -> Option<String> {
        let ends = self.person.consents.iter().filter_map(|kept| kept.consent.valid_until).max()?;
        (self.person.care_form == CareForm::Online).then(|| day(last_day(ends)))
    }

    /// One line for each kind.
    pub(super) fn rows(&self) -> Vec<KindRow> {
        self.states.iter().map(|state| self.row(state)).collect()
    }

    /// Only the kinds under which medical records are viewed.
    pub(super) fn viewing_rows(&self) -> Vec<KindRow> {
        self.states.iter().filter(|state| is_medical(state.kind)).map(|state| self.row(state)).collect()
    }

    pub(super) fn row(&self, state: &KeptState) -> KindRow {
        let refused = state.status == ConsentStatus::NotAgreed;
        let status = match state.end_reason {
            Some(reason) => format!("{}（{}）", state.status.label(), reason.label()),
            None => state.status.label().to_owned(),
        };
        KindRow {
            label: state.kind.label(),
            status,
            tone: if state.holds() { "go" } else { "care" },
            given: moment(state.granted_at),
            until: match state.ends_at {
                _ if refused => NOTHING.to_owned(),
                Some(end) => moment(end),
                None => NOTHING.to_owned(),
            },
            left: if state.holds() {
                state.ends_at.map(|end| left(self.now, end)).unwrap_or_default()
            } else {
                String::new()
            },
        }
    }
}

/// Whether medical records are viewed under a kind.
pub(super) const fn is_medical(kind: ConsentKind) -> bool {
    match kind {
        ConsentKind::Ceiling | ConsentKind::SpecificDisease => false,
        ConsentKind::Checkup | ConsentKind::Medication | ConsentKind::Treatment | ConsentKind::Operation => {
            true
        }
    }
}

/// The day whose end is this moment.
fn last_day(end: Instant) -> Date {
    previous_day(tokyo_date(end))
}

/// 「あと3日」: rounded down, so that nobody counts on what is not there.
fn left(now: Instant, end: Instant) -> String {
    match end.0.saturating_sub(now.0) {
        left if left >= 2 * DAY_MS => format!("あと{}日", left / DAY_MS),
        left if left >= HOUR_MS => format!("あと{}時間", left / HOUR_MS),
        left => format!("あと{}分", left / MINUTE_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY_MS, HOUR_MS, Instant, MINUTE_MS, left};

    #[test]
    fn what_is_left_is_never_said_longer_than_it_is() {
        for (ms, words) in [
            (363 * DAY_MS + DAY_MS - 1, "あと363日"),
            (2 * DAY_MS, "あと2日"),
            (2 * DAY_MS - 1, "あと47時間"),
            (HOUR_MS, "あと1時間"),
            (HOUR_MS - 1, "あと59分"),
            (MINUTE_MS - 1, "あと0分"),
        ] {
            assert_eq!(left(Instant(7), Instant(7 + ms)), words);
        }
    }
}
