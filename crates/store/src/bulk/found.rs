//! What the rows of a chunk lead to, looked up together.

use eligibility::{
    Date, Instant, institution::InstitutionCode, insurer::InsurerNumber, matching::NumberKey,
    person::PersonKey,
};
use futures_util::future::try_join_all;

use crate::{
    EarlierAnswer, NumberContext, Result, Store, check_result,
    coverage::{self, ByNumber},
    engine::{Tx, bind},
    job::Read,
    reference_number,
};

/// People whose tickets of one month are made out to one institution, at most; more is a fault of the data.
pub const PERSONS_OF_MONTH_MAX: u32 = 50_000;

/// Rows read in one go where a counter check would wait behind them.
const ROWS_AT_ONCE: usize = 25;

/// One row to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowLookup {
    /// By number and birthday.
    ByNumber {
        /// 保険者番号.
        insurer: InsurerNumber,
        /// 番号.
        number: NumberKey,
        /// 生年月日.
        birthdate: Date,
    },
    /// By number, whatever the birthday.
    ByNumberAlone {
        /// 保険者番号.
        insurer: InsurerNumber,
        /// 番号.
        number: NumberKey,
    },
    /// A person.
    Person(PersonKey),
}

const BY_NUMBER_ALONE: &str = "SELECT DISTINCT n.person_key FROM coverage_by_number n \
     JOIN insurer i ON i.number = n.insurer_number \
     WHERE n.insurer_number = $1 AND n.number_key = $2 \
     AND n.from_import <= i.current_import AND (n.until_import IS NULL OR n.until_import > i.current_import) \
     ORDER BY n.person_key LIMIT 64";
const PERSONS_OF_MONTH: &str = "SELECT DISTINCT t.person_key FROM medical_ticket t \
     JOIN insurer i ON i.number = t.insurer_number \
     JOIN coverage c ON c.person_key = t.person_key AND c.insurer_number = t.insurer_number \
     AND c.coverage_id = t.coverage_id AND c.from_import = t.from_import \
     WHERE t.institution_code = $1 AND t.valid_until >= $2 AND t.valid_from <= $3 \
     AND c.from_import <= i.current_import AND (c.until_import IS NULL OR c.until_import > i.current_import) \
     ORDER BY t.person_key LIMIT $4";

struct Rows {
    institution: InstitutionCode,
    rows: Vec<RowLookup>,
}

impl Read for Rows {
    type Output = Vec<NumberContext>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<NumberContext>> {
        // Side by side: PostgreSQL gets the statements without waiting for each answer.
        try_join_all(self.rows.iter().map(|row| look_up(tx, &self.institution, row))).await
    }
}

/// What one row leads to, within a transaction.
pub(crate) async fn look_up(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    row: &RowLookup,
) -> Result<NumberContext> {
    match row {
        RowLookup::ByNumber { insurer, number, birthdate } => {
            let job = ByNumber {
                institution: Some(institution.clone()),
                insurer: insurer.clone(),
                number: number.clone(),
                birthdate: birthdate.to_string(),
            };
            job.run(tx).await
        }
        RowLookup::ByNumberAlone { insurer, number } => {
            let key = bind![insurer.as_str(), number.as_str()];
            let persons = tx
                .query(BY_NUMBER_ALONE, key, |row| Ok(PersonKey(row.text(0, "person_key")?.to_owned())))
                .await?;
            let mut found = NumberContext::default();
            for person in persons {
                found.coverages.append(&mut coverage::current(tx, &person).await?);
            }
            Ok(found)
        }
        RowLookup::Person(person) => {
            let coverages = coverage::current(tx, person).await?;
            let number = reference_number::find(tx, institution, person).await?;
            let reference_numbers = number.map(|number| (person.clone(), number)).into_iter().collect();
            Ok(NumberContext { coverages, reference_numbers })
        }
    }
}

struct LastAnswers {
    institution: InstitutionCode,
    persons: Vec<PersonKey>,
    before: Instant,
}

impl Read for LastAnswers {
    type Output = Vec<Option<EarlierAnswer>>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let last = |person| check_result::last_before(tx, &self.institution, person, self.before);
        try_join_all(self.persons.iter().map(last)).await
    }
}

struct PersonsOfMonth {
    institution: InstitutionCode,
    first: String,
    last: String,
}

impl Read for PersonsOfMonth {
    type Output = Vec<PersonKey>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<PersonKey>> {
        let limit = i64::from(PERSONS_OF_MONTH_MAX);
        let key = bind![self.institution.as_str(), &self.first, &self.last, limit];
        tx.query(PERSONS_OF_MONTH, key, |row| Ok(PersonKey(row.text(0, "person_key")?.to_owned()))).await
    }
}

impl Store {
    /// What rows lead to, in their order. Where a counter check would wait behind them, few are read at a time; rows that
    /// are read together see one snapshot.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn look_up_rows(
        &self,
        institution: &InstitutionCode,
        rows: Vec<RowLookup>,
    ) -> Result<Vec<NumberContext>> {
        if self.reads_side_by_side() || rows.len() <= ROWS_AT_ONCE {
            return self.read(Rows { institution: institution.clone(), rows }).await;
        }
        let mut found = Vec::with_capacity(rows.len());
        for part in rows.chunks(ROWS_AT_ONCE) {
            let part = Rows { institution: institution.clone(), rows: part.to_vec() };
            found.extend(self.read(part).await?);
        }
        Ok(found)
    }

    /// The last answer before a moment about each person to the institution, in their order, as far as it is kept.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn last_answers(
        &self,
        institution: &InstitutionCode,
        persons: &[PersonKey],
        before: Instant,
    ) -> Result<Vec<Option<EarlierAnswer>>> {
        let at_once = if self.reads_side_by_side() { persons.len().max(1) } else { ROWS_AT_ONCE };
        let mut found = Vec::with_capacity(persons.len());
        for part in persons.chunks(at_once) {
            let part = LastAnswers { institution: institution.clone(), persons: part.to_vec(), before };
            found.extend(self.read(part).await?);
        }
        Ok(found)
    }

    /// Who has a 医療券・調剤券 made out to the institution that is valid on a day from `first` to `last`.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn persons_with_tickets(
        &self,
        institution: &InstitutionCode,
        first: Date,
        last: Date,
    ) -> Result<Vec<PersonKey>> {
        let (first, last) = (first.to_string(), last.to_string());
        self.read(PersonsOfMonth { institution: institution.clone(), first, last }).await
    }
}
