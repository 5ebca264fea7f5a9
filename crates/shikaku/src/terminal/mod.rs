//! `shikaku terminal`: the eligibility terminal at an institution, and its certificate.

mod certificate;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::json;
use terminal::{Terminal, central::HttpsCentral};
use tokio_util::sync::CancellationToken;

use crate::{
    folder::{terminal_config, terminal_settings},
    report::Report,
    runtime::{asked_to_end, block_on},
};

/// The eligibility terminal (資格確認端末): file drop and reader link.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  shikaku terminal check
  shikaku terminal run --config terminal.toml
  shikaku terminal certificate show")]
pub(crate) enum Command {
    Run(Run),
    Check(Check),
    #[command(subcommand)]
    Certificate(certificate::Command),
}

/// Run the terminal until Ctrl-C or SIGTERM.
#[derive(Args)]
#[command(after_help = "Example:\n  shikaku terminal run --config demo-data/terminal.toml")]
pub(crate) struct Run {
    /// The terminal's settings.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Look for what is wrong with the terminal's settings, with the remedy; exit 1 when anything is.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  shikaku terminal check\n  shikaku terminal check --config terminal.toml"
)]
pub(crate) struct Check {
    /// The terminal's settings; without it those of the demo.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs one of them.
pub(crate) fn run(command: &Command, json: bool) -> Result<Report> {
    match command {
        Command::Run(arguments) => run_terminal(arguments, json),
        Command::Check(arguments) => check(arguments),
        Command::Certificate(command) => certificate::run(command),
    }
}

fn check(arguments: &Check) -> Result<Report> {
    let problems = terminal_config(&terminal_settings(arguments.config.as_deref())?)?.check();
    let listed: Vec<_> = problems
        .iter()
        .map(|problem| json!({"setting": problem.setting, "what": problem.what, "remedy": problem.remedy}))
        .collect();
    let document = json!({ "problems": listed });
    if problems.is_empty() {
        return Ok(Report::new("nothing is wrong", document));
    }
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Ok(Report::new(lines.join("\n"), document).failed())
}

fn run_terminal(arguments: &Run, json: bool) -> Result<Report> {
    let config = terminal_config(&arguments.config)?;
    block_on(async {
        let central =
            HttpsCentral::new(&config).context("the connection to the centre cannot be prepared")?;
        let terminal = Terminal::start(&config, central).await?;
        let reader_link = terminal.reader_link_address()?;
        let gateway = terminal.gateway_address()?.map(|address| format!("http://{address}/"));
        let mut text =
            format!("file drop: {}\nreader link: http://{reader_link}", config.drop.root.display());
        if let Some(gateway) = &gateway {
            text.push_str(&format!("\nin a browser: {gateway}"));
        }
        let document = json!({
            "drop": config.drop.root, "reader_link": reader_link.to_string(), "gateway": gateway,
        });
        let report = Report::new(text, document).announce(json);
        let stop = CancellationToken::new();
        let serving = terminal.serve(stop.clone());
        let ending = async {
            let asked = asked_to_end().await;
            stop.cancel();
            asked
        };
        let (served, asked) = tokio::join!(serving, ending);
        served?;
        asked?;
        Ok(report)
    })
}
