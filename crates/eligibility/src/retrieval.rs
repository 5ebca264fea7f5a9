//! Fetching an issued certificate with the letter: リファレンスナンバー and 認証ID.
//!
//! The number finds the certificate, the secret (80 bits) opens it. Both are typed by hand from paper, so the
//! secret has no letter that looks like another, and width, case, hyphens and blanks are forgiven.

mod form;

pub use form::{
    FILE_PASSWORD_MAX_CHARS, FILE_PASSWORD_MIN_CHARS, FilePassword, FilePasswordForm, RetrievalForm,
    RetrievalWish,
};

use crate::{Instant, calendar, typed};

/// Digits of a リファレンスナンバー.
pub(crate) const NUMBER_DIGITS: usize = 12;
/// Characters of a 認証ID: five bits each.
pub const SECRET_CHARS: usize = 16;
/// Random bytes a 認証ID is made of.
pub const SECRET_BYTES: usize = 10;
/// The 32 characters of a 認証ID: no I, L, O (read as 1, 1, 0) and no U.
pub const SECRET_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Days a letter is good for, by the Tokyo calendar, to the end of the last.
pub const RETRIEVAL_DAYS: i32 = 180;
/// Comparisons one number is worth.
pub const RETRIEVAL_TRIES: u32 = 5;
/// Characters between two hyphens where number and secret are shown.
const GROUP: usize = 4;

/// リファレンスナンバー: twelve digits. Not secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RetrievalNumber(String);

/// 認証ID: sixteen characters. Never logged, and stored only hashed with a key.
#[derive(Clone, PartialEq, Eq)]
pub struct RetrievalSecret(String);

/// A typed text that cannot be the number or the secret, whichever letter it is from. Costs no try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MistypedRetrieval {
    /// Not twelve digits.
    #[error("a retrieval number has {NUMBER_DIGITS} digits")]
    Number,
    /// Not sixteen characters.
    #[error("a retrieval secret has {SECRET_CHARS} characters")]
    SecretLength,
    /// A character no 認証ID has.
    #[error("a retrieval secret has only digits and capital letters without U")]
    SecretCharacter,
}

impl MistypedRetrieval {
    /// What is wrong, in Japanese.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Number => "リファレンスナンバーは12桁の数字です。",
            Self::SecretLength => "認証IDは16文字です。",
            Self::SecretCharacter => "認証IDに使われない文字が含まれています。",
        }
    }

    /// What to do, in Japanese.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        "電子証明書発行通知書を見ながら、もう一度入力してください。ハイフンや空白は省略できます。"
    }
}

impl RetrievalNumber {
    /// A number from random bytes. Numbers may collide: whoever stores them draws again.
    #[must_use]
    pub fn from_random(random: [u8; 8]) -> Self {
        Self(format!("{:012}", u64::from_be_bytes(random) % 1_000_000_000_000))
    }

    /// Reads what was typed: any width, blanks and hyphens anywhere.
    ///
    /// # Errors
    /// [`MistypedRetrieval::Number`].
    pub fn parse(text: &str) -> Result<Self, MistypedRetrieval> {
        let digits = typed::bare(text).ok_or(MistypedRetrieval::Number)?;
        if digits.len() != NUMBER_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(MistypedRetrieval::Number);
        }
        Ok(Self(digits))
    }

    /// The twelve digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits as the letter shows them: `1234-5678-9012`.
    #[must_use]
    pub fn grouped(&self) -> String {
        grouped(&self.0)
    }
}

impl RetrievalSecret {
    /// The secret of these random bytes; different bytes give different secrets.
    #[must_use]
    pub fn from_random(random: [u8; SECRET_BYTES]) -> Self {
        let bits = random.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let letter = |place: usize| SECRET_ALPHABET[(bits >> (5 * (SECRET_CHARS - 1 - place))) as usize % 32];
        Self((0..SECRET_CHARS).map(|place| char::from(letter(place))).collect())
    }

    /// Reads what was typed: any width, either case, blanks and hyphens anywhere; I and L are read as 1, O as 0.
    ///
    /// # Errors
    /// [`MistypedRetrieval`] when no letter has such a secret.
    pub fn parse(text: &str) -> Result<Self, MistypedRetrieval> {
        let bare = typed::bare(text).ok_or(MistypedRetrieval::SecretLength)?;
        let read = |c: char| match c {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        };
        let secret: String = bare.chars().map(read).collect();
        if secret.chars().count() != SECRET_CHARS {
            return Err(MistypedRetrieval::SecretLength);
        }
        if !secret.bytes().all(|b| SECRET_ALPHABET.contains(&b)) {
            return Err(MistypedRetrieval::SecretCharacter);
        }
        Ok(Self(secret))
    }

    /// The sixteen characters, for hashing and for the letter.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The characters as the letter shows them: `ABCD-EFGH-JKMN-PQRS`.
    #[must_use]
    pub fn grouped(&self) -> String {
        grouped(&self.0)
    }
}

impl std::fmt::Debug for RetrievalSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RetrievalSecret(****)")
    }
}
impl std::fmt::Display for RetrievalNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn grouped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + text.len() / GROUP);
    for (place, letter) in text.chars().enumerate() {
        if place > 0 && place % GROUP == 0 {
            shown.push('-');
        }
        shown.push(letter);
    }
    shown
}

/// How often a number has been tried. Counted for every number typed, known or not, so that the count tells
/// nobody which numbers exist; made durable before the secret is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tries(pub u32);

impl Tries {
    /// Whether a secret may be compared.
    #[must_use]
    pub const fn may_try(self) -> bool {
        self.0 < RETRIEVAL_TRIES
    }

    /// The count after one more try.
    #[must_use]
    pub const fn counted(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Tries left.
    #[must_use]
    pub const fn left(self) -> u32 {
        RETRIEVAL_TRIES.saturating_sub(self.0)
    }
}

/// What is known of one letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retrieval {
    /// When the letter was made.
    pub issued_at: Instant,
    /// When the certificate was fetched with it.
    pub retrieved_at: Option<Instant>,
    /// When it was taken back (new letter, certificate revoked).
    pub withdrawn_at: Option<Instant>,
}

impl Retrieval {
    /// The last day, in Tokyo.
    #[must_use]
    pub fn last_day(&self) -> crate::Date {
        calendar::add_days(calendar::tokyo_date(self.issued_at), RETRIEVAL_DAYS)
    }

    /// First moment the letter is no longer good.
    #[must_use]
    pub fn valid_until(&self) -> Instant {
        calendar::end_of_day(self.last_day())
    }
}

/// What a try came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetrievalOutcome {
    /// The certificate is handed out.
    Granted,
    /// Number or secret is wrong; which one is not said.
    Wrong {
        /// Tries left.
        tries_left: u32,
    },
    /// The number has been tried too often, rightly or not.
    UsedUp,
    /// The letter is older than [`RETRIEVAL_DAYS`].
    Expired,
    /// The certificate was fetched before.
    AlreadyRetrieved,
    /// The letter was taken back.
    Withdrawn,
}

impl RetrievalOutcome {
    /// What a try comes to. `before` is the count before this try; `known` what is stored under the number;
    /// `secret_right` the result of the comparison (`false` when nothing is known).
    ///
    /// How a letter stands is told only to who has its secret.
    #[must_use]
    pub fn of(before: Tries, known: Option<&Retrieval>, secret_right: bool, now: Instant) -> Self {
        if !before.may_try() {
            return Self::UsedUp;
        }
        let Some(known) = known.filter(|_| secret_right) else {
            return Self::Wrong { tries_left: before.counted().left() };
        };
        if known.withdrawn_at.is_some_and(|at| at <= now) {
            Self::Withdrawn
        } else if known.retrieved_at.is_some() {
            Self::AlreadyRetrieved
        } else if now >= known.valid_until() {
            Self::Expired
        } else {
            Self::Granted
        }
    }

    /// What happened, in Japanese.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::Granted => "電子証明書を取得できます。".to_owned(),
            Self::Wrong { tries_left: 0 } => {
                "リファレンスナンバーまたは認証IDが正しくありません。入力できる回数を使い切りました。"
                    .to_owned()
            }
            Self::Wrong { tries_left } => {
                format!(
                    "リファレンスナンバーまたは認証IDが正しくありません。あと{tries_left}回入力できます。"
                )
            }
            Self::UsedUp => {
                format!("入力を{RETRIEVAL_TRIES}回行ったため、このリファレンスナンバーは使えません。")
            }
            Self::Expired => format!("取得できる期間（{RETRIEVAL_DAYS}日）を過ぎています。"),
            Self::AlreadyRetrieved => "この電子証明書は取得済みです。".to_owned(),
            Self::Withdrawn => "この電子証明書発行通知書は無効になっています。".to_owned(),
        }
    }

    /// What to do now, in Japanese.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Granted => "画面の案内に従って、資格確認端末に導入してください。",
            Self::Wrong { tries_left: 1.. } => {
                "電子証明書発行通知書の12桁のリファレンスナンバーと16文字の認証IDを確かめてください。"
            }
            Self::Wrong { .. } | Self::UsedUp | Self::Expired => {
                "ポータルサイトから、もう一度「電子証明書発行申請」を行ってください。"
            }
            Self::AlreadyRetrieved => {
                "今《取得》を押したところのときは、取得は完了しています。ブラウザーの「ダウンロード」にある\
                 certificate.p12を使ってください。前に取得したときは、取得した端末からバックアップを取り出します。\
                 心当たりがないときは、すぐにポータルサイトから「電子証明書失効申請」を行ってください。"
            }
            Self::Withdrawn => {
                "新しい電子証明書発行通知書を使うか、ポータルサイトの申請状況を確認してください。"
            }
        }
    }
}
