//! Letters that are void: nobody posted them in time, or two people found that they are lost.

use eligibility::{
    Instant,
    account::OperatorAction,
    application::{Actor, Side},
    institution::InstitutionCode,
    institution_certificate::LetterEnd,
};

use super::{event, letter::Letter, letter_read::one, notice};
use crate::{
    MailText, NewMail, Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Tx, bind},
    job::Write,
    mail_outbox,
};

/// What became of a wish to make a letter void, or of a decision about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterVoided {
    /// Noted: another person must agree. Nothing is fetched with the letter meanwhile.
    Asked,
    /// It is void; the institution is told.
    Done,
    /// The wish is taken back: the letter is as good as it was.
    Dropped,
    /// Who asked cannot agree: another person does.
    SamePerson,
    /// Its certificate was fetched already: that can be revoked.
    Fetched,
    /// There is no such letter or wish (any more), or who acts may not.
    Gone,
}

/// Held until the decision: the number opens nothing.
const WITHDRAW: &str = "UPDATE retrieval SET withdrawn_at = $1 WHERE retrieval_number IN (\
     SELECT l.retrieval_number FROM certificate_letter l WHERE l.institution_code = $2 AND l.letter_id = $3) \
     AND withdrawn_at IS NULL AND retrieved_at IS NULL";
/// Only what the wish itself held.
const RELEASE: &str = "UPDATE retrieval SET withdrawn_at = NULL WHERE retrieval_number IN (\
     SELECT l.retrieval_number FROM certificate_letter l WHERE l.institution_code = $1 AND l.letter_id = $2 \
     AND l.ended_at IS NULL) AND withdrawn_at = $3 AND retrieved_at IS NULL";
const ASK: &str = "INSERT INTO certificate_letter_wish \
     (institution_code, letter_id, end_reason, asked_by, asked_mail_key, asked_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (institution_code, letter_id) DO NOTHING";
const MAIL_KEY: &str = "SELECT asked_mail_key FROM certificate_letter_wish \
     WHERE institution_code = $1 AND letter_id = $2";
const FORGET_WISH: &str =
    "DELETE FROM certificate_letter_wish WHERE institution_code = $1 AND letter_id = $2";
const FORGET_WISHES: &str = "DELETE FROM certificate_letter_wish WHERE institution_code = $1";
const END: &str = "UPDATE certificate_letter SET ended_at = $1, end_reason = $2, ended_by = $3, pdf = $4 \
     WHERE institution_code = $5 AND letter_id = $6 AND ended_at IS NULL";
/// Looked at once more: somebody may just have posted it.
const END_OVERDUE: &str = "UPDATE certificate_letter SET ended_at = $1, end_reason = $2, ended_by = $3, pdf = $4 \
     WHERE institution_code = $5 AND letter_id = $6 AND ended_at IS NULL AND posted_at IS NULL AND made_at < $7";
const END_ALL: &str = "UPDATE certificate_letter SET ended_at = $1, end_reason = $2, ended_by = $3, pdf = $4 \
     WHERE institution_code = $5 AND ended_at IS NULL AND retrieval_number IN (\
     SELECT r.retrieval_number FROM retrieval r WHERE r.institution_code = $6 AND r.retrieved_at IS NULL)";
const WITHDRAW_ALL: &str = "UPDATE retrieval SET withdrawn_at = $1 WHERE retrieval_number IN (\
     SELECT l.retrieval_number FROM certificate_letter l WHERE l.institution_code = $2) \
     AND withdrawn_at IS NULL AND retrieved_at IS NULL";
/// When and why they ended stays as it was.
const NO_MORE: &str = "UPDATE certificate_letter SET again_asked_at = $1 WHERE institution_code = $2 \
     AND ended_at IS NOT NULL AND replaced_by IS NULL AND again_asked_at IS NOT NULL";

/// Who acts by itself.
const AUTHORITY: &str = "authority";

/// Who of the operator may act here, as an audit entry names them.
pub(super) fn carer(by: &Actor) -> Option<String> {
    match &by.side {
        Side::Operator(role) if role.may(OperatorAction::CareForLetters) => {
            Some(format!("operator:{}", by.account))
        }
        _ => None,
    }
}

fn letter_event(actor: &str, action: &str, letter_id: &str, detail: String) -> AuditEvent {
    event(actor, action, format!("letter:{letter_id}"), detail)
}

/// A letter and its moment.
struct Which {
    institution: InstitutionCode,
    letter_id: String,
    now: Instant,
}

impl Which {
    fn code(&self) -> &str {
        self.institution.as_str()
    }

    /// Takes what opens the letter away; false when its certificate was fetched, or it was taken away before.
    async fn withdraw(&self, tx: &Tx<'_>) -> Result<bool> {
        let row = bind![self.now.0, self.code(), &self.letter_id];
        Ok(tx.execute(WITHDRAW, row).await? == 1)
    }

    /// Takes the wish away; false when somebody else did. Its row says who of two deciders was first, in whatever
    /// processes they are: nothing else is written before it.
    async fn take_wish(&self, tx: &Tx<'_>) -> Result<bool> {
        Ok(tx.execute(FORGET_WISH, bind![self.code(), &self.letter_id]).await? == 1)
    }

    /// Tells the institution's representative what became of the letter.
    async fn tell(&self, tx: &Tx<'_>, letter: &Letter, reason: LetterEnd) -> Result<()> {
        let Some(recipient) = notice::representative(tx, &self.institution).await? else { return Ok(()) };
        let mail = NewMail {
            // One end, one mail, however often the transaction is tried.
            mail_id: format!("letter-end:{}:{}", self.institution, self.letter_id),
            recipient,
            subject_line: format!(
                "【重要】電子証明書発行通知書（{}）を無効にしました",
                letter.document_number
            ),
            text: MailText::Open(format!(
                "電子証明書発行通知書\n文書番号：{}\n端末名称：{}\n医療機関コード：{}\n\n{}\n{}\n\n\
                 詳しくは、医療機関等向け総合ポータルサイトにログインし、マイメニューで確認してください。\n\
                 このメールは送信専用です。\n",
                letter.document_number,
                letter.terminal_name,
                self.institution,
                reason.sentence(),
                reason.remedy()
            )),
        };
        mail_outbox::put(tx, &mail, self.now).await
    }
}

struct Ask {
    which: Which,
    reason: LetterEnd,
    by: Actor,
}

impl Write for Ask {
    type Output = LetterVoided;

    fn key(&self) -> &str {
        self.which.code()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<LetterVoided> {
        let (Some(actor), Some(mail), true) = (carer(&self.by), &self.by.mail, self.reason.is_for_people())
        else {
            return Ok(LetterVoided::Gone);
        };
        let which = &self.which;
        let letter = one(tx, &which.institution, &which.letter_id).await?;
        if letter.is_none_or(|letter| letter.ended.is_some() || letter.void_asked.is_some()) {
            return Ok(LetterVoided::Gone);
        }
        if !which.withdraw(tx).await? {
            return Ok(LetterVoided::Fetched);
        }
        let mail_key = mail.key();
        let row = bind![
            which.code(),
            &which.letter_id,
            self.reason.name(),
            &self.by.account,
            &mail_key,
            which.now.0
        ];
        tx.execute(ASK, row).await?;
        let detail = format!("reason={}", self.reason.name());
        let asked = letter_event(&actor, "certificate.letter.void-ask", &which.letter_id, detail);
        chains.append(tx, which.code(), which.now, &asked).await?;
        Ok(LetterVoided::Asked)
    }
}

struct Decide {
    which: Which,
    asked_at: Instant,
    agrees: bool,
    by: Actor,
}

impl Write for Decide {
    type Output = LetterVoided;

    fn key(&self) -> &str {
        self.which.code()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<LetterVoided> {
        let (Some(actor), Some(mail)) = (carer(&self.by), &self.by.mail) else {
            return Ok(LetterVoided::Gone);
        };
        let which = &self.which;
        let (code, id) = (which.code(), which.letter_id.as_str());
        let Some(letter) = one(tx, &which.institution, id).await? else { return Ok(LetterVoided::Gone) };
        // The one the page showed, not one that was asked for since.
        let wish = letter.void_asked.as_ref().filter(|wish| wish.at == self.asked_at);
        let Some(wish) = wish.filter(|_| letter.ended.is_none()) else { return Ok(LetterVoided::Gone) };
        let detail = format!("asked-by=operator:{} reason={}", wish.by, wish.reason.name());
        if !self.agrees {
            if !which.take_wish(tx).await? {
                return Ok(LetterVoided::Gone);
            }
            tx.execute(RELEASE, bind![code, id, wish.at.0]).await?;
            let dropped = letter_event(&actor, "certificate.letter.void-drop", id, detail);
            chains.append(tx, code, which.now, &dropped).await?;
            return Ok(LetterVoided::Dropped);
        }
        let asker =
            tx.query_one(MAIL_KEY, bind![code, id], |row| Ok(row.text(0, "mail")?.to_owned())).await?;
        // One person with two accounts is one pair of eyes, as with applications.
        if wish.by == self.by.account || asker.as_deref() == Some(mail.key().as_str()) {
            return Ok(LetterVoided::SamePerson);
        }
        if !which.take_wish(tx).await? {
            return Ok(LetterVoided::Gone);
        }
        let nothing: Option<&[u8]> = None;
        let row = bind![which.now.0, wish.reason.name(), &actor, nothing, code, id];
        if tx.execute(END, row).await? == 0 {
            return Ok(LetterVoided::Gone);
        }
        which.tell(tx, &letter, wish.reason).await?;
        let done = letter_event(&actor, "certificate.letter.void", id, detail);
        chains.append(tx, code, which.now, &done).await?;
        Ok(LetterVoided::Done)
    }
}

struct EndOverdue {
    which: Which,
    made_before: Instant,
}

impl Write for EndOverdue {
    type Output = bool;

    fn key(&self) -> &str {
        self.which.code()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let which = &self.which;
        let (code, id) = (which.code(), which.letter_id.as_str());
        let Some(letter) = one(tx, &which.institution, id).await? else { return Ok(false) };
        let (nothing, reason): (Option<&[u8]>, _) = (None, LetterEnd::NotPosted);
        let row = bind![which.now.0, reason.name(), AUTHORITY, nothing, code, id, self.made_before.0];
        if tx.execute(END_OVERDUE, row).await? == 0 {
            return Ok(false);
        }
        // First the wish: who drops it at this moment gives the number back, and it is taken away after that.
        which.take_wish(tx).await?;
        which.withdraw(tx).await?;
        which.tell(tx, &letter, reason).await?;
        let detail = format!("reason={} order={}", reason.name(), letter.order_id);
        let ended = letter_event(AUTHORITY, "certificate.letter.void", id, detail);
        chains.append(tx, code, which.now, &ended).await?;
        Ok(true)
    }
}

/// Ends every letter of an institution that nobody used, within a transaction; no other one follows.
pub(super) async fn end_all(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    actor: &str,
    now: Instant,
) -> Result<()> {
    let (code, reason) = (institution.as_str(), LetterEnd::InstitutionEnded.name());
    tx.execute(WITHDRAW_ALL, bind![now.0, code]).await?;
    let nothing: Option<&[u8]> = None;
    tx.execute(END_ALL, bind![now.0, reason, actor, nothing, code, code]).await?;
    let never: Option<i64> = None;
    tx.execute(NO_MORE, bind![never, code]).await?;
    tx.execute(FORGET_WISHES, bind![code]).await.map(drop)
}

impl Store {
    /// Notes, audited, that a person of the operator wants a letter made void; from now on nothing is fetched with it.
    /// Another person agrees ([`Store::decide_letter_void`]), or one drops it.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn ask_letter_void(
        &self,
        (institution, letter_id): (&InstitutionCode, &str),
        reason: LetterEnd,
        by: Actor,
        now: Instant,
    ) -> Result<LetterVoided> {
        let which = Which { institution: institution.clone(), letter_id: letter_id.to_owned(), now };
        self.write(Ask { which, reason, by }).await
    }

    /// Makes the letter void that was doubted at `asked_at` when another person agrees, and tells the institution, all
    /// of it audited in one commit; or drops the wish, which who asked may do too.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn decide_letter_void(
        &self,
        (institution, letter_id): (&InstitutionCode, &str),
        (asked_at, agrees): (Instant, bool),
        by: Actor,
        now: Instant,
    ) -> Result<LetterVoided> {
        let which = Which { institution: institution.clone(), letter_id: letter_id.to_owned(), now };
        self.write(Decide { which, asked_at, agrees, by }).await
    }

    /// Makes a letter void that nobody posted, was made before this moment and may still be posted: wiped, its number
    /// withdrawn, the institution told, audited, in one commit. False when it was posted or ended meanwhile.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn end_overdue_letter(
        &self,
        (institution, letter_id): (&InstitutionCode, &str),
        made_before: Instant,
        now: Instant,
    ) -> Result<bool> {
        let which = Which { institution: institution.clone(), letter_id: letter_id.to_owned(), now };
        self.write(EndOverdue { which, made_before }).await
    }
}
