//! The dump: every change of it is found, by our verifier and by one that was written from the format alone.

use std::process::Command;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use store::audit::{PublicKey, SigningKey, verify};

use crate::{
    databases::{Database, Kind, on_every_database},
    people::*,
};

on_every_database!(
    ten_thousand_changes_are_all_found_and_another_verifier_agrees,
    another_key_or_a_missing_witness_is_found,
    the_dump_is_the_same_bytes_as_on_sqlite,
);

/// Changes tried; each must be found.
const MUTATIONS: u32 = 12_000;
/// Of these, so many are also shown to the other verifier.
const SHOWN_TO_PYTHON: usize = 300;

/// A dump of three institutions under four heads.
async fn dump(db: &Database, key: &SigningKey) -> Vec<u8> {
    let mut number = 0;
    for (round, entries) in [(0_u32, 3_u32), (1, 8), (2, 1), (3, 6)] {
        for entry in 0..entries {
            number += 1;
            let mut check = verification(1 + entry % 3, &format!("{number}"));
            check.recorded_at = at(i64::from(number));
            check.audit.detail = format!("検査 {entry}\t\u{1}\u{7f} \\ \"{round}\" 𠮷");
            db.store.record_verification(check).await.expect("records");
        }
        db.store.audit_integrate_and_sign(key, at(i64::from(number))).await.expect("signs");
    }
    let mut dump = Vec::new();
    db.store.audit_export(&mut dump).await.expect("exports");
    dump
}

/// One way to tamper with a dump. Positions are taken modulo what is there.
#[derive(Clone, Debug)]
enum Mutation {
    FlipBit(usize, u8),
    SetByte(usize, u8),
    InsertByte(usize, u8),
    DeleteBytes(usize, usize),
    Truncate(usize),
    SwapLines(usize, usize),
    DeleteLine(usize),
    DuplicateLine(usize, usize),
    ChangeDigit(usize, u8),
    EditField(usize, usize, String),
    UpperCaseHex(usize),
    AppendText(String),
    AddBlank(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    use Mutation::*;
    let place = any::<usize>();
    prop_oneof![
        4 => (place, 0..8_u8).prop_map(|(at, bit)| FlipBit(at, bit)),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| SetByte(at, byte)),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| InsertByte(at, byte)),
        2 => (any::<usize>(), 1..40_usize).prop_map(|(at, length)| DeleteBytes(at, length)),
        1 => any::<usize>().prop_map(Truncate),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(a, b)| SwapLines(a, b)),
        1 => any::<usize>().prop_map(DeleteLine),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(from, to)| DuplicateLine(from, to)),
        2 => (any::<usize>(), 0..10_u8).prop_map(|(at, digit)| ChangeDigit(at, digit)),
        2 => (any::<usize>(), any::<usize>(), "[a-z0-9]{0,12}").prop_map(|(l, f, v)| EditField(l, f, v)),
        1 => any::<usize>().prop_map(UpperCaseHex),
        1 => "[ \n\ta-z{}]{1,20}".prop_map(AppendText),
        1 => any::<usize>().prop_map(AddBlank),
    ]
}

fn lines(dump: &[u8]) -> Vec<Vec<u8>> {
    dump.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Sets the n-th quoted value or number of a line.
fn edit_field(line: &[u8], field: usize, value: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(line).trim_end().to_owned();
    let mut object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).expect("an object");
    let keys: Vec<String> = object.keys().cloned().collect();
    let key = &keys[field % keys.len()];
    object[key] = match value.parse::<u32>() {
        Ok(number) if object[key].is_number() => number.into(),
        _ => value.into(),
    };
    // serde_json sorts the keys: put the value into the text itself instead.
    let old = text.find(&format!("\"{key}\":")).expect("the key") + key.len() + 3;
    let rest = &text[old..];
    let end = if let Some(quoted) = rest.strip_prefix('"') {
        let mut escaped = false;
        1 + quoted
            .find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            })
            .expect("an end")
            + 1
    } else {
        rest.find([',', '}']).expect("an end")
    };
    format!("{}{}{}\n", &text[..old], object[key], &rest[end..]).into_bytes()
}

impl Mutation {
    fn apply(&self, dump: &[u8]) -> Vec<u8> {
        let mut bytes = dump.to_vec();
        let mut lines = lines(dump);
        let (length, count) = (bytes.len(), lines.len());
        match self {
            Self::FlipBit(at, bit) => bytes[at % length] ^= 1 << bit,
            Self::SetByte(at, byte) => bytes[at % length] = *byte,
            Self::InsertByte(at, byte) => bytes.insert(at % (length + 1), *byte),
            Self::DeleteBytes(at, some) => {
                let from = at % length;
                bytes.drain(from..(from + some).min(length));
            }
            Self::Truncate(at) => bytes.truncate(at % length),
            Self::ChangeDigit(at, digit) => {
                let digits: Vec<usize> = (0..length).filter(|i| bytes[*i].is_ascii_digit()).collect();
                bytes[digits[at % digits.len()]] = b'0' + digit;
            }
            Self::UpperCaseHex(at) => bytes[at % length].make_ascii_uppercase(),
            Self::AppendText(text) => bytes.extend(text.bytes()),
            Self::AddBlank(at) => bytes.insert(at % (length + 1), b' '),
            Self::SwapLines(a, b) => lines.swap(a % count, b % count),
            Self::DeleteLine(at) => drop(lines.remove(at % count)),
            Self::DuplicateLine(from, to) => lines.insert(to % (count + 1), lines[from % count].clone()),
            Self::EditField(line, field, value) => {
                lines[line % count] = edit_field(&lines[line % count], *field, value);
            }
        }
        match self {
            Self::SwapLines(..) | Self::DeleteLine(_) | Self::DuplicateLine(..) | Self::EditField(..) => {
                lines.concat()
            }
            _ => bytes,
        }
    }
}

fn is_whole(dump: &[u8], key: &PublicKey) -> bool {
    verify(dump, key, None).expect("reads from memory").is_whole()
}

async fn ten_thousand_changes_are_all_found_and_another_verifier_agrees(db: Database) {
    let key = SigningKey::generate().expect("a key");
    let good = dump(&db, &key).await;
    let public = key.public_key().expect("a key");
    assert!(is_whole(&good, &public), "{:?}", verify(good.as_slice(), &public, None));

    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let mut shown = vec![good.clone()];
    let mut tried = 0;
    while tried < MUTATIONS {
        let mutation = mutation().new_tree(&mut runner).expect("a mutation").current();
        let changed = mutation.apply(&good);
        if changed == good {
            continue;
        }
        tried += 1;
        assert!(!is_whole(&changed, &public), "not found: {mutation:?}");
        if shown.len() <= SHOWN_TO_PYTHON {
            shown.push(changed);
        }
    }
    println!("{tried} changes tried, {tried} found");
    another_verifier_agrees(&shown, &public);
}

fn another_verifier_agrees(dumps: &[Vec<u8>], key: &PublicKey) {
    let folder = tempfile::tempdir().expect("a folder");
    let key_file = folder.path().join("key.pem");
    std::fs::write(&key_file, key.to_pem()).expect("writes");
    let mut command = Command::new("python3");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audit_verifier.py")).arg(&key_file);
    for (number, dump) in dumps.iter().enumerate() {
        let file = folder.path().join(format!("{number}"));
        std::fs::write(&file, dump).expect("writes");
        command.arg(file);
    }
    let output = command.output().expect("python3 is needed: apt-get install python3 openssl");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.lines().count(), dumps.len(), "{}", String::from_utf8_lossy(&output.stderr));
    for (number, (line, dump)) in said.lines().zip(dumps).enumerate() {
        assert_eq!(line == "whole", is_whole(dump, key), "dump {number}: {line}");
    }
}

async fn another_key_or_a_missing_witness_is_found(db: Database) {
    let key = SigningKey::generate().expect("a key");
    let good = dump(&db, &key).await;
    let public = key.public_key().expect("a key");
    let stranger = SigningKey::generate().expect("a key").public_key().expect("a key");
    assert!(!is_whole(&good, &stranger));
    let heads: Vec<String> =
        lines(&good)[1..5].iter().map(|line| String::from_utf8(line.clone()).expect("text")).collect();
    let with = |witness: &str| verify(good.as_slice(), &public, Some(witness)).expect("reads").is_whole();
    assert!(heads.iter().all(|head| with(head)));
    let changed = heads[0].replace("\"tree_size\":3", "\"tree_size\":4");
    assert!(!with(&changed));
    // A file of many: each must be there, and one without any proves nothing.
    assert!(with(&heads.concat()));
    assert!(!with(&format!("{}{changed}", heads.concat())));
    assert!(!with("") && !with("\n"));
    // An older dump is whole by itself; only a witness tells that it is old.
    let older = [&b"{\"format\":\"shikaku-audit-1\",\"tree_size\":3,\"heads\":1}\n"[..], heads[0].as_bytes()];
    let older = [older.concat(), lines(&good)[5..8].concat()].concat();
    assert!(is_whole(&older, &public));
    assert!(!verify(older.as_slice(), &public, Some(&heads[3])).expect("reads").is_whole());
}

async fn the_dump_is_the_same_bytes_as_on_sqlite(db: Database) {
    let key = SigningKey::generate().expect("a key");
    let sqlite = Kind::Sqlite.open().await;
    let (one, other) = (dump(&db, &key).await, dump(&sqlite, &key).await);
    assert_eq!(String::from_utf8(one), String::from_utf8(other));
}

#[tokio::test]
async fn keys_go_through_pem_and_openssl_reads_them() {
    let key = SigningKey::generate().expect("a key");
    let again = SigningKey::from_pem(&key.to_pem().expect("PEM")).expect("reads");
    assert_eq!(again.public_key(), key.public_key());
    let public = key.public_key().expect("a key");
    assert_eq!(PublicKey::from_pem(&public.to_pem()), Ok(public.clone()));
    assert!(PublicKey::from_pem(&key.to_pem().expect("PEM")).is_err());
    assert!(SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_err());
    assert_eq!(format!("{key:?}"), "SigningKey(…)");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key.pem");
    std::fs::write(&file, key.to_pem().expect("PEM")).expect("writes");
    let output =
        Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(&file).output().expect("openssl");
    assert_eq!(String::from_utf8_lossy(&output.stdout), public.to_pem());
}
