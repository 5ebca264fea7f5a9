//! The challenge with real pictures: one that stands still, and one that a computer turns.

use std::time::Duration;

use face::{
    Picture, Point,
    liveness::{Ask, Challenge, Failure, Settings},
};

use crate::support::{painted, pixel, portrait, verifier};

/// The portrait as if it were wrapped round a cylinder that is turned, with the nose standing out of it. `by` is the
/// sine of the angle.
fn turned(portrait: &Picture, nose: Point, eyes: f32, by: f32) -> Picture {
    let (radius, angle) = (1.3 * eyes, by.asin());
    painted(portrait.width() as u32, portrait.height() as u32, |x, y| {
        let down = (y as f32 - nose.y) / eyes;
        let aside = ((x as f32 - nose.x) / radius).clamp(-1.0, 1.0);
        // What stands out is moved by more than the face.
        let out = 0.4 * (-(aside - 1.5 * by).powi(2) / 0.15 - down.powi(2) / 0.3).exp();
        let from = (aside.asin() - angle * (1.0 + out)).clamp(-1.57, 1.57).sin() * radius + nose.x;
        // Far above and below the face nothing turns.
        let whole = (-(down / 2.0).powi(4)).exp();
        let from = from * whole + x as f32 * (1.0 - whole);
        pixel(portrait, from.max(0.0).round() as usize, y as usize)
    })
}

/// What somebody would show who has a portrait and a computer that warps it, obeying the challenge.
fn obeying(portrait: &Picture, random: u8) -> (Challenge, Vec<f32>) {
    let first = verifier().look(portrait).unwrap();
    let (nose, eyes) = (first.landmarks.nose, first.landmarks.eye_distance());
    let mut challenge = Challenge::new(Settings::default(), random, Duration::ZERO);
    let mut yaws = Vec::new();
    for number in 1..=20_u32 {
        let wobble = 0.02 * (number % 3) as f32;
        let by = match challenge.ask() {
            Ask::LookAhead => wobble,
            Ask::TurnLeft => 0.63 + wobble,
            Ask::TurnRight => -0.7 - wobble,
            Ask::Done | Ask::Failed(_) => break,
        };
        let looked = verifier().look(&turned(portrait, nose, eyes, by));
        yaws.extend(looked.as_ref().map(|looked| looked.yaw()).ok());
        challenge.frame(looked, Duration::from_millis(200) * number);
    }
    (challenge, yaws)
}

#[test]
fn a_portrait_held_before_the_camera_never_turns() {
    let person = portrait("person_b_2");
    let mut challenge = Challenge::new(Settings::default(), 0, Duration::ZERO);
    let mut asked = challenge.ask();
    for number in 1..=8_u32 {
        asked = challenge.frame(verifier().look(&person), Duration::from_millis(200) * number);
    }
    assert_eq!(asked, Ask::Failed(Failure::Frozen));
}

#[test]
fn what_a_computer_turns_passes_and_is_said_to_in_the_documents() {
    let (person, card) = (portrait("person_b_2"), portrait("person_b_1"));
    for random in [0, 1] {
        let (challenge, yaws) = obeying(&person, random);
        println!("turned by a computer: {yaws:.2?} {:?}", challenge.ask());
        assert_eq!(challenge.ask(), Ask::Done);
        let subject = challenge.into_subject().unwrap();
        // The subject is still the person of the portrait, and nobody else.
        assert!(subject.compare(&verifier().look(&card).unwrap()).value() >= 0.45);
        assert!(subject.compare(&verifier().look(&portrait("impostor_1")).unwrap()).value() < 0.35);
    }
    let honest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/FACE.md")).unwrap();
    assert!(honest.contains("a picture that a computer turns"), "docs/FACE.md no longer says so");
}
