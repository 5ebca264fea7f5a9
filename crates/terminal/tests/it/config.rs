//! The settings file.

use std::path::Path;

use terminal::config::{Config, ResultEncoding, WriteMode};

const LEAST: &str = r#"
institution_code = "1319990012"
state = "state"
[drop]
root = "/srv/oqs"
[central]
url = "https://central.example"
ca_file = "ca.pem"
certificate_file = "terminal.pem"
key_file = "terminal.key"
"#;

#[test]
fn defaults_are_the_documented_ones_and_paths_follow_the_file() {
    let config = Config::parse(LEAST, Path::new("/etc/shikaku")).expect("parses");
    assert_eq!(config.state, Path::new("/etc/shikaku/state"));
    assert_eq!(config.drop.root, Path::new("/srv/oqs"));
    assert_eq!(config.drop.result_encoding, ResultEncoding::SameAsRequest);
    assert_eq!(config.drop.write_mode, WriteMode::Rename);
    assert!(config.drop.events);
    assert!(config.drop.poll_interval_ms <= 1_000);
    assert!(config.reader_link.listen.ip().is_loopback());
    assert_eq!(config.token_file(), Path::new("/etc/shikaku/state/reader-link.token"));
}

#[test]
fn unknown_keys_and_values_are_refused() {
    for (from, to) in [
        ("[central]", "surprise = 1\n[central]"),
        ("[central]", "write_mode = \"sideways\"\n[central]"),
        ("1319990012", "9919990012"),
    ] {
        assert!(Config::parse(&LEAST.replace(from, to), Path::new("/")).is_err(), "{to}");
    }
}

#[test]
fn check_names_every_problem_with_its_remedy() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = LEAST
        .replace("https://central", "http://central")
        .replace("/srv/oqs", "missing")
        .replace("[central]", "poll_interval_ms = 5000\n[reader_link]\nlisten = \"0.0.0.0:8445\"\n[central]");
    let problems = Config::parse(&text, dir.path()).expect("parses").check();
    for setting in
        ["central.url", "drop.root", "drop.poll_interval_ms", "reader_link.listen", "central.key_file"]
    {
        let found = problems.iter().find(|problem| problem.setting == setting);
        assert!(found.is_some_and(|problem| !problem.remedy.is_empty()), "{setting}: {problems:#?}");
    }
}
