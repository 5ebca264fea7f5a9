//! 失効.

use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_certificate::{Revocation, RevocationReason},
};

use super::{certificate_object, event, key, letter_end, log, of};
use crate::{
    ApplicationId, Error, Result, Store, application,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// That a certificate ends now.
#[derive(Clone, Debug)]
pub struct NewRevocation {
    /// Whose certificate.
    pub institution_code: InstitutionCode,
    /// Its serial number.
    pub serial: String,
    /// Why.
    pub reason: RevocationReason,
    /// Now.
    pub at: Instant,
    /// Who acts: `operator:…`, `application:…`.
    pub actor: String,
    /// The application that is carried out with it.
    pub application: Option<ApplicationId>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// Revoked now.
    Now,
    /// It was revoked before; the first moment stays.
    Before(Instant),
    /// The institution has no such certificate.
    Unknown,
    /// The application is not approved (any more), or was carried out before.
    NotApproved,
}

const FIND: &str = "SELECT revoked_at, fingerprint, key_fingerprint FROM institution_certificate \
     WHERE institution_code = $1 AND serial = $2";
const REVOKE: &str = "UPDATE institution_certificate SET revoked_at = $1, revocation_reason = $2, revoked_by = $3 \
     WHERE institution_code = $4 AND serial = $5 AND revoked_at IS NULL";
/// Read after the row was written: a renewal that came at the same moment is over, or will find the row revoked.
const SUCCESSOR: &str =
    "SELECT successor FROM institution_certificate WHERE institution_code = $1 AND serial = $2";
const BAR: &str = "UPDATE terminal_certificate SET revoked_at = $1, changed_at = $2 \
     WHERE institution_code = $3 AND fingerprint = $4 AND revoked_at IS NULL";
/// Terminals whose certificate the authority has no record of, too.
const BAR_ALL: &str = "UPDATE terminal_certificate SET revoked_at = $1, changed_at = $2 \
     WHERE institution_code = $3 AND revoked_at IS NULL";
/// The answer that was signed ahead is void, and one that is being signed now will not fit.
const VOID: &str = "UPDATE certificate_answer SET revoked_at = $1, next_update = $2 \
     WHERE institution_code = $3 AND serial = $4";
const BY_TERMINAL: &str = "UPDATE institution_certificate SET revoked_at = $1, revocation_reason = $2, \
     revoked_by = $3 WHERE institution_code = $4 AND fingerprint = $5 AND revoked_at IS NULL RETURNING serial";
const ALL: &str = "SELECT serial, revoked_at, revocation_reason, not_after FROM institution_certificate \
     WHERE revoked_at IS NOT NULL AND not_after >= $1 ORDER BY serial";
/// Becomes visible with the revocation, and holds the next one back until then.
const COUNT_UP: &str = "INSERT INTO certificate_revocation_count (authority, revocations) VALUES ($1, 1) \
     ON CONFLICT (authority) DO UPDATE SET revocations = certificate_revocation_count.revocations + 1";
const COUNT: &str = "SELECT revocations FROM certificate_revocation_count WHERE authority = $1";
/// The one row's name.
const THE_AUTHORITY: &str = "certificates";

async fn count_up(tx: &Tx<'_>) -> Result<()> {
    tx.execute(COUNT_UP, bind![THE_AUTHORITY]).await.map(drop)
}

/// Revokes within a transaction.
pub(super) async fn revoke(tx: &Tx<'_>, chains: &mut Chains, new: &NewRevocation) -> Result<Revoked> {
    let institution = new.institution_code.as_str();
    let key = bind![institution, &new.serial];
    let found = tx.query_one(FIND, key, |row| {
        let prints = (row.text(1, "fingerprint")?.to_owned(), row.text(2, "key_fingerprint")?.to_owned());
        Ok((row.int_or_null(0, "revoked_at")?, prints))
    });
    let (fingerprint, key_fingerprint) = match found.await? {
        None => return Ok(Revoked::Unknown),
        Some((Some(at), _)) => return Ok(Revoked::Before(Instant(at))),
        Some((None, prints)) => prints,
    };
    let row = bind![new.at.0, new.reason.name(), &new.actor, institution, &new.serial];
    if tx.execute(REVOKE, row).await? == 0 {
        return Ok(Revoked::Before(new.at));
    }
    count_up(tx).await?;
    tx.execute(BAR, bind![new.at.0, new.at.0, institution, &fingerprint]).await?;
    tx.execute(VOID, bind![new.at.0, 0_i64, institution, &new.serial]).await?;
    if new.reason == RevocationReason::KeyCompromise {
        key::mark_compromised(tx, &key_fingerprint).await?;
    }
    let detail = format!("reason={}", new.reason.name());
    let event = event(&new.actor, "certificate.revoke", certificate_object(&new.serial), detail);
    chains.append(tx, institution, new.at, &event).await?;
    Ok(Revoked::Now)
}

/// Revokes a certificate and, where its key is in strange hands, everything that was renewed from it: whoever has the
/// key could renew it, and then holds the key of the successor.
async fn revoke_with_successors(tx: &Tx<'_>, chains: &mut Chains, new: &NewRevocation) -> Result<Revoked> {
    let revoked = revoke(tx, chains, new).await?;
    if new.reason != RevocationReason::KeyCompromise {
        return Ok(revoked);
    }
    let mut ended = revoked;
    let (mut seen, mut serial) = (vec![new.serial.clone()], new.serial.clone());
    while let Some(next) = successor(tx, new.institution_code.as_str(), &serial).await? {
        if seen.contains(&next) {
            return Err(Error::Malformed { what: "successor" });
        }
        let of_next = NewRevocation { serial: next.clone(), ..new.clone() };
        if revoke(tx, chains, &of_next).await? == Revoked::Now {
            ended = Revoked::Now;
        }
        seen.push(next.clone());
        serial = next;
    }
    Ok(ended)
}

async fn successor(tx: &Tx<'_>, institution: &str, serial: &str) -> Result<Option<String>> {
    let found = tx
        .query_one(SUCCESSOR, bind![institution, serial], |row| {
            Ok(row.text_or_null(0, "successor")?.map(str::to_owned))
        })
        .await?;
    Ok(found.flatten())
}

/// A terminal's certificate was barred by its fingerprint: the authority's record of it, if there is one, ends too.
pub(crate) async fn follow_terminal(
    tx: &Tx<'_>,
    institution: &str,
    fingerprint: &str,
    at: Instant,
) -> Result<()> {
    let row = bind![at.0, RevocationReason::PrivilegeWithdrawn.name(), "operator", institution, fingerprint];
    let serial = tx.query_one(BY_TERMINAL, row, |row| Ok(row.text(0, "serial")?.to_owned())).await?;
    if let Some(serial) = serial {
        count_up(tx).await?;
        tx.execute(VOID, bind![at.0, 0_i64, institution, &serial]).await?;
    }
    Ok(())
}

/// Ends everything an institution has from the authority, within a transaction: its certificates, whoever made them,
/// and its letters that nobody has used. Gives how many certificates the authority had issued.
pub(crate) async fn end_all(
    tx: &Tx<'_>,
    chains: &mut Chains,
    institution: &InstitutionCode,
    (reason, actor): (RevocationReason, &str),
    at: Instant,
) -> Result<usize> {
    // A certificate that is being recorded now is there before this, or finds its letter withdrawn and its institution
    // out of use.
    log::hold(tx).await?;
    let mut ended = 0;
    for certificate in of(tx, institution).await? {
        let revocation = NewRevocation {
            institution_code: institution.clone(),
            serial: certificate.serial,
            reason,
            at,
            actor: actor.to_owned(),
            application: None,
        };
        ended += usize::from(revoke(tx, chains, &revocation).await? == Revoked::Now);
    }
    let code = institution.as_str();
    tx.execute(BAR_ALL, bind![at.0, at.0, code]).await?;
    letter_end::end_all(tx, institution, actor, at).await?;
    Ok(ended)
}

struct Revoke(NewRevocation);

impl Write for Revoke {
    type Output = Revoked;

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Revoked> {
        let new = &self.0;
        let key = bind![new.institution_code.as_str(), &new.serial];
        if tx.query_one(FIND, key, |_| Ok(())).await?.is_none() {
            return Ok(Revoked::Unknown);
        }
        if let Some(id) = &new.application
            && !application::complete(tx, chains, (&new.institution_code, id), new.at).await?
        {
            return Ok(Revoked::NotApproved);
        }
        revoke_with_successors(tx, chains, new).await
    }
}

/// A revoked certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// Lower-case hex.
    pub serial: String,
    /// When and why.
    pub revocation: Revocation,
    /// Its last moment: after it, it is on no list.
    pub not_after: Instant,
}

/// Everything revoked, as of a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedAsOf {
    /// Moves with every revocation.
    pub count: i64,
    /// By serial number.
    pub certificates: Vec<RevokedCertificate>,
}

struct AllRevoked {
    known: Option<i64>,
    ending_from: Instant,
}

impl Read for AllRevoked {
    type Output = Option<RevokedAsOf>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        // The count first: what is revoked between the two is read now and once more next time.
        let count = tx.query_one(COUNT, bind![THE_AUTHORITY], |row| row.int(0, "revocations")).await?;
        let count = count.unwrap_or_default();
        if self.known == Some(count) {
            return Ok(None);
        }
        let certificates = tx
            .query(ALL, bind![self.ending_from.0], |row| {
                let reason = RevocationReason::from_name(row.text(2, "revocation_reason")?)
                    .ok_or(Error::Malformed { what: "revocation_reason" })?;
                Ok(RevokedCertificate {
                    serial: row.text(0, "serial")?.to_owned(),
                    revocation: Revocation { at: Instant(row.int(1, "revoked_at")?), reason },
                    not_after: Instant(row.int(3, "not_after")?),
                })
            })
            .await?;
        Ok(Some(RevokedAsOf { count, certificates }))
    }
}

impl Store {
    /// Revokes a certificate: its terminal is refused, its answer is void. A compromised key is barred for good, and
    /// everything that was renewed from it ends in the same commit; [`Revoked::Now`] when anything ended now.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn revoke_certificate(&self, revocation: NewRevocation) -> Result<Revoked> {
        self.write(Revoke(revocation)).await
    }

    /// Everything revoked that does not end before this moment, by serial number: what lists are made of. `None` when
    /// nothing was revoked since the count was `known`; then one row was read.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn revoked_certificates(
        &self,
        known: Option<i64>,
        ending_from: Instant,
    ) -> Result<Option<RevokedAsOf>> {
        self.read(AllRevoked { known, ending_from }).await
    }
}
