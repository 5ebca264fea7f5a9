//! A request has one form: what only looks like it is refused.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wire::{
    reader_link::ReaderCardCheck,
    terminal_api::{CardCheckRequest, NonceRequest, NumberCheckRequest},
};

fn card() -> Value {
    json!({
        "nonce": "n", "certificate": "AA==", "signature": "AA==", "proof_method": "face", "as_of": "2026-11-22",
        "consents": [{"kind": "medication", "granted": true}], "care_form": "outpatient",
    })
}

fn number() -> Value {
    json!({
        "request_id": "r1", "as_of": "2026-11-22", "insurer_number": "06139996", "insured_number": "1",
        "birthdate": "1982-05-14", "ceiling_consent": true,
    })
}

fn with(mut request: Value, member: &str, value: Value) -> Value {
    request[member] = value;
    request
}

/// Through a value and through text, as the two ends read it.
fn reads<T: DeserializeOwned>(request: &Value) -> bool {
    let from_text = serde_json::from_str::<T>(&request.to_string()).is_ok();
    assert_eq!(from_text, serde_json::from_value::<T>(request.clone()).is_ok(), "{request}");
    from_text
}

#[test]
fn a_day_has_one_form() {
    let table = [
        ("2026-11-22", true),
        ("1868-01-01", true),
        ("9999-12-31", true),
        ("2024-02-29", true),
        ("2026-02-29", false),
        ("1867-12-31", false),
        ("0000-01-01", false),
        ("20261123", false),
        ("2026-11-23T00:00:00", false),
        ("2026-11-23T00:00:00Z", false),
        ("2026-11-23[Asia/Tokyo]", false),
        ("+002026-11-23", false),
        ("-009999-01-01", false),
        ("2026-1-23", false),
        ("2026-11-2 ", false),
        (" 2026-11-22", false),
        ("2026/11/22", false),
        ("+026-11-22", false),
        ("２０２６-11-22", false),
        ("2026-W47-7", false),
        ("", false),
    ];
    for (day, good) in table {
        let day = json!(day);
        assert_eq!(reads::<CardCheckRequest>(&with(card(), "as_of", day.clone())), good, "{day}");
        assert_eq!(reads::<ReaderCardCheck>(&with(card(), "as_of", day.clone())), good, "{day}");
        assert_eq!(reads::<NumberCheckRequest>(&with(number(), "as_of", day.clone())), good, "{day}");
        assert_eq!(reads::<NumberCheckRequest>(&with(number(), "birthdate", day.clone())), good, "{day}");
    }
    assert!(!reads::<NumberCheckRequest>(&with(number(), "birthdate", json!(20_261_122))));
    let error = serde_json::from_value::<NumberCheckRequest>(with(number(), "birthdate", json!("19820514")));
    assert!(!error.expect_err("refused").to_string().contains("1982"), "no birthday in a message");
}

#[test]
fn no_shape_takes_an_unknown_member() {
    let more = |request| with(request, "more", json!(1));
    assert!(reads::<CardCheckRequest>(&card()) && !reads::<CardCheckRequest>(&more(card())));
    assert!(reads::<ReaderCardCheck>(&card()) && !reads::<ReaderCardCheck>(&more(card())));
    assert!(reads::<NumberCheckRequest>(&number()) && !reads::<NumberCheckRequest>(&more(number())));
    assert!(
        reads::<NonceRequest>(&json!({"count": 1})) && !reads::<NonceRequest>(&more(json!({"count": 1})))
    );
    let choice = json!([{"kind": "medication", "granted": true, "until": "forever"}]);
    assert!(!reads::<CardCheckRequest>(&with(card(), "consents", choice.clone())));
    assert!(!reads::<ReaderCardCheck>(&with(card(), "consents", choice)));
    // Nor one twice.
    let twice = card().to_string().replace("\"nonce\":\"n\"", "\"nonce\":\"n\",\"nonce\":\"n\"");
    assert!(serde_json::from_str::<CardCheckRequest>(&twice).is_err());
}

#[test]
fn a_list_is_no_object() {
    let in_order = json!(["n", "AA==", "AA==", "face", "2026-11-22", [], "outpatient", null]);
    assert!(!reads::<CardCheckRequest>(&in_order));
    assert!(!reads::<ReaderCardCheck>(&in_order));
    assert!(!reads::<NonceRequest>(&json!([1])));
    let in_order = json!(["r1", "2026-11-22", "06139996", null, "1", null, "1982-05-14", true]);
    assert!(!reads::<NumberCheckRequest>(&in_order));
    let choice = json!([["medication", true]]);
    assert!(!reads::<CardCheckRequest>(&with(card(), "consents", choice.clone())));
    assert!(!reads::<ReaderCardCheck>(&with(card(), "consents", choice)));
}
