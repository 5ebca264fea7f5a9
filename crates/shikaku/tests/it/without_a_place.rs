//! Commands that are told no place act on the demo, and say so; without a demo they say what is missing.

use std::{path::Path, process::Output};

use crate::{
    demo::once,
    program::{document, run, shikaku},
};

/// Runs in a folder, for a user whose data lies at `home`.
fn at(home: &Path, folder: &Path, arguments: &[&str]) -> Output {
    shikaku(arguments).env("XDG_DATA_HOME", home).current_dir(folder).output().expect("the program starts")
}

fn said(done: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn the_demo_is_what_is_meant_when_nothing_else_is_said() {
    let (home, folder) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let data = home.path().join("shikaku").join("demo");
    once(&data, &["--json"]);
    let people = data.join("population");
    let people = people.to_str().expect("UTF-8");
    let forms: &[&[&str]] = &[
        &["doctor"],
        &["migrate"],
        &["insurer", "import", people],
        &["audit", "key"],
        &["audit", "export", "--out", "audit.jsonl"],
        &["terminal", "check"],
        &["ca", "crl"],
        &["ca", "issue", "--institution", "1319990012", "--terminal", "受付2", "--out", "certs"],
        &["ca", "renew", "--certificate", "certs/terminal.cert.pem", "--out", "renewed"],
    ];
    for form in forms {
        let (code, out, err) = said(&at(home.path(), folder.path(), &[form, &["--json"][..]].concat()));
        assert_eq!(code, Some(0), "{form:?}: {out}{err}");
        document(&out);
        assert!(err.contains(data.to_str().expect("UTF-8")), "{form:?} does not say on what it acts: {err}");
    }
    let imported = said(&at(home.path(), folder.path(), &["insurer", "import", "--json", people])).1;
    let files = document(&imported)["files"].as_array().expect("files").clone();
    assert!(files.iter().all(|file| file["already_applied"] == true), "{files:?}");

    // An authority in the working folder is nearer than the demo's.
    assert_eq!(at(home.path(), folder.path(), &["ca", "init"]).status.code(), Some(0));
    let (code, list, err) = said(&at(home.path(), folder.path(), &["ca", "crl"]));
    assert_eq!(code, Some(0));
    assert!(err.contains("./ca"), "{err}");
    assert!(list.starts_with("-----BEGIN X509 CRL-----"), "{list}");
}

#[test]
fn without_a_demo_the_remedy_is_said() {
    for form in [&["doctor"][..], &["migrate"], &["audit", "key"], &["terminal", "check"], &["ca", "crl"]] {
        let (code, out, err) = said(&run(form));
        assert_eq!((code, out.as_str()), (Some(2), ""), "{form:?}");
        assert!(err.contains("shikaku demo"), "{form:?}: {err}");
        assert!(err.contains("--config FILE") || err.contains("--dir DIR"), "{form:?}: {err}");
    }
}
