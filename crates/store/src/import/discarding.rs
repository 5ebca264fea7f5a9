//! An import is taken back while another task or process still stages rows of it: nothing of it may stay. The chunk is
//! held where it hurts, so that no luck is needed.

use std::sync::{Arc, Barrier};

use eligibility::{
    Date, Instant,
    card_certificate::CardCertificateId,
    codes::{CardClassification, Sex},
    coverage::Coverage,
    insurer::InsurerNumber,
    person::{Person, PersonKey, Protection},
};

use super::{
    Card, FileMeta,
    cards::{self, CARDS},
    run::{Begun, Progress},
    stage::{self, Line},
};
use crate::{
    Error, Options, Result, Store,
    audit::Chains,
    engine::Tx,
    job::{Read, Write},
    migrations,
};

const NOW: Instant = Instant(1_780_000_000_000);
const INSURER: &str = "01130012";

/// Two processes at one database.
struct Two {
    first: Store,
    second: Store,
    postgres: bool,
    _folder: tempfile::TempDir,
}

async fn sqlite() -> Two {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    two(&url, folder).await
}

async fn postgres() -> Two {
    let template = format!("shikaku_discarding_{}", migrations::ALL.len());
    let migrated = async |url: String| {
        let store = Store::open(&url, Options::default()).await.map_err(|error| error.to_string())?;
        store.migrate().await.map(drop).map_err(|error| error.to_string())
    };
    let url = testkit::postgres::cluster().database(&template, migrated).await.expect("a database");
    two(&url, tempfile::tempdir().expect("a folder")).await
}

async fn two(url: &str, folder: tempfile::TempDir) -> Two {
    let first = Store::open(url, Options::default()).await.expect("opens");
    first.migrate().await.expect("migrates");
    let second = Store::open(url, Options::default()).await.expect("opens");
    Two { first, second, postgres: url.starts_with("postgres"), _folder: folder }
}

fn coverage(number: u32) -> Coverage {
    let date = |text: &str| text.parse::<Date>().expect("a date");
    Coverage {
        person_key: PersonKey(format!("p-{number}")),
        coverage_id: format!("c-{number}"),
        person: Person {
            name: "架空　一郎".to_owned(),
            kana: None,
            other_name: None,
            other_kana: None,
            birthdate: date("1980-01-01"),
            sex: Sex::Male,
            sex_on_back: None,
            address: None,
            postcode: None,
            protection: Protection::default(),
        },
        insurer_number: InsurerNumber::parse(INSURER).expect("a number"),
        insured_symbol: None,
        insured_number: number.to_string(),
        branch_number: None,
        relation: None,
        insured_name: None,
        classification: CardClassification::General,
        qualified_on: date("2020-04-01"),
        disqualified_on: None,
        reason_of_loss: None,
        card_issued_on: None,
        card_valid_from: None,
        card_valid_until: None,
        copay_ratio: None,
        ceiling_certificates: vec![],
        elderly_certificates: vec![],
        specific_disease_certificates: vec![],
        medical_tickets: vec![],
    }
}

fn member_chunk(store: &Store, progress: &Progress) -> stage::Chunk {
    let insurer_number = InsurerNumber::parse(INSURER).expect("a number");
    let meta = FileMeta { insurer_number, content_hash: [1; 32], rows: 2 };
    let line = Line::new(store, &meta, progress);
    stage::Chunk::new(&line, vec![coverage(1), coverage(2)]).expect("a chunk")
}

fn card_chunk(_: &Store, progress: &Progress) -> cards::Chunk {
    let card = |serial: &str| Card {
        certificate: CardCertificateId { issuer: "ab".to_owned(), serial: serial.to_owned() },
        person_key: PersonKey("p-1".to_owned()),
        superseded_by: None,
        registered: true,
    };
    let import_number = progress.import_number;
    cards::Chunk { import_number, before: progress.rows_staged, rows: vec![card("1"), card("2")] }
}

/// A job that stops inside its transaction, after its rows, until it is let go.
struct Held<W> {
    job: W,
    inside: Arc<Barrier>,
    go: Arc<Barrier>,
}

impl<W: Write> Write for Held<W> {
    type Output = W::Output;

    fn key(&self) -> &str {
        self.job.key()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<W::Output> {
        let output = self.job.run(tx, chains).await?;
        self.inside.wait();
        self.go.wait();
        Ok(output)
    }
}

/// Rows of every table that an import fills.
struct Rows;

impl Read for Rows {
    type Output = i64;

    async fn run(&self, tx: &Tx<'_>) -> Result<i64> {
        let mut rows = 0;
        for sql in [
            "SELECT COUNT(*) FROM coverage",
            "SELECT COUNT(*) FROM coverage_by_number",
            "SELECT COUNT(*) FROM card_version",
        ] {
            rows += tx.query_one(sql, &[], |row| row.int(0, "count")).await?.unwrap_or(0);
        }
        Ok(rows)
    }
}

/// Statements that wait for another one's lock.
struct Waiting;

impl Read for Waiting {
    type Output = i64;

    async fn run(&self, tx: &Tx<'_>) -> Result<i64> {
        let sql = "SELECT COUNT(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'";
        Ok(tx.query_one(sql, &[], |row| row.int(0, "count")).await?.unwrap_or(0))
    }
}

async fn begun(store: &Store, source: &str) -> Progress {
    match store.begin_import(source, [1; 32], 2, NOW).await.expect("begins") {
        Begun::Staging(progress) => progress,
        Begun::AlreadyApplied(_) => panic!("nothing was applied"),
    }
}

/// The chunk comes when staging has ended and nothing is taken back yet.
async fn comes_too_late<W: Write>(two: &Two, source: &str, chunk: impl Fn(&Store, &Progress) -> W) {
    let progress = begun(&two.first, source).await;
    let number = progress.import_number;
    two.first.write(chunk(&two.first, &progress)).await.map(drop).expect("staged");
    assert!(two.first.read(Rows).await.expect("counts") > 0, "{source}");
    two.second.end_staging(source, number).await.expect("ends");
    let late = two.first.write(chunk(&two.first, &progress)).await.map(drop);
    assert!(matches!(late, Err(Error::Refused { what: "import", .. })), "{source}: {late:?}");
    let noted = two.first.note_staged(source, number, 0, 2).await;
    assert!(matches!(noted, Err(Error::Refused { .. })), "{source}: {noted:?}");
    let applied = two.first.finish_import(source, number, 2, true, true, NOW).await;
    assert!(matches!(applied, Err(Error::Refused { .. })), "{source}: {applied:?}");
    // Killed here, the discarding goes on with the next file.
    two.second.discard_import(source, number, NOW).await.expect("discards");
    assert_eq!(two.first.read(Rows).await, Ok(0), "{source}");
    assert!(begun(&two.first, source).await.import_number > number, "{source}");
}

/// The chunk has written its rows and is about to commit.
async fn is_under_way<W: Write>(two: &Two, source: &'static str, chunk: impl Fn(&Store, &Progress) -> W) {
    let progress = begun(&two.first, source).await;
    let (inside, go) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let job = chunk(&two.first, &progress);
    let held = Held { job, inside: Arc::clone(&inside), go: Arc::clone(&go) };
    let store = two.first.clone();
    let staging = tokio::spawn(async move { store.write(held).await.map(drop) });
    tokio::task::block_in_place(|| inside.wait());
    let store = two.second.clone();
    let discarding =
        tokio::spawn(async move { store.discard_import(source, progress.import_number, NOW).await });
    // SQLite lets nobody else write meanwhile; on PostgreSQL it is the row that is held.
    while two.postgres && two.second.read(Waiting).await.expect("looks") == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!discarding.is_finished(), "{source}");
    tokio::task::block_in_place(|| go.wait());
    assert_eq!(staging.await.expect("ends"), Ok(()), "{source}");
    assert_eq!(discarding.await.expect("ends"), Ok(()), "{source}");
    assert_eq!(two.first.read(Rows).await, Ok(0), "{source}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_chunk_that_comes_after_staging_ended_is_refused_on_sqlite() {
    let two = sqlite().await;
    comes_too_late(&two, INSURER, member_chunk).await;
    comes_too_late(&two, CARDS, card_chunk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_chunk_that_comes_after_staging_ended_is_refused_on_postgres() {
    let two = postgres().await;
    comes_too_late(&two, INSURER, member_chunk).await;
    comes_too_late(&two, CARDS, card_chunk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_chunk_under_way_is_taken_back_too_on_sqlite() {
    let two = sqlite().await;
    is_under_way(&two, INSURER, member_chunk).await;
    is_under_way(&two, CARDS, card_chunk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_chunk_under_way_is_taken_back_too_on_postgres() {
    let two = postgres().await;
    is_under_way(&two, INSURER, member_chunk).await;
    is_under_way(&two, CARDS, card_chunk).await;
}
