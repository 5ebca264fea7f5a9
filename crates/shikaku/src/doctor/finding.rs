//! What was found.

/// Something found, with what to do about it.
pub(super) struct Finding {
    pub(super) part: &'static str,
    pub(super) setting: String,
    pub(super) what: String,
    pub(super) remedy: String,
    /// Something does not work, or will be refused. Else it is only worth knowing.
    pub(super) grave: bool,
}

impl Finding {
    /// Something of the server that is wrong.
    pub(super) fn wrong(setting: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (setting, what, remedy) = (setting.to_owned(), what.into(), remedy.into());
        Self { part: "server", setting, what, remedy, grave: true }
    }

    /// Something of the server that is worth knowing.
    pub(super) fn hint(setting: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { grave: false, ..Self::wrong(setting, what, remedy) }
    }
}

/// What the looks gather.
#[derive(Default)]
pub(super) struct Found {
    /// What was seen beside the settings themselves: names and values.
    pub(super) seen: Vec<(String, String)>,
    pub(super) findings: Vec<Finding>,
}

impl Found {
    /// Adds one, unless the same setting was found wrong already: a file that is not there is told once.
    pub(super) fn add(&mut self, finding: Finding) {
        let told = |one: &Finding| one.grave && one.part == finding.part && one.setting == finding.setting;
        if !self.findings.iter().any(told) {
            self.findings.push(finding);
        }
    }

    pub(super) fn see(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.seen.push((name.into(), value.into()));
    }
}
