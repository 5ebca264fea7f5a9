//! Licences, sources and bans of everything we build on, against `deny.toml` (so that a machine without
//! cargo-deny still checks them).

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{metadata::Metadata, process::root, tidy::Finding};

/// The one place foreign crates may come from, as the lock file names it.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[derive(Deserialize)]
struct DenyFile {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

/// Every foreign crate has an allowed licence, comes from the registry, and is none that is banned.
pub(crate) fn check(metadata: &Metadata, findings: &mut Vec<Finding>) -> Result<()> {
    let text = std::fs::read_to_string(root().join("deny.toml")).context("deny.toml")?;
    let deny: DenyFile = toml::from_str(&text).context("deny.toml")?;
    let allowed = deny.licenses.allow;
    for package in &metadata.packages {
        let Some(source) = &package.source else {
            continue;
        };
        let place = format!("{} {}", package.name, package.version);
        if source != REGISTRY {
            findings.push(Finding::new(&place, format!("comes from {source}, not from the registry")));
        }
        if deny.bans.deny.iter().any(|banned| banned.name == package.name) {
            findings.push(Finding::new(&place, "is banned by deny.toml"));
        }
        match &package.license {
            None => findings.push(Finding::new(&place, "states no licence")),
            Some(expression) if !Expression::new(expression).holds(&allowed) => {
                findings.push(Finding::new(
                    &place,
                    format!("licence `{expression}` is not allowed by deny.toml"),
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// An SPDX expression: `OR` over `AND` over names (with an optional `WITH`) and brackets; `/` is the old `OR`.
struct Expression<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Expression<'a> {
    fn new(text: &'a str) -> Self {
        let spaced = text.split_inclusive(['(', ')', '/']).flat_map(|piece| {
            let cut = piece.len() - usize::from(piece.ends_with(['(', ')', '/']));
            [&piece[..cut], &piece[cut..]]
        });
        Self { words: spaced.flat_map(str::split_whitespace).collect(), at: 0 }
    }

    fn holds(mut self, allowed: &[String]) -> bool {
        let holds = self.either(allowed);
        holds && self.at == self.words.len()
    }

    fn either(&mut self, allowed: &[String]) -> bool {
        let mut holds = self.both(allowed);
        while matches!(self.words.get(self.at), Some(&"OR" | &"/")) {
            self.at += 1;
            holds |= self.both(allowed);
        }
        holds
    }

    fn both(&mut self, allowed: &[String]) -> bool {
        let mut holds = self.one(allowed);
        while self.words.get(self.at) == Some(&"AND") {
            self.at += 1;
            holds &= self.one(allowed);
        }
        holds
    }

    fn one(&mut self, allowed: &[String]) -> bool {
        let Some(word) = self.words.get(self.at) else {
            return false;
        };
        self.at += 1;
        if *word == "(" {
            let holds = self.either(allowed);
            let closed = self.words.get(self.at) == Some(&")");
            self.at += 1;
            return holds && closed;
        }
        let mut name = (*word).to_owned();
        if self.words.get(self.at) == Some(&"WITH") {
            name = format!("{name} WITH {}", self.words.get(self.at + 1).unwrap_or(&""));
            self.at += 2;
        }
        allowed.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_reads_them() {
        let allowed =
            vec!["MIT".to_owned(), "Apache-2.0".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
        for good in ["MIT", "MIT OR GPL-2.0", "GPL-2.0/MIT", "(MIT OR GPL-2.0) AND Apache-2.0"] {
            assert!(Expression::new(good).holds(&allowed), "{good}");
        }
        for bad in ["GPL-2.0", "MIT AND GPL-2.0", "(MIT OR Apache-2.0) AND GPL-2.0", "MIT)", "", "MIT WITH X"]
        {
            assert!(!Expression::new(bad).holds(&allowed), "{bad}");
        }
        assert!(Expression::new("Apache-2.0 WITH LLVM-exception").holds(&allowed));
    }
}
