//! 同意取得済み患者一覧(訪問診療等・オンライン診療等): patients whose consent to view medical information holds now.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use eligibility::errors::{ErrorCode, ErrorEntry};
use eligibility::institution_account::InstitutionAction;
use store::ConsentedWanted;

use super::looked_at_list;
use super::search::{next_page, page_number, switched_off, visible};
use super::shown::{Consented, is_medical};
use super::uncover;
use super::viewer::MedicalViewer;
use crate::institution::user::InstitutionUser;
use crate::institution::{days, menu};
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render};

/// Where it is.
pub(in crate::institution) const PATH: &str = "/medical-information/patients";
/// Its label.
pub(in crate::institution) const TITLE: &str = "同意取得済み患者一覧(訪問診療等・オンライン診療等)";
/// What all pages of 医療情報閲覧 ask for.
pub(super) const ACTION: InstitutionAction = InstitutionAction::ViewMedicalInformation;
/// Where somebody is led whose patient's consent does not hold.
pub(super) const WITHOUT_CONSENT: &str = "/medical-information/patients?refused=true";

pub(super) fn pages() -> Router {
    Router::new().route("/medical-information/patients", get(page))
}

#[derive(Template)]
#[template(path = "institution/viewable_patients.html")]
struct Page {
    shell: Shell,
    off: Vec<&'static str>,
    people: Vec<Consented>,
    next: Option<u32>,
    number: u32,
    /// A page of a patient led here, because no consent to it holds.
    refused: Option<&'static ErrorEntry>,
}

/// Whether one of the consents that hold opens medical information.
fn opens(consented: &Consented) -> bool {
    consented.states.iter().any(|state| state.holds() && is_medical(state.kind))
}

async fn page(
    OnSite(site): OnSite,
    MedicalViewer(user): MedicalViewer,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    answer(&site, &user, FormData::from(query)).await.unwrap_or_else(|response| response)
}

async fn answer(site: &Site, user: &InstitutionUser, query: FormData) -> Result<Response, Response> {
    let number = page_number(&query);
    let wanted = ConsentedWanted::HoldingAt(site.clock.now());
    let found = site.store.consented_people(&user.institution_code, wanted, number).await;
    let found = found.map_err(|error| refused::by_store(&error))?;
    let (off, more) = (switched_off(&found.settings), found.more);
    let mut people = visible(found, user, site);
    people.retain(opens);
    looked_at_list(site, user, "list_viewable", &people).await?;
    let page = Page {
        shell: menu::shell(site, TITLE, PATH, user)
            .with_help("/help/viewable-patients")
            .covered(uncover::place(PATH)),
        off,
        people,
        next: next_page(number, more),
        number,
        refused: (query.get("refused") == "true").then(|| ErrorCode::NoConsent.entry()),
    };
    Ok(render(StatusCode::OK, &page))
}
