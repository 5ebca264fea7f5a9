//! Certificates that an honest authority refuses to issue, for the people whose cards are wrong. Made with the
//! simulated authority's own key, so that only what is meant to be wrong is wrong.

use anyhow::{Context, Result, ensure};
use pki::keys::PrivateKey;

/// DER of the policy 1.2.392.200149.8.5.1.0.30 (user authentication, test).
const AUTHENTICATION_POLICY: [u8; 13] =
    [0x06, 0x0B, 0x2A, 0x83, 0x08, 0x8C, 0x9B, 0x55, 0x08, 0x05, 0x01, 0x00, 0x1E];
/// Last arc of the policy for signing documents, which is not good for proving who is there.
const SIGNATURE_ARC: u8 = 20;
/// Bytes of an RSA-2048 signature, with which a certificate ends.
const SIGNATURE_BYTES: usize = 256;
/// Bytes of a DER header with a two-byte length: what certificates of this size begin with.
const HEADER_BYTES: usize = 4;

/// The same certificate under the policy of another purpose, signed anew.
pub(crate) fn with_other_policy(mut certificate: Vec<u8>, authority: &PrivateKey) -> Result<Vec<u8>> {
    let policy = certificate
        .windows(AUTHENTICATION_POLICY.len())
        .position(|window| window == AUTHENTICATION_POLICY)
        .context("the certificate has no policy to change")?;
    certificate[policy + AUTHENTICATION_POLICY.len() - 1] = SIGNATURE_ARC;
    let inner = &certificate[HEADER_BYTES..];
    ensure!(
        certificate[..2] == [0x30, 0x82] && inner[..2] == [0x30, 0x82],
        "not a certificate of the usual size"
    );
    let length = usize::from(u16::from_be_bytes([inner[2], inner[3]]));
    let signature = authority.sign(&inner[..HEADER_BYTES + length])?;
    ensure!(signature.len() == SIGNATURE_BYTES, "not signed with RSA-2048");
    let end = certificate.len();
    certificate[end - SIGNATURE_BYTES..].copy_from_slice(&signature);
    Ok(certificate)
}

/// A file of the right outer form that is no certificate.
pub(crate) fn garbage() -> Vec<u8> {
    let mut bytes = vec![0x30, 0x82, 0x02, 0x00];
    bytes.resize(HEADER_BYTES + 0x200, 0xA5);
    bytes
}
