//! What the centre hears of the reader: what the reader's program did, and what was wanted of it, done.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use terminal::{
    Terminal,
    central::{Central, CentralError, FreshNonce},
};
use tokio_util::sync::CancellationToken;
use wire::facility::SETTINGS_PATH;
use wire::{
    reader_link::{MODE_PATH, NONCE_PATH, ReaderModeAnswer, ReaderNonce},
    terminal_api::{CardCheckRequest, CheckAnswer, NumberCheckRequest, READER_STATE_PATH},
};

use crate::{centre::FINGERPRINT, counter::config_in, reader_link::Reader};

/// A centre that remembers every report, and wants something once.
#[derive(Default)]
struct Listening {
    heard: Mutex<Vec<Value>>,
    wanted: Mutex<Option<&'static str>>,
    down: std::sync::atomic::AtomicBool,
}

struct Ear(Arc<Listening>);

impl Central for Ear {
    async fn check_number(&self, _: NumberCheckRequest) -> Result<CheckAnswer, CentralError> {
        Err(CentralError::Unreachable("test".into()))
    }

    async fn check_card(&self, _: CardCheckRequest) -> Result<CheckAnswer, CentralError> {
        Err(CentralError::NotAdmitted("test".into()))
    }

    async fn nonce(&self) -> Result<FreshNonce, CentralError> {
        if self.0.down.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(CentralError::NotAdmitted("test".into()));
        }
        Ok(FreshNonce { nonce: "n".into(), expires_in_s: 120, terminal_fingerprint: FINGERPRINT.to_owned() })
    }

    async fn post(&self, path: &'static str, question: Vec<u8>) -> Result<Vec<u8>, CentralError> {
        if path == SETTINGS_PATH {
            return Ok(json!({ "version": 0, "settings": {} }).to_string().into_bytes());
        }
        assert_eq!(path, READER_STATE_PATH);
        let report: Value = serde_json::from_slice(&question).expect("JSON");
        if report["done"].is_object() {
            *self.0.wanted.lock().expect("no panics") = None;
        }
        self.0.heard.lock().expect("no panics").push(report);
        let wanted = *self.0.wanted.lock().expect("no panics");
        let command = wanted.map(|command| json!({ "command_id": "w1", "command": command }));
        let answer = match command {
            Some(command) => json!({ "command": command, "next_in_s": 1 }),
            None => json!({ "next_in_s": 1 }),
        };
        Ok(answer.to_string().into_bytes())
    }
}

impl Listening {
    /// Waits for a report that fits; how long it takes is not what is tested.
    async fn hears(&self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(found) = self.heard.lock().expect("no panics").iter().find(|one| fits(one)) {
                return found.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_centre_hears_of_sessions_and_troubles_and_is_obeyed() {
    let centre = Arc::new(Listening::default());
    let folder = tempfile::tempdir().expect("a folder");
    let config = config_in(folder.path());
    let terminal = Terminal::start(&config, Ear(Arc::clone(&centre))).await.expect("starts");
    let reader = Reader::at(&config, terminal.reader_link_address().expect("bound"));
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(terminal.serve(shutdown.clone()));
    let first = centre.hears(|_| true).await;
    assert_eq!(first, json!({ "state": "absent", "mode": "unattended" }), "nobody has asked anything yet");
    let mode: ReaderModeAnswer = reader.get(MODE_PATH).await;
    assert_eq!(mode.mode, "unattended");
    centre.hears(|one| one["state"] == "ready" && one["quiet_s"].is_u64()).await;
    let _: ReaderNonce = reader.post(NONCE_PATH, &Value::Null).await.1.expect("a nonce");
    centre.hears(|one| one["state"] == "in_use").await;
    centre.down.store(true, std::sync::atomic::Ordering::SeqCst);
    let (status, _) = reader.post::<Value>(NONCE_PATH, &Value::Null).await;
    assert_eq!(status, 503);
    let error = centre.hears(|one| one["state"] == "error").await;
    assert_eq!(error["code"], "OQSA9102E");

    *centre.wanted.lock().expect("no panics") = Some("visual");
    let done = centre.hears(|one| one["done"].is_object()).await;
    assert_eq!(done["done"], json!({ "command_id": "w1", "outcome": "done" }));
    assert_eq!(done["mode"], "visual");
    let mode: ReaderModeAnswer = reader.get(MODE_PATH).await;
    assert_eq!(mode.mode, "visual");
    *centre.wanted.lock().expect("no panics") = Some("test");
    centre.hears(|one| one["done"]["outcome"] == "heard").await;
    shutdown.cancel();
    serving.await.expect("runs").expect("stops cleanly");
}
