//! What a trouble says to the patient, and where it goes on.

use askama::Template;

use super::{Icon, screens::Choice};
use crate::{
    view::{Page, TroubleKind, View, Way, number_of},
    words::{Text, Texts},
};

#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble<'a> {
    t: &'static Texts,
    revision: u64,
    /// Empty where nothing went wrong.
    number: &'a str,
    title: Text,
    lead: Text,
    left_behind: bool,
    /// Whether the next thing to do is to put a card down.
    put_card: bool,
    for_staff: &'a str,
    code: &'a str,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "staff_refused.html")]
struct StaffRefused<'a> {
    revision: u64,
    for_staff: &'a str,
    code: &'a str,
    ways: Vec<(&'static str, &'static str)>,
}

pub(super) fn main_of(view: &View, t: &'static Texts) -> askama::Result<String> {
    let Page::Trouble { kind, code, for_staff, ways, left_behind, .. } = &view.page else {
        return Ok(String::new());
    };
    let revision = view.revision;
    if *kind == TroubleKind::Passcode {
        let ways = ways.iter().map(|way| (way.id(), staff_label(*way))).collect();
        return StaffRefused { revision, for_staff, code, ways }.render();
    }
    let (title, lead) = words(t, *kind);
    let number = if *kind == TroubleKind::Stopped { "" } else { number_of(code) };
    let choices = choices(t, ways);
    let put_card = matches!(
        kind,
        TroubleKind::Unrecognised | TroubleKind::OtherCard | TroubleKind::Removed | TroubleKind::GaveUp
    );
    let left_behind = *left_behind;
    Trouble { t, revision, number, title, lead, left_behind, put_card, for_staff, code, choices }.render()
}

/// The ways on as buttons. `stop` stands at the foot of every page; it is a large button only when it is the one way.
fn choices(t: &'static Texts, ways: &[Way]) -> Vec<Choice> {
    let large = |way: &&Way| **way != Way::Stop || ways.len() == 1;
    ways.iter().filter(large).enumerate().map(|(place, way)| choice(t, *way, place > 0)).collect()
}

fn choice(t: &'static Texts, way: Way, second: bool) -> Choice {
    let (text, icon) = match way {
        Way::Face => (t.face, Icon::Face),
        Way::Pin => (t.pin, Icon::Keys),
        Way::Staff => (t.staff_check, Icon::Person),
        Way::Again => (t.again, Icon::Back),
        Way::Stop => (t.stop, Icon::Cross),
    };
    Choice { act: "way", value: way.id(), text, hint: None, icon, second, closed: false }
}

fn staff_label(way: Way) -> &'static str {
    match way {
        Way::Staff => "もう一度入力する",
        Way::Face => "顔認証",
        Way::Pin => "暗証番号",
        Way::Again => "もう一度",
        Way::Stop => "やめる",
    }
}

fn words(t: &'static Texts, kind: TroubleKind) -> (Text, Text) {
    match kind {
        TroubleKind::Unrecognised => (t.trouble_unrecognised, t.trouble_unrecognised_do),
        TroubleKind::OtherCard => (t.trouble_other_card, t.trouble_other_card_do),
        TroubleKind::Removed => (t.trouble_removed, t.trouble_removed_do),
        TroubleKind::PinLocked => (t.trouble_pin_locked, t.trouble_pin_locked_do),
        TroubleKind::PinWanted => (t.trouble_pin_wanted, t.trouble_pin_wanted_do),
        TroubleKind::Expired => (t.trouble_expired, t.trouble_expired_do),
        TroubleKind::Revoked => (t.trouble_revoked, t.trouble_revoked_do),
        TroubleKind::Unregistered => (t.trouble_unregistered, t.trouble_unregistered_do),
        TroubleKind::Photo => (t.trouble_photo, t.trouble_photo_do),
        TroubleKind::Face => (t.trouble_face, t.trouble_face_do),
        TroubleKind::Camera => (t.camera_title, t.camera_lead),
        TroubleKind::NotTheSame => (t.trouble_not_same, t.trouble_not_same_do),
        TroubleKind::Network => (t.trouble_network, t.trouble_network_do),
        TroubleKind::Reader => (t.trouble_reader, t.trouble_reader_do),
        TroubleKind::GaveUp => (t.gave_up_title, t.gave_up_lead),
        TroubleKind::Stopped => (t.take_card, t.take_lead),
        TroubleKind::Passcode | TroubleKind::Other => (t.trouble_other, t.trouble_other_do),
    }
}
