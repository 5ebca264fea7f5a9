//! The text a card signs to prove that it is here, now, at this terminal: defined once for both sides.

/// First line of the signed text: names the meaning and its version, so that a signature given for
/// another purpose can never pass as a proof.
pub const PROOF_LABEL: &str = "shikaku-card-proof-v1";

/// The bytes the card signs (hashed with SHA-256 on the way): label, nonce, institution code and the
/// terminal certificate's SHA-256 fingerprint in lower-case hex, one a line, no final line feed.
///
/// The server builds the same text from its own knowledge (the nonce it issued, institution and
/// fingerprint from the client certificate), never from what the terminal says about itself.
#[must_use]
pub fn signed_text(nonce: &str, institution_code: &str, terminal_fingerprint: &str) -> Vec<u8> {
    [PROOF_LABEL, nonce, institution_code, terminal_fingerprint].join("\n").into_bytes()
}
