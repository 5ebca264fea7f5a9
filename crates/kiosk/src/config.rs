//! The settings of a reader.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use face::Bands;
use serde::Deserialize;

use crate::{LinkError, TerminalLink, TerminalLinkConfig};

/// Where the screen is, unless told otherwise.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8455);
/// Names of staff to choose from at most.
pub const STAFF_MAX: usize = 24;

/// The settings of one reader.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the browser of the screen finds it (loopback).
    #[serde(default = "listen")]
    pub listen: SocketAddr,
    /// The terminal on this machine.
    pub terminal: TerminalLinkConfig,
    /// The card reader.
    #[serde(default)]
    pub card: CardConfig,
    /// 顔認証; without it, it is not offered.
    #[serde(default)]
    pub face: Option<FaceConfig>,
    /// Recordings of the voice (`cargo xtask voices`); without them the reader is silent.
    #[serde(default)]
    pub voices: Option<PathBuf>,
    /// Names of staff to choose from at a visual check; another can be typed.
    #[serde(default)]
    pub staff: Vec<String>,
}

/// The card reader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardConfig {
    /// Its name in PC/SC; without it any that holds a card.
    #[serde(default)]
    pub reader: Option<String>,
    /// Whether cards are used without PIN after a face or a visual check.
    #[serde(default)]
    pub pinless: Pinless,
}

/// How cards are used without PIN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pinless {
    /// They are not: 暗証番号 only. What a real card needs for it comes from J-LIS.
    #[default]
    Off,
    /// As simulated cards take it. A real card refuses, and every page says 模擬カード.
    Simulated,
}

/// 顔認証.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaceConfig {
    /// Folder of the two models.
    pub models: PathBuf,
    /// Likeness from which two faces are the same person's. Default: what `docs/FACE.md` measured.
    #[serde(default)]
    pub accept: Option<f32>,
    /// Likeness below which they are certainly not.
    #[serde(default)]
    pub retry: Option<f32>,
}

/// A setting that is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {what}; {remedy}")]
pub struct Problem {
    /// Its name.
    pub setting: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the reader's settings cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is not what a reader's settings are.
    #[error("the reader's settings are not understood: {0}")]
    Parse(#[from] toml::de::Error),
}

const fn listen() -> SocketAddr {
    LISTEN
}

impl Config {
    /// Reads the settings; paths in them begin at the file's folder.
    ///
    /// # Errors
    /// [`ConfigError`]
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(&std::fs::read_to_string(file)?)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        config.terminal.token_file = folder.join(&config.terminal.token_file);
        config.voices = config.voices.map(|voices| folder.join(voices));
        if let Some(face) = &mut config.face {
            face.models = folder.join(&face.models);
        }
        Ok(config)
    }

    /// What is wrong with the settings, without asking anybody.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |setting, what: String, remedy: &str| {
            problems.push(Problem { setting, what, remedy: remedy.to_owned() });
        };
        if !self.listen.ip().is_loopback() {
            wrong("listen", format!("{} is not this machine", self.listen), "write 127.0.0.1 and a port");
        }
        match TerminalLink::new(&self.terminal) {
            Err(LinkError::NotLoopback) => {
                wrong(
                    "terminal.address",
                    "it is another machine".to_owned(),
                    "write the terminal's reader_link.listen",
                );
            }
            Err(error @ LinkError::Serial) => {
                wrong("terminal.reader_serial", error.to_string(), "write it as it stands on the device");
            }
            Err(error) => wrong(
                "terminal.token_file",
                error.to_string(),
                "start the terminal once, and let this user read the file it makes",
            ),
            Ok(_) => {}
        }
        if self.face.is_some() && self.card.pinless == Pinless::Off {
            wrong("face", "no card can be used after it: card.pinless is off".to_owned(), "take [face] out");
        }
        if let Err(error) = self.bands() {
            wrong("face.accept, face.retry", error.to_string(), "take both out, or see docs/FACE.md");
        }
        if self.staff.len() > STAFF_MAX || self.staff.iter().any(|name| name.trim().is_empty()) {
            wrong(
                "staff",
                format!("more than {STAFF_MAX} names, or an empty one"),
                "leave some out: a name can be typed",
            );
        }
        problems
    }

    /// The bands of likeness.
    ///
    /// # Errors
    /// [`face::BandsError`] when they are out of range.
    pub fn bands(&self) -> Result<Bands, face::BandsError> {
        let usual = Bands::default();
        let Some(face) = &self.face else { return Ok(usual) };
        Bands::new(face.accept.unwrap_or(usual.accept()), face.retry.unwrap_or(usual.retry()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Config, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn the_example_is_understood_and_a_misspelt_setting_is_not() {
        let example = include_str!("../../../docs/kiosk.example.toml");
        let config = parsed(example).expect("the example");
        assert_eq!(config.card.pinless, Pinless::Off);
        assert_eq!(config.listen, LISTEN);
        let least = "[terminal]\naddress = \"127.0.0.1:8445\"\ntoken_file = \"token\"\n";
        assert!(parsed(least).is_ok());
        for misspelt in ["listn = \"127.0.0.1:1\"\n", "[card]\nraeder = \"x\"\n", "[face]\nmodel = \"x\"\n"] {
            let text = if misspelt.starts_with('[') {
                format!("{least}{misspelt}")
            } else {
                format!("{misspelt}{least}")
            };
            assert!(parsed(&text).is_err(), "{misspelt}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_remedy() {
        let text = "listen = \"0.0.0.0:1\"\n[terminal]\naddress = \"192.0.2.1:8445\"\ntoken_file = \"/nowhere\"\n\
                    [face]\nmodels = \"m\"\naccept = 0.1\n";
        let problems = parsed(text).expect("well written").check();
        let named: Vec<_> = problems.iter().map(|problem| problem.setting).collect();
        assert_eq!(named, ["listen", "terminal.address", "face", "face.accept, face.retry"]);
        assert!(problems.iter().all(|problem| !problem.remedy.is_empty()));
    }
}
