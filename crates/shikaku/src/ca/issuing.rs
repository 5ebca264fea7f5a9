//! `shikaku ca issuing-key` and `certify-issuing`: another issuing authority below the offline root.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use pki::{
    Validity,
    authority::{ROOT_CERTIFICATE_FILE, ROOT_KEY_FILE},
    issuing_key::IssuingKey as _,
    keys::{KeyAlgorithm, PrivateKey, PublicKey, write_private},
    pem,
    pkcs11::Token,
    root::RootAuthority,
    serial::Serial,
};
use serde_json::json;
use server::clock::Clock;

use super::terminal::read;
use crate::{
    folder::{AUTHORITY, authority_folder},
    report::Report,
};

/// Make the key of an issuing authority on a PKCS#11 token. It never leaves the token.
///
/// What is written is the public half: it goes to the machine with the root's key (`ca certify-issuing`).
#[derive(Args)]
#[command(after_help = "\
Example:
  shikaku ca issuing-key --library /usr/lib/softhsm/libsofthsm2.so --token shikaku --key issuing-2 \\
      --pin-file authority/token.pin --out issuing-2.pub.pem")]
pub(crate) struct IssuingKey {
    /// The token's PKCS#11 library.
    #[arg(long, value_name = "FILE")]
    library: PathBuf,
    /// Label of the token.
    #[arg(long, value_name = "LABEL")]
    token: String,
    /// Label of the key; one that is there is never replaced.
    #[arg(long, value_name = "LABEL")]
    key: String,
    /// File that holds the token's PIN in its first line.
    #[arg(long, value_name = "FILE")]
    pin_file: PathBuf,
    /// Kind of key.
    #[arg(long, value_enum, default_value = "p384")]
    curve: Curve,
    /// Where to write the public half, PEM.
    #[arg(long, value_name = "PEM")]
    out: PathBuf,
}

/// Kinds of keys that issuing authorities have.
#[derive(Clone, Copy, ValueEnum)]
enum Curve {
    P256,
    P384,
}

/// Certify the key of another issuing authority with the root's key, where that is at hand.
///
/// The fingerprint that is printed is to be the one that `ca issuing-key` printed: compare them before the certificate
/// goes into use.
#[derive(Args)]
#[command(after_help = "\
Example:
  shikaku ca certify-issuing --dir ca --number 2 --key issuing-2.pub.pem
  shikaku ca certify-issuing --dir ca --root-key /media/safe/root.key.pem --number 2 --key issuing-2.pub.pem")]
pub(crate) struct CertifyIssuing {
    /// The authority's folder, which holds the root's certificate; without it ./ca, else the demo's.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The root's key; without it root.key.pem in that folder.
    #[arg(long, value_name = "FILE")]
    root_key: Option<PathBuf>,
    /// Number of the issuing authority; the one that `ca init` made is 1.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(2..=9999))]
    number: u32,
    /// Its public key (PEM), as `ca issuing-key` wrote it.
    #[arg(long, value_name = "PEM")]
    key: PathBuf,
    /// Where to write the certificate; without it issuing-NUMBER.cert.pem in the folder. Never replaced.
    #[arg(long, value_name = "PEM")]
    out: Option<PathBuf>,
}

/// Makes the key.
pub(crate) fn make_key(arguments: &IssuingKey) -> Result<Report> {
    let pin = read(&arguments.pin_file)?;
    let pin = pin.lines().next().unwrap_or_default().trim();
    // Nobody learns only afterwards that the public half has no place.
    anyhow::ensure!(!arguments.out.exists(), "{} is there already", arguments.out.display());
    let token = Token::open(&arguments.library, &arguments.token, pin)?;
    let algorithm = match arguments.curve {
        Curve::P256 => KeyAlgorithm::P256,
        Curve::P384 => KeyAlgorithm::P384,
    };
    let key = token.generate(&arguments.key, algorithm)?;
    let public = key.public_key();
    let text = pem::encode(pem::PUBLIC_KEY, public.spki_der())?;
    std::fs::write(&arguments.out, text)
        .with_context(|| format!("cannot write {}", arguments.out.display()))?;
    let fingerprint = public.fingerprint();
    let text = format!(
        "the key `{}` is on the token `{}`\npublic key {}\nSHA-256 {fingerprint}\n\
         next, where the root's key is: shikaku ca certify-issuing --number N --key {}",
        arguments.key,
        arguments.token,
        arguments.out.display(),
        arguments.out.display()
    );
    let document = json!({"key": arguments.key, "public_key": arguments.out, "fingerprint": fingerprint});
    Ok(Report::new(text, document))
}

/// Certifies it.
pub(crate) fn certify(arguments: &CertifyIssuing) -> Result<Report> {
    let folder = authority_folder(arguments.dir.as_deref())?;
    let root_key = arguments.root_key.clone().unwrap_or_else(|| folder.join(ROOT_KEY_FILE));
    let root_key = PrivateKey::load(&root_key).with_context(|| {
        format!("the root's key is needed for this, from where it is kept ({})", root_key.display())
    })?;
    let certificate = folder.join(ROOT_CERTIFICATE_FILE);
    let root = RootAuthority::open(&root_key, pem::decode(pem::CERTIFICATE, &read(&certificate)?)?)?;
    let key = PublicKey::from_spki_der(&pem::decode(pem::PUBLIC_KEY, &read(&arguments.key)?)?)?;
    let serial = Serial::random()?.stored();
    let validity = Validity::of_issuing(Clock::system().now())?;
    let der = root.certify_issuing(arguments.number, &key, &serial, validity)?;
    let out = written_to(arguments, &folder);
    write_private(&out, pem::encode(pem::CERTIFICATE, &der)?.as_bytes())?;
    let fingerprint = key.fingerprint();
    let text = format!(
        "issuing authority {} is certified by the root\ncertificate {}\nits key's SHA-256 {fingerprint} (compare)\n\
         take the root's key away again; {AUTHORITY} and [authority] go on without it",
        arguments.number,
        out.display()
    );
    let document = json!({"number": arguments.number, "certificate": out, "key_fingerprint": fingerprint});
    Ok(Report::new(text, document))
}

fn written_to(arguments: &CertifyIssuing, folder: &Path) -> PathBuf {
    let beside = || folder.join(format!("issuing-{}.cert.pem", arguments.number));
    arguments.out.clone().unwrap_or_else(beside)
}
