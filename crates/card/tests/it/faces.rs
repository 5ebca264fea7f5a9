//! The photo on the card.

use std::process::Command;

use card::photo::{self, DRAWN, MAX_PHOTO_BYTES, PhotoError};
use proptest::prelude::*;

#[test]
fn every_drawn_photo_decodes_to_the_cards_size() {
    for jp2 in DRAWN {
        assert!(jp2.len() < 3000, "as small as on a card");
        let image = photo::decode(jp2).unwrap();
        assert_eq!((image.width, image.height, image.pixels.len()), (378, 472, 378 * 472));
        let (dark, light) = (image.pixels.iter().min().unwrap(), image.pixels.iter().max().unwrap());
        assert!(*dark < 80 && *light > 220, "it shows something: {dark} to {light}");
    }
}

/// Another decoder reads them as ours does: OpenJPEG's program, within what rounding may differ by.
#[test]
fn openjpeg_sees_the_same_photo() {
    const MAX_DIFFERENCE: u8 = 2;
    let folder = tempfile::tempdir().unwrap();
    let (jp2, raw) = (folder.path().join("photo.jp2"), folder.path().join("photo.pgm"));
    for photo in DRAWN {
        std::fs::write(&jp2, photo).unwrap();
        let decoded = Command::new("opj_decompress").arg("-i").arg(&jp2).arg("-o").arg(&raw).output();
        let decoded = decoded.expect("opj_decompress (Debian's libopenjp2-tools) starts");
        assert!(decoded.status.success(), "{}", String::from_utf8_lossy(&decoded.stdout));
        let pgm = std::fs::read(&raw).unwrap();
        let ours = photo::decode(photo).unwrap();
        // A grey map's pixels are the last thing in its file.
        let theirs = &pgm[pgm.len() - ours.pixels.len()..];
        let far = ours.pixels.iter().zip(theirs).filter(|(a, b)| a.abs_diff(**b) > MAX_DIFFERENCE).count();
        assert_eq!(far, 0, "pixels that differ by more than {MAX_DIFFERENCE}");
    }
}

#[test]
fn what_is_no_photo_of_a_card_is_refused() {
    let error = |bytes: &[u8]| photo::decode(bytes).err();
    assert_eq!(error(b""), Some(PhotoError::Malformed));
    assert_eq!(error(b"\x89PNG\r\n\x1a\n"), Some(PhotoError::Malformed));
    assert_eq!(error(&vec![0; MAX_PHOTO_BYTES + 1]), Some(PhotoError::TooLong));
}

/// The image size stands in the codestream's SIZ marker and in the container's header box.
#[test]
fn a_photo_that_claims_a_giant_size_is_refused_before_it_is_decoded() {
    let mut giant = DRAWN[0].to_vec();
    let siz = giant.windows(4).position(|w| w == [0xFF, 0x4F, 0xFF, 0x51]).unwrap();
    for field in [siz + 8, siz + 12, siz + 24, siz + 28] {
        giant[field..field + 4].copy_from_slice(&60_000u32.to_be_bytes());
    }
    let header = giant.windows(4).position(|w| w == b"ihdr").unwrap();
    for field in [header + 4, header + 8] {
        giant[field..field + 4].copy_from_slice(&60_000u32.to_be_bytes());
    }
    assert!(matches!(photo::decode(&giant).err(), Some(PhotoError::Size | PhotoError::Malformed)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_photo_never_ends_the_program(place in 0usize..1800, byte in any::<u8>(), cut in 0usize..1871) {
        let mut damaged = DRAWN[0].to_vec();
        damaged[place] = byte;
        damaged.truncate(cut.max(1));
        if let Ok(image) = photo::decode(&damaged) {
            prop_assert_eq!(image.pixels.len(), (image.width * image.height) as usize);
        }
    }
}
