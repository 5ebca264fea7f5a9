//! The bodies of the fuzz targets over their seeds, so that they run without a fuzzer.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zip::{AesMode, CompressionMethod, write::SimpleFileOptions};

use crate::{
    counter::{Counter, request},
    fuzz_bodies, fuzz_replay,
};

#[test]
fn archives() {
    fuzz_replay::replay("archive", fuzz_bodies::archive);
}

#[test]
fn journals() {
    fuzz_replay::replay("journal", fuzz_bodies::journal);
}

#[test]
fn receipts() {
    fuzz_replay::replay("receipt", fuzz_bodies::receipt);
}

fn packed(entries: &[(&str, SimpleFileOptions)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, options) in entries {
        zip.start_file(*name, *options).expect("starts");
        std::io::Write::write_all(&mut zip, request("1").as_bytes()).expect("writes");
    }
    zip.finish().expect("finishes").into_inner()
}

/// Claims signed with a new key: the key set, and the receipt.
pub(crate) fn receipt_of(claims: &str) -> (String, String) {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let point = key.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    let keys = format!(
        r#"{{"keys":[{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","kid":"k1","use":"sig","alg":"ES256"}}]}}"#
    );
    let header = r#"{"alg":"ES256","typ":"shikaku-receipt+jwt","kid":"k1"}"#;
    let text = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let signature = key.sign(&SystemRandom::new(), text.as_bytes()).expect("signs");
    (keys, format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes the seeds anew, signed with keys that are thrown away"]
async fn write_seeds() {
    let fuzz = fuzz_replay::folder();
    let write = |path: &str, bytes: &[u8]| std::fs::write(fuzz.join(path), bytes).expect("writes");
    let plain = SimpleFileOptions::default();
    let strong = plain.with_aes_encryption(AesMode::Aes256, fuzz_bodies::PASSWORD);
    let weak = plain.with_aes_encryption(AesMode::Aes128, fuzz_bodies::PASSWORD);
    write("seeds/archive/good.zip", &packed(&[("a.xml", strong)]));
    write(
        "seeds/archive/stored.zip",
        &packed(&[("a.xml", strong.compression_method(CompressionMethod::Stored))]),
    );
    write("seeds/archive/several.zip", &packed(&[("a.txt", plain), ("b.xml", strong), ("c/", weak)]));
    let claims = r#"{"iss":"t","aud":"1319990012","jti":"1","iat":1795000000,"exp":1795086400,"question":"","answer":"","method":"2","as_of":"2026-11-22","validity":"1","coverages":[{"insurer_number":"06139996","number":"345"}]}"#;
    let (keys, receipt) = receipt_of(claims);
    write("anchors/receipt-keys.json", keys.as_bytes());
    write("seeds/receipt/good.jws", receipt.as_bytes());

    let mut counter = Counter::open().await;
    for number in ["1", "2", "3"] {
        counter.put(&format!("OQSsiquc01req_{number}.xml"), request(number));
        counter.wait("res", &format!("OQSsiquc01res_{number}.xml")).await;
        counter.wait_gone("req", &format!("OQSsiquc01req_{number}.xml")).await;
    }
    counter.stop().await;
    write("seeds/journal/three", &std::fs::read(counter.config.state.join("journal")).expect("reads"));
}
