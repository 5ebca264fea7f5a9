//! Walks over an insurer's members, page by page: closing those a new file no longer has, and taking back
//! what an import staged.

use super::CHUNK_ROWS;
use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, Value, bind},
    job::Write,
};

const PAGE: &str = "SELECT number_key, birthdate, person_key, coverage_id, from_import, until_import, seen_import \
     FROM coverage_by_number WHERE insurer_number = $1 \
     AND (number_key, birthdate, person_key, coverage_id, from_import) > ($2, $3, $4, $5, $6) \
     ORDER BY number_key, birthdate, person_key, coverage_id, from_import LIMIT $7";
const SET_UNTIL: &str = "UPDATE coverage SET until_import = $1 \
     WHERE person_key = $2 AND insurer_number = $3 AND coverage_id = $4 AND from_import = $5";
const SET_UNTIL_NUMBER: &str = "UPDATE coverage_by_number SET until_import = $1 \
     WHERE insurer_number = $2 AND number_key = $3 AND birthdate = $4 AND person_key = $5 AND coverage_id = $6 \
     AND from_import = $7";
const DELETE: &str = "DELETE FROM coverage \
     WHERE person_key = $1 AND insurer_number = $2 AND coverage_id = $3 AND from_import = $4";
const DELETE_TICKETS: &str = "DELETE FROM medical_ticket \
     WHERE person_key = $1 AND insurer_number = $2 AND coverage_id = $3 AND from_import = $4";
const DELETE_NUMBER: &str = "DELETE FROM coverage_by_number \
     WHERE insurer_number = $1 AND number_key = $2 AND birthdate = $3 AND person_key = $4 AND coverage_id = $5 \
     AND from_import = $6";

/// A row of the walk: its place, and what decides about it.
#[derive(Clone, Default)]
struct Place {
    number_key: String,
    birthdate: String,
    person_key: String,
    coverage_id: String,
    from_import: i64,
    until_import: Option<i64>,
    seen_import: i64,
}

/// What a walk does to the rows.
#[derive(Clone, Copy)]
enum Work {
    /// Ends the rows that the import's file did not have.
    CloseMissing,
    /// Removes the import's versions and reopens what it ended.
    Unstage,
}

/// One page of a walk, in one transaction.
struct Walk {
    source: String,
    import_number: i64,
    work: Work,
    after: Place,
}

impl Write for Walk {
    /// Where the next page begins; `None` at the end.
    type Output = Option<Place>;

    fn key(&self) -> &str {
        &self.source
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<Option<Place>> {
        let after = &self.after;
        let key = bind![
            &self.source,
            &after.number_key,
            &after.birthdate,
            &after.person_key,
            &after.coverage_id,
            after.from_import,
            CHUNK_ROWS as i64,
        ];
        let page = tx
            .query(PAGE, key, |row| {
                Ok(Place {
                    number_key: row.text(0, "number_key")?.to_owned(),
                    birthdate: row.text(1, "birthdate")?.to_owned(),
                    person_key: row.text(2, "person_key")?.to_owned(),
                    coverage_id: row.text(3, "coverage_id")?.to_owned(),
                    from_import: row.int(4, "from_import")?,
                    until_import: row.int_or_null(5, "until_import")?,
                    seen_import: row.int(6, "seen_import")?,
                })
            })
            .await?;
        match self.work {
            Work::CloseMissing => self.close_missing(tx, &page).await?,
            Work::Unstage => self.unstage(tx, &page).await?,
        }
        Ok(if page.len() < CHUNK_ROWS { None } else { page.into_iter().last() })
    }
}

impl Walk {
    async fn close_missing(&self, tx: &Tx<'_>, page: &[Place]) -> Result<()> {
        let missing = |place: &&Place| place.until_import.is_none() && place.seen_import < self.import_number;
        let gone: Vec<_> = page.iter().filter(missing).collect();
        self.set_until(tx, &gone, Value::Int(self.import_number)).await
    }

    async fn set_until(&self, tx: &Tx<'_>, places: &[&Place], until: Value<'_>) -> Result<()> {
        let rows: Vec<_> =
            places.iter().map(|p| [&[until], self.coverage_key(p).as_slice()].concat()).collect();
        tx.execute_many(SET_UNTIL, &rows).await?;
        let rows: Vec<_> =
            places.iter().map(|p| [&[until], self.number_key(p).as_slice()].concat()).collect();
        tx.execute_many(SET_UNTIL_NUMBER, &rows).await.map(|_| ())
    }

    async fn unstage(&self, tx: &Tx<'_>, page: &[Place]) -> Result<()> {
        let ended: Vec<_> = page.iter().filter(|p| p.until_import == Some(self.import_number)).collect();
        self.set_until(tx, &ended, Value::Null).await?;
        let staged: Vec<_> = page.iter().filter(|p| p.from_import == self.import_number).collect();
        let rows: Vec<_> = staged.iter().map(|p| self.coverage_key(p).to_vec()).collect();
        tx.execute_many(DELETE, &rows).await?;
        tx.execute_many(DELETE_TICKETS, &rows).await?;
        let rows: Vec<_> = staged.iter().map(|p| self.number_key(p).to_vec()).collect();
        tx.execute_many(DELETE_NUMBER, &rows).await.map(|_| ())
    }

    fn coverage_key<'p>(&'p self, place: &'p Place) -> [Value<'p>; 4] {
        [
            Value::Text(&place.person_key),
            Value::Text(&self.source),
            Value::Text(&place.coverage_id),
            Value::Int(place.from_import),
        ]
    }

    fn number_key<'p>(&'p self, place: &'p Place) -> [Value<'p>; 6] {
        [
            Value::Text(&self.source),
            Value::Text(&place.number_key),
            Value::Text(&place.birthdate),
            Value::Text(&place.person_key),
            Value::Text(&place.coverage_id),
            Value::Int(place.from_import),
        ]
    }
}

impl Store {
    /// Ends, from the import on, the memberships that its file no longer has.
    pub(super) async fn close_missing(&self, source: &str, import_number: i64) -> Result<()> {
        self.walk(source, import_number, Work::CloseMissing).await
    }

    /// Takes back everything an import staged.
    pub(super) async fn unstage(&self, source: &str, import_number: i64) -> Result<()> {
        self.walk(source, import_number, Work::Unstage).await
    }

    async fn walk(&self, source: &str, import_number: i64, work: Work) -> Result<()> {
        let mut after = Some(Place::default());
        while let Some(place) = after {
            let page = Walk { source: source.to_owned(), import_number, work, after: place };
            after = self.write(page).await?;
        }
        Ok(())
    }
}
