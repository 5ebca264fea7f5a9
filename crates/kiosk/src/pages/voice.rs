//! Recordings of the texts, made when the reader is set up. A recording is played only while its words are the words on
//! the screen: a changed text falls silent until it is recorded anew.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use crate::words::{Language, Text};

/// File beside the recordings that says which words are in which.
const LIST: &str = "voices.json";
/// A list longer than this is none, bytes.
const LIST_BYTES_MAX: u64 = 1024 * 1024;

/// Why nothing is heard.
#[derive(Debug, thiserror::Error)]
pub enum NoVoice {
    /// There is no list of recordings.
    #[error("音声の一覧 {} がありません。音声を作るには: cargo xtask voices --out {}", .0.join(LIST).display(), .0.display())]
    NoList(PathBuf),
    /// The list cannot be read.
    #[error("音声の一覧 {} を読み取れません: {why}", folder.join(LIST).display())]
    BadList {
        /// Where it should be.
        folder: PathBuf,
        /// Why not.
        why: String,
    },
}

/// What the list says of one language: words by key.
type Recorded = BTreeMap<String, String>;

#[derive(Deserialize)]
struct List {
    languages: BTreeMap<String, Recorded>,
}

/// The recordings there are.
#[derive(Debug, Default)]
pub struct Voices {
    folder: PathBuf,
    recorded: BTreeMap<String, Recorded>,
}

impl Voices {
    /// Reads which recordings lie in the folder.
    ///
    /// # Errors
    /// [`NoVoice`]: no list, or one that cannot be read. The reader then works without a voice and says so.
    pub fn open(folder: PathBuf) -> Result<Self, NoVoice> {
        let path = folder.join(LIST);
        let size = std::fs::metadata(&path).map(|about| about.len());
        if !size.is_ok_and(|size| size <= LIST_BYTES_MAX) {
            return Err(NoVoice::NoList(folder));
        }
        let list = std::fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| serde_json::from_slice::<List>(&bytes).map_err(|error| error.to_string()));
        match list {
            Ok(list) => Ok(Self { folder, recorded: list.languages }),
            Err(why) => Err(NoVoice::BadList { folder, why }),
        }
    }

    /// The file with these words, by [`Language::id`] and [`Text::key`]; `None` when there is none or its words are others.
    #[must_use]
    pub fn file(&self, language: &str, key: &str) -> Option<PathBuf> {
        let text = Language::of(language)?.texts().all().into_iter().find(|text| text.key == key)?;
        self.has(language, text).then(|| self.folder.join(language).join(format!("{key}.wav")))
    }

    fn has(&self, language: &str, text: Text) -> bool {
        self.recorded
            .get(language)
            .and_then(|recorded| recorded.get(text.key))
            .is_some_and(|words| words == text.words)
    }

    /// Texts without a recording of their words, by language; empty when all is there.
    #[must_use]
    pub fn missing(&self) -> Vec<(Language, usize)> {
        let of = |(language, texts): (Language, Vec<Text>)| {
            let missing = texts.into_iter().filter(|text| !self.has(language.id(), *text)).count();
            (language, missing)
        };
        crate::words::spoken().into_iter().map(of).filter(|(_, missing)| *missing > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(words: &str) -> (tempfile::TempDir, Result<Voices, NoVoice>) {
        let folder = tempfile::tempdir().expect("a folder");
        let list = serde_json::json!({"languages": {"ja": {"take_card": words}}});
        std::fs::write(folder.path().join(LIST), list.to_string()).expect("written");
        let voices = Voices::open(folder.path().to_owned());
        (folder, voices)
    }

    #[test]
    fn a_recording_is_played_only_while_its_words_are_shown() {
        let (folder, voices) = recorded("カードをお取りください");
        let voices = voices.expect("a list");
        assert_eq!(voices.file("ja", "take_card"), Some(folder.path().join("ja/take_card.wav")));
        assert_eq!(voices.file("en", "take_card"), None);
        let (_folder, other) = recorded("カードをおとりください");
        assert_eq!(other.expect("a list").file("ja", "take_card"), None);
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let (_folder, voices) = recorded("カードをお取りください");
        let voices = voices.expect("a list");
        assert_eq!(voices.file("..", "take_card"), None);
        assert_eq!(voices.file("ja", "../../etc/passwd"), None);
    }

    #[test]
    fn a_folder_without_recordings_says_how_to_make_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = Voices::open(folder.path().to_owned()).expect_err("nothing there");
        assert!(refused.to_string().contains("cargo xtask voices"), "{refused}");
        std::fs::write(folder.path().join(LIST), "[").expect("written");
        assert!(matches!(Voices::open(folder.path().to_owned()), Err(NoVoice::BadList { .. })));
        assert_eq!(Voices::default().missing().len(), Language::ALL.len());
    }
}
