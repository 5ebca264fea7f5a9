//! The new institution's own terminal: a program with a folder, a share and a line of its own, and no certificate.

use std::{path::PathBuf, sync::Arc};

use anyhow::Result;
use kiosk::{TerminalLink, TerminalLinkConfig};
use terminal::{Terminal, central::HttpsCentral, config::Config};
use tokio_util::sync::CancellationToken;
use toml::Value;

use super::{NEW_CODE, NEW_LINE};
use crate::{
    demo::{
        ports::Ports,
        premises::{RECEIPT_KEYS, institution_web_origin, private_folder, section, table, text},
        system::TerminalTask,
    },
    folder::DataFolder,
};

/// Folder of the new institution below the data folder.
const FOLDER: &str = "new-clinic";

/// The new institution, at work.
pub(crate) struct Clinic {
    share: PathBuf,
    state: PathBuf,
    reader: Arc<TerminalLink>,
    stop: CancellationToken,
    task: TerminalTask,
}

impl Clinic {
    /// Starts its terminal.
    pub(crate) async fn open(folder: &DataFolder, ports: Ports) -> Result<Self> {
        let place = folder.root().join(FOLDER);
        private_folder(&place)?;
        let file = place.join("terminal.toml");
        std::fs::write(&file, toml::to_string_pretty(&settings(folder, ports))?)?;
        let config = Config::load(&file)?;
        let terminal = Terminal::start(&config, HttpsCentral::new(&config)?).await?;
        let link =
            TerminalLinkConfig { address: terminal.reader_link_address()?, token_file: config.token_file() };
        let stop = CancellationToken::new();
        let task = tokio::spawn(terminal.serve(stop.clone()));
        let reader = Arc::new(TerminalLink::new(&link)?);
        Ok(Self { share: config.drop.root, state: config.state, reader, stop, task })
    }

    /// Where its results appear.
    pub(crate) fn share(&self) -> &PathBuf {
        &self.share
    }
    /// The terminal's own state.
    pub(crate) fn state(&self) -> &PathBuf {
        &self.state
    }
    /// Its card reader's way to the terminal.
    pub(crate) fn reader(&self) -> &Arc<TerminalLink> {
        &self.reader
    }

    /// Ends it.
    pub(crate) async fn close(self) -> Result<()> {
        self.stop.cancel();
        Ok(self.task.await??)
    }
}

fn settings(folder: &DataFolder, ports: Ports) -> Value {
    let path = |path: PathBuf| text(path.display());
    Value::Table(table([
        ("institution_code", text(NEW_CODE)),
        ("state", text("state")),
        ("drop", section([("root", text("OQS"))])),
        (
            "central",
            section([
                ("url", text(format!("https://{}", ports.terminal_api()))),
                ("ca_file", path(folder.authority().join(pki::authority::ROOT_CERTIFICATE_FILE))),
                ("receipt_keys_file", path(folder.key(RECEIPT_KEYS))),
                ("local_address", text(NEW_LINE)),
            ]),
        ),
        ("reader_link", section([("listen", text(ports.new_reader_link()))])),
        ("certificate", section([("retrieval_url", text(format!("http://{}", ports.authority())))])),
        (
            "gateway",
            section([
                ("listen", text(ports.new_gateway())),
                ("institution_web", text(institution_web_origin(ports))),
            ]),
        ),
    ]))
}
