//! A PostgreSQL of our own for the stories: a cluster in a folder of its own, on a Unix socket only, ended with the
//! task.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    process::{self, program},
    setup,
};

/// Where Debian keeps the programs of each version.
const PROGRAMS: &str = "/usr/lib/postgresql";
/// The version that what is promised about PostgreSQL is tested with; without it any other is taken.
const VERSION: &str = "15";
/// Who runs the server when the task is root's, which PostgreSQL refuses.
const SERVER_USER: &str = "postgres";
/// Longest path of a Unix socket's folder, bytes: the system ends at 107 with the socket's own name.
const FOLDER_MAX: usize = 85;

/// A running server. Dropping it ends it.
pub(crate) struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub(crate) fn start() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("shikaku-e2e-postgres-{}", std::process::id()));
        if folder.as_os_str().len() > FOLDER_MAX {
            bail!("{} is too long for a Unix socket; choose a shorter TMPDIR", folder.display());
        }
        std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let server = Self { programs: programs()?, folder };
        if setup::is_root() {
            process::run(program("chown").arg(SERVER_USER).arg(&server.folder))?;
        }
        let data = server.folder.join("data");
        process::run(
            server
                .program("initdb")
                .args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
                .args(["--username", SERVER_USER, "--pgdata"])
                .arg(&data),
        )?;
        let options = format!("-k {} -c listen_addresses= -c fsync=off", server.folder.display());
        process::run(
            server
                .program("pg_ctl")
                .args(["--wait", "--silent", "--options", &options, "--log"])
                .arg(server.folder.join("log"))
                .arg("--pgdata")
                .arg(&data)
                .arg("start"),
        )?;
        Ok(server)
    }

    /// How programs reach it.
    pub(crate) fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user={SERVER_USER}", self.folder.display())
    }

    /// One of its programs, run by whom it lets.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        if !setup::is_root() {
            return Command::new(path);
        }
        let mut command = program("runuser");
        command.args(["-u", SERVER_USER, "--"]).arg(path);
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        let stopped = process::run(
            self.program("pg_ctl")
                .args(["--wait", "--silent", "--mode", "immediate", "--pgdata"])
                .arg(&data)
                .arg("stop"),
        );
        if let Err(reason) = stopped {
            eprintln!("xtask: PostgreSQL did not end: {reason:#}");
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The folder of `initdb`.
fn programs() -> Result<PathBuf> {
    let wanted = Path::new(PROGRAMS).join(VERSION).join("bin");
    if wanted.join("initdb").is_file() {
        return Ok(wanted);
    }
    let versions = std::fs::read_dir(PROGRAMS).with_context(|| format!("{PROGRAMS}: no PostgreSQL"))?;
    let mut folders = versions.flatten().map(|version| version.path().join("bin"));
    folders
        .find(|folder| folder.join("initdb").is_file())
        .with_context(|| format!("no initdb below {PROGRAMS}"))
}
