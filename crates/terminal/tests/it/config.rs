//! The settings file.

use std::path::Path;

use terminal::config::{Config, ConsentElements, ResultEncoding, WriteMode};

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
    assert_eq!(config.drop.consent_elements, ConsentElements::Edition2025);
    let older = LEAST.replace("[central]", "consent_elements = \"2023\"\n[central]");
    let older = Config::parse(&older, Path::new("/etc/shikaku")).expect("parses");
    assert_eq!(older.drop.consent_elements, ConsentElements::Edition2023);
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

/// The tables of the file, the outermost first.
const TABLES: [&str; 7] = ["", "drop", "drop.encryption", "central", "reader_link", "certificate", "gateway"];

fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/terminal.example.toml");
    std::fs::read_to_string(path).expect("the example")
}

/// Settings that have no default.
const WITHOUT_DEFAULT: [&str; 5] =
    ["password_file", "receipt_keys_file", "retrieval_url", "institution_web", "local_address"];

/// With every commented default switched on, but what has none.
fn switched_on(example: &str) -> String {
    let setting = |line: &str| match line.strip_prefix('#') {
        Some(setting)
            if !setting.starts_with(' ') && !WITHOUT_DEFAULT.iter().any(|name| setting.starts_with(name)) =>
        {
            setting.to_owned()
        }
        _ => line.to_owned(),
    };
    example.lines().map(setting).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_file_shows_every_default_as_it_is() {
    let parsed = |text: &str| {
        let mut config = Config::parse(text, Path::new("/etc/shikaku")).expect("the example is settings");
        config.reader_link.token_file = Some(config.token_file());
        format!("{config:?}")
    };
    assert_eq!(parsed(&example()), parsed(&switched_on(&example())));
}

#[test]
fn the_example_file_names_every_setting() {
    let example = example();
    for table in TABLES {
        // The parser itself says which settings a table has.
        let wrong = match table {
            "" => format!("surprise = 1\n{LEAST}"),
            _ if LEAST.contains(&format!("[{table}]")) => {
                LEAST.replace(&format!("[{table}]"), &format!("[{table}]\nsurprise = 1"))
            }
            _ => format!("{LEAST}\n[{table}]\nsurprise = 1"),
        };
        let said = Config::parse(&wrong, Path::new("/")).expect_err("a surprise").to_string();
        let (_, names) = said.split_once("expected").expect("what was expected");
        let names: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{said}");
        let section = match table {
            "" => example.split("\n[").next().expect("the first"),
            _ => example.split("\n[").find(|part| part.starts_with(&format!("{table}]"))).expect("a table"),
        };
        for name in names {
            let is_shown = |line: &str| line.trim_start_matches('#').starts_with(&format!("{name} ="));
            let is_table = TABLES.iter().any(|table| table.rsplit('.').next() == Some(name));
            assert!(is_table || section.lines().any(is_shown), "[{table}] {name} is not shown");
        }
    }
}
