//! All SQL and only SQL: SQLite and PostgreSQL, group commit, audit log.
