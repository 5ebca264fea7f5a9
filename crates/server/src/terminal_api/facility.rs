//! What a terminal asks about its own institution: passcodes of visual checks at readers and for receipt computers, the
//! settings, the address of home visits.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use base64::{Engine, engine::general_purpose::STANDARD};
use eligibility::Instant;
use eligibility::codes::AccessUrlFormat;
use eligibility::errors::ErrorCode;
use eligibility::facility_settings::{Setting, SettingsRefusal};
use eligibility::home_visit_url::{GraceDays, setting_of};
use eligibility::reader::ReaderSerial;
use eligibility::visual_check_passcode::Passcode;
use hyper::body::Incoming;
use store::audit::AuditEvent;
use store::{Denial, FormId, NewSettings, PasscodeEntered, SettingsChanged};
use wire::facility::{
    HOME_VISIT_URLS_PATH, HomeVisitUrlAnswer, HomeVisitUrlRequest, MAX_SETTINGS, PASSCODES_PATH,
    PasscodeAnswer, PasscodeRequest, SETTINGS_CHANGES_PATH, SETTINGS_PATH, SettingsAnswer,
    SettingsChangeRequest, SettingsRequest,
};
use wire::terminal_api::{MAX_REQUEST_ID_CHARS, MAX_STAFF_NAME_CHARS, VisualCheck};

use super::admission::Admission;
use super::refusal::Refusal;
use super::{Api, JSON, body, json_response};
use crate::facility::code_picture::{Caption, CodePicture};
use crate::facility::{FacilityError, PasscodeShown, PasscodeWish, UrlShown, UrlWish};
use crate::listener::identity::AskingTerminal;

fn told<T: serde::Serialize>(value: &T) -> Response<Body> {
    json_response(StatusCode::OK, JSON, serde_json::to_vec(value).unwrap_or_default())
}

fn actor(terminal: &AskingTerminal) -> String {
    format!("terminal:{}", terminal.terminal_name)
}

fn failed(error: &FacilityError) -> Refusal {
    match error {
        FacilityError::Store(error) => Refusal::write_failed(error),
        FacilityError::NoKey | FacilityError::Secret => {
            tracing::error!(%error, "an institution's code could not be issued, checked or shown");
            ErrorCode::Internal.into()
        }
    }
}

/// A request of one terminal: another terminal's with the same id is another.
fn form(terminal: &AskingTerminal, request_id: String) -> Result<FormId, Refusal> {
    let id_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if request_id.is_empty() || request_id.len() > MAX_REQUEST_ID_CHARS || !request_id.bytes().all(id_byte) {
        return Err(Refusal::item("request_id"));
    }
    let subject = format!("terminal:{}:{}", terminal.institution_code, terminal.terminal_name);
    Ok(FormId { subject, form_id: request_id })
}

/// Whether staff entered a passcode that is good, at a reader of this terminal, before they compared the photograph of
/// a card that is proven to be there. What is wrong with one that is not accepted is told to nobody.
pub(super) async fn visual_check(
    api: &Api,
    terminal: &AskingTerminal,
    check: Option<&VisualCheck>,
    now: Instant,
) -> Result<(), Refusal> {
    let check = check.ok_or(ErrorCode::VisualCheckRefused)?;
    let passcode = Passcode::parse(&check.passcode).map_err(|_| Refusal::item("visual_check.passcode"))?;
    let reader = ReaderSerial::parse(&check.reader_serial);
    let reader = reader.map_err(|_| Refusal::item("visual_check.reader_serial"))?;
    let staff = staff_name(check)?;
    let institution = &terminal.institution_code;
    let entered = api.facility.enter_passcode(
        &api.store,
        institution,
        (&passcode, &reader, staff),
        actor(terminal),
        now,
    );
    match entered.await.map_err(|error| failed(&error))? {
        PasscodeEntered::Accepted => return Ok(()),
        PasscodeEntered::Wrong { .. } => {}
        PasscodeEntered::NotCompared => not_compared(api, terminal, (&reader, staff), now).await?,
    }
    Err(ErrorCode::VisualCheckRefused.into())
}

/// Who compared, where the reader asks: some characters, and none that would write a line of its own.
fn staff_name(check: &VisualCheck) -> Result<Option<&str>, Refusal> {
    let Some(name) = check.staff_name.as_deref() else { return Ok(None) };
    let fits = (1..=MAX_STAFF_NAME_CHARS).contains(&name.chars().count());
    if !fits || name.trim() != name || name.chars().any(char::is_control) {
        return Err(Refusal::item("visual_check.staff_name"));
    }
    Ok(Some(name))
}

/// There was nothing to compare with: the store wrote nothing, and a record there must be.
async fn not_compared(
    api: &Api,
    terminal: &AskingTerminal,
    (reader, staff): (&ReaderSerial, Option<&str>),
    now: Instant,
) -> Result<(), Refusal> {
    let denial = Denial {
        institution_code: terminal.institution_code.clone(),
        source: format!("{}/visual_check_passcode", actor(terminal)),
        audit: AuditEvent {
            actor: actor(terminal),
            action: "visual_check_passcode.verify".to_owned(),
            object: "visual_check_passcode:none".to_owned(),
            outcome: "denied:not-compared".to_owned(),
            detail: match staff {
                Some(name) => format!("reader:{};staff:{name}", reader.as_str()),
                None => format!("reader:{}", reader.as_str()),
            },
        },
        recorded_at: now,
    };
    api.store.record_denied(denial).await.map_err(|error| Refusal::write_failed(&error))?;
    let counted =
        api.store.count_uncompared_visual_check(&terminal.institution_code, &actor(terminal), now).await;
    counted.map_err(|error| Refusal::write_failed(&error))
}

/// Issues a passcode for a receipt computer, where an administrator lets them.
pub(super) async fn issue_passcode(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    let asked = body::read::<PasscodeRequest>(PASSCODES_PATH, admission, request, api.body).await?.value;
    let wish = PasscodeWish {
        institution_code: terminal.institution_code.clone(),
        actor: actor(terminal),
        form: form(terminal, asked.request_id)?,
        needs: Some(Setting::PasscodeByFile),
        now: api.clock.now(),
    };
    match api.facility.issue_passcode(&api.store, wish).await.map_err(|error| failed(&error))? {
        PasscodeShown::Code(code, ends_at) => {
            Ok(told(&PasscodeAnswer { passcode: code.reveal().to_owned(), ends_at_ms: ends_at.0 }))
        }
        PasscodeShown::AlreadyShown => Err(ErrorCode::IdempotencyConflict.into()),
        PasscodeShown::FunctionOff => Err(Refusal::function_off(Setting::PasscodeByFile)),
    }
}

fn settings_answer(stored: &store::StoredSettings) -> SettingsAnswer {
    let code = |setting: &Setting| (setting.id().to_owned(), stored.settings.code(*setting).to_owned());
    SettingsAnswer { version: stored.version, settings: Setting::ALL.iter().map(code).collect() }
}

/// The settings in force.
pub(super) async fn settings(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    body::read::<SettingsRequest>(SETTINGS_PATH, admission, request, api.body).await?;
    in_force(api, terminal).await
}

async fn in_force(api: &Api, terminal: &AskingTerminal) -> Result<Response<Body>, Refusal> {
    let stored = api.store.facility_settings(&terminal.institution_code).await;
    Ok(told(&settings_answer(&stored.map_err(|error| Refusal::read_failed(&error))?)))
}

/// Changes settings. What receipt computers may do is allowed by people on the page only. Those of the block of home visits need somebody of the institution who opened the terms.
pub(super) async fn change_settings(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    let asked =
        body::read::<SettingsChangeRequest>(SETTINGS_CHANGES_PATH, admission, request, api.body).await?.value;
    if asked.settings.is_empty() || asked.settings.len() > MAX_SETTINGS {
        return Err(Refusal::item("settings"));
    }
    let mut values = Vec::with_capacity(asked.settings.len());
    for (id, code) in asked.settings {
        let setting = Setting::from_id(&id).filter(|setting| setting.label_of(&code).is_some());
        values.push((setting.ok_or_else(|| Refusal::item("settings"))?, code));
    }
    let new = NewSettings {
        institution_code: terminal.institution_code.clone(),
        expected_version: asked.version,
        values,
        account: None,
        actor: actor(terminal),
        actor_name: format!("端末「{}」", terminal.terminal_name),
        form: form(terminal, asked.request_id)?,
        changed_at: api.clock.now(),
    };
    let changed = api.store.change_facility_settings(new).await;
    match changed.map_err(|error| Refusal::write_failed(&error))? {
        SettingsChanged::Done { .. } | SettingsChanged::Same => in_force(api, terminal).await,
        SettingsChanged::Conflict(_) => Err(ErrorCode::SettingsConflict.into()),
        SettingsChanged::Refused(SettingsRefusal::TermsNotOpened(_)) => Err(ErrorCode::TermsNotOpened.into()),
        SettingsChanged::Refused(SettingsRefusal::ForPeopleOnly(settings)) => {
            let first = settings.first().copied();
            Err(first.map_or_else(|| ErrorCode::FunctionOff.into(), Refusal::function_off))
        }
    }
}

/// The address of home visits with its picture; another one where that is asked for.
pub(super) async fn home_visit_url(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    let asked =
        body::read::<HomeVisitUrlRequest>(HOME_VISIT_URLS_PATH, admission, request, api.body).await?.value;
    let wish = UrlWish {
        institution_code: terminal.institution_code.clone(),
        url_use: asked.url_use,
        actor: actor(terminal),
        now: api.clock.now(),
    };
    let form = form(terminal, asked.request_id)?;
    let shown = if asked.change {
        api.facility.change_home_visit_url(&api.store, &wish, None, GraceDays::default(), form).await
    } else {
        api.facility.home_visit_url(&api.store, &wish).await
    };
    let url = match shown.map_err(|error| failed(&error))? {
        UrlShown::InUse(url) => url,
        UrlShown::FunctionOff => return Err(Refusal::function_off(setting_of(asked.url_use))),
        UrlShown::Conflict => return Err(ErrorCode::SettingsConflict.into()),
    };
    let institution = api.store.institution(&terminal.institution_code).await;
    let institution = institution.map_err(|error| Refusal::read_failed(&error))?;
    let name = institution.map(|found| found.name).unwrap_or_default();
    let (desk, address, purpose) = (api.facility.clone(), url.address.clone(), asked.url_use.label());
    // Fonts are read from disk and pictures drawn: not on a thread that answers others.
    let drawn = tokio::task::spawn_blocking(move || {
        let picture = CodePicture::new(&address)?;
        let caption = Caption { institution_name: &name, purpose };
        match asked.format {
            AccessUrlFormat::Png => picture.png(caption, desk.fonts()?),
            AccessUrlFormat::Pdf => picture.pdf(caption, &address, desk.fonts()?),
        }
    });
    let picture = drawn.await.ok().flatten().ok_or(ErrorCode::Internal)?;
    Ok(told(&HomeVisitUrlAnswer { address: url.address, picture: STANDARD.encode(picture) }))
}
