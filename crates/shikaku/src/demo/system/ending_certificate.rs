//! A certificate near its end, for who wants to renew one by hand: a new one is renewed for the first time after three
//! years.

use anyhow::{Context, Result};
use eligibility::{
    Instant,
    calendar::{DAY_MS, add_months_at, tokyo_date},
};
use pki::{
    keys::{KeyAlgorithm, PrivateKey},
    pkcs12,
};
use server::ca::Signing;

use super::System;
use crate::demo::premises::institution_web_origin;

/// Months from a certificate's issue to its end.
const CERTIFICATE_MONTHS: i32 = 39;
/// Days that months of different lengths shift an end, and that no day of issue leads to.
const SHIFT_DAYS: i64 = 6;

impl System {
    /// A certificate of the demo's institution that ends in so many days, as PKCS#12 under this password: issued at the
    /// authority's own desk, under a clock that is late.
    pub(crate) async fn ending_certificate(
        &self,
        terminal_name: &str,
        days_left: i32,
        password: &str,
    ) -> Result<Vec<u8>> {
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let at = issued_at(self.clock.now(), days_left)?;
        let issued = self.issue_at(at, terminal_name, &key).await?;
        self.server.refresh_terminals().await?;
        let authority = self.server.authority().context("no authority")?.parts.desk.signing().authority();
        let chain = [authority.certificate_der().to_vec(), authority.root_der().to_vec()];
        Ok(pkcs12::export(terminal_name, &key, &issued.der, &chain, password)?)
    }

    /// Where the browser on the terminal's machine finds the institution web.
    pub(crate) fn gateway_site(&self) -> String {
        format!("http://{}", self.ports.gateway())
    }

    /// Where a browser with the certificate finds it.
    pub(crate) fn institution_web(&self) -> String {
        institution_web_origin(self.ports)
    }
}

/// When a certificate was issued that has so many days left; where no day of issue leads to that day, some fewer.
fn issued_at(now: Instant, days_left: i32) -> Result<Instant> {
    let today = tokyo_date(now);
    let about = add_months_at(now, -CERTIFICATE_MONTHS).0 + i64::from(days_left) * DAY_MS;
    let days = (-SHIFT_DAYS..=SHIFT_DAYS).map(|shift| Instant(about + shift * DAY_MS));
    let left = |at| Signing::period(at).map(|period| period.days_left(today));
    days.filter_map(|at| left(at).ok().map(|left| (left, at)))
        .filter(|(left, _)| *left <= days_left)
        .max_by_key(|(left, _)| *left)
        .map(|(_, at)| at)
        .context("no day of issue leads there")
}
