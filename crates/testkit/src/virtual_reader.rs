//! pcscd with its virtual reader, for tests inside [`own_world`](crate::own_world): the reader listens on all
//! addresses and pcscd has one socket a machine, so neither may run anywhere else.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use crate::own_world::{Tool, wait_until};

/// What it takes, with the Debian packages that bring it.
pub const TOOLS: [Tool; 2] =
    [("/usr/sbin/pcscd", "pcscd"), ("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "vsmartcard-vpcd")];
/// Where a card dials the reader's first slot.
const PORT: u16 = 35963;
const SOCKET: &str = "/run/pcscd/pcscd.comm";

/// The running service. Ends when dropped.
pub struct VirtualReader {
    pcscd: Mutex<Child>,
}

impl VirtualReader {
    /// Starts pcscd and waits until it listens. Only inside a world of its own.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        std::fs::create_dir("/run/pcscd").expect("a folder for the socket");
        let mut pcscd = Command::new("/usr/sbin/pcscd");
        pcscd.arg("-f").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let reader = Self { pcscd: Mutex::new(pcscd.spawn().expect("pcscd starts")) };
        wait_until("pcscd to listen", || Path::new(SOCKET).exists());
        reader
    }

    /// Where a card dials it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))
    }

    /// Ends pcscd, as when the service is not running.
    pub fn stop(&self) {
        let mut pcscd = self.pcscd.lock().unwrap_or_else(PoisonError::into_inner);
        // Already gone is as good.
        let _ = pcscd.kill();
        let _ = pcscd.wait();
    }
}

impl Drop for VirtualReader {
    fn drop(&mut self) {
        self.stop();
    }
}
