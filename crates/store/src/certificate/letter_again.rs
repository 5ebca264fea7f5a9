//! Another letter in the place of a void one, for the approval that the first was written for.

use eligibility::{
    Instant, application::Actor, institution::InstitutionCode, institution_certificate::CertificateUses,
};

use super::{
    event,
    issued::uses_of,
    letter::{NewLetter, has_good_one},
    letter_end::carer,
    letter_read::one,
};
use crate::{
    Error, Result, Store, application,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// What became of the wish for another letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterAgain {
    /// It is written within seconds.
    Asked,
    /// It was asked for before, or the order has a letter that is good.
    Before,
    /// Who applied was stopped, or the institution is out of use.
    NotServed,
    /// There is no such void letter, or who acts may not.
    Gone,
}

/// Another letter that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterWanted {
    /// Whom it goes to.
    pub institution_code: InstitutionCode,
    /// The void letter in whose place it is.
    pub in_place_of: String,
    /// What the certificate is issued for.
    pub order_id: String,
    /// 端末名称.
    pub terminal_name: String,
    /// What the certificate may be used for.
    pub uses: CertificateUses,
    /// Since when it is asked for.
    pub asked_at: Instant,
}

const ASK: &str = "UPDATE certificate_letter SET again_asked_at = $1, again_asked_by = $2, again_tries = 0, \
     again_next_at = 0 WHERE institution_code = $3 AND letter_id = $4 AND ended_at IS NOT NULL AND again_asked_at IS NULL \
     AND replaced_by IS NULL";
const REPLACE: &str = "UPDATE certificate_letter SET replaced_by = $1 WHERE institution_code = $2 \
     AND letter_id = $3 AND order_id = $4 AND again_asked_at IS NOT NULL AND replaced_by IS NULL";
/// Those that were not tried yet come first, then those that were tried longest ago: what is stuck keeps nobody waiting.
const WANTED: &str = "SELECT institution_code, letter_id, order_id, terminal_name, retrieval_number, again_asked_at \
     FROM certificate_letter WHERE again_asked_at IS NOT NULL AND replaced_by IS NULL AND again_next_at <= $1 \
     ORDER BY again_next_at, again_asked_at, letter_id LIMIT $2";
const TRIES: &str = "SELECT again_tries FROM certificate_letter WHERE institution_code = $1 AND letter_id = $2 \
     AND again_asked_at IS NOT NULL AND replaced_by IS NULL AND again_next_at <= $3";
const PAUSE: &str = "UPDATE certificate_letter SET again_tries = $1, again_next_at = $2 \
     WHERE institution_code = $3 AND letter_id = $4";
const NOW: &str = "UPDATE certificate_letter SET again_tries = 0, again_next_at = 0 WHERE institution_code = $1 \
     AND again_asked_at IS NOT NULL AND replaced_by IS NULL";
/// Not a word of it when the other one was written meanwhile.
const FORGET: &str = "UPDATE certificate_letter SET again_asked_at = $1, again_asked_by = $2 \
     WHERE institution_code = $3 AND letter_id = $4 AND again_asked_at IS NOT NULL AND replaced_by IS NULL";
const USES: &str = "SELECT uses FROM retrieval WHERE retrieval_number = $1";

/// Notes which letter is in the place of which, within a transaction; false when none is wanted (any more).
pub(super) async fn replace(tx: &Tx<'_>, new: &NewLetter, old: &str) -> Result<bool> {
    if !application::may_be_served(tx, &new.institution_code, &new.order_id).await? {
        return Ok(false);
    }
    let row = bind![&new.letter_id, new.institution_code.as_str(), old, &new.order_id];
    Ok(tx.execute(REPLACE, row).await? == 1)
}

struct Ask {
    institution: InstitutionCode,
    letter_id: String,
    by: Actor,
    now: Instant,
}

impl Write for Ask {
    type Output = LetterAgain;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<LetterAgain> {
        let Some(actor) = carer(&self.by) else { return Ok(LetterAgain::Gone) };
        let code = self.institution.as_str();
        let letter = one(tx, &self.institution, &self.letter_id).await?;
        let ended = letter.as_ref().and_then(|letter| letter.ended.as_ref());
        let (Some(letter), Some(ended)) = (&letter, ended) else { return Ok(LetterAgain::Gone) };
        if !ended.reason.another_may_follow()
            || !application::may_be_served(tx, &self.institution, &letter.order_id).await?
        {
            return Ok(LetterAgain::NotServed);
        }
        if has_good_one(tx, code, &letter.order_id).await? {
            return Ok(LetterAgain::Before);
        }
        let row = bind![self.now.0, &actor, code, &self.letter_id];
        if tx.execute(ASK, row).await? == 0 {
            return Ok(LetterAgain::Before);
        }
        let object = format!("letter:{}", self.letter_id);
        let asked = event(&actor, "certificate.letter.again", object, format!("order={}", letter.order_id));
        chains.append(tx, code, self.now, &asked).await?;
        Ok(LetterAgain::Asked)
    }
}

struct Forget {
    institution: InstitutionCode,
    letter_id: String,
    now: Instant,
}

impl Write for Forget {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let code = self.institution.as_str();
        let (never, nobody): (Option<i64>, Option<&str>) = (None, None);
        if tx.execute(FORGET, bind![never, nobody, code, &self.letter_id]).await? == 0 {
            return Ok(false);
        }
        let object = format!("letter:{}", self.letter_id);
        let dropped = event("authority", "certificate.letter.again-drop", object, String::new());
        chains.append(tx, code, self.now, &dropped).await?;
        Ok(true)
    }
}

/// Somebody did something about an institution: a letter that waits for it is tried at once.
pub(crate) async fn try_again_now(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<()> {
    tx.execute(NOW, bind![institution.as_str()]).await.map(drop)
}

struct Pause {
    institution: InstitutionCode,
    letter_id: String,
    now: Instant,
}

impl Write for Pause {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        let code = self.institution.as_str();
        let due = bind![code, &self.letter_id, self.now.0];
        // Of two that look at once one lengthens the pause.
        let Some(tries) = tx.query_one(TRIES, due, |row| row.int(0, "again_tries")).await? else {
            return Ok(false);
        };
        let tries = tries.saturating_add(1);
        let next = application::next_try(tries, self.now).0;
        Ok(tx.execute(PAUSE, bind![tries, next, code, &self.letter_id]).await? == 1)
    }
}

struct Wanted(Instant, u32);

impl Read for Wanted {
    type Output = Vec<LetterWanted>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let found = tx
            .query(WANTED, bind![self.0.0, i64::from(self.1)], |row| {
                let institution = InstitutionCode::parse(row.text(0, "institution_code")?)
                    .map_err(|_| Error::Malformed { what: "institution_code" })?;
                let owned = |index, what| row.text(index, what).map(str::to_owned);
                let order = (owned(2, "order_id")?, owned(3, "terminal_name")?);
                let asked_at = Instant(row.int(5, "again_asked_at")?);
                Ok((institution, owned(1, "letter_id")?, order, (owned(4, "retrieval_number")?, asked_at)))
            })
            .await?;
        let mut wanted = Vec::with_capacity(found.len());
        for (institution_code, in_place_of, (order_id, terminal_name), (number, asked_at)) in found {
            let uses = tx.query_one(USES, bind![&number], |row| uses_of(row.text(0, "uses")?)).await?;
            let uses = uses.ok_or(Error::Malformed { what: "retrieval_number" })?;
            let one = LetterWanted { institution_code, in_place_of, order_id, terminal_name, uses, asked_at };
            wanted.push(one);
        }
        Ok(wanted)
    }
}

impl Store {
    /// Asks for another letter in the place of a void one, audited. The approval of the application still stands, so one
    /// person is enough.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn ask_letter_again(
        &self,
        (institution, letter_id): (&InstitutionCode, &str),
        by: Actor,
        now: Instant,
    ) -> Result<LetterAgain> {
        let (institution, letter_id) = (institution.clone(), letter_id.to_owned());
        self.write(Ask { institution, letter_id, by, now }).await
    }

    /// Forgets, audited, that another letter was asked for in the place of this one: it may not be written. False when
    /// it was written meanwhile, or nobody asked.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn forget_letter_wanted(
        &self,
        (institution, letter_id): (&InstitutionCode, &str),
        now: Instant,
    ) -> Result<bool> {
        let (institution, letter_id) = (institution.clone(), letter_id.to_owned());
        self.write(Forget { institution, letter_id, now }).await
    }

    /// Notes that another letter could not be written: it is tried again later, at most ten minutes after, and at once
    /// when somebody enters the institution's address. False when it pauses already, was written, or nobody asks.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn note_letter_stuck(
        &self,
        (institution, letter_id): (&InstitutionCode, &str),
        now: Instant,
    ) -> Result<bool> {
        let (institution, letter_id) = (institution.clone(), letter_id.to_owned());
        self.write(Pause { institution, letter_id, now }).await
    }

    /// Other letters that are to be written now: those first that were not tried yet, the longest waiting first, then
    /// those that were tried in vain and whose pause is over.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn letters_wanted(&self, now: Instant, limit: u32) -> Result<Vec<LetterWanted>> {
        self.read(Wanted(now, limit)).await
    }
}
