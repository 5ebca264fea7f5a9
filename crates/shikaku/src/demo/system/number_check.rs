//! A check by number in the demo: a file in `req`, a file in `res`.

use std::{
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::Duration,
};

use anyhow::{Context, Result};
use eligibility::{calendar::format_n14, codes::CharacterCode, verification::NumberQuery};
use population::personas::{AskWith, Persona};
use wire::message::{EligibilityRequest, Layout, write_request};

use super::System;
use crate::demo::{
    landing::view::File,
    outcome::{Outcome, Refusal},
    premises::{INSTITUTION_CODE, institution},
};

/// How long an answer file is waited for: longer than any terminal takes, on a busy machine, too.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// How often the folder is looked at meanwhile, as receipt computers do.
const ANSWER_POLL: Duration = Duration::from_millis(20);

impl System {
    /// Drops a question by number into `req`, as a receipt computer does, and waits for its answer.
    pub(crate) async fn check_number(&self, persona: &str, ask: Option<usize>) -> Result<Outcome, Refusal> {
        let person = self.person(persona)?;
        let _turn = self.turn.lock().await;
        let began = self.clock.now();
        let outcome = self.ask_by_number(person, ask).await.map_err(|error| Refusal::broken(&error))?;
        let recorded = self.newest_record(INSTITUTION_CODE, began).await.ok().flatten();
        Ok(Outcome { recorded: recorded.map(|entry| entry.row()), ..outcome })
    }

    async fn ask_by_number(&self, person: &Persona, ask: Option<usize>) -> Result<Outcome> {
        let query = match ask {
            Some(index) => person.asks.get(index).and_then(|ask| match &ask.with {
                AskWith::Number(query) => Some(query),
                AskWith::Card => None,
            }),
            None => person.number_query(),
        };
        let query = query.cloned().context("this person has no such number to ask by")?;
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let now = self.clock.now();
        // A name is never used twice, not even by the next demo on this folder in the same second.
        let free_part = format!("{}{:03}{number:04}", format_n14(now), now.0.rem_euclid(1000));
        let request = number_request(query, &free_part)?;
        let name = format!("OQSsiquc01req_{free_part}.xml");
        let (request_path, text) = self.drop_request(&name, &request)?;
        let path = self.folder.drop().join("res").join(name.replace("req_", "res_"));
        wait_for(&path).await?;
        let steps = number_steps(&self.ports.terminal_api().to_string());
        let path_of_request = request_path.display().to_string();
        let asked =
            File { title: "レセコンが置いた XML", path: path_of_request, content: text, wrap: false };
        self.outcome(person, path, steps, vec![asked], &self.folder.terminal_state())
    }

    /// Written beside and renamed, so that the terminal never sees half a file.
    fn drop_request(&self, name: &str, request: &EligibilityRequest) -> Result<(PathBuf, String)> {
        let bytes = write_request(request, CharacterCode::Utf8, Layout::Indented).bytes;
        let path = self.folder.drop().join("req").join(name);
        let beside = self.folder.root().join(format!("{name}.writing"));
        std::fs::write(&beside, &bytes).with_context(|| format!("cannot write {}", beside.display()))?;
        std::fs::rename(&beside, &path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok((path, String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// The question as a receipt computer writes it.
pub(crate) fn number_request(query: NumberQuery, identifier: &str) -> Result<EligibilityRequest> {
    Ok(EligibilityRequest {
        institution_code: institution()?,
        file_identifier: Some(identifier.to_owned()),
        query,
        person_identifier: None,
    })
}

async fn wait_for(path: &Path) -> Result<()> {
    let appeared = async {
        while !path.is_file() {
            tokio::time::sleep(ANSWER_POLL).await;
        }
    };
    tokio::time::timeout(ANSWER_TIMEOUT, appeared)
        .await
        .with_context(|| format!("no answer at {} within {ANSWER_TIMEOUT:?}", path.display()))
}

fn number_steps(central: &str) -> Vec<String> {
    vec![
        "レセコンが req フォルダに要求の XML を置く".to_owned(),
        format!("端末が読み取り、相互 TLS で中央（{central}）へ送信"),
        "中央が番号と生年月日から資格を判定し、監査ログに記録".to_owned(),
        "端末が res フォルダに同じ名前の結果を書き込み".to_owned(),
    ]
}
