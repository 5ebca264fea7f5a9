//! OpenSC takes the simulated card for a JPKI card.

use card::simulator::{Secret, SimulatedCard};

use super::clients::{openssl_verifies, pkcs11, run};
use super::world::{World, in_own_world, play};
use crate::authority::TestAuthority;
use crate::persona::{card, profile};

fn write(world: &World, name: &str, content: &[u8]) -> String {
    let path = world.path(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn opensc_recognises_the_card_and_reads_its_certificates() {
    in_own_world("virtual_card::opensc::opensc_recognises_the_card_and_reads_its_certificates", |world| {
        let _card = world.insert();
        assert!(run("opensc-tool", &["-r", "0", "-n"]).well().lines().any(|line| line == "jpki"));
        let dump = run("pkcs15-tool", &["-r", "0", "--dump"]).well();
        for part in ["PKCS#15 Card [JPKI]", "Tries left     : 3", "Tries left     : 5"] {
            assert!(dump.contains(part), "{part:?} is missing in {dump}");
        }
        assert_eq!(dump.matches("Private RSA Key [").count(), 2, "{dump}");
        assert_eq!(dump.matches("X.509 Certificate [").count(), 4, "{dump}");
        let expected = profile();
        let signature = expected.signature.unwrap();
        let read = |id: &str, more: &[&str]| {
            let path = world.path("certificate.pem");
            let arguments = ["-r", "0", "--read-certificate", id, "--output", &path];
            run("pkcs15-tool", &[&arguments[..], more].concat()).well();
            let der = world.path("certificate.der");
            run("openssl", &["x509", "-in", &path, "-outform", "DER", "-out", &der]).well();
            std::fs::read(der).unwrap()
        };
        assert_eq!(read("1", &[]), expected.authentication.certificate);
        assert_eq!(read("3", &[]), expected.authentication.ca_certificate);
        assert_eq!(read("4", &[]), signature.ca_certificate);
        run("pkcs15-tool", &["-r", "0", "--read-certificate", "2"]).badly();
        assert_eq!(read("2", &["--verify-pin", "--auth-id", "2", "--pin", "ABC123"]), signature.certificate);
    });
}

#[test]
fn what_opensc_signs_openssl_verifies() {
    in_own_world("virtual_card::opensc::what_opensc_signs_openssl_verifies", |world| {
        let _card = world.insert();
        let expected = profile();
        let text = write(world, "text", b"a challenge");
        let hash = world.path("hash");
        run("openssl", &["dgst", "-sha256", "-binary", "-out", &hash, &text]).well();
        let signature = world.path("signature");
        let keys = [
            ("1", "1234", expected.authentication.certificate),
            ("2", "ABC123", expected.signature.unwrap().certificate),
        ];
        for (id, pin, certificate) in keys {
            let certificate = write(world, "certificate", &certificate);
            let sign = ["-r", "0", "--sign", "--key", id, "--sha-256", "--pkcs1", "--pin", pin, "-R"];
            run("pkcs15-crypt", &[&sign[..], &["--input", &hash, "--output", &signature]].concat()).well();
            assert!(openssl_verifies(&certificate, &signature, &text), "key {id} by pkcs15-crypt");
            let other = write(world, "other", b"another challenge");
            assert!(!openssl_verifies(&certificate, &signature, &other));
        }
        let certificate = write(world, "certificate", &TestAuthority::new("auth-ca").card("auth"));
        let sign = ["--login", "--pin", "1234", "--sign", "--id", "01", "-m", "SHA256-RSA-PKCS"];
        pkcs11(&[&sign[..], &["-i", &text, "-o", &signature]].concat()).well();
        assert!(openssl_verifies(&certificate, &signature, &text), "by pkcs11-tool");
    });
}

#[test]
fn opensc_counts_down_and_finds_the_card_locked() {
    in_own_world("virtual_card::opensc::opensc_counts_down_and_finds_the_card_locked", |world| {
        let inserted = world.insert();
        let left = || inserted.card.lock().unwrap().counters().left(Secret::AuthPin);
        let verify =
            |pin: &str| run("pkcs15-tool", &["-r", "0", "--verify-pin", "--auth-id", "1", "--pin", pin]);
        verify("0000").badly();
        assert_eq!(left(), 2);
        verify("1234").well();
        assert_eq!(left(), 3, "a right PIN gives all tries back");
        for expected in [2, 1, 0] {
            verify("0000").badly();
            assert_eq!(left(), expected);
            let dump = run("pkcs15-tool", &["-r", "0", "--list-pins"]).well();
            assert!(dump.contains(&format!("Tries left     : {expected}")), "{dump}");
        }
        verify("1234").badly();
        assert!(pkcs11(&["--list-token-slots"]).well().contains("user PIN locked"));
        pkcs11(&["--login", "--pin", "1234", "--list-objects"]).badly();
    });
}

/// Whatever OpenSC asked on the wire, the card in process answers with the same bytes.
#[test]
fn a_replayed_conversation_gives_the_same_bytes() {
    in_own_world("virtual_card::opensc::a_replayed_conversation_gives_the_same_bytes", |world| {
        let (inserted, transcript) = world.insert_recorded();
        let text = write(world, "text", b"a challenge");
        let signature = world.path("signature");
        run("pkcs15-tool", &["-r", "0", "--dump"]).well();
        run("pkcs15-tool", &["-r", "0", "--verify-pin", "--auth-id", "1", "--pin", "0000"]).badly();
        let sign = ["--login", "--pin", "1234", "--sign", "--id", "01", "-m", "SHA256-RSA-PKCS"];
        pkcs11(&[&sign[..], &["-i", &text, "-o", &signature]].concat()).well();
        inserted.remove();
        let mut again: SimulatedCard = card();
        let transcript = transcript.lock().unwrap();
        assert!(transcript.len() > 50, "only {} messages", transcript.len());
        for (place, (message, answer)) in transcript.iter().enumerate() {
            assert_eq!(&play(&mut again, message), answer, "message {place}: {message:02X?}");
        }
    });
}
