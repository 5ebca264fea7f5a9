//! The frame of a page: head, menu, main part, foot. Templates extend `web/site.html` and have a field `shell`.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::{refused, signed_in::SignedIn, site::Site};

/// What the frame shows.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// The page's own title: the label of the procedure.
    pub title: String,
    /// What the site is called.
    pub site: &'static str,
    /// The first page.
    pub home: &'static str,
    /// The menu.
    pub menu: Vec<MenuLine>,
    /// Who is signed in.
    pub person: Option<Person>,
    /// A passkey is used on the page: load the script for it.
    pub passkey_script: bool,
    /// More of the menu, in groups with headings.
    pub groups: Vec<MenuGroup>,
    /// The page's own help, where there is one.
    pub help: Option<&'static str>,
    /// Whether the page warns before the session ends for want of use.
    pub idle: bool,
    /// Where the page leads when nobody touches it for five minutes: it shows medical information.
    pub cover: Option<String>,
}

/// A group of the menu.
#[derive(Clone, Debug)]
pub struct MenuGroup {
    /// Its heading.
    pub label: &'static str,
    /// Its lines.
    pub lines: Vec<MenuLine>,
}

/// One line of the menu as this page shows it.
#[derive(Clone, Debug)]
pub struct MenuLine {
    /// Where it leads.
    pub href: &'static str,
    /// Its label.
    pub label: &'static str,
    /// Whether it is this page's.
    pub current: bool,
    /// How much waits there unread.
    pub unread: usize,
}

/// Who is signed in, as the head shows it.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person's name.
    pub name: String,
    /// 医療機関コード; empty for the operator's people.
    pub institution: String,
    /// What the account is, where the site shows it.
    pub role: &'static str,
}

impl Shell {
    /// The frame of a page of `site`. `path`: the page's place, which marks its line of the menu.
    #[must_use]
    pub fn new(site: &Site, title: impl Into<String>, path: &str, who: Option<&SignedIn>) -> Self {
        let under = |href: &str| path == href || path.strip_prefix(href).is_some_and(|p| p.starts_with('/'));
        let menu = site
            .menu
            .iter()
            .filter(|entry| entry.is_for(who))
            .map(|entry| MenuLine {
                href: entry.href,
                label: entry.label,
                current: under(entry.href),
                unread: 0,
            })
            .collect();
        let person = who.map(|who| Person {
            name: who.session.name.clone(),
            institution: who.session.institution_code.as_ref().map(ToString::to_string).unwrap_or_default(),
            role: "",
        });
        Self { title: title.into(), site: site.name, home: "/", menu, person, ..Self::default() }
    }

    /// The same with a link to the page's own help.
    #[must_use]
    pub fn with_help(self, path: &'static str) -> Self {
        Self { help: Some(path), ..self }
    }

    /// The same of a page that is covered when nobody touches it: it leads to `place` then.
    #[must_use]
    pub fn covered(self, place: String) -> Self {
        Self { cover: Some(place), ..self }
    }

    /// The same with the script for passkeys.
    #[must_use]
    pub fn with_passkey_script(self) -> Self {
        Self { passkey_script: true, ..self }
    }
}

/// Writes a page.
pub fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            refused::broken()
        }
    }
}

/// On to another page.
pub(crate) fn see(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => refused::broken(),
    }
}
