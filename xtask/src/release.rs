//! `cargo xtask release`: the program for running in earnest, built twice: once to watch where checks spend their
//! time, and once more led by what was seen.
//!
//! Some 8 % of a check's CPU less than `cargo build --release` (docs/PERFORMANCE.md), for two builds and a run of the
//! benchmarks. What leads the build is made on the machine that builds and is kept until it is made anew: the compiler
//! leaves aside what it no longer fits.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{
    process::{self, cargo, program, root},
    setup,
};

/// What is done while being watched: checks most of all, and what a server does besides.
const TRAINING: [&str; 4] = ["card_check", "number_check", "bulk", "institution_pages"];

/// Everything this builds lies here: other flags than those of `target/release`, for the libraries too.
fn folder() -> PathBuf {
    root().join("target").join("led")
}

/// Watches anew, unless told to keep what was seen, builds, and says where the program lies.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let keep = match arguments {
        [] => false,
        [word] if word == "--keep-profile" => true,
        _ => bail!("usage: cargo xtask release [--keep-profile]"),
    };
    let program = build(keep)?;
    println!("{}", program.display());
    Ok(())
}

/// Builds the program; returns where it is.
pub(crate) fn build(keep_profile: bool) -> Result<PathBuf> {
    let profile = folder().join("shikaku.profdata");
    if !(keep_profile && profile.is_file()) {
        watch(&profile)?;
    }
    compile("use", &format!("-Cprofile-use={}", profile.display()))
}

/// Builds the program so that it counts what it does, has it measured, and puts together what it counted.
fn watch(profile: &Path) -> Result<()> {
    let merge = setup::profile_merger()?;
    let counts = folder().join("counts");
    if counts.exists() {
        std::fs::remove_dir_all(&counts).with_context(|| format!("cannot empty {}", counts.display()))?;
    }
    let watched = compile("generate", &format!("-Cprofile-generate={}", counts.display()))?;
    let option = format!("--program={}", watched.display());
    let mut measure = cargo();
    measure.args(["bench", "--locked", "-p", "testkit", "--bench", "checks", "--", &option]).args(TRAINING);
    // What it measures is of a program that counts: nobody should read that as its speed.
    process::output(&mut measure)?;
    let mut merging = program(&merge.to_string_lossy());
    process::run(merging.arg("merge").arg("-o").arg(profile).arg(&counts))
}

/// Builds below a folder of its own. With a target named, the flags are the program's only, not those of the
/// compiler's own helpers.
fn compile(name: &str, flag: &str) -> Result<PathBuf> {
    let host = host()?;
    let folder = folder().join(name);
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "-p", "shikaku", "--target", &host]);
    process::run(build.arg("--target-dir").arg(&folder).env("CARGO_ENCODED_RUSTFLAGS", flag))?;
    Ok(folder.join(host).join("release").join("shikaku"))
}

/// The target that this machine's compiler builds for unless told otherwise.
fn host() -> Result<String> {
    let said = process::output(program("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` names no host")
}
