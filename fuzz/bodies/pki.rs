//! What the fuzz targets of `pki` do with their bytes.

use std::sync::OnceLock;

use eligibility::Instant;
use eligibility::institution::InstitutionCode;
use pki::crl::VerifiedCrl;
use pki::jlis::certificate_id;
use pki::lint::{self, Kind};
use pki::ocsp::Counter;
use pki::profile::TerminalIdentity;
use pki::{TerminalName, TerminalSubject, csr, pem};

/// 2026-11-24T09:00:00Z, within every seed's dates. Whoever writes the seeds anew moves it on.
pub const NOW: Instant = Instant(1_795_510_800_000);
/// The authority that issued the seeds. Its key was thrown away: nothing but the seeds can be good.
const AUTHORITY: &[u8] = include_bytes!("../anchors/institution-issuing.der");
const REQUEST: &[u8] = include_bytes!("../seeds/certificate_request/good.der");
const LIST: &[u8] = include_bytes!("../seeds/authority_list/good.der");
/// What a serial number has at most, as hex.
const SERIAL_HEX_MAX: usize = 2 * csr::MAX_REQUEST_BYTES;

/// Whom the seed asks a certificate for.
pub fn subject() -> TerminalSubject {
    TerminalSubject {
        institution: InstitutionCode::parse("1319990012").expect("a code"),
        terminal: TerminalName::parse("受付").expect("a name"),
    }
}

/// Only the request that its own key signed is a request.
pub fn certificate_request(data: &[u8]) {
    if csr::check(data, &subject()).is_ok() {
        assert!(data == REQUEST, "a request that its key did not sign was accepted");
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = csr::check_pem(text, &subject());
        if let Ok(der) = pem::decode(pem::CERTIFICATE_REQUEST, text) {
            let again = pem::encode(pem::CERTIFICATE_REQUEST, &der).expect("what was read can be written");
            assert_eq!(pem::decode(pem::CERTIFICATE_REQUEST, &again).as_deref().ok(), Some(der.as_slice()));
        }
    }
}

/// Whatever stands in a certificate is read to the end, and names that are read are names.
pub fn terminal_certificate(data: &[u8]) {
    if let Ok(identity) = TerminalIdentity::read(data) {
        let TerminalSubject { institution, terminal } = identity.subject;
        assert!(InstitutionCode::parse(institution.as_str()).is_ok_and(|again| again == institution));
        assert!(!terminal.as_str().chars().any(char::is_control));
    }
    let _ = certificate_id(data);
    let _ = lint::check(Kind::Terminal, data);
    let _ = VerifiedCrl::verify(LIST, data, NOW);
}

/// Only the list that was signed is a list.
pub fn authority_list(data: &[u8]) {
    if VerifiedCrl::verify(data, AUTHORITY, NOW).is_ok() {
        assert!(data == LIST, "a list nobody signed was believed");
    }
}

/// A question asks about one serial number of this authority, or is refused.
pub fn ocsp_question(data: &[u8]) {
    static COUNTER: OnceLock<Counter> = OnceLock::new();
    let counter = COUNTER.get_or_init(|| Counter::for_authority(AUTHORITY).expect("a certificate"));
    match counter.asked_serial(data) {
        Ok(serial) => {
            assert!(serial.len() <= SERIAL_HEX_MAX && serial.bytes().all(|byte| byte.is_ascii_hexdigit()))
        }
        Err(refusal) => assert_eq!(refusal.response().first(), Some(&0x30)),
    }
}
