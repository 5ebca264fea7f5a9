//! Every route of the institution web × every 権限区分 × the own and another institution. The routers are read as they
//! are written: a route that the table does not name fails the test.

use std::collections::BTreeSet;
use std::path::Path;

use eligibility::institution_account::{InstitutionAction, InstitutionRole};
use testkit::browser::{Browser, BrowserPage};
use testkit::system::{Engine, INSTITUTION};

use crate::foreign_objects::read_folder;
use crate::institution_support::{COOKIE, OTHER, Web};
use crate::support::{Entry, audit_entries};

crate::on_both_engines! {
    every_role_gets_what_it_may_and_is_recorded_for_the_rest
    another_institution_finds_nothing_and_both_learn_of_a_session_carried_off
}

/// Who may have a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// Everybody whom a certificate of the institution lets in.
    Certificate,
    /// Whoever is signed in, about the own account and institution.
    SignedIn,
    /// Whose role may do this; an object of another institution is not there.
    May(InstitutionAction),
    /// Who makes accounts: the master those of administrators, administrators all others.
    Accounts,
    /// A step of signing in: nothing without the step before it.
    Step,
}

struct Route(&'static str, &'static str, For);

/// Method, path as the router has it, who may have it.
const ROUTES: &[Route] = {
    use For::{Accounts, Certificate, May, SignedIn, Step};
    use InstitutionAction as Action;
    &[
        Route("get", "/", Certificate),
        Route("get", "menu::PATH", SignedIn),
        Route("get", "/help", Certificate),
        Route("get", "/help/{screen}", Certificate),
        Route("get", "/help/errors", Certificate),
        Route("get", "/help/errors/{code}", Certificate),
        Route("get", "/login", Certificate),
        Route("post", "/login", Certificate),
        Route("get", "/login/new-password", Step),
        Route("post", "/login/new-password", Step),
        Route("get", "/login/take-over", Step),
        Route("post", "/login/take-over", Step),
        Route("post", "/login/passkey/start", Certificate),
        Route("post", "/login/passkey/finish", Certificate),
        Route("get", "/passkeys", SignedIn),
        Route("post", "/passkeys/start", SignedIn),
        Route("post", "/passkeys/finish", SignedIn),
        Route("post", "/passkeys/remove", SignedIn),
        Route("post", "/session/keep", SignedIn),
        Route("post", "/sign-out", Certificate),
        Route("get", "/password", SignedIn),
        Route("post", "/password", SignedIn),
        Route("get", "/accounts", Accounts),
        Route("get", "/accounts/new", Accounts),
        Route("post", "/accounts/new", Accounts),
        Route("get", "/accounts/{user_id}", Accounts),
        Route("post", "/accounts/{user_id}", Accounts),
        Route("get", "/accounts/{user_id}/stop", Accounts),
        Route("post", "/accounts/{user_id}/stop", Accounts),
        Route("post", "/accounts/{user_id}/resume", Accounts),
        Route("post", "/accounts/{user_id}/reset", Accounts),
        Route("get", "/master-reset", May(Action::ResetMaster)),
        Route("post", "/master-reset", May(Action::ResetMaster)),
        Route("get", "/eligibility/number", May(Action::CheckByNumber)),
        Route("post", "/eligibility/number", May(Action::CheckByNumber)),
        Route("get", "/eligibility/ceiling", May(Action::CheckByNumber)),
        Route("post", "/eligibility/ceiling", May(Action::CheckByNumber)),
        Route("get", "/eligibility/results/{id}", May(Action::CheckByNumber)),
        Route("get", "/eligibility/results/{id}/print", May(Action::CheckByNumber)),
        Route("get", "/eligibility/results/{id}/csv", May(Action::CheckByNumber)),
        Route("get", "/eligibility/results/{id}/reference-number", May(Action::RegisterReferenceNumber)),
        Route("post", "/eligibility/results/{id}/reference-number", May(Action::RegisterReferenceNumber)),
        Route("get", "/reference-number", May(Action::RegisterReferenceNumber)),
        Route("post", "/reference-number", May(Action::RegisterReferenceNumber)),
        Route("get", "/consents", May(Action::ReadConsented)),
        Route("get", "/consents/{id}", May(Action::ReadConsented)),
        Route("post", "/consents/{id}/re-verification", May(Action::ReadConsented)),
        Route("get", "/consents/{id}/cancel", May(Action::CancelConsent)),
        Route("post", "/consents/{id}/cancel", May(Action::CancelConsent)),
        Route("post", "/consents/{id}/cancel/done", May(Action::CancelConsent)),
        Route("get", "/medical-information/patients", May(Action::ViewMedicalInformation)),
        Route("get", "/medical-information/patients/{id}", May(Action::ViewMedicalInformation)),
        Route("get", "/medical-information/patients/{id}/records", May(Action::ViewMedicalInformation)),
        Route("get", "/medical-information/patients/{id}/records/print", May(Action::ViewMedicalInformation)),
        Route("get", "/medical-information/patients/{id}/checkups", May(Action::ViewMedicalInformation)),
        Route(
            "get",
            "/medical-information/patients/{id}/checkups/print",
            May(Action::ViewMedicalInformation),
        ),
        Route("get", "/medical-information/proof", May(Action::ViewMedicalInformation)),
        Route("post", "/medical-information/proof", May(Action::ViewMedicalInformation)),
        Route("post", "/medical-information/proof/start", May(Action::ViewMedicalInformation)),
        Route("post", "/medical-information/proof/finish", May(Action::ViewMedicalInformation)),
        Route("get", "/bulk", May(Action::BulkCheck)),
        Route("post", "/bulk", May(Action::BulkCheck)),
        Route("get", "/bulk/{reception}", May(Action::BulkCheck)),
        Route("get", "/bulk/{reception}/result", May(Action::BulkCheck)),
        Route("get", "/entrusted", May(Action::EntrustedEligibility)),
        Route("post", "/entrusted", May(Action::EntrustedEligibility)),
        Route("get", "/entrusted/{reception}", May(Action::EntrustedEligibility)),
        Route("get", "/entrusted/{reception}/result", May(Action::EntrustedEligibility)),
        Route("get", "/visual-check-passcode", May(Action::IssueVisualCheckPasscode)),
        Route("post", "/visual-check-passcode", May(Action::IssueVisualCheckPasscode)),
        Route("get", "/visual-check-passcode/confirm", May(Action::IssueVisualCheckPasscode)),
        Route("get", "/facility-settings", May(Action::UpdateFacilitySettings)),
        Route("post", "/facility-settings", May(Action::UpdateFacilitySettings)),
        Route("get", "/facility-settings/updated", May(Action::UpdateFacilitySettings)),
        Route("get", "/facility-settings/terms", May(Action::UpdateFacilitySettings)),
        Route("post", "/facility-settings/terms", May(Action::UpdateFacilitySettings)),
        Route("get", "/home-visit-url", May(Action::ManageHomeVisitUrl)),
        Route("post", "/home-visit-url", May(Action::ManageHomeVisitUrl)),
        Route("get", "/home-visit-url/{use}/change", May(Action::ManageHomeVisitUrl)),
        Route("post", "/home-visit-url/{use}/change", May(Action::ManageHomeVisitUrl)),
        Route("get", "/home-visit-url/{use}/{file}", May(Action::ManageHomeVisitUrl)),
        Route("get", "/activation", May(Action::ManageActivation)),
        Route("post", "/activation", May(Action::ManageActivation)),
        Route("get", "/activation/{id}/invalidate", May(Action::ManageActivation)),
        Route("post", "/activation/{id}/invalidate", May(Action::ManageActivation)),
        Route("get", "/readers", May(Action::OperateReaders)),
        Route("post", "/readers/confirm", May(Action::OperateReaders)),
        Route("post", "/readers/order", May(Action::OperateReaders)),
        Route("get", "/readers/ordered", May(Action::OperateReaders)),
        Route("get", "/notices", May(Action::ReadNotices)),
        Route("get", "/notices/{id}", May(Action::ReadNotices)),
        Route("post", "/notices/read", May(Action::ReadNotices)),
        Route("get", "/history", May(Action::ReadHistory)),
        Route("get", "/history/csv", May(Action::ReadHistory)),
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

/// Every route that names something by an id: method, path as the router has it, and the actions of which a role needs
/// one.
pub(crate) fn routes_with_ids() -> impl Iterator<Item = (&'static str, &'static str, Vec<InstitutionAction>)>
{
    let named = ROUTES.iter().filter(|Route(_, path, _)| path.contains('{'));
    named.map(|Route(method, path, may)| (*method, *path, needed(*may).map_or_else(Vec::new, |(_, any)| any)))
}

/// Routes that an object is named to in a field of their query or form: method, path, the field. Everything else that is
/// read from a query or a form stands in [`NAMES_NOTHING`] and [`QUERIES`].
const NAMED_IN_A_FIELD: &[(&str, &str, &str)] = &[
    ("get", "/eligibility/number", "from"),
    ("get", "/eligibility/ceiling", "from"),
    ("get", "/reference-number", "from"),
    ("post", "/readers/confirm", "terminal"),
    ("post", "/readers/order", "terminal"),
    ("post", "/passkeys/remove", "passkey"),
];

/// Fields of forms that name no object that an institution has.
const NAMES_NOTHING: &[&str] = &[
    "command",
    "current",
    "day",
    "emergency_view",
    "ends_on",
    "kind",
    "name",
    "name_kana",
    "next",
    "password",
    "password_again",
    "role",
    "starts_on",
    // Whose account it is says the certificate and this together: of another institution nobody can be named.
    "user_id",
];

/// A query taken as it comes, by the names of its form's fields.
const PAIRS: &str = "Vec<(String, String)>";

/// Where a query is read, and as what: its fields name nothing but what [`NAMED_IN_A_FIELD`] says.
const QUERIES: &[(&str, &str)] = &[
    ("accounts/detail.rs", "Done"),
    ("bulk/shown.rs", "Wanted"),
    ("check_result/mod.rs", "Opened"),
    ("consents/detail.rs", "Opened"),
    ("consents/patients.rs", PAIRS),
    ("consents/search.rs", PAIRS),
    ("consents/uncover.rs", "Next"),
    ("history/mod.rs", PAIRS),
    ("number_check.rs", "Opened"),
    ("sign_in/login.rs", "Asked"),
    ("sign_in/new_password.rs", "Asked"),
    ("sign_in/take_over.rs", "Asked"),
];

/// The files of the institution web with what stands in them, by their path below its folder.
fn sources() -> Vec<(String, String)> {
    fn below(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                below(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/institution");
    let mut found = Vec::new();
    below(&root, &mut found);
    let name = |path: &Path| path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
    let read = |path: &Path| std::fs::read_to_string(path).expect("a source");
    found.iter().map(|path| (name(path), read(path))).collect()
}

#[test]
fn every_field_that_may_name_an_object_is_known() {
    let (mut fields, mut queries) = (BTreeSet::new(), BTreeSet::new());
    for (file, text) in sources() {
        for call in ["form.get(\"", "form.text(\""] {
            for rest in text.split(call).skip(1) {
                fields.insert(rest.split('"').next().unwrap_or_default().to_owned());
            }
        }
        for rest in text.split(": Query<").skip(1).chain(text.split("::Query<").skip(1)) {
            let held = rest.split([',', '\n']).next().unwrap_or_default();
            let held =
                if held.starts_with("Vec<(") { PAIRS } else { held.split('>').next().unwrap_or_default() };
            queries.insert((file.clone(), held.to_owned()));
        }
    }
    let named = NAMED_IN_A_FIELD.iter().map(|(.., field)| *field).filter(|field| *field != "from");
    let known: BTreeSet<String> = NAMES_NOTHING.iter().copied().chain(named).map(str::to_owned).collect();
    assert_eq!(fields, known);
    let known: BTreeSet<_> =
        QUERIES.iter().map(|(file, held)| ((*file).to_owned(), (*held).to_owned())).collect();
    assert_eq!(queries, known);
}

/// Every route of [`NAMED_IN_A_FIELD`]: method, path, field, and the actions of which a role needs one; none: every role.
pub(crate) fn routes_with_fields()
-> impl Iterator<Item = (&'static str, &'static str, &'static str, Vec<InstitutionAction>)> {
    NAMED_IN_A_FIELD.iter().map(|(method, path, field)| {
        let route = ROUTES.iter().find(|Route(one, at, _)| one == method && at == path);
        let Route(.., may) = route.unwrap_or_else(|| panic!("{method} {path} is no route"));
        (*method, *path, *field, needed(*may).map_or_else(Vec::new, |(_, any)| any))
    })
}

const FORM: &[(&str, &str)] = &[("form_id", "00112233445566778899aabbccddeeff")];

fn filled(path: &str) -> String {
    let path = path.replace("menu::PATH", "/menu").replace("{id}", "00112233445566778899aabbccddeeff");
    let path = path.replace("{user_id}", "uketsuke9").replace("{use}", "visit").replace("{file}", "code.png");
    let path = path.replace("{screen}", "login").replace("{code}", "OQSB1001W");
    let path = path.replace("{reception}", "20261122200001000042");
    assert!(!path.contains(['{', ':']), "{path}: what is put in here?");
    path
}

async fn ask(browser: &Browser, method: &str, path: &str) -> BrowserPage {
    if method == "get" { browser.get(path).await } else { browser.post(path, FORM).await }
}

/// The first action that is asked for, if the route asks for any.
fn needed(may: For) -> Option<(InstitutionAction, Vec<InstitutionAction>)> {
    let accounts = [InstitutionAction::ManageAccounts, InstitutionAction::ManageAdministrators];
    match may {
        For::May(action) => Some((action, vec![action])),
        For::Accounts => Some((accounts[0], accounts.to_vec())),
        For::Certificate | For::SignedIn | For::Step => None,
    }
}

/// A route as records name it.
fn named(method: &str, path: &str) -> String {
    format!("{} {}", method.to_uppercase(), path.replace("menu::PATH", "/menu"))
}

fn signing_in() -> impl Iterator<Item = InstitutionRole> {
    InstitutionRole::ALL.iter().copied().filter(|role| role.signs_in())
}

/// A refusal that has to be on record.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Denied {
    institution: &'static str,
    actor: String,
    action: &'static str,
    object: String,
    outcome: &'static str,
    /// What of the detail is behind the terminal: role and route.
    tail: String,
}

impl Denied {
    fn is(&self, entry: &Entry) -> bool {
        let whole =
            (&*entry.institution_code, &*entry.actor, &*entry.action, &*entry.object, &*entry.outcome);
        whole == (self.institution, &*self.actor, self.action, &*self.object, self.outcome)
            && (entry.detail == self.tail || entry.detail.ends_with(&format!(" {}", self.tail)))
    }
}

/// Every one of these is on record, and what is on record as refused to who may not is one of these. (Whoever may and
/// names an object that nobody has is refused for that.)
#[track_caller]
fn all_on_record(entries: &[Entry], denied: &BTreeSet<Denied>) {
    const LOOKED_AT: [&str; 3] = ["denied:role", "denied:no-session", "denied:institution"];

    for one in denied {
        assert!(entries.iter().any(|entry| one.is(entry)), "no record of {one:?}");
    }
    for entry in entries.iter().filter(|entry| LOOKED_AT.contains(&&*entry.outcome)) {
        assert!(denied.iter().any(|one| one.is(entry)), "nobody was refused like this: {entry:?}");
    }
}

async fn every_role_gets_what_it_may_and_is_recorded_for_the_rest(engine: Engine) {
    let web = Web::open(engine).await;
    let nobody = web.browser();
    for Route(method, path, may) in ROUTES {
        if *may != For::Certificate {
            let page = ask(&nobody, method, &filled(path)).await;
            assert!(
                page.status == 303 && page.to().starts_with("/login"),
                "{method} {path}: {}",
                page.status
            );
        }
    }
    let own = |actor: String, action: &'static str, outcome: &'static str, tail: String| Denied {
        institution: INSTITUTION,
        actor,
        action,
        object: "-".to_owned(),
        outcome,
        tail,
    };
    let mut denied = BTreeSet::new();
    for Route(method, path, may) in ROUTES {
        if *method == "post" && !matches!(may, For::Certificate | For::Step) {
            let tail = format!("route={}", named(method, path));
            denied.insert(own("terminal:受付1".to_owned(), "session", "denied:no-session", tail));
        }
    }
    let mut machines = 0;
    for role in InstitutionRole::ALL.iter().copied().filter(|role| !role.signs_in()) {
        let browser = web.signed_in(role).await;
        for Route(method, path, may) in ROUTES {
            if matches!(may, For::Certificate | For::Step) {
                continue;
            }
            ask(&browser, method, &filled(path)).await.says(404, "ページが見つかりません");
            let tail = format!("role={} route={}", role.name(), named(method, path));
            denied.insert(own(format!("account:{}", role.name()), "session", "denied:role", tail));
        }
        machines += 1;
    }
    assert!(machines >= 2, "{machines}");
    for role in signing_in() {
        let browser = web.signed_in(role).await;
        for Route(method, path, may) in ROUTES {
            let Some((first, any)) = needed(*may) else { continue };
            let page = ask(&browser, method, &filled(path)).await;
            if any.iter().any(|action| role.may(*action)) {
                assert_ne!(page.status, 403, "{method} {path} as {}: {}", role.name(), page.text);
                assert_ne!(page.to(), "/login", "{method} {path} as {}", role.name());
            } else {
                page.says(403, role.label()).says(403, "操作履歴に記録されました");
                let tail = format!("role={} route={}", role.name(), named(method, path));
                denied.insert(own(format!("account:{}", role.name()), first.name(), "denied:role", tail));
            }
        }
    }
    let entries = audit_entries(&web.system).await;
    all_on_record(&entries, &denied);
    assert!(denied.len() > 200, "{}", denied.len());
    web.system.stop().await;
}

async fn another_institution_finds_nothing_and_both_learn_of_a_session_carried_off(engine: Engine) {
    let web = Web::open(engine).await;
    web.account("uketsuke9", InstitutionRole::General).await;
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    let mut denied = BTreeSet::new();
    for role in signing_in() {
        let owner = web.session_of(INSTITUTION, role.name(), role).await;
        let thief = web.browser_at(&elsewhere);
        for Route(method, path, may) in ROUTES {
            if matches!(may, For::Certificate | For::Step) {
                continue;
            }
            thief.hold(COOKIE, owner.reveal());
            let page = ask(&thief, method, &filled(path)).await;
            let (status, to) = (page.status, page.to());
            assert!(status == 303 && to.starts_with("/login"), "{method} {path}: {status}");
            let tail = format!("role={} route={}", role.name(), named(method, path));
            let of = |institution, actor: &str, object: &str| Denied {
                institution,
                actor: actor.to_owned(),
                action: "session",
                object: object.to_owned(),
                outcome: "denied:institution",
                tail: tail.clone(),
            };
            denied.insert(of(OTHER, "terminal:受付9", "session of another institution"));
            denied.insert(of(INSTITUTION, "unknown", &format!("account:{}", role.name())));
        }
    }
    let entries = audit_entries(&web.system).await;
    let refused = |entry: &Entry| entry.outcome == "denied:institution";
    let carried: Vec<_> = entries.into_iter().filter(refused).collect();
    all_on_record(&carried, &denied);
    assert!(denied.len() > 400, "{}", denied.len());
    web.system.stop().await;
}
