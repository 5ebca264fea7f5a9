//! The new institution's own terminal: a program with a folder, a share and a line of its own, and no certificate.

use std::path::PathBuf;

use anyhow::Result;
use terminal::config::Config;
use toml::Value;

use super::{NEW_CODE, NEW_LINE};
use crate::{
    demo::{
        ports::Ports,
        premises::{RECEIPT_KEYS, institution_web_origin, private_folder, section, table, text},
        running_terminal::RunningTerminal,
    },
    folder::DataFolder,
};

/// Folder of the new institution below the data folder.
const FOLDER: &str = "new-clinic";

/// Starts its terminal.
pub(crate) async fn open(folder: &DataFolder, ports: Ports) -> Result<RunningTerminal> {
    let place = folder.root().join(FOLDER);
    private_folder(&place)?;
    let file = place.join("terminal.toml");
    std::fs::write(&file, toml::to_string_pretty(&settings(folder, ports))?)?;
    RunningTerminal::start(Config::load(&file)?).await
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
                ("line_authentication", text(format!("http://{}/", ports.line_door()))),
            ]),
        ),
    ]))
}
