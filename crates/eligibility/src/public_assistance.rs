//! 医療扶助: medical and dispensing tickets of people on public assistance.

use serde::{Deserialize, Serialize};

use crate::{Date, institution::InstitutionCode};

/// 医療券・調剤券 (interface §4.6). Codes of OQSCD018–026 are defined in [`crate::codes`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicalTicket {
    /// 医療券・調剤券別, OQSCD018: `01` 医療券, `02` 調剤券.
    pub ticket_type: TicketType,
    /// First valid day.
    pub valid_from: Date,
    /// Last valid day.
    pub valid_until: Date,
    /// 交付番号.
    pub issue_number: String,
    /// 診療年月 as the first day of that month.
    pub treatment_month: Date,
    /// 指定医療機関コード: the institution the ticket is made out to.
    pub institution_code: InstitutionCode,
    /// 指定医療機関名.
    pub institution_name: String,
    /// The prescriber, on a 調剤券.
    pub prescriber: Option<Prescriber>,
    /// 傷病名1–3.
    pub injury_names: Vec<String>,
    /// 診療別, OQSCD019 code.
    pub treatment_type: String,
    /// 本人支払額, yen.
    pub self_pay_yen: u32,
    /// 地区担当員名.
    pub district_contact: Option<String>,
    /// 取扱担当者名.
    pub handling_contact: Option<String>,
    /// 単独・併用別, OQSCD020 code.
    pub single_or_combined: String,
    /// 社会保険状況, OQSCD021 code.
    pub social_insurance: String,
    /// 社会保険状況の整合性 (OQSCD022): `true` = inconsistent.
    pub inconsistent: bool,
    /// 感染症法37条の2, OQSCD023 code.
    pub infection: String,
    /// 後期高齢者医療, OQSCD024 code.
    pub elderly_medical_care: String,
    /// 都道府県費, OQSCD025 code.
    pub prefectural_expense: String,
    /// 備考1–3.
    pub remarks: Vec<String>,
}

/// OQSCD018.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketType {
    /// 医療券 `01`
    Medical,
    /// 調剤券 `02`
    Dispensing,
}

/// 処方箋発行医療機関.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prescriber {
    /// Its 医療機関コード.
    pub code: String,
    /// Its name.
    pub name: String,
}
