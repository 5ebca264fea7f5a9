//! Mail: what stands in the outbox goes out by SMTP, and is tried again until it is given up.
//!
//! A mail is claimed durably before it is sent. When the process dies between the mail server's yes and our note of it,
//! the mail goes out twice with the same `Message-ID`; it is never lost.

mod letter;

use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport as _, Tokio1Executor};
use store::{DueMail, MailOutcome, MailText, Store};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::web::seal::{Seal, SealError};

/// Pause between two looks into the outbox.
const PAUSE: Duration = Duration::from_secs(1);
/// Mails taken at one look.
const AT_ONCE: u32 = 20;
/// Time a mail server gets for one mail.
const PATIENCE: Duration = Duration::from_secs(30);
/// Minutes until the next try, after each; then it is given up.
const BACKOFF_MINUTES: &[i64] = &[1, 5, 15, 60, 240, 720, 1440];

/// Why the postman cannot work.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The address of the mail server is not one.
    #[error("the mail server must be smtp://HOST:PORT, smtps://HOST or smtp://HOST?tls=required: {0}")]
    Server(String),
    /// What is sent could be read on its way.
    #[error("mail to {0} would leave this machine unencrypted, with the links that let people in")]
    Open(String),
    /// The sender is no mail address.
    #[error("the sender is no mail address")]
    Sender,
}

/// What is done about a mail server that mail would reach unencrypted.
pub const REMEDY: &str = "write smtps://USER:PASSWORD@HOST or smtp://HOST:PORT?tls=required; smtp:// without TLS only \
                          to a mail server on 127.0.0.1, ::1 or localhost";

/// That mail to this server is encrypted, or does not leave the machine.
///
/// # Errors
/// [`MailError::Open`], or [`MailError::Server`] for what is no address.
pub fn must_be_private(server: &str) -> Result<(), MailError> {
    let uri: Uri = server.parse().map_err(|_| MailError::Server("it is not an address".to_owned()))?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let encrypted = match uri.scheme_str().map(str::to_ascii_lowercase).as_deref() {
        Some("smtps") => true,
        // "opportunistic" would do without, if somebody on the way says so.
        Some("smtp") => uri.query() == Some("tls=required"),
        _ => return Err(MailError::Server("it is neither smtp:// nor smtps://".to_owned())),
    };
    let here = host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if encrypted || here { Ok(()) } else { Err(MailError::Open(host)) }
}

/// Sends what stands in the outbox.
pub struct Postman {
    store: Store,
    clock: Clock,
    seal: Option<Arc<Seal>>,
    server: AsyncSmtpTransport<Tokio1Executor>,
    sender: lettre::message::Mailbox,
}

impl std::fmt::Debug for Postman {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Postman")
    }
}

impl Postman {
    /// With a mail server's address (`smtps://`, `smtp://…?tls=required` for STARTTLS, or `smtp://` on this machine) and the
    /// sender, e.g. `オンライン資格確認 <no-reply@example.jp>`. Mails with a link are opened with `seal`.
    ///
    /// # Errors
    /// [`MailError`].
    pub fn new(
        store: Store,
        clock: Clock,
        seal: Option<Arc<Seal>>,
        server: &str,
        sender: &str,
    ) -> Result<Self, MailError> {
        must_be_private(server)?;
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(server)
            .map_err(|error| MailError::Server(error.to_string()))?
            .timeout(Some(PATIENCE))
            .build();
        let sender = sender.parse().map_err(|_| MailError::Sender)?;
        Ok(Self { store, clock, seal, server, sender })
    }

    /// Works until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.deliver_due().await {
                tracing::error!(%error, "the outbox could not be read");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// Sends what is due now.
    ///
    /// # Errors
    /// Whatever the store meets.
    pub async fn deliver_due(&self) -> Result<(), store::Error> {
        for due in self.store.due_mails(self.clock.now(), AT_ONCE).await? {
            self.deliver(&due).await?;
        }
        Ok(())
    }

    /// The text; `None` when it was sealed with a key that is not ours.
    fn open(&self, due: &DueMail) -> Option<Zeroizing<String>> {
        match &due.mail.text {
            MailText::Open(text) => Some(Zeroizing::new(text.clone())),
            MailText::Sealed(sealed) => {
                let opened = self.seal.as_ref()?.open(&owner(&due.mail.mail_id), sealed).ok()?;
                std::str::from_utf8(&opened).ok().map(|text| Zeroizing::new(text.to_owned()))
            }
        }
    }

    async fn deliver(&self, due: &DueMail) -> Result<(), store::Error> {
        let now = self.clock.now();
        let tried = usize::try_from(due.tries).unwrap_or(usize::MAX);
        let last = BACKOFF_MINUTES.len() <= tried;
        let wait = BACKOFF_MINUTES.get(tried).or(BACKOFF_MINUTES.last()).copied().unwrap_or(1);
        let until = eligibility::Instant(now.0.saturating_add(wait * 60 * 1000));
        if !self.store.claim_mail(due, now, until).await? {
            return Ok(());
        }
        let outcome = match self.open(due) {
            None => MailOutcome::GivenUp { reason: "sealed with another key".to_owned() },
            Some(text) => match letter::message(&self.sender, &due.mail, &text, now) {
                Some(message) => match self.server.send(message).await {
                    Ok(_) => MailOutcome::Sent,
                    Err(error) => refused(&error, last),
                },
                None => MailOutcome::GivenUp { reason: "not an address".to_owned() },
            },
        };
        match &outcome {
            MailOutcome::Sent => metrics::counter!("shikaku_mails_total", "outcome" => "sent").increment(1),
            MailOutcome::Failed { reason } => {
                metrics::counter!("shikaku_mails_total", "outcome" => "failed").increment(1);
                tracing::warn!(
                    mail = due.mail.mail_id,
                    reason,
                    "a mail could not be sent; it is tried again"
                );
            }
            MailOutcome::GivenUp { reason } => {
                metrics::counter!("shikaku_mails_total", "outcome" => "given_up").increment(1);
                tracing::error!(mail = due.mail.mail_id, reason, "a mail was given up");
            }
        }
        self.store.settle_mail(&due.mail.mail_id, outcome, self.clock.now()).await
    }
}

/// A mail's text, sealed for the outbox: it may hold a link that lets somebody in.
pub(crate) fn sealed(seal: &Seal, mail_id: &str, text: &str) -> Result<MailText, SealError> {
    seal.seal(&owner(mail_id), text.as_bytes()).map(MailText::Sealed)
}

/// Whose seal it is: one mail's text is nothing in another mail.
fn owner(mail_id: &str) -> String {
    format!("mail:{mail_id}")
}

/// What the mail server's answer comes to. Its words are left out: they often repeat the address.
fn refused(error: &lettre::transport::smtp::Error, last: bool) -> MailOutcome {
    let reason = match error.status() {
        Some(code) => format!("smtp {code}"),
        None if error.is_timeout() => "timeout".to_owned(),
        None => "no connection".to_owned(),
    };
    if last || error.is_permanent() {
        MailOutcome::GivenUp { reason }
    } else {
        MailOutcome::Failed { reason }
    }
}
