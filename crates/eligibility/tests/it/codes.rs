use std::collections::BTreeSet;

use eligibility::codes::*;

/// Every table with its codes, as the annex lists them.
macro_rules! tables {
    ($($table:ident $id:literal $codes:literal;)+) => {
        #[test]
        fn every_table_has_exactly_its_codes() {
            $(
                let codes: Vec<&str> = $table::ALL.iter().map(|value| value.code()).collect();
                assert_eq!(($table::TABLE, codes.join(" ").as_str()), ($id, $codes));
            )+
        }

        #[test]
        fn every_code_is_read_back_and_labelled() {
            $(for value in $table::ALL {
                assert_eq!($table::from_code(value.code()), Ok(*value));
                assert!(!value.label().is_empty());
                let json = serde_json::to_string(value).expect("json");
                assert_eq!(json, format!("\"{}\"", value.code()));
                assert_eq!(serde_json::from_str::<$table>(&json).expect("json"), *value);
            })+
        }

        #[test]
        fn unknown_codes_are_refused_by_every_table() {
            $(for code in ["", "?", " 1", "１"] {
                let error = $table::from_code(code).expect_err("unknown");
                assert_eq!((error.table, error.code.as_str()), ($id, code));
            })+
        }

        const IDS: &[&str] = &[$($id),+];
    };
}

tables! {
    CeilingConsentFlag "OQSCD001" "0 1";
    InquiryMethod "OQSCD002" "1 2";
    ResultSegment "OQSCD003" "1 2 9";
    ProcessingStatus "OQSCD004" "1 2";
    CharacterCode "OQSCD005" "0 1";
    Validity "OQSCD006" "1 2 3 4 5 6";
    Sex "OQSCD007" "1 2 3";
    ReasonOfLoss "OQSCD008" "01 02 03 99";
    Relation "OQSCD009" "1 2";
    CardClassification "OQSCD010" "01 02 03 04 05 06 07 A1";
    CeilingCertificateKind "OQSCD011" "01 02 03";
    CeilingClass "OQSCD012" "A01 A02 A03 A04 A05 A06 B01 B02 B03 B04 B05 B06 B07 B08 B09 B10";
    SpecificDisease "OQSCD013" "1 2 3";
    CeilingChange "OQSCD014" "0 1";
    Preschool "OQSCD015" "1";
    ConsentStatus "OQSCD016" "0 1 2 3";
    PrescriptionIssue "OQSCD017" "1 2";
    TicketType "OQSCD018" "01 02";
    TreatmentType "OQSCD019" "01 02 03 04 05";
    SingleOrCombined "OQSCD020" "01 02";
    SocialInsurance "OQSCD021" "01 02";
    Consistency "OQSCD022" "1";
    InfectionAct "OQSCD023" "01 02";
    ElderlyMedicalCare "OQSCD024" "01 02";
    PrefecturalExpense "OQSCD025" "01 02";
    DesignatedInstitution "OQSCD026" "0 1";
    SamePerson "OQSCD027" "1";
    TreatmentCategory "OQSCD028" "1 2 3 4";
    MedicalInformation "OQSCD029" "TKK YZK";
    PrescriptionDisplay "OQSCD030" "0 1";
    ConsentEndReason "OQSCD031" "0 1 2 3";
    CoverageChange "OQSCD032" "0 1";
    AccessUrlUse "OQSCD033" "2 3";
    AccessUrlFormat "OQSCD034" "1 2";
    AccessUrlChange "OQSCD035" "0 1";
    ConsentInformation "OQSCD036" "TSR TKK YZK SRJ SHJ";
    UseSetting "OQSCD037" "0 1";
    ElectronicPrescriptionUse "OQSCD038" "0 1 2 3";
    PrescriptionSelectTiming "OQSCD039" "1 2";
    RequestPattern "OQSCD040" "1 2 3 4 5 6";
    AuthenticationFactor "OQSCD041" "1 2 3";
    KnowledgeMethod "OQSCD042" "01 02 03";
    BiometricMethod "OQSCD042" "01 02 03 04 05";
    PossessionMethod "OQSCD042" "01 02 03";
    EmergencyViewRight "OQSCD043" "0 1";
    LinkedSystem "OQSCD044" "01 02 04 08";
}

#[test]
fn all_forty_four_tables_are_there() {
    let ids: BTreeSet<&str> = IDS.iter().copied().collect();
    let wanted: Vec<String> = (1..=44).map(|n| format!("OQSCD{n:03}")).collect();
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), wanted);
}

#[test]
fn consent_kinds_and_care_forms_know_their_codes() {
    use eligibility::consent::{CareForm, ConsentKind};
    for information in ConsentInformation::ALL {
        assert_eq!(ConsentKind::from(*information).information(), Some(*information));
    }
    assert_eq!(ConsentKind::Ceiling.information(), None);
    assert_eq!(ConsentKind::ALL.len(), ConsentInformation::ALL.len() + 1);
    for code in ["1", "2", "3", "4"] {
        assert_eq!(CareForm::from_code(code).expect(code).code(), code);
    }
    assert!(CareForm::from_code("5").is_err());
}
