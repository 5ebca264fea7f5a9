//! The bodies of the fuzz targets over their seeds, so that they run without a fuzzer.

use pki::{
    crl::RevocationReason,
    csr,
    keys::{KeyAlgorithm, PrivateKey},
};

use crate::{
    bench::Bench,
    fuzz_bodies::{self, NOW},
    fuzz_replay,
};

#[test]
fn certificate_requests() {
    fuzz_replay::replay("certificate_request", fuzz_bodies::certificate_request);
}

#[test]
fn terminal_certificates() {
    fuzz_replay::replay("terminal_certificate", fuzz_bodies::terminal_certificate);
}

#[test]
fn authority_lists() {
    fuzz_replay::replay("authority_list", fuzz_bodies::authority_list);
}

#[test]
fn ocsp_questions() {
    fuzz_replay::replay("ocsp_question", fuzz_bodies::ocsp_question);
}

/// A seed that the bodies refuse at once would try nothing.
#[test]
fn the_seeds_are_what_the_bodies_take() {
    let read = |path: &str| std::fs::read(fuzz_replay::folder().join(path)).expect("a seed");
    let authority = read("anchors/institution-issuing.der");
    let request = read("seeds/certificate_request/good.der");
    assert!(csr::check(&request, &fuzz_bodies::subject()).is_ok());
    let list = read("seeds/authority_list/good.der");
    let list = pki::crl::VerifiedCrl::verify(&list, &authority, NOW).expect("the seed's list");
    let revoked = pki::profile::TerminalIdentity::read(&read("seeds/terminal_certificate/good.der"));
    assert!(list.is_revoked(&revoked.expect("the seed's certificate").serial));
    let counter = pki::ocsp::Counter::for_authority(&authority).expect("a certificate");
    for question in ["sha1.der", "nonce.der"] {
        counter.asked_serial(&read(&format!("seeds/ocsp_question/{question}"))).expect("the seed's question");
    }
}

#[test]
#[ignore = "writes the seeds anew, signed with keys that are thrown away"]
fn write_seeds() {
    let fuzz = fuzz_replay::folder();
    let write = |path: &str, bytes: &[u8]| {
        let path = fuzz.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("writes");
    };
    let bench = Bench::new();
    let authority = bench.authority();
    let subject = fuzz_bodies::subject();
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let (_, issued) = authority.issue_terminal_with_key(&subject, NOW).expect("a certificate");
    authority.revoke(&issued.serial, RevocationReason::KeyCompromise, NOW).expect("revoked");
    write("anchors/institution-issuing.der", authority.issuing().certificate_der());
    write("seeds/certificate_request/good.der", &csr::create(&subject, &key).expect("a request"));
    let text = csr::create_pem(&subject, &key).expect("a request");
    write("seeds/certificate_request/other.pem", text.as_bytes());
    write("seeds/terminal_certificate/good.der", &issued.der);
    write("seeds/authority_list/good.der", &authority.crl(NOW).expect("a list"));
    for (name, options) in [("sha1.der", ["-sha1", "-no_nonce"]), ("nonce.der", ["-sha256", "-nonce"])] {
        let asked = ["-issuer", "issuing.pem", "-serial", "0x1234", "-reqout", name];
        bench.openssl(&[["ocsp"].as_slice(), &options, &asked].concat()).accepts();
        write(&format!("seeds/ocsp_question/{name}"), &std::fs::read(bench.path(name)).expect("a question"));
    }
}
