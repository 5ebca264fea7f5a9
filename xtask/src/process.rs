//! Running programs: what is run is shown, what fails is named.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    // xtask is built by `cargo run` in the workspace, so its own manifest folder is a child of the root.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // A clone that is built once and thrown away has no use for what speeds up the next build: some gigabytes.
    if std::env::var_os("CI").is_some() {
        cargo.env("CARGO_INCREMENTAL", "0");
    }
    cargo
}

/// A program by name.
pub(crate) fn program(name: &str) -> Command {
    Command::new(name)
}

/// Runs in the workspace's folder with everything shown on stderr (stdout belongs to results).
pub(crate) fn run(command: &mut Command) -> Result<()> {
    show(command);
    let status = command
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("cannot start {}", name_of(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", line_of(command));
    }
    Ok(())
}

/// Runs and returns stdout; stderr is shown.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    show(command);
    let done = command
        .current_dir(root())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", name_of(command)))?;
    if !done.status.success() {
        bail!("{} ended with {}", line_of(command), done.status);
    }
    String::from_utf8(done.stdout).context("output is not UTF-8")
}

/// Runs silently; `true` when it could be started and ended well.
pub(crate) fn works(command: &mut Command) -> bool {
    command
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Replaces this process, so that signals reach the program itself. Returns only on failure.
#[cfg(unix)]
pub(crate) fn become_program(command: &mut Command) -> anyhow::Error {
    use std::os::unix::process::CommandExt;
    show(command);
    let error = command.exec();
    anyhow::Error::new(error).context(format!("cannot start {}", name_of(command)))
}

fn show(command: &Command) {
    eprintln!("$ {}", line_of(command));
}

fn name_of(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn line_of(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
