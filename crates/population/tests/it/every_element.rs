//! Whoever develops against the demonstration meets every element of a result at least once.

use eligibility::{
    Instant, calendar,
    codes::{CharacterCode, InquiryMethod},
    disclosure::Disclosure,
    institution::InstitutionCode,
    verification::{decide_by_card, decide_by_number},
};
use population::{DEFAULT_AS_OF, DEMO_INSTITUTION, Persona, personas, personas::AskWith};
use wire::{
    compose::{self, AnswerContext},
    message::{Layout, ResultMessage, write_result},
};

/// Every element of an eligibility but the consents to records, which hang on what the patient chooses.
const ELEMENTS: &str = "InsuredCardClassification InsurerNumber InsuredCardSymbol InsuredIdentificationNumber \
    InsuredBranchNumber PersonalFamilyClassification InsuredName Name NameOfOther NameKana NameOfOtherKana Sex1 \
    Sex2 Birthdate Address PostNumber QualificationDate DisqualificationDate InsuredCertificateIssuanceDate \
    InsuredCardValidDate InsuredCardExpirationDate InsuredPartialContributionRatio PreschoolClassification \
    ReasonOfLoss InsurerName ElderlyRecipientCertificateDate ElderlyRecipientValidStartDate \
    ElderlyRecipientValidEndDate ElderlyRecipientContributionRatio LimitApplicationCertificateClassification \
    LimitApplicationCertificateClassificationFlag LimitApplicationCertificateDate \
    LimitApplicationCertificateValidStartDate LimitApplicationCertificateValidEndDate \
    LimitApplicationCertificateLongTermDate SpecificDiseasesDiseaseCategory SpecificDiseasesCertificateDate \
    SpecificDiseasesValidStartDate SpecificDiseasesValidEndDate SpecificDiseasesSelfPay TicketType \
    MedicalTicketValidDate MedicalTicketExpirationDate IssueNumber MedicalTreatmentMonth \
    DesignatedMedicalInstitutionCode DesignatedMedicalInstitutionFlag DesignatedMedicalInstitutionName \
    PrescriptionIssuerMedicalInstitutionCode PrescriptionIssuerMedicalInstitutionName InjuryName1 InjuryName2 \
    InjuryName3 MedicalTreatmentType SelfPayAmount DistrictContactName HandlingContactName SingleOrCombinedUse \
    StatusOfSocialInsurance ConsistencyFlag StatusOfInfecton StatusOfElderlyMedicalCare \
    StatusOfPrefecturalExpenses Remarks1 Remarks2 Remarks3";

fn noon() -> Instant {
    Instant(calendar::start_of_day(DEFAULT_AS_OF).0 + 12 * 60 * 60 * 1000)
}

fn institution() -> InstitutionCode {
    InstitutionCode::parse(DEMO_INSTITUTION).expect("ten digits")
}

fn written(message: &ResultMessage) -> String {
    let bytes = write_result(message, CharacterCode::Utf8, Layout::Compact).bytes;
    String::from_utf8(bytes).expect("UTF-8")
}

fn by_card(persona: &Persona) -> String {
    let institution = institution();
    let decision = decide_by_card(&persona.coverages, DEFAULT_AS_OF, &institution);
    let context = AnswerContext {
        method: InquiryMethod::Card,
        as_of: DEFAULT_AS_OF,
        executed_at: noon(),
        institution: &institution,
        disclosure: Disclosure { ceiling: true, specific_disease: true, ..Disclosure::default() },
        consents: &[],
        reference_number: None,
        prescription_issue_select: None,
        notice: None,
    };
    written(&compose::answer(&decision, &context, |_| "試験保険者"))
}

#[test]
fn the_personas_carry_every_element_of_a_result() {
    let all: String = personas(DEFAULT_AS_OF).iter().map(by_card).collect();
    let missing: Vec<&str> =
        ELEMENTS.split_whitespace().filter(|element| !all.contains(&format!("<{element}>"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_ceiling_is_shown_by_number_with_consent_only() {
    let cast = personas(DEFAULT_AS_OF);
    let persona = cast.iter().find(|persona| persona.id == "low-income").expect("is in the cast");
    let mut asked = Vec::new();
    for ask in &persona.asks {
        let AskWith::Number(query) = &ask.with else { continue };
        let institution = institution();
        let decision = decide_by_number(query, &persona.coverages, &institution);
        let context = AnswerContext {
            method: InquiryMethod::Number,
            as_of: DEFAULT_AS_OF,
            executed_at: noon(),
            institution: &institution,
            disclosure: Disclosure::by_number(query.ceiling_consent),
            consents: &[],
            reference_number: None,
            prescription_issue_select: None,
            notice: None,
        };
        let shown = written(&compose::answer(&decision, &context, |_| "試験保険者"))
            .contains("<LimitApplicationCertificateClassificationFlag>");
        assert_eq!(shown, query.ceiling_consent, "{}", ask.action);
        assert_eq!(shown, !ask.outcome.contains("限度額は出ません"), "{}", ask.outcome);
        asked.push(query.ceiling_consent);
    }
    assert_eq!(asked, [true, false], "both can be tried");
}
