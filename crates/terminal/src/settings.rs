//! 環境設定情報 of the institution, as the terminal has them: fetched before the first patient, and again when the centre
//! says that they changed. What they concern here acts for the next patient, without a restart.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use eligibility::{
    facility_settings::{ActsAt, Asked, FacilitySettings, Setting},
    reader::ReaderMode,
};
use wire::facility::{SETTINGS_PATH, SettingsAnswer, SettingsRequest};

use crate::central::{Central, CentralError};

/// After the centre did not give them, nobody waits for them again so long.
const RETRY: Duration = Duration::from_secs(60);

/// The settings in force here.
#[derive(Debug, Default)]
pub(crate) struct Settings(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    held: Option<Held>,
    failed_at: Option<Instant>,
}

#[derive(Clone, Debug)]
struct Held {
    version: i64,
    settings: FacilitySettings,
}

impl Settings {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held<T>(&self, read: impl FnOnce(&Held) -> T) -> Option<T> {
        self.known().held.as_ref().map(read)
    }

    /// Their version; `None` while there are none.
    pub(crate) fn version(&self) -> Option<i64> {
        self.held(|held| held.version)
    }

    /// What the reader asks patients; `None` while nobody knows.
    pub(crate) fn asked(&self) -> Option<Asked> {
        self.held(|held| held.settings.asked())
    }

    /// How the reader stands while nobody switched it.
    pub(crate) fn usual_reader_mode(&self) -> ReaderMode {
        self.held(|held| held.settings.usual_reader_mode()).unwrap_or(ReaderMode::Unattended)
    }

    /// Those that act at this terminal: label and value.
    pub(crate) fn shown(&self) -> Vec<(&'static str, &'static str)> {
        let here = |setting: &&Setting| setting.acts() == ActsAt::Reader;
        let line = |held: &Held| {
            let settings = Setting::ALL.iter().filter(here);
            settings.map(|setting| (setting.label(), held.settings.label(*setting))).collect()
        };
        self.held(line).unwrap_or_default()
    }

    /// Fetches them before the first patient is asked anything. A centre that does not give them keeps nobody waiting.
    pub(crate) async fn before_first(&self, central: &impl Central) {
        let waits = {
            let known = self.known();
            known.held.is_none() && known.failed_at.is_none_or(|at| at.elapsed() >= RETRY)
        };
        if waits {
            self.fetch(central).await;
        }
    }

    /// Fetches them when the centre has others.
    pub(crate) async fn follow(&self, central: &impl Central, version: i64) {
        if self.version() != Some(version) {
            self.fetch(central).await;
        }
    }

    /// Once: whoever waits for a nonce meanwhile is not kept twice as long when the centre is away.
    async fn asked_once(central: &impl Central) -> Result<SettingsAnswer, CentralError> {
        let question = serde_json::to_vec(&SettingsRequest {})
            .map_err(|_| CentralError::NotUnderstood("the question cannot be written".into()))?;
        let answer = central.post(SETTINGS_PATH, question).await?;
        serde_json::from_slice(&answer).map_err(|_| CentralError::NotUnderstood("unexpected body".into()))
    }

    async fn fetch(&self, central: &impl Central) {
        match Self::asked_once(central).await {
            Ok(SettingsAnswer { version, settings }) => {
                let settings = FacilitySettings::from_codes(&settings);
                tracing::info!(version, ?settings, "the institution's settings are in force here");
                *self.known() = Known { held: Some(Held { version, settings }), failed_at: None };
            }
            Err(error) => {
                tracing::warn!(%error, "the institution's settings could not be fetched");
                self.known().failed_at = Some(Instant::now());
            }
        }
    }
}
