//! What is wrong with a configuration, found before the first patient stands at the counter.

use std::{os::unix::fs::MetadataExt, path::Path};

use super::{Config, EncryptionSwitch};
use crate::{central::ReceiptKeys, clock};

/// The slowest polling the drop promises: a request is seen within this many milliseconds.
const MAX_POLL_MS: u64 = 1_000;
/// Polling faster than this only burns the processor.
const MIN_POLL_MS: u64 = 20;
/// A longer settling time would feel broken at the counter.
const MAX_SETTLE_MS: u64 = 10_000;
/// Shorter than a slow writer's pauses: whole requests would be called broken.
const MIN_INCOMPLETE_PATIENCE_MS: u64 = 500;
/// Whoever dropped half a message should be told within the minute.
const MAX_INCOMPLETE_PATIENCE_MS: u64 = 60_000;
/// Interfaces that are never encrypted, whatever the table says.
const NEVER_ENCRYPTED: [&str; 12] = [
    "EPS",
    "OQSmutic",
    "OQSmuhvq",
    "OQSmuonq",
    "OQSsihvq",
    "OQSsionq",
    "OQSsihvd",
    "OQSsiurl",
    "OQSsiinq",
    "OQSsiupd",
    "PMHsimsm",
    "prescription",
];

/// One thing that is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting, as written in the file.
    pub setting: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} — {}", self.setting, self.what, self.remedy)
    }
}

impl Config {
    /// Everything wrong with these settings on this machine; empty when the terminal can start.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.check_drop(&mut problems);
        self.check_central(&mut problems);
        self.check_reader_link(&mut problems);
        self.check_gateway(&mut problems);
        self.check_places(&mut problems);
        problems
    }

    fn check_drop(&self, problems: &mut Vec<Problem>) {
        let drop = &self.drop;
        if !(MIN_POLL_MS..=MAX_POLL_MS).contains(&drop.poll_interval_ms) {
            let what = format!("{} ms", drop.poll_interval_ms);
            problems.push(problem(
                "drop.poll_interval_ms",
                what,
                format!("choose {MIN_POLL_MS} to {MAX_POLL_MS}"),
            ));
        }
        if !(1..=MAX_SETTLE_MS).contains(&drop.settle_ms) {
            let what = format!("{} ms", drop.settle_ms);
            problems.push(problem("drop.settle_ms", what, format!("choose 1 to {MAX_SETTLE_MS}")));
        }
        let patience = MIN_INCOMPLETE_PATIENCE_MS..=MAX_INCOMPLETE_PATIENCE_MS;
        if !patience.contains(&drop.incomplete_patience_ms) {
            let what = format!("{} ms", drop.incomplete_patience_ms);
            let remedy = format!("choose {} to {}", patience.start(), patience.end());
            problems.push(problem("drop.incomplete_patience_ms", what, remedy));
        }
        let encryption = &drop.encryption;
        let wanted = encryption.interfaces.values().any(|switch| *switch == EncryptionSwitch::Encrypt);
        if wanted && encryption.password_file.is_none() {
            problems.push(problem("drop.encryption", "encryption without a password", "set password_file"));
        }
        for (name, _) in
            encryption.interfaces.iter().filter(|(_, switch)| **switch == EncryptionSwitch::Encrypt)
        {
            if NEVER_ENCRYPTED.iter().any(|never| name.starts_with(never)) {
                let what = format!("{name} is never encrypted");
                problems.push(problem("drop.encryption.interfaces", what, "set it to \"n\" or leave it out"));
            }
        }
        if let Some(file) = &encryption.password_file {
            check_secret(problems, "drop.encryption.password_file", file);
        }
    }

    fn check_central(&self, problems: &mut Vec<Problem>) {
        let central = &self.central;
        if !central.url.starts_with("https://") {
            problems.push(problem(
                "central.url",
                "not an https:// address",
                "the central system speaks mutual TLS only",
            ));
        }
        check_readable(problems, "central.ca_file", &central.ca_file);
        self.check_brought(problems);
        if let Some(file) = &central.receipt_keys_file
            && let Err(error) = ReceiptKeys::load(file)
        {
            let what = format!("{}: {error}", file.display());
            problems.push(problem("central.receipt_keys_file", what, "put the centre's key set there"));
        }
        match crate::central::Identity::load(self) {
            Err(error) => {
                problems.push(problem(
                    "central",
                    error.to_string(),
                    "fetch the institution's certificate again",
                ));
            }
            Ok(identity) if identity.institution() != Some(self.institution_code.as_str()) => {
                let theirs = identity.institution().unwrap_or("(none)");
                let what = format!("the certificate is that of institution {theirs}");
                let remedy = "set the code of the certificate, or install the right certificate";
                problems.push(problem("institution_code", what, remedy));
            }
            Ok(identity) if identity.not_after_s() * 1000 < clock::now_ms() => {
                let remedy = "install a new one: shikaku terminal certificate install";
                problems.push(problem("central.certificate_file", "the certificate has expired", remedy));
            }
            Ok(_) => {}
        }
    }

    /// The certificate somebody put here, while the terminal has none of its own.
    fn check_brought(&self, problems: &mut Vec<Problem>) {
        let keeping = crate::certificate::Keeping::of(self);
        if keeping.brought().is_some() && matches!(keeping.number_in_use(), Ok(None)) {
            check_readable(problems, "central.certificate_file", &self.central.certificate_file);
            check_secret(problems, "central.key_file", &self.central.key_file);
        }
    }

    fn check_reader_link(&self, problems: &mut Vec<Problem>) {
        if !self.reader_link.listen.ip().is_loopback() {
            let what = format!("{} is reachable from other machines", self.reader_link.listen);
            problems.push(problem("reader_link.listen", what, "use 127.0.0.1 or [::1]"));
        }
    }

    fn check_gateway(&self, problems: &mut Vec<Problem>) {
        let Some(gateway) = &self.gateway else { return };
        let page = &gateway.line_authentication;
        if !page.starts_with("https://") && !page.starts_with("http://") {
            let what = format!("{page} is no address a browser opens");
            problems.push(problem("gateway.line_authentication", what, "write https://NAME"));
        }
    }

    /// Staging and `res` must share a volume, or a result could be seen half-written.
    fn check_places(&self, problems: &mut Vec<Problem>) {
        let root = &self.drop.root;
        if !root.is_dir() {
            let what = format!("{} is not a folder", root.display());
            problems.push(problem(
                "drop.root",
                what,
                "make the folder, or mount the share, and give the terminal write access",
            ));
            return;
        }
        let Ok(volume) = std::fs::metadata(root).map(|m| m.dev()) else { return };
        for name in crate::drop::FOLDERS {
            let other = std::fs::metadata(root.join(name)).is_ok_and(|m| m.dev() != volume);
            if other {
                let what = format!("{name} lies on another volume than the drop folder");
                problems.push(problem("drop.root", what, "put all five folders on one volume"));
            }
        }
        if self.state.starts_with(root) {
            problems.push(problem(
                "state",
                "the state folder lies on the share",
                "choose a folder only the terminal can read",
            ));
        }
    }
}

fn check_readable(problems: &mut Vec<Problem>, setting: &'static str, file: &Path) {
    if let Err(error) = std::fs::File::open(file) {
        problems.push(problem(
            setting,
            format!("{}: {error}", file.display()),
            "put the file there, readable by the terminal",
        ));
    }
}

fn check_secret(problems: &mut Vec<Problem>, setting: &'static str, file: &Path) {
    check_readable(problems, setting, file);
    if std::fs::metadata(file).is_ok_and(|m| m.mode() & 0o077 != 0) {
        let what = format!("{} can be read by others", file.display());
        problems.push(problem(setting, what, "chmod 600"));
    }
}

fn problem(setting: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Problem {
    Problem { setting, what: what.into(), remedy: remedy.into() }
}
