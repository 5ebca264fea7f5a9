//! An installation on this machine: its settings and where its parts lie.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use server::config::Config;
use store::{Options, Store};

/// Name of the server's settings in a data folder.
const SERVER_SETTINGS: &str = "server.toml";

/// Which installation a command works on.
#[derive(Args, Clone)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// The data folder of a demo or a trial: its `server.toml` says the rest.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The server's settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl Place {
    /// Where the server's settings lie.
    pub(crate) fn settings_file(&self) -> PathBuf {
        match (&self.config, &self.data) {
            (Some(file), _) => file.clone(),
            (None, Some(folder)) => folder.join(SERVER_SETTINGS),
            // clap requires one of the two.
            (None, None) => PathBuf::from(SERVER_SETTINGS),
        }
    }

    /// Reads the server's settings.
    pub(crate) fn settings(&self) -> Result<Config> {
        let file = self.settings_file();
        if let Some(folder) = self.data.as_ref().filter(|_| !file.is_file()) {
            anyhow::bail!(
                "{0} holds no installation ({1} is not there); `shikaku demo --data {0}` makes one",
                folder.display(),
                SERVER_SETTINGS
            );
        }
        Config::load(&file).map_err(Into::into)
    }
}

/// Opens the database of these settings as it is.
pub(crate) async fn open_store(settings: &Config) -> Result<Store> {
    let url = &settings.database_url;
    Store::open(url.reveal(), Options::default())
        .await
        .with_context(|| format!("cannot open the database {}", url.masked()))
}

/// The paths of a data folder. Everything a demo keeps is below it.
#[derive(Clone, Debug)]
pub(crate) struct DataFolder {
    root: PathBuf,
}

impl DataFolder {
    /// Names a folder; it need not exist.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        let root = std::path::absolute(root).with_context(|| format!("{}", root.display()))?;
        Ok(Self { root })
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
    /// The server's settings.
    pub(crate) fn server_settings(&self) -> PathBuf {
        self.root.join(SERVER_SETTINGS)
    }
    /// The terminal's settings.
    pub(crate) fn terminal_settings(&self) -> PathBuf {
        self.root.join("terminal.toml")
    }
    /// Keys that belong to no authority.
    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.root.join("keys").join(name)
    }
    /// The institutions' certificate authority.
    pub(crate) fn authority(&self) -> PathBuf {
        self.root.join("ca")
    }
    /// The simulated J-LIS.
    pub(crate) fn jlis(&self) -> PathBuf {
        self.root.join("jlis")
    }
    /// The simulated cards, a folder each.
    pub(crate) fn cards(&self) -> PathBuf {
        self.root.join("cards")
    }
    /// The terminal's share: `req`, `res`, `face`.
    pub(crate) fn drop(&self) -> PathBuf {
        self.root.join("terminal").join("OQS")
    }
    /// The terminal's own state.
    pub(crate) fn terminal_state(&self) -> PathBuf {
        self.root.join("terminal").join("state")
    }
}
