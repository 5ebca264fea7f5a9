//! What a card reader meets, and what a card signs for a bare line.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use card::{
    pin::{Pin, PinKind},
    session::{LastTry, pinless::SimulatedPinlessAuthorizer},
    transport::{CardTransport, TransportError},
};
use eligibility::consent::{CareForm, ConsentChoice, ConsentKind};
use kiosk::{
    TerminalLink, TerminalLinkConfig, Trouble,
    session::{AtReader, Choices, Proof, check},
};
use pki::profile::TerminalIdentity;
use population::personas::DEFAULT_PERSONA;
use serde_json::Value as Json;
use wire::reader_link::{ReaderNonce, ReaderOutcome};

use super::{
    System, Trial,
    by_line::{closed_port, plan},
};
use crate::{
    demo::{
        foreign_card::Silent,
        premises::{INSTITUTION_CODE, TERMINAL_CERTIFICATE, institution},
        system::{PIN, card_check::TERMINAL_NAME_ON_CARD, passcode::entered},
    },
    folder::DataFolder,
};

/// A PIN that no simulated card has.
const WRONG_PIN: &str = "0000";
/// The person whose card is locked on purpose.
const LOCKED_PERSON: &str = "pin-locked";
/// How many passcodes there are.
const PASSCODES: u32 = 10_000;
/// More tries than any card gives.
const TRIES: u32 = 5;
/// Seconds a nonce is said to live where nobody looks.
const SOME_LIFE_S: u32 = 60;

type Card = Box<dyn CardTransport>;

impl System {
    /// What the first person's card signs over this nonce, as the terminal would send it. All consents are given, or
    /// all are refused.
    pub(super) async fn signed(&self, nonce: String, granted: bool) -> Result<Json> {
        let nonce = ReaderNonce {
            nonce,
            institution_code: institution()?,
            terminal_fingerprint: self.own_fingerprint()?,
            as_of: self.clock.today(),
            expires_in_s: SOME_LIFE_S,
            asked: None,
        };
        self.with_card(DEFAULT_PERSONA, move |card| {
            let proven = AtReader::detect(card)?.prove(typed(PIN)?).map_err(|(_, trouble)| trouble)?;
            let signed = proven.sign(&nonce, choices(granted))?;
            Ok(serde_json::to_value(signed.check())?)
        })
        .await
    }

    /// SHA-256 of the certificate of the terminal at the counter.
    pub(super) fn own_fingerprint(&self) -> Result<String> {
        fingerprint(&self.folder)
    }

    pub(super) async fn reader_unplugged(&self) -> Result<Trial> {
        let place: Card = Box::new(Silent(TransportError::NoReader));
        let trouble = AtReader::detect(place).map(drop).err().map(Trouble::Card);
        met(trouble, &["カードリーダーの USB ケーブルが抜けている状態で照会を始める"])
    }

    pub(super) async fn terminal_away(&self) -> Result<Trial> {
        let token_file = self.folder.terminal_state().join("reader-link.token");
        let link = TerminalLinkConfig { address: closed_port().await?, token_file, reader_serial: None };
        let trouble = self.check_over(link).await?.err();
        let steps = [
            "架空　花子さんがカードを置き、暗証番号を入れる",
            "カードリーダーが、止まっている端末にカード確認番号を求める",
        ];
        met(trouble, &steps)
    }

    pub(super) async fn wrong_token(&self) -> Result<Trial> {
        let token_file = self.folder.root().join("samples").join("wrong.token");
        std::fs::write(&token_file, "not-the-token-of-this-terminal")?;
        let link = TerminalLinkConfig { address: self.ports.reader_link(), token_file, reader_serial: None };
        let trouble = self.check_over(link).await?.err();
        let steps = [
            "架空　花子さんがカードを置き、暗証番号を入れる",
            "カードリーダーが、誤ったトークンで端末にカード確認番号を求める",
        ];
        met(trouble, &steps)
    }

    pub(super) async fn face_folder_gone(&self) -> Result<Trial> {
        let place = self.admitted(plan("no-face-folder", "結果を書けない端末"), None).await?;
        let running = place.start(&self.root(), self.ports.terminal_api()).await?;
        let face = running.share().join("face");
        std::fs::remove_dir_all(&face).with_context(|| format!("{}", face.display()))?;
        let outcome = self.check_with(Arc::clone(running.reader())).await;
        running.stop().await?;
        let outcome = outcome?.map_err(|trouble| anyhow!("{trouble}"))?;
        let steps = vec![
            "別の端末を起動し、その face フォルダを消す".to_owned(),
            "架空　花子さんがその端末のカードリーダーで資格確認をする".to_owned(),
            "中央は答えたが、端末が結果を書き込めないので、カードリーダーに異常を知らせる".to_owned(),
        ];
        Ok(ended(outcome, steps))
    }

    pub(super) async fn pin_thrice(&self) -> Result<Trial> {
        self.with_card(LOCKED_PERSON, |card| {
            let mut at = AtReader::detect(card)?;
            let mut steps = vec!["閉錠　三回さんがカードを置く".to_owned()];
            for _ in 0..TRIES {
                let left =
                    at.pin_tries_left()?.map_or("残り 0 回".to_owned(), |left| format!("残り {left} 回"));
                steps.push(format!("誤った暗証番号を入れる（入れる前は{left}）"));
                let (again, trouble) =
                    at.prove(typed(WRONG_PIN)?).err().context("the wrong PIN was right")?;
                let trouble = Trouble::Card(trouble);
                if trouble.code() != eligibility::errors::ErrorCode::PinLocked.code() {
                    at = again;
                    continue;
                }
                return met(Some(trouble), &steps);
            }
            bail!("the card did not lock")
        })
        .await
    }

    pub(super) async fn wrong_passcode(&self) -> Result<Trial> {
        let issued = self.passcode(self.terminal.share(), INSTITUTION_CODE).await?;
        let issued = issued.map_err(|refusal| anyhow!("{}", refusal.detail))?;
        let other = format!("{:04}", (issued.parse::<u32>()? + 1) % PASSCODES);
        let (reader, runtime) = (Arc::clone(self.terminal.reader()), tokio::runtime::Handle::current());
        let session = self.with_card(DEFAULT_PERSONA, move |card| {
            let authorizer = SimulatedPinlessAuthorizer::new(TERMINAL_NAME_ON_CARD);
            let proof = Proof::Visual(&authorizer, entered(other));
            Ok(runtime.block_on(check(card, proof, choices(true), &reader)))
        });
        let outcome = session.await?.map_err(|trouble| anyhow!("{trouble}"))?;
        let steps = vec![
            "レセコンが目視確認用パスコードを発行してもらう（ファイル連携）".to_owned(),
            "職員が、カードリーダーに別の 4 桁を入れる".to_owned(),
            "架空　花子さんのカードが署名し、中央がパスコードを数えてから照合する".to_owned(),
        ];
        Ok(ended(outcome, steps))
    }

    /// The first person's check over a reader's own way to a terminal.
    async fn check_over(&self, link: TerminalLinkConfig) -> Result<Result<ReaderOutcome, Trouble>> {
        self.check_with(Arc::new(TerminalLink::new(&link)?)).await
    }

    async fn check_with(&self, link: Arc<TerminalLink>) -> Result<Result<ReaderOutcome, Trouble>> {
        let runtime = tokio::runtime::Handle::current();
        self.with_card(DEFAULT_PERSONA, move |card| {
            Ok(runtime.block_on(check(card, typed(PIN)?, choices(true), &link)))
        })
        .await
    }

    /// Puts somebody's card on a reader, on a thread of its own: its key may have to be made first.
    async fn with_card<T: Send + 'static>(
        &self,
        person: &str,
        act: impl FnOnce(Card) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let person = self.people.iter().find(|known| known.id == person).context("such a person")?.clone();
        let wallet = Arc::clone(&self.wallet);
        tokio::task::spawn_blocking(move || act(wallet.put(&person)?)).await?
    }
}

fn fingerprint(folder: &DataFolder) -> Result<String> {
    let pem = std::fs::read_to_string(folder.key(TERMINAL_CERTIFICATE))?;
    Ok(TerminalIdentity::read(&pki::pem::decode(pki::pem::CERTIFICATE, &pem)?)?.fingerprint)
}

fn typed(pin: &str) -> Result<Proof<'static>> {
    let pin = Pin::new(PinKind::Authentication, pin).map_err(|error| anyhow!(error))?;
    Ok(Proof::Pin { pin, last_try: LastTry::Confirmed })
}

fn choices(granted: bool) -> Choices {
    let consents = ConsentKind::ALL.iter().map(|&kind| ConsentChoice { kind, granted }).collect();
    Choices { consents, care_form: CareForm::Outpatient, prescription_issue_select: None }
}

/// A session that ended as the terminal said.
fn ended(outcome: ReaderOutcome, steps: Vec<String>) -> Trial {
    told((outcome.code.unwrap_or_default(), outcome.message.unwrap_or_default()), steps)
}

/// What was shown at the end, after these steps.
fn told((code, message): (String, String), steps: Vec<String>) -> Trial {
    Trial { code, message, remedy: None, steps, files: Vec::new(), institution: INSTITUTION_CODE }
}

/// A session that ended in trouble, as the reader and the desk see it.
fn met(trouble: Option<Trouble>, steps: &[impl ToString]) -> Result<Trial> {
    let trouble = trouble.context("the session went well")?;
    let mut steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
    steps.push(format!("カードリーダーの画面：「{}」", trouble.for_patient()));
    let (code, message) = (trouble.code().to_owned(), trouble.for_patient());
    Ok(Trial { remedy: Some(trouble.for_staff()), ..told((code, message), steps) })
}
