//! The door for the browser: whom it lets in, what goes through, and the terminal's own pages.

use std::sync::Arc;

use eligibility::{errors::ErrorCode, institution_certificate::CertificateStanding};
use reqwest::{
    Client, Method, RequestBuilder, StatusCode,
    header::{ACCEPT, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE},
};
use terminal::{
    Terminal,
    central::HttpsCentral,
    certificate::{Fault, Situation},
    config::Config,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;
use wire::{
    institution_certificate::CertificateStage,
    reader_link::{MODE_PATH, READER_SERIAL_HEADER},
};

use crate::issuing_centre::{Heard, IssuingCentre, NUMBER, SECRET, TERMINAL_NAME};

struct Browser {
    dir: tempfile::TempDir,
    centre: Arc<IssuingCentre>,
    address: String,
    /// The door for the card reader, and what opens it.
    reader: (std::net::SocketAddr, String),
    client: Client,
    stop: CancellationToken,
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A terminal whose brought certificate lives so many days; none without.
async fn browser(days: Option<i64>, change: impl FnOnce(&mut Config)) -> Browser {
    browser_with(days.map(|days| ("1319990012", days)), change).await
}

/// The same with a certificate of this institution.
async fn browser_with(certificate: Option<(&str, i64)>, change: impl FnOnce(&mut Config)) -> Browser {
    let dir = tempfile::tempdir().expect("a folder");
    let centre = IssuingCentre::open(dir.path());
    let mut config = centre.terminal(dir.path());
    config.certificate.automatic_renewal = false;
    if let Some((institution, days)) = certificate {
        let (key, chain) = centre.issue(institution, days);
        config.central.certificate_file = dir.path().join("brought.pem");
        config.central.key_file = dir.path().join("brought.key");
        std::fs::write(&config.central.certificate_file, chain).expect("writes");
        key.save(&config.central.key_file).expect("saves");
    }
    change(&mut config);
    let central = HttpsCentral::new(&config).expect("a client");
    let terminal = Terminal::start(&config, central).await.expect("starts");
    let address = terminal.gateway_address().expect("bound").expect("there is a gateway").to_string();
    let token = std::fs::read_to_string(config.token_file()).expect("a token was made");
    let reader = (terminal.reader_link_address().expect("bound"), token);
    let stop = CancellationToken::new();
    tokio::spawn(terminal.serve(stop.clone()));
    // One cryptography provider for the whole process; it may be there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
    Browser { dir, centre, address, reader, client: client.expect("a client"), stop }
}

impl Browser {
    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address)).header(ACCEPT, "text/html")
    }

    async fn page(&self, path: &str) -> (StatusCode, String) {
        let response = self.ask(Method::GET, path).send().await.expect("answers");
        (response.status(), response.text().await.expect("a text"))
    }

    /// The last question of this line that the institution web heard. The terminal asks things of its own meanwhile.
    fn heard(&self, line: &str) -> Heard {
        let mood = self.centre.mood();
        mood.heard.iter().rfind(|heard| heard.line.starts_with(line)).cloned().expect("heard")
    }

    /// A form sent from a page of the terminal's own.
    async fn submit(&self, path: &str, fields: &str) -> (StatusCode, String) {
        let response = self
            .ask(Method::POST, path)
            .header(ORIGIN, format!("http://{}", self.address))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(fields.to_owned())
            .send()
            .await
            .expect("answers");
        (response.status(), response.text().await.expect("a text"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_institution_web_is_reached_with_the_terminal_s_certificate() {
    let browser = browser(Some(1_000), |_| {}).await;
    let (status, text) = browser.page("/anything?q=1").await;
    assert_eq!((status, text.contains("証明書")), (StatusCode::OK, true), "{text}");
    assert!(browser.heard("GET /anything?q=1 ").serial.is_some_and(|serial| text.contains(&serial)));
    let big = "x".repeat(300_000);
    let (status, _) = browser.submit("/form", &big).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(browser.heard("POST /form ").body.len(), big.len());
    let forms = || browser.centre.mood().heard.iter().filter(|heard| heard.line.contains("/form")).count();
    let before = forms();
    let too_big = browser.ask(Method::POST, "/form").header(ORIGIN, format!("http://{}", browser.address));
    // The door closes while the client still sends; it may not hear the refusal any more.
    if let Ok(refused) = too_big.body("x".repeat(12 * 1024 * 1024)).send().await {
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(forms(), before, "nothing of it went on");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_own_names_and_its_own_pages_are_let_in() {
    let browser = browser(Some(1_000), |_| {}).await;
    let port = browser.address.rsplit(':').next().expect("a port").to_owned();
    let hosts = [
        (format!("127.0.0.1:{port}"), true),
        (format!("LOCALHOST:{port}"), true),
        (format!("clinic.example:{port}"), false),
        ("127.0.0.1".to_owned(), false),
        (format!("127.0.0.1.evil.example:{port}"), false),
        (format!("[::1]:{port}"), false),
    ];
    for (host, allowed) in hosts {
        for path in ["/", "/terminal/"] {
            let asked = browser.ask(Method::GET, path).header(HOST, &host).send().await.expect("answers");
            let expected = if allowed { StatusCode::OK } else { StatusCode::MISDIRECTED_REQUEST };
            assert_eq!(asked.status(), expected, "{host} {path}");
        }
    }
    let own = format!("http://{}", browser.address);
    let posts = [
        (vec![(ORIGIN.as_str(), own.clone())], true),
        (vec![(ORIGIN.as_str(), own.clone()), ("sec-fetch-site", "same-origin".into())], true),
        (vec![], false),
        (vec![(ORIGIN.as_str(), "null".into())], false),
        (vec![(ORIGIN.as_str(), "http://127.0.0.1:1".into())], false),
        (vec![(ORIGIN.as_str(), "https://evil.example".into())], false),
        (vec![(ORIGIN.as_str(), own.clone()), ("sec-fetch-site", "cross-site".into())], false),
        (vec![(ORIGIN.as_str(), own), (ORIGIN.as_str(), "https://evil.example".into())], false),
    ];
    let before = browser.centre.mood().heard.len();
    let mut passed = 0;
    for (headers, allowed) in posts {
        let mut ask = browser.ask(Method::POST, "/change");
        for (name, value) in &headers {
            ask = ask.header(*name, value);
        }
        let status = ask.send().await.expect("answers").status();
        assert_eq!(status == StatusCode::OK, allowed, "{headers:?}: {status}");
        passed += usize::from(allowed);
    }
    assert_eq!(
        browser.centre.mood().heard.iter().skip(before).filter(|h| h.line.contains("/change")).count(),
        passed
    );
    let reads = [
        ("same-origin", "cors", "empty", true),
        ("none", "navigate", "document", true),
        ("cross-site", "navigate", "document", true),
        ("cross-site", "no-cors", "image", false),
        ("same-site", "cors", "empty", false),
        ("cross-site", "navigate", "iframe", false),
    ];
    for (site, mode, dest, allowed) in reads {
        let ask = browser.ask(Method::GET, "/").header("sec-fetch-site", site);
        let status = ask.header("sec-fetch-mode", mode).header("sec-fetch-dest", dest).send().await;
        assert_eq!(status.expect("answers").status() == StatusCode::OK, allowed, "{site} {mode} {dest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_cookies_and_redirects_stay_on_their_side() {
    let browser = browser(Some(1_000), |_| {}).await;
    let port = browser.address.rsplit(':').next().expect("a port").to_owned();
    let name = format!("__Host-terminal{port}-__Host-s");
    let response = browser
        .ask(Method::GET, "/cookie")
        .header(COOKIE, format!("other=1; {name}=xyz; __Host-terminal1-s=2"))
        .header("x-forwarded-for", "203.0.113.9")
        .header("terminal-gateway-origin", "http://localhost:1")
        .header("connection", "x-secret-hop")
        .header("x-secret-hop", "1")
        .header("referer", "http://127.0.0.1:1/private")
        .send()
        .await
        .expect("answers");
    let kept: Vec<_> =
        response.headers().get_all(SET_COOKIE).iter().map(|v| v.to_str().expect("text")).collect();
    assert_eq!(kept, [format!("{name}=abc; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=60")]);
    for gone in ["strict-transport-security", "clear-site-data", "keep-alive"] {
        assert!(!response.headers().contains_key(gone), "{gone}");
    }
    let head = browser.heard("GET /cookie ").head.to_ascii_lowercase();
    assert!(head.contains("cookie: __host-s=xyz\r\n"), "{head}");
    for gone in ["other=1", "x-forwarded", "x-secret-hop", "private", "s=2"] {
        assert!(!head.contains(gone), "{gone}: {head}");
    }
    // What the browser sees is told by the door itself, whatever the browser says.
    let seen = format!("terminal-gateway-origin: http://{}\r\n", browser.address);
    assert!(head.contains(&seen) && !head.contains("http://localhost:1\r\n"), "{head}");
    assert!(head.contains(&format!("host: localhost:{}", browser.centre.port)), "{head}");
    let upstream = format!("https://localhost:{}", browser.centre.port);
    let places = [
        ("/away".to_owned(), Some("/login?x=1".to_owned())),
        ("/other-host".to_owned(), None),
        (format!("/back/{upstream}/next"), Some("/next".to_owned())),
        (format!("/back/{upstream}0.evil.example/"), None),
        ("/back///evil.example/".to_owned(), None),
        ("/back/https://www.lineauth.mnw/".to_owned(), Some("https://www.lineauth.mnw/".to_owned())),
    ];
    for (path, expected) in places {
        let response = browser.ask(Method::GET, &path).send().await.expect("answers");
        let place = response.headers().get(LOCATION).map(|place| place.to_str().expect("text").to_owned());
        assert_eq!(place, expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_asked_for_once_more_when_its_connection_broke_and_a_change_never() {
    let browser = browser(Some(1_000), |_| {}).await;
    let heard =
        |line: &str| browser.centre.mood().heard.iter().filter(|heard| heard.line.starts_with(line)).count();
    browser.centre.mood().breaks = 1;
    let (status, text) = browser.page("/broken").await;
    assert_eq!((status, heard("GET /broken ")), (StatusCode::OK, 2), "{text}");
    // Not for ever: then the person is told.
    browser.centre.mood().breaks = 2;
    let (status, _) = browser.page("/broken/again").await;
    assert_eq!((status, heard("GET /broken/again ")), (StatusCode::SERVICE_UNAVAILABLE, 2));
    // What changes something may have had its effect.
    browser.centre.mood().breaks = 1;
    let (status, _) = browser.submit("/broken/form", "x=1").await;
    assert_eq!((status, heard("POST /broken/form ")), (StatusCode::SERVICE_UNAVAILABLE, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_terminal_is_led_to_its_certificate_and_installs_the_letter() {
    let browser = browser(None, |_| {}).await;
    let first = browser.ask(Method::GET, "/").send().await.expect("answers");
    assert_eq!(first.headers().get(LOCATION).expect("led"), "/terminal/certificate");
    let (_, page) = browser.page("/terminal/certificate").await;
    assert!(page.contains("電子証明書がありません") && page.contains("電子証明書発行通知書から導入する"));
    let (status, page) = browser.submit("/terminal/certificate/letter", "number=12&secret=x").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("リファレンスナンバーは12桁の数字です。"), "{page}");
    assert!(
        page.contains(r#"value="12""#) && !page.contains(r#"value="x""#),
        "the secret is not shown again"
    );
    let typed = format!("number={NUMBER}&secret={SECRET}");
    let (status, page) = browser.submit("/terminal/certificate/letter", &typed).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    for shown in [
        "電子証明書を導入しました。",
        "Online Billing NW Common RootCA",
        TERMINAL_NAME,
        "みなと薬局",
        "オンライン資格確認・オンライン請求（兼用）",
        "令和",
        "（20",
        "あと",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let (status, text) = browser.page("/").await;
    assert_eq!((status, text.contains("証明書")), (StatusCode::OK, true), "{text}");
    assert!(browser.page("/terminal/certificate/check").await.1.contains("次の手順は不要です。"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_installed_from_the_page_and_an_export_stays_on_the_machine() {
    let browser = browser(None, |_| {}).await;
    let (key, chain) = browser.centre.issue("1319990012", 500);
    let leaf = pki::pem::decode(pki::pem::CERTIFICATE, &chain).expect("PEM");
    let above = [browser.centre.authority.issuing().certificate_der().to_vec()];
    let p12 = pki::pkcs12::export("t", &key, &leaf, &above, "correct-horse-battery").expect("a file");
    let mut body =
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t.p12\"\r\n\r\n".to_vec();
    body.extend(p12);
    body.extend(b"\r\n--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\ncorrect-horse-battery\r\n--b--\r\n");
    let sent = browser
        .ask(Method::POST, "/terminal/certificate/file")
        .header(ORIGIN, format!("http://{}", browser.address))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body)
        .send()
        .await
        .expect("answers");
    let (status, page) = (sent.status(), sent.text().await.expect("a text"));
    assert_eq!(status, StatusCode::OK, "{page}");
    let check = browser.page("/terminal/certificate/check").await.1;
    assert!(check.contains("同じファイルを取り込んでいるときは") && !check.contains("不要です"), "{check}");
    let again = "password=correct-horse-battery&again=correct-horse-batter";
    let (status, page) = browser.submit("/terminal/certificate/export", again).await;
    assert!(status.is_client_error() && page.contains("一致しません"), "{page}");
    let same = "password=correct-horse-battery&again=correct-horse-battery";
    let (status, page) = browser.submit("/terminal/certificate/export", same).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let folder = browser.dir.path().join("state/exported");
    let made: Vec<_> = std::fs::read_dir(folder).expect("a folder").flatten().collect();
    assert!(made.len() == 1 && page.contains(&made[0].path().display().to_string()), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_has_its_words() {
    let browser = browser(Some(5), |_| {}).await;
    let (_, page) = browser.page("/terminal/certificate").await;
    assert!(page.contains("有効期限が迫っています") && page.contains("【至急】"), "{page}");
    let states = [
        (CertificateStage::Revoked, "失効"),
        (CertificateStage::Superseded, "更新前の古い電子証明書"),
        (CertificateStage::Unknown, "使えない電子証明書"),
        (CertificateStage::Expired, "有効期限切れ"),
    ];
    for (stage, word) in states {
        browser.centre.mood().stage = stage;
        let (status, _) = browser.submit("/terminal/", "").await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        for path in ["/terminal/", "/terminal/certificate"] {
            let (_, page) = browser.page(path).await;
            assert!(page.contains(word) && page.contains("センターの手当て。"), "{path} {word}: {page}");
            let void = stage != CertificateStage::Expired;
            let counted = page.contains("あと5日") || page.contains("あと4日");
            let fine = counted || (void && page.contains("✓ 接続しています"));
            assert!(!fine && void != page.contains("ない可能性があります"), "{path} {word}: {page}");
        }
    }
    browser.centre.mood().stage = CertificateStage::Valid;
    let (status, page) = browser.submit("/terminal/certificate/renewal", "").await;
    assert!(status == StatusCode::OK && page.contains("電子証明書を更新しました。"), "{page}");
    let (status, page) = browser.page("/terminal/nothing").await;
    assert!(status == StatusCode::NOT_FOUND && page.contains("ページが見つかりません"), "{page}");
}

/// What a page has to say in a state: its name there, and what to do. One entry for each, or this does not compile.
fn words_of(situation: Situation) -> (&'static str, String) {
    let told = "センターの手当て。".to_owned();
    let line = || ErrorCode::LineNotConnected.entry().ja.desk.to_owned();
    match situation {
        Situation::None => ("電子証明書がありません", Fault::NothingInstalled.remedy()),
        Situation::Valid => ("有効", "あと".to_owned()),
        Situation::RenewalOpen => ("有効（更新できます）", "更新してください".to_owned()),
        Situation::LastDays => ("有効期限が迫っています", "更新してください".to_owned()),
        Situation::Overlap => ("更新済み（古い電子証明書）", told),
        Situation::Expired => ("有効期限切れ", told),
        Situation::Revoked => ("失効", told),
        Situation::Superseded => ("更新前の古い電子証明書", told),
        Situation::WrongInstitution => {
            ("ほかの医療機関等の電子証明書", CertificateStanding::OfAnotherInstitution.remedy().to_owned())
        }
        Situation::Unknown => ("使えない電子証明書", told),
        Situation::ClockWrong => ("日付と時刻が合っていません", Fault::Clock.remedy()),
        Situation::LineNotConnected => ("ネットワークエラー（回線認証）", line()),
        Situation::CentreUnreachable => ("ネットワークエラー", Fault::Unreachable(String::new()).remedy()),
    }
}

/// The page in this state: band with its name, and what to do.
async fn shows(browser: &Browser, situation: Situation) {
    let (status, _) = browser.submit("/terminal/", "").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (word, remedy) = words_of(situation);
    for path in ["/terminal/", "/terminal/certificate"] {
        let (status, page) = browser.page(path).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(word), "{path} {word}: {page}");
        assert!(page.contains(&remedy) && page.contains("lang=\"ja\""), "{path} {remedy}: {page}");
        let works = page.contains("✓ 接続しています");
        let cut = [Situation::LineNotConnected, Situation::CentreUnreachable];
        let void =
            [Situation::Revoked, Situation::Superseded, Situation::WrongInstitution, Situation::Unknown];
        let may_not = cut.contains(&situation) || void.contains(&situation);
        assert!(!(works && may_not), "{path} says it works: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_has_a_page_with_what_to_do() {
    shows(&browser(None, |_| {}).await, Situation::None).await;
    for (days, situation) in [(60, Situation::RenewalOpen), (5, Situation::LastDays)] {
        shows(&browser(Some(days), |_| {}).await, situation).await;
    }
    shows(&browser_with(Some(("2712345678", 1_000)), |_| {}).await, Situation::WrongInstitution).await;
    let nobody = |config: &mut Config| config.central.url = "https://localhost:1".into();
    shows(&browser(Some(1_000), nobody).await, Situation::CentreUnreachable).await;
    let browser = browser(Some(1_000), |_| {}).await;
    shows(&browser, Situation::Valid).await;
    for (stage, situation) in [
        (CertificateStage::Overlap, Situation::Overlap),
        (CertificateStage::Expired, Situation::Expired),
        (CertificateStage::Revoked, Situation::Revoked),
        (CertificateStage::Superseded, Situation::Superseded),
        (CertificateStage::Unknown, Situation::Unknown),
    ] {
        browser.centre.mood().stage = stage;
        shows(&browser, situation).await;
    }
    browser.centre.mood().stage = CertificateStage::Valid;
    browser.centre.mood().problem = Some(ErrorCode::LineNotConnected.code());
    shows(&browser, Situation::LineNotConnected).await;
    browser.centre.mood().problem = None;
    browser.centre.mood().date = Some("Tue, 01 Jan 2030 00:00:00 GMT");
    shows(&browser, Situation::ClockWrong).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_a_letter_is_named_at_itself() {
    let browser = browser(None, |_| {}).await;
    let (status, page) = browser.submit("/terminal/certificate/letter", "number=12&secret=abc").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = ["number-fault", "secret-fault"].map(|id| page.matches(&format!("id=\"{id}\"")).count());
    assert_eq!(wrong, [1, 1], "{page}");
    assert_eq!(page.matches("aria-invalid").count(), 2, "{page}");
    let (_, page) = browser.submit("/terminal/certificate/letter", "number=123456789012&secret=abc").await;
    assert_eq!(page.matches("aria-invalid").count(), 1, "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_line_authentication_is_named_as_it_is_found_here() {
    let here = "http://127.0.0.1:8454/";
    let browser = self::browser(Some(1_000), |config| {
        if let Some(gateway) = config.gateway.as_mut() {
            gateway.line_authentication = here.to_owned();
        }
    })
    .await;
    let (_, trouble) = browser.page("/terminal/network").await;
    assert!(trouble.contains(&format!("href=\"{here}\"")) && !trouble.contains("lineauth"), "{trouble}");
}

/// A card reader's program asks for its mode, and tells this 製造番号.
async fn reader_asks(browser: &Browser, serial: &str) {
    let (address, token) = &browser.reader;
    let asked = browser.client.get(format!("http://{address}{MODE_PATH}")).bearer_auth(token);
    let answer = asked.header(READER_SERIAL_HEADER, serial).send().await.expect("answers");
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_page_says_whether_the_card_reader_was_heard_and_which_it_is() {
    let browser = browser(Some(1_000), |_| {}).await;
    let (_, page) = browser.page("/terminal/").await;
    for words in [
        "未接続",
        "端末が動き始めてから、まだありません",
        "カードリーダーから通知されていません",
        "電源とケーブル",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // What can be no serial number is not shown, and does not keep the reader from being heard.
    reader_asks(&browser, "<b>FR-1</b>").await;
    let (_, page) = browser.page("/terminal/").await;
    assert!(page.contains("接続中") && page.contains("通知されていません"), "{page}");
    assert!(!page.contains("まだありません") && !page.contains("FR-1"), "{page}");
    reader_asks(&browser, "FR-2026-0001").await;
    let (_, page) = browser.page("/terminal/").await;
    assert!(page.contains("FR-2026-0001") && page.contains("無人運転"), "{page}");
    let told = page.split("最後の連絡").nth(1).expect("a row").split("</dd>").next().expect("a value");
    assert!(told.contains("令和") && told.contains(':'), "the day and the time: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_nobody_will_answer_is_told_of_without_its_name() {
    let browser = browser(Some(1_000), |_| {}).await;
    let (_, page) = browser.page("/terminal/").await;
    assert!(!page.contains("読み取らないファイルがあります"), "{page}");
    let req = browser.dir.path().join("OQS").join("req");
    let file = std::fs::File::create(req.join("yamada-hanako.xml")).expect("creates");
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(600)).expect("sets");
    let (_, page) = browser.page("/terminal/").await;
    assert!(page.contains("読み取らないファイルがあります") && !page.contains("yamada"), "{page}");
}

/// The text the procedures were handed out with, whatever tags and line breaks stand between.
fn bare(text: &str) -> String {
    let mut bare = String::new();
    let mut in_tag = false;
    for letter in text.chars() {
        match letter {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if in_tag || letter.is_whitespace() => {}
            letter => bare.push(letter),
        }
    }
    bare
}

const CHECK: &str = "《 電子証明書更新申請サイトから更新した際、正しくインストールされていることを確認する方法 》 ① 電子証明書の更新を実施する端末のタスクバーのスタートメニューをクリックします。 ※もしスタートメニューがない場合は検索バーをクリックします。 ② 検索欄に「Microsoft Edge」を入力し、「Microsoft Edge」のアプリをクリックします。 ③ 画面右上の「…」をクリックし、「設定」をクリックします。 ④ 「プライバシー、検索、サービス」を選択し、「セキュリティ」内にある「証明書の管理」をクリックします。 ⑤ 「個人」タブを開き、発行者が「Online Billing NW Common RootCA」と表示されている電子証明書の有効期限を確認します。";
const TROUBLE: &str = "《 オンライン資格確認端末のネットワーク関連のトラブル時にチェックしていただきたいこと 》 ① PCとルーター等を繋ぐLANケーブルをしっかりと差し込み直してください LANケーブルが接続口(LANポート)にしっかりと接続されていないと「ネットワークエラー」となり、 顔認証付きカードリーダー等が止まる可能性があります。 PCとルーター等を繋ぐLANケーブルがしっかりと差し込まれているか、接続口(LANポート)を触り確認してください。 差し込みが甘い場合は、しっかり差し直し等を行ってください。 ② PCの電源オンオフや再起動(復旧しない場合はルーターの再起動)を実施してください PCの電源オンオフや再起動を試してください。 PCの電源オンオフや再起動でも解消しない場合は、ルーターを再起動してください。 ③ 回線認証状態を確認し、切断されている場合は再接続してください 回線認証接続が切れていると「ネットワークエラー」となります。 以下の【確認手順】に従って回線認証の状態を確認し、切断されている場合は【接続手順】に従って接続してください。 【確認手順】 ① オンライン資格確認端末でブラウザ(Microsoft Edge )を立ち上げてください。 ② ブラウザの検索ボックスに、https://www.lineauth.mnwを入力し、開いてください。 ③ 回線認証接続されている場合、遷移後の画面に「回線認証接続済み」と表示されます。 回線認証が切断されている場合、遷移後の画面に「希望する/希望しない」ボタンが表示されます。 【接続手順】 ④ ③の遷移後の画面において表示された「希望する」ボタンを押下してください。";

#[tokio::test(flavor = "multi_thread")]
async fn the_procedures_stand_word_for_word_and_come_when_nothing_answers() {
    let browser = browser(Some(1_000), |_| {}).await;
    let (_, check) = browser.page("/terminal/certificate/check").await;
    assert!(bare(&check).contains(&bare(CHECK)), "{check}");
    let (_, trouble) = browser.page("/terminal/network").await;
    assert!(bare(&trouble).contains(&bare(TROUBLE)), "{trouble}");
    assert!(trouble.contains(r#"href="https://www.lineauth.mnw""#));
    let (status, page) = browser.page("/line").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(bare(&page).contains(&bare(TROUBLE)) && page.contains("ネットワークエラー"), "{page}");

    let cut_off = self::browser(Some(1_000), |config| {
        config.central.url = "https://localhost:1".into();
        if let Some(gateway) = config.gateway.as_mut() {
            gateway.institution_web = Some("https://localhost:1".into());
        }
    })
    .await;
    let (status, page) = cut_off.page("/").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(bare(&page).contains(&bare(TROUBLE)), "{page}");
    let (_, state) = cut_off.page("/terminal/").await;
    assert!(bare(&state).contains(&bare(TROUBLE)) && state.contains("接続できません"), "{state}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_bodies_keep_no_page_away() {
    let browser = browser(Some(1_000), |_| {}).await;
    let stalled = format!(
        "POST /form HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\nconnection: close\r\n\
         content-length: 1000\r\n\r\nhalf",
        browser.address
    );
    let mut held = Vec::new();
    // More than are answered at once.
    for _ in 0..100 {
        let mut stream = TcpStream::connect(&browser.address).await.expect("a connection");
        stream.write_all(stalled.as_bytes()).await.expect("written");
        held.push(stream);
    }
    // Those without a place are told so instead of waiting for the others' bodies.
    let mut told = vec![0; 12];
    held.last_mut().expect("some").read_exact(&mut told).await.expect("an answer");
    assert_eq!(told, b"HTTP/1.1 503", "{}", String::from_utf8_lossy(&told));
    let (status, page) = browser.page("/terminal/").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    // Whoever never goes on is sent away, and so is who says nothing at all.
    held.push(TcpStream::connect(&browser.address).await.expect("a connection"));
    for mut stream in held {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    assert_eq!(browser.submit("/form", "whole").await.0, StatusCode::OK);
}
