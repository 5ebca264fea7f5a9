//! `shikaku migrate`: the database at this version.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::{
    folder::{Place, open_store},
    report::Report,
    runtime::block_on,
};

/// Bring the database to this version. Running it again changes nothing.
#[derive(Args)]
#[command(after_help = "Examples:\n  shikaku migrate\n  shikaku migrate --config server.toml")]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
}

/// Applies what is missing.
pub(crate) fn run(arguments: &Arguments) -> Result<Report> {
    let settings = arguments.place.settings()?;
    let applied = block_on(async { Ok(open_store(&settings).await?.migrate().await?) })?;
    let text = match applied {
        0 => "the database is at this version".to_owned(),
        count => format!("{count} migrations applied; the database is at this version"),
    };
    Ok(Report::new(text, json!({ "applied": applied })))
}
