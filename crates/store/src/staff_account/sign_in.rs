//! One session at a time: a second one takes the place of the first only when its holder says so.

use eligibility::Instant;

use super::{Place, StaffAccount};
use crate::{
    Result, Store, TokenHash, WebSession,
    audit::{AuditEvent, Chains},
    engine::{Tx, bind},
    job::Write,
    web_session,
};

/// A session that is to begin.
pub struct NewStaffSession {
    /// The account, as it was read.
    pub account: StaffAccount,
    /// The hash of the session's secret.
    pub token: TokenHash,
    /// The session.
    pub session: WebSession,
    /// The session that it follows, if any: the same browser's.
    pub replaced: Option<TokenHash>,
    /// A session that was not used since then is none any more.
    pub live_since: Instant,
    /// Whether another session is to end for it.
    pub take_over: bool,
    /// How it was proven and where: e.g. `by=password terminal=受付1`.
    pub detail: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffSession {
    /// It began.
    Begun,
    /// Another one lives.
    Occupied,
    /// The account was stopped or its password changed meanwhile.
    Closed,
}

/// Holds the account's row until the commit, so that of two sign-ins at once the second sees the first.
const HOLD: &str = "UPDATE institution_account SET changed_at = changed_at WHERE institution_code = $1 \
     AND user_id = $2 AND stopped_at IS NULL AND password_hash = $3";
const SIGNED_IN: &str = "UPDATE institution_account SET last_sign_in_at = $1 \
     WHERE institution_code = $2 AND user_id = $3";
const OTHERS: &str = "SELECT token_hash FROM web_session WHERE subject = $1 AND stage = $2 AND ends_at > $3 \
     AND seen_at > $4";

struct Begin(NewStaffSession);

impl Write for Begin {
    type Output = StaffSession;

    fn key(&self) -> &str {
        self.0.account.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<StaffSession> {
        let NewStaffSession { account, token, session, replaced, live_since, take_over, detail } = &self.0;
        let place = Place { institution: account.institution_code.clone(), user_id: account.user_id.clone() };
        let code = place.institution.as_str();
        let now = session.began_at;
        if tx.execute(HOLD, bind![code, &place.user_id, account.password_hash.as_deref()]).await? == 0 {
            return Ok(StaffSession::Closed);
        }
        let row = bind![&session.subject, "full", now.0, live_since.0];
        let mut others = tx.query(OTHERS, row, |row| row.bytes::<32>(0, "token_hash")).await?;
        others.retain(|other| Some(other) != replaced.as_ref());
        if !others.is_empty() && !take_over {
            return Ok(StaffSession::Occupied);
        }
        web_session::end_others(tx, &session.subject, None).await?;
        web_session::put(tx, token, session).await?;
        tx.execute(SIGNED_IN, bind![now.0, code, &place.user_id]).await?;
        let event = |action: &str, detail: String| AuditEvent {
            actor: session.actor(),
            action: action.to_owned(),
            object: session.actor(),
            outcome: "done".to_owned(),
            detail,
        };
        if !others.is_empty() {
            let ended = event("account.take-over", format!("ended={} {detail}", others.len()));
            chains.append(tx, code, now, &ended).await?;
        }
        chains.append(tx, code, now, &event("account.sign-in", detail.clone())).await?;
        Ok(StaffSession::Begun)
    }
}

impl Store {
    /// Begins a session of an account of an institution and ends all its others, audited; refused while another one
    /// lives unless that is to be taken over.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn begin_staff_session(&self, new: NewStaffSession) -> Result<StaffSession> {
        self.write(Begin(new)).await
    }
}
