//! Card certificates. A file says of each of its certificates where it leads, and nothing of others. Its rows are staged
//! as versions of its number that nobody sees, and count all at once when the file is marked as applied: a file that is
//! refused, or a process that is killed, leaves every card as it was.

use aws_lc_rs::digest::{SHA256, digest};
use eligibility::{Instant, card_certificate::CardCertificateId, person::PersonKey};

use super::{
    NamedCertificates, Receipt, RowFault,
    run::{Begun, hold_staging, note},
};
use crate::{
    Error, Result, Store,
    audit::{AuditEvent, CENTRAL_CHAIN, Chains},
    engine::{Row, Tx, Value, bind},
    job::Write,
};

/// The source that card files are counted under.
pub(super) const CARDS: &str = "cards";
/// Rows that one transaction takes.
const CHUNK_ROWS: usize = 8_000;

const VERSION: &str = "SELECT v.person_key, v.superseded_by_serial, v.superseded_by_issuer, v.registered \
     FROM card_version v JOIN import_run r ON r.source = 'cards' AND r.import_number = v.from_import \
     WHERE v.serial = $1 AND v.issuer = $2 AND r.state = 'applied' ORDER BY v.from_import DESC LIMIT 1";
/// Written before there were versions.
const UNVERSIONED: &str = "SELECT person_key, superseded_by_serial, superseded_by_issuer, registered \
     FROM card_by_serial WHERE serial = $1 AND issuer = $2";
const ANY_APPLIED: &str = "SELECT 1 FROM import_run WHERE source = 'cards' AND state = 'applied' LIMIT 1";
const ANY_UNVERSIONED: &str = "SELECT 1 FROM card_by_serial LIMIT 1";
const PUT: &str = "INSERT INTO card_version (serial, issuer, from_import, person_key, superseded_by_serial, \
     superseded_by_issuer, registered) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (serial, issuer, from_import) DO UPDATE SET person_key = excluded.person_key, \
     superseded_by_serial = excluded.superseded_by_serial, \
     superseded_by_issuer = excluded.superseded_by_issuer, registered = excluded.registered";
const PAGE: &str = "SELECT serial, issuer, from_import FROM card_version \
     WHERE (serial, issuer, from_import) > ($1, $2, $3) ORDER BY serial, issuer, from_import LIMIT $4";
const DELETE: &str = "DELETE FROM card_version WHERE serial = $1 AND issuer = $2 AND from_import = $3";

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

/// The card as the files in force have it.
pub(crate) async fn in_force(tx: &Tx<'_>, certificate: &CardCertificateId) -> Result<Option<Card>> {
    let read = |row: &Row<'_>| {
        let (serial, issuer) =
            (row.text_or_null(1, "superseded_by_serial")?, row.text_or_null(2, "superseded_by_issuer")?);
        let superseded_by = serial.zip(issuer).map(|(serial, issuer)| CardCertificateId {
            issuer: issuer.to_owned(),
            serial: serial.to_owned(),
        });
        Ok(Card {
            certificate: certificate.clone(),
            person_key: PersonKey(row.text(0, "person_key")?.to_owned()),
            superseded_by,
            registered: row.bool(3, "registered")?,
        })
    };
    let key = bind![&certificate.serial, &certificate.issuer];
    match tx.query_one(VERSION, key, read).await? {
        Some(card) => Ok(Some(card)),
        None => tx.query_one(UNVERSIONED, key, read).await,
    }
}

fn values(card: &Card, import_number: i64) -> Vec<Value<'_>> {
    let superseded = card.superseded_by.as_ref();
    bind![
        card.certificate.serial.as_str(),
        card.certificate.issuer.as_str(),
        import_number,
        card.person_key.0.as_str(),
        superseded.map(|by| by.serial.as_str()),
        superseded.map(|by| by.issuer.as_str()),
        card.registered,
    ]
    .to_vec()
}

/// A certificate that leads to somebody else than before.
pub(super) struct HolderChange {
    certificate: CardCertificateId,
    before: PersonKey,
    after: PersonKey,
}

impl HolderChange {
    /// For the audit log: opaque ids, the certificate's as a digest.
    fn event(&self, import_number: i64) -> AuditEvent {
        let named = format!("{}\n{}", self.certificate.issuer, self.certificate.serial);
        AuditEvent {
            actor: "import".to_owned(),
            action: "import.card-holder".to_owned(),
            object: format!("card:{}", hex::encode(digest(&SHA256, named.as_bytes()))),
            outcome: "staged".to_owned(),
            detail: format!("import {import_number}: person:{} to person:{}", self.before.0, self.after.0),
        }
    }
}

pub(super) struct Chunk {
    pub(super) import_number: i64,
    pub(super) before: u64,
    pub(super) rows: Vec<Card>,
}

impl Write for Chunk {
    type Output = Vec<HolderChange>;

    fn key(&self) -> &str {
        CARDS
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<Vec<HolderChange>> {
        hold_staging(tx, CARDS, self.import_number, self.before).await?;
        let compares = any(tx, ANY_APPLIED).await? || any(tx, ANY_UNVERSIONED).await?;
        let (mut new, mut changes) = (Vec::with_capacity(self.rows.len()), Vec::new());
        for card in &self.rows {
            let known = if compares { in_force(tx, &card.certificate).await? } else { None };
            if known.as_ref() == Some(card) {
                continue;
            }
            new.push(values(card, self.import_number));
            let (certificate, after) = (&card.certificate, &card.person_key);
            changes.extend(known.map(|known| known.person_key).filter(|before| before != after).map(
                |before| HolderChange { certificate: certificate.clone(), before, after: after.clone() },
            ));
        }
        tx.execute_many(PUT, &new).await?;
        Ok(changes)
    }
}

async fn any(tx: &Tx<'_>, sql: &'static str) -> Result<bool> {
    Ok(tx.query_one(sql, &[], |_| Ok(())).await?.is_some())
}

/// Notes rows that are durable, and says in the audit log whose card leads to somebody else now: once, because the
/// note moves on in the same transaction. It takes effect when the audit log says that the import is applied.
struct Noted {
    import_number: i64,
    before: u64,
    after: u64,
    changes: Vec<HolderChange>,
    now: Instant,
}

impl Write for Noted {
    type Output = ();

    fn key(&self) -> &str {
        CARDS
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<()> {
        note(tx, CARDS, self.import_number, self.before, self.after).await?;
        for change in &self.changes {
            chains.append(tx, CENTRAL_CHAIN, self.now, &change.event(self.import_number)).await?;
        }
        Ok(())
    }
}

/// Where a walk over all versions is.
#[derive(Clone, Default)]
struct Place {
    serial: String,
    issuer: String,
    from_import: i64,
}

/// One page of taking back what an import staged.
struct Unstage {
    import_number: i64,
    after: Place,
}

impl Write for Unstage {
    /// Where the next page begins; `None` at the end.
    type Output = Option<Place>;

    fn key(&self) -> &str {
        CARDS
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<Option<Place>> {
        let Place { serial, issuer, from_import } = &self.after;
        let page = tx
            .query(PAGE, bind![serial, issuer, *from_import, CHUNK_ROWS as i64], |row| {
                Ok(Place {
                    serial: row.text(0, "serial")?.to_owned(),
                    issuer: row.text(1, "issuer")?.to_owned(),
                    from_import: row.int(2, "from_import")?,
                })
            })
            .await?;
        let staged = page.iter().filter(|place| place.from_import == self.import_number);
        let rows: Vec<_> =
            staged.map(|place| bind![&place.serial, &place.issuer, place.from_import].to_vec()).collect();
        tx.execute_many(DELETE, &rows).await?;
        Ok(if page.len() < CHUNK_ROWS { None } else { page.into_iter().last() })
    }
}

impl Store {
    /// Loads a file of card certificates: all of it, or nothing. Killed and called again with the same file, it goes
    /// on where it was. Whose card leads to somebody else than before is in the audit log.
    ///
    /// # Errors
    /// [`Error::ImportRefused`] at the first faulty row, and for a file that names a certificate twice: every card is as
    /// it was before. Any write error of the store.
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
        let staging = match self.begin_import(CARDS, content_hash, 0, clock()).await? {
            Begun::AlreadyApplied(receipt) => return Ok(receipt),
            Begun::Staging(staging) => staging,
        };
        let import_number = staging.import_number;
        let (mut seen, mut before) = (0_u64, staging.rows_staged);
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        let mut named = NamedCertificates::default();
        let mut rows = rows.peekable();
        while let Some(row) = rows.next() {
            let row = match row {
                Ok(row) => row,
                Err(RowFault { row, reason }) => {
                    self.discard_import(CARDS, import_number, clock()).await?;
                    return Err(Error::ImportRefused { faults: 1, first: format!("row {row}: {reason}") });
                }
            };
            seen += 1;
            named.add(&row.certificate, seen);
            if seen > staging.rows_staged {
                chunk.push(row);
            }
            if chunk.len() == CHUNK_ROWS || (rows.peek().is_none() && !chunk.is_empty()) {
                let rows = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_ROWS));
                before = self.stage_cards(import_number, before, rows, clock()).await?;
                progress(before);
            }
        }
        // Also of rows that say what was so before: they were not staged, and what contradicts them was.
        let repeated = named.repeated();
        if let Some(&(row, first)) = repeated.first() {
            self.discard_import(CARDS, import_number, clock()).await?;
            let first = format!("row {row}: {}", NamedCertificates::reason(first));
            return Err(Error::ImportRefused { faults: repeated.len(), first });
        }
        self.finish_import(CARDS, import_number, seen, true, false, clock()).await
    }

    /// Stages one chunk; the rows staged then.
    async fn stage_cards(
        &self,
        import_number: i64,
        before: u64,
        mut rows: Vec<Card>,
        now: Instant,
    ) -> Result<u64> {
        // In the order of the primary key neighbours share pages.
        rows.sort_by(|a, b| a.certificate.serial.cmp(&b.certificate.serial));
        let after = before + rows.len() as u64;
        let changes = self.write(Chunk { import_number, before, rows }).await?;
        self.write(Noted { import_number, before, after, changes, now }).await?;
        Ok(after)
    }

    /// Takes back every version that an import staged.
    pub(super) async fn unstage_cards(&self, import_number: i64) -> Result<()> {
        let mut after = Some(Place::default());
        while let Some(place) = after {
            after = self.write(Unstage { import_number, after: place }).await?;
        }
        Ok(())
    }
}
