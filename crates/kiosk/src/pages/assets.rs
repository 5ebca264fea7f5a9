//! What the pages load: styles, scripts, the icon. Part of the program, so that a page never waits for a disk.

/// One file of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its media type.
    pub kind: &'static str,
    /// What is in it.
    pub body: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Names of all of them.
pub const ASSETS: [&str; 7] =
    ["foundation.css", "kiosk.css", "icon.svg", "kiosk.js", "camera.js", "pad.js", "voice.js"];

/// The file of this name below `/assets/`.
#[must_use]
pub fn asset(name: &str) -> Option<Asset> {
    let (kind, body) = match name {
        "foundation.css" => (CSS, include_str!("../../../server/static/foundation.css")),
        "kiosk.css" => (CSS, include_str!("../../assets/kiosk.css")),
        "icon.svg" => ("image/svg+xml", include_str!("../../../server/static/icon.svg")),
        "kiosk.js" => (SCRIPT, include_str!("../../assets/kiosk.js")),
        "camera.js" => (SCRIPT, include_str!("../../assets/camera.js")),
        "pad.js" => (SCRIPT, include_str!("../../assets/pad.js")),
        "voice.js" => (SCRIPT, include_str!("../../assets/voice.js")),
        _ => return None,
    };
    Some(Asset { kind, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_given() {
        assert!(ASSETS.iter().all(|name| asset(name).is_some_and(|file| !file.body.is_empty())));
        assert!(asset("kiosk.js").is_some_and(|script| script.kind == SCRIPT));
        assert!(asset("../Cargo.toml").is_none() && asset("").is_none());
    }

    #[test]
    fn scripts_load_only_what_there_is() {
        for name in ["kiosk.js", "camera.js", "pad.js", "voice.js"] {
            let body = asset(name).expect(name).body;
            for loaded in body.lines().filter_map(|line| line.strip_prefix("import ")?.rsplit('\'').nth(1)) {
                let file = loaded.strip_prefix("./").expect("beside it");
                assert!(asset(file).is_some(), "{name} loads {loaded}");
            }
        }
    }
}
