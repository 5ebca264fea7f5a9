//! The form by which who keeps the lines enters the prefixes that a carrier notified.

use super::{AddressPrefix, InvalidPrefix, SHORTEST_V4, SHORTEST_V6};
use crate::field::{Fault, Faults, FieldErrors, FieldText};

/// Prefixes one form takes at most.
pub const FORM_PREFIXES_MAX: usize = 16;
/// The longest text that is looked at, in bytes.
const TEXT_MAX_BYTES: usize = 2000;

impl InvalidPrefix {
    /// What is wrong, in Japanese.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::Form => "「アドレス/長さ」の形ではありません。".to_owned(),
            Self::Length => "長さ（/の後の数）は、IPv4では32まで、IPv6では128までです。".to_owned(),
            Self::TooWide => format!(
                "範囲が広すぎます。長さ（/の後の数）は、IPv4では{SHORTEST_V4}以上、IPv6では{SHORTEST_V6}以上です。"
            ),
            Self::HostBits => {
                "長さ（/の後の数）より後ろのビットが0ではありません。長さの書き間違いではないか確認してください。"
                    .to_owned()
            }
        }
    }
}

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinePrefixForm {
    /// Prefixes, one a line or with blanks or commas between.
    pub prefixes: String,
}

impl LinePrefixForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[FieldText {
        id: "prefixes",
        label: "追加するアドレス範囲",
        required: true,
        hint: "1行に1つ。例：2001:db8:1::/48、192.0.2.0/29",
    }];

    /// The prefixes, in the order of the text.
    ///
    /// # Errors
    /// Every one that cannot be read, by its text.
    pub fn read(&self) -> Result<Vec<AddressPrefix>, FieldErrors> {
        let mut faults = Faults::default();
        let text = if self.prefixes.len() > TEXT_MAX_BYTES { "" } else { &*self.prefixes };
        let parts: Vec<&str> = text
            .split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | '、' | '，'))
            .filter(|part| !part.is_empty())
            .collect();
        let mut found = Vec::with_capacity(parts.len().min(FORM_PREFIXES_MAX));
        if self.prefixes.len() > TEXT_MAX_BYTES || parts.len() > FORM_PREFIXES_MAX {
            let remedy = format!("1回に{FORM_PREFIXES_MAX}件までです。分けて入力してください。");
            faults.add("prefixes", Fault::new("アドレス範囲が多すぎます。", remedy));
        } else if parts.is_empty() {
            let remedy = "通信事業者から通知されたアドレス範囲を入力してください。";
            faults.add("prefixes", Fault::new("アドレス範囲が入力されていません。", remedy));
        } else {
            for part in parts {
                match AddressPrefix::parse(part) {
                    Ok(prefix) => found.push(prefix),
                    Err(invalid) => {
                        let remedy = "例のように「2001:db8:1::/48」「192.0.2.0/29」と入力してください。";
                        let message = format!("「{part}」：{}", invalid.message());
                        faults.add("prefixes", Fault::new(message, remedy));
                    }
                }
            }
        }
        faults.finish(Some(found))
    }
}
