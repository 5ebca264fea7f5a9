//! Everything the demo needs on disk before it starts: authorities, keys, certificates, settings.
//!
//! Made once; the next start finds it. Settings are written at each start, because the port base and the
//! folder may have changed, and are the same files `shikaku serve` and `shikaku terminal run` read.

use std::{net::Ipv4Addr, path::Path};

use anyhow::{Context, Result};
use eligibility::{Instant, calendar::add_months_at, institution::InstitutionCode};
use pki::{
    TerminalName, TerminalSubject,
    authority::{InstitutionAuthority, IssuedCertificate, ROOT_CERTIFICATE_FILE},
    jlis::{AUTHENTICATION_POLICY_OID, CardAuthorityKind, JlisOptions, SimulatedJlis},
    keys::{KeyAlgorithm, PrivateKey, write_private},
    pem,
    profile::{ServerName, TerminalIdentity},
};
use population::Persona;
use server::{simulated_jlis::OCSP_PATH, terminal_api::receipt::ReceiptSigner};
use store::audit::SigningKey;
use toml::{Table, Value};

use crate::{
    demo::{joining, people::prepare_cards, ports::Ports},
    folder::DataFolder,
};

/// The demo's institution.
pub(crate) const INSTITUTION_CODE: &str = "1319990012";
/// Its name.
pub(crate) const INSTITUTION_NAME: &str = "架空内科医院";
/// Its terminal.
pub(crate) const TERMINAL_NAME: &str = "受付1";

/// The number the demo's institution gave its first patient, as the published sample messages have it.
pub(crate) const REFERENCE_NUMBER: &str = "K0000123";

/// Where patients would find マイナ在宅受付Web: a name that leads nowhere, as the demo has no such site.
const HOME_VISIT_ORIGIN: &str = "https://zaitaku.shikaku.example";

pub(crate) const SERVER_KEY: &str = "server.key.pem";
pub(crate) const SERVER_CERTIFICATE: &str = "server.cert.pem";
pub(crate) const TERMINAL_KEY: &str = "terminal.key.pem";
pub(crate) const TERMINAL_CERTIFICATE: &str = "terminal.cert.pem";
pub(crate) const RECEIPT_KEY: &str = "receipts.key.pem";
/// The public half, as a terminal is given it.
pub(crate) const RECEIPT_KEYS: &str = "receipt-keys.json";
pub(crate) const AUDIT_KEY: &str = "audit.key";
pub(crate) const NONCE_KEY: &str = "nonces.key";
pub(crate) const CARD_ROOTS: &str = "card-roots.pem";
/// How old the authority of the network is when a demo begins: older than any certificate that is in use.
const AUTHORITY_AGE_MONTHS: i32 = 48;
/// Random bytes of the nonce key.
const NONCE_KEY_BYTES: usize = 32;

/// Where the demo stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) folder: &'a DataFolder,
    pub(crate) ports: Ports,
    /// Where the centre keeps its data, unless in the folder.
    pub(crate) database_url: Option<&'a str>,
}

/// What was found or made.
pub(crate) struct Premises {
    pub(crate) terminal: TerminalIdentity,
}

/// The code of the demo's institution.
pub(crate) fn institution() -> Result<InstitutionCode> {
    Ok(InstitutionCode::parse(INSTITUTION_CODE)?)
}

impl Premises {
    /// Finds or makes everything below the folder.
    pub(crate) fn prepare(place: Place<'_>, everybody: &[Persona], now: Instant) -> Result<Self> {
        let Place { folder, ports, .. } = place;
        let keys = folder.root().join("keys");
        // The population and the cards are everybody's data.
        for kept in [folder.root(), &keys, &folder.cards(), &folder.root().join("population")] {
            private_folder(kept)?;
        }
        let options = JlisOptions { ocsp_url: format!("http://{}{OCSP_PATH}", ports.jlis()), generations: 1 };
        let jlis = SimulatedJlis::open_or_create(&folder.jlis(), &options, now)?;
        let founded = add_months_at(now, -AUTHORITY_AGE_MONTHS);
        let authority = InstitutionAuthority::open_or_create(&folder.authority(), founded)?;
        let terminal_certificate = certificates(folder, &authority, now)?;
        joining::settings::prepare(folder, &authority, now)?;
        own_keys(folder)?;
        std::fs::write(folder.key(CARD_ROOTS), jlis.roots_pem(CardAuthorityKind::Authentication)?)?;
        prepare_cards(&jlis, everybody, now)?;
        // One opener at a time: the server opens it next.
        drop(jlis);
        write_settings(place)?;
        let terminal = TerminalIdentity::read(&terminal_certificate)?;
        Ok(Self { terminal })
    }
}

/// The server's and the terminal's certificate; gives the terminal's.
fn certificates(folder: &DataFolder, authority: &InstitutionAuthority, now: Instant) -> Result<Vec<u8>> {
    if !folder.key(SERVER_CERTIFICATE).is_file() {
        let names = [ServerName::parse("localhost")?, ServerName::Ip(Ipv4Addr::LOCALHOST.into())];
        let (key, issued) = authority.issue_server_with_key(&names, now)?;
        save(folder, SERVER_KEY, SERVER_CERTIFICATE, &key, &issued)?;
    }
    if !folder.key(TERMINAL_CERTIFICATE).is_file() {
        let subject =
            TerminalSubject { institution: institution()?, terminal: TerminalName::parse(TERMINAL_NAME)? };
        let (key, issued) = authority.issue_terminal_with_key(&subject, now)?;
        save(folder, TERMINAL_KEY, TERMINAL_CERTIFICATE, &key, &issued)?;
    }
    let text = std::fs::read_to_string(folder.key(TERMINAL_CERTIFICATE))?;
    Ok(pem::decode(pem::CERTIFICATE, &text)?)
}

pub(crate) fn save(
    folder: &DataFolder,
    key_file: &str,
    certificate_file: &str,
    key: &PrivateKey,
    issued: &IssuedCertificate,
) -> Result<()> {
    // A start that was cut off between the two leaves a key without certificate: make both anew.
    remove_if_there(&folder.key(key_file))?;
    key.save(&folder.key(key_file))?;
    std::fs::write(folder.key(certificate_file), issued.pem()?).context("cannot write a certificate")
}

/// Keys that belong to no authority.
fn own_keys(folder: &DataFolder) -> Result<()> {
    if !folder.key(RECEIPT_KEY).is_file() {
        PrivateKey::generate(KeyAlgorithm::P256)?.save(&folder.key(RECEIPT_KEY))?;
    }
    let receipt_key = PrivateKey::load(&folder.key(RECEIPT_KEY))?;
    let signer = ReceiptSigner::new(receipt_key.pkcs8_der(), [])?;
    std::fs::write(folder.key(RECEIPT_KEYS), serde_json::to_vec_pretty(signer.published())?)?;
    if !folder.key(AUDIT_KEY).is_file() {
        write_private(&folder.key(AUDIT_KEY), SigningKey::generate()?.to_pem()?.as_bytes())?;
    }
    if !folder.key(NONCE_KEY).is_file() {
        let mut bytes = [0; NONCE_KEY_BYTES];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
        write_private(&folder.key(NONCE_KEY), hex::encode(bytes).as_bytes())?;
    }
    Ok(())
}

fn write_settings(place: Place<'_>) -> Result<()> {
    let Place { folder, ports, .. } = place;
    std::fs::write(folder.server_settings(), toml::to_string_pretty(&server_settings(place))?)?;
    std::fs::write(folder.terminal_settings(), toml::to_string_pretty(&terminal_settings(ports))?)
        .context("cannot write the settings")
}

/// Paths are relative, so that the folder can be moved.
fn server_settings(Place { ports, database_url, .. }: Place<'_>) -> Table {
    let key = |name: &str| text(format!("keys/{name}"));
    let mut settings = table([
        ("database_url", text(database_url.unwrap_or("sqlite:shikaku.db"))),
        ("home_visit_origin", text(HOME_VISIT_ORIGIN)),
        (
            "terminal_api",
            section([
                ("listen", text(ports.terminal_api())),
                ("certificate", key(SERVER_CERTIFICATE)),
                ("key", key(SERVER_KEY)),
                ("client_authorities", text(format!("ca/{ROOT_CERTIFICATE_FILE}"))),
            ]),
        ),
        (
            "institution_web",
            section([
                ("listen", text(ports.institution_web())),
                ("origin", text(institution_web_origin(ports))),
                ("environment", text("demo")),
            ]),
        ),
        (
            "cards",
            section([
                ("trust_anchors", Value::Array(vec![key(CARD_ROOTS)])),
                ("policies", Value::Array(vec![text(AUTHENTICATION_POLICY_OID)])),
                ("crl_refresh_s", Value::Integer(30)),
            ]),
        ),
        ("receipts", section([("key", key(RECEIPT_KEY))])),
        ("nonces", section([("key", key(NONCE_KEY))])),
        ("audit", section([("key", key(AUDIT_KEY))])),
        ("ops", section([("listen", text(ports.ops()))])),
        ("simulated_jlis", section([("listen", text(ports.jlis())), ("directory", text("jlis"))])),
    ]);
    joining::settings::add(&mut settings, ports);
    settings
}

/// The page of line authentication under its own name, with this demo's port.
pub(crate) fn line_by_name(ports: Ports) -> String {
    format!("https://www.lineauth.mnw:{}", ports.line_authentication().port())
}

fn terminal_settings(ports: Ports) -> Table {
    let key = |name: &str| text(format!("keys/{name}"));
    table([
        ("institution_code", text(INSTITUTION_CODE)),
        ("state", text("terminal/state")),
        ("drop", section([("root", text("terminal/OQS"))])),
        (
            "central",
            section([
                ("url", text(format!("https://{}", ports.terminal_api()))),
                ("ca_file", text(format!("ca/{ROOT_CERTIFICATE_FILE}"))),
                ("certificate_file", key(TERMINAL_CERTIFICATE)),
                ("key_file", key(TERMINAL_KEY)),
                ("receipt_keys_file", key(RECEIPT_KEYS)),
            ]),
        ),
        ("reader_link", section([("listen", text(ports.reader_link()))])),
        ("certificate", section([("retrieval_url", text(format!("http://{}", ports.authority())))])),
        (
            "gateway",
            section([
                ("listen", text(ports.gateway())),
                ("institution_web", text(institution_web_origin(ports))),
                ("line_authentication", text(line_by_name(ports))),
            ]),
        ),
    ])
}

/// Under the name in the server's certificate.
pub(crate) fn institution_web_origin(ports: Ports) -> String {
    format!("https://localhost:{}", ports.institution_web().port())
}

pub(crate) fn table<const N: usize>(entries: [(&str, Value); N]) -> Table {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(crate) fn section<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Table(table(entries))
}

pub(crate) fn text(value: impl ToString) -> Value {
    Value::String(value.to_string())
}

/// Makes a folder that only its owner can enter; one that is there stays as it is.
pub(crate) fn private_folder(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot replace {}", path.display()))
        }
        _ => Ok(()),
    }
}
