//! Consents, as stored per institution, person, kind and form of care.

use eligibility::{
    Instant,
    consent::{CareForm, Consent, ConsentKind},
    institution::InstitutionCode,
    person::PersonKey,
};

use crate::{
    Error, Result, Store,
    engine::{Tx, bind},
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

const KINDS: [(ConsentKind, &str); 6] = [
    (ConsentKind::Ceiling, "ceiling"),
    (ConsentKind::SpecificDisease, "specific_disease"),
    (ConsentKind::Checkup, "checkup"),
    (ConsentKind::Medication, "medication"),
    (ConsentKind::Treatment, "treatment"),
    (ConsentKind::Operation, "operation"),
];

const CARE_FORMS: [(CareForm, &str); 4] = [
    (CareForm::Outpatient, "outpatient"),
    (CareForm::HomeVisit, "home_visit"),
    (CareForm::Online, "online"),
    (CareForm::Emergency, "emergency"),
];

fn text_of<T: Copy + PartialEq>(
    table: &[(T, &'static str)],
    value: T,
    what: &'static str,
) -> Result<&'static str> {
    table.iter().find(|(known, _)| *known == value).map(|(_, text)| *text).ok_or(Error::Malformed { what })
}

fn value_of<T: Copy>(table: &[(T, &'static str)], text: &str, what: &'static str) -> Result<T> {
    table.iter().find(|(_, known)| *known == text).map(|(value, _)| *value).ok_or(Error::Malformed { what })
}

const FIND: &str = "SELECT kind, care_form, granted, granted_at, valid_until FROM consent \
     WHERE institution_code = $1 AND person_key = $2 ORDER BY kind, care_form";

const PUT: &str = "INSERT INTO consent (institution_code, person_key, kind, care_form, granted, granted_at, \
     valid_until, verification_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
     ON CONFLICT (institution_code, person_key, kind, care_form) DO UPDATE SET granted = excluded.granted, \
     granted_at = excluded.granted_at, valid_until = excluded.valid_until, \
     verification_id = excluded.verification_id";

/// A person's consents at an institution, within a transaction.
pub(crate) async fn find(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    person: &PersonKey,
) -> Result<Vec<StoredConsent>> {
    tx.query(FIND, bind![institution.as_str(), person.0.as_str()], |row| {
        Ok(StoredConsent {
            care_form: value_of(&CARE_FORMS, row.text(1, "care_form")?, "care_form")?,
            consent: Consent {
                kind: value_of(&KINDS, row.text(0, "kind")?, "kind")?,
                granted: row.bool(2, "granted")?,
                granted_at: Instant(row.int(3, "granted_at")?),
                valid_until: row.int_or_null(4, "valid_until")?.map(Instant),
            },
        })
    })
    .await
}

/// Writes one choice, in place of an earlier one of the same kind and form of care.
pub(crate) async fn put(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    person: &PersonKey,
    consent: &NewConsent,
    verification_id: &str,
    now: Instant,
) -> Result<()> {
    let row = bind![
        institution.as_str(),
        person.0.as_str(),
        text_of(&KINDS, consent.kind, "kind")?,
        text_of(&CARE_FORMS, consent.care_form, "care_form")?,
        consent.granted,
        now.0,
        consent.valid_until.map(|until| until.0),
        verification_id,
    ];
    tx.execute(PUT, row).await.map(|_| ())
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
