//! What building, testing and showing need beyond Rust, and how it gets there: Debian packages by name
//! where we may install them, otherwise a refusal that says what to install.

mod faces;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::process::{self, cargo, program};

/// The test runner, pinned.
const NEXTEST_VERSION: &str = "0.9.143";

/// One thing that must be there, with the Debian package that brings it.
struct Need {
    package: &'static str,
    found_by: FoundBy,
}

enum FoundBy {
    /// A program on the PATH (or in one of Debian's system folders).
    Program(&'static str),
    /// A file whose path starts and ends like this; `*` stands for one folder's children.
    Below { folder: &'static str, then: &'static str },
    /// A library known to pkg-config.
    Library(&'static str),
}

/// Finds libraries.
const PKG_CONFIG: Need = Need { package: "pkg-config", found_by: FoundBy::Program("pkg-config") };
/// Card readers.
const PCSC_LIBRARY: Need = Need { package: "libpcsclite-dev", found_by: FoundBy::Library("libpcsclite") };
/// Certificates as Chromium keeps them.
const NSS_TOOLS: Need = Need { package: "libnss3-tools", found_by: FoundBy::Program("pk12util") };
/// Network namespaces.
const UNSHARE: Need = Need { package: "util-linux", found_by: FoundBy::Program("unshare") };
/// What a letter says.
const PDF_TOOLS: Need = Need { package: "poppler-utils", found_by: FoundBy::Program("pdftotext") };
/// What a two-dimensional code says.
const CODE_READER: Need = Need { package: "zbar-tools", found_by: FoundBy::Program("zbarimg") };
/// The other hand of some tests.
const PYTHON: Need = Need { package: "python3", found_by: FoundBy::Program("python3") };
/// The font of pages and letters.
const BIZ_FONT: Need = Need {
    package: "fonts-morisawa-bizud-gothic",
    found_by: FoundBy::Below {
        folder: "/usr/share/fonts/truetype/bizud-gothic",
        then: "BIZUDPGothic-Regular.ttf",
    },
};
/// Characters that the first font lacks: without it they would be empty boxes.
const CJK_FONT: Need = Need {
    package: "fonts-noto-cjk",
    found_by: FoundBy::Below { folder: "/usr/share/fonts/opentype/noto", then: "NotoSansCJK-Regular.ttc" },
};

/// The other database.
const POSTGRES: Need = Need {
    package: "postgresql",
    found_by: FoundBy::Below { folder: "/usr/lib/postgresql", then: "bin/initdb" },
};

/// Letters of Vietnamese that the other fonts lack.
const VIETNAMESE_FONT: Need = Need {
    package: "fonts-dejavu-core",
    found_by: FoundBy::Below { folder: "/usr/share/fonts/truetype/dejavu", then: "DejaVuSans.ttf" },
};
/// Environments for Python packages.
const PYTHON_VENV: Need =
    Need { package: "python3-venv", found_by: FoundBy::Below { folder: "/usr/lib", then: "ensurepip" } };

const VOICE_NEEDS: &[Need] =
    &[PYTHON, PYTHON_VENV, Need { package: "espeak-ng", found_by: FoundBy::Program("espeak-ng") }];

const TEST_NEEDS: &[Need] = &[
    PKG_CONFIG,
    PCSC_LIBRARY,
    Need { package: "g++", found_by: FoundBy::Program("c++") },
    POSTGRES,
    Need { package: "pcscd", found_by: FoundBy::Program("pcscd") },
    Need {
        package: "vsmartcard-vpcd",
        found_by: FoundBy::Below { folder: "/usr/lib/pcsc/drivers/serial", then: "" },
    },
    Need { package: "opensc", found_by: FoundBy::Program("opensc-tool") },
    Need {
        package: "opensc-pkcs11",
        found_by: FoundBy::Below { folder: "/usr/lib", then: "opensc-pkcs11.so" },
    },
    Need { package: "libopenjp2-tools", found_by: FoundBy::Program("opj_decompress") },
    Need { package: "openssl", found_by: FoundBy::Program("openssl") },
    PYTHON,
    Need { package: "procps", found_by: FoundBy::Program("pgrep") },
    Need { package: "curl", found_by: FoundBy::Program("curl") },
    Need { package: "iproute2", found_by: FoundBy::Program("ip") },
    UNSHARE,
    Need { package: "samba", found_by: FoundBy::Program("smbd") },
    Need { package: "smbnetfs", found_by: FoundBy::Program("smbnetfs") },
    Need { package: "fuse3", found_by: FoundBy::Program("fusermount3") },
    Need { package: "softhsm2", found_by: FoundBy::Program("softhsm2-util") },
    NSS_TOOLS,
    PDF_TOOLS,
    PYTHON_VENV,
    BIZ_FONT,
    CJK_FONT,
];

const STORY_NEEDS: &[Need] = &[
    Need { package: "chromium", found_by: FoundBy::Program("chromium") },
    Need { package: "nodejs", found_by: FoundBy::Program("node") },
    Need { package: "npm", found_by: FoundBy::Program("npm") },
    NSS_TOOLS,
    UNSHARE,
    PDF_TOOLS,
    CODE_READER,
    PYTHON,
    PYTHON_VENV,
    BIZ_FONT,
    CJK_FONT,
    VIETNAMESE_FONT,
];

const DEMO_NEEDS: &[Need] = &[PKG_CONFIG, PCSC_LIBRARY];

/// Folders programs live in that a plain user's PATH may lack.
const SYSTEM_FOLDERS: &[&str] =
    &["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"];

/// Brings what the tests need, or says what is missing.
pub(crate) fn for_tests() -> Result<()> {
    ensure_packages("the tests", TEST_NEEDS)?;
    ensure_pkilint()?;
    faces::for_tests()?;
    ensure_component("fmt", "rustfmt")?;
    ensure_component("clippy", "clippy")
}

/// Brings what the stories in a browser need: the browser, and the packages `e2e/package-lock.json` pins.
pub(crate) fn for_stories() -> Result<()> {
    ensure_packages("the stories", STORY_NEEDS)?;
    faces::models()?;
    if node_packages("e2e/package-lock.json").is_some_and(|pinned| {
        node_packages("e2e/node_modules/.package-lock.json").is_some_and(|installed| pinned == installed)
    }) {
        return Ok(());
    }
    process::run(program("npm").args(["--prefix", "e2e", "ci", "--no-audit", "--no-fund"]))
        .context("the stories need the packages of e2e/package-lock.json; run `npm ci` in e2e")
}

/// Brings the other database for stories that are told on it.
pub(crate) fn postgres() -> Result<()> {
    ensure_packages("stories on PostgreSQL", &[POSTGRES])
}

/// Place and digest of every package a lock file of npm pins.
fn node_packages(lock: &str) -> Option<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(process::root().join(lock)).ok()?;
    let lock: serde_json::Value = serde_json::from_str(&text).ok()?;
    let packages = lock["packages"].as_object()?.iter().filter(|(place, _)| !place.is_empty());
    packages
        .map(|(place, package)| Some((place.clone(), package["integrity"].as_str()?.to_owned())))
        .collect()
}

fn ensure_packages(who: &str, needs: &[Need]) -> Result<()> {
    let missing = missing_packages(needs);
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)
        .with_context(|| format!("{who} need {0}; as root: apt-get install {0}", missing.join(" ")))?;
    let still = missing_packages(needs);
    if !still.is_empty() {
        bail!("installed, yet not found: {}", still.join(" "));
    }
    Ok(())
}

/// Tries to bring the library for real card readers, never insists: the build finds it or says that it goes on without.
pub(crate) fn card_readers() {
    let missing = missing_packages(DEMO_NEEDS);
    if missing.is_empty() {
        return;
    }
    eprintln!("xtask: libpcsclite is not here; trying to install {}", missing.join(" "));
    if let Err(reason) = install(&missing) {
        eprintln!(
            "xtask: {reason:#}. Building without real card readers; simulated cards work all the same."
        );
    }
}

/// Tries to bring the models that compare faces, never insists: without them a PIN or a member of staff does.
pub(crate) fn face_models() {
    if let Err(reason) = faces::models() {
        eprintln!("xtask: {reason:#}. Going on without: no face is compared.");
    }
}

/// `true` when cargo-nextest is there or could be installed; `false` means plain `cargo test` must do.
pub(crate) fn nextest() -> bool {
    if process::works(cargo().args(["nextest", "--version"])) {
        return true;
    }
    eprintln!("xtask: installing cargo-nextest {NEXTEST_VERSION} (once, some minutes)");
    let install =
        process::run(cargo().args(["install", "cargo-nextest", "--version", NEXTEST_VERSION, "--locked"]));
    if let Err(reason) = install {
        eprintln!("xtask: {reason:#}; falling back to `cargo test`");
        return false;
    }
    process::works(cargo().args(["nextest", "--version"]))
}

/// The certificate linter of `crates/pki`'s tests, in a Python environment of its own below the target folder.
fn ensure_pkilint() -> Result<()> {
    python_environment("target/pkilint", "xtask/pkilint-requirements.txt", &["--no-deps"]).map(|_| ())
}

/// Brings what the card reader's voice is recorded with.
pub(crate) fn for_voices() -> Result<()> {
    ensure_packages("the card reader's voice", VOICE_NEEDS)
}

/// A Python environment with the packages pinned in this file; its interpreter.
pub(crate) fn python_environment(folder: &str, pinned: &str, options: &[&str]) -> Result<PathBuf> {
    let root = process::root();
    let wanted = std::fs::read_to_string(root.join(pinned)).with_context(|| pinned.to_owned())?;
    let place = root.join(folder);
    // Written last, so it says that everything before it worked.
    let mark = place.join("installed.txt");
    if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(place.join("bin/python"));
    }
    let remedy = || {
        let options = options.join(" ");
        format!(
            "Python packages are missing: python3 -m venv {folder} && {folder}/bin/pip install {options} -r {pinned}"
        )
    };
    process::run(program("python3").args(["-m", "venv", folder]).current_dir(&root)).with_context(remedy)?;
    let mut install = std::process::Command::new(place.join("bin/pip"));
    install.args(["install", "--quiet"]).args(options).args(["-r", pinned]).current_dir(&root);
    process::run(&mut install).with_context(remedy)?;
    std::fs::write(&mark, wanted).with_context(|| format!("cannot write {}", mark.display()))?;
    Ok(place.join("bin/python"))
}

fn ensure_component(subcommand: &str, component: &str) -> Result<()> {
    if process::works(cargo().args([subcommand, "--version"])) {
        return Ok(());
    }
    process::run(program("rustup").args(["component", "add", component])).with_context(|| {
        format!("`cargo {subcommand}` is missing; install it: rustup component add {component}")
    })
}

/// The program that puts profiles together, of the compiler's own release: profiles of another one it cannot read.
pub(crate) fn profile_merger() -> Result<PathBuf> {
    let libraries = process::output(program("rustc").args(["--print", "target-libdir"]))?;
    let merger = Path::new(libraries.trim()).with_file_name("bin").join("llvm-profdata");
    if !merger.is_file() {
        process::run(program("rustup").args(["component", "add", "llvm-tools"]))
            .context("llvm-profdata is missing; install it: rustup component add llvm-tools")?;
    }
    Ok(merger)
}

fn missing_packages(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().filter(|need| !is_there(&need.found_by)).map(|need| need.package).collect()
}

fn is_there(found_by: &FoundBy) -> bool {
    match found_by {
        FoundBy::Program(name) => on_path(name),
        FoundBy::Library(name) => process::works(program("pkg-config").args(["--exists", name])),
        FoundBy::Below { folder, then } => below(Path::new(folder), then),
    }
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(SYSTEM_FOLDERS.iter().map(Into::into))
        .any(|folder| folder.join(name).is_file())
}

/// `then` directly in the folder or in one of its children; an empty `then` asks for any child at all.
fn below(folder: &Path, then: &str) -> bool {
    let Ok(children) = std::fs::read_dir(folder) else {
        return false;
    };
    let mut children = children.flatten().map(|child| child.path()).peekable();
    if then.is_empty() {
        return children.peek().is_some();
    }
    folder.join(then).exists() || children.any(|child| child.join(then).exists())
}

/// Installs Debian packages without asking anything; as root, or through a sudo that needs no password.
fn install(packages: &[&str]) -> Result<()> {
    if !on_path("apt-get") {
        bail!("there is no apt-get here");
    }
    let prefix: &[&str] = if is_root() {
        &[]
    } else if process::works(program("sudo").args(["-n", "true"])) {
        &["sudo", "-n"]
    } else {
        bail!("installing packages needs root");
    };
    let words = |tail: &[&str]| -> Vec<String> {
        let start: &[&str] = &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"];
        [prefix, start, tail].concat().iter().map(ToString::to_string).collect()
    };
    // A stale package list is the commonest reason for a failure, a missing network the next.
    let update = words(&["update"]);
    process::run(program(&update[0]).args(&update[1..]))?;
    let install = words(&[&["install", "--no-install-recommends"], packages].concat());
    process::run(program(&install[0]).args(&install[1..]))
}

/// Whether this is root's own task.
pub(crate) fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        status.lines().any(|line| {
            line.strip_prefix("Uid:").is_some_and(|ids| ids.split_whitespace().nth(1) == Some("0"))
        })
    })
}
