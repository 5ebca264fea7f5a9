//! The rules of each kind of certificate, as data.

use der::asn1::ObjectIdentifier;
use der::flagset::FlagSet;
use der::oid::AssociatedOid as _;
use der::oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_OCSP_SIGNING, ID_KP_SERVER_AUTH};
use der::oid::db::rfc5912::{ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, SHA_256_WITH_RSA_ENCRYPTION};
use der::oid::db::rfc6960::ID_PKIX_OCSP_NOCHECK;
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies,
    CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName, SubjectKeyIdentifier,
};

use super::Kind;
use crate::jlis::{AUTHENTICATION_POLICY, SIGNATURE_POLICY};
use crate::signing;

/// One extension a kind carries, and whether it is critical.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) oid: ObjectIdentifier,
    pub(super) name: &'static str,
    pub(super) critical: bool,
    pub(super) required: bool,
}

const fn rule(oid: ObjectIdentifier, name: &'static str, critical: bool) -> Rule {
    Rule { oid, name, critical, required: true }
}

/// The same rule for an extension that may be absent.
const fn where_known(rule: Rule) -> Rule {
    Rule { required: false, ..rule }
}

pub(super) const KEY_USAGE: Rule = rule(KeyUsage::OID, "keyUsage", true);
pub(super) const EXTENDED: Rule = rule(ExtendedKeyUsage::OID, "extKeyUsage", false);
pub(super) const CONSTRAINTS: Rule = rule(BasicConstraints::OID, "basicConstraints", true);
pub(super) const SUBJECT_KEY: Rule = rule(SubjectKeyIdentifier::OID, "subjectKeyIdentifier", false);
pub(super) const AUTHORITY_KEY: Rule = rule(AuthorityKeyIdentifier::OID, "authorityKeyIdentifier", false);
pub(super) const ALTERNATIVE: Rule = rule(SubjectAltName::OID, "subjectAltName", false);
pub(super) const POLICIES: Rule = rule(CertificatePolicies::OID, "certificatePolicies", true);
pub(super) const CRL_POINTS: Rule = rule(CrlDistributionPoints::OID, "cRLDistributionPoints", false);
pub(super) const ACCESS: Rule = rule(AuthorityInfoAccessSyntax::OID, "authorityInfoAccess", false);
pub(super) const NO_CHECK: Rule = rule(ID_PKIX_OCSP_NOCHECK, "ocspNoCheck", false);

/// What every certificate of the institution network carries that is no authority's. Addresses of revocation
/// data are there when the authority publishes any.
fn leaf() -> Vec<Rule> {
    vec![
        KEY_USAGE,
        EXTENDED,
        CONSTRAINTS,
        SUBJECT_KEY,
        AUTHORITY_KEY,
        where_known(CRL_POINTS),
        where_known(ACCESS),
    ]
}

impl Kind {
    pub(super) fn rules(self) -> Vec<Rule> {
        match self {
            Self::InstitutionRoot | Self::CardRoot => vec![KEY_USAGE, CONSTRAINTS, SUBJECT_KEY],
            Self::InstitutionIssuing => vec![KEY_USAGE, CONSTRAINTS, SUBJECT_KEY, AUTHORITY_KEY],
            Self::Server => [leaf(), vec![ALTERNATIVE]].concat(),
            Self::Terminal => leaf(),
            // Nobody asks about the one who answers: no addresses.
            Self::InstitutionResponder => {
                vec![KEY_USAGE, EXTENDED, CONSTRAINTS, SUBJECT_KEY, AUTHORITY_KEY, NO_CHECK]
            }
            Self::CardAuthentication => {
                vec![KEY_USAGE, EXTENDED, POLICIES, CRL_POINTS, ACCESS, AUTHORITY_KEY, SUBJECT_KEY]
            }
            Self::CardSignature => {
                vec![KEY_USAGE, POLICIES, ALTERNATIVE, CRL_POINTS, AUTHORITY_KEY, SUBJECT_KEY]
            }
            Self::OcspResponder => vec![KEY_USAGE, EXTENDED, AUTHORITY_KEY, SUBJECT_KEY, NO_CHECK],
        }
    }

    pub(super) fn key_usage(self) -> FlagSet<KeyUsages> {
        match self {
            Self::InstitutionRoot | Self::InstitutionIssuing | Self::CardRoot => {
                KeyUsages::KeyCertSign | KeyUsages::CRLSign
            }
            Self::CardSignature => KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
            _ => KeyUsages::DigitalSignature.into(),
        }
    }

    pub(super) fn purpose(self) -> Option<ObjectIdentifier> {
        match self {
            Self::Server => Some(ID_KP_SERVER_AUTH),
            Self::Terminal | Self::CardAuthentication => Some(ID_KP_CLIENT_AUTH),
            Self::OcspResponder | Self::InstitutionResponder => Some(ID_KP_OCSP_SIGNING),
            Self::InstitutionRoot | Self::InstitutionIssuing | Self::CardRoot | Self::CardSignature => None,
        }
    }

    pub(super) fn policy(self) -> Option<ObjectIdentifier> {
        match self {
            Self::CardAuthentication => Some(AUTHENTICATION_POLICY),
            Self::CardSignature => Some(SIGNATURE_POLICY),
            _ => None,
        }
    }

    pub(super) fn key_kinds(self) -> &'static [&'static str] {
        match self {
            Self::InstitutionRoot => &[signing::P384],
            // P-256 for tokens that know nothing else.
            Self::InstitutionIssuing => &[signing::P384, signing::P256],
            Self::Server | Self::Terminal | Self::OcspResponder | Self::InstitutionResponder => {
                &[signing::P256]
            }
            Self::CardRoot | Self::CardAuthentication | Self::CardSignature => &[signing::RSA_2048],
        }
    }

    /// What a certificate of this kind may be signed with; which of them is the issuer's key's.
    pub(super) fn signature_algorithms(self) -> &'static [ObjectIdentifier] {
        match self {
            Self::InstitutionRoot | Self::InstitutionIssuing => &[ECDSA_WITH_SHA_384],
            Self::Server | Self::Terminal | Self::InstitutionResponder => {
                &[ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_256]
            }
            _ => &[SHA_256_WITH_RSA_ENCRYPTION],
        }
    }

    pub(super) fn in_card_world(self) -> bool {
        matches!(self, Self::CardRoot | Self::CardAuthentication | Self::CardSignature | Self::OcspResponder)
    }

    pub(super) fn is_root(self) -> bool {
        matches!(self, Self::InstitutionRoot | Self::CardRoot)
    }

    /// Longest life in days.
    pub(super) fn longest_life_days(self) -> i64 {
        match self {
            Self::InstitutionRoot | Self::CardRoot => 20 * 366,
            Self::InstitutionIssuing => 10 * 366,
            Self::Server => 398,
            Self::Terminal => 3 * 366 + 92,
            // To the fifth birthday, ten years for the announced next card.
            Self::CardAuthentication | Self::CardSignature => 10 * 366 + 31,
            Self::OcspResponder | Self::InstitutionResponder => 93,
        }
    }
}
