//! `cargo xtask e2e`: stories told in a real browser against the real programs.

use std::sync::Mutex;

use anyhow::{Context, Result, bail, ensure};

use crate::{
    WrongUsage, demo,
    postgres::Postgres,
    process::{self, program, root},
    setup,
    test::Counts,
    voices,
};

/// The stories there are; each is `e2e/stories/NAME.js`. All but [`LONGEST`] are told in this order.
pub(crate) const STORIES: &[&str] = &[
    "demo",
    "certificate-import",
    "certificate-renewal",
    "too-often",
    "terminal-states",
    "counter",
    "first-day",
    "institution",
];
/// The story that `cargo xtask test` tells on PostgreSQL as well, and the part of it: what the centre answers and keeps.
/// The screens are the same on every database.
const ON_POSTGRES_TOO: (&str, &str) = ("demo", "answers");
/// The one story in which something is heard.
const SPOKEN: &str = "counter";
/// What each story leaves of what it saw, below the root.
const PICTURES: &str = "target/screenshots";
/// Where the pictures of the documents are, below the root.
const DOCUMENT_PICTURES: &str = "docs/images";
/// The one story whose pictures the documents have.
const DOCUMENTED: &str = "demo";
/// Those that take longest, which begin first.
const LONGEST: [&str; 2] = ["first-day", "institution"];
/// Stories told at once: each waits for its browser, and for limits of time to pass, much of the time. Three at once on
/// two cores made pages wait for so long that steps gave up.
const AT_ONCE: usize = 2;
/// Where the counts of a story go, and what it said, below the root.
const COUNTS: &str = "target/e2e";

/// What is asked for.
struct Wanted {
    stories: Vec<Telling>,
    /// Whether the pictures in the documents are made anew.
    keep_pictures: bool,
}

/// A story, to be told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Telling {
    story: &'static str,
    /// Whether the centre keeps its data in PostgreSQL.
    on_postgres: bool,
    /// Only this of it.
    part: Option<&'static str>,
}

impl Telling {
    fn whole(story: &'static str, on_postgres: bool) -> Self {
        Self { story, on_postgres, part: None }
    }

    /// Its place among those that take longest; behind them for the others.
    fn turn(self) -> usize {
        LONGEST.iter().position(|story| self.part.is_none() && *story == self.story).unwrap_or(LONGEST.len())
    }

    /// What its pictures and counts are called.
    fn name(self) -> String {
        if self.on_postgres { format!("{}-on-postgres", self.story) } else { self.story.to_owned() }
    }
}

/// Tells the stories that `arguments` ask for and closes with their counts.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let wanted = wanted(arguments)?;
    let counts = tell(&wanted, demo::build)?;
    println!("{} passed, {} failed", counts.passed, counts.failed);
    if counts.failed > 0 {
        // The counts are the last line; the exit code says the rest.
        std::process::exit(1);
    }
    Ok(())
}

/// Tells every story, some on both databases.
pub(crate) fn all() -> Result<Counts> {
    let mut wanted = wanted(&[])?;
    let (story, part) = ON_POSTGRES_TOO;
    wanted.stories.push(Telling { part: Some(part), ..Telling::whole(story, true) });
    tell(&wanted, demo::build_beside_tests)
}

fn tell(wanted: &Wanted, build: fn() -> Result<()>) -> Result<Counts> {
    setup::for_stories()?;
    setup::card_readers();
    build()?;
    if wanted.stories.iter().any(|telling| telling.story == SPOKEN) {
        voices::for_stories()?;
    }
    let postgres = match wanted.stories.iter().any(|telling| telling.on_postgres) {
        true => {
            setup::postgres()?;
            Some(Postgres::start()?)
        }
        false => None,
    };
    let told = |telling: &Telling| {
        let database = postgres.as_ref().filter(|_| telling.on_postgres);
        tell_one(*telling, wanted.keep_pictures, database)
    };
    let mut queue = wanted.stories.clone();
    queue.sort_by_key(|telling| telling.turn());
    let queue = Mutex::new(queue.iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let one_after_another = || std::iter::from_fn(next).map(told).collect::<Vec<_>>();
    let all: Vec<Result<Counts>> = std::thread::scope(|scope| {
        let tellers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one_after_another)).collect();
        let panicked = |_| vec![Err(anyhow::anyhow!("telling a story panicked"))];
        tellers.into_iter().flat_map(|teller| teller.join().unwrap_or_else(panicked)).collect()
    });
    all.into_iter().try_fold(Counts::default(), |mut all, counts| {
        let counts = counts?;
        all.passed += counts.passed;
        all.failed += counts.failed;
        Ok(all)
    })
}

fn tell_one(telling: Telling, keep_pictures: bool, postgres: Option<&Postgres>) -> Result<Counts> {
    let (story, name) = (telling.story, telling.name());
    let pictures = root().join(PICTURES).join(&name);
    // Pictures of an earlier run must not stand for this one, and neither must its counts.
    if pictures.exists() {
        std::fs::remove_dir_all(&pictures).with_context(|| format!("cannot clear {}", pictures.display()))?;
    }
    let folder = root().join(COUNTS);
    std::fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    let report = folder.join(format!("{name}.tap"));
    let _ = std::fs::remove_file(&report);

    let mut command = program("node");
    // Several are told at once: what each said is printed in one piece.
    let said = folder.join(format!("{name}.log"));
    let _ = std::fs::remove_file(&said);
    command.args(["--test-reporter=spec", "--test-reporter-destination"]).arg(&said);
    command.args(["--test-reporter=tap", "--test-reporter-destination"]).arg(&report);
    command.arg(format!("e2e/stories/{story}.js"));
    command.arg("--shikaku").arg(root().join("target/debug/shikaku")).arg("--pictures").arg(&pictures);
    if keep_pictures && story == DOCUMENTED {
        command.arg("--keep").arg(root().join(DOCUMENT_PICTURES));
    }
    if let Some(postgres) = postgres {
        command.arg("--database").arg(postgres.url());
    }
    if let Some(part) = telling.part {
        command.args(["--part", part]);
    }
    let ended = process::run(&mut command);
    eprintln!("{name}:\n{}", std::fs::read_to_string(&said).unwrap_or_default());
    let counts = std::fs::read_to_string(&report).ok().and_then(|report| tap_counts(&report));
    match (ended, counts) {
        (Ok(()), Some(counts)) => {
            ensure!(counts.passed > 0, "story {name}: nothing was told");
            eprintln!("xtask: what the browser saw is in {PICTURES}/{name}");
            Ok(counts)
        }
        (Err(_), Some(counts)) if counts.failed > 0 => Ok(counts),
        (Err(error), _) => Err(error),
        (Ok(()), None) => bail!("story {name} left no counts at {}", report.display()),
    }
}

/// Totals of a report in the Test Anything Protocol, as node's test runner closes it: `# pass 12`. What was
/// skipped or cut off did not pass.
fn tap_counts(report: &str) -> Option<Counts> {
    let total = |name: &str| -> Option<u64> {
        report.lines().rev().find_map(|line| line.strip_prefix(&format!("# {name} "))?.parse().ok())
    };
    let passed = total("pass")?;
    Some(Counts { passed, failed: total("tests")?.checked_sub(passed)? })
}

fn wanted(arguments: &[String]) -> Result<Wanted> {
    let (mut stories, mut keep_pictures, mut on_postgres) = (Vec::new(), false, false);
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--keep-pictures" => keep_pictures = true,
            "--database" => on_postgres = is_postgres(words.next().unwrap_or_default())?,
            option if option.starts_with('-') => {
                bail!(WrongUsage(format!(
                    "e2e has no option `{option}`; it has --database and --keep-pictures"
                )))
            }
            name => stories.push(story(name)?),
        }
    }
    if stories.is_empty() {
        stories = STORIES.to_vec();
    }
    if keep_pictures && !stories.contains(&DOCUMENTED) {
        bail!(WrongUsage(format!(
            "--keep-pictures is for the story {DOCUMENTED}: the documents have its pictures"
        )))
    }
    let stories = stories.into_iter().map(|story| Telling::whole(story, on_postgres)).collect();
    Ok(Wanted { stories, keep_pictures })
}

fn story(name: &str) -> Result<&'static str> {
    let found = STORIES.iter().find(|story| **story == name);
    found.copied().ok_or_else(|| {
        WrongUsage(format!("there is no story `{name}`; the stories are: {}", STORIES.join(", "))).into()
    })
}

/// The database that `--database` names.
fn is_postgres(name: &str) -> Result<bool> {
    match name {
        "sqlite" => Ok(false),
        "postgres" => Ok(true),
        other => bail!(WrongUsage(format!("--database is sqlite or postgres, not `{other}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_from_the_closing_lines() {
        let report = "TAP version 13\n# pass 99\nok 1 - x\n1..5\n# tests 5\n# suites 0\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 1\n";
        let counts = tap_counts(report).expect("a report");
        assert_eq!((counts.passed, counts.failed), (2, 3));
        assert!(tap_counts("TAP version 13\n").is_none());
    }

    #[test]
    fn an_unknown_story_is_wrong_usage_and_names_the_stories() {
        let error = wanted(&["nothing".to_owned()]).err().expect("refused");
        assert!(error.is::<WrongUsage>() && error.to_string().contains("demo"), "{error}");
        assert!(wanted(&["--database".to_owned()]).is_err());
        assert!(wanted(&["first-day".to_owned(), "--keep-pictures".to_owned()]).is_err());
        assert!(wanted(&["--keep-pictures".to_owned()]).expect("all").keep_pictures);
        let on_postgres = wanted(&["--database".to_owned(), "postgres".to_owned()]).expect("a choice");
        assert!(on_postgres.stories.iter().all(|telling| telling.on_postgres));
        let all = wanted(&[]).expect("all").stories;
        assert!(all.iter().all(|telling| !telling.on_postgres));
        assert_eq!(all.iter().map(|telling| telling.story).collect::<Vec<_>>(), STORIES);
    }
}
