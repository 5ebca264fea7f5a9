//! Making things go wrong for real: files into a real terminal, requests over real mutual TLS, real signatures.

mod by_card;
mod by_file;
mod by_institution;
mod by_joining;
mod by_line;
mod by_web;
mod line;
mod man_between;
mod side_centre;
mod side_terminal;

use anyhow::{Context, Result};
use eligibility::{Instant, errors::ErrorCode};
use serde::Deserialize;
use store::audit::SigningKey;

pub(super) use by_file::Handed;

use super::System;
use crate::demo::{
    band::Band,
    landing::view::{Back, File, ResultPage, Row},
    premises::AUDIT_KEY,
    situations::Situation,
};

/// What is done before and after a situation begins so in the audit log; shown is what came of it.
const PREPARATIONS: [&str; 4] = ["terminal-certificate.", "line-session.", "account.sign-", "list_viewable"];

/// What came of a situation.
pub(super) struct Trial {
    /// The code that was received.
    pub(super) code: String,
    /// The message that came with it.
    pub(super) message: String,
    /// What to do, where the one who met it says more than the catalogue.
    pub(super) remedy: Option<String>,
    /// What was done, in sentences.
    pub(super) steps: Vec<String>,
    /// The files and messages it left.
    pub(super) files: Vec<File>,
    /// Whose audit log has it, as far as it reached the centre.
    pub(super) institution: &'static str,
}

/// One entry of the audit log, as far as it is shown.
#[derive(Deserialize)]
pub(super) struct Recorded {
    institution_code: String,
    sequence: i64,
    recorded_at: i64,
    action: String,
    outcome: String,
}

impl System {
    /// Makes it happen and tells what came.
    pub(crate) async fn bring_about(&self, situation: Situation) -> Result<ResultPage> {
        let _turn = self.turn.lock().await;
        let began = self.clock.now();
        let trial = self.try_out(situation).await?;
        let recorded = self.newest_record(trial.institution, began).await?;
        Ok(page(situation, trial, recorded.as_ref()))
    }

    async fn try_out(&self, situation: Situation) -> Result<Trial> {
        match situation {
            Situation::WrongDate => self.wrong_date().await,
            Situation::OtherInstitution => self.other_institution().await,
            Situation::TooLarge => self.too_large().await,
            Situation::BrokenXml => self.broken_xml().await,
            Situation::NameUsedAgain => self.name_used_again().await,
            Situation::OtherKind => self.other_kind().await,
            Situation::RequestIdUsedAgain => self.request_id_used_again().await,
            Situation::CentreAway => self.centre_away().await,
            Situation::TerminalAway => self.terminal_away().await,
            Situation::StrangeTerminal => self.strange_terminal().await,
            Situation::WrongToken => self.wrong_token().await,
            Situation::RevokedTerminal => self.revoked_terminal().await,
            Situation::ExpiredTerminal => self.expired_terminal().await,
            Situation::UnknownTerminal => self.unknown_terminal().await,
            Situation::LineCut => self.line_cut().await,
            Situation::SupersededTerminal => self.superseded_terminal().await,
            Situation::BillingTerminal => self.billing_terminal().await,
            Situation::Crowd => self.crowd().await,
            Situation::DiskFull => self.disk_full().await,
            Situation::FaceFolderGone => self.face_folder_gone().await,
            Situation::ChangedAnswer => self.changed_answer().await,
            Situation::MadeUpNonce => self.made_up_nonce().await,
            Situation::OldNonce => self.old_nonce().await,
            Situation::NonceTwice => self.nonce_twice().await,
            Situation::ChangedConsent => self.changed_consent().await,
            Situation::NoRevocationList => self.no_revocation_list().await,
            Situation::Guessing => self.guessing().await,
            Situation::NumberOfAnother => self.number_of_another().await,
            Situation::NumberOfNobody => self.number_of_nobody().await,
            Situation::ReceptionUnknown => self.reception_unknown().await,
            Situation::TooManyRows => self.too_many_rows().await,
            Situation::TooManyFiles => self.too_many_files().await,
            Situation::FunctionOff => self.function_off().await,
            Situation::TermsNotOpened => self.terms_not_opened().await,
            Situation::SettingsConflict => self.settings_conflict().await,
            Situation::ConsentOver => self.consent_over().await,
            Situation::PinThrice => self.pin_thrice().await,
            Situation::ReaderUnplugged => self.reader_unplugged().await,
            Situation::WrongPasscode => self.wrong_passcode().await,
        }
    }

    /// The institution's newest entry of the audit log since then: everything is signed and exported first, so what
    /// is shown is what an auditor gets.
    pub(super) async fn newest_record(&self, institution: &str, since: Instant) -> Result<Option<Recorded>> {
        let key = SigningKey::from_pem(&std::fs::read_to_string(self.folder.key(AUDIT_KEY))?)?;
        let store = self.server.store();
        store.audit_integrate_and_sign(&key, self.clock.now()).await?;
        let mut dump = Vec::new();
        store.audit_export(&mut dump).await?;
        let dump = String::from_utf8(dump).context("the audit dump is UTF-8")?;
        let entries = dump.lines().rev().filter_map(|line| serde_json::from_str::<Recorded>(line).ok());
        Ok(entries
            .filter(|entry| entry.institution_code == institution && entry.recorded_at >= since.0)
            .filter(|entry| !PREPARATIONS.iter().any(|action| entry.action.starts_with(action)))
            .max_by_key(|entry| entry.sequence))
    }
}

impl Recorded {
    /// As a line of a table.
    pub(super) fn row(&self) -> Row {
        Row::new("監査ログ", format!("{} 番：{} → {}", self.sequence, self.action, self.outcome))
            .note(&format!("医療機関 {}", self.institution_code))
    }
}

fn page(situation: Situation, trial: Trial, recorded: Option<&Recorded>) -> ResultPage {
    let told = situation.told();
    let known = ErrorCode::from_code(&trial.code);
    let desk = trial.remedy.or_else(|| known.map(|code| code.entry().ja.desk.to_owned()));
    let mut facts = vec![Row::new("起こしたこと", told.happens)];
    if let Some(code) = known {
        facts.push(Row::new("システム担当者の対応", code.entry().ja.supplier));
    }
    facts.push(match recorded {
        Some(entry) => entry.row(),
        None => {
            Row::new("監査ログ", "ありません。中央まで届かなかったか、入口（混雑、回線認証）で断られました。")
        }
    });
    ResultPage {
        back: Back::catalogue(told.code.code()),
        title: format!("「{}」を起こしました", told.title),
        band: Band::refused(&trial.message, &desk.unwrap_or_default()),
        code: trial.code,
        message: String::new(),
        facts,
        seen: Vec::new(),
        substitutions: Vec::new(),
        unlock: (situation == Situation::PinThrice).then_some("pin-locked"),
        steps: trial.steps,
        files: trial.files,
    }
}
