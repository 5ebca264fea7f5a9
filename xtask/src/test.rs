//! `cargo xtask test`: everything that must hold, quick checks first, all of them even when one fails.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{
    demo, e2e,
    process::{self, cargo, program, root},
    setup, tidy,
};

/// Where nextest leaves its counts (`.config/nextest.toml`).
const COUNTS: &str = "target/nextest/default/junit.xml";
/// First port of the demo that the checks start; away from a demo somebody has running.
const DEMO_PORT_BASE: &str = "18440";

/// How many things held and how many did not.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

type Step = (&'static str, fn() -> Result<Counts>);

const STEPS: &[Step] = &[
    ("format", || one(process::run(cargo().args(["fmt", "--all", "--check"])))),
    ("tidy", || one(tidy::run())),
    ("clippy", || one(process::run(&mut clippy()))),
    ("without card readers", || one(process::run(&mut without_card_readers()))),
    ("tests", || tests(&[])),
    ("stories", e2e::all),
    ("doc tests", || {
        one(process::run(cargo().args(["test", "--doc", "--workspace", "--locked", "--quiet"])))
    }),
    ("fuzz targets", || one(process::run(&mut fuzz_targets()))),
    ("demo", || one(demo_once())),
];

/// Sets up what is missing and runs every step, or only the tests that `arguments` name.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let began = Instant::now();
    setup::for_tests()?;
    if !arguments.is_empty() {
        let counts = tests(arguments)?;
        return conclude(&[("tests", counts, began.elapsed())]);
    }
    let mut results = Vec::new();
    for (name, step) in STEPS {
        eprintln!("\n── {name}");
        let began = Instant::now();
        let counts = step().unwrap_or_else(|error| {
            eprintln!("{name}: {error:#}");
            Counts { passed: 0, failed: 1 }
        });
        results.push((*name, counts, began.elapsed()));
    }
    conclude(&results)
}

fn conclude(results: &[(&str, Counts, Duration)]) -> Result<()> {
    eprintln!();
    let mut all = Counts::default();
    for (name, counts, took) in results {
        let mark = if counts.failed == 0 { "ok    " } else { "FAILED" };
        eprintln!(
            "{mark} {name}: {} passed, {} failed, {:.1} s",
            counts.passed,
            counts.failed,
            took.as_secs_f64()
        );
        all.passed += counts.passed;
        all.failed += counts.failed;
    }
    println!("{} passed, {} failed", all.passed, all.failed);
    if all.failed > 0 {
        // The counts are the last line; the exit code says the rest.
        std::process::exit(1);
    }
    Ok(())
}

fn one(result: Result<()>) -> Result<Counts> {
    result.map(|()| Counts { passed: 1, failed: 0 })
}

fn clippy() -> std::process::Command {
    let mut command = cargo();
    command.args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]);
    command
}

/// The other shape of the one crate that knows whether there is a library for readers.
fn without_card_readers() -> std::process::Command {
    let mut command = cargo();
    command.args(["clippy", "-p", "card", "--all-targets", "--no-default-features", "--locked"]);
    command.args(["--", "-D", "warnings"]);
    command
}

fn fuzz_targets() -> std::process::Command {
    let mut command = cargo();
    // A workspace of its own, because fuzz targets are built with other flags; checked, their libraries are the same.
    command.args(["check", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target"]);
    command
}

fn tests(filter: &[String]) -> Result<Counts> {
    if setup::nextest() { with_nextest(filter) } else { with_cargo_test(filter) }
}

/// Tests at once: half as many more as there are cores, as many of them wait for a limit of time to pass.
fn at_once() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores + cores.div_ceil(2)
}

fn with_nextest(filter: &[String]) -> Result<Counts> {
    let counts_file = root().join(COUNTS);
    // Counts of an earlier run must not stand for this one.
    let _ = std::fs::remove_file(&counts_file);
    let mut command = cargo();
    command.args(["nextest", "run", "--workspace", "--locked", "--test-threads"]);
    command.arg(at_once().to_string()).args(filter);
    let ended = process::run(&mut command);
    let Ok(report) = std::fs::read_to_string(&counts_file) else {
        ended?;
        bail!("nextest left no counts at {COUNTS}");
    };
    let counts = junit_counts(&report).context("the counts nextest left cannot be read")?;
    match ended {
        Err(error) if counts.failed == 0 => Err(error),
        _ => Ok(counts),
    }
}

/// Totals of a JUnit report: `<testsuites … tests="12" failures="1" errors="0" …>`.
fn junit_counts(report: &str) -> Option<Counts> {
    let head = report.split("<testsuites").nth(1)?.split('>').next()?;
    let attribute = |name: &str| -> Option<u64> {
        head.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.parse().ok()
    };
    let failed = attribute("failures")? + attribute("errors")?;
    Some(Counts { passed: attribute("tests")?.checked_sub(failed)?, failed })
}

/// The way without nextest: the same tests, counted from the harness's own closing lines.
fn with_cargo_test(filter: &[String]) -> Result<Counts> {
    let mut command = cargo();
    command
        .args(["test", "--workspace", "--all-targets", "--no-fail-fast", "--locked"])
        .args(filter)
        .current_dir(root())
        .stderr(std::process::Stdio::inherit());
    let done = command.output().context("cannot start cargo test")?;
    let text = String::from_utf8_lossy(&done.stdout);
    eprint!("{text}");
    let mut counts = Counts::default();
    for line in text.lines().filter(|line| line.starts_with("test result:")) {
        let number_before = |word: &str| -> u64 {
            let before = line.split(word).next().unwrap_or_default();
            before.split_whitespace().next_back().and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        counts.passed += number_before(" passed");
        counts.failed += number_before(" failed");
    }
    if !done.status.success() && counts.failed == 0 {
        bail!("cargo test ended with {}", done.status);
    }
    Ok(counts)
}

/// The newcomer's first command, as a stranger would judge it.
fn demo_once() -> Result<()> {
    demo::build_beside_tests()?;
    let data = root().join("target/demo-once");
    if data.exists() {
        std::fs::remove_dir_all(&data).context("cannot clear the last demo's folder")?;
    }
    let binary = root().join("target/debug/shikaku");
    let document = process::output(
        program(&binary.to_string_lossy())
            .args(["demo", "--once", "--json", "--port-base", DEMO_PORT_BASE, "--data"])
            .arg(&data),
    )?;
    let answers: serde_json::Value = serde_json::from_str(&document).context("not one JSON document")?;
    for (check, method) in [("card", "1"), ("number", "2")] {
        let answer = &answers[check];
        anyhow::ensure!(answer["inquiry_method"] == method, "{check}: 照会区分 is not {method}: {answer}");
        anyhow::ensure!(answer["validity"] == "1", "{check}: 資格有効性 is not 1: {answer}");
        let file = answer["file"].as_str().context("no path of the XML file")?;
        anyhow::ensure!(std::path::Path::new(file).is_file(), "{check}: {file} is not there");
    }
    eprintln!("xtask: the demo was ready {} ms after its start", answers["ready_ms"]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_from_the_report() {
        let report = r#"<?xml version="1.0"?><testsuites name="nextest-run" tests="12" failures="1" errors="2" uuid="x"><testsuite tests="3"/></testsuites>"#;
        let counts = junit_counts(report).expect("a report");
        assert_eq!((counts.passed, counts.failed), (9, 3));
        assert!(junit_counts("<testsuites>").is_none());
    }
}
