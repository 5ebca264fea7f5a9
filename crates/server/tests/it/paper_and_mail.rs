//! What goes out after an application: paper that can be printed, and mail to everybody whom it concerns.

use store::Institution;
use testkit::system::Engine;

use crate::chain_support::{CLINIC, House, approve, code_of, desk, draft, submit};
use crate::on_both_engines;

on_both_engines! {
    what_cannot_be_printed_is_said_before_the_approval
    the_address_of_the_form_is_told_too
}

/// No font has this one: it has not been given out.
const NOBODYS: &str = "\u{10FFFD}";
/// Where the form says that mail goes, too.
const DESK_MAIL: &str = "ijika@mihon.example";

fn certificate<'a>(terminal: &'a str, mail: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("department", "医事課"),
        ("contact_name", "𠮷辻󠄀　花子"),
        ("phone", "03-0000-0000"),
        ("mail", mail),
        ("terminal_name", terminal),
        ("for_eligibility", "on"),
    ]
}

async fn named(house: &House, name: &str) {
    let institution = Institution { code: code_of(CLINIC), name: name.to_owned() };
    house.portal.system.store().put_institution(institution).await.expect("an institution");
}

async fn what_cannot_be_printed_is_said_before_the_approval(engine: Engine) {
    let house = House::open(engine).await;
    // Rare characters that the letters' fonts have are no obstacle.
    named(&house, "見本𠮷髙﨑葛󠄀城内科").await;
    let fields = certificate("受付髙1号機", "");
    let place = draft(&house.clinic, "certificate-issue", &fields).await;
    submit(&house.clinic, &place, &fields).await;
    let (at, reviewer) = (desk(&place), &house.reviewers[0]);
    let page = reviewer.get(&at).await;
    page.says(200, "承認する");
    assert!(!page.text.contains("印字できない文字"), "{}", page.text);
    let revision = page.hidden("revision");
    named(&house, &format!("見本{NOBODYS}内科")).await;
    let page = reviewer.get(&at).await;
    page.says(200, "印字できない文字").says(200, "U+10FFFD").says(200, "医療機関マスタの名称を");
    assert!(!page.text.contains("value=\"approve\""), "no button to approve: {}", page.text);
    // Nor by a page that was opened before.
    let fields = [("revision", &*revision), ("decision", "approve")];
    let refused = reviewer.post(&format!("{at}/decide"), &fields).await;
    refused.says(409, "印字できない文字があるため、承認できません。");
    // It can still be returned; and once the register is put right, approved.
    named(&house, "見本坂内科").await;
    assert_eq!(approve(reviewer, &at).await.status, 303);
    house.portal.system.stop().await;
}

async fn the_address_of_the_form_is_told_too(engine: Engine) {
    let house = House::open(engine).await;
    let fields = certificate("受付1号機", DESK_MAIL);
    let place = draft(&house.clinic, "certificate-issue", &fields).await;
    submit(&house.clinic, &place, &fields).await;
    let mailbox = &house.portal.mailbox;
    let told = mailbox.take(DESK_MAIL, 1).await;
    assert!(told.text.contains("電子証明書発行申請"), "{}", told.text);
    let at = desk(&place);
    let revision = house.reviewers[0].get(&at).await.hidden("revision");
    let fields = [("revision", &*revision), ("decision", "return"), ("reason", "端末名称を確認してください")];
    assert_eq!(house.reviewers[0].post(&format!("{at}/decide"), &fields).await.status, 303);
    let told = mailbox.take(DESK_MAIL, 1).await;
    assert!(told.text.contains("端末名称を確認してください"), "{}", told.text);
    // The account is told of the same, behind its registration and the submission.
    let own = mailbox.mail_to("clinic@mihon.example", 3).await;
    assert!(own.text.contains("端末名称を確認してください"), "{}", own.text);
    house.portal.system.stop().await;
}
