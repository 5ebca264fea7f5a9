//! Line sessions: 「希望する」, 「希望しない」, and what ends a session.

use std::net::IpAddr;

use eligibility::{
    Instant,
    institution::InstitutionCode,
    line::{AddressPrefix, LineDecision, LineSession, OfferReason, SessionEndReason},
};

use super::{Act, LineRecord, mark_changed, next_change, record as audit, record::*};
use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::Write,
};

const PUT: &str = "INSERT INTO line_session (line_key, prefix, started_at, valid_until, ended_at, end_reason) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (line_key, prefix) DO UPDATE SET \
     started_at = excluded.started_at, valid_until = excluded.valid_until, ended_at = excluded.ended_at, \
     end_reason = excluded.end_reason";
const END: &str = "UPDATE line_session SET ended_at = $1, end_reason = $2 \
     WHERE line_key = $3 AND prefix = $4 AND ended_at IS NULL";
const FORGET: &str = "DELETE FROM line_session WHERE line_key = $1 AND prefix = $2";

/// What became of a wish at the page of line authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineAnswer {
    /// How the line stands now; `None` when the address belongs to no line.
    pub decision: Option<LineDecision>,
    /// Whose line it is: the first institution by code.
    pub institution_code: Option<InstitutionCode>,
    /// Whether this very wish changed something.
    pub changed: bool,
}

impl LineAnswer {
    const STRANGER: Self = Self { decision: None, institution_code: None, changed: false };
}

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Connect,
    Decline,
}

struct Press {
    /// Whose writer does it: the first institution of the line as last seen.
    institution: InstitutionCode,
    peer: IpAddr,
    wish: Wish,
    now: Instant,
}

impl Press {
    /// What pressing changes: nothing on a line that is connected or needs no session. 「希望しない」 leaves a
    /// line unconnected; it does not cut one that works, as the page that offers it may be an old one.
    fn changes(&self, decision: LineDecision) -> bool {
        match (self.wish, decision) {
            (Wish::Connect, LineDecision::OfferChoice(_)) => true,
            (Wish::Decline, LineDecision::OfferChoice(reason)) => reason != OfferReason::Declined,
            _ => false,
        }
    }
}

impl Write for Press {
    type Output = LineAnswer;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<LineAnswer> {
        let Some((seen, _)) = at(tx, self.peer).await? else { return Ok(LineAnswer::STRANGER) };
        if !self.changes(seen.decision(self.peer, self.now)) {
            return Ok(told(&seen, self.peer, self.now, false));
        }
        let change = next_change(tx).await?;
        // Once more: before the number was ours somebody may have changed the line.
        let Some((line, institutions)) = at(tx, self.peer).await? else { return Ok(LineAnswer::STRANGER) };
        let (Some(prefix), Some(customer_id)) = (line.prefix_of(self.peer), line.customer_id.clone()) else {
            return Ok(told(&line, self.peer, self.now, false));
        };
        if !self.changes(line.decision(self.peer, self.now)) {
            return Ok(told(&line, self.peer, self.now, false));
        }
        let line_key = customer_id.as_str().to_owned();
        let fresh = LineSession::start(customer_id, prefix, self.now);
        let (session, action) = match self.wish {
            Wish::Connect => (fresh, "line-session.start"),
            Wish::Decline => (fresh.ended(SessionEndReason::Declined, self.now), "line-session.decline"),
        };
        put(tx, &line_key, &session).await?;
        forget_unregistered(tx, &line_key, &line).await?;
        mark_changed(tx, &line_key, change).await?;
        let actor = format!("line:{prefix}");
        let detail = format!("prefix={prefix}");
        let act = Act { actor: &actor, action, outcome: "done", line_key: &line_key, detail };
        audit(tx, chains, &institutions, self.now, act).await?;
        let after = at(tx, self.peer).await?.map_or(line, |(line, _)| line);
        Ok(told(&after, self.peer, self.now, true))
    }
}

fn told(line: &LineRecord, peer: IpAddr, now: Instant, changed: bool) -> LineAnswer {
    let institution_code = Some(line.institution_code.clone());
    LineAnswer { decision: Some(line.decision(peer, now)), institution_code, changed }
}

async fn put(tx: &Tx<'_>, line_key: &str, session: &LineSession) -> Result<()> {
    let prefix = session.prefix.to_string();
    let row = bind![
        line_key,
        &prefix,
        session.started_at.0,
        session.valid_until.0,
        session.end.map(|end| end.at.0),
        session.end.map(|end| reason_name(end.reason)),
    ];
    tx.execute(PUT, row).await.map(drop)
}

/// Sessions of prefixes the line no longer has were kept to say why it is not connected; a new one says more.
async fn forget_unregistered(tx: &Tx<'_>, line_key: &str, line: &LineRecord) -> Result<()> {
    for session in line.sessions.iter().filter(|session| !line.prefixes.contains(&session.prefix)) {
        forget(tx, line_key, session.prefix).await?;
    }
    Ok(())
}

/// Removes a session's row.
pub(super) async fn forget(tx: &Tx<'_>, line_key: &str, prefix: AddressPrefix) -> Result<()> {
    tx.execute(FORGET, bind![line_key, &prefix.to_string()]).await.map(drop)
}

/// Why a session ends, by whose act.
pub(super) struct Ending<'a> {
    pub(super) reason: SessionEndReason,
    pub(super) actor: &'a str,
    pub(super) now: Instant,
}

/// Ends those of the sessions that are open, with an audit entry for each; returns how many ended.
pub(super) async fn end(
    tx: &Tx<'_>,
    chains: &mut Chains,
    line_key: &str,
    sessions: impl Iterator<Item = &LineSession>,
    ending: &Ending<'_>,
) -> Result<usize> {
    let open: Vec<&LineSession> = sessions.filter(|session| session.end.is_none()).collect();
    if open.is_empty() {
        return Ok(0);
    }
    let served: Vec<InstitutionCode> =
        of_line(tx, line_key).await?.into_iter().map(|one| one.institution_code).collect();
    let outcome = reason_name(ending.reason);
    for session in &open {
        let prefix = session.prefix.to_string();
        tx.execute(END, bind![ending.now.0, outcome, line_key, &prefix]).await?;
        let detail = format!("prefix={prefix}");
        let act = Act { actor: ending.actor, action: "line-session.end", outcome, line_key, detail };
        audit(tx, chains, &served, ending.now, act).await?;
    }
    Ok(open.len())
}

struct EndAll {
    institution: InstitutionCode,
    actor: String,
    now: Instant,
}

impl Write for EndAll {
    type Output = usize;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<usize> {
        let change = next_change(tx).await?;
        let Some(customer) = of_institution(tx, &self.institution).await? else { return Ok(0) };
        let Some(line_key) = customer.line_key.clone() else { return Ok(0) };
        let line = whole(tx, customer).await?;
        let ending = Ending { reason: SessionEndReason::Operator, actor: &self.actor, now: self.now };
        let ended = end(tx, chains, &line_key, line.sessions.iter(), &ending).await?;
        mark_changed(tx, &line_key, change).await?;
        Ok(ended)
    }
}

struct Used {
    institution: InstitutionCode,
    peer: IpAddr,
    now: Instant,
}

impl Write for Used {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let change = next_change(tx).await?;
        let Some(customer) = of_institution(tx, &self.institution).await? else { return Ok(false) };
        let Some(line_key) = customer.line_key.clone() else { return Ok(false) };
        let line = whole(tx, customer).await?;
        if !matches!(line.decision(self.peer, self.now), LineDecision::Connected { .. }) {
            return Ok(false);
        }
        let Some(session) = line.session_for(self.peer) else { return Ok(false) };
        let used = session.clone().used(self.now);
        if used == *session {
            return Ok(false);
        }
        put(tx, &line_key, &used).await?;
        mark_changed(tx, &line_key, change).await?;
        let detail = format!("prefix={}", used.prefix);
        let actor = format!("line:{}", used.prefix);
        let act =
            Act { actor: &actor, action: "line-session.renew", outcome: "done", line_key: &line_key, detail };
        let institutions: Vec<_> =
            of_line(tx, &line_key).await?.into_iter().map(|one| one.institution_code).collect();
        audit(tx, chains, &institutions, self.now, act).await?;
        Ok(true)
    }
}

impl Store {
    /// 「希望する」 from an address: connects its line, unless it is connected or needs no session.
    ///
    /// # Errors
    /// Any read or write error of the store.
    pub async fn connect_line(&self, peer: IpAddr, now: Instant) -> Result<LineAnswer> {
        self.press(peer, Wish::Connect, now).await
    }

    /// 「希望しない」 from an address: leaves its line unconnected. A connected line stays connected.
    ///
    /// # Errors
    /// Any read or write error of the store.
    pub async fn decline_line(&self, peer: IpAddr, now: Instant) -> Result<LineAnswer> {
        self.press(peer, Wish::Decline, now).await
    }

    async fn press(&self, peer: IpAddr, wish: Wish, now: Instant) -> Result<LineAnswer> {
        let Some(line) = self.line_at(peer).await? else { return Ok(LineAnswer::STRANGER) };
        self.write(Press { institution: line.institution_code, peer, wish, now }).await
    }

    /// Ends every open session of an institution's line by the operator's word; returns how many there were.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn end_line_sessions(
        &self,
        institution: &InstitutionCode,
        actor: &str,
        now: Instant,
    ) -> Result<usize> {
        self.write(EndAll { institution: institution.clone(), actor: actor.to_owned(), now }).await
    }

    /// Says that a connected line was used, which renews a session with less than half of its time left; returns
    /// whether it did.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn use_line(&self, institution: &InstitutionCode, peer: IpAddr, now: Instant) -> Result<bool> {
        self.write(Used { institution: institution.clone(), peer, now }).await
    }
}
