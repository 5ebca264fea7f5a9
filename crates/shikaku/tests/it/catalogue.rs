//! The list of errors and states: every code is brought about for real, or says why it cannot be yet.

use eligibility::errors::ErrorCode;
use reqwest::header;

use crate::{pages, program::RunningDemo};

/// One entry of the page: a code with its forms (address and body), or without.
struct Entry<'p> {
    code: &'p str,
    forms: Vec<(String, String)>,
    not_built: bool,
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

fn entries(page: &str) -> Vec<Entry<'_>> {
    let pieces = page.split("<li class=\"entry\" id=\"").skip(1);
    let entry = |piece| {
        let code: &str = str::split_once(piece, '"').expect("an id").0;
        Entry { code, forms: forms(piece), not_built: piece.contains("class=\"notyet\"") }
    };
    pieces.map(entry).collect()
}

/// Address and body of every form in a piece of a page.
fn forms(piece: &str) -> Vec<(String, String)> {
    let form = |form: &str| {
        let action = between(form, "action=\"", "\"").expect("an address").to_owned();
        let fields = form.split("<input type=\"hidden\" name=\"").skip(1).map(|input| {
            let (name, rest) = input.split_once('"').expect("a name");
            format!("{name}={}", between(rest, "value=\"", "\"").expect("a value"))
        });
        (action, fields.collect::<Vec<_>>().join("&"))
    };
    piece
        .split("<form ")
        .skip(1)
        .map(|piece| form(piece.split("</form>").next().unwrap_or_default()))
        .collect()
}

/// The code a page says that it received.
fn received(page: &str) -> Option<&str> {
    between(page, "<p class=\"code\"><code>", "<")
        .or_else(|| between(page, "コード</th><td>", "<"))
        .map(|code| code.split_whitespace().next().unwrap_or_default())
}

/// What a page says, without its marks.
fn words(page: &str) -> String {
    let body = between(page, "<main", "</main>").unwrap_or(page);
    let texts = body.split('<').filter_map(|piece| piece.split_once('>').map(|(_, text)| text.trim()));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn every_code_of_the_catalogue_happens_for_real_or_has_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = RunningDemo::start(folder.path());
    let address = format!("http://{}/catalogue", demo.address);
    let page = pages::client().get(&address).send().await.expect("an answer").text().await.expect("a page");
    let entries = entries(&page);
    let mut listed: Vec<&str> = entries.iter().map(|entry| entry.code).collect();
    listed.sort_unstable();
    let mut catalogue: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.code()).collect();
    catalogue.sort_unstable();
    assert_eq!(listed, catalogue, "the page lists the catalogue itself");
    assert!(
        entries.iter().filter(|entry| entry.not_built).count() <= 1,
        "more is out of reach than there was"
    );

    let mut broken = Vec::new();
    for entry in &entries {
        assert_eq!(entry.forms.is_empty(), entry.not_built, "{}: a way or a reason", entry.code);
        for (action, body) in &entry.forms {
            let answer = pages::post(&demo, action, body).await;
            let status = answer.status();
            let page = answer.text().await.unwrap_or_else(|error| panic!("{action} {body}: {error}"));
            let code = received(&page);
            if code != Some(entry.code) {
                let words = words(&page);
                broken.push(format!("{} by {body}: {status}, received {code:?}: {words}", entry.code));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[tokio::test]
async fn every_state_can_be_tried_and_a_situation_is_nothing_for_other_pages() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = RunningDemo::start(folder.path());
    let address = format!("http://{}/catalogue", demo.address);
    let page = pages::client().get(&address).send().await.expect("an answer").text().await.expect("a page");
    let states = page.split("id=\"business\"").next().expect("the states come first");
    let forms = forms(states);
    assert!(forms.len() > 25, "{}", forms.len());
    for (action, body) in forms {
        let page = pages::post(&demo, &action, &body).await.text().await.expect("a page");
        assert!(page.contains("class=\"band "), "{body}");
        assert!(!page.contains("照会できませんでした"), "{body}");
    }

    for path in ["/situations", "/cards/unlock"] {
        let foreign = pages::client()
            .post(format!("http://{}{path}", demo.address))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, "http://evil.example")
            .body("situation=pin-thrice&persona=pin-locked");
        assert_eq!(
            foreign.send().await.expect("an answer").status(),
            reqwest::StatusCode::FORBIDDEN,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_first_page_lists_every_error_and_every_state_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = RunningDemo::start(folder.path());
    let get = async |path: &str| {
        let address = format!("http://{}{path}", demo.address);
        pages::client().get(address).send().await.expect("an answer").text().await.expect("a page")
    };
    let (landing, list) = (get("/").await, get("/catalogue").await);
    assert!(landing.contains(&format!("エラー（{} 種類）", ErrorCode::ALL.len())));
    for code in ErrorCode::ALL {
        let line = format!("href=\"/catalogue#{0}\"><code>{0}</code> {1}<", code.code(), code.message());
        assert!(landing.contains(&line), "{line}");
    }
    let places: Vec<&str> =
        landing.split("href=\"/catalogue#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(places.len() > ErrorCode::ALL.len() + 25, "{places:?}");
    for place in places {
        assert!(list.contains(&format!("id=\"{place}\"")), "{place} leads nowhere");
    }
    for state in [
        "同意区分 0 同意なし",
        "同意区分 1 同意あり",
        "同意区分 2 同意有効期限切れ",
        "同意区分 3 同意取得困難",
    ] {
        assert!(landing.contains(state) && list.contains(state), "{state}");
    }
}

#[tokio::test]
async fn each_state_of_consent_arises_with_its_person() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = RunningDemo::start(folder.path());
    let none = "ceiling=not_asked&specific_disease=not_asked&checkup=not_asked&medication=not_asked&treatment=not_asked&operation=not_asked";
    for (form, expected) in [
        ("persona=dialysis&proof=pin&care_form=home_visit", Some("1")),
        ("persona=taro&proof=pin&care_form=online", Some("2")),
        ("persona=hanako&proof=visual&care_form=emergency", Some("3")),
        ("persona=taro&proof=pin&care_form=outpatient", None),
    ] {
        let page = pages::post(&demo, "/checks/card", &format!("{form}&{none}")).await;
        let page = page.text().await.expect("a page");
        let flag = between(&page, "PharmacistsInfoConsFlg&#62;", "&#60;");
        assert_eq!(flag, expected, "{form}");
    }
}

#[tokio::test]
async fn a_locked_card_can_be_unlocked_and_locked_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = RunningDemo::start(folder.path());
    let check = "persona=pin-locked&proof=pin";
    let text =
        async |path: &str, body: &str| pages::post(&demo, path, body).await.text().await.expect("a page");
    let locked = text("/checks/card", check).await;
    assert_eq!(received(&locked), Some("OQSR0004E"));
    assert!(locked.contains("action=\"/cards/unlock\""), "the way out stands on the page");
    assert!(text("/cards/unlock", "persona=pin-locked").await.contains("初期化しました"));
    assert!(text("/checks/card", check).await.contains("QualificationValidity&#62;1&#60;"));
    let again = text("/situations", "situation=pin-thrice").await;
    assert_eq!(received(&again), Some("OQSR0004E"));
    assert_eq!(received(&text("/checks/card", check).await), Some("OQSR0004E"));
}

#[tokio::test]
async fn the_answer_shows_what_the_patient_agreed_to_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = RunningDemo::start(folder.path());
    let seen = async |body: &str| {
        let page = pages::post(&demo, "/checks/card", body).await.text().await.expect("a page");
        let table =
            between(&page, "class=\"places seen\"", "</table>").expect("what the clinic sees").to_owned();
        let lines = table.split("<tr>").skip(2).map(|line| line.contains("✓ 見える"));
        (lines.collect::<Vec<bool>>(), page)
    };
    let everything = "persona=hanako&proof=pin";
    assert_eq!(seen(everything).await.0, [true; 6]);
    let nothing = format!("{everything}&preset=none");
    let (lines, page) = seen(&nothing).await;
    assert_eq!(lines, [false; 6]);
    assert!(!page.contains("LimitApplicationCertificateRelatedInfo"), "the ceiling stays hidden");
    let asked = "ceiling=not_asked&specific_disease=not_asked&checkup=not_asked&treatment=not_asked&operation=refused";
    let (lines, page) =
        seen(&format!("{everything}&preset=chosen&medication=granted&{asked}&prescription=paper")).await;
    assert_eq!(lines, [true, false, false, true, false, false], "the card itself agrees to the ceiling");
    assert!(page.contains("PrescriptionIssueSelect&#62;2&#60;"), "the form of the prescription");
}

#[tokio::test]
async fn characters_the_receipt_computer_lacks_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = RunningDemo::start(folder.path());
    let text =
        async |body: &str| pages::post(&demo, "/checks/card", body).await.text().await.expect("a page");
    let plain = text("persona=rare-takasaki&proof=pin").await;
    assert!(!plain.contains("代替文字あり"));
    let replaced = text("persona=rare-takasaki&proof=pin&counter=shift_jis").await;
    assert!(replaced.contains("代替文字あり") && replaced.contains("U+20BB7"), "𠮷 is not in Shift_JIS");
    assert!(replaced.contains("encoding=&#34;Shift_JIS&#34;"));
}
