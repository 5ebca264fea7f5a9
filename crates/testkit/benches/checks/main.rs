//! The benchmarks: what a check costs, against a floor measured in the same run.
//!
//! `cargo xtask bench [NAME] [--led] [--json]` builds everything for release and runs this, with `--program=PATH` for what is
//! to be measured. It prints one JSON document.
//! Figures of different runs are not comparable on a noisy machine; the ratio to the floor is.

mod bulk;
mod certificates;
mod checks;
mod file_drop;
mod floor;
mod footprint;
mod import;
mod load;
mod pages;
mod process;
mod site;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

/// The program's allocator, for the floor and the load generator as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One line of the report; what a benchmark does not measure is absent.
#[derive(Debug, Default, Serialize)]
struct Line {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    floor_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    floor_p50_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    floor_p99_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rss_mib: Option<f64>,
    /// Bytes of one entry of the audit log.
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_bytes: Option<f64>,
    /// Bytes by which one check makes the database grow, all tables and indexes.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_bytes: Option<f64>,
}

#[derive(Serialize)]
struct Report {
    benchmarks: Vec<Line>,
}

const NAMES: [&str; 7] =
    [CERTIFICATES, "card_check", "number_check", "bulk", "institution_pages", "file_drop", "insurer_import"];
/// The one benchmark that needs no installation.
const CERTIFICATES: &str = "certificates";

fn main() -> Result<()> {
    // Cargo adds `--bench` to the arguments of a bench target.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [role, port, folder] = arguments.as_slice()
        && role == "--floor"
    {
        return be_the_floor(port.parse()?, PathBuf::from(folder));
    }
    let named = arguments.iter().find_map(|argument| argument.strip_prefix("--program="));
    let program = named.map_or_else(site::release, |path| Ok(PathBuf::from(path)))?;
    let mut wanted: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
    if wanted.is_empty() {
        wanted = NAMES.to_vec();
    }
    if let Some(unknown) = wanted.iter().find(|name| !NAMES.contains(name)) {
        bail!("no benchmark is called {unknown}; there are {}", NAMES.join(", "));
    }
    let report = Report { benchmarks: measure(&wanted, program)? };
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

fn measure(wanted: &[&str], program: PathBuf) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    if wanted.contains(&CERTIFICATES) {
        eprintln!("measuring {CERTIFICATES} …");
        lines.push(certificates::measure()?);
    }
    let wanted: Vec<&str> = wanted.iter().copied().filter(|name| *name != CERTIFICATES).collect();
    if !wanted.is_empty() {
        lines.extend(measure_site(&wanted, program)?);
    }
    Ok(lines)
}

fn measure_site(wanted: &[&str], program: PathBuf) -> Result<Vec<Line>> {
    let site = site::Site::prepare(program)?;
    // One thread makes the load; the server has the same two cores.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let people = runtime.block_on(checks::people(&site))?;
    let mut lines = Vec::new();
    for name in wanted {
        eprintln!("measuring {name} …");
        lines.extend(match *name {
            "card_check" => vec![runtime.block_on(checks::card(&site, &people))?],
            "number_check" => vec![runtime.block_on(checks::number(&site, &people))?],
            "bulk" => vec![runtime.block_on(bulk::measure(&site, &people))?],
            "institution_pages" => vec![runtime.block_on(pages::measure(&site, &people))?],
            "file_drop" => file_drop::measure(&site, &people)?,
            _ => vec![import::measure(&site)?],
        });
    }
    Ok(lines)
}

fn be_the_floor(port: u16, folder: PathBuf) -> Result<()> {
    let site = site::Site::at(folder, site::release()?);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(floor::serve(listen, site.server_tls()?, &site.floor_database())).context("the floor")
}
