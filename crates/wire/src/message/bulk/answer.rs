//! What became of a file (02res).

use eligibility::{
    Date,
    codes::{
        CardClassification, CeilingChange, CharacterCode, Preschool, ProcessingStatus, ReasonOfLoss,
        Relation, ResultSegment, Sex, Validity,
    },
    coverage::CopayRatio,
    institution::InstitutionCode,
    insurer::InsurerNumber,
};
use jiff::civil::DateTime;

use crate::{
    message::{
        ElderlyCertificateInfo, Layout, QualificationResult, RegistrationInfo, ResultError, WrittenXml,
        envelope::{read_result_as, write_result_as},
        record::record,
        value::{Code, Kana},
    },
    xml_tree,
};

record! {
    /// What became of a file: `XmlMsg` of 02res.
    pub struct BulkAnswer {
        /// `MessageHeader`.
        record header: BulkAnswerHeader = "MessageHeader",
        /// `MessageBody`; absent while the file is being worked on, and when it failed.
        optional_record body: Option<BulkAnswerBody> = "MessageBody",
    }
}

record! {
    /// Header of 02res.
    pub struct BulkAnswerHeader {
        /// 処理実行日時, Asia/Tokyo.
        required process_execution_time: DateTime = "ProcessExecutionTime",
        /// 資格確認日; bulk eligibility checks only.
        optional qualification_confirmation_date: Option<Date> = "QualificationConfirmationDate",
        /// 医療機関コード.
        required medical_institution_code: InstitutionCode = "MedicalInstitutionCode",
        /// 任意のファイル識別子 of the file that was handed in.
        optional arbitrary_file_identifier: Option<String> = "ArbitraryFileIdentifier",
        /// 受付番号, echoed as it came.
        optional reception_number: Option<String> = "ReceptionNumber",
        /// 処理結果区分: 1 done, 2 being worked on, 9 failed.
        required segment_of_result: Code<ResultSegment> = "SegmentOfResult",
        /// Code of the catalogue; only with 9.
        optional error_code: Option<String> = "ErrorCode",
        /// Its text.
        optional error_message: Option<String> = "ErrorMessage",
        /// 処理結果件数.
        optional number_of_processing_result: Option<u32> = "NumberOfProcessingResult",
        /// 正常件数.
        optional number_of_normal_processing: Option<u32> = "NumberOfNormalProcessing",
        /// エラー件数.
        optional number_of_error: Option<u32> = "NumberOfError",
        /// 文字コード識別: set by the writer to what it really wrote.
        required character_code_identifier: Code<CharacterCode> = "CharacterCodeIdentifier",
    }
}

record! {
    /// Body of 02res: the answers in the order of the rows.
    pub struct BulkAnswerBody {
        /// Answers about people.
        repeated units: Vec<BulkConfirmUnit> = "BulkConfirmUnit",
        /// Answers to registrations.
        repeated registrations: Vec<BulkRegistrationUnit> = "BulkRegistrationUnit",
    }
}

record! {
    /// One row's answer.
    pub struct BulkConfirmUnit {
        /// The question, echoed; bulk eligibility checks only.
        optional_record search_info: Option<BulkSearchInfo> = "QualificationConfirmSearchInfo",
        /// 処理結果状況.
        required processing_result_status: Code<ProcessingStatus> = "ProcessingResultStatus",
        /// 処理結果コード.
        optional processing_result_code: Option<String> = "ProcessingResultCode",
        /// 処理結果メッセージ.
        optional processing_result_message: Option<String> = "ProcessingResultMessage",
        /// 資格有効性.
        optional qualification_validity: Option<Code<Validity>> = "QualificationValidity",
        /// The eligibility; bulk eligibility checks only.
        optional_record result: Option<BulkQualification> = "ResultOfQualificationConfirmation",
        /// The eligibilities; 委託先資格情報 only.
        wrapped_list results: Vec<QualificationResult> = "ResultList" / "ResultOfQualificationConfirmation",
        /// 照会番号, one for each eligibility.
        texts reference_numbers: Vec<String> = "ReferenceNumber",
    }
}

record! {
    /// A row's question as it was written.
    pub struct BulkSearchInfo {
        /// 保険者番号.
        optional insurer_number: Option<String> = "InsurerNumber",
        /// 記号.
        optional insured_card_symbol: Option<String> = "InsuredCardSymbol",
        /// 番号.
        optional insured_identification_number: Option<String> = "InsuredIdentificationNumber",
        /// 枝番.
        optional insured_branch_number: Option<String> = "InsuredBranchNumber",
        /// 生年月日.
        optional birthdate: Option<String> = "Birthdate",
        /// 任意の識別子.
        optional arbitrary_identifier: Option<String> = "ArbitraryIdentifier",
    }
}

record! {
    /// One eligibility in the answer to a bulk check: what needs no consent, and whether 限度額 changed.
    pub struct BulkQualification {
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
        /// 未就学区分: `1` or absent.
        optional preschool: Option<Code<Preschool>> = "PreschoolClassification",
        /// 資格喪失事由.
        optional reason_of_loss: Option<Code<ReasonOfLoss>> = "ReasonOfLoss",
        /// 保険者名称 / 福祉事務所名.
        required insurer_name: String = "InsurerName",
        /// 高齢受給者証.
        optional_record elderly_certificate: Option<ElderlyCertificateInfo> = "ElderlyRecipientCertificateInfo",
        /// 限度額情報変更有無.
        optional ceiling_change: Option<Code<CeilingChange>> = "LimitApplicationCertificateChanged",
    }
}

impl BulkQualification {
    /// What a bulk answer carries of a full one.
    #[must_use]
    pub fn of(full: QualificationResult, ceiling_change: CeilingChange) -> Self {
        Self {
            card_classification: full.card_classification,
            insurer_number: full.insurer_number,
            insured_card_symbol: full.insured_card_symbol,
            insured_identification_number: full.insured_identification_number,
            insured_branch_number: full.insured_branch_number,
            relation: full.relation,
            insured_name: full.insured_name,
            name: full.name,
            name_of_other: full.name_of_other,
            name_kana: full.name_kana,
            name_of_other_kana: full.name_of_other_kana,
            sex1: full.sex1,
            sex2: full.sex2,
            birthdate: full.birthdate,
            address: full.address,
            post_number: full.post_number,
            qualification_date: full.qualification_date,
            disqualification_date: full.disqualification_date,
            certificate_issuance_date: full.certificate_issuance_date,
            card_valid_date: full.card_valid_date,
            card_expiration_date: full.card_expiration_date,
            contribution_ratio: full.contribution_ratio,
            preschool: full.preschool,
            reason_of_loss: full.reason_of_loss,
            insurer_name: full.insurer_name,
            elderly_certificate: full.elderly_certificate,
            ceiling_change: Some(ceiling_change.into()),
        }
    }
}

record! {
    /// One registration's outcome.
    pub struct BulkRegistrationUnit {
        /// The row, echoed.
        optional_record info: Option<RegistrationInfo> = "ReferenceNumberRegistrationInfo",
        /// 処理結果状況.
        required processing_result_status: Code<ProcessingStatus> = "ProcessingResultStatus",
        /// 処理結果コード.
        optional processing_result_code: Option<String> = "ProcessingResultCode",
        /// 処理結果メッセージ.
        optional processing_result_message: Option<String> = "ProcessingResultMessage",
    }
}

/// A 02res file as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBulkAnswer {
    /// The encoding the file is really in.
    pub encoding: CharacterCode,
    /// What it says.
    pub answer: BulkAnswer,
}

/// Writes 02res. 文字コード識別 follows `encoding`.
#[must_use]
pub fn write_bulk_answer(mut answer: BulkAnswer, encoding: CharacterCode, layout: Layout) -> WrittenXml {
    answer.header.character_code_identifier = encoding.into();
    write_result_as(&answer, encoding, layout)
}

/// Reads 02res.
///
/// # Errors
/// [`ResultError`] naming why the file is no message, or the element that is wrong.
pub fn read_bulk_answer(bytes: &[u8]) -> Result<ReadBulkAnswer, ResultError> {
    let (encoding, answer) = read_result_as(bytes, xml_tree::BULK_RESULT)?;
    Ok(ReadBulkAnswer { encoding, answer })
}
