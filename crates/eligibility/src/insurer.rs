//! Insurers (保険者) and their numbers.

use serde::{Deserialize, Serialize};

/// 保険者番号: 8 digits, or 6 for 国民健康保険. Kept as those digits, without padding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InsurerNumber(String);

/// A text that cannot be a 保険者番号.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("insurer number must be 6 or 8 digits: {0:?}")]
pub struct InvalidInsurerNumber(pub String);

/// 保険者.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insurer {
    /// 保険者番号.
    pub number: InsurerNumber,
    /// 保険者名称 (福祉事務所名 for 医療扶助).
    pub name: String,
}
