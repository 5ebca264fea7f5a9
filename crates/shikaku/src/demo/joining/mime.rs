//! Reading a mail: its headers in words, its text out of its transfer encoding. Only what our own mails use.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use eligibility::{
    Instant,
    calendar::{format_japanese, tokyo_date},
};
use jiff::tz::{self, TimeZone};

/// What the page shows of a mail.
#[derive(Default)]
pub(super) struct Read {
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) date: String,
    pub(super) text: String,
}

/// Reads a mail; what cannot be read stays empty.
pub(super) fn read(mail: &[u8]) -> Read {
    let mail = String::from_utf8_lossy(mail).replace("\r\n", "\n");
    let (head, body) = mail.split_once("\n\n").unwrap_or((mail.as_str(), ""));
    let unfolded = head.replace("\n\t", " ").replace("\n ", " ");
    let header = |wanted: &str| {
        unfolded
            .lines()
            .find_map(|line| line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case(wanted)))
            .map(|(_, value)| value.trim())
            .unwrap_or_default()
    };
    let encoding = header("Content-Transfer-Encoding").to_ascii_lowercase();
    let bytes = match encoding.as_str() {
        "base64" => STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap_or_default(),
        "quoted-printable" => quoted(&body.replace("=\n", "")),
        _ => body.as_bytes().to_vec(),
    };
    Read {
        to: words(header("To")),
        subject: words(header("Subject")),
        date: day(header("Date")),
        text: String::from_utf8_lossy(&bytes).replace("\r\n", "\n"),
    }
}

/// Day and time in Tokyo; as it stands when it is none.
fn day(date: &str) -> String {
    let Ok(sent) = jiff::fmt::rfc2822::parse(date) else { return date.to_owned() };
    let at = Instant(sent.timestamp().as_millisecond());
    let here = sent.timestamp().to_zoned(TimeZone::fixed(tz::offset(9)));
    format!("{} {}", format_japanese(tokyo_date(at)), here.strftime("%H:%M"))
}

/// `=E3=81=82` and plain characters.
fn quoted(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'=').then(|| after.get(..2)).flatten();
        let value = escaped.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match value {
            Some(value) => {
                bytes.push(value);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    bytes
}

/// Encoded words (`=?utf-8?b?…?=`) of a header, and what stands between them.
fn words(header: &str) -> String {
    let mut text = Vec::new();
    let mut last_encoded = false;
    for word in header.split(' ') {
        let bytes = encoded_word(word);
        // Blanks between two encoded words belong to neither.
        let joined = last_encoded && bytes.is_some();
        if !text.is_empty() && !joined {
            text.push(b' ');
        }
        last_encoded = bytes.is_some();
        text.extend(bytes.unwrap_or_else(|| word.as_bytes().to_vec()));
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn encoded_word(word: &str) -> Option<Vec<u8>> {
    let inner = word.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut parts = inner.splitn(3, '?');
    let (charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    match encoding {
        "b" | "B" => STANDARD.decode(text).ok(),
        "q" | "Q" => Some(quoted(&text.replace('_', " "))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_mail_is_read_in_both_encodings() {
        let mail = "To: a@b.example\r\nSubject: =?utf-8?b?55m76Yyy?=\r\n =?utf-8?b?44Gu56K66KqN?=\r\nDate: x\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n55m7\r\n6Yyy\r\n";
        let it = read(mail.as_bytes());
        assert_eq!(
            (it.to.as_str(), it.subject.as_str(), it.text.as_str()),
            ("a@b.example", "登録の確認", "登録")
        );
        let mail =
            "Subject: x y\nContent-Transfer-Encoding: quoted-printable\n\n=E7=99=BB=\n=E9=8C=B2 a=3Db\n";
        assert_eq!(read(mail.as_bytes()).text, "登録 a=b\n");
        assert_eq!(read(mail.as_bytes()).subject, "x y");
    }
}
