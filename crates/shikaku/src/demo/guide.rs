//! What the landing page tells besides the people: addresses, folders, keys, recipes.

use std::path::Path;

use anyhow::{Context, Result};
use eligibility::{calendar::format_japanese, codes::CharacterCode};
use population::personas::{AskWith, Persona};
use wire::message::{Layout, write_request};

use crate::{
    demo::{
        landing::{
            catalogue::Catalogue,
            view::{self, Group, Row, Table},
        },
        people,
        ports::Ports,
        premises::{self, INSTITUTION_CODE, INSTITUTION_NAME, REFERENCE_NUMBER, TERMINAL_NAME},
        system::{PIN, number_request},
    },
    folder::DataFolder,
};

/// Everything that does not change while the demo runs.
pub(crate) struct Guide {
    pub(crate) groups: Vec<Group>,
    pub(crate) catalogue: Catalogue,
    pub(crate) tables: Vec<Table>,
    pub(crate) recipe: String,
    pub(crate) audit_recipe: String,
}

impl Guide {
    /// Writes the sample request too, so that the recipe works as it stands. `elsewhere`: the database is not in the
    /// folder.
    pub(crate) fn new(
        folder: &DataFolder,
        ports: Ports,
        people: &[Persona],
        elsewhere: bool,
    ) -> Result<Self> {
        let sample = folder.root().join("samples").join("request.xml");
        write_sample(&sample, people)?;
        Ok(Self {
            groups: groups(people),
            catalogue: Catalogue::new(people),
            tables: tables(folder, ports, elsewhere),
            recipe: recipe(folder, ports, &sample),
            audit_recipe: audit_recipe(folder),
        })
    }
}

fn write_sample(path: &Path, people: &[Persona]) -> Result<()> {
    let query = people
        .iter()
        .find_map(|person| person.number_query().cloned())
        .context("nobody has a number to ask by")?;
    let request = number_request(query, "SAMPLE0001")?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let bytes = write_request(&request, CharacterCode::Utf8, Layout::Indented).bytes;
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// People in the order they come, one group for each heading.
fn groups(everybody: &[Persona]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    // What the first person does is what one does; the page says it once, above.
    let usual: Vec<&str> = everybody
        .first()
        .map(|first| first.asks.iter().take(2).map(|ask| ask.action).collect())
        .unwrap_or_default();
    for persona in everybody {
        let title = people::group(persona);
        let shown = person(persona, &usual);
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.people.push(shown),
            None => groups.push(Group { title, people: vec![shown] }),
        }
    }
    groups
}

fn person(persona: &Persona, usual: &[&str]) -> view::Person {
    let asks = persona.asks.iter().enumerate().map(|(index, ask)| view::Ask {
        index,
        by_card: matches!(ask.with, AskWith::Card),
        action: Some(ask.action).filter(|action| !usual.contains(action)),
        outcome: ask.outcome,
    });
    view::Person {
        id: persona.id,
        title: persona.title,
        name: persona.person.name.clone(),
        kana: persona.person.kana.clone(),
        birthdate: format_japanese(persona.person.birthdate),
        has_card: persona.card.is_some(),
        asks: asks.collect(),
    }
}

fn database(folder: &DataFolder, elsewhere: bool) -> Row {
    if elsewhere {
        return Row::new("データベース", "PostgreSQL").note("--database-url の接続先");
    }
    Row::new("データベース", folder.root().join("shikaku.db").display().to_string()).note("SQLite")
}

fn tables(folder: &DataFolder, ports: Ports, elsewhere: bool) -> Vec<Table> {
    let path = |path: std::path::PathBuf| path.display().to_string();
    let share = folder.drop();
    vec![
        Table {
            title: "医療機関",
            rows: vec![
                Row::new("医療機関コード", INSTITUTION_CODE).note(INSTITUTION_NAME),
                Row::new("資格確認端末", TERMINAL_NAME),
                Row::new("カードの暗証番号", PIN).note("どの模擬カードも同じです。"),
                Row::new("照会番号", REFERENCE_NUMBER).note("架空　花子さんに付けてあります。"),
            ],
        },
        addresses(ports),
        Table {
            title: "フォルダ",
            rows: vec![
                Row::new("要求 req", path(share.join("req"))).note("レセコン → 端末"),
                Row::new("結果 res", path(share.join("res"))).note("端末 → レセコン"),
                Row::new("カードの結果 face", path(share.join("face"))).note("端末 → レセコン"),
                Row::new("Shift_JIS のレセコン", path(folder.root().join("situations/shift-jis/OQS")))
                    .note("「同意を選んで試す」で選ぶと、2 台目の端末が起動して使います。"),
                database(folder, elsewhere),
                Row::new("サーバーの設定", path(folder.server_settings())),
                Row::new("端末の設定", path(folder.terminal_settings())),
            ],
        },
        Table {
            title: "証明書と鍵",
            rows: vec![
                Row::new("認証局の証明書", path(folder.authority().join("root.cert.pem")))
                    .note("Online Billing NW Common RootCA"),
                Row::new("端末の証明書", path(folder.key("terminal.cert.pem"))),
                Row::new("端末の秘密鍵", path(folder.key("terminal.key.pem"))),
                Row::new("カードの認証局", path(folder.key("card-roots.pem"))).note("模擬。O=JPKI-TEST"),
            ],
        },
    ]
}

/// How the page is opened under its own name.
const LINE_BY_NAME: &str = "この名前で開くには、hosts ファイルに「127.0.0.2 www.lineauth.mnw」（新しい診療所の回線）または「127.0.0.1 www.lineauth.mnw」（架空内科医院の回線）を書き、下の認証局の証明書をブラウザーに信頼させ、ここに書かれたとおりにポート番号まで入力します。";

fn addresses(ports: Ports) -> Table {
    Table {
        title: "アドレス",
        rows: vec![
            Row::new("このページ", format!("{}/", ports.landing_origin())).open(),
            Row::new(
                "医療機関等向け総合ポータルサイト",
                format!("http://localhost:{}/", ports.portal().port()),
            )
            .note("新規ユーザー登録・各種申請・マイメニュー・手順書。")
            .open(),
            Row::new("運営者サイト", format!("http://localhost:{}/", ports.operator().port()))
                .note("審査・簡易書留発送・お知らせ。")
                .open(),
            Row::new("電子証明書取得サイト", format!("http://{}/", ports.authority()))
                .note("失効リスト（CRL）・OCSP・発行の公開記録もここです。")
                .open(),
            Row::new("資格確認端末の画面", format!("http://{}/terminal/", ports.gateway()))
                .note("架空内科医院。/ はオンライン資格確認等システム。")
                .open(),
            Row::new("新しい診療所の端末の画面", format!("http://{}/terminal/", ports.new_gateway()))
                .note("電子証明書の導入はここから。")
                .open(),
            Row::new("回線認証", format!("http://{}/", ports.line_door()))
                .note("新しい診療所の回線から見た www.lineauth.mnw。")
                .open(),
            Row::new("オンライン資格確認等システム", premises::institution_web_origin(ports))
                .note("端末の電子証明書が必要です。"),
            Row::new("回線認証（TLS）", premises::line_by_name(ports)).note(LINE_BY_NAME),
            Row::new("端末用 API", format!("https://{}", ports.terminal_api()))
                .note("TLS 1.3・クライアント証明書が必要です。"),
            Row::new("カードリーダーの接続口", format!("http://{}", ports.reader_link()))
                .note("資格確認端末の中。端末が作るトークンが必要です。"),
            Row::new("カードリーダー", format!("{}/reader", ports.landing_origin()))
                .note("患者用の画面と、置いたり取ったりできる模擬カード。")
                .open(),
            Row::new("模擬 J-LIS", format!("http://{}", ports.jlis())).note("失効リスト（CRL）と OCSP。"),
            Row::new("状態", format!("http://{}/readyz", ports.ops())).open(),
            Row::new("計測値", format!("http://{}/metrics", ports.ops())).note("Prometheus 形式。").open(),
        ],
    }
}

fn recipe(folder: &DataFolder, ports: Ports, sample: &Path) -> String {
    let share = folder.drop().display().to_string();
    format!(
        "# 要求を置き、結果を読む（ファイル名は毎回変える）\n\
         N=$(date +%Y%m%d%H%M%S)\n\
         cp '{sample}' \"{share}/OQSsiquc01req_$N.xml\"\n\
         mv \"{share}/OQSsiquc01req_$N.xml\" '{share}/req/'\n\
         sleep 2; cat \"{share}/res/OQSsiquc01res_$N.xml\"\n\
         \n\
         # 端末の証明書で、レシートを検証する公開鍵を受け取る\n\
         curl --cacert '{root}' --cert '{certificate}' --key '{key}' https://{api}/v1/receipt-keys\n",
        sample = sample.display(),
        root = folder.authority().join("root.cert.pem").display(),
        certificate = folder.key("terminal.cert.pem").display(),
        key = folder.key("terminal.key.pem").display(),
        api = ports.terminal_api(),
    )
}

fn audit_recipe(folder: &DataFolder) -> String {
    let data = folder.root().display();
    format!(
        "shikaku audit key --data '{data}' > audit.pem\n\
         shikaku audit export --data '{data}' --out audit.jsonl\n\
         shikaku audit verify --public-key audit.pem audit.jsonl\n"
    )
}
