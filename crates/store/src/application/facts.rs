//! What is known around an application, for the automatic checks.

use eligibility::{
    Instant,
    application::{Actor, ApplicationContent, Facts, Finding, check},
    institution::{InstitutionCode, names_agree},
    institution_certificate::{CertificateStanding, TerminalName},
    line::CustomerId,
};

use super::{ApplicationId, row};
use crate::{
    Error, Result, certificate,
    engine::{Tx, bind},
    institution_register, registrant,
};

const HAS_ACCOUNT: &str = "SELECT 1 FROM portal_facility WHERE institution_code = $1";
const IN_USE: &str = "SELECT 1 FROM application WHERE institution_code = $1 AND kind = 'use_start' \
     AND state IN ('approved', 'completed') LIMIT 1";
/// Only what was handed in before stands in the way: of two for the same thing the first can be approved.
const OPEN_OF_KIND: &str = "SELECT 1 FROM application WHERE institution_code = $1 AND application_id <> $2 \
     AND kind = $3 AND (CAST(LENGTH(reception_number) AS BIGINT), reception_number) < ($4, $5) \
     AND state IN ('submitted', 'checking', 'first_approved', 'returned', 'approved') LIMIT 1";
const OPEN_FOR_SUBJECT: &str = "SELECT 1 FROM application WHERE institution_code = $1 AND application_id <> $2 \
     AND subject = $3 AND (CAST(LENGTH(reception_number) AS BIGINT), reception_number) < ($4, $5) \
     AND state IN ('submitted', 'checking', 'first_approved', 'returned', 'approved') LIMIT 1";

const HOLDER: &str = "SELECT institution_code FROM line_customer WHERE customer_id = $1 AND institution_code <> $2 \
     AND stopped_at IS NULL ORDER BY institution_code LIMIT 1";
const PRESENT: &str =
    "SELECT customer_id FROM line_customer WHERE institution_code = $1 AND stopped_at IS NULL";

async fn any(tx: &Tx<'_>, sql: &'static str, values: &[crate::engine::Value<'_>]) -> Result<bool> {
    Ok(tx.query_one(sql, values, |_| Ok(())).await?.is_some())
}

/// Everything a machine finds in an application.
pub(super) async fn findings(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    (id, number): (&ApplicationId, Option<&str>),
    (content, applicants): (&ApplicationContent, &[Actor]),
    now: Instant,
) -> Result<Vec<Finding>> {
    let code = institution.as_str();
    let kind = content.kind().name();
    let (length, number) = match number {
        Some(number) => (i64::try_from(number.len()).unwrap_or(i64::MAX), number),
        // Not handed in yet: after all others.
        None => (i64::MAX, ""),
    };
    let open_for_same_terminal = match row::subject(content) {
        Some(subject) => any(tx, OPEN_FOR_SUBJECT, bind![code, id.as_str(), subject, length, number]).await?,
        None => false,
    };
    let (other_code_known, other_code_taken) = match other_code(content) {
        Some(other) => (
            institution_register::is_in_use(tx, other).await?,
            any(tx, HAS_ACCOUNT, bind![other.as_str()]).await?,
        ),
        None => (false, false),
    };
    let holder = match customer_id(content) {
        Some(wanted) => holder_of(tx, wanted, institution).await?,
        None => None,
    };
    let known = match row::subject(content) {
        Some(serial) => certificate::by_serial(tx, institution, serial).await?.map(|one| one.known()),
        None => None,
    };
    let has_certificate = match content {
        ApplicationContent::CertificateIssue(wanted) => {
            has_certificate(tx, institution, &wanted.terminal_name, now).await?
        }
        _ => false,
    };
    let present = present_customer_id(tx, institution).await?;
    let facts = Facts {
        institution,
        institution_known: institution_register::is_in_use(tx, institution).await?,
        in_use: any(tx, IN_USE, bind![code]).await?,
        open_of_same_kind: any(tx, OPEN_OF_KIND, bind![code, id.as_str(), kind, length, number]).await?,
        open_for_same_terminal,
        customer_id_holder: holder.as_ref(),
        customer_id: present.as_ref(),
        terminal_has_certificate: has_certificate,
        certificate: known.as_ref(),
        other_code_known,
        other_code_taken,
        registrant_proven: is_proven(tx, institution, applicants).await?,
        registrant_stopped: registrant::any_stopped(tx, institution, applicants).await?,
        name_agrees: name_agrees(tx, institution).await?,
    };
    Ok(check(content, &facts, now))
}

/// Whether all who handed it in are the institution's proven registrant: one who was stopped meanwhile is not, nor is
/// what that one began.
async fn is_proven(tx: &Tx<'_>, institution: &InstitutionCode, applicants: &[Actor]) -> Result<bool> {
    let proven = registrant::proven(tx, institution).await?;
    Ok(proven.is_some_and(|proven| applicants.iter().all(|one| one.account == proven)))
}

/// Whether the name that was typed at the registration is the register's; where there is neither, nothing is said.
async fn name_agrees(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<bool> {
    let typed = registrant::typed_name(tx, institution).await?;
    let known = registrant::register_name(tx, institution).await?;
    Ok(typed.zip(known).is_none_or(|(typed, known)| names_agree(&typed, &known)))
}

const fn other_code(content: &ApplicationContent) -> Option<&InstitutionCode> {
    match content {
        ApplicationContent::Succession(wanted) => Some(&wanted.predecessor),
        ApplicationContent::CodeChange(wanted) => Some(&wanted.new_code),
        _ => None,
    }
}

const fn customer_id(content: &ApplicationContent) -> Option<&CustomerId> {
    match content {
        ApplicationContent::UseStart(wanted) | ApplicationContent::UseChange(wanted) => {
            wanted.customer_id.as_ref()
        }
        ApplicationContent::CustomerIdChange(wanted) => Some(&wanted.customer_id),
        _ => None,
    }
}

async fn holder_of(
    tx: &Tx<'_>,
    wanted: &CustomerId,
    institution: &InstitutionCode,
) -> Result<Option<InstitutionCode>> {
    tx.query_one(HOLDER, bind![wanted.as_str(), institution.as_str()], |found| {
        row::code_of(found.text(0, "institution_code")?)
    })
    .await
}

async fn present_customer_id(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Option<CustomerId>> {
    let present = tx
        .query_one(PRESENT, bind![institution.as_str()], |found| {
            let text = found.text_or_null(0, "customer_id")?;
            text.map(|text| CustomerId::parse(text).map_err(|_| Error::Malformed { what: "customer_id" }))
                .transpose()
        })
        .await?;
    Ok(present.flatten())
}

/// Whether the institution has a certificate for a terminal of this name that works now.
async fn has_certificate(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    terminal: &TerminalName,
    now: Instant,
) -> Result<bool> {
    let all = certificate::of(tx, institution).await?;
    let of_terminal = all.iter().filter(|one| one.terminal_name == terminal.as_str());
    let mut standings = of_terminal.map(|one| CertificateStanding::of(Some(&one.known()), institution, now));
    Ok(standings.any(CertificateStanding::may_be_used))
}
