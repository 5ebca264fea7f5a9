//! 環境設定情報: which functions an institution uses, and what its reader asks patients.
//!
//! One table says everything about every setting ([`Setting`]): its words, its values, its default, its group. Forms,
//! messages and the history of changes follow it.

mod table;

pub use table::{ActsAt, Setting, SettingGroup};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::consent::ConsentKind;
use crate::field::{Fault, Faults, FieldErrors};
use crate::reader::ReaderMode;

/// The title of the terms that are read before the block of home visits is switched.
pub const TERMS_TITLE: &str = "オンライン資格確認等システム利用規約";
/// The version of the terms in force. Who opened an older one has not opened these.
pub const TERMS_VERSION: &str = "2026-11-01";
/// 利用しない, in every setting that is switched on and off (OQSCD037).
pub const OFF: &str = "0";
/// 利用する, in every setting that is switched on and off (OQSCD037).
pub const ON: &str = "1";

/// 電子処方箋利用区分: 電子と紙.
const BOTH_PRESCRIPTIONS: &str = "2";
/// 処方箋発行形態選択タイミング: 資格確認時.
const AT_THE_CHECK: &str = "2";
/// 起動時の動作モード: 目視確認.
const VISUAL: &str = "2";

/// The settings of one institution.
#[derive(Clone, PartialEq, Eq)]
pub struct FacilitySettings([u8; Setting::COUNT]);

/// What a reader asks patients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Kinds of consent; another is not on the screen.
    pub consents: Vec<ConsentKind>,
    /// Whether 処方箋発行形態 is.
    pub prescription_issue: bool,
}

/// A value that a setting does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} has no such value", .0.id())]
pub struct NoSuchValue(pub Setting);

/// One changed setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    /// [`Setting::id`].
    pub setting: String,
    /// The code before.
    pub old: String,
    /// The code after.
    pub new: String,
}

/// Why settings are not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsRefusal {
    /// The terms must be opened first: these settings belong to their block.
    TermsNotOpened(Vec<Setting>),
    /// These say what receipt computers may do: no receipt computer allows it to itself.
    ForPeopleOnly(Vec<Setting>),
}

/// Who changes settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changing {
    /// Whether he has opened [`TERMS_VERSION`]; of a receipt computer: whether somebody of the institution has.
    pub terms_opened: bool,
    /// Whether it is a receipt computer, which nobody signs in to.
    pub by_file: bool,
}

impl Default for FacilitySettings {
    fn default() -> Self {
        let mut chosen = [0; Setting::COUNT];
        for setting in Setting::ALL {
            chosen[setting.place()] = setting.default_place();
        }
        Self(chosen)
    }
}

impl FacilitySettings {
    /// The code of a setting's value.
    #[must_use]
    pub fn code(&self, setting: Setting) -> &'static str {
        let options = setting.options();
        options[usize::from(self.0[setting.place()]) % options.len()].0
    }

    /// The words for a setting's value.
    #[must_use]
    pub fn label(&self, setting: Setting) -> &'static str {
        setting.label_of(self.code(setting)).unwrap_or_default()
    }

    /// Whether a setting that is switched on and off is on.
    #[must_use]
    pub fn is_on(&self, setting: Setting) -> bool {
        self.code(setting) == ON
    }

    /// Whether the institution uses what patients agree to show under a kind of consent.
    #[must_use]
    pub fn uses(&self, kind: ConsentKind) -> bool {
        match kind {
            // 限度額 is laid down in law for every institution.
            ConsentKind::Ceiling => true,
            ConsentKind::SpecificDisease => self.is_on(Setting::SpecificDisease),
            ConsentKind::Checkup => self.is_on(Setting::Checkup),
            ConsentKind::Medication => self.is_on(Setting::Medication),
            ConsentKind::Treatment => self.is_on(Setting::Treatment),
            ConsentKind::Operation => self.is_on(Setting::Operation),
        }
    }

    /// What a reader asks patients.
    #[must_use]
    pub fn asked(&self) -> Asked {
        let both = self.code(Setting::PrescriptionUse) == BOTH_PRESCRIPTIONS;
        Asked {
            consents: ConsentKind::ALL.iter().copied().filter(|kind| self.uses(*kind)).collect(),
            prescription_issue: both && self.code(Setting::PrescriptionTiming) == AT_THE_CHECK,
        }
    }

    /// How a reader stands while nobody switched it.
    #[must_use]
    pub fn usual_reader_mode(&self) -> ReaderMode {
        if self.code(Setting::ReaderMode) == VISUAL { ReaderMode::Visual } else { ReaderMode::Unattended }
    }

    /// Settings by their ids, as they come over a line: a code that this version does not know leaves the default.
    #[must_use]
    pub fn from_codes(codes: &BTreeMap<String, String>) -> Self {
        let known = codes.iter().filter_map(|(id, code)| Some((Setting::from_id(id)?, code)));
        known.fold(Self::default(), |settings, (setting, code)| {
            settings.clone().with(setting, code).unwrap_or(settings)
        })
    }

    /// The settings with one changed.
    ///
    /// # Errors
    /// [`NoSuchValue`].
    pub fn with(mut self, setting: Setting, code: &str) -> Result<Self, NoSuchValue> {
        let found = setting.options().iter().position(|(known, _)| *known == code);
        let place = found.and_then(|place| u8::try_from(place).ok()).ok_or(NoSuchValue(setting))?;
        self.0[setting.place()] = place;
        Ok(self)
    }

    /// Reads a form that has all settings, each under its id.
    ///
    /// # Errors
    /// Every setting without one of its values.
    pub fn from_form<'f>(value_of: impl Fn(&'static str) -> &'f str) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let mut read = Self::default();
        for setting in Setting::ALL {
            match read.clone().with(*setting, value_of(setting.id())) {
                Ok(changed) => read = changed,
                Err(_) => faults.add(
                    setting.id(),
                    Fault::new(
                        format!("{}が選択されていません。", setting.label()),
                        "画面の選択肢から1つ選んでください。",
                    ),
                ),
            }
        }
        faults.finish(Some(read))
    }

    /// What differs in `new`, in the order of the table.
    #[must_use]
    pub fn changes_to(&self, new: &Self) -> Vec<SettingChange> {
        let changed = Setting::ALL.iter().filter(|setting| self.code(**setting) != new.code(**setting));
        changed
            .map(|setting| SettingChange {
                setting: setting.id().to_owned(),
                old: self.code(*setting).to_owned(),
                new: new.code(*setting).to_owned(),
            })
            .collect()
    }

    /// Whether `new` may take the place of these.
    ///
    /// # Errors
    /// [`SettingsRefusal`].
    pub fn may_become(&self, new: &Self, changing: Changing) -> Result<(), SettingsRefusal> {
        let changed = Setting::ALL.iter().copied().filter(|one| self.code(*one) != new.code(*one));
        let for_people: Vec<Setting> = changed.clone().filter(|one| one.for_people_only()).collect();
        if changing.by_file && !for_people.is_empty() {
            return Err(SettingsRefusal::ForPeopleOnly(for_people));
        }
        let blocked: Vec<Setting> = changed.filter(|one| one.needs_terms()).collect();
        if changing.terms_opened || blocked.is_empty() {
            return Ok(());
        }
        Err(SettingsRefusal::TermsNotOpened(blocked))
    }
}

impl SettingChange {
    /// The setting's words, and the words for the value before and after. A setting that is no longer known is shown
    /// as it was written down.
    #[must_use]
    pub fn words(&self) -> (String, String, String) {
        let Some(setting) = Setting::from_id(&self.setting) else {
            return (self.setting.clone(), self.old.clone(), self.new.clone());
        };
        let words = |code: &str| setting.label_of(code).unwrap_or(code).to_owned();
        (setting.label().to_owned(), words(&self.old), words(&self.new))
    }
}

impl std::fmt::Debug for FacilitySettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = Setting::ALL.iter().map(|setting| (setting.id(), self.code(*setting)));
        f.debug_map().entries(all).finish()
    }
}

impl Serialize for FacilitySettings {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Setting::ALL.iter().map(|setting| (setting.id(), self.code(*setting))))
    }
}

/// A setting that is not named has its default, so that settings kept before there was another are still settings;
/// one that this version does not know is passed over, so that a newer version's can be read.
impl<'de> Deserialize<'de> for FacilitySettings {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = BTreeMap::<String, String>::deserialize(deserializer)?;
        let mut settings = Self::default();
        for (id, code) in named {
            if let Some(setting) = Setting::from_id(&id) {
                settings = settings.with(setting, &code).map_err(serde::de::Error::custom)?;
            }
        }
        Ok(settings)
    }
}
