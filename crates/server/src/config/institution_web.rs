//! The institution web, as settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// The site of institutions: mutual TLS, the institution from the client certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstitutionWeb {
    /// Address. Default `127.0.0.1:8444`.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Where browsers and terminals find it: `https://` with the name its certificate has. No default.
    pub origin: String,
    /// The server's certificate chain for that name, PEM, leaf first. Default that of `terminal_api`.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM (PKCS#8). Needed with `certificate`.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// What the first page and the 通知書 of the first account say it is: `production`, `verification` or `demo`.
    /// Default `production`.
    #[serde(default)]
    pub environment: Environment,
}

/// Which of the systems this is, as institutions know them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// 本番環境.
    #[default]
    Production,
    /// 接続検証環境.
    Verification,
    /// デモ環境: nobody and nothing on it is real.
    Demo,
}

impl Environment {
    /// The mark on the first page.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Production => "本番環境",
            Self::Verification => "接続検証環境",
            Self::Demo => "デモ環境",
        }
    }
}

impl InstitutionWeb {
    /// The files of it, to be found below the settings' folder.
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.certificate.iter_mut().chain(self.key.iter_mut())
    }
}

fn default_listen() -> SocketAddr {
    super::loopback(8444)
}
