use eligibility::{
    Instant,
    application::{ApplicationKind, Facts, FindingCode, FindingSeverity, check},
    calendar::from_tokyo,
    institution::{InstitutionCode, names_agree},
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
            registrant_proven: true,
            registrant_stopped: false,
            name_agrees: true,
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

type Amiss<'a> = (ApplicationKind, Facts<'a>, Instant, (FindingSeverity, FindingCode));

/// Exactly the one finding, with words for the reviewer.
fn each_is_found(cases: &[Amiss<'_>]) {
    for (kind, facts, now, expected) in cases {
        assert_eq!(found(*kind, facts, *now), [*expected], "{kind:?}");
        assert!(expected.1.sentence().ends_with('。'));
    }
}

use ApplicationKind as K;
use FindingCode as C;
use FindingSeverity::{Blocking, Information, Warning};

#[test]
fn what_is_amiss_with_use_and_line_is_found_by_name() {
    let world = World::new();
    let facts = |kind| world.facts(kind);
    let holder = Some(&world.other);
    let now_id = Some(&world.customer_id);
    each_is_found(&[
        (K::UseStart, Facts { in_use: true, ..facts(K::UseStart) }, NOW, (Blocking, C::AlreadyInUse)),
        (
            K::UseStart,
            Facts { institution_known: false, ..facts(K::UseStart) },
            NOW,
            (Blocking, C::InstitutionUnknown),
        ),
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
            K::CustomerIdChange,
            Facts { customer_id: now_id, ..facts(K::CustomerIdChange) },
            NOW,
            (Blocking, C::CustomerIdUnchanged),
        ),
        (
            K::CustomerIdChange,
            Facts { customer_id_holder: holder, ..facts(K::CustomerIdChange) },
            NOW,
            (Warning, C::CustomerIdTaken),
        ),
    ]);
    // One's own お客さまID is not taken; several findings come heaviest first.
    let mine = Facts { customer_id_holder: Some(&world.institution), ..facts(K::UseChange) };
    assert_eq!(found(K::UseChange, &mine, NOW), []);
    let much =
        Facts { institution_known: false, in_use: false, customer_id_holder: holder, ..facts(K::UseChange) };
    let severities: Vec<_> =
        found(K::UseChange, &much, NOW).into_iter().map(|(severity, _)| severity).collect();
    assert_eq!(severities, [Blocking, Blocking, Warning]);
}

#[test]
fn what_is_amiss_with_a_new_certificate_is_found_by_name() {
    let world = World::new();
    let facts = || world.facts(K::CertificateIssue);
    each_is_found(&[
        (
            K::CertificateIssue,
            Facts { terminal_has_certificate: true, ..facts() },
            NOW,
            (Warning, C::TerminalHasCertificate),
        ),
        (
            K::CertificateIssue,
            Facts { open_for_same_terminal: true, ..facts() },
            NOW,
            (Blocking, C::DuplicateTerminal),
        ),
        (K::CertificateIssue, Facts { in_use: false, ..facts() }, NOW, (Warning, C::NotInUse)),
    ]);
    // Certificates are asked for one a terminal: another terminal's application is not in the way.
    let several = Facts { open_of_same_kind: true, ..facts() };
    assert_eq!(found(K::CertificateIssue, &several, NOW), []);
}

#[test]
fn what_is_amiss_with_a_known_certificate_is_found_by_name() {
    let world = World::new();
    let (renewal, end) = (K::CertificateRenewal, K::CertificateRevocation);
    let revocation = Some(Revocation { at: NOW, reason: RevocationReason::KeyCompromise });
    let revoked = KnownCertificate { revocation, ..world.certificate.clone() };
    let foreign = KnownCertificate { institution_code: world.other.clone(), ..world.certificate.clone() };
    let renewed = KnownCertificate { superseded_at: Some(renewal_time()), ..world.certificate.clone() };
    let over = from_tokyo(date(2031, 1, 1).at(0, 0, 0, 0));
    let with = |kind, certificate| Facts { certificate, ..world.facts(kind) };
    each_is_found(&[
        (renewal, world.facts(renewal), NOW, (Blocking, C::CertificateNotRenewable)),
        (renewal, world.facts(renewal), over, (Blocking, C::CertificateExpired)),
        (renewal, with(renewal, Some(&renewed)), renewal_time(), (Blocking, C::CertificateNotRenewable)),
        (renewal, with(renewal, Some(&revoked)), renewal_time(), (Blocking, C::CertificateRevoked)),
        (renewal, with(renewal, Some(&foreign)), renewal_time(), (Blocking, C::CertificateUnknown)),
        (end, with(end, Some(&revoked)), NOW, (Blocking, C::CertificateRevoked)),
        (end, with(end, Some(&foreign)), NOW, (Blocking, C::CertificateUnknown)),
        (end, with(end, None), NOW, (Blocking, C::CertificateUnknown)),
        (end, world.facts(end), over, (Information, C::CertificateExpired)),
    ]);
}

#[test]
fn what_is_amiss_with_codes_is_found_by_name() {
    let world = World::new();
    let (succession, change) = (K::Succession, K::CodeChange);
    let unknown = |kind| Facts { other_code_known: false, ..world.facts(kind) };
    let taken = Facts { other_code_taken: true, ..world.facts(change) };
    let (predecessor, new) = (code("1319990099"), code("1319990088"));
    let same = Facts { institution: &predecessor, ..world.facts(succession) };
    let unchanged = Facts { institution: &new, other_code_taken: true, ..world.facts(change) };
    each_is_found(&[
        (succession, unknown(succession), NOW, (Blocking, C::OtherCodeUnknown)),
        (succession, same, NOW, (Blocking, C::OtherCodeSame)),
        (change, unknown(change), NOW, (Warning, C::OtherCodeUnknown)),
        (change, taken, NOW, (Blocking, C::OtherCodeTaken)),
        (change, unchanged, NOW, (Blocking, C::OtherCodeSame)),
    ]);
}

#[test]
fn an_unproven_registrant_begins_and_gets_letters_and_changes_nothing() {
    let world = World::new();
    for &kind in ApplicationKind::ALL {
        let now = if kind == K::CertificateRenewal { renewal_time() } else { NOW };
        let unproven = Facts { registrant_proven: false, ..world.facts(kind) };
        let weight = match kind {
            K::UseStart | K::CertificateIssue => Warning,
            _ => Blocking,
        };
        assert!(found(kind, &unproven, now).contains(&(weight, C::RegistrantUnproven)), "{kind:?}");
        assert!(found(kind, &world.facts(kind), now).iter().all(|(_, code)| *code != C::RegistrantUnproven));
        let differs = Facts { name_agrees: false, ..world.facts(kind) };
        assert!(found(kind, &differs, now).contains(&(Warning, C::NameDiffers)), "{kind:?}");
    }
}

#[test]
fn a_name_is_the_same_however_it_is_written() {
    for (one, other) in [
        ("医療法人　みなと会 内科", "医療法人みなと会内科"),
        ("ＡＢＣクリニック", "abcクリニック"),
        ("架空葛\u{E0100}城髙﨑クリニック", "架空葛城髙﨑クリニック"),
    ] {
        assert!(names_agree(one, other), "{one} {other}");
    }
    assert!(!names_agree("みなと内科", "みなと眼科"));
    assert!(
        !names_agree("架空高崎クリニック", "架空髙﨑クリニック"),
        "another character is for a person to judge"
    );
}
