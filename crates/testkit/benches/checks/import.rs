//! Insurers' files into an empty database, as `shikaku insurer import` does it: read, checked, staged, swapped.
//!
//! The floor is SQLite alone: the rows that the import left, put into tables of the same form, in transactions of
//! the same size and as durable. It reads no files, checks nothing and keeps nothing that can go on after a kill.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::Line;
use crate::process::Running;
use crate::site::Site;

/// People imported.
const PERSONS: u32 = 200_000;
/// Where chance begins.
const SEED: u64 = 7;
/// Rows of one transaction of the floor.
const CHUNK_ROWS: usize = 8_000;
/// The tables an import fills, all in the people's file.
const TABLES: [&str; 4] = ["coverage", "coverage_by_number", "card_version", "medical_ticket"];
/// Pause between two looks at the import's memory.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Measures both.
pub(crate) fn measure(site: &Site) -> Result<Line> {
    let files = files(site)?;
    let people = site.path("import-people.db");
    remove(&site.path("import.db"));
    remove(&people);
    let (took, rss_mib, cpu_us) = import(site, &files)?;
    let floor = floor(&people, &site.path("import-floor.db"))?;
    let per_second = |took: Duration| f64::from(PERSONS) / took.as_secs_f64();
    Ok(Line {
        name: "insurer_import",
        per_second: Some(per_second(took)),
        floor_per_second: Some(per_second(floor)),
        ratio: Some(floor.as_secs_f64() / took.as_secs_f64()),
        cpu_us: Some(cpu_us / f64::from(PERSONS)),
        rss_mib: Some(rss_mib),
        ..Line::default()
    })
}

/// The insurers' files, generated once.
fn files(site: &Site) -> Result<PathBuf> {
    let folder = site.path("import-population");
    let made = folder.join("made");
    let mark = format!("{PERSONS} persons, seed {SEED}, version {}\n", population::GENERATOR_VERSION);
    if std::fs::read_to_string(&made).unwrap_or_default() != mark {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        population::write_folder(&population::Options::new(PERSONS, SEED), &folder, |_| {})?;
        std::fs::write(made, mark)?;
    }
    Ok(folder)
}

/// Runs the command; gives its time, its largest anonymous memory (MiB) and its CPU time (microseconds).
fn import(site: &Site, files: &Path) -> Result<(Duration, f64, f64)> {
    let settings = std::fs::read_to_string(site.path("server.toml"))?;
    let ours = settings.replace("sqlite:shikaku.db", "sqlite:import.db");
    ensure!(ours != settings, "server.toml names another database than expected");
    let config = site.path("import.toml");
    std::fs::write(&config, ours)?;
    let mut sources: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(files)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            sources.push(path);
        }
    }
    let start = Instant::now();
    let mut command = site.command();
    command.args(["insurer", "import", "--config"]).arg(config).args(sources).stderr(Stdio::null());
    let mut running = Running::start(&mut command)?;
    let (mut rss_mib, mut cpu_us) = (0.0_f64, 0.0_f64);
    while !running.has_ended()? {
        // Both fail once the process has gone.
        rss_mib = rss_mib.max(running.rss_anon_mib().unwrap_or(0.0));
        cpu_us = cpu_us.max(running.cpu_us().unwrap_or(0.0));
        std::thread::sleep(LOOK_EVERY);
    }
    Ok((start.elapsed(), rss_mib, cpu_us))
}

/// Time to put the same rows into the same tables.
fn floor(imported: &Path, path: &Path) -> Result<Duration> {
    remove(path);
    let source = Connection::open(imported)?;
    let mut floor = Connection::open(path)?;
    floor
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;")?;
    let mut took = Duration::ZERO;
    let mut copied = 0_usize;
    for table in TABLES {
        let form: String =
            source.query_row("SELECT sql FROM sqlite_master WHERE name = ?1", [table], |row| row.get(0))?;
        floor.execute_batch(&form)?;
        let mut statement = source.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = statement.column_count();
        let insert = format!("INSERT INTO {table} VALUES ({})", vec!["?"; columns].join(", "));
        let mut rows = statement.query([])?;
        loop {
            let mut chunk: Vec<Vec<Value>> = Vec::with_capacity(CHUNK_ROWS);
            while chunk.len() < CHUNK_ROWS {
                let Some(row) = rows.next()? else { break };
                chunk.push((0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?);
            }
            if chunk.is_empty() {
                break;
            }
            copied += chunk.len();
            took += put(&mut floor, &insert, &chunk)?;
        }
    }
    ensure!(copied > PERSONS as usize, "the import left only {copied} rows");
    Ok(took)
}

fn put(floor: &mut Connection, insert: &str, rows: &[Vec<Value>]) -> Result<Duration> {
    let start = Instant::now();
    let transaction = floor.transaction()?;
    {
        let mut statement = transaction.prepare_cached(insert)?;
        for row in rows {
            statement.execute(rusqlite::params_from_iter(row))?;
        }
    }
    transaction.commit().context("the floor's commit")?;
    Ok(start.elapsed())
}

/// A database file and what belongs to it.
fn remove(database: &Path) {
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", database.display()));
    }
}
