//! The bodies of the fuzz targets over their seeds, so that they run without a fuzzer.

use store::audit::SigningKey;

use crate::{databases::Kind, fuzz_bodies, fuzz_replay, people::*};

#[test]
fn audit_dumps() {
    fuzz_replay::replay("audit_dump", fuzz_bodies::audit_dump);
}

#[tokio::test]
#[ignore = "writes the seeds anew, signed with a key that is thrown away"]
async fn write_seeds() {
    let fuzz = fuzz_replay::folder();
    let db = Kind::Sqlite.open().await;
    let key = SigningKey::generate().expect("a key");
    std::fs::write(fuzz.join("anchors/audit.pub.pem"), key.public_key().expect("a key").to_pem())
        .expect("writes");
    let mut number = 0;
    for (name, entries) in [("older", 3), ("younger", 4)] {
        for entry in 0..entries {
            number += 1;
            let mut check = verification(1 + entry % 2, &format!("{number}"));
            check.recorded_at = at(i64::from(number));
            check.audit.detail = format!("検査 {entry}\t\u{1} \\ \"𠮷\"");
            db.store.record_verification(check).await.expect("records");
        }
        db.store.audit_integrate_and_sign(&key, at(i64::from(number))).await.expect("signs");
        let mut dump = Vec::new();
        db.store.audit_export(&mut dump).await.expect("exports");
        std::fs::write(fuzz.join(format!("seeds/audit_dump/{name}.jsonl")), dump).expect("writes");
    }
}
