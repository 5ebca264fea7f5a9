//! What scripts rely on: help with examples, exit codes, one JSON document.

use crate::program::{document, run, shikaku, succeed};

const COMMANDS: &[&[&str]] = &[
    &["demo"],
    &["serve"],
    &["migrate"],
    &["population"],
    &["insurer", "import"],
    &["institution", "add"],
    &["institution", "list"],
    &["line", "add"],
    &["line", "list"],
    &["line", "withdraw"],
    &["terminal", "run"],
    &["terminal", "check"],
    &["terminal", "certificate", "install"],
    &["terminal", "certificate", "show"],
    &["terminal", "certificate", "renew"],
    &["terminal", "certificate", "rollback"],
    &["terminal", "certificate", "export"],
    &["kiosk", "run"],
    &["kiosk", "pages"],
    &["card", "read"],
    &["card", "simulate"],
    &["ca", "init"],
    &["ca", "issue"],
    &["ca", "renew"],
    &["ca", "revoke"],
    &["ca", "crl"],
    &["ca", "issuing-key"],
    &["ca", "certify-issuing"],
    &["audit", "export"],
    &["audit", "key"],
    &["audit", "verify"],
    &["operator", "add"],
    &["operator", "restore"],
    &["doctor"],
];

const GROUPS: &[&[&str]] = &[
    &["insurer"],
    &["institution"],
    &["line"],
    &["terminal"],
    &["terminal", "certificate"],
    &["kiosk"],
    &["card"],
    &["ca"],
    &["audit"],
    &["operator"],
];

#[test]
fn every_command_explains_itself_with_an_example() {
    for command in COMMANDS.iter().chain(GROUPS) {
        let help = succeed(command.iter().chain(&["--help"]));
        let example =
            help.split("Example").nth(1).unwrap_or_else(|| panic!("{command:?} has no example:\n{help}"));
        let line = format!("shikaku {}", command.join(" "));
        assert!(example.contains(&line), "{command:?}: the example does not show the command:\n{example}");
        assert!(help.contains("--json"), "{command:?}");
    }
}

#[test]
fn no_command_is_without_this_test() {
    let known = |names: Vec<String>, under: &[&str]| {
        for name in names {
            let full: Vec<&str> = under.iter().copied().chain([name.as_str()]).collect();
            let listed = COMMANDS.iter().any(|command| command.starts_with(&full));
            assert!(listed, "`{}` is not in the list of this test", full.join(" "));
        }
    };
    known(subcommands(&[]), &[]);
    for group in GROUPS {
        known(subcommands(group), group);
    }
}

/// The names under `Commands:` in a help text.
fn subcommands(under: &[&str]) -> Vec<String> {
    let help = succeed(under.iter().chain(&["--help"]));
    let list = help.split("Commands:\n").nth(1).expect("a list of commands");
    let lines = list.lines().take_while(|line| line.starts_with("  "));
    lines
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn wrong_usage_is_exit_code_2_and_says_so_on_stderr() {
    let wrong: &[&[&str]] = &[
        &[],
        &["unheard-of"],
        &["demo", "--unheard-of"],
        &["demo", "--port-base", "65530"],
        &["serve"],
        &["audit", "export", "--out", "x"],
        &["audit", "key"],
        &["doctor"],
        &["doctor", "--json"],
        &["migrate"],
        &["insurer", "import", "x.csv"],
        &["terminal", "check"],
        &["terminal", "certificate", "install"],
        &["terminal", "certificate", "show"],
        &["terminal", "certificate", "renew"],
        &["terminal", "certificate", "rollback"],
        &["terminal", "certificate", "export"],
        &["ca", "crl"],
        &["ca", "renew", "--certificate", "x", "--out", "x"],
        &["audit", "export", "--data", "a", "--config", "b", "--out", "x"],
        &["population", "--persons", "many", "--out", "x"],
        &["ca", "revoke", "--dir", "x", "--serial", "1", "--reason", "boredom"],
    ];
    for arguments in wrong {
        let done = run(*arguments);
        assert_eq!(done.status.code(), Some(2), "{arguments:?}");
        assert!(done.stdout.is_empty(), "{arguments:?}");
        assert!(!done.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn failure_is_exit_code_1_with_the_reason_on_stderr_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere");
    for command in [&["doctor"][..], &["migrate"], &["audit", "key"]] {
        for json in [&[][..], &["--json"]] {
            let done = shikaku(command).args(json).arg("--data").arg(&nowhere).output().expect("starts");
            assert_eq!(done.status.code(), Some(1), "{command:?}");
            assert!(done.stdout.is_empty(), "{command:?}");
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(said.contains("nowhere"), "{command:?} does not name the folder: {said}");
        }
    }
}

#[test]
fn the_person_in_the_example_is_one_of_the_demo() {
    let asked = run(["card", "simulate", "--persona", "nobody-of-this-name"]);
    assert_eq!(asked.status.code(), Some(1));
    let said = String::from_utf8_lossy(&asked.stderr);
    let known: Vec<&str> = said.rsplit("one of ").next().expect("a list").trim().split(", ").collect();
    for command in [&["card"][..], &["card", "simulate"]] {
        let help = succeed(command.iter().chain(&["--help"]));
        let example = help.split("simulate --persona ").nth(1).expect("an example with a person");
        let named = example.split_whitespace().next().unwrap_or_default();
        assert!(known.contains(&named), "{command:?} names {named}, who is not one of {known:?}");
    }
}

#[test]
fn the_version_is_printed() {
    assert!(succeed(["--version"]).starts_with("shikaku "));
}

#[test]
fn json_is_one_document_for_a_command_that_makes_something() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = folder.path().join("ca");
    let text = succeed(["--json", "ca", "init", "--dir", authority.to_str().expect("UTF-8")]);
    assert_eq!(document(&text)["name"], "Online Billing NW Common RootCA");
}
