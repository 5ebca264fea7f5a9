//! The result of an eligibility check (IF-002) and the face result: one family of structs for XML and JSON.
//!
//! Fields stand in the annex's order, which is the order they are written in; any order is read.

use eligibility::{
    Date,
    codes::{
        CardClassification, CeilingCertificateKind, CeilingClass, CeilingConsentFlag, CharacterCode,
        ConsentStatus, Consistency, DesignatedInstitution, ElderlyMedicalCare, InfectionAct, InquiryMethod,
        PrefecturalExpense, Preschool, PrescriptionIssue, ProcessingStatus, ReasonOfLoss, Relation,
        ResultSegment, Sex, SingleOrCombined, SocialInsurance, SpecificDisease, TicketType, TreatmentType,
        Validity,
    },
    coverage::CopayRatio,
    institution::InstitutionCode,
    insurer::InsurerNumber,
};
use jiff::civil::DateTime;

use super::{
    record::record,
    value::{Code, Kana, Month},
};

record! {
    /// The whole message: `XmlMsg`.
    pub struct ResultMessage {
        /// `MessageHeader`.
        record header: ResultHeader = "MessageHeader",
        /// `MessageBody`.
        record body: ResultBody = "MessageBody",
    }
}

record! {
    /// Header of a result.
    pub struct ResultHeader {
        /// 処理実行日時, Asia/Tokyo.
        required process_execution_time: DateTime = "ProcessExecutionTime",
        /// 資格確認日; absent only when the question's own was unreadable.
        optional qualification_confirmation_date: Option<Date> = "QualificationConfirmationDate",
        /// 医療機関コード.
        required medical_institution_code: InstitutionCode = "MedicalInstitutionCode",
        /// 任意のファイル識別子, echoed as it came.
        optional arbitrary_file_identifier: Option<String> = "ArbitraryFileIdentifier",
        /// 照会区分.
        required reference_classification: Code<InquiryMethod> = "ReferenceClassification",
        /// 処理結果区分.
        required segment_of_result: Code<ResultSegment> = "SegmentOfResult",
        /// Code of the catalogue; only when the segment is not 1.
        optional error_code: Option<String> = "ErrorCode",
        /// Its text, at most [`super::MAX_ERROR_MESSAGE_CHARS`] characters.
        optional error_message: Option<String> = "ErrorMessage",
        /// 文字コード識別: set by the writer to what it really wrote.
        required character_code_identifier: Code<CharacterCode> = "CharacterCodeIdentifier",
    }
}

record! {
    /// Body of a result.
    pub struct ResultBody {
        /// 処方箋発行形態, OQSCD017.
        optional prescription_issue_select: Option<Code<PrescriptionIssue>> = "PrescriptionIssueSelect",
        /// 処理結果状況.
        required processing_result_status: Code<ProcessingStatus> = "ProcessingResultStatus",
        /// 処理結果コード.
        optional processing_result_code: Option<String> = "ProcessingResultCode",
        /// 処理結果メッセージ.
        optional processing_result_message: Option<String> = "ProcessingResultMessage",
        /// 資格有効性.
        optional qualification_validity: Option<Code<Validity>> = "QualificationValidity",
        /// The eligibilities: none, one, or two when 医療扶助 stands beside insurance.
        wrapped_list results: Vec<QualificationResult> = "ResultList" / "ResultOfQualificationConfirmation",
        /// The question, echoed; only for 照会区分 2.
        optional_record search_info: Option<SearchInfo> = "QualificationConfirmSearchInfo",
    }
}

record! {
    /// The question as it stands in a request and, echoed, in a result.
    pub struct SearchInfo {
        /// 保険者番号.
        required insurer_number: InsurerNumber = "InsurerNumber",
        /// 記号 as typed.
        optional insured_card_symbol: Option<String> = "InsuredCardSymbol",
        /// 番号 as typed.
        required insured_identification_number: String = "InsuredIdentificationNumber",
        /// 枝番 as typed.
        optional insured_branch_number: Option<String> = "InsuredBranchNumber",
        /// 生年月日.
        required birthdate: Date = "Birthdate",
        /// 限度額提供同意, OQSCD001.
        required ceiling_consent: Code<CeilingConsentFlag> = "LimitApplicationCertificateRelatedConsFlg",
        /// 任意の識別子, echoed as it came.
        optional arbitrary_identifier: Option<String> = "ArbitraryIdentifier",
    }
}

record! {
    /// One eligibility: `ResultOfQualificationConfirmation`.
    pub struct QualificationResult {
        /// 被保険者証区分.
        required card_classification: Code<CardClassification> = "InsuredCardClassification",
        /// 保険者番号 / 公費負担者番号.
        optional insurer_number: Option<InsurerNumber> = "InsurerNumber",
        /// 記号.
        optional insured_card_symbol: Option<String> = "InsuredCardSymbol",
        /// 番号 / 受給者番号.
        optional insured_identification_number: Option<String> = "InsuredIdentificationNumber",
        /// 枝番.
        optional insured_branch_number: Option<String> = "InsuredBranchNumber",
        /// 本人・家族の別.
        optional relation: Option<Code<Relation>> = "PersonalFamilyClassification",
        /// 被保険者氏名（世帯主氏名）.
        optional insured_name: Option<String> = "InsuredName",
        /// 氏名.
        required name: String = "Name",
        /// 氏名（その他）.
        optional name_of_other: Option<String> = "NameOfOther",
        /// 氏名カナ.
        optional name_kana: Option<Kana> = "NameKana",
        /// 氏名カナ（その他）.
        optional name_of_other_kana: Option<Kana> = "NameOfOtherKana",
        /// 性別1.
        required sex1: Code<Sex> = "Sex1",
        /// 性別2.
        optional sex2: Option<Code<Sex>> = "Sex2",
        /// 生年月日.
        required birthdate: Date = "Birthdate",
        /// 住所.
        optional address: Option<String> = "Address",
        /// 郵便番号 `NNN-NNNN`.
        optional post_number: Option<String> = "PostNumber",
        /// 資格取得年月日.
        optional qualification_date: Option<Date> = "QualificationDate",
        /// 資格喪失年月日.
        optional disqualification_date: Option<Date> = "DisqualificationDate",
        /// 証交付年月日.
        optional certificate_issuance_date: Option<Date> = "InsuredCertificateIssuanceDate",
        /// 証有効開始年月日.
        optional card_valid_date: Option<Date> = "InsuredCardValidDate",
        /// 証有効終了年月日: the last valid day.
        optional card_expiration_date: Option<Date> = "InsuredCardExpirationDate",
        /// 一部負担金割合; 後期高齢 only.
        optional contribution_ratio: Option<Code<CopayRatio>> = "InsuredPartialContributionRatio",
        /// 未就学区分, OQSCD015: `1` or absent.
        optional preschool: Option<Code<Preschool>> = "PreschoolClassification",
        /// 資格喪失事由.
        optional reason_of_loss: Option<Code<ReasonOfLoss>> = "ReasonOfLoss",
        /// 保険者名称 / 福祉事務所名.
        required insurer_name: String = "InsurerName",
        /// 高齢受給者証.
        optional_record elderly_certificate: Option<ElderlyCertificateInfo> = "ElderlyRecipientCertificateInfo",
        /// 限度額提供同意, OQSCD001.
        optional ceiling_consent: Option<Code<CeilingConsentFlag>> = "LimitApplicationCertificateRelatedConsFlg",
        /// When it was given.
        optional ceiling_consented_at: Option<DateTime> = "LimitApplicationCertificateRelatedConsTime",
        /// 限度額適用認定証.
        optional_record ceiling_certificate: Option<CeilingCertificateInfo> = "LimitApplicationCertificateRelatedInfo",
        /// 特定疾病 提供同意, OQSCD016.
        optional specific_disease_consent: Option<Code<ConsentStatus>> = "SpecificDiseasesCertificateRelatedConsFlg",
        /// When it was given.
        optional specific_disease_consented_at: Option<DateTime> = "SpecificDiseasesCertificateRelatedConsTime",
        /// 特定疾病療養受療証.
        plain_list specific_disease_certificates: Vec<SpecificDiseaseCertificateInfo>
            = "SpecificDiseasesCertificateList" / "SpecificDiseasesCertificateInfo",
        /// 医療券・調剤券.
        plain_list medical_tickets: Vec<MedicalTicketInfo> = "PublicExpenseResultList" / "MedicalTicketInfo",
        /// 特定健診.
        consent checkup: Option<ConsentInfo> = "SpecificHealthCheckupsInfo",
        /// 薬剤.
        consent medication: Option<ConsentInfo> = "PharmacistsInfo",
        /// 診療.
        consent treatment: Option<ConsentInfo> = "DiagnosisInfo",
        /// 手術.
        consent operation: Option<ConsentInfo> = "OperationInfo",
        /// 傷病名.
        consent disease_name: Option<ConsentInfo> = "DiagnosisName",
        /// 感染症.
        consent infection: Option<ConsentInfo> = "InfectiousInfo",
        /// その他アレルギー.
        consent allergy: Option<ConsentInfo> = "AllergyInfo",
        /// 薬剤アレルギー.
        consent drug_allergy: Option<ConsentInfo> = "ContraindicationInfo",
        /// 検査.
        consent test: Option<ConsentInfo> = "TestInfo",
        /// 処方.
        consent prescription: Option<ConsentInfo> = "PrescriptionInfo",
        /// 照会番号.
        optional reference_number: Option<String> = "ReferenceNumber",
    }
}

/// One consent to viewing: the flag alone when refused or not to be had. Its three elements stand side by side in the result,
/// named after what is consented to (`…ConsFlg`, `…ConsTime`, `…AvailableTime`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentInfo {
    /// 同意区分, OQSCD016.
    pub flag: Code<ConsentStatus>,
    /// 同意日時, Asia/Tokyo.
    pub consented_at: Option<DateTime>,
    /// 同意有効期限, Asia/Tokyo.
    pub available_until: Option<DateTime>,
}

record! {
    /// 高齢受給者証.
    pub struct ElderlyCertificateInfo {
        /// 交付年月日.
        optional issued_on: Option<Date> = "ElderlyRecipientCertificateDate",
        /// First valid day.
        optional valid_from: Option<Date> = "ElderlyRecipientValidStartDate",
        /// Last valid day.
        optional valid_until: Option<Date> = "ElderlyRecipientValidEndDate",
        /// 一部負担金割合.
        required ratio: Code<CopayRatio> = "ElderlyRecipientContributionRatio",
    }
}

record! {
    /// 限度額適用認定証.
    pub struct CeilingCertificateInfo {
        /// 限度額適用認定証区分.
        required kind: Code<CeilingCertificateKind> = "LimitApplicationCertificateClassification",
        /// 適用区分.
        required class: Code<CeilingClass> = "LimitApplicationCertificateClassificationFlag",
        /// 交付年月日.
        optional issued_on: Option<Date> = "LimitApplicationCertificateDate",
        /// First valid day.
        optional valid_from: Option<Date> = "LimitApplicationCertificateValidStartDate",
        /// Last valid day.
        optional valid_until: Option<Date> = "LimitApplicationCertificateValidEndDate",
        /// 長期入院該当年月日.
        optional long_term_on: Option<Date> = "LimitApplicationCertificateLongTermDate",
    }
}

record! {
    /// 特定疾病療養受療証.
    pub struct SpecificDiseaseCertificateInfo {
        /// 特定疾病区分.
        required disease: Code<SpecificDisease> = "SpecificDiseasesDiseaseCategory",
        /// 交付年月日.
        optional issued_on: Option<Date> = "SpecificDiseasesCertificateDate",
        /// First valid day.
        optional valid_from: Option<Date> = "SpecificDiseasesValidStartDate",
        /// Last valid day.
        optional valid_until: Option<Date> = "SpecificDiseasesValidEndDate",
        /// 自己負担限度額, yen per month.
        optional self_pay_yen: Option<u32> = "SpecificDiseasesSelfPay",
    }
}

record! {
    /// 医療券・調剤券.
    pub struct MedicalTicketInfo {
        /// 医療券・調剤券別, OQSCD018.
        required ticket_type: Code<TicketType> = "TicketType",
        /// First valid day.
        optional valid_from: Option<Date> = "MedicalTicketValidDate",
        /// Last valid day.
        optional valid_until: Option<Date> = "MedicalTicketExpirationDate",
        /// 交付番号.
        optional issue_number: Option<String> = "IssueNumber",
        /// 診療年月.
        optional treatment_month: Option<Month> = "MedicalTreatmentMonth",
        /// 指定医療機関コード.
        optional institution_code: Option<String> = "DesignatedMedicalInstitutionCode",
        /// 指定医療機関確認フラグ, OQSCD026: `0` it is the institution that asks.
        optional institution_flag: Option<Code<DesignatedInstitution>> = "DesignatedMedicalInstitutionFlag",
        /// 指定医療機関名.
        optional institution_name: Option<String> = "DesignatedMedicalInstitutionName",
        /// 処方箋発行医療機関コード.
        optional prescriber_code: Option<String> = "PrescriptionIssuerMedicalInstitutionCode",
        /// 処方箋発行医療機関名.
        optional prescriber_name: Option<String> = "PrescriptionIssuerMedicalInstitutionName",
        /// 傷病名1.
        optional injury_name1: Option<String> = "InjuryName1",
        /// 傷病名2.
        optional injury_name2: Option<String> = "InjuryName2",
        /// 傷病名3.
        optional injury_name3: Option<String> = "InjuryName3",
        /// 診療別, OQSCD019.
        optional treatment_type: Option<Code<TreatmentType>> = "MedicalTreatmentType",
        /// 本人支払額, yen.
        optional self_pay_yen: Option<u32> = "SelfPayAmount",
        /// 地区担当員名.
        optional district_contact: Option<String> = "DistrictContactName",
        /// 取扱担当者名.
        optional handling_contact: Option<String> = "HandlingContactName",
        /// 単独・併用別, OQSCD020.
        optional single_or_combined: Option<Code<SingleOrCombined>> = "SingleOrCombinedUse",
        /// 社会保険状況, OQSCD021.
        optional social_insurance: Option<Code<SocialInsurance>> = "StatusOfSocialInsurance",
        /// 整合性フラグ, OQSCD022: `1` or absent.
        optional inconsistent: Option<Code<Consistency>> = "ConsistencyFlag",
        /// 感染症法37条の2, OQSCD023. The element's spelling is the interface's.
        optional infection: Option<Code<InfectionAct>> = "StatusOfInfecton",
        /// 後期高齢者医療, OQSCD024.
        optional elderly_medical_care: Option<Code<ElderlyMedicalCare>> = "StatusOfElderlyMedicalCare",
        /// 都道府県費, OQSCD025.
        optional prefectural_expense: Option<Code<PrefecturalExpense>> = "StatusOfPrefecturalExpenses",
        /// 備考1.
        optional remarks1: Option<String> = "Remarks1",
        /// 備考2.
        optional remarks2: Option<String> = "Remarks2",
        /// 備考3.
        optional remarks3: Option<String> = "Remarks3",
    }
}
