//! What is packed comes out; what programs could disagree about does not.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::{AesMode, CompressionMethod, ZipWriter, unstable::write::FileOptionsExt, write::SimpleFileOptions};

use super::*;

const PASSWORD: &str = "ひみつ-123";

fn sealed() -> Vec<u8> {
    seal("a.xml", b"<a/>", PASSWORD).expect("seals")
}

fn packed(entries: &[(&str, SimpleFileOptions)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, options) in entries {
        zip.start_file(*name, *options).expect("starts");
        zip.write_all(b"<a/>").expect("writes");
    }
    zip.finish().expect("finishes").into_inner()
}

#[test]
fn only_aes_of_256_bits_counts_as_encrypted() {
    let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let old = plain.with_deprecated_encryption(PASSWORD.as_bytes()).expect("a password");
    let weak = plain.with_aes_encryption(AesMode::Aes128, PASSWORD);
    let weaker_than_ours = plain.with_aes_encryption(AesMode::Aes192, PASSWORD);
    for options in [plain, old, weak, weaker_than_ours] {
        assert_eq!(open(&packed(&[("a.xml", options)]), PASSWORD), Err(ArchiveError::NotAes256));
    }
    let strong = plain.with_aes_encryption(AesMode::Aes256, PASSWORD);
    // What is not asked about may be as it likes.
    let beside = packed(&[("readme.txt", plain), ("a.xml", strong)]);
    assert_eq!(open(&beside, PASSWORD).expect("opens"), b"<a/>");
    assert_eq!(open(&beside, "falsch"), Err(ArchiveError::Password));
}

#[test]
fn nothing_stands_before_or_behind_an_archive() {
    let whole = sealed();
    assert_eq!(open(&[whole.as_slice(), b"\0"].concat(), PASSWORD), Err(ArchiveError::Surplus));
    assert_eq!(open(&[whole.as_slice(), &[0; 70_000]].concat(), PASSWORD), Err(ArchiveError::Unreadable));
    let before = open(&[b"MZ".as_slice(), &whole].concat(), PASSWORD).expect_err("a program before it");
    assert!(matches!(before, ArchiveError::Surplus | ArchiveError::Ambiguous), "{before:?}");
    for end in 0..whole.len() {
        assert!(open(&whole[..end], PASSWORD).is_err_and(ArchiveError::may_be_incomplete), "{end}");
    }
}

#[test]
fn an_archive_has_one_end() {
    let whole = sealed();
    let at = whole.len() - 22;
    // A second archive in the first one's comment: some programs see the one, some the other.
    let mut outer = whole.clone();
    outer[at + 20..].copy_from_slice(&u16::try_from(whole.len()).expect("small").to_le_bytes());
    assert_eq!(open(&[outer.as_slice(), &whole].concat(), PASSWORD), Err(ArchiveError::Ambiguous));
    // The signature alone is enough to lead some astray.
    let mut noted = whole.clone();
    noted[at + 20..].copy_from_slice(&6_u16.to_le_bytes());
    assert_eq!(open(&[noted.as_slice(), b"PK\x05\x06!!"].concat(), PASSWORD), Err(ArchiveError::Ambiguous));
    assert_eq!(open(&[noted.as_slice(), b"thanks"].concat(), PASSWORD).expect("a mere comment"), b"<a/>");
    // Two archives, one after the other.
    let twice = open(&[whole.as_slice(), &whole].concat(), PASSWORD).expect_err("two archives");
    assert!(matches!(twice, ArchiveError::Surplus | ArchiveError::Ambiguous), "{twice:?}");
}

#[test]
fn two_requests_in_one_archive_are_none() {
    let strong = SimpleFileOptions::default().with_aes_encryption(AesMode::Aes256, PASSWORD);
    assert_eq!(
        open(&packed(&[("a.xml", strong), ("b.xml", strong)]), PASSWORD),
        Err(ArchiveError::NoSingleXml)
    );
    // Two entries of one name, of which a library would show the last only.
    let mut same = packed(&[("a.xml", strong), ("b.xml", strong)]);
    for at in 0..same.len() - 5 {
        if &same[at..at + 5] == b"b.xml" {
            same[at] = b'a';
        }
    }
    assert_eq!(open(&same, PASSWORD), Err(ArchiveError::NoSingleXml));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_sealed_opens_as_it_was(content in proptest::collection::vec(any::<u8>(), 0..4_000)) {
        // Limited by the ratio: what packs a hundredfold is refused, random bytes never do.
        let sealed = seal("a.xml", &content, PASSWORD).expect("seals");
        prop_assert_eq!(open(&sealed, PASSWORD), Ok(content));
    }

    #[test]
    fn a_changed_archive_gives_the_same_content_or_none(at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let mut changed = sealed();
        let at = at.index(changed.len());
        changed[at] ^= change;
        if let Ok(content) = open(&changed, PASSWORD) {
            prop_assert_eq!(content, b"<a/>");
        }
    }
}
