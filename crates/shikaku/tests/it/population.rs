//! `shikaku population` and `shikaku insurer import`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use wire::insurer_file::{CardFileReader, CardFileWriter, CardRecord};

use crate::program::{document, run, succeed};

const PERSONS: &str = "300";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn generate(folder: &Path, seed: &str) -> BTreeMap<String, Vec<u8>> {
    succeed(["population", "--persons", PERSONS, "--seed", seed, "--out", text(folder)]);
    let files = std::fs::read_dir(folder).expect("a folder");
    files
        .map(|file| {
            let file = file.expect("a file");
            let name = file.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(file.path()).expect("readable"))
        })
        .collect()
}

/// A server's settings that are good for its database only.
pub(crate) fn settings(folder: &Path) -> PathBuf {
    let file = folder.join("server.toml");
    let text = r#"
        database_url = "sqlite:import.db"
        [terminal_api]
        certificate = "none"
        key = "none"
        client_authorities = "none"
        [cards]
        trust_anchors = ["none"]
        policies = ["1.2"]
        [receipts]
        key = "none"
        [audit]
        key = "none"
    "#;
    std::fs::write(&file, text).expect("written");
    file
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = generate(&folder.path().join("a"), "7");
    assert_eq!(first, generate(&folder.path().join("b"), "7"));
    assert_ne!(first, generate(&folder.path().join("c"), "8"));
    assert!(first.contains_key("cards.csv") && first.contains_key("insurers.csv"), "{:?}", first.keys());
}

#[test]
fn loading_the_same_files_again_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, people) = (settings(folder.path()), folder.path().join("people"));
    generate(&people, "7");
    let import =
        || document(&succeed(["insurer", "import", "--json", "--config", text(&config), text(&people)]));
    let applied = |report: &serde_json::Value| -> Vec<bool> {
        let files = report["files"].as_array().expect("files");
        files.iter().map(|file| file["already_applied"].as_bool().expect("a flag")).collect()
    };
    let first = applied(&import());
    assert!(first.len() > 2 && first.iter().all(|already| !already), "{first:?}");
    assert!(applied(&import()).iter().all(|already| *already));
}

#[test]
fn a_file_that_names_a_card_twice_is_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = settings(folder.path());
    let people = folder.path().join("people");
    generate(&people, "7");
    let written = std::fs::File::open(people.join("cards.csv")).expect("cards");
    let reader = CardFileReader::new(std::io::BufReader::new(written)).expect("a card file");
    let records: Vec<_> = reader.map(|record| record.expect("a card")).take(3).collect();
    let twice = folder.path().join("twice.csv");
    let mut writer = CardFileWriter::new(std::fs::File::create(&twice).expect("a file")).expect("writes");
    let other = CardRecord { person_key: records[2].person_key.clone(), ..records[0].clone() };
    for record in records[..2].iter().chain([&other]) {
        writer.write(record).expect("writes");
    }
    writer.finish().expect("writes");
    let refused = run(["insurer", "import", "--config", text(&config), text(&twice)]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    // Two lines come before the first card.
    assert!(said.contains("row 5: certificate named twice: row 3 names it too"), "{said}");
}

#[test]
fn a_changed_file_is_refused_whole_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, people) = (settings(folder.path()), folder.path().join("people"));
    generate(&people, "7");
    let import = || run(["insurer", "import", "--config", text(&config), text(&people)]);
    assert_eq!(import().status.code(), Some(0));

    // One figure of one row, under the old last line: known by that line, and yet another content.
    let cards = people.join("cards.csv");
    let changed = std::fs::read_to_string(&cards).expect("cards").replacen(",1,", ",0,", 1);
    std::fs::write(&cards, changed).expect("written");
    let refused = import();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("cards.csv"), "{said}");

    // A first load of a file whose end does not prove it: no card leads anywhere.
    let fresh = folder.path().join("fresh");
    std::fs::create_dir(&fresh).expect("a folder");
    let config = settings(&fresh);
    let refused = run(["insurer", "import", "--config", text(&config), text(&cards)]);
    assert_eq!(refused.status.code(), Some(1));
    let file = std::fs::File::open(&cards).expect("cards");
    let mut rows =
        wire::insurer_file::CardFileReader::new(std::io::BufReader::new(file)).expect("a card file");
    let first = rows.next().expect("a row").expect("a card").card;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let found = runtime.block_on(async {
        let url = format!("sqlite:{}", fresh.join("import.db").display());
        let store = store::Store::open(&url, store::Options::default()).await.expect("opens");
        store.coverage_of_card(&first).await
    });
    assert_eq!(found, Ok(store::CardLookup::Unknown));

    let cut = std::fs::read_to_string(&cards).expect("cards");
    std::fs::write(&cards, &cut[..cut.len() / 2]).expect("written");
    assert!(String::from_utf8_lossy(&import().stderr).contains("last line"));
}
