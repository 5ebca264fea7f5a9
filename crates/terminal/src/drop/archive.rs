//! The zip form: one XML in an AES-256 archive, with limits that no archive can talk us out of.
//!
//! Programs disagree about what an archive with a strange end holds. So before anything is unpacked [`directory`] reads
//! the list of contents itself, and takes only archives about which there is nothing to disagree.

mod directory;
#[cfg(test)]
mod tests;

use std::io::{Cursor, Read, Write};

use zip::{AesMode, CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// Entries in an archive at most.
const MAX_ENTRIES: usize = 100;
/// Unpacked bytes per packed byte at most.
const MAX_RATIO: u64 = 100;
/// Unpacked bytes at most, the same as for a plain request.
const MAX_UNPACKED: u64 = super::MAX_REQUEST_BYTES;

/// Why an archive is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// Not an archive we can read, or a broken one.
    #[error("暗号化ファイル（zip）を読み取れません。")]
    Unreadable,
    /// Something follows the archive's end, or stands before its beginning.
    #[error("暗号化ファイル（zip）の前か後ろに余分なデータがあります。作り直してください。")]
    Surplus,
    /// More than one place could be the archive's end, or its list of contents contradicts itself.
    #[error("暗号化ファイル（zip）の終わりが一つに定まりません。作り直してください。")]
    Ambiguous,
    /// The entry is not encrypted, or in the old way that is soon broken.
    #[error("暗号化ファイル（zip）は AES-256 で暗号化してください。暗号化なしと ZipCrypto は使えません。")]
    NotAes256,
    /// The password is not ours.
    #[error("暗号化ファイル（zip）のパスワードが端末の設定と一致しません。")]
    Password,
    /// No entry ending in `.xml`, or several.
    #[error("暗号化ファイル（zip）の中に要求の XML が 1 つだけ入っている必要があります。")]
    NoSingleXml,
    /// A limit: entries, ratio, or size.
    #[error("暗号化ファイル（zip）が大きすぎます。")]
    TooLarge,
}

impl ArchiveError {
    /// Whether bytes still to come, or to be cut off by a writer that reserved room, could make an archive of it.
    pub(crate) fn may_be_incomplete(self) -> bool {
        // What lies at an archive's end is written last: any other verdict is about a whole archive.
        matches!(self, Self::Unreadable | Self::Surplus)
    }
}

/// The one XML in the archive.
pub(crate) fn open(archive: &[u8], password: &str) -> Result<Vec<u8>, ArchiveError> {
    let entries = directory::read(archive)?;
    // Entry names choose the entry and nothing else: nothing is ever unpacked to a path.
    let mut xml = entries.iter().enumerate().filter(|(_, entry)| entry.name.ends_with(b".xml"));
    let (Some((index, chosen)), None) = (xml.next(), xml.next()) else {
        return Err(ArchiveError::NoSingleXml);
    };
    if !chosen.is_aes_256 {
        return Err(ArchiveError::NotAes256);
    }
    let mut zip = ZipArchive::new(Cursor::new(archive)).map_err(|_| ArchiveError::Unreadable)?;
    // The library merges entries of one name and may choose another end: then it does not see what was judged above.
    if zip.len() != entries.len() {
        return Err(ArchiveError::Ambiguous);
    }
    let entry = zip.by_index_decrypt(index, password.as_bytes()).map_err(|error| match error {
        zip::result::ZipError::InvalidPassword => ArchiveError::Password,
        _ => ArchiveError::Unreadable,
    })?;
    if entry.name_raw() != chosen.name {
        return Err(ArchiveError::Ambiguous);
    }
    let limit = (entry.compressed_size().min(archive.len() as u64) * MAX_RATIO).min(MAX_UNPACKED);
    let mut content = Vec::new();
    entry.take(limit + 1).read_to_end(&mut content).map_err(|_| ArchiveError::Unreadable)?;
    if content.len() as u64 > limit {
        return Err(ArchiveError::TooLarge);
    }
    Ok(content)
}

/// An archive with one encrypted entry.
pub(crate) fn seal(entry_name: &str, content: &[u8], password: &str) -> std::io::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .with_aes_encryption(AesMode::Aes256, password);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(entry_name, options)?;
    zip.write_all(content)?;
    Ok(zip.finish()?.into_inner())
}
