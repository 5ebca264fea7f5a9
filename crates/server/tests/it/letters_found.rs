//! 通知書を探す on the operator's site: by code, name and 引受番号, a page at a time.

use std::collections::BTreeSet;

use eligibility::Instant;
use eligibility::account::OperatorRole;
use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::CertificateUses;
use eligibility::retrieval::RetrievalNumber;
use store::{Institution, LetterFiled, NewLetter};
use testkit::system::Engine;

use crate::on_both_engines;
use crate::sites::{Browser, Sites};

on_both_engines! {
    letters_are_found_by_code_name_and_tracking_number
    letters_are_shown_a_page_at_a_time_each_once
}

const CLINICS: [(&str, &str); 2] = [("1319990012", "架空内科医院"), ("2719990027", "100%みほん_第２歯科")];
/// One page.
const PAGE: usize = 50;

/// The `number`th letter to a clinic. Those of one second are told apart by their ids.
async fn letter(sites: &Sites, code: &str, number: u32) -> String {
    let id = format!("letter-{number:03}");
    let new = NewLetter {
        institution_code: InstitutionCode::parse(code).expect("a code"),
        letter_id: id.clone(),
        order_id: format!("order-{number}"),
        application: None,
        in_place_of: None,
        document_number: format!("認発第2026-{number:06}号"),
        number: RetrievalNumber::parse(&format!("{number:012}")).expect("twelve digits"),
        secret_hash: [7; 32],
        terminal_name: "受付1号機".to_owned(),
        uses: CertificateUses::Eligibility,
        sealed_pdf: b"sealed".to_vec(),
        made_at: Instant(sites.clock.now().0 + i64::from(number / 3)),
        retrievable_until: Instant(sites.clock.now().0 + 1_000_000_000),
    };
    assert_eq!(sites.store.file_letter(new).await, Ok(LetterFiled::Fresh));
    id
}

async fn opened(engine: Engine) -> (Sites, Browser) {
    let sites = Sites::open(engine).await;
    for (code, name) in CLINICS {
        let code = InstitutionCode::parse(code).expect("a code");
        let institution = Institution { code, name: name.to_owned() };
        sites.store.put_institution(institution).await.expect("an institution");
    }
    let yubin = sites.operator("yubin", OperatorRole::PostRoom).await;
    (sites, yubin)
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn letters_are_found_by_code_name_and_tracking_number(engine: Engine) {
    let (sites, yubin) = opened(engine).await;
    yubin.get("/letters/find").await.has("通知書はまだありません");
    let [(first, _), (second, _)] = CLINICS;
    let posted = letter(&sites, first, 1).await;
    letter(&sites, second, 2).await;
    let code = InstitutionCode::parse(first).expect("a code");
    let now = sites.clock.now();
    let done = sites.store.post_letter(&code, &posted, "123-45-67890-1", "yubin", now).await;
    assert_eq!(done, Ok(true));
    let (mine, other) = ("認発第2026-000001号", "認発第2026-000002号");
    yubin.get("/letters/find").await.has(mine).has(other).has("発送済み").has("発送待ち");
    for typed in
        ["1319990012", "13199", "架空内科", "内科", "123-45-67890-1", "12345678901", "１２３-４５", "123 45"]
    {
        yubin.get(&format!("/letters/find?find={}", escaped(typed))).await.has(mine).lacks(other);
    }
    // What LIKE takes for itself is only a letter of the name.
    for typed in ["100%みほん", "ん_第", "第２歯科"] {
        yubin.get(&format!("/letters/find?find={}", escaped(typed))).await.has(other).lacks(mine);
    }
    for typed in ["%", "_", "9999999999", "そのような名称", "45-67890", "<script>"] {
        let page = yubin.get(&format!("/letters/find?find={}", escaped(typed))).await;
        match typed {
            "%" | "_" => page.has(other).lacks(mine),
            _ => page.has("に当てはまる通知書は").lacks("<script>").lacks(mine),
        };
    }
    // Who has nothing to do with letters does not look for them.
    let keeper = sites.operator("kaisen", OperatorRole::LineKeeper).await;
    assert_eq!(keeper.get("/letters/find").await.status, 404);
}

async fn letters_are_shown_a_page_at_a_time_each_once(engine: Engine) {
    let (sites, yubin) = opened(engine).await;
    let [(first, _), (second, _)] = CLINICS;
    for number in 1..=120 {
        letter(&sites, if number % 20 == 0 { second } else { first }, number).await;
    }
    for (find, there) in [("", 120), (first, 114), (second, 6)] {
        let mut seen = BTreeSet::new();
        let mut at = format!("/letters/find?find={find}");
        loop {
            let page = yubin.get(&at).await;
            assert_eq!(page.status, 200, "{at}");
            let lines: Vec<&str> = page.text.split("認発第").skip(1).map(|rest| &rest[..11]).collect();
            assert!(lines.len() <= PAGE, "{at}: {}", lines.len());
            // The newest first: of letters made in one moment, by their ids.
            for line in lines {
                assert!(seen.insert(line.to_owned()), "{line} stands on two pages");
            }
            let Some((_, rest)) = page.text.split_once("<a class=\"button second\" href=\"") else { break };
            at = rest.split('"').next().expect("an address").replace("&amp;", "&").replace("&#38;", "&");
        }
        assert_eq!(seen.len(), there, "{find}");
    }
    assert_eq!(yubin.get("/letters/find?after=nonsense").await.status, 404);
}
