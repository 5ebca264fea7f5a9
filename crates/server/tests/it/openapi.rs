//! The checked-in description of the API: it is the generated one, it covers every route, and what the server
//! really says fits it.

use std::collections::BTreeSet;
use std::path::Path;

use eligibility::Date;
use serde_json::{Value, json};
use server::terminal_api::openapi;
use server::terminal_api::router::ROUTES;
use testkit::people;
use testkit::system::Engine;
use wire::terminal_api::{
    CARD_VERIFICATIONS_PATH, NONCES_PATH, NUMBER_VERIFICATIONS_PATH, RECEIPT_KEYS_PATH,
};

use crate::on_both_engines;
use crate::support::{Desk, card_question, insurer, number_question};

on_both_engines! { what_is_said_fits_the_description }

const UPDATE: &str = "SHIKAKU_UPDATE_OPENAPI";

fn description() -> Value {
    serde_json::from_str(&openapi::document().expect("a description")).expect("JSON")
}

#[test]
fn the_checked_in_description_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi/terminal-api.json");
    let generated = openapi::document().expect("a description");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, &generated).expect("the file");
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(checked_in == generated, "docs/openapi/terminal-api.json is old: run this test with {UPDATE}=1");
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let described: BTreeSet<(String, String)> = description()["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().expect("methods").keys().map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let routed = ROUTES.iter().map(|route| (route.method.to_string(), route.path.to_owned())).collect();
    assert_eq!(described, routed);
}

/// The server refuses members it does not know, so the description must say so of every object it may be sent.
#[test]
fn every_object_that_may_be_sent_is_closed() {
    fn walk(document: &Value, schema: &Value, seen: &mut BTreeSet<String>, place: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            if seen.insert(reference.to_owned()) {
                let target = document.pointer(reference.trim_start_matches('#'));
                walk(document, target.expect("what is referred to"), seen, reference);
            }
            return;
        }
        if !schema["properties"].is_null() {
            assert_eq!(schema["additionalProperties"], json!(false), "{place} is open");
        }
        match schema {
            Value::Object(members) => {
                members
                    .iter()
                    .for_each(|(name, part)| walk(document, part, seen, &format!("{place}/{name}")));
            }
            Value::Array(parts) => parts.iter().for_each(|part| walk(document, part, seen, place)),
            _ => {}
        }
    }
    let document = description();
    let mut seen = BTreeSet::new();
    let operations = document["paths"].as_object().expect("paths").values();
    for operation in operations.filter_map(Value::as_object).flat_map(|methods| methods.values()) {
        walk(&document, &operation["requestBody"], &mut seen, "a request");
    }
    let name = |schema: &str| format!("#/components/schemas/{schema}");
    for schema in ["NonceRequest", "CardCheckRequest", "ConsentChoice", "NumberCheckRequest"] {
        assert!(seen.contains(&name(schema)), "{schema} was not seen: {seen:?}");
    }
}

async fn what_is_said_fits_the_description(engine: Engine) {
    let described = Described(description());
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let born = Date::constant(1980, 2, 17);
    let person = people::coverage(&insurer(), "p", "111", "試験　花子", born);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let card = desk.system.card_of("p").await;
    let question = card_question(&desk.terminal, &card, &desk.nonce().await, today);
    let mut nonsense = question.clone();
    nonsense["nonce"] = json!("AAAA");
    let found = number_question("n-1", &insurer(), "111", Some("00"), born, today);
    let nobody = number_question("n-2", &insurer(), "112", None, born, today);
    for (path, question) in [
        (NONCES_PATH, json!({ "count": 2 })),
        (NONCES_PATH, json!({ "count": 0 })),
        (CARD_VERIFICATIONS_PATH, question),
        (CARD_VERIFICATIONS_PATH, nonsense),
        (NUMBER_VERIFICATIONS_PATH, found),
        (NUMBER_VERIFICATIONS_PATH, nobody),
    ] {
        let operation = &described.0["paths"][path]["post"];
        described.fits(&question, &operation["requestBody"]["content"]["application/json"]["schema"], path);
        let reply = desk.post(path, &question).await;
        described.answer(operation, &reply, path);
    }
    for path in [RECEIPT_KEYS_PATH, server::terminal_api::status::STATUS_PATH] {
        described.answer(&described.0["paths"][path]["get"], &desk.get(path).await, path);
    }
    desk.system.stop().await;
}

/// Just enough of JSON Schema for this description: types, references, lists, objects without further members.
struct Described(Value);

impl Described {
    fn answer(&self, operation: &Value, reply: &testkit::client::Reply, place: &str) {
        let status = if reply.status == 200 { "200" } else { "default" };
        let media_type = reply.headers["content-type"].to_str().expect("text");
        let schema = &operation["responses"][status]["content"][media_type]["schema"];
        assert!(schema.is_object(), "{place}: {status} {media_type} is not described");
        self.fits(&reply.json(), schema, place);
    }

    fn fits(&self, value: &Value, schema: &Value, place: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.0.pointer(reference.trim_start_matches('#'));
            return self.fits(
                value,
                target.unwrap_or_else(|| panic!("{place}: {reference} is missing")),
                place,
            );
        }
        for key in ["oneOf", "anyOf", "allOf"] {
            assert!(schema.get(key).is_none(), "{place}: {key} is not understood here");
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            other => panic!("{place}: no type: {other}"),
        };
        let kind = match value {
            Value::Object(_) => "object",
            Value::Array(_) => "array",
            Value::String(_) => "string",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::Null => "null",
        };
        assert!(kinds.contains(&kind), "{place}: {kind}, described as {kinds:?}");
        for (position, item) in value.as_array().into_iter().flatten().enumerate() {
            self.fits(item, &schema["items"], &format!("{place}/{position}"));
        }
        let Some(members) = value.as_object() else { return };
        for (name, member) in members {
            let described = schema["properties"].get(name);
            self.fits(
                member,
                described.unwrap_or_else(|| panic!("{place}/{name} is not described")),
                &format!("{place}/{name}"),
            );
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(members.contains_key(required), "{place}/{required} is missing");
        }
    }
}
