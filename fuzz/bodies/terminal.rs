//! What the fuzz targets of `terminal` do with their bytes.

use std::sync::OnceLock;

use terminal::central::ReceiptKeys;
use terminal::drop::{MAX_REQUEST_BYTES, parsers};

/// The password of the seeds.
pub const PASSWORD: &str = "seed";
/// The centre's keys that signed the seeds. The private one was thrown away.
const KEYS: &str = include_str!("../anchors/receipt-keys.json");
const RECEIPT: &str = include_str!("../seeds/receipt/good.jws");
/// Within the life of the seeds, seconds since 1970.
const NOW_S: i64 = 1_795_000_060;

/// What comes out of an archive is within the limits, and comes out again when packed anew.
pub fn archive(data: &[u8]) {
    let Some(content) = parsers::archive(data, PASSWORD) else { return };
    assert!(content.len() as u64 <= MAX_REQUEST_BYTES);
    let sealed = parsers::seal(&content, PASSWORD).expect("a Vec takes everything");
    // What packs better than a hundredfold is refused, and another program packs worse than we do.
    if let Some(again) = parsers::archive(&sealed, PASSWORD) {
        assert!(again == content);
    }
}

/// Whatever a crash left, a journal is read; rewritten it says the same.
pub fn journal(data: &[u8]) {
    let rewritten = parsers::journal(data).expect("what was read can be written");
    assert!(parsers::journal(&rewritten).expect("again") == rewritten);
}

/// Only the receipt that was signed is a receipt.
pub fn receipt(data: &[u8]) {
    static SET: OnceLock<ReceiptKeys> = OnceLock::new();
    let keys = SET.get_or_init(|| ReceiptKeys::new(&serde_json::from_str(KEYS).expect("a key set")));
    let Ok(text) = std::str::from_utf8(data) else { return };
    if keys.verify(text, "1319990012", NOW_S).is_ok() {
        assert!(text == RECEIPT, "a receipt nobody signed was accepted");
    }
}
