//! The zip form: one XML in an AES-256 archive, with limits that no archive can talk us out of.

use std::io::{Cursor, Read, Write};

use zip::{AesMode, CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// Entries in an archive at most.
const MAX_ENTRIES: usize = 100;
/// Unpacked bytes per packed byte at most.
const MAX_RATIO: u64 = 100;
/// Unpacked bytes at most, the same as for a plain request.
const MAX_UNPACKED: u64 = super::MAX_REQUEST_BYTES;
/// The archive's closing record with the longest comment: where the number of entries stands.
const END_RECORD: usize = 22;
const MAX_COMMENT: usize = u16::MAX as usize;
const END_SIGNATURE: &[u8] = b"PK\x05\x06";

/// Why an archive is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// Not an archive we can read, or a broken one.
    #[error("暗号化ファイル（zip）を読み取れません。")]
    Unreadable,
    /// The password is not ours, or the entry is not encrypted.
    #[error("暗号化ファイル（zip）のパスワードが端末の設定と一致しません。")]
    Password,
    /// No entry ending in `.xml`, or several.
    #[error("暗号化ファイル（zip）の中に要求の XML が 1 つだけ入っている必要があります。")]
    NoSingleXml,
    /// A limit: entries, ratio, or size.
    #[error("暗号化ファイル（zip）が大きすぎます。")]
    TooLarge,
}

/// The one XML in the archive.
pub(crate) fn open(archive: &[u8], password: &str) -> Result<Vec<u8>, ArchiveError> {
    if claimed_entries(archive).ok_or(ArchiveError::Unreadable)? > MAX_ENTRIES {
        return Err(ArchiveError::TooLarge);
    }
    let mut zip = ZipArchive::new(Cursor::new(archive)).map_err(|_| ArchiveError::Unreadable)?;
    if zip.len() > MAX_ENTRIES {
        return Err(ArchiveError::TooLarge);
    }
    // Entry names choose the entry and nothing else: nothing is ever unpacked to a path.
    let mut xml = (0..zip.len()).filter(|index| {
        zip.name_for_index(*index).is_some_and(|name| name.is_ok_and(|name| name.ends_with(".xml")))
    });
    let (Some(index), None) = (xml.next(), xml.next()) else { return Err(ArchiveError::NoSingleXml) };
    drop(xml);
    if zip.by_index_raw(index).is_ok_and(|entry| !entry.encrypted()) {
        return Err(ArchiveError::Password);
    }
    let entry = zip.by_index_decrypt(index, password.as_bytes()).map_err(|error| match error {
        zip::result::ZipError::InvalidPassword => ArchiveError::Password,
        _ => ArchiveError::Unreadable,
    })?;
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

/// How many entries the archive's end says it has, before anything is built from them.
fn claimed_entries(archive: &[u8]) -> Option<usize> {
    let from = archive.len().saturating_sub(END_RECORD + MAX_COMMENT);
    let tail = archive.get(from..)?;
    let at = tail.windows(END_SIGNATURE.len()).rposition(|window| window == END_SIGNATURE)?;
    let count = tail.get(at + 10..at + 12)?;
    Some(usize::from(u16::from_le_bytes([count[0], count[1]])))
}
