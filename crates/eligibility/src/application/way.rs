//! The way of an application: which event leads where, and who may cause it.

use serde::{Deserialize, Serialize};

use super::{
    Actor, ApplicationKind, ApplicationState, Event, Finding, FindingSeverity, HistoryEntry,
    REASON_MAX_CHARS, Refused, Side,
};
use crate::{Instant, account::OperatorAction, institution::InstitutionCode};

/// An application without its content: who asks for what kind of thing, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// What is applied for.
    pub kind: ApplicationKind,
    /// The institution that applies.
    pub institution: InstitutionCode,
    /// Where it stands.
    pub state: ApplicationState,
    /// How often it was handed in; counts the versions of the content. 0 for a draft.
    pub revision: u32,
    /// Everybody who wrote or handed in a version.
    pub applicants: Vec<Actor>,
    /// Who approved this revision.
    pub approvers: Vec<Actor>,
    /// What the automatic checks found in this revision.
    pub findings: Vec<Finding>,
    /// What happened, oldest first.
    pub history: Vec<HistoryEntry>,
}

impl Application {
    /// A new draft.
    ///
    /// # Errors
    /// [`Refused::NotAllowed`] unless the actor applies for an institution.
    pub fn draft(kind: ApplicationKind, by: &Actor) -> Result<Self, Refused> {
        let Side::Applicant { institution, .. } = &by.side else {
            return Err(Refused::NotAllowed);
        };
        Ok(Self {
            kind,
            institution: institution.clone(),
            state: ApplicationState::Draft,
            revision: 0,
            applicants: vec![by.clone()],
            approvers: Vec::new(),
            findings: Vec::new(),
            history: Vec::new(),
        })
    }

    /// Notes who changes a draft (or a returned application); they can never approve it.
    ///
    /// # Errors
    /// [`Refused`] when the actor may not, or it is handed in already.
    pub fn edited(mut self, by: &Actor) -> Result<Self, Refused> {
        self.permit_applicant(by)?;
        if !self.state.is_editable() {
            return Err(Refused::NotInThisState(self.state));
        }
        self.add_applicant(by);
        Ok(self)
    }

    /// The application after the event.
    ///
    /// # Errors
    /// [`Refused`] says why nothing changes.
    pub fn apply(&self, event: &Event, by: &Actor, at: Instant) -> Result<Self, Refused> {
        self.permit(event, by)?;
        if self.repeats(event, by) {
            return Err(Refused::AlreadyDone);
        }
        if event.revision().is_some_and(|read| read != self.revision) {
            return Err(Refused::Changed);
        }
        let to = self.next_state(event)?;
        self.permit_decision(event, by)?;
        let mut next = self.clone();
        next.state = to;
        match event {
            Event::Submit { .. } => {
                next.revision = self.revision.saturating_add(1);
                next.approvers.clear();
                next.findings.clear();
                next.add_applicant(by);
            }
            Event::Checked { findings, .. } => {
                next.findings.clone_from(findings);
                if to == ApplicationState::Checking {
                    next.approvers.clear();
                }
            }
            Event::Approve { .. } => next.approvers.push(by.clone()),
            Event::Withdraw
            | Event::Return { .. }
            | Event::Reject { .. }
            | Event::Cancel { .. }
            | Event::Complete => {}
        }
        next.history.push(HistoryEntry {
            at,
            by: by.clone(),
            event: event.name().to_owned(),
            from: self.state,
            to,
            revision: next.revision,
            reason: event.reason().map(str::to_owned),
        });
        Ok(next)
    }

    /// Whether the automatic checks forbid approval.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        has_blocking(&self.findings)
    }

    /// Whether everything that the checks find was before the eyes of who approves: nobody agrees to a warning unseen.
    ///
    /// # Errors
    /// [`Refused::ChecksChanged`] when something was found since.
    pub fn checks_were_shown(&self, shown: &[Finding]) -> Result<(), Refused> {
        let seen = self.findings.iter().all(|finding| shown.contains(finding));
        if seen { Ok(()) } else { Err(Refused::ChecksChanged) }
    }

    /// Whether the event is one that has happened, sent again.
    fn repeats(&self, event: &Event, by: &Actor) -> bool {
        use ApplicationState as S;
        let approved_by = || self.approvers.iter().any(|approver| approver == by);
        match event {
            Event::Submit { revision } => *revision < self.revision,
            Event::Withdraw => self.state == S::Withdrawn,
            Event::Complete => self.state == S::Completed,
            Event::Approve { .. } => matches!(self.state, S::Approved | S::Completed) && approved_by(),
            Event::Return { .. } => self.state == S::Returned,
            Event::Reject { .. } | Event::Cancel { .. } => self.state == S::Rejected,
            Event::Checked { .. } => false,
        }
    }

    fn next_state(&self, event: &Event) -> Result<ApplicationState, Refused> {
        use ApplicationState as S;
        match (event, self.state) {
            (Event::Submit { .. }, S::Draft | S::Returned) => Ok(S::Submitted),
            (Event::Withdraw, state) if state.may_withdraw() => Ok(S::Withdrawn),
            (Event::Checked { findings, .. }, S::FirstApproved) if !has_blocking(findings) => {
                Ok(S::FirstApproved)
            }
            (Event::Checked { .. }, S::Submitted | S::Checking | S::FirstApproved) => Ok(S::Checking),
            (Event::Approve { .. }, S::Checking | S::FirstApproved) => {
                let approvals = u8::try_from(self.approvers.len()).unwrap_or(u8::MAX).saturating_add(1);
                Ok(if approvals >= self.kind.approvals_needed() { S::Approved } else { S::FirstApproved })
            }
            (Event::Return { .. }, S::Checking | S::FirstApproved) => Ok(S::Returned),
            (Event::Reject { .. }, S::Checking | S::FirstApproved) => Ok(S::Rejected),
            (Event::Cancel { .. }, S::Approved) => Ok(S::Rejected),
            (Event::Complete, S::Approved) => Ok(S::Completed),
            _ => Err(Refused::NotInThisState(self.state)),
        }
    }

    /// Whether somebody on this side and in this role may cause the event at all.
    fn permit(&self, event: &Event, by: &Actor) -> Result<(), Refused> {
        match event {
            Event::Submit { .. } | Event::Withdraw => self.permit_applicant(by),
            Event::Checked { .. } | Event::Complete => match by.side {
                Side::System => Ok(()),
                _ => Err(Refused::NotAllowed),
            },
            Event::Cancel { .. } => match &by.side {
                Side::Operator(role) if role.may(OperatorAction::Decide) => Ok(()),
                _ => Err(Refused::NotAllowed),
            },
            Event::Approve { .. } | Event::Return { .. } | Event::Reject { .. } => match &by.side {
                Side::Operator(role) if role.may(OperatorAction::Decide) => Ok(()),
                Side::System if self.kind.approvals_needed() == 0 => Ok(()),
                _ => Err(Refused::NotAllowed),
            },
        }
    }

    fn permit_applicant(&self, by: &Actor) -> Result<(), Refused> {
        match &by.side {
            Side::Applicant { institution, .. } if *institution != self.institution => {
                Err(Refused::OtherInstitution)
            }
            Side::Applicant { .. } => Ok(()),
            Side::Operator(_) | Side::System => Err(Refused::NotAllowed),
        }
    }

    /// What a decision needs besides the role: other eyes, findings that allow it, a reason.
    fn permit_decision(&self, event: &Event, by: &Actor) -> Result<(), Refused> {
        let decides = matches!(
            event,
            Event::Approve { .. } | Event::Return { .. } | Event::Reject { .. } | Event::Cancel { .. }
        );
        if decides && self.applicants.iter().any(|applicant| applicant.is_same_person(by)) {
            return Err(Refused::OwnApplication);
        }
        if event.reason().is_some_and(|reason| !(1..=REASON_MAX_CHARS).contains(&reason.chars().count())) {
            return Err(Refused::Reason);
        }
        if !matches!(event, Event::Approve { .. }) {
            return Ok(());
        }
        if self.approvers.iter().any(|approver| approver.is_same_person(by)) {
            return Err(Refused::SamePersonTwice);
        }
        if self.is_blocked() { Err(Refused::BlockingFinding) } else { Ok(()) }
    }

    fn add_applicant(&mut self, by: &Actor) {
        if !self.applicants.contains(by) {
            self.applicants.push(by.clone());
        }
    }
}

fn has_blocking(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == FindingSeverity::Blocking)
}
