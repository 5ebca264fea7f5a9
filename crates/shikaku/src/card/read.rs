//! `shikaku card read`: a card in a real reader.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, Result, anyhow};
use card::{
    pin::{Pin, PinKind},
    session::{CardSession, LastTry, SessionError},
    transport::{PcscTransport, TransportError, readers},
};
use zeroize::Zeroizing;

use super::describe::Description;
use crate::report::Report;

/// Reads the card in this reader, or in the first reader that holds one.
pub(crate) fn run(wanted: Option<&str>, pin_prompt: bool) -> Result<Report> {
    let reader = choose(wanted).map_err(|error| told(&SessionError::Transport(error)))?;
    let transport =
        PcscTransport::connect(Some(&reader)).map_err(|error| told(&SessionError::Transport(error)))?;
    let mut session = CardSession::open(transport).map_err(|error| told(&error))?;
    if pin_prompt {
        let pin =
            Pin::new(PinKind::Authentication, &ask_pin()?).map_err(|error| anyhow!(error.message_ja()))?;
        session.verify_pin(&pin, LastTry::Refuse).map_err(|error| told(&error))?;
    }
    let description = Description::of(&mut session).map_err(|error| told(&error))?;
    session.finish().map_err(|error| told(&error))?;
    Ok(description.report(&reader))
}

fn choose(wanted: Option<&str>) -> Result<String, TransportError> {
    let found = readers()?;
    match wanted {
        Some(name) => found
            .into_iter()
            .map(|reader| reader.name)
            .find(|reader| reader.starts_with(name))
            .ok_or_else(|| TransportError::UnknownReader(name.to_owned())),
        None if found.is_empty() => Err(TransportError::NoReader),
        None => found
            .into_iter()
            .find(|reader| reader.card_present)
            .map(|reader| reader.name)
            .ok_or(TransportError::NoCard),
    }
}

fn told(error: &SessionError) -> anyhow::Error {
    anyhow!("{}\n{}", error.message_ja(), error.remedy_ja())
}

/// Reads a line from the terminal without showing it.
fn ask_pin() -> Result<Zeroizing<String>> {
    let shown = std::io::stdin().is_terminal();
    if shown {
        eprint!("暗証番号(数字4桁): ");
        echo("-echo")?;
    }
    let mut typed = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().read_line(&mut typed);
    if shown {
        echo("echo")?;
        eprintln!();
    }
    read.context("no PIN could be read")?;
    Ok(Zeroizing::new(typed.trim_end().to_owned()))
}

fn echo(mode: &str) -> Result<()> {
    let done =
        std::process::Command::new("stty").arg(mode).status().context("stty is needed to hide the PIN")?;
    anyhow::ensure!(done.success(), "stty could not hide the PIN");
    Ok(())
}
