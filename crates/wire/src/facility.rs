//! What a terminal asks the centre about its own institution: the passcode of visual checks, the settings, the address
//! of home visits. The institution is never in a body.

use std::collections::BTreeMap;

use eligibility::codes::{AccessUrlFormat, AccessUrlUse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::strict;

/// Path of the issue of a passcode (POST).
pub const PASSCODES_PATH: &str = "/v1/visual-check-passcodes";
/// Path of the settings in force (POST).
pub const SETTINGS_PATH: &str = "/v1/facility-settings";
/// Path of a change of settings (POST).
pub const SETTINGS_CHANGES_PATH: &str = "/v1/facility-settings/changes";
/// Path of the address of home visits (POST).
pub const HOME_VISIT_URLS_PATH: &str = "/v1/home-visit-urls";
/// Most settings in one change.
pub const MAX_SETTINGS: usize = 64;

/// A wish for a passcode.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PasscodeRequest {
    /// Chosen by the terminal. The same id within two minutes gets the same passcode; later there is none to be had.
    pub request_id: String,
}

/// A passcode, this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PasscodeAnswer {
    /// Four digits.
    pub passcode: String,
    /// When it ends, milliseconds since 1970-01-01T00:00:00Z.
    pub ends_at_ms: i64,
}

/// Asks for the settings in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SettingsRequest {}

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettingsAnswer {
    /// One more with each change; 0 before the first.
    pub version: i64,
    /// The code of each setting.
    pub settings: BTreeMap<String, String>,
}

/// A change of settings.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SettingsChangeRequest {
    /// Chosen by the terminal: the same id is the same change.
    pub request_id: String,
    /// The version that was read; another one in force is a conflict. Without it, what is named is changed in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The settings to change, each with its new code; the others stay.
    pub settings: BTreeMap<String, String>,
}

/// A wish for the address of home visits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct HomeVisitUrlRequest {
    /// Chosen by the terminal: the same id is the same change.
    pub request_id: String,
    /// OQSCD033: `2` 訪問診療等, `3` オンライン診療等.
    #[schema(value_type = String, examples("2", "3"))]
    pub url_use: AccessUrlUse,
    /// OQSCD034: `1` PDF, `2` PNG.
    #[schema(value_type = String, examples("1", "2"))]
    pub format: AccessUrlFormat,
    /// Whether another address is to take its place. The old one ends at once.
    #[serde(default)]
    pub change: bool,
}

/// The address in use.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HomeVisitUrlAnswer {
    /// The whole address.
    pub address: String,
    /// 二次元バーコード with the institution's name, base64, in the format that was asked for.
    pub picture: String,
}

strict::objects_only!(PasscodeRequest, SettingsRequest, SettingsChangeRequest, HomeVisitUrlRequest);

macro_rules! unprinted {
    ($($name:ident),+ $(,)?) => {
        $(
            impl std::fmt::Debug for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.debug_struct(stringify!($name)).finish_non_exhaustive()
                }
            }
        )+
    };
}
unprinted!(PasscodeRequest, PasscodeAnswer, SettingsChangeRequest, HomeVisitUrlRequest, HomeVisitUrlAnswer,);
