//! OpenSC's and OpenSSL's programs, and what they said.

use std::path::Path;
use std::process::Command;

/// What a program said and whether it was content.
pub(crate) struct Said {
    pub(crate) content: bool,
    pub(crate) text: String,
}

impl Said {
    /// What it said, when it was content.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert!(self.content, "{}", self.text);
        self.text
    }

    /// What it said, when it was not.
    #[track_caller]
    pub(crate) fn badly(self) -> String {
        assert!(!self.content, "expected a refusal: {}", self.text);
        self.text
    }
}

pub(crate) fn run(program: &str, arguments: &[&str]) -> Said {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Said { content: output.status.success(), text: format!("{program} {arguments:?}:\n{text}") }
}

pub(crate) fn pkcs11(arguments: &[&str]) -> Said {
    let modules =
        ["/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so", "/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so"];
    let module = modules.into_iter().find(|path| Path::new(path).exists());
    let module = module.expect("opensc-pkcs11.so is missing: apt-get install opensc-pkcs11");
    run("pkcs11-tool", &[&["--module", module, "--slot-index", "0"], arguments].concat())
}

/// OpenSSL's word on a signature over a file, under the key of a certificate (DER).
pub(crate) fn openssl_verifies(certificate: &str, signature: &str, text: &str) -> bool {
    let key = format!("{certificate}.pub");
    run("openssl", &["x509", "-inform", "DER", "-in", certificate, "-pubkey", "-noout", "-out", &key]).well();
    run("openssl", &["dgst", "-sha256", "-verify", &key, "-signature", signature, text]).content
}
