use std::{collections::HashMap, fs::File, io::BufReader};

use eligibility::coverage::Coverage;
use population::{Options, write_folder};
use wire::insurer_file::{CardFileReader, CoverageFileReader, InsurerFileReader};

use crate::collected::collect;

#[test]
fn files_hold_exactly_the_population() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options::new(2_500, 5);
    let mut seen = Vec::new();
    let written = write_folder(&options, folder.path(), |done| seen.push(done)).expect("written");
    let mut expected = collect(2_500, 5, options.as_of);
    assert_eq!(seen.last().copied(), Some(written.counts.persons));

    let read: Vec<_> = InsurerFileReader::new(open(&written.insurers.path))
        .expect("a header")
        .collect::<Result<_, _>>()
        .expect("insurers");
    assert_eq!(read, expected.insurers);
    let cards: Vec<_> = CardFileReader::new(open(&written.cards.path))
        .expect("a header")
        .collect::<Result<_, _>>()
        .expect("cards");
    assert_eq!(cards, expected.cards);

    let mut by_insurer: HashMap<String, Vec<Coverage>> = HashMap::new();
    for coverage in expected.coverages.drain(..) {
        by_insurer.entry(coverage.insurer_number.as_str().to_owned()).or_default().push(coverage);
    }
    for file in &written.coverages {
        let mut reader = CoverageFileReader::new(open(&file.path)).expect("a header");
        let number = reader.insurer_number().as_str().to_owned();
        let rows: Vec<Coverage> = reader.by_ref().collect::<Result<_, _>>().expect("coverages");
        assert_eq!(reader.summary(), Some(&file.summary), "{number}");
        assert!(rows.is_sorted_by(|one, next| one.person_key <= next.person_key), "{number}");
        assert_eq!(rows, by_insurer.remove(&number).unwrap_or_default(), "{number}");
    }
    assert!(by_insurer.is_empty());
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "a file").expect("written");
    let error = write_folder(&Options::new(1, 1), &taken, |_| {}).expect_err("not a folder");
    assert_eq!(error.path, taken);
}

fn open(path: &std::path::Path) -> BufReader<File> {
    BufReader::new(File::open(path).expect("a file"))
}
