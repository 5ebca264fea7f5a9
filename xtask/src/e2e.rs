//! `cargo xtask e2e`: stories told in a real browser against the real programs.

use anyhow::{Context, Result, bail, ensure};

use crate::{
    WrongUsage, demo,
    postgres::Postgres,
    process::{self, program, root},
    setup,
    test::Counts,
};

/// The stories there are; each is `e2e/stories/NAME.js`. All but [`LONGEST`] are told in this order.
pub(crate) const STORIES: &[&str] = &[
    "demo",
    "certificate-import",
    "certificate-renewal",
    "too-often",
    "terminal-states",
    "first-day",
    "institution",
];
/// What each story leaves of what it saw, below the root.
const PICTURES: &str = "target/screenshots";
/// Where the pictures of the documents are, below the root.
const DOCUMENT_PICTURES: &str = "docs/images";
/// The one story whose pictures the documents have.
const DOCUMENTED: &str = "demo";
/// The story that is told beside the others.
const LONGEST: &str = "first-day";
/// Where the counts of a story go, and what it said, below the root.
const COUNTS: &str = "target/e2e";

/// What is asked for.
struct Wanted {
    stories: Vec<&'static str>,
    /// Whether the pictures in the documents are made anew.
    keep_pictures: bool,
    /// Whether the centre keeps its data in PostgreSQL.
    on_postgres: bool,
}

/// Tells the stories that `arguments` ask for and closes with their counts.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let wanted = wanted(arguments)?;
    let counts = tell(&wanted)?;
    println!("{} passed, {} failed", counts.passed, counts.failed);
    if counts.failed > 0 {
        // The counts are the last line; the exit code says the rest.
        std::process::exit(1);
    }
    Ok(())
}

/// Tells every story.
pub(crate) fn all() -> Result<Counts> {
    tell(&wanted(&[])?)
}

fn tell(wanted: &Wanted) -> Result<Counts> {
    setup::for_stories()?;
    setup::card_readers();
    demo::build()?;
    let postgres = match wanted.on_postgres {
        true => {
            setup::postgres()?;
            Some(Postgres::start()?)
        }
        false => None,
    };
    let told = |story: &&'static str| tell_one(story, wanted.keep_pictures, postgres.as_ref());
    // The longest takes as long as the others together, and each waits for its browser much of the time.
    let (long, others): (Vec<_>, Vec<_>) = wanted.stories.iter().partition(|story| **story == LONGEST);
    let all: Vec<Result<Counts>> = std::thread::scope(|scope| {
        let beside = scope.spawn(|| long.into_iter().map(told).collect::<Vec<_>>());
        let mut all: Vec<_> = others.into_iter().map(told).collect();
        match beside.join() {
            Ok(long) => all.extend(long),
            Err(_) => all.push(Err(anyhow::anyhow!("telling a story panicked"))),
        }
        all
    });
    all.into_iter().try_fold(Counts::default(), |mut all, counts| {
        let counts = counts?;
        all.passed += counts.passed;
        all.failed += counts.failed;
        Ok(all)
    })
}

fn tell_one(story: &str, keep_pictures: bool, postgres: Option<&Postgres>) -> Result<Counts> {
    let pictures = root().join(PICTURES).join(story);
    // Pictures of an earlier run must not stand for this one, and neither must its counts.
    if pictures.exists() {
        std::fs::remove_dir_all(&pictures).with_context(|| format!("cannot clear {}", pictures.display()))?;
    }
    let folder = root().join(COUNTS);
    std::fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    let report = folder.join(format!("{story}.tap"));
    let _ = std::fs::remove_file(&report);

    let mut command = program("node");
    // Two are told at once: what each said is printed in one piece.
    let said = folder.join(format!("{story}.log"));
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
    let ended = process::run(&mut command);
    eprintln!("{story}:\n{}", std::fs::read_to_string(&said).unwrap_or_default());
    let counts = std::fs::read_to_string(&report).ok().and_then(|report| tap_counts(&report));
    match (ended, counts) {
        (Ok(()), Some(counts)) => {
            ensure!(counts.passed > 0, "story {story}: nothing was told");
            eprintln!("xtask: what the browser saw is in {PICTURES}/{story}");
            Ok(counts)
        }
        (Err(_), Some(counts)) if counts.failed > 0 => Ok(counts),
        (Err(error), _) => Err(error),
        (Ok(()), None) => bail!("story {story} left no counts at {}", report.display()),
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
    let mut wanted = Wanted { stories: Vec::new(), keep_pictures: false, on_postgres: false };
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--keep-pictures" => wanted.keep_pictures = true,
            "--database" => wanted.on_postgres = is_postgres(words.next().unwrap_or_default())?,
            option if option.starts_with('-') => {
                bail!(WrongUsage(format!(
                    "e2e has no option `{option}`; it has --database and --keep-pictures"
                )))
            }
            name => wanted.stories.push(story(name)?),
        }
    }
    if wanted.stories.is_empty() {
        wanted.stories = STORIES.to_vec();
    }
    if wanted.keep_pictures && !wanted.stories.contains(&DOCUMENTED) {
        bail!(WrongUsage(format!(
            "--keep-pictures is for the story {DOCUMENTED}: the documents have its pictures"
        )))
    }
    Ok(wanted)
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
        assert!(on_postgres.on_postgres && !wanted(&[]).expect("all").on_postgres);
        assert_eq!(wanted(&[]).expect("all").stories, STORIES);
    }
}
