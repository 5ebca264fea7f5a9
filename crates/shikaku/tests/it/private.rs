//! What others on the same machine must not see: keys, databases, everybody's data, the memory of the program.

use std::{
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::program::{RunningDemo, free_port_base};

/// Folders of an installation that hold something private.
const FOLDERS: [&str; 8] =
    ["", "ca", "cards", "cards/hanako", "jlis", "keys", "population", "terminal/state"];
/// Endings of files whose content is secret even where their folder is open.
const SECRETS: [&str; 6] = [".key.pem", ".key", ".db", ".token", "receipts", "journal"];

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Runs the program under the usual umask, whatever that of the tests is.
fn under_usual_umask(words: &[&str]) {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 022; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_shikaku")]).args(words);
    let done = command.stdin(Stdio::null()).env("SHIKAKU_LOG", "warn").output().expect("sh runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_demo_keeps_secrets_from_others_on_the_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let base = free_port_base().to_string();
    let words = ["demo", "--once", "--json", "--persons", "5", "--port-base", &base, "--data"];
    under_usual_umask(&[&words[..], &[data.to_str().expect("UTF-8")]].concat());
    for name in FOLDERS {
        assert_eq!(mode(&data.join(name)) & 0o077, 0, "others can enter the folder {name:?}");
    }
    let secret = |path: &PathBuf| SECRETS.iter().any(|ending| path.to_string_lossy().ends_with(ending));
    let secrets: Vec<PathBuf> = files_below(&data).into_iter().filter(secret).collect();
    assert!(secrets.len() >= 12, "{secrets:?}");
    for file in secrets {
        assert_eq!(mode(&file) & 0o077, 0, "others can read {}", file.display());
    }
}

#[test]
fn an_authority_keeps_its_key_from_others_on_the_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (authority, out) = (at("ca"), at("certs"));
    under_usual_umask(&["ca", "init", "--dir", &authority]);
    under_usual_umask(&["ca", "issue", "--dir", &authority, "--server", "localhost", "--out", &out]);
    assert_eq!(mode(Path::new(&authority)) & 0o077, 0);
    for key in ["ca/root.key.pem", "ca/issuing.key.pem", "certs/server.key.pem"] {
        assert_eq!(mode(&folder.path().join(key)) & 0o077, 0, "others can read {key}");
    }
}

#[test]
fn a_crash_leaves_no_memory_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut demo = RunningDemo::start_with_cores(&folder.path().join("data"), folder.path());
    let aborted = demo.abort();
    assert_eq!(aborted.signal(), Some(6));
    assert!(!aborted.core_dumped(), "the program's memory went into a core file");
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "something lies beside the data folder");
}
