//! The issuing authority as a caller with a database uses it, its lists in shards, its OCSP answers.

use eligibility::Instant;
use eligibility::merkle::{self, ProvingTree};
use pki::authority::{InstitutionAuthority, ROOT_KEY_FILE};
use pki::crl::{Revocation, RevocationReason, VerifiedCrl};
use pki::csr::{self, KeyStanding, Refusal};
use pki::distribution::Distribution;
use pki::issuing::{IssuingAuthority, ListMoment, Profile};
use pki::issuing_key::IssuingKey;
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::lint::Finding;
use pki::ocsp::{self, Counter, Signer, Status};
use pki::profile::{InstitutionName, TerminalIdentity};
use pki::root::RootAuthority;
use pki::serial::Serial;
use pki::transparency::{self, SignedHead};
use pki::{Error, IssuedCertificate, Validity, pem};

use crate::bench::{Bench, DAY_MS, days_from_now, now, subject};

const BASE: &str = "http://crl.example:8080";
const SHARDS: u16 = 8;

pub(crate) struct World {
    pub(crate) issuing: IssuingAuthority,
    pub(crate) root_key: PrivateKey,
}

pub(crate) fn below_new_root(key: Box<dyn IssuingKey>, distribution: Option<Distribution>) -> World {
    let root_key = PrivateKey::generate(KeyAlgorithm::P384).unwrap();
    let root = RootAuthority::create(&root_key, &Serial::random().unwrap().stored(), now()).unwrap();
    let validity = Validity::of_issuing(now()).unwrap();
    let serial = Serial::random().unwrap().stored();
    let certificate = root.certify_issuing(3, key.public_key(), &serial, validity).unwrap();
    let root_der = root.certificate_der().to_vec();
    let issuing = IssuingAuthority::open(key, certificate, root_der, distribution).unwrap();
    World { issuing, root_key }
}

pub(crate) fn world(distribution: Option<Distribution>) -> World {
    below_new_root(Box::new(PrivateKey::generate(KeyAlgorithm::P384).unwrap()), distribution)
}

fn distribution() -> Option<Distribution> {
    Some(Distribution::new(BASE, SHARDS).unwrap())
}

pub(crate) fn terminal(issuing: &IssuingAuthority, name: &str) -> IssuedCertificate {
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let subject = subject(name);
    let profile = Profile::Terminal { subject: &subject, institution_name: None };
    let serial = Serial::random().unwrap().stored();
    issuing.issue(profile, serial, key.public_key(), Validity::of_terminal(now()).unwrap()).unwrap()
}

pub(crate) fn write_authorities(bench: &Bench, issuing: &IssuingAuthority) {
    bench.file("root.pem", pem::encode(pem::CERTIFICATE, issuing.root_der()).unwrap());
    bench.file("issuing.pem", pem::encode(pem::CERTIFICATE, issuing.certificate_der()).unwrap());
}

fn moment(number: u64) -> ListMoment {
    ListMoment { number, this_update: now(), next_update: days_from_now(7) }
}

fn revoked(issued: &IssuedCertificate) -> (String, Revocation) {
    let at = Instant(now().0 - DAY_MS);
    (issued.serial.clone(), Revocation { at, reason: RevocationReason::KeyCompromise })
}

#[test]
fn everything_but_a_new_issuing_authority_works_without_the_roots_key() {
    let bench = Bench::new();
    drop(bench.authority());
    std::fs::remove_file(bench.path("ca").join(ROOT_KEY_FILE)).unwrap();
    let authority = bench.authority();
    let (_, issued) = authority.issue_terminal_with_key(&subject("受付"), now()).unwrap();
    bench.file("terminal.pem", issued.pem().unwrap());
    let base = ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "root.pem"];
    bench.openssl(&[&base[..], &["-untrusted", "terminal.pem", "terminal.pem"]].concat()).accepts();
    authority.revoke(&issued.serial, RevocationReason::Superseded, now()).unwrap();
    let list = authority.crl(now()).unwrap();
    let list = VerifiedCrl::verify(&list, authority.issuing().certificate_der(), now()).unwrap();
    assert!(list.is_revoked(&issued.serial));
    authority.renewable(&issued.der).unwrap_err();
    drop(authority);
    assert!(matches!(InstitutionAuthority::create(&bench.path("ca"), now()), Err(Error::AlreadyExists(_))));
}

#[test]
fn certificate_managers_show_the_roots_name_as_issuer_and_people_the_institutions() {
    let bench = Bench::new();
    let world = world(distribution());
    let name = InstitutionName::parse("髙﨑𠮷診療所").unwrap();
    let subject = subject("受付1");
    let profile = Profile::Terminal { subject: &subject, institution_name: Some(&name) };
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let validity = Validity::of_terminal(now()).unwrap();
    let serial = Serial::random().unwrap().stored();
    let issued = world.issuing.issue(profile, serial, key.public_key(), validity).unwrap();
    bench.file("terminal.pem", issued.pem().unwrap());
    let shown = bench.openssl(&["x509", "-in", "terminal.pem", "-noout", "-text", "-nameopt", "utf8"]);
    shown.says("OU=Issuing CA 3").says("CN=Online Billing NW Common RootCA").says("OU=髙﨑𠮷診療所");
    shown.says("URI:http://crl.example:8080/crl/").says("OCSP - URI:http://crl.example:8080/ocsp");
    shown.says("CA Issuers - URI:http://crl.example:8080/issuer/");
    assert_eq!(TerminalIdentity::read(&issued.der).unwrap().subject, subject);
    assert_eq!(world.issuing.read_own_terminal(&issued.der).unwrap().serial, issued.serial);
    let other = self::world(None);
    assert!(matches!(other.issuing.read_own_terminal(&issued.der), Err(Error::NotIssued(_))));
}

#[test]
fn nothing_is_signed_that_the_lint_stopped_or_another_authority_prepared() {
    let world = world(None);
    let subject = subject("受付");
    let profile = Profile::Terminal { subject: &subject, institution_name: None };
    let long = Validity::new(now(), days_from_now(2000)).unwrap();
    let foreign = PrivateKey::generate(KeyAlgorithm::P384).unwrap();
    let serial = Serial::random().unwrap().stored();
    let prepared = world.issuing.prepare(profile, serial, foreign.public_key(), long).unwrap();
    match world.issuing.lint(prepared).map(drop) {
        Err(Error::Lint(found)) => {
            assert_eq!(found, [Finding::ValidityTooLong, Finding::KeyKind("P-384".to_owned())]);
        }
        other => panic!("{other:?}"),
    }
    let other = self::world(None);
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let validity = Validity::of_terminal(now()).unwrap();
    let serial = Serial::random().unwrap().stored();
    let prepared = world.issuing.prepare(profile, serial, key.public_key(), validity).unwrap();
    let linted = world.issuing.lint(prepared).unwrap();
    assert!(matches!(other.issuing.sign(linted), Err(Error::Crypto(_))));
}

#[test]
fn a_key_that_has_a_certificate_gets_no_second_one() {
    let bench = Bench::new();
    let authority = bench.authority();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let text = csr::create_pem(&subject("受付"), &key).unwrap();
    authority.issue_terminal_from_request(&subject("受付"), &text, now()).unwrap();
    drop(authority);
    let again = bench.authority().issue_terminal_from_request(&subject("受付"), &text, now());
    assert!(matches!(again, Err(Error::Request(Refusal::ReusedKey))), "{again:?}");
    let checked = || csr::check_pem(&text, &subject("受付")).unwrap();
    assert_eq!(checked().key_fingerprint(), key.public_key().fingerprint());
    assert_eq!(checked().accept(KeyStanding::New).as_ref(), Ok(key.public_key()));
    assert_eq!(checked().accept(KeyStanding::Compromised), Err(Refusal::CompromisedKey));
}

#[test]
fn each_shard_is_complete_for_its_certificates_and_for_no_others() {
    let bench = Bench::new();
    let world = world(distribution());
    let at = world.issuing.distribution().unwrap();
    write_authorities(&bench, &world.issuing);
    let all: Vec<IssuedCertificate> =
        (0..24).map(|n| terminal(&world.issuing, &format!("端末{n}"))).collect();
    let lost: Vec<_> = all.iter().step_by(2).map(revoked).collect();
    for (number, issued) in all.iter().enumerate() {
        let shard = at.shard_of(&issued.serial).unwrap();
        let list = world.issuing.crl_shard(shard, &lost, moment(7)).unwrap();
        bench.file("shard.pem", pem::encode(pem::CRL, &list).unwrap());
        bench.file("terminal.pem", issued.pem().unwrap());
        let base = ["verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "issuing.pem"];
        let check = ["-crl_check", "-extended_crl", "-CRLfile", "shard.pem", "terminal.pem"];
        let verdict = bench.openssl(&[&base[..], &check].concat());
        if number % 2 == 0 {
            verdict.refuses("certificate revoked");
        } else {
            verdict.accepts();
        }
        let url = at.crl_url(&world.issuing.label(), shard);
        let authority = world.issuing.certificate_der();
        let read = VerifiedCrl::verify_shard(&list, authority, now(), &url).unwrap();
        assert_eq!(read.is_revoked(&issued.serial), number % 2 == 0);
        assert!(VerifiedCrl::verify(&list, authority, now()).is_err(), "a shard is no whole list");
        let other = (shard + 1) % SHARDS;
        let elsewhere = at.crl_url(&world.issuing.label(), other);
        assert!(VerifiedCrl::verify_shard(&list, authority, now(), &elsewhere).is_err());
        // OpenSSL does not take another shard for the certificate's own either.
        let list = world.issuing.crl_shard(other, &lost, moment(7)).unwrap();
        bench.file("shard.pem", pem::encode(pem::CRL, &list).unwrap());
        bench.openssl(&[&base[..], &check].concat()).refuses("CRL");
    }
    let used: std::collections::BTreeSet<u16> =
        all.iter().map(|issued| at.shard_of(&issued.serial).unwrap()).collect();
    assert!(used.len() > 2, "{used:?}");
    assert!(world.issuing.crl_shard(SHARDS, &lost, moment(1)).is_err());
}

#[test]
fn the_roots_list_says_that_the_issuing_authority_is_good_until_it_is_not() {
    let bench = Bench::new();
    let world = world(None);
    write_authorities(&bench, &world.issuing);
    let issued = terminal(&world.issuing, "受付");
    bench.file("terminal.pem", issued.pem().unwrap());
    let root = RootAuthority::open(&world.root_key, world.issuing.root_der().to_vec()).unwrap();
    let own = world.issuing.crl(&[], moment(1)).unwrap();
    let serial = bench.openssl(&["x509", "-in", "issuing.pem", "-noout", "-serial"]);
    let serial = serial.text.trim().rsplit('=').next().unwrap().to_lowercase();
    let how = Revocation { at: days_from_now(-1), reason: RevocationReason::KeyCompromise };
    let verify = |revoked: &[(String, Revocation)]| {
        let list = root.crl(revoked, 1, now(), days_from_now(180)).unwrap();
        let both = pem::encode(pem::CRL, &own).unwrap() + &pem::encode(pem::CRL, &list).unwrap();
        bench.file("lists.pem", both);
        let base = ["verify", "-x509_strict", "-crl_check_all", "-CRLfile", "lists.pem"];
        bench.openssl(
            &[&base[..], &["-CAfile", "root.pem", "-untrusted", "issuing.pem", "terminal.pem"]].concat(),
        )
    };
    verify(&[]).accepts();
    verify(&[(serial, how)]).refuses("certificate revoked");
}

fn signer(issuing: &IssuingAuthority) -> (Signer, IssuedCertificate) {
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let serial = Serial::random().unwrap().stored();
    let validity = Validity::of_responder(now()).unwrap();
    let issued = issuing.issue(Profile::OcspSigner, serial, key.public_key(), validity).unwrap();
    (Signer::new(issuing, Box::new(key), &issued).unwrap(), issued)
}

#[test]
fn answers_signed_ahead_are_believed_by_openssl_and_never_good_for_the_unknown() {
    let bench = Bench::new();
    let world = world(distribution());
    write_authorities(&bench, &world.issuing);
    bench.file("chain.pem", world.issuing.chain_pem().unwrap());
    let (signer, certificate) = signer(&world.issuing);
    bench.file("signer.pem", certificate.pem().unwrap());
    bench
        .openssl(&["x509", "-in", "signer.pem", "-noout", "-text"])
        .says("OCSP No Check")
        .says("OCSP Signing");
    let counter = Counter::for_authority(world.issuing.certificate_der()).unwrap();
    let until = Instant(now().0 + ocsp::PRESIGNED_VALIDITY_H * 3_600_000);
    let issued = terminal(&world.issuing, "受付");
    bench.file("terminal.pem", issued.pem().unwrap());
    let cases = [
        (Status::Good, "terminal.pem: good"),
        (Status::Revoked(revoked(&issued).1), "terminal.pem: revoked"),
        (Status::Unknown, "terminal.pem: unknown"),
    ];
    for digest in ["-sha1", "-sha256"] {
        let ask = ["ocsp", digest, "-issuer", "issuing.pem", "-cert", "terminal.pem", "-no_nonce"];
        bench.openssl(&[&ask[..], &["-reqout", "request.der"]].concat()).accepts();
        let request = std::fs::read(bench.path("request.der")).unwrap();
        assert_eq!(counter.asked_serial(&request).unwrap(), issued.serial);
        for (status, said) in cases {
            bench.file("answer.der", signer.presign(&issued.serial, status, now(), until).unwrap());
            let read = ["-respin", "answer.der", "-CAfile", "root.pem", "-verify_other", "issuing.pem"];
            let verdict = bench.openssl(&[&ask[..], &read].concat());
            verdict.says("Response verify OK").says(said).says("Next Update");
        }
        // An answer about one certificate says nothing about another.
        let other = terminal(&world.issuing, "別");
        bench.file("answer.der", signer.presign(&other.serial, Status::Good, now(), until).unwrap());
        let read = ["-respin", "answer.der", "-CAfile", "root.pem", "-verify_other", "issuing.pem"];
        bench.openssl(&[&ask[..], &read].concat()).says("ERROR: No Status found");
    }
    let stranger = self::world(None);
    let counter = Counter::for_authority(stranger.issuing.certificate_der()).unwrap();
    let request = std::fs::read(bench.path("request.der")).unwrap();
    assert_eq!(counter.asked_serial(&request), Err(ocsp::Refusal::Unauthorized));
    assert_eq!(counter.asked_serial(b"x"), Err(ocsp::Refusal::Malformed));
    assert_eq!(ocsp::Refusal::Unauthorized.response(), [0x30, 0x03, 0x0a, 0x01, 0x06]);
}

#[test]
fn a_signer_of_another_authority_or_another_kind_is_no_signer() {
    let (one, two) = (world(None), world(None));
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let (_, certificate) = signer(&one.issuing);
    assert!(Signer::new(&two.issuing, Box::new(key()), &certificate).is_err());
    assert!(Signer::new(&one.issuing, Box::new(key()), &certificate).is_err(), "another key");
    let terminal = terminal(&one.issuing, "受付");
    assert!(matches!(Signer::new(&one.issuing, Box::new(key()), &terminal), Err(Error::Lint(_))));
}

#[test]
fn the_log_proves_what_was_issued_and_that_it_only_grew() {
    let world = world(None);
    let mut tree = ProvingTree::default();
    let issued: Vec<_> = (0..6).map(|n| terminal(&world.issuing, &format!("端末{n}"))).collect();
    let leaves: Vec<_> = issued.iter().map(|one| transparency::leaf(&one.der, now()).unwrap()).collect();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let head = |size| SignedHead::sign(&key, size, tree.root_at(size).unwrap(), now()).unwrap();
    let (earlier, later) = (head(4), head(6));
    later.verify(key.public_key()).unwrap();
    let forged = SignedHead { size: 5, ..later.clone() };
    assert!(forged.verify(key.public_key()).is_err());
    let other = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    assert!(later.verify(other.public_key()).is_err());
    let proof = tree.inclusion_proof(2, later.size).unwrap();
    assert!(merkle::verify_inclusion(&leaves[2], 2, later.size, &later.root, &proof));
    let growth = tree.consistency_proof(earlier.size, later.size).unwrap();
    assert!(merkle::verify_consistency((4, &earlier.root), (6, &later.root), &growth));
    // RFC 6962: version, leaf type, time, entry type, length, certificate, extensions.
    let entry = transparency::entry(&issued[0].der, Instant(0x0102_0304_0506)).unwrap();
    let length = issued[0].der.len();
    assert_eq!(entry[..12], [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0]);
    assert_eq!(usize::from(entry[13]) << 8 | usize::from(entry[14]), length);
    assert_eq!((&entry[15..15 + length], &entry[15 + length..]), (&issued[0].der[..], &[0, 0][..]));
    assert!(transparency::entry(b"no certificate", now()).is_err());
}
