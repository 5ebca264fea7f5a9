//! Every route of the institution web × every 権限区分 × the own and another institution. The routers are read as they
//! are written: a route that the table does not name fails the test.

use std::collections::BTreeSet;
use std::path::Path;

use eligibility::institution_account::InstitutionAction;

use crate::foreign_objects::read_folder;

/// Who may have a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// Everybody whom a certificate of the institution lets in.
    Certificate,
    /// Whoever is signed in, about the own account and institution.
    SignedIn,
    /// Whose role may do this; an object of another institution is not there.
    May(InstitutionAction),
}

struct Route(&'static str, &'static str, For);

/// Method, path as the router has it, who may have it.
const ROUTES: &[Route] = {
    use For::{Certificate, May, SignedIn};
    use InstitutionAction as Action;
    &[
        Route("get", "/", Certificate),
        Route("get", "menu::PATH", SignedIn),
        Route("get", "/eligibility/number", May(Action::CheckByNumber)),
        Route("post", "/eligibility/number", May(Action::CheckByNumber)),
        Route("get", "/eligibility/ceiling", May(Action::CheckByNumber)),
        Route("post", "/eligibility/ceiling", May(Action::CheckByNumber)),
        Route("get", "/eligibility/results/{id}", May(Action::CheckByNumber)),
        Route("get", "/eligibility/results/{id}/print", May(Action::CheckByNumber)),
        Route("get", "/eligibility/results/{id}/csv", May(Action::CheckByNumber)),
        Route("get", "/eligibility/results/{id}/reference-number", May(Action::RegisterReferenceNumber)),
        Route("post", "/eligibility/results/{id}/reference-number", May(Action::RegisterReferenceNumber)),
        Route("get", "/visual-check-passcode", May(Action::IssueVisualCheckPasscode)),
        Route("post", "/visual-check-passcode", May(Action::IssueVisualCheckPasscode)),
        Route("get", "/visual-check-passcode/confirm", May(Action::IssueVisualCheckPasscode)),
        Route("get", "/facility-settings", May(Action::UpdateFacilitySettings)),
        Route("post", "/facility-settings", May(Action::UpdateFacilitySettings)),
        Route("get", "/facility-settings/updated", May(Action::UpdateFacilitySettings)),
        Route("get", "/facility-settings/terms", May(Action::UpdateFacilitySettings)),
        Route("get", "/home-visit-url", May(Action::ManageHomeVisitUrl)),
        Route("get", "/home-visit-url/{use}/change", May(Action::ManageHomeVisitUrl)),
        Route("post", "/home-visit-url/{use}/change", May(Action::ManageHomeVisitUrl)),
        Route("get", "/home-visit-url/{use}/{file}", May(Action::ManageHomeVisitUrl)),
        Route("get", "/activation", May(Action::ManageActivation)),
        Route("post", "/activation", May(Action::ManageActivation)),
        Route("get", "/activation/{id}/invalidate", May(Action::ManageActivation)),
        Route("post", "/activation/{id}/invalidate", May(Action::ManageActivation)),
    ]
};

#[test]
fn every_route_of_the_institution_web_is_in_the_table() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut written = BTreeSet::new();
    read_folder(&source, "institution", &mut written);
    let written: BTreeSet<String> = written
        .into_iter()
        .map(|line: String| line.split_once(' ').expect("a folder").1.to_owned())
        .collect();
    let table: BTreeSet<String> =
        ROUTES.iter().map(|Route(method, path, _)| format!("{method} {path}")).collect();
    let missing: Vec<_> = written.difference(&table).collect();
    let gone: Vec<_> = table.difference(&written).collect();
    assert!(missing.is_empty(), "routes that nobody checks: {missing:?}");
    assert!(gone.is_empty(), "checked, but no routes any more: {gone:?}");
}
