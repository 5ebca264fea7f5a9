//! A centre of our own: answers every question with the number it was asked about, and remembers what it was asked.

use std::{
    io::Write,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use eligibility::codes::ConsentStatus;
use terminal::central::{Central, CentralError, FreshNonce};
use wire::{
    message::{ConsentInfo, ResultMessage, read_result},
    terminal_api::{CardCheckRequest, CheckAnswer, NumberCheckRequest},
};

#[derive(Default)]
pub(crate) struct Centre {
    /// Answers nothing while set.
    pub(crate) down: AtomicBool,
    /// Refuses the terminal while set.
    pub(crate) not_admitted: AtomicBool,
    /// Has answered the first question before, hours ago.
    pub(crate) knows_the_first: AtomicBool,
    /// Questions heard.
    pub(crate) heard: AtomicUsize,
    /// Every (number, request id) heard.
    pub(crate) asked: Mutex<Vec<(String, String)>>,
    /// The same, appended to a file that survives the process.
    pub(crate) log: Option<PathBuf>,
    /// Every card check heard.
    pub(crate) card_checks: Mutex<Vec<CardCheckRequest>>,
    /// How long it thinks.
    pub(crate) delay: Duration,
}

pub(crate) struct Shared(pub(crate) std::sync::Arc<Centre>);

pub(crate) const FINGERPRINT: &str = "00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff";

impl Centre {
    fn trouble(&self) -> Result<(), CentralError> {
        if self.not_admitted.load(Ordering::SeqCst) {
            return Err(CentralError::NotAdmitted("test".into()));
        }
        if self.down.load(Ordering::SeqCst) {
            return Err(CentralError::Unreachable("test".into()));
        }
        Ok(())
    }

    fn note(&self, number: &str, id: &str) {
        self.asked.lock().expect("no panics").push((number.to_owned(), id.to_owned()));
        if let Some(log) = &self.log {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("opens");
            file.write_all(format!("{number} {id}\n").as_bytes()).expect("writes");
        }
    }
}

impl Central for Shared {
    async fn check_number(&self, request: NumberCheckRequest) -> Result<CheckAnswer, CentralError> {
        let centre = &self.0;
        centre.heard.fetch_add(1, Ordering::SeqCst);
        centre.trouble()?;
        tokio::time::sleep(centre.delay).await;
        centre.note(&request.insured_number, &request.request_id);
        if centre.knows_the_first.swap(false, Ordering::SeqCst) {
            return Err(CentralError::Outdated);
        }
        Ok(answer(&request.insured_number))
    }

    async fn check_card(&self, request: CardCheckRequest) -> Result<CheckAnswer, CentralError> {
        let centre = &self.0;
        centre.heard.fetch_add(1, Ordering::SeqCst);
        centre.trouble()?;
        centre.note(&request.nonce, "card");
        centre.card_checks.lock().expect("no panics").push(request);
        let mut answer = answer("1");
        // Refused: one kind of both editions, one of the later one.
        let refused =
            ConsentInfo { flag: ConsentStatus::NotAgreed.into(), consented_at: None, available_until: None };
        for result in &mut answer.answer.body.results {
            (result.medication, result.prescription) = (Some(refused.clone()), Some(refused.clone()));
        }
        Ok(answer)
    }

    async fn nonce(&self) -> Result<FreshNonce, CentralError> {
        self.0.trouble()?;
        let nonce = format!("nonce-{}", self.0.heard.fetch_add(1, Ordering::SeqCst));
        Ok(FreshNonce { nonce, expires_in_s: 300, terminal_fingerprint: FINGERPRINT.to_owned() })
    }
}

pub(crate) fn answer(number: &str) -> CheckAnswer {
    CheckAnswer { answer: message(number), receipt: String::new(), nonce: None }
}

/// A valid eligibility of somebody with a name Windows-31J cannot hold whole.
fn message(number: &str) -> ResultMessage {
    let xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg><MessageHeader><ProcessExecutionTime>20261122090512</ProcessExecutionTime>
<QualificationConfirmationDate>20261122</QualificationConfirmationDate>
<MedicalInstitutionCode>1319990012</MedicalInstitutionCode>
<ReferenceClassification>2</ReferenceClassification><SegmentOfResult>1</SegmentOfResult>
<CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader>
<MessageBody><ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>1</QualificationValidity>
<ResultList><ResultOfQualificationConfirmation><InsuredCardClassification>01</InsuredCardClassification>
<InsurerNumber>06139996</InsurerNumber><InsuredIdentificationNumber>{number}</InsuredIdentificationNumber>
<Name>𠮷田　太郎</Name><Sex1>1</Sex1><Birthdate>19820514</Birthdate><InsurerName>試験健康保険組合</InsurerName>
</ResultOfQualificationConfirmation></ResultList></MessageBody></XmlMsg>"#
    );
    read_result(xml.as_bytes()).expect("our own answer").message
}
