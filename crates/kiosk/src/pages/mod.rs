//! A [`View`] as HTML: one template for each kind of screen, the words of the patient's language, staff screens in
//! Japanese. What is written here is shown; nothing is kept.

mod assets;
mod icons;
mod samples;
mod screens;
mod troubles;
mod voice;

use askama::Template;

pub use assets::{ASSETS, Asset, asset};
pub use samples::samples;
pub use voice::{NoVoice, Voices};

use self::icons::Icon;
use crate::{
    view::{Comfort, Hurry, Page, Progress, View, Way},
    words::{Language, Texts},
};

/// Scripts, styles and pictures from the reader itself; the camera's frames and the voice go nowhere else either.
pub const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                                  media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                                  frame-ancestors 'none'";

/// What stands around every screen.
struct Frame {
    t: &'static Texts,
    /// `lang` of the page.
    lang: &'static str,
    /// [`Language::id`], in the address of the voice.
    language: &'static str,
    title: &'static str,
    id: &'static str,
    revision: u64,
    comfort: Comfort,
    /// Whether the voice says this screen.
    speaks: bool,
    /// Whether it makes itself heard: a card was left behind.
    alarm: bool,
    progress: Option<Progress>,
    online: bool,
    simulated: bool,
    help: bool,
    hurry: Option<Hurry>,
    staff: bool,
    staff_button: bool,
    back: bool,
    stop: bool,
    /// The screen's own part, written.
    main: String,
}

#[derive(Template)]
#[template(path = "page.html")]
struct WholePage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "screen.html")]
struct ScreenOnly {
    frame: Frame,
}

/// The whole page, as a browser opens it.
///
/// # Errors
/// When a template cannot be written, which no view brings about.
pub fn page(view: &View) -> askama::Result<String> {
    WholePage { frame: Frame::of(view)? }.render()
}

/// The screen without its page: what a script puts in the place of the last one.
///
/// # Errors
/// As [`page`].
pub fn screen(view: &View) -> askama::Result<String> {
    ScreenOnly { frame: Frame::of(view)? }.render()
}

impl Frame {
    fn of(view: &View) -> askama::Result<Self> {
        let staff = is_for_staff(&view.page);
        let language = if staff { Language::Japanese } else { view.comfort.language };
        let t = language.texts();
        let main = screens::main_of(view, language)?;
        Ok(Self {
            t,
            lang: language.tag(),
            language: language.id(),
            title: if staff { "職員用" } else { t.start_title.words },
            id: view.page.id(),
            revision: view.revision,
            comfort: view.comfort,
            speaks: view.comfort.voice && !staff,
            alarm: is_left_behind(&view.page),
            progress: view.progress,
            online: view.online,
            simulated: view.simulated,
            help: view.help,
            hurry: view.hurry,
            staff,
            staff_button: matches!(view.page, Page::Start | Page::Rest { .. }),
            back: view.page.has_back(),
            stop: can_stop(&view.page),
            main,
        })
    }
}

/// Whether staff stand before it: Japanese, without the patient's comforts.
fn is_for_staff(page: &Page) -> bool {
    match page {
        Page::StaffPasscode { .. } | Page::StaffCompare { .. } | Page::StaffPutCard { .. } => true,
        Page::PrintedNumber { by_staff, .. } => *by_staff,
        Page::Trouble { kind, .. } => *kind == crate::view::TroubleKind::Passcode,
        _ => false,
    }
}

fn is_left_behind(page: &Page) -> bool {
    matches!(page, Page::Result { left_behind: true, .. } | Page::Trouble { left_behind: true, .. })
}

/// Whether there is a session that can be ended here.
fn can_stop(page: &Page) -> bool {
    match page {
        Page::Start | Page::Rest { .. } | Page::Sending { .. } | Page::Result { .. } => false,
        // It is the large button there.
        Page::Trouble { ways, .. } => ways.as_slice() != [Way::Stop],
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every element that the voice says: its key and the words a reader sees.
    fn said(html: &str) -> Vec<(String, String)> {
        let piece = |part: &str| {
            let (key, rest) = part.split_once('"')?;
            let words = rest.split_once('>')?.1.split('<').next()?;
            Some((key.to_owned(), words.to_owned()))
        };
        html.split("data-say=\"").skip(1).filter_map(piece).collect()
    }

    fn plain(words: &str) -> String {
        words.replace("&#39;", "'").replace("&amp;", "&").replace("&#38;", "&").replace("&quot;", "\"")
    }

    #[test]
    fn the_voice_says_the_words_that_are_shown() {
        for language in Language::ALL {
            let texts = language.texts().all();
            for (name, view) in samples(language) {
                let html = screen(&view).expect("written");
                for (key, words) in said(&html) {
                    let text =
                        texts.iter().find(|text| text.key == key).unwrap_or_else(|| panic!("{name}: {key}"));
                    assert_eq!(plain(&words), text.words, "{name} in {}", language.id());
                    assert!(text.is_spoken(), "{name}: {key} has a number");
                }
            }
        }
    }

    #[test]
    fn every_screen_asks_one_question_and_offers_at_most_three_answers_and_never_none() {
        for (name, view) in samples(Language::Japanese) {
            let html = screen(&view).expect("written");
            assert_eq!(html.matches("<h1").count(), 1, "{name}");
            let main =
                html.split("<main").nth(1).and_then(|rest| rest.split("</main>").next()).expect("a main");
            let choices = main.split("class=\"choices\"").nth(1).unwrap_or_default();
            let choices = choices.split("id=\"languages\"").next().unwrap_or_default();
            assert!(choices.matches("<button").count() <= 3, "{name}");
            assert!(html.contains("/act/help"), "{name} has no way to call staff");
        }
    }

    #[test]
    fn every_form_carries_the_revision_of_its_screen() {
        for (name, view) in samples(Language::Japanese) {
            let html = screen(&View { revision: 4711, ..view }).expect("written");
            let forms = html.matches("<form").count();
            assert_eq!(html.matches("name=\"revision\" value=\"4711\"").count(), forms, "{name}");
        }
    }

    #[test]
    fn a_name_cannot_write_into_the_page() {
        let (_, mut view) = samples(Language::Japanese).swap_remove(0);
        view.page = Page::StaffPutCard { name: "<script>x</script>".into() };
        let html = page(&view).expect("written");
        assert!(!html.contains("<script>x") && html.contains("&#60;script&#62;x"), "{html}");
    }

    #[test]
    fn every_page_and_every_trouble_is_among_the_samples() {
        let names: Vec<&str> = [
            "start",
            "rest",
            "staff-passcode",
            "staff-compare",
            "staff-put-card",
            "reading",
            "printed-number",
            "choose",
            "face",
            "pin",
            "last-try",
            "notice",
            "registration",
            "consent",
            "consent-items",
            "prescription",
            "sending",
            "result",
            "trouble",
        ]
        .into();
        let all = samples(Language::Japanese);
        for name in names {
            assert!(all.iter().any(|(_, view)| view.page.id() == name), "{name}");
        }
    }
}
