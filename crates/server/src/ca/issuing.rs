//! Carries out what was approved: a letter for each 電子証明書発行申請, a revocation for each 失効申請.
//!
//! Each is one transaction with the application's completion, so whatever ends this work, it goes on where it was:
//! nothing is done twice, nothing is left out. The certificate itself is signed when it is fetched.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eligibility::application::{ApplicationContent, ApplicationKind};
use eligibility::institution_certificate::{letter_wish_over_before, posting_overdue_before};
use store::{ApprovedApplication, Obstacle, Revoked};

use super::letters::{LetterDesk, LetterFor, Written};
use super::{Desk, NotIssued};

/// Applications taken at once.
const BATCH: u32 = 50;
/// So often in one go, so that letters of one kind do not hold up everything else.
const ROUNDS: usize = 20;
/// An application that cannot be carried out is told of in the log this often.
const REMINDER: Duration = Duration::from_secs(600);
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

    /// Carries out everything approved; gives how many were. What cannot be carried out is noted, and comes after
    /// everything else until its pause is over: however much is stuck, it keeps nobody waiting.
    ///
    /// # Errors
    /// A fault; what was carried out until then stays.
    pub async fn run(&self) -> Result<usize, NotIssued> {
        let mut done = 0;
        for kind in [ApplicationKind::CertificateRevocation, ApplicationKind::CertificateIssue] {
            for _ in 0..ROUNDS {
                let now = self.desk.clock().now();
                let batch = self.desk.store().approved_applications_due(kind, now, BATCH).await?;
                for application in &batch {
                    done += usize::from(match kind {
                        ApplicationKind::CertificateRevocation => self.revoke(application).await?,
                        _ => self.letter(application).await?,
                    });
                }
                if batch.len() < BATCH as usize {
                    break;
                }
            }
        }
        Ok(done + self.letters_again().await?)
    }

    /// Writes letters in the place of void ones. What cannot be written pauses, so that however much is stuck the others
    /// come in; after a month it is asked for no longer.
    async fn letters_again(&self) -> Result<usize, NotIssued> {
        let mut done = 0;
        let now = self.desk.clock().now();
        for wanted in self.desk.store().letters_wanted(now, TIDY_STEP).await? {
            let over = wanted.asked_at < letter_wish_over_before(now);
            let letter = LetterFor {
                institution: wanted.institution_code,
                order_id: wanted.order_id,
                application: None,
                in_place_of: Some(wanted.in_place_of),
                terminal_name: wanted.terminal_name,
                uses: wanted.uses,
            };
            let why = match self.letters.write(&self.desk, &letter).await {
                Ok(Written::Filed) => {
                    done += 1;
                    continue;
                }
                Ok(Written::Before) => {
                    self.no_letter_again(&letter).await?;
                    continue;
                }
                Ok(Written::NoAddress) => "the register of institutions has no address".to_owned(),
                Err(error) if is_its_own(&error) => error.to_string(),
                Err(other) => return Err(other),
            };
            if over {
                self.no_letter_again(&letter).await?;
                continue;
            }
            let old = letter.in_place_of.as_deref().unwrap_or_default();
            self.desk.store().note_letter_stuck((&letter.institution, old), now).await?;
            tracing::warn!(institution = %letter.institution, letter = old, why,
                "another letter cannot be written yet");
        }
        Ok(done)
    }

    /// Another letter that may never be written is asked for no longer: who asked may ask once more when things changed.
    async fn no_letter_again(&self, letter: &LetterFor) -> Result<(), NotIssued> {
        let (store, now) = (self.desk.store(), self.desk.clock().now());
        let old = letter.in_place_of.as_deref().unwrap_or_default();
        if store.forget_letter_wanted((&letter.institution, old), now).await? {
            tracing::warn!(institution = %letter.institution, letter = old,
                "another letter is not written: who applied was stopped, the order has its letter, or a month was in vain");
        }
        Ok(())
    }

    fn stuck(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes letters void that nobody posted, wipes files whose minutes are over, and counts of numbers that no letter
    /// has.
    ///
    /// # Errors
    /// Whatever writing to the store meets.
    pub async fn tidy(&self) -> Result<(), NotIssued> {
        let now = self.desk.clock().now();
        let store = self.desk.store();
        let made_before = posting_overdue_before(now);
        for letter in store.letters_overdue(made_before, TIDY_STEP).await? {
            let which = (&letter.institution_code, letter.letter_id.as_str());
            if store.end_overdue_letter(which, made_before, now).await? {
                tracing::warn!(institution = %letter.institution_code, letter = letter.letter_id,
                    "a letter is void: nobody posted it in time");
            }
        }
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
            in_place_of: None,
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
            Err(error) if is_its_own(&error) => {
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
        store.note_obstacle(&application.institution, &application.id, obstacle, now).await?;
        self.log(application, reason);
        Ok(())
    }

    fn log(&self, application: &ApprovedApplication, reason: &str) {
        let mut stuck = self.stuck();
        let (now, id) = (Instant::now(), application.id.as_str());
        if stuck.get(id).is_none_or(|told| now.duration_since(*told) >= REMINDER) {
            tracing::warn!(institution = %application.institution, application = id, reason,
                "an approved application cannot be carried out yet");
            stuck.insert(id.to_owned(), now);
        }
    }
}

/// Whether it is the fault of what was to be done, not of what it is done with: others may fare better.
const fn is_its_own(error: &NotIssued) -> bool {
    use store::Error::{Malformed, NotFound, Refused};
    matches!(
        error,
        NotIssued::Signing(_)
            | NotIssued::Refused(_)
            | NotIssued::Store(Malformed { .. } | NotFound { .. } | Refused { .. })
    )
}

impl std::fmt::Debug for Issuing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Issuing")
    }
}
