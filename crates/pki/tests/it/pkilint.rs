//! A linter made by others over a thousand certificates with Japanese names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use pki::Validity;
use pki::distribution::Distribution;
use pki::issuing::Profile;
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::profile::{InstitutionName, ServerName};
use pki::serial::Serial;

use crate::bench::{Bench, now, subject};
use crate::issuing::{World, world};

/// Certificates linted.
const COUNT: usize = 1000;
/// Set to a Python that has pkilint; otherwise the one `cargo xtask` installs, below the target folder.
const PYTHON: &str = "SHIKAKU_PKILINT_PYTHON";
/// The version the tests were written against.
const VERSION: &str = "0.13.3";
const INSTITUTIONS: [&str; 10] = [
    "髙﨑𠮷辻\u{E0100}葛\u{E0100}医院",
    "架空内科医院",
    "かくうこどもくりにっく",
    "カクウデンタルクリニック",
    "医療法人社団架空会架空総合病院（医科・歯科併設）",
    "架空調剤薬局①号店㈱",
    "架空歯科医院　併設",
    "ﾊﾝｶｸ整形外科",
    "か\u{3099}くう眼科（結合文字）",
    "Kakū Clinic & 訪問看護ステーション“架空”",
];

fn python() -> PathBuf {
    let named = std::env::var_os(PYTHON).map(PathBuf::from);
    // Python finds its packages by the plain path only.
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let installed = workspace.join("target/pkilint/bin/python");
    let python = named.unwrap_or(installed);
    let found = Command::new(&python)
        .args(["-c", "import importlib.metadata as m; print(m.version('pkilint'))"])
        .output();
    let version = found.ok().filter(|run| run.status.success());
    let version = version.map(|run| String::from_utf8_lossy(&run.stdout).trim().to_owned());
    assert_eq!(
        version.as_deref(),
        Some(VERSION),
        "pkilint {VERSION} is needed at {}: cargo xtask test installs it, or: python3 -m venv target/pkilint && \
         target/pkilint/bin/pip install pkilint=={VERSION}; {PYTHON} names another Python",
        python.display()
    );
    python
}

fn write_certificates(bench: &Bench, world: &World) {
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let folder = bench.path("der");
    std::fs::create_dir(&folder).unwrap();
    let write = |name: String, der: &[u8]| std::fs::write(folder.join(name), der).unwrap();
    write("root.der".to_owned(), world.issuing.root_der());
    write("issuing.der".to_owned(), world.issuing.certificate_der());
    let issue = |profile: Profile<'_>, validity| {
        world.issuing.issue(profile, Serial::random().unwrap().stored(), key.public_key(), validity).unwrap()
    };
    let names = [ServerName::parse("central.example").unwrap(), ServerName::parse("::1").unwrap()];
    write(
        "server.der".to_owned(),
        &issue(Profile::Server { names: &names }, Validity::of_server(now()).unwrap()).der,
    );
    write("ocsp.der".to_owned(), &issue(Profile::OcspSigner, Validity::of_responder(now()).unwrap()).der);
    for number in 4..COUNT {
        let base = INSTITUTIONS[number % INSTITUTIONS.len()];
        // Every length up to the limit occurs.
        let long: String =
            format!("{base}{}", "長い名前の".repeat(13)).chars().take(1 + number % 64).collect();
        let text = if number % 3 == 0 { long.trim().to_owned() } else { base.to_owned() };
        let name = InstitutionName::parse(&text).unwrap();
        let subject = subject(&format!("{}受付{number}号機", ["", "髙", "𠮷", "辻\u{E0100}"][number % 4]));
        let institution_name = (number % 5 != 0).then_some(&name);
        let profile = Profile::Terminal { subject: &subject, institution_name };
        let issued = issue(profile, Validity::of_terminal(now()).unwrap());
        write(format!("terminal-{number:04}.der"), &issued.der);
    }
}

fn lint(python: &Path, folder: &Path) -> String {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pkilint_certificates.py");
    let run = Command::new(python).arg(script).arg(folder).output().expect("pkilint runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// A linter that finds nothing in anything would be no judge.
fn lint_finds_a_fault(python: &Path, bench: &Bench) {
    let folder = bench.path("faulty");
    std::fs::create_dir(&folder).unwrap();
    let key = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let fault = ["-set_serial", "0", "-subj", "/C=JP/CN=x", "-outform", "DER"];
    let out = ["-keyout", "faulty/key.pem", "-out", "faulty/one.der"];
    bench.openssl(&[&key[..], &fault, &out].concat()).accepts();
    let text = lint(python, &folder);
    assert!(text.contains("\"ERROR\""), "{text}");
}

#[test]
fn an_independent_linter_finds_no_error_in_a_thousand_certificates() {
    let python = python();
    let bench = Bench::new();
    lint_finds_a_fault(&python, &bench);
    let world = world(Some(Distribution::new("http://crl.example:8080", 64).unwrap()));
    write_certificates(&bench, &world);
    let text = lint(&python, &bench.path("der"));
    assert!(text.trim_end().ends_with(&format!("{{\"linted\": {COUNT}}}")), "all were linted: {text}");
    let mut by_code: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for line in text.lines().filter(|line| line.contains("\"severity\"")) {
        let field = |name: &str| {
            let start = line.find(&format!("\"{name}\": \"")).unwrap() + name.len() + 5;
            line[start..].split('"').next().unwrap().to_owned()
        };
        let entry = by_code.entry(format!("{} {}", field("severity"), field("code"))).or_default();
        entry.0 += 1;
        line.clone_into(&mut entry.1);
    }
    println!("{by_code:#?}");
    let serious: Vec<_> = by_code.iter().filter(|(code, _)| !ACCEPTED.contains(&code.as_str())).collect();
    assert!(serious.is_empty(), "{serious:#?}");
}

/// Findings below an error that stay, each with its reason.
const ACCEPTED: &[&str] = &[
    // Says which of RFC 5280's two ways the key identifier was made.
    "INFO pkix.subject_key_identifier_method_1_identified",
];
