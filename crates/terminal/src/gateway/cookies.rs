//! Cookies, kept apart: browsers keep one set for all ports of a host name, so the institution web's get names of their
//! own here, and nobody else's go to the centre.

use axum::http::{HeaderMap, HeaderValue, header};

/// Longest cookie passed on, bytes.
const COOKIE_BYTES_MAX: usize = 4096;

/// The names of one gateway's cookies.
pub(super) struct Cookies {
    prefix: String,
}

impl Cookies {
    /// Those of the gateway on this port.
    pub(super) fn of_port(port: u16) -> Self {
        Self { prefix: format!("__Host-terminal{port}-") }
    }

    /// The institution web's own cookies in a browser's request, under the names it gave them.
    pub(super) fn up(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let ours: Vec<&str> = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|cookie| cookie.trim().strip_prefix(&self.prefix))
            .collect();
        if ours.is_empty() {
            return None;
        }
        HeaderValue::from_str(&ours.join("; ")).ok()
    }

    /// A cookie of the institution web as the browser is to keep it: for this door alone, out of reach of scripts.
    pub(super) fn down(&self, cookie: &HeaderValue) -> Option<HeaderValue> {
        let text = cookie.to_str().ok().filter(|text| text.len() <= COOKIE_BYTES_MAX)?;
        let mut parts = text.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let life = parts.filter(|part| {
            let attribute = part.split('=').next().unwrap_or_default().to_ascii_lowercase();
            matches!(attribute.as_str(), "max-age" | "expires")
        });
        let mut kept =
            format!("{}{}={value}; Path=/; Secure; HttpOnly; SameSite=Strict", self.prefix, name.trim());
        for part in life {
            kept.push_str("; ");
            kept.push_str(part);
        }
        HeaderValue::from_str(&kept).ok()
    }
}
