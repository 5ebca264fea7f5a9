//! Small pictures beside words; never instead of them.

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icon {
    Back,
    Bell,
    Care,
    Clock,
    Contrast,
    Cross,
    Face,
    Globe,
    Keys,
    Offline,
    Online,
    Paper,
    Person,
    Screen,
    Seated,
    Tick,
    Voice,
    Wait,
}

/// One drawing in a square of 24, in the colour of the words.
macro_rules! drawn {
    ($path:literal) => {
        concat!(
            r#"<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">"#,
            $path,
            "</svg>"
        )
    };
}

impl Icon {
    /// The drawing.
    pub(super) fn svg(self) -> &'static str {
        match self {
            Self::Back => drawn!(r#"<path d="M20 12H5M11 5l-7 7 7 7"/>"#),
            Self::Bell => drawn!(r#"<path d="M5 17h14l-2-3V10a5 5 0 0 0-10 0v4zM10 20h4M12 3v2"/>"#),
            Self::Care => drawn!(r#"<path d="M12 5v9M12 18.5v.5"/>"#),
            Self::Clock => drawn!(r#"<circle cx="12" cy="12" r="9"/><path d="M12 7v5l4 2"/>"#),
            Self::Contrast => {
                drawn!(
                    r#"<circle cx="12" cy="12" r="9"/><path d="M12 3a9 9 0 0 1 0 18z" fill="currentColor"/>"#
                )
            }
            Self::Cross => drawn!(r#"<path d="M6 6l12 12M18 6L6 18"/>"#),
            Self::Face => drawn!(
                r#"<circle cx="12" cy="12" r="9"/><path d="M9 9.5v.5M15 9.5v.5M8.5 14.5c2 2.5 5 2.5 7 0"/>"#
            ),
            Self::Globe => drawn!(
                r#"<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18"/>"#
            ),
            Self::Keys => drawn!(
                r#"<rect x="3" y="3" width="18" height="18" rx="3"/><path d="M8 8v.1M12 8v.1M16 8v.1M8 12v.1M12 12v.1M16 12v.1M8 16v.1M12 16v.1M16 16v.1" stroke-width="3"/>"#
            ),
            Self::Offline => drawn!(r#"<circle cx="12" cy="12" r="9"/><path d="M8 8l8 8M16 8l-8 8"/>"#),
            Self::Online => drawn!(r#"<circle cx="12" cy="12" r="9"/><path d="M7.5 12.5l3 3 6-7"/>"#),
            Self::Paper => drawn!(r#"<path d="M6 3h9l4 4v14H6zM9 11h7M9 15h7"/>"#),
            Self::Person => drawn!(r#"<circle cx="12" cy="8" r="4"/><path d="M4 21c1-9 15-9 16 0z"/>"#),
            Self::Screen => {
                drawn!(r#"<rect x="3" y="4" width="18" height="12" rx="2"/><path d="M8 20h8M12 16v4"/>"#)
            }
            Self::Seated => drawn!(
                r#"<circle cx="9" cy="4.5" r="2"/><path d="M9 8v6h6l3 6M9 11h5M6 12a5.5 5.5 0 1 0 8 7"/>"#
            ),
            Self::Tick => drawn!(r#"<path d="M5 13l4.5 4.5L19 7"/>"#),
            Self::Voice => {
                drawn!(r#"<path d="M4 9v6h4l5 4V5L8 9zM16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11"/>"#)
            }
            Self::Wait => {
                drawn!(r#"<g class="turning"><path d="M12 3a9 9 0 1 1-8.5 6"/></g>"#)
            }
        }
    }
}
