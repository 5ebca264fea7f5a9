//! Approved applications become letters, certificates and revocations: from the portal over the operator's desk and the
//! post room to a terminal's open connection.

use std::time::Duration;

use eligibility::account::OperatorRole;
use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::RevocationReason;
use hyper::Method;
use pki::keys::{KeyAlgorithm, PrivateKey};
use rustls::HandshakeKind;
use serde_json::json;
use server::terminal_api::status::STATUS_PATH;
use testkit::client::{Connection, Http, open_tls};
use testkit::system::{Engine, INSTITUTION};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::applications::{decide, desk, filled, handed_in};
use crate::ca_support::{DAY, Site, Terminal, code, codes, request_of};
use crate::on_both_engines;
use crate::sites::{Browser, Page, Sites};
use crate::support::audit_entries;

on_both_engines! {
    a_letter_is_opened_on_the_record_posted_and_wiped
    an_approved_revocation_ends_open_and_resumed_connections
    a_letter_without_an_address_is_shown_with_its_remedy
    a_code_change_ends_the_old_codes_certificates_on_its_day
}

const NAME: &str = "架空髙﨑内科";
/// 端末名称 of the form these tests fill in.
pub(crate) const TERMINAL: &str = "みなと薬局2号機";
/// Between two looks at what the server does by itself.
const PAUSE: Duration = Duration::from_millis(50);

/// Portal, desks and authority over one database.
pub(crate) struct Offices {
    pub(crate) site: Site,
    pub(crate) sites: Sites,
    clinic: Browser,
    pub(crate) reviewers: [Browser; 2],
    pub(crate) post_room: Browser,
}

impl Offices {
    pub(crate) async fn open(engine: Engine) -> Self {
        let site = Site::open(engine).await;
        let system = &site.system;
        let sites =
            Sites::over(system.store().clone(), system.clock.clone(), system.hands.clone(), None).await;
        let clinic = sites.institution(INSTITUTION, NAME).await;
        let reviewers = [
            sites.operator("sato", OperatorRole::Reviewer).await,
            sites.operator("tanaka", OperatorRole::Reviewer).await,
        ];
        let post_room = sites.operator("yubin", OperatorRole::PostRoom).await;
        Self { site, sites, clinic, reviewers, post_room }
    }

    /// Hands in and approves; the place on the operator's side.
    pub(crate) async fn approved(&self, kind: &str, fields: &[(&str, &str)], eyes: usize) -> String {
        let at = desk(INSTITUTION, &handed_in(&self.clinic, kind, fields).await);
        for reviewer in self.reviewers.iter().take(eyes) {
            let decided = decide(reviewer, &at, "approve", "").await;
            assert_eq!(decided.status, 303, "{kind}: {}", decided.text);
        }
        at
    }

    /// The letter that the authority wrote by itself for an approved application: its address.
    pub(crate) async fn letter(&self) -> String {
        let page = until(&self.post_room, "/letters", TERMINAL).await;
        let (_, link) = page.text.split_once("<a href=\"/letters/").expect("a letter");
        format!("/letters/{}", link.split_once("/pdf\"").expect("a link").0)
    }

    /// The terminal that the letter of an approved application makes.
    async fn terminal(&self) -> Terminal {
        self.approved("certificate-issue", &filled("certificate-issue"), 2).await;
        let letter = self.letter().await;
        let pdf = self.post_room.get(&format!("{letter}/pdf")).await;
        let sent = [("tracking_number", "123-45-67890-1")];
        assert_eq!(self.post_room.post(&format!("{letter}/post"), &sent).await.to(), "/letters");
        let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
        let wish = json!({ "request_pem": request_of(TERMINAL, &key) });
        let (status, answer) = self.site.retrieve(&codes(&pdf.bytes), wish).await;
        assert_eq!(status, 200, "{answer}");
        // As within a second by itself.
        self.site.system.server.refresh_terminals().await.expect("reads");
        self.site.with_chain(answer["chain_pem"].as_str().expect("a chain"), key)
    }

    pub(crate) async fn recorded(&self, action: &str) -> Vec<(String, String, String)> {
        let entries = audit_entries(&self.site.system).await.into_iter();
        let found = entries.filter(|entry| entry.action == action);
        found.map(|entry| (entry.actor, entry.object, entry.detail)).collect()
    }
}

/// A page once it says this; the server gets there by itself, or the runner's limit reports it.
pub(crate) async fn until(browser: &Browser, path: &str, words: &str) -> Page {
    loop {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        if page.text.contains(words) {
            return page;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// How the terminal is answered once it is no longer let in.
async fn refused(connection: &Connection) -> (u16, String) {
    loop {
        let reply = connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer");
        if reply.status != 200 {
            return (reply.status, reply.code());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One question on a connection that resumes the session of another.
async fn resumed(terminal: &Terminal) -> String {
    let mut stream = open_tls(terminal.address, &terminal.tls, Http::One).await.expect("a connection");
    assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
    let question = format!("GET {STATUS_PATH} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.expect("writes");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn a_letter_is_opened_on_the_record_posted_and_wiped(engine: Engine) {
    let offices = Offices::open(engine).await;
    offices.approved("certificate-issue", &filled("certificate-issue"), 2).await;
    let letter = offices.letter().await;
    let pdf = format!("{letter}/pdf");
    let object = format!("letter:{}", letter.rsplit('/').next().expect("an id"));
    // Who may not, and who asks for another institution's letter, opens nothing and leaves no entry.
    assert_eq!(offices.reviewers[0].get(&pdf).await.status, 404);
    assert_eq!(offices.post_room.get(&pdf.replace(INSTITUTION, "1319990020")).await.status, 404);
    assert_eq!(offices.recorded("certificate.letter.open").await, []);
    let opened = offices.post_room.get(&pdf).await;
    assert_eq!((opened.status, &opened.bytes[..5]), (200, b"%PDF-".as_slice()));
    let by = "operator:yubin".to_owned();
    let entry = (by.clone(), object.clone(), String::new());
    assert_eq!(offices.recorded("certificate.letter.open").await, std::slice::from_ref(&entry));
    // Printed again, recorded again.
    let again = codes(&offices.post_room.get(&pdf).await.bytes);
    assert_eq!(again, codes(&opened.bytes));
    assert_eq!(offices.recorded("certificate.letter.open").await, [entry.clone(), entry]);
    let post = async |number: &str| {
        offices.post_room.post(&format!("{letter}/post"), &[("tracking_number", number)]).await
    };
    // Who sees it before the post cannot use it, and the database alone shows nothing.
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let wish = json!({ "request_pem": request_of(TERMINAL, &key) });
    let (status, answer) = offices.site.retrieve(&again, wish.clone()).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("retrieval-not-posted")), "{answer}");
    let id = letter.rsplit('/').next().expect("an id");
    let kept = offices.sites.store.sealed_letter(&code(), id).await.expect("reads").expect("there");
    assert!(!kept.starts_with(b"%PDF-"), "it is sealed");
    assert_eq!(post("12").await.status, 422);
    for _ in 0..2 {
        assert_eq!(post("123-45-67890-1").await.to(), "/letters");
    }
    offices.post_room.get("/letters").await.has("123-45-67890-1").lacks("/pdf\"");
    assert_eq!(offices.post_room.get(&pdf).await.status, 404, "the secret is gone");
    assert_eq!(offices.recorded("certificate.letter.open").await.len(), 2);
    let posted = offices.recorded("certificate.letter.post").await;
    assert_eq!(posted, [(by, object, "tracking=123-45-67890-1".to_owned())]);
    // What was posted works.
    assert_eq!(offices.site.retrieve(&again, wish).await.0, 200);
    offices.site.system.stop().await;
}

async fn an_approved_revocation_ends_open_and_resumed_connections(engine: Engine) {
    let offices = Offices::open(engine).await;
    let terminal = offices.terminal().await;
    let http2 = terminal.connect().await.expect("a connection");
    let http1 = Connection::open(terminal.address, &terminal.tls, Http::One).await.expect("a connection");
    for connection in [&http1, &http2] {
        let reply = connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer");
        assert_eq!(reply.status, 200, "{}", reply.code());
    }
    assert!(resumed(&terminal).await.starts_with("HTTP/1.1 200"));
    let mut fields = filled("certificate-revocation");
    for field in &mut fields {
        if field.0 == "serial" {
            field.1 = &terminal.serial;
        }
    }
    let at = offices.approved("certificate-revocation", &fields, 1).await;
    until(&offices.reviewers[0], &at, "状態 <strong>完了</strong>").await;
    // Nobody tells the server: it notices at its next reading, for every connection at once.
    for connection in [&http2, &http1] {
        assert_eq!(refused(connection).await, (403, "OQSA9103E".to_owned()));
    }
    assert!(resumed(&terminal).await.starts_with("HTTP/1.1 403"));
    offices.site.system.stop().await;
}

async fn a_letter_without_an_address_is_shown_with_its_remedy(engine: Engine) {
    const MOVED: &str = "1319990046";
    let offices = Offices::open(engine).await;
    let moved = offices.sites.without_address(MOVED, "みなと薬局").await;
    let at = desk(MOVED, &handed_in(&moved, "certificate-issue", &filled("certificate-issue")).await);
    for reviewer in &offices.reviewers {
        assert_eq!(decide(reviewer, &at, "approve", "").await.status, 303);
    }
    let page = until(&offices.reviewers[0], &at, "手続きが止まっています").await;
    page.has("台帳に住所がない").has("台帳に住所を登録してください。");
    offices.reviewers[0].get("/queues").await.has("手続きが止まっている申請").has("台帳に住所がない");
    offices.sites.address(&InstitutionCode::parse(MOVED).expect("a code")).await;
    until(&offices.reviewers[0], &at, "状態 <strong>完了</strong>").await.lacks("手続きが止まって");
    offices.reviewers[0].get("/queues").await.lacks("手続きが止まって");
    offices.site.system.stop().await;
}

async fn a_code_change_ends_the_old_codes_certificates_on_its_day(engine: Engine) {
    let offices = Offices::open(engine).await;
    let (site, sites) = (&offices.site, &offices.sites);
    offices.approved("use-start", &[("circuit_kind", "ipsec_ike"), ("start_month", "")], 1).await;
    assert_eq!(sites.carry_out().await, 1);
    let terminal = offices.terminal().await;
    let (_, unused) = site.unposted("unused", TERMINAL).await;
    let connection = terminal.connect().await.expect("a connection");
    let tomorrow = eligibility::calendar::tokyo_date(eligibility::Instant(
        sites.clock.now().0 + i64::try_from(DAY.as_millis()).expect("a day"),
    ))
    .to_string();
    let mut fields = filled("code-change");
    for field in &mut fields {
        if field.0 == "date" {
            field.1 = &tomorrow;
        }
    }
    offices.approved("code-change", &fields, 2).await;
    assert_eq!(sites.carry_out().await, 0, "its day is tomorrow");
    let reply = connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer");
    assert_eq!(reply.status, 200, "{}", reply.code());
    site.system.hands.advance(DAY);
    assert_eq!(sites.carry_out().await, 1);
    assert_eq!(refused(&connection).await, (403, "OQSA9103E".to_owned()));
    let ended = sites.store.certificates_of(&code()).await.expect("reads");
    let reasons: Vec<_> =
        ended.iter().map(|one| one.revocation.map(|revocation| revocation.reason)).collect();
    assert_eq!(reasons, [Some(RevocationReason::AffiliationChanged)]);
    assert_eq!(offices.recorded("certificate.revoke").await.len(), 1);
    // A letter to the old code makes no certificate any more.
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let wish = json!({ "request_pem": request_of(TERMINAL, &key) });
    assert_ne!(site.retrieve(&unused, wish).await.0, 200);
    assert_eq!(sites.store.letters_to_post().await, Ok(vec![]));
    assert_eq!(sites.carry_out().await, 0, "done once");
    offices.site.system.stop().await;
}
