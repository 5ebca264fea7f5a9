//! Letters that nobody posts and letters that get lost: what both sides see, and what a stuck one does to the others.

use eligibility::account::{MailAddress, OperatorRole, PortalRole};
use eligibility::application::{Actor, ApplicationForm, CertificateForm, Side};
use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::CertificateUses;
use eligibility::retrieval::RetrievalNumber;
use pki::keys::{KeyAlgorithm, PrivateKey};
use serde_json::json;
use store::{
    Acted, ApplicationId, Decision, LetterAgain, LetterFiled, MailText, NewDraft, NewLetter, Saved, Store,
};
use testkit::system::Engine;

use crate::applications::filled;
use crate::ca_applications::{Offices, TERMINAL, until};
use crate::ca_support::{Codes, DAY, Site, codes, request_of};
use crate::on_both_engines;

on_both_engines! {
    a_letter_that_nobody_posts_is_void_and_said_to_be_on_both_sides
    a_lost_letter_is_made_void_by_two_people_and_another_one_follows
    sixty_that_are_stuck_keep_nobody_waiting
    another_letter_that_cannot_be_written_is_given_up_after_a_month
}

async fn fetches(site: &Site, letter: &Codes) -> (u16, String) {
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let (status, answer) = site.retrieve(letter, json!({ "request_pem": request_of(TERMINAL, &key) })).await;
    (status, answer["code"].as_str().unwrap_or_default().to_owned())
}

/// The codes of the letter that waits at this place, posted.
async fn posted(offices: &Offices, letter: &str) -> Codes {
    let pdf = offices.post_room.get(&format!("{letter}/pdf")).await;
    let sent = [("tracking_number", "123-45-67890-1")];
    assert_eq!(offices.post_room.post(&format!("{letter}/post"), &sent).await.to(), "/letters");
    codes(&pdf.bytes)
}

/// Subjects and texts of the mails about letters that wait to be sent, or were.
async fn told(offices: &Offices) -> String {
    let store = &offices.sites.store;
    let due = store.due_mails(eligibility::Instant(i64::MAX), 500).await.expect("reads").into_iter();
    let text = |mail: store::NewMail| match mail.text {
        MailText::Open(text) => format!("{}\n{text}", mail.subject_line),
        MailText::Sealed(_) => String::new(),
    };
    due.map(|due| text(due.mail)).filter(|text| text.contains("を無効にしました")).collect()
}

async fn a_letter_that_nobody_posts_is_void_and_said_to_be_on_both_sides(engine: Engine) {
    let mut offices = Offices::open(engine).await;
    offices.approved("certificate-issue", &filled("certificate-issue"), 2).await;
    let letter = offices.letter().await;
    let never_posted = codes(&offices.post_room.get(&format!("{letter}/pdf")).await.bytes);
    offices.site.system.hands.advance(DAY * 14);
    offices.site.parts().issuing.tidy().await.expect("tidies");
    assert_eq!(offices.sites.store.letters_to_post().await.expect("reads").len(), 1, "its last day");
    offices.site.system.hands.advance(DAY);
    offices.site.parts().issuing.tidy().await.expect("tidies");
    // Who was signed in two weeks ago signs in anew.
    offices.post_room = offices.sites.operator_again("yubin", OperatorRole::PostRoom).await;
    let list = offices.post_room.get("/letters").await;
    list.has("14日以内に発送されなかったため破棄").has("新しい通知書を作る").lacks("通知書を開いて印刷する");
    assert_eq!(fetches(&offices.site, &never_posted).await, (409, "retrieval-not-posted".to_owned()));
    let mail = told(&offices).await;
    assert!(mail.contains("作成から14日以内に発送されなかったため"), "{mail}");
    assert!(mail.contains("電子証明書発行申請"), "{mail}");
    let entries = offices.recorded("certificate.letter.void").await;
    assert_eq!(entries.len(), 1, "once: {entries:?}");
    // Another one is written for the same approval.
    let asked = offices.post_room.post(&format!("{letter}/again"), &[]).await;
    assert_eq!(asked.to(), format!("{letter}?done=again"));
    offices.site.parts().issuing.run().await.expect("writes");
    let another = offices.letter().await;
    assert_ne!(another, letter);
    let fresh = posted(&offices, &another).await;
    assert_eq!(fetches(&offices.site, &never_posted).await.0, 409, "the first one stays void");
    assert_eq!(fetches(&offices.site, &fresh).await.0, 200);
    offices.site.system.stop().await;
}

async fn a_lost_letter_is_made_void_by_two_people_and_another_one_follows(engine: Engine) {
    let offices = Offices::open(engine).await;
    let site = &offices.site;
    offices.approved("certificate-issue", &filled("certificate-issue"), 2).await;
    let letter = offices.letter().await;
    let lost = posted(&offices, &letter).await;
    let void =
        async |reason: &str| offices.post_room.post(&format!("{letter}/void"), &[("reason", reason)]).await;
    for no_reason in ["", "not_posted", "boredom"] {
        assert_eq!(void(no_reason).await.status, 422, "{no_reason}");
    }
    // A second click is no fault; another number is, as it is written down nowhere.
    let send = async |number: &str| {
        offices.post_room.post(&format!("{letter}/post"), &[("tracking_number", number)]).await
    };
    assert_eq!(send("123-45-67890-1").await.to(), "/letters");
    let other = send("123-45-67890-2").await;
    assert_eq!(other.status, 422);
    other.has("入力した引受番号は記録していません。");
    assert_eq!(void("lost_in_post").await.to(), format!("{letter}?done=void-ask"));
    // From the first person's word on, whoever found it has nothing.
    assert_eq!(fetches(site, &lost).await, (410, "retrieval-withdrawn".to_owned()));
    assert_eq!(told(&offices).await, "", "nothing is decided");
    let page = offices.post_room.get(&letter).await;
    page.has("郵便事故（不着・紛失）")
        .has("無効にするのは、別の担当者が行います。")
        .lacks("2人目として無効にする");
    let page = offices.reviewers[0].get(&letter).await;
    let (_, rest) = page.text.split_once("name=\"asked_at\" value=\"").expect("a wish");
    let wish = rest.split_once('"').expect("a moment").0.to_owned();
    let agree = [("asked_at", wish.as_str()), ("decision", "agree")];
    let decide = format!("{letter}/void/decide");
    offices.post_room.post(&decide, &agree).await.has("1人目として記録済みです。");
    assert_eq!(offices.reviewers[0].post(&decide, &agree).await.to(), format!("{letter}?done=void"));
    offices.reviewers[0].get("/letters").await.has("無効になった通知書").has("郵便事故（不着・紛失）");
    let mail = told(&offices).await;
    assert!(mail.contains("郵便で届かなかったため、この通知書は無効にしました。"), "{mail}");
    let again = format!("{letter}/again");
    assert_eq!(offices.reviewers[1].post(&again, &[]).await.to(), format!("{letter}?done=again"));
    assert_eq!(offices.reviewers[0].post(&again, &[]).await.status, 422, "once");
    let waiting = until(&offices.post_room, "/letters", "通知書を開いて印刷する").await;
    let (_, link) = waiting.text.split_once("<a href=\"/letters/").expect("a letter");
    let another = format!("/letters/{}", link.split_once("/pdf\"").expect("a link").0);
    let fresh = posted(&offices, &another).await;
    assert_eq!(fetches(site, &lost).await.0, 410);
    assert_eq!(fetches(site, &fresh).await.0, 200);
    // What was fetched is revoked, not made void.
    let too_late = offices.post_room.post(&format!("{another}/void"), &[("reason", "lost_in_post")]).await;
    too_late.has("すでに取得されています");
    offices.site.system.stop().await;
}

fn applicant(institution: &InstitutionCode) -> Actor {
    let side = Side::Applicant { institution: institution.clone(), role: PortalRole::Representative };
    Actor { side, account: "account".to_owned(), mail: MailAddress::parse("office@minato.example").ok() }
}

fn reviewer(name: &str) -> Actor {
    let mail = MailAddress::parse(&format!("{name}@operator.example")).ok();
    Actor { side: Side::Operator(OperatorRole::Reviewer), account: name.to_owned(), mail }
}

/// An approved 電子証明書発行申請, without the pages.
async fn approved(store: &Store, code: &InstitutionCode, number: usize, now: eligibility::Instant) {
    let id = ApplicationId::parse(&format!("01940000-0000-7000-8000-{number:012x}")).expect("a UUID");
    let form = ApplicationForm::CertificateIssue(CertificateForm {
        department: "医事課".to_owned(),
        contact_name: "架空 花子".to_owned(),
        phone: "03-0000-0000".to_owned(),
        terminal_name: format!("{number}号機"),
        for_eligibility: "on".to_owned(),
        ..CertificateForm::default()
    });
    let by = applicant(code);
    let draft = NewDraft { id: id.clone(), form, by: by.clone(), seen: None, now };
    let Saved::Saved(draft) = store.save_draft(draft).await.expect("writes") else { panic!("{number}") };
    let seen = (draft.application.revision, draft.version);
    let acted = store.submit_application(&id, seen, by, now).await.expect("writes");
    let Acted::Done(handed_in) = acted else { panic!("{acted:?}") };
    for name in ["sato", "tanaka"] {
        let revision = handed_in.application.revision;
        let shown = store.findings_now((code, &id), now).await.expect("reads").expect("it waits");
        let decision = Decision::Approve(shown);
        let acted = store.decide_application((code, &id), revision, decision, reviewer(name), now);
        let acted = acted.await.expect("writes");
        assert!(matches!(acted, Acted::Done(_)), "{acted:?}");
    }
}

async fn sixty_that_are_stuck_keep_nobody_waiting(engine: Engine) {
    const MOVED: &str = "1319990046";
    let offices = Offices::open(engine).await;
    let (store, now) = (&offices.sites.store, offices.sites.clock.now());
    offices.sites.without_address(MOVED, "みなと薬局").await;
    let moved = InstitutionCode::parse(MOVED).expect("a code");
    for number in 1..=60 {
        approved(store, &moved, number, now).await;
    }
    approved(store, &crate::ca_support::code(), 61, eligibility::Instant(now.0 + 1)).await;
    // The server's own work may be at it at the same time.
    offices.site.parts().issuing.run().await.expect("runs");
    until(&offices.post_room, "/letters", "61号機").await;
    let waiting = store.letters_to_post().await.expect("reads");
    assert_eq!(waiting.len(), 1, "the others have no address");
    let stuck = store.obstructed_applications().await.expect("reads");
    assert_eq!(stuck.len(), 60);
    offices.site.system.stop().await;
}

async fn another_letter_that_cannot_be_written_is_given_up_after_a_month(engine: Engine) {
    const MOVED: &str = "1319990046";
    let offices = Offices::open(engine).await;
    let (store, now) = (&offices.sites.store, offices.sites.clock.now());
    offices.sites.without_address(MOVED, "みなと薬局").await;
    let code = InstitutionCode::parse(MOVED).expect("a code");
    // The letter went to an address that the register has no more.
    let lost = NewLetter {
        institution_code: code.clone(),
        letter_id: "lost".to_owned(),
        order_id: "order".to_owned(),
        application: None,
        in_place_of: None,
        document_number: "認発第2026-000001号".to_owned(),
        number: RetrievalNumber::parse("123456789012").expect("twelve digits"),
        secret_hash: [7; 32],
        terminal_name: TERMINAL.to_owned(),
        uses: CertificateUses::Eligibility,
        sealed_pdf: b"sealed".to_vec(),
        made_at: now,
        retrievable_until: eligibility::Instant(now.0 + 1),
    };
    assert_eq!(store.file_letter(lost).await, Ok(LetterFiled::Fresh));
    let which = (&code, "lost");
    assert_eq!(store.end_overdue_letter(which, eligibility::Instant(now.0 + 1), now).await, Ok(true));
    assert_eq!(store.ask_letter_again(which, reviewer("sato"), now).await, Ok(LetterAgain::Asked));
    let again = async || store.letter_of(&code, "lost").await.expect("reads").expect("there").again_since;
    let issuing = &offices.site.parts().issuing;
    for day in 0..=30 {
        issuing.run().await.expect("runs");
        assert!(again().await.is_some(), "it is tried on day {day}");
        offices.site.system.hands.advance(DAY);
    }
    issuing.run().await.expect("runs");
    assert_eq!(again().await, None, "and nobody waits for ever");
    assert_eq!(offices.recorded("certificate.letter.again-drop").await.len(), 1);
    // Whoever asks anew, once the address is there, has it written.
    offices.sites.address(&code).await;
    let later = offices.sites.clock.now();
    assert_eq!(store.ask_letter_again(which, reviewer("sato"), later).await, Ok(LetterAgain::Asked));
    issuing.run().await.expect("runs");
    let replaced = async || store.letter_of(&code, "lost").await.expect("reads").expect("there").replaced_by;
    while replaced().await.is_none() {
        // The server's own work may be at it: the runner's limit ends the wait.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    offices.site.system.stop().await;
}
