//! `shikaku line`: which お客さまID and which addresses an institution's line has.

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use eligibility::{
    institution::InstitutionCode,
    line::{AddressPrefix, CircuitKind, CustomerId},
};
use serde_json::{Value, json};
use server::clock::Clock;
use store::{LineRecord, LineRegistration, NewLine, PrefixChange, PrefixNotice, Store};

use crate::{
    folder::{Place, open_current_store, open_store},
    institution::ACTOR,
    report::{Report, WrongUsage},
    runtime::block_on,
};

/// Lines one call of `list` shows, when nothing else is said.
const LISTED: u32 = 50;
/// Most that one call may ask for.
const LISTED_MAX: i64 = 10_000;

/// Lines (回線): お客さまID and address prefixes, by which requests are known before anybody is asked who they are.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  shikaku line add 1319990012 --customer-id CAF0000000001 --prefix 192.0.2.0/28 --prefix 2001:db8:1::/56
  shikaku line list CAF
  shikaku line withdraw 1319990012 --prefix 192.0.2.0/28")]
pub(crate) enum Command {
    Add(Add),
    List(List),
    Withdraw(Withdraw),
}

/// Register the line of an institution, or add prefixes that the carrier notified to the one it has.
///
/// A line that has another お客さまID is not replaced: withdraw it first, which ends its sessions.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku line add 1319990012 --customer-id CAF0000000001 --prefix 192.0.2.0/28 --config server.toml
  shikaku line add 1319990012 --circuit ipsec-ike --prefix 198.51.100.7/32")]
pub(crate) struct Add {
    #[command(flatten)]
    place: Place,
    /// 医療機関コード of the institution whose line it is.
    code: String,
    /// 回線種別; only ip-vpn-ntt has an お客さまID and needs line authentication.
    #[arg(long, default_value = "ip-vpn-ntt", value_parser = PossibleValuesParser::new(["ip-vpn-ntt", "ip-vpn-other", "ipsec-ike"]))]
    circuit: String,
    /// お客さまID: CAF or COP and ten digits.
    #[arg(long, value_name = "ID")]
    customer_id: Option<String>,
    /// An address prefix that the carrier notified, IPv4 or IPv6; may be said several times. Without any the line waits
    /// for the carrier's notice.
    #[arg(long, value_name = "ADDRESS/LENGTH")]
    prefix: Vec<String>,
    /// Another institution in the same house may have this お客さまID already: they share the line.
    #[arg(long)]
    shared: bool,
}

/// List lines by their institutions, stopped ones too.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku line list
  shikaku line list CAF0000000001 --json
  shikaku line list --after 1319990012 --limit 100 --config server.toml")]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
    /// Beginning of a 医療機関コード or of an お客さまID; without it all.
    #[arg(default_value = "", hide_default_value = true)]
    find: String,
    /// Go on after this 医療機関コード.
    #[arg(long, value_name = "CODE")]
    after: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = LISTED, value_parser = clap::value_parser!(u32).range(1..=LISTED_MAX))]
    limit: u32,
}

/// Withdraw prefixes of a line, or the whole line: sessions end, addresses and お客さまID are free.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku line withdraw 1319990012 --prefix 192.0.2.0/28
  shikaku line withdraw 1319990012 --whole --config server.toml")]
pub(crate) struct Withdraw {
    #[command(flatten)]
    place: Place,
    /// 医療機関コード of the institution whose line it is.
    code: String,
    /// A prefix it no longer has; may be said several times.
    #[arg(long, value_name = "ADDRESS/LENGTH", required_unless_present = "whole")]
    prefix: Vec<String>,
    /// The whole line.
    #[arg(long, conflicts_with = "prefix")]
    whole: bool,
}

/// Runs one of them.
pub(crate) fn run(command: &Command) -> Result<Report> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::List(arguments) => list(arguments),
        Command::Withdraw(arguments) => withdraw(arguments),
    }
}

fn add(arguments: &Add) -> Result<Report> {
    let new = wanted(arguments)?;
    let settings = arguments.place.settings()?;
    let line = block_on(async {
        let store = open_current_store(&settings).await?;
        if store.institution(&new.institution_code).await?.is_none() {
            bail!("{0} is not in the register; `shikaku institution add {0}` adds it", new.institution_code);
        }
        match in_use(&store, &new.institution_code).await? {
            None => register(&store, &new).await?,
            Some(had) => extend(&store, &new, &had).await?,
        }
        in_use(&store, &new.institution_code).await?.context("the line was stopped meanwhile")
    })?;
    Ok(Report::new(said(&line), document(&line)))
}

fn wanted(arguments: &Add) -> Result<NewLine> {
    let circuit = CircuitKind::from_name(&arguments.circuit.replace('-', "_"))
        .with_context(|| format!("--circuit {}", arguments.circuit))?;
    let customer_id = arguments.customer_id.as_deref().map(CustomerId::parse).transpose();
    let customer_id = customer_id.map_err(|error| WrongUsage(format!("--customer-id: {error}")))?;
    if customer_id.is_some() != circuit.needs_line_authentication() {
        let text = match circuit.needs_line_authentication() {
            true => "--customer-id is needed: the line of ip-vpn-ntt is known by it",
            false => "--customer-id is for --circuit ip-vpn-ntt alone",
        };
        return Err(WrongUsage(text.to_owned()).into());
    }
    Ok(NewLine {
        institution_code: code(&arguments.code)?,
        circuit,
        customer_id,
        prefixes: Some(prefixes(&arguments.prefix)?),
        shared: arguments.shared,
    })
}

async fn register(store: &Store, new: &NewLine) -> Result<()> {
    match store.register_line(new.clone(), ACTOR, Clock::system().now()).await? {
        LineRegistration::Done => Ok(()),
        LineRegistration::CustomerIdTaken => bail!(
            "another institution has this お客さまID (`shikaku line list`); if they are in one house and share the line, \
             say --shared"
        ),
        LineRegistration::SharedOtherwise => bail!(
            "the line is shared, and its other institutions have other prefixes or another 回線種別; say what they have \
             (`shikaku line list`), and change it afterwards"
        ),
        LineRegistration::Overlap { prefix, other } => bail!(overlap(prefix, &other)),
    }
}

async fn extend(store: &Store, new: &NewLine, had: &LineRecord) -> Result<()> {
    if (had.circuit, &had.customer_id) != (new.circuit, &new.customer_id) {
        bail!(
            "{0} has another line: {1}; `shikaku line withdraw {0} --whole` ends it",
            new.institution_code,
            said(had)
        );
    }
    let more = PrefixChange::Add(new.prefixes.clone().unwrap_or_default());
    change(store, &new.institution_code, more).await
}

async fn change(store: &Store, institution: &InstitutionCode, change: PrefixChange) -> Result<()> {
    match store.change_line_prefixes(institution, change, ACTOR, Clock::system().now()).await? {
        PrefixNotice::Done { .. } => Ok(()),
        PrefixNotice::UnknownLine | PrefixNotice::UnknownCustomerId => bail!(no_line(institution)),
        PrefixNotice::UnknownPrefix { prefix } => {
            bail!(
                "the line of {institution} does not have {prefix} (`shikaku line list {institution}`); nothing was changed"
            )
        }
        PrefixNotice::Overlap { prefix, other } => bail!(overlap(prefix, &other)),
    }
}

fn withdraw(arguments: &Withdraw) -> Result<Report> {
    let institution = code(&arguments.code)?;
    let gone = prefixes(&arguments.prefix)?;
    let settings = arguments.place.settings()?;
    let left = block_on(async {
        let store = open_store(&settings).await?;
        if !arguments.whole {
            change(&store, &institution, PrefixChange::Withdraw(gone)).await?;
        } else if !store.stop_line(&institution, ACTOR, Clock::system().now()).await? {
            bail!(no_line(&institution));
        }
        in_use(&store, &institution).await
    })?;
    Ok(match left {
        Some(line) => Report::new(said(&line), document(&line)),
        None => {
            let text = format!("{institution} has no line any more");
            Report::new(text, json!({ "institution_code": institution.as_str(), "stopped": true }))
        }
    })
}

fn list(arguments: &List) -> Result<Report> {
    let after = arguments.after.as_deref().map(code).transpose()?;
    let settings = arguments.place.settings()?;
    let lines = block_on(async {
        let store = open_store(&settings).await?;
        Ok(store.lines(&arguments.find.to_uppercase(), after.as_ref(), arguments.limit).await?)
    })?;
    let text = match lines.is_empty() {
        true => "no line".to_owned(),
        false => lines.iter().map(said).collect::<Vec<_>>().join("\n"),
    };
    Ok(Report::new(text, json!({ "lines": lines.iter().map(document).collect::<Vec<_>>() })))
}

/// The line an institution has now.
async fn in_use(store: &Store, institution: &InstitutionCode) -> Result<Option<LineRecord>> {
    let found = store.lines(institution.as_str(), None, 1).await?;
    Ok(found.into_iter().find(|line| line.institution_code == *institution && line.stopped_at.is_none()))
}

fn code(text: &str) -> Result<InstitutionCode> {
    InstitutionCode::parse(text).with_context(|| format!("CODE {text}"))
}

fn prefixes(texts: &[String]) -> Result<Vec<AddressPrefix>> {
    let read = |text: &String| {
        AddressPrefix::parse(text).map_err(|error| WrongUsage(format!("--prefix {text}: {error}")).into())
    };
    texts.iter().map(read).collect()
}

fn no_line(institution: &InstitutionCode) -> String {
    format!("{institution} has no line (`shikaku line list` shows who has)")
}

fn overlap(prefix: AddressPrefix, other: &str) -> String {
    format!(
        "{prefix} overlaps an address of another line ({other}); lines never share addresses, so look which notice of \
         the carrier is right. Nothing was changed"
    )
}

fn said(line: &LineRecord) -> String {
    let prefixes: Vec<String> = line.prefixes.iter().map(ToString::to_string).collect();
    let addresses = match (line.stopped_at.is_some(), prefixes.is_empty()) {
        (true, _) => "(stopped)".to_owned(),
        (false, true) => "(no prefix yet)".to_owned(),
        (false, false) => prefixes.join(" "),
    };
    let id = line.customer_id.as_ref().map_or("-", CustomerId::as_str);
    format!("{}\t{}\t{id}\t{addresses}", line.institution_code, line.circuit.name().replace('_', "-"))
}

fn document(line: &LineRecord) -> Value {
    json!({
        "institution_code": line.institution_code.as_str(),
        "circuit": line.circuit.name().replace('_', "-"),
        "customer_id": line.customer_id.as_ref().map(CustomerId::as_str),
        "prefixes": line.prefixes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "stopped": line.stopped_at.is_some(),
    })
}
