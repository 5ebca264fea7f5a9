//! What the fuzz targets of `store` do with their bytes.

use std::sync::OnceLock;

use store::audit::{PublicKey, verify};

/// The public half of the key that signed the seeds. The private half was thrown away.
const KEY: &str = include_str!("../anchors/audit.pub.pem");
/// The whole dumps: a younger one, and the older one it continues.
const DUMPS: [&[u8]; 2] =
    [include_bytes!("../seeds/audit_dump/younger.jsonl"), include_bytes!("../seeds/audit_dump/older.jsonl")];
/// Faults reported at most.
const FAULTS_LIMIT: usize = 100;

/// A dump is whole only if every byte is as it was written; anything else has faults, and not too many.
pub fn audit_dump(data: &[u8]) {
    static PUBLIC: OnceLock<PublicKey> = OnceLock::new();
    let key = PUBLIC.get_or_init(|| PublicKey::from_pem(KEY).expect("a key"));
    let report = verify(data, key, None).expect("a slice reads");
    assert!(report.faults.len() <= FAULTS_LIMIT, "{} faults", report.faults.len());
    if report.is_whole() {
        assert!(DUMPS.contains(&data), "a dump nobody signed was found whole");
    }
    let witness = std::str::from_utf8(data).ok().and_then(|text| text.lines().next());
    let _ = verify(DUMPS[0], key, witness).expect("a slice reads");
}
