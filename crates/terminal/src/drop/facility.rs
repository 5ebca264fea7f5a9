//! What a receipt computer asks about its own institution by file: `OQSsiinq01` (環境設定情報照会), `OQSsiupd01`
//! (環境設定情報更新), `OQSsiurl01` (医療機関アクセスURL取得) and `OQSsivpc01` (目視確認用パスコード取得).
//!
//! The beginnings of the first three names are the interface's; `vpc` and all elements are this project's own.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use eligibility::{
    Instant,
    calendar::tokyo_second,
    codes::{AccessUrlChange, AccessUrlFormat, CharacterCode},
};
use wire::{
    facility::{
        HOME_VISIT_URLS_PATH, HomeVisitUrlAnswer, HomeVisitUrlRequest, PASSCODES_PATH, PasscodeAnswer,
        PasscodeRequest, SETTINGS_CHANGES_PATH, SETTINGS_PATH, SettingsAnswer, SettingsChangeRequest,
        SettingsRequest,
    },
    message::{
        FacilityBody, FacilityResult, FacilitySettingsInfo, Failure, InvalidRequest, Layout, Outcome, ReadAs,
        Sender, SettingsUpdate, Unreadable, UrlWish, read_plain_request, read_settings_update, read_url_wish,
        write_facility_result,
    },
};

use super::immediate::{Answer, Context, failed};
use crate::central::{Central, CentralError, ask};

/// The families of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Facility {
    /// `inq`: 環境設定情報照会.
    Settings,
    /// `upd`: 環境設定情報更新.
    SettingsUpdate,
    /// `url`: 医療機関アクセスURL取得.
    HomeVisitUrl,
    /// `vpc`: 目視確認用パスコード取得.
    Passcode,
}

/// A question of one of these families, its elements right or wrong.
#[expect(clippy::large_enum_variant, reason = "one at a time, moved twice, and boxed by whoever keeps it")]
pub(crate) enum Asking {
    Settings(Result<(Sender, ()), InvalidRequest>),
    SettingsUpdate(Result<(Sender, SettingsUpdate), InvalidRequest>),
    HomeVisitUrl(Result<(Sender, UrlWish), InvalidRequest>),
    Passcode(Result<(Sender, ()), InvalidRequest>),
}

/// What the centre said: the body of the result, and what stands beside it.
struct Told {
    body: FacilityBody,
    beside: Vec<(&'static str, Vec<u8>)>,
}

impl Facility {
    /// The family of a function's three letters.
    pub(crate) fn of(function: &str) -> Option<Self> {
        match function {
            "inq" => Some(Self::Settings),
            "upd" => Some(Self::SettingsUpdate),
            "url" => Some(Self::HomeVisitUrl),
            "vpc" => Some(Self::Passcode),
            _ => None,
        }
    }
}

/// Reads a request of this family.
pub(crate) fn read(family: Facility, xml: &[u8]) -> Result<(CharacterCode, Asking), Unreadable> {
    fn read_as<T>(
        read: Result<ReadAs<T>, Unreadable>,
        asking: impl FnOnce(Result<T, InvalidRequest>) -> Asking,
    ) -> Result<(CharacterCode, Asking), Unreadable> {
        read.map(|ReadAs { encoding, request }| (encoding, asking(request)))
    }
    match family {
        Facility::Settings => read_as(read_plain_request(xml), Asking::Settings),
        Facility::SettingsUpdate => read_as(read_settings_update(xml), Asking::SettingsUpdate),
        Facility::HomeVisitUrl => read_as(read_url_wish(xml), Asking::HomeVisitUrl),
        Facility::Passcode => read_as(read_plain_request(xml), Asking::Passcode),
    }
}

/// Asks the centre and writes the result; what goes wrong becomes a result too.
pub(crate) async fn answer<C: Central>(asking: Asking, context: &Context<'_, C>) -> Answer {
    match asking {
        Asking::Settings(request) => answered(request, context, async |()| settings(context).await).await,
        Asking::SettingsUpdate(request) => {
            answered(request, context, async |update| change_settings(update, context).await).await
        }
        Asking::HomeVisitUrl(request) => {
            answered(request, context, async |wish| home_visit_url(wish, context).await).await
        }
        Asking::Passcode(request) => answered(request, context, async |()| passcode(context).await).await,
    }
}

async fn answered<C: Central, T>(
    request: Result<(Sender, T), InvalidRequest>,
    context: &Context<'_, C>,
    ask: impl AsyncFnOnce(T) -> Result<Told, CentralError>,
) -> Answer {
    let (identifier, failure, told, trouble) = match context.admit(request) {
        Err((identifier, failure)) => (identifier, Some(failure), None, None),
        Ok((sender, asked)) => match ask(asked).await {
            Ok(told) => (sender.file_identifier, None, Some(told), None),
            Err(trouble) => {
                let failure = Failure::new(trouble.code(), &trouble.message());
                (sender.file_identifier, Some(failure), None, Some(trouble))
            }
        },
    };
    let header = context.header(identifier, failure);
    let Told { body, beside } =
        told.unwrap_or_else(|| Told { body: FacilityBody::ended(failed()), beside: Vec::new() });
    let segment = header.segment_of_result.as_text().to_owned();
    let result = FacilityResult { header, body };
    let xml = write_facility_result(&result, context.encoding, Layout::Indented);
    Answer { xml, segment, beside, trouble }
}

fn told_settings(answer: &SettingsAnswer) -> Told {
    let body = FacilityBody {
        settings_version: u32::try_from(answer.version).ok(),
        settings: Some(FacilitySettingsInfo::from_map(&answer.settings)),
        ..FacilityBody::ended(Outcome::ok())
    };
    Told { body, beside: Vec::new() }
}

async fn settings<C: Central>(context: &Context<'_, C>) -> Result<Told, CentralError> {
    ask(context.central, SETTINGS_PATH, &SettingsRequest {}).await.map(|answer| told_settings(&answer))
}

async fn change_settings<C: Central>(
    update: SettingsUpdate,
    context: &Context<'_, C>,
) -> Result<Told, CentralError> {
    let settings: BTreeMap<String, String> = update.settings.to_map();
    let question = SettingsChangeRequest {
        request_id: context.request_id.to_string(),
        version: update.version.map(i64::from),
        settings,
    };
    ask(context.central, SETTINGS_CHANGES_PATH, &question).await.map(|answer| told_settings(&answer))
}

async fn passcode<C: Central>(context: &Context<'_, C>) -> Result<Told, CentralError> {
    let question = PasscodeRequest { request_id: context.request_id.to_string() };
    let answer: PasscodeAnswer = ask(context.central, PASSCODES_PATH, &question).await?;
    let body = FacilityBody {
        passcode: Some(answer.passcode),
        passcode_until: Some(tokyo_second(Instant(answer.ends_at_ms.saturating_sub(1)))),
        ..FacilityBody::ended(Outcome::ok())
    };
    Ok(Told { body, beside: Vec::new() })
}

async fn home_visit_url<C: Central>(wish: UrlWish, context: &Context<'_, C>) -> Result<Told, CentralError> {
    let question = HomeVisitUrlRequest {
        request_id: context.request_id.to_string(),
        url_use: wish.url_use,
        format: wish.format,
        change: wish.change == AccessUrlChange::Change,
    };
    let answer: HomeVisitUrlAnswer = ask(context.central, HOME_VISIT_URLS_PATH, &question).await?;
    let picture = STANDARD.decode(&answer.picture);
    let picture = picture.map_err(|_| CentralError::NotUnderstood("the picture is not base64".into()))?;
    let ending = match wish.format {
        AccessUrlFormat::Pdf => "pdf",
        AccessUrlFormat::Png => "png",
    };
    let body = FacilityBody { access_url: Some(answer.address), ..FacilityBody::ended(Outcome::ok()) };
    Ok(Told { body, beside: vec![(ending, picture)] })
}
