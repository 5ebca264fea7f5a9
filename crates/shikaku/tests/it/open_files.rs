//! Open files: the server makes room for the connections it may take, or says why it cannot.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::demo::once;
use crate::program::free_port_base;

/// Serves the demo's data within limits of the shell (`ulimit`).
fn serve(config: &Path, limit: &str) -> Child {
    let program = env!("CARGO_BIN_EXE_shikaku");
    Command::new("sh")
        .args(["-c", &format!("ulimit {limit} && exec \"$0\" serve --config \"$1\""), program])
        .arg(config)
        .env("SHIKAKU_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell")
}

#[test]
fn a_server_makes_room_for_its_connections_or_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    once(&data, &["--json"]);
    let settings = std::fs::read_to_string(data.join("server.toml")).expect("settings");
    // On other ports than a demo that runs meanwhile.
    let mut ports = free_port_base()..;
    let moved = settings.lines().map(|line| match line.starts_with("listen = ") {
        true => format!("listen = \"127.0.0.1:{}\"\n", ports.next().expect("a port")),
        false => format!("{line}\n"),
    });
    let config = data.join("moved.toml");
    std::fs::write(&config, moved.collect::<String>()).expect("written");

    let refused = serve(&config, "-n 1000").wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success(), "{said}");
    for words in ["limits.connections", "allows this process 1000", "ulimit -Hn"] {
        assert!(said.contains(words), "{words}: {said}");
    }

    let mut raised = serve(&config, "-Sn 300");
    let mut line = String::new();
    BufReader::new(raised.stdout.as_mut().expect("piped")).read_line(&mut line).expect("it says something");
    let served = line.contains("terminals: https://");
    raised.kill().expect("ended");
    let done = raised.wait_with_output().expect("waited for");
    assert!(served, "{line}{}", String::from_utf8_lossy(&done.stderr));
}
