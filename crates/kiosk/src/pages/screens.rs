//! What each page says and offers.

use askama::Template;
use eligibility::consent::ConsentKind;

use super::{Icon, troubles};
use crate::{
    view::{
        ConsentItem, FaceAsk, FaceHint, Notice, Offer, Outcome, Pad, Page, StaffPhoto, StaffProblem, View,
        Way,
    },
    words::{Language, Text, Texts},
};

/// A large button: one way on.
pub(super) struct Choice {
    pub(super) act: &'static str,
    pub(super) value: &'static str,
    pub(super) text: Text,
    pub(super) hint: Option<Text>,
    pub(super) icon: Icon,
    pub(super) second: bool,
    pub(super) closed: bool,
}

impl Choice {
    fn new(act: &'static str, value: &'static str, text: Text, icon: Icon) -> Self {
        Self { act, value, text, hint: None, icon, second: false, closed: false }
    }

    fn hint(self, hint: Text) -> Self {
        Self { hint: Some(hint), ..self }
    }

    fn second(self) -> Self {
        Self { second: true, ..self }
    }
}

/// A sentence or two, and where it goes from here.
#[derive(Template)]
#[template(path = "said.html")]
struct Said {
    revision: u64,
    mark: Option<(Icon, &'static str)>,
    above: Option<String>,
    title: Text,
    leads: Vec<Text>,
    picture: Option<&'static str>,
    choices: Vec<Choice>,
}

impl Said {
    fn new(revision: u64, title: Text) -> Self {
        Self {
            revision,
            mark: None,
            above: None,
            title,
            leads: Vec::new(),
            picture: None,
            choices: Vec::new(),
        }
    }
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start {
    t: &'static Texts,
    here: Language,
    revision: u64,
}

#[derive(Template)]
#[template(path = "rest.html")]
struct Rest<'a> {
    t: &'static Texts,
    for_staff: &'a str,
    code: &'a str,
}

#[derive(Template)]
#[template(path = "face.html")]
struct Face {
    t: &'static Texts,
    revision: u64,
    now: Text,
    ask: &'static str,
    checking: bool,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "pin.html")]
struct Digits<'a> {
    t: &'static Texts,
    revision: u64,
    title: Text,
    lead: Text,
    wrong: Option<Text>,
    left: Option<Text>,
    pad: &'a Pad,
    keys: Vec<(usize, char)>,
    /// Whether the button at the end belongs to a form of its own on the page.
    own_form: bool,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "staff_passcode.html")]
struct StaffPasscode<'a> {
    t: &'static Texts,
    revision: u64,
    problem: Option<&'static str>,
    names: &'a [String],
    pad: &'a Pad,
    keys: Vec<(usize, char)>,
    own_form: bool,
}

#[derive(Template)]
#[template(path = "staff_compare.html")]
struct StaffCompare<'a> {
    revision: u64,
    from_chip: bool,
    instead: &'static str,
    name: &'a str,
}

#[derive(Template)]
#[template(path = "staff_put_card.html")]
struct StaffPutCard<'a> {
    name: &'a str,
}

/// A kind of information, as it is asked about.
struct Item {
    kind: &'static str,
    text: Text,
    granted: bool,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent {
    t: &'static Texts,
    revision: u64,
    items: Vec<Item>,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "items.html")]
struct Items {
    t: &'static Texts,
    revision: u64,
    items: Vec<Item>,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "result.html")]
struct Ended<'a> {
    t: &'static Texts,
    here: Language,
    icon: Icon,
    tone: &'static str,
    title: Text,
    lead: Text,
    name: Option<&'a str>,
    card: bool,
    left_behind: bool,
    for_staff: &'a str,
    code: &'a str,
}

/// The `main` of a page.
pub(super) fn main_of(view: &View, here: Language) -> askama::Result<String> {
    let (t, revision) = (here.texts(), view.revision);
    match &view.page {
        Page::Start => Start { t, here, revision }.render(),
        Page::Rest { for_staff, code } => Rest { t, for_staff, code }.render(),
        Page::Reading => waiting(revision, t.reading_title, vec![t.reading_lead]).render(),
        Page::Choose { face, pin, staff } => choose(t, revision, *face, *pin, *staff).render(),
        Page::Face { ask, hint, .. } => face(t, revision, *ask, *hint).render(),
        Page::Pin { .. } | Page::PrintedNumber { .. } => {
            digits(t, view).map_or(Ok(String::new()), |page| page.render())
        }
        Page::LastTry => last_try(t, revision).render(),
        Page::Notice { notice } => notice_page(t, revision, *notice).render(),
        Page::Registration => registration(t, revision).render(),
        Page::Consent { items } => consent(t, revision, items).render(),
        Page::ConsentItems { items } => each_item(t, revision, items).render(),
        Page::Prescription => prescription(t, revision).render(),
        Page::Sending { again, card_free } => {
            let now = if *again { t.sending_again } else { t.sending_lead };
            let leads = if *card_free { vec![t.sending_free] } else { vec![now] };
            waiting(revision, t.sending_title, leads).render()
        }
        Page::Result { outcome, name, card, left_behind } => {
            let ended = ended(t, here, outcome);
            Ended { name: name.as_deref(), card: *card, left_behind: *left_behind, ..ended }.render()
        }
        Page::Trouble { .. } => troubles::main_of(view, t),
        Page::StaffPasscode { .. } | Page::StaffCompare { .. } | Page::StaffPutCard { .. } => staff(view, t),
    }
}

fn staff(view: &View, t: &'static Texts) -> askama::Result<String> {
    let revision = view.revision;
    match &view.page {
        Page::StaffPasscode { pad, names, problem } => {
            let problem = problem.map(staff_problem);
            StaffPasscode { t, revision, problem, names, pad, keys: keys_of(pad), own_form: true }.render()
        }
        Page::StaffCompare { photo, name, .. } => {
            let instead = match photo {
                StaffPhoto::FromChip => "",
                StaffPhoto::Printed => "手元のマイナンバーカードの券面写真を見てください。",
                StaffPhoto::Unreadable => {
                    "ICチップの写真を読み取れません。手元のカードの券面写真を見てください。"
                }
            };
            let from_chip = *photo == StaffPhoto::FromChip;
            StaffCompare { revision, from_chip, instead, name }.render()
        }
        Page::StaffPutCard { name } => StaffPutCard { name }.render(),
        _ => Ok(String::new()),
    }
}

fn staff_problem(problem: StaffProblem) -> &'static str {
    match problem {
        StaffProblem::NameMissing => "確認する職員の氏名を入力してください。",
        StaffProblem::PasscodeMissing => "パスコードを4桁入力してください。",
        StaffProblem::Refused => "このパスコードでは確認できません。",
    }
}

fn keys_of(pad: &Pad) -> Vec<(usize, char)> {
    (1..10).chain([0]).map(|digit| (digit, pad.keys[digit])).collect()
}

fn waiting(revision: u64, title: Text, leads: Vec<Text>) -> Said {
    Said { mark: Some((Icon::Wait, "wait")), leads, ..Said::new(revision, title) }
}

fn choose(t: &'static Texts, revision: u64, face: Offer, pin: Offer, staff: Offer) -> Said {
    let ways = [
        (face, "face", t.face, t.face_hint, Icon::Face),
        (pin, "pin", t.pin, t.pin_hint, Icon::Keys),
        (staff, "staff", t.staff_check, t.staff_check_hint, Icon::Person),
    ];
    let choices = ways.into_iter().filter(|(offer, ..)| *offer != Offer::Absent);
    let choices = choices.map(|(offer, value, text, hint, icon)| {
        let hint = match offer {
            Offer::PinLocked => t.pin_locked_hint,
            Offer::FaceUsedUp => t.face_used_hint,
            Offer::Open | Offer::Absent => hint,
        };
        Choice { closed: offer != Offer::Open, ..Choice::new("way", value, text, icon).hint(hint) }
    });
    Said { choices: choices.collect(), ..Said::new(revision, t.proof_title) }
}

fn face(t: &'static Texts, revision: u64, ask: FaceAsk, hint: Option<FaceHint>) -> Face {
    let (name, asked) = match ask {
        FaceAsk::Ahead => ("ahead", t.face_ahead),
        FaceAsk::Left => ("left", t.face_left),
        FaceAsk::Right => ("right", t.face_right),
        FaceAsk::Checking => ("checking", t.face_checking),
        FaceAsk::Again => ("again", t.face_again),
    };
    let checking = ask == FaceAsk::Checking;
    let now = match hint.filter(|_| !checking) {
        None => asked,
        Some(FaceHint::NoFace) => t.face_none,
        Some(FaceHint::Several) => t.face_one,
        Some(FaceHint::TooSmall) => t.face_closer,
        Some(FaceHint::TooLarge) => t.face_back,
        Some(FaceHint::Blurred) => t.face_still,
        Some(FaceHint::Light) => t.face_light,
    };
    Face { t, revision, now, ask: name, checking, choices: vec![other_way(t)] }
}

fn other_way(t: &'static Texts) -> Choice {
    Choice::new("way", Way::Again.id(), t.other_way, Icon::Back).second()
}

fn digits<'a>(t: &'static Texts, view: &'a View) -> Option<Digits<'a>> {
    let revision = view.revision;
    match &view.page {
        Page::Pin { pad, tries_left, wrong } => {
            let left = match tries_left {
                1 => Some(t.pin_left_one),
                2 => Some(t.pin_left_two),
                3 => Some(t.pin_left_three),
                _ => None,
            };
            let wrong = wrong.then_some(t.pin_wrong);
            let choices = vec![other_way(t)];
            let (title, lead, keys) = (t.pin_title, t.pin_lead, keys_of(pad));
            Some(Digits { t, revision, title, lead, wrong, left, pad, keys, own_form: false, choices })
        }
        Page::PrintedNumber { pad, wrong, .. } => {
            let wrong = wrong.then_some(t.printed_wrong);
            let choices = vec![other_way(t)];
            let (title, lead, keys) = (t.printed_title, t.printed_lead, keys_of(pad));
            Some(Digits { t, revision, title, lead, wrong, left: None, pad, keys, own_form: false, choices })
        }
        _ => None,
    }
}

fn last_try(t: &'static Texts, revision: u64) -> Said {
    let spend = Choice::new("last-try", "", t.last_go, Icon::Keys).second();
    let other = Choice { second: false, ..other_way(t) };
    Said {
        mark: Some((Icon::Care, "care")),
        leads: vec![t.last_lead],
        choices: vec![other, spend],
        ..Said::new(revision, t.last_title)
    }
}

fn notice_page(t: &'static Texts, revision: u64, notice: Notice) -> Said {
    let (title, leads) = match notice {
        Notice::ExpiresSoon => (t.notice_certificate, vec![]),
        Notice::Grace => (t.notice_grace_title, vec![t.notice_grace_lead]),
    };
    let choices = vec![Choice::new("seen", "", t.notice_seen, Icon::Tick)];
    Said { mark: Some((Icon::Care, "care")), leads, choices, ..Said::new(revision, title) }
}

fn registration(t: &'static Texts, revision: u64) -> Said {
    let choices = vec![
        Choice::new("register", "yes", t.registration_yes, Icon::Tick),
        Choice::new("register", "no", t.registration_no, Icon::Cross).second(),
    ];
    Said { leads: vec![t.registration_lead], choices, ..Said::new(revision, t.registration_title) }
}

fn items_of(t: &'static Texts, items: &[ConsentItem]) -> Vec<Item> {
    let text = |kind| match kind {
        ConsentKind::Operation => Some(t.operation),
        ConsentKind::Treatment => Some(t.treatment),
        ConsentKind::Medication => Some(t.medication),
        ConsentKind::Checkup => Some(t.checkup),
        ConsentKind::SpecificDisease => Some(t.specific_disease),
        // Not asked at a reader: it is given by using the card.
        ConsentKind::Ceiling => None,
    };
    let item = |item: &ConsentItem| {
        Some(Item { kind: item.kind.name(), text: text(item.kind)?, granted: item.granted })
    };
    items.iter().filter_map(item).collect()
}

fn consent(t: &'static Texts, revision: u64, items: &[ConsentItem]) -> Consent {
    let mut choices = vec![
        Choice::new("consent", "yes", t.consent_yes, Icon::Tick),
        Choice::new("consent", "no", t.consent_no, Icon::Cross).second(),
    ];
    // One item alone is answered by these two.
    if items.len() > 1 {
        choices.push(Choice::new("consent", "change", t.consent_change, Icon::Paper).second());
    }
    Consent { t, revision, items: items_of(t, items), choices }
}

fn each_item(t: &'static Texts, revision: u64, items: &[ConsentItem]) -> Items {
    let choices = vec![Choice::new("decide", "", t.consent_decide, Icon::Tick)];
    Items { t, revision, items: items_of(t, items), choices }
}

fn prescription(t: &'static Texts, revision: u64) -> Said {
    let electronic = Choice::new("prescription", "electronic", t.prescription_electronic, Icon::Screen);
    let paper = Choice::new("prescription", "paper", t.prescription_paper, Icon::Paper);
    let choices =
        vec![electronic.hint(t.prescription_electronic_hint), paper.hint(t.prescription_paper_hint).second()];
    Said { choices, ..Said::new(revision, t.prescription_title) }
}

fn ended<'a>(t: &'static Texts, here: Language, outcome: &'a Outcome) -> Ended<'a> {
    let (icon, tone, title, lead) = match outcome {
        Outcome::Done => (Icon::Tick, "go", t.result_title, t.result_lead),
        Outcome::Desk { .. } => (Icon::Person, "care", t.desk_title, t.desk_lead),
        Outcome::Kept => (Icon::Clock, "care", t.kept_title, t.kept_lead),
    };
    let (for_staff, code) = match outcome {
        Outcome::Desk { code, for_staff } => (for_staff.as_str(), code.as_deref().unwrap_or_default()),
        Outcome::Done | Outcome::Kept => ("", ""),
    };
    Ended { t, here, icon, tone, title, lead, name: None, card: false, left_behind: false, for_staff, code }
}
