//! Line authentication, as settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// The name of the page, as the procedures tell it.
pub const LINE_AUTHENTICATION_ORIGIN: &str = "https://www.lineauth.mnw";

/// Seconds between two looks at what other processes changed of lines, unless it is set otherwise.
const REFRESH_DEFAULT_S: u32 = 2;

/// The page of line authentication, and whether terminals need it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineAuthentication {
    /// Address. Default `127.0.0.1:8447`.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Where browsers find it. Default `https://www.lineauth.mnw`.
    #[serde(default = "default_origin")]
    pub origin: String,
    /// The server's certificate chain for that name, PEM, leaf first. Default none: plain HTTP, on loopback only.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM (PKCS#8). Needed with `certificate`.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// Whether requests of terminals and of browsers with a certificate get through by authenticated lines only. Default
    /// true, as without this section.
    #[serde(default = "default_required")]
    pub required: bool,
    /// Seconds between two looks at what other processes changed of lines, 1–5. Default 2.
    #[serde(default = "default_refresh")]
    pub refresh_s: u32,
}

fn default_listen() -> SocketAddr {
    super::loopback(8447)
}
fn default_origin() -> String {
    LINE_AUTHENTICATION_ORIGIN.to_owned()
}
fn default_required() -> bool {
    true
}
fn default_refresh() -> u32 {
    REFRESH_DEFAULT_S
}

/// What holds of lines on this server, whether its settings speak of them or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineDemand {
    /// Whether requests get through by authenticated lines only.
    pub required: bool,
    /// Seconds between two looks at what other processes changed of lines.
    pub refresh_s: u32,
}

impl LineDemand {
    /// Nothing said is no leave to come in from anywhere.
    pub(super) fn of(section: Option<&LineAuthentication>) -> Self {
        match section {
            Some(said) => Self { required: said.required, refresh_s: said.refresh_s },
            None => Self { required: default_required(), refresh_s: REFRESH_DEFAULT_S },
        }
    }
}
