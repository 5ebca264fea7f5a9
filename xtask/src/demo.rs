//! `cargo xtask demo`: from a fresh clone to the running system in one command.

use anyhow::Result;

use crate::{
    process::{self, cargo, root},
    setup, voices,
};

/// Builds the binary as well as this machine allows and becomes `shikaku demo`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    eprintln!(
        "xtask: building shikaku, then starting the whole system on 127.0.0.1: the central server with its database, \
         a certificate authority, one clinic's terminal and card reader, and simulated My Number cards. \
         The first build takes some minutes; Ctrl-C ends the demo."
    );
    let arguments = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    setup::card_readers();
    setup::face_models();
    build()?;
    let voices = voices::for_demo();
    let binary = root().join("target/debug/shikaku");
    Err(process::become_program(
        process::program(&binary.to_string_lossy()).arg("demo").args(voices).args(arguments),
    ))
}

/// The developer's profile: its dependencies are optimised, and it builds in a fifth of the time of a release.
pub(crate) fn build() -> Result<()> {
    build_with(&["-p", "shikaku"])
}

/// The same where the tests have been built: with what they ask of shared libraries besides, so that nothing is built twice.
pub(crate) fn build_beside_tests() -> Result<()> {
    build_with(&["--workspace", "--bins", "--tests"])
}

fn build_with(what: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.args(["build", "--locked"]).args(what);
    // The binary is started from a known place, whatever the caller's settings.
    command.arg("--target-dir").arg(root().join("target"));
    process::run(&mut command)
}
