//! The audit log through the command line: out, proven, and never proven once touched.

use std::path::{Path, PathBuf};

use crate::{
    demo::once,
    program::{document, empty_postgres_database, free_port_base, run, shikaku, succeed},
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
    dump_of_demo(folder, &[])
}

fn dump_of_demo(folder: &Path, options: &[&str]) -> Dump {
    let data = folder.join("data");
    once(&data, &[&["--json"], options].concat());
    let (key, file) = (folder.join("audit.pem"), folder.join("audit.jsonl"));
    std::fs::write(&key, succeed(["audit", "key", "--data", text(&data)])).expect("written");
    let exported =
        document(&succeed(["audit", "export", "--json", "--data", text(&data), "--out", text(&file)]));
    assert!(exported["entries"].as_u64().expect("a number") >= 2, "{exported}");
    Dump { key, file }
}

/// Runs the server on the demo's data until it has shown a head; gives its log.
fn served_until_witnessed(data: &Path, witness: &Path) -> String {
    let settings = std::fs::read_to_string(data.join("server.toml")).expect("settings");
    // On other ports than a demo that runs meanwhile; the card authority needs none here.
    let mut ports = free_port_base()..;
    let mut lines: Vec<String> = Vec::new();
    for line in settings.lines() {
        let port = if line.starts_with("listen = ") { ports.next() } else { None };
        lines.push(port.map_or(line.to_owned(), |port| format!("listen = \"127.0.0.1:{port}\"")));
        if line == "[audit]" {
            lines.push(format!("witness_file = {witness:?}"));
        }
    }
    let config = data.join("witnessed.toml");
    std::fs::write(&config, lines.join("\n")).expect("written");
    let log = data.join("server.log");
    let mut command = shikaku(["serve", "--log-json", "--config", text(&config)]);
    command.env("SHIKAKU_LOG", "info").stderr(std::fs::File::create(&log).expect("a file"));
    let mut server = command.stdout(std::process::Stdio::null()).spawn().expect("the program starts");
    loop {
        let logged = std::fs::read_to_string(&log).expect("the log");
        let shown = std::fs::read_to_string(witness).is_ok_and(|shown| shown.ends_with('\n'));
        let ended = server.try_wait().expect("looked at");
        assert!(ended.is_none(), "the server ended: {logged}");
        if shown && logged.contains("head_number") {
            server.kill().expect("killed");
            server.wait().expect("waited for");
            return logged;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn what_the_server_shows_is_a_witness() {
    let folder = tempfile::tempdir().expect("a folder");
    let dump = dump(folder.path());
    let data = folder.path().join("data");
    let witness = folder.path().join("heads.jsonl");
    let log = served_until_witnessed(&data, &witness);
    succeed(["audit", "export", "--data", text(&data), "--out", text(&dump.file)]);
    let judge = |witness: &Path| {
        let witnessed = ["--witness", text(witness), text(&dump.file)];
        run([["audit", "verify", "--public-key"].as_slice(), &[text(&dump.key)], &witnessed].concat())
    };
    let verdict = |witness: &Path| judge(witness).status.code();
    assert_eq!(verdict(&witness), Some(0), "{:?}", judge(&witness));
    // Lines of the log do as well: as collectors keep them, and as people see them.
    let heads: Vec<&str> = log.lines().filter(|line| line.contains("head_number")).collect();
    let other = folder.path().join("other");
    std::fs::write(&other, heads.join("\n")).expect("written");
    assert_eq!(verdict(&other), Some(0), "{heads:?}");
    let shown = std::fs::read_to_string(&witness).expect("heads");
    let last = shown.lines().next_back().expect("a head");
    std::fs::write(&other, format!("2026-11-22T00:00:00Z  INFO audit tree head head={last}\n"))
        .expect("written");
    assert_eq!(verdict(&other), Some(0), "{:?}", judge(&other));
    // None of it, something else, or a head that is not in this log proves nothing.
    let strange = last.replacen("\"tree_size\":", "\"tree_size\":9", 1);
    for wrong in ["", "no head at all\n", &format!("{shown}{strange}\n")] {
        std::fs::write(&other, wrong).expect("written");
        assert_eq!(verdict(&other), Some(1), "{wrong:?}");
    }
}

fn verdict(dump: &Dump) -> Option<i32> {
    run(["audit", "verify", "--public-key", text(&dump.key), text(&dump.file)]).status.code()
}

#[test]
fn a_dump_is_proven_and_a_touched_one_never() {
    is_proven_and_never_once_touched(&[]);
}

#[test]
fn the_same_holds_for_a_dump_from_postgresql() {
    is_proven_and_never_once_touched(&["--database-url", &empty_postgres_database()]);
}

fn is_proven_and_never_once_touched(options: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let dump = dump_of_demo(folder.path(), options);
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
