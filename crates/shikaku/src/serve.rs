//! `shikaku serve`: the central server.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::json;
use server::{Server, clock::Clock};

use crate::{
    folder::server_config,
    report::Report,
    runtime::{asked_to_end, block_on},
};

/// Run the central server until Ctrl-C or SIGTERM.
#[derive(Args)]
#[command(after_help = "Example:\n  shikaku serve --config demo-data/server.toml --log-json")]
pub(crate) struct Arguments {
    /// The server's settings; `database_url` in it chooses sqlite:… or postgres://….
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Which part to run: `central` faces the institutions' closed network; `all` runs every part there is.
    #[arg(long, value_enum, default_value = "all")]
    role: Role,
}

/// The parts of the server that can run on their own.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    /// Everything in one process.
    All,
    /// What terminals in the closed network reach.
    Central,
    /// What the internet reaches.
    Internet,
}

/// Serves until asked to end.
pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<Report> {
    if arguments.role == Role::Internet {
        anyhow::bail!("nothing of this version faces the internet yet; run `--role central` or `--role all`");
    }
    let settings = server_config(&arguments.config)?;
    block_on(async {
        let server = Server::start(&settings, Clock::system()).await?;
        let text =
            format!("terminals: https://{}\noperators: http://{}", server.terminal_api(), server.ops());
        let document = json!({
            "terminal_api": server.terminal_api().to_string(),
            "ops": server.ops().to_string(),
        });
        let report = Report::new(text, document).announce(json);
        asked_to_end().await?;
        server.shutdown().await;
        Ok(report)
    })
}
