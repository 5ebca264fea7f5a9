//! Random requests and results out of a string of bytes, so that proptest can shrink them.

use eligibility::{
    Date, codes::*, coverage::CopayRatio, institution::InstitutionCode, insurer::InsurerNumber,
    verification::NumberQuery,
};
use jiff::civil::{DateTime, date};
use wire::message::*;

/// Characters Windows-31J holds, tricky ones among them.
pub(crate) const NARROW: &[&str] = &[
    "架", "空　", "表", "ソ", "能", "～", "－", "∥", "￠", "髙", "﨑", "ｱ", "A", "0", " ", "<", "&", ">",
    "\"", "'", "]]>", "\u{E000}",
];
/// Characters only UTF-8 holds, and such that XML treats specially.
pub(crate) const WIDE: &[&str] =
    &["𠮷", "葛\u{E0100}", "辻\u{E0101}", "한", "\r", "\n", "\t", "🙂", "〜", "é"];

/// Choices taken from bytes; when they run out every choice is the first.
pub(crate) struct Source<'b> {
    pub(crate) bytes: std::slice::Iter<'b, u8>,
    pub(crate) wide: bool,
}

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or(0)
    }
    fn yes(&mut self) -> bool {
        self.byte() & 1 == 1
    }
    fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[usize::from(self.byte()) % list.len()].clone()
    }
    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.yes().then(|| make(self))
    }
    fn several<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.byte() % 3;
        (0..count).map(|_| make(self)).collect()
    }

    pub(crate) fn text(&mut self) -> String {
        let length = self.byte() % 6 + 1;
        let alphabet: Vec<&str> = if self.wide { [NARROW, WIDE].concat() } else { NARROW.to_vec() };
        (0..length).map(|_| self.pick(&alphabet)).collect()
    }
    fn date(&mut self) -> Date {
        date(1900 + i16::from(self.byte()), self.pick(&[1, 2, 12]), self.pick(&[1, 15, 28]))
    }
    fn time(&mut self) -> DateTime {
        let hour = self.pick(&[0, 9, 23]);
        self.date().at(hour, 59, 7, 0)
    }
    fn code<T: CodeTable>(&mut self, all: &[T]) -> Code<T> {
        if self.byte() % 8 == 7 { Code::Unknown("Z9".into()) } else { Code::Known(self.pick(all)) }
    }
    fn insurer(&mut self) -> InsurerNumber {
        InsurerNumber::parse(self.pick(&["06139996", "138990", "39139991"])).expect("valid")
    }
    fn kana(&mut self) -> Kana {
        Kana(self.pick(&["カクウ　ハナコ", "ヴァ・ー", "レイダイ　サブロウ", "Ｊ．スミス", "゛"]).to_owned())
    }
    fn institution(&mut self) -> InstitutionCode {
        InstitutionCode::parse(self.pick(&["1319990012", "0112345678"])).expect("valid")
    }

    pub(crate) fn request(&mut self) -> EligibilityRequest {
        EligibilityRequest {
            institution_code: self.institution(),
            file_identifier: self.maybe(Self::text),
            query: NumberQuery {
                as_of: self.date(),
                insurer_number: self.insurer(),
                insured_symbol: self.maybe(Self::text),
                insured_number: format!("1{}", self.text()),
                branch_number: self.maybe(|s| s.pick(&["00", "1", "０２"]).to_owned()),
                birthdate: self.date(),
                ceiling_consent: self.yes(),
            },
            person_identifier: self.maybe(Self::text),
        }
    }

    pub(crate) fn message(&mut self) -> ResultMessage {
        ResultMessage {
            header: ResultHeader {
                process_execution_time: self.time(),
                qualification_confirmation_date: self.maybe(Self::date),
                medical_institution_code: self.institution(),
                arbitrary_file_identifier: self.maybe(Self::text),
                reference_classification: self.code(InquiryMethod::ALL),
                segment_of_result: self.code(ResultSegment::ALL),
                error_code: self.maybe(Self::text),
                error_message: self.maybe(Self::text),
                character_code_identifier: CharacterCode::Utf8.into(),
            },
            body: ResultBody {
                prescription_issue_select: self.maybe(|s| s.code(PrescriptionIssue::ALL)),
                processing_result_status: self.code(ProcessingStatus::ALL),
                processing_result_code: self.maybe(Self::text),
                processing_result_message: self.maybe(Self::text),
                qualification_validity: self.maybe(|s| s.code(Validity::ALL)),
                results: self.several(Self::result),
                search_info: self.maybe(|s| s.request().search_info()),
            },
        }
    }

    fn consent(&mut self) -> ConsentInfo {
        ConsentInfo {
            flag: self.code(ConsentStatus::ALL),
            consented_at: self.maybe(Self::time),
            available_until: self.maybe(Self::time),
        }
    }

    fn result(&mut self) -> QualificationResult {
        QualificationResult {
            card_classification: self.code(CardClassification::ALL),
            insurer_number: self.maybe(Self::insurer),
            insured_card_symbol: self.maybe(Self::text),
            insured_identification_number: self.maybe(Self::text),
            insured_branch_number: self.maybe(Self::text),
            relation: self.maybe(|s| s.code(Relation::ALL)),
            insured_name: self.maybe(Self::text),
            name: self.text(),
            name_of_other: self.maybe(Self::text),
            name_kana: self.maybe(Self::kana),
            name_of_other_kana: self.maybe(Self::kana),
            sex1: self.code(Sex::ALL),
            sex2: self.maybe(|s| s.code(Sex::ALL)),
            birthdate: self.date(),
            address: self.maybe(Self::text),
            post_number: self.maybe(Self::text),
            qualification_date: self.maybe(Self::date),
            disqualification_date: self.maybe(Self::date),
            certificate_issuance_date: self.maybe(Self::date),
            card_valid_date: self.maybe(Self::date),
            card_expiration_date: self.maybe(Self::date),
            contribution_ratio: self
                .maybe(|s| s.code(&[CopayRatio::Ten, CopayRatio::Twenty, CopayRatio::Thirty])),
            preschool: self.maybe(|s| s.code(Preschool::ALL)),
            reason_of_loss: self.maybe(|s| s.code(ReasonOfLoss::ALL)),
            insurer_name: self.text(),
            elderly_certificate: self.maybe(|s| ElderlyCertificateInfo {
                issued_on: s.maybe(Self::date),
                valid_from: s.maybe(Self::date),
                valid_until: s.maybe(Self::date),
                ratio: s.code(&[CopayRatio::Twenty]),
            }),
            ceiling_consent: self.maybe(|s| s.code(CeilingConsentFlag::ALL)),
            ceiling_consented_at: self.maybe(Self::time),
            ceiling_certificate: self.maybe(|s| CeilingCertificateInfo {
                kind: s.code(CeilingCertificateKind::ALL),
                class: s.code(CeilingClass::ALL),
                issued_on: s.maybe(Self::date),
                valid_from: s.maybe(Self::date),
                valid_until: s.maybe(Self::date),
                long_term_on: s.maybe(Self::date),
            }),
            specific_disease_consent: self.maybe(|s| s.code(ConsentStatus::ALL)),
            specific_disease_consented_at: self.maybe(Self::time),
            specific_disease_certificates: self.several(|s| SpecificDiseaseCertificateInfo {
                disease: s.code(SpecificDisease::ALL),
                issued_on: s.maybe(Self::date),
                valid_from: s.maybe(Self::date),
                valid_until: s.maybe(Self::date),
                self_pay_yen: s.maybe(|s| u32::from(s.byte()) * 1_000),
            }),
            medical_tickets: self.several(Self::ticket),
            checkup: self.maybe(Self::consent),
            medication: self.maybe(Self::consent),
            treatment: self.maybe(Self::consent),
            operation: self.maybe(Self::consent),
            disease_name: self.maybe(Self::consent),
            infection: self.maybe(Self::consent),
            allergy: self.maybe(Self::consent),
            drug_allergy: self.maybe(Self::consent),
            test: self.maybe(Self::consent),
            prescription: self.maybe(Self::consent),
            reference_number: self.maybe(Self::text),
        }
    }

    fn ticket(&mut self) -> MedicalTicketInfo {
        MedicalTicketInfo {
            ticket_type: self.code(TicketType::ALL),
            valid_from: self.maybe(Self::date),
            valid_until: self.maybe(Self::date),
            issue_number: self.maybe(Self::text),
            treatment_month: self.maybe(|s| Month(s.date().first_of_month())),
            institution_code: self.maybe(Self::text),
            institution_flag: self.maybe(|s| s.code(DesignatedInstitution::ALL)),
            institution_name: self.maybe(Self::text),
            prescriber_code: self.maybe(Self::text),
            prescriber_name: self.maybe(Self::text),
            injury_name1: self.maybe(Self::text),
            injury_name2: self.maybe(Self::text),
            injury_name3: self.maybe(Self::text),
            treatment_type: self.maybe(|s| s.code(TreatmentType::ALL)),
            self_pay_yen: self.maybe(|s| u32::from(s.byte())),
            district_contact: self.maybe(Self::text),
            handling_contact: self.maybe(Self::text),
            single_or_combined: self.maybe(|s| s.code(SingleOrCombined::ALL)),
            social_insurance: self.maybe(|s| s.code(SocialInsurance::ALL)),
            inconsistent: self.maybe(|s| s.code(Consistency::ALL)),
            infection: self.maybe(|s| s.code(InfectionAct::ALL)),
            elderly_medical_care: self.maybe(|s| s.code(ElderlyMedicalCare::ALL)),
            prefectural_expense: self.maybe(|s| s.code(PrefecturalExpense::ALL)),
            remarks1: self.maybe(Self::text),
            remarks2: self.maybe(Self::text),
            remarks3: self.maybe(Self::text),
        }
    }

    /// The elements of an indented file in another order, with unknown ones thrown in. The items of a list
    /// keep their order.
    pub(crate) fn shuffle(&mut self, xml: &str) -> String {
        let (declaration, root) = xml.split_once('\n').expect("a declaration");
        format!("{declaration}\n{}", self.shuffle_below(root, 0))
    }

    fn shuffle_below(&mut self, lines: &str, depth: usize) -> String {
        let mut elements: Vec<String> = Vec::new();
        let indent = "  ".repeat(depth);
        let mut rest = lines.lines().peekable();
        while let Some(line) = rest.next() {
            let name = line.trim_start().trim_start_matches('<').split('>').next().expect("a tag");
            let close = format!("{indent}</{name}>");
            if line.ends_with(&format!("</{name}>")) {
                elements.push(format!("{line}\n"));
                continue;
            }
            let mut inner = String::new();
            for below in rest.by_ref().take_while(|below| *below != close) {
                inner.push_str(&format!("{below}\n"));
            }
            let inner = self.shuffle_below(&inner, depth + 1);
            elements.push(format!("{line}\n{inner}{close}\n"));
        }
        let tag = |element: &str| element.trim_start().split('>').next().map(str::to_owned);
        let items = elements.iter().all(|element| tag(element) == tag(&elements[0]));
        if !items || elements.len() == 1 {
            for last in (1..elements.len()).rev() {
                elements.swap(last, usize::from(self.byte()) % (last + 1));
            }
            if depth > 0 && self.yes() {
                elements.push("<FutureElement>1</FutureElement>\n".to_owned());
            }
        }
        elements.concat()
    }
}
