//! What a check leaves behind: the answer's file and the receipt the terminal kept.

use std::path::{Path, PathBuf};

use anyhow::Result;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use population::Persona;
use wire::receipt::ReceiptClaims;

use super::System;
use crate::demo::{landing::view::File, outcome::Outcome};

impl System {
    /// The answer in this file, with what proves it.
    pub(super) fn outcome(
        &self,
        person: &Persona,
        path: PathBuf,
        steps: Vec<String>,
        files: Vec<File>,
        state: &Path,
    ) -> Result<Outcome> {
        let mut outcome = Outcome::read(&person.person.name, path, steps)?;
        outcome.files = files;
        if let Some((file, claims)) = newest_receipt(state) {
            outcome.files.push(file);
            outcome.audit_number = Some(claims.jti);
        }
        Ok(outcome)
    }
}

/// The receipt the terminal kept last: the demo asks one thing at a time.
fn newest_receipt(state: &Path) -> Option<(File, ReceiptClaims)> {
    let path = state.join("receipts");
    let content = std::fs::read_to_string(&path).ok()?.lines().next_back()?.to_owned();
    let claims = URL_SAFE_NO_PAD.decode(content.split('.').nth(1)?).ok()?;
    let claims = serde_json::from_slice(&claims).ok()?;
    let path = path.display().to_string();
    Some((File { title: "資格確認レシート（JWS）", path, content, wrap: true }, claims))
}
