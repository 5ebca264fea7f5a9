//! Asking questions as a terminal does.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

use eligibility::Date;
use eligibility::insurer::InsurerNumber;
use hyper::Method;
use serde_json::{Value, json};
use server::config::{Environment, InstitutionWeb};
use testkit::cards::TestCard;
use testkit::client::{Connection, Http, Reply};
use testkit::system::{Engine, INSTITUTION, TestSystem, TestTerminal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use wire::terminal_api::{CARD_VERIFICATIONS_PATH, CardCheckRequest, NONCES_PATH, NUMBER_VERIFICATIONS_PATH};

/// The institution web on a free port, under the name that browsers know each machine by.
pub(crate) fn institution_web() -> InstitutionWeb {
    InstitutionWeb {
        listen: ([127, 0, 0, 1], 0).into(),
        origin: "https://localhost".to_owned(),
        certificate: None,
        key: None,
        environment: Environment::Production,
    }
}

/// A health insurance society's number with its check digit.
pub(crate) fn insurer() -> InsurerNumber {
    InsurerNumber::with_check_digit("0613001").expect("an insurer number")
}

/// Another society's.
pub(crate) fn other_insurer() -> InsurerNumber {
    InsurerNumber::with_check_digit("0613002").expect("an insurer number")
}

/// A welfare office's.
pub(crate) fn welfare_office() -> InsurerNumber {
    InsurerNumber::with_check_digit("1213101").expect("an insurer number")
}

/// A system, its usual terminal, and an open connection.
pub(crate) struct Desk {
    pub(crate) system: TestSystem,
    pub(crate) terminal: TestTerminal,
    pub(crate) connection: Connection,
}

impl Desk {
    pub(crate) async fn open(engine: Engine) -> Self {
        Self::of(TestSystem::start(engine).await).await
    }

    pub(crate) async fn of(system: TestSystem) -> Self {
        let terminal = system.terminal(INSTITUTION, "front-1").await;
        let connection = terminal.connect(Http::Two).await.expect("a registered terminal connects");
        Self { system, terminal, connection }
    }

    pub(crate) async fn nonce(&self) -> String {
        let reply = self.post(NONCES_PATH, &json!({ "count": 1 })).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        reply.json()["nonces"][0].as_str().expect("a nonce").to_owned()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.connection.send(Method::POST, path, Some(body)).await.expect("an answer")
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.connection.send(Method::GET, path, None).await.expect("an answer")
    }

    /// A full check by card, with every consent given.
    pub(crate) async fn check_card(&self, card: &TestCard, as_of: Date) -> Reply {
        let nonce = self.nonce().await;
        self.post(CARD_VERIFICATIONS_PATH, &card_question(&self.terminal, card, &nonce, as_of)).await
    }

    pub(crate) async fn check_number(&self, question: &Value) -> Reply {
        self.post(NUMBER_VERIFICATIONS_PATH, question).await
    }
}

/// A question by card, proven for this nonce.
pub(crate) fn card_question(terminal: &TestTerminal, card: &TestCard, nonce: &str, as_of: Date) -> Value {
    let question = json!({
        "nonce": nonce,
        "certificate": card.certificate_base64(),
        "signature": "",
        "proof_method": "pin",
        "as_of": as_of.to_string(),
        "consents": [
            { "kind": "specific_disease", "granted": true },
            { "kind": "checkup", "granted": true },
            { "kind": "medication", "granted": true },
            { "kind": "treatment", "granted": false },
        ],
        "care_form": "outpatient",
    });
    signed(terminal, card, question)
}

/// A question by card whose photograph staff compared, after they entered a passcode at a reader.
pub(crate) fn visually_checked(
    terminal: &TestTerminal,
    card: &TestCard,
    nonce: &str,
    as_of: Date,
    passcode: &Value,
) -> Value {
    let mut question = card_question(terminal, card, nonce, as_of);
    question["proof_method"] = json!("visual");
    question["visual_check"] = json!({ "passcode": passcode, "reader_serial": "R-0001" });
    signed(terminal, card, question)
}

/// The question with the card's signature over what it says now.
pub(crate) fn signed(terminal: &TestTerminal, card: &TestCard, mut question: Value) -> Value {
    let asked: CardCheckRequest = serde_json::from_value(question.clone()).expect("a question by card");
    let statement = asked.statement(&terminal.institution, &terminal.fingerprint);
    question["signature"] = json!(card.prove(&statement));
    question
}

/// A question by number.
pub(crate) fn number_question(
    request_id: &str,
    insurer: &InsurerNumber,
    number: &str,
    branch: Option<&str>,
    birthdate: Date,
    as_of: Date,
) -> Value {
    let mut question = json!({
        "request_id": request_id,
        "as_of": as_of.to_string(),
        "insurer_number": insurer.as_str(),
        "insured_symbol": "12",
        "insured_number": number,
        "birthdate": birthdate.to_string(),
        "ceiling_consent": true,
    });
    if let Some(branch) = branch {
        question["branch_number"] = json!(branch);
    }
    question
}

/// The answered message.
pub(crate) fn message(reply: &Reply) -> Value {
    reply.json()["answer"]["XmlMsg"].clone()
}

/// The body part of an answered message.
pub(crate) fn body(reply: &Reply) -> Value {
    message(reply)["MessageBody"].clone()
}

/// 資格有効性 in an answer.
pub(crate) fn validity(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.json());
    body(reply)["QualificationValidity"].as_str().unwrap_or_default().to_owned()
}

/// The first eligibility shown.
pub(crate) fn first_result(reply: &Reply) -> Value {
    let list = body(reply)["ResultList"].clone();
    list[0]["ResultOfQualificationConfirmation"].clone()
}

/// One entry of the audit log.
#[derive(Clone, Debug, serde::Deserialize)]
pub(crate) struct Entry {
    pub(crate) actor: String,
    pub(crate) institution_code: String,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) outcome: String,
    pub(crate) detail: String,
}

/// The entries of [`audit_dump`].
pub(crate) async fn audit_entries(system: &TestSystem) -> Vec<Entry> {
    audit_dump(system).await.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The whole audit log as exported, after signing a head over it.
pub(crate) async fn audit_dump(system: &TestSystem) -> String {
    let pem = std::fs::read_to_string(system.folder().join("audit.key")).expect("the audit key");
    let key = store::audit::SigningKey::from_pem(&pem).expect("the audit key");
    system.store().audit_integrate_and_sign(&key, system.clock.now()).await.expect("a signed head");
    let mut dump = Vec::new();
    system.store().audit_export(&mut dump).await.expect("a dump");
    String::from_utf8(dump).expect("UTF-8")
}

/// Everything this process has logged since somebody first asked for it.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("UTF-8")
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Captured {
    type Writer = Self;
    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// Captures the log; a process has one, whichever of its tests asks first.
pub(crate) fn captured_log() -> Captured {
    static LOG: OnceLock<Captured> = OnceLock::new();
    let start = || {
        let captured = Captured::default();
        let filter = EnvFilter::new("info,server=trace,store=trace,card=trace,wire=trace,shikaku=trace");
        let subscriber =
            tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(captured.clone());
        tracing::subscriber::set_global_default(subscriber.finish())
            .expect("the only subscriber of this process");
        captured
    };
    LOG.get_or_init(start).clone()
}
