//! The demo's card reader: the patient's screen on a port of its own, and a tray on which the demo's cards are put down.

use std::sync::Arc;

use anyhow::{Context, Result};
use card::{session::pinless::SimulatedPinlessAuthorizer, transport::TransportError};
use kiosk::{
    Kiosk, Parts,
    pages::Voices,
    slot::{Tray, TrayCard},
};
use population::Persona;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    ports::Ports,
    running_terminal::{READER_SERIAL, RunningTerminal},
    wallet::Wallet,
};

/// The reader's name in its simulated card-verifiable certificate, which holds ASCII only.
const NAME_ON_CARD: &str = "DEMO-READER";
/// Who does visual checks in the demo, to choose from.
const STAFF: [&str; 2] = ["受付　一郎", "看護　二葉"];

/// The reader while it runs.
pub(crate) struct Reader {
    tray: Tray,
    start_url: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Reader {
    /// Starts it beside its terminal.
    pub(crate) async fn start(ports: Ports, terminal: &RunningTerminal, voices: Voices) -> Result<Self> {
        let tray = Tray::default();
        let parts = Parts {
            slot: Box::new(tray.clone()),
            authorizer: Some(Arc::new(SimulatedPinlessAuthorizer::new(NAME_ON_CARD))),
            // Nobody's face is in a drawn photo.
            faces: None,
            link: Arc::clone(terminal.reader()),
            serial: Some(READER_SERIAL.to_owned()),
            staff: STAFF.map(str::to_owned).into(),
            simulated: true,
        };
        let kiosk = Kiosk::start(ports.kiosk(), parts, voices).await?;
        let start_url = kiosk.start_url().to_owned();
        let stop = CancellationToken::new();
        let task = tokio::spawn(kiosk.serve(stop.clone()));
        Ok(Self { tray, start_url, stop, task })
    }

    /// Where its screen is opened, with the start key.
    pub(crate) fn start_url(&self) -> &str {
        &self.start_url
    }

    /// Whose card lies there.
    pub(crate) fn lying(&self) -> Option<String> {
        self.tray.lying()
    }

    /// Takes the card away, at any moment.
    pub(crate) fn take(&self) {
        self.tray.take();
    }

    /// Puts a person's card down. Its key is made when it is first used, which takes a moment.
    pub(crate) async fn put(&self, wallet: &Arc<Wallet>, person: &Persona) -> Result<()> {
        let (wallet, person) = (Arc::clone(wallet), person.clone());
        let id = person.id.to_owned();
        let made = tokio::task::spawn_blocking(move || {
            // Made here, so that nobody waits for it at the tray.
            wallet.put(&person)?;
            let printed_number = wallet.printed_number(&person);
            let connect =
                move || wallet.put(&person).map_err(|error| TransportError::Failed(error.to_string()));
            anyhow::Ok(TrayCard { id, connect: Box::new(connect), printed_number })
        });
        self.tray.put(made.await.context("the card could not be made")??);
        Ok(())
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the card reader ended badly");
        }
    }
}
