//! A card reader at the terminal: one patient after the other through the reader link.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use card::simulator::SharedCard;
use kiosk::{TerminalLink, TerminalLinkConfig};
use tokio::runtime::Runtime;
use wire::reader_link::{ReaderCardCheck, ReaderNonce, ReaderOutcome};

use super::{GLANCE, PATIENCE, blows::Traffic, cards, site::Site};

/// Each so many sessions one is handed in once more after its outcome.
const AGAIN_EACH: usize = 8;

pub(super) struct Reader {
    link: TerminalLinkConfig,
    card: SharedCard,
    /// The face result's name that was told for each nonce.
    ledger: Mutex<BTreeMap<String, String>>,
    traffic: Traffic,
}

impl Reader {
    pub(super) fn new(site: &Site, card: SharedCard) -> Self {
        let config = terminal::config::Config::load(&site.terminal_settings()).expect("settings");
        let (address, token_file): (_, PathBuf) = (config.reader_link.listen, config.token_file());
        let (ledger, traffic) = Default::default();
        Self { link: TerminalLinkConfig { address, token_file, reader_serial: None }, card, ledger, traffic }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.ledger.lock().expect("nobody panicked")
    }

    pub(super) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    pub(super) fn told(&self) -> usize {
        self.ledger().len()
    }

    /// Checks until `closing`. A session that has begun is handed in until it has its outcome.
    pub(super) fn work(&self, closing: &AtomicBool) {
        let runtime = Runtime::new().expect("a runtime");
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let link = TerminalLink::new(&self.link).expect("a link");
        while !closing.load(Ordering::Relaxed) {
            let Some(nonce) = self.nonce(&runtime, &link) else { continue };
            let check = cards::sign(&self.card, &nonce);
            let outcome = self.hand_in(&runtime, &link, &check);
            let name = outcome.file_name.expect("hand_in waits for a file");
            assert_eq!(outcome.validity.as_deref(), Some("1"), "{:?}", outcome.code);
            let known = self.ledger().insert(nonce.nonce.clone(), name.clone());
            assert_eq!(known, None, "a nonce was given out twice");
            if self.told().is_multiple_of(AGAIN_EACH) {
                let again = self.hand_in(&runtime, &link, &check);
                assert_eq!(again.file_name, Some(name), "one session, two files");
            }
        }
    }

    fn nonce(&self, runtime: &Runtime, link: &TerminalLink) -> Option<ReaderNonce> {
        let nonce = self.traffic.send(|| runtime.block_on(link.nonce())).ok();
        if nonce.is_none() {
            std::thread::sleep(GLANCE);
        }
        nonce
    }

    fn hand_in(&self, runtime: &Runtime, link: &TerminalLink, check: &ReaderCardCheck) -> ReaderOutcome {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.traffic.send(|| runtime.block_on(link.submit(check)));
            match answer {
                Ok(outcome) if outcome.file_name.is_some() => return outcome,
                // The centre or the terminal was just killed: the same session again.
                other => assert!(Instant::now() < deadline, "no outcome within {PATIENCE:?}: {other:?}"),
            }
            std::thread::sleep(GLANCE);
        }
    }
}
