//! Why a 電子証明書発行通知書 is good no more, and what that means for who waits for it.

use crate::{Instant, calendar::DAY_MS};

/// Days a letter waits to be posted: it holds a secret, and what nobody posts somebody may find.
pub const LETTER_POSTING_DAYS: i64 = 14;

/// Days for which another letter in the place of a void one is tried: the institution's address may come meanwhile.
/// After that it is asked for anew, by somebody who looks why nothing came of it.
pub const LETTER_WISH_DAYS: i64 = 30;

/// Why a letter is void. Nothing is fetched with it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LetterEnd {
    /// Nobody posted it within [`LETTER_POSTING_DAYS`].
    NotPosted,
    /// It got lost on its way.
    LostInPost,
    /// It came back.
    Returned,
    /// It arrived opened or damaged: somebody may have read it.
    Opened,
    /// It was printed or put into its envelope wrongly.
    Misprinted,
    /// The institution's code is not used any more.
    InstitutionEnded,
}

impl LetterEnd {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::NotPosted,
        Self::LostInPost,
        Self::Returned,
        Self::Opened,
        Self::Misprinted,
        Self::InstitutionEnded,
    ];

    /// Whether a person of the operator may give it; the others happen by themselves.
    #[must_use]
    pub const fn is_for_people(self) -> bool {
        !matches!(self, Self::NotPosted | Self::InstitutionEnded)
    }

    /// Whether another letter may be written for the same approval.
    #[must_use]
    pub const fn another_may_follow(self) -> bool {
        !matches!(self, Self::InstitutionEnded)
    }

    /// The name in forms and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotPosted => "not_posted",
            Self::LostInPost => "lost_in_post",
            Self::Returned => "returned",
            Self::Opened => "opened",
            Self::Misprinted => "misprinted",
            Self::InstitutionEnded => "institution_ended",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.name() == name)
    }

    /// The Japanese label, for the operator.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotPosted => "14日以内に発送されなかったため破棄",
            Self::LostInPost => "郵便事故（不着・紛失）",
            Self::Returned => "宛先に届かず返送",
            Self::Opened => "開封・破損",
            Self::Misprinted => "印刷・封入の誤り",
            Self::InstitutionEnded => "医療機関等コードの使用終了",
        }
    }

    /// What happened, for the institution.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotPosted => "作成から14日以内に発送されなかったため、この通知書は破棄しました。",
            Self::LostInPost => "郵便で届かなかったため、この通知書は無効にしました。",
            Self::Returned => "宛先に届かずに返送されたため、この通知書は無効にしました。",
            Self::Opened => "開封または破損のおそれがあるため、この通知書は無効にしました。",
            Self::Misprinted => "印刷または封入に誤りがあったため、この通知書は無効にしました。",
            Self::InstitutionEnded => {
                "医療機関等コードが使われなくなったため、この通知書は無効になりました。"
            }
        }
    }

    /// What the institution does now.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::InstitutionEnded => {
                "新しい医療機関等コードで「電子証明書発行申請」を行ってください。この通知書が届いても、使えません。"
            }
            Self::Returned => {
                "運用窓口が宛先を確認し、新しい通知書をお送りします。お急ぎのときは、マイメニューから「電子証明書発行\
                 申請」をもう一度行ってください。"
            }
            _ => {
                "運用窓口が新しい通知書をお送りします。お急ぎのときは、マイメニューから「電子証明書発行申請」をもう一度\
                 行ってください。この通知書が届いても、使わずに破棄してください。"
            }
        }
    }

    /// What the operator does now.
    #[must_use]
    pub const fn to_do(self) -> &'static str {
        match self {
            Self::InstitutionEnded => "することはありません。",
            Self::Returned => {
                "医療機関マスタの所在地を確認してから、「新しい通知書を作る」を押してください。新しい申請が来ているときは\
                 不要です。"
            }
            _ => "「新しい通知書を作る」を押してください。新しい申請が来ているときは不要です。",
        }
    }
}

/// Other letters asked for before this moment that could not be written are asked for no longer.
#[must_use]
pub const fn letter_wish_over_before(now: Instant) -> Instant {
    Instant(now.0.saturating_sub(LETTER_WISH_DAYS * DAY_MS))
}

/// Letters made before this moment that nobody posted are void.
#[must_use]
pub const fn posting_overdue_before(now: Instant) -> Instant {
    Instant(now.0.saturating_sub(LETTER_POSTING_DAYS * DAY_MS))
}
