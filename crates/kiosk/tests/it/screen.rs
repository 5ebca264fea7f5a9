//! The whole reader over its own HTTP: a tray with a simulated card, a real terminal, a real centre.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use card::{
    session::pinless::SimulatedPinlessAuthorizer,
    simulator::{Secret, SharedCard},
    transport::{CardTransport, Disposition, InProcessTransport, TransportError},
};
use kiosk::{
    FaceTalk, Faces, Kiosk, Parts, TerminalLink,
    machine::FaceSaid,
    pages::Voices,
    slot::{Tray, TrayCard},
};
use reqwest::{Client, Method, StatusCode, header, redirect::Policy};
use testkit::{
    facility::issued_passcode,
    system::{Engine, INSTITUTION},
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::desk::{Desk, PERSON, on_both_engines, soon};

on_both_engines! {
    pin_face_and_visual_check_each_lead_through_the_pages_to_a_file
}

/// Finds the person of the photo in a frame that says `same`, and somebody else in any other.
struct SpokenFaces;

impl Faces for SpokenFaces {
    fn begin(&self, photo: &card::photo::GreyImage) -> Option<Box<dyn FaceTalk>> {
        (photo.width > 0).then(|| Box::new(Spoken) as Box<dyn FaceTalk>)
    }
}

struct Spoken;

impl FaceTalk for Spoken {
    fn frame(&mut self, jpeg: &[u8], _: Instant) -> FaceSaid {
        if jpeg == b"same" { FaceSaid::Same } else { FaceSaid::Failed }
    }
}

/// A reader at a desk.
struct Counter {
    desk: Desk,
    tray: Tray,
    card: SharedCard,
    number: Zeroizing<String>,
    client: Client,
    address: SocketAddr,
    start_url: String,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Counter {
    async fn open(engine: Engine) -> Self {
        let desk = Desk::open_on(engine).await;
        let card = desk.system.card_of(PERSON).await.simulated("髙橋　花子");
        let tray = Tray::default();
        let mut link = desk.link_config.clone();
        link.reader_serial = Some("R-0001".into());
        let parts = Parts {
            slot: Box::new(tray.clone()),
            authorizer: Some(Arc::new(SimulatedPinlessAuthorizer::new("T01"))),
            faces: Some(Arc::new(SpokenFaces)),
            link: Arc::new(TerminalLink::new(&link).expect("a link")),
            serial: Some("R-0001".into()),
            staff: vec!["受付　山田".into()],
            simulated: true,
        };
        let kiosk = Kiosk::start(([127, 0, 0, 1], 0).into(), parts, Voices::default()).await.expect("starts");
        let (address, start_url) = (kiosk.address(), kiosk.start_url().to_owned());
        let stop = CancellationToken::new();
        let task = tokio::spawn(kiosk.serve(stop.clone()));
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(Policy::none()).resolve("localhost", address);
        let client = client.build().expect("a client");
        let card = Arc::new(Mutex::new(card));
        // As printed on the card of the test kit: 昭和55年2月17日, 2033, 1234.
        let number = Zeroizing::new("55021720331234".to_owned());
        Self { desk, tray, card, number, client, address, start_url, stop, task }
    }

    /// Puts the card down; it can be reached through `wrap`.
    fn put(&self, wrap: impl Fn(InProcessTransport) -> Box<dyn CardTransport> + Send + 'static) {
        let card = Arc::clone(&self.card);
        self.tray.put(TrayCard {
            id: PERSON.into(),
            connect: Box::new(move || Ok(wrap(InProcessTransport::shared(Arc::clone(&card))))),
            printed_number: Some(self.number.clone()),
        });
    }

    async fn end(mut self) {
        self.stop.cancel();
        self.task.await.expect("ends");
        self.desk.close_terminal().await;
    }
}

/// A browser that was opened with the start key.
struct Browser<'c> {
    counter: &'c Counter,
    cookie: String,
}

impl<'c> Browser<'c> {
    async fn open(counter: &'c Counter) -> Self {
        let answer = counter.client.get(&counter.start_url).send().await.expect("answers");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        Self { counter, cookie: cookie.split(';').next().expect("a pair").to_owned() }
    }

    fn ask(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let origin = format!("http://localhost:{}", self.counter.address.port());
        let asked = self.counter.client.request(method, format!("{origin}{path}"));
        asked.header(header::COOKIE, &self.cookie).header(header::ORIGIN, origin)
    }

    async fn screen(&self) -> String {
        let answer = self.ask(Method::GET, "/screen").send().await.expect("answers");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        answer.text().await.expect("a text")
    }

    /// Waits until this page is shown, and gives its revision.
    async fn until(&self, page: &str) -> (u64, String) {
        let mut last = String::new();
        for _ in 0..3_000 {
            last = self.screen().await;
            if attribute(&last, "data-page").as_deref() == Some(page) {
                let revision = attribute(&last, "data-revision").expect("a revision");
                return (revision.parse().expect("a number"), last);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("waited for {page}, and saw {last}");
    }

    async fn press(&self, page: &str, act: &str, fields: &[(&str, &str)]) -> StatusCode {
        let (revision, _) = self.until(page).await;
        let form = form_of(revision, fields);
        let sent = self
            .ask(Method::POST, &format!("/act/{act}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(form);
        sent.send().await.expect("answers").status()
    }

    /// The letters of these digits on the pad that is shown.
    async fn letters(&self, page: &str, digits: &str) -> String {
        let (_, html) = self.until(page).await;
        digits.chars().map(|digit| letter_of(&html, digit)).collect()
    }
}

fn form_of(revision: u64, fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("revision", &revision.to_string());
    form.extend_pairs(fields);
    form.finish()
}

fn attribute(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("{name}=\""))?;
    Some(rest.split('"').next()?.to_owned())
}

/// The button with this digit sends its letter as `keys`.
fn letter_of(html: &str, digit: char) -> String {
    for button in html.split("<button").skip(1) {
        let (tag, rest) = button.split_once('>').expect("a tag");
        let text = rest.split("</button>").next().expect("a text");
        if tag.contains("name=\"keys\"") && text.trim() == digit.to_string() {
            return attribute(tag, "value").expect("a letter");
        }
    }
    panic!("no key {digit} on {html}");
}

fn plainly(card: InProcessTransport) -> Box<dyn CardTransport> {
    Box::new(card)
}

async fn pin_face_and_visual_check_each_lead_through_the_pages_to_a_file(engine: Engine) {
    let counter = Counter::open(engine).await;
    let browser = Browser::open(&counter).await;
    for (number, way) in [(1, "pin"), (2, "face"), (3, "staff")] {
        browser.until("start").await;
        let passcode = issued_passcode(&counter.desk.system, INSTITUTION).await;
        if way == "staff" {
            browser.press("start", "staff", &[]).await;
            let keys = browser.letters("staff-passcode", &passcode).await;
            browser.press("staff-passcode", "enter", &[("keys", &keys), ("name", "受付　山田")]).await;
            browser.until("staff-compare").await;
            counter.put(plainly);
            let photo = soon_photo(&browser).await;
            assert!(photo.starts_with(b"BM") && photo.len() > 100_000, "the photo from the chip");
            browser.press("staff-compare", "compared", &[("value", "same")]).await;
        } else {
            counter.put(plainly);
            browser.press("choose", "way", &[("value", way)]).await;
        }
        if way == "pin" {
            let keys = browser.letters("pin", "1234").await;
            assert_ne!(keys, "1234", "no digit travels");
            browser.press("pin", "enter", &[("keys", &keys)]).await;
        }
        if way == "face" {
            browser.until("face").await;
            let somebody = frame(&browser, b"somebody else").await;
            assert_eq!(somebody, StatusCode::NO_CONTENT);
            let (_, html) = browser.until("face").await;
            assert!(!html.contains("data-page=\"consent\""), "another person does not pass");
            let same = soon_frame(&browser, b"same").await;
            assert_eq!(same, StatusCode::NO_CONTENT);
        }
        browser.press("consent", "consent", &[("value", "yes")]).await;
        let (_, html) = browser.until("result").await;
        assert!(html.contains("髙橋") && html.contains("模擬カード"), "{html}");
        assert_eq!(counter.desk.faces().len(), number, "{way}");
        let status = browser.ask(Method::GET, "/picture").send().await.expect("answers").status();
        assert_eq!(status, StatusCode::NOT_FOUND, "the photo is gone");
        counter.tray.take();
        let (_, html) = browser.until("start").await;
        assert!(!html.contains("髙橋"), "and so is everything else");
    }
    let name = counter.desk.faces().pop().expect("a file");
    let path: PathBuf = counter.desk.face.join(name);
    let bytes = soon("the face file", || std::fs::read(&path).ok()).await;
    let result = wire::message::read_result(&bytes).expect("a whole result").message;
    assert_eq!(result.body.results[0].checkup.as_ref().expect("a consent").flag.as_text(), "1");
    counter.end().await;
}

async fn frame(browser: &Browser<'_>, jpeg: &'static [u8]) -> StatusCode {
    let sent = browser.ask(Method::POST, "/frame").header(header::CONTENT_TYPE, "image/jpeg").body(jpeg);
    sent.send().await.expect("answers").status()
}

/// The comparison begins anew after a failure; until then no frame is wanted.
async fn soon_frame(browser: &Browser<'_>, jpeg: &'static [u8]) -> StatusCode {
    for _ in 0..500 {
        let status = frame(browser, jpeg).await;
        if status == StatusCode::NO_CONTENT {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no frame is wanted");
}

async fn soon_photo(browser: &Browser<'_>) -> Vec<u8> {
    for _ in 0..500 {
        let answer = browser.ask(Method::GET, "/picture").send().await.expect("answers");
        if answer.status() == StatusCode::OK {
            return answer.bytes().await.expect("a photo").to_vec();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no photo");
}

/// A card that is pulled off after so many commands, and the tray with it.
struct Pulled {
    inner: InProcessTransport,
    left: Arc<AtomicUsize>,
    tray: Tray,
}

impl CardTransport for Pulled {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let enough = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if enough.is_err() {
            // Whoever pulls a card pulls it off the tray; a thread of its own, as a hand is.
            let tray = self.tray.clone();
            std::thread::spawn(move || tray.take());
            return Err(TransportError::Removed);
        }
        self.inner.transmit(command)
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        self.inner.atr()
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.inner.reset()
    }

    fn disconnect(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        self.inner.disconnect(disposition)
    }
}

/// One session whose card is pulled after `commands`; gives whether it came through to the end all the same.
async fn pulled_after(counter: &Counter, browser: &Browser<'_>, way: &str, commands: usize) -> bool {
    let left = Arc::new(AtomicUsize::new(commands));
    let (tray, count) = (counter.tray.clone(), Arc::clone(&left));
    let files = counter.desk.faces().len();
    browser.until("start").await;
    counter.put(move |inner| Box::new(Pulled { inner, left: Arc::clone(&count), tray: tray.clone() }));
    let pulled = || counter.tray.lying().is_none();
    let came = |page: &'static str| async move {
        for _ in 0..1_500 {
            let html = browser.screen().await;
            if attribute(&html, "data-page").as_deref() == Some(page) {
                return true;
            }
            if pulled() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{page} did not come, nor did the card go: {}", browser.screen().await);
    };
    let through = async {
        if !came("choose").await {
            return false;
        }
        browser.press("choose", "way", &[("value", way)]).await;
        if way == "pin" {
            let keys = browser.letters("pin", "1234").await;
            browser.press("pin", "enter", &[("keys", &keys)]).await;
        } else {
            soon_frame(browser, b"same").await;
        }
        if !came("consent").await {
            return false;
        }
        browser.press("consent", "consent", &[("value", "yes")]).await;
        came("result").await
    };
    let through = through.await;
    let gone = Instant::now();
    counter.tray.take();
    browser.until("start").await;
    assert!(gone.elapsed() < Duration::from_secs(4), "{way} {commands}: back at the start in time");
    assert_eq!(
        counter.desk.faces().len() > files,
        through,
        "{way} {commands}: a file only of a whole session"
    );
    through
}

/// Counters that share the work: each waits for its start page most of the time.
const LANES: usize = 4;

/// Every command of a session is once the last, until a session comes through.
async fn pulled_everywhere(way: &'static str) {
    let lanes = (0..LANES).map(|lane| {
        tokio::spawn(async move {
            let counter = Counter::open(Engine::Sqlite).await;
            let browser = Browser::open(&counter).await;
            let mut commands = lane;
            while !pulled_after(&counter, &browser, way, commands).await {
                let tries = counter.card.lock().expect("the card").counters().left(Secret::AuthPin);
                assert_eq!(tries, 3, "{way} {commands}: a try that nobody made");
                commands += LANES;
                assert!(commands < 200, "a session has an end");
            }
            counter.end().await;
            commands
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        let commands = lane.await.expect("a lane");
        assert!(commands > 15, "{way}: {commands} commands make a session");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_pulled_at_any_command_of_a_pin_costs_no_try_and_leaves_no_consent() {
    pulled_everywhere("pin").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_pulled_at_any_command_of_a_face_check_leaves_no_consent() {
    pulled_everywhere("face").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_readers_own_browser_gets_anything() {
    let counter = Counter::open(Engine::Sqlite).await;
    let browser = Browser::open(&counter).await;
    let (port, client) = (counter.address.port(), &counter.client);
    let own = format!("http://localhost:{port}");
    let status = async |request: reqwest::RequestBuilder| request.send().await.expect("answers").status();

    assert_eq!(status(client.get(format!("{own}/"))).await, StatusCode::UNAUTHORIZED, "no key");
    assert_eq!(status(client.get(format!("{own}/?key=00"))).await, StatusCode::UNAUTHORIZED, "another key");
    for path in ["/screen", "/events", "/picture", "/assets/kiosk.css"] {
        assert_eq!(status(client.get(format!("{own}{path}"))).await, StatusCode::UNAUTHORIZED, "{path}");
    }
    let host = |name: &str| browser.ask(Method::GET, "/screen").header(header::HOST, name.to_owned());
    assert_eq!(status(host("evil.example")).await, StatusCode::MISDIRECTED_REQUEST);

    let form = |origin: Option<&str>| {
        let sent = client.post(format!("{own}/act/staff")).header(header::COOKIE, &browser.cookie);
        let sent = sent.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body("revision=1");
        match origin {
            Some(origin) => sent.header(header::ORIGIN, origin),
            None => sent,
        }
    };
    for origin in [None, Some("http://evil.example"), Some("null"), Some("http://localhost:1")] {
        assert_eq!(status(form(origin)).await, StatusCode::FORBIDDEN, "{origin:?}");
    }
    let cross = form(Some(&own)).header("sec-fetch-site", "same-site");
    assert_eq!(status(cross).await, StatusCode::FORBIDDEN);
    let embedded = browser.ask(Method::GET, "/screen").header("sec-fetch-site", "cross-site");
    assert_eq!(status(embedded.header("sec-fetch-mode", "no-cors")).await, StatusCode::FORBIDDEN);
    let (_, html) = browser.until("start").await;
    assert!(html.contains("data-page=\"start\""), "nobody pressed anything");

    // A press on a page that is gone is answered and does nothing.
    let (old, _) = browser.until("start").await;
    browser.press("start", "staff", &[]).await;
    browser.until("staff-passcode").await;
    let stale = browser.ask(Method::POST, "/act/stop");
    let stale = stale.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    assert_eq!(status(stale.body(format!("revision={old}"))).await, StatusCode::SEE_OTHER);
    browser.until("staff-passcode").await;
    assert_eq!(browser.press("staff-passcode", "stop", &[]).await, StatusCode::NO_CONTENT);
    browser.until("start").await;

    assert_eq!(frame(&browser, b"nobody asked").await, StatusCode::CONFLICT);
    let large = browser.ask(Method::POST, "/frame").body(vec![0; 513 * 1024]);
    assert_eq!(status(large).await, StatusCode::PAYLOAD_TOO_LARGE);
    let long = browser.ask(Method::POST, "/act/staff").body(vec![b'a'; 5 * 1024]);
    assert_eq!(status(long).await, StatusCode::PAYLOAD_TOO_LARGE);
    let unknown = browser.ask(Method::POST, "/act/nothing").body("revision=1");
    assert_eq!(status(unknown).await, StatusCode::BAD_REQUEST);
    counter.end().await;
}
