//! Recovery codes: for the day the telephone is lost. Ten, each works once, 50 bits, stored hashed.

use axum::response::Response;
use store::{TokenHash, WebSession};

use super::{SignInDesk, see, step::change};
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

/// A set that was drawn.
pub(super) struct Drawn {
    /// The codes as they are shown, once.
    pub(super) codes: Vec<String>,
    /// What is kept of them.
    pub(super) hashes: Vec<[u8; 32]>,
}

/// Draws a set for an account.
#[expect(clippy::result_large_err, reason = "the response is what the handler returns")]
pub(super) fn draw(subject: &str) -> Result<Drawn, Response> {
    let mut codes = Vec::with_capacity(CODES);
    for _ in 0..CODES {
        let mut bytes = [0_u8; LETTERS];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| refused::busy())?;
        codes.push(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect::<String>());
    }
    let hashes = codes.iter().map(|code| hash(subject, code)).collect();
    let shown = |code: &String| format!("{}-{}", &code[..LETTERS / 2], &code[LETTERS / 2..]);
    Ok(Drawn { codes: codes.iter().map(shown).collect(), hashes })
}

/// Makes a new set in the place of the old one; the codes as they are shown, this once.
pub(super) async fn renew(
    desk: &SignInDesk,
    (session, token): (&WebSession, TokenHash),
) -> Result<Vec<String>, Response> {
    let Drawn { codes, hashes } = draw(&session.subject)?;
    let how = change(desk, (session, token), "回復コードが作り直されました").await?;
    let set = desk.site.store.set_recovery_codes(&session.subject, hashes, how).await;
    // Another session of the account was faster and ended this one.
    if !set.map_err(|error| refused::by_store(&error))? {
        return Err(see(desk.site.sign_in));
    }
    Ok(codes)
}

/// Whether the code is one of the account's, which is gone then.
pub(super) async fn spend(desk: &SignInDesk, session: &WebSession, typed: &str) -> Result<bool, Response> {
    let hash = hash(&session.subject, &bare(typed));
    let spent = desk.site.store.spend_recovery_code(&session.subject, hash).await;
    spent.map_err(|error| refused::by_store(&error))
}
