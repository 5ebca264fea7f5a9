//! `shikaku kiosk pages`: every screen of the reader as a file, and every text.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use kiosk::{
    pages::{ASSETS, asset, page, samples},
    words::{Language, Text, spoken},
};
use serde_json::json;

use crate::report::Report;

/// What the recordings of the voice are made from.
const TEXTS: &str = "texts.json";

/// Write every screen of the card reader, in every language, as a page of its own, and all its texts: for whoever checks
/// a translation, or records another voice. Nobody in them is a person.
#[derive(Args)]
#[command(after_help = "Example:\n  shikaku kiosk pages --out reader-pages")]
pub(crate) struct Arguments {
    /// The folder for the pages.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes the files.
pub(super) fn run(arguments: &Arguments) -> Result<Report> {
    let out = &arguments.out;
    let write = |place: PathBuf, text: &str| {
        let folder = place.parent().unwrap_or(&place);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(&place, text).with_context(|| format!("cannot write {}", place.display()))
    };
    for name in ASSETS {
        let file = asset(name).with_context(|| format!("there is no {name}"))?;
        write(out.join("assets").join(name), file.body)?;
    }
    let mut pages = 0_usize;
    for language in Language::ALL {
        for (name, view) in samples(language) {
            let html = page(&view).with_context(|| format!("cannot write {name}"))?;
            write(out.join(language.id()).join(format!("{name}.html")), &html)?;
            pages += 1;
        }
    }
    write(out.join(TEXTS), &format!("{:#}\n", texts()))?;
    let told = format!("{pages}枚の画面を {} に書きました。", out.display());
    Ok(Report::new(told, json!({"pages": pages, "folder": out})))
}

/// What the voice says, by language and key.
fn texts() -> serde_json::Value {
    let words = |texts: Vec<Text>| -> BTreeMap<&str, &str> {
        texts.into_iter().map(|text| (text.key, text.words)).collect()
    };
    let languages: BTreeMap<&str, _> =
        spoken().into_iter().map(|(language, texts)| (language.id(), words(texts))).collect();
    json!({"languages": languages})
}
