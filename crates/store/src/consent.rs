//! Consents, as stored per institution, person, kind and form of care.

use eligibility::{
    Instant,
    codes::ConsentEndReason,
    consent::{CareForm, Consent, ConsentKind, KeptConsent},
    institution::InstitutionCode,
    person::PersonKey,
};

use crate::{
    Error, Result, Store,
    engine::{Tx, Value, bind},
    job::Read,
};

/// What a patient chose at this check: written together with the verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConsent {
    /// Which information.
    pub kind: ConsentKind,
    /// For which form of care.
    pub care_form: CareForm,
    /// `true` agreed, `false` refused.
    pub granted: bool,
    /// First moment it no longer holds; `None` = until ended otherwise.
    pub valid_until: Option<Instant>,
}

/// A consent with the form of care it was given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredConsent {
    /// For which form of care.
    pub care_form: CareForm,
    /// The consent.
    pub consent: Consent,
}

/// Reads a kind by its name, as it was written.
fn kind_of(text: &str) -> Result<ConsentKind> {
    ConsentKind::ALL.iter().copied().find(|kind| kind.name() == text).ok_or(Error::Malformed { what: "kind" })
}

pub(crate) fn care_form_of(text: &str) -> Result<CareForm> {
    CareForm::ALL
        .iter()
        .copied()
        .find(|form| form.name() == text)
        .ok_or(Error::Malformed { what: "care_form" })
}

const FIND: &str = "SELECT kind, care_form, granted, granted_at, valid_until, renewed_at, end_reason FROM consent \
     WHERE institution_code = $1 AND person_key = $2 ORDER BY kind, care_form";

/// Values that all rows of one statement share, and those each has of its own.
const SHARED: usize = 4;
const OWN: usize = 4;

macro_rules! put {
    ($rows:literal) => {
        concat!(
            "INSERT INTO consent (institution_code, person_key, granted_at, verification_id, \
             kind, care_form, granted, valid_until) VALUES ",
            $rows,
            " ON CONFLICT (institution_code, person_key, kind, care_form) DO UPDATE SET \
             granted = excluded.granted, granted_at = excluded.granted_at, \
             valid_until = excluded.valid_until, verification_id = excluded.verification_id, \
             end_reason = NULL, renewed_at = NULL"
        )
    };
}

/// Writes as many choices as its place says, less one. One statement for all choices of a check costs half of
/// one for each, and what they share is bound (and copied by SQLite) once.
const PUT: [&str; 6] = [
    put!("($1, $2, $3, $4, $5, $6, $7, $8)"),
    put!("($1, $2, $3, $4, $5, $6, $7, $8), ($1, $2, $3, $4, $9, $10, $11, $12)"),
    put!(
        "($1, $2, $3, $4, $5, $6, $7, $8), ($1, $2, $3, $4, $9, $10, $11, $12), \
         ($1, $2, $3, $4, $13, $14, $15, $16)"
    ),
    put!(
        "($1, $2, $3, $4, $5, $6, $7, $8), ($1, $2, $3, $4, $9, $10, $11, $12), \
         ($1, $2, $3, $4, $13, $14, $15, $16), ($1, $2, $3, $4, $17, $18, $19, $20)"
    ),
    put!(
        "($1, $2, $3, $4, $5, $6, $7, $8), ($1, $2, $3, $4, $9, $10, $11, $12), \
         ($1, $2, $3, $4, $13, $14, $15, $16), ($1, $2, $3, $4, $17, $18, $19, $20), \
         ($1, $2, $3, $4, $21, $22, $23, $24)"
    ),
    put!(
        "($1, $2, $3, $4, $5, $6, $7, $8), ($1, $2, $3, $4, $9, $10, $11, $12), \
         ($1, $2, $3, $4, $13, $14, $15, $16), ($1, $2, $3, $4, $17, $18, $19, $20), \
         ($1, $2, $3, $4, $21, $22, $23, $24), ($1, $2, $3, $4, $25, $26, $27, $28)"
    ),
];

/// A person's consents at an institution, within a transaction.
pub(crate) async fn find(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    person: &PersonKey,
) -> Result<Vec<StoredConsent>> {
    let all = find_kept(tx, institution, person).await?;
    Ok(all
        .into_iter()
        .map(|(care_form, KeptConsent { consent, .. })| StoredConsent { care_form, consent })
        .collect())
}

/// The same with why each was ended, if somebody did.
pub(crate) async fn find_kept(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    person: &PersonKey,
) -> Result<Vec<(CareForm, KeptConsent)>> {
    tx.query(FIND, bind![institution.as_str(), person.0.as_str()], |row| {
        let consent = Consent {
            kind: kind_of(row.text(0, "kind")?)?,
            granted: row.bool(2, "granted")?,
            granted_at: Instant(row.int(3, "granted_at")?),
            valid_until: row.int_or_null(4, "valid_until")?.map(Instant),
            renewed_at: row.int_or_null(5, "renewed_at")?.map(Instant),
        };
        let end_reason = match row.text_or_null(6, "end_reason")? {
            None => ConsentEndReason::Normal,
            Some(code) => {
                ConsentEndReason::from_code(code).map_err(|_| Error::Malformed { what: "end_reason" })?
            }
        };
        Ok((care_form_of(row.text(1, "care_form")?)?, KeptConsent { consent, end_reason }))
    })
    .await
}

/// Writes the choices of one check, each in place of an earlier one of the same kind and form of care.
pub(crate) async fn put(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    person: &PersonKey,
    consents: &[NewConsent],
    verification_id: &str,
    now: Instant,
) -> Result<()> {
    // PostgreSQL refuses a statement that writes one row twice; the last word on a kind is the one that counts.
    let last = |(place, choice): &(usize, &NewConsent)| {
        let same = |later: &NewConsent| later.kind == choice.kind && later.care_form == choice.care_form;
        !consents[place + 1..].iter().any(same)
    };
    let mut own = Vec::with_capacity(consents.len() * OWN);
    for (_, consent) in consents.iter().enumerate().filter(last) {
        own.extend_from_slice(bind![
            consent.kind.name(),
            consent.care_form.name(),
            consent.granted,
            consent.valid_until.map(|until| until.0),
        ]);
    }
    let shared: &[Value<'_>; SHARED] = bind![institution.as_str(), person.0.as_str(), now.0, verification_id];
    for rows in own.chunks(OWN * PUT.len()) {
        tx.execute(PUT[rows.len() / OWN - 1], &[shared, rows].concat()).await?;
    }
    Ok(())
}

struct Find {
    institution: InstitutionCode,
    person: PersonKey,
}

impl Read for Find {
    type Output = Vec<StoredConsent>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<StoredConsent>> {
        find(tx, &self.institution, &self.person).await
    }
}

impl Store {
    /// A person's latest choices at one institution, ended ones included: the caller applies the clock.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn consents(
        &self,
        institution: &InstitutionCode,
        person: &PersonKey,
    ) -> Result<Vec<StoredConsent>> {
        self.read(Find { institution: institution.clone(), person: person.clone() }).await
    }
}
