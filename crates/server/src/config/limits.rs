//! What peers may take, as settings.

use std::time::Duration;

use serde::Deserialize;

use crate::listener::ListenerLimits;

/// Fewest concurrent requests a terminal can be limited to.
pub const TERMINAL_CONCURRENCY_MIN: u32 = 8;
/// Most concurrent requests a terminal can be limited to.
pub const TERMINAL_CONCURRENCY_MAX: u32 = 64;

/// Connections of one terminal certificate, when nothing else is said: each can carry 100 requests at once.
const TERMINAL_CONNECTIONS: u32 = 64;
/// Most connections one terminal certificate can be limited to.
pub const TERMINAL_CONNECTIONS_MAX: u32 = 4096;

/// Connections of each site, when nothing else is said: a crowd at the sites leaves the terminals theirs.
const SITE_CONNECTIONS: usize = 1024;
/// Connections of one network to one site, when nothing else is said: a browser opens six at most, and one with HTTP/2.
const SITE_NETWORK_CONNECTIONS: u32 = 64;
/// Connections of a listener that only this machine's own programs reach.
const LOOPBACK_CONNECTIONS: usize = 64;

/// What peers may take.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections of terminals open at once. Default 4096.
    pub connections: usize,
    /// Connections of each site open at once, at most as many as of terminals. Default 1024.
    pub site_connections: usize,
    /// Connections of one network (an IPv4 address, the /64 of an IPv6 address) to one site open at once; not for the
    /// institution web, where each certificate has its own. Behind a TLS terminator everybody comes from its address:
    /// then as many as `site_connections`. Default 64.
    pub site_network_connections: u32,
    /// Connections of one terminal certificate open at once; one more is told so and closed. Default 64.
    pub terminal_connections: u32,
    /// Concurrent requests of one terminal, 8–64. Default 64.
    pub terminal_concurrency: u32,
    /// Concurrent requests of all terminals; above it requests are shed with 503. Default 2048.
    pub requests: u32,
    /// Seconds for the TLS handshake. Default 10.
    pub handshake_s: u32,
    /// Seconds for a request's header. Default 10.
    pub header_s: u32,
    /// Seconds for a request's body. Default 30.
    pub body_s: u32,
    /// Bytes of a request's body. Default 65536.
    pub body_bytes: usize,
    /// Seconds a connection may rest. Default 60.
    pub idle_s: u32,
    /// Seconds open requests get at shutdown. Default 10.
    pub drain_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            site_connections: SITE_CONNECTIONS,
            site_network_connections: SITE_NETWORK_CONNECTIONS,
            terminal_connections: TERMINAL_CONNECTIONS,
            terminal_concurrency: TERMINAL_CONCURRENCY_MAX,
            requests: 2048,
            handshake_s: 10,
            header_s: 10,
            body_s: 30,
            body_bytes: 64 * 1024,
            idle_s: 60,
            drain_s: 10,
        }
    }
}

impl Limits {
    /// Of the listener for terminals.
    #[must_use]
    pub fn listener(&self) -> ListenerLimits {
        ListenerLimits {
            connections: self.connections,
            network_connections: None,
            terminal_connections: self.terminal_connections,
            handshake: seconds(self.handshake_s),
            header: seconds(self.header_s),
            body: self.body(),
            idle: seconds(self.idle_s),
            drain: seconds(self.drain_s),
        }
    }

    /// Of the institution web: one of the sites, whose peers have certificates.
    #[must_use]
    pub fn institution_web(&self) -> ListenerLimits {
        ListenerLimits { connections: self.site_connections, ..self.listener() }
    }

    /// Of a site that anybody reaches.
    #[must_use]
    pub fn site(&self) -> ListenerLimits {
        ListenerLimits { network_connections: Some(self.site_network_connections), ..self.institution_web() }
    }

    /// Of a listener that only this machine's own programs reach.
    #[must_use]
    pub fn loopback(&self) -> ListenerLimits {
        ListenerLimits { connections: LOOPBACK_CONNECTIONS, ..self.listener() }
    }

    /// Time for a request's body.
    #[must_use]
    pub fn body(&self) -> Duration {
        seconds(self.body_s)
    }
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}
