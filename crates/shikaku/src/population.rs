//! `shikaku population`: a synthetic population as insurers' data files.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use eligibility::Date;
use indicatif::{ProgressBar, ProgressStyle};
use population::{DEFAULT_AS_OF, Options, write_folder};
use serde_json::json;

use crate::report::Report;

/// Milliseconds between two redraws of the progress bar.
const REDRAW_MS: u64 = 200;

/// Make a plausible population that nobody lives in: insurers, people, coverage, cards. The same options give
/// the same bytes.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku population --persons 10000 --seed 1 --out population
  shikaku insurer import --data demo-data population")]
pub(crate) struct Arguments {
    /// How many people, besides the named ones of the demo, who are always there.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=i64::from(population::MAX_PERSONS)))]
    persons: u32,
    /// Where chance begins.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The folder for the files.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The day the population is seen from; a fixed one, so that bytes do not depend on the clock.
    #[arg(long, value_name = "YYYY-MM-DD", default_value_t = DEFAULT_AS_OF)]
    as_of: Date,
}

/// Writes the files.
pub(crate) fn run(arguments: &Arguments) -> Result<Report> {
    let mut options = Options::new(arguments.persons, arguments.seed);
    options.as_of = arguments.as_of;
    let bar = ProgressBar::new(u64::from(arguments.persons));
    let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} people  {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(REDRAW_MS));
    let written = write_folder(&options, &arguments.out, |done| bar.set_position(done))
        .with_context(|| format!("cannot write the population to {}", arguments.out.display()))?;
    bar.finish_and_clear();
    let files = 2 + written.coverages.len();
    let coverages: u64 = written.coverages.iter().map(|file| file.summary.records).sum();
    let (insurers, cards) = (written.insurers.summary.records, written.cards.summary.records);
    let text = format!(
        "{insurers} insurers, {coverages} coverages, {cards} cards in {files} files\nwritten to {}",
        arguments.out.display()
    );
    let document = json!({
        "out": arguments.out, "files": files, "insurers": insurers, "coverages": coverages, "cards": cards,
    });
    Ok(Report::new(text, document))
}
