//! Registering, changing and stopping lines. The functions that take a transaction are for whoever does so
//! together with something else, as an approval does.

use eligibility::{
    Instant,
    institution::InstitutionCode,
    line::{AddressPrefix, CircuitKind, CustomerId, SHORTEST_V4, SHORTEST_V6, SessionEndReason},
};

use super::{
    Act, mark_changed, next_change, record as audit,
    record::*,
    session::{self, Ending},
};
use crate::{
    Error, Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::Write,
};

/// Prefixes one line may have.
pub const LINE_PREFIXES_MAX: usize = 16;
/// Institutions that may share one line.
pub const LINE_INSTITUTIONS_MAX: usize = 16;

const PUT: &str = "INSERT INTO line_customer \
     (institution_code, line_key, circuit, customer_id, registered_at, stopped_at, change_number) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (institution_code) DO UPDATE SET \
     line_key = excluded.line_key, circuit = excluded.circuit, customer_id = excluded.customer_id, \
     registered_at = excluded.registered_at, stopped_at = excluded.stopped_at, \
     change_number = excluded.change_number";
const STOP: &str = "UPDATE line_customer SET line_key = $1, customer_id = $2, stopped_at = $3, change_number = $4 \
     WHERE institution_code = $5";
const PUT_PREFIX: &str = "INSERT INTO line_prefix (first_address, last_address, prefix, line_key) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (first_address) DO NOTHING";
const DROP_PREFIX: &str = "DELETE FROM line_prefix WHERE first_address = $1 AND line_key = $2";
const OVERLAP: &str = "SELECT line_key FROM line_prefix WHERE first_address >= $1 AND first_address <= $2 \
     AND last_address >= $3 AND line_key <> $4 AND line_key <> $5 ORDER BY first_address LIMIT 1";

/// A line to register for an institution, in place of the one it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// Whose line.
    pub institution_code: InstitutionCode,
    /// 回線種別.
    pub circuit: CircuitKind,
    /// お客さまID; `None` for circuits that have none.
    pub customer_id: Option<CustomerId>,
    /// The prefixes the carrier notified. `None` leaves those the line has: a new line then has none until
    /// [`Store::notify_line_prefixes`].
    pub prefixes: Option<Vec<AddressPrefix>>,
    /// Whether another institution may have this お客さまID already: they are in one house and share its line.
    pub shared: bool,
}

/// What became of a line to register. Only [`Self::Done`] changed anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineRegistration {
    /// It is registered. Sessions that no longer fit have ended.
    Done,
    /// Another institution has this お客さまID, and nobody said that they share the line.
    CustomerIdTaken,
    /// The line is shared and its other institutions have other prefixes or another 回線種別.
    SharedOtherwise,
    /// A prefix overlaps one of another line.
    Overlap {
        /// The prefix that cannot be registered.
        prefix: AddressPrefix,
        /// The other line: its お客さまID, or for circuits without one `institution:` and the institution's code.
        other: String,
    },
}

/// What became of a carrier's notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrefixNotice {
    /// The line has these prefixes now; this many sessions ended, as their prefix is gone.
    Done {
        /// Sessions that ended.
        ended: usize,
    },
    /// No institution has this お客さまID.
    UnknownCustomerId,
    /// The institution has no line, or it was stopped.
    UnknownLine,
    /// The line does not have the prefix that is to be withdrawn: nothing was changed.
    UnknownPrefix {
        /// That prefix.
        prefix: AddressPrefix,
    },
    /// A prefix overlaps one of another line: nothing was changed.
    Overlap {
        /// The prefix that cannot be registered.
        prefix: AddressPrefix,
        /// The other line: its お客さまID, or for circuits without one `institution:` and the institution's code.
        other: String,
    },
}

/// The name of the line: its お客さまID, or for circuits without one the institution.
fn line_key(new: &NewLine) -> String {
    match &new.customer_id {
        Some(customer_id) => customer_id.as_str().to_owned(),
        None => format!("institution:{}", new.institution_code),
    }
}

/// Sorted, without those that lie in another of the list.
pub(super) fn distinct(prefixes: &[AddressPrefix]) -> Result<Vec<AddressPrefix>> {
    let mut sorted = prefixes.to_vec();
    sorted.sort_unstable_by_key(|prefix| (prefix.length(), prefix.network()));
    let mut kept: Vec<AddressPrefix> = Vec::new();
    for prefix in sorted {
        if !kept.iter().any(|wider| wider.overlaps(&prefix)) {
            kept.push(prefix);
        }
    }
    if kept.len() > LINE_PREFIXES_MAX {
        let why = format!("a line has at most {LINE_PREFIXES_MAX}");
        return Err(Error::Refused { what: "number of prefixes", why });
    }
    Ok(kept)
}

/// The first of the prefixes that another line has a part of, and that line. `vacated` is a line about to be given up.
pub(super) async fn overlap(
    tx: &Tx<'_>,
    prefixes: &[AddressPrefix],
    own: &str,
    vacated: &str,
) -> Result<Option<(AddressPrefix, String)>> {
    for prefix in prefixes {
        // No stored prefix is wider than the widest allowed, so none that overlaps begins before this.
        let shortest = if prefix.network().is_ipv4() { SHORTEST_V4 } else { SHORTEST_V6 };
        let widest = AddressPrefix::containing(prefix.network(), shortest)
            .map_err(|_| Error::Malformed { what: "prefix" })?;
        let (first, last) = bounds(prefix);
        let (lowest, _) = bounds(&widest);
        let range = bind![&lowest, &last, &first, own, vacated];
        let other = tx.query_one(OVERLAP, range, |row| Ok(row.text(0, "line_key")?.to_owned())).await?;
        if let Some(other) = other {
            return Ok(Some((*prefix, other)));
        }
    }
    Ok(None)
}

/// Gives the line exactly these prefixes; sessions of others end. Returns how many ended.
pub(super) async fn set_prefixes(
    tx: &Tx<'_>,
    chains: &mut Chains,
    line: &str,
    customer_id: Option<&CustomerId>,
    wanted: &[AddressPrefix],
    ending: &Ending<'_>,
) -> Result<usize> {
    let had = prefixes(tx, line).await?;
    for gone in had.iter().filter(|prefix| !wanted.contains(prefix)) {
        tx.execute(DROP_PREFIX, bind![&bounds(gone).0, line]).await?;
    }
    for prefix in wanted.iter().filter(|prefix| !had.contains(prefix)) {
        let (first, last) = bounds(prefix);
        if tx.execute(PUT_PREFIX, bind![&first, &last, &prefix.to_string(), line]).await? != 1 {
            return Err(Error::Malformed { what: "line_prefix" });
        }
    }
    let Some(customer_id) = customer_id else { return Ok(0) };
    let open = sessions(tx, line, customer_id).await?;
    let gone = open.iter().filter(|session| !wanted.contains(&session.prefix));
    session::end(tx, chains, line, gone, ending).await
}

/// Gives up a line that serves nobody else: its sessions end, its addresses are free.
async fn vacate(tx: &Tx<'_>, chains: &mut Chains, line: &str, ending: &Ending<'_>) -> Result<()> {
    if let Ok(customer_id) = CustomerId::parse(line) {
        let open = sessions(tx, line, &customer_id).await?;
        session::end(tx, chains, line, open.iter(), ending).await?;
        for one in &open {
            session::forget(tx, line, one.prefix).await?;
        }
    }
    for prefix in prefixes(tx, line).await? {
        tx.execute(DROP_PREFIX, bind![&bounds(&prefix).0, line]).await?;
    }
    Ok(())
}

/// What registering finds and will do.
struct Plan {
    line: String,
    wanted: Vec<AddressPrefix>,
    /// The institution's present line, when it is another and serves nobody else.
    vacated: Option<String>,
    sharers: Vec<InstitutionCode>,
}

async fn plan(tx: &Tx<'_>, new: &NewLine) -> Result<std::result::Result<Plan, LineRegistration>> {
    let line = line_key(new);
    let others: Vec<Customer> = of_line(tx, &line)
        .await?
        .into_iter()
        .filter(|one| one.institution_code != new.institution_code)
        .collect();
    if !others.is_empty() && !new.shared {
        return Ok(Err(LineRegistration::CustomerIdTaken));
    }
    if others.len() >= LINE_INSTITUTIONS_MAX {
        let why = format!("a line serves at most {LINE_INSTITUTIONS_MAX}");
        return Err(Error::Refused { what: "number of institutions", why });
    }
    let mut had = prefixes(tx, &line).await?;
    let mut wanted = new.prefixes.as_deref().map(distinct).transpose()?.unwrap_or_else(|| had.clone());
    had.sort_unstable();
    wanted.sort_unstable();
    let other_circuit = others.iter().any(|one| one.circuit() != new.circuit);
    if !others.is_empty() && (had != wanted || other_circuit) {
        return Ok(Err(LineRegistration::SharedOtherwise));
    }
    let present = of_institution(tx, &new.institution_code).await?.and_then(|one| one.line_key);
    let vacated = match present.filter(|present| *present != line) {
        Some(present) if of_line(tx, &present).await?.len() == 1 => Some(present),
        _ => None,
    };
    let other = overlap(tx, &wanted, &line, vacated.as_deref().unwrap_or_default()).await?;
    if let Some((prefix, other)) = other {
        return Ok(Err(LineRegistration::Overlap { prefix, other }));
    }
    let sharers = others.into_iter().map(|one| one.institution_code).collect();
    Ok(Ok(Plan { line, wanted, vacated, sharers }))
}

/// Registers a line within the caller's transaction; anything but [`LineRegistration::Done`] changed nothing.
///
/// # Errors
/// [`Error::Refused`] above a limit, and any error of the database.
pub(crate) async fn register(
    tx: &Tx<'_>,
    chains: &mut Chains,
    new: &NewLine,
    actor: &str,
    now: Instant,
) -> Result<LineRegistration> {
    let change = next_change(tx).await?;
    let Plan { line, wanted, vacated, mut sharers } = match plan(tx, new).await? {
        Ok(plan) => plan,
        Err(refused) => return Ok(refused),
    };
    if let Some(old) = &vacated {
        let ending = Ending { reason: SessionEndReason::CustomerIdChanged, actor, now };
        vacate(tx, chains, old, &ending).await?;
    }
    let row = bind![
        new.institution_code.as_str(),
        &line,
        new.circuit.name(),
        new.customer_id.as_ref().map(CustomerId::as_str),
        now.0,
        None::<i64>,
        change,
    ];
    tx.execute(PUT, row).await?;
    let ending = Ending { reason: SessionEndReason::PrefixChanged, actor, now };
    set_prefixes(tx, chains, &line, new.customer_id.as_ref(), &wanted, &ending).await?;
    mark_changed(tx, &line, change).await?;
    sharers.push(new.institution_code.clone());
    let detail = format!("circuit={} prefixes={}", new.circuit.name(), listed(&wanted));
    let act = Act { actor, action: "line.register", outcome: "done", line_key: &line, detail };
    audit(tx, chains, &sharers, now, act).await?;
    Ok(LineRegistration::Done)
}

pub(super) fn listed(prefixes: &[AddressPrefix]) -> String {
    prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Stops the line of an institution within the caller's transaction; whether it had one.
///
/// # Errors
/// Any error of the database.
pub(crate) async fn stop(
    tx: &Tx<'_>,
    chains: &mut Chains,
    institution: &InstitutionCode,
    actor: &str,
    now: Instant,
) -> Result<bool> {
    let change = next_change(tx).await?;
    let Some(line) = of_institution(tx, institution).await?.and_then(|one| one.line_key) else {
        return Ok(false);
    };
    if of_line(tx, &line).await?.len() == 1 {
        let ending = Ending { reason: SessionEndReason::Operator, actor, now };
        vacate(tx, chains, &line, &ending).await?;
    }
    let row = bind![None::<&str>, None::<&str>, now.0, change, institution.as_str()];
    tx.execute(STOP, row).await?;
    let act = Act { actor, action: "line.stop", outcome: "done", line_key: &line, detail: String::new() };
    audit(tx, chains, std::slice::from_ref(institution), now, act).await?;
    Ok(true)
}

struct Register {
    new: NewLine,
    actor: String,
    now: Instant,
}

impl Write for Register {
    type Output = LineRegistration;

    fn key(&self) -> &str {
        self.new.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<LineRegistration> {
        register(tx, chains, &self.new, &self.actor, self.now).await
    }
}

struct Stop {
    institution: InstitutionCode,
    actor: String,
    now: Instant,
}

impl Write for Stop {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        stop(tx, chains, &self.institution, &self.actor, self.now).await
    }
}

struct Notify {
    customer_id: CustomerId,
    prefixes: Vec<AddressPrefix>,
    actor: String,
    now: Instant,
}

impl Write for Notify {
    type Output = PrefixNotice;

    fn key(&self) -> &str {
        self.customer_id.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<PrefixNotice> {
        let wanted = distinct(&self.prefixes)?;
        let change = next_change(tx).await?;
        let line = self.customer_id.as_str();
        let institutions: Vec<InstitutionCode> =
            of_line(tx, line).await?.into_iter().map(|one| one.institution_code).collect();
        if institutions.is_empty() {
            return Ok(PrefixNotice::UnknownCustomerId);
        }
        if let Some((prefix, other)) = overlap(tx, &wanted, line, "").await? {
            return Ok(PrefixNotice::Overlap { prefix, other });
        }
        let ending = Ending { reason: SessionEndReason::PrefixChanged, actor: &self.actor, now: self.now };
        let ended = set_prefixes(tx, chains, line, Some(&self.customer_id), &wanted, &ending).await?;
        mark_changed(tx, line, change).await?;
        let detail = format!("prefixes={}", listed(&wanted));
        let act =
            Act { actor: &self.actor, action: "line.prefixes", outcome: "done", line_key: line, detail };
        audit(tx, chains, &institutions, self.now, act).await?;
        Ok(PrefixNotice::Done { ended })
    }
}

impl Store {
    /// Registers the line of an institution, or puts another in its place (利用開始・変更申請, お客さまID変更). `actor` is who
    /// decided it, for the audit log.
    ///
    /// # Errors
    /// [`Error::Refused`] above a limit, and any write error of the store.
    pub async fn register_line(&self, new: NewLine, actor: &str, now: Instant) -> Result<LineRegistration> {
        self.write(Register { new, actor: actor.to_owned(), now }).await
    }

    /// Takes a carrier's notice of the prefixes an お客さまID has now. Sessions of prefixes it no longer has end.
    ///
    /// # Errors
    /// As [`Store::register_line`].
    pub async fn notify_line_prefixes(
        &self,
        customer_id: &CustomerId,
        prefixes: Vec<AddressPrefix>,
        actor: &str,
        now: Instant,
    ) -> Result<PrefixNotice> {
        let customer_id = customer_id.clone();
        self.write(Notify { customer_id, prefixes, actor: actor.to_owned(), now }).await
    }

    /// Stops the line of an institution: its sessions end and its お客さまID and addresses are free, unless another
    /// institution shares them. Returns whether it had one.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn stop_line(&self, institution: &InstitutionCode, actor: &str, now: Instant) -> Result<bool> {
        self.write(Stop { institution: institution.clone(), actor: actor.to_owned(), now }).await
    }
}
