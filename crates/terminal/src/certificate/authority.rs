//! What is asked of the authority: the certificate of a letter, a successor, how a certificate stands.

use std::{net::IpAddr, time::Duration};

use eligibility::Instant;
use reqwest::{Client, RequestBuilder, Response, Url, header::DATE};
use serde::de::DeserializeOwned;
use wire::institution_certificate::{
    RENEWAL_PATH, RETRIEVAL_PATH, RenewalAnswer, RenewalRequest, RetrievalAnswer, RetrievalRequest,
    STANDING_PATH, StandingAnswer,
};

use super::Fault;
use crate::{
    central::{
        CentralError, Connected, Identity, read_body, refusal, roots, tls_without_certificate, trouble,
    },
    clock,
    config::{CentralConfig, Config},
};

/// Time for one question with its answer; signing on a token takes some.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// How the certificate stands, and how far the two clocks are apart.
pub(super) struct Asked {
    pub(super) answer: Result<StandingAnswer, CentralError>,
    /// The centre's clock less this machine's, ms; `None` when it did not say.
    pub(super) skew_ms: Option<i64>,
}

/// Shows a letter to the site certificates are fetched from.
pub(super) async fn retrieve(config: &Config, request: &RetrievalRequest) -> Result<RetrievalAnswer, Fault> {
    let base = config.certificate.retrieval_url.as_deref().ok_or(Fault::NoRetrievalSite)?;
    let base = base.trim_end_matches('/');
    if !is_safe(base) {
        return Err(Fault::NoRetrievalSite);
    }
    let tls = tls_without_certificate(roots(&config.central.ca_file)?);
    let client = Client::builder()
        .tls_backend_preconfigured(tls.map_err(|error| Fault::Storage(error.to_string()))?)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(REQUEST_TIMEOUT)
        .build()
        .map_err(|error| Fault::Storage(error.to_string()))?;
    let sent = client.post(format!("{base}{RETRIEVAL_PATH}")).json(request).send().await;
    let response = sent.map_err(|error| trouble(&error))?;
    Ok(understood(response).await?)
}

/// The secret of a letter goes over TLS, or does not leave this machine.
fn is_safe(base: &str) -> bool {
    let Ok(url) = Url::parse(base) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    url.scheme() == "https" || (url.scheme() == "http" && here)
}

/// Asks for the successor of the certificate that is shown.
pub(super) async fn renew(
    identity: &Identity,
    central: &CentralConfig,
    request: &RenewalRequest,
) -> Result<RenewalAnswer, CentralError> {
    let connected = connected(identity, central)?;
    let ask = connected.client.post(at(&central.url, RENEWAL_PATH)).json(request).timeout(REQUEST_TIMEOUT);
    understood(connected.send(ask).await?).await
}

/// Asks how the certificate that is shown stands: also the trial of a new one.
pub(super) async fn standing(identity: &Identity, central: &CentralConfig) -> Asked {
    let asked = async {
        let connected = connected(identity, central)?;
        let ask: RequestBuilder = connected.client.get(at(&central.url, STANDING_PATH));
        connected.send(ask).await
    };
    match asked.await {
        Err(error) => Asked { answer: Err(error), skew_ms: None },
        Ok(response) => {
            let skew_ms = skew(&response);
            Asked { answer: understood(response).await, skew_ms }
        }
    }
}

fn connected(identity: &Identity, central: &CentralConfig) -> Result<Connected, CentralError> {
    Connected::new(identity, &central.url, central.local_address)
        .map_err(|error| CentralError::NotAdmitted(error.to_string()))
}

fn at(base: &str, path: &str) -> String {
    format!("{}{path}", base.trim_end_matches('/'))
}

async fn understood<T: DeserializeOwned>(response: Response) -> Result<T, CentralError> {
    let status = response.status();
    let body = read_body(response).await?;
    if !status.is_success() {
        return Err(refusal(status, &body));
    }
    serde_json::from_slice(&body).map_err(|_| CentralError::NotUnderstood("unexpected body".into()))
}

fn skew(response: &Response) -> Option<i64> {
    let date = response.headers().get(DATE)?.to_str().ok()?;
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_millisecond();
    Some(theirs - clock::now_ms())
}

/// Now, by this machine's clock.
pub(super) fn now() -> Instant {
    Instant(clock::now_ms())
}
