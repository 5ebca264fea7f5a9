//! The form of an application: kept as a draft however far it is, read as a whole when it goes on.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{
    application::{ApplicationForm, ApplicationKind, ApplicationState, my_menu},
    calendar::tokyo_date,
    field::FieldErrors,
};
use serde::Deserialize;
use store::{ApplicationId, DRAFTS_LIMIT, NewDraft, Saved, StoredApplication};

use super::kind_page::{self, KindPage, Offered};
use super::{applicant, certificate_renewal, kind_of, mine, new_id, place, see, slug};
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, PortalUser, Shell, Site, refused, render};

#[derive(Template)]
#[template(path = "applications/form.html")]
struct Page {
    shell: Shell,
    slug: String,
    id: String,
    version: String,
    lead: &'static str,
    notes: &'static [&'static str],
    saved: bool,
    reason: Option<String>,
    warning: Option<String>,
    faults: String,
    fields: Vec<String>,
}

/// What a form page shows besides the form.
#[derive(Default)]
pub(super) struct Told {
    pub(super) saved: bool,
    pub(super) reason: Option<String>,
    pub(super) warning: Option<String>,
}

/// Which draft a form is of.
struct Draft {
    kind: ApplicationKind,
    id: String,
    version: Option<i64>,
}

async fn write(
    site: &Site,
    user: &PortalUser,
    draft: Draft,
    (typed, errors): (FormData, Option<FieldErrors>),
    told: Told,
) -> Response {
    let Some(page) = kind_page::of(draft.kind) else { return refused::not_there() };
    let offered = match offered(site, user, draft.kind).await {
        Ok(offered) => offered,
        Err(error) => return refused::by_store(&error),
    };
    let KindPage { lead, notes, fields } = page;
    let faulty = errors.is_some();
    let known = ApplicationForm::fields(draft.kind);
    let view = match errors {
        Some(errors) => FormView::faulty(known, typed, errors),
        None => FormView::filled(known, typed),
    };
    let shown = Page {
        shell: Shell::new(site, draft.kind.label(), "/applications", Some(&user.signed_in)),
        slug: slug(draft.kind),
        id: draft.id,
        version: draft.version.map(|version| version.to_string()).unwrap_or_default(),
        lead,
        notes,
        saved: told.saved,
        reason: told.reason,
        faults: view.summary(),
        fields: fields(&view, &offered),
        warning: told.warning.clone(),
    };
    let status = match (faulty, told.warning) {
        (true, _) => StatusCode::UNPROCESSABLE_ENTITY,
        (false, Some(_)) => StatusCode::CONFLICT,
        (false, None) => StatusCode::OK,
    };
    render(status, &shown)
}

/// What the institution has to choose from.
async fn offered(site: &Site, user: &PortalUser, kind: ApplicationKind) -> Result<Offered, store::Error> {
    if kind != ApplicationKind::CertificateRevocation {
        return Ok(Offered::default());
    }
    let now = site.clock.now();
    let all = site.store.certificates_of(&user.institution_code).await?;
    let usable = all.into_iter().filter(|one| one.revocation.is_none() && !one.period.is_over(now));
    let named = usable.map(|one| {
        let last_day = eligibility::calendar::format_japanese(one.period.last_day());
        let mut words = format!("{}（{last_day}まで、シリアル番号 {}）", one.terminal_name, one.serial);
        if let Some(next) = &one.successor {
            words += &format!("。更新後の電子証明書はシリアル番号 {next}");
        }
        (one.serial, words)
    });
    Ok(Offered { certificates: named.collect() })
}

/// A stored form as a page.
pub(super) async fn write_stored(
    site: &Site,
    user: &PortalUser,
    stored: &StoredApplication,
    errors: Option<FieldErrors>,
    told: Told,
) -> Response {
    let draft =
        Draft { kind: stored.application.kind, id: stored.id.to_string(), version: Some(stored.version) };
    let reason = told.reason.or_else(|| my_menu(&stored.application).reason);
    write(site, user, draft, (kind_page::typed_of(&stored.form), errors), Told { reason, ..told }).await
}

/// The empty form.
pub(super) async fn new_page(OnSite(site): OnSite, user: PortalUser, Path(kind): Path<String>) -> Response {
    let Some(kind) = kind_of(&kind) else { return refused::not_there() };
    if kind_page::of(kind).is_none() {
        return certificate_renewal::page(&site, &user);
    }
    let begun = match kind {
        ApplicationKind::UseChange => used_now(&site, &user).await,
        _ => Ok(FormData::default()),
    };
    let draft = Draft { kind, id: new_id(), version: None };
    match begun {
        Ok(typed) => write(&site, &user, draft, (typed, None), Told::default()).await,
        Err(error) => refused::by_store(&error),
    }
}

/// What an address may say besides.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    saved: Option<String>,
}

/// The form of a draft or a returned application.
pub(super) async fn edit_page(
    OnSite(site): OnSite,
    user: PortalUser,
    path: Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let stored = match mine(&site, &user, path).await {
        Ok(stored) => stored,
        Err(refused) => return refused,
    };
    if !stored.application.state.is_editable() {
        return see(&place(stored.application.kind, &stored.id));
    }
    let told = Told { saved: asked.saved.is_some(), ..Told::default() };
    write_stored(&site, &user, &stored, None, told).await
}

/// A form that was opened anew and filled in the same again goes on with the draft there is.
async fn same_draft(
    site: &Site,
    user: &PortalUser,
    form: &ApplicationForm,
    seen: Option<i64>,
) -> Result<Option<(ApplicationId, i64)>, store::Error> {
    if seen.is_some() {
        return Ok(None);
    }
    let all = site.store.applications_of(&user.institution_code).await?;
    let same =
        all.into_iter().find(|one| one.application.state == ApplicationState::Draft && one.form == *form);
    Ok(same.map(|one| (one.id, one.version)))
}

/// What an institution uses now, for the form that changes it; months that are past are left to be typed.
async fn used_now(site: &Site, user: &PortalUser) -> Result<FormData, store::Error> {
    let all = site.store.applications_of(&user.institution_code).await?;
    let granted = all.into_iter().filter(|one| {
        let application = &one.application;
        let of_use = matches!(application.kind, ApplicationKind::UseStart | ApplicationKind::UseChange);
        of_use && matches!(application.state, ApplicationState::Approved | ApplicationState::Completed)
    });
    let Some(newest) = granted.max_by_key(|one| one.submitted_at) else { return Ok(FormData::default()) };
    let errors = newest.form.read(tokyo_date(site.clock.now())).err();
    let past = |id: &str| errors.as_ref().is_some_and(|errors| errors.of(id).is_some());
    let typed = kind_page::typed_of(&newest.form);
    let kept = ApplicationForm::fields(ApplicationKind::UseChange).iter().filter(|field| !past(field.id));
    Ok(FormData::from(kept.map(|field| (field.id.to_owned(), typed.text(field.id))).collect::<Vec<_>>()))
}

/// 下書き保存 or 確認画面へ進む.
pub(super) async fn handed_in(
    OnSite(site): OnSite,
    user: PortalUser,
    Path(kind): Path<String>,
    typed: FormData,
) -> Response {
    let Some(kind) = kind_of(&kind).filter(|kind| kind_page::of(*kind).is_some()) else {
        return refused::not_there();
    };
    let by = match applicant(&site, &user).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let version = typed.get("version");
    let seen = version.parse::<i64>().ok();
    let (Some(id), Some(form)) = (ApplicationId::parse(typed.get("id")), kind_page::form_of(kind, &typed))
    else {
        return refused::incomplete();
    };
    if seen.is_none() && !version.is_empty() {
        return refused::incomplete();
    }
    let (id, seen) = match same_draft(&site, &user, &form, seen).await {
        Ok(Some((kept, version))) => (kept, Some(version)),
        Ok(None) => (id, seen),
        Err(error) => return refused::by_store(&error),
    };
    let now = site.clock.now();
    let keeps_only = typed.get("action") == "save";
    let saved = site.store.save_draft(NewDraft { id: id.clone(), form, by, seen, now }).await;
    let warned = |warning: String| Told { warning: Some(warning), ..Told::default() };
    match saved {
        Err(error) => refused::by_store(&error),
        Ok(Saved::Saved(stored)) if keeps_only => see(&format!("{}/edit?saved=1", place(kind, &stored.id))),
        Ok(Saved::Saved(stored)) => match stored.form.read(tokyo_date(now)) {
            Ok(_) => see(&format!("{}/confirm", place(kind, &stored.id))),
            Err(errors) => write_stored(&site, &user, &stored, Some(errors), Told::default()).await,
        },
        Ok(Saved::ChangedElsewhere(stored)) => {
            let draft = Draft { kind, id: id.to_string(), version: Some(stored.version) };
            let told = warned(
                "この申請は、この画面を開いた後に別の画面で保存されています。下の内容で上書きするときは、もう一度ボタンを押してください。"
                    .to_owned(),
            );
            write(&site, &user, draft, (typed, None), told).await
        }
        Ok(Saved::Refused(_)) => see(&place(kind, &id)),
        Ok(Saved::TooMany) => {
            let told = warned(format!(
                "下書きが{DRAFTS_LIMIT}件あるため保存できません。マイメニューで不要な下書きを取り下げてから、もう一度お試しください。"
            ));
            write(&site, &user, Draft { kind, id: id.to_string(), version: seen }, (typed, None), told).await
        }
        Ok(Saved::TooLong) => {
            let told = warned("入力が長すぎるため保存できません。文字数を減らしてください。".to_owned());
            let draft = Draft { kind, id: id.to_string(), version: seen };
            write(&site, &user, draft, (FormData::default(), None), told).await
        }
        Ok(Saved::Unknown) => refused::not_there(),
    }
}
