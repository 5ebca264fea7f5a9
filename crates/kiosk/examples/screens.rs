//! Writes every screen of the reader in every language as a page of its own, with styles and scripts, into a folder:
//! `cargo run -p kiosk --example screens -- target/screens`.

use std::{error::Error, fs, path::PathBuf};

use kiosk::{
    pages::{asset, page, samples},
    words::Language,
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: screens FOLDER")?);
    fs::create_dir_all(folder.join("assets"))?;
    for name in ["foundation.css", "kiosk.css", "icon.svg", "kiosk.js", "camera.js", "pad.js", "voice.js"] {
        fs::write(folder.join("assets").join(name), asset(name).ok_or(name)?.body)?;
    }
    for language in Language::ALL {
        let pages = folder.join(language.id());
        fs::create_dir_all(&pages)?;
        for (name, view) in samples(language) {
            fs::write(pages.join(format!("{name}.html")), page(&view)?)?;
        }
    }
    Ok(())
}
