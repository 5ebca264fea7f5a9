//! Rows and answers as the store keeps them: JSON, packed with LZ4.

use lz4_flex::block::{compress_prepend_size, decompress_size_prepended};
use serde::{Serialize, de::DeserializeOwned};

/// Longest text that is unpacked, bytes: a chunk of rows with every text as long as it may be is far below.
const UNPACKED_MAX: u32 = 16 * 1024 * 1024;

pub(super) fn pack(value: &impl Serialize) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(value).ok()?;
    Some(compress_prepend_size(&json))
}

pub(super) fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Option<T> {
    let length = packed.first_chunk().map(|length| u32::from_le_bytes(*length))?;
    if length > UNPACKED_MAX {
        return None;
    }
    serde_json::from_slice(&decompress_size_prepended(packed).ok()?).ok()
}
