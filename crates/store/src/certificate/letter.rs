//! 電子証明書発行通知書: made with its リファレンスナンバー in one transaction, posted once, then without its secret.

use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_certificate::{CertificateUses, LetterEnd},
    retrieval::RetrievalNumber,
};

use super::{event, issued::uses_name, letter_again};
use crate::{
    ApplicationId, Error, Result, Store, application,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// A letter with what it opens.
#[derive(Clone)]
pub struct NewLetter {
    /// Whom it goes to.
    pub institution_code: InstitutionCode,
    /// Its id.
    pub letter_id: String,
    /// What it was made for: the application's id where there is one.
    pub order_id: String,
    /// The application that is carried out with it.
    pub application: Option<ApplicationId>,
    /// The void letter in whose place it is, that another was asked for of.
    pub in_place_of: Option<String>,
    /// 文書番号.
    pub document_number: String,
    /// リファレンスナンバー.
    pub number: RetrievalNumber,
    /// The keyed hash of the 認証ID.
    pub secret_hash: [u8; 32],
    /// 端末名称.
    pub terminal_name: String,
    /// What the certificate may be used for.
    pub uses: CertificateUses,
    /// The letter, sealed by who wrote it: it holds the 認証ID.
    pub sealed_pdf: Vec<u8>,
    /// Now.
    pub made_at: Instant,
    /// First moment it is no longer good.
    pub retrievable_until: Instant,
}

impl std::fmt::Debug for NewLetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewLetter").field("letter_id", &self.letter_id).finish_non_exhaustive()
    }
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterFiled {
    /// It waits to be posted.
    Fresh,
    /// The order has its letter already, or may not have one (any more).
    Before,
    /// The リファレンスナンバー is in use: draw another.
    NumberTaken,
}

/// A letter as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Whom it goes to.
    pub institution_code: InstitutionCode,
    /// Its id.
    pub letter_id: String,
    /// The application it answers.
    pub order_id: String,
    /// 文書番号.
    pub document_number: String,
    /// 端末名称.
    pub terminal_name: String,
    /// When it was made.
    pub made_at: Instant,
    /// First moment it is no longer good.
    pub retrievable_until: Instant,
    /// When it was posted.
    pub posted_at: Option<Instant>,
    /// 引受番号 of the registered mail.
    pub tracking_number: Option<String>,
    /// That it is void.
    pub ended: Option<LetterEnded>,
    /// That the first of two people wants it made void: nothing is fetched with it meanwhile.
    pub void_asked: Option<VoidAsked>,
    /// Since when another one is to be written in its place.
    pub again_since: Option<Instant>,
    /// The letter that was written in its place.
    pub replaced_by: Option<String>,
}

/// That a letter is void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterEnded {
    /// Since when.
    pub at: Instant,
    /// Why.
    pub reason: LetterEnd,
    /// `authority`, or who agreed, as audit entries name them.
    pub by: String,
}

/// That somebody wants a letter made void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoidAsked {
    /// Why.
    pub reason: LetterEnd,
    /// The account of the operator.
    pub by: String,
    /// When: it names the wish, so that nobody agrees to another one than the page showed.
    pub at: Instant,
}

const PUT_NUMBER: &str = "INSERT INTO retrieval (retrieval_number, secret_hash, institution_code, order_id, \
     terminal_name, uses, issued_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (retrieval_number) DO NOTHING";
const TAKEN: &str = "SELECT retrieval_number FROM retrieval WHERE retrieval_number = $1";
const HAS_LETTER: &str = "SELECT letter_id FROM certificate_letter \
     WHERE institution_code = $1 AND order_id = $2 AND ended_at IS NULL";
/// Whoever typed the number before it was given out has used up nothing of its tries.
const FRESH_TRIES: &str = "DELETE FROM retrieval_try WHERE retrieval_number = $1";
const PUT: &str = "INSERT INTO certificate_letter (institution_code, letter_id, order_id, retrieval_number, \
     document_number, terminal_name, pdf, made_at, retrievable_until) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
/// Nobody prints what is void or may be so any moment.
const PDF: &str = "SELECT pdf FROM certificate_letter WHERE institution_code = $1 AND letter_id = $2 \
     AND ended_at IS NULL AND NOT EXISTS (\
     SELECT 1 FROM certificate_letter_wish w WHERE w.institution_code = $3 AND w.letter_id = $4)";
const POST: &str = "UPDATE certificate_letter SET posted_at = $1, posted_by = $2, tracking_number = $3, pdf = $4 \
     WHERE institution_code = $5 AND letter_id = $6 AND posted_at IS NULL AND ended_at IS NULL \
     AND NOT EXISTS (SELECT 1 FROM certificate_letter_wish w WHERE w.institution_code = $7 AND w.letter_id = $8)";
struct File(NewLetter);

impl Write for File {
    type Output = LetterFiled;

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<LetterFiled> {
        let new = &self.0;
        let institution = new.institution_code.as_str();
        if has_good_one(tx, institution, &new.order_id).await? {
            return Ok(LetterFiled::Before);
        }
        let number = new.number.as_str();
        if tx.query_one(TAKEN, bind![number], |_| Ok(())).await?.is_some() {
            return Ok(LetterFiled::NumberTaken);
        }
        if let Some(old) = &new.in_place_of
            && !letter_again::replace(tx, new, old).await?
        {
            return Ok(LetterFiled::Before);
        }
        if let Some(id) = &new.application
            && !application::complete(tx, chains, (&new.institution_code, id), new.made_at).await?
        {
            return Ok(LetterFiled::Before);
        }
        self.write_rows(tx).await?;
        let object = format!("letter:{}", new.letter_id);
        let detail = match &new.in_place_of {
            None => format!("order={}", new.order_id),
            Some(old) => format!("order={} in-place-of={old}", new.order_id),
        };
        let event = event("authority", "certificate.letter", object, detail);
        chains.append(tx, institution, new.made_at, &event).await?;
        Ok(LetterFiled::Fresh)
    }
}

impl File {
    async fn write_rows(&self, tx: &Tx<'_>) -> Result<()> {
        let new = &self.0;
        let (institution, number) = (new.institution_code.as_str(), new.number.as_str());
        let row = bind![
            number,
            &new.secret_hash,
            institution,
            &new.order_id,
            &new.terminal_name,
            uses_name(new.uses),
            new.made_at.0
        ];
        if tx.execute(PUT_NUMBER, row).await? == 0 {
            // Between look and insert, by another process: a new number is as likely to be free as this one was.
            return Err(Error::LockConflict);
        }
        tx.execute(FRESH_TRIES, bind![number]).await?;
        let row = bind![
            institution,
            &new.letter_id,
            &new.order_id,
            number,
            &new.document_number,
            &new.terminal_name,
            new.sealed_pdf.as_slice(),
            new.made_at.0,
            new.retrievable_until.0
        ];
        tx.execute(PUT, row).await.map(drop)
    }
}

struct Post {
    institution: InstitutionCode,
    letter_id: String,
    tracking_number: String,
    operator: String,
    now: Instant,
}

impl Write for Post {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let institution = self.institution.as_str();
        let nothing: Option<&[u8]> = None;
        let row = bind![
            self.now.0,
            &self.operator,
            &self.tracking_number,
            nothing,
            institution,
            &self.letter_id,
            institution,
            &self.letter_id
        ];
        if tx.execute(POST, row).await? == 0 {
            return Ok(false);
        }
        let actor = format!("operator:{}", self.operator);
        let object = format!("letter:{}", self.letter_id);
        let detail = format!("tracking={}", self.tracking_number);
        chains
            .append(tx, institution, self.now, &event(&actor, "certificate.letter.post", object, detail))
            .await?;
        Ok(true)
    }
}

/// Whether an order has a letter that is good.
pub(super) async fn has_good_one(tx: &Tx<'_>, institution: &str, order: &str) -> Result<bool> {
    Ok(tx.query_one(HAS_LETTER, bind![institution, order], |_| Ok(())).await?.is_some())
}

struct Pdf {
    institution: InstitutionCode,
    letter_id: String,
}

impl Read for Pdf {
    type Output = Option<Vec<u8>>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let institution = self.institution.as_str();
        let key = bind![institution, &self.letter_id, institution, &self.letter_id];
        // An empty one is none: there is no letter without pages.
        let pdf = tx.query_one(PDF, key, |row| Ok(row.blob(0, "pdf").unwrap_or_default().to_vec())).await?;
        Ok(pdf.filter(|bytes| !bytes.is_empty()))
    }
}

struct Open {
    letter: Pdf,
    operator: String,
    now: Instant,
}

impl Write for Open {
    type Output = Option<Vec<u8>>;

    fn key(&self) -> &str {
        self.letter.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Self::Output> {
        let Some(pdf) = self.letter.run(tx).await? else { return Ok(None) };
        let actor = format!("operator:{}", self.operator);
        let object = format!("letter:{}", self.letter.letter_id);
        let event = event(&actor, "certificate.letter.open", object, String::new());
        chains.append(tx, self.letter.institution.as_str(), self.now, &event).await?;
        Ok(Some(pdf))
    }
}

impl Store {
    /// Files a letter with its リファレンスナンバー; one application has one letter.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn file_letter(&self, letter: NewLetter) -> Result<LetterFiled> {
        self.write(File(letter)).await
    }

    /// The letter, sealed, for a person of the operator to print: given out only after it is on disk who opened it.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn open_letter(
        &self,
        institution: &InstitutionCode,
        letter_id: &str,
        operator: &str,
        now: Instant,
    ) -> Result<Option<Vec<u8>>> {
        let letter = Pdf { institution: institution.clone(), letter_id: letter_id.to_owned() };
        self.write(Open { letter, operator: operator.to_owned(), now }).await
    }

    /// The letter as it is kept: sealed, and gone once it is posted, doubted or void.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn sealed_letter(
        &self,
        institution: &InstitutionCode,
        letter_id: &str,
    ) -> Result<Option<Vec<u8>>> {
        self.read(Pdf { institution: institution.clone(), letter_id: letter_id.to_owned() }).await
    }

    /// Records that a letter went out by 簡易書留, and wipes it. False when it went out before, is void or to be made so,
    /// or is none.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn post_letter(
        &self,
        institution: &InstitutionCode,
        letter_id: &str,
        tracking_number: &str,
        operator: &str,
        now: Instant,
    ) -> Result<bool> {
        let (institution, letter_id) = (institution.clone(), letter_id.to_owned());
        let (tracking_number, operator) = (tracking_number.to_owned(), operator.to_owned());
        self.write(Post { institution, letter_id, tracking_number, operator, now }).await
    }
}
