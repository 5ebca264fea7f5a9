//! 電子証明書更新申請サイト as a browser without scripts meets it, and where the end of a certificate is told.

use eligibility::calendar::{add_days, end_of_day, format_japanese, start_of_day};
use eligibility::{Date, Instant};
use http_body_util::Full;
use hyper::{Method, Request, body::Bytes, header};
use pki::keys::{KeyAlgorithm, PrivateKey};
use serde_json::json;
use server::config::{Mail, Secret};
use testkit::client::{Connection, Http, Reply};
use testkit::mailbox::Mailbox;
use testkit::system::{Engine, INSTITUTION};
use wire::institution_certificate::CODE_HEADER;

use crate::ca_support::{Bench, DAY, PASSWORD, Site, TERMINAL, Terminal, code, form_id, request_of};
use crate::on_both_engines;
use crate::portal_support::{self, Portal, login};
use crate::support::audit_dump;

const RENEWAL: &str = "/certificate-renewal";

on_both_engines! {
    a_page_renews_within_ninety_days_and_both_are_taken_for_fourteen
    however_often_one_form_comes_it_makes_one_file
    a_file_that_nobody_used_is_made_again
    a_file_is_made_again_a_few_times_only
    a_revoked_successor_leaves_a_warning_and_a_way
    an_expired_certificate_gets_words_and_the_remedy
    the_end_is_told_on_my_menu
    the_end_of_another_terminals_is_told_on_the_first_page
}

async fn site(engine: Engine) -> Site {
    Site::with(engine, |config| {
        config.institution_web = Some(crate::support::institution_web());
    })
    .await
}

/// A terminal that the server knows already.
async fn terminal(site: &Site) -> Terminal {
    let terminal = site.terminal("o1").await;
    site.system.server.refresh_terminals().await.expect("reads");
    terminal
}

/// Asks the institution web as a browser with this certificate does.
async fn ask(site: &Site, terminal: &Terminal, path: &str, form: Option<&str>) -> Reply {
    let address = site.system.server.institution_web().expect("it answers");
    let connection = Connection::open(address, &terminal.tls, Http::One).await.expect("a connection");
    let host = format!("localhost:{}", address.port());
    let mut request = Request::builder()
        .method(if form.is_some() { Method::POST } else { Method::GET })
        .uri(path)
        .header(header::HOST, &host);
    if form.is_some() {
        request = request
            .header(header::ORIGIN, format!("https://{host}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let body = Full::new(Bytes::from(form.unwrap_or_default().to_owned()));
    connection.request(request.body(body).expect("a request")).await.expect("an answer")
}

fn passwords() -> String {
    format!("password={PASSWORD}&password_again={PASSWORD}")
}

fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.bytes).into_owned()
}

#[track_caller]
fn says(reply: &Reply, status: u16, words: &[&str]) {
    let page = text(reply);
    assert_eq!(reply.status, status, "{page}");
    for words in words {
        assert!(page.contains(words), "{words} is not in {page}");
    }
}

fn last_day(terminal: &Terminal) -> Date {
    let read = pki::profile::TerminalIdentity::read(&terminal.chain[0]).expect("a certificate");
    eligibility::calendar::tokyo_date(read.validity.not_after)
}

/// The terminal that the downloaded file makes, once OpenSSL has opened it.
fn taken_apart(site: &Site, file: &[u8]) -> Terminal {
    let bench = Bench::new(site);
    bench.file("certificate.p12", file);
    let password = format!("pass:{PASSWORD}");
    let read = ["pkcs12", "-in", "certificate.p12", "-passin", &password, "-nodes", "-out", "all.pem"];
    let (right, said) = bench.openssl(&read);
    assert!(right, "{said}");
    let (right, said) =
        bench.openssl(&["pkcs12", "-in", "certificate.p12", "-passin", "pass:wrong", "-noout"]);
    assert!(!right, "{said}");
    // OpenSSL writes attributes that are no UTF-8.
    let all = String::from_utf8_lossy(&bench.read("all.pem")).into_owned();
    let chain = pems(&all, "CERTIFICATE");
    let (right, said) = bench.openssl(&["pkey", "-in", "all.pem", "-out", "key.pem"]);
    assert!(right, "{said}");
    let path = bench.file("only.key", bench.read("key.pem"));
    let key = PrivateKey::load(&path).expect("a key");
    site.with_chain(&chain, key)
}

/// The blocks with this label, the leaf first as the file has it.
fn pems(all: &str, label: &str) -> String {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----\n"));
    let blocks = all.split(&begin).skip(1).filter_map(|rest| rest.split(&end).next());
    blocks.map(|block| format!("{begin}{block}{end}")).collect()
}

async fn a_page_renews_within_ninety_days_and_both_are_taken_for_fourteen(engine: Engine) {
    let site = site(engine).await;
    let old = terminal(&site).await;
    let last = last_day(&old);
    let opens = format_japanese(add_days(last, -90));
    site.system.hands.set(start_of_day(add_days(last, -91)));
    let early = ask(&site, &old, RENEWAL, None).await;
    says(&early, 200, &["まだ更新できません", &opens, TERMINAL, INSTITUTION, &format_japanese(last)]);
    assert!(!text(&early).contains("<form"), "nothing to press yet");
    let forced = ask(&site, &old, RENEWAL, Some(&passwords())).await;
    says(&forced, 409, &["更新できませんでした", "まだ更新できません", &opens]);
    says(&ask(&site, &old, "/", None).await, 200, &["あと91日"]);
    assert!(!text(&ask(&site, &old, "/login", None).await).contains("電子証明書の有効期限まで"), "not yet");

    site.system.hands.set(start_of_day(add_days(last, -90)));
    let entry = ask(&site, &old, "/", None).await;
    says(&entry, 200, &["電子証明書の有効期限まであと90日です", "href=\"/certificate-renewal\""]);
    says(
        &ask(&site, &old, "/login", None).await,
        200,
        &["電子証明書の有効期限まであと90日です", "href=\"/\""],
    );
    let open = ask(&site, &old, RENEWAL, None).await;
    says(&open, 200, &["method=\"post\"", "action=\"/certificate-renewal\"", "更新</button>"]);
    assert!(!text(&open).contains("<script"), "it works without scripts");
    let typo =
        ask(&site, &old, RENEWAL, Some("password=correct-horse-9&password_again=other-horse-99")).await;
    says(&typo, 422, &["aria-describedby"]);
    assert_eq!(site.system.store().certificates_of(&code()).await.expect("reads").len(), 1);
    let file = ask(&site, &old, RENEWAL, Some(&passwords())).await;
    assert_eq!(file.status, 200, "{}", text(&file));
    assert_eq!(file.headers["content-type"], "application/x-pkcs12");
    let new = taken_apart(&site, &file.bytes);
    assert_ne!(new.serial, old.serial);

    site.system.server.refresh_terminals().await.expect("reads");
    says(&ask(&site, &old, "/", None).await, 200, &["更新済み"]);
    says(&ask(&site, &new, "/", None).await, 200, &["電子証明書は有効です"]);
    site.system.hands.advance(DAY * 14);
    says(&ask(&site, &old, RENEWAL, None).await, 200, &["更新済み"]);
    site.system.hands.advance(DAY);
    let over = ask(&site, &old, RENEWAL, None).await;
    says(
        &over,
        403,
        &["更新前の古い電子証明書のため、使えません", "新しい電子証明書を端末に導入", "OQSA9111E"],
    );
    let dump = audit_dump(&site.system).await;
    assert!(dump.contains("denied:InstitutionCertificateSuperseded"), "{dump}");
    assert_eq!(over.headers[CODE_HEADER], "OQSA9111E");
    says(&ask(&site, &new, "/", None).await, 200, &["電子証明書は有効です"]);
    site.system.stop().await;
}

/// The form of the page with its one-time id.
async fn shown_form(site: &Site, terminal: &Terminal, password: &str) -> String {
    let page = text(&ask(site, terminal, RENEWAL, None).await);
    format!("password={password}&password_again={password}&form_id={}", form_id(&page))
}

/// How the certificates of the institution stand, the newest first: serial number and whether revoked.
async fn recorded(site: &Site) -> Vec<(String, bool)> {
    let all = site.system.store().certificates_of(&code()).await.expect("reads");
    all.into_iter().map(|one| (one.serial, one.revocation.is_some())).collect()
}

async fn however_often_one_form_comes_it_makes_one_file(engine: Engine) {
    let site = std::sync::Arc::new(site(engine).await);
    let old = std::sync::Arc::new(terminal(&site).await);
    site.system.hands.set(start_of_day(add_days(last_day(&old), -30)));
    let form = shown_form(&site, &old, PASSWORD).await;
    let pressed = async |times: usize| {
        let press = |_| {
            let (site, old, form) = (site.clone(), old.clone(), form.clone());
            tokio::spawn(async move { ask(&site, &old, RENEWAL, Some(&form)).await })
        };
        let presses: Vec<_> = (0..times).map(press).collect();
        let mut files = Vec::new();
        for press in presses {
            let reply = press.await.expect("runs");
            assert_eq!(reply.status, 200, "{}", text(&reply));
            assert_eq!(reply.headers["content-type"], "application/x-pkcs12");
            files.push(reply.bytes);
        }
        files
    };
    let files = [pressed(2).await, pressed(16).await].concat();
    assert!(files.iter().all(|file| *file == files[0]), "one file");
    assert_eq!(recorded(&site).await.len(), 2);
    let new = taken_apart(&site, &files[0]);
    // Minutes later it is gone for good; by then somebody works with it.
    site.system.server.refresh_terminals().await.expect("reads");
    says(&ask(&site, &new, "/", None).await, 200, &["電子証明書は有効です"]);
    site.system.hands.advance(std::time::Duration::from_secs(11 * 60));
    let late = ask(&site, &old, RENEWAL, Some(&form)).await;
    says(&late, 409, &["すでに更新されています", "電子証明書発行申請"]);
    assert!(!text(&late).contains("<form"), "nothing to press any more");
    assert_eq!(recorded(&site).await.len(), 2);
}

async fn a_file_that_nobody_used_is_made_again(engine: Engine) {
    let site = site(engine).await;
    let old = terminal(&site).await;
    site.system.hands.set(start_of_day(add_days(last_day(&old), -30)));
    let form = shown_form(&site, &old, PASSWORD).await;
    let first = ask(&site, &old, RENEWAL, Some(&form)).await.bytes;
    let lost = taken_apart(&site, &first);
    // Another password makes another file: the first one's would not open it.
    let other = form.replace(PASSWORD, "another-horse-9");
    assert_ne!(form, other);
    let second = ask(&site, &old, RENEWAL, Some(&other)).await;
    assert_eq!(second.status, 200, "{}", text(&second));
    // The first form's file is revoked by now: it is not given again, another is made.
    let third = ask(&site, &old, RENEWAL, Some(&form)).await;
    assert_eq!(third.status, 200, "{}", text(&third));
    assert_ne!(taken_apart(&site, &third.bytes).serial, lost.serial);
    let open = ask(&site, &old, RENEWAL, None).await;
    says(
        &open,
        200,
        &["更新済み", "まだ使われていません", "前回のファイルの電子証明書は失効", "更新</button>"],
    );
    let form = shown_form(&site, &old, PASSWORD).await;
    let new = taken_apart(&site, &ask(&site, &old, RENEWAL, Some(&form)).await.bytes);
    let known = recorded(&site).await;
    assert_eq!(known.len(), 5);
    let in_force: Vec<_> = known.iter().filter(|(_, revoked)| !revoked).map(|(serial, _)| serial).collect();
    assert!(in_force.contains(&&old.serial) && in_force.contains(&&new.serial), "{known:?}");
    assert_eq!(in_force.len(), 2, "{known:?}");
    site.system.server.refresh_terminals().await.expect("reads");
    says(&ask(&site, &lost, "/", None).await, 403, &["失効しました", "電子証明書の再発行"]);
    says(&ask(&site, &new, "/", None).await, 200, &["電子証明書は有効です"]);
    // From here on somebody depends on it.
    let late = ask(&site, &old, RENEWAL, Some(&form.replace("form_id=", "form_id=0&x="))).await;
    says(&late, 409, &["すでに更新されています"]);
    // Renewing again makes the overlap no longer.
    site.system.hands.advance(DAY * 15);
    says(&ask(&site, &old, RENEWAL, None).await, 403, &["更新前の古い電子証明書"]);
    site.system.stop().await;
}

async fn a_file_is_made_again_a_few_times_only(engine: Engine) {
    use eligibility::institution_certificate::SUCCESSORS_MAX;
    let site = site(engine).await;
    let old = terminal(&site).await;
    site.system.hands.set(start_of_day(add_days(last_day(&old), -30)));
    // Forms without an id are each a form of its own.
    for _ in 0..SUCCESSORS_MAX {
        let file = ask(&site, &old, RENEWAL, Some(&passwords())).await;
        assert_eq!(file.status, 200, "{}", text(&file));
    }
    assert_eq!(recorded(&site).await.len(), 1 + SUCCESSORS_MAX as usize);
    let over = ask(&site, &old, RENEWAL, Some(&passwords())).await;
    says(&over, 409, &["すでに更新されています", "電子証明書発行申請"]);
    assert!(!text(&over).contains("<form"), "nothing to press any more");
    assert_eq!(recorded(&site).await.len(), 1 + SUCCESSORS_MAX as usize);
    let in_force = recorded(&site).await.iter().filter(|(_, revoked)| !revoked).count();
    assert_eq!(in_force, 2, "the old one and the last one");
    site.system.stop().await;
}

async fn a_revoked_successor_leaves_a_warning_and_a_way(engine: Engine) {
    use eligibility::institution_certificate::RevocationReason;
    let site = site(engine).await;
    let old = terminal(&site).await;
    let today = add_days(last_day(&old), -80);
    site.system.hands.set(start_of_day(today));
    let form = shown_form(&site, &old, PASSWORD).await;
    let new = taken_apart(&site, &ask(&site, &old, RENEWAL, Some(&form)).await.bytes);
    site.system.server.refresh_terminals().await.expect("reads");
    says(&ask(&site, &new, "/", None).await, 200, &["電子証明書は有効です"]);
    let warned = async || {
        let store = site.system.store();
        server::ca::notices::warnings(store, &code(), site.system.today()).await.expect("reads")
    };
    assert_eq!(warned().await, []);
    let revoke = async |serial: &str, reason| {
        site.desk().revoke(&code(), serial, reason, "operator:o1", None).await.expect("revokes")
    };
    revoke(&new.serial, RevocationReason::Superseded).await;
    let warnings = warned().await;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(
        (warnings[0].serial.as_str(), warnings[0].notice.last_day),
        (&*old.serial, add_days(today, 14))
    );
    site.parts().notices.run().await.expect("runs");
    site.system.hands.set(start_of_day(add_days(today, 9)));
    site.parts().notices.run().await.expect("runs");
    let entries = crate::support::audit_entries(&site.system).await;
    let told = entries.iter().filter(|entry| entry.action == "certificate.notice");
    assert!(told.clone().any(|entry| entry.object.contains(&old.serial)), "{told:?}");
    says(&ask(&site, &old, RENEWAL, None).await, 200, &["失効しています", "もう一度更新してください"]);
    let form = shown_form(&site, &old, PASSWORD).await;
    let again = taken_apart(&site, &ask(&site, &old, RENEWAL, Some(&form)).await.bytes);
    assert_eq!(warned().await, []);
    // Not where the reason means the terminal, which would undo it.
    revoke(&again.serial, RevocationReason::CessationOfOperation).await;
    let page = ask(&site, &old, RENEWAL, None).await;
    assert!(!text(&page).contains("<form"), "{}", text(&page));
    says(&ask(&site, &old, RENEWAL, Some(&passwords())).await, 409, &["電子証明書発行申請"]);
    let wish = request_of(TERMINAL, &PrivateKey::generate(KeyAlgorithm::P256).expect("a key"));
    let by_terminal = site.desk().renew(&code(), &old.fingerprint, &wish).await;
    assert!(by_terminal.is_err(), "nor by itself: {by_terminal:?}");
    assert_eq!(recorded(&site).await.len(), 3);
    assert_eq!(warned().await.len(), 1);
    site.system.stop().await;
}

async fn an_expired_certificate_gets_words_and_the_remedy(engine: Engine) {
    let site = site(engine).await;
    let terminal = terminal(&site).await;
    let last = last_day(&terminal);
    site.system.hands.set(start_of_day(last));
    says(&ask(&site, &terminal, "/", None).await, 200, &["【至急】電子証明書の有効期限は本日です"]);
    site.system.hands.set(Instant(end_of_day(last).0 + 1_000));
    let words = format!("電子証明書の有効期限（{}）が切れています", format_japanese(last));
    for (path, form) in [("/", None), (RENEWAL, None), (RENEWAL, Some(passwords()))] {
        let refused = ask(&site, &terminal, path, form.as_deref()).await;
        says(&refused, 403, &[&words, "更新はできません", "電子証明書発行申請", "OQSA9104E"]);
        assert_eq!(refused.headers[CODE_HEADER], "OQSA9104E");
        assert!(!text(&refused).contains("失効"), "it is not called revoked");
    }
    assert_eq!(site.system.store().certificates_of(&code()).await.expect("reads").len(), 1);
    site.system.stop().await;
}

async fn the_end_is_told_on_my_menu(engine: Engine) {
    let mailbox = Mailbox::open().await;
    let url = mailbox.url();
    let site = Site::with(engine, |config| {
        config.portal = Some(portal_support::site());
        config.operator = Some(portal_support::site());
        config.mail = Some(Mail { server: Secret::new(url), sender: "no-reply@shikaku.example".to_owned() });
    })
    .await;
    let last = last_day(&site.terminal("o1").await);
    let (_, waiting) = site.unposted("o2", "会計2号機").await;
    let portal = Portal { system: site.system, mailbox };
    // The session lasts over the midnight.
    portal.system.hands.set(Instant(start_of_day(add_days(last, -90)).0 - 60_000));
    let mail = "office@mihon.example";
    let (member, secret) = portal.member(INSTITUTION, mail).await;
    let (other, _) = portal.member("1319990020", "other@mihon.example").await;
    let before = member.get("/my-menu").await;
    before.says(200, "引受番号").says(200, "123-45-67890-1").says(200, "発送日").says(200, "発送の準備中");
    // The desk's number for a letter tells nothing of the number that opens it.
    let letters = portal.system.store().letters_of(&code()).await.expect("reads");
    let own = letters.iter().find(|letter| letter.order_id == "o2").expect("the letter");
    assert!(!own.document_number.contains(&waiting.number[6..]), "{}", own.document_number);
    assert!(!other.get("/my-menu").await.says(200, "マイメニュー").text.contains("123-45-67890-1"));
    assert!(!before.says(200, "マイメニュー").text.contains("電子証明書の有効期限"), "{}", before.text);
    portal.system.hands.advance(DAY / 1_440);
    let menu = member.get("/my-menu").await;
    menu.says(200, "電子証明書の有効期限まであと90日です").says(200, TERMINAL);
    menu.says(200, "href=\"/applications/certificate-renewal\"").says(200, "電子証明書更新申請サイトを開き");
    assert!(!other.get("/my-menu").await.says(200, "マイメニュー").text.contains(TERMINAL));
    for (left, words) in [
        (15, "電子証明書の有効期限まであと15日です"),
        (7, "【至急】電子証明書の有効期限まであと7日です"),
        (-1, "【重要】電子証明書の有効期限が切れました"),
    ] {
        portal.system.hands.set(start_of_day(add_days(last, -left)));
        login(&member, mail, portal_support::PASSWORD).await.leads("/login/second-factor");
        member.post("/login/totp", &[("code", &portal.code(&secret, 0))]).await;
        let menu = member.get("/my-menu").await;
        menu.says(200, words);
    }
    member.get("/my-menu").await.says(200, "href=\"/applications/certificate-issue\"");
    portal.system.stop().await;
}

async fn the_end_of_another_terminals_is_told_on_the_first_page(engine: Engine) {
    let site = site(engine).await;
    let own = terminal(&site).await;
    let name = "会計2号機";
    let codes = site.letter_for("o2", name).await;
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let (status, answer) = site.retrieve(&codes, json!({ "request_pem": request_of(name, &key) })).await;
    assert_eq!(status, 200, "{answer}");
    let words = format!("ほかの端末「{name}」");
    site.system.hands.set(start_of_day(add_days(last_day(&own), -91)));
    assert!(!text(&ask(&site, &own, "/", None).await).contains(&words), "not yet");
    site.system.hands.set(start_of_day(add_days(last_day(&own), -30)));
    says(&ask(&site, &own, "/", None).await, 200, &[&words, "電子証明書の有効期限まであと30日です"]);
    site.system.stop().await;
}
