//! Why a connection broke: a handshake after which this side only listens.
//!
//! In TLS 1.3 the terminal is done with the handshake before the centre has looked at its certificate, and sends its
//! question at once. A centre that refuses the certificate sends an alert and closes; the question still under way
//! then turns the closing into a reset, which the HTTP client sees before it reads the alert. To tell the desk
//! "renew the certificate" and not "the line is down", the same handshake is made once more, without a question: with
//! nothing under way there is no reset, and the alert is read.

use std::{
    io,
    net::{TcpStream, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, ClientConnection, pki_types::ServerName};

/// Time to connect, and for each step of the handshake.
const STEP: Duration = Duration::from_secs(4);
/// Addresses of the centre that are tried.
const MAX_ADDRESSES: usize = 4;

/// Knows how to shake hands with the centre.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    tls: Arc<ClientConfig>,
    host: String,
    port: u16,
}

impl Probe {
    /// A probe of the host in `url`; none when the address names no host.
    pub(super) fn new(tls: ClientConfig, url: &str) -> Option<Self> {
        let url = reqwest::Url::parse(url).ok()?;
        // An IPv6 address stands in brackets in a URL and nowhere else.
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some(Self { tls: Arc::new(tls), host, port: url.port_or_known_default()? })
    }

    /// What TLS says against the two sides' certificates; nothing when it has no objection or cannot be asked.
    pub(super) async fn objection(&self) -> Option<rustls::Error> {
        let probe = self.clone();
        tokio::task::spawn_blocking(move || probe.listen()).await.ok()?.err().and_then(tls_error)
    }

    /// Ends well with the first words of the centre after the handshake: it says them to whom it admits.
    fn listen(&self) -> io::Result<()> {
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let mut tcp = self.connect()?;
        tcp.set_read_timeout(Some(STEP))?;
        tcp.set_write_timeout(Some(STEP))?;
        let mut tls = ClientConnection::new(Arc::clone(&self.tls), name).map_err(io::Error::other)?;
        while tls.is_handshaking() || tls.wants_write() {
            tls.complete_io(&mut tcp)?;
        }
        if tls.read_tls(&mut tcp)? > 0 {
            tls.process_new_packets().map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in (self.host.as_str(), self.port).to_socket_addrs()?.take(MAX_ADDRESSES) {
            match TcpStream::connect_timeout(&address, STEP) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

fn tls_error(error: io::Error) -> Option<rustls::Error> {
    error.into_inner()?.downcast().ok().map(|found| *found)
}
