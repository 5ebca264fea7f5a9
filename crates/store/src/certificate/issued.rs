//! A signed certificate becomes known: row, log, admission of the terminal, all in one transaction.

use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_certificate::{CertificateUses, RevocationReason, SUCCESSORS_MAX},
};

use super::file::{self, NewCertificateFile};
use super::{by_serial, certificate_object, event, followed, log, revoke};
use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    institution_register,
    job::Write,
};

/// A certificate that was signed under a reserved serial number.
#[derive(Clone, Debug)]
pub struct NewCertificate {
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
    /// DER.
    pub certificate: Vec<u8>,
    /// First moment.
    pub not_before: Instant,
    /// Last moment.
    pub not_after: Instant,
    /// Now.
    pub issued_at: Instant,
    /// Serial number of the certificate it follows.
    pub predecessor: Option<String>,
    /// リファレンスナンバー it was fetched with.
    pub retrieval_number: Option<String>,
    /// Who acts, for the audit log.
    pub actor: String,
}

/// What became of it. Only [`Kept::Fresh`] may leave the authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Recorded, logged, admitted.
    Fresh {
        /// Its place in the public log.
        leaf_index: i64,
    },
    /// The order has another certificate already; its serial number.
    OrderDone(String),
    /// The letter was used or taken back meanwhile, or the certificate to be followed is revoked, has a successor
    /// that somebody depends on, or had [`SUCCESSORS_MAX`]; or the institution is out of use.
    TooLate,
}

const DONE: &str = "SELECT serial FROM institution_certificate WHERE institution_code = $1 AND order_id = $2";
const FETCHED: &str = "UPDATE retrieval SET retrieved_at = $1 \
     WHERE retrieval_number = $2 AND retrieved_at IS NULL AND withdrawn_at IS NULL";
const SUPERSEDE: &str = "UPDATE institution_certificate SET superseded_at = $1, successor = $2 \
     WHERE institution_code = $3 AND serial = $4 AND superseded_at IS NULL AND revoked_at IS NULL \
     RETURNING fingerprint";
const FOLLOW_AGAIN: &str =
    "UPDATE institution_certificate SET successor = $1 WHERE institution_code = $2 AND serial = $3";
/// Holds the row of a certificate that is not revoked, until the commit.
const HOLD: &str = "UPDATE institution_certificate SET successor = successor \
     WHERE institution_code = $1 AND serial = $2 AND revoked_at IS NULL";
const PUT: &str = "INSERT INTO institution_certificate (institution_code, serial, order_id, fingerprint, \
     key_fingerprint, terminal_name, uses, not_before, not_after, issued_at, leaf_index, predecessor) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const ADMIT: &str = "INSERT INTO terminal_certificate (institution_code, fingerprint, terminal_name, not_after, \
     revoked_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (institution_code, fingerprint) DO UPDATE SET changed_at = excluded.changed_at";
const TELL: &str =
    "UPDATE terminal_certificate SET changed_at = $1 WHERE institution_code = $2 AND fingerprint = $3";
const ANSWER: &str = "INSERT INTO certificate_answer \
     (institution_code, serial, answer, this_update, next_update) VALUES ($1, $2, $3, $4, $5)";

/// All such jobs go to one writer: they meet at the log's size anyway.
const WRITER: &str = "certificates";

struct Keep(NewCertificate, Option<NewCertificateFile>);

impl Keep {
    /// Closes what the certificate was issued for; false when somebody else did.
    async fn close_order(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let new = &self.0;
        if let Some(number) = &new.retrieval_number
            && tx.execute(FETCHED, bind![new.issued_at.0, number]).await? == 0
        {
            return Ok(false);
        }
        let Some(old) = &new.predecessor else { return Ok(true) };
        let institution = new.institution_code.as_str();
        let key = bind![new.issued_at.0, &new.serial, institution, old];
        let followed = tx.query_one(SUPERSEDE, key, |row| Ok(row.text(0, "fingerprint")?.to_owned())).await?;
        let Some(fingerprint) = followed else { return self.follow_again(tx, chains, old).await };
        tx.execute(TELL, bind![new.issued_at.0, institution, &fingerprint]).await?;
        Ok(true)
    }

    /// Takes the place of a successor that nobody was let in with, and ends it, or of one that ended. The overlap goes
    /// on from the first renewal.
    async fn follow_again(&self, tx: &Tx<'_>, chains: &mut Chains, old: &str) -> Result<bool> {
        let new = &self.0;
        let institution = new.institution_code.as_str();
        if tx.execute(HOLD, bind![institution, old]).await? == 0 {
            return Ok(false);
        }
        if followed::count(tx, institution, old).await? >= i64::from(SUCCESSORS_MAX) {
            return Ok(false);
        }
        let followed = by_serial(tx, &new.institution_code, old).await?.and_then(|old| old.successor);
        let Some(replaced) = followed else { return Ok(false) };
        // Held before it is read: whoever lets its terminal in first has won.
        tx.execute(HOLD, bind![institution, &replaced]).await?;
        let Some(successor) = by_serial(tx, &new.institution_code, &replaced).await? else {
            return Ok(false);
        };
        if !successor.as_successor().may_be_replaced() {
            return Ok(false);
        }
        let ended = revoke::NewRevocation {
            institution_code: new.institution_code.clone(),
            serial: replaced,
            reason: RevocationReason::Superseded,
            at: new.issued_at,
            actor: new.actor.clone(),
            application: None,
        };
        // One that ended before stays as it ended.
        revoke::revoke(tx, chains, &ended).await?;
        tx.execute(FOLLOW_AGAIN, bind![&new.serial, institution, old]).await?;
        Ok(true)
    }

    async fn record(&self, tx: &Tx<'_>, leaf_index: i64) -> Result<()> {
        let new = &self.0;
        let institution = new.institution_code.as_str();
        let row = bind![
            institution,
            &new.serial,
            &new.order_id,
            &new.fingerprint,
            &new.key_fingerprint,
            &new.terminal_name,
            uses_name(new.uses),
            new.not_before.0,
            new.not_after.0,
            new.issued_at.0,
            leaf_index,
            new.predecessor.as_deref(),
        ];
        tx.execute(PUT, row).await?;
        let nothing: Option<i64> = None;
        let row = bind![
            institution,
            &new.fingerprint,
            &new.terminal_name,
            new.not_after.0,
            nothing,
            new.issued_at.0
        ];
        tx.execute(ADMIT, row).await?;
        let unsigned: &[u8] = &[];
        tx.execute(ANSWER, bind![institution, &new.serial, unsigned, 0_i64, 0_i64]).await.map(drop)
    }
}

impl Write for Keep {
    type Output = Kept;

    fn key(&self) -> &str {
        WRITER
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Kept> {
        let new = &self.0;
        log::hold(tx).await?;
        // A wish for the end may have been agreed to meanwhile: what it ended stays ended.
        if institution_register::is_closed(tx, &new.institution_code).await? {
            return Ok(Kept::TooLate);
        }
        let order = bind![new.institution_code.as_str(), &new.order_id];
        let done = tx.query_one(DONE, order, |row| Ok(row.text(0, "serial")?.to_owned())).await?;
        if let Some(serial) = done {
            return Ok(Kept::OrderDone(serial));
        }
        if !self.close_order(tx, chains).await? {
            return Ok(Kept::TooLate);
        }
        let leaf_index = log::append(tx, &new.serial, &new.certificate, new.issued_at).await?;
        self.record(tx, leaf_index).await?;
        if let Some(kept) = &self.1 {
            file::put(tx, new.institution_code.as_str(), kept).await?;
        }
        let (action, detail) = match &new.predecessor {
            None => ("certificate.issue", format!("order={}", new.order_id)),
            Some(old) => ("certificate.renew", format!("predecessor={old}")),
        };
        let event = event(&new.actor, action, certificate_object(&new.serial), detail);
        chains.append(tx, new.institution_code.as_str(), new.issued_at, &event).await?;
        Ok(Kept::Fresh { leaf_index })
    }
}

/// The name in rows.
pub(super) const fn uses_name(uses: CertificateUses) -> &'static str {
    match uses {
        CertificateUses::Eligibility => "eligibility",
        CertificateUses::Billing => "billing",
        CertificateUses::EligibilityAndBilling => "eligibility_and_billing",
    }
}

/// Reads [`uses_name`].
pub(super) fn uses_of(name: &str) -> Result<CertificateUses> {
    match name {
        "eligibility" => Ok(CertificateUses::Eligibility),
        "billing" => Ok(CertificateUses::Billing),
        "eligibility_and_billing" => Ok(CertificateUses::EligibilityAndBilling),
        _ => Err(crate::Error::Malformed { what: "uses" }),
    }
}

impl Store {
    /// Records a signed certificate, puts it into the public log, admits its terminal and closes the letter or
    /// the renewal it was issued for. All of it or nothing.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn keep_certificate(&self, certificate: NewCertificate) -> Result<Kept> {
        self.write(Keep(certificate, None)).await
    }

    /// The same with its PKCS#12 file, which is there if the certificate is.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn keep_certificate_and_file(
        &self,
        certificate: NewCertificate,
        file: NewCertificateFile,
    ) -> Result<Kept> {
        self.write(Keep(certificate, Some(file))).await
    }
}
