//! Against the real centre: real TLS, real certificates, real answers.

use std::{path::Path, sync::Arc, time::Duration};

use eligibility::{codes::Validity, insurer::InsurerNumber};
use pki::{
    TerminalName, TerminalSubject,
    authority::InstitutionAuthority,
    keys::{KeyAlgorithm, PrivateKey},
};
use store::TerminalCertificate;
use terminal::{
    Status, Terminal,
    central::{Central, CentralError, HttpsCentral, ReceiptError, ReceiptKeys},
    config::Config,
};
use testkit::{
    client::SERVER_NAME,
    people,
    system::{Engine, INSTITUTION, TestSystem},
};
use tokio_util::sync::CancellationToken;
use wire::{
    message::{Code, read_result},
    terminal_api::{Jwk, JwkSet},
};

use crate::counter::{config_in, put, request, wait_until};

/// Runs each test against a centre on SQLite and one on PostgreSQL.
macro_rules! on_both_engines {
    ($($name:ident)+) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() { Box::pin(super::$name(testkit::system::Engine::Sqlite)).await; }
            #[tokio::test(flavor = "multi_thread")]
            async fn on_postgres() { Box::pin(super::$name(testkit::system::Engine::Postgres)).await; }
        }
    )+ };
}
pub(crate) use on_both_engines;

on_both_engines! {
    a_check_by_number_goes_all_the_way_and_leaves_a_receipt
    a_terminal_nobody_admitted_is_told_so
    a_line_that_is_not_connected_is_a_network_error_in_the_result
    a_centre_that_is_not_ours_or_not_there_is_not_believed
}

/// A terminal of the institution, certified by `authority`, registered or not.
pub(crate) async fn enrol(
    system: &TestSystem,
    authority: &InstitutionAuthority,
    dir: &Path,
    registered: bool,
) -> Config {
    let mut config = config_in(dir);
    let institution = config.institution_code.clone();
    let subject = TerminalSubject {
        institution: institution.clone(),
        terminal: TerminalName::parse("T01").expect("a name"),
    };
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let validity = pki::Validity::of_terminal(system.clock.now()).expect("a period");
    let issued = authority.issue_terminal(&subject, key.public_key(), validity).expect("a certificate");
    let central = &mut config.central;
    central.url = format!("https://{SERVER_NAME}:{}", system.server.terminal_api().port());
    central.ca_file = system.folder().join("ca.pem");
    central.certificate_file = dir.join("terminal.pem");
    central.key_file = dir.join("terminal.key");
    std::fs::write(&central.certificate_file, issued.pem().expect("PEM")).expect("writes");
    key.save(&central.key_file).expect("saves");
    std::fs::create_dir_all(&config.state).expect("creates");
    if registered {
        let now = system.clock.now();
        let certificate = TerminalCertificate {
            institution_code: institution.clone(),
            fingerprint: issued.fingerprint,
            terminal_name: "T01".into(),
            not_after: eligibility::calendar::add_months_at(now, 39),
            revoked_at: None,
            changed_at: now,
        };
        let entry = store::Institution { code: institution, name: "試験診療所".into() };
        system.store().put_institution(entry).await.expect("an institution");
        system.store().register_terminal_certificate(certificate).await.expect("a terminal");
        system.server.refresh_terminals().await.expect("the server reads the terminals");
    }
    config
}

pub(crate) struct Running {
    status: Arc<Status>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: tokio::task::JoinHandle<()>,
}

pub(crate) async fn start(config: &Config) -> Running {
    let central = HttpsCentral::new(config).expect("a client");
    let terminal = Terminal::start(config, central).await.expect("starts");
    let (status, shutdown) = (terminal.status(), CancellationToken::new());
    let stop = shutdown.clone();
    let task = tokio::spawn(async move { terminal.serve(stop).await.expect("serves") });
    Running { status, shutdown, task }
}

pub(crate) async fn ask(config: &Config, name: &str, number: &str) -> wire::message::ResultMessage {
    put(&config.drop.root, &format!("OQSsiquc01req_{name}.xml"), request(number).as_bytes());
    let path = config.drop.root.join(format!("res/OQSsiquc01res_{name}.xml"));
    wait_until(name, || Some(read_result(&std::fs::read(&path).ok()?).expect("whole").message)).await
}

async fn a_check_by_number_goes_all_the_way_and_leaves_a_receipt(engine: Engine) {
    let system = TestSystem::start(engine).await;
    let insurer = InsurerNumber::parse("06139996").expect("a number");
    let mut member = people::coverage(&insurer, "p-1", "345", "𠮷田　太郎", jiff::civil::date(1982, 5, 14));
    member.insured_symbol = Some("2101".into());
    system.load_insurer(&insurer, "試験健康保険組合", vec![member]).await;
    let dir = tempfile::tempdir().expect("a folder");
    let config = enrol(&system, &system.authority, dir.path(), true).await;
    assert_eq!(config.institution_code.as_str(), INSTITUTION);
    assert_eq!(config.check(), [], "these settings are sound");
    let running = start(&config).await;

    let found = ask(&config, "1", "345").await;
    assert_eq!(found.body.qualification_validity, Some(Code::Known(Validity::Valid)), "{:?}", found.header);
    assert_eq!(found.body.results[0].name, "𠮷田　太郎");
    assert_eq!(found.header.arbitrary_file_identifier.as_deref(), Some("K-345"));
    let unknown = ask(&config, "2", "999").await;
    assert_eq!(unknown.body.qualification_validity, Some(Code::Known(Validity::NoMatch)));
    assert!(running.status.report().healthy);

    let receipts = std::fs::read_to_string(config.state.join("receipts")).expect("kept");
    assert_eq!(receipts.lines().count(), 2);
    let mode = std::os::unix::fs::MetadataExt::mode(
        &std::fs::metadata(config.state.join("receipts")).expect("a file"),
    );
    assert_eq!(mode & 0o777, 0o600);
    running.shutdown.cancel();
    running.task.await.expect("stops cleanly");
    system.stop().await;
}

async fn a_terminal_nobody_admitted_is_told_so(engine: Engine) {
    let system = TestSystem::start(engine).await;
    let stranger = tempfile::tempdir().expect("a folder");
    let other_root =
        InstitutionAuthority::create(&stranger.path().join("ca"), system.clock.now()).expect("a root");
    let config = enrol(&system, &other_root, stranger.path(), false).await;
    let central = HttpsCentral::new(&config).expect("a client");
    let error = central.nonce().await.expect_err("another root");
    assert!(matches!(error, CentralError::NotAdmitted(_)), "{error:?}");
    assert_eq!(error.code(), "OQSA9102E");

    let unregistered = tempfile::tempdir().expect("a folder");
    let config = enrol(&system, &system.authority, unregistered.path(), false).await;
    let central = HttpsCentral::new(&config).expect("a client");
    let error = central.nonce().await.expect_err("not registered");
    assert!(matches!(&error, CentralError::Refused(problem) if problem.status == 403), "{error:?}");
    assert!(!error.is_passing());
}

async fn a_line_that_is_not_connected_is_a_network_error_in_the_result(engine: Engine) {
    let required = testkit::system::line_authentication();
    let system = TestSystem::start_with(engine, |config| config.line_authentication = Some(required)).await;
    let dir = tempfile::tempdir().expect("a folder");
    let config = enrol(&system, &system.authority, dir.path(), true).await;
    let line = store::NewLine {
        institution_code: config.institution_code.clone(),
        circuit: eligibility::line::CircuitKind::IpVpnNtt,
        customer_id: Some("CAF0123456789".parse().expect("a customer id")),
        prefixes: Some(vec!["127.0.0.0/24".parse().expect("a prefix")]),
        shared: false,
    };
    let done = system.store().register_line(line, "operator:o1", system.clock.now()).await;
    assert_eq!(done, Ok(store::LineRegistration::Done));
    system.server.refresh_lines().await.expect("looks");
    let running = start(&config).await;
    let refused = ask(&config, "1", "345").await;
    assert_eq!(refused.header.segment_of_result, Code::Known(eligibility::codes::ResultSegment::Failed));
    assert_eq!(refused.header.error_code.as_deref(), Some("OQSA9110E"));
    let words = refused.header.error_message.unwrap_or_default();
    assert!(words.contains("ネットワークエラー"), "{words}");
    // What the reader is told when it asks for a nonce.
    let error = HttpsCentral::new(&config).expect("a client").nonce().await.expect_err("not connected");
    assert_eq!(error.code(), "OQSA9110E");
    assert!(error.message().contains("ネットワークエラー"), "{}", error.message());
    // 「希望する」 on the clinic's browser: the same terminal goes on without being started anew.
    let peer = [127, 0, 0, 1].into();
    assert!(system.store().connect_line(peer, system.clock.now()).await.expect("answers").changed);
    system.server.refresh_lines().await.expect("looks");
    let nobody = ask(&config, "2", "345").await;
    assert_eq!(
        nobody.body.qualification_validity,
        Some(Code::Known(Validity::NoMatch)),
        "{:?}",
        nobody.header
    );
    running.shutdown.cancel();
    running.task.await.expect("stops cleanly");
    system.stop().await;
}

async fn a_centre_that_is_not_ours_or_not_there_is_not_believed(engine: Engine) {
    let system = TestSystem::start(engine).await;
    let dir = tempfile::tempdir().expect("a folder");
    let mut config = enrol(&system, &system.authority, dir.path(), true).await;
    let other = InstitutionAuthority::create(&dir.path().join("ca"), system.clock.now()).expect("a root");
    let own_ca = std::mem::replace(&mut config.central.ca_file, dir.path().join("other.pem"));
    std::fs::write(&config.central.ca_file, other.certificate_pem().expect("PEM")).expect("writes");
    let error = HttpsCentral::new(&config).expect("a client").nonce().await.expect_err("not our authority");
    assert!(matches!(error, CentralError::NotAdmitted(_)), "{error:?}");
    config.central.ca_file = own_ca;
    let central = HttpsCentral::new(&config).expect("a client");
    let nonce = central.nonce().await.expect("a nonce");
    assert!(nonce.expires_in_s > 0);
    let port = system.server.terminal_api().port();
    system.stop().await;
    // Nobody answers there, and no other test's server takes the place: bound, but not listening.
    let vacant = tokio::net::TcpSocket::new_v4().expect("a socket");
    vacant.set_reuseaddr(true).expect("reusable");
    vacant.bind(([127, 0, 0, 1], port).into()).expect("the port the centre had");
    // The stock of nonces outlives the connection; a question does not.
    let question = wire::terminal_api::NumberCheckRequest {
        request_id: "1".into(),
        as_of: jiff::civil::date(2026, 11, 22),
        insurer_number: InsurerNumber::parse("06139996").expect("a number"),
        insured_symbol: None,
        insured_number: "1".into(),
        branch_number: None,
        birthdate: jiff::civil::date(1982, 5, 14),
        ceiling_consent: false,
    };
    let error = central.check_number(question).await.expect_err("nobody is there");
    assert!(error.is_passing(), "{error:?}");
    assert_eq!(error.code(), "OQSA9101E");
}

mod receipt {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::{Duration, Jwk, JwkSet, ReceiptError, ReceiptKeys};

    const NOW: i64 = 1_795_000_000;

    fn signed(key: &EcdsaKeyPair, header: &str, aud: &str, from: i64) -> String {
        let life = i64::try_from(Duration::from_secs(86_400).as_secs()).expect("small");
        let claims = format!(
            r#"{{"iss":"t","aud":"{aud}","jti":"1","iat":{from},"exp":{},"question":"","answer":"","method":"2","as_of":"2026-11-22","validity":"1","coverages":[]}}"#,
            from + life
        );
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = key.sign(&SystemRandom::new(), text.as_bytes()).expect("signs");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn key() -> (EcdsaKeyPair, ReceiptKeys) {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let point = key.public_key().as_ref();
        let jwk = Jwk {
            kty: "EC".into(),
            crv: "P-256".into(),
            x: URL_SAFE_NO_PAD.encode(&point[1..33]),
            y: URL_SAFE_NO_PAD.encode(&point[33..]),
            kid: "k1".into(),
            key_use: "sig".into(),
            alg: "ES256".into(),
        };
        (key, ReceiptKeys::new(&JwkSet { keys: vec![jwk] }))
    }

    const HEADER: &str = r#"{"alg":"ES256","typ":"shikaku-receipt+jwt","kid":"k1"}"#;

    #[test]
    fn a_good_one_is_accepted_and_any_changed_character_is_not() {
        let (key, keys) = key();
        let receipt = signed(&key, HEADER, "1319990012", NOW);
        assert!(keys.verify(&receipt, "1319990012", NOW + 60).is_ok());
        for at in 0..receipt.len() {
            let mut changed = receipt.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(keys.verify(&changed, "1319990012", NOW + 60).is_err(), "character {at}");
        }
    }

    #[test]
    fn what_it_says_must_hold_here_and_now() {
        let (own, keys) = key();
        let (foreign, _) = key();
        let at = |header: &str, aud: &str, from: i64| {
            keys.verify(&signed(&own, header, aud, from), "1319990012", NOW)
        };
        // Two clocks may be five minutes apart, at the beginning and at the end.
        at(HEADER, "1319990012", NOW - 86_400 - 299).expect("valid by the centre's clock");
        at(HEADER, "1319990012", NOW + 300).expect("valid by the centre's clock");
        assert_eq!(at(HEADER, "1319990012", NOW - 86_400 - 300).expect_err("over"), ReceiptError::Outdated);
        assert_eq!(at(HEADER, "1319990012", NOW + 301).expect_err("future"), ReceiptError::NotYet);
        assert_eq!(at(HEADER, "2712345678", NOW).expect_err("other"), ReceiptError::OtherInstitution);
        let other_kid = HEADER.replace("k1", "k2");
        assert_eq!(at(&other_kid, "1319990012", NOW).expect_err("unknown key"), ReceiptError::UnknownKey);
        for header in [
            HEADER.replace("ES256", "none"),
            HEADER.replace("ES256", "HS256"),
            HEADER.replace("receipt", "x"),
        ] {
            assert_eq!(at(&header, "1319990012", NOW).expect_err("header"), ReceiptError::Malformed);
        }
        let forged = signed(&foreign, HEADER, "1319990012", NOW);
        assert_eq!(keys.verify(&forged, "1319990012", NOW).expect_err("forged"), ReceiptError::BadSignature);
    }
}
