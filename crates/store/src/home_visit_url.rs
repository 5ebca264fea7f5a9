//! 医療機関等別URL: the addresses of an institution in マイナ在宅受付Web, sealed so that they can be shown again, and found
//! by their hash. The rules are [`eligibility::home_visit_url`]'s.

use eligibility::{
    Instant,
    codes::AccessUrlUse,
    home_visit_url::{GraceDays, is_offered},
    institution::InstitutionCode,
};

use crate::{
    Error, FormId, Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Row, Tx, bind},
    facility_settings, form_handed_in,
    job::{Read, Write},
};

/// Older addresses that are listed at most, while they still work.
const OLD_LIMIT: i64 = 20;

/// An address.
#[derive(Clone, PartialEq, Eq)]
pub struct HomeVisitUrl {
    /// What for.
    pub url_use: AccessUrlUse,
    /// 1 for the first, one more with each change.
    pub generation: i64,
    /// The secret part, sealed.
    pub sealed_secret: Vec<u8>,
    /// When it was made.
    pub made_at: Instant,
    /// When it ends; `None` for the one in use.
    pub ends_at: Option<Instant>,
}

impl std::fmt::Debug for HomeVisitUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("HomeVisitUrl");
        shown.field("url_use", &self.url_use).field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// An address to be made.
#[derive(Clone)]
pub struct NewHomeVisitUrl {
    /// Whose.
    pub institution_code: InstitutionCode,
    /// What for.
    pub url_use: AccessUrlUse,
    /// The secret part, sealed.
    pub sealed_secret: Vec<u8>,
    /// The keyed hash of the secret part.
    pub url_hash: [u8; 32],
    /// Who makes it, as the audit log names him.
    pub actor: String,
    /// Now.
    pub made_at: Instant,
}

/// The wish to have another address.
#[derive(Clone)]
pub struct UrlChange {
    /// The new one.
    pub new: NewHomeVisitUrl,
    /// Which generation it follows; anything else is a conflict. `None` takes what is there.
    pub expected_generation: Option<i64>,
    /// How long the old one goes on working.
    pub grace: GraceDays,
    /// The form or request that asks for it.
    pub form: FormId,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlOutcome {
    /// This is the address in use now, made or found.
    InUse(HomeVisitUrl),
    /// The function that it is for is off: nothing was written.
    FunctionOff,
    /// Somebody else changed it meanwhile: nothing was written.
    Conflict,
}

const NEWEST: &str = "SELECT url_use, generation, sealed_secret, made_at, ends_at, url_hash FROM home_visit_url \
     WHERE institution_code = $1 AND url_use = $2 ORDER BY generation DESC LIMIT 1";
const WORKING: &str = "SELECT url_use, generation, sealed_secret, made_at, ends_at, url_hash FROM home_visit_url \
     WHERE institution_code = $1 AND (ends_at IS NULL OR ends_at > $2) \
     ORDER BY url_use, generation DESC LIMIT $3";
const PUT: &str = "INSERT INTO home_visit_url \
     (institution_code, url_use, generation, sealed_secret, url_hash, made_at, made_by) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (institution_code, url_use, generation) DO NOTHING";
const PUT_HASH: &str = "INSERT INTO home_visit_url_by_hash (url_hash, institution_code, url_use) \
     VALUES ($1, $2, $3) ON CONFLICT (url_hash) DO NOTHING";
const END: &str = "UPDATE home_visit_url SET ends_at = $1 \
     WHERE institution_code = $2 AND url_use = $3 AND generation = $4";
const END_HASH: &str = "UPDATE home_visit_url_by_hash SET ends_at = $1 WHERE url_hash = $2";
const WHOSE: &str = "SELECT institution_code, url_use FROM home_visit_url_by_hash \
     WHERE url_hash = $1 AND (ends_at IS NULL OR ends_at > $2)";

fn use_of(text: &str) -> Result<AccessUrlUse> {
    AccessUrlUse::from_code(text).map_err(|_| Error::Malformed { what: "url_use" })
}

fn address(row: &Row<'_>) -> Result<(HomeVisitUrl, [u8; 32])> {
    let found = HomeVisitUrl {
        url_use: use_of(row.text(0, "url_use")?)?,
        generation: row.int(1, "generation")?,
        sealed_secret: row.blob(2, "sealed_secret")?.to_vec(),
        made_at: Instant(row.int(3, "made_at")?),
        ends_at: row.int_or_null(4, "ends_at")?.map(Instant),
    };
    Ok((found, row.bytes(5, "url_hash")?))
}

impl NewHomeVisitUrl {
    async fn newest(&self, tx: &Tx<'_>) -> Result<Option<(HomeVisitUrl, [u8; 32])>> {
        tx.query_one(NEWEST, bind![self.institution_code.as_str(), self.url_use.code()], address).await
    }

    async fn is_off(&self, tx: &Tx<'_>) -> Result<bool> {
        let settings = facility_settings::current(tx, self.institution_code.as_str()).await?.settings;
        Ok(!is_offered(&settings, self.url_use))
    }

    /// `None` when another took the generation.
    async fn put(
        &self,
        tx: &Tx<'_>,
        chains: &mut Chains,
        generation: i64,
        action: &str,
        detail: String,
    ) -> Result<Option<HomeVisitUrl>> {
        let (institution, url_use) = (self.institution_code.as_str(), self.url_use.code());
        let (sealed, hash) = (self.sealed_secret.as_slice(), &self.url_hash);
        let row = bind![institution, url_use, generation, sealed, hash, self.made_at.0, &self.actor];
        if tx.execute(PUT, row).await? == 0 {
            return Ok(None);
        }
        if tx.execute(PUT_HASH, bind![hash, institution, url_use]).await? == 0 {
            // 128 random bits twice.
            return Err(Error::Refused { what: "home visit address", why: "it is known".to_owned() });
        }
        let event = AuditEvent {
            actor: self.actor.clone(),
            action: format!("home_visit_url.{action}"),
            object: format!("home_visit_url:{url_use}:{generation}"),
            outcome: "done".to_owned(),
            detail,
        };
        chains.append(tx, institution, self.made_at, &event).await?;
        Ok(Some(HomeVisitUrl {
            url_use: self.url_use,
            generation,
            sealed_secret: self.sealed_secret.clone(),
            made_at: self.made_at,
            ends_at: None,
        }))
    }
}

/// The first address is made when it is first asked for.
struct Ensure(NewHomeVisitUrl);

impl Write for Ensure {
    type Output = UrlOutcome;

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<UrlOutcome> {
        if self.0.is_off(tx).await? {
            return Ok(UrlOutcome::FunctionOff);
        }
        if let Some((found, _)) = self.0.newest(tx).await? {
            return Ok(UrlOutcome::InUse(found));
        }
        let made = self.0.put(tx, chains, 1, "make", String::new()).await?;
        Ok(made.map_or(UrlOutcome::Conflict, UrlOutcome::InUse))
    }
}

impl Write for UrlChange {
    type Output = UrlOutcome;

    fn key(&self) -> &str {
        self.new.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<UrlOutcome> {
        let new = &self.new;
        if form_handed_in::take(tx, &self.form, new.made_at).await?.is_some() {
            let newest = new.newest(tx).await?;
            return Ok(newest.map_or(UrlOutcome::Conflict, |(found, _)| UrlOutcome::InUse(found)));
        }
        if new.is_off(tx).await? {
            return Ok(UrlOutcome::FunctionOff);
        }
        let old = new.newest(tx).await?;
        let generation = old.as_ref().map_or(0, |(found, _)| found.generation);
        if self.expected_generation.is_some_and(|expected| expected != generation) {
            return Ok(UrlOutcome::Conflict);
        }
        let detail = format!("grace_days:{}", self.grace.days());
        let Some(made) = new.put(tx, chains, generation + 1, "change", detail).await? else {
            return Ok(UrlOutcome::Conflict);
        };
        if let Some((old, hash)) = old {
            let ends_at = self.grace.ends_at(new.made_at).0;
            let row = bind![ends_at, new.institution_code.as_str(), new.url_use.code(), old.generation];
            tx.execute(END, row).await?;
            tx.execute(END_HASH, bind![ends_at, &hash]).await?;
        }
        form_handed_in::settle(tx, &self.form, &made.generation.to_string()).await?;
        Ok(UrlOutcome::InUse(made))
    }
}

struct Working(InstitutionCode, Instant);

impl Read for Working {
    type Output = Vec<HomeVisitUrl>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let found = tx.query(WORKING, bind![self.0.as_str(), self.1.0, OLD_LIMIT], address).await?;
        Ok(found.into_iter().map(|(found, _)| found).collect())
    }
}

struct Whose([u8; 32], Instant);

impl Read for Whose {
    type Output = Option<(InstitutionCode, AccessUrlUse)>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let found = tx
            .query_one(WHOSE, bind![&self.0, self.1.0], |row| {
                let code = InstitutionCode::parse(row.text(0, "institution_code")?);
                let code = code.map_err(|_| Error::Malformed { what: "institution_code" })?;
                Ok((code, use_of(row.text(1, "url_use")?)?))
            })
            .await?;
        let Some((institution, url_use)) = found else { return Ok(None) };
        // A function that was switched off takes its address with it, until it is on again.
        let settings = facility_settings::current(tx, institution.as_str()).await?.settings;
        Ok(is_offered(&settings, url_use).then_some((institution, url_use)))
    }
}

impl Store {
    /// The address in use; made and audited when there is none yet.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn ensure_home_visit_url(&self, new: NewHomeVisitUrl) -> Result<UrlOutcome> {
        self.write(Ensure(new)).await
    }

    /// Puts another address in place of the one in use, audited; the old one ends after its grace.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn change_home_visit_url(&self, change: UrlChange) -> Result<UrlOutcome> {
        self.write(change).await
    }

    /// The addresses that work: those in use and those in their grace, the newest of each use first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn home_visit_urls(
        &self,
        institution: &InstitutionCode,
        now: Instant,
    ) -> Result<Vec<HomeVisitUrl>> {
        self.read(Working(institution.clone(), now)).await
    }

    /// Whose address this is and what for; `None` when there is none such, when it has ended, or while its function is
    /// off.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn home_visit_url_owner(
        &self,
        url_hash: [u8; 32],
        now: Instant,
    ) -> Result<Option<(InstitutionCode, AccessUrlUse)>> {
        self.read(Whose(url_hash, now)).await
    }
}
