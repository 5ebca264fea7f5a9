//! `shikaku institution`: the register of institutions (医療機関マスタ).
//!
//! Applications are checked against it and letters go to the addresses in it. One person adds an entry; what changes or
//! ends one takes two people of the operator, on the operator's side.

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use eligibility::{
    field::FieldErrors,
    institution::InstitutionCode,
    institution_entry::{InstitutionEntry, InstitutionEntryForm},
};
use serde_json::{Value, json};
use server::clock::Clock;
use store::RegisteredInstitution;

use crate::{
    folder::{Place, open_current_store, open_store},
    report::Report,
    runtime::block_on,
};

/// Who acted, for the audit log.
pub(crate) const ACTOR: &str = "command-line";
/// Institutions one call of `list` shows, when nothing else is said.
const LISTED: u32 = 50;
/// Most that one call may ask for.
const LISTED_MAX: i64 = 10_000;

/// The register of institutions (医療機関マスタ): who may apply, and where letters go.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  shikaku institution add 1310000018 --name 架空内科医院 --postal-code 100-0013 --address 東京都架空区1-2-3 \\
      --telephone 03-0000-0000
  shikaku institution list 架空")]
pub(crate) enum Command {
    Add(Box<Add>),
    List(List),
}

/// Add an institution. One that is there is never changed: that takes two people, on the operator's side.
#[derive(Args)]
#[command(after_help = "\
Example:
  shikaku institution add 1310000018 --name 架空内科医院 --postal-code 100-0013 --address 東京都架空区1-2-3 \\
      --second-line 架空ビル2階 --telephone 03-0000-0000 --config server.toml")]
pub(crate) struct Add {
    #[command(flatten)]
    place: Place,
    /// 医療機関コード: ten digits, 都道府県 (2), 点数表 (1: 1, 3, 4 or 6) and number (7) with its check digit.
    code: String,
    /// Take the code although its check digit does not fit: such codes are in use. Look at the 指定通知書 first.
    #[arg(long)]
    code_as_is: bool,
    /// 医療機関等名称.
    #[arg(long)]
    name: String,
    /// 郵便番号: seven digits.
    #[arg(long, value_name = "DIGITS")]
    postal_code: String,
    /// 住所: where letters go by registered mail.
    #[arg(long)]
    address: String,
    /// 住所, second line: building and floor.
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
    second_line: String,
    /// 電話番号: by it the operator makes sure who registered.
    #[arg(long)]
    telephone: String,
}

/// List institutions by their codes.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku institution list
  shikaku institution list 131 --json
  shikaku institution list --after 1319990012 --limit 100 --config server.toml")]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
    /// Beginning of a code, or a part of a name; without it everybody.
    #[arg(default_value = "", hide_default_value = true)]
    find: String,
    /// Go on after this code.
    #[arg(long, value_name = "CODE")]
    after: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = LISTED, value_parser = clap::value_parser!(u32).range(1..=LISTED_MAX))]
    limit: u32,
}

/// Runs one of them.
pub(crate) fn run(command: &Command) -> Result<Report> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::List(arguments) => list(arguments),
    }
}

fn add(arguments: &Add) -> Result<Report> {
    let form = InstitutionEntryForm {
        code: arguments.code.clone(),
        code_as_is: if arguments.code_as_is { "on".to_owned() } else { String::new() },
        name: arguments.name.clone(),
        postal_code: arguments.postal_code.clone(),
        first_line: arguments.address.clone(),
        second_line: arguments.second_line.clone(),
        phone: arguments.telephone.clone(),
    };
    let entry = InstitutionEntry::try_from(&form).map_err(|errors| refused(&errors))?;
    let settings = arguments.place.settings()?;
    let (code, name) = (entry.code.clone(), entry.name.clone());
    let added = block_on(async {
        let store = open_current_store(&settings).await?;
        Ok(store.add_institution(entry, ACTOR, Clock::system().now()).await?)
    })?;
    if !added {
        bail!(
            "the register has {code} already, and nothing was changed; what it says is changed by two people on the \
             operator's side (医療機関マスタ)"
        );
    }
    let text = format!("{code} {name} is in the register");
    Ok(Report::new(text, json!({ "code": code.as_str(), "name": name })))
}

/// The option that carries a field of the form.
fn option(field: &str) -> &str {
    match field {
        "code" | "code_as_is" => "CODE",
        "postal_code" => "--postal-code",
        "first_line" => "--address",
        "second_line" => "--second-line",
        "phone" => "--telephone",
        _ => "--name",
    }
}

fn refused(errors: &FieldErrors) -> anyhow::Error {
    let line = |error: &eligibility::field::FieldError| match error.field.as_str() {
        // What the page offers as a box to tick is an option here.
        "code" if error.remedy.contains("チェック") => {
            format!("CODE: {}番号を確かめ、正しいときは --code-as-is を付けてください。", error.message)
        }
        field => format!("{}: {}{}", option(field), error.message, error.remedy),
    };
    anyhow::anyhow!("{}", errors.as_slice().iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn list(arguments: &List) -> Result<Report> {
    let after = arguments.after.as_deref().map(InstitutionCode::parse).transpose().context("--after")?;
    let settings = arguments.place.settings()?;
    let found = block_on(async {
        let store = open_store(&settings).await?;
        Ok(store.institution_entries(&arguments.find, after.as_ref(), arguments.limit).await?)
    })?;
    let text = match found.is_empty() {
        true => "no institution".to_owned(),
        false => found.iter().map(line).collect::<Vec<_>>().join("\n"),
    };
    let listed: Vec<Value> = found.iter().map(document).collect();
    Ok(Report::new(text, json!({ "institutions": listed })))
}

fn line(one: &RegisteredInstitution) -> String {
    let address = one.address.as_ref().map_or_else(
        || "(no address: letters cannot be printed)".to_owned(),
        |address| {
            let second = address.second_line.as_deref().unwrap_or_default();
            format!("〒{} {} {second}", address.postal_code, address.first_line).trim_end().to_owned()
        },
    );
    let closed = if one.closed_at.is_some() { "\t(out of use)" } else { "" };
    format!(
        "{}\t{}\t{address}\t{}{closed}",
        one.code,
        one.name,
        one.phone.as_deref().unwrap_or("(no telephone)")
    )
}

fn document(one: &RegisteredInstitution) -> Value {
    let address = one.address.as_ref();
    json!({
        "code": one.code.as_str(),
        "name": one.name,
        "fee_table": one.fee_table().map(|table| table.label()),
        "postal_code": address.map(|address| &address.postal_code),
        "first_line": address.map(|address| &address.first_line),
        "second_line": address.and_then(|address| address.second_line.as_ref()),
        "telephone": one.phone,
        "in_use": one.closed_at.is_none(),
    })
}
