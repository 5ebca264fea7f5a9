//! `shikaku doctor`: what the settings amount to, and what is wrong, with the remedy.

mod effective;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::{
    folder::{Place, open_store},
    report::Report,
    runtime::block_on,
};

/// Show the effective settings (secrets masked) and what is wrong, with the remedy; exit 1 when anything is.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  shikaku doctor\n  shikaku doctor --data demo-data\n  shikaku doctor --config server.toml --json"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
}

/// Something wrong, wherever it was found.
struct Trouble {
    part: &'static str,
    setting: String,
    what: String,
    remedy: String,
}

/// Looks at everything that can be looked at from here.
pub(crate) fn run(arguments: &Arguments) -> Result<Report> {
    let installation = arguments.place.installation()?;
    let settings = installation.server;
    let mut values = effective::of_server(&settings);
    let mut troubles: Vec<Trouble> = settings
        .check()
        .into_iter()
        .map(|problem| Trouble {
            part: "server",
            setting: problem.setting.to_owned(),
            what: problem.message,
            remedy: problem.remedy,
        })
        .collect();
    troubles.extend(database_trouble(&settings));
    if let Some(file) = installation.terminal {
        let terminal = terminal::config::Config::load(&file)?;
        values.extend(effective::of_terminal(&terminal));
        troubles.extend(terminal.check().into_iter().map(|problem| Trouble {
            part: "terminal",
            setting: problem.setting.to_owned(),
            what: problem.what,
            remedy: problem.remedy,
        }));
    }
    Ok(report(&values, &troubles))
}

fn database_trouble(settings: &server::config::Config) -> Option<Trouble> {
    let asked = block_on(async { Ok(open_store(settings).await?.ping().await?) });
    let error = asked.err()?;
    Some(Trouble {
        part: "server",
        setting: "database_url".to_owned(),
        what: format!("{error:#}"),
        remedy: "start the database or correct the address, then run `shikaku migrate`".to_owned(),
    })
}

fn report(values: &[(String, String)], troubles: &[Trouble]) -> Report {
    let mut text = String::from("Effective settings\n");
    for (setting, value) in values {
        text.push_str(&format!("  {setting:<40} {value}\n"));
    }
    if troubles.is_empty() {
        text.push_str("\nNothing is wrong.\n");
    } else {
        text.push_str("\nWhat is wrong\n");
    }
    for one in troubles {
        text.push_str(&format!("  {} {}: {}\n    remedy: {}\n", one.part, one.setting, one.what, one.remedy));
    }
    let settings: serde_json::Map<String, Value> =
        values.iter().map(|(setting, value)| (setting.clone(), Value::from(value.as_str()))).collect();
    let problems: Vec<Value> = troubles
        .iter()
        .map(|one| json!({"part": one.part, "setting": one.setting, "what": one.what, "remedy": one.remedy}))
        .collect();
    let report = Report::new(text, json!({"settings": settings, "problems": problems}));
    if troubles.is_empty() { report } else { report.failed() }
}
