//! Staging: a chunk of rows becomes invisible versions, in one transaction.

use eligibility::{
    codes::ReasonOfLoss, codes::Relation, codes::Sex, coverage::Coverage, matching::NumberKey,
};
use tokio::task::JoinHandle;

use super::{
    FileMeta,
    run::{Progress, hold_staging},
};
use crate::{
    Error, Result, Store,
    audit::Chains,
    coverage,
    coverage_row::{StoredCoverage, certificates_json, coverage_columns, decode, ratio_percent},
    engine::{Tx, Value, bind},
    job::Write,
};

const EXISTING: &str = concat!(
    "SELECT ",
    coverage_columns!(),
    " FROM coverage c WHERE c.person_key = $1 AND c.insurer_number = $2 AND c.coverage_id = $3 \
     AND c.from_import <= $4 AND (c.until_import IS NULL OR c.until_import > $5)"
);
const CLOSE: &str = "UPDATE coverage SET until_import = $1 \
     WHERE person_key = $2 AND insurer_number = $3 AND coverage_id = $4 AND from_import = $5";
const CLOSE_NUMBER: &str = "UPDATE coverage_by_number SET until_import = $1 \
     WHERE insurer_number = $2 AND number_key = $3 AND birthdate = $4 AND person_key = $5 AND coverage_id = $6 \
     AND from_import = $7";
const SEEN: &str = "UPDATE coverage_by_number SET seen_import = $1 \
     WHERE insurer_number = $2 AND number_key = $3 AND birthdate = $4 AND person_key = $5 AND coverage_id = $6 \
     AND from_import = $7";
// A row that a faulty file has twice is not written twice: the check of the whole file refuses it.
const INSERT: &str = "INSERT INTO coverage (person_key, insurer_number, coverage_id, from_import, name, kana, \
     other_name, other_kana, birthdate, sex, sex_on_back, address, postcode, address_withheld, \
     self_access_blocked, insured_symbol, insured_number, branch_number, relation, insured_name, \
     classification, qualified_on, disqualified_on, reason_of_loss, card_issued_on, card_valid_from, \
     card_valid_until, copay_ratio, certificates) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
     $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29) \
     ON CONFLICT (person_key, insurer_number, coverage_id, from_import) DO NOTHING";
const INSERT_NUMBER: &str = "INSERT INTO coverage_by_number (insurer_number, number_key, birthdate, \
     person_key, coverage_id, from_import, seen_import) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (insurer_number, number_key, birthdate, person_key, coverage_id, from_import) DO NOTHING";
const INSERT_TICKET: &str = "INSERT INTO medical_ticket (person_key, insurer_number, coverage_id, from_import, \
     position, institution_code, valid_from, valid_until, ticket) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
     ON CONFLICT (person_key, insurer_number, coverage_id, from_import, position) DO NOTHING";

/// Stages one chunk while the caller reads the next.
pub(super) struct Line<'s> {
    store: &'s Store,
    source: String,
    import_number: i64,
    current_import: i64,
    queued: u64,
    under_way: Option<JoinHandle<Result<()>>>,
}

impl<'s> Line<'s> {
    pub(super) fn new(store: &'s Store, meta: &FileMeta, staging: &Progress) -> Self {
        Self {
            store,
            source: meta.insurer_number.as_str().to_owned(),
            import_number: staging.import_number,
            current_import: staging.current_import,
            queued: staging.rows_staged,
            under_way: None,
        }
    }

    /// Rows that are staged or about to be.
    pub(super) const fn staged(&self) -> u64 {
        self.queued
    }

    /// Hands a chunk over, once the one before is staged.
    pub(super) async fn push(&mut self, mut rows: Vec<Coverage>) -> Result<()> {
        // In the order of the primary key neighbours share pages.
        rows.sort_unstable_by(|a, b| a.person_key.cmp(&b.person_key));
        self.finish().await?;
        let chunk = Chunk::new(self, rows)?;
        let (before, after) = (chunk.before, self.queued + chunk.rows.len() as u64);
        self.queued = after;
        let (store, source, import_number) = (self.store.clone(), self.source.clone(), self.import_number);
        self.under_way = Some(tokio::spawn(async move {
            store.write(chunk).await?;
            store.note_staged(&source, import_number, before, after).await
        }));
        Ok(())
    }

    /// Waits until all that was pushed is staged.
    pub(super) async fn finish(&mut self) -> Result<()> {
        match self.under_way.take() {
            Some(chunk) => chunk.await.map_err(|_| Error::Closed)?,
            None => Ok(()),
        }
    }
}

/// A coverage with the texts of its row.
struct Row {
    coverage: Coverage,
    number_key: NumberKey,
    birthdate: String,
    dates: [Option<String>; 5],
    certificates: Option<String>,
    /// Institution, first and last valid day, JSON.
    tickets: Vec<(String, String, String, String)>,
}

impl Row {
    fn new(coverage: Coverage) -> Result<Self> {
        let json = |_| Error::Malformed { what: "ticket" };
        let tickets = coverage.medical_tickets.iter().map(|ticket| {
            let text = serde_json::to_string(ticket).map_err(json)?;
            let (from, until) = (ticket.valid_from.to_string(), ticket.valid_until.to_string());
            Ok((ticket.institution_code.as_str().to_owned(), from, until, text))
        });
        Ok(Self {
            tickets: tickets.collect::<Result<_>>()?,
            number_key: NumberKey::of(&coverage.insured_number),
            birthdate: coverage.person.birthdate.to_string(),
            dates: [
                Some(coverage.qualified_on.to_string()),
                coverage.disqualified_on.map(|date| date.to_string()),
                coverage.card_issued_on.map(|date| date.to_string()),
                coverage.card_valid_from.map(|date| date.to_string()),
                coverage.card_valid_until.map(|date| date.to_string()),
            ],
            certificates: certificates_json(&coverage)?,
            coverage,
        })
    }

    fn values(&self, import_number: i64) -> Vec<Value<'_>> {
        let (c, p) = (&self.coverage, &self.coverage.person);
        let [qualified, disqualified, issued, valid_from, valid_until] = &self.dates;
        bind![
            c.person_key.0.as_str(),
            c.insurer_number.as_str(),
            &c.coverage_id,
            import_number,
            &p.name,
            p.kana.as_ref(),
            p.other_name.as_ref(),
            p.other_kana.as_ref(),
            &self.birthdate,
            p.sex.code(),
            p.sex_on_back.map(Sex::code),
            p.address.as_ref(),
            p.postcode.as_ref(),
            p.protection.address_withheld,
            p.protection.self_access_blocked,
            c.insured_symbol.as_ref(),
            &c.insured_number,
            c.branch_number.as_ref(),
            c.relation.map(Relation::code),
            c.insured_name.as_ref(),
            c.classification.code(),
            qualified.as_ref(),
            disqualified.as_ref(),
            c.reason_of_loss.map(ReasonOfLoss::code),
            issued.as_ref(),
            valid_from.as_ref(),
            valid_until.as_ref(),
            c.copay_ratio.map(ratio_percent),
            self.certificates.as_ref(),
        ]
        .to_vec()
    }
}

pub(super) struct Chunk {
    source: String,
    import_number: i64,
    current_import: i64,
    before: u64,
    rows: Vec<Row>,
}

impl Chunk {
    pub(super) fn new(line: &Line<'_>, rows: Vec<Coverage>) -> Result<Self> {
        Ok(Self {
            source: line.source.clone(),
            import_number: line.import_number,
            current_import: line.current_import,
            before: line.queued,
            rows: rows.into_iter().map(Row::new).collect::<Result<_>>()?,
        })
    }

    fn number_values<'r>(&'r self, row: &'r Row, first: i64, last: i64) -> Vec<Value<'r>> {
        let c = &row.coverage;
        let (number, birthdate) = (row.number_key.as_str(), &row.birthdate);
        bind![first, &self.source, number, birthdate, c.person_key.0.as_str(), &c.coverage_id, last].to_vec()
    }

    /// Whether the version in force says the same; one that says something else is closed.
    async fn unchanged(&self, tx: &Tx<'_>, row: &Row) -> Result<bool> {
        let (person, id) = (row.coverage.person_key.0.as_str(), &row.coverage.coverage_id);
        let key = bind![person, &self.source, id, self.current_import, self.current_import];
        let Some(stored) = tx.query_one(EXISTING, key, decode).await? else { return Ok(false) };
        let from_import = stored.from_import;
        let found = coverage::with_tickets(tx, vec![StoredCoverage { from_import, ..stored }]).await?;
        if found.first() == Some(&row.coverage) {
            tx.execute(SEEN, &self.number_values(row, self.import_number, from_import)).await?;
            return Ok(true);
        }
        tx.execute(CLOSE, bind![self.import_number, person, &self.source, id, from_import]).await?;
        for old in found {
            let old = Row::new(old)?;
            tx.execute(CLOSE_NUMBER, &self.number_values(&old, self.import_number, from_import)).await?;
        }
        Ok(false)
    }
}

impl Write for Chunk {
    type Output = ();

    fn key(&self) -> &str {
        &self.source
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        hold_staging(tx, &self.source, self.import_number, self.before).await?;
        let mut new = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            if self.current_import == 0 || !self.unchanged(tx, row).await? {
                new.push(row);
            }
        }
        let rows: Vec<_> = new.iter().map(|row| row.values(self.import_number)).collect();
        tx.execute_many(INSERT, &rows).await?;
        let numbers: Vec<_> = new.iter().map(|row| self.new_number(row)).collect();
        tx.execute_many(INSERT_NUMBER, &numbers).await?;
        let tickets: Vec<_> = new.iter().flat_map(|row| self.new_tickets(row)).collect();
        tx.execute_many(INSERT_TICKET, &tickets).await.map(|_| ())
    }
}

impl Chunk {
    fn new_number<'r>(&'r self, row: &'r Row) -> Vec<Value<'r>> {
        let (c, import) = (&row.coverage, self.import_number);
        let (number, birthdate) = (row.number_key.as_str(), &row.birthdate);
        bind![&self.source, number, birthdate, c.person_key.0.as_str(), &c.coverage_id, import, import]
            .to_vec()
    }

    fn new_tickets<'r>(&'r self, row: &'r Row) -> impl Iterator<Item = Vec<Value<'r>>> {
        let c = &row.coverage;
        row.tickets.iter().enumerate().map(move |(position, (institution, from, until, ticket))| {
            let (person, id) = (c.person_key.0.as_str(), &c.coverage_id);
            let place = bind![person, &self.source, id, self.import_number, position as i64];
            [place.as_slice(), bind![institution, from, until, ticket].as_slice()].concat()
        })
    }
}
