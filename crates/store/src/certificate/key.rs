//! Keys that were certified before, and keys that must never be.

use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::Write,
};

const MARK: &str = "INSERT INTO certificate_key (key_fingerprint, institution_code, order_id, compromised) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (key_fingerprint) DO UPDATE SET compromised = excluded.compromised";

struct Mark(String);

impl Write for Mark {
    type Output = ();

    fn key(&self) -> &str {
        &self.0
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        mark_compromised(tx, &self.0).await
    }
}

/// Within another change.
pub(super) async fn mark_compromised(tx: &Tx<'_>, key_fingerprint: &str) -> Result<()> {
    let row = bind![key_fingerprint, super::AUTHORITY, "compromised", true];
    tx.execute(MARK, row).await.map(drop)
}

impl Store {
    /// Records that a key is known to others: it is never certified, whoever asks. The key is named by the
    /// lower-case hex SHA-256 of its SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn mark_key_compromised(&self, key_fingerprint: &str) -> Result<()> {
        self.write(Mark(key_fingerprint.to_owned())).await
    }
}
