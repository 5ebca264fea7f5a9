//! Every route that names an object × everybody who may not have it: another institution's account, somebody with the
//! password alone, a stranger. The table is meant to grow with every route.

use testkit::browser::Browser;
use testkit::system::Engine;

use crate::portal_support::{Portal, login};

crate::on_both_engines! {
    what_is_another_institutions_is_not_there
}

/// How a route is asked.
enum Ask {
    Get(&'static str),
    Post(&'static str),
}

/// Routes with an object of another institution (or none at all): `{id}` is put in by the test.
const ROUTES: &[Ask] = &[
    Ask::Get("/applications/use-start/{id}"),
    Ask::Get("/applications/use-start/{id}/edit"),
    Ask::Get("/applications/use-start/{id}/confirm"),
    Ask::Get("/applications/use-start/{id}/submitted"),
    Ask::Post("/applications/use-start/{id}/submit"),
    Ask::Post("/applications/use-start/{id}/withdraw"),
    Ask::Post("/applications/use-start/{id}/account-sheet"),
    Ask::Post("/security/passkeys/remove"),
];

/// Routes that only the operator's site has.
const OPERATORS: &[&str] = &["/queues", "/history", "/letters", "/accounts"];

async fn what_is_another_institutions_is_not_there(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (owner, _) = portal.member("1319990012", "owner@mihon.example").await;
    let (other, _) = portal.member("1319990020", "other@mihon.example").await;
    let id = draft(&owner).await;
    owner.get(&format!("/applications/use-start/{id}")).await.says(200, "下書き");

    let half = portal.browser();
    login(&half, "other@mihon.example", crate::portal_support::PASSWORD).await.leads("/login/second-factor");
    let stranger = portal.browser();
    for route in ROUTES {
        let (path, answers) = match route {
            Ask::Get(path) => {
                let path = path.replace("{id}", &id);
                let answers = [other.get(&path).await, half.get(&path).await, stranger.get(&path).await];
                (path, answers)
            }
            Ask::Post(path) => {
                let path = path.replace("{id}", &id);
                let fields = [("form_id", "00112233445566778899aabbccddeeff"), ("passkey", "0011")];
                let answers = [
                    other.post(&path, &fields).await,
                    half.post(&path, &fields).await,
                    stranger.post(&path, &fields).await,
                ];
                (path, answers)
            }
        };
        let [foreign, half, stranger] = answers;
        assert_eq!(foreign.status, 404, "{path}: {}", foreign.text);
        for unsigned in [half, stranger] {
            assert_eq!(unsigned.status, 303, "{path}");
            assert!(unsigned.to().starts_with("/login"), "{path}: {}", unsigned.to());
        }
    }
    for path in OPERATORS {
        assert_eq!(owner.get(path).await.status, 404, "{path} on the portal");
        let site = portal.system.server.operator().expect("an operator's side");
        let operator = Browser::new(site.address, &site.origin);
        assert!(operator.get(path).await.to().starts_with("/login"), "{path}");
        // A session of the portal is nothing on the operator's side, under either cookie.
        let session = owner.cookies()["__Host-shikaku-portal"].clone();
        for name in ["__Host-shikaku-portal", "__Host-shikaku-operator"] {
            let cookie = format!("{name}={session}");
            let page = operator.send(hyper::Method::GET, path, String::new(), &[("cookie", &cookie)]).await;
            assert!(page.to().starts_with("/login"), "{path} with {name}");
        }
    }
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
