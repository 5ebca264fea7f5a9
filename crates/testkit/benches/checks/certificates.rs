//! How many certificates the issuing authority makes: key and serial number stored, prepared, linted, signed,
//! verified; certificate, public log, admission and audit entry stored. On SQLite, with the key in a file.
//!
//! The floor is one bare P-256 signature over as many bytes, made in the same run on as many threads.

use std::hint::black_box;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::{CertificatePeriod, CertificateUses};
use pki::distribution::Distribution;
use pki::issuing::{IssuingAuthority, Profile};
use pki::keys::{KeyAlgorithm, PrivateKey, PublicKey};
use pki::profile::InstitutionName;
use pki::root::RootAuthority;
use pki::serial::Serial;
use pki::{TerminalName, TerminalSubject, Validity};
use store::{Institution, Kept, NewCertificate, Options, Reservation, Reserved, Store};

use super::Line;

/// How long the floor is measured.
const MEASURED: Duration = Duration::from_secs(5);
/// Bytes signed for one certificate, about.
const MESSAGE_BYTES: usize = 700;
/// Shards of the revocation list, as a large authority has them.
const SHARDS: u16 = 256;
/// Certificates issued at once.
const AT_ONCE: usize = 64;
/// Certificates issued before the clock starts.
const WARM_UP: usize = 1_000;
/// Certificates issued on the clock, in two halves that must be about as fast.
const ISSUED: usize = 16_000;
/// Institutions of the country that have a certificate.
const INSTITUTIONS: f64 = 230_000.0;

/// Measures floor and authority.
pub(crate) fn measure() -> Result<Line> {
    let bare = PrivateKey::generate(KeyAlgorithm::P256)?;
    let message = [0x5a; MESSAGE_BYTES];
    let floor = on_all_cores(|| bare.sign(&message).map(|signature| drop(black_box(signature))))?;

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("authority.db");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let desk = Arc::new(runtime.block_on(Desk::open(&file))?);
    runtime.block_on(desk.issue_all(0, WARM_UP))?;
    let before = size(&file)?;
    let half = ISSUED / 2;
    let first = runtime.block_on(desk.issue_all(WARM_UP, WARM_UP + half))?;
    let second = runtime.block_on(desk.issue_all(WARM_UP + half, WARM_UP + ISSUED))?;
    let stored = (size(&file)? - before) / ISSUED as f64;
    // Machines that make 230,000 certificates make most of them with a full database: the slope is the second half's.
    let slope = second.as_secs_f64() / half as f64;
    eprintln!(
        "certificates: {:.0} s for {INSTITUTIONS} institutions at {:.0} µs each (first half {:.0} µs)",
        slope * INSTITUTIONS,
        slope * 1e6,
        first.as_secs_f64() / half as f64 * 1e6,
    );
    let made = ISSUED as f64 / (first + second).as_secs_f64();
    Ok(Line {
        name: "certificates",
        per_second: Some(made),
        floor_per_second: Some(floor),
        ratio: Some(made / floor),
        stored_bytes: Some(stored),
        ..Line::default()
    })
}

/// Bytes of the database with what waits beside it.
fn size(file: &std::path::Path) -> Result<f64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(file.parent().context("a folder")?)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().ends_with("-wal") {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes as f64)
}

/// An authority before its database: the steps of the server's desk.
struct Desk {
    store: Store,
    issuing: IssuingAuthority,
    subjects: Vec<TerminalSubject>,
    keys: Vec<PublicKey>,
    now: eligibility::Instant,
}

impl Desk {
    async fn open(file: &std::path::Path) -> Result<Self> {
        let now = whole_second_now();
        let root_key = PrivateKey::generate(KeyAlgorithm::P384)?;
        let root = RootAuthority::create(&root_key, &Serial::random()?.stored(), now)?;
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let serial = Serial::random()?.stored();
        let certificate = root.certify_issuing(1, key.public_key(), &serial, Validity::of_issuing(now)?)?;
        let distribution = Distribution::new("http://crl.example", SHARDS)?;
        let root_der = root.certificate_der().to_vec();
        let issuing = IssuingAuthority::open(Box::new(key), certificate, root_der, Some(distribution))?;
        let store = Store::open(&format!("sqlite:{}", file.display()), Options::default()).await?;
        store.migrate().await?;
        let mut subjects = Vec::new();
        let mut keys = Vec::new();
        for number in 0..WARM_UP + ISSUED {
            let institution = InstitutionCode::parse(&format!("13{number:08}"))?;
            let name = "架空髙﨑内科・小児科医院".to_owned();
            store.put_institution(Institution { code: institution.clone(), name }).await?;
            subjects.push(TerminalSubject { institution, terminal: TerminalName::parse("受付1")? });
            // Terminals make their keys; the authority sees the public half.
            keys.push(PrivateKey::generate(KeyAlgorithm::P256)?.public_key().clone());
        }
        Ok(Self { store, issuing, subjects, keys, now })
    }

    /// Issues these certificates, [`AT_ONCE`] at a time; how long it took.
    async fn issue_all(self: &Arc<Self>, from: usize, to: usize) -> Result<Duration> {
        let next = Arc::new(AtomicUsize::new(from));
        let began = Instant::now();
        let mut clerks = Vec::new();
        for _ in 0..AT_ONCE {
            let (desk, next) = (Arc::clone(self), Arc::clone(&next));
            clerks.push(tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= to {
                        return Ok(());
                    }
                    desk.issue(number).await?;
                }
            }));
        }
        for clerk in clerks {
            let done: Result<()> = clerk.await?;
            done?;
        }
        Ok(began.elapsed())
    }

    async fn issue(&self, number: usize) -> Result<()> {
        let (subject, key) = (&self.subjects[number], &self.keys[number]);
        let serial = Serial::random()?;
        let order_id = format!("order-{number}");
        let reservation = Reservation {
            serial: serial.hex(),
            institution_code: subject.institution.as_str().to_owned(),
            order_id: order_id.clone(),
            purpose: "terminal",
            key_fingerprint: key.fingerprint(),
            at: self.now,
        };
        if self.store.reserve_serial(reservation).await? != Reserved::Stored {
            bail!("a serial number was not stored");
        }
        let institution = self.store.institution(&subject.institution).await?.context("an institution")?;
        let name = InstitutionName::parse(&institution.name)?;
        let period = CertificatePeriod::issued_at(self.now);
        let validity = Validity::new(period.not_before, period.not_after)?;
        let profile = Profile::Terminal { subject, institution_name: Some(&name) };
        let linted = self.issuing.lint(self.issuing.prepare(profile, serial.stored(), key, validity)?)?;
        let issued = self.issuing.sign(linted)?;
        let new = NewCertificate {
            institution_code: subject.institution.clone(),
            serial: issued.serial,
            order_id,
            fingerprint: issued.fingerprint,
            key_fingerprint: key.fingerprint(),
            terminal_name: subject.terminal.as_str().to_owned(),
            uses: CertificateUses::EligibilityAndBilling,
            certificate: issued.der,
            not_before: period.not_before,
            not_after: period.not_after,
            issued_at: self.now,
            predecessor: None,
            retrieval_number: None,
            actor: "letter".to_owned(),
        };
        match self.store.keep_certificate(new).await? {
            Kept::Fresh { .. } => Ok(()),
            other => bail!("a certificate was not kept: {other:?}"),
        }
    }
}

/// How often a second this can be done with every core at it.
fn on_all_cores(work: impl Fn() -> pki::Result<()> + Sync) -> Result<f64> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let began = Instant::now();
    let counts: Vec<pki::Result<u32>> = std::thread::scope(|scope| {
        let one = || {
            let mut done = 0_u32;
            while began.elapsed() < MEASURED {
                work()?;
                done += 1;
            }
            Ok(done)
        };
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        started.into_iter().map(|thread| thread.join().unwrap_or(Ok(0))).collect()
    });
    let done: u32 = counts.into_iter().sum::<pki::Result<u32>>()?;
    Ok(f64::from(done) / began.elapsed().as_secs_f64())
}

fn whole_second_now() -> eligibility::Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    eligibility::Instant(i64::try_from(since.as_secs()).unwrap_or_default() * 1000)
}
