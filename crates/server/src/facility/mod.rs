//! What administrators of an institution manage, behind both doors: the pages of the institution web and the files of
//! receipt computers.
//!
//! Secrets are drawn, hashed with a key and sealed here; what they may do and how long is `eligibility`'s, what was
//! counted and spent is `store`'s.

mod activation;
pub(crate) mod code_picture;
mod home_visit_url;
mod passcode;
mod passcode_alarm;
mod secrets;

use std::sync::OnceLock;

use pki::letter::{FontFiles, Fonts};

pub(crate) use activation::{ActivationShown, ActivationWish};
pub use home_visit_url::ShownUrl;
pub(crate) use home_visit_url::{UrlShown, UrlWish};
pub(crate) use passcode::{PasscodeShown, PasscodeWish};
pub use secrets::Secrets;

use passcode_alarm::PasscodeAlarm;

/// How long who issued a code sees it again when the same form comes once more (a double click, a lost answer).
const SHOWN_AGAIN_MS: i64 = 2 * 60 * 1000;

/// Issues and checks what institutions manage.
pub struct FacilityDesk {
    secrets: Option<Secrets>,
    home_visit_origin: String,
    fonts: Option<FontFiles>,
    loaded: OnceLock<Option<Fonts>>,
    alarm: PasscodeAlarm,
}

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FacilityError {
    /// The server has no key for secrets.
    #[error("secrets_key: there is no key that hashes and seals codes")]
    NoKey,
    /// The system has no randomness, or a stored secret cannot be opened with the key.
    #[error("a secret could not be drawn, sealed or opened")]
    Secret,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl FacilityDesk {
    /// With the key for secrets, the address of マイナ在宅受付Web, and the fonts of pictures that carry a name.
    #[must_use]
    pub fn new(secrets: Option<Secrets>, home_visit_origin: String, fonts: Option<FontFiles>) -> Self {
        Self { secrets, home_visit_origin, fonts, loaded: OnceLock::new(), alarm: PasscodeAlarm::new() }
    }

    fn secrets(&self) -> Result<&Secrets, FacilityError> {
        self.secrets.as_ref().ok_or(FacilityError::NoKey)
    }

    /// The fonts, read when they are first needed: they are large, and most processes never draw a name.
    pub(crate) fn fonts(&self) -> Option<&Fonts> {
        let load = || {
            let loaded = Fonts::load(self.fonts.as_ref()?);
            loaded.inspect_err(|error| tracing::error!(%error, "fonts of pictures cannot be read")).ok()
        };
        self.loaded.get_or_init(load).as_ref()
    }
}

impl std::fmt::Debug for FacilityDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FacilityDesk").finish_non_exhaustive()
    }
}
