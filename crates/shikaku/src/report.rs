//! What a command found: said in words or as one JSON document, with the exit code that goes with it.

use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
};

use serde_json::Value;

/// A command that lacks something only its caller can say: exit code 2, as for an unknown option.
#[derive(Debug)]
pub(crate) struct WrongUsage(pub(crate) String);

impl fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// What went wrong and why, each thing once: many errors of libraries repeat their cause in their own words.
pub(crate) fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        let cause = cause.trim_end();
        if text.contains(cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(cause);
    }
    text
}

/// The result of a command.
pub(crate) struct Report {
    /// For people, printed as it is.
    text: String,
    /// For programs.
    document: Value,
    /// `false` turns the exit code into 1: the command worked, what it looked at does not hold.
    holds: bool,
    /// Already printed (long-running commands say their addresses at the start).
    printed: bool,
}

impl Report {
    /// A result that holds.
    pub(crate) fn new(text: impl Into<String>, document: Value) -> Self {
        Self { text: text.into(), document, holds: true, printed: false }
    }

    /// The same result with exit code 1.
    pub(crate) fn failed(self) -> Self {
        Self { holds: false, ..self }
    }

    /// Prints now, for a command that goes on working; it then returns what this returns.
    pub(crate) fn announce(mut self, json: bool) -> Self {
        self.write(json);
        self.printed = true;
        self
    }

    /// Prints the result, once, and gives the exit code.
    pub(crate) fn print(self, json: bool) -> ExitCode {
        if !self.printed {
            self.write(json);
        }
        if self.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn write(&self, json: bool) {
        let mut out = io::stdout().lock();
        let written = if json {
            writeln!(out, "{:#}", self.document)
        } else if self.text.is_empty() || self.text.ends_with('\n') {
            write!(out, "{}", self.text)
        } else {
            writeln!(out, "{}", self.text)
        };
        // Nobody may be reading any more (`| head`); that is no failure of the command.
        let _ = written.and_then(|()| out.flush());
    }
}
