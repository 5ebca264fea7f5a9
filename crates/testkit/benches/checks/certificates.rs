//! How many certificates the server's desk ([`server::ca::Desk`]) issues: key and serial number stored, prepared, linted,
//! signed, verified; certificate, public log, admission and audit entry stored. On SQLite, with the authority that `shikaku ca init` makes (its issuing key, P-384, in a file). What
//! comes before an order (applications, letters, requests) and after it (lists, OCSP answers) is not measured.
//!
//! The floor is one bare P-256 signature over as many bytes, made in the same run on as many threads.

use std::hint::black_box;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::CertificateUses;
use pki::authority::{ISSUING_KEY_FILE, InstitutionAuthority};
use pki::distribution::Distribution;
use pki::issuing::IssuingAuthority;
use pki::keys::{KeyAlgorithm, PrivateKey, PublicKey};
use server::Clock;
use server::ca::{CertificateOrder, Desk, SecretHasher, Signing};
use store::{Institution, Options, Store};
use tokio::sync::Notify;

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
/// Certificates issued on the clock, in two halves: the second one has the fuller database, and gives the estimate.
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
    let office = Arc::new(runtime.block_on(Office::open(&file))?);
    runtime.block_on(office.issue_all(0, WARM_UP))?;
    let before = size(&file)?;
    let half = ISSUED / 2;
    let first = runtime.block_on(office.issue_all(WARM_UP, WARM_UP + half))?;
    let second = runtime.block_on(office.issue_all(WARM_UP + half, WARM_UP + ISSUED))?;
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

/// The desk with who comes to it.
struct Office {
    desk: Desk,
    institutions: Vec<InstitutionCode>,
    keys: Vec<PublicKey>,
}

impl Office {
    async fn open(file: &std::path::Path) -> Result<Self> {
        let clock = Clock::system();
        let now = whole_second(clock.now());
        // The folder that `shikaku ca init` makes, and its key as a server takes it from there.
        let folder = file.with_file_name("ca");
        let made = InstitutionAuthority::create(&folder, now)?;
        let key = PrivateKey::load(&folder.join(ISSUING_KEY_FILE))?;
        let distribution = Distribution::new("http://crl.example", SHARDS)?;
        let (certificate, root) =
            (made.issuing().certificate_der().to_vec(), made.certificate_der().to_vec());
        let issuing = IssuingAuthority::open(Box::new(key), certificate, root, Some(distribution))?;
        let store = Store::open(&format!("sqlite:{}", file.display()), Options::default()).await?;
        store.migrate().await?;
        let mut institutions = Vec::new();
        let mut keys = Vec::new();
        for number in 0..WARM_UP + ISSUED {
            let institution = InstitutionCode::parse(&format!("13{number:08}"))?;
            let name = "架空髙﨑内科・小児科医院".to_owned();
            store.put_institution(Institution { code: institution.clone(), name }).await?;
            institutions.push(institution);
            // Terminals make their keys; the authority sees the public half.
            keys.push(PrivateKey::generate(KeyAlgorithm::P256)?.public_key().clone());
        }
        let signing = Arc::new(Signing::new(issuing));
        let desk = Desk::new(store, clock, signing, SecretHasher::new(&[0x5a; 32]), Arc::new(Notify::new()));
        Ok(Self { desk, institutions, keys })
    }

    /// Issues these certificates, [`AT_ONCE`] at a time; how long it took.
    async fn issue_all(self: &Arc<Self>, from: usize, to: usize) -> Result<Duration> {
        let next = Arc::new(AtomicUsize::new(from));
        let began = Instant::now();
        let mut clerks = Vec::new();
        for _ in 0..AT_ONCE {
            let (office, next) = (Arc::clone(self), Arc::clone(&next));
            clerks.push(tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= to {
                        return Ok(());
                    }
                    office.issue(number).await?;
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
        let order = CertificateOrder {
            institution: self.institutions[number].clone(),
            order_id: format!("order-{number}"),
            terminal_name: "受付1".to_owned(),
            uses: CertificateUses::EligibilityAndBilling,
            key: self.keys[number].clone(),
            predecessor: None,
            retrieval_number: None,
            actor: "letter".to_owned(),
        };
        self.desk.issue(order).await.map(drop).context("a certificate was not issued")
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

fn whole_second(now: eligibility::Instant) -> eligibility::Instant {
    eligibility::Instant(now.0 - now.0.rem_euclid(1000))
}
