//! An append-only file of short lines, each on disk before the caller goes on.
//!
//! Serial numbers and revocations are written here before anything is signed: a crash may waste a serial
//! number, it can never use one twice or forget a revocation.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::{Error, Result, file_error, keys};

pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    /// Bytes of whole, synced lines.
    length: u64,
    /// Another program writes it: nothing is added here.
    beside: bool,
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
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(file_error(path))?;
        // Two writers would not see each other's lines. The lock ends with the file, so with the process.
        file.try_lock().map_err(|_| Error::InUse(path.to_owned()))?;
        // Bytes first: a torn line may end inside a character.
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(file_error(path))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        bytes.truncate(whole);
        let text = String::from_utf8(bytes).map_err(|_| Error::Malformed("a journal"))?;
        let length = u64::try_from(whole).unwrap_or(u64::MAX);
        file.set_len(length).map_err(file_error(path))?;
        file.seek(SeekFrom::End(0)).map_err(file_error(path))?;
        let lines = text.lines().map(str::to_owned).collect();
        Ok((Self { file, path: path.to_owned(), length, beside: false }, lines))
    }

    /// Reads a journal that another program may be writing, and leaves it alone: the whole lines it has now, and no
    /// way to add any.
    pub(crate) fn open_beside(path: &Path) -> Result<(Self, Vec<String>)> {
        let mut file = File::open(path).map_err(file_error(path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(file_error(path))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        bytes.truncate(whole);
        let text = String::from_utf8(bytes).map_err(|_| Error::Malformed("a journal"))?;
        let lines = text.lines().map(str::to_owned).collect();
        let length = u64::try_from(whole).unwrap_or(u64::MAX);
        Ok((Self { file, path: path.to_owned(), length, beside: true }, lines))
    }

    /// Appends one line and waits until it is on disk.
    pub(crate) fn append(&mut self, fields: &[&str]) -> Result<()> {
        if self.beside {
            return Err(Error::InUse(self.path.clone()));
        }
        let mut line = fields.join("\t");
        line.push('\n');
        if let Err(error) = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data()) {
            // Half a line must not stay in front of the next one. If this fails too, so will that.
            let _ = self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::End(0)));
            return Err(file_error(&self.path)(error));
        }
        self.length += u64::try_from(line.len()).unwrap_or(0);
        Ok(())
    }
}
