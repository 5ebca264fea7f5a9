//! `shikaku kiosk run`: the card reader at work.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use card::session::pinless::SimulatedPinlessAuthorizer;
use clap::Args;
use kiosk::{
    FaceVerifier, Faces, Kiosk, Parts, TerminalLink,
    config::{Config, Pinless},
    pages::Voices,
    slot::PcscSlot,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    folder::kiosk_config,
    report::Report,
    runtime::{asked_to_end, block_on},
};

/// The reader's name in its simulated card-verifiable certificate, which holds ASCII only.
const NAME_ON_CARD: &str = "KIOSK";

/// Run the reader until Ctrl-C or SIGTERM. Prints the address that its browser opens, with the start key.
#[derive(Args)]
#[command(after_help = "Example:\n  shikaku kiosk run --config kiosk.toml")]
pub(crate) struct Arguments {
    /// The reader's settings.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, json: bool) -> Result<Report> {
    let config = kiosk_config(&arguments.config)?;
    let problems = config.check();
    if !problems.is_empty() {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::bail!("{}: {}", arguments.config.display(), lines.join("\n"));
    }
    block_on(async {
        let kiosk = Kiosk::start(config.listen, parts(&config)?, voices(config.voices.as_deref())).await?;
        let text = format!("the reader's screen: {}", kiosk.start_url());
        let document = json!({"screen": kiosk.start_url(), "listen": kiosk.address().to_string()});
        let report = Report::new(text, document).announce(json);
        let stop = CancellationToken::new();
        let serving = kiosk.serve(stop.clone());
        let ending = async {
            let asked = asked_to_end().await;
            stop.cancel();
            asked
        };
        let ((), asked) = tokio::join!(serving, ending);
        asked?;
        Ok(report)
    })
}

fn parts(config: &Config) -> Result<Parts> {
    let simulated = config.card.pinless == Pinless::Simulated;
    let authorizer: Option<kiosk::Authorizer> =
        if simulated { Some(Arc::new(SimulatedPinlessAuthorizer::new(NAME_ON_CARD))) } else { None };
    let faces: Option<Arc<dyn Faces>> = match &config.face {
        Some(face) => {
            let verifier = FaceVerifier::load(&face.models, config.bands()?)
                .with_context(|| format!("the models in {} cannot be used", face.models.display()))?;
            Some(Arc::new(verifier))
        }
        None => None,
    };
    Ok(Parts {
        slot: Box::new(PcscSlot::new(config.card.reader.clone())),
        authorizer,
        faces,
        link: Arc::new(TerminalLink::new(&config.terminal)?),
        serial: config.terminal.reader_serial.clone(),
        staff: config.staff.clone(),
        simulated,
    })
}

/// Without a voice the reader works all the same, and says on stderr what is missing.
pub(crate) fn voices(folder: Option<&Path>) -> Voices {
    let Some(folder) = folder else { return Voices::default() };
    match Voices::open(folder.to_owned()) {
        Ok(voices) => {
            for (language, missing) in voices.missing() {
                tracing::warn!(language = language.id(), missing, "texts without a recording stay silent");
            }
            voices
        }
        Err(error) => {
            tracing::warn!(%error, "the reader has no voice");
            Voices::default()
        }
    }
}
