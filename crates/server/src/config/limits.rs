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

/// Limits of the terminal listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections open at once. Default 4096.
    pub connections: usize,
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
    /// The listener's part.
    #[must_use]
    pub fn listener(&self) -> ListenerLimits {
        ListenerLimits {
            connections: self.connections,
            terminal_connections: self.terminal_connections,
            handshake: seconds(self.handshake_s),
            header: seconds(self.header_s),
            idle: seconds(self.idle_s),
            drain: seconds(self.drain_s),
        }
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
