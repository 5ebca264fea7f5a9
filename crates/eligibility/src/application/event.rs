//! What happens to an application, and why it may not.

use super::{ApplicationState, Finding};

/// The longest reason of a return or a rejection, in characters.
pub const REASON_MAX_CHARS: usize = 400;

/// What happens to an application. A revision is the content a person had before their eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The institution hands it in.
    Submit {
        /// The revision the form was opened on: a repeated submission names an old one, and has no effect.
        revision: u32,
    },
    /// The institution takes it back.
    Withdraw,
    /// The automatic checks ran.
    Checked {
        /// The revision they read.
        revision: u32,
        /// What they found.
        findings: Vec<Finding>,
    },
    /// A person of the operator agrees (the system, where nobody is needed).
    Approve {
        /// The revision that was read.
        revision: u32,
    },
    /// Sent back to be corrected.
    Return {
        /// The revision that was read.
        revision: u32,
        /// What to correct, shown to the institution.
        reason: String,
    },
    /// Refused for good.
    Reject {
        /// The revision that was read.
        revision: u32,
        /// Why, shown to the institution.
        reason: String,
    },
    /// Ended after the approval, because it cannot be carried out.
    Cancel {
        /// The revision that was read.
        revision: u32,
        /// Why, shown to the institution.
        reason: String,
    },
    /// What was asked for is done.
    Complete,
}

/// Why an event cannot happen. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It has happened already: a repeated request, answered with how things stand.
    #[error("already done")]
    AlreadyDone,
    /// Not in this state.
    #[error("not possible in state {0:?}")]
    NotInThisState(ApplicationState),
    /// The institution is another one. Outside this is "no such application".
    #[error("of another institution")]
    OtherInstitution,
    /// The role may not do it.
    #[error("not allowed for this role")]
    NotAllowed,
    /// Nobody decides about an application of their own.
    #[error("the applicant cannot decide")]
    OwnApplication,
    /// The second approval must come from another person.
    #[error("the second approval needs another person")]
    SamePersonTwice,
    /// The content has changed since it was read.
    #[error("the content has changed since it was read")]
    Changed,
    /// The automatic checks find something now that was not shown to who approves.
    #[error("the automatic checks find something that was not shown")]
    ChecksChanged,
    /// The automatic checks found something that forbids approval.
    #[error("the automatic checks forbid approval")]
    BlockingFinding,
    /// A return or rejection needs a reason of at most [`REASON_MAX_CHARS`].
    #[error("a reason of 1 to {REASON_MAX_CHARS} characters is needed")]
    Reason,
}

impl Event {
    /// The name in records.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Submit { .. } => "submit",
            Self::Withdraw => "withdraw",
            Self::Checked { .. } => "checked",
            Self::Approve { .. } => "approve",
            Self::Return { .. } => "return",
            Self::Reject { .. } => "reject",
            Self::Cancel { .. } => "cancel",
            Self::Complete => "complete",
        }
    }

    pub(super) const fn revision(&self) -> Option<u32> {
        match self {
            Self::Submit { revision }
            | Self::Checked { revision, .. }
            | Self::Approve { revision }
            | Self::Return { revision, .. }
            | Self::Reject { revision, .. }
            | Self::Cancel { revision, .. } => Some(*revision),
            Self::Withdraw | Self::Complete => None,
        }
    }

    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Return { reason, .. } | Self::Reject { reason, .. } | Self::Cancel { reason, .. } => {
                Some(reason.trim())
            }
            _ => None,
        }
    }
}

impl Refused {
    /// What to say, in Japanese.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::AlreadyDone => "この操作は済んでいます。".to_owned(),
            Self::NotInThisState(state) => {
                format!("現在の状態（{}）では、この操作はできません。", state.label())
            }
            Self::OtherInstitution => "申請が見つかりません。".to_owned(),
            Self::NotAllowed => "この操作を行う権限がありません。".to_owned(),
            Self::OwnApplication => "ご自身が申請したものは審査できません。".to_owned(),
            Self::SamePersonTwice => {
                "1人目として承認済みです。2人目の承認は別の担当者が行ってください。".to_owned()
            }
            Self::Changed => "画面を開いた後に内容が変わりました。もう一度確認してください。".to_owned(),
            Self::ChecksChanged => {
                "画面を開いた後に、自動チェックの結果が変わりました。今の結果を確認して、もう一度判断してください。".to_owned()
            }
            Self::BlockingFinding => {
                "自動チェックで承認できない点が見つかっています。差戻しまたは却下してください。".to_owned()
            }
            Self::Reason => format!("理由を{REASON_MAX_CHARS}文字以内で入力してください。"),
        }
    }
}
