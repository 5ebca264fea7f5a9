//! A portal and an operator's side over one database, and browsers that are signed in to them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, header};
use eligibility::{
    Instant,
    account::{MailAddress, OperatorRole, PortalRole},
    application::{Actor, Side},
    institution::InstitutionCode,
};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes};
use hyper_util::rt::TokioIo;
use server::listener::ListenerLimits;
use server::operator;
use server::portal::applications::{self, CarryingOut, SheetMaker};
use server::web::{Site, door, seal::Seal};
use server::{Clock, ClockHands};
use store::{
    Audience, FormId, Institution, InstitutionAddress, MailText, NewMail, NewMailLink, NewOperator,
    OperatorAccount, Options, PendingRegistration, ProofWay, REGISTRATION_LINK, Stage, Store, WebSession,
    audit::AuditEvent,
};
use testkit::postgres;
use testkit::system::Engine;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// 2026-11-22T00:00:00Z: 9 in the morning in Tokyo.
const NOW: Instant = Instant(1_795_305_600_000);

pub(crate) struct Sites {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) hands: ClockHands,
    pub(crate) portal: Arc<Site>,
    pub(crate) operator: Arc<Site>,
    addresses: [SocketAddr; 2],
    stop: CancellationToken,
    folder: Option<tempfile::TempDir>,
}

impl Drop for Sites {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn database(engine: Engine, folder: &tempfile::TempDir) -> Store {
    let url = match engine {
        Engine::Sqlite => format!("sqlite:{}", folder.path().join("sites.db").display()),
        Engine::Postgres => {
            let migrated = |url: String| async move {
                let store = Store::open(&url, Options::default()).await.map_err(|e| e.to_string())?;
                store.migrate().await.map(drop).map_err(|e| e.to_string())
            };
            postgres::cluster().database("server_sites", migrated).await.expect("a PostgreSQL database")
        }
    };
    let store = Store::open(&url, Options::default()).await.expect("opens");
    store.migrate().await.expect("migrates");
    store
}

/// The key that the letters of the tests are sealed with.
pub(crate) fn seal() -> Arc<Seal> {
    Arc::new(Seal::new(&[0x5a; 32]).expect("a key"))
}

fn limits() -> ListenerLimits {
    let time = Duration::from_secs(10);
    ListenerLimits {
        connections: 200,
        network_connections: None,
        terminal_connections: 200,
        handshake: time,
        header: time,
        body: time,
        idle: time,
        drain: Duration::from_millis(100),
    }
}

impl Sites {
    pub(crate) async fn open(engine: Engine) -> Self {
        Self::with_sheets(engine, None).await
    }

    pub(crate) async fn with_sheets(engine: Engine, sheets: Option<Arc<SheetMaker>>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database(engine, &folder).await;
        let (clock, hands) = Clock::driven(NOW);
        let mut sites = Self::over(store, clock, hands, sheets).await;
        sites.folder = Some(folder);
        sites
    }

    /// Over the database and the clock of a system that runs besides.
    pub(crate) async fn over(
        store: Store,
        clock: Clock,
        hands: ClockHands,
        sheets: Option<Arc<SheetMaker>>,
    ) -> Self {
        let stop = CancellationToken::new();
        let mut addresses = Vec::new();
        let mut sites = Vec::new();
        for audience in [Audience::Portal, Audience::Operator] {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            let (name, menu, routes) = match audience {
                Audience::Portal => {
                    ("医療機関等向け総合ポータルサイト", &[][..], applications::routes(sheets.clone()))
                }
                Audience::Operator => (operator::NAME, operator::MENU, operator::routes(seal())),
                Audience::Institution => unreachable!("not of these two"),
            };
            let site = Arc::new(Site {
                name,
                audience: Some(audience),
                origin: format!("http://localhost:{}", address.port()),
                other_origins: Vec::new(),
                sign_in: "/sign-in",
                home: "/",
                menu,
                store: store.clone(),
                clock: clock.clone(),
            });
            tokio::spawn(door::serve(listener, None, site.furnish(routes), limits(), stop.clone()));
            addresses.push(address);
            sites.push(site);
        }
        let addresses = [addresses[0], addresses[1]];
        let operator = sites.pop().expect("two");
        let portal = sites.pop().expect("two");
        Self { store, clock, hands, portal, operator, addresses, stop, folder: None }
    }

    /// An institution of the register, with its address, and its representative signed in.
    pub(crate) async fn institution(&self, code: &str, name: &str) -> Browser {
        self.address(&InstitutionCode::parse(code).expect("a code")).await;
        self.without_address(code, name).await
    }

    pub(crate) async fn address(&self, code: &InstitutionCode) {
        let address = InstitutionAddress {
            postal_code: "1310045".to_owned(),
            first_line: "東京都墨田区架空一丁目2番3号".to_owned(),
            second_line: None,
        };
        self.store.put_institution_address(code, address).await.expect("writes");
    }

    /// An institution that the register has no address of.
    pub(crate) async fn without_address(&self, code: &str, name: &str) -> Browser {
        let clinic = self.unproven(code, name, name).await;
        let code = InstitutionCode::parse(code).expect("a code");
        self.prove(&code, &format!("account-{code}")).await;
        clinic
    }

    /// An institution of the register, and whoever registered it on the portal under a name, signed in.
    pub(crate) async fn unproven(&self, code: &str, name: &str, typed_name: &str) -> Browser {
        let code = InstitutionCode::parse(code).expect("a code");
        let named = Institution { code: code.clone(), name: name.to_owned() };
        self.store.put_institution(named).await.expect("writes");
        let account = self.account(&code, typed_name).await;
        self.signed_in(&code, &account, PortalRole::Representative).await
    }

    async fn account(&self, code: &InstitutionCode, name: &str) -> String {
        let payload = PendingRegistration {
            institution_code: code.clone(),
            institution_name: name.to_owned(),
            name: "佐藤　花子".to_owned(),
            phone: "03-0000-0000".to_owned(),
            mail: MailAddress::parse(&format!("office@c{code}.example")).expect("an address"),
            password_hash: "-".to_owned(),
        };
        let mut token = [0; 32];
        token[..10].copy_from_slice(code.as_str().as_bytes());
        let now = self.clock.now();
        let link = NewMailLink {
            token,
            purpose: REGISTRATION_LINK.to_owned(),
            payload: serde_json::to_string(&payload).expect("JSON"),
            ends_at: Instant(now.0 + 1000),
        };
        let form = FormId { subject: "register".to_owned(), form_id: code.to_string() };
        let mail = NewMail {
            mail_id: format!("registration-{code}"),
            recipient: "office@example.jp".to_owned(),
            subject_line: "登録".to_owned(),
            text: MailText::Open("登録".to_owned()),
        };
        self.store.mail_link(form, Some(link), mail, now).await.expect("writes");
        let subject = format!("account-{code}");
        match self.store.confirm_registration(token, subject.clone(), now).await.expect("writes") {
            store::Confirmed::Done(account) => account.subject,
            _ => panic!("no account"),
        }
    }

    /// A person of the operator made sure that the account is of the institution.
    pub(crate) async fn prove(&self, code: &InstitutionCode, account: &str) {
        let by =
            Actor { side: Side::Operator(OperatorRole::Reviewer), account: "kakunin".to_owned(), mail: None };
        let proof = (ProofWay::Phone, "院長に電話で確認");
        let proven = self.store.prove_registrant((code, account), proof, by, self.clock.now()).await;
        assert_eq!(proven, Ok(true));
    }

    /// A browser of a portal account.
    pub(crate) async fn signed_in(&self, code: &InstitutionCode, account: &str, role: PortalRole) -> Browser {
        let session = self.session(Audience::Portal, account, Some(code.clone()), role.name());
        self.browser(&self.portal, self.addresses[0], session).await
    }

    /// An account of the operator, signed in once.
    pub(crate) async fn operator(&self, id: &str, role: OperatorRole) -> Browser {
        self.operator_under(id, role, &format!("{id}@operator.example")).await
    }

    pub(crate) async fn operator_under(&self, id: &str, role: OperatorRole, mail: &str) -> Browser {
        let account = OperatorAccount {
            id: id.to_owned(),
            name: id.to_owned(),
            mail: MailAddress::parse(mail).expect("an address"),
            role,
            created_by: "command-line".to_owned(),
            created_at: self.clock.now(),
            closed_at: None,
        };
        let new = NewOperator { account, password_hash: "-".to_owned(), sealed_totp_secret: vec![1] };
        let added = self.store.add_operator(new).await.expect("writes");
        assert_eq!(added, store::OperatorAdded::Added);
        self.operator_again(id, role).await
    }

    /// Another session of an account of the operator.
    pub(crate) async fn operator_again(&self, id: &str, role: OperatorRole) -> Browser {
        let session = self.session(Audience::Operator, id, None, role.name());
        self.browser(&self.operator, self.addresses[1], session).await
    }

    fn session(
        &self,
        audience: Audience,
        subject: &str,
        institution_code: Option<InstitutionCode>,
        role: &str,
    ) -> WebSession {
        let now = self.clock.now();
        WebSession {
            audience,
            subject: subject.to_owned(),
            institution_code,
            role: role.to_owned(),
            name: "佐藤　花子".to_owned(),
            stage: Stage::Full,
            began_at: now,
            seen_at: now,
            ends_at: now,
        }
    }

    async fn browser(&self, site: &Site, address: SocketAddr, session: WebSession) -> Browser {
        let event = AuditEvent {
            actor: session.actor(),
            action: "sign-in".to_owned(),
            object: "session".to_owned(),
            outcome: "done".to_owned(),
            detail: String::new(),
        };
        let cookie = site.begin_session(session, None, event).await.expect("a session");
        let cookie = cookie.to_str().expect("text").split(';').next().expect("a pair").to_owned();
        Browser { address, origin: site.origin.clone(), cookie: Some(cookie) }
    }

    /// The audit log as exported, after signing a head over it.
    pub(crate) async fn audit_dump(&self) -> String {
        let key = store::audit::SigningKey::generate().expect("a key");
        self.store.audit_integrate_and_sign(&key, self.clock.now()).await.expect("a signed head");
        let mut dump = Vec::new();
        self.store.audit_export(&mut dump).await.expect("a dump");
        String::from_utf8(dump).expect("UTF-8")
    }

    /// A browser without a session at the site of another.
    pub(crate) fn stranger(of: &Browser) -> Browser {
        Browser { cookie: None, ..of.clone() }
    }

    /// Carries out what was approved and is no certificate.
    pub(crate) async fn carry_out(&self) -> u64 {
        CarryingOut::new(self.store.clone(), self.clock.clone()).advance().await.expect("carries out")
    }
}

/// A page as a browser got it.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) bytes: Bytes,
}

impl Page {
    /// Where it leads.
    pub(crate) fn to(&self) -> &str {
        let location = self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        location.unwrap_or_else(|| panic!("{} leads nowhere: {}", self.status, self.text))
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
        let rest = self.text.split_once(&start).unwrap_or_else(|| panic!("no {name}: {}", self.text)).1;
        rest.split('"').next().expect("an end").to_owned()
    }

    /// What an application's page says that it showed of the automatic checks; nothing where it offers no approval.
    pub(crate) fn shown_checks(&self) -> String {
        if self.text.contains("name=\"checks\"") { self.hidden("checks") } else { String::new() }
    }

    pub(crate) fn has(&self, words: &str) -> &Self {
        assert!(self.text.contains(words), "{words} is not in {}: {}", self.status, self.text);
        self
    }

    pub(crate) fn lacks(&self, words: &str) -> &Self {
        assert!(!self.text.contains(words), "{words} is in {}: {}", self.status, self.text);
        self
    }
}

/// A browser with or without a session.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) address: SocketAddr,
    pub(crate) origin: String,
    pub(crate) cookie: Option<String>,
}

/// Letters and digits stay, everything else is escaped.
fn encoded(text: &str) -> String {
    let byte = |b: u8| match b {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(b).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, String::new()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let pairs = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        self.send(Method::POST, path, pairs.collect::<Vec<_>>().join("&")).await
    }

    async fn send(&self, method: Method, path: &str, body: String) -> Page {
        let stream = TcpStream::connect(self.address).await.expect("connects");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("speaks HTTP");
        tokio::spawn(connection);
        let host = self.origin.trim_start_matches("http://");
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, host)
            .header(header::ORIGIN, &self.origin)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, HeaderValue::from_str(cookie).expect("a header"));
        }
        let request = request.body(Full::new(Bytes::from(body))).expect("a request");
        let reply = sender.send_request(request).await.expect("an answer");
        let (head, body) = reply.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Page { status: head.status.as_u16(), headers: head.headers, text, bytes }
    }
}
