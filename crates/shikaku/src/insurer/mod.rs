//! `shikaku insurer`: insurers' data into the database.

pub(crate) mod load;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use server::clock::Clock;

use crate::{
    folder::{Place, open_current_store},
    report::Report,
    runtime::block_on,
};
use load::{Loaded, SourceFile};

/// Milliseconds between two redraws of the progress bar.
const REDRAW_MS: u64 = 200;
/// Faults shown one by one at most.
const FAULTS_SHOWN: usize = 20;

/// Insurers' data.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  shikaku insurer import population/*.csv")]
pub(crate) enum Command {
    Import(Import),
}

/// Load files of insurers, coverage and cards: validated whole; the members of an insurer are swapped at once.
///
/// A file with any fault changes nothing. The same content again is recognised and changes nothing.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku insurer import population/*.csv
  shikaku insurer import --data demo-data population/*.csv
  shikaku insurer import --config server.toml population")]
pub(crate) struct Import {
    #[command(flatten)]
    place: Place,
    /// The files, or folders of them, in any order.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs one of them.
pub(crate) fn run(command: &Command) -> Result<Report> {
    let Command::Import(arguments) = command;
    let settings = arguments.place.settings()?;
    let sources = sources(&arguments.files)?;
    let bar = progress(sources.iter().map(|source| source.rows).sum());
    let mut faults = Vec::new();
    let loaded = block_on(async {
        let store = open_current_store(&settings).await?;
        let mut loaded = Vec::new();
        for source in &sources {
            let before = bar.position();
            let one = load::file(
                &store,
                source,
                &Clock::system(),
                |rows| bar.set_position(before + rows),
                |fault| {
                    faults.push(fault);
                },
            )
            .await
            .with_context(|| explain(&source.path, &faults))?;
            bar.set_position(before + source.rows);
            loaded.push(one);
        }
        Ok(loaded)
    })?;
    bar.finish_and_clear();
    Ok(report(&loaded))
}

/// All files named, directly or by their folder, in the order they must be loaded.
fn sources(named: &[PathBuf]) -> Result<Vec<SourceFile>> {
    let mut paths = Vec::new();
    for path in named {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).with_context(|| format!("{}", path.display()))?;
            let files = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
            paths.extend(files.filter(|file| file.extension().is_some_and(|extension| extension == "csv")));
        } else {
            paths.push(path.clone());
        }
    }
    paths.sort();
    let mut sources: Vec<SourceFile> =
        paths.iter().map(|path| SourceFile::open(path)).collect::<Result<_>>()?;
    // Names before members, members before their cards.
    sources.sort_by_key(|source| source.kind);
    Ok(sources)
}

fn progress(rows: u64) -> ProgressBar {
    let bar = ProgressBar::new(rows);
    let style =
        ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} rows  {per_sec}  {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(REDRAW_MS));
    bar
}

fn explain(path: &Path, faults: &[load::Fault]) -> String {
    let mut text = format!("{} was not loaded; nothing of it is visible", path.display());
    for fault in faults.iter().take(FAULTS_SHOWN) {
        text.push_str(&format!("\n  row {}: {}", fault.row, fault.reason));
    }
    text
}

fn report(loaded: &[Loaded]) -> Report {
    let line = |one: &Loaded| {
        let state = if one.already_applied { "was loaded before, nothing changed" } else { "loaded" };
        format!("{} {}: {} rows, {state}", one.kind.name(), one.path.display(), one.rows)
    };
    let document: Vec<Value> = loaded
        .iter()
        .map(|one| {
            json!({
                "file": one.path, "kind": one.kind.name(), "rows": one.rows, "already_applied": one.already_applied,
            })
        })
        .collect();
    let text: Vec<String> = loaded.iter().map(line).collect();
    Report::new(text.join("\n"), json!({ "files": document }))
}
