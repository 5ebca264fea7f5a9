//! A centre that issues, renews and judges certificates over real TLS, and an institution web behind the same door.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use eligibility::{
    Instant, calendar::tokyo_date, institution::InstitutionCode, institution_certificate::CertificateUses,
};
use pki::{
    TerminalSubject, Validity,
    authority::InstitutionAuthority,
    csr::{self, KeyStanding},
    profile::TerminalIdentity,
};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use terminal::config::{Config, GatewayConfig};
use wire::{institution_certificate::*, terminal_api::Problem};

use crate::{counter::config_in, cut_line};

/// The letter this centre has.
pub(crate) const NUMBER: &str = "123456789012";
pub(crate) const SECRET: &str = "ABCDEFGHJKMNPQRS";
/// Whom it is for.
pub(crate) const TERMINAL_NAME: &str = "みなと薬局1号機";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub(crate) fn now() -> Instant {
    Instant(jiff::Timestamp::now().as_millisecond())
}

/// What one request was.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
    /// Serial number of the certificate it came with.
    pub(crate) serial: Option<String>,
}

/// What a test may change.
pub(crate) struct Mood {
    /// How every certificate stands.
    pub(crate) stage: CertificateStage,
    /// Days a certificate lives from its issue.
    pub(crate) days: i64,
    /// Whom the letter is for.
    pub(crate) letter_for: String,
    /// The certificate with this serial number stands so, whatever the others do.
    pub(crate) over: Option<(String, CertificateStage)>,
    /// The standing of this certificate is answered with a problem of this code.
    pub(crate) problem: Option<&'static str>,
    /// Answers with this date header.
    pub(crate) date: Option<&'static str>,
    /// Questions of the browser, below `/broken`, that are heard and not answered: the connection breaks.
    pub(crate) breaks: usize,
    pub(crate) heard: Vec<Heard>,
    /// Certificates given for a key.
    given: HashMap<String, String>,
}

pub(crate) struct IssuingCentre {
    pub(crate) authority: InstitutionAuthority,
    mood: Mutex<Mood>,
    pub(crate) port: u16,
    pub(crate) retrieval_port: u16,
}

impl IssuingCentre {
    /// Opens both doors; the threads end with the process.
    pub(crate) fn open(dir: &Path) -> Arc<Self> {
        let authority = cut_line::authority(&dir.join("authority"));
        let tls = cut_line::server(&authority, Some(&authority));
        let door = || TcpListener::bind("127.0.0.1:0").expect("a port");
        let (mutual, plain) = (door(), door());
        let port_of = |door: &TcpListener| door.local_addr().expect("an address").port();
        let mood = Mutex::new(Mood {
            stage: CertificateStage::Valid,
            days: 1_100,
            letter_for: "1319990012".into(),
            over: None,
            problem: None,
            date: None,
            breaks: 0,
            heard: Vec::new(),
            given: HashMap::new(),
        });
        let (port, retrieval_port) = (port_of(&mutual), port_of(&plain));
        let centre = Arc::new(Self { authority, mood, port, retrieval_port });
        centre.serve(mutual, Some(tls));
        centre.serve(plain, None);
        centre
    }

    pub(crate) fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A terminal without a certificate that knows this centre.
    pub(crate) fn terminal(&self, dir: &Path) -> Config {
        let mut config = config_in(dir);
        std::fs::create_dir_all(&config.state).expect("creates");
        config.central.url = format!("https://localhost:{}", self.port);
        config.central.ca_file = dir.join("ca.pem");
        config.central.certificate_file = std::path::PathBuf::new();
        config.central.key_file = std::path::PathBuf::new();
        std::fs::write(&config.central.ca_file, self.authority.certificate_pem().expect("PEM"))
            .expect("writes");
        config.certificate.retrieval_url = Some(format!("http://127.0.0.1:{}", self.retrieval_port));
        config.gateway = Some(GatewayConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            institution_web: Some(format!("https://localhost:{}", self.port)),
            ..GatewayConfig::default()
        });
        config
    }

    /// Key and chain of a certificate that lives so many days from now.
    pub(crate) fn issue(&self, institution: &str, days: i64) -> (pki::keys::PrivateKey, String) {
        let subject = TerminalSubject {
            institution: InstitutionCode::parse(institution).expect("a code"),
            terminal: pki::TerminalName::parse(TERMINAL_NAME).expect("a name"),
        };
        let key = pki::keys::PrivateKey::generate(pki::keys::KeyAlgorithm::P256).expect("a key");
        let issued =
            self.authority.issue_terminal(&subject, key.public_key(), validity(days)).expect("a certificate");
        (key, issued.pem().expect("PEM"))
    }

    fn serve(self: &Arc<Self>, door: TcpListener, tls: Option<Arc<ServerConfig>>) {
        let centre = Arc::clone(self);
        std::thread::spawn(move || {
            for line in door.incoming().flatten() {
                let (centre, tls) = (Arc::clone(&centre), tls.clone());
                std::thread::spawn(move || match tls {
                    Some(tls) => centre.converse_in_tls(line, tls),
                    None => centre.converse(&mut BufReader::new(line), None),
                });
            }
        });
    }

    fn converse_in_tls(&self, line: TcpStream, tls: Arc<ServerConfig>) {
        let mut stream = StreamOwned::new(ServerConnection::new(tls).expect("a connection"), line);
        while stream.conn.is_handshaking() {
            if stream.conn.complete_io(&mut stream.sock).is_err() {
                let _ = stream.conn.write_tls(&mut stream.sock);
                return;
            }
        }
        let leaf = stream.conn.peer_certificates().and_then(|chain| chain.first());
        let identity = leaf.map(|leaf| TerminalIdentity::read(leaf).expect("a terminal's"));
        let mut reader = BufReader::new(stream);
        self.converse(&mut reader, identity);
        let stream = reader.get_mut();
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }

    fn converse<S: Read + Write>(&self, line: &mut BufReader<S>, who: Option<TerminalIdentity>) {
        let Some(heard) = read_request(line, who.as_ref()) else { return };
        let (status, kind, body) = self.answer(&heard, who);
        let may_break = heard.line.contains(" /broken");
        self.mood().heard.push(heard);
        if may_break && self.breaks_now() {
            return;
        }
        let date = self.mood().date.map(|date| format!("date: {date}\r\n")).unwrap_or_default();
        let text = format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: {kind}\r\n{date}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let _ = line.get_mut().write_all(text.as_bytes());
    }

    fn breaks_now(&self) -> bool {
        let mut mood = self.mood();
        let breaks = mood.breaks > 0;
        mood.breaks = mood.breaks.saturating_sub(1);
        breaks
    }

    fn answer(&self, heard: &Heard, who: Option<TerminalIdentity>) -> (String, &'static str, String) {
        let mut words = heard.line.split(' ');
        let path = words.nth(1).unwrap_or_default();
        let answered = match (path, who) {
            (RETRIEVAL_PATH, None) => self.retrieve(&heard.body),
            (RENEWAL_PATH, Some(who)) => self.renew(&heard.body, &who),
            (STANDING_PATH, Some(who)) => self.standing(&who),
            (_, Some(who)) => return web(path, &who),
            _ => Err(("404 Not Found", "not-here", String::new())),
        };
        match answered {
            Ok(value) => ("200 OK".into(), "application/json", value.to_string()),
            Err((status, code, title)) => {
                let problem = Problem {
                    kind: "about:blank".into(),
                    title,
                    status: 0,
                    code: code.into(),
                    detail: Some("手順を確かめてください。".into()),
                    retry_after_s: None,
                };
                let body = serde_json::to_string(&problem).expect("JSON");
                (status.into(), "application/problem+json", body)
            }
        }
    }

    fn retrieve(&self, body: &str) -> Answered {
        let request: RetrievalRequest = serde_json::from_str(body).expect("a request");
        if (request.retrieval_number.as_str(), request.secret.as_str()) != (NUMBER, SECRET) {
            return Err(("403 Forbidden", "retrieval-wrong", "あと4回入力できます。".into()));
        }
        let institution = InstitutionCode::parse(&self.mood().letter_for).expect("a code");
        let subject = TerminalSubject {
            institution: institution.clone(),
            terminal: pki::TerminalName::parse(TERMINAL_NAME).expect("a name"),
        };
        let chain = request.request_pem.map(|pem| self.certify(&pem, &subject)).transpose()?;
        let answer = RetrievalAnswer {
            subject: about(&subject),
            not_after: chain.as_ref().map(|_| now()),
            chain_pem: chain,
            pkcs12_base64: None,
        };
        Ok(serde_json::to_value(answer).expect("JSON"))
    }

    fn renew(&self, body: &str, who: &TerminalIdentity) -> Answered {
        let request: RenewalRequest = serde_json::from_str(body).expect("a request");
        let chain_pem = self.certify(&request.request_pem, &who.subject)?;
        let (not_after, old_valid_until) = (now(), now());
        Ok(serde_json::to_value(RenewalAnswer { chain_pem, not_after, old_valid_until }).expect("JSON"))
    }

    /// The same key gets the same certificate.
    fn certify(&self, pem: &str, subject: &TerminalSubject) -> Result<String, Refused> {
        let request = csr::check_pem(pem, subject)
            .map_err(|why| ("422 Unprocessable", REQUEST_REFUSED, why.to_string()))?;
        let fingerprint = request.key_fingerprint();
        let mut mood = self.mood();
        if let Some(chain) = mood.given.get(&fingerprint) {
            return Ok(chain.clone());
        }
        let key = request.accept(KeyStanding::New).expect("new");
        let issued = self.authority.issue_terminal(subject, &key, validity(mood.days)).expect("issued");
        let chain = issued.pem().expect("PEM");
        mood.given.insert(fingerprint, chain.clone());
        Ok(chain)
    }

    fn standing(&self, who: &TerminalIdentity) -> Answered {
        let mood = self.mood();
        if let Some(code) = mood.problem {
            return Err(("403 Forbidden", code, "電子証明書は失効しています。".into()));
        }
        let answer = StandingAnswer {
            serial: who.serial.clone(),
            subject: about(&who.subject),
            not_after: who.validity.not_after,
            days_left: eligibility::calendar::days_between(
                tokyo_date(now()),
                tokyo_date(who.validity.not_after),
            ),
            stage: match &mood.over {
                Some((serial, stage)) if *serial == who.serial => *stage,
                _ => mood.stage,
            },
            successor: None,
            words: Words {
                sentence: "センターの言葉。".into(), remedy: "センターの手当て。".into()
            },
        };
        Ok(serde_json::to_value(answer).expect("JSON"))
    }
}

type Refused = (&'static str, &'static str, String);
type Answered = Result<Value, Refused>;

fn validity(days: i64) -> Validity {
    let now = now().0;
    Validity::new(Instant(now - 60 * 60 * 1000), Instant(now + days * DAY_MS)).expect("a period")
}

fn about(subject: &TerminalSubject) -> CertificateSubject {
    CertificateSubject {
        institution_code: subject.institution.clone(),
        institution_name: "みなと薬局".into(),
        terminal_name: subject.terminal.as_str().to_owned().try_into().expect("a name"),
        uses: CertificateUses::EligibilityAndBilling,
    }
}

/// The institution web: says who came, and does what a path asks for.
fn web(path: &str, who: &TerminalIdentity) -> (String, &'static str, String) {
    let serial = &who.serial;
    match path {
        "/cookie" => (
            "200 OK\r\nset-cookie: __Host-s=abc; Path=/; Domain=evil.example; Max-Age=60\r\n\
             strict-transport-security: max-age=1\r\nclear-site-data: \"*\"\r\nkeep-alive: 5"
                .into(),
            "text/html",
            "ok".into(),
        ),
        "/away" => ("303 See Other\r\nlocation: /login?x=1".into(), "text/html", String::new()),
        "/other-host" => {
            ("303 See Other\r\nlocation: http://evil.example/".into(), "text/html", String::new())
        }
        _ if path.starts_with("/back") => {
            let host = path.trim_start_matches("/back/");
            (format!("303 See Other\r\nlocation: {host}"), "text/html", String::new())
        }
        "/line" => {
            let code = eligibility::errors::ErrorCode::LineNotConnected.code();
            let body = format!(r#"{{"title":"ネットワークエラー","status":503,"code":"{code}"}}"#);
            ("503 Service Unavailable".into(), "application/problem+json", body)
        }
        _ => ("200 OK".into(), "text/html; charset=utf-8", format!("証明書 {serial}")),
    }
}

fn read_request(line: &mut impl BufRead, who: Option<&TerminalIdentity>) -> Option<Heard> {
    let (mut head, mut length, mut chunked) = (String::new(), 0_usize, false);
    while !head.ends_with("\r\n\r\n") {
        let from = head.len();
        if line.read_line(&mut head).ok()? == 0 {
            return None;
        }
        let lower = head[from..].to_ascii_lowercase();
        if let Some(number) = lower.strip_prefix("content-length:") {
            length = number.trim().parse().expect("a length");
        }
        chunked |= lower.starts_with("transfer-encoding:");
    }
    let mut body = vec![0; length];
    line.read_exact(&mut body).ok()?;
    if chunked {
        let mut size = String::from("x");
        while !size.trim().is_empty() && size.trim() != "0" {
            size.clear();
            line.read_line(&mut size).ok()?;
            let mut chunk = vec![0; usize::from_str_radix(size.trim(), 16).ok()? + 2];
            line.read_exact(&mut chunk).ok()?;
            chunk.truncate(chunk.len() - 2);
            body.extend(chunk);
        }
    }
    Some(Heard {
        line: head.lines().next().unwrap_or_default().to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
        head,
        serial: who.map(|who| who.serial.clone()),
    })
}
