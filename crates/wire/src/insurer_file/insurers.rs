//! `insurers.csv`: the insurers by number.

use std::io::{BufRead, Write};

use eligibility::insurer::Insurer;

use super::{
    FileSummary, RowError,
    columns::{Row, insurer},
    lines::{Fault, LineReader, LineWriter},
};

const FORMAT: &str = "shikaku-insurers";
static COLUMNS: &[&str] = &["number", "name"];

/// Writes `insurers.csv`.
pub struct InsurerFileWriter<W: Write> {
    lines: LineWriter<W>,
}

impl<W: Write> InsurerFileWriter<W> {
    /// Starts the file. Give a buffered output.
    ///
    /// # Errors
    /// Those of the output.
    pub fn new(output: W) -> std::io::Result<Self> {
        Ok(Self { lines: LineWriter::new(output, FORMAT, &[], COLUMNS)? })
    }

    /// Writes one insurer.
    ///
    /// # Errors
    /// Those of the output; `InvalidInput` when a text cannot be written.
    pub fn write(&mut self, insurer: &Insurer) -> std::io::Result<()> {
        self.lines.field(insurer.number.as_str());
        self.lines.field(&insurer.name);
        self.lines.end_line()?;
        self.lines.count_record();
        Ok(())
    }

    /// Writes the last line and hands the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> std::io::Result<(W, FileSummary)> {
        self.lines.finish()
    }
}

/// Reads `insurers.csv` as an iterator over its records and its row errors.
pub struct InsurerFileReader<R: BufRead> {
    lines: LineReader<R>,
}

impl<R: BufRead> InsurerFileReader<R> {
    /// Reads the first two lines.
    ///
    /// # Errors
    /// A fatal [`RowError`] when it is no insurer file of this version.
    pub fn new(input: R) -> Result<Self, RowError> {
        let mut lines = LineReader::new(input);
        lines.header(FORMAT, 0, COLUMNS)?;
        Ok(Self { lines })
    }

    /// Number of records and content hash, once the last line was read and agreed.
    #[must_use]
    pub fn summary(&self) -> Option<&FileSummary> {
        self.lines.summary()
    }

    fn take_line(&mut self) -> Result<Insurer, Fault> {
        self.lines.count_record();
        let row = Row::new(self.lines.fields(), COLUMNS)?;
        Ok(Insurer { number: row.required(0, "write 6 or 8 digits", insurer)?, name: row.required_text(1)? })
    }
}

impl<R: BufRead> Iterator for InsurerFileReader<R> {
    type Item = Result<Insurer, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.lines.next_record() {
            Ok(false) => None,
            Ok(true) => Some(self.take_line().map_err(|fault| self.lines.refuse(fault))),
            Err(error) => Some(Err(error)),
        }
    }
}
