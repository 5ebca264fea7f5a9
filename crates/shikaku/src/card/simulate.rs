//! `shikaku card simulate`: a simulated card in the virtual reader of pcscd.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, Result};
use card::vpcd::{self, BridgeEvent};
use clap::Args;
use eligibility::Instant;
use pki::jlis::{JlisOptions, SimulatedJlis};
use population::{Persona, personas::DEFAULT_PERSONA};
use serde_json::json;
use server::clock::Clock;

use crate::{
    demo::{people::prepare_cards, premises::private_folder, system::PIN, wallet::Wallet},
    folder::DataFolder,
    report::{Report, WrongUsage},
    runtime::{asked_to_end, block_on, this_second},
};

/// Be a My Number card of one of the demo's people, in the virtual reader vpcd of pcscd, until Ctrl-C.
///
/// Any PC/SC program then sees the card: opensc-tool, pkcs11-tool, `shikaku card read`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku card simulate
  shikaku card simulate --persona taro --data demo-data --vpcd 127.0.0.1:35963")]
pub(crate) struct Simulate {
    /// Whose card; without it the demo's first person.
    #[arg(long, value_name = "ID")]
    persona: Option<String>,
    /// Where vpcd listens.
    #[arg(long, value_name = "HOST:PORT", default_value_t = format!("127.0.0.1:{}", vpcd::DEFAULT_PORT))]
    vpcd: String,
    /// A demo's folder, whether or not it runs: the card is then one that its server believes. Without it the card comes from an
    /// authority made for the occasion.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Plays the card until asked to end.
pub(crate) fn run(arguments: &Simulate, json: bool) -> Result<Report> {
    let now = this_second();
    let reader = resolve(&arguments.vpcd)?;
    let occasion;
    let folder = match &arguments.data {
        Some(data) => DataFolder::new(data)?,
        None => {
            occasion = Occasion::new()?;
            DataFolder::new(&occasion.0)?
        }
    };
    let everybody = population::personas(Clock::system().today());
    let jlis = Arc::new(authority(&folder, &everybody, now)?);
    let wanted = arguments.persona.as_deref().unwrap_or(DEFAULT_PERSONA);
    let persona =
        everybody.iter().find(|persona| persona.id == wanted).with_context(|| unknown(&everybody))?;
    let card = Wallet::new(jlis, folder).card(persona)?;
    let name = &persona.person.name;

    let stop = Arc::new(AtomicBool::new(false));
    let bridge = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || vpcd::run(&card, reader, &stop, |event| tell(reader, &event))
    });
    let text = format!("{}({})のカード\nPIN {PIN}\nvpcd {}", name, persona.id, arguments.vpcd);
    let document = json!({"persona": persona.id, "name": name, "pin": PIN, "vpcd": arguments.vpcd});
    let report = Report::new(text, document).announce(json);
    block_on(asked_to_end())?;
    stop.store(true, Ordering::Relaxed);
    bridge.join().map_err(|_| anyhow::anyhow!("the bridge to vpcd broke"))?;
    Ok(report)
}

/// The address of a reader that is named. vpcd listens on IPv4 alone, so that comes first where a name has both.
fn resolve(reader: &str) -> Result<SocketAddr> {
    let wrong = || {
        WrongUsage(format!("--vpcd {reader}: write HOST:PORT, for example localhost:{}", vpcd::DEFAULT_PORT))
    };
    let (host, port) = reader.rsplit_once(':').ok_or_else(wrong)?;
    if host.is_empty() || port.parse::<u16>().is_err() {
        return Err(wrong().into());
    }
    let found = reader
        .to_socket_addrs()
        .with_context(|| format!("--vpcd {reader}: this host has no known address"))?;
    let found: Vec<SocketAddr> = found.collect();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| wrong().into())
}

/// The authority of this folder. A demo that runs on the folder holds it open and has everybody's cards in it already:
/// then it is only read.
fn authority(folder: &DataFolder, everybody: &[Persona], now: Instant) -> Result<SimulatedJlis> {
    match SimulatedJlis::open_or_create(&folder.jlis(), &JlisOptions::default(), now) {
        Ok(jlis) => {
            prepare_cards(&jlis, everybody, now)?;
            Ok(jlis)
        }
        Err(pki::Error::InUse(_)) => Ok(SimulatedJlis::open_beside(&folder.jlis())?),
        Err(error) => Err(error.into()),
    }
}

fn tell(reader: SocketAddr, event: &BridgeEvent) {
    match event {
        BridgeEvent::Inserted => eprintln!("the card is in the reader"),
        BridgeEvent::Waiting(error) => eprintln!(
            "no virtual reader at {reader} ({error}); waiting. Install it with `apt-get install vsmartcard-vpcd pcscd` \
             and start pcscd"
        ),
    }
}

fn unknown(everybody: &[Persona]) -> String {
    let ids: Vec<&str> =
        everybody.iter().filter(|persona| persona.card.is_some()).map(|persona| persona.id).collect();
    format!("there is no such person; choose one of {}", ids.join(", "))
}

/// A folder that goes when the card is taken away.
struct Occasion(PathBuf);

impl Occasion {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("shikaku-card-{}", std::process::id()));
        // A folder of that name is left from a process that is gone.
        let _ = std::fs::remove_dir_all(&path);
        private_folder(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Occasion {
    fn drop(&mut self) {
        // It holds a throw-away authority only.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
