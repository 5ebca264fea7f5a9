//! The answer to a check by number, shown again to the institution that asked, with the answer it got before about the
//! same person; and the record of who looked.

use eligibility::{
    Instant, codes::InquiryMethod, institution::InstitutionCode, person::PersonKey,
    reference_number::ReferenceNumber,
};

use crate::{
    Error, FormId, Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Row, Tx, bind},
    form_handed_in,
    job::{Read, Write},
    reference_number,
};

/// An answer that was kept, with what it was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// UUIDv7 text, the same as in the audit log.
    pub verification_id: String,
    /// The person the answer is about, when there is exactly one.
    pub person_key: Option<PersonKey>,
    /// The answer, as it was given to be kept.
    pub answer: Vec<u8>,
    /// When it was given.
    pub recorded_at: Instant,
    /// 照会番号 of the person at the institution as it is now.
    pub reference_number: Option<String>,
    /// The last answer before, about the same person, to the same institution.
    pub earlier: Option<EarlierAnswer>,
}

/// An earlier answer. It is kept as long as answers are: what was asked before that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierAnswer {
    /// By card or by number.
    pub method: InquiryMethod,
    /// The answer, as it was given to be kept.
    pub answer: Vec<u8>,
    /// When it was given.
    pub recorded_at: Instant,
}

/// A 照会番号 registered on the web.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReferenceNumber {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// Whose.
    pub person_key: PersonKey,
    /// The number; takes the place of an earlier one.
    pub number: ReferenceNumber,
    /// The form.
    pub form: FormId,
    /// What the audit log says of it.
    pub audit: AuditEvent,
    /// Now.
    pub now: Instant,
}

const RESULT: &str = "SELECT verification_id, person_key, answer, recorded_at FROM verification \
     WHERE institution_code = $1 AND request_id = $2 AND proof_method IS NULL";
/// Its index holds the questions asked again under a consent alone.
const AGAIN: &str = "SELECT method, answer, recorded_at FROM verification \
     WHERE institution_code = $1 AND person_key = $2 AND method = '1' AND proof_method IS NULL \
     AND recorded_at < $3 ORDER BY recorded_at DESC LIMIT 1";
/// Its index holds the checks by number alone, so the method stands here as it stands there.
const BY_NUMBER: &str = "SELECT method, answer, recorded_at FROM verification \
     WHERE institution_code = $1 AND person_key = $2 AND method = '2' AND recorded_at < $3 \
     ORDER BY recorded_at DESC LIMIT 1";
const CARD_CHECK: &str = "SELECT verification_id, granted_at FROM consent \
     WHERE institution_code = $1 AND person_key = $2 AND granted_at < $3 ORDER BY granted_at DESC LIMIT 1";
const BY_CARD: &str = "SELECT method, answer, recorded_at FROM verification \
     WHERE recorded_at = $1 AND verification_id = $2 AND institution_code = $3";

/// What the outcome of a registration is written down as.
const REGISTERED: &str = "registered";
const TAKEN: &str = "taken";

struct FindResult {
    institution: InstitutionCode,
    request_id: String,
}

fn earlier(row: &Row<'_>) -> Result<EarlierAnswer> {
    let method = InquiryMethod::from_code(row.text(0, "method")?);
    Ok(EarlierAnswer {
        method: method.map_err(|_| Error::Malformed { what: "method" })?,
        answer: row.blob(1, "answer")?.to_vec(),
        recorded_at: Instant(row.int(2, "recorded_at")?),
    })
}

/// The last answer about a person before a moment, within a transaction.
pub(crate) async fn last_before(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    person: &PersonKey,
    before: Instant,
) -> Result<Option<EarlierAnswer>> {
    let key = bind![institution.as_str(), person.0.as_str(), before.0];
    let by_number = tx.query_one(BY_NUMBER, key, earlier).await?;
    let key = bind![institution.as_str(), person.0.as_str(), before.0];
    let card_check = tx
        .query_one(CARD_CHECK, key, |row| {
            Ok((row.text(0, "verification_id")?.to_owned(), row.int(1, "granted_at")?))
        })
        .await?;
    let by_card = match card_check {
        // A consent is given at the moment its check is recorded.
        Some((id, at)) if by_number.as_ref().is_none_or(|found| found.recorded_at.0 < at) => {
            tx.query_one(BY_CARD, bind![at, &id, institution.as_str()], earlier).await?
        }
        _ => None,
    };
    let key = bind![institution.as_str(), person.0.as_str(), before.0];
    let again = tx.query_one(AGAIN, key, earlier).await?;
    let found = by_card.or(by_number);
    Ok(match (found, again) {
        (Some(one), Some(other)) if other.recorded_at > one.recorded_at => Some(other),
        (Some(one), _) => Some(one),
        (None, again) => again,
    })
}

impl Read for FindResult {
    type Output = Option<CheckResult>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<CheckResult>> {
        let found = tx
            .query_one(RESULT, bind![self.institution.as_str(), &self.request_id], |row| {
                Ok(CheckResult {
                    verification_id: row.text(0, "verification_id")?.to_owned(),
                    person_key: row.text_or_null(1, "person_key")?.map(|key| PersonKey(key.to_owned())),
                    answer: row.blob(2, "answer")?.to_vec(),
                    recorded_at: Instant(row.int(3, "recorded_at")?),
                    reference_number: None,
                    earlier: None,
                })
            })
            .await?;
        let Some(mut found) = found else { return Ok(None) };
        if let Some(person) = &found.person_key {
            found.reference_number = reference_number::find(tx, &self.institution, person).await?;
            found.earlier = last_before(tx, &self.institution, person, found.recorded_at).await?;
        }
        Ok(Some(found))
    }
}

struct Looked {
    institution: InstitutionCode,
    audit: AuditEvent,
    now: Instant,
}

impl Write for Looked {
    type Output = ();

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<()> {
        chains.append(tx, self.institution.as_str(), self.now, &self.audit).await.map(drop)
    }
}

impl Write for NewReferenceNumber {
    /// Whether the number is the person's now.
    type Output = bool;

    fn key(&self) -> &str {
        self.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        if let Some(outcome) = form_handed_in::take(tx, &self.form, self.now).await? {
            return Ok(outcome == REGISTERED);
        }
        let free =
            reference_number::put(tx, &self.institution_code, &self.person_key, self.number.as_str()).await?;
        let mut audit = self.audit.clone();
        if !free {
            TAKEN.clone_into(&mut audit.outcome);
        }
        form_handed_in::settle(tx, &self.form, if free { REGISTERED } else { TAKEN }).await?;
        chains.append(tx, self.institution_code.as_str(), self.now, &audit).await?;
        Ok(free)
    }
}

impl Store {
    /// The answer that this institution got to its check by number of this id; `None` when there is none, or no longer,
    /// or it is another institution's.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn check_result(
        &self,
        institution: &InstitutionCode,
        request_id: &str,
    ) -> Result<Option<CheckResult>> {
        let (institution, request_id) = (institution.clone(), request_id.to_owned());
        self.read(FindResult { institution, request_id }).await
    }

    /// Writes down that somebody looked at something of an institution, before it is shown.
    ///
    /// # Errors
    /// Any write error of the store: then nothing may be shown.
    pub async fn record_looked(
        &self,
        institution: &InstitutionCode,
        audit: AuditEvent,
        now: Instant,
    ) -> Result<()> {
        self.write(Looked { institution: institution.clone(), audit, now }).await
    }

    /// Registers a 照会番号 in the place of the person's earlier one, with its audit entry. `false`: another patient of
    /// the institution has it, and nothing changed. A form that comes again changes nothing again.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn register_reference_number(&self, new: NewReferenceNumber) -> Result<bool> {
        self.write(new).await
    }
}

#[cfg(test)]
mod tests {
    use super::{AGAIN, BY_CARD, BY_NUMBER, CARD_CHECK};
    use crate::{Options, Store, engine::SqliteFile};

    #[tokio::test]
    async fn earlier_answers_are_found_by_an_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("test.db");
        let url = format!("sqlite:{}", path.display());
        Store::open(&url, Options::default()).await.expect("opens").migrate().await.expect("migrates");
        let writer = SqliteFile::new(path, Options::default()).open_writer().expect("opens");
        for (sql, key) in [
            (AGAIN, "verification_again (institution_code=? AND person_key=? AND recorded_at<?)"),
            (BY_NUMBER, "verification_by_number (institution_code=? AND person_key=? AND recorded_at<?)"),
            (BY_CARD, "verification_age (recorded_at=?)"),
            (CARD_CHECK, "PRIMARY KEY (institution_code=? AND person_key=?)"),
        ] {
            let mut statement = writer.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("prepares");
            let rows = statement.query_map(["", "", ""], |row| row.get::<_, String>(3)).expect("runs");
            let plan: Vec<String> = rows.map(|row| row.expect("text")).collect();
            assert!(plan.iter().any(|step| step.ends_with(key)), "{plan:?}");
        }
    }
}
