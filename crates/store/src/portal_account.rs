//! Accounts of the portal, and which of them stands for its institution.

use eligibility::{
    Instant,
    account::{MailAddress, PortalRole},
    institution::InstitutionCode,
};
use serde::{Deserialize, Serialize};

use crate::{
    Audience, Error, Result, SignInRecord, Store, TokenHash,
    audit::{AuditEvent, Chains},
    engine::{Tx, bind},
    job::{Read, Write},
    mail_link, sign_in,
};

/// The purpose of a link that confirms a registration.
pub const REGISTRATION_LINK: &str = "portal-registration";

/// A registration that waits for its mail to be opened: the payload of the link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingRegistration {
    /// 医療機関コード.
    pub institution_code: InstitutionCode,
    /// 医療機関等名称.
    pub institution_name: String,
    /// 担当者氏名.
    pub name: String,
    /// 電話番号.
    pub phone: String,
    /// メールアドレス.
    pub mail: MailAddress,
    /// Argon2id of the password.
    pub password_hash: String,
}

/// An account of the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalAccount {
    /// For whom it acts.
    pub institution_code: InstitutionCode,
    /// The account's id.
    pub subject: String,
    /// Its role.
    pub role: PortalRole,
    /// Its mail address, which is its name at sign-in.
    pub mail: MailAddress,
    /// The person's name.
    pub name: String,
    /// The person's department, where one was given.
    pub department: Option<String>,
    /// The person's telephone number.
    pub phone: String,
    /// The address that it is to have once that is confirmed, and until when it may be.
    pub wanted_mail: Option<(MailAddress, Instant)>,
    /// Since when it is there.
    pub created_at: Instant,
}

/// What became of a confirmation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// The account is there.
    Done(Box<PortalAccount>),
    /// The link is unknown, spent or over.
    LinkOver,
    /// The institution has an account already.
    InstitutionTaken,
    /// The mail address has an account already.
    MailTaken,
}

const PUT: &str = "INSERT INTO portal_account (institution_code, subject, role, mail, name, phone, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
const FOUND: &str = "INSERT INTO portal_facility (institution_code, institution_name, subject, registered_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (institution_code) DO NOTHING";
const UNFOUND: &str = "DELETE FROM portal_facility WHERE institution_code = $1 AND subject = $2";
const FIND: &str = "SELECT role, mail, name, phone, created_at, department, wanted_mail, wanted_until FROM portal_account \
     WHERE institution_code = $1 AND subject = $2";
const NAME: &str = "SELECT institution_name FROM portal_facility WHERE institution_code = $1";

struct Confirm {
    token: TokenHash,
    subject: String,
    now: Instant,
}

impl Write for Confirm {
    type Output = Confirmed;

    fn key(&self) -> &str {
        &self.subject
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Confirmed> {
        let Some(payload) = mail_link::take(tx, &self.token, REGISTRATION_LINK, self.now).await? else {
            return Ok(Confirmed::LinkOver);
        };
        let new: PendingRegistration =
            serde_json::from_str(&payload).map_err(|_| Error::Malformed { what: "registration" })?;
        let (code, subject, now) = (new.institution_code.as_str(), self.subject.as_str(), self.now);
        if tx.execute(FOUND, bind![code, &new.institution_name, subject, now.0]).await? == 0 {
            return Ok(Confirmed::InstitutionTaken);
        }
        let record = SignInRecord {
            subject: self.subject.clone(),
            institution_code: Some(new.institution_code.clone()),
            role: PortalRole::Representative.name().to_owned(),
            name: new.name.clone(),
            password_hash: new.password_hash.clone(),
            closed: false,
        };
        if !sign_in::put(tx, Audience::Portal, &new.mail.key(), &record, now).await? {
            tx.execute(UNFOUND, bind![code, subject]).await?;
            return Ok(Confirmed::MailTaken);
        }
        let account = PortalAccount {
            institution_code: new.institution_code.clone(),
            subject: self.subject.clone(),
            role: PortalRole::Representative,
            mail: new.mail,
            name: new.name,
            department: None,
            phone: new.phone,
            wanted_mail: None,
            created_at: now,
        };
        let mail = account.mail.as_str();
        let row = bind![code, subject, account.role.name(), mail, &account.name, &account.phone, now.0];
        tx.execute(PUT, row).await?;
        let event = AuditEvent {
            actor: format!("portal:{subject}"),
            action: "account.register".to_owned(),
            object: format!("account:{subject}"),
            outcome: "done".to_owned(),
            detail: String::new(),
        };
        chains.append(tx, code, now, &event).await?;
        Ok(Confirmed::Done(Box::new(account)))
    }
}

/// One account of an institution, within a transaction.
pub(crate) async fn find(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    subject: &str,
) -> Result<Option<PortalAccount>> {
    let address = |text: &str| MailAddress::parse(text).map_err(|_| Error::Malformed { what: "mail" });
    tx.query_one(FIND, bind![institution.as_str(), subject], |row| {
        let wanted = row.text_or_null(6, "wanted_mail")?.map(address).transpose()?;
        Ok(PortalAccount {
            institution_code: institution.clone(),
            subject: subject.to_owned(),
            role: PortalRole::from_name(row.text(0, "role")?).ok_or(Error::Malformed { what: "role" })?,
            mail: address(row.text(1, "mail")?)?,
            name: row.text(2, "name")?.to_owned(),
            department: row.text_or_null(5, "department")?.map(str::to_owned),
            phone: row.text(3, "phone")?.to_owned(),
            wanted_mail: wanted.zip(row.int_or_null(7, "wanted_until")?.map(Instant)),
            created_at: Instant(row.int(4, "created_at")?),
        })
    })
    .await
}

struct Find {
    institution: InstitutionCode,
    subject: String,
}

impl Read for Find {
    type Output = Option<PortalAccount>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        find(tx, &self.institution, &self.subject).await
    }
}

struct Name(InstitutionCode);

impl Read for Name {
    type Output = Option<String>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(NAME, bind![self.0.as_str()], |row| Ok(row.text(0, "institution_name")?.to_owned()))
            .await
    }
}

impl Store {
    /// Spends the link of a registration and makes the account `subject`, audited.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn confirm_registration(
        &self,
        token: TokenHash,
        subject: String,
        now: Instant,
    ) -> Result<Confirmed> {
        self.write(Confirm { token, subject, now }).await
    }

    /// One account of an institution on the portal.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn portal_account(
        &self,
        institution: &InstitutionCode,
        subject: &str,
    ) -> Result<Option<PortalAccount>> {
        self.read(Find { institution: institution.clone(), subject: subject.to_owned() }).await
    }

    /// The name that an institution registered under on the portal; `None` when it has no account there.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn registered_institution(&self, institution: &InstitutionCode) -> Result<Option<String>> {
        self.read(Name(institution.clone())).await
    }
}
