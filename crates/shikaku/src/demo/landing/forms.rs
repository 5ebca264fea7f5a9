//! What the forms of the pages send, and the pages that are little more than a form.

use eligibility::{
    codes::PrescriptionIssue,
    consent::{CareForm, ConsentKind},
};
use population::personas::Persona;
use serde::Deserialize;

use super::view::{Back, Question, ResultPage, Row, VisitPage};
use crate::demo::{
    band::Band,
    consent::{Choice, Consents, Counter, Visit},
    situations::Situation,
    system::{PIN, Proven},
};

/// A card is put on the reader. What is not said is an outpatient who agrees to everything.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardForm {
    pub(super) persona: String,
    proof: Proven,
    /// The place in the list of errors and states the button stood at.
    pub(super) from: Option<String>,
    preset: Option<Preset>,
    #[serde(default)]
    ceiling: Choice,
    #[serde(default)]
    specific_disease: Choice,
    #[serde(default)]
    checkup: Choice,
    #[serde(default)]
    medication: Choice,
    #[serde(default)]
    treatment: Choice,
    #[serde(default)]
    operation: Choice,
    care_form: Option<CareForm>,
    prescription: Option<Prescription>,
    #[serde(default)]
    counter: Counter,
}

/// Which button was pressed below the questions.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Preset {
    /// As chosen.
    Chosen,
    /// Everything is agreed to.
    All,
    /// Nothing is.
    None,
}

/// 処方箋発行形態, as asked.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Prescription {
    NotAsked,
    Electronic,
    Paper,
}

/// At which counter a card is put on the reader.
#[derive(Deserialize)]
pub(super) struct At {
    #[serde(default)]
    pub(super) counter: Counter,
}

/// A question by number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberForm {
    pub(super) persona: String,
    pub(super) ask: usize,
    pub(super) from: Option<String>,
}

/// Something is to go wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SituationForm {
    pub(super) situation: Situation,
}

/// A card's PIN is to have its tries back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnlockForm {
    pub(super) persona: String,
}

impl CardForm {
    /// The visit it describes.
    pub(super) fn visit(&self) -> Visit {
        let chosen = Consents {
            ceiling: self.ceiling,
            specific_disease: self.specific_disease,
            checkup: self.checkup,
            medication: self.medication,
            treatment: self.treatment,
            operation: self.operation,
        };
        let consents = match self.preset {
            Some(Preset::All) => Consents::all(Choice::Granted),
            Some(Preset::None) => Consents::all(Choice::Refused),
            Some(Preset::Chosen) | None => chosen,
        };
        let prescription = self.prescription.and_then(|issue| match issue {
            Prescription::NotAsked => None,
            Prescription::Electronic => Some(PrescriptionIssue::Electronic),
            Prescription::Paper => Some(PrescriptionIssue::Paper),
        });
        let plain = Visit::agreeing(self.proof);
        let care_form = self.care_form.unwrap_or(plain.care_form);
        Visit { consents, care_form, prescription, counter: self.counter, ..plain }
    }
}

/// The questions for one person's card.
pub(super) fn visit_page(person: &Persona, counter: Counter) -> VisitPage {
    let question = |&kind: &ConsentKind| Question { field: kind.name(), label: kind.label() };
    VisitPage {
        persona: person.id,
        name: person.person.name.clone(),
        title: person.title,
        questions: ConsentKind::ALL.iter().map(question).collect(),
        counters: Counter::ALL.map(|one| (one.name(), one.label(), one == counter)),
        care_forms: CareForm::ALL.iter().map(|form| (form.name(), form.category().label())).collect(),
    }
}

/// What is said after a card was unlocked.
pub(super) fn unlocked_page(person: &Persona, tries: u8) -> ResultPage {
    let next = format!("暗証番号を {tries} 回まで入れられます。カードを置いて、もう一度お試しください。");
    let again =
        "一覧の OQSR0004E「暗証番号を 3 回まちがえる」で、閉錠　三回さんのカードを何度でもロックできます。";
    ResultPage {
        back: Back::person(person.id),
        title: format!("{}さんのカードの暗証番号を初期化しました", person.person.name),
        band: Band::done("初期化しました", &next),
        code: String::new(),
        message: String::new(),
        facts: vec![
            Row::new("暗証番号", PIN),
            Row::new("残りの回数", format!("{tries} 回")),
            Row::new("もう一度ロックするには", again),
        ],
        seen: Vec::new(),
        substitutions: Vec::new(),
        unlock: None,
        steps: vec!["住所地の市区町村の窓口がすることを、このデモが代わりに行う（模擬）".to_owned()],
        files: Vec::new(),
    }
}
