//! 医療機関等別URL: the address under which patients at home reach one institution in マイナ在宅受付Web, one for 訪問診療等
//! and one for オンライン診療等.
//!
//! It says which institution, nothing else: whoever has it sees the institution's name and can register a consent with
//! a card of their own. Its secret part keeps strangers from finding institutions by trying.

use crate::{
    Instant,
    calendar::DAY_MS,
    codes::AccessUrlUse,
    facility_settings::{FacilitySettings, Setting},
    retrieval::SECRET_ALPHABET,
};

/// Random bytes of the secret part: 128 bits.
pub const SECRET_BYTES: usize = 16;
/// Characters of the secret part, five bits each.
pub const SECRET_CHARS: usize = 26;
/// Days the old address may go on working after a change.
pub const GRACE_DAYS_MAX: u8 = 7;
/// Where on the site the addresses are.
pub const PATH: &str = "/visit/";

/// The secret part of an address. Never logged; kept sealed, and found by its keyed hash.
#[derive(Clone, PartialEq, Eq)]
pub struct UrlSecret(String);

impl UrlSecret {
    /// The secret of these random bytes; different bytes give different secrets.
    #[must_use]
    pub fn from_random(random: [u8; SECRET_BYTES]) -> Self {
        let bits = u128::from_be_bytes(random);
        let letter = |place: usize| {
            // The first character holds the three highest bits.
            let shift = 5 * (SECRET_CHARS - 1 - place);
            SECRET_ALPHABET[(bits >> shift) as usize % 32].to_ascii_lowercase()
        };
        Self((0..SECRET_CHARS).map(|place| char::from(letter(place))).collect())
    }

    /// Reads the last part of an address; capitals are forgiven, as some mail programs make them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != SECRET_CHARS || !text.is_ascii() {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let known = |byte: u8| SECRET_ALPHABET.contains(&byte.to_ascii_uppercase());
        // The first character has three bits only.
        (text.bytes().all(known) && (b'0'..=b'7').contains(&text.as_bytes()[0])).then_some(Self(text))
    }

    /// The characters, for the address and for hashing.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The whole address on a site.
    #[must_use]
    pub fn address(&self, origin: &str) -> String {
        format!("{origin}{PATH}{}", self.0)
    }
}

impl std::fmt::Debug for UrlSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UrlSecret(****)")
    }
}

/// Days the old address goes on working.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GraceDays(u8);

impl GraceDays {
    /// 0 (ends at once) to [`GRACE_DAYS_MAX`]; `None` beyond.
    #[must_use]
    pub const fn new(days: u8) -> Option<Self> {
        if days <= GRACE_DAYS_MAX { Some(Self(days)) } else { None }
    }

    /// Reads a form's value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().and_then(Self::new)
    }

    /// The days.
    #[must_use]
    pub const fn days(self) -> u8 {
        self.0
    }

    /// When the old address ends.
    #[must_use]
    pub fn ends_at(self, changed_at: Instant) -> Instant {
        Instant(changed_at.0.saturating_add(i64::from(self.0) * DAY_MS))
    }
}

/// The setting that an address needs.
#[must_use]
pub const fn setting_of(url_use: AccessUrlUse) -> Setting {
    match url_use {
        AccessUrlUse::HomeVisit => Setting::HomeVisit,
        AccessUrlUse::Online => Setting::Online,
    }
}

/// Whether the institution uses the function that an address is for.
#[must_use]
pub fn is_offered(settings: &FacilitySettings, url_use: AccessUrlUse) -> bool {
    settings.is_on(setting_of(url_use))
}
