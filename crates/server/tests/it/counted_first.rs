//! Every guess is counted durably before anything is compared: where the count cannot be written, even the right
//! password, code, link and 認証ID are not looked at, and none of them is used up.

use pki::keys::{KeyAlgorithm, PrivateKey};
use serde_json::json;
use server::config::{Mail, Secret};
use testkit::mailbox::Mailbox;
use testkit::system::Engine;
use testkit::tampering::change;

use crate::ca_support::{Site, TERMINAL, request_of, retrieve_at};
use crate::on_both_engines;
use crate::portal_support::{self, PASSWORD, Portal, login};

on_both_engines! { what_cannot_be_counted_is_not_compared }

/// Makes every count fail.
const STOP_COUNTING: &str = "ALTER TABLE attempt RENAME TO attempt_away; \
     ALTER TABLE retrieval_try RENAME TO retrieval_try_away";
/// Undoes [`STOP_COUNTING`].
const COUNT_AGAIN: &str = "ALTER TABLE attempt_away RENAME TO attempt; \
     ALTER TABLE retrieval_try_away RENAME TO retrieval_try";

async fn what_cannot_be_counted_is_not_compared(engine: Engine) {
    let mailbox = Mailbox::open().await;
    let url = mailbox.url();
    let site = Site::with(engine, |config| {
        config.portal = Some(portal_support::site());
        config.mail = Some(Mail { server: Secret::new(url), sender: "no-reply@shikaku.example".to_owned() });
    })
    .await;
    let (codes, authority) = (site.letter("o1").await, site.address());
    let portal = Portal { system: site.system, mailbox };
    let member = "member@mihon.example";
    let (_, secret) = portal.member("1319990012", member).await;
    portal.system.hands.advance(std::time::Duration::from_secs(60));
    // Everything right, and ready to be typed.
    let newcomer = portal.browser();
    portal.register(&newcomer, "1319990020", "link@mihon.example").await.says(200, "送信しました");
    let mail = portal.mailbox.mail_to("link@mihon.example", 1).await;
    let token = newcomer.get(mail.link()).await.hidden("token");
    let link = [("token", &*token)];
    let half = portal.browser();
    login(&half, member, PASSWORD).await.leads("/login/second-factor");
    let code = portal.code(&secret, 0);
    let typed = [("code", &*code)];
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let wish = json!({ "request_pem": request_of(TERMINAL, &key) });

    let database = portal.system.database_url();
    change(database, STOP_COUNTING).await;
    for (what, page) in [
        ("password", login(&portal.browser(), member, PASSWORD).await),
        ("code", half.post("/login/totp", &typed).await),
        ("link", newcomer.post("/confirm", &link).await),
    ] {
        assert_eq!((page.status, page.to()), (503, ""), "{what}: {}", page.text);
    }
    half.get("/my-menu").await.leads("/login?next=/my-menu");
    let (status, answer) = retrieve_at(authority, &codes, wish.clone()).await;
    assert!(status >= 500 && answer.get("chain_pem").is_none(), "{status} {answer}");

    change(database, COUNT_AGAIN).await;
    login(&portal.browser(), member, PASSWORD).await.leads("/login/second-factor");
    half.post("/login/totp", &typed).await.leads("/my-menu");
    newcomer.post("/confirm", &link).await.says(200, "登録が完了しました");
    let (status, answer) = retrieve_at(authority, &codes, wish).await;
    assert_eq!(status, 200, "{answer}");
    portal.system.stop().await;
}
