//! The terminal as a whole: file drop and reader link over one central client.

use std::{io, net::SocketAddr, sync::Arc};

use tokio_util::sync::CancellationToken;

use crate::{
    central::{Central, ClientError, HttpsCentral},
    certificate::Care,
    config::Config,
    drop::{self, Desk},
    gateway::GatewayDoor,
    reader_link::ReaderLink,
    status::Status,
};

/// Why the terminal cannot start or stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The connection to the centre cannot be prepared.
    #[error(transparent)]
    Central(#[from] ClientError),
    /// Folders, journal or listener.
    #[error("the terminal cannot work: {0}")]
    Io(#[from] io::Error),
}

/// A started terminal: folders opened, unfinished answers delivered, reader link bound.
pub struct Terminal<C: Central> {
    desk: Arc<Desk<C>>,
    link: ReaderLink,
    central: Arc<C>,
    care: Option<Arc<Care>>,
    gateway: Option<GatewayDoor>,
    status: Arc<Status>,
}

/// Runs the terminal until `shutdown`.
///
/// # Errors
/// [`RunError`] when it cannot start; once it runs, trouble is noted in [`Status`] and tried again.
pub async fn run(config: &Config, shutdown: CancellationToken) -> Result<(), RunError> {
    let central = HttpsCentral::new(config)?;
    Terminal::start(config, central).await?.serve(shutdown).await
}

impl<C: Central> Terminal<C> {
    /// Prepares everything over a given centre.
    ///
    /// # Errors
    /// [`RunError::Io`] when folders, journal, token or address cannot be used.
    pub async fn start(config: &Config, central: C) -> Result<Self, RunError> {
        let care = central.identity().map(|slot| Arc::new(Care::new(config.clone(), slot)));
        let (central, status) = (Arc::new(central), Arc::new(Status::default()));
        let desk = Arc::new(Desk::open(config, Arc::clone(&central), Arc::clone(&status))?);
        let link =
            ReaderLink::bind(config, Arc::clone(&central), Arc::clone(&desk), Arc::clone(&status)).await?;
        let gateway = match (&config.gateway, &care) {
            (Some(door), Some(care)) => {
                Some(GatewayDoor::bind(door, Arc::clone(care), Arc::clone(&status), link.reader()).await?)
            }
            _ => None,
        };
        Ok(Self { desk, link, central, care, gateway, status })
    }

    /// Where the browser on this machine finds the terminal's pages and the institution web, if it does.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn gateway_address(&self) -> io::Result<Option<SocketAddr>> {
        self.gateway.as_ref().map(GatewayDoor::address).transpose()
    }

    /// What looks after the certificate, where the centre is shown one.
    #[must_use]
    pub fn care(&self) -> Option<Arc<Care>> {
        self.care.clone()
    }

    /// Where the reader link listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn reader_link_address(&self) -> io::Result<SocketAddr> {
        self.link.address()
    }

    /// The running figures.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }

    /// Serves until `shutdown`; requests in flight come to their end.
    ///
    /// # Errors
    /// None so far: what goes wrong while it runs is noted in [`Status`] and tried again.
    pub async fn serve(self, shutdown: CancellationToken) -> Result<(), RunError> {
        tracing::info!("the terminal is ready");
        let drop = drop::run(self.desk, shutdown.clone());
        let care = self.care.map(|care| care.run(shutdown.clone()));
        let gateway = self.gateway.map(|gateway| gateway.serve(shutdown.clone()));
        let care = async {
            if let Some(care) = care {
                care.await
            }
        };
        let gateway = async {
            if let Some(gateway) = gateway {
                gateway.await;
            }
        };
        tokio::join!(drop, care, self.link.serve(self.central, shutdown), gateway);
        Ok(())
    }
}
