//! Several machines, each in a network of its own and on its own line: the centre, three clinics, and curl in each of
//! them as browser and as terminal. The name `www.lineauth.mnw` is an entry in the hosts file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use eligibility::Date;
use eligibility::institution::InstitutionCode;
use eligibility::line::{AddressPrefix, CircuitKind, CustomerId};
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::{TerminalName, TerminalSubject, Validity};
use serde_json::Value;
use server::config::LineAuthentication;
use store::{Institution, LineRegistration, NewLine, PrefixNotice, TerminalCertificate};
use testkit::own_world::in_own_world;
use testkit::people;
use testkit::system::{Engine, TestSystem};

use crate::support::{insurer, number_question};

/// Where everybody reaches the centre.
const CENTRE_V4: &str = "192.0.2.1";
const CENTRE_V6: &str = "2001:db8:ffff::1";
const API: &str = "https://www.lineauth.mnw:8443";
const PAGE: &str = "https://www.lineauth.mnw";
const BORN: Date = Date::constant(1980, 2, 17);

#[test]
fn several_hosts_each_on_its_own_line() {
    let curl = ("/usr/bin/curl", "curl");
    let enter = ("/usr/bin/nsenter", "util-linux");
    in_own_world("hosts::several_hosts_each_on_its_own_line", &[curl, enter], || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(the_day_at_three_clinics());
    });
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn ip(words: &str) {
    run("ip", &words.split(' ').collect::<Vec<_>>());
}

/// A clinic: a machine at the end of a line, with a terminal's certificate.
struct Clinic {
    name: &'static str,
    institution: InstitutionCode,
    folder: PathBuf,
}

/// What curl got.
#[derive(Debug)]
struct Got {
    status: u16,
    body: String,
}

impl Got {
    fn code(&self) -> String {
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_default();
        problem["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Clinic {
    /// Puts a machine at the end of a new cable.
    async fn open(system: &TestSystem, name: &'static str, institution: &str) -> Self {
        ip(&format!("netns add {name}"));
        ip(&format!("link add to-{name} type veth peer name line"));
        ip(&format!("link set line netns {name}"));
        ip(&format!("link set to-{name} up"));
        ip(&format!("-n {name} link set lo up"));
        ip(&format!("-n {name} link set line up"));
        let folder = system.folder().join(name);
        std::fs::create_dir(&folder).expect("a folder");
        let institution = InstitutionCode::parse(institution).expect("a code");
        let clinic = Self { name, institution, folder };
        clinic.enrol(system).await;
        clinic
    }

    /// A certificate for the clinic's terminal, registered at the centre.
    async fn enrol(&self, system: &TestSystem) {
        let subject = TerminalSubject {
            institution: self.institution.clone(),
            terminal: TerminalName::parse(self.name).expect("a name"),
        };
        let now = system.clock.now();
        let validity = Validity::of_terminal(now).expect("a period");
        let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
        let issued = system.authority.issue_terminal(&subject, key.public_key(), validity);
        let issued = issued.expect("a certificate");
        std::fs::write(self.folder.join("terminal.pem"), issued.pem().expect("PEM")).expect("a file");
        key.save(&self.folder.join("terminal.key")).expect("a file");
        let entry = Institution { code: self.institution.clone(), name: "試験診療所".to_owned() };
        system.store().put_institution(entry).await.expect("an institution");
        let certificate = TerminalCertificate {
            institution_code: self.institution.clone(),
            fingerprint: issued.fingerprint,
            terminal_name: self.name.to_owned(),
            not_after: validity.not_after,
            revoked_at: None,
            changed_at: now,
        };
        system.store().register_terminal_certificate(certificate).await.expect("registers");
        system.server.refresh_terminals().await.expect("reads");
    }

    /// The carrier gives the line an address at each end.
    fn address(&self, carrier: &str, clinic: &str) {
        let (name, router) = (self.name, carrier.split('/').next().unwrap_or_default());
        let nodad = if carrier.contains(':') { " nodad" } else { "" };
        let family = if carrier.contains(':') { "-6" } else { "-4" };
        ip(&format!("address add {carrier} dev to-{name}{nodad}"));
        ip(&format!("-n {name} address add {clinic} dev line{nodad}"));
        ip(&format!("-n {name} {family} route add default via {router}"));
    }

    /// What it had is gone.
    fn lose_address(&self, carrier: &str, clinic: &str) {
        let name = self.name;
        ip(&format!("address del {carrier} dev to-{name}"));
        ip(&format!("-n {name} address del {clinic} dev line"));
    }

    /// Runs curl on the clinic's machine.
    async fn curl(&self, authority: &Path, arguments: &[&str]) -> Got {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name));
        command.args(["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "60"]);
        command.args(["--write-out", "\n%{http_code}", "--cacert"]).arg(authority).args(arguments);
        let run = tokio::task::spawn_blocking(move || command.output());
        let output = run.await.expect("no panic").expect("curl runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: curl {arguments:?}: {told}", self.name);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let (body, status) = text.rsplit_once('\n').expect("a status");
        Got { status: status.parse().expect("a number"), body: body.to_owned() }
    }

    /// The clinic's terminal checks by number; with the certificate of `who`.
    async fn checks_as(&self, system: &TestSystem, who: &Self) -> Got {
        let id = uuid_like(system);
        let question = number_question(&id, &insurer(), "901", None, BORN, system.today()).to_string();
        let certificate = who.folder.join("terminal.pem").display().to_string();
        let key = who.folder.join("terminal.key").display().to_string();
        let url = format!("{API}/v1/verifications/number");
        let spoof = "X-Forwarded-For: 203.0.113.2";
        let arguments = [
            "--cert",
            &certificate,
            "--key",
            &key,
            "--header",
            "content-type: application/json",
            "--header",
            spoof,
            "--data",
            &question,
            &url,
        ];
        self.curl(&system.folder().join("ca.pem"), &arguments).await
    }

    async fn checks(&self, system: &TestSystem) -> Got {
        self.checks_as(system, self).await
    }

    /// The clinic's browser opens the page.
    async fn opens_page(&self, system: &TestSystem) -> Got {
        self.curl(&system.folder().join("ca.pem"), &[PAGE]).await
    }

    /// 「希望する」, and on to where the answer leads.
    async fn wishes(&self, system: &TestSystem) -> Got {
        let (origin, choice) = (format!("Origin: {PAGE}"), format!("{PAGE}/choice"));
        let arguments = ["--location", "--header", &origin, "--data", "choice=connect", &choice];
        self.curl(&system.folder().join("ca.pem"), &arguments).await
    }
}

/// Another text each time.
fn uuid_like(system: &TestSystem) -> String {
    system.hands.advance(std::time::Duration::from_millis(1));
    format!("q{}", system.clock.now().0)
}

fn prefixes(texts: &[&str]) -> Vec<AddressPrefix> {
    texts.iter().map(|text| AddressPrefix::parse(text).expect("a prefix")).collect()
}

fn customer(clinic: &Clinic) -> CustomerId {
    CustomerId::parse(&format!("COP{}", clinic.institution)).expect("a customer id")
}

async fn register(system: &TestSystem, clinic: &Clinic, addresses: &[&str]) {
    let new = NewLine {
        institution_code: clinic.institution.clone(),
        circuit: CircuitKind::IpVpnNtt,
        customer_id: Some(customer(clinic)),
        prefixes: Some(prefixes(addresses)),
        shared: false,
    };
    let done = system.store().register_line(new, "operator:o1", system.clock.now()).await;
    assert_eq!(done, Ok(LineRegistration::Done));
}

/// The centre, listening for both address families at once, so that IPv4 peers come as `::ffff:a.b.c.d`.
async fn centre() -> TestSystem {
    ip(&format!("address add {CENTRE_V4}/32 dev lo"));
    ip(&format!("address add {CENTRE_V6}/128 dev lo nodad"));
    let system = TestSystem::start_with(Engine::Sqlite, |config| {
        let any = |port| SocketAddr::from((std::net::Ipv6Addr::UNSPECIFIED, port));
        config.terminal_api.listen = any(8443);
        config.line_authentication = Some(LineAuthentication {
            listen: any(443),
            origin: PAGE.to_owned(),
            certificate: Some(config.terminal_api.certificate.clone()),
            key: Some(config.terminal_api.key.clone()),
            required: true,
            refresh_s: 1,
        });
        let wrong = config.check().into_iter().find(|wrong| wrong.setting.starts_with("line_"));
        assert_eq!(wrong, None, "these settings are sound");
    })
    .await;
    let hosts = system.folder().join("hosts");
    let entries = format!("{CENTRE_V4} www.lineauth.mnw\n{CENTRE_V6} www.lineauth.mnw\n");
    std::fs::write(&hosts, entries).expect("a file");
    run("mount", &["--bind", hosts.to_str().expect("text"), "/etc/hosts"]);
    let person = people::coverage(&insurer(), "p", "901", "試験　花子", BORN);
    system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    system
}

fn is_network_error(got: &Got) -> bool {
    got.status == 403 && got.code() == "OQSA9110E" && got.body.contains("ネットワークエラー")
}

fn is_answer(got: &Got) -> bool {
    got.status == 200 && got.body.contains(r#""QualificationValidity":"1""#)
}

async fn the_day_at_three_clinics() {
    let system = centre().await;
    let (a, b, c) = (
        Clinic::open(&system, "a", "1319990012").await,
        Clinic::open(&system, "b", "1311111111").await,
        Clinic::open(&system, "c", "1322222222").await,
    );
    a.address("203.0.113.1/29", "203.0.113.2/29");
    a.address("2001:db8:a::1/64", "2001:db8:a::2/64");
    b.address("203.0.113.9/29", "203.0.113.10/29");
    // This one has no IPv4 at all.
    c.address("2001:db8:c::1/64", "2001:db8:c::2/64");
    register(&system, &a, &["203.0.113.0/29", "2001:db8:a::/48"]).await;
    register(&system, &b, &["203.0.113.8/29"]).await;
    register(&system, &c, &["2001:db8:c::/48"]).await;

    // Nobody is connected yet.
    for clinic in [&a, &b, &c] {
        let got = clinic.checks(&system).await;
        assert!(is_network_error(&got), "{}: {got:?}", clinic.name);
        let page = clinic.opens_page(&system).await;
        assert!(page.status == 200 && page.body.contains(">希望する</button>"), "{}: {page:?}", clinic.name);
    }
    // A and C wish, B does not yet.
    for clinic in [&a, &c] {
        let page = clinic.wishes(&system).await;
        assert!(page.body.contains("回線認証に成功しました。"), "{}: {page:?}", clinic.name);
    }
    // curl takes IPv6 where there is one: A is connected by that, and by IPv4 not.
    assert!(is_answer(&a.checks(&system).await) && is_answer(&c.checks(&system).await));
    let got = b.checks(&system).await;
    assert!(is_network_error(&got), "{got:?}");
    assert!(a.opens_page(&system).await.body.contains("回線認証接続済み"));
    // B's certificate does not help on A's line, nor A's on B's.
    assert!(
        is_network_error(&a.checks_as(&system, &b).await)
            && is_network_error(&b.checks_as(&system, &a).await)
    );
    b.wishes(&system).await;
    assert!(is_answer(&b.checks(&system).await), "over IPv4, seen as ::ffff:203.0.113.10");
    assert!(is_network_error(&b.checks_as(&system, &a).await), "also when B's line is connected");

    another_prefix(&system, &a).await;
    // The others never noticed.
    assert!(is_answer(&b.checks(&system).await) && is_answer(&c.checks(&system).await));
    system.stop().await;
}

/// The carrier gives A's line other addresses, tells the centre, and A connects again.
async fn another_prefix(system: &TestSystem, a: &Clinic) {
    a.lose_address("2001:db8:a::1/64", "2001:db8:a::2/64");
    let got = a.checks(system).await;
    assert!(is_network_error(&got), "IPv4 was never connected: {got:?}");
    assert!(a.wishes(system).await.body.contains("回線認証接続済み"));
    assert!(is_answer(&a.checks(system).await));
    a.lose_address("203.0.113.1/29", "203.0.113.2/29");
    a.address("198.51.100.1/29", "198.51.100.2/29");
    // Until the carrier has told, this is nobody's line.
    let stranger = a.opens_page(system).await;
    assert!(stranger.status == 403 && stranger.body.contains("198.51.100.2"), "{stranger:?}");
    let notice = system
        .store()
        .notify_line_prefixes(&customer(a), prefixes(&["198.51.100.0/29"]), "carrier:ntt", system.clock.now())
        .await;
    assert_eq!(notice, Ok(PrefixNotice::Done { ended: 2 }));
    let page = a.opens_page(system).await;
    assert!(page.body.contains("回線のアドレスが変わったため切断されました"), "{page:?}");
    let got = a.checks(system).await;
    assert!(is_network_error(&got), "{got:?}");
    a.wishes(system).await;
    let got = a.checks(system).await;
    assert!(is_answer(&got), "{got:?}");
}
