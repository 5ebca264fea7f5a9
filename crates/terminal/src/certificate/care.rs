//! Looking after the certificate: installing, trying, switching, renewing.
//!
//! A new certificate lies beside the old one, the centre is asked something with it, and only when it answers well the
//! new one is used. Whatever is cut off on the way, the old one stays in use, and the same letter or renewal begun
//! again gets the same certificate, as the key for it was kept.

use std::{
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use eligibility::{
    Instant,
    calendar::tokyo_date,
    errors::ErrorCode,
    institution_certificate::CertificateStanding,
    retrieval::{RetrievalNumber, RetrievalSecret},
};
use pki::{TerminalSubject, csr};
use tokio_util::sync::CancellationToken;
use wire::institution_certificate::{
    CertificateStage, CertificateSubject, RenewalRequest, RetrievalRequest, StandingAnswer,
};

use super::{
    CertificateView, EXPORT_FOLDER, Facts, Fault, Held, IdentitySlot, Keeping, authority, export,
    held::HeldError,
    keeping::{Alone, Purpose, write_private},
    renewal,
};
use crate::{
    central::{CentralError, Identity, roots},
    config::Config,
};

use super::former::Change;

/// How often the folder is looked at for a certificate that another process installed.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often the centre is asked how the certificate stands.
const ASK_EVERY: Duration = Duration::from_secs(600);
/// How often while it does not stand well.
const ASK_EVERY_IN_TROUBLE: Duration = Duration::from_secs(30);

/// What the centre said last.
#[derive(Clone, Debug)]
pub struct Known {
    /// When it was asked.
    pub at: Instant,
    /// Which certificate it was asked with.
    pub fingerprint: String,
    /// What it said.
    pub answer: Result<StandingAnswer, CentralError>,
    /// The centre's clock less this machine's, ms.
    pub skew_ms: Option<i64>,
}

/// The one that looks after this terminal's certificate.
#[derive(Debug)]
pub struct Care {
    config: Config,
    keeping: Keeping,
    slot: IdentitySlot,
    known: Mutex<Option<Known>>,
    renewal_fault: Mutex<Option<Fault>>,
    /// One thing at a time within this process; the folder's lock is for others.
    busy: tokio::sync::Mutex<()>,
}

impl Care {
    /// Looks after the certificate in `slot`.
    #[must_use]
    pub fn new(config: Config, slot: IdentitySlot) -> Self {
        let keeping = Keeping::of(&config);
        let (known, renewal_fault) = (Mutex::default(), Mutex::default());
        Self { config, keeping, slot, known, renewal_fault, busy: tokio::sync::Mutex::default() }
    }

    /// For a command that is not the running terminal: the certificate is read from disk.
    ///
    /// # Errors
    /// [`Fault::Storage`] when it is there and cannot be read.
    pub fn of(config: Config) -> Result<Self, Fault> {
        let slot = IdentitySlot::new(Identity::find(&config)?);
        Ok(Self::new(config, slot))
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The certificate in use.
    #[must_use]
    pub fn facts(&self) -> Option<Facts> {
        self.slot.get().map(|identity| identity.facts().clone())
    }

    pub(super) const fn keeping(&self) -> &Keeping {
        &self.keeping
    }

    /// One's turn to change something, unless another is at it.
    pub(super) fn turn(&self) -> Result<tokio::sync::MutexGuard<'_, ()>, Fault> {
        self.busy.try_lock().map_err(|_| Fault::Busy)
    }

    pub(super) fn put_to_use(&self, identity: Identity) {
        self.slot.put(Some(identity));
    }

    pub(crate) fn identity(&self) -> Option<Arc<Identity>> {
        self.slot.get()
    }

    /// How it stands, by its dates and by what the centre said last.
    #[must_use]
    pub fn view(&self) -> CertificateView {
        let fault = self.renewal_fault.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let facts = self.facts();
        let known =
            self.known().filter(|known| facts.as_ref().is_some_and(|f| f.fingerprint == known.fingerprint));
        CertificateView::of(facts, known, &self.config.institution_code, authority::now(), fault)
    }

    /// What the centre said last.
    #[must_use]
    pub fn known(&self) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches and installs the certificate of a letter, with a key made here.
    ///
    /// # Errors
    /// [`Fault`]; the certificate in use stays in use then.
    pub async fn install_from_letter(&self, number: &str, secret: &str) -> Result<Facts, Fault> {
        let _busy = self.turn()?;
        let number = RetrievalNumber::parse(number)?;
        let secret = RetrievalSecret::parse(secret)?;
        let alone = self.keeping.alone()?;
        let about = RetrievalRequest::about(&number, &secret);
        let subject = self.subject_of(&authority::retrieve(&self.config, &about).await?.subject)?;
        let key = self.keeping.key_for(&alone, &Purpose::Letter(number.as_str().to_owned()))?;
        let request_pem = Some(csr::create_pem(&subject, &key).map_err(not_understood)?);
        let request = RetrievalRequest { request_pem, ..about };
        let answer = authority::retrieve(&self.config, &request).await?;
        let chain = answer.chain_pem.ok_or(Fault::NotUnderstood("no certificate in the answer".into()))?;
        self.take_over(&alone, Held::from_chain_pem(key, &chain)?).await
    }

    /// Installs a certificate from a PKCS#12 file, or a ZIP with one in it.
    ///
    /// # Errors
    /// [`Fault`]; the certificate in use stays in use then.
    pub async fn install_from_file(&self, file: Vec<u8>, password: String) -> Result<Facts, Fault> {
        let _busy = self.turn()?;
        let alone = self.keeping.alone()?;
        // Opening it costs a second of computing on purpose.
        let opened = tokio::task::spawn_blocking(move || export::read(&file, &password)).await;
        let held = opened.map_err(|error| Fault::Storage(error.to_string()))??;
        self.take_over(&alone, held).await
    }

    /// Renews the certificate in use, with a new key made here.
    ///
    /// # Errors
    /// [`Fault`]; the certificate in use stays in use then.
    pub async fn renew(&self) -> Result<Facts, Fault> {
        let _busy = self.turn()?;
        let alone = self.keeping.alone()?;
        self.reload()?;
        let identity = self.slot.get().ok_or(Fault::NothingInstalled)?;
        let facts = identity.facts();
        self.check_open(facts)?;
        let key = self.keeping.key_for(&alone, &Purpose::Renewal(facts.serial.clone()))?;
        let request_pem = csr::create_pem(&facts.subject, &key).map_err(not_understood)?;
        let central = &self.config.central;
        let answer = authority::renew(&identity, central, &RenewalRequest { request_pem }).await?;
        let renewed = self.take_over(&alone, Held::from_chain_pem(key, &answer.chain_pem)?).await;
        *self.renewal_fault.lock().unwrap_or_else(PoisonError::into_inner) = renewed.clone().err();
        renewed
    }

    /// Asks the centre how the certificate in use stands.
    pub async fn ask(&self) {
        let Some(identity) = self.slot.get() else { return };
        let asked = authority::standing(&identity, &self.config.central).await;
        let known = Known {
            at: authority::now(),
            fingerprint: identity.fingerprint().to_owned(),
            answer: asked.answer,
            skew_ms: asked.skew_ms,
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    /// Key and certificate as PKCS#12 (AES-256), to be kept in a safe place or imported into a browser.
    ///
    /// # Errors
    /// [`Fault::NothingInstalled`], [`Fault::WeakPassword`].
    pub async fn export(&self, password: String) -> Result<Vec<u8>, Fault> {
        let identity = self.slot.get().ok_or(Fault::NothingInstalled)?;
        let roots = super::certificates(&self.config.central.ca_file)?;
        let written = tokio::task::spawn_blocking(move || export::write(identity.held(), &roots, &password));
        written.await.map_err(|error| Fault::Storage(error.to_string()))?
    }

    /// The same into the terminal's own folder, where other users of this machine cannot read it; gives the file.
    ///
    /// # Errors
    /// As [`Care::export`], and [`Fault::Storage`].
    pub async fn export_to_folder(&self, password: String) -> Result<PathBuf, Fault> {
        let content = self.export(password).await?;
        let identity = self.slot.get().ok_or(Fault::NothingInstalled)?;
        let folder = self.config.state.join(EXPORT_FOLDER);
        let stored = |error: std::io::Error| Fault::Storage(error.to_string());
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(stored)?;
        let file = folder.join(export::file_name(identity.held(), authority::now()));
        write_private(&file, &content).map_err(stored)?;
        Ok(file)
    }

    /// Uses what another process may have installed meanwhile.
    ///
    /// # Errors
    /// [`Fault::Storage`] when it cannot be read; the one in use stays in use.
    pub fn reload(&self) -> Result<(), Fault> {
        let Some(held) = self.keeping.current()? else { return Ok(()) };
        let used = self.slot.get();
        if used.is_some_and(|identity| identity.fingerprint() == held.facts().fingerprint) {
            return Ok(());
        }
        self.slot.put(Some(Identity::of(held, roots(&self.config.central.ca_file)?)?));
        Ok(())
    }

    /// Looks after everything until `shutdown`.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut seen = self.keeping.number_in_use().ok().flatten();
        let mut ask_at = tokio::time::Instant::now();
        let (mut renew_at, mut failures) = (ask_at, 0_u32);
        loop {
            let now = tokio::time::Instant::now();
            let number = self.keeping.number_in_use().ok().flatten();
            if number != seen {
                seen = number;
                ask_at = now;
                if let Err(fault) = self.reload() {
                    tracing::warn!(%fault, "a certificate was installed that cannot be used");
                }
            }
            if now >= ask_at {
                self.ask().await;
                self.go_forward().await;
                ask_at = now + self.ask_again_in();
            }
            if now >= renew_at && self.is_due() {
                failures = self.renew_by_itself(failures).await;
                renew_at = now + self.pause(failures);
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// How long what the centre said may be relied on: not past an end that it named.
    fn ask_again_in(&self) -> Duration {
        let every = if self.view().may_work() { ASK_EVERY } else { ASK_EVERY_IN_TROUBLE };
        let end = self.known().and_then(|known| {
            let said = known.answer.ok()?;
            let end = said.successor.map_or(said.not_after, |next| next.old_valid_until);
            // By the clock of who decides.
            Some(end.0 - authority::now().0 - known.skew_ms.unwrap_or_default())
        });
        let left = end.and_then(|left| u64::try_from(left).ok()).map(Duration::from_millis);
        left.map_or(every, |left| every.min(left + LOOK_EVERY))
    }

    fn is_due(&self) -> bool {
        let due = |facts: Facts| renewal::is_due(&facts, authority::now());
        self.config.certificate.automatic_renewal
            && !self.stays_back()
            && (self.facts().is_some_and(due) || self.keeping.renewal_pending())
    }

    /// Failures in a row after this try.
    async fn renew_by_itself(&self, failures: u32) -> u32 {
        match self.renew().await {
            Ok(facts) => {
                tracing::info!(serial = facts.serial, "the certificate was renewed");
                0
            }
            Err(fault) => {
                tracing::warn!(%fault, "the certificate could not be renewed, it is tried again");
                *self.renewal_fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
                failures + 1
            }
        }
    }

    fn pause(&self, failures: u32) -> Duration {
        let today = tokyo_date(authority::now());
        let days_left = self.facts().map_or(0, |facts| facts.period.days_left(today));
        renewal::pause(failures, days_left, rand::random())
    }

    fn check_open(&self, facts: &Facts) -> Result<(), Fault> {
        let now = authority::now();
        if facts.period.may_renew(now) {
            return Ok(());
        }
        match facts.standing(&self.config.institution_code, now) {
            CertificateStanding::Valid { .. } => Err(Fault::RenewalNotOpen(facts.period.renewal_opens_on())),
            other => Err(Fault::NotToday { what: other.sentence(), remedy: other.remedy().into() }),
        }
    }

    /// What a request for this letter must name.
    fn subject_of(&self, subject: &CertificateSubject) -> Result<TerminalSubject, Fault> {
        let (theirs, ours) = (&subject.institution_code, &self.config.institution_code);
        if theirs != ours {
            let (theirs, ours) = (theirs.to_string(), ours.to_string());
            return Err(Fault::AnotherInstitution { theirs, ours });
        }
        Ok(TerminalSubject { institution: theirs.clone(), terminal: subject.terminal_name.clone() })
    }

    /// Puts a certificate beside the one in use, tries it, and uses it when the centre answers well.
    async fn take_over(&self, alone: &Alone, held: Held) -> Result<Facts, Fault> {
        self.check_fit(&held)?;
        let facts = held.facts().clone();
        let number = self.keeping.add(alone, &held)?;
        let identity = Identity::of(held, roots(&self.config.central.ca_file)?)?;
        if let Err(fault) = self.trial(&identity).await {
            self.keeping.discard(alone, number)?;
            return Err(fault);
        }
        let before = self.facts();
        self.keeping.switch(alone, number)?;
        self.slot.put(Some(identity));
        self.record(alone, Change::TakenOver, before.as_ref(), &facts)?;
        Ok(facts)
    }

    /// For this institution, from our authority, for today.
    pub(super) fn check_fit(&self, held: &Held) -> Result<(), Fault> {
        let facts = held.facts();
        let (theirs, ours) = (&facts.subject.institution, &self.config.institution_code);
        if theirs != ours {
            let (theirs, ours) = (theirs.to_string(), ours.to_string());
            return Err(Fault::AnotherInstitution { theirs, ours });
        }
        let now = authority::now();
        let standing = facts.standing(ours, now);
        if !standing.may_be_used() {
            let (what, remedy) = (standing.sentence(), standing.remedy().to_owned());
            return Err(Fault::NotToday { what, remedy });
        }
        held.check_trusted(&roots(&self.config.central.ca_file)?, now).map_err(|error: HeldError| {
            tracing::warn!(%error, "a certificate was offered that is not trusted");
            Fault::from(error)
        })
    }

    pub(super) async fn trial(&self, identity: &Identity) -> Result<(), Fault> {
        let asked = authority::standing(identity, &self.config.central).await;
        let answer = asked.answer.clone()?;
        if !matches!(
            answer.stage,
            CertificateStage::Valid | CertificateStage::RenewalOpen | CertificateStage::Overlap
        ) {
            let (what, remedy) = (answer.words.sentence, answer.words.remedy);
            return Err(Fault::NotToday { what, remedy });
        }
        if !answer.subject.uses.serves_eligibility() {
            let words = ErrorCode::InstitutionCertificateForBilling.entry().ja;
            return Err(Fault::NotToday { what: words.what.to_owned(), remedy: words.supplier.to_owned() });
        }
        let fingerprint = identity.fingerprint().to_owned();
        let known = Known { at: authority::now(), fingerprint, answer: asked.answer, skew_ms: asked.skew_ms };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(())
    }
}

fn not_understood(error: pki::Error) -> Fault {
    Fault::NotUnderstood(error.to_string())
}
