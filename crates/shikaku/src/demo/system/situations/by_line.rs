//! Requests no terminal of ours would send, over a line of its own; and side terminals that the centre refuses.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail};
use eligibility::{Instant, insurer::InsurerNumber, verification::NumberQuery};
use pki::Validity;
use serde_json::json;
use server::{config::TERMINAL_CONCURRENCY_MAX, terminal_api::nonce::NonceMint};
use tokio::task::JoinSet;
use wire::terminal_api::{
    CARD_VERIFICATIONS_PATH, NONCES_PATH, NUMBER_VERIFICATIONS_PATH, NumberCheckRequest,
};

use super::{
    System, Trial,
    line::{Caller, Heard, Line},
    side_terminal::{Place, Plan},
};
use crate::demo::{
    landing::view::File,
    premises::{INSTITUTION_CODE, NONCE_KEY, TERMINAL_CERTIFICATE, TERMINAL_KEY},
};

/// The institution that guesses: another one, so that the demo's own is not held back.
const GUESSING_INSTITUTION: &str = "1319990038";
/// Wrong questions after which an institution is surely held back.
const GUESSES: u32 = 130;
/// Age of the nonce that is too old, milliseconds: longer than any nonce lives.
const OLD_NONCE_MS: i64 = 180_000;
/// Lives of the certificate that ends while its terminal is connected, seconds: a machine that is too busy to connect
/// within the first one gets the next.
const SHORT_LIVES_S: [i64; 3] = [3, 15, 60];
/// How long room is waited to be taken.
const CROWDING: Duration = Duration::from_secs(60);
/// Between two tries meanwhile.
const CROWDING_POLL: Duration = Duration::from_millis(100);

impl System {
    pub(super) async fn request_id_used_again(&self) -> Result<Trial> {
        let line = self.own_line()?;
        let id = format!("demo-{}", self.free_part());
        let query = self.plain_request()?.query;
        let first = NumberCheckRequest::new(id.clone(), query.clone());
        let ceiling_consent = !query.ceiling_consent;
        let second = NumberCheckRequest::new(id, NumberQuery { ceiling_consent, ..query });
        line.post(NUMBER_VERIFICATIONS_PATH, &serde_json::to_value(&first)?).await?;
        let heard = line.post(NUMBER_VERIFICATIONS_PATH, &serde_json::to_value(&second)?).await?;
        let steps = vec![
            "端末の証明書で中央に相互 TLS でつなぐ".to_owned(),
            "番号による照会を送り、答えを受け取る".to_owned(),
            "同じ要求番号のまま、限度額の同意だけを変えて送る".to_owned(),
        ];
        told(&heard, steps, INSTITUTION_CODE)
    }

    pub(super) async fn made_up_nonce(&self) -> Result<Trial> {
        let check = self.signed("bWFkZS11cC1ub25jZQ".to_owned(), true).await?;
        let heard = self.own_line()?.post(CARD_VERIFICATIONS_PATH, &check).await?;
        told(&heard, card_steps("中央が出していないカード確認番号"), INSTITUTION_CODE)
    }

    pub(super) async fn old_nonce(&self) -> Result<Trial> {
        let text = std::fs::read_to_string(self.folder.key(NONCE_KEY))?;
        let mut key = zeroize::Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), &mut *key).context("the key of the nonces")?;
        let long_ago = Instant(self.clock.now().0 - OLD_NONCE_MS);
        // What the centre would have issued then, with the centre's own key.
        let nonce = NonceMint::new(&key, server::terminal_api::nonce::NONCE_LIFETIME_MAX_S)
            .issue(&self.own_fingerprint()?, long_ago)?;
        let heard = self.own_line()?.post(CARD_VERIFICATIONS_PATH, &self.signed(nonce, true).await?).await?;
        told(&heard, card_steps("3 分前のカード確認番号"), INSTITUTION_CODE)
    }

    pub(super) async fn nonce_twice(&self) -> Result<Trial> {
        let line = self.own_line()?;
        let nonce = line.nonce().await?;
        line.post(CARD_VERIFICATIONS_PATH, &self.signed(nonce.clone(), true).await?).await?;
        let heard = line.post(CARD_VERIFICATIONS_PATH, &self.signed(nonce, false).await?).await?;
        let mut steps = card_steps("中央が出したカード確認番号");
        steps.push(
            "答えを受け取ったあと、同じカード確認番号に、今度は「同意しない」で署名して送る".to_owned(),
        );
        told(&heard, steps, INSTITUTION_CODE)
    }

    pub(super) async fn changed_consent(&self) -> Result<Trial> {
        let line = self.own_line()?;
        let mut check = self.signed(line.nonce().await?, false).await?;
        for consent in check["consents"].as_array_mut().context("consents")? {
            consent["granted"] = json!(true);
        }
        let heard = line.post(CARD_VERIFICATIONS_PATH, &check).await?;
        let mut steps = card_steps("中央が出したカード確認番号と「同意しない」");
        steps.push("送る直前に、同意をすべて「同意する」へ書き換える".to_owned());
        told(&heard, steps, INSTITUTION_CODE)
    }

    pub(super) async fn expired_terminal(&self) -> Result<Trial> {
        let ask = json!({"count": 1});
        for life_s in SHORT_LIVES_S {
            let now = self.clock.now();
            let period = Validity::new(Instant(now.0 - 60_000), Instant(now.0 + life_s * 1_000))?;
            let place = self.admitted(plan("expired", "まもなく切れる端末"), Some(period)).await?;
            let line = self.line_of(&place)?;
            if !line.post(NONCES_PATH, &ask).await.is_ok_and(|heard| heard.status == 200) {
                continue;
            }
            let left = period.not_after.0 + 1_001 - self.clock.now().0;
            tokio::time::sleep(Duration::from_millis(u64::try_from(left).unwrap_or_default())).await;
            let heard = line.post(NONCES_PATH, &ask).await?;
            let steps = vec![
                format!("{life_s} 秒後に期限が切れる端末の証明書を発行し、登録する"),
                "その証明書でつなぎ、カード確認番号を一つ受け取る".to_owned(),
                "つないだまま期限が過ぎるのを待ち、もう一つ求める".to_owned(),
            ];
            return told(&heard, steps, INSTITUTION_CODE);
        }
        bail!("no terminal connected before its certificate ended")
    }

    pub(super) async fn crowd(&self) -> Result<Trial> {
        let place = self.admitted(plan("crowd", "混雑させる端末"), None).await?;
        let line = self.line_of(&place)?;
        // The connection all of them share.
        line.nonce().await?;
        let mut open = JoinSet::new();
        for _ in 0..TERMINAL_CONCURRENCY_MAX {
            open.spawn(keep_open(line.clone()));
        }
        let refused = async {
            loop {
                let heard = line.post(NONCES_PATH, &json!({"count": 1})).await?;
                if heard.status != 200 {
                    return anyhow::Ok(heard);
                }
                tokio::time::sleep(CROWDING_POLL).await;
            }
        };
        let heard = tokio::time::timeout(CROWDING, refused).await.context("there was always room")??;
        open.shutdown().await;
        let steps = vec![
            "別の端末の証明書でつなぐ（いつもの端末の席は減りません）".to_owned(),
            format!("本文を送り終えない要求を {TERMINAL_CONCURRENCY_MAX} 本、開いたままにする"),
            "もう一つ要求を送る".to_owned(),
        ];
        told(&heard, steps, INSTITUTION_CODE)
    }

    pub(super) async fn guessing(&self) -> Result<Trial> {
        let plan =
            Plan { institution: GUESSING_INSTITUTION, ..plan("guessing", "当てずっぽうの端末") };
        let line = self.line_of(&self.admitted(plan, None).await?)?;
        let query = self.plain_request()?.query;
        for guess in 0..GUESSES {
            let insured_number = format!("{}", 9_000_000 + guess);
            let insurer_number = InsurerNumber::parse(query.insurer_number.as_str())?;
            let query = NumberQuery { insured_number, insurer_number, ..query.clone() };
            let ask = NumberCheckRequest::new(format!("guess-{}", self.free_part()), query);
            let heard = line.post(NUMBER_VERIFICATIONS_PATH, &serde_json::to_value(&ask)?).await?;
            if heard.status != 200 {
                let steps = vec![
                    "別の医療機関（1319990038）の端末の証明書でつなぐ".to_owned(),
                    format!("だれのものでもない番号で照会を続ける（今回は {} 回目で制限）", guess + 1),
                    "制限は医療機関ごと。架空内科医院の照会はそのまま使えます".to_owned(),
                ];
                return told(&heard, steps, GUESSING_INSTITUTION);
            }
        }
        bail!("{GUESSES} wrong questions and nobody was held back")
    }

    pub(super) async fn revoked_terminal(&self) -> Result<Trial> {
        let place = self.admitted(plan("revoked", "失効した端末"), None).await?;
        self.revoke(&place).await?;
        let first = ["2 台目の端末に証明書を発行して登録", "その証明書をすぐに失効させる"];
        self.ask_at(&place, self.ports.terminal_api(), &first).await
    }

    pub(super) async fn unknown_terminal(&self) -> Result<Trial> {
        let place = self.certified(plan("unknown", "登録のない端末"), None)?;
        let first = ["端末に証明書を発行し、登録はしない"];
        self.ask_at(&place, self.ports.terminal_api(), &first).await
    }

    pub(super) async fn strange_terminal(&self) -> Result<Trial> {
        let place = self.certified_by_stranger(plan("strange", "よその認証局の端末"))?;
        let first = ["同じ名前の、信頼されていない認証局が端末に証明書を発行"];
        self.ask_at(&place, self.ports.terminal_api(), &first).await
    }

    pub(super) async fn centre_away(&self) -> Result<Trial> {
        let place = self.certified(plan("centre-away", "中央につながらない端末"), None)?;
        let first = ["中央のアドレスを、だれも待っていないポートにした端末を起動"];
        self.ask_at(&place, closed_port().await?, &first).await
    }

    /// Starts the terminal of a place, hands it an ordinary question as a file, and ends it.
    pub(super) async fn ask_at(&self, place: &Place, centre: SocketAddr, first: &[&str]) -> Result<Trial> {
        let running = place.start(&self.root(), centre).await?;
        let handed = self.changed_request("OQSsiquc01req", |xml| xml)?;
        let trial = self.hand_in(running.share(), handed, "ふつうの").await;
        running.stop().await?;
        let mut trial = trial?;
        trial.steps.splice(0..0, first.iter().map(|&step| step.to_owned()));
        Ok(trial)
    }

    /// A bare line with the certificate of the terminal at the counter.
    pub(super) fn own_line(&self) -> Result<Line> {
        let (root, key) = (self.root(), self.folder.key(TERMINAL_KEY));
        let certificate = self.folder.key(TERMINAL_CERTIFICATE);
        let centre = self.ports.terminal_api().to_string();
        Line::open(&Caller { root: &root, certificate: &certificate, key: &key, centre: &centre })
    }
}

/// Keeps a request open; one that the centre ended, for its time or because there was no room, begins anew.
async fn keep_open(line: Line) {
    loop {
        // How it ended matters to nobody.
        let _ = line.begin(NONCES_PATH).await;
        tokio::time::sleep(CROWDING_POLL).await;
    }
}

/// A terminal of the demo's institution.
pub(super) fn plan(id: &'static str, name: &'static str) -> Plan {
    Plan { id, name, institution: INSTITUTION_CODE, face_encoding: "utf-8" }
}

/// A port of this machine where nobody listens.
pub(super) async fn closed_port() -> Result<SocketAddr> {
    Ok(tokio::net::TcpListener::bind("127.0.0.1:0").await?.local_addr()?)
}

/// What the centre said, as the trial it is.
pub(super) fn told(heard: &Heard, steps: Vec<String>, institution: &'static str) -> Result<Trial> {
    let problem = heard.problem().with_context(|| format!("no refusal: {} {}", heard.status, heard.body))?;
    let path = format!("HTTP {}（application/problem+json）", heard.status);
    let content = serde_json::to_string_pretty(&problem)?;
    let answer = File { title: "中央の答え", path, content, wrap: false };
    let (code, message) = (problem.code, problem.title);
    Ok(Trial { code, message, remedy: None, steps, files: vec![answer], institution })
}

fn card_steps(what: &str) -> Vec<String> {
    vec![
        format!("架空　花子さんのカードが、{what}に署名する"),
        "端末の証明書で、中央に相互 TLS で送る".to_owned(),
    ]
}
