//! Terminal certificates: which client certificates are known, and which are revoked.

use eligibility::{Instant, institution::InstitutionCode};

use crate::{
    Result, Store,
    audit::{AuditEvent, Chains},
    certificate,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// One client certificate of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalCertificate {
    /// Whose terminal it is.
    pub institution_code: InstitutionCode,
    /// SHA-256 of the DER certificate, lower-case hex.
    pub fingerprint: String,
    /// The terminal's name within its institution.
    pub terminal_name: String,
    /// Last moment of validity.
    pub not_after: Instant,
    /// Since when it is revoked; `None` while it is good.
    pub revoked_at: Option<Instant>,
    /// When this row last changed.
    pub changed_at: Instant,
}

const PUT: &str = "INSERT INTO terminal_certificate (institution_code, fingerprint, terminal_name, not_after, \
     revoked_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (institution_code, fingerprint) DO NOTHING";
const REVOKE: &str = "UPDATE terminal_certificate SET revoked_at = $1, changed_at = $2 \
     WHERE institution_code = $3 AND fingerprint = $4 AND revoked_at IS NULL";
const KNOWN: &str =
    "SELECT revoked_at FROM terminal_certificate WHERE institution_code = $1 AND fingerprint = $2";
const CHANGED: &str = "SELECT institution_code, fingerprint, terminal_name, not_after, revoked_at, changed_at \
     FROM terminal_certificate WHERE changed_at >= $1 ORDER BY changed_at, institution_code, fingerprint";

fn event(action: &str, fingerprint: &str) -> AuditEvent {
    AuditEvent {
        actor: "operator".to_owned(),
        action: action.to_owned(),
        object: format!("terminal-certificate:{fingerprint}"),
        outcome: "done".to_owned(),
        detail: String::new(),
    }
}

struct Register(TerminalCertificate);

impl Write for Register {
    type Output = ();

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<()> {
        let new = &self.0;
        let row = bind![
            new.institution_code.as_str(),
            &new.fingerprint,
            &new.terminal_name,
            new.not_after.0,
            new.revoked_at.map(|at| at.0),
            new.changed_at.0,
        ];
        if tx.execute(PUT, row).await? == 1 {
            let event = event("terminal-certificate.register", &new.fingerprint);
            chains.append(tx, new.institution_code.as_str(), new.changed_at, &event).await?;
        }
        Ok(())
    }
}

struct Revoke {
    institution: InstitutionCode,
    fingerprint: String,
    now: Instant,
}

impl Write for Revoke {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let row = bind![self.now.0, self.now.0, self.institution.as_str(), &self.fingerprint];
        if tx.execute(REVOKE, row).await? == 1 {
            let event = event("terminal-certificate.revoke", &self.fingerprint);
            chains.append(tx, self.institution.as_str(), self.now, &event).await?;
            certificate::follow_terminal(tx, self.institution.as_str(), &self.fingerprint, self.now).await?;
            return Ok(true);
        }
        let key = bind![self.institution.as_str(), &self.fingerprint];
        Ok(tx.query_one(KNOWN, key, |_| Ok(())).await?.is_some())
    }
}

struct ChangedSince(Instant);

impl Read for ChangedSince {
    type Output = Vec<TerminalCertificate>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<TerminalCertificate>> {
        tx.query(CHANGED, bind![self.0.0], |row| {
            Ok(TerminalCertificate {
                institution_code: InstitutionCode::parse(row.text(0, "institution_code")?)
                    .map_err(|_| crate::Error::Malformed { what: "institution_code" })?,
                fingerprint: row.text(1, "fingerprint")?.to_owned(),
                terminal_name: row.text(2, "terminal_name")?.to_owned(),
                not_after: Instant(row.int(3, "not_after")?),
                revoked_at: row.int_or_null(4, "revoked_at")?.map(Instant),
                changed_at: Instant(row.int(5, "changed_at")?),
            })
        })
        .await
    }
}

impl Store {
    /// Records an issued terminal certificate, audited. Registering the same one again changes nothing.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn register_terminal_certificate(&self, certificate: TerminalCertificate) -> Result<()> {
        self.write(Register(certificate)).await
    }

    /// Revokes a terminal certificate from `now` on, audited. `false` when it is unknown; revoking twice
    /// keeps the first moment.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn revoke_terminal_certificate(
        &self,
        institution: &InstitutionCode,
        fingerprint: &str,
        now: Instant,
    ) -> Result<bool> {
        let (institution, fingerprint) = (institution.clone(), fingerprint.to_owned());
        self.write(Revoke { institution, fingerprint, now }).await
    }

    /// Certificates that were registered or revoked at or after `since`, oldest change first: what a server
    /// needs to keep its own table current. Ask again from a little before the newest `changed_at` seen, as
    /// processes' clocks differ; a row seen twice does no harm.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn terminal_certificates_changed_since(
        &self,
        since: Instant,
    ) -> Result<Vec<TerminalCertificate>> {
        self.read(ChangedSince(since)).await
    }
}
