//! `shikaku institution` and `shikaku line`: what the operator keeps, by hand.

use std::path::Path;

use crate::{
    population::settings,
    program::{document, run, succeed},
};

const CODE: &str = "1310000018";
const OTHER: &str = "1319990012";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn words(done: &std::process::Output) -> String {
    assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stdout));
    assert!(done.stdout.is_empty());
    String::from_utf8_lossy(&done.stderr).into_owned()
}

fn institution<'a>(code: &'a str, config: &'a Path) -> Vec<&'a str> {
    let entry = ["--name", "髙﨑醫院", "--postal-code", "100-0013", "--address", "東京都架空区1-2-3"];
    [&["institution", "add", code], &entry[..], &["--telephone", "03-0000-0000", "--config", text(config)]]
        .concat()
}

#[test]
fn an_institution_is_added_once_and_listed_as_it_was_entered() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = settings(folder.path());
    assert!(succeed(institution(CODE, &config)).contains(CODE));
    let again = words(&run(institution(CODE, &config)));
    assert!(again.contains("already"), "{again}");

    let mistyped = words(&run(institution(OTHER, &config)));
    assert!(mistyped.contains("検証番号") && mistyped.contains("--code-as-is"), "{mistyped}");
    succeed(institution(OTHER, &config).into_iter().chain(["--code-as-is"]));

    let list = |more: &[&str]| {
        let all = [&["--json", "institution", "list", "--config", text(&config)], more].concat();
        document(&succeed(all))["institutions"].clone()
    };
    let everybody = list(&[]);
    assert_eq!(everybody.as_array().expect("a list").len(), 2);
    assert_eq!(everybody[0]["code"], CODE);
    assert_eq!(everybody[0]["name"], "髙﨑醫院");
    assert_eq!(everybody[0]["postal_code"], "1000013");
    assert_eq!(everybody[0]["first_line"], "東京都架空区1-2-3");
    assert_eq!(everybody[0]["telephone"], "03-0000-0000");
    assert_eq!(list(&["1319"])[0]["code"], OTHER);
    assert_eq!(list(&["--after", CODE, "--limit", "1"])[0]["code"], OTHER);
    assert_eq!(list(&["﨑醫"]).as_array().expect("a list").len(), 2);

    let mut wrong = institution(CODE, &config);
    wrong[6] = "12";
    let said = words(&run(wrong));
    assert!(said.contains("--postal-code"), "{said}");
}

#[test]
fn a_line_is_added_extended_and_withdrawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = settings(folder.path());
    let line =
        |arguments: &[&str]| run([&["--json", "line"], arguments, &["--config", text(&config)]].concat());
    let good = |arguments: &[&str]| {
        let done = line(arguments);
        assert_eq!(done.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        document(&String::from_utf8_lossy(&done.stdout))
    };
    let id = ["--customer-id", "caf-00-0000-0001"];
    let first = [&["add", CODE], &id[..], &["--prefix", "192.0.2.0/28"]].concat();
    let unknown = words(&line(&first));
    assert!(unknown.contains("shikaku institution add"), "{unknown}");
    succeed(institution(CODE, &config));
    succeed(institution(OTHER, &config).into_iter().chain(["--code-as-is"]));

    assert_eq!(good(&first)["customer_id"], "CAF0000000001");
    let more = good(&[&["add", CODE], &id[..], &["--prefix", "2001:db8:1::/56"]].concat());
    assert_eq!(more["prefixes"], serde_json::json!(["192.0.2.0/28", "2001:db8:1::/56"]));

    // Nobody else's address, and no other お客さまID in its place.
    let taken = words(&line(&["add", OTHER, "--customer-id", "COP0000000002", "--prefix", "192.0.2.8/29"]));
    assert!(taken.contains("192.0.2.8/29") && taken.contains("CAF0000000001"), "{taken}");
    let replaced = words(&line(&["add", CODE, "--customer-id", "COP0000000002"]));
    assert!(replaced.contains("withdraw"), "{replaced}");
    let shared = words(&line(&[&["add", OTHER], &id[..]].concat()));
    assert!(shared.contains("--shared"), "{shared}");

    let listed = good(&["list", "caf"]);
    assert_eq!(listed["lines"][0]["institution_code"], CODE);
    assert_eq!(listed["lines"].as_array().expect("a list").len(), 1);

    let left = good(&["withdraw", CODE, "--prefix", "192.0.2.0/28"]);
    assert_eq!(left["prefixes"], serde_json::json!(["2001:db8:1::/56"]));
    let gone = words(&line(&["withdraw", CODE, "--prefix", "192.0.2.0/28"]));
    assert!(gone.contains("does not have 192.0.2.0/28"), "{gone}");
    assert_eq!(good(&["withdraw", CODE, "--whole"])["stopped"], true);
    assert!(words(&line(&["withdraw", CODE, "--whole"])).contains("has no line"));
    assert_eq!(good(&["list"])["lines"][0]["stopped"], true);
}

#[test]
fn what_a_line_needs_is_said_before_anything_is_asked() {
    let wrong: &[&[&str]] = &[
        &["line", "add", CODE],
        &["line", "add", CODE, "--circuit", "ipsec-ike", "--customer-id", "CAF0000000001"],
        &["line", "add", CODE, "--customer-id", "XYZ0000000001"],
        &["line", "add", CODE, "--customer-id", "CAF0000000001", "--prefix", "192.0.2.1/24"],
        &["line", "withdraw", CODE],
        &["line", "withdraw", CODE, "--whole", "--prefix", "192.0.2.0/24"],
    ];
    for arguments in wrong {
        let done = run(*arguments);
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}
