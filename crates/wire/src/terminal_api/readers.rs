//! What a terminal tells of its card reader, and what it hears back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::strict;

/// Path of the report (POST).
pub const READER_STATE_PATH: &str = "/v1/readers/state";
/// Longest code of the catalogue, characters.
pub const MAX_CODE_CHARS: usize = 16;
/// Longest id of a wish, characters.
pub const MAX_COMMAND_ID_CHARS: usize = 64;

/// How a terminal's reader stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ReaderStateRequest {
    /// `absent` nothing was heard from the reader's program since the terminal started, `ready`, `in_use` a session is
    /// under way, `error`.
    #[schema(examples("ready"))]
    pub state: String,
    /// With `error`: the code of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `unattended` (無人運転) or `visual` (目視確認).
    #[schema(examples("unattended"))]
    pub mode: String,
    /// Seconds since the reader's program was heard; absent when it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_s: Option<u32>,
    /// How the last wish ended, until the centre has heard it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<ReaderCommandDone>,
}

/// How a wish ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ReaderCommandDone {
    /// The wish.
    pub command_id: String,
    /// `done` the mode is as wished, `heard` or `unheard` for a test.
    pub outcome: String,
}

strict::objects_only!(ReaderStateRequest, ReaderCommandDone);

/// What the centre says back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReaderStateAnswer {
    /// What somebody at the desk wants; given until it is said how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<ReaderCommandOrder>,
    /// When to tell the state again, seconds; at once when it changes.
    pub next_in_s: u32,
    /// The version of 環境設定情報 in force; a terminal that holds another asks for them.
    #[serde(default)]
    pub settings_version: i64,
}

/// A wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReaderCommandOrder {
    /// Names it.
    pub command_id: String,
    /// `visual`, `unattended` or `test`.
    pub command: String,
}
