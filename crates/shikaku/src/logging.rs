//! Logs go to stderr: lines for people, or JSON lines for collectors. Never personal data.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt};

/// Variable that sets the level, in the syntax of `tracing` (e.g. `debug` or `warn,server=info`).
const LEVEL_VARIABLE: &str = "SHIKAKU_LOG";
/// Variable that asks for JSON lines.
const JSON_VARIABLE: &str = "SHIKAKU_LOG_JSON";
/// What is said when nobody asks for more.
const DEFAULT_LEVEL: &str = "warn,shikaku=info,server=info,terminal=info";

/// Starts logging for this process.
pub(crate) fn start(json: bool) {
    let level = EnvFilter::try_from_env(LEVEL_VARIABLE).unwrap_or_else(|_| EnvFilter::new(DEFAULT_LEVEL));
    let json = json || std::env::var(JSON_VARIABLE).is_ok_and(|value| !value.is_empty() && value != "0");
    let builder = fmt().with_writer(std::io::stderr).with_env_filter(level);
    let started = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init()
    };
    // Only a second start in one process can fail, and then the first one's settings hold.
    let _ = started;
}
