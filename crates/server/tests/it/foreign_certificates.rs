//! 電子証明書更新申請サイト and 電子証明書取得サイト × another institution: the one goes by the connection's certificate
//! whatever a request says, the other tells nobody without the 認証ID whether a letter exists. Walked over the one table
//! of routes ([`ROUTES`]).

use testkit::authority::issued_now;
use testkit::browser::{Browser, BrowserPage};
use testkit::system::{Engine, INSTITUTION};

use crate::ca_support::{Codes, DAY, PASSWORD, Site, TERMINAL, code};
use crate::chain_support::code_of;
use crate::foreign_objects::{ROUTES, Route, ask};
use crate::institution_support::OTHER;
use crate::on_both_engines;

on_both_engines! {
    a_renewal_is_of_the_connections_certificate_alone
    a_letter_is_nothing_without_its_secret
}

/// Days before the end of both certificates.
const DAYS_LEFT: i32 = 60;

async fn site(engine: Engine) -> Site {
    Site::with(engine, |config| {
        config.institution_web = Some(crate::support::institution_web());
    })
    .await
}

async fn a_renewal_is_of_the_connections_certificate_alone(engine: Engine) {
    let site = site(engine).await;
    let own = site.terminal("o1").await;
    let neighbour = store::Institution { code: code_of(OTHER), name: "よその医院".to_owned() };
    site.system.store().put_institution(neighbour).await.expect("an institution");
    let (key, chain) = issued_now(&site.system, &code_of(OTHER), "会計2号機").await;
    let stranger = site.with_chain(&chain, key);
    let read = pki::profile::TerminalIdentity::read(&own.chain[0]).expect("a certificate");
    let last = eligibility::calendar::tokyo_date(read.validity.not_after);
    let days = eligibility::calendar::days_between(site.system.today(), last) - DAYS_LEFT;
    site.system.hands.advance(DAY * u32::try_from(days).expect("days"));
    site.system.server.refresh_terminals().await.expect("reads");
    let address = site.system.server.institution_web().expect("it answers");
    let origin = format!("https://localhost:{}", address.port());
    let browser = Browser::over_tls(address, &origin, &stranger.tls);
    let before = site.system.store().certificates_of(&code()).await.expect("reads");
    // Whatever a form says of the other institution.
    let forged = [
        ("institution_code", INSTITUTION),
        ("terminal_name", TERMINAL),
        ("serial", &*own.serial),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    let path = server::ca::renewal::PATH;
    let query = format!("{path}?institution_code={INSTITUTION}&serial={}", own.serial);
    let mut walked = 0;
    for Route(_, method, _, _) in ROUTES.iter().filter(|Route(folder, ..)| *folder == "ca/renewal") {
        let page = match *method {
            "get" => browser.get(&query).await,
            _ => browser.post(path, &forged).await,
        };
        assert_eq!(page.status, 200, "{method}: {}", page.text);
        for words in [INSTITUTION, TERMINAL, "架空髙﨑内科", &own.serial] {
            assert!(!page.text.contains(words), "{method} tells {words}: {}", page.text);
        }
        if *method == "get" {
            page.says(200, OTHER).says(200, "会計2号機");
        }
        walked += 1;
    }
    assert_eq!(walked, 2, "a route of the renewal site that nobody walks here");
    assert_eq!(site.system.store().certificates_of(&code()).await.expect("reads"), before);
    let theirs = site.system.store().certificates_of(&code_of(OTHER)).await.expect("reads");
    assert_eq!(theirs.len(), 2, "its own was renewed");
    site.system.stop().await;
}

/// What of a page or an answer could tell one number from another. Every page has a new number of its form.
fn told(page: &BrowserPage, number: &str) -> (u16, String) {
    const FORM: &str = "name=\"form_id\" value=\"";
    let text = page.text.replace(number, "*");
    let told = text.split_once(FORM).and_then(|(before, after)| {
        let (_, after) = after.split_once('"')?;
        Some(format!("{before}{FORM}*\"{after}"))
    });
    (page.status, told.unwrap_or(text))
}

async fn a_letter_is_nothing_without_its_secret(engine: Engine) {
    let site = site(engine).await;
    let letter = site.letter("o1").await;
    let secret = if letter.secret == "ABCDEFGHJKMNPQRS" { "ABCDEFGHJKMNPQRT" } else { "ABCDEFGHJKMNPQRS" };
    let guess = |number: &str| Codes { number: number.to_owned(), secret: secret.to_owned() };
    let address = site.address();
    let browser = Browser::new(address, &format!("http://{address}"));
    // A number that no letter has, as good as any.
    let made_up = if letter.number == "000000000000" { "000000000001" } else { "000000000000" };
    for Route(_, method, path, _) in ROUTES.iter().filter(|Route(folder, ..)| *folder == "ca/retrieval") {
        let mut answers = Vec::new();
        for number in [&*letter.number, made_up] {
            let codes = guess(number);
            answers.push(match (*method, *path) {
                // Pages that ask, and know nothing yet.
                ("get", "/" | "page::PATH") => {
                    let path =
                        if *path == "/" { "/".to_owned() } else { format!("/certificate?number={number}") };
                    told(&ask(&browser, method, &path).await, number)
                }
                ("post", "page::PATH") => {
                    let fields = [
                        ("retrieval_number", number),
                        ("secret", &*codes.secret),
                        ("password", PASSWORD),
                        ("password_again", PASSWORD),
                    ];
                    told(&browser.post("/certificate", &fields).await, number)
                }
                ("post", "RETRIEVAL_PATH") => {
                    let (status, answer) = site.retrieve(&codes, serde_json::json!({})).await;
                    (status, answer.to_string())
                }
                other => panic!("{other:?}: what does this route tell of a letter?"),
            });
        }
        assert_eq!(answers[0], answers[1], "{method} {path}");
        for words in ["架空髙﨑内科", INSTITUTION, TERMINAL] {
            assert!(!answers[0].1.contains(words), "{method} {path} tells {words}: {}", answers[0].1);
        }
    }
    // A letter of the one is no certificate of the other.
    let key = pki::keys::PrivateKey::generate(pki::keys::KeyAlgorithm::P256).expect("a key");
    let terminal = pki::TerminalName::parse(TERMINAL).expect("a name");
    let subject = pki::TerminalSubject { institution: code_of(OTHER), terminal };
    let request = pki::csr::create_pem(&subject, &key).expect("a request");
    let (status, answer) = site.retrieve(&letter, serde_json::json!({ "request_pem": request })).await;
    assert_eq!((status, answer["code"].as_str()), (400, Some("certificate-request-refused")), "{answer}");
    let none = site.system.store().certificates_of(&code_of(OTHER)).await.expect("reads");
    assert_eq!(none, []);
    site.system.stop().await;
}
