//! Everything a terminal can ask for × another institution's terminal: nothing of the one is told or done to the other,
//! whatever names the request makes up. The match over [`Operation`] has every route: one that is added does not compile
//! here before somebody has said how it keeps institutions apart.

use eligibility::Date;
use eligibility::facility_settings::Setting;
use eligibility::reader::ReaderCommand;
use hyper::Method;
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::{TerminalName, TerminalSubject, csr};
use serde_json::{Value, json};
use server::terminal_api::router::{Operation, ROUTES, Route};
use store::{FormId, ReaderWish};
use testkit::authority::{issued_now, with_authority};
use testkit::client::{Connection, Http, Reply};
use testkit::facility::switch_on;
use testkit::people;
use testkit::system::{Engine, INSTITUTION, TestSystem, TestTerminal};

use crate::chain_support::code_of;
use crate::institution_support::OTHER;
use crate::on_both_engines;
use crate::support::{card_question, insurer, number_question, visually_checked};

on_both_engines! { every_route_of_the_terminal_api_keeps_institutions_apart }

const BORN: Date = Date::constant(1980, 2, 17);
/// The id that both institutions choose for what they ask.
const SAME_ID: &str = "same-1";
const REFERENCE: &str = "K-1";

/// One institution's terminal.
struct Counter {
    terminal: TestTerminal,
    connection: Connection,
}

impl Counter {
    async fn open(system: &TestSystem, institution: &str, name: &str) -> Self {
        let terminal = system.terminal(institution, name).await;
        let connection = terminal.connect(Http::Two).await.expect("connects");
        Self { terminal, connection }
    }

    async fn nonce(&self) -> String {
        let given = self.ask(route(Operation::IssueNonces), &json!({ "count": 1 })).await.json();
        given["nonces"][0].as_str().expect("a nonce").to_owned()
    }

    async fn ask(&self, route: &Route, body: &Value) -> Reply {
        let body = (route.method == Method::POST).then_some(body);
        self.connection.send(route.method.clone(), route.path, body).await.expect("an answer")
    }
}

/// Two institutions; the first has had everything that its terminals can ask for.
struct Town {
    system: TestSystem,
    own: Counter,
    other: Counter,
}

fn route(operation: Operation) -> &'static Route {
    ROUTES.iter().find(|route| route.operation == operation).expect("a route")
}

fn row(number: &str) -> Value {
    json!({
        "insurer_number": insurer().as_str(), "insured_symbol": "12", "insured_number": number,
        "birthdate": "19800217", "identifier": "id-1",
    })
}

impl Town {
    async fn open(engine: Engine) -> Self {
        let system = TestSystem::start_with(engine, with_authority).await;
        let person = people::coverage(&insurer(), "p-1", "101", "試験　花子", BORN);
        system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
        let own = Counter::open(&system, INSTITUTION, "窓口1").await;
        let other = Counter::open(&system, OTHER, "受付9").await;
        for setting in [Setting::PasscodeByFile, Setting::HomeVisit] {
            switch_on(&system, &code_of(INSTITUTION), setting).await;
        }
        Self { system, own, other }
    }

    async fn both(&self, operation: Operation, body: &Value) -> (Reply, Reply) {
        let route = route(operation);
        (self.own.ask(route, body).await, self.other.ask(route, body).await)
    }

    fn number(&self, number: &str) -> Value {
        number_question(SAME_ID, &insurer(), number, None, BORN, self.system.today())
    }

    /// The other's answer names nothing of the own.
    async fn tells_of_itself(&self, operation: Operation, body: &Value) {
        let (own, other) = self.both(operation, body).await;
        assert_eq!((own.status, other.status), (200, 200), "{operation:?}: {} {}", own.json(), other.json());
        let told = String::from_utf8_lossy(&other.bytes).into_owned();
        for name in [INSTITUTION, "窓口1", &self.own.terminal.fingerprint] {
            assert!(!told.contains(name), "{operation:?} tells {name}: {told}");
        }
    }
}

async fn every_route_of_the_terminal_api_keeps_institutions_apart(engine: Engine) {
    let town = Town::open(engine).await;
    for Route { operation, .. } in &ROUTES {
        match operation {
            Operation::VerifyCard => a_nonce_is_of_its_terminal(&town).await,
            Operation::VerifyNumber => an_id_is_of_its_institution(&town).await,
            Operation::IssueNonces => town.tells_of_itself(*operation, &json!({ "count": 1 })).await,
            Operation::Status => town.tells_of_itself(*operation, &Value::Null).await,
            Operation::ReceiptKeys => {
                // Public, and the same for everybody.
                let (own, other) = town.both(*operation, &Value::Null).await;
                assert_eq!((own.status, &own.bytes), (200, &other.bytes));
            }
            Operation::CertificateStanding => certificates_tell_of_themselves(&town).await,
            Operation::RenewCertificate => nobody_renews_anothers_certificate(&town).await,
            Operation::IssuePasscode => passcodes_are_of_their_house(&town).await,
            Operation::FacilitySettings | Operation::ChangeFacilitySettings => {
                settings_are_of_their_house(&town).await;
            }
            Operation::HomeVisitUrl => addresses_are_of_their_house(&town).await,
            Operation::RegisterReferenceNumber => reference_numbers_are_of_their_house(&town).await,
            Operation::UploadBulk | Operation::BulkResult => files_are_of_their_house(&town).await,
            Operation::ReaderState => readers_are_of_their_house(&town).await,
        }
    }
    town.system.stop().await;
}

async fn a_nonce_is_of_its_terminal(town: &Town) {
    let card = town.system.card_of("p-1").await;
    let given = town.own.ask(route(Operation::IssueNonces), &json!({ "count": 1 })).await.json();
    let nonce = given["nonces"][0].as_str().expect("a nonce");
    let check = route(Operation::VerifyCard);
    // What the own terminal was proven, carried to another's; and the other's own proof with it.
    for prover in [&town.own.terminal, &town.other.terminal] {
        let question = card_question(prover, &card, nonce, town.system.today());
        let refused = town.other.ask(check, &question).await;
        assert!((400..500).contains(&refused.status), "{} {}", refused.status, refused.json());
        assert!(!refused.json().to_string().contains("試験"), "{}", refused.json());
    }
    let question = card_question(&town.own.terminal, &card, nonce, town.system.today());
    assert_eq!(town.own.ask(check, &question).await.status, 200, "and nobody has used it up");
}

async fn an_id_is_of_its_institution(town: &Town) {
    let check = route(Operation::VerifyNumber);
    let own = town.own.ask(check, &town.number("101")).await;
    assert_eq!(own.status, 200, "{}", own.json());
    // The same id for another question: a conflict at home, a question of its own elsewhere.
    assert_eq!(town.own.ask(check, &town.number("999")).await.status, 409);
    let other = town.other.ask(check, &town.number("999")).await;
    assert_eq!(other.status, 200, "{}", other.json());
    assert!(!other.json()["answer"].to_string().contains("試験"), "{}", other.json());
}

async fn certificates_tell_of_themselves(town: &Town) {
    let standing = route(Operation::CertificateStanding);
    let mut told = Vec::new();
    for institution in [INSTITUTION, OTHER] {
        let connection = with_own_certificate(town, institution).await;
        let reply = connection.send(Method::GET, standing.path, None).await.expect("an answer");
        assert_eq!(reply.status, 200, "{}", reply.json());
        assert_eq!(reply.json()["subject"]["institution_code"], institution);
        told.push(reply.json()["serial"].clone());
    }
    assert_ne!(told[0], told[1]);
}

/// A connection with a certificate that the authority issued to this institution.
async fn with_own_certificate(town: &Town, institution: &str) -> Connection {
    let (key, chain) = issued_now(&town.system, &code_of(institution), "会計2号機").await;
    let terminal = crate::ca_support::terminal_by(&town.system.clock, &town.system, &chain, key);
    terminal.connect().await.expect("a connection")
}

async fn nobody_renews_anothers_certificate(town: &Town) {
    let connection = with_own_certificate(town, OTHER).await;
    let before = town.system.store().certificates_of(&code_of(INSTITUTION)).await.expect("reads");
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let terminal = TerminalName::parse("会計2号機").expect("a name");
    let subject = TerminalSubject { institution: code_of(INSTITUTION), terminal };
    let wish = json!({ "request_pem": csr::create_pem(&subject, &key).expect("a request") });
    let renewal = route(Operation::RenewCertificate);
    let refused = connection.send(Method::POST, renewal.path, Some(&wish)).await.expect("an answer");
    assert_eq!(
        (refused.status, &*refused.code()),
        (400, "certificate-request-refused"),
        "{}",
        refused.json()
    );
    assert!(
        refused.json()["title"].as_str().is_some_and(|title| title.contains("名義")),
        "{}",
        refused.json()
    );
    assert_eq!(town.system.store().certificates_of(&code_of(INSTITUTION)).await.expect("reads"), before);
}

async fn passcodes_are_of_their_house(town: &Town) {
    let (own, other) = town.both(Operation::IssuePasscode, &json!({ "request_id": SAME_ID })).await;
    assert_eq!(own.status, 200, "{}", own.json());
    // The other has not switched it on, and does not get the answer to the same id.
    assert_eq!((other.status, &*other.code()), (409, "OQSB1501E"));
    let passcode = own.json()["passcode"].clone();
    // The same card, the same digits: good at home, nothing elsewhere.
    let card = town.system.card_of("p-1").await;
    for (desk, expected) in [(&town.other, 403), (&town.own, 200)] {
        let question =
            visually_checked(&desk.terminal, &card, &desk.nonce().await, town.system.today(), &passcode);
        let answer = desk.ask(route(Operation::VerifyCard), &question).await;
        assert_eq!(answer.status, expected, "{}", answer.json());
    }
}

async fn settings_are_of_their_house(town: &Town) {
    let read = async || {
        let (own, other) = town.both(Operation::FacilitySettings, &json!({})).await;
        (own.json(), other.json())
    };
    let (own, other) = read().await;
    assert_eq!(
        (&own["settings"]["home_visit"], &other["settings"]["home_visit"]),
        (&json!("1"), &json!("0"))
    );
    let id = format!("s-{}", own["version"]);
    let change = json!({ "request_id": id, "settings": { "operation": "1" } });
    let changed = town.other.ask(route(Operation::ChangeFacilitySettings), &change).await;
    assert_eq!(changed.status, 200, "{}", changed.json());
    let (after, theirs) = read().await;
    assert_eq!(after, own, "another's change is none of ours");
    assert_eq!(theirs["settings"]["operation"], "1");
}

async fn readers_are_of_their_house(town: &Town) {
    let tell = route(Operation::ReaderState);
    let ready = json!({ "state": "ready", "mode": "unattended" });
    let (own, other) = town.both(Operation::ReaderState, &ready).await;
    assert_eq!((own.status, other.status), (200, 200), "{} {}", own.json(), other.json());
    let wish = ReaderWish {
        institution_code: code_of(INSTITUTION),
        terminal_name: "窓口1".to_owned(),
        command_id: "w-1".to_owned(),
        command: ReaderCommand::Visual,
        actor: "account:kanri01".to_owned(),
        form: FormId { subject: format!("{INSTITUTION}:kanri01"), form_id: "w-1".to_owned() },
        asked_at: town.system.clock.now(),
    };
    assert_eq!(town.system.store().wish_of_reader(wish).await, Ok(true));
    // Another hears nothing of the wish and does not end it by its id.
    let mut ended = ready.clone();
    ended["done"] = json!({ "command_id": "w-1", "outcome": "done" });
    assert_eq!(town.other.ask(tell, &ended).await.json()["command"], Value::Null);
    assert_eq!(town.own.ask(tell, &ready).await.json()["command"]["command_id"], "w-1");
    let theirs = town.system.store().readers(&code_of(OTHER)).await.expect("reads");
    assert_eq!(theirs.iter().map(|reader| &*reader.terminal_name).collect::<Vec<_>>(), ["受付9"]);
}

async fn addresses_are_of_their_house(town: &Town) {
    let wish = json!({ "request_id": SAME_ID, "url_use": "2", "format": "2" });
    let (own, other) = town.both(Operation::HomeVisitUrl, &wish).await;
    // Where the server has fonts there is an address; where it has none, it says so. The other gets neither.
    assert!(own.status == 200 || own.code() == "OQSA9108E", "{}", own.json());
    assert_eq!((other.status, &*other.code()), (409, "OQSB1501E"));
}

async fn reference_numbers_are_of_their_house(town: &Town) {
    let register = route(Operation::RegisterReferenceNumber);
    let mut wanted = row("101");
    wanted["reference_number"] = json!(REFERENCE);
    let body = json!({ "request_id": "r-1", "row": wanted });
    assert_eq!(town.own.ask(register, &body).await.json(), json!({ "outcome": "registered" }));
    let ask = |id: &str| number_question(id, &insurer(), "101", None, BORN, town.system.today());
    let check = route(Operation::VerifyNumber);
    let own = town.own.ask(check, &ask("ref-own")).await.json().to_string();
    assert!(own.contains(&format!(r#""ReferenceNumber":"{REFERENCE}""#)), "{own}");
    let other = town.other.ask(check, &ask("ref-other")).await.json().to_string();
    assert!(other.contains("試験") && !other.contains(REFERENCE), "{other}");
    // The number is free elsewhere: whether another house uses it is told to nobody.
    assert_eq!(town.other.ask(register, &body).await.json(), json!({ "outcome": "registered" }));
}

async fn files_are_of_their_house(town: &Town) {
    let (uploads, results) = (route(Operation::UploadBulk), route(Operation::BulkResult));
    let upload = async |counter: &Counter, id: &str, name: &str| {
        let day = town.system.today().to_string();
        let file = json!({
            "request_id": id, "kind": "eligibility", "day": day, "file_identifier": name, "rows": [row("101")],
        });
        let reply = counter.ask(uploads, &file).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        reply.json()["reception_number"].as_str().expect("a number").to_owned()
    };
    let result = async |counter: &Counter, number: &str| {
        let body = json!({ "kind": "eligibility", "reception_number": number, "from": 0 });
        loop {
            let reply = counter.ask(results, &body).await;
            if reply.status != 200 || reply.json()["state"] == "done" {
                return reply;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    // The same id is another file elsewhere, and so is the same number.
    let own = upload(&town.own, SAME_ID, "BULK-1").await;
    let other = upload(&town.other, SAME_ID, "BULK-9").await;
    for (counter, number, name) in [(&town.own, &own, "BULK-1"), (&town.other, &other, "BULK-9")] {
        let told = result(counter, number).await;
        assert_eq!((told.status, &told.json()["file_identifier"]), (200, &json!(name)), "{}", told.json());
    }
    // A number that the other has not given to itself is none there.
    let own = upload(&town.own, "second", "BULK-2").await;
    let made_up = format!("{}77", &own[..own.len() - 2]);
    let (refused, nothing) = (result(&town.other, &own).await, result(&town.other, &made_up).await);
    assert_eq!((refused.status, &*refused.code()), (nothing.status, "OQSB1301W"), "{}", refused.json());
    assert_eq!(refused.json()["title"], nothing.json()["title"]);
    assert_eq!(result(&town.own, &own).await.status, 200);
}
