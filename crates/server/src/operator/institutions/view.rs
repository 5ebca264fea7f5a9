//! One entry of the register, with the change that waits for a second person beside the present values.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{
    account::OperatorAction,
    institution::InstitutionCode,
    institution_entry::{FeeTable, InstitutionClosingForm},
};
use serde::Deserialize;
use store::{InstitutionAddress, InstitutionWaiting, InstitutionWish, RegisteredInstitution};

use super::{PATH, list::name_of};
use crate::operator::{acting, shell};
use crate::portal::applications::summary;
use crate::web::signed_in::OnSite;
use crate::web::{FormView, OperatorUser, Shell, Site, refused, render};

/// A label, the present value, and the wanted one where it is another.
struct Row {
    label: &'static str,
    present: String,
    wanted: Option<String>,
}

/// What waits.
struct Waiting {
    what: &'static str,
    reason: Option<String>,
    by: String,
    at: String,
    /// Names the wish in the form.
    mark: i64,
    own: bool,
}

#[derive(Template)]
#[template(path = "operator/institution.html")]
struct Page {
    shell: Shell,
    code: String,
    rows: Vec<Row>,
    changed: Option<String>,
    closed: Option<String>,
    waiting: Option<Waiting>,
    form: FormView,
    may_act: bool,
    /// Whether this person may look after registrants.
    sees_registrants: bool,
    done: Option<&'static str>,
    told: Option<&'static str>,
}

/// What an address may say besides.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    done: Option<String>,
}

/// An address in one line of text.
pub(in crate::operator) fn address_line(address: &InstitutionAddress) -> String {
    let (first, second) = address.postal_code.split_at_checked(3).unwrap_or(("", &address.postal_code));
    let line = format!("〒{first}-{second} {}", address.first_line);
    address.second_line.as_ref().map_or(line.clone(), |more| format!("{line} {more}"))
}

fn rows(one: &RegisteredInstitution, wanted: Option<&InstitutionWish>) -> Vec<Row> {
    let missing = || "（未登録）".to_owned();
    let entry = match wanted {
        Some(InstitutionWish::Change(entry)) => Some(entry),
        _ => None,
    };
    let wanted_address = entry.map(|entry| {
        address_line(&InstitutionAddress {
            postal_code: entry.postal_code.clone(),
            first_line: entry.first_line.clone(),
            second_line: entry.second_line.clone(),
        })
    });
    let row = |label, present: String, wanted: Option<String>| Row {
        label,
        wanted: wanted.filter(|wanted| *wanted != present),
        present,
    };
    vec![
        row("医療機関コード", one.code.to_string(), None),
        row("都道府県", one.code.prefecture().to_owned(), None),
        row("点数表区分", one.fee_table().map_or("—", FeeTable::label).to_owned(), None),
        row("医療機関等名称", one.name.clone(), entry.map(|entry| entry.name.clone())),
        row("住所", one.address.as_ref().map_or_else(missing, address_line), wanted_address),
        row("電話番号", one.phone.clone().unwrap_or_else(missing), entry.map(|entry| entry.phone.clone())),
    ]
}

fn waiting(wish: InstitutionWaiting, user: &OperatorUser) -> Waiting {
    Waiting {
        what: name_of(&wish.wanted),
        own: wish.by == user.subject(),
        by: wish.by,
        at: summary::moment(wish.at),
        mark: wish.at.0,
        reason: match wish.wanted {
            InstitutionWish::Close { reason } => Some(reason),
            InstitutionWish::Change(_) => None,
        },
    }
}

/// What a page says above its values: what was done, or why it was not, and the form of the closing.
#[derive(Default)]
pub(super) struct Said {
    pub(super) done: Option<&'static str>,
    pub(super) told: Option<(StatusCode, &'static str)>,
    pub(super) form: Option<FormView>,
}

/// The page of an entry.
pub(super) async fn write(site: &Site, user: &OperatorUser, code: &InstitutionCode, said: Said) -> Response {
    let (one, wish) = match site.store.institution_entry(code).await {
        Ok(Some(found)) => found,
        Ok(None) => return refused::not_there(),
        Err(error) => return refused::by_store(&error),
    };
    let faulty = said.form.is_some();
    let page = Page {
        shell: shell(site, one.name.clone(), PATH, user),
        code: code.to_string(),
        rows: rows(&one, wish.as_ref().map(|wish| &wish.wanted)),
        changed: one.changed_at.zip(one.changed_by).map(|(at, by)| {
            let who = by.strip_prefix("operator:").unwrap_or(&by);
            format!("{}（{who}）", summary::moment(at))
        }),
        closed: one.closed_at.map(summary::moment),
        waiting: wish.map(|wish| waiting(wish, user)),
        form: said.form.unwrap_or_else(|| FormView::new(InstitutionClosingForm::FIELDS)),
        may_act: user.role.may(OperatorAction::ManageInstitutions),
        sees_registrants: user.role.may(OperatorAction::ReadApplications),
        done: said.done,
        told: said.told.map(|(_, words)| words),
    };
    let status = match said.told {
        Some((status, _)) => status,
        None if faulty => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    render(status, &page)
}

/// GET.
pub(super) async fn page(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(institution): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Err(refused) = acting(&site, &user, OperatorAction::ReadRegister).await {
        return refused;
    }
    let Ok(code) = InstitutionCode::parse(&institution) else { return refused::not_there() };
    let done = asked.done.as_deref().and_then(|done| match done {
        "add" => Some("医療機関を登録しました。"),
        "ask" => Some("1人目として記録しました。別の担当者が確認すると反映されます。"),
        "change" => Some("変更を反映しました。"),
        "close" => Some("廃止にしました。電子証明書と回線の利用は終了しました。"),
        "drop" => Some("取り下げました。何も変更していません。"),
        _ => None,
    });
    write(&site, &user, &code, Said { done, ..Said::default() }).await
}
