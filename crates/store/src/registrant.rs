//! Whether who registered an institution on the portal is of that institution, and how one who is not is stopped.
//!
//! Anybody with a mail address can register a code that nobody has registered. Until a person of the operator has made
//! sure by another way (the telephone number or the address of the register), the account is not proven.

use eligibility::{
    Instant,
    account::OperatorAction,
    application::{Actor, Side},
    institution::InstitutionCode,
};

use crate::{
    Audience, Error, PortalAccount, Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Row, Tx, bind},
    job::{Read, Write},
    portal_account, sign_in, web_session,
};

/// Registrants one list shows at most.
pub const REGISTRANTS_LIMIT: u32 = 200;

/// How the operator reached the institution: by what the register says, never by what the registrant typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofWay {
    /// By the telephone number of the register.
    Phone,
    /// By post to the address of the register.
    Post,
}

impl ProofWay {
    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Post => "post",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Phone, Self::Post].into_iter().find(|way| way.name() == name)
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Phone => "電話",
            Self::Post => "郵送",
        }
    }
}

/// That somebody made sure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrantProof {
    /// How.
    pub way: ProofWay,
    /// Whom they spoke to, or what came back.
    pub note: String,
    /// The account of the operator.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// That somebody wants the registrant stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopAsked {
    /// Why.
    pub reason: String,
    /// The account of the operator.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// Who registered an institution, and what the operator knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registrant {
    /// The account.
    pub account: PortalAccount,
    /// The institution's name as the registrant typed it.
    pub typed_name: String,
    /// Its name in the register; `None` when the register has no such code.
    pub register_name: Option<String>,
    /// That it is proven.
    pub proof: Option<RegistrantProof>,
    /// That the first of two people wants it stopped.
    pub stop: Option<StopAsked>,
}

/// What became of a wish to stop a registrant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Noted: another person must agree.
    Asked,
    /// Stopped: signed out, and the code is free for a new registration.
    Done,
    /// The same person wanted it before: another one must agree.
    SamePerson,
    /// There is no such registrant (any more), or who acts may not.
    Unknown,
}

const PROVEN: &str = "SELECT f.subject FROM portal_facility f JOIN registrant_proof p \
     ON p.institution_code = f.institution_code AND p.subject = f.subject WHERE f.institution_code = $1";
const SUBJECT: &str = "SELECT subject, institution_name FROM portal_facility WHERE institution_code = $1";
const REGISTER_NAME: &str = "SELECT name FROM institution WHERE code = $1";
const PROOF: &str = "SELECT way, note, proven_by, proven_at FROM registrant_proof \
     WHERE institution_code = $1 AND subject = $2";
const PROVE: &str = "INSERT INTO registrant_proof (institution_code, subject, way, note, proven_by, proven_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (institution_code, subject) DO NOTHING";
const STOP: &str = "SELECT reason, asked_by, asked_at, asked_mail_key FROM registrant_stop \
     WHERE institution_code = $1 AND subject = $2 AND stopped_at IS NULL";
const ASK_STOP: &str = "INSERT INTO registrant_stop (institution_code, subject, reason, asked_by, asked_mail_key, asked_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (institution_code, subject) DO NOTHING";
const STOPPED: &str = "UPDATE registrant_stop SET stopped_by = $1, stopped_at = $2 \
     WHERE institution_code = $3 AND subject = $4 AND stopped_at IS NULL";
const WAS_STOPPED: &str = "SELECT 1 FROM registrant_stop \
     WHERE institution_code = $1 AND subject = $2 AND stopped_at IS NOT NULL";
/// The code is free then.
const FREE: &str = "DELETE FROM portal_facility WHERE institution_code = $1 AND subject = $2";
const UNPROVEN: &str = "SELECT f.institution_code FROM portal_facility f LEFT JOIN registrant_proof p \
     ON p.institution_code = f.institution_code AND p.subject = f.subject \
     WHERE p.subject IS NULL ORDER BY f.registered_at, f.institution_code LIMIT $1";
const TO_STOP: &str = "SELECT f.institution_code FROM portal_facility f JOIN registrant_stop s \
     ON s.institution_code = f.institution_code AND s.subject = f.subject \
     WHERE s.stopped_at IS NULL ORDER BY s.asked_at, f.institution_code LIMIT $1";

/// The account of an institution's registrant, if it is proven.
pub(crate) async fn proven(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Option<String>> {
    tx.query_one(PROVEN, bind![institution.as_str()], |row| Ok(row.text(0, "subject")?.to_owned())).await
}

/// Whether somebody among these was registrant of the institution and was stopped.
pub(crate) async fn any_stopped(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    applicants: &[Actor],
) -> Result<bool> {
    for applicant in applicants {
        let key = bind![institution.as_str(), &applicant.account];
        if tx.query_one(WAS_STOPPED, key, |_| Ok(())).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The institution's name as its registrant typed it.
pub(crate) async fn typed_name(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Option<String>> {
    Ok(registered(tx, institution).await?.map(|(_, name)| name))
}

/// The institution's name in the register.
pub(crate) async fn register_name(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Option<String>> {
    tx.query_one(REGISTER_NAME, bind![institution.as_str()], |row| Ok(row.text(0, "name")?.to_owned())).await
}

async fn registered(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Option<(String, String)>> {
    tx.query_one(SUBJECT, bind![institution.as_str()], |row| {
        Ok((row.text(0, "subject")?.to_owned(), row.text(1, "institution_name")?.to_owned()))
    })
    .await
}

fn proof(row: &Row<'_>) -> Result<RegistrantProof> {
    Ok(RegistrantProof {
        way: ProofWay::from_name(row.text(0, "way")?).ok_or(Error::Malformed { what: "way" })?,
        note: row.text(1, "note")?.to_owned(),
        by: row.text(2, "proven_by")?.to_owned(),
        at: Instant(row.int(3, "proven_at")?),
    })
}

/// The wish, and the mail address of who has it.
async fn stop_asked(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    subject: &str,
) -> Result<Option<(StopAsked, String)>> {
    tx.query_one(STOP, bind![institution.as_str(), subject], |row| {
        let asked = StopAsked {
            reason: row.text(0, "reason")?.to_owned(),
            by: row.text(1, "asked_by")?.to_owned(),
            at: Instant(row.int(2, "asked_at")?),
        };
        Ok((asked, row.text(3, "asked_mail_key")?.to_owned()))
    })
    .await
}

async fn find(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Option<Registrant>> {
    let Some((subject, typed_name)) = registered(tx, institution).await? else { return Ok(None) };
    let account = portal_account::find(tx, institution, &subject).await?;
    let account = account.ok_or(Error::Malformed { what: "portal_facility" })?;
    Ok(Some(Registrant {
        account,
        typed_name,
        register_name: register_name(tx, institution).await?,
        proof: tx.query_one(PROOF, bind![institution.as_str(), &subject], proof).await?,
        stop: stop_asked(tx, institution, &subject).await?.map(|(asked, _)| asked),
    }))
}

/// Who of the operator may act here, as an audit entry names them.
fn reviewer(by: &Actor) -> Option<String> {
    match &by.side {
        Side::Operator(role) if role.may(OperatorAction::Decide) => Some(format!("operator:{}", by.account)),
        _ => None,
    }
}

fn event(actor: String, action: &str, subject: &str, detail: String) -> AuditEvent {
    AuditEvent {
        actor,
        action: action.to_owned(),
        object: format!("account:{subject}"),
        outcome: "done".to_owned(),
        detail,
    }
}

struct Prove {
    institution: InstitutionCode,
    subject: String,
    way: ProofWay,
    note: String,
    by: Actor,
    now: Instant,
}

impl Write for Prove {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let Some(actor) = reviewer(&self.by) else { return Ok(false) };
        let (code, subject) = (self.institution.as_str(), self.subject.as_str());
        // The one the page showed, not one who registered since.
        if registered(tx, &self.institution).await?.is_none_or(|(present, _)| present != subject) {
            return Ok(false);
        }
        let row = bind![code, subject, self.way.name(), &self.note, &self.by.account, self.now.0];
        if tx.execute(PROVE, row).await? == 0 {
            return Ok(false);
        }
        let detail = format!("way={}", self.way.name());
        chains.append(tx, code, self.now, &event(actor, "account.prove", subject, detail)).await?;
        Ok(true)
    }
}

struct Stop {
    institution: InstitutionCode,
    subject: String,
    reason: String,
    by: Actor,
    now: Instant,
}

impl Write for Stop {
    type Output = Stopped;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Stopped> {
        let (Some(actor), Some(mail)) = (reviewer(&self.by), &self.by.mail) else {
            return Ok(Stopped::Unknown);
        };
        let (code, subject) = (self.institution.as_str(), self.subject.as_str());
        if registered(tx, &self.institution).await?.is_none_or(|(present, _)| present != subject) {
            return Ok(Stopped::Unknown);
        }
        let Some((asked, mail_key)) = stop_asked(tx, &self.institution, subject).await? else {
            let mail_key = mail.key();
            let row = bind![code, subject, &self.reason, &self.by.account, &mail_key, self.now.0];
            tx.execute(ASK_STOP, row).await?;
            let wish = event(actor, "account.stop-ask", subject, String::new());
            chains.append(tx, code, self.now, &wish).await?;
            return Ok(Stopped::Asked);
        };
        // One person with two accounts is one pair of eyes, as with applications.
        if asked.by == self.by.account || mail_key == mail.key() {
            return Ok(Stopped::SamePerson);
        }
        tx.execute(STOPPED, bind![&self.by.account, self.now.0, code, subject]).await?;
        self.close(tx).await?;
        let done = event(actor, "account.stop", subject, format!("asked-by=operator:{}", asked.by));
        chains.append(tx, code, self.now, &done).await?;
        Ok(Stopped::Done)
    }
}

impl Stop {
    /// Signs the registrant out for good and frees the code.
    async fn close(&self, tx: &Tx<'_>) -> Result<()> {
        let (code, subject) = (self.institution.as_str(), self.subject.as_str());
        if let Some(account) = portal_account::find(tx, &self.institution, subject).await? {
            sign_in::close(tx, Audience::Portal, &account.mail.key(), self.now).await?;
        }
        web_session::end_others(tx, subject, None).await?;
        tx.execute(FREE, bind![code, subject]).await.map(drop)
    }
}

struct Find(InstitutionCode);

impl Read for Find {
    type Output = Option<Registrant>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        find(tx, &self.0).await
    }
}

/// Those that wait for a person of the operator.
struct Waiting;

impl Read for Waiting {
    type Output = Vec<Registrant>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let mut codes: Vec<InstitutionCode> = Vec::new();
        for sql in [TO_STOP, UNPROVEN] {
            let found = tx
                .query(sql, bind![i64::from(REGISTRANTS_LIMIT)], |row| {
                    InstitutionCode::parse(row.text(0, "institution_code")?)
                        .map_err(|_| Error::Malformed { what: "institution_code" })
                })
                .await?;
            for code in found {
                if !codes.contains(&code) {
                    codes.push(code);
                }
            }
        }
        let mut all = Vec::with_capacity(codes.len());
        for code in codes {
            all.extend(find(tx, &code).await?);
        }
        Ok(all)
    }
}

impl Store {
    /// Who registered an institution on the portal.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn registrant(&self, institution: &InstitutionCode) -> Result<Option<Registrant>> {
        self.read(Find(institution.clone())).await
    }

    /// Registrants that are to be stopped or are not proven, the longest waiting first, at most
    /// [`REGISTRANTS_LIMIT`] of each.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn registrants_waiting(&self) -> Result<Vec<Registrant>> {
        self.read(Waiting).await
    }

    /// Notes that a person of the operator made sure that the registrant is of the institution, audited. `false` when
    /// it was noted before, the registrant is another one now, or who acts may not.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn prove_registrant(
        &self,
        (institution, subject): (&InstitutionCode, &str),
        (way, note): (ProofWay, &str),
        by: Actor,
        now: Instant,
    ) -> Result<bool> {
        let (institution, subject) = (institution.clone(), subject.to_owned());
        self.write(Prove { institution, subject, way, note: note.to_owned(), by, now }).await
    }

    /// Stops a registrant, audited: the first person asks, another one does it. The account's sessions end and its
    /// institution's code is free for a new registration, in the same commit.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn stop_registrant(
        &self,
        (institution, subject): (&InstitutionCode, &str),
        reason: &str,
        by: Actor,
        now: Instant,
    ) -> Result<Stopped> {
        let (institution, subject) = (institution.clone(), subject.to_owned());
        self.write(Stop { institution, subject, reason: reason.to_owned(), by, now }).await
    }
}
