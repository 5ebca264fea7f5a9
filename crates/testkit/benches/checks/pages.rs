//! Pages of the institution web, opened by two hundred people at once.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eligibility::Instant;
use eligibility::institution::InstitutionCode;
use pki::authority::InstitutionAuthority;
use pki::profile::TerminalIdentity;
use pki::{TerminalName, TerminalSubject, pem};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use store::audit::AuditEvent;
use store::{Audience, Options, Stage, Store, TerminalCertificate, TokenHash, WebSession};
use wire::terminal_api::{NUMBER_VERIFICATIONS_PATH, NumberCheckRequest};

use crate::Line;
use crate::checks::{People as Patients, now};
use crate::load::{self, Target, post};
use crate::site::{INSTITUTION_WEB_PORT, Site};

/// People with a page open, each on a connection of their own.
const USERS: usize = 200;
/// People at one terminal: it answers sixteen requests at once.
const USERS_OF_ONE: usize = 8;
/// Pages opened at full speed: everybody opens the next one as soon as the last one is there.
const FULL: usize = 20_000;
/// Pages opened at half of that.
const HALF: usize = 10_000;
/// Pages that warm the caches first.
const WARM: usize = 2_000;
/// How long their sessions may last, milliseconds.
const SESSION_MS: i64 = 3_600_000;
/// What of the menu they open.
const PAGES: [&str; 7] = [
    "/menu",
    "/eligibility/number",
    "/bulk",
    "/accounts",
    "/visual-check-passcode",
    "/facility-settings",
    "/activation",
];
/// Results that they look at, each of another check.
const RESULTS: usize = 16;
/// The floor: a file that the same server sends to the same people.
const FILE: &str = "/static/site.css";

/// Measures: pages a second at full speed; p50 and p99 at half of it; the floor is a file.
pub(crate) async fn measure(site: &Site, patients: &Patients) -> Result<Line> {
    let people = People::sign_in(site).await?;
    let (server, counter) = site.serve()?;
    site.listens(INSTITUTION_WEB_PORT)?;
    let opened = opened(&counter, patients).await?;
    let file = |count| people.requests(&[FILE.to_owned()], count);
    let pages = |count| people.requests(&opened, count);
    load::run_over(&people.targets, file(WARM), USERS, None).await?;
    let floor = load::run_over(&people.targets, file(FULL), USERS, None).await?;
    load::run_over(&people.targets, pages(WARM), USERS, None).await?;
    let cpu = server.cpu_us()?;
    let full = load::run_over(&people.targets, pages(FULL), USERS, None).await?;
    let cpu_us = (server.cpu_us()? - cpu) / full.answered as f64;
    let half = load::run_over(&people.targets, pages(HALF), USERS, Some(full.per_second() / 2.0)).await?;
    eprintln!(
        "{USERS} people, each opening the next page at once: p50 {:.1} ms, p99 {:.1} ms",
        full.percentile(0.50),
        full.percentile(0.99)
    );
    Ok(Line {
        name: "institution_pages",
        per_second: Some(full.per_second()),
        floor_per_second: Some(floor.per_second()),
        ratio: Some(full.per_second() / floor.per_second()),
        p50_ms: Some(half.percentile(0.50)),
        p99_ms: Some(half.percentile(0.99)),
        cpu_us: Some(cpu_us),
        rss_mib: Some(server.rss_anon_mib()?),
        ..Line::default()
    })
}

/// Everything they open: the menu's pages, as many results as other pages, and 操作履歴 of today.
async fn opened(counter: &Target, patients: &Patients) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for index in 0..RESULTS {
        let id = result_id()?;
        let request = NumberCheckRequest::new(id.clone(), patients.query(index));
        let request = post(NUMBER_VERIFICATIONS_PATH, &serde_json::to_vec(&request)?);
        load::ask_once(counter, &request).await.context("a check whose result is looked at")?;
        paths.push(format!("/eligibility/results/{id}"));
        let page = PAGES.iter().cycle().nth(index).context("pages")?;
        paths.push((*page).to_owned());
        if index.is_multiple_of(PAGES.len()) {
            let today = patients.query(0).as_of;
            paths.push(format!("/history?from={today}&until={today}"));
        }
    }
    Ok(paths)
}

/// The id of a check as the pages make them: 128 bits that nobody can guess.
fn result_id() -> Result<String> {
    let mut bytes = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).ok().context("no randomness")?;
    Ok(bytes.iter().fold("web-".to_owned(), |id, byte| format!("{id}{byte:02x}")))
}

/// Two hundred people who are signed in, and the terminals they sit at.
struct People {
    targets: Vec<Target>,
    /// The secrets of their sessions, as their browsers send them.
    secrets: Vec<String>,
}

impl People {
    /// Terminals are admitted and sessions begun in the store, before the server starts: no password is hashed here.
    async fn sign_in(site: &Site) -> Result<Self> {
        let url = format!("sqlite:{}", site.path("shikaku.db").display());
        let store = Store::open(&url, Options::default()).await?;
        let institution = InstitutionCode::parse(population::DEMO_INSTITUTION)?;
        let authority = InstitutionAuthority::open(&site.path("ca"))?;
        let mut targets = Vec::new();
        for number in 0..USERS.div_ceil(USERS_OF_ONE) {
            targets.push(terminal(site, &store, &authority, (&institution, number)).await?);
        }
        let mut secrets = Vec::new();
        for number in 0..USERS {
            secrets.push(begin_session(&store, &institution, number).await?);
        }
        Ok(Self { targets, secrets })
    }

    fn requests(&self, paths: &[String], count: usize) -> Arc<Vec<Vec<u8>>> {
        let request = |index: usize| {
            let secret = &self.secrets[index % self.secrets.len()];
            // Another page for everybody each time round.
            let path = &paths[(index + index / self.secrets.len()) % paths.len()];
            format!(
                "GET {path} HTTP/1.1\r\nhost: localhost:{INSTITUTION_WEB_PORT}\r\n\
                 cookie: __Host-shikaku-institution={secret}\r\naccept: text/html\r\n\r\n"
            )
            .into_bytes()
        };
        Arc::new((0..count).map(request).collect())
    }
}

/// One more terminal of the institution, with a certificate of the installation's own authority.
async fn terminal(
    site: &Site,
    store: &Store,
    authority: &InstitutionAuthority,
    (institution, number): (&InstitutionCode, usize),
) -> Result<Target> {
    let terminal_name = format!("bench-{number:02}");
    let name = TerminalName::parse(&terminal_name)?;
    let subject = TerminalSubject { institution: institution.clone(), terminal: name };
    let at = now()?;
    let (key, issued) = authority.issue_terminal_with_key(&subject, at)?;
    let pem_text = issued.pem()?;
    let der = pem::decode(pem::CERTIFICATE, &pem_text)?;
    let identity = TerminalIdentity::read(&der)?;
    let certificate = TerminalCertificate {
        institution_code: institution.clone(),
        fingerprint: identity.fingerprint,
        terminal_name,
        not_after: identity.validity.not_after,
        revoked_at: None,
        changed_at: at,
    };
    store.register_terminal_certificate(certificate).await?;
    let key = PrivateKeyDer::try_from(key.pkcs8_der().to_vec())
        .map_err(|error| anyhow::anyhow!("a terminal's key: {error}"))?;
    let chain = CertificateDer::pem_slice_iter(pem_text.as_bytes()).collect::<Result<_, _>>()?;
    let tls = Arc::new(site.tls_of(chain, key)?);
    Ok(Target { address: SocketAddr::from(([127, 0, 0, 1], INSTITUTION_WEB_PORT)), tls })
}

/// A session of an administrator; its secret.
async fn begin_session(store: &Store, institution: &InstitutionCode, number: usize) -> Result<String> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).ok().context("no randomness")?;
    let secret = URL_SAFE_NO_PAD.encode(bytes);
    let mut token: TokenHash = [0; 32];
    token.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
    let began_at = now()?;
    let session = WebSession {
        audience: Audience::Institution,
        subject: format!("{institution}:bench{number:03}"),
        institution_code: Some(institution.clone()),
        role: "administrator".to_owned(),
        name: "測定　用子".to_owned(),
        stage: Stage::Full,
        began_at,
        seen_at: began_at,
        ends_at: Instant(began_at.0 + SESSION_MS),
    };
    let audit = AuditEvent {
        actor: session.actor(),
        action: "account.sign-in".to_owned(),
        object: session.actor(),
        outcome: "done".to_owned(),
        detail: "by=bench".to_owned(),
    };
    store.begin_web_session(token, session, None, audit).await?;
    Ok(secret)
}
