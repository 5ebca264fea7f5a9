//! `shikaku`: the one program. Server, terminal, card tools, certificate authority, audit proof and the demo
//! are its subcommands, one file each.
//!
//! The command line is a contract: results on stdout, logs and errors on stderr, exit 0 for success, 1 for
//! failure, 2 for wrong usage; with `--json` stdout is exactly one JSON document.

mod audit;
mod ca;
mod card;
mod demo;
mod doctor;
mod folder;
mod institution;
mod insurer;
mod kiosk;
mod line;
mod logging;
mod migrate;
mod operator;
mod population;
mod report;
mod runtime;
mod serve;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::report::{Report, WrongUsage};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code clap uses for wrong usage too.
const WRONG_USAGE: u8 = 2;
const EXAMPLES: &str = "\
Examples:
  shikaku demo                         the whole system on this machine; open http://localhost:8440/
  shikaku demo --once --json           one card check and one number check, as one JSON document
  shikaku audit verify --public-key audit.pem dump.jsonl";

/// Open implementation of Japan's online verification of insurance eligibility (オンライン資格確認).
#[derive(Parser)]
#[command(name = "shikaku", version, after_help = EXAMPLES, disable_help_subcommand = true)]
struct Cli {
    /// Print the result as one JSON document and nothing else on stdout.
    #[arg(long, global = true)]
    json: bool,
    /// Write logs as JSON lines (also with SHIKAKU_LOG_JSON=1; SHIKAKU_LOG sets the level, e.g. debug).
    #[arg(long, global = true)]
    log_json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Migrate(migrate::Arguments),
    Population(population::Arguments),
    #[command(subcommand)]
    Institution(institution::Command),
    #[command(subcommand)]
    Line(line::Command),
    #[command(subcommand)]
    Insurer(insurer::Command),
    #[command(subcommand)]
    Terminal(terminal::Command),
    #[command(subcommand)]
    Kiosk(kiosk::Command),
    #[command(subcommand)]
    Card(card::Command),
    #[command(subcommand)]
    Ca(ca::Command),
    #[command(subcommand)]
    Audit(audit::Command),
    #[command(subcommand)]
    Operator(operator::Command),
    Doctor(doctor::Arguments),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(cli.log_json);
    match runtime::keep_memory_private().and_then(|()| run(cli.command, cli.json)) {
        Ok(report) => report.print(cli.json),
        Err(error) => {
            eprintln!("shikaku: {}", report::told(&error));
            if error.is::<WrongUsage>() { ExitCode::from(WRONG_USAGE) } else { ExitCode::FAILURE }
        }
    }
}

fn run(command: Command, json: bool) -> anyhow::Result<Report> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments, json),
        Command::Serve(arguments) => serve::run(&arguments, json),
        Command::Migrate(arguments) => migrate::run(&arguments),
        Command::Population(arguments) => population::run(&arguments),
        Command::Institution(command) => institution::run(&command),
        Command::Line(command) => line::run(&command),
        Command::Insurer(command) => insurer::run(&command),
        Command::Terminal(command) => terminal::run(&command, json),
        Command::Kiosk(command) => kiosk::run(&command, json),
        Command::Card(command) => card::run(&command, json),
        Command::Ca(command) => ca::run(&command),
        Command::Audit(command) => audit::run(&command),
        Command::Operator(command) => operator::run(&command),
        Command::Doctor(arguments) => doctor::run(&arguments),
    }
}
