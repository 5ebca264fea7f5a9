//! Settings of the certificate authority.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// Shards of the revocation list, when nothing else is said: lists of a few kilobytes for the whole country.
const SHARDS: u16 = 64;

/// The certificate authority of the institution network.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Address of 電子証明書取得サイト, which also gives lists, answers and the public log. No default.
    pub listen: SocketAddr,
    /// The chain it shows, PEM, leaf first. Default none: plain HTTP, on loopback only.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// The key of that chain, PEM (PKCS#8). Default none.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// Scheme, host and port as browsers write them, e.g. `https://cert.example.jp`. Default: the address.
    #[serde(default)]
    pub origin: Option<String>,
    /// Address that gives lists, answers and the log over plain HTTP, which is how they are fetched: they are
    /// signed. Default none: [`Authority::listen`] alone gives them.
    #[serde(default)]
    pub distribution_listen: Option<SocketAddr>,
    /// `http://…` written into certificates as the place of lists and answers; chosen once for each issuing
    /// authority. No default.
    pub distribution_url: String,
    /// Shards of the revocation list, chosen once for each issuing authority. Default 64.
    #[serde(default = "default_shards")]
    pub shards: u16,
    /// The root's certificate, PEM. No default.
    pub root_certificate: PathBuf,
    /// The issuing authority's certificate, PEM. No default.
    pub issuing_certificate: PathBuf,
    /// The issuing authority's key, PEM (PKCS#8). Default none: it is on a token.
    #[serde(default)]
    pub issuing_key: Option<PathBuf>,
    /// The token with the issuing authority's key. Default none: it is in a file.
    #[serde(default)]
    pub token: Option<Token>,
    /// The key of the public log, PEM (PKCS#8, P-256). Never the issuing key. No default.
    pub log_key: PathBuf,
    /// File with 32 random bytes in hex that 認証ID are hashed with. No default.
    pub secret_key: PathBuf,
    /// What letters say and how they look. No default.
    pub letters: Letters,
}

/// A PKCS#11 token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The token's library. No default.
    pub library: PathBuf,
    /// Label of the token. No default.
    pub label: String,
    /// Label of the key on it. No default.
    pub key: String,
    /// File with the user's PIN. No default.
    pub pin_file: PathBuf,
}

/// Letters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letters {
    /// Name of the office that sends them. No default.
    pub sender: String,
    /// Where questions go: telephone and hours. No default.
    pub contact: String,
    /// Address of 電子証明書取得サイト as the letter writes it. No default.
    pub retrieval_site: String,
    /// Font of the text. No default.
    pub regular: PathBuf,
    /// The same in bold. No default.
    pub bold: PathBuf,
    /// Fonts for characters that it lacks. Default none.
    #[serde(default)]
    pub fallback: Vec<PathBuf>,
    /// The same in bold. Default none.
    #[serde(default)]
    pub bold_fallback: Vec<PathBuf>,
}

impl Authority {
    /// Every path, to be taken from the configuration's folder.
    pub(super) fn paths(&mut self) -> Vec<&mut PathBuf> {
        let letters = &mut self.letters;
        let mut paths = vec![
            &mut self.root_certificate,
            &mut self.issuing_certificate,
            &mut self.log_key,
            &mut self.secret_key,
            &mut letters.regular,
            &mut letters.bold,
        ];
        paths.extend(&mut letters.fallback);
        paths.extend(&mut letters.bold_fallback);
        paths.extend(&mut self.certificate);
        paths.extend(&mut self.key);
        paths.extend(&mut self.issuing_key);
        paths.extend(self.token.as_mut().map(|token| &mut token.pin_file));
        paths
    }
}

fn default_shards() -> u16 {
    SHARDS
}
