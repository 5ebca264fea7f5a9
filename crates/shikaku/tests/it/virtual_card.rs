//! `card simulate` in the virtual reader of a real pcscd: `card read` and OpenSC both take it for a My Number card.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use testkit::{
    own_world::{self, Tool, wait_until},
    virtual_reader::{self, VirtualReader},
};

use crate::program::{document, run, shikaku, succeed};

/// Programs of others, and the Debian packages that bring them.
const CLIENTS: [Tool; 2] = [("/usr/bin/opensc-tool", "opensc"), ("/usr/bin/pkcs15-tool", "opensc")];
const READER: &str = "Virtual PCD 00 00";
const PIN: &str = "1234";
const WRONG_PIN: &str = "0000";

/// Runs the test `name` where a pcscd may run.
fn with_reader(name: &str, test: fn(&VirtualReader)) {
    let built_in = card::transport::READERS_BUILT_IN;
    assert!(
        built_in,
        "these tests need libpcsclite: apt-get install pkg-config libpcsclite-dev, and build again"
    );
    let tools = [&virtual_reader::TOOLS[..], &CLIENTS].concat();
    own_world::in_own_world(&format!("virtual_card::{name}"), &tools, || test(&VirtualReader::start()));
}

/// A simulated card in the reader until this is dropped.
struct Inserted {
    child: Child,
    said: String,
}

impl Inserted {
    /// Starts `card simulate` and waits until the reader holds the card.
    fn start(reader: &VirtualReader, arguments: &[&str]) -> Self {
        let mut command = shikaku(["card", "simulate", "--vpcd", &reader.address().to_string()]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
        let lines =
            BufReader::new(child.stdout.take().expect("piped")).lines().map(|line| line.expect("text"));
        // Three lines: whose card, its PIN, where the reader is.
        let said = lines.take(3).collect::<Vec<_>>().join("\n");
        let inserted = Self { child, said };
        wait_until("the card in the reader", || opensc(&["opensc-tool", "-r", "0", "-n"]).status.success());
        inserted
    }

    /// Takes it out as a user does, with SIGTERM.
    fn remove(mut self) {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").arg(process).status().expect("kill runs").success());
        assert!(
            self.child.wait().expect("waited for").success(),
            "ended by SIGTERM with another code than 0"
        );
        wait_until("an empty reader", || !opensc(&["opensc-tool", "-r", "0", "-n"]).status.success());
    }
}

impl Drop for Inserted {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn opensc(words: &[&str]) -> Output {
    Command::new(words[0]).args(&words[1..]).stdin(Stdio::null()).output().expect("OpenSC's program starts")
}

fn text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

fn read_json() -> Value {
    document(&succeed(["card", "read", "--json"]))
}

fn tries(described: &Value) -> u64 {
    described["authentication_pin_tries"].as_u64().expect("a number of tries")
}

/// `pkcs15-tool --verify-pin`; whether the card was content.
fn verify(pin: &str) -> bool {
    opensc(&["pkcs15-tool", "-r", "0", "--verify-pin", "--auth-id", "1", "--pin", pin]).status.success()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn path(folder: &tempfile::TempDir) -> &str {
    Path::new(folder.path()).to_str().expect("UTF-8")
}

#[test]
fn a_simulated_card_is_a_my_number_card_to_everybody() {
    with_reader("a_simulated_card_is_a_my_number_card_to_everybody", |reader| {
        let empty = run(["card", "read"]);
        assert_eq!(empty.status.code(), Some(1));
        assert!(text(&empty).contains("カード"), "{}", text(&empty));

        let inserted = Inserted::start(reader, &[]);
        assert!(
            inserted.said.contains("(hanako)のカード\nPIN 1234\nvpcd 127.0.0.1:35963"),
            "{}",
            inserted.said
        );
        let named = opensc(&["opensc-tool", "-r", "0", "-n"]);
        assert_eq!(String::from_utf8_lossy(&named.stdout).trim(), "jpki");

        let said = succeed(["card", "read"]);
        for part in [READER, "マイナンバーカード", "有効期間", "有効期間内です。", "あと3回"]
        {
            assert!(said.contains(part), "{part:?} is missing in {said}");
        }
        let described = read_json();
        assert_eq!(described["kind"], "マイナンバーカード");
        let day = |end: &str| -> jiff::civil::Date {
            described["certificate"][end].as_str().expect("a date").parse().expect("a date")
        };
        let today = server::clock::Clock::system().today();
        assert!(day("not_before") < today && today < day("not_after"), "{described}");
        assert_eq!(tries(&described), 3);
        let elsewhere = run(["card", "read", "--reader", "no such reader"]);
        assert_eq!(elsewhere.status.code(), Some(1));
        inserted.remove();
        assert_eq!(run(["card", "read", "--json"]).status.code(), Some(1));
    });
}

#[test]
fn wrong_pins_count_down_and_the_lock_outlives_the_program() {
    with_reader("wrong_pins_count_down_and_the_lock_outlives_the_program", |reader| {
        let data = folder();
        let start = || Inserted::start(reader, &["--persona", "hanako", "--data", path(&data)]);
        let inserted = start();
        assert!(!verify(WRONG_PIN));
        assert_eq!(tries(&read_json()), 2);
        assert!(verify(PIN), "a right PIN gives all tries back");
        assert_eq!(tries(&read_json()), 3);
        for left in [2, 1] {
            assert!(!verify(WRONG_PIN));
            assert_eq!(tries(&read_json()), left);
        }
        inserted.remove();

        let inserted = start();
        assert_eq!(tries(&read_json()), 1, "the card remembers without power");
        assert!(!verify(WRONG_PIN));
        inserted.remove();

        let inserted = start();
        assert!(!verify(PIN), "a locked PIN is locked for the right one too");
        assert_eq!(tries(&read_json()), 0);
        assert!(succeed(["card", "read"]).contains("ロックされています"));
        inserted.remove();
    });
}

#[test]
fn other_people_hold_other_cards() {
    with_reader("other_people_hold_other_cards", |reader| {
        let data = folder();
        let advice = |persona: &str| {
            let inserted = Inserted::start(reader, &["--persona", persona, "--data", path(&data)]);
            assert!(inserted.said.contains(&format!("({persona})")), "{}", inserted.said);
            let described = read_json();
            inserted.remove();
            (described["certificate"]["advice"].as_str().expect("words").to_owned(), tries(&described))
        };
        assert_eq!(
            advice("card-expired"),
            ("期限が切れています。お住まいの市区町村の窓口で更新してください。".into(), 3)
        );
        assert_eq!(
            advice("taro"),
            ("まもなく期限が切れます。お住まいの市区町村の窓口で更新できます。".into(), 3)
        );
        assert_eq!(advice("pin-locked"), ("有効期間内です。".into(), 0));
        assert_eq!(advice("pin-not-set"), ("有効期間内です。".into(), 0));

        let unknown = run(["card", "simulate", "--persona", "nobody"]);
        assert_eq!(unknown.status.code(), Some(1));
        assert!(text(&unknown).contains("hanako"), "the known ones are listed: {}", text(&unknown));
    });
}
