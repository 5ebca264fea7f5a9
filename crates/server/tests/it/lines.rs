//! Line authentication: who gets through by which line, and what the page says. Every address of 127/8 is one of this
//! machine's, so each of them is a line here.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use eligibility::institution::InstitutionCode;
use eligibility::line::{AddressPrefix, CircuitKind, CustomerId, LINE_SESSION_DAYS};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::json;
use server::line_auth::presses::PRESSES_MAX;
use server::terminal_api::router::ROUTES;
use server::terminal_api::status::STATUS_PATH;
use store::{LineRegistration, NewLine, PrefixNotice};
use testkit::client::{Connection, Http, connect_from};
use testkit::system::{Engine, INSTITUTION, TestSystem, TestTerminal, line_authentication, open_lines};

use wire::institution_certificate::CODE_HEADER;

use crate::on_both_engines;
use crate::support::audit_entries;

on_both_engines! {
    a_server_that_says_nothing_of_lines_demands_one
    an_unconnected_line_gets_a_network_error_whatever_it_asks
    a_line_of_another_institution_is_refused_and_recorded
    no_header_tells_where_a_request_comes_from
    another_prefix_cuts_open_connections
    a_stop_elsewhere_acts_within_seconds
    an_unused_line_runs_out_and_a_used_one_does_not
    a_line_cut_while_a_body_comes_gets_nothing
    the_page_says_how_the_line_stands
    declining_says_what_it_means_and_how_to_come_back
    the_page_answers_its_own_name_and_its_own_forms_only
    buttons_cannot_be_pressed_without_end
}

const OTHER: &str = "1311111111";
const DAY: Duration = Duration::from_secs(86_400);

async fn system(engine: Engine) -> TestSystem {
    TestSystem::start_with(engine, |config| config.line_authentication = Some(line_authentication())).await
}

fn code(text: &str) -> InstitutionCode {
    InstitutionCode::parse(text).expect("a code")
}

fn customer(institution: &str) -> CustomerId {
    CustomerId::parse(&format!("CAF{institution}")).expect("a customer id")
}

fn prefixes(texts: &[&str]) -> Vec<AddressPrefix> {
    texts.iter().map(|text| AddressPrefix::parse(text).expect("a prefix")).collect()
}

async fn register(system: &TestSystem, institution: &str, addresses: &[&str]) {
    let new = NewLine {
        institution_code: code(institution),
        circuit: CircuitKind::IpVpnNtt,
        customer_id: Some(customer(institution)),
        prefixes: Some(prefixes(addresses)),
        shared: false,
    };
    let done = system.store().register_line(new, "operator:o1", system.clock.now()).await;
    assert_eq!(done, Ok(LineRegistration::Done));
    system.server.refresh_lines().await.expect("looks");
}

/// A browser on the line of `source`.
struct Browser<'a> {
    system: &'a TestSystem,
    source: IpAddr,
}

struct Page {
    status: u16,
    location: String,
    html: String,
}

impl Browser<'_> {
    fn host(&self) -> String {
        format!("localhost:{}", self.address().port())
    }

    fn address(&self) -> SocketAddr {
        self.system.server.line_authentication().expect("the page")
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Page {
        let stream = connect_from(self.source, self.address()).await.expect("a connection");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        let (parts, body) = sender.send_request(request).await.expect("an answer").into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let location = parts.headers.get("location").map(|to| to.to_str().expect("text").to_owned());
        let html = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Page { status: parts.status.as_u16(), location: location.unwrap_or_default(), html }
    }

    async fn get(&self, path: &str) -> Page {
        let request = Request::get(path).header("host", self.host());
        self.send(request.body(Full::default()).expect("a request")).await
    }

    /// Presses a button of the page.
    async fn press(&self, choice: &str) -> Page {
        let request = Request::post("/choice")
            .header("host", self.host())
            .header("origin", format!("http://{}", self.host()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(format!("choice={choice}"))));
        self.send(request.expect("a request")).await
    }
}

fn browser<'a>(system: &'a TestSystem, source: &str) -> Browser<'a> {
    Browser { system, source: source.parse().expect("an address") }
}

async fn line_to(terminal: &TestTerminal, source: &str) -> Connection {
    let source = source.parse().expect("an address");
    Connection::open_from(source, terminal.address(), &terminal.tls, Http::Two).await.expect("connects")
}

/// Status and code of the answer to a question that any registered terminal may ask.
async fn asked(connection: &Connection) -> (u16, String) {
    let reply = connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer");
    (reply.status, reply.code())
}

fn good() -> (u16, String) {
    (200, String::new())
}

fn network_error() -> (u16, String) {
    (403, "OQSA9110E".to_owned())
}

/// Without a word about lines in its settings, and with nothing but an address for the page in them.
async fn a_server_that_says_nothing_of_lines_demands_one(engine: Engine) {
    let silent = TestSystem::start_with(engine, |config| {
        config.line_authentication = None;
        config.institution_web = Some(crate::support::institution_web());
    })
    .await;
    assert!(silent.server.line_authentication().is_none(), "no page is opened unasked");
    let terminal = silent.terminal(INSTITUTION, "front-1").await;
    let connection = line_to(&terminal, "127.0.0.1").await;
    assert_eq!(asked(&connection).await, network_error());
    let web = silent.server.institution_web().expect("it answers");
    let browser = Connection::open(web, &terminal.tls, Http::Two).await.expect("connects");
    let page = Request::get("/").header("host", format!("localhost:{}", web.port())).body(Full::default());
    let reply = browser.request(page.expect("a request")).await.expect("an answer");
    let said = reply.headers.get(CODE_HEADER).map(|code| code.as_bytes().to_vec());
    assert_eq!(said.as_deref(), Some(&b"OQSA9110E"[..]), "the institution web asks for a line as well");
    // A line that is registered and connected elsewhere, on the same database, is enough.
    register(&silent, INSTITUTION, &["127.0.0.0/24"]).await;
    assert_eq!(asked(&connection).await, network_error(), "registered, and not connected");
    let peer = [127, 0, 0, 1].into();
    silent.store().connect_line(peer, silent.clock.now()).await.expect("connects");
    silent.server.refresh_lines().await.expect("looks");
    assert_eq!(asked(&connection).await, good());
    silent.stop().await;

    let page_alone = TestSystem::start_with(engine, |config| {
        let text = "listen = \"127.0.0.1:0\"\norigin = \"http://localhost\"";
        config.line_authentication = Some(toml::from_str(text).expect("settings"));
    })
    .await;
    let terminal = page_alone.terminal(INSTITUTION, "front-1").await;
    assert_eq!(asked(&line_to(&terminal, "127.0.0.1").await).await, network_error());
    page_alone.stop().await;

    let open = TestSystem::start_with(engine, |config| config.line_authentication = Some(open_lines())).await;
    let terminal = open.terminal(INSTITUTION, "front-1").await;
    assert_eq!(asked(&line_to(&terminal, "127.0.0.1").await).await, good(), "said so: everybody comes in");
    open.stop().await;
}

async fn an_unconnected_line_gets_a_network_error_whatever_it_asks(engine: Engine) {
    let system = system(engine).await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    register(&system, INSTITUTION, &["127.0.1.0/24"]).await;
    let connection = line_to(&terminal, "127.0.1.5").await;
    for route in &ROUTES {
        let reply = connection.send(route.method.clone(), route.path, Some(&json!({}))).await;
        let reply = reply.expect("an answer");
        assert_eq!((reply.status, reply.code()), network_error(), "{}", route.path);
        assert!(reply.json()["title"].as_str().is_some_and(|title| title.contains("ネットワークエラー")));
    }
    assert_eq!(browser(&system, "127.0.1.9").press("connect").await.location, "/connected");
    assert_eq!(asked(&connection).await, good(), "the open connection, at once");
    // The everyday thing leaves no trace of a denial.
    let denied = audit_entries(&system).await.into_iter().filter(|entry| entry.outcome.starts_with("denied"));
    assert_eq!(denied.count(), 0);
    system.stop().await;
}

async fn a_line_of_another_institution_is_refused_and_recorded(engine: Engine) {
    let system = system(engine).await;
    let own = system.terminal(INSTITUTION, "front-1").await;
    let other = system.terminal(OTHER, "other-1").await;
    register(&system, INSTITUTION, &["127.0.1.0/24"]).await;
    register(&system, OTHER, &["127.0.2.0/24"]).await;
    browser(&system, "127.0.1.1").press("connect").await;
    browser(&system, "127.0.2.1").press("connect").await;
    assert_eq!(asked(&line_to(&own, "127.0.1.1").await).await, good());
    assert_eq!(asked(&line_to(&other, "127.0.2.1").await).await, good());
    // Both lines are connected; each is one institution's.
    assert_eq!(asked(&line_to(&other, "127.0.1.1").await).await, network_error());
    assert_eq!(asked(&line_to(&own, "127.0.2.1").await).await, network_error());
    assert_eq!(asked(&line_to(&own, "127.0.3.1").await).await, network_error(), "and nobody's is nobody's");
    let entries = audit_entries(&system).await;
    let denied: Vec<_> = entries.iter().filter(|entry| entry.outcome == "denied:LineNotConnected").collect();
    assert_eq!(denied.iter().filter(|entry| entry.institution_code == OTHER).count(), 1);
    assert_eq!(denied.iter().filter(|entry| entry.institution_code == INSTITUTION).count(), 2);
    system.stop().await;
}

async fn no_header_tells_where_a_request_comes_from(engine: Engine) {
    let system = system(engine).await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    register(&system, INSTITUTION, &["127.0.1.0/24"]).await;
    browser(&system, "127.0.1.1").press("connect").await;
    let away = line_to(&terminal, "127.0.9.9").await;
    let elsewhere = browser(&system, "127.0.9.9");
    for name in ["x-forwarded-for", "x-real-ip", "forwarded", "client-ip", "true-client-ip", "x-client-ip"] {
        let value = if name == "forwarded" { "for=127.0.1.1" } else { "127.0.1.1" };
        let request = Request::get(STATUS_PATH).header(name, value).body(Full::default());
        let reply = away.request(request.expect("a request")).await.expect("an answer");
        assert_eq!((reply.status, reply.code()), network_error(), "{name}");
        let request = Request::get("/").header("host", elsewhere.host()).header(name, value);
        let page = elsewhere.send(request.body(Full::default()).expect("a request")).await;
        assert!(page.html.contains("登録された回線ではありません"), "{name}");
    }
    system.stop().await;
}

async fn another_prefix_cuts_open_connections(engine: Engine) {
    let system = system(engine).await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    register(&system, INSTITUTION, &["127.0.1.0/24"]).await;
    let page = browser(&system, "127.0.1.1");
    page.press("connect").await;
    let connection = line_to(&terminal, "127.0.1.1").await;
    assert_eq!(asked(&connection).await, good());
    let moved = prefixes(&["127.0.4.0/24"]);
    let now = system.clock.now();
    let notice = system.store().notify_line_prefixes(&customer(INSTITUTION), moved, "carrier:ntt", now).await;
    assert_eq!(notice, Ok(PrefixNotice::Done { ended: 1 }));
    system.server.refresh_lines().await.expect("looks");
    assert_eq!(asked(&connection).await, network_error());
    let moved = browser(&system, "127.0.4.1");
    assert!(moved.get("/").await.html.contains("回線のアドレスが変わったため切断されました"));
    assert_eq!(asked(&line_to(&terminal, "127.0.4.1").await).await, network_error());
    moved.press("connect").await;
    assert_eq!(asked(&line_to(&terminal, "127.0.4.1").await).await, good());
    assert_eq!(asked(&connection).await, network_error(), "the old address stays outside");
    system.stop().await;
}

async fn a_stop_elsewhere_acts_within_seconds(engine: Engine) {
    let system = system(engine).await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    register(&system, INSTITUTION, &["127.0.1.0/24"]).await;
    browser(&system, "127.0.1.1").press("connect").await;
    let connection = line_to(&terminal, "127.0.1.1").await;
    assert_eq!(asked(&connection).await, good());
    // Another process: nobody tells this one.
    let other = store::Store::open(system.database_url(), store::Options::default()).await.expect("opens");
    let stopped = other.stop_line(&code(INSTITUTION), "operator:o1", system.clock.now()).await;
    assert_eq!(stopped, Ok(true));
    let mut answer = good();
    for _ in 0..4_000 {
        answer = asked(&connection).await;
        if answer != good() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(answer, network_error());
    system.stop().await;
}

async fn an_unused_line_runs_out_and_a_used_one_does_not(engine: Engine) {
    let system = system(engine).await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    register(&system, INSTITUTION, &["127.0.1.0/24"]).await;
    let page = browser(&system, "127.0.1.1");
    page.press("connect").await;
    let connection = line_to(&terminal, "127.0.1.1").await;
    let days = u32::try_from(LINE_SESSION_DAYS).expect("days");
    for _ in 0..3 {
        // Used when less than half is left: three times more than half of a term is more than a term.
        system.advance(DAY * (days / 2 + 1)).await;
        assert_eq!(asked(&connection).await, good());
        system.server.refresh_lines().await.expect("renews");
    }
    system.advance(DAY * days + Duration::from_secs(1)).await;
    assert_eq!(asked(&connection).await, network_error());
    assert!(page.get("/").await.html.contains("しばらく利用がなかったため切断されました"));
    page.press("connect").await;
    assert_eq!(asked(&connection).await, good());
    system.stop().await;
}

async fn a_line_cut_while_a_body_comes_gets_nothing(engine: Engine) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let system = system(engine).await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    register(&system, INSTITUTION, &["127.0.0.0/24"]).await;
    browser(&system, "127.0.0.1").press("connect").await;
    let open = testkit::client::open_tls(terminal.address(), &terminal.tls, Http::One).await;
    let mut open = open.expect("a connection");
    let begun = "POST /v1/nonces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 content-length: 12\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n";
    open.write_all(begun.as_bytes()).await.expect("written");
    let mut go_on = [0; 25];
    open.read_exact(&mut go_on).await.expect("the server waits for the body");
    let now = system.clock.now();
    system.store().end_line_sessions(&code(INSTITUTION), "operator:o1", now).await.expect("ends");
    system.server.refresh_lines().await.expect("looks");
    open.write_all(b"{\"count\": 1}").await.expect("written");
    let mut answer = Vec::new();
    let _ = open.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("OQSA9110E"), "{answer}");
    system.stop().await;
}

async fn the_page_says_how_the_line_stands(engine: Engine) {
    let system = system(engine).await;
    register(&system, INSTITUTION, &["127.0.1.0/24"]).await;
    let page = browser(&system, "127.0.1.1");
    let offered = page.get("/").await;
    assert_eq!(offered.status, 200);
    for words in [">希望する</button>", ">希望しない</button>", "127.0.1.1", "LANケーブル"] {
        assert!(offered.html.contains(words), "{words}: {}", offered.html);
    }
    assert!(!offered.html.contains("<script"), "it works without");
    let pressed = page.press("connect").await;
    assert_eq!((pressed.status, pressed.location.as_str()), (303, "/connected"));
    let done = page.get("/connected").await;
    for words in ["回線認証接続済み", "回線認証に成功しました。"] {
        assert!(done.html.contains(words), "{words}: {}", done.html);
    }
    let again = browser(&system, "127.0.1.77").get("/").await;
    assert!(again.html.contains("回線認証接続済み") && !again.html.contains("成功しました"));
    assert!(!again.html.contains("<button"), "nothing to choose: {}", again.html);
    // Nobody's line: what to check, whom to call, and no button. What was pressed there changes nothing.
    let stranger = browser(&system, "127.0.9.9");
    let told = stranger.get("/").await;
    assert_eq!(told.status, 403);
    for words in ["登録された回線ではありません", "LANケーブル", "ご連絡ください", "127.0.9.9"]
    {
        assert!(told.html.contains(words), "{words}: {}", told.html);
    }
    assert!(!told.html.contains("<button"));
    assert_eq!(stranger.press("connect").await.location, "/");
    assert!(!stranger.get("/connected").await.html.contains("成功しました"));
    system.stop().await;
}

async fn declining_says_what_it_means_and_how_to_come_back(engine: Engine) {
    let system = system(engine).await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    register(&system, INSTITUTION, &["127.0.1.0/24"]).await;
    let page = browser(&system, "127.0.1.1");
    assert_eq!(page.press("decline").await.location, "/declined");
    let told = page.get("/declined").await.html;
    for words in ["回線認証接続を行いませんでした。", "ネットワークエラー", "href=\"/\""]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let connection = line_to(&terminal, "127.0.1.1").await;
    assert_eq!(asked(&connection).await, network_error());
    assert!(page.get("/").await.html.contains("「希望しない」が選ばれたため接続していません"));
    page.press("connect").await;
    assert_eq!(asked(&connection).await, good());
    // An old page's button cuts nothing.
    assert_eq!(page.press("decline").await.location, "/");
    assert_eq!(asked(&connection).await, good());
    assert!(page.get("/declined").await.html.contains("回線認証接続済み"));
    assert_eq!(page.press("neither").await.status, 400);
    system.stop().await;
}

async fn the_page_answers_its_own_name_and_its_own_forms_only(engine: Engine) {
    let system = system(engine).await;
    register(&system, INSTITUTION, &["127.0.1.0/24"]).await;
    let page = browser(&system, "127.0.1.1");
    let foreign = Request::get("/").header("host", "evil.example").body(Full::default());
    assert_eq!(page.send(foreign.expect("a request")).await.status, 421);
    for origin in [None, Some("null"), Some("http://evil.example"), Some("http://localhost")] {
        let mut request = Request::post("/choice").header("host", page.host());
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from_static(b"choice=connect")));
        assert_eq!(page.send(request.expect("a request")).await.status, 403, "{origin:?}");
    }
    assert_eq!(page.get("/choice").await.status, 404, "loading a page presses nothing");
    assert!(page.get("/").await.html.contains("希望する"), "still unconnected");
    system.stop().await;
}

async fn buttons_cannot_be_pressed_without_end(engine: Engine) {
    let system = system(engine).await;
    register(&system, INSTITUTION, &["127.0.1.0/24"]).await;
    register(&system, OTHER, &["127.0.2.0/24"]).await;
    for press in 0..PRESSES_MAX {
        // Another address of the same line does not help.
        let page = browser(&system, &format!("127.0.1.{}", press + 1));
        assert_eq!(page.press("connect").await.status, 303);
    }
    let page = browser(&system, "127.0.1.99");
    let refused = page.press("connect").await;
    assert_eq!(refused.status, 429);
    assert!(refused.html.contains("10分ほど待ってから"), "{}", refused.html);
    assert_eq!(browser(&system, "127.0.2.1").press("connect").await.status, 303, "another line is free");
    system.hands.advance(Duration::from_secs(601));
    assert_eq!(page.press("connect").await.status, 303);
    system.stop().await;
}
