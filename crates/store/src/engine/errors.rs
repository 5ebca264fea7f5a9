//! Drivers' errors become ours. Messages that could carry a person's data are not passed on.

use rusqlite::ErrorCode;
use tokio_postgres::error::SqlState;

use crate::Error;

/// SQLite's error.
pub(crate) fn from_sqlite(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::LockConflict,
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt) => {
            Error::StorageFailed(error.to_string())
        }
        Some(ErrorCode::DiskFull | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
            Error::Unwritable(error.to_string())
        }
        _ => Error::Database(error.to_string()),
    }
}

/// PostgreSQL's error: code, message and table only, as its detail repeats keys.
pub(crate) fn from_postgres(error: tokio_postgres::Error) -> Error {
    let Some(db) = error.as_db_error() else {
        return Error::Database(error.to_string());
    };
    match *db.code() {
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Error::LockConflict,
        SqlState::DISK_FULL | SqlState::READ_ONLY_SQL_TRANSACTION => {
            Error::Unwritable(format!("{} {}", db.code().code(), db.message()))
        }
        SqlState::IO_ERROR => Error::StorageFailed(db.code().code().to_owned()),
        _ => Error::Database(format!("{} {} {}", db.code().code(), db.message(), db.table().unwrap_or(""))),
    }
}
