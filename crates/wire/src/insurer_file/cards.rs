//! `cards.csv`: which card certificate stands for which person.

use std::io::{BufRead, Write};

use eligibility::{card_certificate::CardCertificateId, person::PersonKey};

use super::{
    FileSummary, RowError,
    columns::{Row, is_hex},
    lines::{Fault, LineReader, LineWriter, fault},
};

const FORMAT: &str = "shikaku-cards";
static COLUMNS: &[&str] =
    &["issuer", "serial", "person_key", "registered", "superseded_by_issuer", "superseded_by_serial"];

/// One card certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRecord {
    /// The certificate.
    pub card: CardCertificateId,
    /// Whose it is.
    pub person_key: PersonKey,
    /// `true` once the card is registered for use as an insurance card.
    pub registered: bool,
    /// The certificate that replaced this one.
    pub superseded_by: Option<CardCertificateId>,
}

/// Writes `cards.csv`.
pub struct CardFileWriter<W: Write> {
    lines: LineWriter<W>,
}

impl<W: Write> CardFileWriter<W> {
    /// Starts the file. Give a buffered output.
    ///
    /// # Errors
    /// Those of the output.
    pub fn new(output: W) -> std::io::Result<Self> {
        Ok(Self { lines: LineWriter::new(output, FORMAT, &[], COLUMNS)? })
    }

    /// Writes one card certificate.
    ///
    /// # Errors
    /// Those of the output; `InvalidInput` when a text cannot be written.
    pub fn write(&mut self, record: &CardRecord) -> std::io::Result<()> {
        self.lines.field(&record.card.issuer);
        self.lines.field(&record.card.serial);
        self.lines.field(&record.person_key.0);
        self.lines.field(if record.registered { "1" } else { "0" });
        self.lines.optional(record.superseded_by.as_ref().map(|card| card.issuer.as_str()));
        self.lines.optional(record.superseded_by.as_ref().map(|card| card.serial.as_str()));
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

/// Reads `cards.csv` as an iterator over its records and its row errors.
pub struct CardFileReader<R: BufRead> {
    lines: LineReader<R>,
}

impl<R: BufRead> CardFileReader<R> {
    /// Reads the first two lines.
    ///
    /// # Errors
    /// A fatal [`RowError`] when it is no card file of this version.
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

    /// The line of the file that the last record came from, counted from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.lines.number()
    }

    fn take_line(&mut self) -> Result<CardRecord, Fault> {
        self.lines.count_record();
        let row = Row::new(self.lines.fields(), COLUMNS)?;
        let superseded_by = match (row.raw(4), row.raw(5)) {
            ("", "") => None,
            _ => Some(card(&row, 4)?),
        };
        let person_key = PersonKey(row.required_text(2)?);
        Ok(CardRecord { card: card(&row, 0)?, person_key, registered: row.flag(3)?, superseded_by })
    }
}

fn card(row: &Row<'_>, index: usize) -> Result<CardCertificateId, Fault> {
    let hex = |index: usize| {
        row.required(index, "write lower-case hex", |text| is_hex(text).then(|| text.to_owned()))
    };
    let card = CardCertificateId { issuer: hex(index)?, serial: hex(index + 1)? };
    if card.serial.starts_with('0') {
        return Err(fault(row.name(index + 1), "leading zero", "write the serial without leading zeros"));
    }
    Ok(card)
}

impl<R: BufRead> Iterator for CardFileReader<R> {
    type Item = Result<CardRecord, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.lines.next_record() {
            Ok(false) => None,
            Ok(true) => Some(self.take_line().map_err(|fault| self.lines.refuse(fault))),
            Err(error) => Some(Err(error)),
        }
    }
}
