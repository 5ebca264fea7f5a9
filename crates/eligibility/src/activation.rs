//! アクティベーションコード: lets one device of an institution be set up for マイナ資格確認アプリ.
//!
//! Twelve digits, used once, for the device that the 端末識別メモ情報 names. Ten wrong entries of an institution within
//! an hour stop all its entries for an hour; each is counted durably before it is looked up.

use serde::{Deserialize, Serialize};

use crate::{
    Instant,
    field::{Fault, Faults, FieldErrors, FieldText},
    typed,
};

const MINUTE_MS: i64 = 60 * 1000;

/// Digits of a code.
pub(crate) const CODE_DIGITS: usize = 12;
/// A code is taken from so long after its issue, milliseconds.
pub const USABLE_AFTER_MS: i64 = 10 * MINUTE_MS;
/// A code ends so long after its issue, milliseconds.
pub const ENDS_AFTER_MS: i64 = 24 * 60 * MINUTE_MS;
/// Devices of one institution, codes that may still be used included.
pub const DEVICES_MAX: u32 = 20;
/// Longest 端末識別メモ情報, characters.
pub const MEMO_MAX_CHARS: usize = 40;
/// Wrong entries of an institution in one window.
pub const WRONG_MAX: u32 = 10;
/// The window in which wrong entries are counted, milliseconds.
pub const WRONG_WINDOW_MS: i64 = 60 * MINUTE_MS;
/// How long nothing is looked up after too many wrong entries, milliseconds.
pub const PAUSE_MS: i64 = 60 * MINUTE_MS;

/// Twelve digits. Never logged, stored only hashed with a key.
#[derive(Clone, PartialEq, Eq)]
pub struct ActivationCode(String);

/// What was entered cannot be a code; whoever sends it has not guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an activation code has {CODE_DIGITS} digits")]
pub struct NoActivationCode;

impl ActivationCode {
    /// A code from random bytes. Codes of one institution may collide: whoever stores them draws again.
    #[must_use]
    pub fn from_random(random: [u8; 8]) -> Self {
        Self(format!("{:012}", u64::from_be_bytes(random) % 1_000_000_000_000))
    }

    /// Reads what was entered: any width, blanks and hyphens anywhere.
    ///
    /// # Errors
    /// [`NoActivationCode`] unless it is twelve digits.
    pub fn parse(text: &str) -> Result<Self, NoActivationCode> {
        let digits = typed::bare(text).ok_or(NoActivationCode)?;
        if digits.len() != CODE_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoActivationCode);
        }
        Ok(Self(digits))
    }

    /// The digits, for hashing.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The digits as they are shown: `1234 5678 9012`.
    #[must_use]
    pub fn grouped(&self) -> String {
        let groups: Vec<&str> = (0..CODE_DIGITS).step_by(4).map(|at| &self.0[at..at + 4]).collect();
        groups.join(" ")
    }
}

impl std::fmt::Debug for ActivationCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ActivationCode(****)")
    }
}

/// 端末識別メモ情報: which device it is, in the institution's own words. Kept as it was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceMemo(String);

impl DeviceMemo {
    /// The form's only field.
    pub const FIELDS: &'static [FieldText] = &[FieldText {
        id: "device_memo",
        label: "端末識別メモ情報",
        required: true,
        hint: "どの端末か分かる名前を40文字以内で入力してください（例：往診用タブレット1）",
    }];

    /// Takes 1 to [`MEMO_MAX_CHARS`] characters of one line that are not all blank.
    ///
    /// # Errors
    /// What is wrong and what to do, at the field `device_memo`.
    pub fn parse(text: &str) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let memo = faults.keep("device_memo", read_memo(text));
        faults.finish(memo)
    }

    /// As it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn read_memo(text: &str) -> Result<DeviceMemo, Fault> {
    if text.chars().all(char::is_whitespace) {
        return Err(Fault::new(
            "端末識別メモ情報が入力されていません。",
            "どの端末か分かる名前を入力してください。",
        ));
    }
    if text.chars().count() > MEMO_MAX_CHARS {
        return Err(Fault::new(
            "端末識別メモ情報が長すぎます。",
            format!("{MEMO_MAX_CHARS}文字以内で入力してください。"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::new(
            "端末識別メモ情報に使えない文字（改行など）があります。",
            "1行で入力し直してください。",
        ));
    }
    Ok(DeviceMemo(text.to_owned()))
}

/// What is known of one code and the device it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activation {
    /// When it was issued.
    pub issued_at: Instant,
    /// When a device was set up with it.
    pub used_at: Option<Instant>,
    /// When 《無効化》 was pressed.
    pub invalidated_at: Option<Instant>,
}

/// 状態 in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationState {
    /// 発行済: the code is not taken yet.
    Issued {
        /// Milliseconds until it is.
        usable_in_ms: i64,
    },
    /// 利用可能.
    Usable {
        /// Milliseconds until it ends.
        ends_in_ms: i64,
    },
    /// 利用中: a device was set up with it.
    InUse,
    /// 期限切れ: no device was.
    Expired,
    /// 無効.
    Invalidated,
}

impl Activation {
    /// From when the code is taken.
    #[must_use]
    pub const fn usable_from(&self) -> Instant {
        Instant(self.issued_at.0.saturating_add(USABLE_AFTER_MS))
    }

    /// From when it no longer is.
    #[must_use]
    pub const fn ends_at(&self) -> Instant {
        Instant(self.issued_at.0.saturating_add(ENDS_AFTER_MS))
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self, now: Instant) -> ActivationState {
        let until = |moment: Instant| moment.0.saturating_sub(now.0);
        match (self.invalidated_at, self.used_at) {
            (Some(_), _) => ActivationState::Invalidated,
            (None, Some(_)) => ActivationState::InUse,
            _ if now < self.usable_from() => {
                ActivationState::Issued { usable_in_ms: until(self.usable_from()) }
            }
            _ if now < self.ends_at() => ActivationState::Usable { ends_in_ms: until(self.ends_at()) },
            _ => ActivationState::Expired,
        }
    }
}

impl ActivationState {
    /// As the list shows it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Issued { .. } => "発行済",
            Self::Usable { .. } => "利用可能",
            Self::InUse => "利用中",
            Self::Expired => "期限切れ",
            Self::Invalidated => "無効",
        }
    }

    /// Whether it counts towards [`DEVICES_MAX`].
    #[must_use]
    pub const fn takes_a_place(self) -> bool {
        matches!(self, Self::Issued { .. } | Self::Usable { .. } | Self::InUse)
    }

    /// Whether 《無効化》 changes anything.
    #[must_use]
    pub const fn can_be_invalidated(self) -> bool {
        self.takes_a_place()
    }
}

/// What is remembered of an institution's wrong entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntryGuard {
    /// Entries counted as wrong in the window.
    pub wrong: u32,
    /// The first of them.
    pub window_started_at: Option<Instant>,
    /// Nothing is looked up before this.
    pub paused_until: Option<Instant>,
}

impl EntryGuard {
    /// Milliseconds until entries are looked up again; `None` when they are.
    #[must_use]
    pub fn paused_for_ms(&self, now: Instant) -> Option<i64> {
        let left = self.paused_until?.0.saturating_sub(now.0);
        // A clock set back never names a longer pause than a pause is.
        (left > 0).then(|| left.min(PAUSE_MS))
    }

    /// The state with one more entry, counted as wrong. Call only when not paused, and make it durable before the code
    /// is looked up. The entry that reaches [`WRONG_MAX`] is itself still looked up.
    #[must_use]
    pub fn counted(self, now: Instant) -> Self {
        let runs = self.window_started_at.is_some_and(|began| {
            began <= now && now.0.saturating_sub(began.0) < WRONG_WINDOW_MS && self.wrong < WRONG_MAX
        });
        let wrong = if runs { self.wrong.saturating_add(1) } else { 1 };
        Self {
            wrong,
            window_started_at: if runs { self.window_started_at } else { Some(now) },
            paused_until: (wrong >= WRONG_MAX).then(|| Instant(now.0.saturating_add(PAUSE_MS))),
        }
    }

    /// The state after an entry that was counted turned out right: it is given back.
    #[must_use]
    pub fn right(self) -> Self {
        let wrong = self.wrong.saturating_sub(1);
        Self { wrong, paused_until: self.paused_until.filter(|_| wrong >= WRONG_MAX), ..self }
    }
}
