//! Recovery codes: for the day the telephone is lost. Ten, each works once, 50 bits, stored hashed.

use axum::response::Response;
use store::{Act, WebSession};

use super::SignInDesk;
use crate::web::refused;
use crate::web::secret_token::sha256;

/// Codes of one set.
const CODES: usize = 10;
/// Letters of a code: 50 bits.
const LETTERS: usize = 10;
/// Letters that are not taken for one another.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

fn hash(subject: &str, code: &str) -> [u8; 32] {
    sha256(format!("recovery-code\0{subject}\0{code}").as_bytes())
}

/// The code as typed: any case and width of blanks and hyphens.
fn bare(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Makes a new set in the place of the old one; the codes as they are shown, this once.
pub(super) async fn renew(
    desk: &SignInDesk,
    session: &WebSession,
    act: Act,
) -> Result<Vec<String>, Response> {
    let mut codes = Vec::with_capacity(CODES);
    for _ in 0..CODES {
        let mut bytes = [0_u8; LETTERS];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| refused::busy())?;
        codes.push(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect::<String>());
    }
    let hashes = codes.iter().map(|code| hash(&session.subject, code)).collect();
    let set = desk.site.store.set_recovery_codes(&session.subject, hashes, act).await;
    set.map_err(|error| refused::by_store(&error))?;
    Ok(codes.iter().map(|code| format!("{}-{}", &code[..LETTERS / 2], &code[LETTERS / 2..])).collect())
}

/// Whether the code is one of the account's, which is gone then.
pub(super) async fn spend(desk: &SignInDesk, session: &WebSession, typed: &str) -> Result<bool, Response> {
    let hash = hash(&session.subject, &bare(typed));
    let spent = desk.site.store.spend_recovery_code(&session.subject, hash).await;
    spent.map_err(|error| refused::by_store(&error))
}
