//! What goes wrong is said once, with what to do.

use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Output},
};

use crate::{
    population::settings,
    program::{document, run, shikaku, succeed},
};

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn said(done: &Output, code: i32) -> String {
    let err = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(code), "{err}");
    err
}

fn once(text: &str, part: &str) {
    assert_eq!(text.matches(part).count(), 1, "{part:?} once in: {text}");
}

#[test]
fn a_file_that_is_not_there_is_named_once_with_the_remedy() {
    let nope = said(&run(["doctor", "--config", "nope.toml"]), 1);
    once(&nope, "nope.toml");
    once(&nope, "os error 2");
    assert!(nope.contains("docs/server.example.toml"), "{nope}");
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nodir");
    let issue =
        ["ca", "issue", "--dir", text(&nowhere), "--server", "localhost", "--out", text(folder.path())];
    once(&said(&run(issue), 1), "os error 2");
}

#[test]
fn settings_that_lack_something_name_the_file_and_the_example() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, command, example) in [
        ("server.toml", &["doctor"][..], "docs/server.example.toml"),
        ("terminal.toml", &["terminal", "check"], "docs/terminal.example.toml"),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, "state = 7\n").expect("written");
        let err = said(&run(command.iter().copied().chain(["--config", text(&file)])), 1);
        once(&err, "TOML parse error");
        assert!(err.contains(name) && err.contains(example), "{err}");
    }
}

#[test]
fn a_terminal_whose_port_is_taken_says_whose_setting_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    crate::demo::once(&data, &["--json"]);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let settings = std::fs::read_to_string(data.join("terminal.toml")).expect("settings");
    for section in ["reader_link", "gateway"] {
        let mut table: toml::Table = settings.parse().expect("TOML");
        for other in ["reader_link", "gateway"] {
            let listen = if other == section { address.as_str() } else { "127.0.0.1:0" };
            table[other].as_table_mut().expect("a table").insert("listen".into(), listen.into());
        }
        let config = data.join("taken.toml");
        std::fs::write(&config, table.to_string()).expect("written");
        let err = said(&run(["terminal", "run", "--config", text(&config)]), 1);
        once(&err, &address);
        assert!(err.contains(&format!("{section}.listen")) && err.contains("end that one"), "{err}");
    }
}

#[test]
fn another_institutions_certificate_is_told_in_plain_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    crate::demo::once(&data, &["--json"]);
    let settings = std::fs::read_to_string(data.join("terminal.toml")).expect("settings");
    let config = data.join("other.toml");
    std::fs::write(&config, settings.replacen("1319990012", "1310000018", 1)).expect("written");
    let done = run(["terminal", "check", "--config", text(&config)]);
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(out.contains("institution 1319990012"), "{out}");
    assert!(!out.contains("Some("), "{out}");
}

#[test]
fn issuing_says_what_it_needs_and_replaces_no_key() {
    let neither = said(&run(["ca", "issue", "--out", "x"]), 2);
    assert!(neither.contains("--server") && neither.contains("--institution"), "{neither}");
    let install = said(&run(["terminal", "certificate", "install"]), 2);
    assert!(install.contains("--number") && install.contains("--file"), "{install}");

    let folder = tempfile::tempdir().expect("a folder");
    let (ca, out) = (folder.path().join("ca"), folder.path().join("out"));
    succeed(["ca", "init", "--dir", text(&ca)]);
    let issue = ["ca", "issue", "--dir", text(&ca), "--server", "localhost", "--out", text(&out)];
    succeed(issue);
    let again = said(&run(issue), 1);
    assert!(again.contains("server.key.pem") && again.contains("--out"), "{again}");
    let named = |name: &str| {
        run([
            "ca",
            "issue",
            "--dir",
            text(&ca),
            "--institution",
            "1319990012",
            "--terminal",
            name,
            "--out",
            text(&out),
        ])
    };
    for wrong in [" ", "受付\n1", &"受".repeat(41)] {
        let name = said(&named(wrong), 2);
        assert!(name.contains("1 to 40 characters") && name.contains("in one line"), "{name}");
    }
}

#[test]
fn a_revocation_takes_serials_as_they_are_written_and_is_never_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ca, out) = (folder.path().join("ca"), folder.path().join("out"));
    succeed(["ca", "init", "--dir", text(&ca)]);
    let issue = ["--json", "ca", "issue", "--dir", text(&ca), "--server", "localhost", "--out", text(&out)];
    let serial = document(&succeed(issue))["serial"].as_str().expect("a serial number").to_owned();
    let pairs: Vec<String> = serial
        .to_uppercase()
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect();
    // As OpenSSL writes it; an odd number of digits is not cut into pairs from the front.
    let written = if serial.len().is_multiple_of(2) { pairs.join(":") } else { serial.to_uppercase() };
    let revoke = |serial: &str, reason: &str| {
        document(&succeed([
            "--json",
            "ca",
            "revoke",
            "--dir",
            text(&ca),
            "--serial",
            serial,
            "--reason",
            reason,
        ]))
    };
    let first = revoke(&written, "keyCompromise");
    assert_eq!((&first["serial"], &first["earlier"]), (&serial.as_str().into(), &false.into()), "{first}");
    let again = revoke(&serial, "superseded");
    assert_eq!((&again["reason"], &again["earlier"]), (&"keyCompromise".into(), &true.into()), "{again}");
    assert_eq!(again["at"], first["at"]);
    let told = succeed(["ca", "revoke", "--dir", text(&ca), "--serial", &serial]);
    assert!(told.contains("was revoked before") && told.contains("keyCompromise"), "{told}");

    let help = succeed(["ca", "revoke", "--help"]);
    for reason in pki::crl::RevocationReason::ALL {
        assert!(help.contains(reason.as_str()), "{help}");
    }
}

#[test]
fn a_weak_password_is_refused_with_what_would_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = settings(folder.path());
    let key = folder.path().join("secrets.key");
    std::fs::write(&key, "ab".repeat(32)).expect("written");
    let text_of = std::fs::read_to_string(&config).expect("settings");
    std::fs::write(&config, format!("secrets_key = \"secrets.key\"\n{text_of}")).expect("written");
    let password = folder.path().join("password.txt");
    std::fs::write(&password, "short\n").expect("written");
    let person = ["--name", "佐藤花子", "--mail", "sato@operator.example", "--role", "reviewer"];
    let file = ["--password-file", text(&password), "--config", text(&config)];
    let err = said(&run([&["operator", "add", "sato"], &person[..], &file].concat()), 1);
    assert!(
        err.contains("shorter than 12 characters") && err.contains("12文字以上で入力してください"),
        "{err}"
    );
}

#[test]
fn a_dump_that_is_wrong_as_a_whole_has_no_line_zero() {
    let folder = tempfile::tempdir().expect("a folder");
    let (key, dump) = (folder.path().join("audit.key.pem"), folder.path().join("empty.jsonl"));
    let public = folder.path().join("audit.pem");
    for made in [
        &["genpkey", "-algorithm", "ED25519", "-out", text(&key)][..],
        &["pkey", "-in", text(&key), "-pubout", "-out", text(&public)],
    ] {
        assert!(Command::new("openssl").args(made).status().expect("openssl").success());
    }
    std::fs::write(&dump, "").expect("written");
    let verify = ["audit", "verify", "--public-key", text(&public), text(&dump)];
    let done = run(verify);
    assert_eq!(done.status.code(), Some(1));
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(out.contains("the dump as a whole") && !out.contains("line 0"), "{out}");
}

#[test]
fn a_reader_is_found_by_its_hosts_name() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mut child = shikaku(["card", "simulate", "--vpcd", &format!("localhost:{port}")])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    listener.accept().expect("it comes to the reader");
    child.kill().expect("ended");
    child.wait().expect("waited for");
    for wrong in ["localhost", ":35963", "localhost:many"] {
        let err = said(&run(["card", "simulate", "--vpcd", wrong]), 2);
        assert!(err.contains("HOST:PORT"), "{err}");
    }
}
