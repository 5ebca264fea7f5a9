//! How the terminal is doing: counters and states without personal data, for health checks.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde::Serialize;

use crate::{drop::FolderWork, settings::Settings};

/// The running figures.
#[derive(Debug, Default)]
pub struct Status {
    answered: AtomicU64,
    refused: AtomicU64,
    quarantined: AtomicU64,
    card_checks: AtomicU64,
    substituted: AtomicU64,
    last_substituted: AtomicU64,
    central_trouble: AtomicBool,
    drop_trouble: Mutex<Option<String>>,
    folder_work: Arc<FolderWork>,
    settings: Settings,
}

/// One reading of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusReport {
    /// Nothing is wrong now.
    pub healthy: bool,
    /// Requests answered with a result since the start.
    pub answered: u64,
    /// Requests answered with an `.err` file since the start.
    pub refused: u64,
    /// Things put into quarantine since the start.
    pub quarantined: u64,
    /// Card sessions answered since the start.
    pub card_checks: u64,
    /// Answers since the start, face results among them, in which characters the file's encoding lacks were written
    /// otherwise (代替文字).
    pub substituted: u64,
    /// How many different characters that were in the last such answer; 0 when there was none.
    pub last_substituted_characters: u64,
    /// The last question to the central system failed.
    pub central_trouble: bool,
    /// What keeps the file drop from working, e.g. a full disk. It is retried.
    pub drop_trouble: Option<String>,
    /// Names read in the drop's folders since the start: each reading of `req` reads all names there, whoever's.
    pub names_read: u64,
    /// Files of the drop looked at or opened since the start: those of requests and answers only.
    pub files_looked_at: u64,
    /// The version of 環境設定情報 that acts here; `None` before the centre gave them.
    pub settings_version: Option<i64>,
}

impl Status {
    /// The figures now.
    #[must_use]
    pub fn report(&self) -> StatusReport {
        let drop_trouble = self.trouble().clone();
        let central_trouble = self.central_trouble.load(Ordering::Relaxed);
        StatusReport {
            healthy: drop_trouble.is_none() && !central_trouble,
            answered: self.answered.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            quarantined: self.quarantined.load(Ordering::Relaxed),
            card_checks: self.card_checks.load(Ordering::Relaxed),
            substituted: self.substituted.load(Ordering::Relaxed),
            last_substituted_characters: self.last_substituted.load(Ordering::Relaxed),
            central_trouble,
            drop_trouble,
            names_read: self.folder_work.names(),
            files_looked_at: self.folder_work.looks(),
            settings_version: self.settings.version(),
        }
    }

    /// The institution's settings.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where the drop's folders count what they are asked.
    pub(crate) fn folder_work(&self) -> &Arc<FolderWork> {
        &self.folder_work
    }

    pub(crate) fn count_answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_quarantined(&self) {
        self.quarantined.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_card_check(&self) {
        self.card_checks.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an answer if characters were written otherwise in it, and says so in the log: how many, never which.
    pub(crate) fn note_substitutions(&self, request_id: &str, characters: usize) {
        if characters == 0 {
            return;
        }
        self.substituted.fetch_add(1, Ordering::Relaxed);
        self.last_substituted.store(characters as u64, Ordering::Relaxed);
        tracing::warn!(request_id, characters, "answer written with substituted characters");
    }

    pub(crate) fn set_central_trouble(&self, trouble: bool) {
        self.central_trouble.store(trouble, Ordering::Relaxed);
    }

    /// Notes (or clears) what keeps the drop from working; `true` when that is news.
    pub(crate) fn set_drop_trouble(&self, trouble: Option<String>) -> bool {
        let mut now = self.trouble();
        let news = *now != trouble;
        *now = trouble;
        news
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.drop_trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panics").write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn substituted_characters_are_said_with_request_and_count() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let status = Status::default();
        tracing::subscriber::with_default(subscriber, || {
            status.note_substitutions("r-1", 0);
            status.note_substitutions("r-2", 3);
        });
        let text = String::from_utf8(log.0.lock().expect("no panics").clone()).expect("UTF-8");
        assert_eq!(text.lines().count(), 1, "{text}");
        let said =
            ["WARN", "answer written with substituted characters", "request_id=\"r-2\"", "characters=3"];
        assert!(said.iter().all(|part| text.contains(part)), "{text}");
        let report = status.report();
        assert_eq!((report.substituted, report.last_substituted_characters), (1, 3));
    }
}
