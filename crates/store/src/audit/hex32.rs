//! Digests as lower-case hex in JSON. Upper case is read too, and then fails the comparison of bytes.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(crate) fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&hex::encode(bytes))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(from: D) -> Result<[u8; N], D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
    let mut bytes = [0; N];
    hex::decode_to_slice(text.as_bytes(), &mut bytes).map_err(D::Error::custom)?;
    Ok(bytes)
}
