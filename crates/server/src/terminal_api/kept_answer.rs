//! The form in which an answer is kept, so that a repeated question gets the same bytes again: a fifth of what
//! was sent.
//!
//! Two thirds of an answer are element names, its consents repeat two moments twenty times, and its receipt is
//! base64 of what stands in the answer anyway. So each moment is kept once and a byte stands where it stood, the
//! receipt's parts are kept decoded (the signature as 64 bytes) behind the answer, and LZ4 packs all of it with a
//! dictionary of the names. Nothing is rebuilt from rules: whatever text comes in comes out again.
//!
//! Bytes: 1 (which dictionary) ‖ length before packing (4, little endian) ‖ LZ4 block of the parts.
//! Parts: text ‖ moments [‖ the receipt's header ‖ payload ‖ signature].

use std::cell::RefCell;
use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use lz4_flex::block::decompress_size_prepended_with_dict;
use memchr::{memchr, memmem};

use super::kept_dictionary::Dictionary;

/// What stands in many answers. Never change it, or the answers kept with it are lost: add another.
static DICTIONARY_1: LazyLock<Dictionary> = LazyLock::new(|| {
    let text = include_bytes!("kept_answer_1.txt").trim_ascii_end();
    let byte = |byte: &u8| match byte {
        b'@' => MARKS[0],
        b'#' => MARKS[1],
        other => *other,
    };
    Dictionary::new(text.iter().map(byte).collect())
});
/// First byte of what was packed with it.
const FORM_1: u8 = 1;
/// Between the parts. UTF-8 has no such byte.
const PART: u8 = 0xFF;
/// Where the first moment of an answer stood, and where the second. Nor are there such bytes.
const MARKS: [u8; 2] = [0xFE, 0xFD];
/// What a moment stands behind.
const BEFORE_MOMENT: &str = "Time\":\"";
/// Characters of a moment, YYYYMMDDhhmmss.
const MOMENT_CHARS: usize = 14;
/// What stands between an answer and its receipt, and behind it.
const RECEIPT: &str = ",\"receipt\":\"";
const END: &str = "\"}";
/// Bytes that each worker keeps at most to pack the next answer in.
const ROOM_MAX: usize = 16 * 1024;
/// Longest answer that is unpacked, bytes. The longest that can be made has some 50 kB.
const UNPACKED_MAX: usize = 1 << 20;

thread_local! {
    /// The dictionary, and room for the answer behind it: copied once for each worker, not for each answer.
    static WINDOW: RefCell<Vec<u8>> = RefCell::new(DICTIONARY_1.text().to_vec());
}

/// Packs an answer.
pub(super) fn pack(answer: &str) -> Vec<u8> {
    WINDOW.with_borrow_mut(|window| {
        let start = DICTIONARY_1.text().len();
        window.truncate(start);
        if put_with_receipt(answer, window).is_none() {
            window.truncate(start);
            put_marked(answer, window);
        }
        let mut kept = Vec::with_capacity(answer.len() / 3);
        kept.push(FORM_1);
        // Four bytes are more than any answer needs; a length cut off is one that is not unpacked again.
        kept.extend_from_slice(&((window.len() - start) as u32).to_le_bytes());
        DICTIONARY_1.pack(window, &mut kept);
        // What was said about somebody does not stay here.
        window[start..].fill(0);
        window.truncate(start);
        window.shrink_to(ROOM_MAX);
        kept
    })
}

/// The answer that was packed; `None` when these bytes were not made by [`pack`].
pub(crate) fn unpack(kept: &[u8]) -> Option<String> {
    let (FORM_1, packed) = kept.split_first().map(|(form, packed)| (*form, packed))? else { return None };
    let length = packed.first_chunk().map(|length| u32::from_le_bytes(*length))?;
    if usize::try_from(length).ok()? > UNPACKED_MAX {
        return None;
    }
    let parts = decompress_size_prepended_with_dict(packed, DICTIONARY_1.text()).ok()?;
    let mut texts = parts.splitn(5, |byte| *byte == PART);
    let mut answer = unmarked(texts.next()?, texts.next()?)?;
    let Some(header) = texts.next() else { return Some(answer) };
    answer.push_str(RECEIPT);
    URL_SAFE_NO_PAD.encode_string(header, &mut answer);
    for part in [texts.next()?, texts.next()?] {
        answer.push('.');
        URL_SAFE_NO_PAD.encode_string(part, &mut answer);
    }
    answer.push_str(END);
    Some(answer)
}

/// Appends the answer and its receipt's decoded parts; `None`, and perhaps a part of it, when the text has another shape,
/// or its receipt is not what encoding its parts would give.
fn put_with_receipt(answer: &str, parts: &mut Vec<u8>) -> Option<()> {
    let (before, receipt) = answer.strip_suffix(END)?.rsplit_once(RECEIPT)?;
    put_marked(before, parts);
    let mut receipt = receipt.splitn(3, '.');
    for _ in 0..2 {
        parts.push(PART);
        let start = parts.len();
        URL_SAFE_NO_PAD.decode_vec(receipt.next()?, parts).ok()?;
        if memchr(PART, &parts[start..]).is_some() {
            return None;
        }
    }
    parts.push(PART);
    URL_SAFE_NO_PAD.decode_vec(receipt.next()?, parts).ok()
}

/// Appends the text with marks for its first two moments, and these.
fn put_marked(text: &str, parts: &mut Vec<u8>) {
    let mut moments: Vec<&str> = Vec::with_capacity(MARKS.len());
    let mut done = 0;
    for at in memmem::find_iter(text.as_bytes(), BEFORE_MOMENT) {
        let start = at + BEFORE_MOMENT.len();
        let Some(moment) = text.get(start..start + MOMENT_CHARS).filter(|text| is_moment(text)) else {
            continue;
        };
        let known = moments.iter().position(|known| *known == moment);
        let Some(mark) = MARKS.get(known.unwrap_or(moments.len())) else { continue };
        if known.is_none() {
            moments.push(moment);
        }
        parts.extend_from_slice(&text.as_bytes()[done..start]);
        parts.push(*mark);
        done = start + MOMENT_CHARS;
    }
    parts.extend_from_slice(&text.as_bytes()[done..]);
    parts.push(PART);
    moments.iter().for_each(|moment| parts.extend_from_slice(moment.as_bytes()));
}

fn is_moment(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The text whose moments were marked.
fn unmarked(marked: &[u8], moments: &[u8]) -> Option<String> {
    let mut text = Vec::with_capacity(marked.len() * 2);
    for byte in marked {
        match MARKS.iter().position(|mark| mark == byte) {
            None => text.push(*byte),
            Some(which) => text.extend_from_slice(moments.chunks_exact(MOMENT_CHARS).nth(which)?),
        }
    }
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};

    const ANSWER: &str = concat!(
        r#"{"answer":{"XmlMsg":{"MessageHeader":{"ProcessExecutionTime":"20260401090000"}}},"receipt":""#,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ1cm46c2hpa2FrdTpjZW50cmUifQ.",
        "MfaDstCvw9OifOilEx2cjovgPH_E7bWeGvn-s3O5D22Yktnhtz0fxZuPAOw4lCqKHlMOlBYg08zOR9bO86jJFQ",
        r#""}"#
    );

    #[test]
    fn every_text_comes_back_as_it_was() {
        let spoilt = ANSWER.replace("XmlMsg", "\u{10FFFF}葛\u{E0100}");
        let one_part_less = ANSWER.replacen(".", "", 1);
        // The last character's unused bits: decoding and encoding again would not give them back.
        let not_canonical = ANSWER.replace("jJFQ", "jJFR");
        let not_base64 = ANSWER.replace("eyJhbGci", "ey+hbGci");
        let with_separator = ANSWER.replace("eyJhbGciOiJFUzI1NiJ9", "_w");
        let three_moments = r#"{"aTime":"20260401090000","bTime":"20260402090000","cTime":"20260403090000","dTime":"2026","eTime":"20260402090000","fTime":"""#;
        let texts = [ANSWER, three_moments, "", "}", "{\"receipt\":\"\"}", ",\"receipt\":\"..\"}", &spoilt];
        for text in texts.into_iter().chain([&*one_part_less, &not_canonical, &not_base64, &with_separator]) {
            assert_eq!(unpack(&pack(text)).as_deref(), Some(text));
        }
    }

    #[test]
    fn an_answer_is_kept_in_a_fraction_of_its_length() {
        assert!(pack(ANSWER).len() < 170, "{} of {}", pack(ANSWER).len(), ANSWER.len());
    }

    #[test]
    fn other_bytes_are_refused() {
        let kept = pack(ANSWER);
        assert_eq!(unpack(&[]), None);
        assert_eq!(unpack(&kept[..kept.len() - 1]), None);
        assert_eq!(unpack(&[&[2], &kept[1..]].concat()), None, "made with another dictionary");
        assert_eq!(unpack(&[1, 0xFF, 0xFF, 0xFF, 0x7F, 0]), None, "longer than any answer");
    }
}
