//! The ledgers against the folders and against the proven audit log.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use aws_lc_rs::digest::{SHA256, digest};

use super::{
    Clients,
    desk::{Desk, answer_name},
    direct::claims,
    site::{Site, text},
};
use crate::program::{document, succeed};

/// Hex digits of a session in the name of its face result.
const SESSION_CHARS: usize = wire::file_name::FACE_RANDOM_BYTES * 2;

/// Verification ids by 照会区分: "1" by card, "2" by number.
type Ids = BTreeMap<&'static str, BTreeSet<String>>;

/// What was there before anybody asked: setting up made a check each way.
pub(super) struct Before {
    faces: BTreeSet<String>,
    answers: BTreeSet<String>,
    receipts: Ids,
}

impl Before {
    pub(super) fn of(site: &Site) -> Self {
        Self {
            faces: names(&site.share("face")),
            answers: names(&site.share("res")),
            receipts: receipts(site),
        }
    }
}

pub(super) fn pass(site: &Site, before: &Before, clients: &Clients, kills: usize) {
    let by_number = numbers(site, before, &clients.desk);
    let sessions = faces(site, before, clients);
    let straight: Vec<(String, String)> =
        clients.direct.iter().flat_map(|direct| direct.ledger().clone()).collect();
    for (way, count) in [("number", by_number), ("reader", sessions), ("direct", straight.len())] {
        assert!(count > kills, "only {count} answers by {way} came from the centre: that is no load");
    }

    println!(
        "{kills} kills each: {by_number} by number, {sessions} through the reader link, {} direct",
        straight.len()
    );

    let Recorded { ids: recorded, days } = recorded(site);
    one_verification_per_question(&days, &clients.desk);
    let kept = receipts(site);
    let fresh = |ids: &Ids, method: &str| -> BTreeSet<String> {
        ids[method].difference(&before.receipts[method]).cloned().collect()
    };
    let lost: Vec<_> = fresh(&kept, "2").difference(&recorded["2"]).cloned().collect();
    assert!(lost.is_empty(), "by number: {lost:?} acknowledged, not in the audit log");
    assert!(fresh(&kept, "2").len() >= by_number, "every answer by number had its receipt");

    let mut told = fresh(&kept, "1");
    told.extend(straight.iter().map(|(_, id)| id.clone()));
    let recorded = fresh(&recorded, "1");
    let lost: Vec<_> = told.difference(&recorded).collect();
    assert!(lost.is_empty(), "by card: {lost:?} acknowledged, not in the audit log");
    let untold: Vec<_> = recorded.difference(&told).collect();
    assert!(untold.is_empty(), "by card: {untold:?} recorded though everybody has the answer to every nonce");
    assert_eq!(recorded.len(), sessions + straight.len(), "one verification per nonce");
}

/// Questions by number: each has its one answer, its own, unchanged. Gives how many came from the centre.
fn numbers(site: &Site, before: &Before, desk: &Desk) -> usize {
    let ledger = desk.ledger();
    assert!(ledger.changed.is_empty(), "answers changed: {:?}", ledger.changed);
    let expected: BTreeSet<String> = ledger.asked.keys().map(|id| answer_name(id)).collect();
    let found: BTreeSet<String> = names(&site.share("res")).difference(&before.answers).cloned().collect();
    assert_eq!(found, expected, "every question has its one file");
    assert_eq!(names(&site.share("quarantine")), BTreeSet::new(), "nothing was put aside");
    for (id, answer) in &ledger.told {
        let answer = String::from_utf8_lossy(answer);
        assert!(answer.contains(&format!("<ArbitraryFileIdentifier>{id}</")), "{id} got another's answer");
    }
    ledger.told.values().filter(|answer| is_of_the_centre(answer)).count()
}

fn is_of_the_centre(answer: &[u8]) -> bool {
    String::from_utf8_lossy(answer).contains("<SegmentOfResult>1<")
}

/// Each question asks about a day of its own, so that a question recorded twice shows twice.
fn one_verification_per_question(days: &BTreeMap<String, usize>, desk: &Desk) {
    let ledger = desk.ledger();
    for (id, day) in &ledger.asked {
        let recorded = days.get(&day.to_string()).copied().unwrap_or(0);
        assert!(recorded <= 1, "question {id} about {day} was recorded {recorded} times");
        let answered = is_of_the_centre(&ledger.told[id]);
        assert!(!answered || recorded == 1, "question {id} about {day} was answered, not recorded");
    }
}

/// Card sessions through the terminal: each has the one file it was told. Gives how many there were.
fn faces(site: &Site, before: &Before, clients: &Clients) -> usize {
    let told: BTreeMap<String, String> =
        clients.readers.iter().flat_map(|reader| reader.ledger().clone()).collect();
    let expected: BTreeSet<String> = told.values().cloned().collect();
    assert_eq!(expected.len(), told.len(), "no two sessions share a file");
    let found: BTreeSet<String> = names(&site.share("face")).difference(&before.faces).cloned().collect();
    assert_eq!(found, expected, "every session has its one file");
    for (nonce, name) in &told {
        let session = hex::encode(digest(&SHA256, nonce.as_bytes()));
        assert!(name.contains(&session[..SESSION_CHARS]), "{name} is not the file of its session");
    }
    told.len()
}

/// What the audit log has on record.
struct Recorded {
    ids: Ids,
    /// How many questions by number about each day.
    days: BTreeMap<String, usize>,
}

/// The audit log, after `audit verify` found it whole; an id twice is a failure.
fn recorded(site: &Site) -> Recorded {
    let folder = site.folder.path();
    let (key, dump) = (folder.join("audit.pem"), folder.join("audit.jsonl"));
    let config = text(&site.server_settings);
    std::fs::write(&key, succeed(["audit", "key", "--config", config])).expect("written");
    succeed(["audit", "export", "--config", config, "--out", text(&dump)]);
    succeed(["audit", "verify", "--public-key", text(&key), text(&dump)]);
    let mut ids = Ids::from([("1", BTreeSet::new()), ("2", BTreeSet::new())]);
    let mut days = BTreeMap::new();
    for line in std::fs::read_to_string(&dump).expect("a dump").lines() {
        let entry = document(line);
        let method = match entry["action"].as_str() {
            Some("verify_card") => "1",
            Some("verify_number") => "2",
            _ => continue,
        };
        let detail = entry["detail"].as_str().expect("text");
        let part = |name| detail.split_whitespace().find_map(|word| word.strip_prefix(name));
        let id = part("verification:").unwrap_or_else(|| panic!("an answer was refused: {line}"));
        if method == "2" {
            *days.entry(part("as_of:").expect("a day").to_owned()).or_default() += 1;
        }
        let first = ids.get_mut(method).expect("both are there").insert(id.to_owned());
        assert!(first, "recorded twice: {line}");
    }
    Recorded { ids, days }
}

/// What the terminal kept receipts of.
fn receipts(site: &Site) -> Ids {
    let text = std::fs::read_to_string(site.data.join("terminal/state/receipts")).expect("receipts");
    let mut ids = Ids::from([("1", BTreeSet::new()), ("2", BTreeSet::new())]);
    for receipt in text.lines() {
        let claims = claims(receipt).expect("a whole receipt");
        let method = if claims["method"] == "1" { "1" } else { "2" };
        let id = claims["jti"].as_str().expect("an id");
        ids.get_mut(method).expect("both are there").insert(id.to_owned());
    }
    ids
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}
