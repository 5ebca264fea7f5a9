//! Results as XML files.

use eligibility::codes::CharacterCode;

use super::{FieldProblem, ResultMessage, record::Record as _, value::Code};
use crate::{
    charset::{self, Substitution},
    xml_tree::{self, Unreadable, XmlText},
};

/// How a file is laid out. Leaf tags hold nothing but their text in either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Layout {
    /// One element a line, two blanks a level.
    #[default]
    Indented,
    /// No line breaks after the declaration.
    Compact,
}

/// A message as a file.
#[derive(Clone, PartialEq, Eq)]
pub struct WrittenXml {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// Characters that were written otherwise than they are.
    pub substitutions: Vec<Substitution>,
}

/// A result file as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadResult {
    /// The encoding the file is really in.
    pub encoding: CharacterCode,
    /// What it says.
    pub message: ResultMessage,
}

/// Why a result file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResultError {
    /// Not a message at all.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// An element is missing or wrong.
    #[error(transparent)]
    Field(#[from] FieldProblem),
}

/// Writes a result or face result. 文字コード識別 follows `encoding`, whatever the message says.
#[must_use]
pub fn write_result(message: &ResultMessage, encoding: CharacterCode, layout: Layout) -> WrittenXml {
    let mut message = message.clone();
    message.header.character_code_identifier = Code::Known(encoding);
    let mut xml = XmlText::new(charset::declaration_name(encoding), layout);
    xml.open("XmlMsg");
    message.write_fields(&mut xml);
    xml.close("XmlMsg");
    finish(xml, encoding)
}

pub(super) fn finish(xml: XmlText, encoding: CharacterCode) -> WrittenXml {
    let (text, mut substitutions) = xml.finish();
    let (bytes, narrowed) = charset::encode(&text, encoding);
    substitutions.extend(narrowed);
    WrittenXml { bytes, substitutions }
}

/// Reads a result or face result, in any order of elements, passing over elements it does not know.
///
/// # Errors
/// [`ResultError`] naming why the file is no message, or the element that is wrong.
pub fn read_result(bytes: &[u8]) -> Result<ReadResult, ResultError> {
    let (encoding, text) = charset::decode(bytes)?;
    let root = xml_tree::parse(&text)?;
    if root.name != "XmlMsg" || root.child("MessageHeader").is_none() {
        return Err(Unreadable::WrongLayout.into());
    }
    Ok(ReadResult { encoding, message: ResultMessage::read_fields(&root)? })
}
