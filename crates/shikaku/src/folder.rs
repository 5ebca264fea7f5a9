//! An installation on this machine: its settings and where its parts lie.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use pki::authority::ROOT_CERTIFICATE_FILE;
use server::config::Config;
use store::{Options, Store};

use crate::report::{WrongUsage, told};

/// Name of the server's settings in a data folder.
const SERVER_SETTINGS: &str = "server.toml";
/// Name of the institutions' certificate authority in a data folder, and of one made by hand.
pub(crate) const AUTHORITY: &str = "ca";
/// Name of the terminal's settings in a data folder.
const TERMINAL_SETTINGS: &str = "terminal.toml";

/// Which installation a command works on.
#[derive(Args, Clone)]
#[group(multiple = false)]
pub(crate) struct Place {
    /// The data folder of a demo or a trial: its `server.toml` says the rest.
    ///
    /// Without --data and --config it is the folder `shikaku demo` keeps when it is not told another.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The server's settings.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The settings of an installation that is there.
pub(crate) struct Installation {
    /// Of the server.
    pub(crate) server: Config,
    /// Of the terminal, where a data folder holds one too.
    pub(crate) terminal: Option<PathBuf>,
}

impl Place {
    /// Reads the server's settings.
    pub(crate) fn settings(&self) -> Result<Config> {
        Ok(self.installation()?.server)
    }

    /// Finds the installation that was named; else the demo's, which is then said on stderr.
    pub(crate) fn installation(&self) -> Result<Installation> {
        if let Some(file) = &self.config {
            return Ok(Installation { server: server_config(file)?, terminal: None });
        }
        let folder = match &self.data {
            Some(folder) => folder.clone(),
            None => demo_with(SERVER_SETTINGS, "--config FILE or --data DIR")?,
        };
        let file = folder.join(SERVER_SETTINGS);
        if !file.is_file() {
            anyhow::bail!(
                "{0} holds no installation ({1} is not there); `shikaku demo --data {0}` makes one",
                folder.display(),
                SERVER_SETTINGS
            );
        }
        let terminal = Some(folder.join(TERMINAL_SETTINGS)).filter(|file| file.is_file());
        Ok(Installation { server: server_config(&file)?, terminal })
    }
}

/// Reads the server's settings.
pub(crate) fn server_config(file: &Path) -> Result<Config> {
    Config::load(file).map_err(|error| with_remedy(error.into(), file, "server"))
}

/// Reads a terminal's settings.
pub(crate) fn terminal_config(file: &Path) -> Result<terminal::config::Config> {
    terminal::config::Config::load(file).map_err(|error| with_remedy(error.into(), file, "terminal"))
}

/// Reads a card reader's settings.
pub(crate) fn kiosk_config(file: &Path) -> Result<kiosk::config::Config> {
    kiosk::config::Config::load(file).map_err(|error| with_remedy(error.into(), file, "kiosk"))
}

fn with_remedy(error: anyhow::Error, file: &Path, part: &str) -> anyhow::Error {
    let example = format!("docs/{part}.example.toml");
    let remedy = match file.is_file() {
        true => format!("correct it there; {example} shows every setting with its meaning"),
        false => format!("name the {part}'s settings; {example} is one to begin with"),
    };
    let told = told(&error);
    let named =
        if told.contains(&*file.to_string_lossy()) { told } else { format!("{}: {told}", file.display()) };
    anyhow::anyhow!("{named}\n{remedy}")
}

/// The terminal's settings that were named; else the demo's, which is then said on stderr.
pub(crate) fn terminal_settings(named: Option<&Path>) -> Result<PathBuf> {
    match named {
        Some(file) => Ok(file.to_owned()),
        None => Ok(demo_with(TERMINAL_SETTINGS, "--config FILE")?.join(TERMINAL_SETTINGS)),
    }
}

/// The demo's folder, if `part` is in it; `option` is what the caller can say instead.
fn demo_with(part: &str, option: &str) -> Result<PathBuf> {
    let folder = demo_folder();
    if !folder.join(part).exists() {
        let text = format!(
            "which installation? Say {option}; or run `shikaku demo` first, whose folder {} is looked at without it",
            folder.display()
        );
        return Err(WrongUsage(text).into());
    }
    eprintln!("shikaku: acting on the demo in {} (no {option} was given)", folder.display());
    Ok(folder)
}

/// The authority's folder that was named; else `./ca`, else the demo's. Which one is said on stderr.
pub(crate) fn authority_folder(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(folder) = named {
        return Ok(folder.to_owned());
    }
    let beside = PathBuf::from(AUTHORITY);
    // Whoever made one here means that one.
    if beside.join(ROOT_CERTIFICATE_FILE).is_file() {
        eprintln!("shikaku: acting on the authority in ./{AUTHORITY} (no --dir DIR was given)");
        return Ok(beside);
    }
    Ok(demo_with(&format!("{AUTHORITY}/{ROOT_CERTIFICATE_FILE}"), "--dir DIR")?.join(AUTHORITY))
}

/// Where `shikaku demo` keeps everything unless told otherwise: `~/.local/share/shikaku/demo`, or the same under the temporary folder.
pub(crate) fn demo_folder() -> PathBuf {
    let data = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".local/share")))
        .unwrap_or_else(std::env::temp_dir);
    data.join("shikaku").join("demo")
}

/// Opens the database of these settings as it is.
pub(crate) async fn open_store(settings: &Config) -> Result<Store> {
    let url = &settings.database_url;
    Store::open(url.reveal(), Options::default())
        .await
        .with_context(|| format!("cannot open the database {}", url.masked()))
}

/// The same, brought to this version first: for commands that write.
pub(crate) async fn open_current_store(settings: &Config) -> Result<Store> {
    let store = open_store(settings).await?;
    store.migrate().await.context("the database cannot be brought to this version")?;
    Ok(store)
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
        self.root.join(TERMINAL_SETTINGS)
    }
    /// Keys that belong to no authority.
    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.root.join("keys").join(name)
    }
    /// The institutions' certificate authority.
    pub(crate) fn authority(&self) -> PathBuf {
        self.root.join(AUTHORITY)
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
