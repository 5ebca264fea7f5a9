//! Verification (資格確認): the question, the rule, the answer.

use serde::{Deserialize, Serialize};

use crate::{
    Date,
    codes::Validity,
    coverage::Coverage,
    insurer::InsurerNumber,
};

/// A question by typed insurance data (照会区分 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberQuery {
    /// 資格確認日: the day asked about, past or future.
    pub as_of: Date,
    /// 保険者番号.
    pub insurer_number: InsurerNumber,
    /// 記号 as typed.
    pub insured_symbol: Option<String>,
    /// 番号 as typed.
    pub insured_number: String,
    /// 枝番 as typed.
    pub branch_number: Option<String>,
    /// 生年月日.
    pub birthdate: Date,
    /// 限度額提供同意: staff state that the patient agreed.
    pub ceiling_consent: bool,
}

/// What the rule decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// 資格有効性.
    pub validity: Validity,
    /// The coverages the answer shows: none for 4 and 5; one, or two when 医療扶助 stands beside insurance.
    pub coverages: Vec<Coverage>,
}

/// How the person proved who they are (本人確認方法).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofMethod {
    /// 顔認証
    Face,
    /// 暗証番号
    Pin,
    /// 目視確認
    Visual,
}
