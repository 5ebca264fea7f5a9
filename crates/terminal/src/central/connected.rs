//! Connections to the centre under one certificate. When another takes its place, what was begun with the former
//! comes to its end with it: the centre's nonces are good for the certificate they were given to.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Client, RequestBuilder, Response};

use super::{CentralError, ClientError, Identity, nonces::Nonces, probe::Probe, trouble};
use crate::certificate::IdentitySlot;

/// Time to connect and shake hands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// Time for one question with its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);
/// How long an idle connection is kept.
const KEEP_IDLE: Duration = Duration::from_secs(90);

/// An HTTPS client that shows one certificate, with the nonces it was given.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) client: Client,
    pub(crate) fingerprint: String,
    pub(super) nonces: Nonces,
    probe: Option<Probe>,
}

impl Connected {
    /// Connects only when asked something. `url` is the centre's, for the probe; `from` the address of this machine to
    /// connect from.
    pub(crate) fn new(identity: &Identity, url: &str, from: Option<IpAddr>) -> Result<Self, ClientError> {
        let tls = identity.tls()?;
        let probe = Probe::new(tls.clone(), url);
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .pool_idle_timeout(KEEP_IDLE)
            .local_address(from)
            .build()?;
        let fingerprint = identity.fingerprint().to_owned();
        Ok(Self { client, fingerprint, nonces: Nonces::default(), probe })
    }

    /// Sends; an error says whether line or certificate is to blame.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, CentralError> {
        let error = match request.send().await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        // Whoever is not admitted may only see the line cut: ask in a way that shows why.
        if trouble::was_cut(&error)
            && let Some(probe) = &self.probe
            && let Some(objection) = probe.objection().await
        {
            return Err(trouble::tls_trouble(&objection));
        }
        Err(trouble::trouble(&error))
    }
}

/// The connections in use: those of the certificate in the slot, and those of the one before it.
#[derive(Debug)]
pub(super) struct Connections {
    slot: IdentitySlot,
    url: String,
    from: Option<IpAddr>,
    pair: Mutex<Pair>,
}

#[derive(Debug, Default)]
struct Pair {
    current: Option<Arc<Connected>>,
    former: Option<Arc<Connected>>,
}

impl Connections {
    pub(super) fn new(slot: IdentitySlot, url: String, from: Option<IpAddr>) -> Self {
        Self { slot, url, from, pair: Mutex::default() }
    }

    pub(super) fn slot(&self) -> &IdentitySlot {
        &self.slot
    }

    /// Those of the certificate in use.
    pub(super) fn current(&self) -> Result<Arc<Connected>, CentralError> {
        let none = || CentralError::NotAdmitted("no certificate is installed".into());
        let identity = self.slot.get().ok_or_else(none)?;
        let mut pair = self.pair.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = &pair.current
            && current.fingerprint == identity.fingerprint()
        {
            return Ok(Arc::clone(current));
        }
        let made = Connected::new(&identity, &self.url, self.from)
            .map_err(|error| CentralError::NotAdmitted(error.to_string()))?;
        let made = Arc::new(made);
        pair.former = pair.current.replace(Arc::clone(&made));
        if pair.former.is_some() {
            tracing::info!("the terminal speaks to the centre under its new certificate");
        }
        Ok(made)
    }

    /// Those that were given this nonce; the current ones when nobody here was.
    pub(super) fn of_nonce(&self, nonce: &str) -> Result<Arc<Connected>, CentralError> {
        let current = self.current()?;
        let pair = self.pair.lock().unwrap_or_else(PoisonError::into_inner);
        let former = pair.former.as_ref().filter(|former| former.nonces.was_handed_out(nonce));
        Ok(former.map_or(current, Arc::clone))
    }
}
