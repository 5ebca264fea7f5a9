//! The states of an application.

use serde::{Deserialize, Serialize};

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationState {
    /// 下書き: only its institution sees it.
    Draft,
    /// 受付: handed in; the automatic checks come next.
    Submitted,
    /// 審査中: checked by machine, waiting for people.
    Checking,
    /// 審査中（1人目承認済み）: one of two has approved.
    FirstApproved,
    /// 承認: decided; what was asked for is being done.
    Approved,
    /// 差戻し: to be corrected and handed in again.
    Returned,
    /// 却下: refused for good.
    Rejected,
    /// 取下げ: taken back by the institution.
    Withdrawn,
    /// 完了: done.
    Completed,
}

impl ApplicationState {
    /// Every state, in the order of the way.
    pub const ALL: &'static [Self] = &[
        Self::Draft,
        Self::Submitted,
        Self::Checking,
        Self::FirstApproved,
        Self::Approved,
        Self::Returned,
        Self::Rejected,
        Self::Withdrawn,
        Self::Completed,
    ];

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Checking => "checking",
            Self::FirstApproved => "first_approved",
            Self::Approved => "approved",
            Self::Returned => "returned",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Completed => "completed",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.name() == name)
    }

    /// The Japanese label for the operator.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Draft => "下書き",
            Self::Submitted => "受付",
            Self::Checking => "審査中",
            Self::FirstApproved => "審査中（1人目承認済み）",
            Self::Approved => "承認",
            Self::Returned => "差戻し",
            Self::Rejected => "却下",
            Self::Withdrawn => "取下げ",
            Self::Completed => "完了",
        }
    }

    /// Whether the content may be changed.
    #[must_use]
    pub const fn is_editable(self) -> bool {
        matches!(self, Self::Draft | Self::Returned)
    }

    /// Whether the institution may take it back.
    #[must_use]
    pub const fn may_withdraw(self) -> bool {
        matches!(self, Self::Draft | Self::Submitted | Self::Checking | Self::FirstApproved | Self::Returned)
    }

    /// Whether it was handed in and nothing final has happened: such an application stands in the way of another.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Submitted | Self::Checking | Self::FirstApproved | Self::Returned | Self::Approved
        )
    }
}
