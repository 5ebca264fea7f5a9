//! The token the card reader must show: made once, readable by the terminal's user only.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

/// Random bytes in a token.
const TOKEN_BYTES: usize = 32;

/// The token in the file; the file is made when missing.
pub(super) fn load_or_make(path: &Path) -> io::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            if std::fs::metadata(path)?.mode() & 0o077 != 0 {
                return Err(refused("others can read the reader link's token file: chmod 600"));
            }
            let token = text.trim().to_owned();
            if token.len() < TOKEN_BYTES {
                return Err(refused(
                    "the reader link's token is too short: remove the file, it is made anew",
                ));
            }
            Ok(token)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path),
        Err(error) => Err(error),
    }
}

fn make(path: &Path) -> io::Result<String> {
    let mut bytes = zeroize::Zeroizing::new([0_u8; TOKEN_BYTES]);
    aws_lc_rs::rand::fill(&mut *bytes).map_err(|_| io::Error::other("no random numbers"))?;
    let token = hex::encode(*bytes);
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    file.write_all(token.as_bytes())?;
    file.sync_all()?;
    Ok(token)
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}
