//! The `.err` file beside a request that cannot be answered: a few lines a receipt computer shows as they are.

use eligibility::{codes::CharacterCode, errors::ErrorCode};

use crate::{charset, message::Unreadable};

/// The code of the catalogue for an unreadable request.
#[must_use]
pub const fn code_of(reason: Unreadable) -> ErrorCode {
    match reason {
        Unreadable::TooLarge => ErrorCode::TooLarge,
        _ => ErrorCode::Unreadable,
    }
}

/// What exactly is wrong, for the supplier.
#[must_use]
pub const fn detail_of(reason: Unreadable) -> &'static str {
    match reason {
        Unreadable::Empty => "ファイルが空です。",
        Unreadable::TooLarge => "ファイルが10MiBを超えています。",
        Unreadable::UnknownEncoding => "XML宣言の文字コードがUTF-8でもShift_JISでもありません。",
        Unreadable::ContradictoryEncoding => "BOMとXML宣言の文字コードが食い違っています。",
        Unreadable::NotText => "宣言された文字コードでは読めないバイトがあります。",
        Unreadable::ForbiddenCharacter => "XMLで使えない制御文字があります。",
        Unreadable::Doctype => "文書型宣言（DOCTYPE）は使えません。",
        Unreadable::Entity => "XMLの5種以外の実体参照は使えません。",
        Unreadable::CharacterReference => "文字参照（&#…;）が文字を指していません。",
        Unreadable::TooDeep => "要素の入れ子が32段を超えています。",
        Unreadable::TooManyElements => "要素が多すぎます。",
        Unreadable::TagTooLong => "タグが長すぎます。",
        Unreadable::Attribute => "タグの属性の書き方に誤りがあります。名前=\"値\"の形で書きます。",
        Unreadable::RepeatedAttribute => "1つのタグに同じ名前の属性が2つあります。",
        Unreadable::Declaration => "XML宣言がファイルの先頭にないか、書き方に誤りがあります。",
        Unreadable::NotWellFormed => "XMLの書き方に誤りがあります。",
        Unreadable::WrongLayout => "XmlMsg、MessageHeader、MessageBodyの構成ではありません。",
    }
}

/// The file's bytes: code, what happened, what the desk does, what the supplier does, and the detail if there is
/// one, a line each (CRLF).
#[must_use]
pub fn content(code: ErrorCode, detail: Option<&str>, encoding: CharacterCode) -> Vec<u8> {
    let entry = code.entry();
    let mut text = format!(
        "コード：{}\r\n内容：{}\r\n窓口での対応：{}\r\n保守事業者の対応：{}\r\n",
        entry.code, entry.ja.what, entry.ja.desk, entry.ja.supplier
    );
    if let Some(detail) = detail {
        // The detail is one line: a line break in it would look like another entry.
        let detail: String = detail.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        text.push_str(&format!("詳細：{detail}\r\n"));
    }
    charset::encode(&text, encoding).0
}
