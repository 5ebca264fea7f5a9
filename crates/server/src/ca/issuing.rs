//! Carries out what was approved: a letter for each 電子証明書発行申請, a revocation for each 失効申請.
//!
//! Each is one transaction with the application's completion, so whatever ends this work, it goes on where it was:
//! nothing is done twice, nothing is left out. The certificate itself is signed when it is fetched.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eligibility::application::{ApplicationContent, ApplicationKind};
use store::{ApprovedApplication, Obstacle, Revoked};

use super::letters::{LetterDesk, LetterFor, Written};
use super::{Desk, NotIssued};

/// Applications taken at once.
const BATCH: u32 = 50;
/// An application that cannot be carried out is told of in the log this often.
const REMINDER: Duration = Duration::from_secs(600);
/// Days a letter waits to be posted before it is wiped.
const LETTER_DAYS: i64 = 14;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Rows one tidying step touches at most.
const TIDY_STEP: u32 = 500;

/// Carries out what was approved.
pub struct Issuing {
    desk: Arc<Desk>,
    letters: LetterDesk,
    /// Applications that could not be carried out, and when that was told.
    stuck: Mutex<HashMap<String, Instant>>,
}

impl Issuing {
    /// Works for this desk.
    #[must_use]
    pub fn new(desk: Arc<Desk>, letters: LetterDesk) -> Self {
        Self { desk, letters, stuck: Mutex::default() }
    }

    /// Carries out everything approved; gives how many were.
    ///
    /// # Errors
    /// A fault; what was carried out until then stays.
    pub async fn run(&self) -> Result<usize, NotIssued> {
        let store = self.desk.store();
        let mut done = 0;
        for application in store.approved_applications(ApplicationKind::CertificateRevocation, BATCH).await? {
            done += usize::from(self.revoke(&application).await?);
        }
        for application in store.approved_applications(ApplicationKind::CertificateIssue, BATCH).await? {
            done += usize::from(self.letter(&application).await?);
        }
        Ok(done)
    }

    /// Wipes letters that nobody posted, files whose minutes are over, and counts of numbers that no letter has.
    ///
    /// # Errors
    /// Whatever writing to the store meets.
    pub async fn tidy(&self) -> Result<(), NotIssued> {
        let now = self.desk.clock().now();
        let store = self.desk.store();
        store.wipe_letters(eligibility::Instant(now.0 - LETTER_DAYS * DAY_MS), TIDY_STEP).await?;
        let letters_end = i64::from(eligibility::retrieval::RETRIEVAL_DAYS) * DAY_MS;
        store.wipe_certificate_files(now, TIDY_STEP).await?;
        store.forget_retrieval_tries(eligibility::Instant(now.0 - letters_end), TIDY_STEP).await?;
        Ok(())
    }

    async fn letter(&self, application: &ApprovedApplication) -> Result<bool, NotIssued> {
        let ApplicationContent::CertificateIssue(content) = &application.content else { return Ok(false) };
        let letter = LetterFor {
            institution: application.institution.clone(),
            order_id: application.id.as_str().to_owned(),
            application: Some(application.id.clone()),
            terminal_name: content.terminal_name.as_str().to_owned(),
            uses: content.uses,
        };
        // One that cannot be written must not stop those behind it.
        match self.letters.write(&self.desk, &letter).await {
            Ok(Written::Filed) => Ok(true),
            Ok(Written::Before) => Ok(false),
            Ok(Written::NoAddress) => {
                self.remind(application, Obstacle::NoAddress, "the register of institutions has no address")
                    .await?;
                Ok(false)
            }
            Err(NotIssued::Signing(error)) => {
                self.remind(application, Obstacle::LetterNotWritten, &error.to_string()).await?;
                Ok(false)
            }
            Err(other) => Err(other),
        }
    }

    async fn revoke(&self, application: &ApprovedApplication) -> Result<bool, NotIssued> {
        let ApplicationContent::CertificateRevocation(content) = &application.content else {
            return Ok(false);
        };
        let actor = format!("application:{}", application.id.as_str());
        let id = Some(application.id.clone());
        let serial = content.serial.as_str();
        let institution = &application.institution;
        match self.desk.revoke(institution, serial, content.reason, &actor, id).await? {
            Revoked::Now | Revoked::Before(_) => Ok(true),
            Revoked::NotApproved => Ok(false),
            Revoked::Unknown => {
                let why = "the institution has no such certificate";
                self.remind(application, Obstacle::NoSuchCertificate, why).await?;
                Ok(false)
            }
        }
    }

    /// On the operator's page for as long as it lasts, in the log now and then.
    async fn remind(
        &self,
        application: &ApprovedApplication,
        obstacle: Obstacle,
        reason: &str,
    ) -> Result<(), NotIssued> {
        let (store, now) = (self.desk.store(), self.desk.clock().now());
        let known = store.obstacle(&application.institution, &application.id).await?;
        if known.is_none_or(|(known, _)| known != obstacle) {
            store.note_obstacle(&application.institution, &application.id, obstacle, now).await?;
        }
        self.log(application, reason);
        Ok(())
    }

    fn log(&self, application: &ApprovedApplication, reason: &str) {
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, id) = (Instant::now(), application.id.as_str());
        if stuck.get(id).is_none_or(|told| now.duration_since(*told) >= REMINDER) {
            tracing::warn!(institution = %application.institution, application = id, reason,
                "an approved application cannot be carried out yet");
            stuck.insert(id.to_owned(), now);
        }
    }
}

impl std::fmt::Debug for Issuing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Issuing")
    }
}
