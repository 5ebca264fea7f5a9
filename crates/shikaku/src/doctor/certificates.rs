//! Certificates and keys as the server will use them: dates, order, whether they belong together.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use eligibility::{Instant, calendar::tokyo_date};
use pki::{issuing::IssuingAuthority, issuing_key::IssuingKey, keys::PrivateKey};
use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use server::config::{Authority, Config};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::finding::{Finding, Found};
use crate::report::told;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A certificate that ends sooner is told.
const SOON_DAYS: i64 = 30;
/// Days a terminal's certificate lives at most: three years and three months.
const TERMINAL_DAYS: i64 = 39 * 31;

/// The certificates of a PEM file.
pub(super) fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = read.with_context(|| format!("{}", path.display()))?;
    ensure!(!chain.is_empty(), "{} holds no certificate", path.display());
    Ok(chain)
}

/// Everything a listener shows, and everything that is trusted.
pub(super) fn look(config: &Config, now: Instant, found: &mut Found) {
    for (setting, certificate, key) in shown(config) {
        if let Err(error) = one_shown(setting, certificate, key, now, found) {
            let remedy =
                "put the whole chain there as PEM, the server's own certificate first, and its key beside it";
            found.add(Finding::wrong(setting, told(&error), remedy));
        }
    }
    let api = &config.terminal_api;
    trusted("terminal_api.client_authorities", std::slice::from_ref(&api.client_authorities), now, found);
    trusted("cards.trust_anchors", &config.cards.trust_anchors, now, found);
    if let Some(authority) = &config.authority
        && let Err(error) = own_authority(authority, now, found)
    {
        let remedy =
            "name root, issuing certificate and issuing key of one authority, as `shikaku ca init` made them";
        found.add(Finding::wrong("authority.issuing_certificate", told(&error), remedy));
    }
}

type Shown<'a> = (&'static str, &'a Path, &'a Path);

fn shown(config: &Config) -> Vec<Shown<'_>> {
    let api = &config.terminal_api;
    let mut all: Vec<Shown<'_>> = vec![("terminal_api.certificate", &api.certificate, &api.key)];
    let sites = [("portal.certificate", &config.portal), ("operator.certificate", &config.operator)];
    let sites = sites.into_iter().filter_map(|(setting, site)| Some((setting, site.as_ref()?)));
    let sites = sites.map(|(setting, site)| (setting, &site.certificate, &site.key));
    let web = config.institution_web.iter();
    let web = web.map(|site| ("institution_web.certificate", &site.certificate, &site.key));
    let line = config.line_authentication.iter();
    let line = line.map(|page| ("line_authentication.certificate", &page.certificate, &page.key));
    let retrieval = config.authority.iter();
    let retrieval = retrieval.map(|site| ("authority.certificate", &site.certificate, &site.key));
    for (setting, certificate, key) in sites.chain(web).chain(line).chain(retrieval) {
        // Without a certificate it is plain HTTP, on loopback only.
        if let (Some(certificate), Some(key)) = (certificate, key) {
            all.push((setting, certificate, key));
        }
    }
    all
}

fn one_shown(setting: &str, file: &Path, key: &Path, now: Instant, found: &mut Found) -> Result<()> {
    let chain = read_chain(file)?;
    let mut read = Vec::new();
    for der in &chain {
        let (_, certificate) =
            X509Certificate::from_der(der).with_context(|| format!("{}: no X.509", file.display()))?;
        read.push(certificate);
    }
    for (place, pair) in read.windows(2).enumerate() {
        let fits = pair[0].issuer().as_raw() == pair[1].subject().as_raw();
        ensure!(fits, "{}: certificate {} was not issued by the next one", file.display(), place + 1);
    }
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| format!("{}", key.display()))?;
    let key = any_supported_type(&key)?;
    let belongs = CertifiedKey::new(chain.clone(), key).keys_match();
    ensure!(belongs.is_ok(), "{}: the key is another certificate's", file.display());
    let alone = read.len() == 1 && read[0].issuer().as_raw() != read[0].subject().as_raw();
    if alone {
        let what = format!("{} holds the certificate alone, without its issuer's", file.display());
        found.add(Finding::hint(
            setting,
            what,
            "append the issuing authority's certificate, unless a root issued it",
        ));
    }
    read.iter().for_each(|certificate| dates(setting, file, certificate, now, found));
    found.see(format!("(seen) {setting}"), format!("good until {}", day(ends(&read[0]))));
    Ok(())
}

/// Certificates that others are judged by.
fn trusted(setting: &str, files: &[PathBuf], now: Instant, found: &mut Found) {
    for file in files {
        let read = read_chain(file).and_then(|chain| {
            for der in &chain {
                let (_, certificate) = X509Certificate::from_der(der)
                    .with_context(|| format!("{}: no X.509", file.display()))?;
                dates(setting, file, &certificate, now, found);
            }
            Ok(())
        });
        if let Err(error) = read {
            found.add(Finding::wrong(
                setting,
                told(&error),
                "put the authorities' certificates there, as PEM",
            ));
        }
    }
}

/// Root, issuing certificate and key: whether they belong together, and whether there is time left.
fn own_authority(settings: &Authority, now: Instant, found: &mut Found) -> Result<()> {
    let one = |path: &Path| read_chain(path).map(|chain| chain[0].to_vec());
    let (root, issuing) = (one(&settings.root_certificate)?, one(&settings.issuing_certificate)?);
    let files = [
        ("authority.root_certificate", &settings.root_certificate, &root),
        ("authority.issuing_certificate", &settings.issuing_certificate, &issuing),
    ];
    for (setting, file, der) in files {
        let (_, certificate) =
            X509Certificate::from_der(der).with_context(|| format!("{}: no X.509", file.display()))?;
        dates(setting, file, &certificate, now, found);
        found.see(format!("(seen) {setting}"), format!("good until {}", day(ends(&certificate))));
    }
    let (_, certificate) = X509Certificate::from_der(&issuing).context("no X.509")?;
    if ends(&certificate).0 - now.0 < TERMINAL_DAYS * DAY_MS {
        let what = format!(
            "the issuing authority ends on {}, before a terminal's certificate issued today would",
            day(ends(&certificate))
        );
        found.add(Finding::wrong(
            "authority.issuing_certificate",
            what,
            "make a new issuing authority with the root's key",
        ));
    }
    // A key on a token is asked for by the server alone: every try with a wrong PIN counts there.
    if let Some(file) = &settings.issuing_key {
        let key: Box<dyn IssuingKey> = Box::new(PrivateKey::load(file)?);
        IssuingAuthority::open(key, issuing, root, None)?;
    }
    Ok(())
}

fn dates(setting: &str, file: &Path, certificate: &X509Certificate<'_>, now: Instant, found: &mut Found) {
    let begins = Instant(certificate.validity().not_before.timestamp() * 1000);
    let left = ends(certificate).0 - now.0;
    let what = |how: &str| format!("{}: the certificate of {} {how}", file.display(), certificate.subject());
    if left <= 0 {
        let how = format!("ended on {}", day(ends(certificate)));
        found.add(Finding::wrong(
            setting,
            what(&how),
            "put a new one there (`shikaku ca issue` makes those of your own authority)",
        ));
    } else if now < begins {
        let how = format!("is good from {} on only", day(begins));
        found.add(Finding::wrong(
            setting,
            what(&how),
            "set this machine's clock, or put the right one there",
        ));
    } else if left < SOON_DAYS * DAY_MS {
        let how = format!("ends on {}, in {} days", day(ends(certificate)), left / DAY_MS);
        found.add(Finding::hint(setting, what(&how), "put a new one there before"));
    }
}

fn ends(certificate: &X509Certificate<'_>) -> Instant {
    Instant(certificate.validity().not_after.timestamp().saturating_mul(1000))
}

fn day(at: Instant) -> String {
    tokyo_date(at).to_string()
}
