//! The demo's addresses: fixed distances from the port base, all on 127.0.0.1.

use std::net::{Ipv4Addr, SocketAddr};

use super::joining::NEW_LINE;

/// Where the demo listens unless told otherwise; the landing page is here.
pub(crate) const DEFAULT_BASE: u16 = 8440;
/// Highest base that leaves room for the others.
pub(crate) const HIGHEST_BASE: u16 = u16::MAX - FARTHEST;

/// The farthest of them.
const FARTHEST: u16 = 15;

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
    /// The same, as people open it: under the name the sites have too. A browser takes another name for another
    /// site, and sends no session along with a link from there.
    pub(crate) fn landing_origin(self) -> String {
        format!("http://localhost:{}", self.landing().port())
    }
    /// 医療機関等向け総合ポータルサイト.
    pub(crate) fn portal(self) -> SocketAddr {
        self.at(1)
    }
    /// The operator's side.
    pub(crate) fn operator(self) -> SocketAddr {
        self.at(2)
    }
    /// The terminal API, mutual TLS.
    pub(crate) fn terminal_api(self) -> SocketAddr {
        self.at(3)
    }
    /// The institution web, mutual TLS.
    pub(crate) fn institution_web(self) -> SocketAddr {
        self.at(4)
    }
    /// The terminal's door for the card reader.
    pub(crate) fn reader_link(self) -> SocketAddr {
        self.at(5)
    }
    /// 電子証明書取得サイト, revocation lists, OCSP, the public log.
    pub(crate) fn authority(self) -> SocketAddr {
        self.at(6)
    }
    /// The page of line authentication.
    pub(crate) fn line_authentication(self) -> SocketAddr {
        self.at(7)
    }
    /// The same, where the new institution's line ends.
    pub(crate) fn new_line(self) -> SocketAddr {
        SocketAddr::new(NEW_LINE, self.line_authentication().port())
    }
    /// The simulated J-LIS.
    pub(crate) fn jlis(self) -> SocketAddr {
        self.at(8)
    }
    /// Health and metrics.
    pub(crate) fn ops(self) -> SocketAddr {
        self.at(9)
    }
    /// The terminal's door for the browser on its machine.
    pub(crate) fn gateway(self) -> SocketAddr {
        self.at(10)
    }
    /// The same, of the new institution's terminal.
    pub(crate) fn new_gateway(self) -> SocketAddr {
        self.at(11)
    }
    /// The mail server.
    pub(crate) fn smtp(self) -> SocketAddr {
        self.at(12)
    }
    /// The new institution's terminal's door for its card reader.
    pub(crate) fn new_reader_link(self) -> SocketAddr {
        self.at(13)
    }
    /// The page of line authentication as the new institution's browser sees it.
    pub(crate) fn line_door(self) -> SocketAddr {
        self.at(14)
    }
    /// The card reader's screen.
    pub(crate) fn kiosk(self) -> SocketAddr {
        self.at(FARTHEST)
    }

    /// Every address, to see whether they are free before anything starts.
    pub(crate) fn all(self) -> impl Iterator<Item = SocketAddr> {
        (0..=FARTHEST).map(move |distance| self.at(distance))
    }

    fn at(self, distance: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.base + distance))
    }
}
