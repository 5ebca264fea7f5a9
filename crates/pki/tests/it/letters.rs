//! Letters, read back by poppler: what stands on the paper is what was meant, rare characters included.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use eligibility::Date;
use pki::Error;
use pki::letter::{
    Account, AccountSheet, CertificateLetter, Environment, FontFiles, Fonts, FontsOnDemand, Recipient, Sender,
};

use crate::bench::Bench;

const FAMILY: &str = "/usr/share/fonts/truetype/bizud-gothic";
const FALLBACK: &str = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc";
const BOLD_FALLBACK: &str = "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc";
/// Not in everyday sets, outside the basic plane, and two that differ by a variation selector only.
const RARE: &str = "髙﨑𠮷辻\u{E0100}葛\u{E0100}診療所";

fn font_files() -> FontFiles {
    let file = |name: &str| PathBuf::from(FAMILY).join(name);
    let files = FontFiles {
        regular: file("BIZUDPGothic-Regular.ttf"),
        bold: file("BIZUDPGothic-Bold.ttf"),
        fallback: vec![PathBuf::from(FALLBACK)],
        bold_fallback: vec![PathBuf::from(BOLD_FALLBACK)],
    };
    for path in [&files.regular, &files.bold, &files.fallback[0], &files.bold_fallback[0]] {
        assert!(
            path.exists(),
            "{} is missing: apt-get install fonts-morisawa-bizud-gothic fonts-noto-cjk",
            path.display()
        );
    }
    files
}

fn fonts() -> Fonts {
    Fonts::load(&font_files()).expect("the letters' fonts")
}

fn recipient(name: &str) -> Recipient<'_> {
    Recipient {
        postal_code: "1310045",
        address: &["東京都墨田区架空一丁目2番3号", "架空ビルディング4階"],
        institution_name: name,
        institution_code: "1319990012",
    }
}

const SENDER: Sender<'_> = Sender {
    name: "架空オンライン資格確認 認証局",
    contact: "電話 0120-000-000（平日 9:00〜17:00）",
};

fn letter(name: &str) -> CertificateLetter<'_> {
    CertificateLetter {
        recipient: recipient(name),
        sender: SENDER,
        document_number: "認発第2026-001234号",
        terminal_name: "受付1号機（葛\u{E0100}城）",
        reference_number: "123456789012",
        authentication_id: "K7QM-3RXT-9WHC-4VDN",
        issued_on: Date::constant(2026, 11, 22),
        retrievable_until: Date::constant(2027, 5, 21),
        tries: 5,
        valid_until: Some(Date::constant(2030, 2, 21)),
        retrieval_site: "https://cert.example.jp/",
    }
}

fn poppler(bench: &Bench, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(bench.path("")).output();
    let output = output.unwrap_or_else(|_| panic!("{program} is needed: apt-get install poppler-utils"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Text as poppler reads it, without blanks, which depend on where things stand.
fn text_of(bench: &Bench, file: &str) -> String {
    poppler(bench, "pdftotext", &["-layout", file, "-"]).split_whitespace().collect()
}

/// For people who want to look: pages as pictures, where SHIKAKU_LETTERS names a folder.
fn keep(bench: &Bench, file: &str) {
    if let Some(folder) = std::env::var_os("SHIKAKU_LETTERS") {
        let to = PathBuf::from(folder).join(file.replace(".pdf", ""));
        poppler(bench, "pdftoppm", &["-r", "110", "-png", file, &to.display().to_string()]);
    }
}

#[test]
fn the_letter_says_everything_needed_to_fetch_the_certificate() {
    let bench = Bench::new();
    bench.file("letter.pdf", letter(RARE).pdf(&fonts()).unwrap());
    keep(&bench, "letter.pdf");
    let text = text_of(&bench, "letter.pdf");
    for expected in [
        "電子証明書発行通知書",
        RARE,
        "御中",
        "〒131-0045",
        "1319990012",
        "受付1号機（葛\u{E0100}城）",
        "リファレンスナンバー",
        "123456789012",
        "認証ID",
        "K7QM3RXT9WHC4VDN",
        "2026年11月22日",
        "2027年5月21日まで",
        "2030年2月21日まで",
        "https://cert.example.jp/",
        "OnlineBillingNWCommonRootCA",
        "「個人」タブ",
        "0120-000-000",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    let info = poppler(&bench, "pdfinfo", &["letter.pdf"]);
    assert!(info.contains("Pages:           1") && info.contains("(A4)"), "{info}");
    let embedded = poppler(&bench, "pdffonts", &["letter.pdf"]);
    assert!(embedded.contains("BIZUDPGothic") && embedded.contains("NotoSansCJK"), "{embedded}");
    assert!(embedded.lines().skip(2).all(|line| line.contains(" yes ")), "all embedded:\n{embedded}");
}

#[test]
fn codes_stand_in_groups_of_four() {
    let bench = Bench::new();
    bench.file("letter.pdf", letter("架空内科医院").pdf(&fonts()).unwrap());
    let text = poppler(&bench, "pdftotext", &["-layout", "letter.pdf", "-"]);
    let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(squeezed.contains("1234 5678 9012"), "{text}");
    assert!(squeezed.contains("K7QM 3RXT 9WHC 4VDN"), "{text}");
}

#[test]
fn a_variation_selector_changes_the_picture() {
    let bench = Bench::new();
    for (file, name) in [("one.pdf", "辻\u{E0100}葛\u{E0100}医院"), ("two.pdf", "辻葛医院")] {
        bench.file(file, letter(name).pdf(&fonts()).unwrap());
        poppler(&bench, "pdftoppm", &["-r", "100", "-gray", file, &file.replace(".pdf", "")]);
    }
    let picture = |name: &str| std::fs::read(bench.path(name)).expect("a picture");
    assert_ne!(picture("one-1.pgm"), picture("two-1.pgm"));
}

#[test]
fn a_long_name_stays_on_the_page_and_an_unknown_character_stops_the_letter() {
    let bench = Bench::new();
    let long = "医療法人社団架空会架空総合健康管理センター附属髙﨑記念内科・小児科・耳鼻咽喉科併設歯科診療所";
    bench.file("long.pdf", letter(long).pdf(&fonts()).unwrap());
    keep(&bench, "long.pdf");
    assert!(text_of(&bench, "long.pdf").contains(long));
    let unknown = letter("医院\u{10FFFD}").pdf(&fonts());
    assert!(matches!(unknown, Err(Error::Glyph('\u{10FFFD}'))));
    let without_fallback = FontFiles { fallback: vec![], bold_fallback: vec![], ..font_files() };
    let narrow = letter("𠮷田医院").pdf(&Fonts::load(&without_fallback).unwrap());
    assert!(matches!(narrow, Err(Error::Glyph('𠮷'))), "the family alone has no 𠮷");
}

#[test]
fn fonts_on_demand_are_tried_at_once_and_kept_only_while_somebody_draws() {
    let not_there = FontFiles { bold_fallback: vec!["not-there.ttc".into()], ..font_files() };
    assert!(matches!(FontsOnDemand::new(not_there), Err(Error::File { .. })));
    let no_font = FontFiles {
        fallback: vec![concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into()],
        ..font_files()
    };
    assert!(matches!(FontsOnDemand::new(no_font), Err(Error::Font(_))));

    let on_demand = FontsOnDemand::new(font_files()).expect("the letters' fonts");
    let first = on_demand.take().unwrap();
    let second = on_demand.take().unwrap();
    assert!(Arc::ptr_eq(&first, &second), "in memory once, however many draw");
    let kept = Arc::downgrade(&first);
    assert!(letter("𠮷田医院").pdf(&second).is_ok());
    drop((first, second));
    assert!(kept.upgrade().is_none(), "nobody draws: nothing is kept");
    assert!(letter("𠮷田医院").pdf(&on_demand.take().unwrap()).is_ok(), "and they come again");
}

#[test]
fn codes_of_the_wrong_length_are_not_printed() {
    let fonts = fonts();
    let wrong = CertificateLetter { reference_number: "12345678901", ..letter("架空医院") };
    assert!(matches!(wrong.pdf(&fonts), Err(Error::Name(_))));
    let wrong = CertificateLetter { authentication_id: "K7QM-3RXT-9WHC-4VD", ..letter("架空医院") };
    assert!(matches!(wrong.pdf(&fonts), Err(Error::Name(_))));
}

#[test]
fn the_first_accounts_stand_on_their_sheet() {
    let bench = Bench::new();
    let purpose = "医療機関等管理者のアカウントを登録・停止・再発行するためのアカウントです。日々の業務には使いません。";
    let accounts = [
        Account {
            role: "マスタアカウント",
            purpose,
            user_id: "M1319990012",
            initial_password: "hT4-Kq9m-Xw2b",
        },
        Account {
            role: "医療機関等管理者アカウント",
            purpose: "職員のアカウント、環境設定情報、目視確認用パスコードなどを管理する、最初の管理者のアカウントです。",
            user_id: "a1319990012",
            initial_password: "Zp7-bR3c-Ty8n",
        },
    ];
    let sheet = AccountSheet {
        recipient: recipient(RARE),
        sender: SENDER,
        document_number: "利通第2026-000321号",
        issued_on: Date::constant(2026, 11, 22),
        environment: Environment::Production,
        accounts: &accounts,
        for_lost_password: false,
        login_site: Some("https://web.example.jp/"),
    };
    bench.file("accounts.pdf", sheet.pdf(&fonts()).unwrap());
    keep(&bench, "accounts.pdf");
    let text = text_of(&bench, "accounts.pdf");
    let written = [
        "本番環境",
        RARE,
        "通知書",
        "マスタアカウント",
        purpose,
        "医療機関等管理者アカウント",
        "最初の管理者",
    ];
    let typed = ["M1319990012", "hT4-Kq9m-Xw2b", "a1319990012", "Zp7-bR3c-Ty8n"];
    for expected in written.into_iter().chain(typed) {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    let place = |word: &str| text.find(word);
    assert!(place("hT4-Kq9m-Xw2b") < place("Zp7-bR3c-Ty8n"), "the master stands first");
    let none = AccountSheet { accounts: &[], ..sheet };
    assert!(matches!(none.pdf(&fonts()), Err(Error::Name(_))));
}
