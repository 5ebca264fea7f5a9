//! How far the first day is: what the new institution has done, and what it does next.

use std::path::Path;

use anyhow::Result;
use eligibility::{
    Instant,
    application::{ApplicationKind, ApplicationState},
    line::LineDecision,
};
use store::{Store, StoredApplication};

use super::{NEW_LINE, Town, new_institution};
use crate::demo::{ports::Ports, running_terminal::RunningTerminal};

/// One step of the day.
pub(crate) struct Step {
    /// What is done.
    pub(crate) title: &'static str,
    /// How, in sentences.
    pub(crate) how: &'static str,
    /// How far it is, in a word.
    pub(crate) state: String,
    pub(crate) done: bool,
    /// Whether it is the first that is not done.
    pub(crate) next: bool,
    /// Where it is done: label and address.
    pub(crate) places: Vec<(&'static str, String)>,
}

/// What is known about the institution.
struct Known {
    registered: bool,
    use_start: Option<ApplicationState>,
    certificate: Option<ApplicationState>,
    letters: usize,
    /// Somebody fetched a certificate with the letter.
    fetched: bool,
    /// The terminal has it.
    installed: bool,
    line: Option<LineDecision>,
    checked: bool,
}

/// The steps as they are now.
pub(crate) async fn steps(
    store: &Store,
    town: &Town,
    terminal: &RunningTerminal,
    ports: Ports,
    now: Instant,
) -> Result<Vec<Step>> {
    let known = know(store, town, terminal, now).await?;
    let mut steps = vec![
        sign_up(&known, ports),
        use_start(&known, ports),
        certificate(&known, ports),
        letter(&known, ports),
        line(&known, ports),
        set_up(&known, ports),
        check(&known, ports),
    ];
    if let Some(first) = steps.iter_mut().find(|step| !step.done) {
        first.next = true;
    }
    Ok(steps)
}

async fn know(store: &Store, town: &Town, terminal: &RunningTerminal, now: Instant) -> Result<Known> {
    let code = new_institution()?;
    let applications = store.applications_of(&code).await?;
    let state = |kind| newest(&applications, kind);
    let certificates = store.certificates_of(&code).await?;
    let face = std::fs::read_dir(terminal.share().join("face"));
    Ok(Known {
        registered: store.registered_institution(&code).await?.is_some(),
        use_start: state(ApplicationKind::UseStart),
        certificate: state(ApplicationKind::CertificateIssue),
        letters: town.letterbox.arrived(store).await?.len(),
        fetched: !certificates.is_empty(),
        installed: terminal.has_certificate(),
        line: store.line_of(&code).await?.map(|line| line.decision(NEW_LINE, now)),
        checked: face.is_ok_and(|mut files| files.any(|file| file.is_ok_and(|file| is_result(&file.path())))),
    })
}

fn is_result(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "xml")
}

/// The state of the newest application of a kind that was not taken back.
fn newest(all: &[StoredApplication], kind: ApplicationKind) -> Option<ApplicationState> {
    let of_kind = all.iter().filter(|one| one.application.kind == kind);
    of_kind
        .map(|one| (one.created_at, one.application.state))
        .filter(|(_, state)| *state != ApplicationState::Withdrawn)
        .max_by_key(|(at, _)| *at)
        .map(|(_, state)| state)
}

fn decided(state: Option<ApplicationState>) -> (String, bool) {
    let word = state.map_or("まだです", ApplicationState::label).to_owned();
    (word, matches!(state, Some(ApplicationState::Approved | ApplicationState::Completed)))
}

fn portal(ports: Ports, path: &str) -> String {
    format!("http://localhost:{}{path}", ports.portal().port())
}

fn operator(ports: Ports, path: &str) -> String {
    format!("http://localhost:{}{path}", ports.operator().port())
}

fn clinic(ports: Ports, path: &str) -> String {
    format!("http://{}{path}", ports.new_gateway())
}

fn yes_or_no(done: bool, yes: &str) -> (String, bool) {
    (if done { yes } else { "まだです" }.to_owned(), done)
}

fn sign_up(known: &Known, ports: Ports) -> Step {
    let (state, done) = yes_or_no(known.registered, "登録済み");
    Step {
        title: "医療機関等向け総合ポータルサイトへの新規ユーザー(アカウント)登録",
        how: "下の「新しい診療所」の内容を入力します。確認メールは「メールと郵便」に届きます。メールのリンクを開き、ログインして、2段階認証を設定します。",
        state,
        done,
        next: false,
        places: vec![
            ("新規ユーザー登録", portal(ports, "/register")),
            ("メールと郵便", "/mailbox".to_owned()),
            ("ログイン", portal(ports, "/login")),
        ],
    }
}

fn use_start(known: &Known, ports: Ports) -> Step {
    let (state, done) = decided(known.use_start);
    Step {
        title: "オンライン資格確認の利用申請",
        how: "ポータルサイトの「各種申請」から「オンライン資格確認利用開始・変更申請」を行います。運営者サイトで審査担当者が登録者を確認済みにし（「登録者」の画面）、申請を承認すると、最初のアカウントの通知書をダウンロードできます。",
        state,
        done,
        next: false,
        places: vec![
            ("オンライン資格確認利用開始・変更申請", portal(ports, "/applications/use-start")),
            ("運営者サイトの登録者", operator(ports, "/registrants")),
            ("運営者サイトの審査", operator(ports, "/queues")),
            ("マイメニュー", portal(ports, "/my-menu")),
        ],
    }
}

fn certificate(known: &Known, ports: Ports) -> Step {
    let (state, done) = decided(known.certificate);
    Step {
        title: "電子証明書の発行申請",
        how: "端末名称などを入力して申請します。審査担当者2人がそれぞれ承認すると、認証局が通知書を作ります。",
        state,
        done,
        next: false,
        places: vec![
            ("電子証明書発行申請", portal(ports, "/applications/certificate-issue")),
            ("運営者サイトの審査", operator(ports, "/queues")),
        ],
    }
}

fn letter(known: &Known, ports: Ports) -> Step {
    let (state, done) = yes_or_no(known.letters > 0, "届きました");
    Step {
        title: "「電子証明書発行通知書」が簡易書留で郵送される",
        how: "運営者サイトで郵送担当者が引受番号を入力して発送済みにすると、「メールと郵便」に届きます。",
        state,
        done,
        next: false,
        places: vec![
            ("簡易書留発送", operator(ports, "/letters")),
            ("メールと郵便", "/mailbox#post".to_owned()),
        ],
    }
}

fn set_up(known: &Known, ports: Ports) -> Step {
    let state = match (known.installed, known.fetched) {
        (true, _) => "電子証明書を導入しました",
        (false, true) => "取得済みです。端末への導入はまだです",
        (false, false) => "まだです",
    };
    let (state, done) = (state.to_owned(), known.installed);
    Step {
        title: "システムの導入・機器のセットアップ",
        how: "新しい診療所の資格確認端末で、通知書のリファレンスナンバーと認証IDを入力して電子証明書を導入します。ファイル（PKCS#12）で受け取るときは、電子証明書取得サイトで取得してから、端末の「ファイルから導入する」で入れます。",
        state,
        done,
        next: false,
        places: vec![
            ("通知書から導入する（端末の画面）", clinic(ports, "/terminal/certificate/letter")),
            ("端末の電子証明書の画面", clinic(ports, "/terminal/certificate")),
            ("電子証明書取得サイト", format!("http://{}/", ports.authority())),
        ],
    }
}

fn line(known: &Known, ports: Ports) -> Step {
    let state = match known.line {
        Some(LineDecision::Connected { .. }) => "回線認証接続済み",
        Some(LineDecision::NotNeeded) => "回線認証は不要です",
        Some(_) => "切断されています",
        None => "利用申請のあとで登録されます",
    };
    Step {
        title: "ネットワークの設定（回線認証）",
        how: "新しい診療所の回線から回線認証の画面を開き、「希望する」を押します。「回線認証接続済み」と表示されれば完了です。回線がつながるまで、端末は「ネットワークエラー」になります。",
        state: state.to_owned(),
        done: known.line.is_some_and(LineDecision::lets_through),
        next: false,
        places: vec![
            ("回線認証の画面（新しい診療所の回線）", format!("http://{}/", ports.line_door())),
            ("www.lineauth.mnw の名前で開くには", "/first-day#by-name".to_owned()),
        ],
    }
}

fn check(known: &Known, ports: Ports) -> Step {
    let (state, done) = yes_or_no(known.checked, "資格確認ができました");
    Step {
        title: "はじめての資格確認",
        how: "カードを新しい診療所のカードリーダーに置きます。結果の XML が診療所の face フォルダに届きます。電子証明書の発行者と有効期限は「電子証明書の確認方法」で確かめます。",
        state,
        done,
        next: false,
        places: vec![
            ("架空　花子さんのカードを置く", "/cards/hanako?counter=new-clinic".to_owned()),
            ("電子証明書の確認方法", clinic(ports, "/terminal/certificate/check")),
            ("端末の状態", clinic(ports, "/terminal/")),
            ("オンライン資格確認等システム", clinic(ports, "/")),
        ],
    }
}
