//! Distinguished names with exactly the string types wanted.

use der::asn1::{Any, ObjectIdentifier, PrintableStringRef, SetOfVec, Utf8StringRef};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};

use crate::Result;

pub(crate) const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
pub(crate) const LOCALITY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.7");
pub(crate) const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
pub(crate) const UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
pub(crate) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// A name of single-valued parts in this order: country as PrintableString, the rest as UTF8String.
pub(crate) fn name(parts: &[(ObjectIdentifier, &str)]) -> Result<Name> {
    let mut sequence = Vec::with_capacity(parts.len());
    for (oid, text) in parts {
        let value = if *oid == COUNTRY {
            Any::from(PrintableStringRef::new(text)?)
        } else {
            Any::from(Utf8StringRef::new(text)?)
        };
        let part = AttributeTypeAndValue { oid: *oid, value };
        sequence.push(RelativeDistinguishedName(SetOfVec::try_from(vec![part])?));
    }
    Ok(RdnSequence(sequence))
}

/// The text of the only part with this type; none when it is missing, repeated or of another string type.
pub(crate) fn attribute_text(name: &Name, oid: ObjectIdentifier) -> Option<String> {
    let mut found = name.0.iter().flat_map(|rdn| rdn.0.iter()).filter(|part| part.oid == oid);
    let part = found.next()?;
    if found.next().is_some() {
        return None;
    }
    if let Ok(text) = part.value.decode_as::<PrintableStringRef<'_>>() {
        return Some(text.as_str().to_owned());
    }
    part.value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.as_str().to_owned())
}
