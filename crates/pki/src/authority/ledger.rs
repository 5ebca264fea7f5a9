//! What the authority has issued and revoked.

use std::collections::{BTreeMap, HashSet};

use eligibility::Instant;

use crate::crl::{Revocation, RevocationReason};
use crate::{Error, Result};

#[derive(Default)]
pub(super) struct Issued {
    /// Every serial ever used, with its revocation.
    pub(super) certificates: BTreeMap<String, Option<Revocation>>,
    /// Fingerprints of all keys ever certified.
    pub(super) keys: HashSet<String>,
    pub(super) crl_number: u64,
}

impl Issued {
    /// Takes one line of the journal.
    pub(super) fn replay(&mut self, line: &str) -> Result<()> {
        let wrong = || Error::Malformed("a line of the journal");
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["issuing", serial, _, _, key] => {
                self.certificates.insert(serial.to_owned(), None);
                self.keys.insert(key.to_owned());
            }
            ["revoked", serial, at, reason] => {
                let at = Instant(at.parse().map_err(|_| wrong())?);
                let reason = RevocationReason::from_name(reason).ok_or_else(wrong)?;
                *self.certificates.get_mut(serial).ok_or_else(wrong)? = Some(Revocation { at, reason });
            }
            ["crl", number] => self.crl_number = number.parse().map_err(|_| wrong())?,
            _ => return Err(wrong()),
        }
        Ok(())
    }

    /// Serial numbers of everything revoked until then.
    pub(super) fn revoked(&self, until: Instant) -> Vec<(String, Revocation)> {
        let revoked = self.certificates.iter().filter_map(|(serial, how)| how.map(|how| (serial, how)));
        revoked.filter(|(_, how)| how.at <= until).map(|(serial, how)| (serial.clone(), how)).collect()
    }
}
