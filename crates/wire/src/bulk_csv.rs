//! Rows as a table: CSV as spreadsheets write it, in UTF-8 or Windows-31J, with headings in the first line.

use eligibility::bulk::{BulkKind, ROWS_MAX};
use encoding_rs::SHIFT_JIS;

use crate::bulk::{BulkRow, ROW_TEXT_CHARS};

/// Longest table, bytes: as every other file that is handed in.
const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Columns looked at.
const MAX_COLUMNS: usize = 64;

/// Why a table cannot be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// More than 10 MiB.
    #[error("the table is larger than 10 MiB")]
    TooLarge,
    /// Neither UTF-8 nor Windows-31J.
    #[error("the table is neither UTF-8 nor Shift_JIS")]
    NotText,
    /// A heading that must be there is missing.
    #[error("a heading is missing: {0}")]
    Heading(&'static str),
    /// A quotation mark that is not closed.
    #[error("a quotation mark is not closed")]
    Quote,
    /// No row at all.
    #[error("the table has no rows")]
    Empty,
}

/// Reads a table of this kind (questions or registrations). Rows beyond the limit and one more are not kept.
///
/// # Errors
/// [`CsvError`]; what is wrong within a row is no error here.
pub fn read_rows(kind: BulkKind, bytes: &[u8]) -> Result<Vec<BulkRow>, CsvError> {
    if bytes.len() > MAX_BYTES {
        return Err(CsvError::TooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => SHIFT_JIS
            .decode_without_bom_handling_and_without_replacement(bytes)
            .ok_or(CsvError::NotText)?
            .into_owned(),
    };
    let mut lines = Lines { rest: &text };
    let headings = lines.next().transpose()?.ok_or(CsvError::Empty)?;
    let place = |heading: &str| headings.iter().position(|found| found.trim() == heading);
    let wanted: &[&'static str] = match kind {
        BulkKind::ReferenceNumbers => &["照会番号", "保険者番号", "番号"],
        _ => &["保険者番号", "番号", "生年月日"],
    };
    if let Some(missing) = wanted.iter().find(|heading| place(heading).is_none()) {
        return Err(CsvError::Heading(missing));
    }
    let asks = kind != BulkKind::ReferenceNumbers;
    let places = Places {
        reference_number: place("照会番号").filter(|_| !asks),
        insurer_number: place("保険者番号"),
        symbol: place("記号"),
        number: place("番号"),
        branch: place("枝番"),
        birthdate: place("生年月日").filter(|_| asks),
        identifier: place("任意の識別子").filter(|_| asks),
    };
    let mut rows = Vec::new();
    for line in lines {
        let line = line?;
        if line.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        rows.push(places.row(&line));
        if rows.len() > ROWS_MAX {
            break;
        }
    }
    if rows.is_empty() { Err(CsvError::Empty) } else { Ok(rows) }
}

/// In which column each field stands.
struct Places {
    reference_number: Option<usize>,
    insurer_number: Option<usize>,
    symbol: Option<usize>,
    number: Option<usize>,
    branch: Option<usize>,
    birthdate: Option<usize>,
    identifier: Option<usize>,
}

impl Places {
    fn row(&self, line: &[String]) -> BulkRow {
        let field = |place: Option<usize>| {
            // An apostrophe keeps spreadsheets from dropping zeros or taking a text for a formula.
            let text = line.get(place?)?.trim();
            let text = text.strip_prefix('\'').unwrap_or(text);
            let text: String = text.chars().take(ROW_TEXT_CHARS).collect();
            (!text.is_empty()).then_some(text)
        };
        // Whoever wrote it gets it back as it is: nothing of it is a number or a formula here.
        let identifier = |place: Option<usize>| {
            let text: String = line.get(place?)?.chars().take(ROW_TEXT_CHARS).collect();
            (!text.is_empty()).then_some(text)
        };
        let birthdate = field(self.birthdate).map(|day| {
            // 1982-05-14 and 1982/05/14 are what spreadsheets make of a date.
            let digits: String = day.chars().filter(|c| !matches!(c, '-' | '/')).collect();
            if digits.len() == 8 { digits } else { day }
        });
        BulkRow {
            reference_number: field(self.reference_number),
            insurer_number: field(self.insurer_number),
            insured_symbol: field(self.symbol),
            insured_number: field(self.number),
            branch_number: field(self.branch),
            birthdate,
            identifier: identifier(self.identifier),
            repeated: None,
        }
    }
}

/// The lines of a table, as fields.
struct Lines<'t> {
    rest: &'t str,
}

impl Iterator for Lines<'_> {
    type Item = Result<Vec<String>, CsvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let mut fields = vec![String::new()];
        let (mut quoted, mut end) = (false, self.rest.len());
        let mut characters = self.rest.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            let Some(field) = fields.last_mut() else { break };
            match c {
                '"' if quoted && characters.peek().is_some_and(|(_, next)| *next == '"') => {
                    characters.next();
                    field.push('"');
                }
                '"' if quoted => quoted = false,
                '"' if field.is_empty() => quoted = true,
                ',' if !quoted => {
                    if fields.len() < MAX_COLUMNS {
                        fields.push(String::new());
                    }
                }
                '\n' if !quoted => {
                    end = at + 1;
                    break;
                }
                '\r' if !quoted => {}
                c => field.push(c),
            }
        }
        self.rest = &self.rest[end..];
        if quoted { Some(Err(CsvError::Quote)) } else { Some(Ok(fields)) }
    }
}
