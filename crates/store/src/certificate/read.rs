//! What the authority knows of one institution's certificates.

use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_certificate::{
        CertificatePeriod, CertificateUses, KnownCertificate, Revocation, RevocationReason, SuccessorState,
    },
};

use super::issued::uses_of;
use crate::{
    Error, Result, Store,
    engine::{Row, Tx, bind},
    job::Read,
};

/// One certificate of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstitutionCertificate {
    /// Whose it is.
    pub institution_code: InstitutionCode,
    /// Lower-case hex.
    pub serial: String,
    /// What it was issued for.
    pub order_id: String,
    /// Lower-case hex SHA-256 of the certificate.
    pub fingerprint: String,
    /// Lower-case hex SHA-256 of its key.
    pub key_fingerprint: String,
    /// 端末名称.
    pub terminal_name: String,
    /// What it may be used for.
    pub uses: CertificateUses,
    /// From when to when it is valid.
    pub period: CertificatePeriod,
    /// When it was issued.
    pub issued_at: Instant,
    /// Its place in the public log, which has its bytes.
    pub leaf_index: i64,
    /// The certificate it follows.
    pub predecessor: Option<String>,
    /// The certificate that follows it.
    pub successor: Option<String>,
    /// When the first of those was issued.
    pub superseded_at: Option<Instant>,
    /// When a terminal was first let in with it.
    pub first_used_at: Option<Instant>,
    /// Set once it is revoked.
    pub revocation: Option<Revocation>,
}

impl InstitutionCertificate {
    /// What the rules about its standing look at.
    #[must_use]
    pub fn known(&self) -> KnownCertificate {
        KnownCertificate {
            institution_code: self.institution_code.clone(),
            period: self.period,
            uses: self.uses,
            superseded_at: self.superseded_at,
            revocation: self.revocation,
        }
    }

    /// What it is to the certificate that it follows.
    #[must_use]
    pub fn as_successor(&self) -> SuccessorState {
        SuccessorState::of(self.first_used_at, self.revocation)
    }
}

/// Columns of [`certificate`], in its order.
macro_rules! certificate_columns {
    () => {
        "institution_code, serial, order_id, fingerprint, key_fingerprint, terminal_name, uses, not_before, \
         not_after, issued_at, leaf_index, predecessor, successor, superseded_at, revoked_at, revocation_reason, \
         first_used_at"
    };
}

const OF: &str = concat!(
    "SELECT ",
    certificate_columns!(),
    " FROM institution_certificate WHERE institution_code = $1 ORDER BY issued_at DESC, serial"
);
const BY_SERIAL: &str = concat!(
    "SELECT ",
    certificate_columns!(),
    " FROM institution_certificate WHERE institution_code = $1 AND serial = $2"
);
const BY_FINGERPRINT: &str = concat!(
    "SELECT ",
    certificate_columns!(),
    " FROM institution_certificate WHERE institution_code = $1 AND fingerprint = $2"
);
const BY_ORDER: &str = concat!(
    "SELECT ",
    certificate_columns!(),
    " FROM institution_certificate WHERE institution_code = $1 AND order_id = $2"
);
/// Not revoked and without a successor, ending in this time; in pages by key.
const ENDING: &str = concat!(
    "SELECT ",
    certificate_columns!(),
    " FROM institution_certificate WHERE not_after >= $1 AND not_after <= $2 AND revoked_at IS NULL \
     AND superseded_at IS NULL AND (not_after, serial) > ($3, $4) ORDER BY not_after, serial LIMIT $5"
);
/// Followed since then by one that ended before its time; in pages by key.
const LEFT_ALONE: &str = concat!(
    "SELECT ",
    certificate_columns!(),
    " FROM institution_certificate WHERE superseded_at >= $1 AND revoked_at IS NULL \
     AND (institution_code, successor) IN (SELECT n.institution_code, n.serial FROM institution_certificate n \
     WHERE n.revoked_at IS NOT NULL) AND (superseded_at, serial) > ($2, $3) \
     ORDER BY superseded_at, serial LIMIT $4"
);

fn certificate(row: &Row<'_>) -> Result<InstitutionCertificate> {
    let owned = |index, what| row.text(index, what).map(str::to_owned);
    let maybe = |index, what| row.text_or_null(index, what).map(|text| text.map(str::to_owned));
    let reason = row.text_or_null(15, "revocation_reason")?.and_then(RevocationReason::from_name);
    let revoked_at = row.int_or_null(14, "revoked_at")?.map(Instant);
    let revocation = match (revoked_at, reason) {
        (None, _) => None,
        (Some(at), Some(reason)) => Some(Revocation { at, reason }),
        (Some(_), None) => return Err(Error::Malformed { what: "revocation_reason" }),
    };
    Ok(InstitutionCertificate {
        institution_code: InstitutionCode::parse(row.text(0, "institution_code")?)
            .map_err(|_| Error::Malformed { what: "institution_code" })?,
        serial: owned(1, "serial")?,
        order_id: owned(2, "order_id")?,
        fingerprint: owned(3, "fingerprint")?,
        key_fingerprint: owned(4, "key_fingerprint")?,
        terminal_name: owned(5, "terminal_name")?,
        uses: uses_of(row.text(6, "uses")?)?,
        period: CertificatePeriod {
            not_before: Instant(row.int(7, "not_before")?),
            not_after: Instant(row.int(8, "not_after")?),
        },
        issued_at: Instant(row.int(9, "issued_at")?),
        leaf_index: row.int(10, "leaf_index")?,
        predecessor: maybe(11, "predecessor")?,
        successor: maybe(12, "successor")?,
        superseded_at: row.int_or_null(13, "superseded_at")?.map(Instant),
        first_used_at: row.int_or_null(16, "first_used_at")?.map(Instant),
        revocation,
    })
}

/// Every certificate of an institution, within a transaction.
pub(crate) async fn of(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Vec<InstitutionCertificate>> {
    tx.query(OF, bind![institution.as_str()], certificate).await
}

/// One certificate of an institution, within a transaction.
pub(crate) async fn by_serial(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    serial: &str,
) -> Result<Option<InstitutionCertificate>> {
    tx.query_one(BY_SERIAL, bind![institution.as_str(), serial], certificate).await
}

struct Of(InstitutionCode);

impl Read for Of {
    type Output = Vec<InstitutionCertificate>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        of(tx, &self.0).await
    }
}

/// By which key one certificate is looked for.
struct One {
    institution: InstitutionCode,
    sql: &'static str,
    key: String,
}

impl Read for One {
    type Output = Option<InstitutionCertificate>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(self.sql, bind![self.institution.as_str(), &self.key], certificate).await
    }
}

struct Ending {
    from: Instant,
    until: Instant,
    after: Option<(Instant, String)>,
    limit: u32,
}

impl Read for Ending {
    type Output = Vec<InstitutionCertificate>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let (end, serial) = self.after.as_ref().map_or((i64::MIN, ""), |(end, serial)| (end.0, serial));
        let page = bind![self.from.0, self.until.0, end, serial, i64::from(self.limit)];
        tx.query(ENDING, page, certificate).await
    }
}

struct LeftAlone {
    since: Instant,
    after: Option<(Instant, String)>,
    limit: u32,
}

impl Read for LeftAlone {
    type Output = Vec<InstitutionCertificate>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let (at, serial) = self.after.as_ref().map_or((i64::MIN, ""), |(at, serial)| (at.0, serial));
        tx.query(LEFT_ALONE, bind![self.since.0, at, serial, i64::from(self.limit)], certificate).await
    }
}

impl Store {
    /// Every certificate of an institution, the newest first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn certificates_of(
        &self,
        institution: &InstitutionCode,
    ) -> Result<Vec<InstitutionCertificate>> {
        self.read(Of(institution.clone())).await
    }

    /// One certificate of an institution by its serial number; another institution's is not found.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn certificate_of(
        &self,
        institution: &InstitutionCode,
        serial: &str,
    ) -> Result<Option<InstitutionCertificate>> {
        self.read(One { institution: institution.clone(), sql: BY_SERIAL, key: serial.to_owned() }).await
    }

    /// One certificate of an institution by the SHA-256 of its bytes.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn certificate_by_fingerprint(
        &self,
        institution: &InstitutionCode,
        fingerprint: &str,
    ) -> Result<Option<InstitutionCertificate>> {
        let key = fingerprint.to_owned();
        self.read(One { institution: institution.clone(), sql: BY_FINGERPRINT, key }).await
    }

    /// The certificate that was issued for an order.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn certificate_of_order(
        &self,
        institution: &InstitutionCode,
        order_id: &str,
    ) -> Result<Option<InstitutionCertificate>> {
        self.read(One { institution: institution.clone(), sql: BY_ORDER, key: order_id.to_owned() }).await
    }

    /// Certificates in use that end in this time, by end and serial number, after the given one.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn certificates_ending(
        &self,
        from: Instant,
        until: Instant,
        after: Option<(Instant, String)>,
        limit: u32,
    ) -> Result<Vec<InstitutionCertificate>> {
        self.read(Ending { from, until, after, limit }).await
    }

    /// Certificates that were renewed since then and whose successor was revoked, by time of the renewal and serial
    /// number, after the given one.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn certificates_left_alone(
        &self,
        since: Instant,
        after: Option<(Instant, String)>,
        limit: u32,
    ) -> Result<Vec<InstitutionCertificate>> {
        self.read(LeftAlone { since, after, limit }).await
    }
}
