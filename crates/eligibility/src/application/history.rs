//! What happened to an application: who, when, from where to where.

use serde::{Deserialize, Serialize};

use super::{Actor, ApplicationState, Side};
use crate::Instant;

/// One event that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Instant,
    /// Who caused it.
    pub by: Actor,
    /// An [`super::Event::name`].
    pub event: String,
    /// The state before.
    pub from: ApplicationState,
    /// The state after.
    pub to: ApplicationState,
    /// The revision of the content.
    pub revision: u32,
    /// The reason given with a return or a rejection.
    pub reason: Option<String>,
}

impl HistoryEntry {
    /// The line for the institution; `None` for what is internal (checks, the first of two approvals). Names of
    /// the operator's people stay inside.
    #[must_use]
    pub const fn for_applicant(&self) -> Option<&'static str> {
        match self.to {
            ApplicationState::Submitted if self.revision > 1 => Some("再申請を受け付けました。"),
            ApplicationState::Submitted => Some("申請を受け付けました。"),
            ApplicationState::Checking if matches!(self.from, ApplicationState::Submitted) => {
                Some("審査を始めました。")
            }
            ApplicationState::Approved => Some("承認しました。"),
            ApplicationState::Returned => Some("差し戻しました。"),
            ApplicationState::Rejected => Some("却下しました。"),
            ApplicationState::Withdrawn => Some("取り下げられました。"),
            ApplicationState::Completed => Some("手続きが完了しました。"),
            ApplicationState::Draft | ApplicationState::Checking | ApplicationState::FirstApproved => None,
        }
    }

    /// The line for the operator: who did what.
    #[must_use]
    pub fn for_operator(&self) -> String {
        let who = match &self.by.side {
            // An applicant's account is a UUID, which tells nobody who that is.
            Side::Applicant { .. } => match &self.by.mail {
                Some(mail) => format!("申請者 {mail}"),
                None => format!("申請者 {}", self.by.account),
            },
            Side::Operator(role) => format!("{} {}", role.label(), self.by.account),
            Side::System => "システム".to_owned(),
        };
        let what = match self.event.as_str() {
            "submit" => "申請",
            "withdraw" => "取下げ",
            "checked" => "自動チェック",
            "approve" => "承認",
            "return" => "差戻し",
            "reject" => "却下",
            "cancel" => "承認後の却下",
            "complete" => "完了",
            _ => "操作",
        };
        format!("{who}：{what}（{}→{}）", self.from.label(), self.to.label())
    }
}
