//! The letterbox of the new institution. Before a letter is posted it lies in the operator's queue with its contents;
//! the postman of the demo takes a copy then, and it lies in the letterbox once it was posted. The system itself
//! forgets the contents when it posts a letter.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use server::ca::opened_letter;
use store::{Letter, Store};
use tokio_util::sync::CancellationToken;

use super::{new_institution, staff};
use crate::demo::premises::private_folder;

/// Between two rounds of the postman.
const ROUND: Duration = Duration::from_millis(500);

/// The letterbox.
#[derive(Clone)]
pub(crate) struct Letterbox {
    folder: PathBuf,
    /// What the server sealed the letters with.
    key: PathBuf,
}

impl Letterbox {
    /// In a folder that only its owner can enter.
    pub(super) fn open(folder: &Path, key: PathBuf) -> Result<Self> {
        private_folder(folder)?;
        Ok(Self { folder: folder.to_owned(), key })
    }

    /// Works until the end.
    pub(super) async fn run(self, store: Store, stop: CancellationToken) {
        loop {
            if let Err(error) = self.collect(&store).await {
                tracing::warn!(%error, "the postman could not collect letters");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(ROUND) => {}
            }
        }
    }

    async fn collect(&self, store: &Store) -> Result<()> {
        let code = new_institution()?;
        for letter in store.letters_to_post().await? {
            let file = self.file(&letter.letter_id);
            if letter.institution_code != code || file.is_file() {
                continue;
            }
            if let Some(sealed) = store.sealed_letter(&code, &letter.letter_id).await? {
                // As the post room prints it.
                let pdf = opened_letter(&staff::seal(&self.key)?, (&code, &letter.letter_id), &sealed)?;
                pki::keys::write_private(&file, &pdf)?;
            }
        }
        Ok(())
    }

    /// What was posted and has arrived, newest first.
    pub(crate) async fn arrived(&self, store: &Store) -> Result<Vec<Letter>> {
        let letters = store.letters_of(&new_institution()?).await?;
        let here = |letter: &Letter| letter.posted_at.is_some() && self.file(&letter.letter_id).is_file();
        Ok(letters.into_iter().filter(here).collect())
    }

    /// One that has arrived.
    pub(crate) async fn letter(&self, store: &Store, id: &str) -> Result<Option<Vec<u8>>> {
        let arrived = self.arrived(store).await?;
        let Some(letter) = arrived.iter().find(|letter| letter.letter_id == id) else { return Ok(None) };
        Ok(Some(std::fs::read(self.file(&letter.letter_id))?))
    }

    fn file(&self, id: &str) -> PathBuf {
        let plain: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        self.folder.join(format!("{plain}.pdf"))
    }
}
