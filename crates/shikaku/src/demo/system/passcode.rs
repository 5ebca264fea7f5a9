//! 目視確認用パスコード in the demo: its receipt computer asks for one by file, as any would, and staff enter it.

use std::path::Path;

use anyhow::{Context, Result};
use eligibility::{
    codes::CharacterCode, errors::ErrorCode, facility_settings::Setting, institution::InstitutionCode,
};
use wire::{
    message::{Layout, Sender, read_facility_result, write_plain_request},
    terminal_api::VisualCheck,
};

use super::{System, situations::Handed};
use crate::demo::{outcome::Refusal, running_terminal::READER_SERIAL};

/// What staff enter at a reader of the demo.
pub(super) fn entered(passcode: String) -> VisualCheck {
    VisualCheck { passcode, reader_serial: READER_SERIAL.to_owned(), staff_name: None }
}

impl System {
    /// A passcode of this institution, over the folder that a terminal of it shares; or the words why there is none.
    pub(super) async fn passcode(
        &self,
        share: &Path,
        institution: &str,
    ) -> Result<std::result::Result<String, Refusal>> {
        let sender = Sender { institution_code: InstitutionCode::parse(institution)?, file_identifier: None };
        let bytes = write_plain_request(&sender, CharacterCode::Utf8, Layout::Indented).bytes;
        let handed = Handed { name: format!("OQSsivpc01req_{}.xml", self.free_part()), bytes };
        let path = self.exchanged(share, &handed).await?;
        let bytes = tokio::fs::read(&path).await.with_context(|| format!("{}", path.display()))?;
        // Read and taken away at once, as receipt computers do: the digits stand in it.
        tokio::fs::remove_file(&path).await.with_context(|| format!("{}", path.display()))?;
        let (_, result) = read_facility_result(&bytes).with_context(|| format!("{}", path.display()))?;
        Ok(result.body.passcode.ok_or_else(|| {
            let code = result.header.error_code.unwrap_or_default();
            let desk = ErrorCode::from_code(&code).map(|known| match known {
                ErrorCode::FunctionOff => Setting::PasscodeByFile.switching_on(),
                known => known.entry().ja.desk.to_owned(),
            });
            Refusal {
                cause: result.header.error_message.unwrap_or_else(|| "パスコードがありません".to_owned()),
                remedy: desk.unwrap_or_else(|| "システム担当者に連絡してください。".to_owned()),
                detail: code,
                recorded: None,
            }
        }))
    }
}
