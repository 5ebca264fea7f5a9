//! The mailbox: whatever the system mails to anybody lies here, as files, for the page to show.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;

use super::mime;
use crate::demo::premises::private_folder;

/// Mails kept; older ones go.
const KEPT: usize = 200;

/// Mails, newest last, each a file.
#[derive(Clone)]
pub(crate) struct Mailbox {
    folder: PathBuf,
    /// Held while a file gets its number.
    turn: Arc<Mutex<()>>,
}

/// One mail as the page shows it.
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) date: String,
    /// The text, cut where links begin and end.
    pub(crate) text: Vec<Piece>,
}

/// Words, or an address to open.
pub(crate) struct Piece {
    pub(crate) words: String,
    pub(crate) link: bool,
}

impl Mailbox {
    /// In a folder that only its owner can enter.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        private_folder(folder)?;
        Ok(Self { folder: folder.to_owned(), turn: Arc::default() })
    }

    /// Takes a mail as it came.
    pub(super) fn put(&self, mail: &[u8]) -> Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let files = self.files()?;
        let last = files.last().and_then(|file| number(file)).unwrap_or(0);
        let file = self.folder.join(format!("{:06}.eml", last + 1));
        pki::keys::write_private(&file, mail)?;
        for old in files.iter().rev().skip(KEPT - 1) {
            std::fs::remove_file(old)?;
        }
        Ok(())
    }

    /// All of them, newest first.
    pub(crate) fn mails(&self) -> Result<Vec<Mail>> {
        let mut mails = Vec::new();
        for file in self.files()?.iter().rev() {
            let mail = mime::read(&std::fs::read(file)?);
            let text = pieces(&mail.text);
            mails.push(Mail { to: mail.to, subject: mail.subject, date: mail.date, text });
        }
        Ok(mails)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(&self.folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<_>>()?;
        files.retain(|file| number(file).is_some());
        files.sort();
        Ok(files)
    }
}

fn number(file: &Path) -> Option<u64> {
    if file.extension()? != "eml" {
        return None;
    }
    file.file_stem()?.to_str()?.parse().ok()
}

/// Cuts out the addresses of this machine; no other is made a link.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("http://localhost:").or_else(|| rest.find("http://127.0.0.1:")) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| c.is_whitespace() || !c.is_ascii()).unwrap_or(from.len());
        let (link, after) = from.split_at(end);
        pieces.push(Piece { words: before.to_owned(), link: false });
        pieces.push(Piece { words: link.to_owned(), link: true });
        rest = after;
    }
    pieces.push(Piece { words: rest.to_owned(), link: false });
    pieces.retain(|piece| !piece.words.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn only_addresses_of_this_machine_become_links() {
        let text = "開く\n\nhttp://localhost:1/confirm?token=a_b\n\nhttp://evil.example/ と";
        let cut: Vec<_> = pieces(text).into_iter().map(|piece| (piece.words, piece.link)).collect();
        assert_eq!(cut[1], ("http://localhost:1/confirm?token=a_b".to_owned(), true));
        assert_eq!(cut.iter().filter(|(_, link)| *link).count(), 1);
        assert_eq!(cut.iter().map(|(words, _)| words.as_str()).collect::<String>(), text);
    }
}
