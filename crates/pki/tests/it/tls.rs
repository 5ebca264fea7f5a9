//! Both sides' certificates in a real TLS 1.3 handshake with client authentication (rustls).

use std::sync::Arc;

use pki::authority::{InstitutionAuthority, IssuedCertificate};
use pki::crl::RevocationReason;
use pki::keys::PrivateKey;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection};

use crate::bench::{Bench, now, server_names, subject};

type Identity = (PrivateKey, IssuedCertificate);

fn roots(authority: &InstitutionAuthority) -> Arc<RootCertStore> {
    let mut store = RootCertStore::empty();
    store.add(CertificateDer::from(authority.certificate_der().to_vec())).expect("a usable root");
    Arc::new(store)
}

fn parts(identity: &Identity) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let key = PrivateKeyDer::from_pem_slice(identity.0.to_pem().unwrap().as_bytes()).expect("a key");
    (identity.1.chain().into_iter().map(CertificateDer::from).collect(), key)
}

fn handshake(
    authority: &InstitutionAuthority,
    server: &Identity,
    client: &Identity,
) -> Result<(), rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let crl = CertificateRevocationListDer::from(authority.crl(now()).unwrap());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(authority), Arc::clone(&provider));
    let verifier = verifier.with_crls([crl]).only_check_end_entity_revocation().build().expect("a verifier");
    let (chain, key) = parts(server);
    let server_config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    let (chain, key) = parts(client);
    let client_config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots(authority))
        .with_client_auth_cert(chain, key)?;
    let name = ServerName::try_from("central.example").expect("a name");
    let mut client = Connection::from(ClientConnection::new(Arc::new(client_config), name)?);
    let mut server = Connection::from(ServerConnection::new(Arc::new(server_config))?);
    while client.is_handshaking() || server.is_handshaking() {
        transfer(&mut client, &mut server)?;
        transfer(&mut server, &mut client)?;
    }
    Ok(())
}

fn transfer(from: &mut Connection, to: &mut Connection) -> Result<(), rustls::Error> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).expect("write to memory");
    }
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        to.read_tls(&mut rest).expect("read from memory");
        to.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn a_terminal_and_the_centre_meet_until_the_terminal_is_revoked() {
    let bench = Bench::new();
    let authority = bench.authority();
    let server = authority.issue_server_with_key(&server_names(), now()).unwrap();
    let terminal = authority.issue_terminal_with_key(&subject("髙﨑受付"), now()).unwrap();
    handshake(&authority, &server, &terminal).unwrap();
    assert!(handshake(&authority, &server, &server).is_err(), "a server is no terminal");
    assert!(handshake(&authority, &terminal, &terminal).is_err(), "a terminal is no server");
    authority.revoke(&terminal.1.serial, RevocationReason::KeyCompromise, now()).unwrap();
    let refused = handshake(&authority, &server, &terminal).unwrap_err();
    assert!(format!("{refused:?}").contains("Revoked"), "{refused:?}");
}
