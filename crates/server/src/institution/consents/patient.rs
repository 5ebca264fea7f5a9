//! 患者情報詳細: the person, what of their consents holds for how long, and the way to what these open.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use eligibility::Date;
use eligibility::calendar::{add_months, first_of_month, tokyo_date};
use eligibility::consent::{ConsentKind, KeptState};

use super::patients::{self, ACTION, WITHOUT_CONSENT};
use super::shown::{Consented, is_medical};
use super::viewer::MedicalViewer;
use super::{looked, of_address, uncover};
use crate::institution::user::InstitutionUser;
use crate::institution::{days, menu};
use crate::web::signed_in::OnSite;
use crate::web::{Shell, Site, render, see};

const TITLE: &str = "患者情報詳細";
/// Months of 診療年月 that can be chosen: five years.
pub(super) const MONTHS: i32 = 60;
/// Months that are chosen at first.
const MONTHS_AT_FIRST: i32 = 6;

pub(super) fn pages() -> Router {
    Router::new().route("/medical-information/patients/{id}", get(page))
}

/// The page of one patient.
pub(super) fn path(id: &str) -> String {
    format!("{}/{id}", patients::PATH)
}

/// One choice of 診療年月.
struct Month {
    value: String,
    label: String,
    first: bool,
    last: bool,
}

#[derive(Template)]
#[template(path = "institution/viewable_patient.html")]
struct Page {
    shell: Shell,
    consented: Consented,
    /// Newest first.
    months: Vec<Month>,
    /// What can be viewed by 診療年月: name of the kind and the button.
    buttons: Vec<(&'static str, &'static str)>,
    /// Whether 特定健診情報 can be viewed.
    checkup: bool,
    href: String,
}

/// The kinds that are viewed by 診療年月, each with its button.
pub(super) const BUTTONS: [(ConsentKind, &str); 3] = [
    (ConsentKind::Medication, "薬剤閲覧"),
    (ConsentKind::Treatment, "診療閲覧"),
    (ConsentKind::Operation, "手術閲覧"),
];

/// A patient whose consent opens what a page is about; otherwise that is on record, and the way leads back to the list.
pub(super) async fn viewable(
    site: &Site,
    user: &InstitutionUser,
    id: &str,
    opened: impl Fn(&KeptState) -> bool,
) -> Result<Consented, Response> {
    let (key, consented) = of_address(site, user, (id, ACTION)).await?;
    let holds = |one: &Consented| one.states.iter().any(|state| state.holds() && opened(state));
    if let Some(consented) = consented.filter(holds) {
        return Ok(consented);
    }
    user.without_consent(site, ACTION, &format!("person:{}", key.0)).await?;
    Err(see(WITHOUT_CONSENT))
}

/// The month that stands in a form as its first day; `None` when it is none that can be chosen.
pub(super) fn month_of(text: &str, today: Date) -> Option<Date> {
    let month: Date = text.parse().ok()?;
    let newest = first_of_month(today);
    let oldest = add_months(newest, 1 - MONTHS);
    (month == first_of_month(month) && (oldest..=newest).contains(&month)).then_some(month)
}

async fn page(OnSite(site): OnSite, MedicalViewer(user): MedicalViewer, Path(id): Path<String>) -> Response {
    let consented = match viewable(&site, &user, &id, |state| is_medical(state.kind)).await {
        Ok(consented) => consented,
        Err(response) => return response,
    };
    if let Err(response) = looked(&site, &user, ("view_patient", &consented.person), "").await {
        return response;
    }
    let newest = first_of_month(tokyo_date(site.clock.now()));
    let month = |back: i32| {
        let month = add_months(newest, -back);
        Month {
            value: month.to_string(),
            label: days::month(month),
            first: back == MONTHS_AT_FIRST - 1,
            last: back == 0,
        }
    };
    let may =
        |(kind, label): &(ConsentKind, &'static str)| consented.holding(*kind).map(|_| (kind.name(), *label));
    let page = Page {
        shell: menu::shell(&site, TITLE, patients::PATH, &user)
            .with_help("/help/viewable-patient")
            .covered(uncover::place(&path(&id))),
        months: (0..MONTHS).map(month).collect(),
        buttons: BUTTONS.iter().filter_map(may).collect(),
        checkup: consented.holding(ConsentKind::Checkup).is_some(),
        href: path(&id),
        consented,
    };
    render(StatusCode::OK, &page)
}
