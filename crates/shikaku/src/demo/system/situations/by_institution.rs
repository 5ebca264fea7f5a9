//! Files with many rows, reference numbers, and what an institution decides about itself.

use anyhow::{Context, Result, bail};
use eligibility::{
    bulk,
    calendar::tokyo_date,
    codes::{CharacterCode, Validity},
};
use population::personas::{Ask, AskWith, Promise};
use serde_json::{Value, json};
use wire::{
    bulk::BulkRow,
    facility::{PASSCODES_PATH, SETTINGS_CHANGES_PATH, SETTINGS_PATH},
    message::{Layout, Sender, write_reference_number_request},
    terminal_api::{BULK_RESULTS_PATH, BULK_UPLOADS_PATH},
};

use super::{
    System, Trial,
    by_file::Handed,
    by_line::{plan, told},
    line::Line,
    side_terminal::Plan,
};
use crate::demo::premises::{INSTITUTION_CODE, REFERENCE_NUMBER, institution};

/// The institution whose settings are still those of its first day.
const NEW_INSTITUTION: &str = "1319990046";
/// A reception number that was never given out.
const NOBODYS_RECEPTION: &str = "99999999999999999999";
/// A 番号 that nobody has.
const NOBODYS_NUMBER: &str = "9999999";

impl System {
    pub(super) async fn number_of_another(&self) -> Result<Trial> {
        let valid = |ask: &&Ask| matches!(ask.promise, Promise::Answer(Validity::Valid));
        let mut asks = self.people.iter().skip(1).flat_map(|person| &person.asks).filter(valid);
        let other = asks.find_map(|ask| match &ask.with {
            AskWith::Number(query) => Some(query),
            AskWith::Card => None,
        });
        let other = other.context("somebody else's number")?;
        let row = BulkRow {
            reference_number: Some(REFERENCE_NUMBER.to_owned()),
            insurer_number: Some(other.insurer_number.to_string()),
            insured_symbol: other.insured_symbol.clone(),
            insured_number: Some(other.insured_number.clone()),
            branch_number: other.branch_number.clone(),
            ..BulkRow::default()
        };
        let what = format!("架空　花子さんの照会番号 {REFERENCE_NUMBER} を別の患者に付ける");
        self.register_number(row, &what).await
    }

    pub(super) async fn number_of_nobody(&self) -> Result<Trial> {
        let query = self.plain_request()?.query;
        let row = BulkRow {
            reference_number: Some("K9999999".to_owned()),
            insurer_number: Some(query.insurer_number.to_string()),
            insured_number: Some(NOBODYS_NUMBER.to_owned()),
            ..BulkRow::default()
        };
        self.register_number(row, "だれのものでもない番号に照会番号を付ける").await
    }

    async fn register_number(&self, row: BulkRow, what: &str) -> Result<Trial> {
        let sender = Sender { institution_code: institution()?, file_identifier: None };
        let bytes =
            write_reference_number_request(&sender, &row, CharacterCode::Utf8, Layout::Indented).bytes;
        let handed = Handed { name: format!("OQSsiimm01req_{}.xml", self.free_part()), bytes };
        self.hand_in(&self.folder.drop(), handed, what).await
    }

    pub(super) async fn reception_unknown(&self) -> Result<Trial> {
        let ask = json!({ "kind": "eligibility", "reception_number": NOBODYS_RECEPTION });
        let heard = self.own_line()?.post(BULK_RESULTS_PATH, &ask).await?;
        let steps = vec![
            "端末の証明書で中央に相互 TLS でつなぐ".to_owned(),
            format!("出されたことのない受付番号 {NOBODYS_RECEPTION} の結果を求める"),
        ];
        told(&heard, steps, INSTITUTION_CODE)
    }

    pub(super) async fn too_many_rows(&self) -> Result<Trial> {
        let heard = self.own_line()?.post(BULK_UPLOADS_PATH, &self.bulk_file(bulk::ROWS_MAX + 1)).await?;
        let steps = vec![
            format!("{} 件の一括照会のファイルを作る（上限は {} 件）", bulk::ROWS_MAX + 1, bulk::ROWS_MAX),
            "端末の証明書で、中央に相互 TLS で送る".to_owned(),
        ];
        told(&heard, steps, INSTITUTION_CODE)
    }

    pub(super) async fn too_many_files(&self) -> Result<Trial> {
        let line = self.new_institution().await?;
        for file in 0..=bulk::FILES_PER_DAY {
            let heard = line.post(BULK_UPLOADS_PATH, &self.bulk_file(1)).await?;
            if heard.status != 200 {
                let steps = vec![
                    format!("別の医療機関（{NEW_INSTITUTION}）の端末の証明書でつなぐ"),
                    format!("1 件だけの一括照会のファイルを続けて登録する（今回は {} 件目で制限）", file + 1),
                    "制限は医療機関ごと。架空内科医院の一括照会はそのまま使えます".to_owned(),
                ];
                return told(&heard, steps, NEW_INSTITUTION);
            }
        }
        bail!("more than {} files and all were taken", bulk::FILES_PER_DAY)
    }

    pub(super) async fn function_off(&self) -> Result<Trial> {
        let line = self.new_institution().await?;
        let ask = json!({ "request_id": format!("passcode-{}", self.free_part()) });
        let heard = line.post(PASSCODES_PATH, &ask).await?;
        let steps = vec![
            format!("別の医療機関（{NEW_INSTITUTION}）の端末の証明書でつなぐ。環境設定情報は初期値のまま"),
            "「利用しない」のままの、レセコンからの目視確認用パスコード発行を求める".to_owned(),
        ];
        told(&heard, steps, NEW_INSTITUTION)
    }

    pub(super) async fn terms_not_opened(&self) -> Result<Trial> {
        let line = self.new_institution().await?;
        let heard = self.change_settings(&line, None, json!({ "home_visit": "1" })).await?;
        let steps = vec![
            format!(
                "別の医療機関（{NEW_INSTITUTION}）の端末の証明書でつなぐ。利用規約はまだだれも開いていない"
            ),
            "訪問診療等機能を「利用する」にする更新を送る".to_owned(),
        ];
        told(&heard, steps, NEW_INSTITUTION)
    }

    pub(super) async fn settings_conflict(&self) -> Result<Trial> {
        let line = self.new_institution().await?;
        let read = line.post(SETTINGS_PATH, &json!({})).await?;
        let read: Value = serde_json::from_str(&read.body).context("the settings")?;
        let version = read["version"].as_i64().context("their version")?;
        let (now, other) = if read["settings"]["operation"] == "1" { ("1", "0") } else { ("0", "1") };
        self.change_settings(&line, Some(version), json!({ "operation": other })).await?;
        let heard = self.change_settings(&line, Some(version), json!({ "operation": now })).await?;
        let steps = vec![
            format!("別の医療機関（{NEW_INSTITUTION}）の環境設定情報を照会する（版番号 {version}）"),
            format!("版番号 {version} を付けて、ひとりが設定を変える"),
            format!("同じ版番号 {version} を付けて、もうひとりが元に戻そうとする"),
        ];
        told(&heard, steps, NEW_INSTITUTION)
    }

    async fn change_settings(
        &self,
        line: &Line,
        version: Option<i64>,
        settings: Value,
    ) -> Result<super::line::Heard> {
        let id = format!("settings-{}", self.free_part());
        let ask = json!({ "request_id": id, "version": version, "settings": settings });
        line.post(SETTINGS_CHANGES_PATH, &ask).await
    }

    /// A bare line of the institution whose settings are those of its first day.
    async fn new_institution(&self) -> Result<Line> {
        let plan = Plan { institution: NEW_INSTITUTION, ..plan("new-institution", "設定前の端末") };
        self.line_of(&self.admitted(plan, None).await?)
    }

    /// An 一括照会 with so many rows about somebody who is nobody.
    fn bulk_file(&self, rows: usize) -> Value {
        let row = json!({ "insurer_number": "06999991", "insured_number": NOBODYS_NUMBER, "birthdate": "19820514" });
        json!({
            "request_id": format!("bulk-{}", self.free_part()),
            "kind": "eligibility",
            "day": tokyo_date(self.clock.now()).to_string(),
            "rows": vec![row; rows],
        })
    }
}
