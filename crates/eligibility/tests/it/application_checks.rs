use eligibility::{
    Instant,
    application::{ApplicationKind, Facts, FindingCode, FindingSeverity, check},
    calendar::from_tokyo,
    institution::InstitutionCode,
    institution_certificate::{
        CertificatePeriod, CertificateUses, KnownCertificate, Revocation, RevocationReason,
    },
    line::CustomerId,
};
use jiff::civil::date;

use crate::application_forms::complete;

const NOW: Instant = Instant(1_795_305_600_000);

fn code(text: &str) -> InstitutionCode {
    InstitutionCode::parse(text).expect(text)
}

struct World {
    institution: InstitutionCode,
    other: InstitutionCode,
    customer_id: CustomerId,
    certificate: KnownCertificate,
}

impl World {
    fn new() -> Self {
        Self {
            institution: code("1319990012"),
            other: code("1319990055"),
            customer_id: CustomerId::parse("COP9876543210").expect("an id"),
            certificate: KnownCertificate {
                institution_code: code("1319990012"),
                period: CertificatePeriod::issued_at(NOW),
                uses: CertificateUses::Eligibility,
                superseded_at: None,
                revocation: None,
            },
        }
    }

    /// Facts in which nothing is amiss for the kind.
    fn facts(&self, kind: ApplicationKind) -> Facts<'_> {
        Facts {
            institution: &self.institution,
            institution_known: true,
            in_use: kind != ApplicationKind::UseStart,
            open_of_same_kind: false,
            open_for_same_terminal: false,
            customer_id_holder: None,
            customer_id: None,
            terminal_has_certificate: false,
            certificate: Some(&self.certificate),
            other_code_known: true,
            other_code_taken: false,
        }
    }
}

fn found(kind: ApplicationKind, facts: &Facts<'_>, now: Instant) -> Vec<(FindingSeverity, FindingCode)> {
    let content = complete(kind).read(date(2026, 11, 22)).expect("complete");
    check(&content, facts, now).into_iter().map(|finding| (finding.severity, finding.code)).collect()
}

fn renewal_time() -> Instant {
    from_tokyo(date(2030, 1, 10).at(12, 0, 0, 0))
}

#[test]
fn nothing_is_found_where_nothing_is_amiss() {
    let world = World::new();
    for kind in ApplicationKind::ALL {
        let now = if *kind == ApplicationKind::CertificateRenewal { renewal_time() } else { NOW };
        assert_eq!(found(*kind, &world.facts(*kind), now), [], "{kind:?}");
    }
}

#[test]
fn each_thing_amiss_is_found_by_name() {
    use ApplicationKind as K;
    use FindingCode as C;
    use FindingSeverity::{Blocking, Information, Warning};
    let world = World::new();
    let facts = |kind| world.facts(kind);
    let holder = Some(&world.other);
    let revocation = Some(Revocation { at: NOW, reason: RevocationReason::KeyCompromise });
    let revoked = KnownCertificate { revocation, ..world.certificate.clone() };
    let foreign = KnownCertificate { institution_code: world.other.clone(), ..world.certificate.clone() };
    let renewed = KnownCertificate { superseded_at: Some(renewal_time()), ..world.certificate.clone() };
    let over = from_tokyo(date(2031, 1, 1).at(0, 0, 0, 0));
    let own = code("1319990099");
    for (kind, facts, now, expected) in [
        (K::UseStart, Facts { in_use: true, ..facts(K::UseStart) }, NOW, (Blocking, C::AlreadyInUse)),
        (
            K::UseStart,
            Facts { customer_id_holder: holder, ..facts(K::UseStart) },
            NOW,
            (Warning, C::CustomerIdTaken),
        ),
        (K::UseChange, Facts { in_use: false, ..facts(K::UseChange) }, NOW, (Blocking, C::NotInUse)),
        (
            K::UseChange,
            Facts { open_of_same_kind: true, ..facts(K::UseChange) },
            NOW,
            (Blocking, C::DuplicateOpen),
        ),
        (
            K::CertificateIssue,
            Facts { terminal_has_certificate: true, ..facts(K::CertificateIssue) },
            NOW,
            (Warning, C::TerminalHasCertificate),
        ),
        (
            K::CertificateIssue,
            Facts { open_for_same_terminal: true, ..facts(K::CertificateIssue) },
            NOW,
            (Blocking, C::DuplicateTerminal),
        ),
        (
            K::CertificateIssue,
            Facts { in_use: false, ..facts(K::CertificateIssue) },
            NOW,
            (Warning, C::NotInUse),
        ),
        (K::CertificateRenewal, facts(K::CertificateRenewal), NOW, (Blocking, C::CertificateNotRenewable)),
        (K::CertificateRenewal, facts(K::CertificateRenewal), over, (Blocking, C::CertificateExpired)),
        (
            K::CertificateRenewal,
            Facts { certificate: Some(&renewed), ..facts(K::CertificateRenewal) },
            renewal_time(),
            (Blocking, C::CertificateNotRenewable),
        ),
        (
            K::CertificateRevocation,
            Facts { certificate: Some(&revoked), ..facts(K::CertificateRevocation) },
            NOW,
            (Blocking, C::CertificateRevoked),
        ),
        (
            K::CertificateRevocation,
            Facts { certificate: Some(&foreign), ..facts(K::CertificateRevocation) },
            NOW,
            (Blocking, C::CertificateUnknown),
        ),
        (
            K::CertificateRevocation,
            Facts { certificate: None, ..facts(K::CertificateRevocation) },
            NOW,
            (Blocking, C::CertificateUnknown),
        ),
        (
            K::CertificateRevocation,
            facts(K::CertificateRevocation),
            over,
            (Information, C::CertificateExpired),
        ),
        (
            K::Succession,
            Facts { other_code_known: false, ..facts(K::Succession) },
            NOW,
            (Blocking, C::OtherCodeUnknown),
        ),
        (
            K::Succession,
            Facts { institution: &own, ..facts(K::Succession) },
            NOW,
            (Blocking, C::OtherCodeSame),
        ),
        (
            K::CodeChange,
            Facts { other_code_known: false, ..facts(K::CodeChange) },
            NOW,
            (Warning, C::OtherCodeUnknown),
        ),
        (
            K::CodeChange,
            Facts { other_code_taken: true, ..facts(K::CodeChange) },
            NOW,
            (Blocking, C::OtherCodeTaken),
        ),
        (
            K::CustomerIdChange,
            Facts { customer_id: Some(&world.customer_id), ..facts(K::CustomerIdChange) },
            NOW,
            (Blocking, C::CustomerIdUnchanged),
        ),
        (
            K::CustomerIdChange,
            Facts { customer_id_holder: holder, ..facts(K::CustomerIdChange) },
            NOW,
            (Warning, C::CustomerIdTaken),
        ),
    ] {
        assert_eq!(found(kind, &facts, now), [expected], "{kind:?}");
        assert!(expected.1.sentence().ends_with('。'));
    }
    // One's own お客さまID is not taken; several findings come heaviest first.
    let mine = Facts { customer_id_holder: Some(&world.institution), ..facts(K::UseChange) };
    assert_eq!(found(K::UseChange, &mine, NOW), []);
    let much =
        Facts { institution_known: false, in_use: false, customer_id_holder: holder, ..facts(K::UseChange) };
    let severities: Vec<_> =
        found(K::UseChange, &much, NOW).into_iter().map(|(severity, _)| severity).collect();
    assert_eq!(severities, [Blocking, Blocking, Warning]);
}
