//! The challenge on synthetic faces: every side, every failure, and whatever order frames come in.

use std::time::Duration;

use face::{
    Area, Embedding, Landmarks, Looked, NoFace, Point, Thumbnail,
    liveness::{Ask, Challenge, Failure, Settings},
};
use proptest::prelude::*;
use zeroize::Zeroizing;

use crate::support::painted;

const LEFT: u8 = 0;
const RIGHT: u8 = 1;

/// Somebody whose head is turned so far, in the frame of this number: no two frames are alike.
fn seen(person: usize, yaw: f32, number: u32) -> Looked {
    let wobble = 0.3 * (number % 7) as f32;
    let at = |x: f32, y: f32| Point::new(x + wobble, y);
    let landmarks = Landmarks {
        right_eye: at(280.0, 200.0),
        left_eye: at(380.0, 200.0),
        nose: at(330.0 + 100.0 * yaw, 260.0),
        right_mouth: at(290.0, 320.0),
        left_mouth: at(370.0, 320.0),
    };
    let mut template = vec![0.1; 128];
    template[person] = 5.0;
    Looked {
        area: Area { corner: Point::new(230.0, 120.0), width: 200.0, height: 260.0 },
        landmarks,
        sharpness: 100.0,
        thumbnail: Thumbnail::of(&painted(64, 64, |x, _| [(x + number % 5) as u8; 3])),
        embedding: Embedding::new(Zeroizing::new(template)).unwrap(),
    }
}

/// A challenge that gets ten frames a second.
struct Camera {
    challenge: Challenge,
    number: u32,
}

impl Camera {
    fn new(random: u8) -> Self {
        Self { challenge: Challenge::new(Settings::default(), random, Duration::ZERO), number: 0 }
    }

    fn now(&self) -> Duration {
        Duration::from_millis(100) * self.number
    }

    fn frame(&mut self, yaw: f32) -> Ask {
        self.number += 1;
        let looked = seen(1, yaw, self.number);
        self.challenge.frame(Ok(looked), self.now())
    }

    fn nothing(&mut self, why: NoFace) -> Ask {
        self.number += 1;
        self.challenge.frame(Err(why), self.now())
    }

    fn frames(&mut self, yaws: &[f32]) -> Ask {
        yaws.iter().map(|yaw| self.frame(*yaw)).last().unwrap()
    }
}

#[test]
fn who_turns_as_asked_is_the_subject() {
    for (random, asked, sign) in [(LEFT, Ask::TurnLeft, 1.0), (RIGHT, Ask::TurnRight, -1.0)] {
        let mut camera = Camera::new(random);
        assert_eq!(camera.challenge.ask(), Ask::LookAhead);
        assert_eq!(camera.frames(&[0.01, -0.05]), Ask::LookAhead);
        assert_eq!(camera.frame(0.02), asked);
        assert_eq!(camera.frames(&[0.1 * sign, 0.19 * sign, 0.21 * sign]), asked);
        assert_eq!(camera.frame(0.25 * sign), Ask::LookAhead);
        assert_eq!(camera.frame(0.15 * sign), Ask::LookAhead);
        assert_eq!(camera.frame(0.05 * sign), Ask::Done);
        let subject = camera.challenge.into_subject().unwrap();
        assert!(subject.yaw().abs() <= Settings::default().ahead);
    }
}

#[test]
fn who_turns_to_the_other_side_fails() {
    let mut camera = Camera::new(LEFT);
    camera.frames(&[0.0, 0.0, 0.0]);
    assert_eq!(camera.frame(-0.2), Ask::Failed(Failure::OtherSide));
    // Failed is failed, whatever comes.
    assert_eq!(camera.frames(&[0.0, 0.3, 0.3, 0.0, 0.0]), Ask::Failed(Failure::OtherSide));
    assert!(camera.challenge.into_subject().is_none());
}

#[test]
fn a_feed_that_stands_still_is_refused() {
    let mut challenge = Challenge::new(Settings::default(), LEFT, Duration::ZERO);
    let mut asked = Ask::LookAhead;
    for number in 1..=8_u32 {
        assert_ne!(asked, Ask::Failed(Failure::Frozen), "frame {number}");
        asked = challenge.frame(Ok(seen(1, 0.0, 3)), Duration::from_millis(100) * number);
    }
    assert_eq!(asked, Ask::Failed(Failure::Frozen));
}

#[test]
fn a_feed_that_freezes_after_a_while_is_refused_too() {
    let mut camera = Camera::new(RIGHT);
    camera.frames(&[0.0, 0.0, 0.0, -0.1]);
    let still = camera.number;
    let mut asked = Ask::LookAhead;
    for _ in 0..9 {
        camera.number += 1;
        asked = camera.challenge.frame(Ok(seen(1, -0.1, still)), camera.now());
    }
    assert_eq!(asked, Ask::Failed(Failure::Frozen));
}

#[test]
fn another_person_who_turns_instead_is_noticed() {
    for step in [3_usize, 5] {
        let mut camera = Camera::new(LEFT);
        camera.frames(&[0.0, 0.0, 0.0, 0.25, 0.25][..step]);
        camera.number += 1;
        let stranger = seen(2, 0.0, camera.number);
        let now = camera.now();
        assert_eq!(camera.challenge.frame(Ok(stranger), now), Ask::Failed(Failure::OtherPerson));
    }
}

#[test]
fn who_is_away_for_too_long_is_lost_and_a_blink_is_not() {
    for why in [NoFace::Nobody, NoFace::Several, NoFace::Blurred, NoFace::TooSmall] {
        let mut camera = Camera::new(LEFT);
        camera.frames(&[0.0, 0.0, 0.0]);
        for _ in 0..10 {
            assert_eq!(camera.nothing(why.clone()), Ask::TurnLeft);
        }
        assert_eq!(camera.nothing(why), Ask::Failed(Failure::Lost));
    }
    let mut camera = Camera::new(LEFT);
    camera.frames(&[0.0, 0.0, 0.0]);
    camera.nothing(NoFace::Blurred);
    assert_eq!(camera.frames(&[0.25, 0.25, 0.0, 0.0, 0.0]), Ask::Done);
}

#[test]
fn looking_ahead_means_three_frames_in_a_row() {
    let mut camera = Camera::new(LEFT);
    camera.frames(&[0.0, 0.0, 0.3, 0.0, 0.0]);
    assert_eq!(camera.nothing(NoFace::Several), Ask::LookAhead);
    assert_eq!(camera.frames(&[0.0, 0.0]), Ask::LookAhead);
    assert_eq!(camera.frame(0.0), Ask::TurnLeft);
}

#[test]
fn each_step_has_its_time() {
    let mut camera = Camera::new(LEFT);
    assert_eq!(camera.challenge.tick(Duration::from_secs(20)), Ask::LookAhead);
    assert_eq!(camera.challenge.tick(Duration::from_millis(20_001)), Ask::Failed(Failure::TooSlow));
    let mut camera = Camera::new(LEFT);
    camera.frames(&[0.0, 0.0, 0.0]);
    let asked = camera.frames(&[0.05; 60]);
    assert_eq!(asked, Ask::TurnLeft);
    assert_eq!(camera.frame(0.25), Ask::Failed(Failure::TooSlow));
}

/// A frame of anything: who, how far turned, or why there is no face, and how long after the last one.
fn frames() -> impl Strategy<Value = Vec<(Option<(usize, f32)>, u64)>> {
    let face = prop_oneof![9 => Just(1_usize), 1 => Just(2_usize)];
    let yaw = prop_oneof![3 => -0.1_f32..0.1, 1 => 0.15_f32..0.4, 1 => -0.4_f32..-0.15];
    let frame = prop_oneof![9 => (face, yaw).prop_map(Some), 1 => Just(None)];
    prop::collection::vec((frame, 20_u64..600), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_passes_without_having_looked_turned_as_asked_and_looked_again(
        frames in frames(),
        random in any::<u8>(),
    ) {
        let settings = Settings::default();
        let mut challenge = Challenge::new(settings, random, Duration::ZERO);
        let side = if random & 1 == 0 { 1.0 } else { -1.0 };
        let mut now = Duration::ZERO;
        let (mut ahead, mut turned, mut again, mut taken) = (0, 0, 0, 0);
        let mut before = challenge.ask();
        for (number, (what, later)) in frames.into_iter().enumerate() {
            now += Duration::from_millis(later);
            let asked = challenge.frame(
                what.map(|(person, yaw)| seen(person, yaw, number as u32)).ok_or(NoFace::Nobody),
                now,
            );
            if matches!(before, Ask::Done | Ask::Failed(_)) {
                prop_assert_eq!(asked, before);
                continue;
            }
            if let Some((_, yaw)) = what {
                taken += 1;
                match before {
                    Ask::TurnLeft | Ask::TurnRight if side * yaw >= settings.turned => turned += 1,
                    Ask::LookAhead if yaw.abs() <= settings.ahead && turned > 0 => again += 1,
                    Ask::LookAhead if yaw.abs() <= settings.ahead => ahead += 1,
                    _ => {},
                }
            }
            before = asked;
        }
        let done = before == Ask::Done;
        if done {
            prop_assert!(ahead >= 3 && turned >= 2 && again >= 1 && taken >= settings.frames);
        }
        prop_assert_eq!(challenge.into_subject().is_some(), done);
    }

    #[test]
    fn a_patient_person_always_passes(random in any::<u8>(), jitter in prop::collection::vec(-0.05_f32..0.05, 20)) {
        let mut camera = Camera::new(random);
        for noise in jitter {
            match camera.challenge.ask() {
                Ask::LookAhead => camera.frame(noise),
                Ask::TurnLeft => camera.frame(0.3 + noise),
                Ask::TurnRight => camera.frame(-0.3 + noise),
                over => over,
            };
        }
        prop_assert_eq!(camera.challenge.ask(), Ask::Done);
    }
}
