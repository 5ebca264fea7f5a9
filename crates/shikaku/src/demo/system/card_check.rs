//! A card check in the demo: a person, their card, the reader, the terminal, the centre.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use card::{
    pin::{Pin, PinKind},
    session::{LastTry, pinless::SimulatedPinlessAuthorizer},
};
use eligibility::{
    consent::{CareForm, ConsentChoice, ConsentKind},
    errors::ErrorCode,
};
use kiosk::{
    CardTrouble, Trouble,
    session::{Choices, Proof, check},
};
use population::personas::{Persona, PinState};
use serde::Deserialize;
use wire::reader_link::ReaderOutcome;

use super::{PIN, System};
use crate::demo::outcome::{Outcome, Refusal};

/// A PIN that no simulated card has.
const WRONG_PIN: &str = "0000";
/// The terminal's name in its simulated card-verifiable certificate, which holds ASCII only.
const TERMINAL_NAME_ON_CARD: &str = "UKETSUKE-1";

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
    /// Puts a person's card on the reader and lets them prove themselves in this way.
    pub(crate) async fn check_card(&self, persona: &str, proof: Proven) -> Result<Outcome, Refusal> {
        let person = self.person(persona)?;
        let _turn = self.turn.lock().await;
        let outcome = self
            .card_session(person.clone(), proof)
            .await
            .map_err(|error| Refusal::broken(&error))?
            .map_err(|trouble| refused(person, &trouble))?;
        let Some(name) = &outcome.file_name else {
            return Err(refused_by_centre(outcome));
        };
        let path = self.folder.drop().join("face").join(name);
        let steps = card_steps(proof, &self.ports.terminal_api().to_string());
        self.outcome(person, path, steps, Vec::new()).map_err(|error| Refusal::broken(&error))
    }

    /// On a thread of its own: a card may need its key made first, and a session is not to be moved about.
    async fn card_session(&self, person: Persona, method: Proven) -> Result<Result<ReaderOutcome, Trouble>> {
        let (wallet, reader) = (Arc::clone(&self.wallet), Arc::clone(&self.reader));
        let runtime = tokio::runtime::Handle::current();
        let session = move || {
            let transport = wallet.put(&person)?;
            let authorizer = SimulatedPinlessAuthorizer::new(TERMINAL_NAME_ON_CARD);
            Ok(runtime.block_on(check(transport, proof(method, &authorizer)?, choices(), &reader)))
        };
        tokio::task::spawn_blocking(session).await?
    }
}

/// What the demo's patients agree to at the reader: everything.
fn choices() -> Choices {
    let kinds = [
        ConsentKind::Ceiling,
        ConsentKind::SpecificDisease,
        ConsentKind::Checkup,
        ConsentKind::Medication,
        ConsentKind::Treatment,
        ConsentKind::Operation,
    ];
    let consents = kinds.into_iter().map(|kind| ConsentChoice { kind, granted: true }).collect();
    Choices { consents, care_form: CareForm::Outpatient, prescription_issue_select: None }
}

fn proof(method: Proven, authorizer: &SimulatedPinlessAuthorizer) -> Result<Proof<'_>> {
    Ok(match method {
        Proven::Face => Proof::Face(authorizer),
        Proven::Visual => Proof::Visual(authorizer),
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
        return Refusal { cause, remedy, detail: entry.code.to_owned() };
    }
    Refusal { cause: trouble.for_patient(), remedy: trouble.for_staff(), detail: trouble.code().to_owned() }
}

/// What the centre said, with what the catalogue tells the front desk to do.
fn refused_by_centre(outcome: ReaderOutcome) -> Refusal {
    let code = outcome.code.unwrap_or_default();
    let desk = ErrorCode::from_code(&code).map(|code| code.entry().ja.desk);
    Refusal {
        cause: outcome.message.unwrap_or_else(|| "結果がありません".to_owned()),
        remedy: desk.unwrap_or("システム担当者に連絡してください。").to_owned(),
        detail: code,
    }
}

fn card_steps(proof: Proven, central: &str) -> Vec<String> {
    let proof = match proof {
        Proven::Face => "顔認証のあと、暗証番号なしで署名（模擬の特定機関認証）",
        Proven::Visual => "職員の目視確認のあと、暗証番号なしで署名（模擬の特定機関認証）",
        Proven::Pin | Proven::WrongPin => "暗証番号をカードだけが確かめ、カードが署名",
    };
    vec![
        "読み取り機がカードから利用者証明用電子証明書を読み取り".to_owned(),
        format!("{proof}（中央が出した一度きりの番号に対して）"),
        format!("端末が相互 TLS で中央（{central}）へ送信"),
        "中央が電子証明書・失効・署名を検証し、資格を判定して監査ログに記録".to_owned(),
        "端末が face フォルダに結果の XML を書き込み".to_owned(),
    ]
}
