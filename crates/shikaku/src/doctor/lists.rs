//! Revocation data: the lists of the card authority as the server will find them, and what the own authority gives to
//! those who rely on its certificates.

use std::{collections::HashSet, net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use card::jpki::{CardTrust, Freshness, RevocationList};
use eligibility::{Instant, calendar::tokyo_second};
use pki::{
    crl::VerifiedCrl,
    distribution::{Distribution, issuer_label_of},
};
use server::{
    card_revocation::LIST_BYTES_MAX,
    config::{Authority, Config},
};

use super::{
    certificates::read_chain,
    finding::{Finding, Found},
};
use crate::report::told;

/// Time for one fetch.
const FETCH_TIME: Duration = Duration::from_secs(10);
/// A list that ends sooner is told, ms: whoever should bring the next one may have stopped.
const SOON_MS: i64 = 24 * 60 * 60 * 1000;
/// What every answer of an OCSP responder is called.
const OCSP_ANSWER: &str = "application/ocsp-response";

/// The lists that say which cards are revoked.
pub(super) async fn of_cards(config: &Config, now: Instant, found: &mut Found) {
    let mut anchors = Vec::new();
    for path in &config.cards.trust_anchors {
        match read_chain(path) {
            Ok(certificates) => anchors.extend(certificates),
            Err(error) => {
                let remedy = "put the card authority's root there, as PEM";
                found.add(Finding::wrong("cards.trust_anchors", format!("{error:#}"), remedy));
            }
        }
    }
    let policies: Vec<&str> = config.cards.policies.iter().map(String::as_str).collect();
    let trust = match CardTrust::new(&anchors, &policies) {
        Ok(trust) => trust,
        Err(refused) => {
            let remedy = "name the roots of the card authority (self-signed, RSA) and dotted policies";
            return found.add(Finding::wrong("cards.trust_anchors", refused.to_string(), remedy));
        }
    };
    let mut covered = HashSet::new();
    for source in &config.cards.crl {
        if let Some(list) = card_list(source, &trust, now, found).await {
            covered.insert(list.authority().clone());
        }
    }
    let lacking = trust.authorities().filter(|authority| !covered.contains(*authority)).count();
    // Without any named, the lists are those of the simulated J-LIS, which is a part of the server.
    if lacking > 0 && !config.cards.crl.is_empty() {
        let what =
            format!("{lacking} of the roots have no list that can be read, so their cards are refused");
        found.add(Finding::wrong("cards.crl", what, "name one list for each root in cards.trust_anchors"));
    }
}

async fn card_list(
    source: &str,
    trust: &CardTrust,
    now: Instant,
    found: &mut Found,
) -> Option<RevocationList> {
    let fetched = match http() {
        Ok(client) => fetch(&client, source).await,
        Err(error) => Err(error),
    };
    let der = match fetched {
        Ok(der) => der,
        Err(error) => {
            let what = format!("{source}: {}; without the list every card check is refused", told(&error));
            let remedy = "correct the path or address, or bring the card authority's newest list there";
            found.add(Finding::wrong("cards.crl", what, remedy));
            return None;
        }
    };
    let list = match RevocationList::from_der(&der, trust) {
        Ok(list) => list,
        Err(refused) => {
            let remedy = "it must be a whole list as DER (not PEM), signed by a root in cards.trust_anchors";
            found.add(Finding::wrong("cards.crl", format!("{source}: {refused}"), remedy));
            return None;
        }
    };
    let until = moment(list.next_update());
    found.see("(seen) cards.crl", format!("{source}: {} revoked, good until {until}", list.len()));
    match list.freshness(now) {
        Freshness::Stale => {
            let what = format!("{source} ended at {until}, so every card check is refused");
            let remedy = "fetch the newest list, and look why nobody brought it";
            found.add(Finding::wrong("cards.crl", what, remedy));
        }
        Freshness::NotYet => {
            let what = format!("{source} is dated in the future");
            found.add(Finding::wrong("cards.crl", what, "set this machine's clock, or fetch the right list"));
        }
        Freshness::Fresh if list.next_update().0 - now.0 < SOON_MS => {
            let what = format!("{source} ends at {until}; from then on every card check is refused");
            found.add(Finding::hint("cards.crl", what, "look whether the next one comes by itself"));
        }
        Freshness::Fresh => {}
    }
    Some(list)
}

/// Whether the addresses that stand in every certificate of the own authority answer, while the server runs.
pub(super) async fn of_authority(config: &Config, now: Instant, found: &mut Found) {
    let Some(authority) = &config.authority else { return };
    if !runs(config.ops.listen).await {
        return found.see(
            "(seen) authority.distribution_url",
            "not asked: lists and OCSP answers come from the server, which does not run",
        );
    }
    let setting = "authority.distribution_url";
    let remedy =
        "let this address lead to authority.distribution_listen (or authority.listen), over plain http";
    match distribution(authority, now).await {
        Ok(seen) => found.see(format!("(seen) {setting}"), seen),
        Err(error) => {
            let what = format!(
                "revocation lists or OCSP answers are not where certificates say they are: {}",
                told(&error)
            );
            found.add(Finding::wrong(setting, what, remedy));
        }
    }
}

async fn runs(ops: SocketAddr) -> bool {
    let asked = http().map(|client| client.get(format!("http://{ops}/healthz")).send());
    match asked {
        Ok(asked) => asked.await.is_ok_and(|answer| answer.status().is_success()),
        Err(_) => false,
    }
}

async fn distribution(authority: &Authority, now: Instant) -> Result<String> {
    let base = &authority.distribution_url;
    let address = format!("{base}/ocsp");
    // No question: a responder answers that, too, and in its own kind of message.
    let client = http()?;
    let answer =
        client.post(&address).header("content-type", "application/ocsp-request").body("").send().await?;
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    ensure!(kind == OCSP_ANSWER, "{address} answers {} and no OCSP message", answer.status());
    let issuer = read_chain(&authority.issuing_certificate)?.into_iter().next().context("no certificate")?;
    let places = Distribution::new(base, authority.shards)?;
    let mut last = Instant(i64::MAX);
    for shard in 0..authority.shards {
        let list = places.crl_url(&issuer_label_of(&issuer)?, shard);
        let der = fetch(&client, &list).await.with_context(|| list.clone())?;
        let read = VerifiedCrl::verify_shard(&der, &issuer, now, &list).with_context(|| list.clone())?;
        last = last.min(read.next_update);
    }
    Ok(format!("{} lists, all good until {} or longer; OCSP answers", authority.shards, moment(last)))
}

/// A file, or what an address answers.
async fn fetch(client: &reqwest::Client, source: &str) -> Result<Vec<u8>> {
    if !source.contains("://") {
        let size = std::fs::metadata(Path::new(source))?.len();
        ensure!(size <= LIST_BYTES_MAX as u64, "it is larger than {LIST_BYTES_MAX} bytes");
        return Ok(std::fs::read(source)?);
    }
    let mut answer = client.get(source).send().await?;
    if !answer.status().is_success() {
        bail!("the server answered {}", answer.status());
    }
    let mut content = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        content.extend_from_slice(&chunk);
        ensure!(content.len() <= LIST_BYTES_MAX, "it is larger than {LIST_BYTES_MAX} bytes");
    }
    Ok(content)
}

fn http() -> Result<reqwest::Client> {
    // As the server asks: directly.
    Ok(reqwest::Client::builder().no_proxy().timeout(FETCH_TIME).build()?)
}

fn moment(at: Instant) -> String {
    format!("{}+09:00", tokyo_second(at))
}
