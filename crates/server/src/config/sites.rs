//! Settings of the sites that people sign in to, and of the mail that goes out.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::Secret;

/// A site for browsers: the portal or the operator's side.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSite {
    /// Address. No default.
    pub listen: SocketAddr,
    /// Scheme, host and port as browsers write them, e.g. `https://portal.example.jp`: the site answers under no other
    /// name, and passkeys are bound to it. Default `http://localhost:PORT`.
    #[serde(default)]
    pub origin: Option<String>,
    /// The chain it shows, PEM, leaf first. Default none: plain HTTP, on loopback only.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// The key of that chain, PEM (PKCS#8). Default none.
    #[serde(default)]
    pub key: Option<PathBuf>,
}

impl WebSite {
    /// The paths among the settings.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.certificate.iter_mut().chain(&mut self.key)
    }

    /// The origin, with the port that was really bound: a test asks for port 0.
    #[must_use]
    pub fn origin_at(&self, bound: SocketAddr) -> String {
        match &self.origin {
            Some(origin) => origin.clone(),
            None => format!("http://localhost:{}", bound.port()),
        }
    }
}

/// Outgoing mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtps://USER:PASSWORD@HOST`, `smtp://HOST:PORT?tls=required` (STARTTLS), or `smtp://HOST:PORT` without TLS
    /// to a mail server on this machine. No default.
    pub server: Secret,
    /// Who sends, e.g. `オンライン資格確認 <no-reply@example.jp>`. No default.
    pub sender: String,
}
