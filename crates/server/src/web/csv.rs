//! Tables as CSV, for spreadsheets: UTF-8 with a byte order mark, every field in quotation marks, lines end with CR LF.
//!
//! No field can be a formula. What begins as one, with `=`, `+`, `-`, `@`, a tab, a line end or the full-width form of
//! those signs, gets an apostrophe before it; everything else is exactly what it was. So who reads the file with a
//! program takes away one apostrophe before such a sign, and has the text as it was.

/// Told to spreadsheets, which would take the file for another encoding.
const BYTE_ORDER_MARK: char = '\u{FEFF}';
/// What a formula can begin with, for one program or another.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A table that is being written.
#[derive(Clone, Debug)]
pub struct Table {
    text: String,
    columns: usize,
}

impl Table {
    /// A table with these headings.
    #[must_use]
    pub fn new(headings: &[&str]) -> Self {
        let mut table = Self { text: String::from(BYTE_ORDER_MARK), columns: headings.len() };
        table.line(headings.iter().copied());
        table
    }

    /// Adds a line. Fields that are missing are empty; more than there are headings are left out.
    pub fn line(&mut self, fields: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut fields = fields.into_iter();
        for place in 0..self.columns {
            if place > 0 {
                self.text.push(',');
            }
            self.field(fields.next().as_ref().map_or("", AsRef::as_ref));
        }
        self.text.push_str("\r\n");
    }

    fn field(&mut self, text: &str) {
        self.text.push('"');
        if text.starts_with(FORMULA) {
            self.text.push('\'');
        }
        for c in text.chars() {
            if c == '"' {
                self.text.push('"');
            }
            self.text.push(c);
        }
        self.text.push('"');
    }

    /// The whole file.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn no_field_is_a_formula_and_nothing_else_changes() {
        let mut table = Table::new(&["a", "b"]);
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("＝1", "'＝1"),
            ("-", "'-"),
            ("@SUM(1)", "'@SUM(1)"),
            ("\tx", "'\tx"),
            ("a\"b", "a\"\"b"),
            ("葛\u{E0100}城", "葛\u{E0100}城"),
            ("1-2", "1-2"),
            ("'", "'"),
        ] {
            table.line([text]);
            let text = table.clone().into_text();
            assert!(text.ends_with(&format!("\"{written}\",\"\"\r\n")), "{text:?}");
        }
    }
}
