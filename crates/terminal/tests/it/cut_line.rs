//! A line that is cut right after the handshake: what the desk is told depends on why.

use std::{
    io::Read,
    net::{TcpListener, TcpStream},
    path::Path,
    sync::Arc,
};

use eligibility::Instant;
use pki::{TerminalName, TerminalSubject, authority::InstitutionAuthority, profile::ServerName};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use terminal::{
    central::{Central, CentralError, HttpsCentral},
    config::Config,
};

use crate::counter::config_in;

fn now() -> Instant {
    Instant(jiff::Timestamp::now().as_millisecond())
}

pub(crate) fn authority(folder: &Path) -> InstitutionAuthority {
    InstitutionAuthority::create(folder, now()).expect("a root")
}

/// A terminal with a certificate of `authority` that asks the centre at `port`.
pub(crate) fn terminal(authority: &InstitutionAuthority, dir: &Path, port: u16) -> Config {
    let mut config = config_in(dir);
    let subject = TerminalSubject {
        institution: config.institution_code.clone(),
        terminal: TerminalName::parse("T01").expect("a name"),
    };
    let (key, issued) = authority.issue_terminal_with_key(&subject, now()).expect("a certificate");
    let central = &mut config.central;
    central.url = format!("https://localhost:{port}");
    central.ca_file = dir.join("ca.pem");
    central.certificate_file = dir.join("terminal.pem");
    central.key_file = dir.join("terminal.key");
    std::fs::write(&central.ca_file, authority.certificate_pem().expect("PEM")).expect("writes");
    std::fs::write(&central.certificate_file, issued.pem().expect("PEM")).expect("writes");
    key.save(&central.key_file).expect("saves");
    std::fs::create_dir_all(&config.state).expect("creates");
    config
}

/// A server of `authority` that takes only clients of `clients`; without those it takes all.
pub(crate) fn server(
    authority: &InstitutionAuthority,
    clients: Option<&InstitutionAuthority>,
) -> Arc<ServerConfig> {
    let names = [ServerName::parse("localhost").expect("a name")];
    let (key, issued) = authority.issue_server_with_key(&names, now()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(key.to_pem().expect("PEM").as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from(clients.certificate_der().to_vec())).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let chain = issued.chain().into_iter().map(CertificateDer::from).collect();
    Arc::new(builder.with_single_cert(chain, key).expect("a server"))
}

/// Takes one connection, hears the beginning of a question and hangs up: nothing says why.
fn hang_up(line: TcpStream, tls: &Arc<ServerConfig>) {
    let tls = ServerConnection::new(Arc::clone(tls)).expect("a connection");
    // Broken from either side is all the same.
    let _ = StreamOwned::new(tls, line).read(&mut [0]);
}

/// Takes one connection and lets the TLS library say what it thinks of the client's certificate.
fn judge(mut line: TcpStream, tls: &Arc<ServerConfig>) {
    let mut tls = ServerConnection::new(Arc::clone(tls)).expect("a connection");
    while tls.is_handshaking() {
        if tls.complete_io(&mut line).is_err() {
            let _ = tls.write_tls(&mut line);
            return;
        }
    }
    let _ = tls.complete_io(&mut line);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_is_told_that_its_certificate_is_refused_though_the_line_was_cut_first() {
    let dir = tempfile::tempdir().expect("a folder");
    let (ours, others) = (authority(&dir.path().join("ours")), authority(&dir.path().join("others")));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let config = terminal(&ours, dir.path(), listener.local_addr().expect("an address").port());
    let (careless, strict) = (server(&ours, None), server(&ours, Some(&others)));
    let centre = std::thread::spawn(move || {
        hang_up(listener.accept().expect("the question").0, &careless);
        judge(listener.accept().expect("asked once more, without a question").0, &strict);
    });
    let error = HttpsCentral::new(&config).expect("a client").nonce().await.expect_err("not admitted");
    assert!(matches!(error, CentralError::NotAdmitted(_)), "{error:?}");
    assert_eq!(error.code(), "OQSA9102E");
    centre.join().expect("no panics");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_line_to_a_centre_that_admits_us_is_a_cut_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let ours = authority(&dir.path().join("ours"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let config = terminal(&ours, dir.path(), listener.local_addr().expect("an address").port());
    let tls = server(&ours, Some(&ours));
    let centre = std::thread::spawn(move || {
        hang_up(listener.accept().expect("the question").0, &tls);
        judge(listener.accept().expect("asked once more, without a question").0, &tls);
    });
    let error = HttpsCentral::new(&config).expect("a client").nonce().await.expect_err("cut");
    assert!(error.is_passing(), "{error:?}");
    assert_eq!(error.code(), "OQSA9101E");
    centre.join().expect("no panics");
}
