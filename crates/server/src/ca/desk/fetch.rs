//! Fetching a certificate with the letter.

use eligibility::Instant;
use eligibility::institution_certificate::TerminalName;
use eligibility::retrieval::{FilePassword, RetrievalNumber, RetrievalOutcome, RetrievalSecret};
use pki::csr::{self, KeyStanding};
use store::audit::AuditEvent;
use store::{Denial, StoredRetrieval};
use wire::institution_certificate::CertificateSubject;

use super::kept_file::FileMark;
use super::{CertificateOrder, Desk, Issued, new_key, subject};
use crate::ca::{NotIssued, Refusal};

/// How a certificate is wanted.
#[derive(Clone, Debug)]
pub enum How {
    /// It is only asked whom the letter is for.
    About,
    /// With a key made on the terminal: PKCS#10, PEM.
    Request(String),
    /// As PKCS#12, with a key that the authority makes and never stores.
    File {
        /// The file is written under this.
        password: FilePassword,
        /// The one-time id of the form, where there is one: the same form gets the same file for some minutes.
        form: Option<String>,
    },
}

/// What a letter opened.
#[derive(Clone)]
pub struct Fetched {
    /// Whom the certificate is for.
    pub subject: CertificateSubject,
    /// The certificate, unless it was only asked about.
    pub issued: Option<Issued>,
    /// Key and certificate as PKCS#12, where that was wanted.
    pub file: Option<Vec<u8>>,
}

impl Fetched {
    /// The last moment of the certificate.
    #[must_use]
    pub fn not_after(&self) -> Option<Instant> {
        self.issued.as_ref().map(|issued| issued.certificate.period.not_after)
    }
}

impl std::fmt::Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetched").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl Desk {
    /// Counts the try, durably; compares; hands out. Who has the right secret gets the try back, whatever comes of it:
    /// five are for guesses.
    ///
    /// # Errors
    /// [`Refusal::Retrieval`], [`Refusal::Request`] or a fault.
    pub async fn fetch(
        &self,
        number: &RetrievalNumber,
        secret: &RetrievalSecret,
        how: How,
    ) -> Result<Fetched, NotIssued> {
        let now = self.clock.now();
        let (known, outcome) = self.judged(number, secret, now).await?;
        let fetched = match known.posted {
            true => {
                let _turn = self.turns.of(&known.order_id).await;
                self.hand_out(number, &known, outcome, &how).await
            }
            // Nobody but the operator's people can have seen it yet.
            false => Err(Refusal::NotPosted.into()),
        };
        if let Err(NotIssued::Refused(refusal)) = &fetched {
            self.note(&known, refusal, now).await?;
        }
        fetched
    }

    /// The right ones come one after the other and give their try back before any work begins, so that however many
    /// come at once, and wherever the line is cut, none of them uses up a try.
    async fn judged(
        &self,
        number: &RetrievalNumber,
        secret: &RetrievalSecret,
        now: Instant,
    ) -> Result<(StoredRetrieval, RetrievalOutcome), NotIssued> {
        let _turn = self.turns.of(number.as_str()).await;
        let counted = self.store.count_retrieval_try(number, now).await?;
        let known = counted.known.as_ref();
        let right = self.secrets.matches(number, secret, known.map(|known| &known.secret_hash));
        let retrieval = known.map(|known| &known.retrieval);
        let outcome = RetrievalOutcome::of(counted.before, retrieval, right, now);
        let Some(known) = counted.known else {
            return Err(Refusal::Retrieval(outcome).into());
        };
        if !right {
            let refusal = Refusal::Retrieval(outcome);
            self.note(&known, &refusal, now).await?;
            return Err(refusal.into());
        }
        self.store.give_retrieval_try_back(number).await?;
        Ok((known, outcome))
    }

    async fn hand_out(
        &self,
        number: &RetrievalNumber,
        known: &StoredRetrieval,
        outcome: RetrievalOutcome,
        how: &How,
    ) -> Result<Fetched, NotIssued> {
        // A lost answer is asked for again, with the same key or the same form; whose letter it is, is asked before.
        let repeated = outcome == RetrievalOutcome::AlreadyRetrieved;
        if outcome != RetrievalOutcome::Granted && !repeated {
            return Err(Refusal::Retrieval(outcome).into());
        }
        let subject = self.whom(known).await?;
        match how {
            How::About => Ok(Fetched { subject, issued: None, file: None }),
            How::Request(request) => {
                let order = order(known, number, checked(known, request)?);
                let issued = if repeated { self.again(&order).await? } else { self.issue(order).await? };
                Ok(Fetched { subject, issued: Some(issued), file: None })
            }
            How::File { password, form } => {
                let mark = match form {
                    Some(form) => Some(self.file_mark(&known.order_id, form, password).await?),
                    None => None,
                };
                let kept = self.kept_file(&known.institution_code, mark.as_ref()).await?;
                let (issued, file) = match kept {
                    Some(file) => (None, file),
                    None if repeated => return Err(Refusal::Retrieval(outcome).into()),
                    None => self.first_file(number, known, password, mark.as_ref()).await?,
                };
                Ok(Fetched { subject, issued, file: Some(file) })
            }
        }
    }

    async fn first_file(
        &self,
        number: &RetrievalNumber,
        known: &StoredRetrieval,
        password: &FilePassword,
        mark: Option<&FileMark>,
    ) -> Result<(Option<Issued>, Vec<u8>), NotIssued> {
        let key = new_key()?;
        let order = order(known, number, key.public_key().clone());
        match self.issue_into_file(order, (key, password), mark).await {
            Ok((issued, file)) => Ok((Some(issued), file)),
            // Another process was faster with the same form, perhaps.
            Err(NotIssued::Refused(Refusal::OrderDone)) => {
                let kept = self.kept_file(&known.institution_code, mark).await?;
                kept.map(|file| (None, file)).ok_or_else(|| Refusal::OrderDone.into())
            }
            Err(other) => Err(other),
        }
    }

    async fn again(&self, order: &CertificateOrder) -> Result<Issued, NotIssued> {
        let done = self.store.certificate_of_order(&order.institution, &order.order_id).await?;
        let done = done.ok_or(Refusal::OrderDone)?;
        self.given_again(order, &done.serial).await
    }

    async fn whom(&self, known: &StoredRetrieval) -> Result<CertificateSubject, NotIssued> {
        let terminal_name = TerminalName::of_certificate(&known.terminal_name)
            .map_err(|_| store::Error::Malformed { what: "terminal_name" })?;
        Ok(CertificateSubject {
            institution_code: known.institution_code.clone(),
            institution_name: self.name_of(&known.institution_code).await?,
            terminal_name,
            uses: known.uses,
        })
    }

    /// Somebody was refused with a number that a letter has: its institution's log tells of it.
    async fn note(&self, known: &StoredRetrieval, refusal: &Refusal, now: Instant) -> Result<(), NotIssued> {
        let denial = Denial {
            institution_code: known.institution_code.clone(),
            source: format!("letter:{}", known.order_id),
            audit: AuditEvent {
                actor: "letter".to_owned(),
                action: "certificate.fetch".to_owned(),
                object: format!("order:{}", known.order_id),
                outcome: format!("denied:{}", refusal.code()),
                detail: String::new(),
            },
            recorded_at: now,
        };
        Ok(self.store.record_denied(denial).await?)
    }
}

/// The key of a request whose subject, key and signature are right; whether it is new is the store's to say.
fn checked(known: &StoredRetrieval, request: &str) -> Result<pki::keys::PublicKey, NotIssued> {
    let expected = subject(&known.institution_code, &known.terminal_name)?;
    Ok(csr::check_pem(request, &expected)?.accept(KeyStanding::New)?)
}

fn order(known: &StoredRetrieval, number: &RetrievalNumber, key: pki::keys::PublicKey) -> CertificateOrder {
    CertificateOrder {
        institution: known.institution_code.clone(),
        order_id: known.order_id.clone(),
        terminal_name: known.terminal_name.clone(),
        uses: known.uses,
        key,
        predecessor: None,
        retrieval_number: Some(number.clone()),
        actor: "letter".to_owned(),
    }
}
