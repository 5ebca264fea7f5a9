//! One mail as the mail server gets it.

use std::time::{Duration, SystemTime};

use eligibility::Instant;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, header};
use store::NewMail;

/// Programs answer no mail that says this of itself (RFC 3834).
#[derive(Clone, Debug)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The message; `None` when the recipient is no address.
pub(super) fn message(sender: &Mailbox, mail: &NewMail, text: &str, now: Instant) -> Option<Message> {
    let date = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).ok()?);
    // The same mail sent again has the same id, whatever its id in the outbox is made of.
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, mail.mail_id.as_bytes());
    let id = format!("<{}@{}>", hex::encode(&digest.as_ref()[..16]), sender.email.domain());
    Message::builder()
        .from(sender.clone())
        .to(Mailbox::new(None, mail.recipient.parse().ok()?))
        .subject(mail.subject_line.clone())
        .message_id(Some(id))
        .date(date)
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(text.to_owned())
        .ok()
}
