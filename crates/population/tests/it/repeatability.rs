use std::{collections::BTreeMap, fs};

use eligibility::Instant;
use pki::jlis::{CardAuthorityKind, JlisOptions, SimulatedJlis};
use population::{CARD_ISSUER, Options, write_folder};

fn bytes_of(options: &Options) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    write_folder(options, folder.path(), |_| {}).expect("written");
    let files = fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("a file"));
    files
        .map(|file| (file.file_name().into_string().expect("a name"), fs::read(file.path()).expect("bytes")))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let first = bytes_of(&Options::new(3_000, 42));
    assert_eq!(first, bytes_of(&Options::new(3_000, 42)));
    let other = bytes_of(&Options::new(3_000, 43));
    assert_eq!(first.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    assert_ne!(first, other);
}

/// Guards the promise across machines and changes: who changes the bytes knows it, and raises
/// `GENERATOR_VERSION`.
#[test]
fn the_bytes_of_this_generator_version_are_pinned() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = write_folder(&Options::new(3_000, 1), folder.path(), |_| {}).expect("written");
    assert_eq!(population::GENERATOR_VERSION, 4);
    let hashes = written.coverages.iter().map(|file| file.summary.content_hash.get(..2).expect("hex"));
    assert_eq!(
        written.cards.summary.content_hash,
        "2681fbe6ad6a69ee3d01eab557765addc740527f985c41dd3f844398d7c4b762"
    );
    assert_eq!(
        hashes.collect::<String>(),
        "dc0a2afbf8b0f4e00fb67ab5f165f2b4549b9ffefd26dd3e4be7adc3f6b6a17f47ee75c7020606aee21053644800304c6f39d60ae783a7b36323b9ef1d139d804093df0703e65979975e9d5e768520a70289a8251b65019fd62ce90af48260630e719e5afdbbf548"
    );
}

#[test]
fn populations_of_a_handful_are_whole_too() {
    for persons in 0..12 {
        for seed in 0..20 {
            let all = crate::collected::collect(persons, seed, population::DEFAULT_AS_OF);
            let citizens: std::collections::HashSet<_> = all.citizens().map(|c| &c.person_key).collect();
            assert!(citizens.len() <= persons as usize);
            assert!(all.coverages.iter().all(|c| c.problems().is_empty()));
        }
    }
}

#[test]
fn cards_carry_the_issuer_of_the_simulated_authority() {
    let folder = tempfile::tempdir().expect("a folder");
    let jlis = SimulatedJlis::create(
        &folder.path().join("jlis"),
        &JlisOptions::default(),
        Instant(1_795_305_600_000),
    )
    .expect("an authority");
    assert!(!jlis.generations(CardAuthorityKind::Authentication).is_empty());
    let id = jlis.card_id(population::CITIZEN_SERIAL_BASE + 10).expect("a name");
    assert_eq!(id.issuer, CARD_ISSUER);
    assert_eq!(id.serial, format!("{:x}", population::CITIZEN_SERIAL_BASE + 10));
}
