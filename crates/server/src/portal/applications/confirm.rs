//! 確認 → 申請 → 受付番号. What is handed in is what the confirmation showed.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{
    application::{Actor, ApplicationContent, FindingCode, FindingSeverity, Refused, Side, my_menu},
    calendar::tokyo_date,
};
use store::{Acted, ApplicationId, StoredApplication};

use super::form::{Told, write_stored};
use super::summary::{self, Row};
use super::{applicant, kind_of, mine, place, see};
use crate::web::signed_in::OnSite;
use crate::web::{FormData, PortalUser, Shell, Site, refused, render};

#[derive(Template)]
#[template(path = "applications/confirm.html")]
struct Page {
    shell: Shell,
    place: String,
    rows: Vec<Row>,
    revision: u32,
    version: i64,
    /// Why it could not be approved as it is; it is not handed in then.
    hopeless: Vec<&'static str>,
}

/// The last look before it is handed in.
pub(super) async fn page(OnSite(site): OnSite, user: PortalUser, path: Path<(String, String)>) -> Response {
    let stored = match mine(&site, &user, path).await {
        Ok(stored) => stored,
        Err(refused) => return refused,
    };
    let kind = stored.application.kind;
    if !stored.application.state.is_editable() {
        return see(&place(kind, &stored.id));
    }
    let content = match stored.form.read(tokyo_date(site.clock.now())) {
        Ok(content) => content,
        Err(errors) => return write_stored(&site, &user, &stored, Some(errors), Told::default()).await,
    };
    let by = match applicant(&site, &user).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let hopeless = match hopeless(&site, &stored, &content, by).await {
        Ok(hopeless) => hopeless,
        Err(error) => return refused::by_store(&error),
    };
    let title = format!("{}の確認", kind.label());
    let page = Page {
        shell: Shell::new(&site, title, "/applications", Some(&user.signed_in)),
        place: place(kind, &stored.id),
        rows: summary::rows(&content),
        revision: stored.application.revision,
        version: stored.version,
        hopeless,
    };
    let status = if page.hopeless.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    render(status, &page)
}

/// Findings that nobody but the applicant can do anything about, and that end in a rejection.
async fn hopeless(
    site: &Site,
    stored: &StoredApplication,
    content: &ApplicationContent,
    by: Actor,
) -> Result<Vec<&'static str>, store::Error> {
    let Side::Applicant { institution, .. } = &by.side else { return Ok(Vec::new()) };
    let place = (&institution.clone(), &stored.id);
    let found = site.store.findings_beforehand(place, content.clone(), by, site.clock.now()).await?;
    let blocking = found.iter().filter(|one| one.severity == FindingSeverity::Blocking);
    let own = blocking.filter(|one| {
        matches!(
            one.code,
            FindingCode::DuplicateOpen
                | FindingCode::DuplicateTerminal
                | FindingCode::AlreadyInUse
                | FindingCode::CustomerIdUnchanged
                | FindingCode::CertificateRevoked
                | FindingCode::OtherCodeSame
        )
    });
    Ok(own.map(|one| one.code.sentence()).collect())
}

/// 申請する.
pub(super) async fn submit(
    OnSite(site): OnSite,
    user: PortalUser,
    Path((kind, id)): Path<(String, String)>,
    typed: FormData,
) -> Response {
    let (Some(kind), Some(id)) = (kind_of(&kind), ApplicationId::parse(&id)) else {
        return refused::not_there();
    };
    let by = match applicant(&site, &user).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    // Looked for first: an id under another kind's address is not there.
    if let Err(refused) = mine(&site, &user, Path((super::slug(kind), id.to_string()))).await {
        return refused;
    }
    let (Ok(revision), Ok(version)) = (typed.get("revision").parse(), typed.get("version").parse()) else {
        return refused::incomplete();
    };
    let acted = site.store.submit_application(&id, (revision, version), by, site.clock.now()).await;
    match acted {
        Err(error) => refused::by_store(&error),
        Ok(Acted::Done(stored) | Acted::Refused(Refused::AlreadyDone, stored)) => {
            see(&format!("{}/submitted", place(kind, &stored.id)))
        }
        Ok(Acted::Refused(Refused::Changed, stored)) => {
            let warning = "確認画面を開いた後に内容が変わったため、申請していません。内容を確かめて、もう一度お進みください。";
            let told = Told { warning: Some(warning.to_owned()), ..Told::default() };
            write_stored(&site, &user, &stored, None, told).await
        }
        Ok(Acted::Refused(_, stored)) => see(&place(kind, &stored.id)),
        Ok(Acted::Faulty(errors, stored)) => {
            write_stored(&site, &user, &stored, Some(errors), Told::default()).await
        }
        Ok(Acted::Unknown) => refused::not_there(),
    }
}

#[derive(Template)]
#[template(path = "applications/submitted.html")]
struct Submitted {
    shell: Shell,
    number: String,
    title: &'static str,
    at: String,
    sentence: &'static str,
    place: String,
    waits_for_two: bool,
}

/// 受付完了.
pub(super) async fn submitted(
    OnSite(site): OnSite,
    user: PortalUser,
    path: Path<(String, String)>,
) -> Response {
    let stored = match mine(&site, &user, path).await {
        Ok(stored) => stored,
        Err(refused) => return refused,
    };
    let application = &stored.application;
    let (Some(number), Some(at)) = (stored.reception_number, stored.submitted_at) else {
        return see(&place(application.kind, &stored.id));
    };
    let entry = my_menu(application);
    let page = Submitted {
        shell: Shell::new(&site, "申請を受け付けました", "/applications", Some(&user.signed_in)),
        number,
        title: entry.title,
        at: summary::moment(at),
        sentence: entry.sentence,
        place: place(application.kind, &stored.id),
        waits_for_two: application.kind.approvals_needed() > 1,
    };
    render(StatusCode::OK, &page)
}
