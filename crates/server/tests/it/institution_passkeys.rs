//! Who may change the keys that sign in without a password: nobody with an open session alone.

use std::time::Duration;

use eligibility::institution_account::InstitutionRole;
use server::web::SecretToken;
use store::{Act, Audience, FactorChange, Stage, StoredPasskey};
use testkit::browser::Browser;
use testkit::system::{Engine, INSTITUTION};

use crate::institution_support::{COOKIE, Web};

crate::on_both_engines! {
    a_session_that_is_not_fresh_changes_no_passkey
    a_password_alone_is_no_proof_for_passkeys
}

/// Until when a sign-in is fresh.
const FRESH: Duration = Duration::from_secs(5 * 60);
pub(crate) const KEY: &[(&str, &str)] = &[("passkey", "0011")];

/// Gives the account of a browser the passkey that [`KEY`] names; whose it is.
pub(crate) async fn with_passkey(web: &Web, browser: &Browser) -> String {
    let store = web.system.store();
    let by = SecretToken::read(&browser.cookies()[COOKIE]).expect("a session").hash();
    let session = store.web_session(Audience::Institution, by).await.expect("reads").expect("there");
    let now = web.system.clock.now();
    let key = StoredPasskey {
        credential_id: vec![0x00, 0x11],
        name: "受付のパソコン".to_owned(),
        transports: 1,
        fixed_state: vec![4],
        moving_state: vec![5],
        created_at: now,
        last_used_at: None,
    };
    let act = Act { chain: INSTITUTION.to_owned(), actor: session.actor(), now };
    let added = store.add_passkey(&session.subject, key, FactorChange { by, mail: None, act }).await;
    assert_eq!(added, Ok(true));
    session.subject
}

async fn a_session_that_is_not_fresh_changes_no_passkey(engine: Engine) {
    let web = Web::open(engine).await;
    let browser = web.signed_in(InstitutionRole::General).await;
    let subject = with_passkey(&web, &browser).await;
    let left = async || web.system.store().second_factors(&subject).await.expect("reads").passkeys.len();
    let begun = browser.post("/passkeys/start", &[]).await;
    assert_ne!(begun.status, 403, "{}", begun.text);

    web.system.hands.advance(FRESH);
    browser.post("/passkeys/start", &[]).await.says(403, "ログインしてから5分以内");
    // Nor is a dialogue ended that began in time.
    browser.post("/passkeys/finish", &[]).await.says(403, "ログインしてから5分以内");
    browser.post("/passkeys/remove", KEY).await.says(403, "ログインしてから5分以内");
    assert_eq!(left().await, 1);
    // What is there may be looked at as long as the session lives.
    browser.get("/passkeys").await.says(200, "受付のパソコン");

    let anew = web.signed_in(InstitutionRole::General).await;
    anew.post("/passkeys/remove", KEY).await.leads("/passkeys");
    assert_eq!(left().await, 0);
    web.system.stop().await;
}

/// The right password was given a moment ago, and what signing in asks for besides is still to come.
async fn a_password_alone_is_no_proof_for_passkeys(engine: Engine) {
    let web = Web::open(engine).await;
    let owner = web.signed_in(InstitutionRole::General).await;
    let subject = with_passkey(&web, &owner).await;
    let role = InstitutionRole::General;
    let secret = web.session_at(Stage::Password, INSTITUTION, role.name(), role).await;
    let half_way = web.browser();
    half_way.hold(COOKIE, secret.reveal());
    for path in ["/passkeys/start", "/passkeys/finish", "/passkeys/remove"] {
        let answer = half_way.post(path, KEY).await;
        assert_eq!((answer.status, answer.to()), (303, "/login"), "{path}: {}", answer.text);
    }
    let looked = half_way.get("/passkeys").await;
    assert!(looked.status == 303 && looked.to().starts_with("/login"), "{}", looked.text);
    let factors = web.system.store().second_factors(&subject).await.expect("reads");
    assert_eq!(factors.passkeys.len(), 1, "nothing came, nothing went");
    web.system.stop().await;
}
