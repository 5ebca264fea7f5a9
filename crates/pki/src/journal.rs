//! An append-only file of short lines, each on disk before the caller goes on.
//!
//! Serial numbers and revocations are written here before anything is signed: a crash may waste a serial
//! number, it can never use one twice or forget a revocation.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::{Result, file_error, keys};

pub(crate) struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Makes an empty journal; one that exists is never replaced.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        keys::write_private(path, b"")?;
        Ok(Self::open(path)?.0)
    }

    /// Opens a journal and gives its whole lines. A last line without an end was never acknowledged:
    /// it is cut off, so that the next line does not grow out of it.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<String>)> {
        let text = std::fs::read_to_string(path).map_err(file_error(path))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut file = OpenOptions::new().write(true).open(path).map_err(file_error(path))?;
        let length = u64::try_from(whole).unwrap_or(u64::MAX);
        file.set_len(length).map_err(file_error(path))?;
        file.seek(SeekFrom::End(0)).map_err(file_error(path))?;
        let lines = text[..whole].lines().map(str::to_owned).collect();
        Ok((Self { file, path: path.to_owned() }, lines))
    }

    /// Appends one line and waits until it is on disk.
    pub(crate) fn append(&mut self, fields: &[&str]) -> Result<()> {
        let mut line = fields.join("\t");
        line.push('\n');
        self.file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_data())
            .map_err(file_error(&self.path))
    }
}
