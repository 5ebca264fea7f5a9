//! Building personas: an ordinary person first, changed where the part asks for it.

use eligibility::{
    Date, calendar,
    codes::{CardClassification, Relation, Sex, Validity},
    coverage::Coverage,
    errors::ErrorCode,
    insurer::{InsurerKind, InsurerNumber},
    person::{Person, PersonKey, Protection},
    verification::NumberQuery,
};

use super::{Ask, AskWith, CardState, Persona, PersonaCard, PinState, Promise};
use crate::{PERSONA_SERIAL_BASE, certificates, insurers::PERSONA_SOCIETY};

/// Serial numbers each persona may use.
const SERIALS_EACH: u32 = 4;
/// The 記号 of the personas' employers.
const SYMBOL: &str = "2101";
const CARD_ACTION: &str = "カードをリーダーに置き、暗証番号 1234（または顔認証・目視確認）で本人確認します。";
const NUMBER_ACTION: &str = "保険者番号・記号・番号・枝番・生年月日で照会します。";

/// All personas so far.
pub(super) struct Cast {
    pub(super) as_of: Date,
    personas: Vec<Persona>,
}

impl Cast {
    pub(super) fn new(as_of: Date) -> Self {
        Self { as_of, personas: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<Persona> {
        self.personas
    }

    /// Begins a persona: no coverage, a valid card, nothing promised.
    pub(super) fn draft(
        &self,
        id: &'static str,
        title: &'static str,
        name: (&str, &str),
        born: Date,
        sex: Sex,
    ) -> Draft {
        let ordinal = u32::try_from(self.personas.len()).unwrap_or(0);
        let person = Person {
            name: name.0.to_owned(),
            kana: Some(name.1.to_owned()),
            other_name: None,
            other_kana: None,
            birthdate: born,
            sex,
            sex_on_back: None,
            address: Some(format!("東京都架空区見本町１丁目２番{}号", widen(ordinal + 3))),
            postcode: Some("100-0099".to_owned()),
            protection: Protection::default(),
        };
        let key = PersonKey(format!("D{ordinal:04}"));
        let persona = Persona {
            id,
            title,
            person_key: key,
            person,
            coverages: Vec::new(),
            card: None,
            asks: Vec::new(),
        };
        Draft { as_of: self.as_of, ordinal, persona }.card(CardState::Valid)
    }

    pub(super) fn add(&mut self, draft: Draft) {
        self.personas.push(draft.persona);
    }
}

fn widen(number: u32) -> String {
    number.to_string().chars().filter_map(|c| char::from_u32(c as u32 + 0xFEE0)).collect()
}

/// A persona in the making.
pub(super) struct Draft {
    as_of: Date,
    ordinal: u32,
    persona: Persona,
}

impl Draft {
    /// Changes the person; before any coverage is added.
    pub(super) fn person(mut self, change: impl FnOnce(&mut Person)) -> Self {
        change(&mut self.persona.person);
        self
    }

    /// Adds a membership of the personas' employer.
    pub(super) fn employed(self, from: Date, change: impl FnOnce(&mut Coverage)) -> Self {
        self.covered(PERSONA_SOCIETY, from, change)
    }

    /// Adds a membership of any insurer.
    pub(super) fn covered(mut self, insurer: &str, from: Date, change: impl FnOnce(&mut Coverage)) -> Self {
        let number = InsurerNumber::parse(insurer).expect("personas' insurers have right numbers");
        let mut coverage = self.ordinary(number, from);
        change(&mut coverage);
        self.persona.coverages.push(coverage);
        self
    }

    fn ordinary(&self, insurer_number: InsurerNumber, from: Date) -> Coverage {
        let kind = insurer_number.kind();
        let assistance = kind == InsurerKind::PublicAssistance;
        let late = kind == InsurerKind::LateElderly;
        let persona = &self.persona;
        let count = persona.coverages.len() + 1;
        let valid_from = if late { certificates::year_from(self.as_of).max(from) } else { from };
        Coverage {
            coverage_id: format!("{}-{count}", persona.person_key.0),
            person_key: persona.person_key.clone(),
            person: persona.person.clone(),
            insurer_number,
            insured_symbol: (!assistance && !late).then(|| SYMBOL.to_owned()),
            insured_number: if assistance || late {
                format!("{:07}", 7_000_000 + self.ordinal)
            } else {
                (1_000 + self.ordinal).to_string()
            },
            branch_number: (!assistance && !late).then(|| "00".to_owned()),
            relation: (!assistance).then_some(Relation::Insured),
            insured_name: (!assistance && !late).then(|| persona.person.name.clone()),
            classification: if assistance {
                CardClassification::PublicAssistance
            } else {
                CardClassification::General
            },
            qualified_on: from,
            disqualified_on: None,
            reason_of_loss: None,
            card_issued_on: (!assistance).then_some(valid_from),
            card_valid_from: (!assistance).then_some(valid_from),
            card_valid_until: late.then(|| certificates::year_until(self.as_of)),
            copay_ratio: None,
            ceiling_certificates: Vec::new(),
            elderly_certificates: Vec::new(),
            specific_disease_certificates: Vec::new(),
            medical_tickets: Vec::new(),
        }
    }

    /// Gives the card its state.
    pub(super) fn card(mut self, state: CardState) -> Self {
        let today = self.as_of;
        let serial = PERSONA_SERIAL_BASE + self.ordinal * SERIALS_EACH;
        let not_after = match state {
            CardState::ExpiresSoon => calendar::add_days(today, 40),
            CardState::Grace => calendar::add_days(today, -30),
            CardState::Expired => calendar::add_days(today, -200),
            _ => calendar::add_months(today, 40),
        };
        let not_before = match state {
            CardState::NotYetValid => calendar::add_days(today, 10),
            _ => calendar::add_months(not_after, -57).min(calendar::add_days(today, -20)),
        };
        self.persona.card = Some(PersonaCard {
            serial,
            state,
            not_before,
            not_after,
            pin: PinState::Ready,
            known: true,
            registered: true,
            superseded_by: (state == CardState::Superseded).then_some(serial + 1),
            photo_seed: u64::from(serial),
        });
        self
    }

    /// Changes the card.
    pub(super) fn card_with(mut self, change: impl FnOnce(&mut PersonaCard)) -> Self {
        if let Some(card) = &mut self.persona.card {
            change(card);
        }
        self
    }

    /// Takes the card away.
    pub(super) fn without_card(mut self) -> Self {
        self.persona.card = None;
        self
    }

    /// Promises an answer to the card.
    pub(super) fn by_card(self, validity: Validity, outcome: &'static str) -> Self {
        self.ask(AskWith::Card, CARD_ACTION, outcome, Promise::Answer(validity))
    }

    /// Promises an answer to the card with a code beside it.
    pub(super) fn by_card_with(self, validity: Validity, code: ErrorCode, outcome: &'static str) -> Self {
        self.ask(AskWith::Card, CARD_ACTION, outcome, Promise::AnswerWith(validity, code))
    }

    /// Promises that the card is refused.
    pub(super) fn refused(self, code: ErrorCode, outcome: &'static str) -> Self {
        self.ask(AskWith::Card, CARD_ACTION, outcome, Promise::Refused(code))
    }

    /// Promises that what is done with the card is refused.
    pub(super) fn refused_when(self, action: &'static str, code: ErrorCode, outcome: &'static str) -> Self {
        self.ask(AskWith::Card, action, outcome, Promise::Refused(code))
    }

    /// Promises an answer to the data of the n-th coverage.
    pub(super) fn by_number(self, coverage: usize, validity: Validity, outcome: &'static str) -> Self {
        self.by_changed_number(coverage, NUMBER_ACTION, validity, outcome, |_| {})
    }

    /// Promises an answer to changed data of the n-th coverage.
    pub(super) fn by_changed_number(
        self,
        coverage: usize,
        action: &'static str,
        validity: Validity,
        outcome: &'static str,
        change: impl FnOnce(&mut NumberQuery),
    ) -> Self {
        let asked = &self.persona.coverages[coverage];
        let mut query = NumberQuery {
            as_of: self.as_of,
            insurer_number: asked.insurer_number.clone(),
            insured_symbol: asked.insured_symbol.clone(),
            insured_number: asked.insured_number.clone(),
            branch_number: asked.branch_number.clone(),
            birthdate: asked.person.birthdate,
            ceiling_consent: true,
        };
        change(&mut query);
        self.ask(AskWith::Number(query), action, outcome, Promise::Answer(validity))
    }

    /// Promises an answer to data that is nobody's.
    pub(super) fn by_query(self, query: NumberQuery, validity: Validity, outcome: &'static str) -> Self {
        self.ask(AskWith::Number(query), NUMBER_ACTION, outcome, Promise::Answer(validity))
    }

    fn ask(mut self, with: AskWith, action: &'static str, outcome: &'static str, promise: Promise) -> Self {
        self.persona.asks.push(Ask { with, action, outcome, promise });
        self
    }
}
