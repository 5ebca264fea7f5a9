//! One file of insurers' data into the store. The files are described in `wire::insurer_file`.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use server::clock::Clock;
use store::{
    Store,
    import::{Card, FileMeta, NamedCertificates, Receipt, RowFault},
};
use wire::insurer_file::{CardFileReader, CardRecord, CoverageFileReader, InsurerFileReader, RowError};

/// Why a row of a file cannot be used; never carries the row's content.
pub(crate) type Fault = RowFault;

/// Bytes at the end of a file in which its last line must lie.
const TRAILER_BYTES_MAX: u64 = 256;
/// Longest first line looked at, bytes.
const FIRST_LINE_BYTES_MAX: u64 = 256;
/// Bytes read from a file at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// What a file holds, in the order such files are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Insurers and their names.
    Insurers,
    /// The members of one insurer.
    Coverage,
    /// Card certificates.
    Cards,
}

impl Kind {
    /// The word for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Insurers => "insurers",
            Self::Coverage => "coverage",
            Self::Cards => "cards",
        }
    }
}

/// A file and what it says of itself.
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    /// Records, as its last line says; loading proves it.
    pub(crate) rows: u64,
    content_hash: [u8; 32],
}

/// What became of a file.
pub(crate) struct Loaded {
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) rows: u64,
    pub(crate) already_applied: bool,
}

impl SourceFile {
    /// Reads first and last line.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let kind = kind_of(&mut file).with_context(|| format!("{}", path.display()))?;
        let (rows, content_hash) = trailer_of(&mut file).with_context(|| {
            format!("{} ends without its last line; export it again, whole", path.display())
        })?;
        Ok(Self { path: path.to_owned(), kind, rows, content_hash })
    }

    fn reader(&self) -> Result<BufReader<File>> {
        let file = File::open(&self.path).with_context(|| format!("cannot read {}", self.path.display()))?;
        Ok(BufReader::with_capacity(BUFFER_BYTES, file))
    }
}

/// Loads one file; `progress` hears the rows done, `on_fault` what is wrong.
pub(crate) async fn file(
    store: &Store,
    source: &SourceFile,
    clock: &Clock,
    progress: impl FnMut(u64) + Send,
    on_fault: impl FnMut(Fault) + Send,
) -> Result<Loaded> {
    let (rows, already_applied) = match source.kind {
        Kind::Insurers => insurers(store, source, on_fault).await?,
        Kind::Coverage => applied(&coverage(store, source, clock, progress, on_fault).await?),
        Kind::Cards => applied(&cards(store, source, clock, progress, on_fault).await?),
    };
    Ok(Loaded { path: source.path.clone(), kind: source.kind, rows, already_applied })
}

fn applied(receipt: &Receipt) -> (u64, bool) {
    (receipt.rows, receipt.already_applied)
}

/// Gives the rows, and whether every one of them was known.
async fn insurers(
    store: &Store,
    source: &SourceFile,
    mut on_fault: impl FnMut(Fault),
) -> Result<(u64, bool)> {
    let mut reader = InsurerFileReader::new(source.reader()?)?;
    let mut insurers = Vec::new();
    let mut faults = 0;
    for row in &mut reader {
        match row {
            Ok(insurer) => insurers.push(insurer),
            Err(error) => {
                faults += 1;
                on_fault(fault(&error));
            }
        }
    }
    if faults > 0 {
        bail!("{faults} faults");
    }
    let rows = insurers.len() as u64;
    let changed = store.put_insurers(insurers).await?;
    Ok((rows, changed == 0))
}

async fn coverage(
    store: &Store,
    source: &SourceFile,
    clock: &Clock,
    progress: impl FnMut(u64) + Send,
    on_fault: impl FnMut(Fault) + Send,
) -> Result<Receipt> {
    let mut reader = CoverageFileReader::new(source.reader()?)?;
    let meta = FileMeta {
        insurer_number: reader.insurer_number().clone(),
        content_hash: source.content_hash,
        rows: source.rows,
    };
    let rows = reader.by_ref().map(|row| row.map_err(|error| fault(&error)));
    let receipt = store.import_insurer_file(meta, rows, || clock.now(), progress, on_fault).await?;
    prove_rest(&receipt, reader)?;
    Ok(receipt)
}

async fn cards(
    store: &Store,
    source: &SourceFile,
    clock: &Clock,
    progress: impl FnMut(u64) + Send,
    mut on_fault: impl FnMut(Fault) + Send,
) -> Result<Receipt> {
    // Read once before anything is staged: so every fault is told, not only the first one.
    let faults = card_faults(CardFileReader::new(source.reader()?)?, &mut on_fault);
    if faults > 0 {
        bail!("{faults} faults");
    }
    let mut reader = CardFileReader::new(source.reader()?)?;
    let rows = reader.by_ref().map(|row| {
        row.map(card).map_err(|error| {
            let fault = fault(&error);
            on_fault(fault.clone());
            fault
        })
    });
    let receipt = store.import_cards(source.content_hash, rows, || clock.now(), progress).await?;
    prove_rest(&receipt, reader)?;
    Ok(receipt)
}

/// Tells what is wrong with a file of cards, line by line, then every certificate that it names twice; how many.
fn card_faults(mut reader: CardFileReader<impl BufRead>, mut on_fault: impl FnMut(Fault)) -> usize {
    let mut named = NamedCertificates::default();
    let mut faults = 0;
    while let Some(row) = reader.next() {
        match row {
            Ok(record) => named.add(&record.card, reader.line()),
            Err(error) => {
                faults += 1;
                on_fault(fault(&error));
            }
        }
    }
    let repeated = named.repeated();
    for &(row, first) in &repeated {
        on_fault(Fault { row, reason: NamedCertificates::reason(first) });
    }
    faults + repeated.len()
}

/// The store does not read content it knows. A changed file under an old last line must not pass as known.
fn prove_rest<T>(receipt: &Receipt, mut rest: impl Iterator<Item = Result<T, RowError>>) -> Result<()> {
    if !receipt.already_applied {
        return Ok(());
    }
    match rest.find_map(Result::err) {
        None => Ok(()),
        Some(error) => Err(error).context("the file says it is one that was loaded before, but it is not"),
    }
}

fn card(record: CardRecord) -> Card {
    Card {
        certificate: record.card,
        person_key: record.person_key,
        superseded_by: record.superseded_by,
        registered: record.registered,
    }
}

fn fault(error: &RowError) -> Fault {
    Fault { row: error.line, reason: format!("{}: {}; {}", error.field, error.problem, error.remedy) }
}

fn kind_of(file: &mut File) -> Result<Kind> {
    let mut line = String::new();
    BufReader::new(Read::by_ref(file).take(FIRST_LINE_BYTES_MAX))
        .read_line(&mut line)
        .context("the first line is not text")?;
    match line.trim_end().split(',').next() {
        Some("shikaku-insurers") => Ok(Kind::Insurers),
        Some("shikaku-coverage") => Ok(Kind::Coverage),
        Some("shikaku-cards") => Ok(Kind::Cards),
        _ => bail!("the first line names none of shikaku-insurers, shikaku-coverage, shikaku-cards"),
    }
}

/// Number of records and content hash from the last line: `END,ROWS,HASH`.
fn trailer_of(file: &mut File) -> Result<(u64, [u8; 32])> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TRAILER_BYTES_MAX)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.trim_end().lines().next_back().unwrap_or_default();
    let mut parts = line.split(',');
    let (Some("END"), Some(rows), Some(hash), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        bail!("the last line is not END,ROWS,HASH");
    };
    let mut content_hash = [0; 32];
    hex::decode_to_slice(hash, &mut content_hash).context("the hash in the last line")?;
    Ok((rows.parse().context("the number of rows in the last line")?, content_hash))
}
