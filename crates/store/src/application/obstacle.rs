//! What keeps an approved application from being carried out: a person of the operator must see it and can help.

use eligibility::{
    Instant,
    application::{Application, ApplicationKind, ApplicationState},
    institution::InstitutionCode,
};

use super::{ApplicationId, row};
use crate::{
    Error, LineRegistration, Result, Store,
    audit::Chains,
    certificate,
    engine::{Tx, bind},
    institution_register,
    job::{Read, Write},
    registrant,
};

/// What holds an application until it is ended: it is not tried again.
pub(super) const REGISTRANT_STOPPED: &str = "registrant_stopped";
/// As above.
pub(super) const INSTITUTION_CLOSED: &str = "institution_closed";
/// Pause after the first try in vain; doubles each time …
const FIRST_PAUSE_MS: i64 = 30_000;
/// … up to this.
const LONGEST_PAUSE_MS: i64 = 600_000;
/// Obstacles one list shows at most.
pub const OBSTACLES_LIMIT: u32 = 100;

/// What is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Another institution has the お客さまID.
    CustomerIdTaken,
    /// Institutions that share the line have other prefixes or another 回線種別.
    SharedOtherwise,
    /// The line's prefixes overlap those of another.
    PrefixOverlap,
    /// The line serves as many institutions as a line may.
    LineFull,
    /// The register of institutions has no address to send a letter to.
    NoAddress,
    /// The letter cannot be written.
    LetterNotWritten,
    /// The institution has no certificate with this serial number.
    NoSuchCertificate,
    /// Who applied was stopped since: two people of the operator found that they are not of the institution.
    RegistrantStopped,
    /// The institution was taken out of use since.
    InstitutionClosed,
}

impl Obstacle {
    const ALL: [Self; 9] = [
        Self::CustomerIdTaken,
        Self::SharedOtherwise,
        Self::PrefixOverlap,
        Self::LineFull,
        Self::NoAddress,
        Self::LetterNotWritten,
        Self::NoSuchCertificate,
        Self::RegistrantStopped,
        Self::InstitutionClosed,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::CustomerIdTaken => "customer_id_taken",
            Self::SharedOtherwise => "shared_otherwise",
            Self::PrefixOverlap => "prefix_overlap",
            Self::LineFull => "line_full",
            Self::NoAddress => "no_address",
            Self::LetterNotWritten => "letter_not_written",
            Self::NoSuchCertificate => "no_such_certificate",
            Self::RegistrantStopped => REGISTRANT_STOPPED,
            Self::InstitutionClosed => INSTITUTION_CLOSED,
        }
    }

    /// What kept a line from being registered; `None` when nothing did.
    pub(super) const fn of_line(registration: &LineRegistration) -> Option<Self> {
        match registration {
            LineRegistration::Done => None,
            LineRegistration::CustomerIdTaken => Some(Self::CustomerIdTaken),
            LineRegistration::SharedOtherwise => Some(Self::SharedOtherwise),
            LineRegistration::Overlap { .. } => Some(Self::PrefixOverlap),
        }
    }
}

/// An approved application that waits for help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstructed {
    /// Who applied.
    pub institution: InstitutionCode,
    /// Names it within the institution.
    pub id: ApplicationId,
    /// 受付番号.
    pub reception_number: String,
    /// What is wanted.
    pub kind: ApplicationKind,
    /// What is in the way.
    pub obstacle: Obstacle,
    /// Since when.
    pub since: Instant,
}

const FIND: &str = "SELECT obstacle, since, tries, next_try_at FROM application_obstacle \
     WHERE institution_code = $1 AND application_id = $2";
const PUT: &str = "INSERT INTO application_obstacle \
     (institution_code, application_id, obstacle, since, tries, next_try_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (institution_code, application_id) DO UPDATE SET \
     obstacle = excluded.obstacle, since = excluded.since, tries = excluded.tries, \
     next_try_at = excluded.next_try_at";
const TRIED_AGAIN: &str = "UPDATE application_obstacle SET tries = $1, next_try_at = $2 \
     WHERE institution_code = $3 AND application_id = $4";
const NOW: &str = "UPDATE application_obstacle SET tries = 0, next_try_at = 0 WHERE institution_code = $1";
const GONE: &str = "DELETE FROM application_obstacle WHERE institution_code = $1 AND application_id = $2";
const ALL: &str = "SELECT o.institution_code, o.application_id, o.obstacle, o.since, a.kind, a.reception_number \
     FROM application_obstacle o JOIN application a \
     ON a.institution_code = o.institution_code AND a.application_id = o.application_id \
     WHERE a.state = $1 ORDER BY o.since, o.institution_code, o.application_id LIMIT $2";

fn obstacle_of(name: &str) -> Result<Obstacle> {
    let found = Obstacle::ALL.into_iter().find(|one| one.name() == name);
    found.ok_or(Error::Malformed { what: "obstacle" })
}

/// An obstacle, since when it is there, and how often it was met since somebody last did something about it.
struct Met {
    obstacle: Obstacle,
    since: Instant,
    tries: i64,
    next_try: Instant,
}

async fn find(tx: &Tx<'_>, (institution, id): (&InstitutionCode, &ApplicationId)) -> Result<Option<Met>> {
    let key = bind![institution.as_str(), id.as_str()];
    tx.query_one(FIND, key, |found| {
        Ok(Met {
            obstacle: obstacle_of(found.text(0, "obstacle")?)?,
            since: Instant(found.int(1, "since")?),
            tries: found.int(2, "tries")?,
            next_try: Instant(found.int(3, "next_try_at")?),
        })
    })
    .await
}

/// Notes what forbids that an approved application is carried out at all, and says so. What was approved before is not
/// good any more when who applied was stopped, or the institution was taken out of use.
pub(super) async fn holds(
    tx: &Tx<'_>,
    (institution, id): (&InstitutionCode, &ApplicationId),
    application: &Application,
    now: Instant,
) -> Result<Option<Obstacle>> {
    let obstacle = if registrant::any_stopped(tx, institution, &application.applicants).await? {
        Obstacle::RegistrantStopped
    } else if institution_register::is_closed(tx, institution).await? {
        Obstacle::InstitutionClosed
    } else {
        return Ok(None);
    };
    note(tx, (institution, id), obstacle, now).await?;
    Ok(Some(obstacle))
}

/// Whether something is in the way.
pub(super) async fn any(tx: &Tx<'_>, institution: &InstitutionCode, id: &ApplicationId) -> Result<bool> {
    Ok(find(tx, (institution, id)).await?.is_some())
}

/// When something is tried again that was tried in vain so often.
pub(crate) fn next_try(tries: i64, now: Instant) -> Instant {
    let doublings = u32::try_from(tries.clamp(1, 16) - 1).unwrap_or_default();
    Instant(now.0.saturating_add((FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS)))
}

/// Somebody did something about an institution: what waits for it is tried at once.
pub(crate) async fn try_again_now(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<()> {
    tx.execute(NOW, bind![institution.as_str()]).await?;
    certificate::try_again_now(tx, institution).await
}

/// Whether what was done for this order may be done once more: the institution is in use, and who applied, where the
/// order is an application, is who they said.
pub(crate) async fn may_be_served(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    order_id: &str,
) -> Result<bool> {
    if institution_register::is_closed(tx, institution).await? {
        return Ok(false);
    }
    let Some(id) = ApplicationId::parse(order_id) else { return Ok(true) };
    let Some(found) = row::find(tx, institution, &id).await? else { return Ok(true) };
    Ok(!registrant::any_stopped(tx, institution, &found.application.applicants).await?)
}

/// Notes that an application was tried in vain, so that it comes after those behind it; `false` when the obstacle is
/// known already.
pub(super) async fn note(
    tx: &Tx<'_>,
    (institution, id): (&InstitutionCode, &ApplicationId),
    obstacle: Obstacle,
    now: Instant,
) -> Result<bool> {
    let known = find(tx, (institution, id)).await?.filter(|met| met.obstacle == obstacle);
    // Whoever looks every second must not write every second: each of these commits would wait for the disk.
    if known.as_ref().is_some_and(|met| met.next_try > now) {
        return Ok(false);
    }
    let tries = known.as_ref().map_or(0, |met| met.tries).saturating_add(1);
    let next = next_try(tries, now).0;
    if known.is_some() {
        tx.execute(TRIED_AGAIN, bind![tries, next, institution.as_str(), id.as_str()]).await?;
        return Ok(false);
    }
    let values = bind![institution.as_str(), id.as_str(), obstacle.name(), now.0, tries, next];
    tx.execute(PUT, values).await?;
    Ok(true)
}

/// Nothing is in the way any more.
pub(super) async fn gone(tx: &Tx<'_>, institution: &InstitutionCode, id: &ApplicationId) -> Result<()> {
    tx.execute(GONE, bind![institution.as_str(), id.as_str()]).await.map(drop)
}

struct Note {
    institution: InstitutionCode,
    id: ApplicationId,
    obstacle: Obstacle,
    now: Instant,
}

impl Write for Note {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        note(tx, (&self.institution, &self.id), self.obstacle, self.now).await
    }
}

struct Find(InstitutionCode, ApplicationId);

impl Read for Find {
    type Output = Option<(Obstacle, Instant)>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        Ok(find(tx, (&self.0, &self.1)).await?.map(|met| (met.obstacle, met.since)))
    }
}

struct All;

impl Read for All {
    type Output = Vec<Obstructed>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let values = bind![ApplicationState::Approved.name(), i64::from(OBSTACLES_LIMIT)];
        tx.query(ALL, values, |found| {
            Ok(Obstructed {
                institution: row::code_of(found.text(0, "institution_code")?)?,
                id: row::id_of(found.text(1, "application_id")?)?,
                obstacle: obstacle_of(found.text(2, "obstacle")?)?,
                since: Instant(found.int(3, "since")?),
                kind: row::kind_of(found.text(4, "kind")?)?,
                reception_number: found.text(5, "reception_number")?.to_owned(),
            })
        })
        .await
    }
}

impl Store {
    /// Notes what keeps an approved application from being carried out; `false` when that is known already. Each time it
    /// is tried again later, at most ten minutes after, and at once when somebody enters the institution's address.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn note_obstacle(
        &self,
        institution: &InstitutionCode,
        id: &ApplicationId,
        obstacle: Obstacle,
        now: Instant,
    ) -> Result<bool> {
        self.write(Note { institution: institution.clone(), id: id.clone(), obstacle, now }).await
    }

    /// What keeps an application from being carried out, and since when; of use while it is approved.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn obstacle(
        &self,
        institution: &InstitutionCode,
        id: &ApplicationId,
    ) -> Result<Option<(Obstacle, Instant)>> {
        self.read(Find(institution.clone(), id.clone())).await
    }

    /// Approved applications that cannot be carried out, the longest waiting first, at most [`OBSTACLES_LIMIT`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn obstructed_applications(&self) -> Result<Vec<Obstructed>> {
        self.read(All).await
    }
}
