//! `shikaku audit`: the log out of the database, the key to prove it, the proof.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::json;
use server::clock::Clock;
use store::audit::{Fault, PublicKey, SigningKey, verify};

use crate::{
    folder::{Place, open_store},
    report::Report,
    runtime::block_on,
};

/// How the line of a tree head begins (docs/AUDIT-FORMAT.md).
const HEAD_BEGINS: &str = "{\"head_number\":";

/// The audit log: write it out, show the key that proves it, prove a dump.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  shikaku audit export --out audit.jsonl
  shikaku audit key > audit.pem
  shikaku audit verify --public-key audit.pem audit.jsonl")]
pub(crate) enum Command {
    Export(Export),
    Key(Key),
    Verify(Verify),
}

/// Write the whole audit log into one file that anybody can verify with the public key.
///
/// With the signing key at hand a fresh tree head is signed first, so that the dump covers every entry.
#[derive(Args)]
#[command(after_help = "Example:\n  shikaku audit export --data demo-data --out audit.jsonl")]
pub(crate) struct Export {
    #[command(flatten)]
    place: Place,
    /// The file to write; an existing one is replaced when the dump is complete.
    #[arg(long, value_name = "DUMP")]
    out: PathBuf,
}

/// Print the public key (PEM) that verifies the audit log.
#[derive(Args)]
#[command(after_help = "Example:\n  shikaku audit key --data demo-data > audit.pem")]
pub(crate) struct Key {
    #[command(flatten)]
    place: Place,
}

/// Prove a dump: exit 0 only if every byte is as it was written.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku audit verify --public-key audit.pem audit.jsonl
  shikaku audit verify --public-key audit.pem --witness heads.jsonl audit.jsonl")]
pub(crate) struct Verify {
    /// The public key, PEM; keep it where the log's keeper cannot change it.
    #[arg(long, value_name = "KEY")]
    public_key: PathBuf,
    /// Tree heads kept elsewhere, such as the file of `audit.witness_file`, lines of an earlier dump, or lines of the
    /// server's log that hold one: each must be in this dump.
    #[arg(long, value_name = "FILE")]
    witness: Option<PathBuf>,
    /// The dump.
    #[arg(value_name = "DUMP")]
    dump: PathBuf,
}

/// Runs one of them.
pub(crate) fn run(command: &Command) -> Result<Report> {
    match command {
        Command::Export(arguments) => export(arguments),
        Command::Key(arguments) => key(arguments),
        Command::Verify(arguments) => prove(arguments),
    }
}

fn export(arguments: &Export) -> Result<Report> {
    let settings = arguments.place.settings()?;
    let unfinished = arguments.out.with_extension("unfinished");
    let head = block_on(async {
        let store = open_store(&settings).await?;
        // Without the key (an auditor's copy of the database) the dump reaches as far as the last head.
        if settings.audit.key.is_file() {
            let key = signing_key(&settings.audit.key)?;
            store.audit_integrate_and_sign(&key, Clock::system().now()).await?;
        }
        let file =
            File::create(&unfinished).with_context(|| format!("cannot write {}", unfinished.display()))?;
        let mut out = BufWriter::new(file);
        let head = store.audit_export(&mut out).await?;
        out.flush()?;
        out.get_ref().sync_all()?;
        Ok(head)
    })?;
    std::fs::rename(&unfinished, &arguments.out)
        .with_context(|| format!("cannot write {}", arguments.out.display()))?;
    let root = hex::encode(head.root_hash);
    let text = format!(
        "{} entries under tree head {}, root {root}\nwritten to {}",
        head.tree_size,
        head.head_number,
        arguments.out.display()
    );
    let document = json!({
        "entries": head.tree_size, "head": head.head_number, "root": root, "file": arguments.out,
    });
    Ok(Report::new(text, document))
}

fn key(arguments: &Key) -> Result<Report> {
    let settings = arguments.place.settings()?;
    let pem = signing_key(&settings.audit.key)?.public_key()?.to_pem();
    let document = json!({ "public_key": pem });
    Ok(Report::new(pem, document))
}

fn prove(arguments: &Verify) -> Result<Report> {
    let key = PublicKey::from_pem(&read(&arguments.public_key)?)
        .with_context(|| format!("{}", arguments.public_key.display()))?;
    let witness = arguments.witness.as_deref().map(witness).transpose()?;
    let dump =
        File::open(&arguments.dump).with_context(|| format!("cannot read {}", arguments.dump.display()))?;
    let found = verify(BufReader::new(dump), &key, witness.as_deref())
        .with_context(|| format!("cannot read {}", arguments.dump.display()))?;
    let faults: Vec<_> =
        found.faults.iter().map(|fault| json!({"line": line_of(fault), "what": fault.what})).collect();
    let document = json!({
        "verified": found.faults.is_empty(), "entries": found.entries, "heads": found.heads,
        "institutions": found.institutions, "faults": faults,
    });
    if found.faults.is_empty() {
        let text = format!(
            "verified: {} entries of {} institutions under {} signed tree heads, every byte as it was written",
            found.entries, found.institutions, found.heads
        );
        return Ok(Report::new(text, document));
    }
    let lines: Vec<String> = found.faults.iter().map(said).collect();
    Ok(Report::new(format!("NOT as it was written\n{}", lines.join("\n")), document).failed())
}

/// The line it is in; none when it concerns the whole.
fn line_of(fault: &Fault) -> Option<u64> {
    Some(fault.line).filter(|line| *line > 0)
}

/// A fault in words; line 0 stands for the whole dump.
fn said(fault: &Fault) -> String {
    match fault.line {
        0 => format!("the dump as a whole: {}", fault.what),
        line => format!("line {line}: {}", fault.what),
    }
}

/// The head lines of a witness file, also where a log wraps them: there they may be quoted once more.
fn witness(path: &Path) -> Result<String> {
    let mut heads = String::new();
    for line in read(path)?.lines() {
        let line = line.replace("\\\"", "\"");
        let head = line.find(HEAD_BEGINS).map(|start| &line[start..]);
        let head = head.and_then(|rest| rest.find('}').map(|end| &rest[..=end]));
        // A line without a head is kept as it is: then it is in no dump, and is told.
        heads.push_str(head.unwrap_or(&line));
        heads.push('\n');
    }
    Ok(heads)
}

fn signing_key(path: &Path) -> Result<SigningKey> {
    SigningKey::from_pem(&read(path)?).with_context(|| format!("{}", path.display()))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
