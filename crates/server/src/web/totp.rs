//! One-time codes by time (TOTP, RFC 6238: SHA-1, 6 digits, 30 seconds, as every authenticator app has them).

use eligibility::Instant;
use fast_qr::convert::{Builder as _, Shape, svg::SvgBuilder};
use fast_qr::qr::QRBuilder;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

/// Bytes of a secret (as long as the hash).
pub const SECRET_BYTES: usize = 20;
/// Steps before and after now in which a code is still right: clocks of telephones differ.
const SKEW: u16 = 1;
/// Seconds of a step.
const STEP_S: u64 = 30;

/// A new secret.
///
/// # Errors
/// When the system has no randomness.
pub fn new_secret() -> Result<Zeroizing<Vec<u8>>, aws_lc_rs::error::Unspecified> {
    let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
    aws_lc_rs::rand::fill(&mut secret)?;
    Ok(secret)
}

fn totp(secret: &[u8]) -> Option<Totp> {
    let secret: Secret = secret.to_vec().into();
    Builder::new().with_secret(secret).with_skew(SKEW).with_step_duration(STEP_S).build().ok()
}

/// The time step whose code was typed, in any width and with blanks; `None` when it is wrong.
#[must_use]
pub fn step_of(secret: &[u8], typed: &str, now: Instant) -> Option<i64> {
    let digits: String = typed
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .map(|letter| match letter {
            '０'..='９' => char::from_u32(letter as u32 - '０' as u32 + '0' as u32).unwrap_or(letter),
            other => other,
        })
        .collect();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = u64::try_from(now.0 / 1000).ok()?;
    let step = totp(secret)?.check(&digits, seconds)?;
    i64::try_from(step).ok()
}

/// The code of a moment: what an authenticator app shows.
#[must_use]
pub fn code_at(secret: &[u8], now: Instant) -> Option<String> {
    Some(totp(secret)?.generate(u64::try_from(now.0 / 1000).ok()?).to_string())
}

/// The secret as people type it into an app: base32 in groups of four.
#[must_use]
pub fn typed_secret(secret: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in secret {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[((held >> bits) & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    let groups: Vec<&str> = (0..text.len()).step_by(4).map(|at| &text[at..text.len().min(at + 4)]).collect();
    groups.join(" ")
}

/// The secret as a picture for the app's camera: an SVG without style or script. `None` when it does not fit.
#[must_use]
pub fn picture(secret: &[u8], issuer: &str, account: &str) -> Option<String> {
    let plain = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    let (issuer, account) = (plain(issuer), plain(account));
    let secret = typed_secret(secret).replace(' ', "");
    let address = format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}");
    let code = QRBuilder::new(address).build().ok()?;
    Some(SvgBuilder::default().margin(4).shape(Shape::Square).to_str(&code))
}
