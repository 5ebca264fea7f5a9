//! A person, as an insurer notified them. Names keep every character, variation selectors included.

use serde::{Deserialize, Serialize};

use crate::{Date, codes::Sex};

/// The opaque key that links one person's coverages and cards across insurers (never a My Number).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonKey(pub String);

/// What one insurer knows about one of its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// 氏名, full-width blank between family and given name.
    pub name: String,
    /// 氏名カナ, full-width katakana as stored; `wire` narrows it.
    pub kana: Option<String>,
    /// 氏名（その他）, e.g. 通称.
    pub other_name: Option<String>,
    /// 氏名カナ（その他）.
    pub other_kana: Option<String>,
    /// 生年月日.
    pub birthdate: Date,
    /// 性別1.
    pub sex: Sex,
    /// 性別2: present only where the face of the card hides the sex.
    pub sex_on_back: Option<Sex>,
    /// 住所, as notified to the insurer.
    pub address: Option<String>,
    /// 郵便番号 `NNN-NNNN`.
    pub postcode: Option<String>,
    /// Flags that protect the person.
    pub protection: Protection,
}

/// Flags set for protected persons (DV and the like). Never shown to staff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// 不開示該当フラグ: the address does not leave the centre.
    pub address_withheld: bool,
    /// 自己情報提供不可フラグ: the card cannot be used as an insurance card.
    pub self_access_blocked: bool,
}
