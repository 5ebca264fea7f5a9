//! Adding an entry, asking for a change, and deciding about what somebody else asked for.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{
    Instant,
    account::OperatorAction,
    field::FieldErrors,
    institution::InstitutionCode,
    institution_entry::{InstitutionClosingForm, InstitutionEntry, InstitutionEntryForm},
};
use store::{InstitutionAsked, InstitutionDecided, InstitutionWish, RegisteredInstitution};

use super::{
    PATH,
    view::{Said, write},
};
use crate::operator::{acting, shell};
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, OperatorUser, Shell, Site, refused, render, see};

#[derive(Template)]
#[template(path = "operator/institution_form.html")]
struct Page {
    shell: Shell,
    /// The code of the entry that is changed; `None` for a new one.
    code: Option<String>,
    form: FormView,
    told: Option<String>,
}

fn sheet(
    site: &Site,
    user: &OperatorUser,
    code: Option<&InstitutionCode>,
    form: FormView,
    told: Option<String>,
) -> Response {
    let title = if code.is_some() { "医療機関の変更" } else { "医療機関の登録" };
    let faulty = told.is_some() || !form.summary().is_empty();
    let status = if faulty { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let code = code.map(ToString::to_string);
    render(status, &Page { shell: shell(site, title, PATH, user), code, form, told })
}

fn typed(form: &FormData) -> InstitutionEntryForm {
    InstitutionEntryForm {
        code: form.text("code"),
        code_as_is: form.text("code_as_is"),
        name: form.text("name"),
        postal_code: form.text("postal_code"),
        first_line: form.text("first_line"),
        second_line: form.text("second_line"),
        phone: form.text("phone"),
    }
}

/// The form of a new entry.
pub(super) async fn new(OnSite(site): OnSite, user: OperatorUser) -> Response {
    if let Err(refused) = acting(&site, &user, OperatorAction::ManageInstitutions).await {
        return refused;
    }
    sheet(&site, &user, None, FormView::new(InstitutionEntryForm::FIELDS), None)
}

/// 登録する.
pub(super) async fn add(OnSite(site): OnSite, user: OperatorUser, form: FormData) -> Response {
    let by = match acting(&site, &user, OperatorAction::ManageInstitutions).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let entry = match InstitutionEntry::try_from(&typed(&form)) {
        Ok(entry) => entry,
        Err(errors) => return faulty(&site, &user, None, form, errors),
    };
    let code = entry.code.clone();
    let added =
        site.store.add_institution(entry, &format!("operator:{}", by.account), site.clock.now()).await;
    match added {
        Ok(true) => see(&format!("{PATH}/{code}?done=add")),
        Ok(false) => {
            let told = format!(
                "医療機関コード {code} は登録済みです。変更は、その医療機関の画面から行ってください。"
            );
            let form = FormView::filled(InstitutionEntryForm::FIELDS, form);
            sheet(&site, &user, None, form, Some(told))
        }
        Err(error) => refused::by_store(&error),
    }
}

fn faulty(
    site: &Site,
    user: &OperatorUser,
    code: Option<&InstitutionCode>,
    form: FormData,
    errors: FieldErrors,
) -> Response {
    let form = FormView::faulty(InstitutionEntryForm::FIELDS, form, errors);
    sheet(site, user, code, form, None)
}

/// What the form begins with: the present values, as far as the register has them.
fn present(one: RegisteredInstitution) -> FormData {
    let address = one.address;
    let (postal_code, first_line, second_line) = match address {
        Some(address) => (address.postal_code, address.first_line, address.second_line.unwrap_or_default()),
        None => Default::default(),
    };
    FormData::from(vec![
        ("name".to_owned(), one.name),
        ("postal_code".to_owned(), postal_code),
        ("first_line".to_owned(), first_line),
        ("second_line".to_owned(), second_line),
        ("phone".to_owned(), one.phone.unwrap_or_default()),
    ])
}

/// The form of a change.
pub(super) async fn form(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(institution): Path<String>,
) -> Response {
    if let Err(refused) = acting(&site, &user, OperatorAction::ManageInstitutions).await {
        return refused;
    }
    let Ok(code) = InstitutionCode::parse(&institution) else { return refused::not_there() };
    match site.store.institution_entry(&code).await {
        Ok(Some((one, None))) if one.closed_at.is_none() => {
            let form = FormView::filled(InstitutionEntryForm::FIELDS, present(one));
            sheet(&site, &user, Some(&code), form, None)
        }
        // Out of use, or another change waits: the entry's page says so.
        Ok(Some(_)) => see(&format!("{PATH}/{code}")),
        Ok(None) => refused::not_there(),
        Err(error) => refused::by_store(&error),
    }
}

/// 変更を依頼する（1人目）.
pub(super) async fn ask(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(institution): Path<String>,
    form: FormData,
) -> Response {
    let by = match acting(&site, &user, OperatorAction::ManageInstitutions).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let Ok(code) = InstitutionCode::parse(&institution) else { return refused::not_there() };
    // The code is the entry's: it changes by 医療機関コード変更申請 only.
    let own = InstitutionEntryForm { code: code.to_string(), code_as_is: "on".to_owned(), ..typed(&form) };
    let entry = match InstitutionEntry::try_from(&own) {
        Ok(entry) => entry,
        Err(errors) => return faulty(&site, &user, Some(&code), form, errors),
    };
    let wanted = InstitutionWish::Change(entry);
    let asked = site.store.ask_institution_wish(&code, wanted, by, site.clock.now()).await;
    after_asking(&site, &user, &code, asked).await
}

/// 廃止を依頼する（1人目）.
pub(super) async fn close(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(institution): Path<String>,
    form: FormData,
) -> Response {
    let by = match acting(&site, &user, OperatorAction::ManageInstitutions).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let Ok(code) = InstitutionCode::parse(&institution) else { return refused::not_there() };
    let reason = match (InstitutionClosingForm { reason: form.text("reason") }).read() {
        Ok(reason) => reason,
        Err(errors) => {
            let form = Some(FormView::faulty(InstitutionClosingForm::FIELDS, form, errors));
            return write(&site, &user, &code, Said { form, ..Said::default() }).await;
        }
    };
    let wanted = InstitutionWish::Close { reason };
    let asked = site.store.ask_institution_wish(&code, wanted, by, site.clock.now()).await;
    after_asking(&site, &user, &code, asked).await
}

const ANOTHER_WAITS: &str =
    "この医療機関には、確認を待っている変更があります。先にそれを反映するか、取り下げてください。";
const SAME_PERSON: &str = "1人目として記録済みです。反映は、別の担当者が行います。";
const GONE: &str = "その変更は、すでに反映されたか、取り下げられています。";

async fn after_asking(
    site: &Site,
    user: &OperatorUser,
    code: &InstitutionCode,
    asked: store::Result<InstitutionAsked>,
) -> Response {
    match asked {
        Ok(InstitutionAsked::Waiting) => see(&format!("{PATH}/{code}?done=ask")),
        Ok(InstitutionAsked::AnotherWaits) => {
            let told = Some((StatusCode::CONFLICT, ANOTHER_WAITS));
            write(site, user, code, Said { told, ..Said::default() }).await
        }
        Ok(InstitutionAsked::Unknown) => refused::not_there(),
        Err(error) => refused::by_store(&error),
    }
}

/// 反映する（2人目）, or 取り下げる.
pub(super) async fn decide(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(institution): Path<String>,
    form: FormData,
) -> Response {
    let by = match acting(&site, &user, OperatorAction::ManageInstitutions).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let (Ok(code), Ok(asked_at)) = (InstitutionCode::parse(&institution), form.get("asked_at").parse())
    else {
        return refused::not_there();
    };
    let agrees = match form.get("decision") {
        "agree" => true,
        "drop" => false,
        _ => return refused::incomplete(),
    };
    let closes = form.get("what") == "close";
    let which = (&code, Instant(asked_at));
    let decided = site.store.decide_institution_wish(which, agrees, by, site.clock.now()).await;
    let told = match decided {
        Ok(InstitutionDecided::Done) if closes => return see(&format!("{PATH}/{code}?done=close")),
        Ok(InstitutionDecided::Done) => return see(&format!("{PATH}/{code}?done=change")),
        Ok(InstitutionDecided::Dropped) => return see(&format!("{PATH}/{code}?done=drop")),
        Ok(InstitutionDecided::SamePerson) => SAME_PERSON,
        Ok(InstitutionDecided::Gone) => GONE,
        Err(error) => return refused::by_store(&error),
    };
    write(&site, &user, &code, Said { told: Some((StatusCode::CONFLICT, told)), ..Said::default() }).await
}
