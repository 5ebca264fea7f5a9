//! The record of an attempt at what is not allowed, for every door that looks at a terminal's certificate.

use store::audit::AuditEvent;
use store::{Denial, Store};

use super::refusal::Refusal;
use crate::clock::Clock;
use crate::listener::identity::AskingTerminal;

/// Records a refusal if it is of that kind, at most so many of one certificate and reason, and says what to answer:
/// the refusal, or that it could not be recorded.
pub(crate) async fn record(
    store: &Store,
    clock: &Clock,
    terminal: &AskingTerminal,
    action: &str,
    refusal: Refusal,
) -> Refusal {
    if !refusal.is_denial() {
        return refusal;
    }
    let source = format!("certificate:{}", terminal.fingerprint);
    // What was refused: a card, so that an investigator finds it again at other places, or the terminal itself.
    let (object, detail) = match &refusal.card {
        Some(digest) => (format!("card:{digest}"), source.clone()),
        None => (source.clone(), String::new()),
    };
    let denial = Denial {
        institution_code: terminal.institution_code.clone(),
        source,
        audit: AuditEvent {
            actor: format!("terminal:{}", terminal.terminal_name),
            action: action.to_owned(),
            object,
            outcome: format!("denied:{}", refusal.code.internal_name()),
            detail,
        },
        recorded_at: clock.now(),
    };
    match store.record_denied(denial).await {
        Ok(()) => refusal,
        Err(error) => Refusal::write_failed(&error),
    }
}
