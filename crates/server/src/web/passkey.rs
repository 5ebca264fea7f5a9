//! Passkeys as the library has them: server state in bytes, dialogue in JSON.

use serde_json::Value;
use store::{StoredPasskey, WebSession};
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::{
    AllowedCredentials, AuthenticationVerificationOptions, NonDiscoverableAuthenticationServerState,
    NonDiscoverableCredentialRequestOptions,
};
use webauthn_rp::request::register::{
    PublicKeyCredentialCreationOptions, PublicKeyCredentialUserEntity, RegistrationServerState,
    RegistrationVerificationOptions, UserHandle64,
};
use webauthn_rp::request::{AsciiDomain, Credentials as _, PublicKeyCredentialDescriptor, RpId};
use webauthn_rp::response::register::{DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{AuthenticatedCredential, NonDiscoverableAuthentication64, Registration};

use super::site::Site;

/// Bytes of a user handle.
const HANDLE_BYTES: usize = 64;
/// The handle's length as a type.
type Handle = UserHandle64;

/// Why a passkey was refused.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The site's name cannot be bound to.
    #[error("the site's host cannot have passkeys")]
    Host,
    /// What is stored cannot be read.
    #[error("a stored passkey cannot be read")]
    Stored,
    /// The account has none.
    #[error("the account has no passkey")]
    None,
    /// The browser's answer cannot be read.
    #[error("the browser's answer cannot be read")]
    Unreadable,
    /// The answer does not fit the dialogue, the site or the key.
    #[error("the answer was refused: {0}")]
    Refused(String),
    /// The same passkey was used at the same moment.
    #[error("the passkey was used meanwhile")]
    UsedMeanwhile,
}

/// A dialogue that begins.
pub struct Dialogue {
    /// What the server keeps.
    pub ours: Vec<u8>,
    /// What the browser gets.
    pub theirs: Value,
}

impl std::fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dialogue(****)")
    }
}

fn rp_id(site: &Site) -> Result<RpId, PasskeyError> {
    AsciiDomain::try_from(site.host().to_owned()).map(RpId::Domain).map_err(|_| PasskeyError::Host)
}

/// The account as authenticators know it: the same for all its passkeys, telling nothing.
fn handle(session: &WebSession) -> Result<Handle, PasskeyError> {
    let whole = format!("{}:{}", session.audience.name(), session.subject);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, whole.as_bytes());
    let mut bytes = [0; HANDLE_BYTES];
    bytes.copy_from_slice(digest.as_ref());
    Handle::decode(bytes).map_err(|_| PasskeyError::Stored)
}

fn descriptor(key: &StoredPasskey) -> Result<PublicKeyCredentialDescriptor<Vec<u8>>, PasskeyError> {
    let id = CredentialId::<Vec<u8>>::decode(key.credential_id.clone()).map_err(|_| PasskeyError::Stored)?;
    let bits = u8::try_from(key.transports).map_err(|_| PasskeyError::Stored)?;
    let transports = AuthTransports::decode(bits).map_err(|_| PasskeyError::Stored)?;
    Ok(PublicKeyCredentialDescriptor { id, transports })
}

fn to_json(state: &impl serde::Serialize) -> Result<Value, PasskeyError> {
    serde_json::to_value(state).map_err(|_| PasskeyError::Unreadable)
}

/// Begins making a passkey.
///
/// # Errors
/// [`PasskeyError`].
pub fn offer(site: &Site, session: &WebSession, there: &[StoredPasskey]) -> Result<Dialogue, PasskeyError> {
    let rp_id = rp_id(site)?;
    let handle = handle(session)?;
    let excluded = there.iter().map(descriptor).collect::<Result<Vec<_>, _>>()?;
    // The library panics over blanks of other widths, which Japanese names have.
    let shown = session.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let user = PublicKeyCredentialUserEntity {
        // Authenticators show it beside the site; the person's name may have characters the library refuses here.
        name: session.subject.as_str().try_into().map_err(|_| PasskeyError::Stored)?,
        id: &handle,
        display_name: shown.as_str().try_into().ok(),
    };
    let options = PublicKeyCredentialCreationOptions::second_factor(&rp_id, user, excluded);
    let (server, client) =
        options.start_ceremony().map_err(|error| PasskeyError::Refused(error.to_string()))?;
    let ours = server.encode().map_err(|_| PasskeyError::Stored)?;
    Ok(Dialogue { ours, theirs: to_json(&client)? })
}

/// Takes the passkey that a browser made.
///
/// # Errors
/// [`PasskeyError`].
pub fn made(
    site: &Site,
    ours: &[u8],
    credential: &Value,
    name: String,
) -> Result<StoredPasskey, PasskeyError> {
    let server = RegistrationServerState::<HANDLE_BYTES>::decode(ours).map_err(|_| PasskeyError::Stored)?;
    let bytes = serde_json::to_vec(credential).map_err(|_| PasskeyError::Unreadable)?;
    let answer = Registration::from_json_relaxed(&bytes).map_err(|_| PasskeyError::Unreadable)?;
    let origins = [site.origin.as_str()];
    let options = RegistrationVerificationOptions::<&str, &str> {
        allowed_origins: &origins,
        // Some browsers add facts about the key unasked; none of them is believed.
        error_on_unsolicited_extensions: false,
        ..RegistrationVerificationOptions::default()
    };
    let made = server
        .verify(&rp_id(site)?, &answer, &options)
        .map_err(|error| PasskeyError::Refused(error.to_string()))?;
    let fixed_state = made.static_state().encode().map_err(|_| PasskeyError::Stored)?;
    let moving_state = made.dynamic_state().encode().map_err(|_| PasskeyError::Stored)?;
    let transports = made.transports().encode().map_err(|_| PasskeyError::Stored)?;
    Ok(StoredPasskey {
        credential_id: made.id().as_ref().to_vec(),
        name,
        transports: transports.into(),
        fixed_state,
        moving_state: moving_state.to_vec(),
        created_at: site.clock.now(),
        last_used_at: None,
    })
}

/// Begins asking for one of the account's passkeys.
///
/// # Errors
/// [`PasskeyError`].
pub fn ask(site: &Site, keys: &[StoredPasskey]) -> Result<Dialogue, PasskeyError> {
    let rp_id = rp_id(site)?;
    let mut allowed = AllowedCredentials::with_capacity(keys.len());
    for key in keys {
        allowed.push(descriptor(key)?.into());
    }
    let options = NonDiscoverableCredentialRequestOptions::second_factor(&rp_id, allowed)
        .map_err(|_| PasskeyError::None)?;
    let (server, client) =
        options.start_ceremony().map_err(|error| PasskeyError::Refused(error.to_string()))?;
    let ours = server.encode().map_err(|_| PasskeyError::Stored)?;
    Ok(Dialogue { ours, theirs: to_json(&client)? })
}

/// Takes the answer of a passkey: which one it was, and its moving state afterwards.
///
/// # Errors
/// [`PasskeyError`].
pub fn answered<'k>(
    site: &Site,
    session: &WebSession,
    ours: &[u8],
    credential: &Value,
    keys: &'k [StoredPasskey],
) -> Result<(&'k StoredPasskey, Vec<u8>), PasskeyError> {
    let server = NonDiscoverableAuthenticationServerState::decode(ours).map_err(|_| PasskeyError::Stored)?;
    let bytes = serde_json::to_vec(credential).map_err(|_| PasskeyError::Unreadable)?;
    let answer =
        NonDiscoverableAuthentication64::from_json_relaxed(&bytes).map_err(|_| PasskeyError::Unreadable)?;
    let id = answer.raw_id();
    let key = keys.iter().find(|key| key.credential_id == id.as_ref()).ok_or(PasskeyError::None)?;
    let fixed = StaticState::decode(key.fixed_state.as_slice()).map_err(|_| PasskeyError::Stored)?;
    let moving = key.moving_state.as_slice().try_into().map_err(|_| PasskeyError::Stored)?;
    let moving = DynamicState::decode(moving).map_err(|_| PasskeyError::Stored)?;
    let handle = handle(session)?;
    let mut known =
        AuthenticatedCredential::new(id, &handle, fixed, moving).map_err(|_| PasskeyError::Stored)?;
    let origins = [site.origin.as_str()];
    let options = AuthenticationVerificationOptions::<&str, &str> {
        allowed_origins: &origins,
        error_on_unsolicited_extensions: false,
        ..AuthenticationVerificationOptions::default()
    };
    server
        .verify(&rp_id(site)?, &answer, &mut known, &options)
        .map_err(|error| PasskeyError::Refused(error.to_string()))?;
    let after = known.dynamic_state().encode().map_err(|_| PasskeyError::Stored)?;
    Ok((key, after.to_vec()))
}
