//! 登録者: who registered an institution on the portal, whether that is known to be right, and how a wrong one is stopped.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{
    account::OperatorAction,
    application::Actor,
    institution::{InstitutionCode, names_agree},
};
use serde::Deserialize;
use store::{ProofWay, Registrant, Stopped};

use super::acting;
use crate::portal::applications::summary;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, OperatorUser, Shell, Site, refused, render, see};

/// Characters of a reason or a note at most.
const NOTE_CHARS_MAX: usize = 400;

/// One registrant as the list and the page show it.
struct View {
    code: String,
    subject: String,
    typed_name: String,
    register_name: Option<String>,
    differs: bool,
    mail: String,
    name: String,
    department: Option<String>,
    phone: String,
    registered: String,
    /// How, by whom, when, and the note.
    proof: Option<(String, String)>,
    /// By whom, when, and why.
    stop: Option<(String, String)>,
    /// Whether the person before the page asked for it.
    own_stop: bool,
}

impl View {
    fn of(registrant: Registrant, user: &OperatorUser) -> Self {
        let account = registrant.account;
        let register = registrant.register_name.as_deref();
        let differs = register.is_none_or(|name| !names_agree(name, &registrant.typed_name));
        let proof = registrant.proof.map(|proof| {
            (format!("{}で確認（{} {}）", proof.way.label(), proof.by, summary::moment(proof.at)), proof.note)
        });
        let own_stop = registrant.stop.as_ref().is_some_and(|asked| asked.by == user.subject());
        let stop = registrant
            .stop
            .map(|asked| (format!("{}（{}）", asked.by, summary::moment(asked.at)), asked.reason));
        Self {
            code: account.institution_code.to_string(),
            subject: account.subject,
            typed_name: registrant.typed_name,
            register_name: registrant.register_name,
            differs,
            mail: account.mail.to_string(),
            name: account.name,
            department: account.department,
            phone: account.phone,
            registered: summary::moment(account.created_at),
            proof,
            stop,
            own_stop,
        }
    }
}

#[derive(Template)]
#[template(path = "operator/registrants.html")]
struct ListPage {
    shell: Shell,
    waiting: Vec<View>,
    unknown: Option<String>,
}

#[derive(Template)]
#[template(path = "operator/registrant.html")]
struct OnePage {
    shell: Shell,
    one: View,
    /// 電話番号 and 住所 of the register: by them the operator makes sure.
    reach: (String, String),
    may_act: bool,
    done: Option<&'static str>,
    told: Option<&'static str>,
    typed: FormData,
}

/// What an address may say besides.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    institution: Option<String>,
    #[serde(default)]
    done: Option<String>,
}

/// Those that wait, and a search by code.
pub(super) async fn page(OnSite(site): OnSite, user: OperatorUser, Query(asked): Query<Asked>) -> Response {
    if let Err(refused) = acting(&site, &user, OperatorAction::ReadApplications).await {
        return refused;
    }
    let mut unknown = asked.institution;
    if let Some(code) = unknown.as_deref().and_then(|text| InstitutionCode::parse(text.trim()).ok()) {
        match site.store.registrant(&code).await {
            Ok(Some(_)) => return see(&format!("/registrants/{code}")),
            Ok(None) => unknown = Some(code.to_string()),
            Err(error) => return refused::by_store(&error),
        }
    }
    match site.store.registrants_waiting().await {
        Ok(waiting) => {
            let waiting = waiting.into_iter().map(|one| View::of(one, &user)).collect();
            let shell = super::shell(&site, "登録者", "/registrants", &user);
            let status = if unknown.is_some() { StatusCode::NOT_FOUND } else { StatusCode::OK };
            render(status, &ListPage { shell, waiting, unknown })
        }
        Err(error) => refused::by_store(&error),
    }
}

/// One of them.
pub(super) async fn one(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(institution): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Err(refused) = acting(&site, &user, OperatorAction::ReadApplications).await {
        return refused;
    }
    let done = asked.done.as_deref().and_then(|done| match done {
        "prove" => Some("登録者を確認済みにしました。"),
        "stop-ask" => Some("停止の1人目として記録しました。2人目の担当者が停止します。"),
        _ => None,
    });
    write(&site, &user, &institution, (done, None), FormData::default()).await
}

async fn write(
    site: &Site,
    user: &OperatorUser,
    institution: &str,
    (done, told): (Option<&'static str>, Option<&'static str>),
    typed: FormData,
) -> Response {
    let Ok(code) = InstitutionCode::parse(institution) else { return refused::not_there() };
    let reach = match reach(site, &code).await {
        Ok(reach) => reach,
        Err(error) => return refused::by_store(&error),
    };
    match site.store.registrant(&code).await {
        Ok(Some(registrant)) => {
            let one = View::of(registrant, user);
            let may_act = user.role.may(OperatorAction::Decide);
            let shell = super::shell(site, "登録者", "/registrants", user);
            let status = if told.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            render(status, &OnePage { shell, one, reach, may_act, done, told, typed })
        }
        Ok(None) => refused::not_there(),
        Err(error) => refused::by_store(&error),
    }
}

/// How the register says that the institution is reached: telephone and address.
async fn reach(site: &Site, code: &InstitutionCode) -> store::Result<(String, String)> {
    let missing = || "（台帳にありません）".to_owned();
    let entry = site.store.institution_entry(code).await?.map(|(entry, _)| entry);
    let (phone, address) = entry.map_or((None, None), |entry| (entry.phone, entry.address));
    let address = address.as_ref().map(super::institutions::address_line);
    Ok((phone.unwrap_or_else(missing), address.unwrap_or_else(missing)))
}

/// A note or reason that may be kept.
fn note(typed: &FormData, name: &str) -> Option<String> {
    let text = typed.text(name).trim().to_owned();
    (!text.is_empty() && text.chars().count() <= NOTE_CHARS_MAX).then_some(text)
}

const NO_NOTE: &str = "確認した相手と内容を、400文字以内で入力してください。";
const NO_WAY: &str = "確認の方法を選んでください。";
const NO_REASON: &str = "停止の理由を、400文字以内で入力してください。";
const SAME_PERSON: &str = "1人目として記録済みです。停止は、別の担当者が行います。";

/// Who decides about the registrant of which institution.
async fn deciding(
    site: &Site,
    user: &OperatorUser,
    institution: &str,
) -> Result<(Actor, InstitutionCode), Response> {
    let by = acting(site, user, OperatorAction::Decide).await?;
    Ok((by, InstitutionCode::parse(institution).map_err(|_| refused::not_there())?))
}

/// 登録者を確認済みにする.
pub(super) async fn prove(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(institution): Path<String>,
    typed: FormData,
) -> Response {
    let (by, code) = match deciding(&site, &user, &institution).await {
        Ok(who_and_whose) => who_and_whose,
        Err(refused) => return refused,
    };
    let Some(way) = ProofWay::from_name(typed.get("way")) else {
        return write(&site, &user, &institution, (None, Some(NO_WAY)), typed).await;
    };
    let Some(note) = note(&typed, "note") else {
        return write(&site, &user, &institution, (None, Some(NO_NOTE)), typed).await;
    };
    let whom = (&code, typed.get("subject"));
    match site.store.prove_registrant(whom, (way, &note), by, site.clock.now()).await {
        // One that was proven a moment ago is a second click: the page shows it.
        Ok(_) => see(&format!("/registrants/{code}?done=prove")),
        Err(error) => refused::by_store(&error),
    }
}

/// 登録者の停止: the first person asks, another one does it.
pub(super) async fn stop(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(institution): Path<String>,
    typed: FormData,
) -> Response {
    let (by, code) = match deciding(&site, &user, &institution).await {
        Ok(who_and_whose) => who_and_whose,
        Err(refused) => return refused,
    };
    let Some(reason) = note(&typed, "reason") else {
        return write(&site, &user, &institution, (None, Some(NO_REASON)), typed).await;
    };
    let whom = (&code, typed.get("subject"));
    match site.store.stop_registrant(whom, &reason, by, site.clock.now()).await {
        Ok(Stopped::Asked) => see(&format!("/registrants/{code}?done=stop-ask")),
        Ok(Stopped::Done) => see("/registrants"),
        Ok(Stopped::SamePerson) => write(&site, &user, &institution, (None, Some(SAME_PERSON)), typed).await,
        Ok(Stopped::Unknown) => refused::not_there(),
        Err(error) => refused::by_store(&error),
    }
}
