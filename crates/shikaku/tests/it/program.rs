//! Running the program.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// Ports a demo listens on, counted from its base.
const PORTS: u16 = 15;

/// A data folder of the user in which nobody ever ran a demo.
const NO_DEMO: &str = "/nonexistent/shikaku-tests";

/// The program with these arguments, quiet logs, and no demo where commands look for one.
pub(crate) fn shikaku<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shikaku"));
    command.args(arguments).env("SHIKAKU_LOG", "warn").env("XDG_DATA_HOME", NO_DEMO).stdin(Stdio::null());
    command
}

/// Runs to the end.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Output {
    shikaku(arguments).output().expect("the program starts")
}

/// Runs to the end, which must be good; gives stdout.
pub(crate) fn succeed<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    let done = run(arguments);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("stdout is UTF-8")
}

/// Exactly one JSON document.
pub(crate) fn document(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("not one JSON document ({error}): {text}"))
}

/// Where the tests' port bases begin. They end below 32768, from where on the system gives ports to whoever asks for
/// any: a base up there could be taken between the look and the start.
const LOWEST_BASE: u16 = 10_240;
/// Bases to choose from, that many ports each.
const BASES: u32 = 1_500;
/// Bases one process leaves to the next.
const BASES_OF_A_PROCESS: u32 = 7;

/// A port base whose ports are free now, and that no other test of this run looks at: each test is a process.
pub(crate) fn free_port_base() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    for _ in 0..200 {
        let turn = std::process::id() * BASES_OF_A_PROCESS + GIVEN.fetch_add(1, Ordering::Relaxed);
        let base = LOWEST_BASE + u16::try_from(turn % BASES).expect("small") * PORTS;
        let held: Result<Vec<_>, _> =
            (0..PORTS).map(|distance| TcpListener::bind((Ipv4Addr::LOCALHOST, base + distance))).collect();
        if held.is_ok() {
            return base;
        }
    }
    panic!("no ports are free on 127.0.0.1")
}

/// The URL of a PostgreSQL database that nobody has used.
pub(crate) fn empty_postgres_database() -> String {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let empty = |_: String| async { Ok(()) };
    let database = testkit::postgres::cluster().database("shikaku_program", empty);
    runtime.block_on(database).expect("a PostgreSQL database")
}

/// A demo that runs until this is dropped.
pub(crate) struct RunningDemo {
    child: Child,
    /// What it printed when it was ready.
    pub(crate) announcement: serde_json::Value,
    /// Where the landing page is, `host:port`.
    pub(crate) address: String,
}

impl RunningDemo {
    /// Starts one and waits until it says that it is ready.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_as(shikaku([] as [&str; 0]), data)
    }

    /// The same where a crash writes its core file, as large as it may be, into the folder `cores`.
    pub(crate) fn start_with_cores(data: &Path, cores: &Path) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_shikaku")]);
        command.current_dir(cores).env("SHIKAKU_LOG", "warn").stdin(Stdio::null());
        Self::start_as(command, data)
    }

    fn start_as(mut command: Command, data: &Path) -> Self {
        let base = free_port_base();
        command.args(["demo", "--json", "--persons", "20", "--port-base", &base.to_string(), "--data"]);
        let mut child = command.arg(data).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut text = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        // The document is printed over several lines; it ends with a line of its own.
        while !text.ends_with("\n}\n") {
            let read = out.read_line(&mut text).expect("readable");
            assert!(read > 0, "the demo ended before it was ready: {text}");
        }
        Self { child, announcement: document(&text), address: format!("127.0.0.1:{base}") }
    }

    /// Lets it crash; how it ended.
    pub(crate) fn abort(&mut self) -> ExitStatus {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-ABRT", &process]).status().expect("kill runs").success());
        self.child.wait().expect("waited for")
    }
}

impl Drop for RunningDemo {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
