//! Who agreed to something that is kept for later visits (訪問診療等, オンライン診療等), as the institution finds them; what is
//! asked again under such a consent, and its end before its time.

use eligibility::{
    Instant, calendar,
    codes::ConsentEndReason,
    consent::{CareForm, ConsentKind, ConsentSearch, HOME_VISIT_CONSENT_MONTHS, KeptConsent, KeptFacts},
    coverage::Coverage,
    facility_settings::FacilitySettings,
    institution::InstitutionCode,
    person::PersonKey,
};

use crate::{
    FormId, NewVerification, Recorded, Result, Store,
    audit::{AuditEvent, Chains},
    consent, coverage,
    engine::{Row, Tx, Value, bind},
    facility_settings, form_handed_in,
    job::{Read, Write},
    reference_number, verification,
};

/// People on one page of a list.
pub const CONSENTED_PAGE: usize = 50;

/// Which of an institution's kept consents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentedWanted {
    /// Those that fit, ended ones included.
    Found(ConsentSearch),
    /// Those that may hold at this moment; the rule says of each whether it does.
    HoldingAt(Instant),
}

/// One person who chose something for one form of care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentedPerson {
    /// The check at which it was chosen, by which the institution names it.
    pub check_id: String,
    /// Who.
    pub person_key: PersonKey,
    /// For which form of care.
    pub care_form: CareForm,
    /// The latest choice of each kind.
    pub consents: Vec<KeptConsent>,
    /// Every coverage known now.
    pub coverages: Vec<Coverage>,
    /// 照会番号 of the person at the institution.
    pub reference_number: Option<String>,
}

/// Part of a list, with what the institution uses, from one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentedPage {
    /// The institution's settings.
    pub settings: FacilitySettings,
    /// Latest choice first.
    pub people: Vec<ConsentedPerson>,
    /// Whether there are more behind these.
    pub more: bool,
}

/// Somebody of the institution ends a person's consents for home visits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConsentEnd {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// Whose.
    pub person_key: PersonKey,
    /// Why.
    pub reason: ConsentEndReason,
    /// The form.
    pub form: FormId,
    /// What the audit log says of it.
    pub audit: AuditEvent,
    /// Now.
    pub now: Instant,
}

/// A question that is asked again under a consent that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReVerification {
    /// As every check; `person_key` says under whose consent.
    pub verification: NewVerification,
    /// For which form of care.
    pub care_form: CareForm,
    /// The kinds whose consents held as the answer was composed: what it tells rests on each of them.
    pub kinds: Vec<ConsentKind>,
}

macro_rules! list {
    ($which:literal, $limit:literal) => {
        concat!(
            "SELECT person_key, care_form, MAX(granted_at), MAX(verification_id) FROM consent \
             WHERE institution_code = $1 AND care_form IN ('home_visit', 'online') ",
            $which,
            " GROUP BY person_key, care_form ORDER BY MAX(granted_at) DESC, person_key, care_form ",
            $limit
        )
    };
}
// The index of these consents holds no others, so the forms of care stand here as they stand there.
const FOUND: &str =
    list!("AND granted_at >= $2 AND granted_at < $3 AND care_form IN ($4, $5)", "LIMIT $6 OFFSET $7");
const FOUND_PLANNED: &str = list!(
    "AND granted_at >= $2 AND granted_at < $3 AND care_form IN ($4, $5) \
     AND valid_until >= $6 AND valid_until < $7",
    "LIMIT $8 OFFSET $9"
);
const HOLDING: &str = list!(
    "AND granted_at <= $2 AND granted AND (valid_until IS NULL OR valid_until > $2) \
     AND (care_form = 'online' OR COALESCE(renewed_at, granted_at) > $3)",
    "LIMIT $4 OFFSET $5"
);
const OF_CHECK: &str = "SELECT person_key, care_form, verification_id FROM consent WHERE institution_code = $1 \
     AND care_form IN ('home_visit', 'online') AND verification_id = $2 ORDER BY person_key, care_form LIMIT 1";
// Changes nothing: until the commit nobody takes back what is about to be answered under.
const HOLD: &str = "UPDATE consent SET renewed_at = renewed_at WHERE institution_code = $1 AND person_key = $2 \
     AND care_form = $3";
const RENEW: &str = "UPDATE consent SET renewed_at = $1 WHERE institution_code = $2 AND person_key = $3 \
     AND care_form = $4 AND kind = $5";
const END: &str = "UPDATE consent SET valid_until = $1, end_reason = $2 WHERE institution_code = $3 \
     AND person_key = $4 AND care_form = 'home_visit' AND granted AND granted_at <= $1 \
     AND (valid_until IS NULL OR valid_until > $1) AND COALESCE(renewed_at, granted_at) > $5";

/// What the outcome of a form that ended consents is written down as.
const ENDED: &str = "ended";
const NOTHING: &str = "nothing";

/// A consent for home visits given, or asked under again, by then has run out. The rule decides, which counts the months
/// from the other side: at the end of a month this lets one through that ended a day ago, and never holds one back.
fn run_out_by(now: Instant) -> i64 {
    calendar::add_months_at(now, -HOME_VISIT_CONSENT_MONTHS).0
}

struct Listed {
    check_id: String,
    person_key: PersonKey,
    care_form: CareForm,
}

fn listed(row: &Row<'_>, check_at: usize) -> Result<Listed> {
    Ok(Listed {
        check_id: row.text(check_at, "verification_id")?.to_owned(),
        person_key: PersonKey(row.text(0, "person_key")?.to_owned()),
        care_form: consent::care_form_of(row.text(1, "care_form")?)?,
    })
}

async fn whole(tx: &Tx<'_>, institution: &InstitutionCode, found: Listed) -> Result<ConsentedPerson> {
    let all = consent::find_kept(tx, institution, &found.person_key).await?;
    let of_form = all.into_iter().filter(|(form, _)| *form == found.care_form).map(|(_, kept)| kept);
    Ok(ConsentedPerson {
        consents: of_form.collect(),
        coverages: coverage::current(tx, &found.person_key).await?,
        reference_number: reference_number::find(tx, institution, &found.person_key).await?,
        check_id: found.check_id,
        person_key: found.person_key,
        care_form: found.care_form,
    })
}

struct List {
    institution: InstitutionCode,
    wanted: ConsentedWanted,
    page: u32,
}

impl List {
    async fn rows(&self, tx: &Tx<'_>) -> Result<Vec<Listed>> {
        let page = i64::try_from(CONSENTED_PAGE).unwrap_or(i64::MAX);
        let (limit, offset) = (page + 1, page * i64::from(self.page));
        let code = self.institution.as_str();
        match self.wanted {
            ConsentedWanted::HoldingAt(now) => {
                let key = bind![code, now.0, run_out_by(now), limit, offset];
                tx.query(HOLDING, key, |row| listed(row, 3)).await
            }
            ConsentedWanted::Found(search) => {
                let (from, until) = search.given.map_or((0, i64::MAX), |(from, until)| (from.0, until.0));
                let (one, other) = match search.care_form {
                    Some(form) => (form.name(), form.name()),
                    None => (CareForm::HomeVisit.name(), CareForm::Online.name()),
                };
                let given: &[Value<'_>; 5] = bind![code, from, until, one, other];
                let (sql, planned) = match search.planned {
                    None => (FOUND, Vec::new()),
                    Some((from, until)) => (FOUND_PLANNED, bind![from.0, until.0].to_vec()),
                };
                let key = [given.as_slice(), &planned, bind![limit, offset]].concat();
                tx.query(sql, &key, |row| listed(row, 3)).await
            }
        }
    }
}

impl Read for List {
    type Output = ConsentedPage;

    async fn run(&self, tx: &Tx<'_>) -> Result<ConsentedPage> {
        let mut rows = self.rows(tx).await?;
        let more = rows.len() > CONSENTED_PAGE;
        rows.truncate(CONSENTED_PAGE);
        let mut people = Vec::with_capacity(rows.len());
        for found in rows {
            people.push(whole(tx, &self.institution, found).await?);
        }
        let settings = facility_settings::current(tx, self.institution.as_str()).await?.settings;
        Ok(ConsentedPage { settings, people, more })
    }
}

struct One {
    institution: InstitutionCode,
    check_id: String,
}

impl Read for One {
    type Output = Option<(ConsentedPerson, FacilitySettings)>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let key = bind![self.institution.as_str(), &self.check_id];
        let Some(found) = tx.query_one(OF_CHECK, key, |row| listed(row, 2)).await? else { return Ok(None) };
        let settings = facility_settings::current(tx, self.institution.as_str()).await?.settings;
        Ok(Some((whole(tx, &self.institution, found).await?, settings)))
    }
}

impl Write for NewConsentEnd {
    /// Whether a consent was ended.
    type Output = bool;

    fn key(&self) -> &str {
        self.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        if let Some(outcome) = form_handed_in::take(tx, &self.form, self.now).await? {
            return Ok(outcome == ENDED);
        }
        let (code, person) = (self.institution_code.as_str(), self.person_key.0.as_str());
        let ended = tx
            .execute(END, bind![self.now.0, self.reason.code(), code, person, run_out_by(self.now)])
            .await?
            > 0;
        let outcome = if ended { ENDED } else { NOTHING };
        form_handed_in::settle(tx, &self.form, outcome).await?;
        let mut audit = self.audit.clone();
        if !ended {
            NOTHING.clone_into(&mut audit.outcome);
        }
        chains.append(tx, code, self.now, &audit).await?;
        Ok(ended)
    }
}

impl Write for ReVerification {
    /// `None`: not every consent holds any more.
    type Output = Option<Recorded>;

    fn key(&self) -> &str {
        self.verification.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Option<Recorded>> {
        let new = &self.verification;
        let existing = verification::existing(tx, &new.institution_code, &new.request_id).await?;
        if existing.is_none() {
            let Some(person) = self.who_still_agrees(tx).await? else { return Ok(None) };
            self.renew(tx, person).await?;
        }
        verification::Record(new.clone()).run(tx, chains).await.map(Some)
    }
}

impl ReVerification {
    /// The person, if every consent that the answer rests on still holds, and goes on to until the commit.
    async fn who_still_agrees(&self, tx: &Tx<'_>) -> Result<Option<&PersonKey>> {
        let new = &self.verification;
        let Some(person) = new.person_key.as_ref().filter(|_| !self.kinds.is_empty()) else {
            return Ok(None);
        };
        let institution = &new.institution_code;
        let key = bind![institution.as_str(), person.0.as_str(), self.care_form.name()];
        tx.hold(HOLD, key).await?;
        let all = consent::find_kept(tx, institution, person).await?;
        let of_form = all.into_iter().filter(|(form, _)| *form == self.care_form).map(|(_, kept)| kept);
        let consents: Vec<KeptConsent> = of_form.collect();
        let coverages = coverage::current(tx, person).await?;
        let settings = facility_settings::current(tx, institution.as_str()).await?.settings;
        let states = KeptFacts {
            care_form: self.care_form,
            consents: &consents,
            coverages: &coverages,
            settings: &settings,
            now: new.recorded_at,
        }
        .states();
        let holds = |kind: &ConsentKind| states.iter().any(|state| state.kind == *kind && state.holds());
        Ok(self.kinds.iter().all(holds).then_some(person))
    }

    async fn renew(&self, tx: &Tx<'_>, person: &PersonKey) -> Result<()> {
        let new = &self.verification;
        let (now, code, form) = (new.recorded_at.0, new.institution_code.as_str(), self.care_form.name());
        for kind in &self.kinds {
            tx.execute(RENEW, bind![now, code, person.0.as_str(), form, kind.name()]).await?;
        }
        Ok(())
    }
}

impl Store {
    /// A page (from 0) of an institution's kept consents, person by person, in one snapshot.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn consented_people(
        &self,
        institution: &InstitutionCode,
        wanted: ConsentedWanted,
        page: u32,
    ) -> Result<ConsentedPage> {
        self.read(List { institution: institution.clone(), wanted, page }).await
    }

    /// Whom a consent is about that was chosen at this check and is still the latest word; with the institution's
    /// settings. `None` also when it is another institution's.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn consented_person(
        &self,
        institution: &InstitutionCode,
        check_id: &str,
    ) -> Result<Option<(ConsentedPerson, FacilitySettings)>> {
        self.read(One { institution: institution.clone(), check_id: check_id.to_owned() }).await
    }

    /// Ends a person's consents for home visits at an institution. `false`: none was there that had not ended. A form
    /// that comes again changes nothing again.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn end_home_visit_consents(&self, end: NewConsentEnd) -> Result<bool> {
        self.write(end).await
    }

    /// Records a question that is asked again under consents, if each of them holds in that very commit, and lets these
    /// go on from now. `None`: one holds no more, nothing was written, and nothing may be answered.
    ///
    /// # Errors
    /// Any write error of the store: then nothing may be answered.
    pub async fn record_re_verification(&self, asked: ReVerification) -> Result<Option<Recorded>> {
        self.write(asked).await
    }
}

#[cfg(test)]
mod tests {
    use super::{FOUND, FOUND_PLANNED, HOLDING, OF_CHECK};
    use crate::{Options, Store, engine::SqliteFile};

    #[tokio::test]
    async fn consents_of_outpatients_are_not_looked_through() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("test.db");
        let url = format!("sqlite:{}", path.display());
        Store::open(&url, Options::default()).await.expect("opens").migrate().await.expect("migrates");
        let writer = SqliteFile::new(path, Options::default()).open_writer().expect("opens");
        for (sql, values, key) in [
            (FOUND, 7, "consent_kept (institution_code=? AND granted_at>? AND granted_at<?)"),
            (FOUND_PLANNED, 9, "consent_kept (institution_code=? AND granted_at>? AND granted_at<?)"),
            (HOLDING, 5, "consent_kept (institution_code=? AND granted_at<?)"),
            (OF_CHECK, 2, "consent_kept_of_check (institution_code=? AND verification_id=?)"),
        ] {
            let mut statement = writer.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("prepares");
            let values = rusqlite::params_from_iter(std::iter::repeat_n("", values));
            let rows = statement.query_map(values, |row| row.get::<_, String>(3)).expect("runs");
            let plan: Vec<String> = rows.map(|row| row.expect("a line")).collect();
            assert!(plan.iter().any(|line| line.contains(key)), "{sql}: {plan:?}");
        }
    }
}
