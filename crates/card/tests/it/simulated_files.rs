//! Every file of the simulated card: there, open or closed as it should be, with the right content.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use card::applications::Application;
use card::simulator::SimulatedCard;
use card::simulator::profile::{Variant, era_birth_digits};
use card::tlv;
use jiff::civil::date;

use crate::persona::{ADDRESS, NAME, NUMBER_B, card, profile};

fn select(card: &mut SimulatedCard, application: Application) -> bool {
    card.process(&[&[0x00, 0xA4, 0x04, 0x0C, 0x0A], &application.aid()[..]].concat()) == [0x90, 0x00]
}

fn file(card: &mut SimulatedCard, id: u16) -> bool {
    card.process(&[&[0x00, 0xA4, 0x02, 0x0C, 0x02], &id.to_be_bytes()[..]].concat()) == [0x90, 0x00]
}

/// Reads a whole file with extended Le, or gives the status word.
fn read(card: &mut SimulatedCard, id: u16) -> Result<Vec<u8>, u16> {
    assert!(file(card, id), "{id:04X} is missing");
    let mut answer = card.process(&[0x00, 0xB0, 0x00, 0x00, 0x00, 0x7F, 0xFF]);
    let status = u16::from_be_bytes(*answer.last_chunk::<2>().unwrap());
    answer.truncate(answer.len() - 2);
    if matches!(status, 0x9000 | 0x6282) { Ok(answer) } else { Err(status) }
}

fn verify(card: &mut SimulatedCard, id: u16, secret: &str) {
    assert!(file(card, id));
    let apdu = [&[0x00, 0x20, 0x00, 0x80, secret.len() as u8], secret.as_bytes()].concat();
    assert_eq!(card.process(&apdu), [0x90, 0x00]);
}

#[test]
fn the_jpki_application_has_all_its_files() {
    let expected = profile();
    let mut card = card();
    assert!(select(&mut card, Application::Jpki));
    let info = read(&mut card, 0x0006).unwrap();
    assert_eq!((info.len(), &info[..32]), (160, &b"JPKIAPICCTOKEN2                 "[..]));
    assert_eq!(read(&mut card, 0x0008).unwrap(), [0x8F, 0x8F, 0x00]);
    assert_eq!(read(&mut card, 0x000A).unwrap(), expected.authentication.certificate);
    assert_eq!(read(&mut card, 0x000B).unwrap(), expected.authentication.ca_certificate);
    let signature = expected.signature.unwrap();
    assert_eq!(read(&mut card, 0x0002).unwrap(), signature.ca_certificate);
    assert_eq!(read(&mut card, 0x0001), Err(0x6982));
    for closed in [0x0005, 0x0009, 0x0010, 0x0019, 0x001C, 0x001E] {
        assert_eq!(read(&mut card, closed), Err(0x6982), "{closed:04X}");
    }
    for no_bytes in [0x0016, 0x0017, 0x0018, 0x001A, 0x001B] {
        assert_eq!(read(&mut card, no_bytes), Err(0x6981), "{no_bytes:04X}");
    }
    verify(&mut card, 0x001B, "ABC123");
    assert_eq!(read(&mut card, 0x0001).unwrap(), signature.certificate);
}

#[test]
fn a_child_has_no_signature_certificate() {
    let mut profile = profile();
    profile.signature = None;
    let mut card = SimulatedCard::new(profile).unwrap();
    select(&mut card, Application::Jpki);
    assert_eq!(read(&mut card, 0x0008).unwrap(), [0x00, 0x8F, 0x00]);
    for absent in [0x0001, 0x0002, 0x001A] {
        assert!(!file(&mut card, absent), "{absent:04X}");
    }
}

#[test]
fn the_face_holds_images_photo_and_signature_behind_number_b() {
    let mut card = card();
    select(&mut card, Application::Surface);
    for id in [0x0001, 0x0002, 0x0004, 0x0005] {
        assert_eq!(read(&mut card, id), Err(0x6982), "{id:04X}");
    }
    verify(&mut card, 0x0012, NUMBER_B);
    assert_eq!(read(&mut card, 0x0005), Err(0x6982), "the My Number's image stays closed");
    let face = read(&mut card, 0x0002).unwrap();
    let (template, rest) = tlv::parse(&face).unwrap();
    assert_eq!((template.tag, rest.len()), (0xFF20, 0));
    let elements = tlv::parse_all(template.value).unwrap();
    let tags: Vec<u32> = elements.iter().map(|e| e.tag).collect();
    assert_eq!(tags, (0xDF21..=0xDF2A).collect::<Vec<_>>());
    assert_eq!(elements[1].value, b"19800217");
    assert_eq!(elements[2].value, b"2");
    assert_eq!(elements[6].value, card::photo::DRAWN[0]);
    assert_eq!(elements[7].value.len(), 256);
    assert_eq!(elements[8].value, b"20300217");
    for image in [4, 5, 9] {
        assert!(elements[image].value.starts_with(b"\x89PNG\r\n\x1a\n"));
    }
    // The table of offsets leads to the elements, counted from the file's beginning.
    for (offset, element) in elements[0].value.chunks(2).zip(&elements[1..]) {
        let offset = usize::from(u16::from_be_bytes([offset[0], offset[1]]));
        assert_eq!(tlv::parse(&face[offset..]).unwrap().0, *element);
    }
}

#[test]
fn the_birth_date_opens_the_age_record_only() {
    let mut card = card();
    select(&mut card, Application::Surface);
    verify(&mut card, 0x0011, "550217");
    assert!(read(&mut card, 0x0001).is_ok());
    assert_eq!(read(&mut card, 0x0002), Err(0x6982));
}

#[test]
fn the_text_application_holds_the_four_attributes() {
    let mut card = card();
    select(&mut card, Application::Text);
    assert_eq!(read(&mut card, 0x0002), Err(0x6982));
    verify(&mut card, 0x0011, "1234");
    let file = read(&mut card, 0x0002).unwrap();
    let elements = tlv::parse_all(tlv::parse(&file).unwrap().0.value).unwrap();
    let values: Vec<&[u8]> = elements[1..].iter().map(|e| e.value).collect();
    assert_eq!(values, [NAME.as_bytes(), ADDRESS.as_bytes(), b"19800217", b"2"]);
    assert_eq!(read(&mut card, 0x0001), Err(0x6982), "the My Number stays closed");
    assert!(read(&mut card, 0x0005).is_ok());
    for closed in [0x0004, 0x0006, 0x0007] {
        assert_eq!(read(&mut card, closed), Err(0x6982), "{closed:04X}");
    }
}

/// Exponent and modulus as the card's face tells them.
fn public_key(card: &mut SimulatedCard) -> RsaPublicKeyComponents<Vec<u8>> {
    select(card, Application::Surface);
    verify(card, 0x0012, NUMBER_B);
    let face = read(card, 0x0002).unwrap();
    let elements = tlv::parse_all(tlv::parse(&face).unwrap().0.value).unwrap();
    let numbers = tlv::parse_all(elements[3].value).unwrap();
    RsaPublicKeyComponents { e: numbers[0].value.to_vec(), n: numbers[1].value.to_vec() }
}

#[test]
fn the_text_application_proves_its_attributes_by_digests_and_a_signature_over_them() {
    let mut card = card();
    let signer = public_key(&mut card);
    select(&mut card, Application::Text);
    assert_eq!(read(&mut card, 0x0003), Err(0x6982), "closed as the attributes are");
    verify(&mut card, 0x0015, NUMBER_B);
    let attributes = read(&mut card, 0x0002).unwrap();
    let file = read(&mut card, 0x0003).unwrap();
    let (outer, rest) = tlv::parse(&file).unwrap();
    assert_eq!((outer.tag, rest.len()), (0xFF30, 0));
    let elements = tlv::parse_all(outer.value).unwrap();
    assert_eq!(elements.iter().map(|e| e.tag).collect::<Vec<_>>(), [0xDF31, 0xDF32, 0xDF33]);
    let digest = |of: &[u8]| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, of).as_ref().to_vec();
    assert_eq!(elements[0].value, digest(b""), "no simulated card has a My Number");
    assert_eq!(elements[1].value, digest(&attributes));
    let digests = [elements[0].value, elements[1].value].concat();
    let signature = elements[2].value;
    signer.verify(&RSA_PKCS1_2048_8192_SHA256, &digests, signature).expect("signed");
    // Of anybody else's attributes the signature says nothing.
    let other = [elements[0].value, &digest(&[&attributes[..], b" "].concat())].concat();
    assert!(signer.verify(&RSA_PKCS1_2048_8192_SHA256, &other, signature).is_err());
}

#[test]
fn the_common_application_tells_the_cards_own_number() {
    let mut card = card();
    assert!(select(&mut card, Application::Common));
    let expected = [&[0x01, 0x1C][..], b"0000000000000011310420300217", &[0x90, 0x00]].concat();
    assert_eq!(card.process(&[0x00, 0xB2, 0x01, 0x0C, 0x00]), expected);
    assert_eq!(card.process(&[0x00, 0xB2, 0x02, 0x0C, 0x00]), [0x6A, 0x83]);
}

#[test]
fn an_application_answers_to_the_beginning_of_its_name() {
    let mut card = card();
    assert_eq!(card.process(&[0x00, 0xA4, 0x04, 0x00, 0x05, 0xD3, 0x92, 0xF0, 0x00, 0x26]), [0x90, 0x00]);
    assert_eq!(card.process(&[0x00, 0xA4, 0x04, 0x00, 0x04, 0xD3, 0x92, 0xF0, 0x00]), [0x6A, 0x82]);
    assert!(select(&mut card, Application::Residence));
}

#[test]
fn phones_have_the_jpki_application_only_and_say_what_they_are() {
    for (variant, label) in [(Variant::Android, "JPKIAPGPSETOKEN"), (Variant::Iphone, "JPKIAPIOSTOKEN")] {
        let mut profile = profile();
        profile.variant = variant;
        let mut card = SimulatedCard::new(profile).unwrap();
        assert!(!select(&mut card, Application::Surface));
        assert!(select(&mut card, Application::Jpki));
        let info = read(&mut card, 0x0006).unwrap();
        assert_eq!(String::from_utf8_lossy(&info[..32]).trim_end(), label);
    }
}

#[test]
fn the_printed_birth_date_has_the_year_of_its_era() {
    let cases = [
        (date(1926, 12, 24), "151224"),
        (date(1926, 12, 25), "011225"),
        (date(1989, 1, 7), "640107"),
        (date(1989, 1, 8), "010108"),
        (date(2019, 4, 30), "310430"),
        (date(2019, 5, 1), "010501"),
        (date(2026, 4, 1), "080401"),
    ];
    for (birth, digits) in cases {
        assert_eq!(era_birth_digits(birth), digits);
    }
    assert_eq!(profile().number_b().as_str(), NUMBER_B);
}

#[test]
fn a_profile_that_makes_no_card_is_refused() {
    use card::simulator::ProfileRefused;
    use card::simulator::profile::CardKey;
    let refused = |change: fn(&mut card::simulator::profile::CardProfile)| {
        let mut profile = profile();
        change(&mut profile);
        SimulatedCard::new(profile).err()
    };
    assert_eq!(refused(|p| p.authentication.key = CardKey::rsa2048(b"no key")), Some(ProfileRefused::Key));
    assert_eq!(refused(|p| p.secrets.auth_pin = String::from("12").into()), Some(ProfileRefused::Secret));
    assert_eq!(refused(|p| p.security_code = "1".into()), Some(ProfileRefused::Secret));
    assert_eq!(refused(|p| p.holder.photo = vec![0; 40_000]), Some(ProfileRefused::TooLong));
    assert_eq!(refused(|p| p.holder.photo = vec![0; 70_000]), Some(ProfileRefused::TooLong));
}
