//! When an account may be used.

use crate::Date;

/// 利用開始年月日 and 利用終了年月日, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsePeriod {
    /// The first day; `None` for the accounts that come with the 通知書.
    pub starts_on: Option<Date>,
    /// The last day; `None` = without end.
    pub ends_on: Option<Date>,
}

/// How an account stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// It may be used.
    Open,
    /// Its first day is still to come.
    NotYet,
    /// Its last day is past.
    Over,
    /// 停止: an administrator stopped it.
    Stopped,
}

impl AccountState {
    /// How an account stands.
    #[must_use]
    pub fn of(period: UsePeriod, stopped: bool, today: Date) -> Self {
        if stopped {
            Self::Stopped
        } else if period.starts_on.is_some_and(|first| today < first) {
            Self::NotYet
        } else if period.ends_on.is_some_and(|last| last < today) {
            Self::Over
        } else {
            Self::Open
        }
    }

    /// The word in the list.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "利用中",
            Self::NotYet => "利用開始前",
            Self::Over => "利用終了",
            Self::Stopped => "停止",
        }
    }

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::NotYet => "not-yet",
            Self::Over => "over",
            Self::Stopped => "stopped",
        }
    }

    /// What is said to who signs in with the right password; empty when the account may be used.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::NotYet => {
                "このアカウントは利用開始年月日の前です。利用開始年月日になってからログインしてください。"
            }
            Self::Over => {
                "このアカウントは利用終了年月日を過ぎています。続けて使うときは管理者に変更を依頼してください。"
            }
            Self::Stopped => "このアカウントは停止されています。管理者に確認してください。",
        }
    }
}
