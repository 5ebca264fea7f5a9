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
    let mut tail = SHA256_WITH_RSA.to_vec();
    tail.extend(header(BIT_STRING, signature.len() + 1));
    tail.push(0); // no unused bits
    tail.extend_from_slice(signature);
    let head = header(SEQUENCE, signed.len() + tail.len());
    der.strip_prefix(head.as_slice())
        .and_then(|rest| rest.strip_prefix(signed))
        .is_some_and(|rest| rest == tail.as_slice())
}

/// Tag and shortest length.
fn header(tag: u8, length: usize) -> Vec<u8> {
    if length < 0x80 {
        return vec![tag, length as u8];
    }
    let bytes = length.to_be_bytes();
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    let mut header = vec![tag, 0x80 | (bytes.len() - zeros) as u8];
    header.extend_from_slice(&bytes[zeros..]);
    header
}
