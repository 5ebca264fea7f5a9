//! [メニュー]: what each role sees, and that the certificate decides whose session counts.

use eligibility::institution_account::InstitutionRole;
use testkit::system::Engine;

use crate::institution_support::{COOKIE, OTHER, Web};

crate::on_both_engines! {
    each_role_has_its_menu_and_only_at_its_own_institution
}

const COUNTER: &str = "資格確認: 資格確認(被保険者証等) /eligibility/number, \
     限度額適用認定証 /eligibility/ceiling, 資格確認一括照会 /bulk, 委託先資格情報一括取得 /entrusted, \
     照会番号登録 /reference-number";
const CONSENTED: &str = "訪問診療等・オンライン診療等: 同意済資格情報取得 /consents";
const VIEWING: &str =
    "医療情報閲覧: 同意取得済み患者一覧(訪問診療等・オンライン診療等) /medical-information/patients";
const OWN_KEYS: &str = "パスワード変更 /password, パスキー /passkeys";
const ACCOUNTS: &str = "アカウント管理(登録) /accounts/new, アカウント管理(一覧) /accounts";
const ADMINISTRATION: &[&str] = &[
    "環境設定情報管理: 環境設定情報更新 /facility-settings",
    "マイナ在宅受付web管理: 医療機関等別URL取得・変更 /home-visit-url",
    "マイナ資格確認アプリ管理: アクティベーション管理 /activation",
    "顔認証付きカードリーダー操作: 顔認証付きカードリーダー操作 /readers",
];

/// Every line that a role sees, group by group, and no other.
fn menu_of(role: InstitutionRole) -> Vec<String> {
    let accounts = |lines: &str| format!("アカウント情報管理: {lines}{OWN_KEYS}");
    let told = |lines: &str| format!("お知らせ・操作履歴: {lines}画面の説明 /help");
    let (notices, history) = ("お知らせ /notices, ", "操作履歴 /history, ");
    match role {
        InstitutionRole::Master => {
            vec![accounts(&format!("{ACCOUNTS}, ")), told(&format!("{notices}{history}"))]
        }
        InstitutionRole::MasterReset => {
            vec![accounts("マスタアカウントリセット /master-reset, "), told("")]
        }
        InstitutionRole::Administrator => {
            let passcode = "目視確認用パスコード発行 /visual-check-passcode";
            let mut menu = vec![
                COUNTER.to_owned(),
                CONSENTED.to_owned(),
                accounts(&format!("{ACCOUNTS}, {passcode}, ")),
            ];
            menu.extend(ADMINISTRATION.iter().map(|group| (*group).to_owned()));
            menu.push(told(&format!("{notices}{history}")));
            menu
        }
        InstitutionRole::General => {
            vec![COUNTER.to_owned(), CONSENTED.to_owned(), accounts(""), told(notices)]
        }
        InstitutionRole::Viewer => {
            let groups = [COUNTER, CONSENTED, VIEWING].map(str::to_owned);
            groups.into_iter().chain([accounts(""), told(notices)]).collect()
        }
        InstitutionRole::FaceReader | InstitutionRole::Integration => Vec::new(),
    }
}

/// The groups of [メニュー] as the page has them: label, and each line with where it leads.
fn shown(page: &str) -> Vec<String> {
    let (_, cards) = page.split_once("<div class=\"cards\">").expect("the menu");
    let (cards, _) = cards.split_once("</main>").expect("the page's end");
    let group = |section: &str| {
        let (label, lines) = section.split_once("</h2>").expect("a heading");
        let line = |link: &str| {
            let (href, rest) = link.split_once("\">").expect("a link");
            let (label, _) = rest.split_once("</a>").expect("its end");
            let label = label.split(" <span").next().unwrap_or(label);
            format!("{label} {href}")
        };
        let lines: Vec<_> = lines.split("<a href=\"").skip(1).map(line).collect();
        format!("{label}: {}", lines.join(", "))
    };
    cards.split("<h2>").skip(1).map(group).collect()
}

async fn each_role_has_its_menu_and_only_at_its_own_institution(engine: Engine) {
    let web = Web::open(engine).await;
    let nobody = web.browser();
    nobody.get("/menu").await.leads("/login");
    for role in InstitutionRole::ALL.iter().copied().filter(|role| role.signs_in()) {
        let browser = web.signed_in(role).await;
        let page = browser.get("/menu").await;
        page.says(200, "メニュー").says(200, role.label());
        assert_eq!(shown(&page.text), menu_of(role), "{role:?}");
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
