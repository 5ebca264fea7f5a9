//! What is another institution's is not there, whatever it is: applications of every kind and in every state, the
//! 通知書, a real letter, a serial number. Walked along the way of every application ([`crate::applications_chain`]),
//! over the one table of routes ([`ROUTES`]).

use eligibility::account::OperatorAction;
use testkit::browser::BrowserPage;

use crate::chain_support::{CLINIC, House, NEIGHBOUR, approve, code_of, desk_of, draft, submit};
use crate::foreign_objects::{For, ROUTES, Route, ask};

/// Words that stand on the clinic's pages and on nobody else's.
const OWN_WORDS: [&str; 3] = ["見本坂内科", "受付番号", "審査中"];

fn is_not_there(page: &BrowserPage, what: &str) {
    assert_eq!(page.status, 404, "{what}: {}", page.text);
    for words in OWN_WORDS {
        assert!(!page.text.contains(words), "{what} tells {words}: {}", page.text);
    }
}

/// Every route to an application, as another institution, and as an operator under another institution's code.
pub(crate) async fn foreigners_find_nothing(house: &House, place: &str) {
    let store = house.portal.system.store();
    let before = store.applications_of(&code_of(CLINIC)).await.expect("reads");
    let mut parts = place.rsplit('/');
    let (id, kind) = (parts.next().expect("an id"), parts.next().expect("a kind"));
    let mut walked = 0;
    for Route(folder, method, path, may) in ROUTES {
        let filled = path.replace("{kind}", kind).replace("{id}", id).replace("{institution}", NEIGHBOUR);
        let what = format!("{method} {filled}");
        if *folder == "portal" && *may == For::Owner {
            is_not_there(&ask(&house.neighbour, method, &filled).await, &what);
            walked += 1;
        }
        if *folder == "operator" && path.starts_with("/applications/") {
            is_not_there(&ask(&house.reviewers[0], method, &filled).await, &what);
            walked += 1;
        }
    }
    assert!(walked >= 9, "the table has lost its routes");
    // Nor is it written over, under its own kind or another one.
    for under in [kind, "use-start", "certificate-issue"] {
        let fields = [("id", id), ("version", "1"), ("action", "save"), ("contact_name", "別人")];
        is_not_there(&house.neighbour.post(&format!("/applications/{under}"), &fields).await, under);
    }
    // Even a member of staff sees 404 because it is another's, not because it is gone.
    assert_eq!(house.clinic.get(place).await.status, 200, "{place}");
    assert_eq!(store.applications_of(&code_of(CLINIC)).await.expect("reads"), before);
    let own = house.neighbour.get("/applications").await;
    assert!(!own.says(200, "申請").text.contains(id), "{}", own.text);
}

/// A real letter: nobody opens or posts it but the post room, and nobody under another institution's code.
pub(crate) async fn foreigners_find_no_letter(house: &House, letter: &str) {
    let id = letter.rsplit('/').next().expect("an id");
    let waiting = house.portal.system.store().letters_to_post().await.expect("reads");
    let mut walked = 0;
    for Route(_, method, path, may) in ROUTES.iter().filter(|Route(_, _, path, _)| path.contains("{letter}"))
    {
        let own = path.replace("{institution}", CLINIC).replace("{letter}", id);
        let foreign = path.replace("{institution}", NEIGHBOUR).replace("{letter}", id);
        if *method == "get" {
            is_not_there(&house.post_room.get(&foreign).await, &foreign);
        } else if path.ends_with("/post") {
            // As with a letter that is gone; that nothing was posted is seen below.
            let sent = [("tracking_number", "123-45-67890-1")];
            house.post_room.post(&foreign, &sent).await.says(422, "入力した引受番号は記録していません");
        } else {
            is_not_there(&house.post_room.post(&foreign, &[]).await, &foreign);
        }
        // Who cares for letters sees that there is one; only the post room opens and posts it.
        for operator in house.reviewers.iter().filter(|_| *may == For::Operator(OperatorAction::SendLetters))
        {
            is_not_there(&ask(operator, method, &own).await, &format!("{method} {own}"));
        }
        // On the portal there is no such address at all.
        for member in [&house.clinic, &house.neighbour] {
            assert_eq!(ask(member, method, &own).await.status, 404, "{method} {own}");
        }
        walked += 1;
    }
    assert!(walked >= 2, "the table has lost its routes");
    let after = house.portal.system.store().letters_to_post().await.expect("reads");
    assert_eq!(after.len(), waiting.len(), "nobody posted it");
    assert!(!house.neighbour.get("/my-menu").await.says(200, "マイメニュー").text.contains("受付1号機"));
}

/// Another institution's serial number is answered like one that does not exist, and ends nothing.
pub(crate) async fn a_foreign_serial_is_as_good_as_none(house: &House, serial: &str) {
    let form = house.neighbour.get("/applications/certificate-revocation").await;
    assert!(!form.says(200, "シリアル番号").text.contains(serial), "it is not offered");
    let made_up: String = serial.chars().rev().collect();
    let mut told = Vec::new();
    for named in [serial, &made_up] {
        let fields = [
            ("serial", named),
            ("reason", "key_compromise"),
            ("contact_name", "佐藤　花子"),
            ("phone", "03-0000-0000"),
            ("understood", "on"),
        ];
        let place = draft(&house.neighbour, "certificate-revocation", &fields).await;
        let page = house.neighbour.get(&format!("{place}/edit")).await;
        told.push(page.text.replace(named, "*").replace(place.rsplit('/').next().expect("an id"), "#"));
        submit(&house.neighbour, &place, &fields).await;
        let at = desk_of(NEIGHBOUR, &place);
        let page = house.reviewers[0].get(&at).await;
        page.says(200, "このシリアル番号の電子証明書は、この医療機関等にありません。");
        assert_eq!(approve(&house.reviewers[0], &at).await.status, 409, "{named}");
        house.neighbour.post(&format!("{place}/withdraw"), &[]).await.leads(&place);
    }
    assert_eq!(told[0], told[1], "the one tells as much as the other");
    let store = house.portal.system.store();
    let named = store.certificate_of(&code_of(CLINIC), serial).await.expect("reads").expect("there");
    assert_eq!(named.revocation, None);
}
