//! `shikaku terminal certificate`: the terminal's 電子証明書 by hand. A terminal that runs takes up what changes here
//! without being started again.

use std::{
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use clap::{ArgGroup, Args, Subcommand};
use eligibility::calendar::format_japanese;
use pki::keys::write_private;
use serde_json::{Value, json};
use terminal::certificate::{Care, CertificateView, Facts, Fault};
use zeroize::Zeroizing;

use crate::{
    folder::{terminal_config, terminal_settings},
    report::{Report, WrongUsage},
    runtime::block_on,
};

/// Longest line read from a file of secrets or stdin, bytes.
const SECRET_BYTES_MAX: u64 = 1024;

/// The terminal's certificate (電子証明書): install, look at, renew, go back, back up.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  shikaku terminal certificate install --number 1234-5678-9012 --secret-file secret.txt
  shikaku terminal certificate install --file certificate.zip --password-file password.txt
  shikaku terminal certificate show --json
  shikaku terminal certificate rollback
  shikaku terminal certificate export --out backup.p12 --password-file password.txt")]
pub(crate) enum Command {
    Install(Install),
    Show(Show),
    Renew(Renew),
    Rollback(Rollback),
    Export(Export),
}

/// Which terminal.
#[derive(Args)]
struct Which {
    /// The terminal's settings; without it those of the demo.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Install a certificate from the letter (電子証明書発行通知書) or from a file. It is used only after the centre has
/// answered it; until then, and if it does not, the one in use stays.
#[derive(Args)]
#[command(group(ArgGroup::new("source").required(true).args(["number", "file"])))]
#[command(after_help = "\
Examples:
  shikaku terminal certificate install --number 1234-5678-9012 --secret-file secret.txt
  shikaku terminal certificate install --number 1234-5678-9012 < secret.txt
  shikaku terminal certificate install --file certificate.p12 --password-file password.txt")]
pub(crate) struct Install {
    #[command(flatten)]
    which: Which,
    /// リファレンスナンバー of the letter, as it stands there. Either this or --file is needed.
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// File whose first line is the 認証ID of the letter; without it stdin's.
    #[arg(long, value_name = "FILE", requires = "number")]
    secret_file: Option<PathBuf>,
    /// A PKCS#12 file, or a ZIP with one in it.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// File whose first line is its password; without it stdin's.
    #[arg(long, value_name = "FILE", requires = "file")]
    password_file: Option<PathBuf>,
}

/// Show whom the certificate is for, who issued it, until when it is good, and how it stands at the centre; exit 1 when
/// the terminal cannot work with it.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  shikaku terminal certificate show\n  shikaku terminal certificate show --json"
)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
}

/// Renew the certificate now, from 90 days before its end. The key is made anew on this machine.
#[derive(Args)]
#[command(after_help = "Example:\n  shikaku terminal certificate renew")]
pub(crate) struct Renew {
    #[command(flatten)]
    which: Which,
}

/// Go back to the certificate that was used before the one in use, while the centre still takes it (14 days after a
/// renewal). The one in use stays beside it: the same command leads back. Automatic renewal waits meanwhile.
#[derive(Args)]
#[command(after_help = "Example:\n  shikaku terminal certificate rollback")]
pub(crate) struct Rollback {
    #[command(flatten)]
    which: Which,
}

/// Write key and certificate as PKCS#12 (AES-256) with a password: a backup, or to import into a browser.
#[derive(Args)]
#[command(
    after_help = "Example:\n  shikaku terminal certificate export --out backup.p12 --password-file password.txt"
)]
pub(crate) struct Export {
    #[command(flatten)]
    which: Which,
    /// The file to write; one that is there is never replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// File whose first line is the password (12 characters or more); without it stdin's.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Runs one of them.
pub(crate) fn run(command: &Command) -> Result<Report> {
    match command {
        Command::Install(arguments) => install(arguments),
        Command::Show(arguments) => show(arguments),
        Command::Renew(arguments) => renew(arguments),
        Command::Rollback(arguments) => rollback(arguments),
        Command::Export(arguments) => export(arguments),
    }
}

fn care(which: &Which) -> Result<Care> {
    let config = terminal_config(&terminal_settings(which.config.as_deref())?)?;
    std::fs::create_dir_all(&config.state).context("the state folder cannot be made")?;
    Care::of(config).map_err(told)
}

fn install(arguments: &Install) -> Result<Report> {
    let care = care(&arguments.which)?;
    if let Some(file) = &arguments.file {
        let content = bounded(file)?;
        let password = first_line(arguments.password_file.as_deref(), "--password-file")?.to_string();
        let facts = block_on(async { care.install_from_file(content, password).await.map_err(told) })?;
        return Ok(installed(&facts, "installed"));
    }
    let number = arguments.number.as_deref().unwrap_or_default();
    let secret = first_line(arguments.secret_file.as_deref(), "--secret-file")?;
    let facts = block_on(async { care.install_from_letter(number, &secret).await.map_err(told) })?;
    Ok(installed(&facts, "installed"))
}

fn renew(arguments: &Renew) -> Result<Report> {
    let care = care(&arguments.which)?;
    let facts = block_on(async { care.renew().await.map_err(told) })?;
    Ok(installed(&facts, "renewed"))
}

fn rollback(arguments: &Rollback) -> Result<Report> {
    let care = care(&arguments.which)?;
    let facts = block_on(async { care.roll_back().await.map_err(told) })?;
    Ok(installed(&facts, "rolled back"))
}

fn show(arguments: &Show) -> Result<Report> {
    let care = care(&arguments.which)?;
    let view = block_on(async {
        care.ask().await;
        Ok(care.view())
    })?;
    let mut document = view.facts.as_ref().map_or_else(|| json!({}), document);
    document["situation"] = json!(view.situation.name());
    document["sentence"] = json!(view.sentence);
    document["remedy"] = json!(view.remedy);
    document["days_left"] = json!(view.days_left);
    let report = Report::new(lines(&view), document);
    Ok(if view.may_work() { report } else { report.failed() })
}

fn export(arguments: &Export) -> Result<Report> {
    let care = care(&arguments.which)?;
    let password = first_line(arguments.password_file.as_deref(), "--password-file")?.to_string();
    let content = block_on(async { care.export(password).await.map_err(told) })?;
    write_private(&arguments.out, &content).map_err(|error| match error {
        pki::Error::AlreadyExists(file) => {
            anyhow!(
                "{} is there already; a backup replaces no file, so name another with --out",
                file.display()
            )
        }
        other => other.into(),
    })?;
    let out = arguments.out.display();
    Ok(Report::new(format!("written: {out}"), json!({ "file": out.to_string() })))
}

fn installed(facts: &Facts, what: &str) -> Report {
    let text = format!("{what}: {}\n{}", facts.subject.terminal.as_str(), facts_lines(facts).join("\n"));
    Report::new(text, document(facts))
}

fn document(facts: &Facts) -> Value {
    json!({
        "institution_code": facts.subject.institution.as_str(),
        "terminal_name": facts.subject.terminal.as_str(),
        "issuer": facts.issuer,
        "serial": facts.serial,
        "fingerprint": facts.fingerprint,
        "last_day": facts.period.last_day().to_string(),
    })
}

fn lines(view: &CertificateView) -> String {
    let mut lines = vec![format!("{}{}", view.sentence, view.remedy)];
    lines.extend(view.facts.iter().flat_map(facts_lines));
    if view.days_in_doubt() {
        lines.push("残り日数: ―（端末の日付と時刻が合っていない可能性があります）".to_owned());
    } else if let Some(days) = view.days_left {
        lines.push(format!("残り日数: {days}日"));
    }
    if let Some(uses) = view.uses {
        lines.push(format!("用途: {}", uses.label()));
    }
    lines.join("\n")
}

fn facts_lines(facts: &Facts) -> Vec<String> {
    let last = facts.period.last_day();
    vec![
        format!(
            "発行先: 医療機関コード {} {}",
            facts.subject.institution.as_str(),
            facts.subject.terminal.as_str()
        ),
        format!("発行者: {}", facts.issuer),
        format!("有効期限: {}（{last}）", format_japanese(last)),
        format!("シリアル番号: {}", facts.serial),
    ]
}

fn told(fault: Fault) -> anyhow::Error {
    anyhow!("{fault}: {}{}", fault.message(), fault.remedy())
}

fn bounded(file: &Path) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    // One byte more than is taken, so that too large is seen to be.
    let most = terminal::certificate::MAX_FILE_BYTES as u64 + 1;
    let opened = std::fs::File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    opened.take(most).read_to_end(&mut content)?;
    Ok(content)
}

/// A secret is never an argument: others on this machine can read those.
fn first_line(file: Option<&Path>, option: &str) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    match file {
        Some(file) => {
            let opened =
                std::fs::File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
            opened.take(SECRET_BYTES_MAX).read_to_string(&mut text)?;
        }
        None if std::io::stdin().is_terminal() => {
            return Err(WrongUsage(format!("give {option} FILE, or the text on stdin")).into());
        }
        None => {
            std::io::stdin().lock().take(SECRET_BYTES_MAX).read_to_string(&mut text)?;
        }
    }
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().trim().to_owned()))
}
