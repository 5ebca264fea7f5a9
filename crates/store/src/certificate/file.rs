//! PKCS#12 files that are kept for some minutes, sealed: the same form that comes again gets the same file.

use eligibility::{Instant, institution::InstitutionCode};

use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// A file to be kept beside its certificate.
#[derive(Clone)]
pub struct NewCertificateFile {
    /// What the same form finds it by.
    pub file_id: String,
    /// The file, sealed by who made it.
    pub sealed: Vec<u8>,
    /// First moment it is no longer given.
    pub kept_until: Instant,
}

impl std::fmt::Debug for NewCertificateFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCertificateFile").field("kept_until", &self.kept_until).finish_non_exhaustive()
    }
}

const PUT: &str = "INSERT INTO certificate_file (institution_code, file_id, sealed, kept_until) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (institution_code, file_id) \
     DO UPDATE SET sealed = excluded.sealed, kept_until = excluded.kept_until";
const FIND: &str = "SELECT sealed FROM certificate_file \
     WHERE institution_code = $1 AND file_id = $2 AND kept_until > $3";
const WIPE: &str = "DELETE FROM certificate_file WHERE (institution_code, file_id) IN (\
     SELECT f.institution_code, f.file_id FROM certificate_file f WHERE f.kept_until <= $1 \
     ORDER BY f.kept_until LIMIT $2)";

/// Within the transaction that records the certificate.
pub(super) async fn put(tx: &Tx<'_>, institution: &str, new: &NewCertificateFile) -> Result<()> {
    let row = bind![institution, &new.file_id, new.sealed.as_slice(), new.kept_until.0];
    tx.execute(PUT, row).await.map(drop)
}

struct Find {
    institution: InstitutionCode,
    file_id: String,
    now: Instant,
}

impl Read for Find {
    type Output = Option<Vec<u8>>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let key = bind![self.institution.as_str(), &self.file_id, self.now.0];
        tx.query_one(FIND, key, |row| Ok(row.blob(0, "sealed")?.to_vec())).await
    }
}

struct Wipe(Instant, u32);

impl Write for Wipe {
    type Output = u64;

    fn key(&self) -> &'static str {
        "certificate_files"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        tx.execute(WIPE, bind![self.0.0, i64::from(self.1)]).await
    }
}

impl Store {
    /// The sealed file that an institution's form made, while it is kept.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn certificate_file(
        &self,
        institution: &InstitutionCode,
        file_id: &str,
        now: Instant,
    ) -> Result<Option<Vec<u8>>> {
        self.read(Find { institution: institution.clone(), file_id: file_id.to_owned(), now }).await
    }

    /// Wipes at most so many files whose minutes are over. Gives how many.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn wipe_certificate_files(&self, now: Instant, limit: u32) -> Result<u64> {
        self.write(Wipe(now, limit)).await
    }
}
