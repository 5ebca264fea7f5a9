//! Whether a terminal may ask: looked at when a request comes, and once more when its body has arrived.

use std::sync::Arc;

use eligibility::errors::ErrorCode;

use super::refusal::Refusal;
use super::router::Operation;
use super::standing::Standings;
use crate::clock::Clock;
use crate::line_auth::LinePass;
use crate::listener::terminals::{Standing, TerminalSlot};

/// What says whether one terminal may ask. It travels with the request, because a body may take a minute to come
/// and its sender may be revoked meanwhile.
#[derive(Clone)]
pub(crate) struct Admission {
    pub(crate) terminal: Arc<TerminalSlot>,
    pub(crate) standings: Arc<Standings>,
    pub(crate) clock: Clock,
    /// Where requests must come from an authenticated line.
    pub(crate) line: Option<LinePass>,
    /// What it asks for.
    pub(crate) asks: Asks,
}

/// What a certificate must be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// オンライン資格確認: one that is for billing alone is not enough.
    Eligibility,
    /// Care for the certificate itself: any that is in use.
    CertificateCare,
    /// How the certificate stands: that is told whatever the answer is.
    Standing,
}

impl Asks {
    /// What a route of the terminal API asks for.
    pub(crate) const fn of(operation: Operation) -> Self {
        match operation {
            Operation::CertificateStanding => Self::Standing,
            Operation::RenewCertificate => Self::CertificateCare,
            _ => Self::Eligibility,
        }
    }
}

impl Admission {
    /// Whether it may ask at all, now.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.standings.is_stale() {
            return Err(ErrorCode::CentralUnreachable.into());
        }
        if self.asks != Asks::Standing {
            self.check_certificate()?;
        }
        if self.asks == Asks::Eligibility && !self.terminal.serves_eligibility() {
            return Err(ErrorCode::InstitutionCertificateForBilling.into());
        }
        match &self.line {
            Some(line) => line.check().map_err(Refusal::line),
            None => Ok(()),
        }
    }

    /// Whether it may ask; that its certificate is in use is on disk then.
    pub(crate) async fn let_in(&self) -> Result<(), Refusal> {
        self.check()?;
        let noted = self.standings.note_first_use(&self.terminal, self.clock.now()).await;
        noted.map_err(|error| Refusal::write_failed(&error))?;
        self.check()
    }

    fn check_certificate(&self) -> Result<(), Refusal> {
        match self.terminal.standing() {
            Standing::Revoked => return Err(ErrorCode::InstitutionCertificateRevoked.into()),
            Standing::Unknown => return Err(ErrorCode::InstitutionCertificateUnknown.into()),
            Standing::Registered => {}
        }
        if self.clock.now() > self.terminal.identity.not_after {
            return Err(ErrorCode::InstitutionCertificateExpired.into());
        }
        if self.terminal.is_superseded(self.clock.now()) {
            return Err(ErrorCode::InstitutionCertificateSuperseded.into());
        }
        Ok(())
    }
}
