use eligibility::{
    card_certificate::CardCertificateState,
    codes::{CeilingCertificateKind, CeilingClass, SpecificDisease},
    consent::{ConsentChoice, ConsentKind},
    coverage::{CeilingCertificate, SpecificDiseaseCertificate},
    disclosure::Disclosure,
};
use jiff::civil::date;

use crate::people::{BORN, SOCIETY, TODAY, coverage};

fn all(granted: bool) -> Vec<ConsentChoice> {
    ConsentKind::ALL.iter().map(|kind| ConsentChoice { kind: *kind, granted }).collect()
}

fn shown(disclosure: Disclosure) -> Vec<ConsentKind> {
    ConsentKind::ALL.iter().copied().filter(|kind| disclosure.allows(*kind)).collect()
}

#[test]
fn a_number_shows_the_ceiling_certificate_at_most() {
    assert_eq!(shown(Disclosure::by_number(true)), [ConsentKind::Ceiling]);
    assert_eq!(shown(Disclosure::by_number(false)), []);
}

#[test]
fn a_card_shows_what_was_agreed_to_while_its_certificate_lasts() {
    let valid = |choices: &[ConsentChoice]| {
        shown(Disclosure::by_card(CardCertificateState::Valid, choices, BORN, TODAY))
    };
    assert_eq!(valid(&all(true)), ConsentKind::ALL);
    assert_eq!(valid(&all(false)), []);
    assert_eq!(valid(&[]), [ConsentKind::Ceiling]);
    let changed_mind = [true, false].map(|granted| ConsentChoice { kind: ConsentKind::Medication, granted });
    assert_eq!(valid(&changed_mind), [ConsentKind::Ceiling]);
    let soon = Disclosure::by_card(CardCertificateState::ExpiresSoon, &all(true), BORN, TODAY);
    assert_eq!(shown(soon), ConsentKind::ALL);
    for state in
        [CardCertificateState::Grace, CardCertificateState::Expired, CardCertificateState::NotYetValid]
    {
        assert_eq!(shown(Disclosure::by_card(state, &all(true), BORN, TODAY)), [], "{state:?}");
    }
}

#[test]
fn nobody_under_forty_is_asked_for_checkups() {
    let checkup = |born| Disclosure::by_card(CardCertificateState::Valid, &all(true), born, TODAY).checkup;
    assert!(checkup(date(1986, 11, 22)));
    assert!(!checkup(date(1986, 11, 23)));
}

#[test]
fn what_may_not_be_shown_is_taken_out() {
    let mut full = coverage("p", SOCIETY, BORN, None);
    let current = CeilingCertificate {
        kind: CeilingCertificateKind::Ceiling,
        class: CeilingClass::A03,
        issued_on: date(2026, 4, 1),
        valid_from: date(2026, 4, 1),
        valid_until: Some(date(2027, 3, 31)),
        long_term_on: None,
    };
    let mut past = current.clone();
    past.valid_from = date(2025, 4, 1);
    past.valid_until = Some(date(2026, 3, 31));
    full.ceiling_certificates = vec![past, current.clone()];
    full.specific_disease_certificates = vec![SpecificDiseaseCertificate {
        disease: SpecificDisease::Hemophilia,
        issued_on: date(2024, 1, 10),
        valid_from: date(2024, 1, 1),
        valid_until: None,
        self_pay_yen: 10_000,
    }];
    let mut by_number = full.clone();
    Disclosure::by_number(true).trim(&mut by_number, TODAY);
    assert_eq!(by_number.ceiling_certificates, [current]);
    assert_eq!(by_number.specific_disease_certificates, []);
    let mut closed = full.clone();
    Disclosure::default().trim(&mut closed, TODAY);
    assert!(closed.ceiling_certificates.is_empty() && closed.specific_disease_certificates.is_empty());
    let mut by_card = full.clone();
    Disclosure::by_card(CardCertificateState::Valid, &all(true), BORN, TODAY).trim(&mut by_card, TODAY);
    assert_eq!(by_card.specific_disease_certificates.len(), 1);
}
