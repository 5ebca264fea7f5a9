//! What the pages show, ready to print: no logic is left for the templates.

use askama::Template;
use eligibility::verification::NumberQuery;
use wire::charset::Substitution;

use super::catalogue::Catalogue;
use crate::demo::{band::Band, institution_accounts::Account};

/// One sign that a part works.
pub(crate) struct Lamp {
    /// The part.
    pub(crate) name: &'static str,
    /// Whether it works.
    pub(crate) well: bool,
    /// The state in a word.
    pub(crate) state: String,
}

/// One way to ask about a person.
pub(crate) struct Ask {
    /// Its place among the person's ways.
    pub(crate) index: usize,
    /// By card, or by number.
    pub(crate) by_card: bool,
    /// What to do, where it is not simply the button.
    pub(crate) action: Option<&'static str>,
    /// 「何が起きるか」
    pub(crate) outcome: &'static str,
}

/// A person to try.
pub(crate) struct Person {
    pub(crate) id: &'static str,
    /// What this person is there to show.
    pub(crate) title: &'static str,
    pub(crate) name: String,
    pub(crate) kana: Option<String>,
    pub(crate) birthdate: String,
    /// Whether there is a card to choose consents with.
    pub(crate) has_card: bool,
    pub(crate) asks: Vec<Ask>,
}

/// People who show the same kind of thing.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) people: Vec<Person>,
}

/// A line of a table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) note: String,
    /// Whether the value is an address to open.
    pub(crate) link: bool,
}

impl Row {
    pub(crate) fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into(), note: String::new(), link: false }
    }

    pub(crate) fn note(mut self, note: &str) -> Self {
        note.clone_into(&mut self.note);
        self
    }

    pub(crate) fn open(mut self) -> Self {
        self.link = true;
        self
    }
}

/// A titled table.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// A result in the list of recent ones.
pub(crate) struct Recent {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) tone: &'static str,
    pub(crate) word: String,
}

/// The first page.
#[derive(Template)]
#[template(path = "landing.html")]
pub(crate) struct Landing<'a> {
    pub(crate) lamps: Vec<Lamp>,
    pub(crate) recent: Vec<Recent>,
    /// The terminal's door, and who may sign in behind it.
    pub(crate) gateway: String,
    pub(crate) accounts: &'a [Account],
    /// Numbers to ask by: those of the first person.
    pub(crate) patient: Option<&'a NumberQuery>,
    pub(crate) groups: &'a [Group],
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) tables: &'a [Table],
    pub(crate) recipe: &'a str,
    pub(crate) audit_recipe: &'a str,
}

/// A file shown whole.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) title: &'static str,
    pub(crate) path: String,
    pub(crate) content: String,
    /// One long line, to be broken anywhere.
    pub(crate) wrap: bool,
}

/// Where a page leads back to.
#[derive(Clone)]
pub(crate) struct Back {
    pub(crate) href: String,
    pub(crate) label: &'static str,
}

impl Back {
    /// A person's place on the first page.
    pub(crate) fn person(id: &str) -> Self {
        Self { href: format!("/#{id}"), label: "人物の一覧に戻る" }
    }

    /// A place in the list of errors and states.
    pub(crate) fn catalogue(place: &str) -> Self {
        Self { href: format!("/catalogue#{place}"), label: "エラーと状態の一覧に戻る" }
    }

    /// The first page.
    pub(crate) fn start() -> Self {
        Self { href: "/".to_owned(), label: "はじめに戻る" }
    }
}

/// One kind of information, and whether the clinic may see it.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) kind: &'static str,
    /// What the patient chose.
    pub(crate) chosen: &'static str,
    /// Whether it may be seen.
    pub(crate) open: bool,
    /// What, or until when.
    pub(crate) note: String,
}

/// A character that was written otherwise.
#[derive(Clone)]
pub(crate) struct Substituted {
    pub(crate) original: String,
    /// Its code points.
    pub(crate) points: String,
    pub(crate) replacement: String,
}

impl Substituted {
    /// What the encoding made of it.
    pub(crate) fn of(one: Substitution) -> Self {
        let points: Vec<String> = one.original.chars().map(|c| format!("U+{:04X}", u32::from(c))).collect();
        Self { original: one.original, points: points.join(" "), replacement: one.replacement }
    }
}

/// The result of one check.
#[derive(Clone, Template)]
#[template(path = "result.html")]
pub(crate) struct ResultPage {
    pub(crate) back: Back,
    pub(crate) title: String,
    pub(crate) band: Band,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) facts: Vec<Row>,
    /// What the clinic may see; empty where consent plays no part.
    pub(crate) seen: Vec<Seen>,
    /// Characters written otherwise (代替文字あり).
    pub(crate) substitutions: Vec<Substituted>,
    /// Whose card could be unlocked now.
    pub(crate) unlock: Option<&'static str>,
    pub(crate) steps: Vec<String>,
    pub(crate) files: Vec<File>,
}

/// Something that could not be done.
#[derive(Template)]
#[template(path = "problem.html")]
pub(crate) struct Problem {
    pub(crate) title: String,
    pub(crate) back: Back,
    /// Whose card could be unlocked now.
    pub(crate) unlock: Option<&'static str>,
    pub(crate) cause: String,
    pub(crate) remedy: String,
    /// Code, desk action, supplier action, as far as there are any.
    pub(crate) rows: Vec<Row>,
}

/// A question about consent.
pub(crate) struct Question {
    /// The form's field.
    pub(crate) field: &'static str,
    pub(crate) label: &'static str,
}

/// Putting a card on the reader, with every choice.
#[derive(Template)]
#[template(path = "visit.html")]
pub(crate) struct VisitPage {
    pub(crate) persona: &'static str,
    pub(crate) name: String,
    pub(crate) title: &'static str,
    pub(crate) questions: Vec<Question>,
    pub(crate) care_forms: Vec<(&'static str, &'static str)>,
    /// Name, label, and whether it is chosen.
    pub(crate) counters: [(&'static str, &'static str, bool); 3],
}
