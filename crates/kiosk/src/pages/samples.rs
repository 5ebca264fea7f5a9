//! Every screen once, with what is hardest to fit: for whoever looks at the pages, in a browser or in print. Nobody here
//! is a person.

use eligibility::{consent::ConsentKind, errors::ErrorCode};

use crate::view::{
    Comfort, ConsentItem, FaceAsk, FaceHint, Hurry, Notice, Offer, Outcome, Pad, Page, Progress, StaffPhoto,
    StaffProblem, TroubleKind, View, Way,
};
use crate::words::Language;

/// Every screen in this language, by name. Screens of staff are Japanese and come with Japanese only.
#[must_use]
pub fn samples(language: Language) -> Vec<(String, View)> {
    let mut all: Vec<(String, View)> =
        patient_pages().into_iter().map(|(name, page)| (name, view(page))).collect();
    all.push(("start-hurry".into(), View { hurry: Some(Hurry { seconds_left: 15 }), ..view(consent(3)) }));
    all.push(("start-help".into(), View { help: true, ..view(Page::Start) }));
    all.push((
        "start-offline".into(),
        View { online: false, waiting: 2, simulated: true, ..view(Page::Start) },
    ));
    if language == Language::Japanese {
        all.extend(
            staff_pages().into_iter().map(|(name, page)| (name, View { progress: None, ..view(page) })),
        );
    }
    for (_, view) in &mut all {
        view.comfort.language = language;
    }
    all
}

fn view(page: Page) -> View {
    let on_the_way =
        !matches!(page, Page::Start | Page::Rest { .. } | Page::Result { .. } | Page::Trouble { .. });
    View {
        revision: 1,
        comfort: Comfort::default(),
        progress: on_the_way.then_some(Progress { step: 2, of: 4 }),
        online: true,
        waiting: 0,
        simulated: false,
        help: false,
        hurry: None,
        page,
    }
}

fn pad(of: u8, entered: u8) -> Pad {
    Pad { keys: ['q', 'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'p'], entered, of }
}

fn consent(count: usize) -> Page {
    Page::Consent { items: items(count) }
}

fn items(count: usize) -> Vec<ConsentItem> {
    let kinds =
        [ConsentKind::Operation, ConsentKind::Treatment, ConsentKind::Checkup, ConsentKind::SpecificDisease];
    let item = |(place, kind)| ConsentItem { kind, granted: place != 1 };
    kinds.into_iter().take(count).enumerate().map(item).collect()
}

fn patient_pages() -> Vec<(String, Page)> {
    let face = |ask, hint| Page::Face { ask, hint, failures_left: 10 };
    let pin = |tries_left, wrong| Page::Pin { pad: pad(4, 2), tries_left, wrong };
    let result = |outcome, card, left_behind| Page::Result {
        outcome,
        name: Some("長曽我部 龍之介".into()),
        card,
        left_behind,
    };
    let desk = Outcome::Desk {
        code: Some(ErrorCode::NoMatch.code().into()),
        for_staff: "資格が確認できません。資格確認書などで確認してください。".into(),
    };
    let rest = Page::Rest {
        for_staff: "カードリーダーの電源とケーブルを確認してください。".into(),
        code: ErrorCode::ReaderLost.code().into(),
    };
    let choose = |face, pin, staff| Page::Choose { face, pin, staff };
    let mut all = vec![
        ("start", Page::Start),
        ("rest", rest),
        ("reading", Page::Reading),
        ("choose", choose(Offer::Open, Offer::Open, Offer::Open)),
        ("choose-closed", choose(Offer::FaceUsedUp, Offer::PinLocked, Offer::Open)),
        ("face", face(FaceAsk::Ahead, None)),
        ("face-hint", face(FaceAsk::Left, Some(FaceHint::Light))),
        ("face-checking", face(FaceAsk::Checking, None)),
        ("pin", pin(3, false)),
        ("pin-wrong", pin(2, true)),
        ("last-try", Page::LastTry),
        ("printed-number", Page::PrintedNumber { pad: pad(14, 7), wrong: true, by_staff: false }),
        ("notice-soon", Page::Notice { notice: Notice::ExpiresSoon }),
        ("notice-grace", Page::Notice { notice: Notice::Grace }),
        ("registration", Page::Registration),
        ("consent", consent(3)),
        ("consent-four", consent(4)),
        ("consent-items", Page::ConsentItems { items: items(4) }),
        ("prescription", Page::Prescription),
        ("sending", Page::Sending { again: false, card_free: false }),
        ("sending-again", Page::Sending { again: true, card_free: true }),
        ("result", result(Outcome::Done, true, false)),
        ("result-left", result(Outcome::Done, true, true)),
        ("result-desk", result(desk, false, false)),
        ("result-kept", result(Outcome::Kept, true, false)),
    ];
    all.extend(troubles());
    all.into_iter().map(|(name, page)| (name.to_owned(), page)).collect()
}

fn trouble(kind: TroubleKind, code: ErrorCode, ways: &[Way]) -> Page {
    let for_staff = "カードの向きを確かめて置き直し、続く場合は資格確認書などで確認してください。".into();
    Page::Trouble {
        kind,
        code: code.code().into(),
        for_staff,
        ways: ways.into(),
        card: true,
        left_behind: false,
    }
}

fn troubles() -> Vec<(&'static str, Page)> {
    let on = [Way::Pin, Way::Staff, Way::Stop];
    vec![
        (
            "trouble-001",
            trouble(TroubleKind::Unrecognised, ErrorCode::CardNotRecognised, &[Way::Again, Way::Stop]),
        ),
        ("trouble-002", trouble(TroubleKind::OtherCard, ErrorCode::NotMyNumberCard, &[Way::Stop])),
        ("trouble-removed", trouble(TroubleKind::Removed, ErrorCode::CardRemoved, &[Way::Again, Way::Stop])),
        (
            "trouble-pin-locked",
            trouble(TroubleKind::PinLocked, ErrorCode::PinLocked, &[Way::Face, Way::Staff, Way::Stop]),
        ),
        ("trouble-pin-wanted", trouble(TroubleKind::PinWanted, ErrorCode::ProofFailed, &on)),
        ("trouble-expired", trouble(TroubleKind::Expired, ErrorCode::CardExpired, &[Way::Stop])),
        ("trouble-revoked", trouble(TroubleKind::Revoked, ErrorCode::CardRevoked, &[Way::Stop])),
        (
            "trouble-unregistered",
            trouble(TroubleKind::Unregistered, ErrorCode::CardNotRegistered, &[Way::Stop]),
        ),
        ("trouble-photo", trouble(TroubleKind::Photo, ErrorCode::ProofFailed, &on)),
        ("trouble-face", trouble(TroubleKind::Face, ErrorCode::ProofFailed, &on)),
        ("trouble-camera", trouble(TroubleKind::Camera, ErrorCode::ProofFailed, &on)),
        ("trouble-not-same", trouble(TroubleKind::NotTheSame, ErrorCode::ProofFailed, &[Way::Stop])),
        (
            "trouble-network",
            trouble(TroubleKind::Network, ErrorCode::CentralUnreachable, &[Way::Again, Way::Stop]),
        ),
        ("trouble-reader", trouble(TroubleKind::Reader, ErrorCode::ReaderLost, &[Way::Stop])),
        ("trouble-gave-up", trouble(TroubleKind::GaveUp, ErrorCode::TimedOut, &[Way::Again, Way::Stop])),
        ("trouble-stopped", trouble(TroubleKind::Stopped, ErrorCode::TimedOut, &[Way::Stop])),
        ("trouble-other", trouble(TroubleKind::Other, ErrorCode::Internal, &[Way::Again, Way::Stop])),
    ]
}

fn staff_pages() -> Vec<(String, Page)> {
    let names: Vec<String> = ["受付 一花", "受付 二葉"].map(str::to_owned).into();
    let name = "受付 一花".to_owned();
    let passcode = |problem| Page::StaffPasscode { pad: pad(4, 0), names: names.clone(), problem };
    let compare = |photo| Page::StaffCompare { photo, card: false, name: name.clone() };
    let refused = trouble(TroubleKind::Passcode, ErrorCode::VisualCheckRefused, &[Way::Staff, Way::Stop]);
    let all = vec![
        ("staff-passcode", passcode(None)),
        ("staff-passcode-refused", passcode(Some(StaffProblem::Refused))),
        ("staff-compare", compare(StaffPhoto::Printed)),
        ("staff-put-card", Page::StaffPutCard { name: name.clone() }),
        ("staff-printed-number", Page::PrintedNumber { pad: pad(14, 0), wrong: false, by_staff: true }),
        ("staff-refused", refused),
    ];
    all.into_iter().map(|(name, page)| (name.to_owned(), page)).collect()
}
