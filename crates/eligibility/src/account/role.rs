//! Who may do what on the portal and on the operator's side.

use serde::{Deserialize, Serialize};

/// The role of a portal account. A facility has one account, and it does everything that is done for the facility: what
/// it sees and applies for is the same right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortalRole {
    /// 代表アカウント: the account that was registered for the 医療機関コード.
    Representative,
}

impl PortalRole {
    /// Every role.
    pub const ALL: &'static [Self] = &[Self::Representative];

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Representative => "representative",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Representative => "代表アカウント",
        }
    }
}

/// The role of an account of the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorRole {
    /// 審査担当: approves, returns and rejects applications.
    Reviewer,
    /// 発送担当: prints letters and enters tracking numbers.
    PostRoom,
    /// 回線担当: prefixes of お客さまID and line sessions.
    LineKeeper,
    /// システム管理者: accounts of the operator and freeing of locked accounts. Approves nothing.
    Administrator,
    /// 監査担当: sees who did what, changes nothing.
    Auditor,
}

/// What an account of the operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperatorAction {
    /// See the queues and applications.
    ReadApplications,
    /// Approve, return, reject.
    Decide,
    /// Print letters, enter tracking numbers.
    SendLetters,
    /// See letters, have a lost one made void (which takes two people), have another one written.
    CareForLetters,
    /// See the register of institutions (医療機関マスタ) and the lines.
    ReadRegister,
    /// Add to, change and take out of the register of institutions; changes take two people.
    ManageInstitutions,
    /// Enter and withdraw prefixes of lines, end line sessions.
    ManageLines,
    /// Revoke a certificate without an application (in an emergency).
    RevokeCertificates,
    /// Write お知らせ.
    PublishNotices,
    /// Manage the operator's accounts, free locked ones.
    ManageAccounts,
    /// See who approved what.
    ReadHistory,
}

impl OperatorRole {
    /// Every role.
    pub const ALL: &'static [Self] =
        &[Self::Reviewer, Self::PostRoom, Self::LineKeeper, Self::Administrator, Self::Auditor];

    /// Whether the role may do it. Nobody may both decide and manage accounts, or one person could make the
    /// second pair of eyes.
    #[must_use]
    pub const fn may(self, action: OperatorAction) -> bool {
        use OperatorAction as Action;
        if matches!(action, Action::ReadRegister) {
            return true;
        }
        match self {
            Self::Reviewer => matches!(
                action,
                Action::ReadApplications
                    | Action::Decide
                    | Action::CareForLetters
                    | Action::ManageInstitutions
                    | Action::RevokeCertificates
                    | Action::PublishNotices
                    | Action::ReadHistory
            ),
            Self::PostRoom => matches!(action, Action::SendLetters | Action::CareForLetters),
            Self::LineKeeper => matches!(action, Action::ReadApplications | Action::ManageLines),
            Self::Administrator => matches!(action, Action::ManageAccounts | Action::ReadHistory),
            Self::Auditor => matches!(action, Action::ReadApplications | Action::ReadHistory),
        }
    }

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reviewer => "reviewer",
            Self::PostRoom => "post_room",
            Self::LineKeeper => "line_keeper",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reviewer => "審査担当",
            Self::PostRoom => "発送担当",
            Self::LineKeeper => "回線担当",
            Self::Administrator => "システム管理者",
            Self::Auditor => "監査担当",
        }
    }
}
