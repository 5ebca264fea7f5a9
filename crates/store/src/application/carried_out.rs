//! Carrying out what was approved, where it concerns accounts, lines and the register of institutions: in one commit
//! with the note that it is done. Certificates are the authority's (see [`super::complete`]).

use eligibility::{
    Instant,
    application::{ApplicationContent, ApplicationState, UseApplication},
    calendar::tokyo_date,
    institution::InstitutionCode,
    institution_certificate::RevocationReason,
    line::{CircuitKind, CustomerId},
};

use super::{ApplicationId, Obstacle, StoredApplication, approved, first_account, obstacle, row};
use crate::{
    LineRegistration, NewLine, Result, Store,
    audit::Chains,
    certificate,
    engine::{Tx, bind},
    job::Write,
    line,
};

/// Who acts where nobody of the operator does.
const SYSTEM: &str = "system";

/// Whether an approved application was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CarriedOut {
    /// Yes, and it is complete.
    Done,
    /// Its day is still to come.
    NotYet,
    /// The line cannot be registered as applied for: a person of the operator must look.
    Line(LineRegistration),
    /// It is held until a person of the operator ends it: who applied was stopped, or the institution is out of use.
    Held(Obstacle),
    /// It is not approved (any more), or its kind is carried out elsewhere.
    NotWaiting,
}

const NAME: &str = "SELECT name FROM institution WHERE code = $1";
const PUT_INSTITUTION: &str =
    "INSERT INTO institution (code, name) VALUES ($1, $2) ON CONFLICT (code) DO NOTHING";

struct CarryOut {
    institution: InstitutionCode,
    id: ApplicationId,
    now: Instant,
}

impl Write for CarryOut {
    type Output = CarriedOut;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<CarriedOut> {
        let found = row::find(tx, &self.institution, &self.id).await?;
        let Some(StoredApplication { application, content: Some(content), .. }) = found else {
            return Ok(CarriedOut::NotWaiting);
        };
        if application.state != ApplicationState::Approved {
            return Ok(CarriedOut::NotWaiting);
        }
        let which = (&self.institution, &self.id);
        if let Some(obstacle) = obstacle::holds(tx, which, &application, self.now).await? {
            return Ok(CarriedOut::Held(obstacle));
        }
        let today = tokyo_date(self.now);
        let ready = match &content {
            ApplicationContent::UseStart(wanted) => {
                let line = self.line(tx, chains, wanted.circuit, wanted.customer_id.as_ref()).await?;
                if line == LineRegistration::Done {
                    let made = (SYSTEM, &*format!("application:{}", self.id));
                    first_account::make(tx, chains, &self.institution, made, self.now).await?;
                }
                line
            }
            ApplicationContent::UseChange(UseApplication { circuit, customer_id, .. }) => {
                self.line(tx, chains, *circuit, customer_id.as_ref()).await?
            }
            ApplicationContent::CustomerIdChange(wanted) if wanted.date > today => {
                return Ok(CarriedOut::NotYet);
            }
            ApplicationContent::CustomerIdChange(wanted) => {
                self.line(tx, chains, CircuitKind::IpVpnNtt, Some(&wanted.customer_id)).await?
            }
            ApplicationContent::Succession(wanted) if wanted.date > today => return Ok(CarriedOut::NotYet),
            ApplicationContent::Succession(wanted) => {
                // The page says that the predecessor's certificates are no longer of use: this makes it so.
                let why = (RevocationReason::CessationOfOperation, &*format!("application:{}", self.id));
                certificate::end_all(tx, chains, &wanted.predecessor, why, self.now).await?;
                LineRegistration::Done
            }
            ApplicationContent::CodeChange(wanted) if wanted.date > today => return Ok(CarriedOut::NotYet),
            ApplicationContent::CodeChange(wanted) => {
                self.register_code(tx, &wanted.new_code).await?;
                // A certificate names its institution's code: those of the old one end with it.
                let why = (RevocationReason::AffiliationChanged, &*format!("application:{}", self.id));
                certificate::end_all(tx, chains, &self.institution, why, self.now).await?;
                LineRegistration::Done
            }
            ApplicationContent::CertificateIssue(_)
            | ApplicationContent::CertificateRenewal(_)
            | ApplicationContent::CertificateRevocation(_) => return Ok(CarriedOut::NotWaiting),
        };
        if let Some(obstacle) = Obstacle::of_line(&ready) {
            obstacle::note(tx, (&self.institution, &self.id), obstacle, self.now).await?;
            return Ok(CarriedOut::Line(ready));
        }
        approved::complete(tx, chains, (&self.institution, &self.id), self.now).await?;
        Ok(CarriedOut::Done)
    }
}

impl CarryOut {
    async fn line(
        &self,
        tx: &Tx<'_>,
        chains: &mut Chains,
        circuit: CircuitKind,
        customer_id: Option<&CustomerId>,
    ) -> Result<LineRegistration> {
        let new = NewLine {
            institution_code: self.institution.clone(),
            circuit,
            customer_id: customer_id.cloned(),
            prefixes: None,
            // Who approved it saw the finding that another institution has the お客さまID.
            shared: true,
        };
        line::register(tx, chains, &new, SYSTEM, self.now).await
    }

    /// The new code is in the register under the old one's name.
    async fn register_code(&self, tx: &Tx<'_>, new: &InstitutionCode) -> Result<()> {
        let name = tx
            .query_one(NAME, bind![self.institution.as_str()], |found| Ok(found.text(0, "name")?.to_owned()))
            .await?;
        let Some(name) = name else { return Ok(()) };
        tx.execute(PUT_INSTITUTION, bind![new.as_str(), &name]).await.map(drop)
    }
}

impl Store {
    /// Carries out an approved application about accounts, lines or codes, and notes that it is complete, in one
    /// commit. Certificates are not carried out here.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn carry_out_application(
        &self,
        institution: &InstitutionCode,
        id: &ApplicationId,
        now: Instant,
    ) -> Result<CarriedOut> {
        self.write(CarryOut { institution: institution.clone(), id: id.clone(), now }).await
    }
}
