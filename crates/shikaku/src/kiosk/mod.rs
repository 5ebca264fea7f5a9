//! `shikaku kiosk`: the card reader at the counter.

mod pages;
mod run;

use anyhow::Result;
use clap::Subcommand;

use crate::report::Report;

pub(crate) use run::voices;

/// The card reader at the counter (顔認証付きカードリーダー): the patient's screen and the card.
#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  shikaku kiosk run --config kiosk.toml\n  shikaku kiosk pages --out reader-pages"
)]
pub(crate) enum Command {
    Run(run::Arguments),
    Pages(pages::Arguments),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, json: bool) -> Result<Report> {
    match command {
        Command::Run(arguments) => run::run(arguments, json),
        Command::Pages(arguments) => pages::run(arguments),
    }
}
