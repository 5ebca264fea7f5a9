//! From the domain's decision to the result message: the one place that fills in its elements.

use eligibility::{
    Date, Instant,
    calendar::{self, tokyo_second},
    codes::{
        CeilingConsentFlag, CharacterCode, ConsentStatus, Consistency, DesignatedInstitution, InquiryMethod,
        Preschool, PrescriptionIssue, ProcessingStatus, ResultSegment,
    },
    consent::{ConsentKind, StandingConsent},
    coverage::Coverage,
    disclosure::Disclosure,
    errors::ErrorCode,
    institution::InstitutionCode,
    insurer::InsurerNumber,
    public_assistance::MedicalTicket,
    verification::Decision,
};
use jiff::civil::DateTime;

use crate::message::{
    CeilingCertificateInfo, Code, ConsentInfo, ElderlyCertificateInfo, Kana, MAX_ERROR_MESSAGE_CHARS,
    MedicalTicketInfo, Month, QualificationResult, ResultBody, ResultHeader, ResultMessage,
    SpecificDiseaseCertificateInfo,
};

/// What an answer depends on besides the decision.
#[derive(Clone, Copy, Debug)]
pub struct AnswerContext<'a> {
    /// 照会区分.
    pub method: InquiryMethod,
    /// 資格確認日.
    pub as_of: Date,
    /// 処理実行日時.
    pub executed_at: Instant,
    /// The institution that asks.
    pub institution: &'a InstitutionCode,
    /// What of the coverage may be shown.
    pub disclosure: Disclosure,
    /// How consent to each kind stands (no state, no element). Empty for a check by number.
    pub consents: &'a [StandingConsent],
    /// 照会番号 of the patient at this institution.
    pub reference_number: Option<&'a str>,
    /// 処方箋発行形態 chosen at the reader.
    pub prescription_issue_select: Option<PrescriptionIssue>,
    /// Something to say beside the answer, e.g. that the card certificate expires soon.
    pub notice: Option<ErrorCode>,
}

/// The answer to a check that was decided. `insurer_name` gives 保険者名称 of a number.
///
/// Set by the terminal afterwards: the file identifier, the echoed question, 文字コード識別.
pub fn answer<'n>(
    decision: &Decision,
    context: &AnswerContext<'_>,
    insurer_name: impl Fn(&InsurerNumber) -> &'n str,
) -> ResultMessage {
    let error = decision.error();
    let said = error.or(context.notice);
    let status = error.map_or(ProcessingStatus::Ok, |error| error.entry().status);
    ResultMessage {
        header: header(context, ResultSegment::Done),
        body: ResultBody {
            prescription_issue_select: context.prescription_issue_select.map(Code::from),
            processing_result_status: status.into(),
            processing_result_code: said.map(|code| code.code().to_owned()),
            processing_result_message: said.map(|code| code.message().to_owned()),
            qualification_validity: Some(decision.validity.into()),
            results: decision
                .coverages
                .iter()
                .map(|coverage| qualification(coverage, context, insurer_name(&coverage.insurer_number)))
                .collect(),
            search_info: None,
        },
    }
}

/// The answer to a check that cannot be decided: 処理結果区分 9 with a code of the catalogue.
///
/// `message` replaces the catalogue's text, e.g. to name the wrong element; it is cut to what clients keep.
#[must_use]
pub fn refusal(
    code: ErrorCode,
    message: Option<&str>,
    method: InquiryMethod,
    institution: &InstitutionCode,
    as_of: Option<Date>,
    executed_at: Instant,
) -> ResultMessage {
    let message = message.filter(|message| !message.is_empty()).unwrap_or(code.message());
    ResultMessage {
        header: ResultHeader {
            process_execution_time: tokyo_second(executed_at),
            qualification_confirmation_date: as_of,
            medical_institution_code: institution.clone(),
            arbitrary_file_identifier: None,
            reference_classification: method.into(),
            segment_of_result: ResultSegment::Failed.into(),
            error_code: Some(code.code().to_owned()),
            error_message: Some(message.chars().take(MAX_ERROR_MESSAGE_CHARS).collect()),
            character_code_identifier: CharacterCode::Utf8.into(),
        },
        // Clients fail when the body or its status is missing.
        body: ResultBody {
            prescription_issue_select: None,
            processing_result_status: ProcessingStatus::Error.into(),
            processing_result_code: None,
            processing_result_message: None,
            qualification_validity: None,
            results: Vec::new(),
            search_info: None,
        },
    }
}

fn header(context: &AnswerContext<'_>, segment: ResultSegment) -> ResultHeader {
    ResultHeader {
        process_execution_time: tokyo_second(context.executed_at),
        qualification_confirmation_date: Some(context.as_of),
        medical_institution_code: context.institution.clone(),
        arbitrary_file_identifier: None,
        reference_classification: context.method.into(),
        segment_of_result: segment.into(),
        error_code: None,
        error_message: None,
        character_code_identifier: CharacterCode::Utf8.into(),
    }
}

/// One eligibility with its certificates, as far as they may be shown.
#[must_use]
pub fn qualification(
    coverage: &Coverage,
    context: &AnswerContext<'_>,
    insurer_name: &str,
) -> QualificationResult {
    let person = &coverage.person;
    let (ceiling_consent, ceiling_consented_at) = ceiling_consent(coverage, context);
    let specific_disease =
        consent(context, ConsentKind::SpecificDisease).filter(|_| !coverage.is_public_assistance());
    QualificationResult {
        card_classification: coverage.classification.into(),
        insurer_number: Some(coverage.insurer_number.clone()),
        insured_card_symbol: coverage.insured_symbol.clone(),
        insured_identification_number: Some(coverage.insured_number.clone()),
        insured_branch_number: coverage.branch_number.clone(),
        relation: coverage.relation.map(Code::from),
        insured_name: coverage.insured_name.clone(),
        name: person.name.clone(),
        name_of_other: person.other_name.clone(),
        name_kana: person.kana.clone().map(Kana),
        name_of_other_kana: person.other_kana.clone().map(Kana),
        sex1: person.sex.into(),
        sex2: person.sex_on_back.map(Code::from),
        birthdate: person.birthdate,
        address: person.address.clone().filter(|_| !person.protection.address_withheld),
        post_number: person.postcode.clone().filter(|_| !person.protection.address_withheld),
        qualification_date: Some(coverage.qualified_on),
        disqualification_date: coverage.disqualified_on,
        certificate_issuance_date: coverage.card_issued_on,
        card_valid_date: coverage.card_valid_from,
        card_expiration_date: coverage.card_valid_until,
        contribution_ratio: coverage.copay_ratio.map(Code::from),
        preschool: coverage.is_preschool(context.as_of).then_some(Preschool::Preschool.into()),
        reason_of_loss: coverage.reason_of_loss.map(Code::from),
        insurer_name: insurer_name.to_owned(),
        elderly_certificate: elderly_certificate(coverage, context.as_of),
        ceiling_consent: ceiling_consent.map(Code::from),
        ceiling_consented_at,
        ceiling_certificate: ceiling_certificate(coverage, context),
        specific_disease_consented_at: specific_disease.as_ref().and_then(|consent| consent.consented_at),
        specific_disease_consent: specific_disease.map(|consent| consent.flag),
        specific_disease_certificates: specific_disease_certificates(coverage, context),
        medical_tickets: coverage.medical_tickets.iter().map(|t| ticket(t, context.institution)).collect(),
        checkup: consent(context, ConsentKind::Checkup),
        medication: consent(context, ConsentKind::Medication),
        treatment: consent(context, ConsentKind::Treatment),
        operation: consent(context, ConsentKind::Operation),
        // Since 2025 these stand by themselves; a patient is still asked by the kinds of OQSCD036, which hold them:
        // 手術・傷病名・感染症, 診療・その他アレルギー・薬剤アレルギー・検査, 薬剤・処方.
        disease_name: consent(context, ConsentKind::Operation),
        infection: consent(context, ConsentKind::Operation),
        allergy: consent(context, ConsentKind::Treatment),
        drug_allergy: consent(context, ConsentKind::Treatment),
        test: consent(context, ConsentKind::Treatment),
        prescription: consent(context, ConsentKind::Medication),
        reference_number: context.reference_number.map(str::to_owned),
    }
}

/// The flag of the ceiling certificate, and when it was agreed to (card sessions only).
fn ceiling_consent(
    coverage: &Coverage,
    context: &AnswerContext<'_>,
) -> (Option<CeilingConsentFlag>, Option<DateTime>) {
    if coverage.is_public_assistance() {
        return (None, None);
    }
    let stated = context.consents.iter().find(|consent| consent.kind == ConsentKind::Ceiling);
    match (context.disclosure.ceiling, context.method) {
        (true, InquiryMethod::Number) => (Some(CeilingConsentFlag::Agreed), None),
        // Using the card agrees, so without a stated consent it is the time of the check.
        (true, InquiryMethod::Card) => {
            let agreed_at = stated.and_then(|consent| consent.granted_at).unwrap_or(context.executed_at);
            (Some(CeilingConsentFlag::Agreed), Some(tokyo_second(agreed_at)))
        }
        (false, _) => {
            let refused = stated.is_some_and(|consent| consent.status == ConsentStatus::NotAgreed);
            (refused.then_some(CeilingConsentFlag::NotAgreed), None)
        }
    }
}

/// The three elements of one consent: all when it is shown or has run out, the flag alone when it was refused or
/// could not be asked for, none when the kind was not asked or the card's certificate does not allow it.
fn consent(context: &AnswerContext<'_>, kind: ConsentKind) -> Option<ConsentInfo> {
    let consent = context.consents.iter().find(|consent| consent.kind == kind)?;
    if consent.status == ConsentStatus::Agreed && !context.disclosure.allows(kind) {
        return None;
    }
    Some(ConsentInfo {
        flag: consent.status.into(),
        consented_at: consent.granted_at.map(tokyo_second),
        available_until: consent.valid_until.map(tokyo_second),
    })
}

fn elderly_certificate(coverage: &Coverage, as_of: Date) -> Option<ElderlyCertificateInfo> {
    let certificate = coverage.elderly_certificate(as_of)?;
    Some(ElderlyCertificateInfo {
        issued_on: Some(certificate.issued_on),
        valid_from: Some(certificate.valid_from),
        valid_until: certificate.valid_until,
        ratio: certificate.ratio.into(),
    })
}

fn ceiling_certificate(coverage: &Coverage, context: &AnswerContext<'_>) -> Option<CeilingCertificateInfo> {
    let certificate = coverage.ceiling_certificate(context.as_of).filter(|_| context.disclosure.ceiling)?;
    Some(CeilingCertificateInfo {
        kind: certificate.kind.into(),
        class: certificate.class.into(),
        issued_on: Some(certificate.issued_on),
        valid_from: Some(certificate.valid_from),
        valid_until: certificate.valid_until,
        long_term_on: certificate.long_term_on,
    })
}

fn specific_disease_certificates(
    coverage: &Coverage,
    context: &AnswerContext<'_>,
) -> Vec<SpecificDiseaseCertificateInfo> {
    if !context.disclosure.specific_disease {
        return Vec::new();
    }
    let valid = coverage.specific_disease_certificates(context.as_of);
    valid
        .map(|certificate| SpecificDiseaseCertificateInfo {
            disease: certificate.disease.into(),
            issued_on: Some(certificate.issued_on),
            valid_from: Some(certificate.valid_from),
            valid_until: certificate.valid_until,
            self_pay_yen: Some(certificate.self_pay_yen),
        })
        .collect()
}

fn ticket(ticket: &MedicalTicket, institution: &InstitutionCode) -> MedicalTicketInfo {
    let own = ticket.institution_code == *institution;
    let designated = if own { DesignatedInstitution::Same } else { DesignatedInstitution::Different };
    MedicalTicketInfo {
        ticket_type: ticket.ticket_type.into(),
        valid_from: Some(ticket.valid_from),
        valid_until: Some(ticket.valid_until),
        issue_number: Some(ticket.issue_number.clone()),
        treatment_month: Some(Month(calendar::first_of_month(ticket.treatment_month))),
        institution_code: Some(ticket.institution_code.as_str().to_owned()),
        institution_flag: Some(designated.into()),
        institution_name: Some(ticket.institution_name.clone()),
        prescriber_code: ticket.prescriber.as_ref().map(|prescriber| prescriber.code.clone()),
        prescriber_name: ticket.prescriber.as_ref().map(|prescriber| prescriber.name.clone()),
        injury_name1: ticket.injury_names.first().cloned(),
        injury_name2: ticket.injury_names.get(1).cloned(),
        injury_name3: ticket.injury_names.get(2).cloned(),
        treatment_type: Some(ticket.treatment_type.into()),
        self_pay_yen: Some(ticket.self_pay_yen),
        district_contact: ticket.district_contact.clone(),
        handling_contact: ticket.handling_contact.clone(),
        single_or_combined: Some(ticket.single_or_combined.into()),
        social_insurance: Some(ticket.social_insurance.into()),
        inconsistent: ticket.inconsistent.then_some(Consistency::Inconsistent.into()),
        infection: Some(ticket.infection.into()),
        elderly_medical_care: Some(ticket.elderly_medical_care.into()),
        prefectural_expense: Some(ticket.prefectural_expense.into()),
        remarks1: ticket.remarks.first().cloned(),
        remarks2: ticket.remarks.get(1).cloned(),
        remarks3: ticket.remarks.get(2).cloned(),
    }
}
