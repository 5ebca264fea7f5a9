//! `shikaku doctor`: what the settings amount to, and what is wrong, with the remedy.

mod certificates;
mod effective;
mod finding;
mod lists;
mod secrets;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use server::{clock::Clock, config::Config};

use crate::{
    folder::{Place, open_store, terminal_config},
    report::{Report, told},
    runtime::block_on,
};
use finding::{Finding, Found};

/// Show the effective settings (secrets masked) and what is wrong, with the remedy; exit 1 when anything is.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  shikaku doctor\n  shikaku doctor --data demo-data\n  shikaku doctor --config server.toml --json"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
}

/// Looks at everything that can be looked at from here.
pub(crate) fn run(arguments: &Arguments) -> Result<Report> {
    let installation = arguments.place.installation()?;
    let settings = installation.server;
    let mut values = effective::of_server(&settings);
    let mut found = Found::default();
    for problem in settings.check() {
        found.findings.push(Finding::wrong(problem.setting, problem.message, problem.remedy));
    }
    block_on(async {
        look(&settings, &mut found).await;
        Ok(())
    })?;
    if let Some(file) = installation.terminal {
        let terminal = terminal_config(&file)?;
        values.extend(effective::of_terminal(&terminal));
        found.findings.extend(terminal.check().into_iter().map(|problem| Finding {
            part: "terminal",
            setting: problem.setting.to_owned(),
            what: problem.what,
            remedy: problem.remedy,
            grave: true,
        }));
    }
    values.append(&mut found.seen);
    Ok(report(&values, &found.findings))
}

/// What the settings name: is it there, and is it good for that?
async fn look(settings: &Config, found: &mut Found) {
    let now = Clock::system().now();
    // A URL that cannot be read is told below, by whoever opens it.
    if let Ok(line) = store::DatabaseLine::of(settings.database_url.reveal()) {
        found.see("database connection", line.to_string());
    }
    if let Some(trouble) = database_trouble(settings).await {
        found.add(trouble);
    }
    if let Some(hint) = line_hint(settings) {
        found.add(hint);
    }
    certificates::look(settings, now, found);
    secrets::look(settings, found);
    lists::of_cards(settings, now, found).await;
    lists::of_authority(settings, now, found).await;
}

/// Nobody is asked for a line; or everybody is, and there is no page here to connect one at.
fn line_hint(settings: &Config) -> Option<Finding> {
    let setting = "line_authentication.required";
    if !settings.lines().required {
        let what = "is false: terminals and browsers are let in from any address, with or without 回線認証";
        let remedy = "take it out once the institutions' lines are registered (`shikaku line list`)";
        return Some(Finding::hint(setting, what, remedy));
    }
    if settings.line_authentication.is_none() {
        let what = "is true, as nothing is said, and this server has no page to connect a line at";
        let remedy = "add [line_authentication] here or on another server of this database, and register the \
                      institutions' lines; for a trial without lines say required = false there";
        return Some(Finding::hint(setting, what, remedy));
    }
    None
}

async fn database_trouble(settings: &Config) -> Option<Finding> {
    let asked = match open_store(settings).await {
        Ok(store) => store.ping().await.map_err(anyhow::Error::from),
        Err(error) => Err(error),
    };
    let remedy = "start the database or correct the address, then run `shikaku migrate`";
    Some(Finding::wrong("database_url", told(&asked.err()?), remedy))
}

fn report(values: &[(String, String)], findings: &[Finding]) -> Report {
    let mut text = String::from("Effective settings\n");
    for (setting, value) in values {
        text.push_str(&format!("  {setting:<40} {value}\n"));
    }
    let (wrong, hints): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.grave);
    if !hints.is_empty() {
        text.push_str("\nWorth knowing\n");
        hints.iter().for_each(|hint| text.push_str(&lines(hint)));
    }
    text.push_str(if wrong.is_empty() { "\nNothing is wrong.\n" } else { "\nWhat is wrong\n" });
    wrong.iter().for_each(|one| text.push_str(&lines(one)));
    let settings: serde_json::Map<String, Value> =
        values.iter().map(|(setting, value)| (setting.clone(), Value::from(value.as_str()))).collect();
    let listed = |findings: &[&Finding]| findings.iter().map(|one| document(one)).collect::<Vec<_>>();
    let document = json!({"settings": settings, "problems": listed(&wrong), "hints": listed(&hints)});
    let report = Report::new(text, document);
    if wrong.is_empty() { report } else { report.failed() }
}

fn lines(one: &Finding) -> String {
    format!("  {} {}: {}\n    remedy: {}\n", one.part, one.setting, one.what, one.remedy)
}

fn document(one: &Finding) -> Value {
    json!({"part": one.part, "setting": one.setting, "what": one.what, "remedy": one.remedy})
}
