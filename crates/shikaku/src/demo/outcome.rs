//! What a check came to: the XML file as the receipt computer gets it, as a page and as JSON.

use std::path::PathBuf;

use anyhow::{Context, Result};
use eligibility::{
    calendar::format_japanese,
    codes::{InquiryMethod, ResultSegment, Validity},
    coverage::CopayRatio,
    errors::ErrorCode,
};
use population::personas::Persona;
use serde_json::{Value, json};
use wire::{
    charset::{self, Substitution},
    message::{Code, QualificationResult, ResultMessage, read_result},
};

use crate::demo::{
    band::Band,
    landing::view::{Back, File, Problem, ResultPage, Row, Seen, Substituted},
};

/// A check that reached the receipt computer's folder.
pub(crate) struct Outcome {
    /// Their name.
    pub(crate) name: String,
    /// The XML file of the answer.
    pub(crate) path: PathBuf,
    /// Its text.
    pub(crate) xml: String,
    /// What it says.
    pub(crate) message: ResultMessage,
    /// The way it went, in sentences.
    pub(crate) steps: Vec<String>,
    /// The number under which the audit log has it.
    pub(crate) audit_number: Option<String>,
    /// Further files to show.
    pub(crate) files: Vec<File>,
    /// What the clinic may see, by consent; nothing for a check by number.
    pub(crate) seen: Vec<Seen>,
    /// Characters the receipt computer's encoding lacks, with what it got for them.
    pub(crate) substitutions: Vec<Substitution>,
    /// The entry of the audit log.
    pub(crate) recorded: Option<Row>,
}

/// A check that did not reach the folder: refused on the way, or something is broken.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What happened.
    pub(crate) cause: String,
    /// What to do now.
    pub(crate) remedy: String,
    /// For the supplier.
    pub(crate) detail: String,
    /// The entry of the audit log, where it came that far.
    pub(crate) recorded: Option<Box<Row>>,
}

impl Refusal {
    /// Something is broken here, with the reason.
    pub(crate) fn broken(error: &anyhow::Error) -> Self {
        Self {
            cause: "照会できませんでした".to_owned(),
            remedy: "稼働状況の灯りを確かめて、もう一度お試しください。".to_owned(),
            detail: format!("{error:#}"),
            recorded: None,
        }
    }

    /// As a page, about this person where there is one.
    pub(crate) fn page(self, person: Option<&Persona>, back: Back) -> Problem {
        let Self { cause, remedy, detail, recorded } = self;
        let about = person.map(|person| format!("{}さんの", person.person.name)).unwrap_or_default();
        let mut rows = told_by(&detail, &cause, &remedy);
        rows.extend(recorded.map(|row| *row));
        let about_pin = [ErrorCode::PinWrong, ErrorCode::PinLocked].iter().any(|code| code.code() == detail);
        Problem {
            title: format!("{about}資格確認はできませんでした"),
            back,
            unlock: person.filter(|_| about_pin).map(|person| person.id),
            cause,
            remedy,
            rows,
        }
    }
}

impl Outcome {
    /// Reads an answer's file.
    pub(crate) fn read(name: &str, path: PathBuf, steps: Vec<String>) -> Result<Self> {
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let message = read_result(&bytes).with_context(|| format!("{}", path.display()))?.message;
        let (_, xml) = charset::decode(&bytes).with_context(|| format!("{}", path.display()))?;
        Ok(Self {
            name: name.to_owned(),
            path,
            xml: xml.into_owned(),
            message,
            steps,
            audit_number: None,
            files: Vec::new(),
            seen: Vec::new(),
            substitutions: Vec::new(),
            recorded: None,
        })
    }

    /// 資格有効性, when there is an answer.
    pub(crate) fn validity(&self) -> Option<Validity> {
        self.message.body.qualification_validity.as_ref().and_then(Code::known)
    }

    /// As the JSON of `--once`.
    pub(crate) fn document(&self) -> Value {
        json!({
            "inquiry_method": self.message.header.reference_classification.as_text(),
            "validity": self.message.body.qualification_validity.as_ref().map(Code::as_text),
            "file": self.path,
            "answer": self.message,
        })
    }

    /// As lines for people.
    pub(crate) fn text(&self) -> String {
        let band = self.band();
        let method = self.method();
        format!("{method} {}: {} — {}\n  {}", self.name, band.word, band.next, self.path.display())
    }

    /// As a page.
    pub(crate) fn page(self, back: Back) -> ResultPage {
        let band = self.band();
        let (code, message) = self.said();
        let mut rows: Vec<Row> = self.message.body.results.iter().flat_map(facts).collect();
        rows.extend(self.audit_number.as_ref().map(|number| Row::new("監査ログでの番号", number)));
        rows.extend(self.recorded.clone());
        let method = self.method();
        let mut files = vec![File {
            title: "レセコンに届いた XML",
            path: self.path.display().to_string(),
            content: self.xml.clone(),
            wrap: false,
        }];
        files.extend(self.files);
        ResultPage {
            back,
            title: format!("{}さんの資格確認（{}）", self.name, method),
            band,
            code,
            message,
            facts: rows,
            seen: self.seen,
            substitutions: self.substitutions.into_iter().map(Substituted::of).collect(),
            unlock: None,
            steps: self.steps,
            files,
        }
    }

    fn method(&self) -> &'static str {
        if self.message.header.reference_classification.is(InquiryMethod::Card) {
            "カード"
        } else {
            "番号"
        }
    }

    fn band(&self) -> Band {
        let (code, message) = self.said();
        if let Some(validity) = self.validity().filter(|_| self.is_done()) {
            let by_card = self.message.header.reference_classification.is(InquiryMethod::Card);
            return Band::of(validity, by_card, !code.is_empty());
        }
        let desk = ErrorCode::from_code(&code).map(|code| code.entry().ja.desk);
        Band::refused(&message, desk.unwrap_or("システム担当者に連絡してください。"))
    }

    fn is_done(&self) -> bool {
        self.message.header.segment_of_result.is(ResultSegment::Done)
    }

    /// Code and text, from the header of a refusal or the body of an answer.
    fn said(&self) -> (String, String) {
        let (header, body) = (&self.message.header, &self.message.body);
        let code = header.error_code.clone().or_else(|| body.processing_result_code.clone());
        let text = header.error_message.clone().or_else(|| body.processing_result_message.clone());
        (code.unwrap_or_default(), text.unwrap_or_default())
    }
}

/// The catalogue's words for a code, without repeating the band; any other detail as it stands.
fn told_by(detail: &str, cause: &str, remedy: &str) -> Vec<Row> {
    let Some(code) = ErrorCode::from_code(detail) else {
        let detail = Some(detail).filter(|detail| !detail.is_empty());
        return detail.map(|detail| Row::new("くわしく", detail)).into_iter().collect();
    };
    let guidance = &code.entry().ja;
    let what = if guidance.what == cause { "" } else { guidance.what };
    let mut rows = vec![Row::new("コード", detail).note(what)];
    if guidance.desk != remedy {
        rows.push(Row::new("窓口での対応", guidance.desk));
    }
    rows.push(Row::new("システム担当者の対応", guidance.supplier));
    rows
}

/// What the front desk reads, in the order a receipt computer shows it.
fn facts(result: &QualificationResult) -> Vec<Row> {
    let number = |part: &Option<String>| part.clone().unwrap_or_else(|| "—".to_owned());
    let mut rows = vec![
        Row::new("保険者", &result.insurer_name)
            .note(result.insurer_number.as_ref().map_or("", |number| number.as_str())),
        Row::new(
            "記号・番号・枝番",
            format!(
                "{} · {} · {}",
                number(&result.insured_card_symbol),
                number(&result.insured_identification_number),
                number(&result.insured_branch_number)
            ),
        ),
        Row::new("氏名", &result.name).note(result.name_kana.as_ref().map_or("", |kana| kana.0.as_str())),
        Row::new("生年月日", format_japanese(result.birthdate)).note(&result.birthdate.to_string()),
    ];
    if let Some(relation) = result.relation.as_ref().and_then(Code::known) {
        rows.push(Row::new("本人・家族", relation.label()));
    }
    if let Some(ratio) = &result.contribution_ratio {
        rows.push(Row::new("一部負担金割合", share(ratio)));
    }
    if let Some(elderly) = &result.elderly_certificate {
        rows.push(Row::new("高齢受給者証の負担割合", share(&elderly.ratio)));
    }
    if let Some(ceiling) = &result.ceiling_certificate {
        rows.push(Row::new("限度額の適用区分", ceiling.class.known().map_or("—", |class| class.label())));
    }
    for certificate in &result.specific_disease_certificates {
        let disease = certificate.disease.known().map_or("—", |disease| disease.label());
        rows.push(Row::new("特定疾病療養受療証", disease));
    }
    rows.extend(period(result));
    rows.extend(result.reference_number.as_ref().map(|number| Row::new("照会番号", number)));
    rows
}

/// 割 as people say it.
fn share(ratio: &Code<CopayRatio>) -> String {
    match ratio.known() {
        Some(CopayRatio::Ten) => "1割".to_owned(),
        Some(CopayRatio::Twenty) => "2割".to_owned(),
        Some(CopayRatio::Thirty) => "3割".to_owned(),
        None => ratio.as_text().to_owned(),
    }
}

fn period(result: &QualificationResult) -> Vec<Row> {
    let dates = [
        ("資格取得年月日", result.qualification_date),
        ("資格喪失年月日", result.disqualification_date),
        ("証の有効終了年月日", result.card_expiration_date),
    ];
    let mut rows: Vec<Row> = dates
        .into_iter()
        .filter_map(|(name, date)| Some((name, date?)))
        .map(|(name, date)| Row::new(name, format_japanese(date)).note(&date.to_string()))
        .collect();
    if let Some(reason) = result.reason_of_loss.as_ref().and_then(Code::known) {
        rows.push(Row::new("資格喪失事由", reason.label()));
    }
    rows
}
