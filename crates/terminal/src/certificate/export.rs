//! Certificates as files: the ZIP or PKCS#12 they may come in, and the one a backup goes out in.

use std::io::{Cursor, Read};

use eligibility::Instant;
use pki::pkcs12;
use rustls::pki_types::CertificateDer;
use zip::{AesMode, ZipArchive, read::ZipFile};

use super::{Fault, Held};

/// Largest file taken, bytes, also inside a ZIP.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;
/// Name of the folder below the terminal's state that the terminal's page exports into.
pub const EXPORT_FOLDER: &str = "exported";
/// Most files a ZIP may list.
const MAX_ENTRIES: usize = 64;
/// What a ZIP begins with.
const ZIP_MARK: &[u8] = b"PK\x03\x04";
/// Endings of a PKCS#12 file's name.
const ENDINGS: [&str; 2] = [".p12", ".pfx"];

/// Reads a PKCS#12 file, or the one in a ZIP; where the ZIP itself is encrypted, it is with AES-256 and has the same
/// password.
pub(super) fn read(file: &[u8], password: &str) -> Result<Held, Fault> {
    if file.len() > MAX_FILE_BYTES {
        return Err(Fault::TooLarge);
    }
    let inner;
    let file = if file.starts_with(ZIP_MARK) {
        inner = unpack(file, password)?;
        &inner
    } else {
        file
    };
    let imported = pkcs12::import(file, password).map_err(|error| match error {
        pki::Error::Crypto(_) => Fault::Password,
        _ => Fault::NoCertificateInFile,
    })?;
    Ok(Held::from_imported(imported)?)
}

fn unpack(file: &[u8], password: &str) -> Result<Vec<u8>, Fault> {
    let broken = |_| Fault::Password;
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(broken)?;
    if archive.len() > MAX_ENTRIES {
        return Err(Fault::NoCertificateInFile);
    }
    let wanted: Vec<String> = archive
        .file_names()
        .flatten()
        .filter(|name| ENDINGS.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending)))
        .map(std::borrow::Cow::into_owned)
        .collect();
    let [name] = wanted.as_slice() else { return Err(Fault::NoCertificateInFile) };
    let index = archive.index_for_name(name).ok_or(Fault::NoCertificateInFile)?;
    let encrypted = archive.by_index_raw(index).map_err(broken)?.encrypted();
    if encrypted {
        // The old way gives a password away that guards the certificate too.
        let aes = archive.get_aes_verification_key_and_salt(index).map_err(broken)?;
        if aes.is_none_or(|aes| aes.aes_mode != AesMode::Aes256) {
            return Err(Fault::WeakZip);
        }
        return bounded(archive.by_index_decrypt(index, password.as_bytes()).map_err(broken)?);
    }
    bounded(archive.by_index(index).map_err(broken)?)
}

fn bounded<R: Read>(entry: ZipFile<'_, R>) -> Result<Vec<u8>, Fault> {
    let mut content = Vec::new();
    // What the entry says of its own size is not believed.
    let most = MAX_FILE_BYTES as u64 + 1;
    entry.take(most).read_to_end(&mut content).map_err(|_| Fault::Password)?;
    if content.len() > MAX_FILE_BYTES {
        return Err(Fault::TooLarge);
    }
    Ok(content)
}

/// Key, certificate and everything up to the root as PKCS#12 (AES-256) under this password.
pub(super) fn write(
    held: &Held,
    roots: &[CertificateDer<'static>],
    password: &str,
) -> Result<Vec<u8>, Fault> {
    let own = held.chain().first().ok_or(Fault::NothingInstalled)?;
    let above: Vec<Vec<u8>> =
        held.chain().iter().skip(1).chain(roots).map(|certificate| certificate.to_vec()).collect();
    let alias = &held.facts().subject.terminal;
    pkcs12::export(alias.as_str(), held.key(), own, &above, password).map_err(|error| match error {
        pki::Error::Key(_) => Fault::WeakPassword,
        other => Fault::Storage(other.to_string()),
    })
}

/// A name for the file of an export: institution, serial number, moment; nothing that a file system minds.
pub(super) fn file_name(held: &Held, now: Instant) -> String {
    let facts = held.facts();
    let moment = eligibility::calendar::format_n14(now);
    format!("{}_{}_{moment}.p12", facts.subject.institution.as_str(), facts.serial)
}
