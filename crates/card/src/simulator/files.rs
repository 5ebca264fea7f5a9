//! What is written in the simulated card's files, and who may read it.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};

use crate::applications::{Application, COMMON_RECORDS, FileId, jpki_files, surface_files, text_files};
use crate::simulator::card::ProfileRefused;
use crate::simulator::counters::Secret;
use crate::simulator::print;
use crate::simulator::profile::CardProfile;
use crate::simulator::signing::DocumentSigner;
use crate::tlv;

/// All files of the card.
pub(crate) type FileSystem = HashMap<(Application, FileId), File>;

/// One file.
pub(crate) enum File {
    /// Bytes, readable when one of the secrets is verified; no secrets: free.
    Binary { content: Vec<u8>, opened_by: &'static [Secret] },
    /// Records, free.
    Records(Vec<Vec<u8>>),
    /// A secret to be verified.
    Secret(Secret),
    /// The authentication key.
    AuthKey,
    /// The signature key.
    SignKey,
    /// Reference of the authority over terminals.
    TerminalCa,
    /// Exists; nothing is known about it, and nothing is told.
    Closed,
}

/// The longest content READ BINARY can reach with its 15-bit offset.
const MAX_CONTENT: usize = 0x7FFF;
/// The template the files of surface and text application begin with.
const TEMPLATE: u32 = 0xFF20;
/// What the file of hashes and signature of the text application is.
const HASHES: u32 = 0xFF30;
/// Offsets of the elements within it, counted from the file's beginning.
const OFFSETS: u32 = 0xDF21;

pub(crate) fn build(
    profile: &CardProfile,
    signer: &DocumentSigner<'_>,
) -> Result<FileSystem, ProfileRefused> {
    let mut files = FileSystem::new();
    jpki(&mut files, profile);
    if profile.variant.is_plastic() {
        surface(&mut files, profile, signer)?;
        text(&mut files, profile, signer)?;
        files.insert((Application::Common, COMMON_RECORDS), File::Records(vec![common_record(profile)]));
        files.insert((Application::Residence, 0x0001), File::Closed);
    }
    let too_long = |file: &File| matches!(file, File::Binary { content, .. } if content.len() > MAX_CONTENT);
    if files.values().any(too_long) { Err(ProfileRefused::TooLong) } else { Ok(files) }
}

fn free(content: Vec<u8>) -> File {
    File::Binary { content, opened_by: &[] }
}

fn jpki(files: &mut FileSystem, profile: &CardProfile) {
    let mut put = |id, file| files.insert((Application::Jpki, id), file);
    for unknown in jpki_files::UNKNOWN {
        put(unknown, File::Closed);
    }
    let has_signature = if profile.signature.is_some() { 0x8F } else { 0x00 };
    put(jpki_files::TOKEN_INFO, free(token_info(profile)));
    put(jpki_files::PRESENCE, free(vec![has_signature, 0x8F, 0x00]));
    put(jpki_files::AUTH_CERTIFICATE, free(profile.authentication.certificate.clone()));
    put(jpki_files::AUTH_CA, free(profile.authentication.ca_certificate.clone()));
    put(jpki_files::TERMINAL_CA, File::TerminalCa);
    put(jpki_files::AUTH_KEY, File::AuthKey);
    put(jpki_files::AUTH_PIN, File::Secret(Secret::AuthPin));
    put(jpki_files::SIGN_PIN, File::Secret(Secret::SignPin));
    if let Some(signature) = &profile.signature {
        let content = signature.certificate.clone();
        put(jpki_files::SIGN_CERTIFICATE, File::Binary { content, opened_by: &[Secret::SignPin] });
        put(jpki_files::SIGN_CA, free(signature.ca_certificate.clone()));
        put(jpki_files::SIGN_KEY, File::SignKey);
    }
}

/// The 160 bytes of a PKCS #11 token description with 32-bit numbers, big-endian.
fn token_info(profile: &CardProfile) -> Vec<u8> {
    let padded = |text: &str, width: usize| {
        let mut field = text.as_bytes().to_vec();
        field.resize(width, b' ');
        field
    };
    let mut info = padded(profile.variant.label(), 32);
    info.extend(padded("SIMULATED", 32));
    info.extend(padded("SIMULATED CARD", 16));
    info.extend(padded(&profile.card_number, 16));
    info.resize(160, 0);
    info
}

fn common_record(profile: &CardProfile) -> Vec<u8> {
    let text = format!(
        "{:0>15}{:0>5}{}",
        profile.card_number,
        profile.municipality,
        digits(profile.card_expires_on)
    );
    // Simple TLV: one byte of tag, one of length.
    [&[0x01, text.len() as u8], text.as_bytes()].concat()
}

fn digits(date: eligibility::Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

fn surface(
    files: &mut FileSystem,
    profile: &CardProfile,
    signer: &DocumentSigner<'_>,
) -> Result<(), ProfileRefused> {
    let holder = &profile.holder;
    let birth = digits(holder.birthdate).into_bytes();
    let age = template(&[(0xDF22, birth.clone())])?;
    let expiry = digits(profile.card_expires_on).into_bytes();
    let (exponent, modulus) = signer.public_numbers();
    let mut key = element(0x90, &exponent)?;
    key.extend(element(0x91, &modulus)?);
    let signed = vec![
        (0xDF22, birth),
        (0xDF23, holder.sex.code().as_bytes().to_vec()),
        (0xDF24, key),
        (0xDF25, print::text_png(&holder.name)),
        (0xDF26, print::text_png(&holder.address)),
        (0xDF27, holder.photo.clone()),
    ];
    let group = |range: std::ops::Range<usize>| signed[range].iter().flat_map(|(_, v)| v.clone()).collect();
    let signature = signer.sign_groups(&[group(0..3), group(3..5), group(5..6)]);
    let mut elements = signed;
    elements.push((0xDF28, signature));
    elements.push((0xDF29, expiry));
    elements.push((0xDF2A, print::text_png(&profile.security_code)));

    const BY_NUMBER: &[Secret] = &[Secret::SurfaceNumberA, Secret::SurfaceNumberB];
    let mut put = |id, file| files.insert((Application::Surface, id), file);
    put(surface_files::AGE, File::Binary { content: age, opened_by: &[Secret::SurfaceBirth] });
    put(surface_files::FACE, File::Binary { content: template(&elements)?, opened_by: BY_NUMBER });
    put(surface_files::BASIC, free(template(&[])?));
    put(surface_files::SIGNER, File::Closed);
    put(surface_files::MY_NUMBER, File::Closed);
    put(surface_files::BIRTH_PIN, File::Secret(Secret::SurfaceBirth));
    put(surface_files::NUMBER_B, File::Secret(Secret::SurfaceNumberB));
    put(surface_files::NUMBER_A, File::Secret(Secret::SurfaceNumberA));
    Ok(())
}

fn text(
    files: &mut FileSystem,
    profile: &CardProfile,
    signer: &DocumentSigner<'_>,
) -> Result<(), ProfileRefused> {
    let holder = &profile.holder;
    let attributes = template(&[
        (0xDF22, holder.name.as_bytes().to_vec()),
        (0xDF23, holder.address.as_bytes().to_vec()),
        (0xDF24, digits(holder.birthdate).into_bytes()),
        (0xDF25, holder.sex.code().as_bytes().to_vec()),
    ])?;
    let signature = hashes_and_signature(&attributes, signer)?;
    const BY_PIN_OR_NUMBER: &[Secret] = &[Secret::TextPin, Secret::TextNumberB];
    let mut put = |id, file| files.insert((Application::Text, id), file);
    put(text_files::ATTRIBUTES, File::Binary { content: attributes, opened_by: BY_PIN_OR_NUMBER });
    put(text_files::SIGNATURE, File::Binary { content: signature, opened_by: BY_PIN_OR_NUMBER });
    put(text_files::BASIC, free(template(&[])?));
    for closed in
        [text_files::MY_NUMBER, text_files::SIGNER, text_files::SESSION_KEY, text_files::SIGNING_KEY]
    {
        put(closed, File::Closed);
    }
    put(text_files::PIN, File::Secret(Secret::TextPin));
    put(text_files::NUMBER_A, File::Secret(Secret::TextNumberA));
    put(text_files::NUMBER_B, File::Secret(Secret::TextNumberB));
    Ok(())
}

/// `FF30 { DF31 digest of My Number, DF32 digest of the attributes, DF33 signature over both digests }`. No simulated
/// card has a My Number, so the first one is of nothing; what exactly a real card digests and who signs is not public.
fn hashes_and_signature(attributes: &[u8], signer: &DocumentSigner<'_>) -> Result<Vec<u8>, ProfileRefused> {
    const NO_NUMBER: &[u8] = &[];
    let digest = |of: &[u8]| digest(&SHA256, of).as_ref().to_vec();
    let mut value = element(0xDF31, &digest(NO_NUMBER))?;
    value.extend(element(0xDF32, &digest(attributes))?);
    value.extend(element(0xDF33, &signer.sign_groups(&[NO_NUMBER.to_vec(), attributes.to_vec()]))?);
    element(HASHES, &value)
}

fn element(tag: u32, value: &[u8]) -> Result<Vec<u8>, ProfileRefused> {
    let mut out = Vec::new();
    tlv::write(&mut out, tag, value).map_err(|_| ProfileRefused::TooLong)?;
    Ok(out)
}

/// `FF20 { DF21 offsets, elements… }`, the offsets counted from the file's beginning.
fn template(elements: &[(u32, Vec<u8>)]) -> Result<Vec<u8>, ProfileRefused> {
    let encoded: Vec<Vec<u8>> = elements.iter().map(|(tag, v)| element(*tag, v)).collect::<Result<_, _>>()?;
    let body: usize = encoded.iter().map(Vec::len).sum();
    let table_length = element(OFFSETS, &vec![0; 2 * encoded.len()])?.len();
    let whole = element(TEMPLATE, &vec![0; table_length + body])?;
    let mut offset = whole.len() - body;
    let mut table = Vec::new();
    for part in &encoded {
        let short = u16::try_from(offset).map_err(|_| ProfileRefused::TooLong)?;
        table.extend_from_slice(&short.to_be_bytes());
        offset += part.len();
    }
    let mut value = element(OFFSETS, &table)?;
    value.extend(encoded.concat());
    element(TEMPLATE, &value)
}
