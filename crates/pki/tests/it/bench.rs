//! A folder, a clock, and OpenSSL as the independent judge.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use eligibility::Instant;
use eligibility::institution::InstitutionCode;
use pki::authority::InstitutionAuthority;
use pki::jlis::{JlisOptions, KeyPool, SimulatedJlis};
use pki::profile::ServerName;
use pki::{TerminalName, TerminalSubject, Validity};
use tempfile::TempDir;

pub(crate) const DAY_MS: i64 = 86_400_000;

/// The real clock: OpenSSL judges by it too.
pub(crate) fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("clock after 1970");
    Instant(i64::try_from(since.as_millis()).expect("clock in range") / 1000 * 1000)
}

pub(crate) fn days_from_now(days: i64) -> Instant {
    Instant(now().0 + days * DAY_MS)
}

pub(crate) fn validity(from_days: i64, to_days: i64) -> Validity {
    Validity::new(days_from_now(from_days), days_from_now(to_days)).expect("a period")
}

pub(crate) struct Bench {
    folder: TempDir,
}

pub(crate) struct Verdict {
    pub(crate) success: bool,
    /// Standard output and standard error, one after the other.
    pub(crate) text: String,
}

impl Verdict {
    #[track_caller]
    pub(crate) fn accepts(&self) -> &Self {
        assert!(self.success, "OpenSSL refused:\n{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn refuses(&self, why: &str) -> &Self {
        assert!(!self.success, "OpenSSL accepted what it should refuse:\n{}", self.text);
        self.says(why)
    }

    #[track_caller]
    pub(crate) fn says(&self, expected: &str) -> &Self {
        assert!(self.text.contains(expected), "OpenSSL did not say {expected:?}:\n{}", self.text);
        self
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("write a test file");
        path.display().to_string()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("read a test file")
    }

    /// Runs `openssl` in the bench's folder.
    pub(crate) fn openssl(&self, arguments: &[&str]) -> Verdict {
        let output = Command::new("openssl").args(arguments).current_dir(self.folder.path()).output();
        let output = output.expect("the openssl program is needed for these tests: apt-get install openssl");
        let text = [output.stdout, output.stderr].concat();
        Verdict { success: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
    }

    pub(crate) fn authority(&self) -> InstitutionAuthority {
        let authority = InstitutionAuthority::open_or_create(&self.path("ca"), now()).expect("an authority");
        self.file("root.pem", authority.certificate_pem().expect("PEM"));
        let issuing = pki::pem::encode(pki::pem::CERTIFICATE, authority.issuing().certificate_der());
        self.file("issuing.pem", issuing.expect("PEM"));
        authority
    }

    pub(crate) fn jlis(&self, generations: u8) -> SimulatedJlis {
        let options = JlisOptions { generations, ..JlisOptions::default() };
        SimulatedJlis::open_or_create(&self.path("jlis"), &options, now()).expect("a simulated J-LIS")
    }
}

/// RSA keys are slow to make: all tests share these.
pub(crate) fn card_keys() -> &'static KeyPool {
    static KEYS: OnceLock<KeyPool> = OnceLock::new();
    KEYS.get_or_init(|| KeyPool::generate(2).expect("card keys"))
}

pub(crate) fn subject(terminal: &str) -> TerminalSubject {
    TerminalSubject {
        institution: InstitutionCode::parse("1319990012").expect("a code"),
        terminal: TerminalName::parse(terminal).expect("a name"),
    }
}

pub(crate) fn server_names() -> Vec<ServerName> {
    let loopback: IpAddr = [127, 0, 0, 1].into();
    vec![ServerName::parse("central.example").expect("a name"), ServerName::Ip(loopback)]
}
