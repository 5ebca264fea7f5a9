//! `cargo xtask voices`: the card reader's voice, recorded from the very texts of its screens. Japanese by Open JTalk with
//! the voice and the dictionary inside pyopenjtalk-plus, the other languages by espeak-ng. Nothing of it is committed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    WrongUsage,
    process::{self, program, root},
    setup,
};

/// Where the recordings are for the demo and the stories, below the root.
const VOICES: &str = "target/voices";
/// Where the program writes its texts, below the root.
const PAGES: &str = "target/kiosk-pages";
/// What is in which recording; written last, so it says that everything before it worked.
const LIST: &str = "voices.json";
/// Pinned Python packages with their digests.
const PINNED: &str = "xtask/voices-requirements.txt";
/// The speaker of Japanese.
const SPEAKER: &str = "xtask/voices.py";
/// The languages of espeak-ng: ours, and its voice.
const ESPEAK: [(&str, &str); 5] =
    [("en", "en-us"), ("zh-Hans", "cmn"), ("ko", "ko"), ("vi", "vi"), ("pt", "pt-br")];
/// Slower than its 175: who listens may be old, and it is not their first language that is spoken around them.
const WORDS_PER_MINUTE: &str = "145";

/// Records what is missing.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let out = match arguments {
        [] => root().join(VOICES),
        [option, folder] if option == "--out" => PathBuf::from(folder),
        _ => bail!(WrongUsage("voices has one option: --out DIR".to_owned())),
    };
    crate::demo::build()?;
    ensure(&out)?;
    println!("{}", out.display());
    Ok(())
}

/// Records what is missing for the demo and the stories; the program is built.
pub(crate) fn for_stories() -> Result<()> {
    ensure(&root().join(VOICES))
}

/// The same for who only wants to see the demo: without a voice the reader works, and says that it has none.
/// What the demo is to be told of them.
pub(crate) fn for_demo() -> Vec<std::ffi::OsString> {
    match for_stories() {
        Ok(()) => vec!["--voices".into(), root().join(VOICES).into()],
        Err(reason) => {
            eprintln!(
                "xtask: the card reader stays without a voice: {reason:#}. `cargo xtask voices` records it later."
            );
            Vec::new()
        }
    }
}

fn ensure(out: &Path) -> Result<()> {
    let texts = texts()?;
    if recorded(out).is_some_and(|recorded| recorded == texts) {
        return Ok(());
    }
    eprintln!("xtask: recording the card reader's voice (once, a minute or two)");
    setup::for_voices()?;
    let python = setup::python_environment("target/voices-python", PINNED, &["--require-hashes"])?;
    let _ = fs::remove_file(out.join(LIST));
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let mut speaker = Command::new(python);
    speaker.arg(root().join(SPEAKER)).arg(root().join(PAGES).join("texts.json")).arg(out);
    process::run(&mut speaker).context("Open JTalk could not speak")?;
    for (language, voice) in ESPEAK {
        speak(&texts, language, voice, out)?;
    }
    fs::write(out.join(LIST), format!("{texts:#}\n")).context("cannot write what was recorded")
}

/// What the screens say: the program itself tells.
fn texts() -> Result<Value> {
    let pages = root().join(PAGES);
    let binary = root().join("target/debug/shikaku");
    process::output(
        program(&binary.to_string_lossy()).args(["kiosk", "pages", "--json", "--out"]).arg(&pages),
    )?;
    let text = fs::read_to_string(pages.join("texts.json")).context("the reader's texts")?;
    serde_json::from_str(&text).context("the reader's texts")
}

/// What was recorded here before; `None` when a recording is missing or empty.
fn recorded(out: &Path) -> Option<Value> {
    let list: Value = serde_json::from_str(&fs::read_to_string(out.join(LIST)).ok()?).ok()?;
    let there = |language: &str, key: &str| {
        fs::metadata(out.join(language).join(format!("{key}.wav"))).is_ok_and(|about| about.len() > 0)
    };
    let languages = list["languages"].as_object()?;
    languages
        .iter()
        .all(|(language, texts)| {
            texts.as_object().is_some_and(|texts| texts.keys().all(|key| there(language, key)))
        })
        .then_some(list)
}

fn speak(texts: &Value, language: &str, voice: &str, out: &Path) -> Result<()> {
    let sentences =
        texts["languages"][language].as_object().with_context(|| format!("no texts in {language}"))?;
    let folder = out.join(language);
    fs::create_dir_all(&folder)?;
    for (key, words) in sentences {
        let words = words.as_str().context("a text that is none")?;
        let mut espeak = program("espeak-ng");
        espeak.args(["-v", voice, "-s", WORDS_PER_MINUTE, "-w"]).arg(folder.join(format!("{key}.wav")));
        let done = espeak.arg("--").arg(words).output().context("cannot start espeak-ng")?;
        if !done.status.success() {
            bail!(
                "espeak-ng cannot say {key} in {language}: {}",
                String::from_utf8_lossy(&done.stderr).trim()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_counts_only_while_every_recording_is_there() {
        let folder = std::env::temp_dir().join(format!("voices-{}", std::process::id()));
        fs::create_dir_all(folder.join("ja")).expect("a folder");
        let list = serde_json::json!({"languages": {"ja": {"help": "係員を呼ぶ"}}});
        fs::write(folder.join(LIST), list.to_string()).expect("a list");
        assert!(recorded(&folder).is_none(), "without the recording");
        fs::write(folder.join("ja/help.wav"), "RIFF").expect("a recording");
        assert_eq!(recorded(&folder), Some(list));
        fs::write(folder.join("ja/help.wav"), "").expect("an empty recording");
        assert!(recorded(&folder).is_none(), "an empty one");
        fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn an_unknown_option_is_wrong_usage() {
        let error = run(&["--loud".to_owned()]).expect_err("refused");
        assert!(error.is::<WrongUsage>(), "{error}");
    }
}
