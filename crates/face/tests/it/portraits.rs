//! Portraits of public persons, years apart, against card photos made of them.

use std::path::Path;

use face::{Bands, Demands, Looked, Verdict};

use crate::support::{card_photo, portrait, portrait_path, python, verifier};

/// Two pictures each of two people, then two others.
const NAMES: [&str; 6] = ["person_a_1", "person_a_2", "person_b_1", "person_b_2", "impostor_1", "impostor_2"];

#[test]
fn the_same_person_is_known_years_later_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let paths = NAMES.map(portrait_path);
    let mut arguments = vec![Path::new("portraits"), folder.path()];
    arguments.extend(paths.iter().map(|path| path.as_path()));
    python("cards.py", &arguments);
    let bands = Bands::default();
    let cards: Vec<Looked> = NAMES
        .iter()
        .map(|name| {
            let photo = card_photo(&folder.path().join(format!("{name}.jp2")));
            verifier().look_at_photo(&photo).unwrap_or_else(|no| panic!("{name}: {no}"))
        })
        .collect();
    // One of the portraits is smaller than a camera's picture may be.
    let small = Demands { eye_distance: 30.0, ..Demands::CAMERA };
    for (name, live) in
        NAMES.iter().map(|name| (name, verifier().look_with(&portrait(name), &small).unwrap()))
    {
        for (card_name, card) in NAMES.iter().zip(&cards) {
            let score = live.compare(card);
            let same = name.trim_end_matches(['1', '2']) == card_name.trim_end_matches(['1', '2'])
                && (name.starts_with("person") || name == card_name);
            println!("{name} against the card of {card_name}: {:.3}", score.value());
            let expected = if same { Verdict::Same } else { Verdict::Different };
            assert_eq!(bands.verdict(score), expected, "{name} against the card of {card_name}");
        }
    }
}
