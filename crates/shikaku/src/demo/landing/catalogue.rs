//! The list of errors and states: every code of the catalogue with a way to make it happen, or the reason why there is
//! none yet; every 資格有効性; every state of a card; every state of consent.

use askama::Template;
use eligibility::{
    codes::Validity,
    consent::{CareForm, ConsentKind},
    errors::{ErrorCode, ErrorEntry},
};
use population::personas::{Ask, AskWith, CardState, Persona, PinState, Promise};

use crate::demo::{
    band::{Band, Tone},
    consent::{Choice, EXAMPLES, Example},
    people,
    situations::{Situation, WITHOUT_A_BUTTON},
};

/// Ways shown for one state; the landing page has everybody.
const WAYS_MAX: usize = 3;

/// The page.
#[derive(Template)]
#[template(path = "catalogue.html")]
pub(crate) struct Catalogue {
    pub(crate) chapters: Vec<Chapter>,
    pub(crate) states: Vec<Section>,
    pub(crate) codes: usize,
    pub(crate) without_a_button: usize,
}

/// Codes of one layer.
pub(crate) struct Chapter {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) codes: Vec<Code>,
}

/// One code of the catalogue.
pub(crate) struct Code {
    pub(crate) entry: &'static ErrorEntry,
    pub(crate) tone: &'static str,
    pub(crate) severity: &'static str,
    /// Who meets it.
    pub(crate) seen_by: &'static str,
    pub(crate) ways: Vec<Way>,
    /// Why there is no way yet.
    pub(crate) without_a_button: Option<&'static str>,
}

/// States of one kind.
pub(crate) struct Section {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) note: &'static str,
    pub(crate) states: Vec<State>,
}

/// One state.
pub(crate) struct State {
    pub(crate) title: String,
    /// The word the band says, and its tone; none where the answer says something else each time.
    pub(crate) word: String,
    pub(crate) tone: &'static str,
    pub(crate) ways: Vec<Way>,
}

/// One way to make it happen: a form.
pub(crate) struct Way {
    /// Who, or what.
    pub(crate) title: String,
    /// What happens.
    pub(crate) outcome: String,
    /// What the button does, for who does not see where it stands.
    pub(crate) label: String,
    pub(crate) action: &'static str,
    pub(crate) fields: Vec<(&'static str, String)>,
}

impl Catalogue {
    /// Over everybody there is to try.
    pub(crate) fn new(everybody: &[Persona]) -> Self {
        let layer = |letter: u8| {
            let of = ErrorCode::ALL.iter().filter(move |code| code.code().as_bytes()[3] == letter);
            of.map(|&code| Code::of(code, everybody)).collect()
        };
        let chapters = vec![
            Chapter { id: "business", title: "資格・カードのエラー（OQSB）", codes: layer(b'B') },
            Chapter {
                id: "reader", title: "カードリーダーのエラー（OQSR）", codes: layer(b'R')
            },
            Chapter { id: "system", title: "システムのエラー（OQSA）", codes: layer(b'A') },
        ];
        Self {
            chapters,
            states: vec![validities(everybody), cards(everybody), consents(everybody)],
            codes: ErrorCode::ALL.len(),
            without_a_button: WITHOUT_A_BUTTON.len(),
        }
    }
}

impl Code {
    fn of(code: ErrorCode, everybody: &[Persona]) -> Self {
        let entry = code.entry();
        let people = everybody.iter().flat_map(|person| ways_to(code, person)).take(WAYS_MAX);
        let situations = Situation::ALL.into_iter().filter(|situation| situation.told().code == code);
        let (severity, tone) = match entry.severity.letter() {
            'I' => ("お知らせ", Tone::Care),
            'W' => ("注意", Tone::Care),
            _ => ("エラー", Tone::Stop),
        };
        Self {
            entry,
            tone: tone.name(),
            severity,
            seen_by: seen_by(entry.code),
            ways: people.chain(situations.map(of_situation)).collect(),
            without_a_button: WITHOUT_A_BUTTON
                .iter()
                .find(|(known, _)| *known == code)
                .map(|(_, reason)| *reason),
        }
    }
}

/// The code's fourth letter is the layer it comes from, and with it the screen it stands on.
fn seen_by(code: &str) -> &'static str {
    match code.as_bytes()[3] {
        b'R' => "患者さん（カードリーダーの画面）と受付",
        b'B' => "受付（レセコンの画面）",
        _ => "受付（レセコンの画面）とシステム担当者",
    }
}

fn ways_to(code: ErrorCode, person: &Persona) -> Vec<Way> {
    let leads = |ask: &Ask| match ask.promise {
        Promise::Refused(promised) | Promise::AnswerWith(_, promised) => promised.code() == code.code(),
        Promise::Answer(validity) => {
            validity_code(validity) == Some(code) && ask.outcome.contains(code.code())
        }
    };
    let asks = person.asks.iter().enumerate().filter(|(_, ask)| leads(ask));
    asks.map(|(index, ask)| of_person(person, index, ask, code.code())).collect()
}

fn validity_code(validity: Validity) -> Option<ErrorCode> {
    match validity {
        Validity::NoMatch => Some(ErrorCode::NoMatch),
        Validity::SeveralMatch => Some(ErrorCode::SeveralMatch),
        _ => None,
    }
}

fn of_person(person: &Persona, index: usize, ask: &Ask, from: &str) -> Way {
    let name = &person.person.name;
    let mut fields = vec![("persona", person.id.to_owned()), ("from", from.to_owned())];
    let (action, how) = match ask.with {
        AskWith::Card => {
            fields.push(("proof", proof_of(ask).to_owned()));
            ("/checks/card", "カード")
        }
        AskWith::Number(_) => {
            fields.push(("ask", index.to_string()));
            ("/checks/number", "番号")
        }
    };
    Way {
        title: format!("{name}さん（{how}）— {}", person.title),
        outcome: ask.outcome.to_owned(),
        label: format!("{from}を起こしてみる：{name}さん（{how}）"),
        action,
        fields,
    }
}

/// How the person proves who they are when a promise is to be kept.
fn proof_of(ask: &Ask) -> &'static str {
    match ask.promise {
        Promise::Refused(ErrorCode::PinWrong) => "wrong_pin",
        Promise::Refused(ErrorCode::ProofFailed) => "face",
        _ => "pin",
    }
}

fn of_situation(situation: Situation) -> Way {
    let told = situation.told();
    Way {
        title: told.title.to_owned(),
        outcome: told.happens.to_owned(),
        label: format!("{}を起こしてみる：{}", told.code.code(), told.title),
        action: "/situations",
        fields: vec![("situation", told.slug.to_owned())],
    }
}

fn validities(everybody: &[Persona]) -> Section {
    let state = |&validity: &Validity| {
        let band = Band::of(validity, true, false);
        let answers = |ask: &Ask| match ask.promise {
            Promise::Answer(promised) => promised == validity,
            Promise::AnswerWith(..) | Promise::Refused(_) => false,
        };
        // Somebody who is there for this answer, not one who shows it beside another.
        let shows = |person: &&Persona| person.asks.first().is_some_and(answers);
        let somebody = everybody.iter().find(shows);
        let somebody = somebody.or_else(|| everybody.iter().find(|person| person.asks.iter().any(answers)));
        let ways = somebody.into_iter().flat_map(|person| {
            let asks = person.asks.iter().enumerate().filter(|(_, ask)| answers(ask));
            asks.map(|(index, ask)| of_person(person, index, ask, "validity"))
        });
        State {
            title: format!("資格有効性 {}", validity.code()),
            word: band.word,
            tone: band.tone,
            ways: ways.collect(),
        }
    };
    Section {
        id: "validity",
        title: "資格有効性",
        note: "資格確認日に使える資格があるかどうか。結果の帯に大きく出ます。",
        states: Validity::ALL.iter().map(state).collect(),
    }
}

fn cards(everybody: &[Persona]) -> Section {
    let shows_a_state = |person: &&Persona| {
        let Some(card) = &person.card else { return false };
        let ordinary = card.state == CardState::Valid && card.pin == PinState::Ready;
        people::is_about_cards(person) || (ordinary && person.id == everybody[0].id)
    };
    let state = |person: &Persona| {
        let asks = person.asks.iter().enumerate().filter(|(_, ask)| matches!(ask.with, AskWith::Card));
        let ways = asks.map(|(index, ask)| of_person(person, index, ask, "cards")).collect();
        let title = if person.id == everybody[0].id { "有効な電子証明書" } else { person.title };
        State { title: title.to_owned(), word: String::new(), tone: "", ways }
    };
    Section {
        id: "cards",
        title: "電子証明書とカードの状態",
        note: "有効、期限が近い、切れて 3か月以内、3か月超、失効など。カードを置いたときに分かります。",
        states: everybody.iter().filter(shows_a_state).map(state).collect(),
    }
}

fn consents(everybody: &[Persona]) -> Section {
    let state = |example: &Example| {
        let person = everybody.iter().find(|person| person.id == example.persona)?;
        let name = &person.person.name;
        let mut fields = vec![
            ("persona", person.id.to_owned()),
            ("from", "consent".to_owned()),
            ("proof", if example.care_form == CareForm::Emergency { "visual" } else { "pin" }.to_owned()),
            ("care_form", example.care_form.name().to_owned()),
        ];
        fields.extend(ConsentKind::ALL.iter().map(|&kind| {
            let choice = match example.consents.of(kind) {
                Choice::Granted => "granted",
                Choice::Refused => "refused",
                Choice::NotAsked => "not_asked",
            };
            (kind.name(), choice.to_owned())
        }));
        let way = Way {
            title: format!("{name}さん（カード）"),
            outcome: example.outcome.to_owned(),
            label: format!("{}：{name}さんのカードで試す", example.title),
            action: "/checks/card",
            fields,
        };
        let word = example
            .status
            .map_or_else(String::new, |status| format!("同意区分 {} {}", status.code(), status.label()));
        Some(State { title: example.title.to_owned(), word, tone: "none", ways: vec![way] })
    };
    Section {
        id: "consent",
        title: "同意の状態",
        note: "患者さんがカードリーダーで選んだことと、医療機関に見えるもの。有効期限切れは訪問診療等とオンライン診療等だけ、取得困難は救急時だけにあります。医療機関や患者さんによる取り消し（閲覧同意の取り消し）と、カードなしの再照会は、その受付をまだ作っていないため、ここからは起こせません。",
        states: EXAMPLES.iter().filter_map(state).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::Catalogue;
    use jiff::civil::date;

    #[test]
    fn every_code_has_a_way_or_a_reason_and_never_both() {
        let everybody = population::personas(date(2026, 11, 22));
        let catalogue = Catalogue::new(&everybody);
        let codes: Vec<_> = catalogue.chapters.iter().flat_map(|chapter| &chapter.codes).collect();
        assert_eq!(codes.len(), eligibility::errors::ErrorCode::ALL.len());
        for code in codes {
            let ways = code.ways.len();
            assert_eq!(ways == 0, code.without_a_button.is_some(), "{}: {ways} ways", code.entry.code);
        }
        for state in catalogue.states.iter().flat_map(|section| &section.states) {
            assert!(!state.ways.is_empty(), "{}", state.title);
        }
    }
}
