//! 登録情報の変更 over real HTTP and SMTP: the contact at once, the mail address once its link is opened.

use std::time::Duration;

use eligibility::institution::InstitutionCode;
use testkit::browser::{Browser, BrowserPage};
use testkit::mailbox::ReceivedMail;
use testkit::system::Engine;

use crate::portal_support::{PASSWORD, Portal, login};
use crate::support::{Entry, audit_entries};

crate::on_both_engines! {
    the_contact_is_changed_at_once_and_told
    a_new_address_counts_from_its_confirmation_on
    the_last_wish_counts_and_may_be_taken_back
    an_address_that_somebody_else_has_is_told_by_mail_only
    a_session_alone_changes_no_registration
}

const CLINIC: &str = "1319990012";
const OLD: &str = "old@mihon.example";
const NEW: &str = "new@mihon.example";
const MINUTES_5: Duration = Duration::from_secs(5 * 60);

async fn changed(browser: &Browser, fields: [&str; 3]) -> BrowserPage {
    let [name, department, phone] = fields;
    let fields = [("name", name), ("department", department), ("phone", phone)];
    browser.post("/registration/contact", &fields).await
}

async fn wanted(browser: &Browser, mail: &str) -> BrowserPage {
    let once = browser.get("/registration").await.hidden("form_id");
    browser.post("/registration/mail", &[("form_id", &once), ("mail", mail)]).await
}

async fn confirmed(portal: &Portal, link: &str) -> BrowserPage {
    let browser = portal.browser();
    let page = browser.get(link).await;
    let token = page.says(200, "メールアドレスを変更する").hidden("token");
    browser.post("/registration/mail/confirm", &[("token", &token)]).await
}

/// The newest mail to an address that says this.
async fn told(portal: &Portal, mail: &str, words: &str) -> ReceivedMail {
    loop {
        // Every mail that comes is looked at; the runner's limit ends the wait for one that does not.
        let found = portal.mailbox.take(mail, 1).await;
        if found.text.contains(words) {
            return found;
        }
    }
}

/// What is on record of the registration, in its order.
async fn actions(portal: &Portal) -> Vec<String> {
    let entries = audit_entries(&portal.system).await.into_iter();
    let action = |entry: Entry| entry.action.strip_prefix("account.").map(str::to_owned);
    let registration = |action: &String| action.starts_with("contact") || action.starts_with("mail");
    entries.filter_map(action).filter(registration).collect()
}

async fn the_contact_is_changed_at_once_and_told(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (browser, _) = portal.member(CLINIC, OLD).await;
    browser.get("/my-menu").await.says(200, "登録情報の変更").says(200, "03-0000-0000").says(200, OLD);
    let faulty = changed(&browser, ["", &"課".repeat(41), "12"]).await;
    faulty.says(422, "担当者氏名が入力されていません。").says(422, "担当部署が長すぎます。");
    faulty.says(422, "電話番号の形式が正しくありません。").says(422, "value=\"12\"");
    let done = changed(&browser, ["𠮷辻󠄀　一郎", "医事課", "０３-１１１１-１１１１"]).await;
    done.leads("/registration?done=contact");
    browser.get(done.to()).await.says(200, "担当者の情報を変更しました。").says(200, "医事課");
    let menu = browser.get("/my-menu").await;
    menu.says(200, "𠮷辻󠄀　一郎（医事課）").says(200, "03-1111-1111");
    let mail = told(&portal, OLD, "担当者の情報").await;
    assert!(
        !mail.text.contains("一郎") && !mail.text.contains("1111"),
        "no value is repeated: {}",
        mail.text
    );
    // The same once more changes nothing, and nobody is told.
    changed(&browser, ["𠮷辻󠄀　一郎", "医事課", "03-1111-1111"]).await.leads("/registration?done=contact");
    assert_eq!(actions(&portal).await, ["contact"]);
    let code = InstitutionCode::parse(CLINIC).expect("a code");
    let account = portal.system.store().registrant(&code).await.expect("reads").expect("there").account;
    assert_eq!(account.department.as_deref(), Some("医事課"), "the operator sees it");
    changed(&browser, ["𠮷辻󠄀　一郎", "", "03-1111-1111"]).await.leads("/registration?done=contact");
    browser.get("/registration").await.says(200, "（登録されていません）");
    portal.system.stop().await;
}

async fn a_new_address_counts_from_its_confirmation_on(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (browser, secret) = portal.member(CLINIC, OLD).await;
    for wrong in ["", "nobody", "Old@MIHON.example"] {
        wanted(&browser, wrong).await.says(422, "id=\"mail-error\"");
    }
    let once = browser.get("/registration").await.hidden("form_id");
    let fields = [("form_id", &*once), ("mail", NEW)];
    browser.post("/registration/mail", &fields).await.says(200, "確認メールを送信しました");
    browser.post("/registration/mail", &fields).await.says(200, "確認メールを送信しました");
    let link = told(&portal, NEW, "メールアドレスを変更する").await;
    let warned = told(&portal, OLD, "変更の申込みがありました").await;
    assert!(!warned.text.contains("token="), "{}", warned.text);
    // Until then everything is as it was.
    browser.get("/registration").await.says(200, "新しいメールアドレスの確認を待っています").says(200, NEW);
    let stranger = portal.browser();
    login(&stranger, NEW, PASSWORD).await.says(422, "正しくありません");
    login(&stranger, OLD, PASSWORD).await.leads("/login/second-factor");
    // Looking at the link changes nothing; of eight presses one does.
    let token = stranger.get(link.link()).await.hidden("token");
    let presses = (0..8).map(|_| {
        let (browser, token) = (portal.browser(), token.clone());
        tokio::spawn(
            async move { browser.post("/registration/mail/confirm", &[("token", &token)]).await.status },
        )
    });
    let mut statuses = Vec::new();
    for press in presses.collect::<Vec<_>>() {
        statuses.push(press.await.expect("runs"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422, 422, 422, 422, 422, 422, 422]);
    for address in [OLD, NEW] {
        told(&portal, address, "登録されたメールアドレスが変更されました").await;
    }
    // Every session is over; from here on the new address signs in, with the same password and second factor.
    browser.get("/my-menu").await.leads("/login?next=/my-menu");
    portal.system.hands.advance(Duration::from_secs(60));
    login(&stranger, OLD, PASSWORD).await.says(422, "正しくありません");
    login(&stranger, NEW, PASSWORD).await.leads("/login/second-factor");
    let code = portal.code(&secret, 0);
    stranger.post("/login/totp", &[("code", &code)]).await.leads("/my-menu");
    stranger.get("/my-menu").await.says(200, NEW);
    // What is asked by mail about the old address finds nobody; and the address is free for another institution.
    let once = stranger.get("/password-reset").await.hidden("form_id");
    stranger.post("/password-reset", &[("form_id", &once), ("mail", OLD)]).await.says(200, "送信しました");
    told(&portal, OLD, "このメールアドレスは登録されていません").await;
    assert_eq!(actions(&portal).await, ["mail-ask", "mail"]);
    portal.system.stop().await;
}

async fn the_last_wish_counts_and_may_be_taken_back(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (browser, _) = portal.member(CLINIC, OLD).await;
    let mut links = Vec::new();
    for mail in ["first@mihon.example", NEW] {
        wanted(&browser, mail).await.says(200, "確認メールを送信しました");
        links.push(told(&portal, mail, "メールアドレスを変更する").await.link().to_owned());
    }
    confirmed(&portal, &links[0]).await.says(422, "このリンクは使えません");
    browser.post("/registration/mail/cancel", &[]).await.leads("/registration?done=dropped");
    browser.post("/registration/mail/cancel", &[]).await.leads("/registration?done=dropped");
    let page = browser.get("/registration").await;
    assert!(!page.text.contains("確認を待っています"), "{}", page.text);
    confirmed(&portal, &links[1]).await.says(422, "このリンクは使えません");
    // A day later a link is nothing any more, and the wish is not shown.
    wanted(&browser, NEW).await.says(200, "確認メールを送信しました");
    let link = told(&portal, NEW, "メールアドレスを変更する").await.link().to_owned();
    portal.system.hands.advance(Duration::from_secs(24 * 60 * 60));
    confirmed(&portal, &link).await.says(422, "このリンクは使えません");
    login(&portal.browser(), OLD, PASSWORD).await.leads("/login/second-factor");
    assert_eq!(actions(&portal).await, ["mail-ask", "mail-ask", "mail-drop", "mail-ask"]);
    portal.system.stop().await;
}

async fn an_address_that_somebody_else_has_is_told_by_mail_only(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (browser, _) = portal.member(CLINIC, OLD).await;
    drop(portal.member("1319990020", "taken@mihon.example").await);
    let same = |page: &BrowserPage, mail: &str| page.text.replace(mail, "*");
    let taken = wanted(&browser, "taken@mihon.example").await;
    let pending = browser.get("/registration").await;
    let free = wanted(&browser, NEW).await;
    assert_eq!((taken.status, same(&taken, "taken@mihon.example")), (200, same(&free, NEW)));
    pending.says(200, "taken@mihon.example").says(200, "確認を待っています");
    let mail = told(&portal, "taken@mihon.example", "すでにほかのアカウントで登録されています").await;
    assert!(!mail.text.contains("token="), "{}", mail.text);
    // Whoever takes the address between the mail and its link is first.
    let link = told(&portal, NEW, "メールアドレスを変更する").await.link().to_owned();
    drop(portal.member("1319990038", NEW).await);
    confirmed(&portal, &link).await.says(409, "このメールアドレスは登録済みです");
    login(&portal.browser(), OLD, PASSWORD).await.leads("/login/second-factor");
    portal.system.stop().await;
}

async fn a_session_alone_changes_no_registration(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (owner, _) = portal.member(CLINIC, OLD).await;
    portal.system.hands.advance(MINUTES_5);
    let thief = owner.copied();
    let proof = "/security/proof?next=/registration";
    thief.get("/registration").await.says(200, &format!("href=\"{proof}\"")).says(200, OLD);
    changed(&thief, ["盗人", "", "03-0000-0000"]).await.leads(proof);
    thief.post("/registration/mail", &[("form_id", &"0".repeat(32)), ("mail", NEW)]).await.leads(proof);
    owner.get("/my-menu").await.says(200, "髙橋 花子").says(200, OLD);
    let given = [("password", PASSWORD), ("next", "/registration")];
    owner.post("/security/proof", &given).await.leads("/registration");
    changed(&owner, ["髙橋 次郎", "", "03-0000-0000"]).await.leads("/registration?done=contact");
    assert_eq!(actions(&portal).await, ["contact"]);
    portal.system.stop().await;
}
