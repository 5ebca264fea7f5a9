//! A machine with a clock of its own, for whoever tells it stories.

use std::time::{Duration, Instant};

use eligibility::{
    Date, card_certificate::CardCertificateState, consent::ConsentKind, facility_settings::Asked,
    reader::ReaderMode,
};
use kiosk::{
    machine::{Act, CardSaid, Effect, Equipment, Input, LinkSaid, Machine, Recognised},
    view::{ConsentItem, Pad, Page, Way},
};
use wire::reader_link::ReaderOutcome;

pub(super) const TODAY: Date = Date::constant(2026, 11, 24);
pub(super) const OLD: Date = Date::constant(1980, 2, 17);
pub(super) const YOUNG: Date = Date::constant(2000, 2, 17);

/// A machine with a clock of its own.
pub(super) struct Reader {
    pub(super) machine: Machine,
    pub(super) now: Instant,
    pub(super) effects: Vec<Effect>,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self::with(Equipment {
            face: true,
            pinless: true,
            serial: Some("R-0001".into()),
            staff: vec!["受付　山田".into()],
            simulated: true,
        })
    }

    pub(super) fn with(equipment: Equipment) -> Self {
        let now = Instant::now();
        Self { machine: Machine::new(equipment, [7; 32], now), now, effects: Vec::new() }
    }

    pub(super) fn on(&mut self, input: Input) -> &mut Self {
        self.effects = self.machine.on(input, self.now);
        self
    }

    pub(super) fn press(&mut self, act: Act) -> &mut Self {
        let revision = self.machine.view(self.now).revision;
        self.on(Input::Press(revision, act))
    }

    pub(super) fn card(&mut self, said: CardSaid) -> &mut Self {
        self.on(Input::Card(self.machine.ticket(), said))
    }

    pub(super) fn link(&mut self, said: LinkSaid) -> &mut Self {
        self.on(Input::Link(self.machine.ticket(), said))
    }

    pub(super) fn put(&mut self) -> &mut Self {
        self.on(Input::Presence(Ok(true)))
    }

    pub(super) fn take(&mut self) -> &mut Self {
        self.on(Input::Presence(Ok(false)))
    }

    /// Time goes by, as the machine wants to be told of it.
    pub(super) fn wait(&mut self, time: Duration) -> &mut Self {
        let until = self.now + time;
        while let Some(due) = self.machine.due(self.now).filter(|due| *due <= until) {
            self.now = due;
            self.on(Input::Tick);
        }
        self.now = until;
        self.on(Input::Tick)
    }

    pub(super) fn page(&self) -> Page {
        self.machine.view(self.now).page
    }

    pub(super) fn pad(&self) -> Pad {
        match self.page() {
            Page::Pin { pad, .. } | Page::StaffPasscode { pad, .. } | Page::PrintedNumber { pad, .. } => pad,
            page => panic!("no pad on {}", page.id()),
        }
    }

    pub(super) fn letters(&self, digits: &str) -> zeroize::Zeroizing<String> {
        let pad = self.pad();
        let letter = |digit: char| pad.keys[digit.to_digit(10).expect("a digit") as usize];
        digits.chars().map(letter).collect::<String>().into()
    }

    pub(super) fn enter(&mut self, digits: &str, name: &str) -> &mut Self {
        let keys = self.letters(digits);
        self.press(Act::Enter { keys, name: name.into() })
    }

    /// A card is down and read, the terminal ready.
    pub(super) fn ready(&mut self, recognised: Recognised, asked: Option<Asked>) -> &mut Self {
        self.put();
        self.card(CardSaid::Recognised(recognised));
        self.link(LinkSaid::Ready { asked, as_of: TODAY, mode: ReaderMode::Unattended })
    }

    pub(super) fn proven_by_pin(&mut self) -> &mut Self {
        self.press(Act::Way(Way::Pin));
        self.enter("1234", "");
        self.card(CardSaid::Proven)
    }
}

pub(super) fn recognised() -> Recognised {
    Recognised {
        tries_left: Some(3),
        certificate: Some(CardCertificateState::Valid),
        face: Some((OLD, true)),
    }
}

pub(super) fn asked(consents: &[ConsentKind], prescription_issue: bool) -> Option<Asked> {
    Some(Asked { consents: consents.to_vec(), prescription_issue })
}

pub(super) fn everything() -> Option<Asked> {
    asked(ConsentKind::ALL, true)
}

pub(super) fn answer(segment: &str, code: Option<&str>) -> LinkSaid {
    LinkSaid::Outcome(Box::new(ReaderOutcome {
        segment: segment.into(),
        validity: Some("1".into()),
        code: code.map(str::to_owned),
        message: None,
        name: Some("髙橋　花子".into()),
        substitutions: 0,
        file_name: None,
        next_nonce: None,
    }))
}

pub(super) fn signed(effects: &[Effect]) -> Option<&kiosk::session::Choices> {
    effects.iter().find_map(|effect| match effect {
        Effect::Sign(_, choices) => Some(choices),
        _ => None,
    })
}

pub(super) fn kinds(items: &[ConsentItem]) -> Vec<ConsentKind> {
    items.iter().map(|item| item.kind).collect()
}
