//! Forms: what was typed, and fields with what is wrong beside them.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use eligibility::field::{FieldErrors, FieldText};

use super::refused;

/// Fields of a form at most.
const FIELDS_MAX: usize = 100;

/// A form as it was handed in. Not printed: it may carry a password.
#[derive(Clone, Default)]
pub struct FormData(Vec<(String, String)>);

impl FormData {
    /// The first value of a field; empty when there is none.
    #[must_use]
    pub fn get(&self, field: &str) -> &str {
        self.0.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value)
    }

    /// The first value of a field, owned.
    #[must_use]
    pub fn text(&self, field: &str) -> String {
        self.get(field).to_owned()
    }

    /// Every value of a field, in the order of the page (several ticked boxes).
    pub fn all<'f>(&'f self, field: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(name, _)| name == field).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for FormData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FormData(****)")
    }
}

impl From<Vec<(String, String)>> for FormData {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

impl<S: Send + Sync> FromRequest<S> for FormData {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        match axum::Form::<Vec<(String, String)>>::from_request(request, state).await {
            Ok(axum::Form(pairs)) if pairs.len() <= FIELDS_MAX => Ok(Self(pairs)),
            _ => Err(refused::incomplete()),
        }
    }
}

/// A form as a page shows it: labels and hints from the domain, what was typed, what is wrong.
#[derive(Clone, Debug)]
pub struct FormView {
    fields: &'static [FieldText],
    typed: FormData,
    errors: Option<FieldErrors>,
}

impl FormView {
    /// An empty form.
    #[must_use]
    pub fn new(fields: &'static [FieldText]) -> Self {
        Self { fields, typed: FormData::default(), errors: None }
    }

    /// A form with what was typed before.
    #[must_use]
    pub fn filled(fields: &'static [FieldText], typed: FormData) -> Self {
        Self { fields, typed, errors: None }
    }

    /// A form that is shown again with what is wrong.
    #[must_use]
    pub fn faulty(fields: &'static [FieldText], typed: FormData, errors: FieldErrors) -> Self {
        Self { fields, typed, errors: Some(errors) }
    }

    /// Everything that is wrong, each with a link to its field; empty when nothing is.
    #[must_use]
    pub fn summary(&self) -> String {
        let Some(errors) = &self.errors else { return String::new() };
        let page = Summary { errors: errors.as_slice().iter().map(|e| (&*e.field, &*e.message)).collect() };
        page.render().unwrap_or_default()
    }

    /// A field of one line.
    #[must_use]
    pub fn line(&self, id: &str) -> String {
        self.input(id, "text", "off")
    }

    /// A field of one line of a kind that browsers know (`email`, `tel`, `password` …) with its `autocomplete`. A
    /// password is never shown again.
    #[must_use]
    pub fn input(&self, id: &str, kind: &str, autocomplete: &str) -> String {
        let value = if kind == "password" { "" } else { self.typed.get(id) };
        self.field(id, &Control::Input { kind, autocomplete, value })
    }

    /// A field of several lines.
    #[must_use]
    pub fn lines(&self, id: &str) -> String {
        self.field(id, &Control::Lines { value: self.typed.get(id) })
    }

    /// A box to tick.
    #[must_use]
    pub fn tick(&self, id: &str) -> String {
        let ticked = matches!(self.typed.get(id), "on" | "true" | "1");
        self.field(id, &Control::Tick { ticked })
    }

    /// One of several: value and label of each.
    #[must_use]
    pub fn choose<V: AsRef<str>, L: AsRef<str>>(&self, id: &str, options: &[(V, L)]) -> String {
        self.field(id, &Control::Choose { options: self.choices(id, options) })
    }

    /// One of a few, all in sight: value and label of each.
    #[must_use]
    pub fn radio<V: AsRef<str>, L: AsRef<str>>(&self, id: &str, options: &[(V, L)]) -> String {
        self.field(id, &Control::Radio { options: self.choices(id, options) })
    }

    fn choices<V: AsRef<str>, L: AsRef<str>>(&self, id: &str, options: &[(V, L)]) -> Vec<Choice> {
        let typed = self.typed.get(id);
        options
            .iter()
            .map(|(value, label)| Choice {
                value: value.as_ref().to_owned(),
                label: label.as_ref().to_owned(),
                chosen: value.as_ref() == typed,
            })
            .collect()
    }

    fn field(&self, id: &str, control: &Control<'_>) -> String {
        let Some(text) = self.fields.iter().find(|field| field.id == id) else {
            tracing::error!(field = id, "a page asks for a field that its form does not have");
            return String::new();
        };
        let error = self.errors.as_ref().and_then(|errors| errors.of(id));
        let error = error.map(|error| (error.message.as_str(), error.remedy.as_str()));
        let mut described = String::new();
        if !text.hint.is_empty() {
            let _ = write!(described, "{id}-hint");
        }
        if error.is_some() {
            let _ = write!(described, "{}{id}-error", if described.is_empty() { "" } else { " " });
        }
        Field { text, error, described, control }.render().unwrap_or_default()
    }
}

struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

enum Control<'a> {
    Input { kind: &'a str, autocomplete: &'a str, value: &'a str },
    Lines { value: &'a str },
    Tick { ticked: bool },
    Choose { options: Vec<Choice> },
    Radio { options: Vec<Choice> },
}

#[derive(Template)]
#[template(path = "web/field.html")]
struct Field<'a> {
    text: &'a FieldText,
    error: Option<(&'a str, &'a str)>,
    described: String,
    control: &'a Control<'a>,
}

#[derive(Template)]
#[template(path = "web/faults.html")]
struct Summary<'a> {
    errors: Vec<(&'a str, &'a str)>,
}
