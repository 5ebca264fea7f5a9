//! 資格確認 by typed insurance data; the same for 限度額適用認定証, and to find whom a 照会番号 is given.
//!
//! The check is the one that terminals ask for ([`verify_number`]): same decision, same guard against guessing, same
//! record, same receipt. Only who acts is another: the account that is signed in.

use std::sync::Arc;

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Router, routing::get};
use eligibility::calendar::tokyo_date;
use eligibility::errors::{ErrorCode, Guidance};
use eligibility::field::FieldErrors;
use eligibility::institution_account::InstitutionAction;
use eligibility::number_search::NumberSearchForm;
use eligibility::verification::NumberQuery;
use wire::terminal_api::NumberCheckRequest;

use super::check_result;
use super::user::InstitutionUser;
use super::{menu, reference_number};
use crate::terminal_api::Api;
use crate::terminal_api::answer::Asker;
use crate::terminal_api::body::Digests;
use crate::terminal_api::refusal::Refusal;
use crate::terminal_api::verify_number::{self, NumberCheck};
use crate::web::once::Once;
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, Shell, Site, refused, render};

/// Where it is.
pub const PATH: &str = "/eligibility/number";
/// Its label.
pub const TITLE: &str = "資格確認(被保険者証等)";
/// Where 限度額適用認定証 are looked up.
pub const CEILING_PATH: &str = "/eligibility/ceiling";
/// Its label.
pub const CEILING_TITLE: &str = "限度額適用認定証";
/// Where somebody is found to give them a 照会番号.
pub const REFERENCE_PATH: &str = "/reference-number";
/// Its label.
pub const REFERENCE_TITLE: &str = reference_number::TITLE;

/// What request ids of checks on the web begin with.
const REQUEST_ID_PREFIX: &str = "web-";
/// Bytes of a request id's random looking part.
const REQUEST_ID_BYTES: usize = 16;

/// Which of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Ceiling,
    /// The same check; where it finds one person, their 照会番号 is asked for next.
    Reference,
}

impl Kind {
    const fn title(self) -> &'static str {
        match self {
            Self::Number => TITLE,
            Self::Ceiling => CEILING_TITLE,
            Self::Reference => REFERENCE_TITLE,
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Number => PATH,
            Self::Ceiling => CEILING_PATH,
            Self::Reference => REFERENCE_PATH,
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Number => "/help/number-check",
            Self::Ceiling => "/help/ceiling",
            Self::Reference => "/help/reference-number-find",
        }
    }

    const fn action(self) -> InstitutionAction {
        match self {
            Self::Number | Self::Ceiling => InstitutionAction::CheckByNumber,
            Self::Reference => InstitutionAction::RegisterReferenceNumber,
        }
    }

    const fn lead(self) -> &'static str {
        match self {
            Self::Number => {
                "資格確認書などの記号・番号で、資格を確認します。マイナンバーカードは顔認証付きカードリーダーで確認します。"
            }
            Self::Ceiling => {
                "限度額適用認定証・限度額適用・標準負担額減額認定証の情報を確認します。患者さんの口頭の同意が必要です。"
            }
            Self::Reference => {
                "照会番号を登録する患者さんを、資格確認書などの記号・番号で探します。見つかると、照会番号を入力する画面に進みます。"
            }
        }
    }
}

#[derive(Template)]
#[template(path = "institution/number_check.html")]
struct Page {
    shell: Shell,
    action: &'static str,
    lead: &'static str,
    summary: String,
    fields: Vec<String>,
    once: Once,
}

#[derive(Template)]
#[template(path = "institution/check_refused.html")]
struct CheckRefused {
    shell: Shell,
    code: &'static str,
    words: Guidance,
    /// When it makes sense to try again, in words.
    again: Option<String>,
    back: &'static str,
}

/// What the page may be opened with.
#[derive(Debug, Default, serde::Deserialize)]
struct Opened {
    /// The result whose question is to be corrected.
    #[serde(default)]
    from: String,
}

pub(super) fn pages() -> Router {
    Router::new()
        .route("/eligibility/number", get(number_page).post(check_number))
        .route("/eligibility/ceiling", get(ceiling_page).post(check_ceiling))
        .route("/reference-number", get(reference_page).post(check_reference))
}

async fn number_page(site: OnSite, user: InstitutionUser, opened: Query<Opened>) -> Response {
    open(Kind::Number, site, user, opened).await
}

async fn ceiling_page(site: OnSite, user: InstitutionUser, opened: Query<Opened>) -> Response {
    open(Kind::Ceiling, site, user, opened).await
}

async fn reference_page(site: OnSite, user: InstitutionUser, opened: Query<Opened>) -> Response {
    open(Kind::Reference, site, user, opened).await
}

async fn check_number(
    site: OnSite,
    user: InstitutionUser,
    api: Extension<Arc<Api>>,
    typed: FormData,
) -> Response {
    hand_in(Kind::Number, site, user, api, typed).await
}

async fn check_ceiling(
    site: OnSite,
    user: InstitutionUser,
    api: Extension<Arc<Api>>,
    typed: FormData,
) -> Response {
    hand_in(Kind::Ceiling, site, user, api, typed).await
}

async fn check_reference(
    site: OnSite,
    user: InstitutionUser,
    api: Extension<Arc<Api>>,
    typed: FormData,
) -> Response {
    hand_in(Kind::Reference, site, user, api, typed).await
}

async fn open(
    kind: Kind,
    OnSite(site): OnSite,
    user: InstitutionUser,
    Query(opened): Query<Opened>,
) -> Response {
    if let Err(refused) = user.must(&site, kind.action()).await {
        return refused;
    }
    let form = if opened.from.is_empty() {
        NumberSearchForm::new(tokyo_date(site.clock.now()))
    } else {
        match check_result::question_of(&site, &user, &opened.from).await {
            Ok(question) => NumberSearchForm::of(&question),
            Err(response) => return response,
        }
    };
    let insists = form.may_insist();
    let view = FormView::filled(NumberSearchForm::FIELDS, pairs(form).into());
    show(kind, &site, &user, (&view, insists), StatusCode::OK)
}

/// The form's fields with their names, as they would be handed in.
fn pairs(form: NumberSearchForm) -> Vec<(String, String)> {
    let named = |name: &str, value: String| (name.to_owned(), value);
    vec![
        named("insurer_number", form.insurer_number),
        named(NumberSearchForm::INSURER_NUMBER_AS_IS, form.insurer_number_as_is),
        named("insured_symbol", form.insured_symbol),
        named("insured_number", form.insured_number),
        named("branch_number", form.branch_number),
        named("birthdate", form.birthdate),
        named("as_of", form.as_of),
        named("ceiling_consent", form.ceiling_consent),
    ]
}

fn form_of(typed: &FormData) -> NumberSearchForm {
    NumberSearchForm {
        insurer_number: typed.text("insurer_number"),
        insurer_number_as_is: typed.text(NumberSearchForm::INSURER_NUMBER_AS_IS),
        insured_symbol: typed.text("insured_symbol"),
        insured_number: typed.text("insured_number"),
        branch_number: typed.text("branch_number"),
        birthdate: typed.text("birthdate"),
        as_of: typed.text("as_of"),
        ceiling_consent: typed.text("ceiling_consent"),
    }
}

fn show(
    kind: Kind,
    site: &Site,
    user: &InstitutionUser,
    (view, insists): (&FormView, bool),
    status: StatusCode,
) -> Response {
    let mut fields = vec![view.line("insurer_number")];
    if insists {
        fields.push(view.tick(NumberSearchForm::INSURER_NUMBER_AS_IS));
    }
    for id in ["insured_symbol", "insured_number", "branch_number", "birthdate"] {
        fields.push(view.line(id));
    }
    // Whom a number is given does not depend on a day, and nothing is shown of a certificate.
    if kind != Kind::Reference {
        fields.push(view.line("as_of"));
        fields.push(view.tick("ceiling_consent"));
    }
    let mut shell = menu::shell(site, kind.title(), kind.path(), user);
    shell.help = Some(kind.help());
    let page = Page {
        shell,
        action: kind.path(),
        lead: kind.lead(),
        summary: view.summary(),
        fields,
        once: Once::new(),
    };
    render(status, &page)
}

async fn hand_in(
    kind: Kind,
    OnSite(site): OnSite,
    user: InstitutionUser,
    Extension(api): Extension<Arc<Api>>,
    typed: FormData,
) -> Response {
    if let Err(refused) = user.must(&site, kind.action()).await {
        return refused;
    }
    let Some(once) = Once::of_form(&typed) else { return refused::incomplete() };
    let form = form_of(&typed);
    let read = match kind {
        Kind::Number | Kind::Reference => form.read(tokyo_date(site.clock.now())),
        Kind::Ceiling => form.read_for_ceiling(tokyo_date(site.clock.now())),
    };
    let query = match read {
        Ok(query) => query,
        Err(errors) => return faulty(kind, &site, &user, (form, typed), errors),
    };
    match ask(&api, &user, &once, query).await {
        Ok(request_id) if kind == Kind::Reference => to_register(&site, &user, &request_id).await,
        Ok(request_id) => see(&check_result::path(&request_id)),
        Err(refusal) => say_refused(kind, &site, &user, &refusal),
    }
}

/// On to the 照会番号 of the one person who was found; otherwise the result says what to do.
async fn to_register(site: &Site, user: &InstitutionUser, request_id: &str) -> Response {
    match site.store.check_result(&user.institution_code, request_id).await {
        Ok(Some(found)) if found.person_key.is_some() => see(&reference_number::path(request_id)),
        Ok(_) => see(&check_result::path(request_id)),
        Err(error) => refused::by_store(&error),
    }
}

fn faulty(
    kind: Kind,
    site: &Site,
    user: &InstitutionUser,
    (form, typed): (NumberSearchForm, FormData),
    errors: FieldErrors,
) -> Response {
    let view = FormView::faulty(NumberSearchForm::FIELDS, typed, errors);
    show(kind, site, user, (&view, form.may_insist()), StatusCode::UNPROCESSABLE_ENTITY)
}

/// Asks, and says under which id the answer is kept.
async fn ask(api: &Api, user: &InstitutionUser, once: &Once, query: NumberQuery) -> Result<String, Refusal> {
    let request_id = request_id(once, user.subject(), &query)?;
    let asked = NumberCheckRequest::new(request_id.clone(), query);
    let body = serde_json::to_vec(&asked).map_err(|_| ErrorCode::Internal)?;
    let route = format!("{PATH} {}", user.subject());
    let digests = Digests::of(&route, &user.terminal, &body);
    let (_, query) = asked.into_parts();
    let check = NumberCheck { request_id: request_id.clone(), query, digests, repeats_question: true };
    let asker = Asker { terminal: &user.terminal, actor: user.actor() };
    verify_number::check(api, &asker, check).await?;
    Ok(request_id)
}

/// The same form with the same question is one check, however often it is sent; a question that was corrected after
/// going back is another, and no wrong guess. Whoever does not know the form's random id cannot know this one.
fn request_id(once: &Once, subject: &str, query: &NumberQuery) -> Result<String, Refusal> {
    let form = once.of_subject(subject);
    let named = (form.subject, form.form_id, query);
    let bytes = serde_json::to_vec(&named).map_err(|_| ErrorCode::Internal)?;
    Ok(web_request_id(digest(&SHA256, &bytes).as_ref()))
}

/// The request id of a check on the web, from a hash that nobody can guess.
pub(super) fn web_request_id(hash: &[u8]) -> String {
    let random = hash.get(..REQUEST_ID_BYTES).unwrap_or(hash);
    format!("{REQUEST_ID_PREFIX}{}", hex::encode(random))
}

/// Whether a text is the id of a check on the web.
pub(super) fn is_request_id(text: &str) -> bool {
    text.strip_prefix(REQUEST_ID_PREFIX).is_some_and(|hex| {
        hex.len() == 2 * REQUEST_ID_BYTES && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn say_refused(kind: Kind, site: &Site, user: &InstitutionUser, refusal: &Refusal) -> Response {
    let entry = refusal.code.entry();
    let again = refusal.retry_after_s.map(|seconds| match seconds {
        ..60 => format!("{seconds}秒後"),
        _ => format!("約{}分後", seconds.div_ceil(60)),
    });
    let page = CheckRefused {
        shell: menu::shell(site, "資格確認ができませんでした", kind.path(), user)
            .with_help("/help/check-refused"),
        code: entry.code,
        words: entry.ja,
        again,
        back: kind.path(),
    };
    render(refusal.status, &page)
}
