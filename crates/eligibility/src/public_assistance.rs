//! 医療扶助: medical and dispensing tickets of people on public assistance.

use serde::{Deserialize, Serialize};

pub use crate::codes::TicketType;
use crate::{
    Date,
    codes::{
        ElderlyMedicalCare, InfectionAct, PrefecturalExpense, SingleOrCombined, SocialInsurance,
        TreatmentType,
    },
    institution::InstitutionCode,
};

/// 医療券・調剤券: what one welfare office pays at one institution in one month.
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
    /// 診療別.
    pub treatment_type: TreatmentType,
    /// 本人支払額, yen.
    pub self_pay_yen: u32,
    /// 地区担当員名.
    pub district_contact: Option<String>,
    /// 取扱担当者名.
    pub handling_contact: Option<String>,
    /// 単独・併用別.
    pub single_or_combined: SingleOrCombined,
    /// 社会保険状況.
    pub social_insurance: SocialInsurance,
    /// 社会保険状況の整合性 (OQSCD022): `true` = inconsistent.
    pub inconsistent: bool,
    /// 感染症法37条の2.
    pub infection: InfectionAct,
    /// 後期高齢者医療.
    pub elderly_medical_care: ElderlyMedicalCare,
    /// 都道府県費.
    pub prefectural_expense: PrefecturalExpense,
    /// 備考1–3.
    pub remarks: Vec<String>,
}

/// 処方箋発行医療機関.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prescriber {
    /// Its 医療機関コード.
    pub code: String,
    /// Its name.
    pub name: String,
}

impl MedicalTicket {
    /// Whether the ticket is made out to this institution, for the month of the day, and valid on the day.
    #[must_use]
    pub fn serves(&self, institution: &InstitutionCode, day: Date) -> bool {
        let month = self.treatment_month;
        self.institution_code == *institution
            && (month.year(), month.month()) == (day.year(), day.month())
            && self.valid_from <= day
            && day <= self.valid_until
    }

    /// Whether the ticket is made out to this institution for the month (its first day).
    #[must_use]
    pub(crate) fn is_of(&self, institution: &InstitutionCode, month: Date) -> bool {
        let own = self.treatment_month;
        self.institution_code == *institution && (own.year(), own.month()) == (month.year(), month.month())
    }
}
