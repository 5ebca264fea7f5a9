//! Card certificates. A card is a fact by itself: no rule spans rows, so rows become visible chunk by chunk
//! and there is nothing to swap. The same row again changes nothing.

use eligibility::{Instant, card_certificate::CardCertificateId, person::PersonKey};

use super::{
    Receipt, RowFault,
    run::{Begun, hold_staging},
};
use crate::{
    Error, Result, Store,
    audit::Chains,
    engine::{Tx, Value, bind},
    job::Write,
};

/// The source that card files are counted under.
const SOURCE: &str = "cards";
/// Rows that one transaction takes.
const CHUNK_ROWS: usize = 8_000;

const PUT: &str = "INSERT INTO card_by_serial (serial, issuer, person_key, superseded_by_serial, \
     superseded_by_issuer, registered) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (serial, issuer) DO UPDATE SET person_key = excluded.person_key, \
     superseded_by_serial = excluded.superseded_by_serial, \
     superseded_by_issuer = excluded.superseded_by_issuer, registered = excluded.registered";

/// One line of the cards file: which certificate leads to which person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The authentication certificate.
    pub certificate: CardCertificateId,
    /// Its holder.
    pub person_key: PersonKey,
    /// The certificate that took its place.
    pub superseded_by: Option<CardCertificateId>,
    /// Whether the card is registered for use as an insurance card (利用登録).
    pub registered: bool,
}

fn values(card: &Card) -> Vec<Value<'_>> {
    let superseded = card.superseded_by.as_ref();
    bind![
        card.certificate.serial.as_str(),
        card.certificate.issuer.as_str(),
        card.person_key.0.as_str(),
        superseded.map(|by| by.serial.as_str()),
        superseded.map(|by| by.issuer.as_str()),
        card.registered,
    ]
    .to_vec()
}

struct Chunk {
    import_number: i64,
    before: u64,
    rows: Vec<Card>,
}

impl Write for Chunk {
    type Output = ();

    fn key(&self) -> &str {
        SOURCE
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        hold_staging(tx, SOURCE, self.import_number, self.before).await?;
        let rows: Vec<_> = self.rows.iter().map(values).collect();
        tx.execute_many(PUT, &rows).await.map(|_| ())
    }
}

impl Store {
    /// Loads card certificates, row by row: what is written is visible at once, so whoever calls has read the whole
    /// file before. Killed and called again with the same file, it goes on where it was; a refused file leaves the
    /// rows before the fault in place, which its corrected form writes again.
    ///
    /// # Errors
    /// [`Error::ImportRefused`] at the first faulty row; any write error of the store.
    pub async fn import_cards<I>(
        &self,
        content_hash: [u8; 32],
        rows: I,
        clock: impl Fn() -> Instant + Send,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<Receipt>
    where
        I: Iterator<Item = std::result::Result<Card, RowFault>> + Send,
    {
        let staging = match self.begin_import(SOURCE, content_hash, 0, clock()).await? {
            Begun::AlreadyApplied(receipt) => return Ok(receipt),
            Begun::Staging(staging) => staging,
        };
        let import_number = staging.import_number;
        let (mut seen, mut before) = (0_u64, staging.rows_staged);
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        let mut rows = rows.peekable();
        while let Some(row) = rows.next() {
            let row = match row {
                Ok(row) => row,
                Err(RowFault { row, reason }) => {
                    self.end_staging(SOURCE, import_number).await?;
                    self.finish_import(SOURCE, import_number, before, false, false, clock()).await?;
                    return Err(Error::ImportRefused { faults: 1, first: format!("row {row}: {reason}") });
                }
            };
            seen += 1;
            if seen > staging.rows_staged {
                chunk.push(row);
            }
            if chunk.len() == CHUNK_ROWS || (rows.peek().is_none() && !chunk.is_empty()) {
                chunk.sort_unstable_by(|a, b| a.certificate.serial.cmp(&b.certificate.serial));
                let rows = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_ROWS));
                let after = before + rows.len() as u64;
                self.write(Chunk { import_number, before, rows }).await?;
                self.note_staged(SOURCE, import_number, before, after).await?;
                before = after;
                progress(before);
            }
        }
        self.finish_import(SOURCE, import_number, seen, true, false, clock()).await
    }
}
