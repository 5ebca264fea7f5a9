//! `shikaku demo`: the whole system on 127.0.0.1, for a newcomer, a vendor, a class.

pub(crate) mod band;
mod brought_certificate;
mod consent;
mod earlier_consents;
mod first_settings;
mod foreign_card;
mod forgery;
mod guide;
mod institution_accounts;
mod joining;
mod landing;
mod once;
mod outcome;
pub(crate) mod people;
mod ports;
pub(crate) mod premises;
mod reader;
mod running_terminal;
mod situations;
pub(crate) mod system;
pub(crate) mod wallet;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use crate::{
    folder::{DataFolder, demo_folder},
    report::Report,
    runtime::{asked_to_end, block_on},
};
use people::Cast;
use ports::Ports;
use system::{PIN, System, Wanted};

/// People in the demo besides the named ones, unless told otherwise.
const DEFAULT_PERSONS: u32 = 1_000;
/// Where chance begins, unless told otherwise.
const DEFAULT_SEED: u64 = 1;

/// Run the whole system on 127.0.0.1 with SQLite: server, certificate authority, one institution with its
/// terminal and card reader, simulated cards. Open http://localhost:8440/ then; Ctrl-C ends it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku demo
  shikaku demo --once --json
  shikaku demo --data demo-data --persons 100000 --port-base 9440
  shikaku demo --data demo-data --database-url postgres://shikaku@127.0.0.1/demo")]
pub(crate) struct Arguments {
    /// Where everything is kept; without it a folder under your data folder, which is printed.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The landing page's port; the others count up from it.
    #[arg(long, value_name = "PORT", default_value_t = ports::DEFAULT_BASE,
          value_parser = clap::value_parser!(u16).range(1024..=i64::from(ports::HIGHEST_BASE)))]
    port_base: u16,
    /// How many synthetic people there are besides the named ones.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PERSONS)]
    persons: u32,
    /// Where chance begins: the same seed gives the same people.
    #[arg(long, value_name = "S", default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// Keep the centre's data in this database (postgres://…) instead of SQLite in the folder. It belongs to the folder:
    /// give the same one at each start.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Recordings of the card reader's voice (`cargo xtask voices`); without them it is silent.
    #[arg(long, value_name = "DIR")]
    voices: Option<PathBuf>,
    /// Make one card check and one number check, print both answers and their XML files, and stop.
    #[arg(long)]
    once: bool,
}

/// Runs the demo.
pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<Report> {
    let began = Instant::now();
    let place = arguments.data.clone().unwrap_or_else(demo_folder);
    let folder = DataFolder::new(&place)?;
    premises::private_folder(folder.root())?;
    let _alone = lock(folder.root())?;
    let ports = Ports::from_base(arguments.port_base);
    block_on(async {
        let wanted = Wanted {
            folder: folder.clone(),
            ports,
            cast: Cast { persons: arguments.persons, seed: arguments.seed },
            database_url: arguments.database_url.clone(),
            voices: arguments.voices.clone(),
        };
        let system = Arc::new(System::start(wanted).await?);
        if arguments.once {
            let report = once::run(&system, began.elapsed()).await;
            system.shutdown().await?;
            return report;
        }
        system.open_pages().await?;
        let report = announcement(&folder, ports, &system, began.elapsed()).announce(json);
        asked_to_end().await?;
        system.shutdown().await?;
        Ok(report)
    })
}

/// Milliseconds from the program's start until it could be used.
fn ready_ms(ready_after: Duration) -> u64 {
    u64::try_from(ready_after.as_millis()).unwrap_or(u64::MAX)
}

fn announcement(folder: &DataFolder, ports: Ports, system: &System, ready_after: Duration) -> Report {
    let page = format!("{}/", ports.landing_origin());
    let share = folder.drop();
    let text = format!(
        "デモの準備ができました。\n  はじめのページ  {page}\n  レセコンの共有  {}\n  データ          {}\n  暗証番号        {PIN}\n終わるには Ctrl-C を押してください。",
        share.display(),
        folder.root().display()
    );
    let people: Vec<_> = system
        .people()
        .iter()
        .map(|person| json!({"id": person.id, "name": person.person.name, "title": person.title}))
        .collect();
    let document = json!({
        "landing_page": page,
        "first_day": format!("{}/first-day", ports.landing_origin()),
        "portal": format!("http://localhost:{}", ports.portal().port()),
        "operator": format!("http://localhost:{}", ports.operator().port()),
        "institution_web": premises::institution_web_origin(ports),
        "authority": format!("http://{}", ports.authority()),
        "institution_accounts": institution_accounts::announced(),
        "line_authentication": format!("https://{}", ports.line_authentication()),
        "gateway": format!("http://{}", ports.gateway()),
        "new_clinic": system.new_clinic(),
        "terminal_api": format!("https://{}", ports.terminal_api()),
        "reader_link": format!("http://{}", ports.reader_link()),
        "reader": format!("{}/reader", ports.landing_origin()),
        "reader_screen": system.reader().start_url(),
        "simulated_jlis": format!("http://{}", ports.jlis()),
        "ops": format!("http://{}", ports.ops()),
        "institution_code": premises::INSTITUTION_CODE,
        "drop": share,
        "data": folder.root(),
        "pin": PIN,
        "people": people,
        "ready_ms": ready_ms(ready_after),
    });
    Report::new(text, document)
}

/// Two demos on one folder would write over each other.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("demo.lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    file.try_lock().with_context(|| {
        format!("another demo runs on {}; end it or choose another folder with --data", folder.display())
    })?;
    Ok(file)
}
