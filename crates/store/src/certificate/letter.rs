//! 電子証明書発行通知書: made with its リファレンスナンバー in one transaction, posted once, then without its secret.

use eligibility::{
    Instant, institution::InstitutionCode, institution_certificate::CertificateUses,
    retrieval::RetrievalNumber,
};

use super::{event, issued::uses_name};
use crate::{
    ApplicationId, Error, Result, Store, application,
    audit::Chains,
    engine::{Row, Tx, bind},
    job::{Read, Write},
};

/// Where letters to an institution go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstitutionAddress {
    /// Seven digits.
    pub postal_code: String,
    /// First line of the address.
    pub first_line: String,
    /// Second line, where there is one.
    pub second_line: Option<String>,
}

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
    /// The application has its letter already, or is not approved (any more).
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
}

const PUT_NUMBER: &str = "INSERT INTO retrieval (retrieval_number, secret_hash, institution_code, order_id, \
     terminal_name, uses, issued_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (retrieval_number) DO NOTHING";
const TAKEN: &str = "SELECT retrieval_number FROM retrieval WHERE retrieval_number = $1";
const HAS_LETTER: &str =
    "SELECT letter_id FROM certificate_letter WHERE institution_code = $1 AND order_id = $2";
/// Whoever typed the number before it was given out has used up nothing of its tries.
const FRESH_TRIES: &str = "DELETE FROM retrieval_try WHERE retrieval_number = $1";
const PUT: &str = "INSERT INTO certificate_letter (institution_code, letter_id, order_id, retrieval_number, \
     document_number, terminal_name, pdf, made_at, retrievable_until) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
/// Columns of [`letter`], in its order.
macro_rules! letter_columns {
    () => {
        "institution_code, letter_id, order_id, document_number, terminal_name, made_at, retrievable_until, \
         posted_at, tracking_number"
    };
}
const QUEUE: &str = concat!(
    "SELECT ",
    letter_columns!(),
    " FROM certificate_letter WHERE posted_at IS NULL AND pdf IS NOT NULL ORDER BY made_at, letter_id LIMIT $1"
);
const OF: &str = concat!(
    "SELECT ",
    letter_columns!(),
    " FROM certificate_letter WHERE institution_code = $1 ORDER BY made_at DESC, letter_id"
);
const POSTED: &str = concat!(
    "SELECT ",
    letter_columns!(),
    " FROM certificate_letter WHERE posted_at IS NOT NULL ORDER BY posted_at DESC, letter_id LIMIT $1"
);
const PDF: &str = "SELECT pdf FROM certificate_letter WHERE institution_code = $1 AND letter_id = $2";
const POST: &str = "UPDATE certificate_letter SET posted_at = $1, posted_by = $2, tracking_number = $3, pdf = $4 \
     WHERE institution_code = $5 AND letter_id = $6 AND posted_at IS NULL";
const WIPE: &str = "UPDATE certificate_letter SET pdf = $1 WHERE (institution_code, letter_id) IN (\
     SELECT l.institution_code, l.letter_id FROM certificate_letter l \
     WHERE l.posted_at IS NULL AND l.pdf IS NOT NULL AND l.made_at < $2 ORDER BY l.made_at LIMIT $3)";
const PUT_ADDRESS: &str = "INSERT INTO institution_address \
     (institution_code, postal_code, first_line, second_line) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (institution_code) DO UPDATE SET postal_code = excluded.postal_code, \
     first_line = excluded.first_line, second_line = excluded.second_line";
const ADDRESS: &str =
    "SELECT postal_code, first_line, second_line FROM institution_address WHERE institution_code = $1";
/// Letters one list shows at most.
const LETTERS_MAX: u32 = 500;

fn letter(row: &Row<'_>) -> Result<Letter> {
    let owned = |index, what| row.text(index, what).map(str::to_owned);
    Ok(Letter {
        institution_code: InstitutionCode::parse(row.text(0, "institution_code")?)
            .map_err(|_| Error::Malformed { what: "institution_code" })?,
        letter_id: owned(1, "letter_id")?,
        order_id: owned(2, "order_id")?,
        document_number: owned(3, "document_number")?,
        terminal_name: owned(4, "terminal_name")?,
        made_at: Instant(row.int(5, "made_at")?),
        retrievable_until: Instant(row.int(6, "retrievable_until")?),
        posted_at: row.int_or_null(7, "posted_at")?.map(Instant),
        tracking_number: row.text_or_null(8, "tracking_number")?.map(str::to_owned),
    })
}

struct File(NewLetter);

impl Write for File {
    type Output = LetterFiled;

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<LetterFiled> {
        let new = &self.0;
        let institution = new.institution_code.as_str();
        let order = bind![institution, &new.order_id];
        if tx.query_one(HAS_LETTER, order, |_| Ok(())).await?.is_some() {
            return Ok(LetterFiled::Before);
        }
        let number = new.number.as_str();
        if tx.query_one(TAKEN, bind![number], |_| Ok(())).await?.is_some() {
            return Ok(LetterFiled::NumberTaken);
        }
        if let Some(id) = &new.application
            && !application::complete(tx, chains, (&new.institution_code, id), new.made_at).await?
        {
            return Ok(LetterFiled::Before);
        }
        self.write_rows(tx).await?;
        let object = format!("letter:{}", new.letter_id);
        let event = event("authority", "certificate.letter", object, format!("order={}", new.order_id));
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
        let row =
            bind![self.now.0, &self.operator, &self.tracking_number, nothing, institution, &self.letter_id];
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

struct Wipe {
    before: Instant,
    limit: u32,
}

impl Write for Wipe {
    type Output = u64;

    fn key(&self) -> &'static str {
        "letters"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        let nothing: Option<&[u8]> = None;
        tx.execute(WIPE, bind![nothing, self.before.0, i64::from(self.limit)]).await
    }
}

/// Which letters.
enum Letters {
    Waiting(u32),
    Posted(u32),
    Of(InstitutionCode),
}

impl Read for Letters {
    type Output = Vec<Letter>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<Letter>> {
        match self {
            Self::Waiting(limit) => tx.query(QUEUE, bind![i64::from(*limit)], letter).await,
            Self::Posted(limit) => tx.query(POSTED, bind![i64::from(*limit)], letter).await,
            Self::Of(institution) => tx.query(OF, bind![institution.as_str()], letter).await,
        }
    }
}

struct Pdf {
    institution: InstitutionCode,
    letter_id: String,
}

impl Read for Pdf {
    type Output = Option<Vec<u8>>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let key = bind![self.institution.as_str(), &self.letter_id];
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

struct PutAddress(InstitutionCode, InstitutionAddress);

impl Write for PutAddress {
    type Output = ();

    fn key(&self) -> &str {
        self.0.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        let address = &self.1;
        let row =
            bind![self.0.as_str(), &address.postal_code, &address.first_line, address.second_line.as_deref()];
        tx.execute(PUT_ADDRESS, row).await.map(drop)
    }
}

struct Address(InstitutionCode);

impl Read for Address {
    type Output = Option<InstitutionAddress>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(ADDRESS, bind![self.0.as_str()], |row| {
            Ok(InstitutionAddress {
                postal_code: row.text(0, "postal_code")?.to_owned(),
                first_line: row.text(1, "first_line")?.to_owned(),
                second_line: row.text_or_null(2, "second_line")?.map(str::to_owned),
            })
        })
        .await
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

    /// Letters that wait to be posted, the oldest first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn letters_to_post(&self) -> Result<Vec<Letter>> {
        self.read(Letters::Waiting(LETTERS_MAX)).await
    }

    /// Letters that were posted, the newest first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn letters_posted(&self) -> Result<Vec<Letter>> {
        self.read(Letters::Posted(LETTERS_MAX)).await
    }

    /// Letters to one institution, the newest first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn letters_of(&self, institution: &InstitutionCode) -> Result<Vec<Letter>> {
        self.read(Letters::Of(institution.clone())).await
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

    /// The letter as it is kept: sealed, and gone once it is posted.
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

    /// Records that a letter went out by 簡易書留, and wipes it. False when it went out before or is none.
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

    /// Wipes letters made before this moment that nobody posted.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn wipe_letters(&self, made_before: Instant, limit: u32) -> Result<u64> {
        self.write(Wipe { before: made_before, limit }).await
    }

    /// Where letters to an institution go, from the register of institutions.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn put_institution_address(
        &self,
        institution: &InstitutionCode,
        address: InstitutionAddress,
    ) -> Result<()> {
        self.write(PutAddress(institution.clone(), address)).await
    }

    /// Where letters to an institution go.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn institution_address(
        &self,
        institution: &InstitutionCode,
    ) -> Result<Option<InstitutionAddress>> {
        self.read(Address(institution.clone())).await
    }
}
