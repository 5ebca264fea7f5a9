//! The demo's addresses: fixed distances from the port base, all on 127.0.0.1.

use std::net::{Ipv4Addr, SocketAddr};

/// Where the demo listens unless told otherwise; the landing page is here.
pub(crate) const DEFAULT_BASE: u16 = 8440;
/// Highest base that leaves room for the others.
pub(crate) const HIGHEST_BASE: u16 = u16::MAX - 9;

/// All addresses of one demo.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    base: u16,
}

impl Ports {
    /// Counted from this port.
    pub(crate) fn from_base(base: u16) -> Self {
        Self { base }
    }

    /// The landing page.
    pub(crate) fn landing(self) -> SocketAddr {
        self.at(0)
    }
    /// The terminal API, mutual TLS.
    pub(crate) fn terminal_api(self) -> SocketAddr {
        self.at(3)
    }
    /// The terminal's door for the card reader.
    pub(crate) fn reader_link(self) -> SocketAddr {
        self.at(5)
    }
    /// The simulated J-LIS.
    pub(crate) fn jlis(self) -> SocketAddr {
        self.at(8)
    }
    /// Health and metrics.
    pub(crate) fn ops(self) -> SocketAddr {
        self.at(9)
    }

    /// Every address, to see whether they are free before anything starts.
    pub(crate) fn all(self) -> [SocketAddr; 5] {
        [self.landing(), self.terminal_api(), self.reader_link(), self.jlis(), self.ops()]
    }

    fn at(self, distance: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.base + distance))
    }
}
