//! How the certificate stands, in the words of a page: what is so, and what to do.

use eligibility::{
    Instant,
    calendar::tokyo_date,
    errors::ErrorCode,
    institution::InstitutionCode,
    institution_certificate::{
        CertificateStanding, CertificateUses, NOTICE_DAILY_DAYS, Notice, NoticeKind, notice_due,
    },
};
use wire::institution_certificate::{CertificateStage, Words};

use super::{Facts, Fault, Known};
use crate::central::CentralError;

/// Clocks further apart than this are said to be wrong, ms.
const SKEW_MAX_MS: i64 = 5 * 60 * 1000;

/// What kind of state it is: one page for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// No certificate is installed.
    None,
    /// Valid.
    Valid,
    /// Valid, and renewal is open (90 days or fewer).
    RenewalOpen,
    /// Valid, seven days or fewer are left.
    LastDays,
    /// Renewed; the old one is still taken.
    Overlap,
    /// The last day is past.
    Expired,
    /// Revoked.
    Revoked,
    /// An older one than the centre takes.
    Superseded,
    /// Another institution's.
    WrongInstitution,
    /// Not issued by this network's authority, or not known there.
    Unknown,
    /// The clock of this machine does not fit.
    ClockWrong,
    /// The line authentication is not connected.
    LineNotConnected,
    /// The centre does not answer.
    CentreUnreachable,
}

impl Situation {
    /// A word for programs that ask.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Valid => "valid",
            Self::RenewalOpen => "renewal_open",
            Self::LastDays => "last_days",
            Self::Overlap => "overlap",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
            Self::WrongInstitution => "wrong_institution",
            Self::Unknown => "unknown",
            Self::ClockWrong => "clock_wrong",
            Self::LineNotConnected => "line_not_connected",
            Self::CentreUnreachable => "centre_unreachable",
        }
    }
}

/// The state with everything a page shows of it.
#[derive(Clone, Debug)]
pub struct CertificateView {
    /// What kind of state it is.
    pub situation: Situation,
    /// What is so.
    pub sentence: String,
    /// What to do; empty when nothing is.
    pub remedy: String,
    /// What the certificate says; `None` when there is none.
    pub facts: Option<Facts>,
    /// What it may be used for, as the centre said.
    pub uses: Option<CertificateUses>,
    /// The institution's name, as the centre said.
    pub institution_name: Option<String>,
    /// Days to the last day.
    pub days_left: Option<i32>,
    /// The notice of these days, if there is one.
    pub notice: Option<Notice>,
    /// Why the last renewal failed, if it did.
    pub renewal_fault: Option<Fault>,
    /// Whether the centre answered when it was asked last; `None` when it was not asked yet.
    pub centre_answers: Option<bool>,
}

impl CertificateView {
    /// Puts together what the certificate says and what the centre said.
    pub(super) fn of(
        facts: Option<Facts>,
        known: Option<Known>,
        institution: &InstitutionCode,
        now: Instant,
        renewal_fault: Option<Fault>,
    ) -> Self {
        let Some(facts) = facts else { return Self::none(renewal_fault) };
        let standing = facts.standing(institution, now);
        let (situation, words) = situation(standing, known.as_ref());
        let today = tokyo_date(now);
        let said = known.as_ref().and_then(|known| known.answer.as_ref().ok());
        let told = matches!(
            situation,
            Situation::RenewalOpen | Situation::LastDays | Situation::Expired | Situation::CentreUnreachable
        );
        let days_left = facts.period.days_left(today);
        // What the centre calls over is not announced as coming.
        let told = told && !(situation == Situation::Expired && days_left >= 0);
        Self {
            situation,
            sentence: words.sentence,
            remedy: words.remedy,
            uses: said.map(|said| said.subject.uses),
            institution_name: said.map(|said| said.subject.institution_name.clone()),
            days_left: Some(days_left),
            notice: notice_due(&facts.period, today, None).filter(|_| told),
            facts: Some(facts),
            renewal_fault,
            centre_answers: known.map(|known| !known.answer.is_err_and(|error| error.is_trouble())),
        }
    }

    fn none(renewal_fault: Option<Fault>) -> Self {
        Self {
            situation: Situation::None,
            sentence: Fault::NothingInstalled.message(),
            remedy: Fault::NothingInstalled.remedy(),
            facts: None,
            uses: None,
            institution_name: None,
            days_left: None,
            notice: None,
            renewal_fault,
            centre_answers: None,
        }
    }

    /// Whether the terminal can work with it now.
    #[must_use]
    pub const fn may_work(&self) -> bool {
        matches!(
            self.situation,
            Situation::Valid | Situation::RenewalOpen | Situation::LastDays | Situation::Overlap
        )
    }

    /// Whether the centre does not take it, whatever its dates say.
    #[must_use]
    pub const fn is_void(&self) -> bool {
        matches!(
            self.situation,
            Situation::Revoked | Situation::Superseded | Situation::WrongInstitution | Situation::Unknown
        )
    }

    /// Whether the centre says that it is over while the days counted here are not: one of the two clocks is wrong, and
    /// no number of days is to be shown.
    #[must_use]
    pub fn days_in_doubt(&self) -> bool {
        self.situation == Situation::Expired && self.days_left.is_some_and(|days| days >= 0)
    }

    /// Whether the daily notice of the last days is on.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        self.notice.is_some_and(|notice| notice.kind != NoticeKind::Before)
    }
}

fn situation(standing: CertificateStanding, known: Option<&Known>) -> (Situation, Words) {
    let own = (of_standing(standing), Words::from(standing));
    if own.0 == Situation::WrongInstitution {
        return own;
    }
    if known.is_some_and(|known| known.skew_ms.is_some_and(|skew| skew.abs() > SKEW_MAX_MS)) {
        return clock_wrong();
    }
    match known.map(|known| &known.answer) {
        None => own,
        Some(Ok(said)) => {
            let stage = of_stage(said.stage);
            // The two agree on a certificate that is good: the days are counted here, today.
            let good = matches!(own.0, Situation::Valid | Situation::RenewalOpen | Situation::LastDays)
                && matches!(stage, Situation::Valid | Situation::RenewalOpen);
            if good { own } else { (stage, said.words.clone()) }
        }
        Some(Err(error)) => of_error(error, own),
    }
}

fn of_error(error: &CentralError, own: (Situation, Words)) -> (Situation, Words) {
    match error {
        _ if own.0 == Situation::Expired => own,
        CentralError::Untimely(_) => clock_wrong(),
        CentralError::Refused(problem) => {
            let situation = match ErrorCode::from_code(&problem.code) {
                Some(ErrorCode::InstitutionCertificateRevoked) => Situation::Revoked,
                Some(ErrorCode::InstitutionCertificateSuperseded) => Situation::Superseded,
                Some(ErrorCode::InstitutionCertificateExpired) => Situation::Expired,
                Some(ErrorCode::InstitutionCertificateUnknown) => Situation::Unknown,
                Some(ErrorCode::LineNotConnected) => Situation::LineNotConnected,
                // Something is refused, and it is not the certificate.
                _ => return own,
            };
            let code = ErrorCode::from_code(&problem.code);
            let remedy = code.map_or(String::new(), |code| code.entry().ja.desk.to_owned());
            (situation, Words { sentence: problem.title.clone(), remedy })
        }
        CentralError::NotAdmitted(_) => (Situation::Unknown, CertificateStanding::Unknown.into()),
        CentralError::Unreachable(_)
        | CentralError::NotUnderstood(_)
        | CentralError::Unproven(_)
        | CentralError::Outdated => {
            let fault = Fault::Unreachable(String::new());
            let words = Words { sentence: fault.message(), remedy: fault.remedy() };
            (Situation::CentreUnreachable, words)
        }
    }
}

fn clock_wrong() -> (Situation, Words) {
    (Situation::ClockWrong, Words { sentence: Fault::Clock.message(), remedy: Fault::Clock.remedy() })
}

const fn of_standing(standing: CertificateStanding) -> Situation {
    match standing {
        CertificateStanding::Valid { .. } => Situation::Valid,
        CertificateStanding::RenewalOpen { days_left } if days_left <= NOTICE_DAILY_DAYS => {
            Situation::LastDays
        }
        CertificateStanding::RenewalOpen { .. } => Situation::RenewalOpen,
        CertificateStanding::Overlap { .. } => Situation::Overlap,
        CertificateStanding::Superseded => Situation::Superseded,
        CertificateStanding::NotYetValid => Situation::ClockWrong,
        CertificateStanding::Expired { .. } => Situation::Expired,
        CertificateStanding::Revoked(_) => Situation::Revoked,
        CertificateStanding::Unknown => Situation::Unknown,
        CertificateStanding::OfAnotherInstitution => Situation::WrongInstitution,
    }
}

const fn of_stage(stage: CertificateStage) -> Situation {
    match stage {
        CertificateStage::Valid => Situation::Valid,
        CertificateStage::RenewalOpen => Situation::RenewalOpen,
        CertificateStage::Overlap => Situation::Overlap,
        CertificateStage::Superseded => Situation::Superseded,
        CertificateStage::NotYetValid => Situation::ClockWrong,
        CertificateStage::Expired => Situation::Expired,
        CertificateStage::Revoked => Situation::Revoked,
        CertificateStage::Unknown => Situation::Unknown,
        CertificateStage::OfAnotherInstitution => Situation::WrongInstitution,
    }
}
