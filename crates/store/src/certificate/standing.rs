//! Terminal certificates as whoever admits terminals sees them: with the overlap of renewed ones.

use eligibility::{Instant, institution::InstitutionCode, institution_certificate::CertificateUses};

use super::issued::uses_of;
use crate::{
    Error, Result, Store, TerminalCertificate,
    engine::{Tx, bind},
    job::Read,
};

/// A terminal certificate, and since when another follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalStanding {
    /// The certificate.
    pub certificate: TerminalCertificate,
    /// When its successor was issued.
    pub superseded_at: Option<Instant>,
    /// Whether no terminal was let in with it yet.
    pub awaits_first_use: bool,
    /// What it may be used for; `None` where the authority has no record of it.
    pub uses: Option<CertificateUses>,
}

const CHANGED: &str = "SELECT t.institution_code, t.fingerprint, t.terminal_name, t.not_after, t.revoked_at, \
     t.changed_at, c.superseded_at, c.issued_at, c.first_used_at, c.uses \
     FROM terminal_certificate t LEFT JOIN institution_certificate c \
     ON c.institution_code = t.institution_code AND c.fingerprint = t.fingerprint \
     WHERE t.changed_at >= $1 ORDER BY t.changed_at, t.institution_code, t.fingerprint";

struct ChangedSince(Instant);

impl Read for ChangedSince {
    type Output = Vec<TerminalStanding>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query(CHANGED, bind![self.0.0], |row| {
            let certificate = TerminalCertificate {
                institution_code: InstitutionCode::parse(row.text(0, "institution_code")?)
                    .map_err(|_| Error::Malformed { what: "institution_code" })?,
                fingerprint: row.text(1, "fingerprint")?.to_owned(),
                terminal_name: row.text(2, "terminal_name")?.to_owned(),
                not_after: Instant(row.int(3, "not_after")?),
                revoked_at: row.int_or_null(4, "revoked_at")?.map(Instant),
                changed_at: Instant(row.int(5, "changed_at")?),
            };
            Ok(TerminalStanding {
                certificate,
                uses: row.text_or_null(9, "uses")?.map(uses_of).transpose()?,
                superseded_at: row.int_or_null(6, "superseded_at")?.map(Instant),
                awaits_first_use: row.int_or_null(7, "issued_at")?.is_some()
                    && row.int_or_null(8, "first_used_at")?.is_none(),
            })
        })
        .await
    }
}

impl Store {
    /// As [`Store::terminal_certificates_changed_since`], with the overlap of renewed certificates; a renewal
    /// is a change of the old one.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn terminal_standings_changed_since(&self, since: Instant) -> Result<Vec<TerminalStanding>> {
        self.read(ChangedSince(since)).await
    }
}
