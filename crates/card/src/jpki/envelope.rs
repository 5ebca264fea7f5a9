//! The shell around what an authority signed: SEQUENCE { signed part, algorithm, BIT STRING }.
//!
//! The signature covers the inner part only, and the X.509 parser is lenient about the shell (it takes other
//! tags for it). So the shell is required to be, byte for byte, the one DER encoding there is: one certificate
//! has one form.

/// AlgorithmIdentifier of sha256WithRSAEncryption with its NULL parameter.
const SHA256_WITH_RSA: [u8; 15] =
    [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B, 0x05, 0x00];
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// Whether `der` is exactly the signed part and the signature in their one possible shell.
pub(crate) fn is_exact(der: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    const NO_UNUSED_BITS: u8 = 0;
    let bits = signature.len() + 1;
    let bits_header = length_bytes(bits) + 1;
    let whole = signed.len() + SHA256_WITH_RSA.len() + bits_header + bits;
    without_header(der, SEQUENCE, whole)
        .and_then(|rest| rest.strip_prefix(signed))
        .and_then(|rest| rest.strip_prefix(&SHA256_WITH_RSA))
        .and_then(|rest| without_header(rest, BIT_STRING, bits))
        .and_then(|rest| rest.strip_prefix(&[NO_UNUSED_BITS]))
        .is_some_and(|rest| rest == signature)
}

/// What stands behind this tag and this length in its shortest form.
fn without_header(der: &[u8], tag: u8, length: usize) -> Option<&[u8]> {
    let bytes = length.to_be_bytes();
    let rest = der.strip_prefix(&[tag])?;
    match length_bytes(length) - 1 {
        0 => rest.strip_prefix(&[length as u8]),
        more => rest.strip_prefix(&[0x80 | more as u8])?.strip_prefix(&bytes[bytes.len() - more..]),
    }
}

/// How many bytes the shortest form of a length takes.
fn length_bytes(length: usize) -> usize {
    if length < 0x80 {
        return 1;
    }
    1 + (usize::BITS - length.leading_zeros()).div_ceil(u8::BITS) as usize
}
