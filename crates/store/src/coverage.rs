//! Finding people and their coverage: by card, by number, and as it was known at some moment.

use eligibility::{
    Date, Instant, card_certificate::CardCertificateId, codes::CardClassification, coverage::Coverage,
    facility_settings::FacilitySettings, institution::InstitutionCode, insurer::InsurerNumber,
    matching::NumberKey, person::PersonKey,
};

use crate::{
    Error, Result, Store,
    coverage_row::{StoredCoverage, coverage_columns, decode},
    engine::{Tx, bind},
    facility_settings,
    import::{Card, in_force},
    job::Read,
    reference_number,
};

/// Persons that one number may lead to; more is a fault of the data, and only these are looked at.
const PERSONS_LIMIT: usize = 16;

/// What a card certificate leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardLookup {
    /// No such certificate is known.
    Unknown,
    /// The card is known, but not registered for use as an insurance card (利用登録).
    Unregistered,
    /// A newer certificate took its place.
    Superseded,
    /// The holder.
    Person {
        /// Who it is.
        person_key: PersonKey,
        /// Every coverage known now, past and present, all insurers.
        coverages: Vec<Coverage>,
    },
}

/// Everything a card check reads, taken from one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardContext {
    /// The card's holder and coverages.
    pub lookup: CardLookup,
    /// The institution's number for the person.
    pub reference_number: Option<String>,
    /// The institution's settings; those of nobody when there is no person.
    pub settings: FacilitySettings,
}

/// Everything a number check reads, taken from one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberContext {
    /// Every coverage, all insurers, of every person whom the number leads to.
    pub coverages: Vec<Coverage>,
    /// The institution's numbers for those persons, where it has one.
    pub reference_numbers: Vec<(PersonKey, String)>,
}

const CURRENT: &str = concat!(
    "SELECT ",
    coverage_columns!(),
    " FROM coverage c JOIN insurer i ON i.number = c.insurer_number WHERE c.person_key = $1 \
     AND c.from_import <= i.current_import AND (c.until_import IS NULL OR c.until_import > i.current_import) \
     ORDER BY c.insurer_number, c.coverage_id"
);

const KNOWN_AT: &str = concat!(
    "SELECT ",
    coverage_columns!(),
    " FROM coverage c WHERE c.person_key = $1 \
     AND c.from_import <= (SELECT COALESCE(MAX(r.import_number), 0) FROM import_run r \
       WHERE r.source = c.insurer_number AND r.state = 'applied' AND r.finished_at <= $2) \
     AND (c.until_import IS NULL OR c.until_import > (SELECT COALESCE(MAX(r.import_number), 0) FROM import_run r \
       WHERE r.source = c.insurer_number AND r.state = 'applied' AND r.finished_at <= $2)) \
     ORDER BY c.insurer_number, c.coverage_id"
);

const BY_NUMBER: &str = "SELECT DISTINCT n.person_key FROM coverage_by_number n \
     JOIN insurer i ON i.number = n.insurer_number \
     WHERE n.insurer_number = $1 AND n.number_key = $2 AND n.birthdate = $3 \
     AND n.from_import <= i.current_import AND (n.until_import IS NULL OR n.until_import > i.current_import) \
     ORDER BY n.person_key";

const TICKETS: &str = "SELECT ticket FROM medical_ticket WHERE person_key = $1 AND insurer_number = $2 \
     AND coverage_id = $3 AND from_import = $4 ORDER BY position";

/// Adds the tickets of 医療扶助, which hang on few coverages.
pub(crate) async fn with_tickets(tx: &Tx<'_>, stored: Vec<StoredCoverage>) -> Result<Vec<Coverage>> {
    let mut coverages = Vec::with_capacity(stored.len());
    for StoredCoverage { mut coverage, from_import } in stored {
        if coverage.classification == CardClassification::PublicAssistance {
            let key = bind![
                coverage.person_key.0.as_str(),
                coverage.insurer_number.as_str(),
                coverage.coverage_id.as_str(),
                from_import
            ];
            let tickets = tx
                .query(TICKETS, key, |row| {
                    serde_json::from_str(row.text(0, "ticket")?)
                        .map_err(|_| Error::Malformed { what: "ticket" })
                })
                .await?;
            coverage.medical_tickets = tickets;
        }
        coverages.push(coverage);
    }
    Ok(coverages)
}

pub(crate) async fn current(tx: &Tx<'_>, person: &PersonKey) -> Result<Vec<Coverage>> {
    let stored = tx.query(CURRENT, bind![person.0.as_str()], decode).await?;
    with_tickets(tx, stored).await
}

async fn card_lookup(tx: &Tx<'_>, card: &CardCertificateId) -> Result<CardLookup> {
    Ok(match in_force(tx, card).await? {
        None => CardLookup::Unknown,
        Some(Card { superseded_by: Some(_), .. }) => CardLookup::Superseded,
        Some(Card { registered: false, .. }) => CardLookup::Unregistered,
        Some(Card { person_key, .. }) => {
            let coverages = current(tx, &person_key).await?;
            CardLookup::Person { person_key, coverages }
        }
    })
}

struct CardContextOf {
    institution: InstitutionCode,
    card: CardCertificateId,
}

impl Read for CardContextOf {
    type Output = CardContext;

    async fn run(&self, tx: &Tx<'_>) -> Result<CardContext> {
        let lookup = card_lookup(tx, &self.card).await?;
        let CardLookup::Person { person_key, .. } = &lookup else {
            let settings = FacilitySettings::default();
            return Ok(CardContext { lookup, reference_number: None, settings });
        };
        let reference_number = reference_number::find(tx, &self.institution, person_key).await?;
        let settings = facility_settings::current(tx, self.institution.as_str()).await?.settings;
        Ok(CardContext { lookup, reference_number, settings })
    }
}

struct CoverageOfCard(CardCertificateId);

impl Read for CoverageOfCard {
    type Output = CardLookup;

    async fn run(&self, tx: &Tx<'_>) -> Result<CardLookup> {
        card_lookup(tx, &self.0).await
    }
}

/// What is looked up by number.
pub(crate) struct ByNumber {
    /// Whose reference numbers come along.
    pub(crate) institution: Option<InstitutionCode>,
    pub(crate) insurer: InsurerNumber,
    pub(crate) number: NumberKey,
    pub(crate) birthdate: String,
}

impl Read for ByNumber {
    type Output = NumberContext;

    async fn run(&self, tx: &Tx<'_>) -> Result<NumberContext> {
        let key = bind![self.insurer.as_str(), self.number.as_str(), &self.birthdate];
        let persons =
            tx.query(BY_NUMBER, key, |row| Ok(PersonKey(row.text(0, "person_key")?.to_owned()))).await?;
        let mut found = NumberContext::default();
        for person in persons.into_iter().take(PERSONS_LIMIT) {
            found.coverages.append(&mut current(tx, &person).await?);
            if let Some(institution) = &self.institution
                && let Some(number) = reference_number::find(tx, institution, &person).await?
            {
                found.reference_numbers.push((person, number));
            }
        }
        Ok(found)
    }
}

struct CoveragesOf {
    person: PersonKey,
    known_at: Option<Instant>,
}

impl Read for CoveragesOf {
    type Output = Vec<Coverage>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<Coverage>> {
        let Some(known_at) = self.known_at else {
            return current(tx, &self.person).await;
        };
        let stored = tx.query(KNOWN_AT, bind![self.person.0.as_str(), known_at.0], decode).await?;
        with_tickets(tx, stored).await
    }
}

impl Store {
    /// The holder of a card certificate and all their coverages.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn coverage_of_card(&self, card: &CardCertificateId) -> Result<CardLookup> {
        self.read(CoverageOfCard(card.clone())).await
    }

    /// What a card check at `institution` needs, in one read: prefer it to the single calls on the hot path.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn card_context(
        &self,
        institution: &InstitutionCode,
        card: &CardCertificateId,
    ) -> Result<CardContext> {
        self.read(CardContextOf { institution: institution.clone(), card: card.clone() }).await
    }

    /// All coverages of all persons who have this number and birthday at this insurer, or had it in the
    /// past. Symbol and branch are left to the rule of verification.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn candidates_by_number(
        &self,
        insurer: &InsurerNumber,
        number: &NumberKey,
        birthdate: Date,
    ) -> Result<Vec<Coverage>> {
        let (insurer, number) = (insurer.clone(), number.clone());
        let job = ByNumber { institution: None, insurer, number, birthdate: birthdate.to_string() };
        Ok(self.read(job).await?.coverages)
    }

    /// A person's coverages as they are known now.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn coverages_of(&self, person: &PersonKey) -> Result<Vec<Coverage>> {
        self.read(CoveragesOf { person: person.clone(), known_at: None }).await
    }

    /// A person's coverages as they were known at `known_at`: only imports applied until then count. What
    /// held on a date D is then decided by the rule of verification with that date.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn coverages_as_known_at(
        &self,
        person: &PersonKey,
        known_at: Instant,
    ) -> Result<Vec<Coverage>> {
        self.read(CoveragesOf { person: person.clone(), known_at: Some(known_at) }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Options,
        engine::{Link, Mode, SqliteFile, statements},
    };

    /// What the read of a number check found, and the statements it ran.
    async fn read(link: &mut Link, number: &str, birthdate: &str) -> (usize, Vec<&'static str>) {
        let job = ByNumber {
            institution: Some(InstitutionCode::parse("1319990012").expect("a code")),
            insurer: InsurerNumber::parse("01130012").expect("a number"),
            number: NumberKey::of(number),
            birthdate: birthdate.to_owned(),
        };
        let tx = link.begin(Mode::Read).await.expect("begins");
        statements::taken();
        // Whether somebody was found shows in the statements: nobody's coverage is in this database.
        let found = job.run(&tx).await.expect("reads");
        let run = statements::taken();
        tx.rollback().await.expect("ends");
        (found.coverages.len(), run)
    }

    #[tokio::test]
    async fn an_unknown_number_costs_what_a_wrong_birthday_costs() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("test.db");
        let url = format!("sqlite:{}", path.display());
        Store::open(&url, Options::default()).await.expect("opens").migrate().await.expect("migrates");
        let file = SqliteFile::new(path, Options::default());
        let writer = file.open_writer().expect("opens");
        writer
            .execute_batch(
                "INSERT INTO insurer (number, name, current_import) VALUES ('01130012', '試験', 1);
                 INSERT INTO coverage_by_number (insurer_number, number_key, birthdate, person_key, \
                 coverage_id, from_import, seen_import) \
                 VALUES ('01130012', '601', '1980-02-17', 'p', 'c', 1, 1);",
            )
            .expect("a number");
        let mut link = Link::Sqlite(std::sync::Mutex::new(file.open_reader().expect("opens")));
        let unknown = read(&mut link, "999", "1980-02-17").await;
        assert_eq!(unknown, (0, vec![BY_NUMBER]), "one look into one index, for all three at once");
        assert_eq!(read(&mut link, "601", "1980-02-18").await, unknown);
        // The comparison can fail: the right birthday leads on to the person.
        assert_ne!(read(&mut link, "601", "1980-02-17").await, unknown);
        let whole_key = "(insurer_number=? AND number_key=? AND birthdate=?)";
        let plans: Vec<String> = {
            let mut statement = writer.prepare(&format!("EXPLAIN QUERY PLAN {BY_NUMBER}")).expect("prepares");
            let rows = statement.query_map(["", "", ""], |row| row.get(3)).expect("runs");
            rows.map(|row| row.expect("text")).collect()
        };
        assert!(plans.iter().any(|step| step.contains(whole_key)), "{plans:?}");
    }
}
