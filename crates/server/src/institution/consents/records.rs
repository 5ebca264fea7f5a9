//! 診療・薬剤情報(処方・調剤情報) and 特定健診情報: what the centre holds of a patient, under a consent that holds at this very
//! moment. The centre holds eligibility only, so there are none, and the page says so; the check of role and consent, and
//! the record of who looked, are those that will guard them.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use eligibility::consent::ConsentKind;

use super::looked;
use super::patient::{self, BUTTONS, month_of, viewable};
use super::shown::{Consented, KindRow};
use super::viewer::MedicalViewer;
use super::{patients, uncover};
use crate::institution::user::InstitutionUser;
use crate::institution::{days, menu};
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render, see};

const TITLE: &str = "診療・薬剤情報(処方・調剤情報)";
const CHECKUP_TITLE: &str = "特定健診情報";
/// What came of every search so far.
const NONE_HELD: usize = 0;

pub(super) fn pages() -> Router {
    Router::new()
        .route("/medical-information/patients/{id}/records", get(records))
        .route("/medical-information/patients/{id}/records/print", get(print_records))
        .route("/medical-information/patients/{id}/checkups", get(checkups))
        .route("/medical-information/patients/{id}/checkups/print", get(print_checkups))
}

/// What is shown, and in which way.
struct Asked {
    kind: ConsentKind,
    /// 診療年月, from and until, in words; none for 特定健診情報.
    period: Option<(String, String)>,
    /// The same for the record and for the address.
    months: Option<(String, String)>,
    print: bool,
}

/// What page and print show alike.
struct Told {
    title: &'static str,
    consented: Consented,
    consent: KindRow,
    period: Option<(String, String)>,
    count: usize,
    looked_at: String,
    by: String,
}

#[derive(Template)]
#[template(path = "institution/medical_records.html")]
struct Page {
    shell: Shell,
    told: Told,
    print: String,
    back: String,
}

#[derive(Template)]
#[template(path = "institution/medical_records_print.html")]
struct Print {
    told: Told,
    cover: String,
    institution_name: String,
    institution_code: String,
    back: String,
}

async fn records(site: OnSite, user: MedicalViewer, id: Path<String>, query: Typed) -> Response {
    of_months(site, user, id, query, false).await
}

async fn print_records(site: OnSite, user: MedicalViewer, id: Path<String>, query: Typed) -> Response {
    of_months(site, user, id, query, true).await
}

async fn checkups(
    OnSite(site): OnSite,
    MedicalViewer(user): MedicalViewer,
    Path(id): Path<String>,
) -> Response {
    let asked = Asked { kind: ConsentKind::Checkup, period: None, months: None, print: false };
    answer(&site, &user, &id, asked).await.unwrap_or_else(|response| response)
}

async fn print_checkups(
    OnSite(site): OnSite,
    MedicalViewer(user): MedicalViewer,
    Path(id): Path<String>,
) -> Response {
    let asked = Asked { kind: ConsentKind::Checkup, period: None, months: None, print: true };
    answer(&site, &user, &id, asked).await.unwrap_or_else(|response| response)
}

type Typed = Query<Vec<(String, String)>>;

async fn of_months(
    OnSite(site): OnSite,
    MedicalViewer(user): MedicalViewer,
    Path(id): Path<String>,
    Query(query): Typed,
    print: bool,
) -> Response {
    let typed = FormData::from(query);
    let today = site.clock.today();
    let kind = BUTTONS.iter().map(|(kind, _)| *kind).find(|kind| kind.name() == typed.get("kind"));
    let (from, until) = (month_of(typed.get("from"), today), month_of(typed.get("until"), today));
    let (Some(kind), Some(from), Some(until)) = (kind, from, until) else { return see(&patient::path(&id)) };
    // Turned around it is the same months.
    let (from, until) = (from.min(until), from.max(until));
    let asked = Asked {
        kind,
        period: Some((days::month(from), days::month(until))),
        months: Some((from.to_string(), until.to_string())),
        print,
    };
    answer(&site, &user, &id, asked).await.unwrap_or_else(|response| response)
}

async fn answer(
    site: &Site,
    user: &InstitutionUser,
    id: &str,
    Asked { kind, period, months, print }: Asked,
) -> Result<Response, Response> {
    let consented = viewable(site, user, id, |state| state.kind == kind).await?;
    let Some(consent) = consented.holding(kind).map(|state| consented.row(state)) else {
        return Err(refused::broken());
    };
    let named =
        months.as_ref().map(|(from, until)| format!(" from:{from} until:{until}")).unwrap_or_default();
    let detail =
        format!(" kind:{}{named} records:{NONE_HELD}{}", kind.name(), if print { " as:print" } else { "" });
    looked(site, user, ("view_medical_records", &consented.person), &detail).await?;
    let under = if months.is_some() { "records" } else { "checkups" };
    let query = months.map(|(from, until)| format!("?kind={}&from={from}&until={until}", kind.name()));
    let place =
        |end: &str| format!("{}/{under}{end}{}", patient::path(id), query.as_deref().unwrap_or_default());
    let told = Told {
        title: if kind == ConsentKind::Checkup { CHECKUP_TITLE } else { TITLE },
        consented,
        consent,
        period,
        count: NONE_HELD,
        looked_at: days::moment(site.clock.now()),
        by: user.signed_in.session.name.clone(),
    };
    if !print {
        let shell = menu::shell(site, told.title, patients::PATH, user)
            .with_help("/help/medical-records")
            .covered(uncover::place(&place("")));
        let page = Page { shell, told, print: place("/print"), back: patient::path(id) };
        return Ok(render(StatusCode::OK, &page));
    }
    let institution = site.store.institution(&user.institution_code).await;
    let institution = institution.map_err(|error| refused::by_store(&error))?;
    let page = Print {
        told,
        cover: uncover::place(&place("/print")),
        institution_name: institution.map(|institution| institution.name).unwrap_or_default(),
        institution_code: user.institution_code.to_string(),
        back: place(""),
    };
    Ok(render(StatusCode::OK, &page))
}
