//! Portable DDL to each engine's. The text is plain: one column a line, one table from `CREATE TABLE` to `);`, every
//! other statement ends at the first line that ends with `;`.
//!
//! `-- file: people` before a statement puts it into SQLite's second file, which only imports write.

use crate::engine::PEOPLE;

/// What a table is to a cluster, from its `--` annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Annotation {
    /// Small, read-mostly, copied to every node.
    Reference,
    /// Spread over nodes by this column.
    Sharded(String),
}

/// Whose DDL to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// STRICT tables; `WITHOUT ROWID` where annotated. What is of the main file.
    Sqlite,
    /// The same for what is of the people's file, attached under its name.
    SqlitePeople,
    /// Plain tables.
    Postgres,
    /// For tests: sharded tables hash-partitioned by their shard key, as a cluster would spread them. A
    /// statement that could not run there fails here.
    PostgresPartitioned,
}

/// Partitions of each sharded table under [`Dialect::PostgresPartitioned`].
const PARTITIONS: u32 = 3;

/// A table of the portable text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its annotation; `None` is an error that a test reports.
    pub annotation: Option<Annotation>,
    /// Columns of the primary key, in order.
    pub primary_key: Vec<String>,
    /// Columns of each unique index, in order.
    pub unique_indexes: Vec<Vec<String>>,
    /// Whether SQLite has it in the people's file.
    pub of_people: bool,
}

/// State of the walk over the lines.
#[derive(Default)]
struct Walk {
    annotation: Option<Annotation>,
    without_rowid: bool,
    people: bool,
    table: Option<String>,
}

impl Walk {
    fn comment(&mut self, text: &str) {
        if text == "reference" {
            self.annotation = Some(Annotation::Reference);
        } else if let Some(column) = text.strip_prefix("sharded: ") {
            self.annotation = Some(Annotation::Sharded(column.to_owned()));
        } else if text == "sqlite: without rowid" {
            self.without_rowid = true;
        } else if text == "file: people" {
            self.people = true;
        }
    }

    /// Whether this engine, or this file of it, has the statement.
    fn is_for(&self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::Sqlite => !self.people,
            Dialect::SqlitePeople => self.people,
            Dialect::Postgres | Dialect::PostgresPartitioned => true,
        }
    }
}

/// Writes the portable text for an engine.
#[must_use]
pub fn translate(text: &str, dialect: Dialect) -> String {
    let mut walk = Walk::default();
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("-- ") {
            walk.comment(comment);
            continue;
        }
        if let Some(name) = table_name(line) {
            walk.table = Some(name.to_owned());
        }
        let ends = line.ends_with(';');
        if !walk.is_for(dialect) {
            // Another file's.
        } else if line == ");" && walk.table.is_some() {
            end_table(&mut out, &walk, dialect);
        } else {
            out.push_str(&types(line, dialect));
            out.push('\n');
        }
        if ends {
            walk = Walk::default();
        }
    }
    out
}

fn table_name(line: &str) -> Option<&str> {
    line.strip_prefix("CREATE TABLE ")?.split_whitespace().next()
}

/// Column types: each is a word of its own in upper case, which no name is.
fn types(line: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => {
            line.replace(" BIGINT", " INTEGER").replace(" BOOLEAN", " INTEGER").replace(" BYTES", " BLOB")
        }
        Dialect::SqlitePeople => {
            let made = ["CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "]
                .into_iter()
                .find_map(|make| line.strip_prefix(make).map(|rest| format!("{make}{PEOPLE}.{rest}")));
            types(made.as_deref().unwrap_or(line), Dialect::Sqlite)
        }
        Dialect::Postgres | Dialect::PostgresPartitioned => line.replace(" BYTES", " BYTEA"),
    }
}

fn end_table(out: &mut String, walk: &Walk, dialect: Dialect) {
    let shard = match &walk.annotation {
        Some(Annotation::Sharded(column)) => Some(column),
        _ => None,
    };
    match (dialect, shard, &walk.table) {
        (Dialect::Sqlite | Dialect::SqlitePeople, ..) if walk.without_rowid => {
            out.push_str(") STRICT, WITHOUT ROWID;\n");
        }
        (Dialect::Sqlite | Dialect::SqlitePeople, ..) => out.push_str(") STRICT;\n"),
        (Dialect::PostgresPartitioned, Some(column), Some(table)) => {
            out.push_str(&format!(") PARTITION BY HASH ({column});\n"));
            for part in 0..PARTITIONS {
                out.push_str(&format!(
                    "CREATE TABLE {table}_{part} PARTITION OF {table} FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part});\n"
                ));
            }
        }
        _ => out.push_str(");\n"),
    }
}

/// The tables of a portable text, for the rule that every key of a sharded table begins with its shard key.
#[must_use]
pub fn tables(text: &str) -> Vec<Table> {
    let mut walk = Walk::default();
    let mut tables: Vec<Table> = Vec::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("-- ") {
            walk.comment(comment);
        } else if let Some(name) = table_name(line) {
            tables.push(Table {
                name: name.to_owned(),
                annotation: walk.annotation.take(),
                primary_key: vec![],
                unique_indexes: vec![],
                of_people: walk.people,
            });
        } else if let (Some(columns), Some(table)) =
            (line.trim().strip_prefix("PRIMARY KEY "), tables.last_mut())
        {
            table.primary_key = columns_of(columns);
        } else if line.starts_with("CREATE UNIQUE INDEX ") {
            let target = line.split(" ON ").nth(1).unwrap_or_default();
            let (name, columns) = target.split_once(' ').unwrap_or_default();
            if let Some(table) = tables.iter_mut().find(|table| table.name == name) {
                table.unique_indexes.push(columns_of(columns));
            }
        }
        if line.ends_with(';') {
            walk = Walk::default();
        }
    }
    tables
}

fn columns_of(list: &str) -> Vec<String> {
    let inner = list.trim().trim_end_matches([';', ',']).trim_matches(['(', ')']);
    inner.split(',').map(|column| column.trim().to_owned()).collect()
}
