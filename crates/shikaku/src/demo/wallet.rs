//! The simulated cards. A card's RSA key is made when the card is first put on the reader, because a key takes
//! a moment and most cards of a demo are never used; from then on it is kept in the data folder.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, bail};
use card::{
    simulator::{
        Counters, Secret, SharedCard, SimulatedCard,
        profile::{CardKey, CardProfile, CardSex, Credential, Holder, NUMBER_TRIES, Variant},
    },
    transport::{CardTransport, InProcessTransport, TransportError},
};
use eligibility::{Date, codes::Sex};
use pki::{
    jlis::{CardAuthority, CardAuthorityKind, CardSubject, JlisOptions, SimulatedJlis},
    keys::{KeyAlgorithm, PrivateKey},
};
use population::personas::{CardState, Persona, PersonaCard, PinState};
use zeroize::Zeroizing;

use crate::{
    demo::{
        foreign_card::{ForeignCard, Silent, TakenAway},
        forgery, people,
        premises::private_folder,
    },
    folder::DataFolder,
    runtime::this_second,
};

/// Where the demo's people live, as far as their cards say: 千代田区.
const MUNICIPALITY: &str = "13101";
/// Years after its certificate's end that a card itself still lives: it holds two certificates in a row.
const CARD_OUTLIVES_YEARS: i64 = 5;

/// All cards of one demo, made as they are needed.
pub(crate) struct Wallet {
    jlis: Arc<SimulatedJlis>,
    folder: DataFolder,
    made: Mutex<HashMap<&'static str, Made>>,
}

/// A card, and 照合番号B printed on it.
struct Made {
    card: SharedCard,
    number: Zeroizing<String>,
}

impl Wallet {
    /// A wallet over a data folder; certificates come from this authority.
    pub(crate) fn new(jlis: Arc<SimulatedJlis>, folder: DataFolder) -> Self {
        Self { jlis, folder, made: Mutex::default() }
    }

    /// Puts a person's card on an imaginary reader. Takes a moment at the first time: not for async threads.
    pub(crate) fn put(&self, persona: &Persona) -> Result<Box<dyn CardTransport>> {
        let plan = persona.card.as_ref().context("this person has no card")?;
        match plan.state {
            CardState::NotMyNumberCard => return Ok(Box::new(ForeignCard::default())),
            CardState::Mute => return Ok(Box::new(Silent(TransportError::Mute))),
            _ => {}
        }
        let card = InProcessTransport::shared(self.card(persona)?);
        Ok(match plan.state {
            CardState::TakenAway => Box::new(TakenAway::soon(card)),
            _ => Box::new(card),
        })
    }

    /// What the municipality's counter does: the PIN has its tries back. Gives how many.
    pub(crate) fn unlock(&self, persona: &Persona) -> Result<u8> {
        let card = self.card(persona)?;
        let file = self.folder.cards().join(persona.id).join("counters");
        let fresh = Counters::fresh(NUMBER_TRIES);
        std::fs::write(&file, fresh.to_string()).with_context(|| format!("{}", file.display()))?;
        let tries = fresh.left(Secret::AuthPin);
        card.lock().unwrap_or_else(PoisonError::into_inner).restore_counters(fresh);
        Ok(tries)
    }

    /// A person's card, the same one each time.
    pub(crate) fn card(&self, persona: &Persona) -> Result<SharedCard> {
        let plan = persona.card.as_ref().context("this person has no card")?;
        if matches!(plan.state, CardState::NotMyNumberCard | CardState::Mute) {
            bail!("{} holds a card of another kind, which is only simulated inside the demo", persona.id);
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(card) = made.get(persona.id) {
            return Ok(Arc::clone(&card.card));
        }
        let (card, number) = self.make(persona, plan)?;
        let card = Arc::new(Mutex::new(card));
        made.insert(persona.id, Made { card: Arc::clone(&card), number });
        Ok(card)
    }

    /// 照合番号B printed on a card that was made; other cards have none.
    pub(crate) fn printed_number(&self, persona: &Persona) -> Option<Zeroizing<String>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(persona.id).map(|made| made.number.clone())
    }

    fn make(&self, persona: &Persona, plan: &PersonaCard) -> Result<(SimulatedCard, Zeroizing<String>)> {
        let place = self.folder.cards().join(persona.id);
        private_folder(&place)?;
        let authentication = self.credential(&place, plan)?;
        let mut profile =
            CardProfile::plastic(authentication, holder(persona, plan), card_end(plan.not_after));
        if plan.pin == PinState::NotSet {
            profile.variant = Variant::PinlessCard;
        }
        if plan.state == CardState::PinOnly {
            profile.pinless_root = None;
        }
        let number = profile.number_b();
        let mut card = SimulatedCard::new(profile).context("the simulated card")?;
        keep_counters(&mut card, place.join("counters"), plan.pin)?;
        Ok((card, number))
    }

    fn credential(&self, place: &Path, plan: &PersonaCard) -> Result<Credential> {
        let key = kept_key(&place.join("key.pem"))?;
        let authority = self.jlis.newest(CardAuthorityKind::Authentication)?;
        let ca_certificate = authority.certificate_der().to_vec();
        let signing_key = match plan.state {
            CardState::WrongKey => kept_key(&place.join("other-key.pem"))?,
            _ => PrivateKey::load(&place.join("key.pem"))?,
        };
        let certificate = match plan.state {
            CardState::Unreadable => forgery::garbage(),
            CardState::UntrustedIssuer => issue(self.impostor()?.newest(authority.kind())?, plan, &key)?,
            CardState::WrongPolicy => {
                let authority_key = self.folder.jlis().join("authentication").join("generation-1.key.pem");
                forgery::with_other_policy(issue(authority, plan, &key)?, &PrivateKey::load(&authority_key)?)?
            }
            _ => issue(authority, plan, &key)?,
        };
        Ok(Credential { key: CardKey::rsa2048(signing_key.pkcs8_der()), certificate, ca_certificate })
    }

    /// An authority of the same name that nobody trusts.
    fn impostor(&self) -> Result<SimulatedJlis> {
        let folder = self.folder.root().join("untrusted-jlis");
        Ok(SimulatedJlis::open_or_create(&folder, &JlisOptions::default(), this_second())?)
    }
}

/// Certificates are issued at each start anew: their dates move with the day.
fn issue(authority: &CardAuthority, plan: &PersonaCard, key: &PrivateKey) -> Result<Vec<u8>> {
    let subject = CardSubject::of_serial(MUNICIPALITY, plan.serial)?;
    let issued = authority.issue_card(&subject, plan.serial, key.public_key(), people::validity(plan)?)?;
    Ok(issued.der)
}

fn kept_key(file: &Path) -> Result<PrivateKey> {
    if !file.is_file() {
        let saved = PrivateKey::generate(KeyAlgorithm::Rsa2048)?.save(file);
        // `card simulate` beside the demo may have been faster: its key is the card's then.
        if !matches!(saved, Err(pki::Error::AlreadyExists(_))) {
            saved?;
        }
    }
    Ok(PrivateKey::load(file)?)
}

/// Tries survive the end of the program, as they do on a card.
fn keep_counters(card: &mut SimulatedCard, file: PathBuf, pin: PinState) -> Result<()> {
    if let Ok(text) = std::fs::read_to_string(&file) {
        card.restore_counters(text.trim().parse::<Counters>()?);
    } else if pin == PinState::Locked {
        let text = Counters::fresh(NUMBER_TRIES).to_string().replace("auth_pin=3", "auth_pin=0");
        card.restore_counters(text.parse()?);
    }
    card.on_counter_change(move |changed| {
        // A demo card that forgets a try because the disk is full harms nobody.
        let _ = std::fs::write(&file, changed.to_string());
    });
    Ok(())
}

fn holder(persona: &Persona, plan: &PersonaCard) -> Holder {
    let person = &persona.person;
    let sex = match person.sex {
        Sex::Male => CardSex::Male,
        Sex::Female => CardSex::Female,
        Sex::NotSet => CardSex::NotApplicable,
    };
    let photos = card::photo::DRAWN;
    // Any face will do, but the same one each time.
    let face = usize::try_from(plan.photo_seed).unwrap_or_default() % photos.len();
    Holder {
        name: person.name.clone(),
        address: person.address.clone().unwrap_or_default(),
        birthdate: person.birthdate,
        sex,
        photo: photos[face].to_vec(),
    }
}

fn card_end(certificate_end: Date) -> Date {
    certificate_end.checked_add(jiff::Span::new().years(CARD_OUTLIVES_YEARS)).unwrap_or(certificate_end)
}
