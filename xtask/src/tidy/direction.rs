//! Which crate may use which: the arrows of docs/ARCHITECTURE.md.

use crate::{metadata::Metadata, tidy::Finding};

/// A crate and the crates of this workspace it may use in what it ships. Tests may use more, `testkit` above all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("eligibility", &[]),
    ("wire", &["eligibility"]),
    ("card", &["eligibility"]),
    ("pki", &["eligibility"]),
    ("face", &[]),
    ("store", &["eligibility"]),
    ("population", &["eligibility", "wire"]),
    ("server", &["eligibility", "wire", "card", "pki", "store"]),
    // These two reach the server over HTTP only, with shapes from `wire`.
    ("terminal", &["eligibility", "wire", "card", "pki"]),
    ("kiosk", &["eligibility", "wire", "card", "face"]),
    (
        "shikaku",
        &["eligibility", "wire", "card", "pki", "store", "face", "population", "server", "terminal", "kiosk"],
    ),
    (
        "testkit",
        &["eligibility", "wire", "card", "pki", "store", "face", "population", "server", "terminal", "kiosk"],
    ),
    ("xtask", &[]),
];

/// Compares the normal and build dependencies of every member with the table.
pub(crate) fn check(metadata: &Metadata, findings: &mut Vec<Finding>) {
    for package in metadata.members() {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == package.name) else {
            findings.push(Finding::new(
                &package.name,
                "a crate without a place in the direction table (xtask/src/tidy/direction.rs, docs/ARCHITECTURE.md)",
            ));
            continue;
        };
        let ours = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
        for used in ours.filter(|dependency| dependency.kind.as_deref() != Some("dev")) {
            if !allowed.contains(&used.name.as_str()) {
                findings.push(Finding::new(
                    &package.name,
                    format!("must not use `{}`: the direction is in docs/ARCHITECTURE.md", used.name),
                ));
            }
        }
    }
}
