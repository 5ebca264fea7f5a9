//! The thread that owns the card: one order after the other, and several looks a second whether a card lies there.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use card::{
    photo,
    pin::{Pin, PinKind},
    session::{LastTry, SessionError, pinless::PinlessAuthorizer},
    transport::{CardTransport, TransportError},
};
use eligibility::Date;
use wire::{reader_link::ReaderNonce, terminal_api::VisualCheck};

use crate::{
    CardTrouble, clock,
    machine::{CardSaid, Recognised, Ticket},
    photo_shown::PhotoShown,
    session::{AtReader, Choices, Proof, Proven, Signed},
    slot::Slot,
};

/// Between two looks at the reader.
const LOOK: Duration = Duration::from_millis(250);

/// How the card is used without its PIN.
pub type Authorizer = Arc<dyn PinlessAuthorizer + Send + Sync>;

/// What is wanted of the card.
pub(crate) enum Order {
    Read(Ticket),
    OpenFace(Ticket, Pin),
    Verify(Ticket, Pin, LastTry),
    Authorize(Ticket, Option<VisualCheck>),
    Sign(Ticket, Box<ReaderNonce>, Choices),
    /// Power off and wipe the photo.
    Forget,
    /// The thread ends.
    Close,
}

/// What comes of it.
pub(crate) enum Report {
    Presence(Result<bool, CardTrouble>),
    Said(Ticket, CardSaid),
    /// The card signed: this is handed in.
    Signed(Ticket, Box<Signed>),
}

type Card = Box<dyn CardTransport>;

/// How far the card at hand is.
enum AtHand {
    Nothing,
    Read(AtReader<Card>),
    Convinced(Proven<Card>),
}

struct Worker<R> {
    slot: Box<dyn Slot>,
    authorizer: Option<Authorizer>,
    photo: PhotoShown,
    at_hand: AtHand,
    report: R,
    seen: Option<Result<bool, CardTrouble>>,
}

/// Starts the thread; it ends with [`Order::Close`] or with the last sender of orders.
pub(crate) fn start<R: FnMut(Report) + Send + 'static>(
    slot: Box<dyn Slot>,
    authorizer: Option<Authorizer>,
    photo: PhotoShown,
    report: R,
) -> std::io::Result<(Sender<Order>, thread::JoinHandle<()>)> {
    let (orders, taken) = channel();
    let worker = Worker { slot, authorizer, photo, at_hand: AtHand::Nothing, report, seen: None };
    let thread = thread::Builder::new().name("card".to_owned()).spawn(move || worker.run(&taken))?;
    Ok((orders, thread))
}

impl<R: FnMut(Report)> Worker<R> {
    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            self.look();
            match orders.recv_timeout(LOOK) {
                Ok(Order::Close) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(order) => self.obey(order),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        self.at_hand = AtHand::Nothing;
        self.photo.wipe();
    }

    fn look(&mut self) {
        let seen = self.slot.holds_card().map_err(reader_trouble);
        if self.seen.as_ref() == Some(&seen) {
            return;
        }
        if !matches!(seen, Ok(true)) {
            // What it verified is over with its power.
            self.at_hand = AtHand::Nothing;
            self.photo.wipe();
        }
        self.seen = Some(seen.clone());
        (self.report)(Report::Presence(seen));
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Read(ticket) => {
                let said = self.read();
                self.say(ticket, said.map(CardSaid::Recognised));
            }
            Order::OpenFace(ticket, number) => {
                let opened = self.open_face(&number);
                self.say(ticket, opened.map(|(birthdate, photo)| CardSaid::FaceOpen { birthdate, photo }));
            }
            Order::Verify(ticket, pin, last_try) => {
                let said = self.prove(Proof::Pin { pin, last_try });
                self.say(ticket, said);
            }
            Order::Authorize(ticket, visual) => {
                let said = self.authorize(visual);
                self.say(ticket, said);
            }
            Order::Sign(ticket, nonce, choices) => self.sign(ticket, &nonce, choices),
            Order::Forget => {
                self.at_hand = AtHand::Nothing;
                self.photo.wipe();
            }
            Order::Close => {}
        }
    }

    fn say(&mut self, ticket: Ticket, said: Result<CardSaid, CardTrouble>) {
        (self.report)(Report::Said(ticket, said.unwrap_or_else(CardSaid::Trouble)));
    }

    fn read(&mut self) -> Result<Recognised, CardTrouble> {
        // The connection of before ends first: the reader gives the card to one.
        self.at_hand = AtHand::Nothing;
        let transport = self.slot.connect().map_err(SessionError::from)?;
        let mut at = AtReader::detect(transport)?;
        let tries_left = at.pin_tries_left()?;
        let certificate = at.certificate_state(clock::now());
        self.at_hand = AtHand::Read(at);
        let number = self.slot.printed_number();
        let number = number.and_then(|number| Pin::new(PinKind::NumberB, &number).ok());
        let face = match number {
            // A photo that is not there or cannot be read leaves the other ways.
            Some(number) => match self.open_face(&number) {
                Ok(face) => Some(face),
                Err(gone @ (CardTrouble::Removed | CardTrouble::Reader(_))) => return Err(gone),
                Err(_) => None,
            },
            None => None,
        };
        Ok(Recognised { tries_left, certificate, face })
    }

    /// Birth date, and whether the photo is shown.
    fn open_face(&mut self, number: &Pin) -> Result<(Date, bool), CardTrouble> {
        let AtHand::Read(at) = &mut self.at_hand else { return Err(CardTrouble::Removed) };
        let face = at.read_face(number)?;
        let decoded = photo::decode(&face.photo_jp2).ok();
        let there = decoded.is_some();
        self.photo.put(decoded);
        Ok((face.birthdate, there))
    }

    fn authorize(&mut self, visual: Option<VisualCheck>) -> Result<CardSaid, CardTrouble> {
        let authorizer = self.authorizer.clone().ok_or(CardTrouble::PinlessRefused)?;
        match visual {
            Some(entered) => self.prove(Proof::Visual(&*authorizer, entered)),
            None => self.prove(Proof::Face(&*authorizer)),
        }
    }

    fn prove(&mut self, proof: Proof<'_>) -> Result<CardSaid, CardTrouble> {
        let AtHand::Read(at) = std::mem::replace(&mut self.at_hand, AtHand::Nothing) else {
            return Err(CardTrouble::Removed);
        };
        match at.prove(proof) {
            Ok(proven) => {
                self.at_hand = AtHand::Convinced(proven);
                Ok(CardSaid::Proven)
            }
            Err((at, trouble)) => {
                self.at_hand = AtHand::Read(at);
                Err(trouble)
            }
        }
    }

    fn sign(&mut self, ticket: Ticket, nonce: &ReaderNonce, choices: Choices) {
        let AtHand::Convinced(proven) = std::mem::replace(&mut self.at_hand, AtHand::Nothing) else {
            return self.say(ticket, Err(CardTrouble::Removed));
        };
        match proven.sign(nonce, choices) {
            Ok(signed) => {
                (self.report)(Report::Signed(ticket, Box::new(signed)));
                (self.report)(Report::Said(ticket, CardSaid::Signed));
            }
            Err(trouble) => (self.report)(Report::Said(ticket, CardSaid::NotSigned(trouble))),
        }
    }
}

fn reader_trouble(error: TransportError) -> CardTrouble {
    match error {
        // A card that does not answer, or is in use, is looked at when it is read.
        TransportError::NoCard | TransportError::Removed => CardTrouble::NoCard,
        other => CardTrouble::Reader(other),
    }
}
