//! A population as the insurers' data files of one folder.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use eligibility::{coverage::Coverage, insurer::Insurer};
use wire::insurer_file::{CardFileWriter, CoverageFileWriter, FileSummary, InsurerFileWriter};

use crate::{
    Options,
    generate::{Counts, generate},
    sink::{Card, Sink},
};

/// Bytes gathered before a file is written to; there are about a hundred files.
const BUFFER_BYTES: usize = 128 * 1024;
/// The list of insurers.
const INSURERS_FILE: &str = "insurers.csv";
/// The card certificates.
const CARDS_FILE: &str = "cards.csv";

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct Error {
    /// The file, or the folder.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileWritten {
    /// Where it is.
    pub path: PathBuf,
    /// Its records and the hash of its content.
    pub summary: FileSummary,
}

/// What a folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderSummary {
    /// What was generated.
    pub counts: Counts,
    /// `insurers.csv`.
    pub insurers: FileWritten,
    /// `coverage-<insurer number>.csv`, one for each insurer, in the order of the insurers.
    pub coverages: Vec<FileWritten>,
    /// `cards.csv`.
    pub cards: FileWritten,
}

/// Writes a population into a folder, which is made if need be; files of the same names are replaced.
/// `progress` gets the number of people done, now and then.
///
/// # Errors
/// [`Error`] for the first file that cannot be written.
pub fn write_folder(
    options: &Options,
    folder: &Path,
    progress: impl FnMut(u64),
) -> Result<FolderSummary, Error> {
    let refused = |source| Error { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(refused)?;
    let mut sink = FolderSink::open(folder)?;
    let counts = generate(options, &mut sink, progress)?;
    sink.finish(counts)
}

type Output = BufWriter<File>;

struct CoverageFile {
    path: PathBuf,
    writer: CoverageFileWriter<Output>,
}

struct FolderSink {
    folder: PathBuf,
    insurers_path: PathBuf,
    insurers: InsurerFileWriter<Output>,
    files: Vec<CoverageFile>,
    by_number: HashMap<String, usize>,
    cards_path: PathBuf,
    cards: CardFileWriter<Output>,
}

impl FolderSink {
    fn open(folder: &Path) -> Result<Self, Error> {
        let (insurers_path, cards_path) = (folder.join(INSURERS_FILE), folder.join(CARDS_FILE));
        let insurers = InsurerFileWriter::new(create(&insurers_path)?).map_err(at(&insurers_path))?;
        let cards = CardFileWriter::new(create(&cards_path)?).map_err(at(&cards_path))?;
        let folder = folder.to_owned();
        Ok(Self {
            folder,
            insurers_path,
            insurers,
            files: Vec::new(),
            by_number: HashMap::new(),
            cards_path,
            cards,
        })
    }

    fn finish(self, counts: Counts) -> Result<FolderSummary, Error> {
        let insurers = self.insurers.finish().map_err(at(&self.insurers_path))?;
        let insurers = written(self.insurers_path, insurers)?;
        let cards = self.cards.finish().map_err(at(&self.cards_path))?;
        let cards = written(self.cards_path, cards)?;
        let mut coverages = Vec::with_capacity(self.files.len());
        for file in self.files {
            let finished = file.writer.finish().map_err(at(&file.path))?;
            coverages.push(written(file.path, finished)?);
        }
        Ok(FolderSummary { counts, insurers, coverages, cards })
    }
}

impl Sink for FolderSink {
    type Error = Error;

    fn insurer(&mut self, insurer: &Insurer) -> Result<(), Error> {
        self.insurers.write(insurer).map_err(at(&self.insurers_path))?;
        let path = self.folder.join(format!("coverage-{}.csv", insurer.number));
        let writer = CoverageFileWriter::new(create(&path)?, insurer.number.clone()).map_err(at(&path))?;
        self.by_number.insert(insurer.number.as_str().to_owned(), self.files.len());
        self.files.push(CoverageFile { path, writer });
        Ok(())
    }

    fn coverage(&mut self, coverage: &Coverage) -> Result<(), Error> {
        let Some(place) = self.by_number.get(coverage.insurer_number.as_str()) else {
            let source =
                io::Error::new(io::ErrorKind::InvalidInput, "coverage of an insurer that was not given");
            return Err(Error { path: self.folder.clone(), source });
        };
        let file = &mut self.files[*place];
        file.writer.write(coverage).map_err(at(&file.path))
    }

    fn card(&mut self, card: &Card) -> Result<(), Error> {
        self.cards.write(card).map_err(at(&self.cards_path))
    }
}

fn create(path: &Path) -> Result<Output, Error> {
    let file = File::create(path).map_err(at(path))?;
    Ok(BufWriter::with_capacity(BUFFER_BYTES, file))
}

/// Names the file in an error; called for every row, so the path is copied only when there is one.
fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error { path: path.to_owned(), source }
}

/// Empties the buffer: an error that only then comes up must not be lost.
fn written(path: PathBuf, (output, summary): (Output, FileSummary)) -> Result<FileWritten, Error> {
    output.into_inner().map_err(|error| at(&path)(error.into_error()))?;
    Ok(FileWritten { path, summary })
}
