//! `shikaku card`: what a card says, and simulated cards.

mod describe;
mod read;
mod simulate;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::report::Report;

/// My Number cards: read one in a reader, or be a simulated one.
#[derive(Subcommand)]
#[command(after_help = "Examples:\n  shikaku card simulate --persona hanako\n  shikaku card read")]
pub(crate) enum Command {
    Read(Read),
    Simulate(simulate::Simulate),
}

/// Say what a card in a reader says: kind, certificate, dates, PIN tries left. Asks for no PIN unless told to.
#[derive(Args)]
#[command(after_help = "Examples:\n  shikaku card read\n  shikaku card read --reader \"Sony FeliCa\" --json")]
pub(crate) struct Read {
    /// Name of the reader, or its beginning; without it the first one that holds a card.
    #[arg(long, value_name = "NAME")]
    reader: Option<String>,
    /// Ask for the PIN on the terminal and let the card check it. A wrong PIN costs a try.
    #[arg(long)]
    pin_prompt: bool,
}

/// Runs one of them.
pub(crate) fn run(command: &Command, json: bool) -> Result<Report> {
    match command {
        Command::Read(arguments) => read(arguments),
        Command::Simulate(arguments) => simulate::run(arguments, json),
    }
}

fn read(arguments: &Read) -> Result<Report> {
    read::run(arguments.reader.as_deref(), arguments.pin_prompt)
}
