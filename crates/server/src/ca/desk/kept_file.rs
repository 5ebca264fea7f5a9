//! A downloaded file that got lost on its way: the same form that comes again gets the same file.
//!
//! A browser that is clicked twice throws the first answer away. The file is therefore kept for some minutes, in the
//! commit that records its certificate, found and opened only by who has the order, the form's one-time id and the
//! 取扱パスワード: both its name and the key that seals it are made of the three and of a key that is not in the database.

use aws_lc_rs::{hmac, pbkdf2};
use eligibility::Instant;
use eligibility::institution::InstitutionCode;
use eligibility::retrieval::FilePassword;
use store::NewCertificateFile;
use zeroize::Zeroizing;

use super::Desk;
use crate::ca::NotIssued;
use crate::web::seal::Seal;

/// How long the same form gets the same file: a person has noticed by then that nothing came.
const FILE_KEPT_MINUTES: i64 = 10;
const MINUTE_MS: i64 = 60_000;
/// After the serial number, before the file.
const SERIAL_END: u8 = b'\n';
/// Whoever has database and key has to guess no faster than with the file itself.
const ROUNDS: std::num::NonZeroU32 = match std::num::NonZeroU32::new(pki::pkcs12::ITERATIONS) {
    Some(rounds) => rounds,
    None => std::num::NonZeroU32::MIN,
};

/// Whether a form may still get the file of a certificate that was issued then.
pub(super) const fn may_be_kept(issued_at: Instant, now: Instant) -> bool {
    now.0 - issued_at.0 <= FILE_KEPT_MINUTES * MINUTE_MS
}

/// What a file is found by, and what opens it.
pub(super) struct FileMark {
    id: String,
    seal: Seal,
}

impl FileMark {
    /// Costs as much as opening the file, on purpose.
    fn derived(salt: &[u8], password: &str) -> Result<Self, NotIssued> {
        let mut secret = Zeroizing::new([0_u8; 32]);
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, password.as_bytes(), &mut *secret);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*secret);
        let mut sealing = Zeroizing::new([0_u8; 32]);
        sealing.copy_from_slice(hmac::sign(&key, b"sealing").as_ref());
        let seal = Seal::new(&sealing).map_err(|_| pki::Error::Crypto("sealing"))?;
        Ok(Self { id: hex::encode(hmac::sign(&key, b"id")), seal })
    }

    /// The file after its certificate's serial number, by which it is asked whether that is still good.
    pub(super) fn sealed(
        &self,
        serial: &str,
        file: &[u8],
        now: Instant,
    ) -> Result<NewCertificateFile, NotIssued> {
        let mut named = Zeroizing::new(Vec::with_capacity(serial.len() + 1 + file.len()));
        named.extend_from_slice(serial.as_bytes());
        named.push(SERIAL_END);
        named.extend_from_slice(file);
        let sealed = self.seal.seal(&self.id, &named).map_err(|_| pki::Error::Crypto("sealing"))?;
        let kept_until = Instant(now.0 + FILE_KEPT_MINUTES * MINUTE_MS);
        Ok(NewCertificateFile { file_id: self.id.clone(), sealed, kept_until })
    }
}

impl Desk {
    /// What the file of this order, form and password is found by.
    pub(super) async fn file_mark(
        &self,
        order: &str,
        form: &str,
        password: &FilePassword,
    ) -> Result<FileMark, NotIssued> {
        let salt = self.secrets.file_salt(order, form);
        let password = Zeroizing::new(password.reveal().to_owned());
        self.at_a_place(move || FileMark::derived(&salt, &password)).await?
    }

    /// The file that this form made before, while it is kept and its certificate is not revoked.
    pub(super) async fn kept_file(
        &self,
        institution: &InstitutionCode,
        mark: Option<&FileMark>,
    ) -> Result<Option<Vec<u8>>, NotIssued> {
        let Some(mark) = mark else { return Ok(None) };
        let sealed = self.store.certificate_file(institution, &mark.id, self.clock.now()).await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = mark.seal.open(&mark.id, &sealed);
        let malformed = || store::Error::Malformed { what: "certificate_file" };
        let opened = opened.map_err(|_| malformed())?;
        let end = opened.iter().position(|byte| *byte == SERIAL_END).ok_or_else(malformed)?;
        let serial = std::str::from_utf8(&opened[..end]).map_err(|_| malformed())?;
        let known = self.store.certificate_of(institution, serial).await?;
        let is_good = known.is_some_and(|known| known.revocation.is_none());
        Ok(is_good.then(|| opened[end + 1..].to_vec()))
    }
}
