//! Notices of the end of a certificate: each given once, its mail written in the same transaction.

use eligibility::{Date, Instant, institution::InstitutionCode};

use super::{certificate_object, event};
use crate::{
    Error, MailText, NewMail, Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
    mail_outbox,
};

/// A notice that is due.
#[derive(Clone, Debug)]
pub struct NewCertificateNotice {
    /// Whose certificate.
    pub institution_code: InstitutionCode,
    /// Its serial number.
    pub serial: String,
    /// The day it was due.
    pub due_on: Date,
    /// Now.
    pub at: Instant,
    /// A UUIDv7 for the mail.
    pub mail_id: String,
    /// Subject of the mail.
    pub subject_line: String,
    /// Its text.
    pub text: String,
}

const PUT: &str = "INSERT INTO certificate_notice (institution_code, serial, due_on, given_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (institution_code, serial, due_on) DO NOTHING";
const LAST: &str = "SELECT MAX(due_on) FROM certificate_notice WHERE institution_code = $1 AND serial = $2";
/// The representative of the institution on the portal.
const MAIL: &str = "SELECT a.mail FROM portal_facility f JOIN portal_account a \
     ON a.institution_code = f.institution_code AND a.subject = f.subject WHERE f.institution_code = $1";

/// The mail address of the institution's representative, within a transaction.
pub(super) async fn representative(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Option<String>> {
    tx.query_one(MAIL, bind![institution.as_str()], |row| Ok(row.text(0, "mail")?.to_owned())).await
}

struct Give(NewCertificateNotice);

impl Write for Give {
    type Output = bool;

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let new = &self.0;
        let institution = new.institution_code.as_str();
        let due_on = new.due_on.to_string();
        if tx.execute(PUT, bind![institution, &new.serial, &due_on, new.at.0]).await? == 0 {
            return Ok(false);
        }
        if let Some(recipient) = representative(tx, &new.institution_code).await? {
            let (mail_id, subject_line) = (new.mail_id.clone(), new.subject_line.clone());
            let text = MailText::Open(new.text.clone());
            mail_outbox::put(tx, &NewMail { mail_id, recipient, subject_line, text }, new.at).await?;
        }
        let event = event("authority", "certificate.notice", certificate_object(&new.serial), due_on);
        chains.append(tx, institution, new.at, &event).await?;
        Ok(true)
    }
}

struct Last {
    institution: InstitutionCode,
    serial: String,
}

impl Read for Last {
    type Output = Option<Date>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let key = bind![self.institution.as_str(), &self.serial];
        let last = tx.query_one(LAST, key, |row| Ok(row.text_or_null(0, "due_on")?.map(str::to_owned)));
        let read = |text: String| text.parse().map_err(|_| Error::Malformed { what: "due_on" });
        last.await?.flatten().map(read).transpose()
    }
}

impl Store {
    /// Gives a notice: remembers it and puts its mail to the institution's representative into the outbox.
    /// False when it was given before.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn give_certificate_notice(&self, notice: NewCertificateNotice) -> Result<bool> {
        self.write(Give(notice)).await
    }

    /// The day of the newest notice about a certificate.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn last_certificate_notice(
        &self,
        institution: &InstitutionCode,
        serial: &str,
    ) -> Result<Option<Date>> {
        self.read(Last { institution: institution.clone(), serial: serial.to_owned() }).await
    }
}
