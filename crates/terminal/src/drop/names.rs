//! Names in `req`: which are requests, which are nobody's business, which try something.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use wire::file_name::RequestName;

use super::family::Family;

/// Prefixes of the families that belong to eligibility; other systems share the folder with theirs.
const FAMILIES: [&[u8]; 5] = [b"OQSsi", b"OQSmu", b"YZKsi", b"TKKsi", b"CIPsi"];
/// Where a request's name says that it is one: `01req_` or `02req_` after family and function.
const STEP: std::ops::Range<usize> = 8..14;
/// Device names that Windows clients trip over, whatever follows the dot.
const DEVICES: [&str; 22] = [
    "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
    "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
];

/// What a name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not ours: temporary files, other systems' files. Left alone, never looked at.
    Foreign,
    /// Made to hurt, or a request whose name cannot be turned into an answer's.
    Hostile,
    /// A request.
    Request(RequestFile),
}

/// The form a request comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `.xml`
    Xml,
    /// `.zip`: AES-256 with the XML inside.
    Zip,
}

/// A request's name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestFile {
    /// The name as it stands in the folder.
    pub(crate) name: String,
    /// Name without ending, lower-case: what one answer belongs to. `X.xml`, `X.zip` and `x.xml` share it.
    pub(crate) key: String,
    /// Which form.
    pub(crate) form: Form,
    parts: RequestName,
}

impl RequestFile {
    /// Which family of messages it belongs to; `None` for those this terminal does not answer.
    pub(crate) fn family(&self) -> Option<Family> {
        Family::of(&self.parts)
    }

    /// The interface's name in the encryption table: family, function and step.
    pub(crate) fn interface(&self) -> String {
        self.parts.interface()
    }

    /// Name of a file that stands beside the result.
    pub(crate) fn beside_name(&self, ending: &str) -> String {
        self.parts.beside_name(ending)
    }

    /// Name of the result's XML.
    pub(crate) fn result_xml_name(&self) -> String {
        self.parts.result_name()
    }

    /// Name of the result in `res`.
    pub(crate) fn answer_name(&self, sealed: bool) -> String {
        if sealed { self.parts.encrypted_result_name() } else { self.parts.result_name() }
    }

    /// Name of the words for the user, when there is no result.
    pub(crate) fn error_name(&self) -> String {
        self.parts.err_name()
    }
}

/// Whether a name must be looked at more closely: all but [`Verdict::Foreign`]. Cheap: called for every name in the
/// folder at every scan. What stays where it is for ever must not count here, or it would use up the places of a scan.
pub(crate) fn concerns_us(name: &OsStr) -> bool {
    tries_something(name.as_bytes()) || asks_something(name) && !is_being_written(name.as_bytes())
}

/// Takes a name apart.
pub(crate) fn classify(name: &OsStr) -> Verdict {
    let bytes = name.as_bytes();
    if tries_something(bytes) {
        return Verdict::Hostile;
    }
    // A client waits for the answer of what asks, so its name is never just ignored — unless it is still temporary.
    if !asks_something(name) || is_being_written(bytes) {
        return Verdict::Foreign;
    }
    match std::str::from_utf8(bytes).ok().and_then(|name| name.split_once('.')) {
        Some((stem, ending)) => request(stem, ending).map_or(Verdict::Hostile, Verdict::Request),
        None => Verdict::Hostile,
    }
}

/// Whether a name begins as those of our requests do: somebody waits for its answer.
pub(crate) fn asks_something(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    FAMILIES.iter().any(|family| bytes.starts_with(family))
        && bytes.get(STEP).is_some_and(|step| step == b"01req_" || step == b"02req_")
}

/// Writers put `.tmp` or `~` behind the whole name or in place of its ending.
fn is_being_written(name: &[u8]) -> bool {
    let last = name.rsplit(|byte| *byte == b'.').next().unwrap_or(name);
    last.eq_ignore_ascii_case(b"tmp") || name.ends_with(b"~")
}

fn request(stem: &str, ending: &str) -> Option<RequestFile> {
    let form = match ending {
        ending if ending.eq_ignore_ascii_case("xml") => Form::Xml,
        ending if ending.eq_ignore_ascii_case("zip") => Form::Zip,
        _ => return None,
    };
    let parts = RequestName::parse(&format!("{stem}.xml")).ok()?;
    Some(RequestFile { name: format!("{stem}.{ending}"), key: stem.to_ascii_lowercase(), form, parts })
}

/// Paths, devices, streams and control characters: nothing an honest program puts into a name.
fn tries_something(name: &[u8]) -> bool {
    if name.iter().any(|byte| *byte < b' ' || *byte == 0x7f || *byte == b'\\' || *byte == b':') {
        return true;
    }
    if name.starts_with(b"..") {
        return true;
    }
    let stem = name.split(|byte| *byte == b'.').next().unwrap_or(name);
    let stem = stem.strip_suffix(b" ").unwrap_or(stem);
    stem.len() <= 4 && DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_and_foreign_names_are_nobodys_business() {
        for name in [
            ".receptionagent-123.tmp",
            "OQSsiquc01req_1.tmp",
            "OQSsiquc01req_1.xml.tmp",
            "OQSsiquc01req_1.xml.TMP",
            "OQSsiquc01req_1.xml~",
            "OQSsiquc01req_1.xml.tmp~",
            "bulk_request_sequence.txt",
            "EPSsi01req_1.xml",
            "OQSsiquc01res_1.xml",
        ] {
            assert_eq!(classify(OsStr::new(name)), Verdict::Foreign, "{name}");
            assert!(!concerns_us(OsStr::new(name)), "{name} would use up a place of a scan");
        }
        assert_eq!(classify(OsStr::new("OQSsiquc01req_1.xml.exe")), Verdict::Hostile);
    }

    #[test]
    fn the_answer_has_the_name_clients_wait_for() {
        let Verdict::Request(file) = classify(OsStr::new("OQSsiquc01req_202611220001.xml")) else {
            panic!("a request");
        };
        assert_eq!(file.answer_name(false), "OQSsiquc01res_202611220001.xml");
        assert_eq!(file.answer_name(true), "OQSsiquc01res_202611220001.zip");
        assert_eq!(file.error_name(), "OQSsiquc01req_202611220001.err");
    }
}
