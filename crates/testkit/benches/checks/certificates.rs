//! How many certificates the issuing authority makes: prepared, linted, signed, verified.
//!
//! The floor is one bare P-256 signature over as many bytes, made in the same run on as many threads.

use std::hint::black_box;
use std::num::NonZero;
use std::time::{Duration, Instant};

use anyhow::Result;
use eligibility::institution::InstitutionCode;
use pki::distribution::Distribution;
use pki::issuing::{IssuingAuthority, Profile};
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::profile::InstitutionName;
use pki::root::RootAuthority;
use pki::serial::Serial;
use pki::{TerminalName, TerminalSubject, Validity};

use super::Line;

/// How long each side is measured.
const MEASURED: Duration = Duration::from_secs(5);
/// Bytes signed for one certificate, about.
const MESSAGE_BYTES: usize = 700;
/// Shards of the revocation list, as a large authority has them.
const SHARDS: u16 = 256;

/// Measures floor and authority.
pub(crate) fn measure() -> Result<Line> {
    let now = whole_second_now();
    let root_key = PrivateKey::generate(KeyAlgorithm::P384)?;
    let root = RootAuthority::create(&root_key, &Serial::random()?.stored(), now)?;
    let key = PrivateKey::generate(KeyAlgorithm::P256)?;
    let serial = Serial::random()?.stored();
    let certificate = root.certify_issuing(1, key.public_key(), &serial, Validity::of_issuing(now)?)?;
    let distribution = Distribution::new("http://crl.example", SHARDS)?;
    let root_der = root.certificate_der().to_vec();
    let issuing = IssuingAuthority::open(Box::new(key), certificate, root_der, Some(distribution))?;

    let bare = PrivateKey::generate(KeyAlgorithm::P256)?;
    let message = [0x5a; MESSAGE_BYTES];
    let floor = on_all_cores(|| bare.sign(&message).map(|signature| drop(black_box(signature))))?;

    let subject = TerminalSubject {
        institution: InstitutionCode::parse("1319990012")?,
        terminal: TerminalName::parse("受付1")?,
    };
    let name = InstitutionName::parse("架空髙﨑内科・小児科医院")?;
    let terminal = PrivateKey::generate(KeyAlgorithm::P256)?;
    let validity = Validity::of_terminal(now)?;
    let made = on_all_cores(|| {
        let profile = Profile::Terminal { subject: &subject, institution_name: Some(&name) };
        let serial = Serial::random()?.stored();
        let issued = issuing.issue(profile, serial, terminal.public_key(), validity)?;
        black_box(issued);
        Ok(())
    })?;
    Ok(Line {
        name: "certificates",
        per_second: Some(made),
        floor_per_second: Some(floor),
        ratio: Some(made / floor),
        ..Line::default()
    })
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
