//! The project's tasks, each one command: `cargo xtask TASK`. Plain std, no system library, so that the
//! first thing a newcomer builds is built in seconds.

mod bench;
mod demo;
mod e2e;
mod metadata;
mod postgres;
mod process;
mod release;
mod setup;
mod test;
mod tidy;
mod voices;

use std::{fmt, process::ExitCode};

const USAGE: &str = "\
usage: cargo xtask TASK

  demo [-- ARGS]        set up what is missing, build, run `shikaku demo ARGS`
                        e.g. cargo xtask demo -- --once --json
  test [FILTER]         set up what is missing, run every check and test; with FILTER only the tests it names
                        e.g. cargo xtask test verification
  e2e [STORY] [--database sqlite|postgres] [--keep-pictures]
                        set up what is missing, build, tell the stories in a browser; pictures of what it saw
                        go to target/screenshots/STORY, with --keep-pictures those of docs/images are made anew.
                        stories: demo, certificate-import, certificate-renewal, too-often, terminal-states, counter, first-day,
                        institution
  ci                    what .ci/run calls: the same as `test`
  tidy                  the rules of the house that a program can check
  voices [--out DIR]    record the card reader's voice in every language, into target/voices or DIR
  release [--keep-profile]
                        build the program for running in earnest, led by a profile of its own checks, and print where
                        it is; --keep-profile: led by the profile that is there
  bench [NAME] [--led] [--json]
                        build for release, measure, print a table or one JSON document; --led: measure the program
                        that `release` builds
                        e.g. cargo xtask bench card_check --json
";

/// Exit code for a command line that makes no sense.
const WRONG_USAGE: u8 = 2;

/// A command line that makes no sense, and why.
#[derive(Debug)]
struct WrongUsage(String);

impl fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((task, rest)) = arguments.split_first() else {
        eprint!("{USAGE}");
        return ExitCode::from(WRONG_USAGE);
    };
    let done = match task.as_str() {
        "demo" => demo::run(rest),
        "test" => test::run(rest),
        "e2e" if rest.iter().any(|word| word == "--help") => help(),
        "e2e" => e2e::run(rest),
        "ci" => test::run(&[]),
        "tidy" => tidy::run(),
        "release" => release::run(rest),
        "bench" => bench::run(rest),
        "voices" => voices::run(rest),
        "help" | "--help" | "-h" => help(),
        other => {
            eprintln!("xtask: there is no task `{other}`\n\n{USAGE}");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {task}: {error:#}");
            if error.is::<WrongUsage>() { ExitCode::from(WRONG_USAGE) } else { ExitCode::FAILURE }
        }
    }
}

fn help() -> anyhow::Result<()> {
    print!("{USAGE}");
    Ok(())
}
