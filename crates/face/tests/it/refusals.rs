//! What is no face, no picture or no model gets its own error, and nobody is let in by it.

use face::{
    Bands, BandsError, MAX_JPEG_BYTES, ModelError, ModelFiles, NoFace, Picture, PictureError, PinnedFile,
    Score, Verdict, Verifier,
};

use crate::support::{models, painted, pixel, portrait, portrait_path, verifier};

fn refused(picture: &Picture) -> NoFace {
    verifier().look(picture).err().expect("no face to compare")
}

#[test]
fn a_picture_without_a_face_has_nobody() {
    assert_eq!(refused(&painted(640, 480, |_, _| [90, 100, 110])), NoFace::Nobody);
    let noise = |x: u32, y: u32| [(x * 97 + y * 57) as u8, ((x * 13) ^ (y * 31)) as u8, (x * y) as u8];
    assert_eq!(refused(&painted(640, 480, noise)), NoFace::Nobody);
}

#[test]
fn two_faces_are_several_and_a_bystander_far_behind_is_none() {
    let (left, right) = (portrait("impostor_1"), portrait("person_b_2"));
    let both = |shrink: usize| {
        painted(1380, 900, |x, y| {
            let (x, y) = (x as usize, y as usize);
            if x < 690 { pixel(&left, x, y) } else { pixel(&right, (x - 690) * shrink, y * shrink) }
        })
    };
    assert_eq!(refused(&both(1)), NoFace::Several);
    assert!(verifier().look(&both(4)).is_ok());
}

#[test]
fn a_face_far_away_is_too_small() {
    let person = portrait("impostor_1");
    let far = painted(640, 480, |x, y| pixel(&person, 4 * x as usize, 4 * y as usize));
    assert_eq!(refused(&far), NoFace::TooSmall);
}

#[test]
fn a_face_out_of_focus_is_blurred() {
    let person = portrait("impostor_1");
    let (width, height) = (person.width() as u32, person.height() as u32);
    let blurred = painted(width, height, |x, y| {
        let mut sums = [0_u32; 3];
        for (right, down) in (0..21).flat_map(|right| (0..21).map(move |down| (right, down))) {
            let (x, y) = ((x + right).saturating_sub(10), (y + down).saturating_sub(10));
            let near = pixel(&person, x.min(width - 1) as usize, y.min(height - 1) as usize);
            sums.iter_mut().zip(near).for_each(|(sum, value)| *sum += u32::from(value));
        }
        sums.map(|sum| (sum / 441) as u8)
    });
    assert_eq!(refused(&blurred), NoFace::Blurred);
}

#[test]
fn a_face_at_the_edge_is_cut_off() {
    let person = portrait("impostor_1");
    // Its mouth lies below the edge.
    let cut = painted(682, 345, |x, y| pixel(&person, x as usize, y as usize));
    assert_eq!(refused(&cut), NoFace::CutOff);
}

#[test]
fn broken_pictures_are_errors() {
    let jpeg = std::fs::read(portrait_path("person_a_1")).unwrap();
    let error = |bytes: &[u8]| Picture::from_jpeg(bytes).err();
    assert_eq!(error(b""), Some(PictureError::Malformed));
    assert_eq!(error(b"\x89PNG\r\n\x1a\n"), Some(PictureError::Malformed));
    assert_eq!(error(&jpeg[..200]), Some(PictureError::Malformed));
    assert_eq!(error(&vec![0; MAX_JPEG_BYTES + 1]), Some(PictureError::TooLong));
    // Its head says that it is 65,535 pixels wide and high.
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    let mut huge = jpeg.clone();
    huge[frame + 5..frame + 9].fill(0xff);
    assert!(matches!(error(&huge), Some(PictureError::Size | PictureError::Malformed)));
    assert_eq!(Picture::from_grey(31, 200, &[0; 6200]).err(), Some(PictureError::Size));
    assert_eq!(Picture::from_grey(200, 250, &[0; 49_999]).err(), Some(PictureError::Length));
}

#[test]
fn a_picture_cut_off_in_the_middle_lets_nobody_in() {
    let jpeg = std::fs::read(portrait_path("impostor_1")).unwrap();
    let whole = verifier().look(&portrait("impostor_1")).unwrap();
    for part in 1..8 {
        // What a decoder makes of half a picture is not said; that it is no other person is.
        let Ok(picture) = Picture::from_jpeg(&jpeg[..jpeg.len() * part / 8]) else { continue };
        if let Ok(looked) = verifier().look(&picture) {
            assert_eq!(Bands::default().verdict(looked.compare(&whole)), Verdict::Same);
        }
    }
}

#[test]
fn models_that_are_not_the_pinned_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Verifier::load(&ModelFiles::in_folder(folder.path())).err();
    assert!(matches!(missing, Some(ModelError::Unreadable { .. })), "{missing:?}");
    let good = std::fs::read(models().detector.path).unwrap();
    let mut changed = good.clone();
    changed[good.len() / 2] ^= 1;
    for bytes in [&good[..good.len() / 2], &[], &changed] {
        let path = folder.path().join("model");
        std::fs::write(&path, bytes).unwrap();
        let detector = PinnedFile { path, ..models().detector };
        let error = Verifier::load(&ModelFiles { detector, ..models() }).err();
        assert!(matches!(error, Some(ModelError::OtherContent { .. })), "{error:?}");
    }
}

#[test]
fn a_broken_model_is_an_error_even_with_its_own_hash() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read(models().detector.path).unwrap();
    for length in [1, 100, good.len() / 2, good.len() - 1] {
        let bytes = &good[..length];
        let path = folder.path().join("model");
        std::fs::write(&path, bytes).unwrap();
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        let detector = PinnedFile { path, sha256: hex::encode(hash) };
        let error = Verifier::load(&ModelFiles { detector, ..models() }).err();
        let typed = matches!(error, Some(ModelError::Malformed { .. } | ModelError::Refused { .. }));
        assert!(typed, "{length} bytes: {error:?}");
    }
    // A good model in the wrong place.
    let swapped = ModelFiles { detector: models().recogniser, recogniser: models().detector };
    assert!(matches!(Verifier::load(&swapped).err(), Some(ModelError::Refused { .. })));
}

#[test]
fn bands_are_in_order_and_a_score_on_the_edge_belongs_above() {
    let bands = Bands::default();
    for (score, verdict) in [
        (0.45, Verdict::Same),
        (0.4499, Verdict::Unsure),
        (0.35, Verdict::Unsure),
        (0.3499, Verdict::Different),
        (f32::NAN, Verdict::Different),
        (f32::NEG_INFINITY, Verdict::Different),
    ] {
        assert_eq!(bands.verdict(Score::new(score)), verdict, "{score}");
    }
    assert!(Bands::new(0.5, 0.4).is_ok());
    for (accept, retry) in [(0.3, 0.4), (0.5, 0.2), (1.1, 0.4), (f32::NAN, 0.4), (0.5, f32::NAN)] {
        let error: BandsError = Bands::new(accept, retry).expect_err("no bands");
        assert!(error.to_string().contains("retry"));
    }
}
