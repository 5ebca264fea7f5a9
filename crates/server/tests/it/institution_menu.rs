//! [メニュー]: what each role sees, and that the certificate decides whose session counts.

use eligibility::institution_account::InstitutionRole;
use testkit::system::Engine;

use crate::institution_support::{COOKIE, OTHER, Web};

crate::on_both_engines! {
    each_role_has_its_menu_and_only_at_its_own_institution
}

async fn each_role_has_its_menu_and_only_at_its_own_institution(engine: Engine) {
    let web = Web::open(engine).await;
    let nobody = web.browser();
    nobody.get("/menu").await.leads("/login");
    for role in InstitutionRole::ALL.iter().copied().filter(|role| role.signs_in()) {
        let browser = web.signed_in(role).await;
        browser.get("/menu").await.says(200, "メニュー").says(200, role.label());
    }
    for role in [InstitutionRole::FaceReader, InstitutionRole::Integration] {
        let browser = web.signed_in(role).await;
        assert_eq!(browser.get("/menu").await.status, 404, "{role:?} never signs in with a browser");
    }
    let elsewhere = web.system.terminal(OTHER, "受付9").await;
    let browser = web.browser_at(&elsewhere);
    let administrator = web.signed_in(InstitutionRole::Administrator).await;
    browser.hold(COOKIE, &administrator.cookies()[COOKIE]);
    browser.get("/menu").await.leads("/login");
    administrator.get("/menu").await.says(200, "メニュー");
    web.system.stop().await;
}
