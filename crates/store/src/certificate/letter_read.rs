//! Letters as lists show them.

use eligibility::{Instant, institution::InstitutionCode, institution_certificate::LetterEnd};

use super::letter::{Letter, LetterEnded, VoidAsked};
use crate::{
    Error, Result, Store,
    engine::{Row, Tx, bind},
    job::Read,
};

/// Every letter as [`letter`] reads it.
macro_rules! letters {
    ($rest:literal) => {
        concat!(
            "SELECT l.institution_code, l.letter_id, l.order_id, l.document_number, l.terminal_name, l.made_at, \
             l.retrievable_until, l.posted_at, l.tracking_number, l.ended_at, l.end_reason, l.ended_by, \
             w.end_reason, w.asked_by, w.asked_at, l.again_asked_at, l.replaced_by \
             FROM certificate_letter l LEFT JOIN certificate_letter_wish w \
             ON w.institution_code = l.institution_code AND w.letter_id = l.letter_id WHERE ",
            $rest
        )
    };
}
const QUEUE: &str = letters!(
    "l.posted_at IS NULL AND l.pdf IS NOT NULL AND l.ended_at IS NULL AND w.asked_at IS NULL \
     ORDER BY l.made_at, l.letter_id LIMIT $1"
);
const OF: &str = letters!("l.institution_code = $1 ORDER BY l.made_at DESC, l.letter_id");
const ONE: &str = letters!("l.institution_code = $1 AND l.letter_id = $2");
const POSTED: &str = letters!(
    "l.posted_at IS NOT NULL AND l.ended_at IS NULL AND w.asked_at IS NULL \
     ORDER BY l.posted_at DESC, l.letter_id LIMIT $1"
);
const ENDED: &str = letters!("l.ended_at IS NOT NULL ORDER BY l.ended_at DESC, l.letter_id LIMIT $1");
const DOUBTED: &str = letters!("w.asked_at IS NOT NULL ORDER BY w.asked_at, l.letter_id LIMIT $1");
const OVERDUE: &str = letters!(
    "l.posted_at IS NULL AND l.pdf IS NOT NULL AND l.ended_at IS NULL AND l.made_at < $1 \
     ORDER BY l.made_at, l.letter_id LIMIT $2"
);
/// Letters one list shows at most.
const LETTERS_MAX: u32 = 500;

fn letter(row: &Row<'_>) -> Result<Letter> {
    let owned = |index, what| row.text(index, what).map(str::to_owned);
    let reason = |index| {
        let name = row.text_or_null(index, "end_reason")?;
        name.map(|name| LetterEnd::from_name(name).ok_or(Error::Malformed { what: "end_reason" })).transpose()
    };
    let (ended_at, asked_at) = (row.int_or_null(9, "ended_at")?, row.int_or_null(14, "asked_at")?);
    let ended = match (ended_at, reason(10)?) {
        (Some(at), Some(reason)) => Some(LetterEnded { at: Instant(at), reason, by: owned(11, "ended_by")? }),
        _ => None,
    };
    let void_asked = match (asked_at, reason(12)?) {
        (Some(at), Some(reason)) => Some(VoidAsked { reason, by: owned(13, "asked_by")?, at: Instant(at) }),
        _ => None,
    };
    Ok(Letter {
        ended,
        void_asked,
        again_since: row.int_or_null(15, "again_asked_at")?.map(Instant),
        replaced_by: row.text_or_null(16, "replaced_by")?.map(str::to_owned),
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

/// Which letters.
enum Letters {
    Waiting(u32),
    Posted(u32),
    Doubted(u32),
    Ended(u32),
    Overdue(Instant, u32),
    Of(InstitutionCode),
}

impl Read for Letters {
    type Output = Vec<Letter>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<Letter>> {
        match self {
            Self::Waiting(limit) => tx.query(QUEUE, bind![i64::from(*limit)], letter).await,
            Self::Posted(limit) => tx.query(POSTED, bind![i64::from(*limit)], letter).await,
            Self::Doubted(limit) => tx.query(DOUBTED, bind![i64::from(*limit)], letter).await,
            Self::Ended(limit) => tx.query(ENDED, bind![i64::from(*limit)], letter).await,
            Self::Overdue(before, limit) => {
                tx.query(OVERDUE, bind![before.0, i64::from(*limit)], letter).await
            }
            Self::Of(institution) => tx.query(OF, bind![institution.as_str()], letter).await,
        }
    }
}

/// One letter, within a transaction.
pub(super) async fn one(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    letter_id: &str,
) -> Result<Option<Letter>> {
    tx.query_one(ONE, bind![institution.as_str(), letter_id], letter).await
}

struct One(InstitutionCode, String);

impl Read for One {
    type Output = Option<Letter>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        one(tx, &self.0, &self.1).await
    }
}

impl Store {
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

    /// Letters that the first of two people wants made void, the longest waiting first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn letters_doubted(&self) -> Result<Vec<Letter>> {
        self.read(Letters::Doubted(LETTERS_MAX)).await
    }

    /// Letters that are void, the newest first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn letters_ended(&self) -> Result<Vec<Letter>> {
        self.read(Letters::Ended(LETTERS_MAX)).await
    }

    /// Letters made before this moment that nobody posted, the oldest first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn letters_overdue(&self, made_before: Instant, limit: u32) -> Result<Vec<Letter>> {
        self.read(Letters::Overdue(made_before, limit)).await
    }

    /// One letter of an institution.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn letter_of(&self, institution: &InstitutionCode, letter_id: &str) -> Result<Option<Letter>> {
        self.read(One(institution.clone(), letter_id.to_owned())).await
    }

    /// Letters to one institution, the newest first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn letters_of(&self, institution: &InstitutionCode) -> Result<Vec<Letter>> {
        self.read(Letters::Of(institution.clone())).await
    }
}
