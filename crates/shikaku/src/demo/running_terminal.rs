//! A terminal that runs within the demo, and its card reader's way to it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Result;
use kiosk::{TerminalLink, TerminalLinkConfig};
use terminal::{RunError, Status, Terminal, central::HttpsCentral, certificate::Keeping, config::Config};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// 製造番号 of the demo's simulated readers.
pub(crate) const READER_SERIAL: &str = "DEMO-READER-0001";

/// A terminal at work.
pub(crate) struct RunningTerminal {
    share: PathBuf,
    state: PathBuf,
    status: Arc<Status>,
    keeping: Keeping,
    reader: Arc<TerminalLink>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), RunError>>,
}

impl RunningTerminal {
    /// Starts it.
    pub(crate) async fn start(config: Config) -> Result<Self> {
        let terminal = Terminal::start(&config, HttpsCentral::new(&config)?).await?;
        let status = terminal.status();
        let link = TerminalLinkConfig {
            address: terminal.reader_link_address()?,
            token_file: config.token_file(),
            reader_serial: Some(READER_SERIAL.to_owned()),
        };
        let keeping = Keeping::of(&config);
        let stop = CancellationToken::new();
        let task = tokio::spawn(terminal.serve(stop.clone()));
        let reader = Arc::new(TerminalLink::new(&link)?);
        Ok(Self { share: config.drop.root, state: config.state, status, keeping, reader, stop, task })
    }

    /// The folder it shares with its receipt computer.
    pub(crate) fn share(&self) -> &Path {
        &self.share
    }
    /// The terminal's own state.
    pub(crate) fn state(&self) -> &Path {
        &self.state
    }
    /// What it knows of itself.
    pub(crate) fn status(&self) -> &Status {
        &self.status
    }
    /// Whether it has a certificate.
    pub(crate) fn has_certificate(&self) -> bool {
        self.keeping.current().is_ok_and(|held| held.is_some())
    }
    /// Its card reader's way to it.
    pub(crate) fn reader(&self) -> &Arc<TerminalLink> {
        &self.reader
    }

    /// Ends it, letting open requests finish.
    pub(crate) async fn stop(self) -> Result<()> {
        self.stop.cancel();
        Ok(self.task.await??)
    }
}
