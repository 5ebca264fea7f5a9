//! The face result: a card session's answer as a file for the receipt computer.

use std::io;

use base64::{Engine, engine::general_purpose::URL_SAFE};
use eligibility::{codes::CharacterCode, institution::InstitutionCode};
use wire::{
    file_name::{FACE_RANDOM_BYTES, face_result_name},
    message::{Code, ConsentElements, Layout, ResultMessage, write_result},
    reader_link::ReaderOutcome,
};

use crate::{
    clock,
    drop::{FaceFile, seal},
};

/// Its name in the encryption table.
pub(super) const INTERFACE: &str = "face";
/// Hex digits of a session in the file's name.
const SESSION_CHARS: usize = FACE_RANDOM_BYTES * 2;
/// Bytes of the generated 任意のファイル識別子: sixteen characters of base64.
const IDENTIFIER_BYTES: usize = 11;

/// The session's id, from its nonce: the same nonce is the same session, and the nonce itself stays secret.
pub(super) fn session_of(nonce: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, nonce.as_bytes());
    hex::encode(digest.as_ref())[..SESSION_CHARS].to_owned()
}

/// Adds what only the terminal knows, and leaves out what this counter's receipt computer does not.
pub(super) fn complete(message: ResultMessage, session: &str, elements: ConsentElements) -> ResultMessage {
    let mut message = message.in_edition(elements);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, session.as_bytes());
    message.header.arbitrary_file_identifier = Some(URL_SAFE.encode(&digest.as_ref()[..IDENTIFIER_BYTES]));
    message.body.search_info = None;
    message
}

/// The file, name and content, and how many characters are written otherwise in it.
pub(super) fn file(
    session: &str,
    institution: &InstitutionCode,
    message: &ResultMessage,
    encoding: CharacterCode,
    password: Option<&str>,
) -> io::Result<(FaceFile, usize)> {
    let mut random = [0; FACE_RANDOM_BYTES];
    hex::decode_to_slice(session, &mut random).map_err(io::Error::other)?;
    let xml_name = face_result_name(institution, random, clock::now_in_tokyo());
    let written = write_result(message, encoding, Layout::Indented);
    let xml = written.bytes;
    let (name, content) = match password {
        Some(password) => (xml_name.replace(".xml", ".zip"), seal(&xml_name, &xml, password)?),
        None => (xml_name, xml),
    };
    Ok((FaceFile { session: session.to_owned(), name, content }, written.substitutions.len()))
}

/// What the reader shows.
pub(super) fn outcome(message: &ResultMessage) -> ReaderOutcome {
    let body = &message.body;
    ReaderOutcome {
        segment: code_of(&message.header.segment_of_result),
        validity: body.qualification_validity.as_ref().map(code_of),
        code: message.header.error_code.clone().or_else(|| body.processing_result_code.clone()),
        message: message.header.error_message.clone().or_else(|| body.processing_result_message.clone()),
        name: body.results.first().map(|result| result.name.clone()),
        substitutions: 0,
        file_name: None,
        next_nonce: None,
    }
}

fn code_of<T: wire::message::CodeTable>(code: &Code<T>) -> String {
    code.as_text().to_owned()
}
