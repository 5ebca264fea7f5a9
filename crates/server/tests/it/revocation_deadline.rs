//! A revocation acts within a minute at every door: on connections that are open, kept and resumed. No clock is
//! watched here: one reading of the table is enough, readings are at most so far apart as the settings allow, and a
//! table that could not be read for a minute is believed by nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eligibility::institution_certificate::RevocationReason;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request, header};
use rustls::client::Resumption;
use rustls::{ClientConfig, HandshakeKind};
use server::Config;
use server::ca::distribution::CACHED_MAX_S;
use server::listener::identity::AskingTerminal;
use server::listener::terminals::Standing;
use server::terminal_api::standing::{STANDING_MAX_AGE, Standings};
use server::terminal_api::status::STATUS_PATH;
use store::{Revoked, Store, TerminalCertificate};
use testkit::client::{Connection, Http, Reply, open_tls};
use testkit::system::{Engine, INSTITUTION};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wire::institution_certificate::CODE_HEADER;

use crate::ca_distribution::{fetch_unless, path_in, question_path};
use crate::ca_support::{Bench, PASSWORD, Site, Terminal, code, fetch};
use crate::on_both_engines;
use crate::settings::SMALLEST;

on_both_engines! {
    one_reading_ends_open_and_resumed_connections_at_both_doors
    the_server_reads_and_publishes_by_itself
}

/// A minute: what is promised.
const PROMISE: Duration = Duration::from_secs(60);
/// The longest time between two readings that the settings allow.
const LONGEST_REFRESH_S: u32 = 30;
const RENEWAL: &str = "/certificate-renewal";
const REVOKED: &str = "OQSA9103E";

async fn site(engine: Engine, refresh_s: u32) -> Site {
    Site::with(engine, |config| {
        config.terminal_api.standing_refresh_s = refresh_s;
        config.institution_web = Some(crate::support::institution_web());
    })
    .await
}

/// Where a certificate is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    TerminalApi,
    InstitutionWeb,
}

/// A terminal at one door, with the TLS sessions of that door alone.
struct Visitor {
    door: Door,
    address: std::net::SocketAddr,
    tls: Arc<ClientConfig>,
    kept: [Connection; 2],
}

impl Visitor {
    async fn at(door: Door, site: &Site, terminal: &Terminal) -> Self {
        let address = match door {
            Door::TerminalApi => terminal.address,
            Door::InstitutionWeb => site.system.server.institution_web().expect("it answers"),
        };
        let mut tls = ClientConfig::clone(&terminal.tls);
        tls.resumption = Resumption::in_memory_sessions(8);
        let tls = Arc::new(tls);
        let open = async |http| Connection::open(address, &tls, http).await.expect("a connection");
        let kept = [open(Http::One).await, open(Http::Two).await];
        Self { door, address, tls, kept }
    }

    fn host(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    fn path(&self) -> &'static str {
        if self.door == Door::TerminalApi { STATUS_PATH } else { "/" }
    }

    async fn ask(&self, connection: &Connection, path: &str, form: Option<&str>) -> Reply {
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.host())
            .header(header::ORIGIN, format!("https://{}", self.host()))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form.unwrap_or_default().to_owned())));
        connection.request(request.expect("a request")).await.expect("an answer")
    }

    /// One question on a connection that resumes the session of another: its head and body.
    async fn resumed(&self) -> String {
        let mut stream = open_tls(self.address, &self.tls, Http::One).await.expect("a connection");
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed), "{:?}", self.door);
        let (path, host) = (self.path(), self.host());
        let question = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(question.as_bytes()).await.expect("writes");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn is_let_in(&self) {
        for connection in &self.kept {
            assert_eq!(self.ask(connection, self.path(), None).await.status, 200, "{:?}", self.door);
        }
        assert!(self.resumed().await.starts_with("HTTP/1.1 200"), "{:?}", self.door);
    }

    fn says_revoked(&self, reply: &Reply) {
        assert_eq!(reply.status, 403, "{:?}", self.door);
        let told = match self.door {
            Door::TerminalApi => reply.code(),
            Door::InstitutionWeb => reply.headers[CODE_HEADER].to_str().expect("text").to_owned(),
        };
        assert_eq!(told, REVOKED, "{:?}", self.door);
        let words = String::from_utf8_lossy(&reply.bytes);
        assert!(words.contains("失効"), "{:?}: {words}", self.door);
    }

    /// Kept connections and a resumed one, each refused at its first question.
    async fn is_sent_away(&self) {
        for connection in &self.kept {
            self.says_revoked(&self.ask(connection, self.path(), None).await);
        }
        let answer = self.resumed().await;
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains(REVOKED), "{:?}: {answer}", self.door);
    }
}

async fn revoke(site: &Site, terminal: &Terminal) {
    let reason = RevocationReason::KeyCompromise;
    let revoked = site.desk().revoke(&code(), &terminal.serial, reason, "operator:o1", None).await;
    assert_eq!(revoked.expect("revokes"), Revoked::Now);
}

async fn one_reading_ends_open_and_resumed_connections_at_both_doors(engine: Engine) {
    let site = site(engine, LONGEST_REFRESH_S).await;
    let (lost, kept) = (site.terminal("o1").await, site.terminal("o2").await);
    site.system.server.refresh_terminals().await.expect("reads");
    let mut visitors = Vec::new();
    for terminal in [&lost, &kept] {
        for door in [Door::TerminalApi, Door::InstitutionWeb] {
            let visitor = Visitor::at(door, &site, terminal).await;
            visitor.is_let_in().await;
            visitors.push(visitor);
        }
    }
    revoke(&site, &lost).await;
    site.system.server.refresh_terminals().await.expect("reads");
    let (lost, kept) = visitors.split_at(2);
    for visitor in lost {
        visitor.is_sent_away().await;
    }
    // 電子証明書更新申請サイト is behind the same door: nothing is renewed there any more.
    let web = &lost[1];
    let connection = Connection::open(web.address, &web.tls, Http::Two).await.expect("a connection");
    let form = format!("password={PASSWORD}&password_again={PASSWORD}");
    for form in [None, Some(&*form)] {
        web.says_revoked(&web.ask(&connection, RENEWAL, form).await);
    }
    let all = site.system.store().certificates_of(&code()).await.expect("reads");
    assert_eq!(all.len(), 2);
    for visitor in kept {
        visitor.is_let_in().await;
    }
    site.system.stop().await;
}

async fn the_server_reads_and_publishes_by_itself(engine: Engine) {
    let site = site(engine, 1).await;
    let lost = site.terminal("o1").await;
    let bench = Bench::new(&site);
    bench.certificate("leaf.pem", &lost.chain[0]);
    let visitors = [
        Visitor::at(Door::TerminalApi, &site, &lost).await,
        Visitor::at(Door::InstitutionWeb, &site, &lost).await,
    ];
    for visitor in &visitors {
        visitor.is_let_in().await;
    }
    let question = question_path(&bench);
    let before = published(&site, &question, "").await;
    revoke(&site, &lost).await;
    // Nobody tells the server; whoever waits too long here is reported by the runner.
    for visitor in &visitors {
        let http2 = &visitor.kept[1];
        while visitor.ask(http2, visitor.path(), None).await.status == 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        visitor.is_sent_away().await;
    }
    // So does whoever reads the list.
    let issuing = site.desk().signing().authority().certificate_der();
    let path = path_in(&bench, "/crl/");
    let address = format!("http://crl.example{path}");
    loop {
        let (_, _, list) = fetch(site.distribution(), &path).await;
        let read = pki::crl::VerifiedCrl::verify_shard(&list, issuing, site.system.clock.now(), &address);
        if read.is_ok_and(|list| list.is_revoked(&lost.serial)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // And whoever asks about it, as soon as they ask again, which is within what is left of the minute.
    let after = published(&site, &question, &before.0).await;
    assert_ne!(before.0, after.0);
    bench.file("a.der", &after.1);
    let read = ["ocsp", "-respin", "a.der", "-issuer", "issuing.pem", "-cert", "leaf.pem", "-no_nonce"];
    let trust = ["-CAfile", "root.pem", "-verify_other", "issuing.pem"];
    let (_, said) = bench.openssl(&read.into_iter().chain(trust).collect::<Vec<_>>());
    assert!(said.contains("leaf.pem: revoked") && said.contains("keyCompromise"), "{said}");
    site.system.stop().await;
}

/// The answer that the server signed by itself and that is another than the one with this tag: its tag, and the answer.
async fn published(site: &Site, question: &str, tag: &str) -> (String, Bytes) {
    loop {
        let (status, now, body) = fetch_unless(site.distribution(), question, tag).await;
        // "Not yet" has no tag: it is not to be kept.
        if status == 200 && !now.is_empty() {
            return (now, body);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn what_is_kept_on_the_way_leaves_time_to_publish() {
    let kept = Duration::from_secs(CACHED_MAX_S.unsigned_abs());
    // The next look, a second one if the first failed, and signing.
    let looks = Duration::from_secs(1) * 2;
    assert!(kept + looks + Duration::from_secs(10) <= PROMISE, "{kept:?}");
}

#[test]
fn readings_are_never_a_minute_apart() {
    let problems = |seconds: u32| {
        let line = format!("[terminal_api]\nstanding_refresh_s = {seconds}");
        let text = SMALLEST.replace("[terminal_api]", &line);
        let problems = Config::parse(&text).expect("a configuration").check();
        problems.iter().filter(|problem| problem.setting == "terminal_api.standing_refresh_s").count()
    };
    assert_eq!((problems(LONGEST_REFRESH_S), problems(LONGEST_REFRESH_S + 1)), (0, 1));
    let default = Config::parse(SMALLEST).expect("a configuration").terminal_api.standing_refresh_s;
    assert!(default <= LONGEST_REFRESH_S, "{default}");
    // A reading that fails is tried again, and two in a row still fit into the promise.
    assert!(Duration::from_secs(u64::from(LONGEST_REFRESH_S)) * 2 <= PROMISE);
    assert!(STANDING_MAX_AGE <= PROMISE);
}

/// A table of one terminal over a database of its own, whose time goes on when the test says so.
struct Table {
    store: Store,
    standings: Arc<Standings>,
    terminal: AskingTerminal,
    elapsed_ms: Arc<AtomicU64>,
}

impl Table {
    fn later(&self, by: Duration) {
        self.elapsed_ms.fetch_add(u64::try_from(by.as_millis()).expect("short"), Ordering::SeqCst);
    }
}

async fn table(folder: &tempfile::TempDir) -> Table {
    let url = format!("sqlite:{}", folder.path().join("standings.db").display());
    let store = Store::open(&url, store::Options::default()).await.expect("opens");
    store.migrate().await.expect("migrates");
    let now = server::Clock::system().now();
    let terminal = AskingTerminal {
        institution_code: code(),
        terminal_name: "受付1".to_owned(),
        fingerprint: "ab".repeat(32),
        not_after: eligibility::Instant(i64::MAX),
    };
    let institution = store::Institution { code: code(), name: INSTITUTION.to_owned() };
    store.put_institution(institution).await.expect("an institution");
    let certificate = TerminalCertificate {
        institution_code: code(),
        fingerprint: terminal.fingerprint.clone(),
        terminal_name: terminal.terminal_name.clone(),
        not_after: eligibility::calendar::add_months_at(now, 39),
        revoked_at: None,
        changed_at: now,
    };
    store.register_terminal_certificate(certificate).await.expect("a terminal");
    let elapsed_ms = Arc::new(AtomicU64::new(0));
    let time = Arc::clone(&elapsed_ms);
    let standings = Standings::timed_by(store.clone(), move || time.load(Ordering::SeqCst));
    standings.refresh().await.expect("reads");
    Table { store, standings, terminal, elapsed_ms }
}

#[tokio::test]
async fn what_could_not_be_read_for_a_minute_is_believed_by_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = table(&folder).await;
    table.later(STANDING_MAX_AGE);
    assert!(!table.standings.is_stale());
    table.later(Duration::from_millis(1));
    assert!(table.standings.is_stale(), "the database has been away for a minute");
    table.standings.refresh().await.expect("reads");
    assert!(!table.standings.is_stale());
}

#[tokio::test]
async fn a_revocation_under_a_late_clock_is_found_within_the_minute() {
    // How far apart readings are: short, just too short for a whole one in time, as long as may be.
    for refresh_s in [5, 22, LONGEST_REFRESH_S] {
        let folder = tempfile::tempdir().expect("a folder");
        let table = table(&folder).await;
        let Table { store, standings, terminal, .. } = &table;
        let slot = standings.slot_of(terminal.clone()).await;
        assert_eq!(slot.standing(), Standing::Registered);
        let an_hour_ago = eligibility::Instant(server::Clock::system().now().0 - 3_600_000);
        let revoked = store.revoke_terminal_certificate(&code(), &terminal.fingerprint, an_hour_ago).await;
        assert_eq!(revoked, Ok(true));
        standings.refresh().await.expect("reads what is new");
        assert_eq!(slot.standing(), Standing::Registered, "by its time it is not new");
        let refresh = Duration::from_secs(u64::from(refresh_s));
        for _ in 0..PROMISE.as_secs() / refresh.as_secs() {
            table.later(refresh);
            standings.refresh().await.expect("reads");
        }
        assert_eq!(slot.standing(), Standing::Revoked, "every {refresh_s} s");
    }
}
