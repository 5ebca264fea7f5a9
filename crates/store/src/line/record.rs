//! What is stored of a line, read as the domain's values.

use std::net::IpAddr;

use eligibility::{
    Instant,
    institution::InstitutionCode,
    line::{
        AddressPrefix, CircuitKind, CustomerId, Line, LineDecision, LineSession, SessionEnd,
        SessionEndReason, line_decision,
    },
};

use crate::{
    Error, Result,
    engine::{Row, Tx, bind},
};

/// The line of one institution, with its sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRecord {
    /// Whose line it is. Several institutions may share one; then this is the one that was asked about, or the
    /// first by code.
    pub institution_code: InstitutionCode,
    /// 回線種別.
    pub circuit: CircuitKind,
    /// お客さまID; `None` for circuits that have none, and for a line that was stopped.
    pub customer_id: Option<CustomerId>,
    /// The prefixes the carrier notified; none when it has not yet, and none of a line that was stopped.
    pub prefixes: Vec<AddressPrefix>,
    /// The newest session of each prefix.
    pub sessions: Vec<LineSession>,
    /// Since when it is stopped.
    pub stopped_at: Option<Instant>,
    /// The number of its last change.
    pub change: i64,
}

impl LineRecord {
    /// How a request from `peer` stands: the session of the peer's own prefix counts, or else the newest of its
    /// address family, which tells why there is none.
    #[must_use]
    pub fn decision(&self, peer: IpAddr, now: Instant) -> LineDecision {
        let line =
            Line { circuit: self.circuit, customer_id: self.customer_id.as_ref(), prefixes: &self.prefixes };
        line_decision(&line, peer, self.session_for(peer), now)
    }

    /// The registered prefix that holds the address.
    #[must_use]
    pub fn prefix_of(&self, peer: IpAddr) -> Option<AddressPrefix> {
        self.prefixes.iter().copied().find(|prefix| prefix.contains(peer))
    }

    /// The session that speaks for this address.
    #[must_use]
    pub fn session_for(&self, peer: IpAddr) -> Option<&LineSession> {
        let family = peer.to_canonical().is_ipv4();
        let of_family = |session: &&LineSession| session.prefix.network().is_ipv4() == family;
        let own = self.prefix_of(peer);
        self.sessions
            .iter()
            .find(|session| Some(session.prefix) == own)
            .or_else(|| self.sessions.iter().filter(of_family).max_by_key(|session| session.started_at))
    }
}

/// A row of `line_customer`.
pub(super) struct Customer {
    pub(super) institution_code: InstitutionCode,
    pub(super) line_key: Option<String>,
    circuit: CircuitKind,
    customer_id: Option<CustomerId>,
    stopped_at: Option<Instant>,
    change: i64,
}

impl Customer {
    /// 回線種別.
    pub(super) const fn circuit(&self) -> CircuitKind {
        self.circuit
    }

    /// お客さまID, where the circuit has one.
    pub(super) const fn customer_id(&self) -> Option<&CustomerId> {
        self.customer_id.as_ref()
    }
}

const OF_INSTITUTION: &str = "SELECT institution_code, line_key, circuit, customer_id, stopped_at, change_number \
     FROM line_customer WHERE institution_code = $1";
const OF_LINE: &str = "SELECT institution_code, line_key, circuit, customer_id, stopped_at, change_number \
     FROM line_customer WHERE line_key = $1 ORDER BY institution_code";
const PREFIXES: &str = "SELECT prefix FROM line_prefix WHERE line_key = $1 ORDER BY first_address";
const SESSIONS: &str = "SELECT prefix, started_at, valid_until, ended_at, end_reason FROM line_session \
     WHERE line_key = $1 ORDER BY prefix";
const AT: &str = "SELECT last_address, line_key FROM line_prefix WHERE first_address <= $1 \
     ORDER BY first_address DESC LIMIT 1";

fn customer(row: &Row<'_>) -> Result<Customer> {
    let malformed = |what| Error::Malformed { what };
    let customer_id = row.text_or_null(3, "customer_id")?;
    Ok(Customer {
        institution_code: InstitutionCode::parse(row.text(0, "institution_code")?)
            .map_err(|_| malformed("institution_code"))?,
        line_key: row.text_or_null(1, "line_key")?.map(str::to_owned),
        circuit: CircuitKind::from_name(row.text(2, "circuit")?).ok_or(malformed("circuit"))?,
        customer_id: customer_id
            .map(|id| CustomerId::parse(id).map_err(|_| malformed("customer_id")))
            .transpose()?,
        stopped_at: row.int_or_null(4, "stopped_at")?.map(Instant),
        change: row.int(5, "change_number")?,
    })
}

fn prefix(row: &Row<'_>) -> Result<AddressPrefix> {
    AddressPrefix::parse(row.text(0, "prefix")?).map_err(|_| Error::Malformed { what: "prefix" })
}

/// The institution's row.
pub(super) async fn of_institution(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Option<Customer>> {
    tx.query_one(OF_INSTITUTION, bind![institution.as_str()], customer).await
}

/// The institutions a line serves, by code.
pub(super) async fn of_line(tx: &Tx<'_>, line_key: &str) -> Result<Vec<Customer>> {
    tx.query(OF_LINE, bind![line_key], customer).await
}

/// The prefixes of a line.
pub(super) async fn prefixes(tx: &Tx<'_>, line_key: &str) -> Result<Vec<AddressPrefix>> {
    tx.query(PREFIXES, bind![line_key], prefix).await
}

/// The sessions of a line. Only a line with an お客さまID has any.
pub(super) async fn sessions(
    tx: &Tx<'_>,
    line_key: &str,
    customer_id: &CustomerId,
) -> Result<Vec<LineSession>> {
    tx.query(SESSIONS, bind![line_key], |row| {
        let ended_at = row.int_or_null(3, "ended_at")?.map(Instant);
        let reason = row.text_or_null(4, "end_reason")?.map(reason_from_name).transpose()?;
        Ok(LineSession {
            customer_id: customer_id.clone(),
            prefix: prefix(row)?,
            started_at: Instant(row.int(1, "started_at")?),
            valid_until: Instant(row.int(2, "valid_until")?),
            end: ended_at.zip(reason).map(|(at, reason)| SessionEnd { at, reason }),
        })
    })
    .await
}

/// The line an address belongs to.
pub(super) async fn line_key_at(tx: &Tx<'_>, peer: IpAddr) -> Result<Option<String>> {
    let address = sortable(peer);
    let found = tx
        .query_one(AT, bind![&address], |row| {
            Ok((row.text(0, "last_address")?.to_owned(), row.text(1, "line_key")?.to_owned()))
        })
        .await?;
    Ok(found.filter(|(last, _)| *last >= address).map(|(_, line_key)| line_key))
}

/// Everything about a customer's line.
pub(super) async fn whole(tx: &Tx<'_>, customer: Customer) -> Result<LineRecord> {
    let (mut found, mut open) = (Vec::new(), Vec::new());
    if let Some(line_key) = &customer.line_key {
        found = prefixes(tx, line_key).await?;
        if let Some(customer_id) = &customer.customer_id {
            open = sessions(tx, line_key, customer_id).await?;
        }
    }
    Ok(LineRecord {
        institution_code: customer.institution_code,
        circuit: customer.circuit,
        customer_id: customer.customer_id,
        prefixes: found,
        sessions: open,
        stopped_at: customer.stopped_at,
        change: customer.change,
    })
}

/// The line an address belongs to, as its first institution has it, and every institution it serves.
pub(super) async fn at(tx: &Tx<'_>, peer: IpAddr) -> Result<Option<(LineRecord, Vec<InstitutionCode>)>> {
    let Some(line_key) = line_key_at(tx, peer).await? else { return Ok(None) };
    let customers = of_line(tx, &line_key).await?;
    let institutions = customers.iter().map(|customer| customer.institution_code.clone()).collect();
    let Some(first) = customers.into_iter().next() else { return Ok(None) };
    Ok(Some((whole(tx, first).await?, institutions)))
}

/// An address as text that sorts as addresses do, the two families apart.
pub(super) fn sortable(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => format!("4{:08x}", v4.to_bits()),
        IpAddr::V6(v6) => format!("6{:032x}", v6.to_bits()),
    }
}

/// First and last address of a prefix, as [`sortable`] text.
pub(super) fn bounds(prefix: &AddressPrefix) -> (String, String) {
    let first = sortable(prefix.network());
    let last = match prefix.network() {
        IpAddr::V4(v4) => {
            let host = u32::MAX.checked_shr(prefix.length().into()).unwrap_or(0);
            format!("4{:08x}", v4.to_bits() | host)
        }
        IpAddr::V6(v6) => {
            let host = u128::MAX.checked_shr(prefix.length().into()).unwrap_or(0);
            format!("6{:032x}", v6.to_bits() | host)
        }
    };
    (first, last)
}

/// The stored name of a reason.
pub(super) const fn reason_name(reason: SessionEndReason) -> &'static str {
    match reason {
        SessionEndReason::Declined => "declined",
        SessionEndReason::PrefixChanged => "prefix_changed",
        SessionEndReason::CustomerIdChanged => "customer_id_changed",
        SessionEndReason::Operator => "operator",
    }
}

fn reason_from_name(name: &str) -> Result<SessionEndReason> {
    use SessionEndReason as Why;
    [Why::Declined, Why::PrefixChanged, Why::CustomerIdChanged, Why::Operator]
        .into_iter()
        .find(|reason| reason_name(*reason) == name)
        .ok_or(Error::Malformed { what: "end_reason" })
}
