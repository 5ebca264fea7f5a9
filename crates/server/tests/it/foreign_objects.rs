//! Every route of the sites × everybody who may not have it: nobody, somebody with the password alone, another
//! institution, an operator without the right. The routers are read as they are written: a route that the table does
//! not name fails the test.

use std::collections::BTreeSet;
use std::path::Path;

use eligibility::account::{OperatorAction, OperatorRole};
use testkit::browser::Browser;
use testkit::system::Engine;

use crate::applications;
use crate::portal_support::{Portal, login};
use crate::sites::Sites;

crate::on_both_engines! {
    what_is_another_institutions_is_not_there
    an_operator_without_the_right_finds_nothing
}

/// Who may have a route.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Everybody: nothing on it belongs to anybody.
    Everybody,
    /// A step of signing in: shows nothing and does nothing without the step before it.
    Step,
    /// Who is signed in: about the own institution and account only.
    SignedIn,
    /// The institution whose object it names; `{id}` is put in by the test.
    Owner,
    /// Operators whose role may do this.
    Operator(OperatorAction),
    /// Terminals and verifiers, tested with their own surface.
    Machines,
    /// Whom the connection's certificate names: nothing in the request can change it.
    Certificate,
    /// Whom the connection's address names: nothing in the request can change it ([`crate::lines`]).
    Line,
}

pub(crate) struct Route(
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) For,
);

/// Folder of the router, method, path as the router has it, who may have it.
pub(crate) const ROUTES: &[Route] = {
    use For::{Certificate, Everybody, Line, Machines, Operator, Owner, SignedIn, Step};
    use OperatorAction::{
        CareForLetters, Decide, ManageAccounts, ManageInstitutions, ManageLines, PublishNotices,
        ReadApplications, ReadHistory, ReadRegister, SendLetters,
    };
    &[
        Route("portal", "get", "/", Everybody),
        Route("portal", "get", "/register", Everybody),
        Route("portal", "post", "/register", Everybody),
        Route("portal", "get", "/confirm", Everybody),
        Route("portal", "post", "/confirm", Everybody),
        Route("portal", "get", "/password-reset", Everybody),
        Route("portal", "post", "/password-reset", Everybody),
        Route("portal", "get", "/password-reset/new", Everybody),
        Route("portal", "post", "/password-reset/new", Everybody),
        Route("portal", "get", "/notices", Everybody),
        Route("portal", "get", "/notices/{id}", Everybody),
        Route("portal", "get", "/manual", Everybody),
        Route("portal", "get", "/manual/{slug}", Everybody),
        Route("portal", "get", "/manual/pictures/{file}", Everybody),
        Route("portal", "get", "/versions", Everybody),
        Route("portal", "get", "/my-menu", SignedIn),
        Route("portal", "get", "/registration", SignedIn),
        Route("portal", "post", "/registration/contact", SignedIn),
        Route("portal", "post", "/registration/mail", SignedIn),
        Route("portal", "post", "/registration/mail/cancel", SignedIn),
        Route("portal", "get", "/registration/mail/confirm", Everybody),
        Route("portal", "post", "/registration/mail/confirm", Everybody),
        Route("portal", "get", "/applications", SignedIn),
        Route("portal", "get", "/applications/{kind}", SignedIn),
        Route("portal", "post", "/applications/{kind}", SignedIn),
        Route("portal", "get", "/applications/{kind}/{id}", Owner),
        Route("portal", "get", "/applications/{kind}/{id}/edit", Owner),
        Route("portal", "get", "/applications/{kind}/{id}/confirm", Owner),
        Route("portal", "post", "/applications/{kind}/{id}/submit", Owner),
        Route("portal", "get", "/applications/{kind}/{id}/submitted", Owner),
        Route("portal", "post", "/applications/{kind}/{id}/withdraw", Owner),
        Route("portal", "post", "/applications/{kind}/{id}/account-sheet", Owner),
        Route("web/sign_in", "get", "/login", Everybody),
        Route("web/sign_in", "post", "/login", Everybody),
        Route("web/sign_in", "get", "/login/second-factor", Step),
        Route("web/sign_in", "post", "/login/totp", Step),
        Route("web/sign_in", "post", "/login/recovery", Step),
        Route("web/sign_in", "post", "/login/passkey/start", Step),
        Route("web/sign_in", "post", "/login/passkey/finish", Step),
        Route("web/sign_in", "get", "/second-factor/setup", Step),
        Route("web/sign_in", "get", "/second-factor/totp", Step),
        Route("web/sign_in", "post", "/second-factor/totp", Step),
        Route("web/sign_in", "post", "/second-factor/totp/confirm", Step),
        Route("web/sign_in", "post", "/second-factor/passkey/start", Step),
        Route("web/sign_in", "post", "/second-factor/passkey/finish", Step),
        Route("web/sign_in", "get", "/security", SignedIn),
        Route("web/sign_in", "post", "/security/passkeys/remove", Owner),
        Route("web/sign_in", "post", "/security/totp/remove", SignedIn),
        Route("web/sign_in", "post", "/security/recovery-codes", SignedIn),
        Route("web/sign_in", "get", "/security/proof", SignedIn),
        Route("web/sign_in", "post", "/security/proof", SignedIn),
        Route("web/sign_in", "post", "/sign-out", Everybody),
        Route("operator", "get", "/", Everybody),
        Route("operator", "get", "/queues", Operator(ReadApplications)),
        Route("operator", "get", "/queues/{kind}", Operator(ReadApplications)),
        Route("operator", "get", "/applications/{institution}/{id}", Operator(ReadApplications)),
        Route("operator", "post", "/applications/{institution}/{id}/decide", Operator(Decide)),
        Route("operator", "get", "/history", Operator(ReadHistory)),
        Route("operator", "get", "/letters/find", Operator(OperatorAction::CareForLetters)),
        Route("operator", "get", "/letters", Operator(CareForLetters)),
        Route("operator", "get", "/letters/{institution}/{letter}", Operator(CareForLetters)),
        Route("operator", "post", "/letters/{institution}/{letter}/void", Operator(CareForLetters)),
        Route("operator", "post", "/letters/{institution}/{letter}/void/decide", Operator(CareForLetters)),
        Route("operator", "post", "/letters/{institution}/{letter}/again", Operator(CareForLetters)),
        Route("operator", "get", "/letters/{institution}/{letter}/pdf", Operator(SendLetters)),
        Route("operator", "post", "/letters/{institution}/{letter}/post", Operator(SendLetters)),
        Route("operator", "get", "/notices", Operator(PublishNotices)),
        Route("operator", "post", "/notices", Operator(PublishNotices)),
        Route("operator", "post", "/notices/{id}/withdraw", Operator(PublishNotices)),
        Route("operator", "get", "/accounts", Operator(ManageAccounts)),
        Route("operator", "post", "/accounts/{id}/close", Operator(ManageAccounts)),
        Route("operator", "post", "/accounts/{id}/unlock", Operator(ManageAccounts)),
        Route("operator", "get", "/registrants", Operator(ReadApplications)),
        Route("operator", "get", "/registrants/{institution}", Operator(ReadApplications)),
        Route("operator", "post", "/registrants/{institution}/prove", Operator(Decide)),
        Route("operator", "post", "/registrants/{institution}/stop", Operator(Decide)),
        Route("operator", "get", "/institutions", Operator(ReadRegister)),
        Route("operator", "post", "/institutions", Operator(ManageInstitutions)),
        Route("operator", "get", "/institutions/new", Operator(ManageInstitutions)),
        Route("operator", "get", "/institutions/{institution}", Operator(ReadRegister)),
        Route("operator", "get", "/institutions/{institution}/change", Operator(ManageInstitutions)),
        Route("operator", "post", "/institutions/{institution}/change", Operator(ManageInstitutions)),
        Route("operator", "post", "/institutions/{institution}/close", Operator(ManageInstitutions)),
        Route("operator", "post", "/institutions/{institution}/decide", Operator(ManageInstitutions)),
        Route("operator", "get", "/lines", Operator(ReadRegister)),
        Route("operator", "get", "/lines/{institution}", Operator(ReadRegister)),
        Route("operator", "post", "/lines/{institution}/prefixes", Operator(ManageLines)),
        Route("operator", "post", "/lines/{institution}/prefixes/withdraw", Operator(ManageLines)),
        Route("operator", "post", "/lines/{institution}/sessions/end", Operator(ManageLines)),
        Route("line_auth", "get", "/", Line),
        Route("line_auth", "get", "CONNECTED_PATH", Line),
        Route("line_auth", "get", "DECLINED_PATH", Line),
        Route("line_auth", "post", "CHOICE_PATH", Line),
        Route("ca/renewal", "get", "PATH", Certificate),
        Route("ca/renewal", "post", "PATH", Certificate),
        Route("ca/retrieval", "get", "/", Everybody),
        Route("ca/retrieval", "get", "page::PATH", Everybody),
        Route("ca/retrieval", "post", "page::PATH", Everybody),
        Route("ca/retrieval", "post", "RETRIEVAL_PATH", Machines),
        Route("ca/distribution", "get", "/crl/{issuer}/{file}", Machines),
        Route("ca/distribution", "get", "/issuer/{file}", Machines),
        Route("ca/distribution", "get", "/root.cer", Machines),
        Route("ca/distribution", "post", "/ocsp", Machines),
        Route("ca/distribution", "get", "/ocsp/{*question}", Machines),
        Route("ca/distribution", "get", "/log/key", Machines),
        Route("ca/distribution", "get", "/log/heads", Machines),
        Route("ca/distribution", "get", "/log/entries", Machines),
        Route("ca/distribution", "get", "/log/inclusion", Machines),
        Route("ca/distribution", "get", "/log/consistency", Machines),
    ]
};

/// The institution whose objects are asked for.
const CLINIC: &str = "1319990012";
/// Folders with routers of the sites (the institution web's are walked by [`crate::institution_policy`]).
const FOLDERS: &[&str] = &["portal", "web", "operator", "ca", "line_auth"];
/// What style, scripts and the icon are served by: they belong to nobody.
const STYLE: [&str; 2] = ["/static/", "/favicon.ico"];

#[test]
fn every_route_is_in_the_table() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut written = BTreeSet::new();
    for folder in FOLDERS {
        read_folder(&source, folder, &mut written);
    }
    let table: BTreeSet<String> =
        ROUTES.iter().map(|Route(folder, method, path, _)| format!("{folder} {method} {path}")).collect();
    let surface = |line: &String| line.split(' ').next().unwrap_or_default().to_owned();
    // A folder within a surface counts as the surface where the table does so.
    let known: BTreeSet<String> = table.iter().map(surface).collect();
    let written: BTreeSet<String> = written
        .into_iter()
        .map(|line: String| {
            let folder = surface(&line);
            let of = known.iter().filter(|known| folder.starts_with(*known)).max_by_key(|known| known.len());
            of.map_or(line.clone(), |of| line.replacen(&folder, of, 1))
        })
        .collect();
    assert!(written.len() > 50, "the routers were not read: {written:?}");
    let missing: Vec<_> = written.difference(&table).collect();
    let gone: Vec<_> = table.difference(&written).collect();
    assert!(missing.is_empty(), "routes that nobody checks: {missing:?}");
    assert!(gone.is_empty(), "checked, but no routes any more: {gone:?}");
}

pub(crate) fn read_folder(source: &Path, folder: &str, into: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(source.join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name");
        if entry.path().is_dir() {
            read_folder(source, &format!("{folder}/{name}"), into);
        } else {
            read_router(folder, &std::fs::read_to_string(entry.path()).expect("text"), into);
        }
    }
}

/// `.route(PATH, METHODS)`, over as many lines as it takes.
fn read_router(folder: &str, text: &str, into: &mut BTreeSet<String>) {
    for rest in text.split(".route(").skip(1) {
        let (path, methods) = rest.split_once(',').expect("a path and methods");
        let path = path.trim().trim_matches('"');
        if STYLE.iter().any(|style| path.starts_with(style)) {
            continue;
        }
        let mut depth = 1;
        let end = methods.find(|letter| {
            depth += match letter {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        let methods = &methods[..end.expect("an end")];
        let mut found = 0;
        for method in ["get", "post", "put", "patch", "delete", "any"] {
            let called = format!("{method}(");
            if methods.trim_start().starts_with(&called) || methods.contains(&format!(").{called}")) {
                into.insert(format!("{folder} {method} {path}"));
                found += 1;
            }
        }
        assert!(found > 0, "no method is understood in {folder}: {methods}");
    }
}

const FORM: &[(&str, &str)] =
    &[("form_id", "00112233445566778899aabbccddeeff"), ("passkey", "0011"), ("code", "000000")];

pub(crate) async fn ask(browser: &Browser, method: &str, path: &str) -> testkit::browser::BrowserPage {
    if method == "get" { browser.get(path).await } else { browser.post(path, FORM).await }
}

fn filled(path: &str, id: &str) -> String {
    let path = path.replace("{kind}", "use-start").replace("{id}", id);
    path.replace("{institution}", CLINIC).replace("{letter}", id)
}

/// The account has the passkey that [`FORM`] names, beside its one-time codes; whose it is.
async fn with_passkey(portal: &Portal, owner: &Browser) -> String {
    let store = portal.system.store();
    let secret =
        server::web::SecretToken::read(&owner.cookies()["__Host-shikaku-portal"]).expect("a session");
    let by = secret.hash();
    let session = store.web_session(store::Audience::Portal, by).await.expect("reads").expect("there");
    let key = store::StoredPasskey {
        credential_id: vec![0x00, 0x11],
        name: "受付".to_owned(),
        transports: 1,
        fixed_state: vec![4],
        moving_state: vec![5],
        created_at: portal.system.clock.now(),
        last_used_at: None,
    };
    let act = store::Act {
        chain: CLINIC.to_owned(),
        actor: format!("portal:{}", session.subject),
        now: portal.system.clock.now(),
    };
    let how = store::FactorChange { by, mail: None, act };
    assert_eq!(store.add_passkey(&session.subject, key, how).await, Ok(true));
    session.subject
}

async fn what_is_another_institutions_is_not_there(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (owner, _) = portal.member(CLINIC, "owner@mihon.example").await;
    let (other, _) = portal.member("1319990020", "other@mihon.example").await;
    let id = draft(&owner).await;
    owner.get(&format!("/applications/use-start/{id}")).await.says(200, "下書き");
    let subject = with_passkey(&portal, &owner).await;
    let half = portal.browser();
    login(&half, "other@mihon.example", crate::portal_support::PASSWORD).await.leads("/login/second-factor");
    let stranger = portal.browser();
    for Route(folder, method, path, may) in ROUTES {
        let path = filled(path, &id);
        let closed = match (*folder, may) {
            ("portal" | "web/sign_in", For::Owner) => {
                let foreign = ask(&other, method, &path).await;
                assert_eq!(foreign.status, 404, "{method} {path}: {}", foreign.text);
                vec![&half, &stranger]
            }
            ("portal" | "web/sign_in", For::SignedIn) => vec![&half, &stranger],
            ("web/sign_in", For::Step) => vec![&stranger],
            _ => continue,
        };
        for browser in closed {
            let page = ask(browser, method, &path).await;
            assert_eq!(page.status, 303, "{method} {path}: {}", page.text);
            assert!(page.to().starts_with("/login"), "{method} {path}: {}", page.to());
        }
    }
    // What nobody else could remove is there, and its owner can.
    let left = async || portal.system.store().second_factors(&subject).await.expect("reads").passkeys.len();
    assert_eq!(left().await, 1);
    owner.post("/security/passkeys/remove", FORM).await.leads("/security");
    assert_eq!(left().await, 0);
    let site = portal.system.server.operator().expect("an operator's side");
    let session = owner.cookies()["__Host-shikaku-portal"].clone();
    for Route(_, method, path, may) in ROUTES {
        if !matches!(may, For::Operator(_)) {
            continue;
        }
        let path = filled(path, &id);
        let operator = Browser::new(site.address, &site.origin);
        let page = ask(&operator, method, &path).await;
        assert!(page.status == 303 && page.to().starts_with("/login"), "{method} {path}: {}", page.status);
        // A session of the portal is nothing on the operator's side, under either cookie.
        for name in ["__Host-shikaku-portal", "__Host-shikaku-operator"] {
            let cookie = format!("{name}={session}");
            let headers = [("cookie", cookie.as_str()), ("origin", site.origin.as_str())];
            let verb = if *method == "get" { hyper::Method::GET } else { hyper::Method::POST };
            let page = operator.send(verb, &path, String::new(), &headers).await;
            assert!(page.status == 303 && page.to().starts_with("/login"), "{path} with {name}");
        }
    }
    // Nor is the operator's side on the portal.
    for path in ["/queues", "/history", "/letters", "/accounts"] {
        assert_eq!(owner.get(path).await.status, 404, "{path} on the portal");
    }
    portal.system.stop().await;
}

/// Ids have no underscores.
fn id_of(role: OperatorRole) -> String {
    role.name().replace('_', "-")
}

async fn an_operator_without_the_right_finds_nothing(engine: Engine) {
    let sites = Sites::open(engine).await;
    let owner = sites.institution(CLINIC, "見本坂内科").await;
    let fields = applications::filled("certificate-issue");
    let place = applications::handed_in(&owner, "certificate-issue", &fields).await;
    let id = place.rsplit('/').next().expect("an id");
    for role in OperatorRole::ALL.iter().copied() {
        let operator = sites.operator(&id_of(role), role).await;
        for Route(_, method, path, may) in ROUTES {
            let For::Operator(action) = may else { continue };
            // The account to close is the reviewer's, who is there throughout.
            let object = if path.starts_with("/accounts") { "reviewer" } else { id };
            // There is no letter yet.
            let there = !path.contains("{letter}");
            let path = path.replace("{kind}", "certificate-issue").replace("{id}", object);
            let path = path.replace("{institution}", CLINIC).replace("{letter}", id);
            if role.may(*action) {
                // Who may, finds it: the others' 404 is not because nothing is there.
                if *method == "get" && there {
                    assert_eq!(operator.get(&path).await.status, 200, "{path} as {}", role.name());
                }
                continue;
            }
            let page = match *method {
                "get" => operator.get(&path).await,
                _ => operator.post(&path, FORM).await,
            };
            assert_eq!(page.status, 404, "{method} {path} as {}: {}", role.name(), page.text);
            page.lacks("見本坂内科");
        }
    }
    let reviewer = sites.store.operator("reviewer").await.expect("reads");
    assert!(reviewer.is_some_and(|account| account.closed_at.is_none()), "nobody closed the account");
}

/// A draft of the owner's.
async fn draft(owner: &Browser) -> String {
    let form = owner.get("/applications/use-start").await;
    let mut fields = vec![("action", "save".to_owned())];
    for name in ["application_id", "version", "revision", "form_id", "id"] {
        let value = form.hidden(name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let kept = owner.post("/applications/use-start", &fields).await;
    let place = kept.to().to_owned();
    assert!(place.starts_with("/applications/use-start/"), "{} {place} {}", kept.status, kept.text);
    place.split('/').nth(3).expect("an id").split(['?', '#']).next().expect("an id").to_owned()
}
