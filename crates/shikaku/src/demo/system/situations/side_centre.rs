//! A second centre, for what must not happen to the first: a process of its own with a database of its own, started
//! for one situation and ended with it. It ends too when the demo is killed, because it then loses its standard input.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use pki::{authority::ROOT_CERTIFICATE_FILE, jlis::AUTHENTICATION_POLICY_OID};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value as Json;
use store::{Institution, Options, Store, TerminalCertificate};
use toml::Value;
use wire::terminal_api::{CARD_VERIFICATIONS_PATH, NUMBER_VERIFICATIONS_PATH, NumberCheckRequest};

use super::{
    System, Trial,
    by_line::told,
    line::{Caller, Line},
    side_terminal::FOLDER,
};
use crate::{
    demo::premises::{
        AUDIT_KEY, CARD_ROOTS, INSTITUTION_NAME, RECEIPT_KEY, SERVER_CERTIFICATE, SERVER_KEY,
        TERMINAL_CERTIFICATE, TERMINAL_KEY, TERMINAL_NAME, institution, private_folder, section, table, text,
    },
    folder::DataFolder,
};

/// Says its own process id, lets a full disk be an error instead of a signal, and ends the server when nobody holds
/// the other end of its input any more.
const KEEPER: &str =
    "trap '' XFSZ; \"$0\" --json serve --config \"$1\" </dev/null & echo $!; cat >/dev/null; kill $!; wait";

/// A centre that runs until this is dropped.
struct SideCentre {
    keeper: Child,
    server: Pid,
    address: String,
}

impl SideCentre {
    fn start(settings: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("where is this program?")?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", KEEPER]).arg(program).arg(settings).env("SHIKAKU_LOG", "off");
        let mut keeper =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut said = BufReader::new(keeper.stdout.take().context("piped")?);
        let mut first = String::new();
        said.read_line(&mut first)?;
        let server = first.trim().parse().ok().and_then(Pid::from_raw).context("the server's process id")?;
        let mut document = String::new();
        while !document.ends_with("\n}\n") {
            let read = said.read_line(&mut document)?;
            ensure!(read > 0, "the side centre ended before it was ready");
        }
        let document: Json = serde_json::from_str(&document)?;
        let address = document["terminal_api"].as_str().context("its address")?.to_owned();
        Ok(Self { keeper, server, address })
    }

    /// From now on not one more byte goes into any file, as on a disk that is full.
    fn fill_disk(&self) -> Result<()> {
        let full = Rlimit { current: Some(0), maximum: None };
        prlimit(Some(self.server), Resource::Fsize, full).context("cannot limit the side centre")?;
        Ok(())
    }
}

impl Drop for SideCentre {
    fn drop(&mut self) {
        // Closing its input is what ends it.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl System {
    pub(super) async fn disk_full(&self) -> Result<Trial> {
        let centre = self.side_centre().await?;
        centre.fill_disk()?;
        let line = self.line_to(&centre)?;
        let ask = NumberCheckRequest::new("disk-full".to_owned(), self.plain_request()?.query);
        let heard = line.post(NUMBER_VERIFICATIONS_PATH, &serde_json::to_value(&ask)?).await?;
        let steps = vec![
            format!("練習用の中央サーバーを別のプロセスで起動（{}、データベースも別）", centre.address),
            "そのプロセスがファイルに 1 バイトも書けないようにする（ディスクが満杯のときと同じ）".to_owned(),
            "端末の証明書で、番号による照会を送る".to_owned(),
            "記録を残せないので、中央は答えずに断る".to_owned(),
        ];
        end(centre).await?;
        told(&heard, steps, "")
    }

    pub(super) async fn no_revocation_list(&self) -> Result<Trial> {
        let centre = self.side_centre().await?;
        let line = self.line_to(&centre)?;
        let nonce = line.nonce().await?;
        let check = self.signed(nonce, true).await?;
        let heard = line.post(CARD_VERIFICATIONS_PATH, &check).await?;
        let steps = vec![
            format!("失効リストを取り寄せられない練習用の中央サーバーを起動（{}）", centre.address),
            "架空　花子さんのカードが、その中央のカード確認番号に署名".to_owned(),
            "失効していないと言い切れないので、中央は断る".to_owned(),
        ];
        end(centre).await?;
        told(&heard, steps, "")
    }

    /// Everything a second centre needs, and the centre.
    async fn side_centre(&self) -> Result<SideCentre> {
        let folder = self.folder.root().join(FOLDER).join("centre");
        private_folder(&folder)?;
        let settings = folder.join("server.toml");
        std::fs::write(&settings, toml::to_string_pretty(&settings_of(&self.folder))?)?;
        self.introduce_terminal(&folder).await?;
        tokio::task::spawn_blocking(move || SideCentre::start(&settings)).await?
    }

    /// The side centre knows the terminal at the counter.
    async fn introduce_terminal(&self, folder: &Path) -> Result<()> {
        let url = format!("sqlite:{}", folder.join("shikaku.db").display());
        let store = Store::open(&url, Options::default()).await?;
        store.migrate().await?;
        let code = institution()?;
        store.put_institution(Institution { code: code.clone(), name: INSTITUTION_NAME.to_owned() }).await?;
        let pem = std::fs::read_to_string(self.folder.key(TERMINAL_CERTIFICATE))?;
        let identity = pki::profile::TerminalIdentity::read(&pki::pem::decode(pki::pem::CERTIFICATE, &pem)?)?;
        let certificate = TerminalCertificate {
            institution_code: code,
            fingerprint: identity.fingerprint,
            terminal_name: TERMINAL_NAME.to_owned(),
            not_after: identity.validity.not_after,
            revoked_at: None,
            changed_at: self.clock.now(),
        };
        Ok(store.register_terminal_certificate(certificate).await?)
    }

    fn line_to(&self, centre: &SideCentre) -> Result<Line> {
        let (root, key) = (self.root(), self.folder.key(TERMINAL_KEY));
        let certificate = self.folder.key(TERMINAL_CERTIFICATE);
        Line::open(&Caller { root: &root, certificate: &certificate, key: &key, centre: &centre.address })
    }
}

async fn end(centre: SideCentre) -> Result<()> {
    Ok(tokio::task::spawn_blocking(move || drop(centre)).await?)
}

/// Keys and authorities are the demo's; database, ports and the (missing) revocation list are its own.
fn settings_of(folder: &DataFolder) -> Value {
    let key = |name: &str| text(folder.key(name).display());
    let any_port = || text("127.0.0.1:0");
    Value::Table(table([
        ("database_url", text("sqlite:shikaku.db")),
        (
            "terminal_api",
            section([
                ("listen", any_port()),
                ("certificate", key(SERVER_CERTIFICATE)),
                ("key", key(SERVER_KEY)),
                ("client_authorities", text(folder.authority().join(ROOT_CERTIFICATE_FILE).display())),
            ]),
        ),
        (
            "cards",
            section([
                ("trust_anchors", Value::Array(vec![key(CARD_ROOTS)])),
                ("policies", Value::Array(vec![text(AUTHENTICATION_POLICY_OID)])),
                ("crl", Value::Array(vec![text("no-such-list.crl")])),
            ]),
        ),
        ("receipts", section([("key", key(RECEIPT_KEY))])),
        ("audit", section([("key", key(AUDIT_KEY))])),
        ("ops", section([("listen", any_port())])),
        // It has a database of its own, and no line in it.
        ("line_authentication", section([("listen", any_port()), ("required", Value::Boolean(false))])),
    ]))
}
