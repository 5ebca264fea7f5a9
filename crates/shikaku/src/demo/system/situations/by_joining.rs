//! What goes wrong with lines and with certificates that have a successor.

use std::sync::Arc;

use anyhow::{Context, Result};
use eligibility::{
    Instant,
    calendar::{DAY_MS, add_months_at},
    institution_certificate::CertificateUses,
};
use pki::{
    TerminalName, TerminalSubject, csr,
    keys::{KeyAlgorithm, PrivateKey},
};
use server::{
    ca::{CertificateOrder, Desk, Issued, SecretHasher},
    clock::Clock,
};
use wire::terminal_api::{NUMBER_VERIFICATIONS_PATH, NumberCheckRequest};

use super::{
    System, Trial,
    by_line::{plan, told},
    side_terminal::Place,
};
use crate::demo::{
    joining::{self, fonts},
    premises::{INSTITUTION_CODE, institution},
};

/// Months from a certificate's issue to its end.
const CERTIFICATE_MONTHS: i32 = 39;
/// Days that the old certificate still has by its dates: it is not expired.
const DAYS_LEFT: i64 = 30;
/// Days since its successor was issued: one more than both are taken.
const DAYS_SINCE_RENEWAL: i64 = 15;

impl System {
    pub(super) async fn line_cut(&self) -> Result<Trial> {
        let code = institution()?;
        self.server.store().end_line_sessions(&code, "demo", self.clock.now()).await?;
        self.server.refresh_lines().await?;
        let ask = NumberCheckRequest::new(format!("line-{}", self.free_part()), self.plain_request()?.query);
        let heard =
            async { self.own_line()?.post(NUMBER_VERIFICATIONS_PATH, &serde_json::to_value(&ask)?).await };
        let heard = heard.await;
        // Whatever came of it: the other examples need the line.
        joining::connect_line(&self.server, &code, self.clock.now()).await?;
        let steps = vec![
            "架空内科医院の回線認証を切断する".to_owned(),
            "端末の証明書で、番号による照会を送る。電子証明書は有効だが、回線が認証されていない".to_owned(),
            "「希望する」を押したのと同じに、回線をつなぎ直す（ほかの例はそのまま使えます）".to_owned(),
        ];
        told(&heard?, steps, INSTITUTION_CODE)
    }

    pub(super) async fn superseded_terminal(&self) -> Result<Trial> {
        let place = self.place(plan("superseded", "更新前の端末"))?;
        self.renewed_long_ago(&place).await?;
        self.server.refresh_terminals().await?;
        let ask = NumberCheckRequest::new(format!("old-{}", self.free_part()), self.plain_request()?.query);
        let heard =
            self.line_of(&place)?.post(NUMBER_VERIFICATIONS_PATH, &serde_json::to_value(&ask)?).await?;
        let steps = vec![
            "認証局が別の端末に電子証明書を発行する（時計を 3 年あまり前にした窓口で）".to_owned(),
            format!("{DAYS_SINCE_RENEWAL} 日前にした時計で、その電子証明書を更新する（重複期間は 14 日）"),
            "期限はまだ残っている更新前の電子証明書で、照会を送る".to_owned(),
        ];
        told(&heard, steps, INSTITUTION_CODE)
    }

    pub(super) async fn billing_terminal(&self) -> Result<Trial> {
        let place = self.place(plan("billing", "請求用端末"))?;
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let issued =
            self.issue_for(CertificateUses::Billing, self.clock.now(), place.plan.name, &key).await?;
        place.put(&key, &issued.chain_pem)?;
        self.server.refresh_terminals().await?;
        let ask =
            NumberCheckRequest::new(format!("billing-{}", self.free_part()), self.plain_request()?.query);
        let heard =
            self.line_of(&place)?.post(NUMBER_VERIFICATIONS_PATH, &serde_json::to_value(&ask)?).await?;
        let steps = vec![
            "認証局が、用途が「オンライン請求」だけの電子証明書を発行する".to_owned(),
            "その電子証明書で、番号による照会を送る。電子証明書は有効だが、資格確認のためのものではない"
                .to_owned(),
        ];
        told(&heard, steps, INSTITUTION_CODE)
    }

    /// A certificate that was issued and renewed in the past, by the authority's own desk under clocks that are late.
    async fn renewed_long_ago(&self, place: &Place) -> Result<()> {
        let now = self.clock.now();
        let issued_at = Instant(add_months_at(now, -CERTIFICATE_MONTHS).0 + DAYS_LEFT * DAY_MS);
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let old = self.issue_at(issued_at, place.plan.name, &key).await?;
        let successor = PrivateKey::generate(KeyAlgorithm::P256)?;
        let subject =
            TerminalSubject { institution: institution()?, terminal: TerminalName::parse(place.plan.name)? };
        let request = csr::create_pem(&subject, &successor)?;
        let then = Instant(now.0 - DAYS_SINCE_RENEWAL * DAY_MS);
        self.desk_at(then)?.renew(&institution()?, &old.certificate.fingerprint, &request).await?;
        place.put(&key, &old.chain_pem)
    }

    /// A certificate of the demo's institution, issued at this moment.
    pub(in crate::demo::system) async fn issue_at(
        &self,
        at: Instant,
        terminal_name: &str,
        key: &PrivateKey,
    ) -> Result<Issued> {
        self.issue_for(CertificateUses::Eligibility, at, terminal_name, key).await
    }

    async fn issue_for(
        &self,
        uses: CertificateUses,
        at: Instant,
        terminal_name: &str,
        key: &PrivateKey,
    ) -> Result<Issued> {
        let order = CertificateOrder {
            institution: institution()?,
            order_id: format!("demo-{}", self.free_part()),
            terminal_name: terminal_name.to_owned(),
            uses,
            key: key.public_key().clone(),
            predecessor: None,
            retrieval_number: None,
            actor: "demo".to_owned(),
        };
        Ok(self.desk_at(at)?.issue(order).await?)
    }

    /// The authority's desk, under a clock that stands.
    fn desk_at(&self, at: Instant) -> Result<Desk> {
        let authority =
            self.server.authority().with_context(|| format!("no authority: {}", fonts::REMEDY))?;
        let desk = &authority.parts.desk;
        let (clock, _) = Clock::driven(at);
        let secrets = SecretHasher::new(&[0; 32]);
        Ok(Desk::new(desk.store().clone(), clock, Arc::clone(desk.signing()), secrets, Arc::default()))
    }
}
