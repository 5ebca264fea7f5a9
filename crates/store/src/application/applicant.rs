//! Who applies: an account of the portal with the mail address that four eyes are told apart by.

use eligibility::{account::MailAddress, institution::InstitutionCode};

use crate::{
    Error, Result, Store,
    engine::{Tx, bind},
    job::Read,
};

const MAIL: &str = "SELECT mail FROM portal_account WHERE institution_code = $1 AND subject = $2";

struct MailOf {
    institution: InstitutionCode,
    subject: String,
}

impl Read for MailOf {
    type Output = Option<MailAddress>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let values = bind![self.institution.as_str(), &self.subject];
        tx.query_one(MAIL, values, |found| {
            MailAddress::parse(found.text(0, "mail")?).map_err(|_| Error::Malformed { what: "mail" })
        })
        .await
    }
}

impl Store {
    /// The mail address of an account of the portal; `None` when the institution has no such account.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn applicant_mail(
        &self,
        institution: &InstitutionCode,
        subject: &str,
    ) -> Result<Option<MailAddress>> {
        self.read(MailOf { institution: institution.clone(), subject: subject.to_owned() }).await
    }
}
