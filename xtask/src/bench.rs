//! `cargo xtask bench`: the benchmarks, as a table or as one JSON document.

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::process::{self, cargo};

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
    let json = arguments.iter().any(|argument| argument == "--json");
    let names: Vec<&String> = arguments.iter().filter(|argument| *argument != "--json").collect();
    if names.iter().any(|name| name.starts_with('-')) || names.len() > 1 {
        bail!("usage: cargo xtask bench [NAME] [--json]");
    }
    // What is measured is the program itself, a process of its own: cargo does not build it for another crate's benches.
    process::run(cargo().args(["build", "--release", "--locked", "-p", "shikaku"]))?;
    let mut command = cargo();
    command.args(["bench", "--locked", "-p", "testkit", "--bench", "checks", "--"]).args(names);
    let document = process::output(&mut command)?;
    let report: Report =
        serde_json::from_str(&document).context("the harness did not print one JSON report")?;
    if json {
        print!("{document}");
        return Ok(());
    }
    print_table(&report);
    Ok(())
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
