//! Lines of an insurers' data file: framing, quoting, the running hash and the trailer.

use std::io::{BufRead, Read as _, Write};

use sha2::{Digest as _, Sha256};

use super::{FORMAT_VERSION, FileSummary, MAX_FIELD_BYTES, MAX_LINE_BYTES, MAX_ROW_ERRORS, RowError};

const TRAILER: &str = "END";
const UTF8_BOM: &str = "\u{FEFF}";

/// What went wrong with a line, before the line is known.
#[derive(Clone, Copy)]
pub(super) struct Fault {
    pub(super) field: &'static str,
    pub(super) problem: &'static str,
    pub(super) remedy: &'static str,
}

impl Fault {
    pub(super) fn at(self, line: u64) -> RowError {
        RowError { line, field: self.field, problem: self.problem, remedy: self.remedy, fatal: false }
    }

    fn fatal_at(self, line: u64) -> RowError {
        RowError { fatal: true, ..self.at(line) }
    }
}

pub(super) const fn fault(field: &'static str, problem: &'static str, remedy: &'static str) -> Fault {
    Fault { field, problem, remedy }
}

/// The fields of one line. Kept and refilled from line to line, so that reading allocates nothing.
#[derive(Default)]
pub(super) struct Fields {
    text: String,
    ends: Vec<usize>,
}

impl Fields {
    pub(super) fn get(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends.get(index - 1).copied().unwrap_or(self.text.len()) };
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn is(&self, expected: &[&str]) -> bool {
        self.len() == expected.len() && expected.iter().enumerate().all(|(i, field)| self.get(i) == *field)
    }

    /// Splits a line (RFC 4180, without its line end).
    pub(super) fn split(&mut self, line: &str) -> Result<(), Fault> {
        self.text.clear();
        self.ends.clear();
        let mut rest = line;
        loop {
            rest = match rest.strip_prefix('"') {
                Some(quoted) => self.quoted(quoted)?,
                None => self.bare(rest)?,
            };
            let start = self.ends.last().copied().unwrap_or(0);
            if self.text.len() - start > MAX_FIELD_BYTES {
                return Err(fault("row", "a field is longer than 4 KiB", "shorten it"));
            }
            self.ends.push(self.text.len());
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None => return Ok(()),
            }
        }
    }

    fn bare<'l>(&mut self, text: &'l str) -> Result<&'l str, Fault> {
        let (field, rest) = text.split_at(text.find(',').unwrap_or(text.len()));
        if field.contains('"') {
            return Err(fault(
                "row",
                "a quote stands inside an unquoted field",
                "quote the field and double the quote",
            ));
        }
        self.text.push_str(field);
        Ok(rest)
    }

    /// Takes a field whose opening quote is already taken; what is left starts with a comma or is empty.
    fn quoted<'l>(&mut self, mut text: &'l str) -> Result<&'l str, Fault> {
        loop {
            let end =
                text.find('"').ok_or(fault("row", "a quoted field does not end", "add the closing quote"))?;
            self.text.push_str(&text[..end]);
            text = &text[end + 1..];
            match text.strip_prefix('"') {
                Some(after) => {
                    self.text.push('"');
                    text = after;
                }
                None if text.is_empty() || text.starts_with(',') => return Ok(text),
                None => return Err(fault("row", "text follows a closing quote", "quote the whole field")),
            }
        }
    }
}

/// Reads lines, hashes them, and stops at the trailer.
pub(super) struct LineReader<R> {
    input: R,
    line: Vec<u8>,
    fields: Fields,
    number: u64,
    records: u64,
    hash: Sha256,
    errors: usize,
    ended: bool,
    summary: Option<FileSummary>,
}

impl<R: BufRead> LineReader<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::with_capacity(1024),
            fields: Fields::default(),
            number: 0,
            records: 0,
            hash: Sha256::new(),
            errors: 0,
            ended: false,
            summary: None,
        }
    }

    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Counts one record for the trailer.
    pub(super) fn count_record(&mut self) {
        self.records += 1;
    }

    pub(super) fn summary(&self) -> Option<&FileSummary> {
        self.summary.as_ref()
    }

    /// Reads the two lines before the records and gives what follows format and version in the first.
    pub(super) fn header(
        &mut self,
        format: &str,
        extra: usize,
        columns: &[&str],
    ) -> Result<Vec<String>, RowError> {
        let expected = |fault: Fault, line| fault.fatal_at(line);
        self.read_line().map_err(|fault| expected(fault, 1))?;
        let split = self.split();
        if split.is_err() || self.fields.get(0).trim_start_matches(UTF8_BOM) != format {
            let fault =
                fault("header", "this is not the expected kind of file", "give a file of the right kind");
            return Err(expected(fault, 1));
        }
        if self.fields.get(1) != FORMAT_VERSION.to_string() {
            return Err(expected(fault("header", "unknown format version", "export version 1"), 1));
        }
        if self.fields.len() != 2 + extra {
            let fault = fault("header", "wrong number of fields", "write the documented first line");
            return Err(expected(fault, 1));
        }
        let given = (2..2 + extra).map(|index| self.fields.get(index).to_owned()).collect();
        self.read_line().and_then(|_| self.split()).map_err(|fault| expected(fault, 2))?;
        if !self.fields.is(columns) {
            let fault = fault("columns", "the column names differ", "write exactly the documented columns");
            return Err(expected(fault, 2));
        }
        Ok(given)
    }

    /// Reads the next record into [`LineReader::fields`]; `false` once the trailer was read and agrees.
    pub(super) fn next_record(&mut self) -> Result<bool, RowError> {
        if self.ended {
            return Ok(false);
        }
        let read = self.read_record();
        read.map_err(|fault| self.refuse(fault))
    }

    /// Makes the error of the current line and counts it; the last one allowed says that reading stops.
    pub(super) fn refuse(&mut self, fault: Fault) -> RowError {
        self.errors += 1;
        if self.errors == MAX_ROW_ERRORS {
            self.ended = true;
            let remedy = "correct the rows reported so far, then try again";
            return Fault { problem: "too many wrong rows; reading stopped", remedy, ..fault }
                .fatal_at(self.number);
        }
        if self.ended { fault.fatal_at(self.number) } else { fault.at(self.number) }
    }

    fn read_record(&mut self) -> Result<bool, Fault> {
        if !self.read_line()? {
            self.ended = true;
            return Err(fault("END", "the file ends without its last line", "export the file again, whole"));
        }
        self.split()?;
        if self.fields.get(0) != TRAILER {
            return Ok(true);
        }
        self.ended = true;
        self.check_trailer()?;
        Ok(false)
    }

    fn check_trailer(&mut self) -> Result<(), Fault> {
        let content_hash = hex::encode(self.hash.clone().finalize());
        if self.fields.len() != 3 || self.fields.get(1) != self.records.to_string() {
            return Err(fault("END", "the number of records differs", "export the file again, whole"));
        }
        if self.fields.get(2) != content_hash {
            return Err(fault(
                "END",
                "the SHA-256 differs: the file was changed",
                "export the file again, unchanged",
            ));
        }
        if self.read_line()? {
            return Err(fault("END", "lines follow the last line", "export the file again, alone"));
        }
        self.summary = Some(FileSummary { records: self.records, content_hash });
        Ok(())
    }

    /// Reads one line without its end; `false` at the end of the file. Everything but the trailer is hashed.
    fn read_line(&mut self) -> Result<bool, Fault> {
        self.line.clear();
        let limit = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
        let read = (&mut self.input).take(limit).read_until(b'\n', &mut self.line);
        if read.is_err() {
            self.ended = true;
            return Err(fault("file", "the file cannot be read", "check the disk, then try again"));
        }
        if self.line.is_empty() {
            return Ok(false);
        }
        self.number += 1;
        if self.line.len() == MAX_LINE_BYTES && !self.line.ends_with(b"\n") {
            self.ended = true;
            return Err(fault("row", "the line is longer than 64 KiB", "shorten it"));
        }
        if !self.line.starts_with(b"END,") {
            self.hash.update(&self.line);
        }
        Ok(true)
    }

    fn split(&mut self) -> Result<(), Fault> {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line)
            .map_err(|_| fault("row", "the line is not UTF-8", "export as UTF-8"))?;
        self.fields.split(line)
    }
}

/// Writes lines, hashing them, and the trailer.
pub(super) struct LineWriter<W> {
    output: W,
    line: String,
    hash: Sha256,
    records: u64,
    broken: bool,
}

impl<W: Write> LineWriter<W> {
    /// Starts a file: first line and column names.
    pub(super) fn new(output: W, format: &str, extra: &[&str], columns: &[&str]) -> std::io::Result<Self> {
        let mut writer = Self {
            output,
            line: String::with_capacity(1024),
            hash: Sha256::new(),
            records: 0,
            broken: false,
        };
        writer.field(format);
        writer.field(&FORMAT_VERSION.to_string());
        extra.iter().for_each(|field| writer.field(field));
        writer.end_line()?;
        columns.iter().for_each(|field| writer.field(field));
        writer.end_line()?;
        Ok(writer)
    }

    /// Adds one field to the line.
    pub(super) fn field(&mut self, text: &str) {
        self.broken |= text.len() > MAX_FIELD_BYTES || text.contains(['\n', '\r']);
        if !self.line.is_empty() {
            self.line.push(',');
        }
        if text.contains(['"', ',']) {
            self.line.push('"');
            self.line.push_str(&text.replace('"', "\"\""));
            self.line.push('"');
        } else {
            self.line.push_str(text);
        }
    }

    pub(super) fn optional(&mut self, text: Option<&str>) {
        self.field(text.unwrap_or_default());
    }

    /// Ends the line. An error when a field cannot be written in this format.
    pub(super) fn end_line(&mut self) -> std::io::Result<()> {
        if self.broken || self.line.len() >= MAX_LINE_BYTES {
            self.line.clear();
            self.broken = false;
            let message = "a field holds a line break or is longer than 4 KiB";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, message));
        }
        self.line.push('\n');
        self.hash.update(self.line.as_bytes());
        self.output.write_all(self.line.as_bytes())?;
        self.line.clear();
        Ok(())
    }

    pub(super) fn count_record(&mut self) {
        self.records += 1;
    }

    /// Writes the trailer and flushes.
    pub(super) fn finish(mut self) -> std::io::Result<(W, FileSummary)> {
        let content_hash = hex::encode(self.hash.finalize());
        writeln!(self.output, "{TRAILER},{},{content_hash}", self.records)?;
        self.output.flush()?;
        Ok((self.output, FileSummary { records: self.records, content_hash }))
    }
}
