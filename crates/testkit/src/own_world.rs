//! A test that runs in a machine of its own, as far as network, mounts and processes go.
//!
//! The test binary runs itself once more inside fresh namespaces, with that one test. Whatever the test starts
//! there ends with it, listens on a loopback nobody else sees, and leaves no socket behind on the machine.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// Set in the process that runs inside the namespaces.
const INSIDE: &str = "SHIKAKU_TEST_INSIDE_OWN_WORLD";
/// How long anything in such a world may take to get ready.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often it is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(20);
/// What making the namespaces takes, with the Debian packages that bring it.
const OWN_TOOLS: [Tool; 2] = [("/usr/bin/unshare", "util-linux"), ("/usr/sbin/ip", "iproute2")];

/// A program's path, and the Debian package that brings it.
pub type Tool = (&'static str, &'static str);

/// Runs the test `name` (its path in this test binary) in a world of its own, as root of that world.
///
/// # Panics
/// When a tool is missing (with the remedy), when namespaces cannot be made, or when the test failed in there.
pub fn in_own_world(name: &str, tools: &[Tool], test: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        insist("ip", &["link", "set", "lo", "up"]);
        // Services keep their sockets here; the machine's own stay out of sight.
        insist("mount", &["-t", "tmpfs", "tmpfs", "/run"]);
        return test();
    }
    for (path, package) in OWN_TOOLS.iter().chain(tools) {
        assert!(Path::new(path).exists(), "{path} is missing: apt-get install {package}");
    }
    let mut unshare = Command::new("unshare");
    if !is_root() {
        unshare.arg("--map-root-user");
    }
    unshare.args(["--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]);
    unshare.arg(std::env::current_exe().expect("this binary's path"));
    let output = unshare.args(["--exact", name, "--nocapture"]).env(INSIDE, "1").output();
    let output = output.expect("unshare runs");
    let told =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "in its own world:\n{told}");
    assert!(told.contains("1 passed"), "{name} is no test:\n{told}");
}

/// Puts a small disk in the place of the folder for temporary files: those of this world lie on it.
///
/// # Panics
/// When it cannot be mounted, as outside of a world of one's own.
pub fn small_disk(kib: u32) {
    let folder = std::env::temp_dir();
    let folder = folder.to_str().expect("a temporary folder in UTF-8");
    insist("mount", &["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs", folder]);
}

/// Writes into a new file of `folder` until no byte more finds room. Removing the file makes room again.
///
/// # Panics
/// When the file cannot be made.
#[must_use]
pub fn fill_disk(folder: &Path) -> PathBuf {
    let ballast = folder.join("ballast");
    let mut file = std::fs::File::create(&ballast).expect("a file for ballast");
    while file.write_all(&[0; 1024]).is_ok() {}
    ballast
}

/// What a small disk gives out at once, bytes.
pub const PAGE: u64 = 4_096;

/// Takes so many bytes of what [`fill_disk`] wrote away again.
///
/// # Panics
/// When there are not as many.
pub fn make_room(ballast: &Path, bytes: u64) {
    let file = std::fs::File::options().write(true).open(ballast).expect("the ballast");
    let length = file.metadata().expect("its length").len();
    file.set_len(length.checked_sub(bytes).expect("so much ballast")).expect("less ballast");
}

/// Waits until something another process does is done.
///
/// # Panics
/// When it is not done within three minutes.
pub fn wait_until(what: &str, ready: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(GLANCE);
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.trim_ascii() == b"0"
}

fn insist(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
