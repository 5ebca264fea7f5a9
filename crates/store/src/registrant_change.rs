//! 登録情報の変更: the contact at once, the mail address once the link that went to the new one is opened.

use eligibility::{
    Instant,
    account::{MailAddress, RegistrantContact},
    institution::InstitutionCode,
};
use serde::{Deserialize, Serialize};

use crate::{
    Act, Audience, Error, FormId, MailText, NewMail, NewMailLink, PortalAccount, Result, Store, TokenHash,
    audit::Chains,
    engine::{Tx, bind},
    form_handed_in,
    job::Write,
    mail_link, mail_outbox, portal_account, web_session,
};

/// The purpose of a link that confirms a new mail address.
pub const MAIL_CHANGE_LINK: &str = "portal-mail-change";

/// Another contact of an account.
pub struct ContactChange {
    /// Whose institution.
    pub institution: InstitutionCode,
    /// The account.
    pub subject: String,
    /// The contact from now on.
    pub contact: RegistrantContact,
    /// Tells the account's holder.
    pub mail: NewMail,
    /// Who acts.
    pub act: Act,
}

/// Another mail address that somebody wants for an account.
pub struct MailWanted {
    /// The form it was typed into: two clicks mail one link.
    pub form: FormId,
    /// Whose institution.
    pub institution: InstitutionCode,
    /// The account.
    pub subject: String,
    /// The address; what is said of it is the same whether or not somebody else has it.
    pub mail: MailAddress,
    /// The link that confirms it; `None` when somebody else has the address.
    pub link: Option<TokenHash>,
    /// Until when it may be confirmed.
    pub until: Instant,
    /// To the new address the link, or that it is taken; to the present one that somebody asked. `None` when too many
    /// went to the new address already: what the page shows is the same.
    pub mails: Option<[NewMail; 2]>,
    /// Who acts.
    pub act: Act,
}

/// What a link stands for: its payload.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PendingMail {
    institution_code: InstitutionCode,
    subject: String,
    mail: MailAddress,
}

/// What became of a link that confirms a mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailChanged {
    /// It is the account's address, and every session of the account is over.
    Done,
    /// The link is unknown, spent or over, or another address was asked for since.
    LinkOver,
    /// Another account has the address.
    MailTaken,
}

const CONTACT: &str = "UPDATE portal_account SET name = $1, department = $2, phone = $3 \
     WHERE institution_code = $4 AND subject = $5";
const SHOWN_NAME: &str = "UPDATE sign_in SET name = $1 \
     WHERE login_key = $2 AND audience = $3 AND subject = $4 AND closed_at IS NULL";
const SHOWN_IN_SESSIONS: &str = "UPDATE web_session SET name = $1 WHERE subject = $2";
const OPEN: &str = "SELECT 1 FROM sign_in \
     WHERE login_key = $1 AND audience = $2 AND subject = $3 AND closed_at IS NULL";
const WANT: &str = "UPDATE portal_account SET wanted_mail = $1, wanted_until = $2 \
     WHERE institution_code = $3 AND subject = $4";
const DROP: &str = "UPDATE portal_account SET wanted_mail = NULL, wanted_until = NULL \
     WHERE institution_code = $1 AND subject = $2 AND wanted_mail IS NOT NULL";
const NEW_MAIL: &str = "UPDATE portal_account SET mail = $1, wanted_mail = NULL, wanted_until = NULL \
     WHERE institution_code = $2 AND subject = $3";
/// Keeps the row that is signed in with as it is until the end: whoever stops the account or sets its password meanwhile
/// comes before, and is seen, or after, and finds no such row.
const HOLD: &str = "UPDATE sign_in SET closed_at = closed_at \
     WHERE login_key = $1 AND audience = $2 AND subject = $3 AND closed_at IS NULL";
/// A name is what its row is found by: it goes to another row, with everything that is signed in with.
const NEW_NAME: &str = "INSERT INTO sign_in \
     (login_key, audience, subject, institution_code, role, name, password_hash, password_changed_at) \
     SELECT CAST($1 AS TEXT), audience, subject, institution_code, role, name, password_hash, password_changed_at \
     FROM sign_in WHERE login_key = $2 AND audience = $3 AND subject = $4 AND closed_at IS NULL \
     ON CONFLICT (login_key, audience) DO NOTHING";
const OLD_NAME: &str = "DELETE FROM sign_in WHERE login_key = $1 AND audience = $2 AND subject = $3";

/// Takes back the wish for another address, if there is one: a password that was set by mail is a sign that somebody else
/// may have had the account.
pub(crate) async fn forget_wish(tx: &Tx<'_>, institution: &str, subject: &str) -> Result<()> {
    tx.execute(DROP, bind![institution, subject]).await?;
    Ok(())
}

/// The account, as long as somebody may sign in with it.
async fn open(tx: &Tx<'_>, institution: &InstitutionCode, subject: &str) -> Result<Option<PortalAccount>> {
    let Some(account) = portal_account::find(tx, institution, subject).await? else { return Ok(None) };
    let key = account.mail.key();
    let row = bind![&key, Audience::Portal.name(), subject];
    Ok(tx.query_one(OPEN, row, |_| Ok(())).await?.map(|()| account))
}

impl Write for ContactChange {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let (code, subject, to) = (self.institution.as_str(), self.subject.as_str(), &self.contact);
        let Some(account) = open(tx, &self.institution, subject).await? else { return Ok(false) };
        let PortalAccount { name, department, phone, .. } = account;
        let changed = to.changes_since(&RegistrantContact { name, department, phone });
        if changed.is_empty() {
            return Ok(true);
        }
        tx.execute(CONTACT, bind![&to.name, to.department.as_deref(), &to.phone, code, subject]).await?;
        let key = account.mail.key();
        tx.execute(SHOWN_NAME, bind![&to.name, &key, Audience::Portal.name(), subject]).await?;
        tx.execute(SHOWN_IN_SESSIONS, bind![&to.name, subject]).await?;
        mail_outbox::put(tx, &self.mail, self.act.now).await?;
        let mut event = self.act.event("account.contact", subject);
        event.detail = format!("fields={}", changed.join(","));
        chains.append(tx, code, self.act.now, &event).await?;
        Ok(true)
    }
}

impl Write for MailWanted {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let (code, subject, now) = (self.institution.as_str(), self.subject.as_str(), self.act.now);
        if open(tx, &self.institution, subject).await?.is_none() {
            return Ok(false);
        }
        if form_handed_in::take(tx, &self.form, now).await?.is_some() {
            return Ok(true);
        }
        // Where no mail goes out, no link does: an earlier one for the same address still confirms it.
        if let Some(token) = self.link.filter(|_| self.mails.is_some()) {
            let pending = PendingMail {
                institution_code: self.institution.clone(),
                subject: self.subject.clone(),
                mail: self.mail.clone(),
            };
            let payload =
                serde_json::to_string(&pending).map_err(|_| Error::Malformed { what: "mail change" })?;
            let (purpose, ends_at) = (MAIL_CHANGE_LINK.to_owned(), self.until);
            let link = NewMailLink { token, purpose, payload, ends_at };
            mail_link::put(tx, &link).await?;
        }
        // Noted for an address that is taken, too: the page says the same, and no link will ever confirm it.
        tx.execute(WANT, bind![self.mail.as_str(), self.until.0, code, subject]).await?;
        for mail in self.mails.iter().flatten() {
            mail_outbox::put(tx, mail, now).await?;
        }
        form_handed_in::settle(tx, &self.form, "mailed").await?;
        chains.append(tx, code, now, &self.act.event("account.mail-ask", subject)).await?;
        Ok(true)
    }
}

struct TakeBack {
    institution: InstitutionCode,
    subject: String,
    act: Act,
}

impl Write for TakeBack {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let (code, subject) = (self.institution.as_str(), self.subject.as_str());
        if tx.execute(DROP, bind![code, subject]).await? == 0 {
            return Ok(false);
        }
        chains.append(tx, code, self.act.now, &self.act.event("account.mail-drop", subject)).await?;
        Ok(true)
    }
}

/// Whoever opens the link of the new address makes it the account's.
struct Confirm {
    token: TokenHash,
    /// Where it is signed in, for the mails.
    origin: String,
    now: Instant,
}

impl Write for Confirm {
    type Output = MailChanged;

    fn key(&self) -> &'static str {
        MAIL_CHANGE_LINK
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<MailChanged> {
        // Spent first: of two at once one finds it gone.
        let Some(payload) = mail_link::take(tx, &self.token, MAIL_CHANGE_LINK, self.now).await? else {
            return Ok(MailChanged::LinkOver);
        };
        let pending: PendingMail =
            serde_json::from_str(&payload).map_err(|_| Error::Malformed { what: "mail change" })?;
        let PendingMail { institution_code, subject, mail } = &pending;
        let Some(account) = open(tx, institution_code, subject).await? else {
            return Ok(MailChanged::LinkOver);
        };
        // The last wish counts; one that was taken back has no link any more.
        if account.wanted_mail.as_ref().is_none_or(|(wanted, _)| wanted.as_str() != mail.as_str()) {
            return Ok(MailChanged::LinkOver);
        }
        let (old, new, site) = (account.mail.key(), mail.key(), Audience::Portal.name());
        if tx.hold(HOLD, bind![&old, site, subject]).await? == 0 {
            return Ok(MailChanged::LinkOver);
        }
        if tx.execute(NEW_NAME, bind![&new, &old, site, subject]).await? == 0 {
            return Ok(MailChanged::MailTaken);
        }
        tx.execute(OLD_NAME, bind![&old, site, subject]).await?;
        let code = institution_code.as_str();
        tx.execute(NEW_MAIL, bind![mail.as_str(), code, subject]).await?;
        web_session::end_others(tx, subject, None).await?;
        for (place, recipient) in [("old", &account.mail), ("new", mail)] {
            mail_outbox::put(tx, &self.told(place, recipient), self.now).await?;
        }
        let actor = format!("portal:{subject}");
        let act = Act { chain: code.to_owned(), actor, now: self.now };
        chains.append(tx, code, self.now, &act.event("account.mail", subject)).await?;
        Ok(MailChanged::Done)
    }
}

impl Confirm {
    /// One link, one mail to each address, however often the transaction is tried.
    fn told(&self, place: &str, recipient: &MailAddress) -> NewMail {
        NewMail {
            mail_id: format!("mail-change:{}:{place}", hex::encode(self.token)),
            recipient: recipient.as_str().to_owned(),
            subject_line: "【医療機関等向け総合ポータルサイト】メールアドレスが変更されました".to_owned(),
            text: MailText::Open(format!(
                "登録されたメールアドレスが変更されました。これからは新しいメールアドレスでログインしてください。\n\
                 すべての端末でのログインは終了しました。\n\n{}/login\n\n\
                 お心当たりのないときは、すぐに運用窓口にご連絡ください。\n\
                 このメールは送信専用です。\n",
                self.origin
            )),
        }
    }
}

impl Store {
    /// Changes the contact of an account, audited, and tells its holder; nothing happens when nothing differs. `false`
    /// when the account is not there or is closed.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn change_contact(&self, change: ContactChange) -> Result<bool> {
        self.write(change).await
    }

    /// Mails the link that makes another address the account's, and tells the present one, audited. The last wish counts.
    /// `false` when the account is not there or is closed; the same form handed in again mails nothing.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn ask_mail_change(&self, wanted: MailWanted) -> Result<bool> {
        self.write(wanted).await
    }

    /// Takes the wish for another address back, audited: its link is good no more. `false` when there is none.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn drop_mail_change(
        &self,
        institution: &InstitutionCode,
        subject: &str,
        act: Act,
    ) -> Result<bool> {
        self.write(TakeBack { institution: institution.clone(), subject: subject.to_owned(), act }).await
    }

    /// Spends the link of a new address and makes it the account's, audited; both addresses are told, with `origin` as
    /// where it is signed in.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn confirm_mail_change(
        &self,
        token: TokenHash,
        origin: &str,
        now: Instant,
    ) -> Result<MailChanged> {
        self.write(Confirm { token, origin: origin.to_owned(), now }).await
    }
}
