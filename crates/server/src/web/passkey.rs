//! Passkeys as the library has them: server state in bytes, dialogue in JSON.

use eligibility::Instant;
use serde_json::Value;
use store::{Audience, StoredPasskey, WebSession};
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::{
    AllowedCredentials, AuthenticationVerificationOptions, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, NonDiscoverableAuthenticationServerState,
    NonDiscoverableCredentialRequestOptions,
};
use webauthn_rp::request::register::{
    CredProtect, PublicKeyCredentialCreationOptions, PublicKeyCredentialUserEntity, RegistrationServerState,
    RegistrationVerificationOptions, UserHandle64,
};
use webauthn_rp::request::{
    AsciiDomain, Credentials as _, ExtensionInfo, PublicKeyCredentialDescriptor, RpId,
};
use webauthn_rp::response::auth::error::AuthCeremonyErr;
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication64, NonDiscoverableAuthentication64, Registration,
};

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

/// Whom passkeys are bound to: a host, and the origin that browsers write under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    host: String,
    origin: String,
}

impl RelyingParty {
    /// The site under its own name.
    #[must_use]
    pub fn of(site: &Site) -> Self {
        Self { host: site.host().to_owned(), origin: site.origin.clone() }
    }

    /// The site as browsers at a terminal reach it: through the terminal's own door on `localhost`. `None` for any
    /// other origin: an address has no passkeys, and no other name is a terminal's.
    #[must_use]
    pub fn of_gateway(origin: &str) -> Option<Self> {
        let port = origin.strip_prefix("http://localhost:")?;
        let plain = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| Self { host: "localhost".to_owned(), origin: origin.to_owned() })
    }

    fn id(&self) -> Result<RpId, PasskeyError> {
        AsciiDomain::try_from(self.host.clone()).map(RpId::Domain).map_err(|_| PasskeyError::Host)
    }

    /// Whether browsers bind passkeys to the host at all.
    #[must_use]
    pub fn can(&self) -> bool {
        self.host.parse::<std::net::IpAddr>().is_err() && self.id().is_ok()
    }
}

/// The account as authenticators know it: the same for all its passkeys, telling nothing.
fn handle(audience: Audience, subject: &str) -> Result<Handle, PasskeyError> {
    let whole = format!("{}:{subject}", audience.name());
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

/// What a passkey is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// After a password.
    SecondFactor,
    /// In the place of a password: the device asks its holder for a PIN or a finger.
    Alone,
}

/// Begins making a passkey.
///
/// # Errors
/// [`PasskeyError`].
pub fn offer(
    party: &RelyingParty,
    session: &WebSession,
    there: &[StoredPasskey],
    way: Way,
) -> Result<Dialogue, PasskeyError> {
    let rp_id = party.id()?;
    let handle = handle(session.audience, &session.subject)?;
    let excluded = there.iter().map(descriptor).collect::<Result<Vec<_>, _>>()?;
    // The library panics over blanks of other widths, which Japanese names have.
    let shown = session.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let user = PublicKeyCredentialUserEntity {
        // Authenticators show it beside the site; the person's name may have characters the library refuses here.
        name: session.subject.as_str().try_into().map_err(|_| PasskeyError::Stored)?,
        id: &handle,
        display_name: shown.as_str().try_into().ok(),
    };
    let options = match way {
        Way::SecondFactor => PublicKeyCredentialCreationOptions::second_factor(&rp_id, user, excluded),
        Way::Alone => {
            let mut options = PublicKeyCredentialCreationOptions::passkey(&rp_id, user, excluded);
            // Asked for, not insisted on: many devices cannot promise it, and the answer says anyway whether the
            // holder was verified.
            options.extensions.cred_protect =
                CredProtect::UserVerificationRequired(ExtensionInfo::AllowDontEnforceValue);
            options
        }
    };
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
    party: &RelyingParty,
    now: Instant,
    ours: &[u8],
    credential: &Value,
    name: String,
) -> Result<StoredPasskey, PasskeyError> {
    let server = RegistrationServerState::<HANDLE_BYTES>::decode(ours).map_err(|_| PasskeyError::Stored)?;
    let bytes = serde_json::to_vec(credential).map_err(|_| PasskeyError::Unreadable)?;
    let answer = Registration::from_json_relaxed(&bytes).map_err(|_| PasskeyError::Unreadable)?;
    let origins = [party.origin.as_str()];
    let options = RegistrationVerificationOptions::<&str, &str> {
        allowed_origins: &origins,
        // Some browsers add facts about the key unasked; none of them is believed.
        error_on_unsolicited_extensions: false,
        ..RegistrationVerificationOptions::default()
    };
    let made = server
        .verify(&party.id()?, &answer, &options)
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
        created_at: now,
        last_used_at: None,
    })
}

/// Begins asking for one of the account's passkeys.
///
/// # Errors
/// [`PasskeyError`].
pub fn ask(party: &RelyingParty, keys: &[StoredPasskey]) -> Result<Dialogue, PasskeyError> {
    let rp_id = party.id()?;
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

/// Begins asking for any passkey of this site: the browser offers those it has.
///
/// # Errors
/// [`PasskeyError`].
pub fn ask_anybody(party: &RelyingParty) -> Result<Dialogue, PasskeyError> {
    let rp_id = party.id()?;
    let options = DiscoverableCredentialRequestOptions::passkey(&rp_id);
    let (server, client) =
        options.start_ceremony().map_err(|error| PasskeyError::Refused(error.to_string()))?;
    let ours = server.encode().map_err(|_| PasskeyError::Stored)?;
    Ok(Dialogue { ours, theirs: to_json(&client)? })
}

/// Whom a passkey was asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The account, one of its own: [`ask`].
    Account,
    /// Whoever has one for this site: [`ask_anybody`].
    Anybody,
}

/// Takes the answer of a passkey, if it is one of this account's: which one it was, and its moving state afterwards.
///
/// # Errors
/// [`PasskeyError`].
pub fn answered<'k>(
    party: &RelyingParty,
    asked: Asked,
    account: (Audience, &str),
    ours: &[u8],
    credential: &Value,
    keys: &'k [StoredPasskey],
) -> Result<(&'k StoredPasskey, Vec<u8>), PasskeyError> {
    let bytes = serde_json::to_vec(credential).map_err(|_| PasskeyError::Unreadable)?;
    // The library has a type for each question; what is held against the answer is one thing.
    match asked {
        Asked::Account => {
            let server =
                NonDiscoverableAuthenticationServerState::decode(ours).map_err(|_| PasskeyError::Stored)?;
            let answer = NonDiscoverableAuthentication64::from_json_relaxed(&bytes)
                .map_err(|_| PasskeyError::Unreadable)?;
            proven(party, account, answer.raw_id(), keys, |site, known, options| {
                server.verify(site, &answer, known, options)
            })
        }
        Asked::Anybody => {
            let server =
                DiscoverableAuthenticationServerState::decode(ours).map_err(|_| PasskeyError::Stored)?;
            let answer = DiscoverableAuthentication64::from_json_relaxed(&bytes)
                .map_err(|_| PasskeyError::Unreadable)?;
            proven(party, account, answer.raw_id(), keys, |site, known, options| {
                server.verify(site, &answer, known, options)
            })
        }
    }
}

/// A passkey's public key as it is stored.
type PublicKey = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;
/// A passkey as the library compares it.
type Known<'id, 'user> = AuthenticatedCredential<'id, 'user, HANDLE_BYTES, PublicKey>;
/// What is demanded of an answer.
type Demands<'all, 'origin> = AuthenticationVerificationOptions<'all, 'all, &'origin str, &'origin str>;

/// Holds an answer of the key with this id against the account, its stored key and the site.
fn proven<'k>(
    party: &RelyingParty,
    (audience, subject): (Audience, &str),
    id: CredentialId<&[u8]>,
    keys: &'k [StoredPasskey],
    verify: impl FnOnce(&RpId, &mut Known<'_, '_>, &Demands<'_, '_>) -> Result<bool, AuthCeremonyErr>,
) -> Result<(&'k StoredPasskey, Vec<u8>), PasskeyError> {
    let key = keys.iter().find(|key| key.credential_id == id.as_ref()).ok_or(PasskeyError::None)?;
    let fixed = StaticState::decode(key.fixed_state.as_slice()).map_err(|_| PasskeyError::Stored)?;
    let moving = key.moving_state.as_slice().try_into().map_err(|_| PasskeyError::Stored)?;
    let moving = DynamicState::decode(moving).map_err(|_| PasskeyError::Stored)?;
    let handle = handle(audience, subject)?;
    let mut known =
        AuthenticatedCredential::new(id, &handle, fixed, moving).map_err(|_| PasskeyError::Stored)?;
    let origins = [party.origin.as_str()];
    let demands = AuthenticationVerificationOptions {
        allowed_origins: &origins,
        error_on_unsolicited_extensions: false,
        ..AuthenticationVerificationOptions::default()
    };
    verify(&party.id()?, &mut known, &demands).map_err(|error| PasskeyError::Refused(error.to_string()))?;
    let after = known.dynamic_state().encode().map_err(|_| PasskeyError::Stored)?;
    Ok((key, after.to_vec()))
}
