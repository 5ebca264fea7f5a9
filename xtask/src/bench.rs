//! `cargo xtask bench`: the benchmarks, as a table or as one JSON document.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{
    process::{self, cargo, root},
    release,
};

#[derive(Deserialize)]
struct Report {
    benchmarks: Vec<Benchmark>,
}

#[derive(Deserialize)]
struct Benchmark {
    name: String,
    per_second: Option<f64>,
    floor_per_second: Option<f64>,
    ratio: Option<f64>,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    cpu_us: Option<f64>,
    rss_mib: Option<f64>,
}

/// Runs the harness (`testkit`'s bench target `checks`), which prints one JSON document on stdout.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let is = |word: &str| arguments.iter().any(|argument| argument == word);
    let names: Vec<&String> =
        arguments.iter().filter(|word| !matches!(word.as_str(), "--json" | "--led")).collect();
    if names.iter().any(|name| name.starts_with('-')) || names.len() > 1 {
        bail!("usage: cargo xtask bench [NAME] [--led] [--json]");
    }
    // What is measured is the program itself, a process of its own: cargo does not build it for another crate's benches.
    let program = if is("--led") { release::build(true)? } else { plain()? };
    let option = format!("--program={}", program.display());
    let mut command = cargo();
    command.args(["bench", "--locked", "-p", "testkit", "--bench", "checks", "--", &option]).args(names);
    let document = process::output(&mut command)?;
    let report: Report =
        serde_json::from_str(&document).context("the harness did not print one JSON report")?;
    if is("--json") {
        print!("{document}");
        return Ok(());
    }
    print_table(&report);
    Ok(())
}

/// Builds the program as `cargo build --release` does.
fn plain() -> Result<PathBuf> {
    process::run(cargo().args(["build", "--release", "--locked", "-p", "shikaku"]))?;
    Ok(root().join("target").join("release").join("shikaku"))
}

fn print_table(report: &Report) {
    println!(
        "{:<24} {:>10} {:>10} {:>6} {:>8} {:>8} {:>8} {:>8}",
        "benchmark", "per s", "floor/s", "ratio", "p50 ms", "p99 ms", "cpu µs", "RSS MiB"
    );
    for one in &report.benchmarks {
        println!(
            "{:<24} {:>10} {:>10} {:>6} {:>8} {:>8} {:>8} {:>8}",
            one.name,
            number(one.per_second, 0),
            number(one.floor_per_second, 0),
            number(one.ratio, 2),
            number(one.p50_ms, 2),
            number(one.p99_ms, 2),
            number(one.cpu_us, 0),
            number(one.rss_mib, 1),
        );
    }
}

fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
}
