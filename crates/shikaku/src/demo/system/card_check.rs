//! A card check in the demo: a person, their card, the reader, the terminal, the centre.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use card::{
    pin::{Pin, PinKind},
    session::{LastTry, pinless::SimulatedPinlessAuthorizer},
};
use eligibility::{codes::CharacterCode, errors::ErrorCode, institution::InstitutionCode};
use kiosk::{
    CardTrouble, TerminalLink, Trouble,
    session::{Proof, check},
};
use population::personas::{Persona, PinState};
use serde::Deserialize;
use wire::{
    charset::{self, Substitution},
    reader_link::ReaderOutcome,
    terminal_api::VisualCheck,
};

use super::{PIN, System, passcode::entered};
use crate::demo::{
    consent::{Counter, Visit},
    outcome::{Outcome, Refusal},
};

/// A PIN that no simulated card has.
const WRONG_PIN: &str = "0000";
/// The terminal's name in its simulated card-verifiable certificate, which holds ASCII only.
pub(super) const TERMINAL_NAME_ON_CARD: &str = "UKETSUKE-1";

/// What the person does at the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Proven {
    /// Types the PIN.
    Pin,
    /// Types another one.
    WrongPin,
    /// Looks into the camera.
    Face,
    /// Is looked at by staff.
    Visual,
}

impl System {
    /// Puts a person's card on the reader and lets them prove themselves and choose in this way.
    pub(crate) async fn check_card(&self, persona: &str, visit: &Visit) -> Result<Outcome, Refusal> {
        let person = self.person(persona)?;
        let _turn = self.turn.lock().await;
        let began = self.clock.now();
        let done = self.card_check(person, visit).await;
        let recorded = self.newest_record(visit.counter.institution(), began).await.ok().flatten();
        match done {
            Ok(outcome) => Ok(Outcome { recorded: recorded.map(|entry| entry.row()), ..outcome }),
            Err(refusal) => Err(Refusal { recorded: recorded.map(|entry| Box::new(entry.row())), ..refusal }),
        }
    }

    async fn card_check(&self, person: &Persona, visit: &Visit) -> Result<Outcome, Refusal> {
        let broken = |error: anyhow::Error| Refusal::broken(&error);
        let code =
            InstitutionCode::parse(visit.counter.institution()).map_err(|error| broken(error.into()))?;
        let settings = self.server.store().facility_settings(&code);
        let settings = settings.await.map_err(|error| broken(error.into()))?.settings;
        let visit = &visit.asked(&settings.asked());
        let terminal = match visit.counter {
            Counter::Utf8 => &self.terminal,
            Counter::ShiftJis => self.shift_jis_counter().await.map_err(broken)?,
            Counter::NewClinic => &self.clinic,
        };
        let (reader, share, state) =
            (Arc::clone(terminal.reader()), terminal.share().to_owned(), terminal.state());
        let visual_check = if visit.proof == Proven::Visual {
            let issued = self.passcode(&share, visit.counter.institution()).await.map_err(broken)?;
            Some(entered(issued?))
        } else {
            None
        };
        let session = self.card_session(person.clone(), *visit, visual_check, reader).await;
        let outcome = session.map_err(broken)?.map_err(|trouble| refused(person, &trouble))?;
        let Some(name) = &outcome.file_name else {
            return Err(refused_by_centre(outcome));
        };
        let path = share.join("face").join(name);
        let steps = card_steps(visit.proof, &self.ports.terminal_api().to_string());
        let read = self.outcome(person, path, steps, Vec::new(), state).map_err(broken)?;
        let seen = visit.seen(&read.message);
        let substitutions = if outcome.substitutions > 0 { substituted(person) } else { Vec::new() };
        Ok(Outcome { seen, substitutions, ..read })
    }

    /// On a thread of its own: a card may need its key made first, and a session is not to be moved about.
    async fn card_session(
        &self,
        person: Persona,
        visit: Visit,
        visual_check: Option<VisualCheck>,
        reader: Arc<TerminalLink>,
    ) -> Result<Result<ReaderOutcome, Trouble>> {
        let wallet = Arc::clone(&self.wallet);
        let runtime = tokio::runtime::Handle::current();
        let session = move || {
            let transport = wallet.put(&person)?;
            let authorizer = SimulatedPinlessAuthorizer::new(TERMINAL_NAME_ON_CARD);
            let proof = proof(visit.proof, visual_check, &authorizer)?;
            Ok(runtime.block_on(check(transport, proof, visit.choices(), &reader)))
        };
        tokio::task::spawn_blocking(session).await?
    }

    /// What the municipality's counter does: the PIN of a person's card has its tries back. Gives how many.
    pub(crate) async fn unlock(&self, persona: &str) -> Result<(&Persona, u8), Refusal> {
        let person = self.person(persona)?;
        let _turn = self.turn.lock().await;
        let (wallet, of) = (Arc::clone(&self.wallet), person.clone());
        let tries = tokio::task::spawn_blocking(move || wallet.unlock(&of)).await;
        let tries = tries.map_err(anyhow::Error::from).and_then(|tries| tries);
        tries.map(|tries| (person, tries)).map_err(|error| Refusal::broken(&error))
    }
}

/// The characters of a person's data that the other encoding lacks, with what is written for them.
fn substituted(person: &Persona) -> Vec<Substitution> {
    let mut found: Vec<Substitution> = Vec::new();
    let people = person.coverages.iter().map(|coverage| &coverage.person);
    let insured = person.coverages.iter().filter_map(|coverage| coverage.insured_name.as_deref());
    let texts = people.flat_map(|person| {
        let more = [person.other_name.as_deref(), person.address.as_deref()];
        std::iter::once(person.name.as_str()).chain(more.into_iter().flatten())
    });
    for text in texts.chain(insured) {
        for one in charset::encode(text, CharacterCode::ShiftJis).1 {
            if !found.contains(&one) {
                found.push(one);
            }
        }
    }
    found
}

fn proof(
    method: Proven,
    visual_check: Option<VisualCheck>,
    authorizer: &SimulatedPinlessAuthorizer,
) -> Result<Proof<'_>> {
    Ok(match method {
        Proven::Face => Proof::Face(authorizer),
        Proven::Visual => Proof::Visual(authorizer, visual_check.context("a passcode was issued")?),
        Proven::Pin | Proven::WrongPin => {
            let typed = if method == Proven::Pin { PIN } else { WRONG_PIN };
            let pin = Pin::new(PinKind::Authentication, typed).map_err(|error| anyhow!(error))?;
            Proof::Pin { pin, last_try: LastTry::Refuse }
        }
    })
}

/// A card without PIN answers as a locked one does. Staff tell it by what is printed on it, and so do we.
fn refused(persona: &Persona, trouble: &Trouble) -> Refusal {
    let no_pin = persona.card.as_ref().is_some_and(|card| card.pin == PinState::NotSet);
    if no_pin && matches!(trouble, Trouble::Card(CardTrouble::PinLocked)) {
        let entry = ErrorCode::PinNotSet.entry();
        let (cause, remedy) = (entry.ja.what.to_owned(), entry.ja.desk.to_owned());
        return Refusal { cause, remedy, detail: entry.code.to_owned(), recorded: None };
    }
    Refusal {
        cause: trouble.for_patient(),
        remedy: trouble.for_staff(),
        detail: trouble.code().to_owned(),
        recorded: None,
    }
}

/// What the centre said, with what the catalogue tells the front desk to do.
fn refused_by_centre(outcome: ReaderOutcome) -> Refusal {
    let code = outcome.code.unwrap_or_default();
    let desk = ErrorCode::from_code(&code).map(|code| code.entry().ja.desk);
    Refusal {
        cause: outcome.message.unwrap_or_else(|| "結果がありません".to_owned()),
        remedy: desk.unwrap_or("システム担当者に連絡してください。").to_owned(),
        detail: code,
        recorded: None,
    }
}

fn card_steps(proof: Proven, central: &str) -> Vec<String> {
    let proof = match proof {
        Proven::Face => "顔認証のあと、暗証番号なしで署名（模擬の特定機関認証）",
        Proven::Visual => {
            "発行された目視確認用パスコードを職員が入力し、券面写真と顔を見くらべたあと、暗証番号なしで署名（模擬の特定機関認証）"
        }
        Proven::Pin | Proven::WrongPin => "暗証番号をカードだけが確かめ、カードが署名",
    };
    vec![
        "カードリーダーがカードから利用者証明用電子証明書を読み取り".to_owned(),
        format!("{proof}（中央が出した一度きりの番号に対して）"),
        format!("端末が相互 TLS で中央（{central}）へ送信"),
        "中央が電子証明書・失効・署名を検証し、資格を判定して監査ログに記録".to_owned(),
        "端末が face フォルダに結果の XML を書き込み".to_owned(),
    ]
}
