//! The audit log through the command line: out, proven, and never proven once touched.

use std::path::{Path, PathBuf};

use crate::{
    demo::once,
    program::{document, run, succeed},
};

/// Places in the dump that are changed, one at a time.
const MUTATIONS: usize = 48;

struct Dump {
    key: PathBuf,
    file: PathBuf,
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn dump(folder: &Path) -> Dump {
    let data = folder.join("data");
    once(&data, &["--json"]);
    let (key, file) = (folder.join("audit.pem"), folder.join("audit.jsonl"));
    std::fs::write(&key, succeed(["audit", "key", "--data", text(&data)])).expect("written");
    let exported =
        document(&succeed(["audit", "export", "--json", "--data", text(&data), "--out", text(&file)]));
    assert!(exported["entries"].as_u64().expect("a number") >= 2, "{exported}");
    Dump { key, file }
}

fn verdict(dump: &Dump) -> Option<i32> {
    run(["audit", "verify", "--public-key", text(&dump.key), text(&dump.file)]).status.code()
}

#[test]
fn a_dump_is_proven_and_a_touched_one_never() {
    let folder = tempfile::tempdir().expect("a folder");
    let dump = dump(folder.path());
    assert!(std::fs::read_to_string(&dump.key).expect("a key").starts_with("-----BEGIN PUBLIC KEY-----"));
    assert_eq!(verdict(&dump), Some(0));

    let whole = std::fs::read(&dump.file).expect("a dump");
    for step in 0..MUTATIONS {
        let mut touched = whole.clone();
        let at = step * whole.len() / MUTATIONS;
        touched[at] ^= 1;
        std::fs::write(&dump.file, &touched).expect("written");
        assert_eq!(verdict(&dump), Some(1), "byte {at} of {}", whole.len());
    }
    std::fs::write(&dump.file, &whole[..whole.len() - 1]).expect("written");
    assert_eq!(verdict(&dump), Some(1), "cut short");
    std::fs::write(&dump.file, &whole).expect("written");
    assert_eq!(verdict(&dump), Some(0), "put back");
}

#[test]
fn another_key_proves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let dump = dump(folder.path());
    let other = folder.path().join("other");
    once(&other, &["--json"]);
    std::fs::write(&dump.key, succeed(["audit", "key", "--data", text(&other)])).expect("written");
    let judged = run(["audit", "verify", "--json", "--public-key", text(&dump.key), text(&dump.file)]);
    assert_eq!(judged.status.code(), Some(1));
    assert_eq!(document(&String::from_utf8_lossy(&judged.stdout))["verified"], false);
}
