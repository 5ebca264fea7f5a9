//! What was approved and must not be carried out any more: it is held, the operator sees why, and ends it.

use std::time::Duration;

use eligibility::account::OperatorRole;
use eligibility::institution::InstitutionCode;
use testkit::system::Engine;

use crate::applications::{decide, desk, filled, handed_in};
use crate::on_both_engines;
use crate::sites::{Browser, Sites};

on_both_engines! {
    what_a_stopped_registrant_was_granted_is_held_and_ended
}

const CLINIC: &str = "1319990012";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const REVIEWER: OperatorRole = OperatorRole::Reviewer;

/// 却下 where the page offers none.
async fn reject(operator: &Browser, at: &str, reason: &str) -> u16 {
    let fields = [("revision", "1"), ("decision", "reject"), ("reason", reason)];
    operator.post(&format!("{at}/decide"), &fields).await.status
}

async fn what_a_stopped_registrant_was_granted_is_held_and_ended(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let (sato, tanaka) = (sites.operator("sato", REVIEWER).await, sites.operator("tanaka", REVIEWER).await);
    let start = desk(CLINIC, &handed_in(&clinic, "use-start", &filled("use-start")).await);
    assert_eq!(decide(&sato, &start, "approve", "").await.status, 303);
    assert_eq!(sites.carry_out().await, 1);
    let tomorrow: Vec<_> = filled("customer-id-change")
        .into_iter()
        .map(|(name, value)| if name == "date" { (name, "2026-11-23") } else { (name, value) })
        .collect();
    let change = desk(CLINIC, &handed_in(&clinic, "customer-id-change", &tomorrow).await);
    let undecided =
        desk(CLINIC, &handed_in(&clinic, "certificate-issue", &filled("certificate-issue")).await);
    assert_eq!(decide(&sato, &change, "approve", "").await.status, 303);
    assert_eq!(sites.carry_out().await, 0, "not before its day");
    // What is in nobody's way is not ended after its approval.
    assert_eq!(reject(&sato, &change, "誤りのため").await, 409);
    let at = format!("/registrants/{CLINIC}");
    let subject = sato.get(&at).await.hidden("subject");
    let fields = [("subject", subject.as_str()), ("reason", "本人ではない")];
    assert_eq!(sato.post(&format!("{at}/stop"), &fields).await.status, 303);
    assert_eq!(tanaka.post(&format!("{at}/stop"), &fields).await.to(), "/registrants");

    sites.hands.advance(DAY);
    assert_eq!(sites.carry_out().await, 0, "held on its day");
    let code = InstitutionCode::parse(CLINIC).expect("a code");
    let line = sites.store.line_of(&code).await.expect("reads").expect("a line");
    assert_eq!(line.customer_id.map(|id| id.to_string()).as_deref(), Some("CAF0123456789"), "as it was");
    let sato = sites.operator_again("sato", REVIEWER).await;
    for page in [sato.get(&change).await, sato.get("/queues").await] {
        page.has("手続きが止まって")
            .has("医療機関等の方ではないとして停止されました")
            .has("却下してください");
    }
    // Nor is anything else of that registrant approved.
    let refused = decide(&sato, &undecided, "approve", "").await;
    assert_eq!(refused.status, 409);
    refused.has("申請した登録者は、医療機関等の方ではないとして停止されています。");
    // Ended with a reason, once; then nothing waits.
    assert_eq!(decide(&sato, &change, "reject", " ").await.status, 422);
    assert_eq!(decide(&sato, &change, "reject", "登録者が停止されたため").await.status, 303);
    assert_eq!(reject(&sato, &change, "登録者が停止されたため").await, 303, "a second click");
    let ended = sato.get(&change).await;
    ended.has("承認後の却下").has("登録者が停止されたため").lacks("手続きが止まって");
    sato.get("/queues").await.lacks("手続きが止まって");
    assert_eq!(sites.carry_out().await, 0);
}
