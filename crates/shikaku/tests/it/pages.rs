//! The landing page: real checks behind plain forms, and nobody else's forms.

use eligibility::{codes::Validity, errors::ErrorCode};
use population::personas::{AskWith, Persona, Promise};
use reqwest::{Client, StatusCode, header};

use crate::program::RunningDemo;

pub(crate) fn client() -> Client {
    // The process-wide provider; a second test of this process finds it installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::builder().no_proxy().build().expect("a client")
}

pub(crate) async fn post(demo: &RunningDemo, path: &str, form: &str) -> reqwest::Response {
    client()
        .post(format!("http://{}{path}", demo.address))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, format!("http://{}", demo.address))
        .body(form.to_owned())
        .send()
        .await
        .unwrap_or_else(|error| panic!("{path} {form}: {error:?}"))
}

#[tokio::test]
async fn everybody_keeps_their_promise() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = RunningDemo::start(folder.path());
    let today = server::clock::Clock::system().today();
    let mut broken = Vec::new();
    for persona in population::personas(today) {
        for (index, ask) in persona.asks.iter().enumerate() {
            let page = match ask.with {
                AskWith::Card => post(&demo, "/checks/card", &card_form(&persona, ask.promise)).await,
                AskWith::Number(_) => {
                    post(&demo, "/checks/number", &format!("persona={}&ask={index}", persona.id)).await
                }
            };
            let page = page.text().await.expect("a page");
            if !keeps(ask.promise, &page) {
                let code = page.split("OQS").nth(1).map(|rest| rest.chars().take(6).collect::<String>());
                broken.push(format!("{} #{index}: {:?}, got OQS{code:?}", persona.id, ask.promise));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[tokio::test]
async fn the_first_day_stays_under_one_name_and_goes_to_the_line_before_the_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = RunningDemo::start(folder.path());
    let text = |name: &str| demo.announcement[name].as_str().expect("an address").to_owned();
    assert!(text("landing_page").starts_with("http://localhost:"), "sessions are of one name");
    let guide = client().get(format!("http://{}/first-day", demo.address)).send().await.expect("an answer");
    assert_eq!(guide.url().host_str(), Some("localhost"), "the guide leads to the name the sites have");
    let guide = guide.text().await.expect("a page");
    let place = |words: &str| guide.find(words).unwrap_or_else(|| panic!("{words} is not in {guide}"));
    assert!(place("ネットワークの設定（回線認証）") < place("システムの導入・機器のセットアップ"));
    // A page that answered a form is loaded again: back to where the forms are.
    let again = client().get(format!("http://{}/checks/card", demo.address)).send().await.expect("an answer");
    assert_eq!((again.status(), again.url().path()), (StatusCode::OK, "/"));
    // The first terminal's certificate is one the centre knows as issued.
    let renewal = client().get(format!("{}/certificate-renewal", text("gateway"))).send().await;
    let renewal = renewal.expect("an answer").text().await.expect("a page");
    assert!(
        renewal.contains("まだ更新できません") && !renewal.contains("発行したものではありません"),
        "{renewal}"
    );
}

fn card_form(persona: &Persona, promise: Promise) -> String {
    let proof = match promise {
        Promise::Refused(ErrorCode::PinWrong) => "wrong_pin",
        Promise::Refused(ErrorCode::ProofFailed) => "face",
        _ => "pin",
    };
    format!("persona={}&proof={proof}", persona.id)
}

fn keeps(promise: Promise, page: &str) -> bool {
    let answered = |validity: Validity| {
        let element = format!("QualificationValidity&#62;{0}&#60;", validity.code());
        page.contains(&element)
            || page.contains(&format!("QualificationValidity&gt;{0}&lt;", validity.code()))
    };
    let coded = |code: ErrorCode| page.contains(code.code());
    match promise {
        Promise::Answer(validity) => answered(validity),
        Promise::AnswerWith(validity, code) => answered(validity) && coded(code),
        Promise::Refused(code) => coded(code),
    }
}

#[tokio::test]
async fn a_reload_does_not_check_again_and_a_form_of_another_page_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = RunningDemo::start(folder.path());
    assert!(demo.announcement["people"].as_array().expect("people").len() > 10);

    let result = post(&demo, "/checks/number", "persona=hanako&ask=1").await;
    assert!(result.url().path().starts_with("/results/"), "a browser lands on a page that can be reloaded");

    let own = format!("http://{}/checks/number", demo.address);
    let form = client().post(&own).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let foreign = form.header(header::ORIGIN, "http://evil.example").body("persona=hanako&ask=1");
    assert_eq!(foreign.send().await.expect("an answer").status(), StatusCode::FORBIDDEN);

    let page = format!("http://{}/", demo.address);
    let renamed = client().get(&page).header(header::HOST, "evil.example").send().await.expect("an answer");
    assert_eq!(renamed.status(), StatusCode::MISDIRECTED_REQUEST);

    let landing = client().get(&page).send().await.expect("an answer");
    let policy = landing.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
    assert!(policy.contains("default-src 'self'") && policy.contains("script-src 'none'"), "{policy}");
    let html = landing.text().await.expect("a page");
    assert!(!html.contains("<script") && !html.contains(" style="), "nothing inline");
    let announced = demo.address.replace("127.0.0.1", "localhost");
    assert!(html.contains("1319990012") && html.contains(&announced), "under the name its links keep");

    let nobody = post(&demo, "/checks/card", "persona=nobody&proof=pin").await;
    assert_eq!(nobody.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
