//! Extensions every builder of certificates writes the same way.

use der::Encode;
use der::asn1::{Null, OctetString};
use der::oid::AssociatedOid;
use der::oid::db::rfc6960::ID_PKIX_OCSP_NOCHECK;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use crate::keys::PublicKey;
use crate::{Result, signing};

pub(crate) fn extension<T: AssociatedOid + Encode>(value: &T, critical: bool) -> Result<Extension> {
    Ok(Extension { extn_id: T::OID, critical, extn_value: OctetString::new(value.to_der()?)? })
}

pub(crate) fn subject_key(key: &PublicKey) -> Result<SubjectKeyIdentifier> {
    Ok(SubjectKeyIdentifier(OctetString::new(signing::key_identifier(&key.bits()?))?))
}

/// RFC 6960: whoever checks this certificate need not ask us about ourselves; it lives shortly instead.
pub(crate) fn no_check() -> Result<Extension> {
    let extn_value = OctetString::new(Null.to_der()?)?;
    Ok(Extension { extn_id: ID_PKIX_OCSP_NOCHECK, critical: false, extn_value })
}
