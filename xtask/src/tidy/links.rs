//! Links between documents lead somewhere.

use std::path::Path;

use crate::{
    process::root,
    tidy::{Finding, tree::Source},
};

/// Every relative link in a Markdown file names a file or folder that exists.
pub(crate) fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    for source in sources.iter().filter(|source| source.is_markdown()) {
        let folder = root().join(&source.path);
        let folder = folder.parent().unwrap_or(Path::new("")).to_path_buf();
        for (index, line) in source.text.lines().enumerate() {
            for target in targets(line) {
                if !folder.join(target).exists() {
                    findings.push(Finding::new(
                        format!("{}:{}", source.path, index + 1),
                        format!("the link to {target} leads nowhere"),
                    ));
                }
            }
        }
    }
}

/// The relative targets of `[text](target)` in a line, without their fragment.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split(')').next()?.split(['#', ' ']).next()?;
        let foreign = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
        (!foreign).then_some(target)
    })
}
